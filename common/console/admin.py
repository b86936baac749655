"""The verb `admin`: who rules on this server, whom they put out, and the log of it.

Owns the words of `broker.py admin`, its answers in tables and in JSON. Decides nothing: the
broker does, asked by the console (`session`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from common.arguments import UsageError, Verb
from common.console import tables
from common.console.output import Printer, Refusal, note
from common.i18n import N_, _
from common.keys import is_key
from common.protocol import deeds
from common.protocol.identity import user_of_key
from common.settings import POSITIVE, SECONDS, TEXT, Kind, Option

if TYPE_CHECKING:
    from common.console.session import Console
    from common.protocol.deeds import Entry, LogEntry

AUDIT_LINES: Final = 50
_PAGE: Final = 1_000
CONSOLE: Final = "server"
"""The nickname of the console."""
_SHOWN_KEY: Final = 16
_SHORT_KEY: Final = 6
"""Digits of a key that name it at least, among those that wait."""


def typed(name: str, kind: Kind, help: str, metavar: str = "") -> Option:
    """An option of one deed: in the environment or the configuration it would mean nothing."""
    return Option(name, kind, help, metavar=metavar, env=False)


def verb() -> Verb:
    """The verb and its options, for the table of `broker.py`."""
    return Verb(
        "admin",
        _("who may do what here; see broker.py admin --help"),
        (
            typed("limit", POSITIVE, _("at most this many lines of the log (50)"), "N"),
            typed("for", SECONDS, _("how long: 10m, 2h, 7d; without it, for good"), "TIME"),
            typed("reason", TEXT, _("why; the person concerned reads it"), "TEXT"),
        ),
        _("DEED [WHO]"),
        _(
            "list; owner, add or remove NICK|KEY (owners, administrators); ban, unban, mute, unmute"
            " or kick NICK|KEY; free NICK (a nickname that nobody needs any more); waiting; approve"
            " KEY; sanctions; audit."
        ),
    )


@dataclass(frozen=True)
class Given:
    """What was typed."""

    who: str
    seconds: int
    reason: str
    limit: int

    def person(self) -> dict[str, str]:
        """Whom a deed concerns, by nickname or by key."""
        if is_key(self.who):
            return {"user": user_of_key(self.who.lower())}
        return {"nick": self.who}

    def person_or_key(self) -> dict[str, str]:
        """The same where a key may be nobody's yet."""
        return {"key": self.who.lower()} if is_key(self.who) else {"nick": self.who}


def run(
    data: Path,
    words: Sequence[str],
    *,
    as_json: bool = False,
    seconds: float | None = None,
    reason: str | None = None,
    limit: int | None = None,
) -> int:
    """Do what `words` say (`ban bob`), with the options of `verb`, and return the exit status.

    `data` is the data directory's root. Raises UsageError.
    """
    deed, *rest = words or ("",)
    if deed not in _DEEDS:
        raise UsageError(_unknown(deed))
    action, wants_who = _DEEDS[deed]
    if wants_who and len(rest) != 1:
        who = "KEY" if deed == "approve" else "NICK"
        line = _("type broker.py admin {deed} {who}").format(deed=deed, who=who)
        raise UsageError(line)
    if not wants_who and rest:
        line = _("{verb} takes no {word}: remove it, or see {command} --help")
        raise UsageError(line.format(verb=deed, word=rest[0], command="broker.py admin"))
    for flag, value, mine in (
        ("--for", seconds, _TIMED),
        ("--reason", reason, _REASONED),
        ("--limit", limit, ("audit",)),
    ):
        if value is not None and deed not in mine:
            line = _("{flag} does not go with {verb}, only with {verbs}: remove it")
            raise UsageError(line.format(flag=flag, verb=deed, verbs=", ".join(mine)))
    given = Given(
        who=rest[0] if rest else "",
        seconds=int(seconds or 0),
        reason=reason or "",
        limit=limit or AUDIT_LINES,
    )
    return spoken(data, as_json, lambda session, out: action(session, given, out))


def spoken(data: Path, as_json: bool, action: Callable[[Console, Printer], None]) -> int:
    """Do something as the console; the exit status. What stands in the way is told in words."""
    # Only now: a broker that serves shows this verb in its help, and needs no client for that.
    from common.console.session import console

    out = Printer(as_json)
    try:
        with console(data) as session:
            action(session, out)
    except Refusal as fault:
        if as_json:
            out.object({"type": "error", "code": fault.code, "text": fault.line})
        note(fault.line)
        return fault.status
    return 0


def _unknown(deed: str) -> str:
    names = ", ".join(_DEEDS)
    if not deed:
        return _("say what to do: {names}").format(names=names)
    return _("no verb is called {word}; there are: {names}").format(word=deed, names=names)


# --- deeds ---------------------------------------------------------------------------------------


def _do(make: Callable[[Given], deeds.Deed]) -> Callable[[Console, Given, Printer], None]:
    def act(session: Console, given: Given, out: Printer) -> None:
        session.ask(session.client.do(make(given)))
        out.done()

    return act


def _role(role: deeds.ServerRole) -> Callable[[Given], deeds.Deed]:
    return lambda g: deeds.Role(role=role, reason=g.reason, **g.person())


def _approve(session: Console, given: Given, out: Printer) -> None:
    key = given.who.lower()
    if not is_key(key):
        waiting = session.ask(session.client.list("waiting")).entries
        found = [e.key for e in waiting if len(key) >= _SHORT_KEY and e.key.startswith(key)]
        if len(found) != 1:
            words = _("No single key that waits begins with {key}. See broker.py admin waiting.")
            raise Refusal(words.format(key=given.who), "no-such-person")
        key = found[0]
    session.ask(session.client.do(deeds.Approve(key=key)))
    out.done()


# --- lists ---------------------------------------------------------------------------------------

_ROLES: Final = {
    "owner": N_("owner"),
    "admin": N_("administrator"),
    "moderator": N_("moderator"),
}
_SANCTIONS: Final = {
    "mute": N_("may not speak"),
    "kick": N_("kept out"),
    "ban": N_("is banned"),
}


def _fields(kind: str, entry: Entry) -> dict[str, Any]:
    """An entry as JSON: what is empty is left out."""
    fields: dict[str, Any] = msgspec.to_builtins(entry)
    return {"type": kind, **fields}


def _roles(session: Console, _given: Given, out: Printer) -> None:
    entries = session.ask(session.client.list("roles")).entries
    rows = [
        (
            _fields("role", e),
            (e.nick or e.user, _(_ROLES.get(e.role, e.role)), tables.moment(e.ts), _by(e.by)),
        )
        for e in entries
    ]
    out.rows(rows, _("Nobody yet: the first client that uses this data directory becomes owner."))


def _sanctions(session: Console, _given: Given, out: Printer) -> None:
    entries = session.ask(session.client.list("sanctions")).entries
    rows = [
        (
            _fields("sanction", e),
            (
                e.nick or e.user or e.key[:_SHOWN_KEY],
                _(_SANCTIONS.get(e.what, e.what)),
                tables.until(e.until),
                _by(e.by),
                e.reason,
            ),
        )
        for e in entries
    ]
    out.rows(rows, _("Nobody is muted, removed or banned."))


def _waiting(session: Console, _given: Given, out: Printer) -> None:
    from common.keys import fingerprint

    entries = session.ask(session.client.list("waiting")).entries
    rows = [
        (
            {**_fields("waiting", e), "fingerprint": fingerprint(e.key)},
            (e.key[:_SHOWN_KEY], e.nick, e.address, tables.moment(e.ts), fingerprint(e.key)),
        )
        for e in entries
    ]
    out.rows(rows, _("Nobody waits to be let in."))


def _audit(session: Console, given: Given, out: Printer) -> None:
    entries: list[LogEntry] = []
    before = None
    while len(entries) < given.limit:
        wanted = min(given.limit - len(entries), _PAGE)
        page = session.ask(session.client.audit(before=before, limit=wanted))
        entries = [*page.entries, *entries]
        if not page.entries or page.entries[0].seq <= 1:
            break
        before = page.entries[0].seq
    rows = [
        (
            {"type": "audit", "what": e.type, **_without_type(e)},
            (
                str(e.seq),
                tables.moment(e.ts),
                actor(e.nick),
                _(_DONE.get(e.type, e.type)),
                e.subject_nick or e.subject,
                f"#{e.room}" if e.room else "",
                tables.until(e.until) if e.until else "",
                _why(e),
            ),
        )
        for e in entries
    ]
    out.rows(rows, _("Nothing was decided yet."))


def _without_type(entry: LogEntry) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(entry)
    fields.pop("type", None)
    return fields


def _by(nick: str) -> str:
    return _("by {nick}").format(nick=actor(nick)) if nick else ""


def actor(nick: str) -> str:
    """Who decided. What nobody else can be called is this console."""
    return _("the operator") if nick == CONSOLE else nick


def _why(entry: LogEntry) -> str:
    """What the log says besides; as much of a key as tells it from others."""
    return entry.text[:_SHOWN_KEY] if is_key(entry.text) else entry.text


_DONE: Final = {
    "owner-claimed": N_("became owner"),
    "nick-bound": N_("took a nickname"),
    "nick-freed": N_("freed a nickname"),
    "role": N_("gave a role"),
    "room-created": N_("made a room"),
    "direct-created": N_("began a conversation"),
    "set": N_("changed a room's rules"),
    "invited": N_("invited"),
    "removed": N_("removed"),
    "left": N_("left"),
    "muted": N_("muted"),
    "unmuted": N_("unmuted"),
    "kicked": N_("kicked"),
    "banned": N_("banned"),
    "unbanned": N_("unbanned"),
    "message-deleted": N_("deleted a message"),
    "invitation-made": N_("made an invitation"),
    "invitation-withdrawn": N_("withdrew an invitation"),
    "invitation-used": N_("came in by an invitation"),
    "approved": N_("let in"),
    "device-added": N_("added a device"),
    "key-revoked": N_("revoked a key"),
}
"""What the log calls a deed, as people read it; a newer broker's stands as it is."""

_DEEDS: Final[dict[str, tuple[Callable[[Console, Given, Printer], None], bool]]] = {
    "list": (_roles, False),
    "owner": (_do(_role("owner")), True),
    "add": (_do(_role("admin")), True),
    "remove": (_do(_role("member")), True),
    "ban": (
        _do(lambda g: deeds.Ban(seconds=g.seconds, reason=g.reason, **g.person_or_key())),
        True,
    ),
    "unban": (_do(lambda g: deeds.Unban(reason=g.reason, **g.person_or_key())), True),
    "mute": (_do(lambda g: deeds.Mute(seconds=g.seconds, reason=g.reason, **g.person())), True),
    "unmute": (_do(lambda g: deeds.Unmute(reason=g.reason, **g.person())), True),
    "kick": (_do(lambda g: deeds.Kick(seconds=g.seconds, reason=g.reason, **g.person())), True),
    "free": (_do(lambda g: deeds.Free(nick=g.who, reason=g.reason)), True),
    "waiting": (_waiting, False),
    "approve": (_approve, True),
    "sanctions": (_sanctions, False),
    "audit": (_audit, False),
}
_TIMED: Final = ("ban", "mute", "kick")
_REASONED: Final = (*_TIMED, "unban", "unmute", "owner", "add", "remove", "free")
