"""Lists of the broker (members, sanctions, invitations, ...) and its log, as lines for people.

Owns the words, in the person's language, and which columns a line has: two, parted by a tab. Must
not know where they are shown. What others wrote in it is made harmless by what shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from common import when
from common.client.decisions import by_whom, short_key, who
from common.i18n import N_, _, n_, number
from common.keys import fingerprint, is_key
from common.protocol.deeds import Entry, LogEntry

ROLES: Final = {
    "owner": N_("owner"),
    "admin": N_("administrator"),
    "moderator": N_("moderator"),
    "member": N_("member"),
}
_SANCTIONS: Final = {
    "mute": N_("may not speak"),
    "kick": N_("kept out"),
    "ban": N_("is banned"),
}
_EMPTY: Final = {
    "members": N_("Nobody belongs to this room."),
    "moderators": N_("Nobody moderates this room but those who administer the server."),
    "roles": N_("This server has no owner yet."),
    "sanctions": N_("Nobody is muted, removed or banned."),
    "invitations": N_("No invitation is good."),
    "waiting": N_("Nobody waits to be let in."),
    "devices": N_("No key is known."),
    "nicks": N_("No former nickname is held."),
}

# What happened, by the type of its record; `by` did it, `whom` it concerned.
_LOG: Final = {
    "room-created": N_("{by} made {room}"),
    "direct-created": N_("{by} began a conversation"),
    "nick-bound": N_("{by} took this nickname"),
    "nick-freed": N_("{by} freed the nickname {whom}"),
    "set": N_("{by} changed the rules of {room}"),
    "invited": N_("{by} invited {whom} to {room}"),
    "removed": N_("{by} removed {whom} from {room}"),
    "left": N_("{by} left {room} for good"),
    "muted": N_("{by} muted {whom}"),
    "unmuted": N_("{by} let {whom} write again"),
    "kicked": N_("{by} removed {whom}"),
    "banned": N_("{by} banned {whom}"),
    "unbanned": N_("{by} let {whom} in again"),
    "role": N_("{by} changed the role of {whom}"),
    "message-deleted": N_("{by} deleted a message of {whom}"),
    "owner-claimed": N_("{by} became the owner"),
    "approved": N_("{by} let {whom} in"),
    "invitation-made": N_("{by} made an invitation"),
    "invitation-used": N_("{by} came in by an invitation"),
    "invitation-withdrawn": N_("{by} withdrew an invitation"),
    "device-added": N_("{by} has a further device"),
    "key-revoked": N_("{by} revoked a key of {whom}"),
}
DEEDS: Final = frozenset(_LOG)
"""The types of records that have words here."""
# Records whose text is a name or a key, not what somebody gave as a reason.
_UNREASONED: Final = {"room-created", "direct-created", "nick-bound", "device-added", "approved"}


def list_lines(what: str, entries: Iterable[Entry]) -> list[str]:
    """A list, a line each; or a sentence that says that it is empty."""
    line = _LINES[what]
    lines = [line(entry) for entry in entries]
    return lines or [_(_EMPTY[what])]


def _member(entry: Entry) -> str:
    words = [_(ROLES[entry.role])] if entry.role in ROLES else []
    words += [_("here")] if entry.here else []
    return f"{entry.nick or entry.user}\t{', '.join(words)}".rstrip("\t")


def _role(entry: Entry) -> str:
    words = [_(ROLES.get(entry.role, entry.role))]
    if entry.by:
        words.append(_("named by {by}").format(by=by_whom(entry.by)))
    return f"{entry.nick or entry.user}\t{', '.join(words)}"


def _sanction(entry: Entry) -> str:
    words = _(_SANCTIONS.get(entry.what, entry.what))
    words += " " + (when.until(entry.until) if entry.until else _("for good"))
    words += ", " + _("by {by}").format(by=by_whom(entry.by))
    if entry.reason:
        words = _("{what}: {reason}").format(what=words, reason=entry.reason)
    return f"{entry.nick or entry.user or short_key(entry.key)}\t{words}"


def _invitation(entry: Entry) -> str:
    uses = n_("{n} more use", "{n} more uses", entry.uses).format(n=number(entry.uses))
    words = [uses, when.until(entry.until) if entry.until else _("without end")]
    words.append(_("by {by}").format(by=by_whom(entry.by)))
    text = ", ".join(words)
    if entry.reason:
        text = _("{what}: {reason}").format(what=text, reason=entry.reason)
    return f"{entry.name}\t{text}"


def _waiting(entry: Entry) -> str:
    words = [entry.nick or "?", entry.address or "?", when.moment(entry.ts)]
    if is_key(entry.key):
        words.append(_("fingerprint {key}").format(key=fingerprint(entry.key)))
    return f"{short_key(entry.key)}\t{' · '.join(words)}"


def _device(entry: Entry) -> str:
    words = [entry.what or _("the first one")]
    if entry.ts:
        words.append(when.since(entry.ts))
    words += [_("connected")] if entry.here else []
    return f"{short_key(entry.key)}\t{', '.join(words)}"


def _nick(entry: Entry) -> str:
    return entry.nick or entry.name


_LINES: Final[dict[str, Callable[[Entry], str]]] = {
    "members": _member,
    "moderators": _member,
    "roles": _role,
    "sanctions": _sanction,
    "invitations": _invitation,
    "waiting": _waiting,
    "devices": _device,
    "nicks": _nick,
}


def log_line(entry: LogEntry) -> str:
    """A record of the server's log: when, and what was decided by whom and why."""
    return f"{when.moment(entry.ts)}\t{log_words(entry)}"


def log_words(entry: LogEntry) -> str:
    """The same without its time."""
    room = f"#{entry.room}" if entry.room else _("the server")
    by, whom = who(entry.nick), entry.subject_nick or entry.subject or "?"
    if entry.type in _LOG:
        text = _(_LOG[entry.type]).format(by=by, whom=whom, room=room)
    else:
        text = f"{by}: {entry.type}"
    if entry.room and "{room}" not in _LOG.get(entry.type, ""):
        text += " " + _("in {room}").format(room=room)
    if entry.until:
        text += " " + when.until(entry.until)
    if entry.text and entry.type not in _UNREASONED:
        text = _("{what}: {reason}").format(what=text, reason=entry.text)
    return text


def named(prefix: str, entries: Iterable[Entry]) -> list[Entry]:
    """The entries whose key, its fingerprint or whose nickname begins so: what somebody means who
    typed as much of it as they cared to. The whole nickname wins."""
    wanted = prefix.casefold().replace(" ", "")
    found = []
    for entry in entries:
        shown = fingerprint(entry.key).replace(" ", "") if is_key(entry.key) else ""
        if entry.nick and entry.nick.casefold() == prefix.casefold():
            return [entry]
        if entry.key.startswith(wanted) or shown.startswith(wanted):
            found.append(entry)
    return found
