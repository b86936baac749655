"""What somebody decided, in words: about this person, and about others in a room.

Owns the sentences, in the person's language; every client says them. Must not know where they are
shown. Names and reasons come from others: what shows them makes them harmless.
"""

from __future__ import annotations

from common import when
from common.client import events as ev
from common.client.vocabulary import find
from common.i18n import _, number
from common.keys import fingerprint, is_key
from common.protocol.messages import Record
from common.protocol.names import nick_key
from common.safe import one_line

KEY_DIGITS = 8
"""Of a key's fingerprint, as much as tells it from the others of a list."""


def notice_words(notice: ev.Notice, room: str = "") -> str:
    """What somebody decided about this person, as a sentence. `room`: how that room is shown, with
    its sign."""
    if notice.what == "waiting":
        return _waiting(notice)
    if notice.what == "role" and not notice.nick:
        return because(_your_role("", notice.role, room), notice.reason)
    by = who(notice.nick)
    if notice.what == "invited":
        text = _("{by} invited you to {room}. Type {command} to go there.")
        return text.format(by=by, room=room, command=_typed("join", notice.room))
    if notice.what == "freed":
        text = _("{by} took your nickname from you").format(by=by)
        return (
            because(text, notice.reason)
            + " "
            + _("{command} gives you another.").format(command=_typed("nick"))
        )
    if notice.what == "role":
        return because(_your_role(by, notice.role, room), notice.reason)
    return because(_to_you(notice, by, room), notice.reason, notice.until)


def _to_you(notice: ev.Notice, by: str, room: str) -> str:
    text = {
        "removed": _("{by} removed you from {room}"),
        "kicked": _("{by} removed you from {room}") if room else _("{by} closed your connections"),
        "muted": _("{by} muted you in {room}") if room else _("{by} muted you everywhere"),
        "unmuted": (
            _("{by} lets you write in {room} again")
            if room
            else _("{by} lets you write everywhere again")
        ),
        "banned": _("{by} banned you from this server"),
        "deleted": _("{by} deleted your message no. {seq} in {room}"),
        "revoked": _("{by} revoked the key of this device"),
    }.get(notice.what, _("{by} decided about you: {what}"))
    return text.format(by=by, room=room, seq=notice.seq, what=notice.what)


def _your_role(by: str, role: str, room: str) -> str:
    if room and not by:
        # Whoever moderated it before is gone.
        text = _("You moderate {room} from now on")
    elif room:
        moderates = role == "moderator"
        text = (
            _("{by} made you a moderator of {room}")
            if moderates
            else _("{by} ended your being a moderator of {room}")
        )
    else:
        text = {
            "owner": _("{by} made you an owner of this server"),
            "admin": _("{by} made you an administrator of this server"),
        }.get(role, _("{by} ended your role on this server"))
    return text.format(by=by, room=room)


def _waiting(notice: ev.Notice) -> str:
    text = _(
        "{nick} asks to be let in, from {address}, with the key {key}. {command} lets them in."
    )
    return text.format(
        nick=notice.subject or _("Somebody"),
        address=notice.address or "?",
        key=fingerprint(notice.key) if is_key(notice.key) else notice.key,
        command=_typed("approve", short_key(notice.key)),
    )


def news_words(news: ev.News) -> str:
    """What somebody decided about somebody else in a room, or about the room, as a line."""
    if news.what == "set":
        return _("{by} changed the rules of this room.").format(by=who(news.by))
    text = {
        "invited": _("{by} invited {nick}"),
        "removed": _("{by} removed {nick}"),
        "kicked": _("{by} removed {nick} from the room"),
        "muted": _("{by} muted {nick}"),
        "unmuted": _("{by} lets {nick} write again"),
        "role": (
            _("{by} made {nick} a moderator")
            if news.role == "moderator"
            else _("{by} took the role of moderator from {nick}")
        ),
    }.get(news.what, _("{by} decided about {nick}: {what}"))
    text = text.format(by=who(news.by), nick=news.nick, what=news.what)
    return because(text, news.reason, news.until)


def rules_words(change: ev.RoomChanged, before: ev.RoomChanged) -> list[str]:
    """What is otherwise in a room than it was, a sentence each."""
    lines = []
    if change.readonly != before.readonly:
        lines.append(
            _("Only moderators write here now.")
            if change.readonly
            else _("Everybody may write here again.")
        )
    if change.slow != before.slow:
        pause = _("A pause of {time} is asked for between two messages of one person.")
        lines.append(
            pause.format(time=when.span(change.slow))
            if change.slow
            else _("No pause is asked for between two messages any more.")
        )
    return lines


def deleted_words(by: Record | None, author: str) -> str:
    """What stands in place of a text that is gone; `by` is the record that took it away."""
    if by is None:
        return _("message deleted")
    if by.user == author:
        text = _("message deleted by its author")
    else:
        text = _("message deleted by {nick}").format(nick=by_whom(one_line(by.nick)))
    return because(text, one_line(by.text)).removesuffix(".")


def gap_words(first: int, last: int) -> str:
    """The line that stands where messages are not to be had."""
    if first == last:
        text = _("message {first} is not here: not kept, or not for you")
    else:
        text = _("messages {first} to {last} are not here: not kept, or not for you")
    return text.format(first=number(first), last=number(last))


def short_key(key: str) -> str:
    """How a key is called in lists and commands: the beginning of its fingerprint, which is what
    two people compare."""
    return fingerprint(key).replace(" ", "")[:KEY_DIGITS] if is_key(key) else key[:KEY_DIGITS]


def who(nick: str) -> str:
    """Whoever decided; the broker's own console goes by what it is."""
    return _("Whoever runs the server") if nick_key(nick) in ("", nick_key("server")) else nick


def by_whom(nick: str) -> str:
    """The same within a sentence."""
    return _("whoever runs the server") if nick_key(nick) in ("", nick_key("server")) else nick


def because(text: str, reason: str, until: int = 0) -> str:
    """`text` with its end and its reason, as a sentence."""
    if until:
        text = f"{text} {when.until(until)}"
    if not reason:
        return text + "."
    return _("{what}: {reason}").format(what=text, reason=reason)


def _typed(name: str, argument: str = "") -> str:
    command = find(name)
    shown = command.shown() if command else f"/{name}"
    return f"{shown} {argument}".rstrip()
