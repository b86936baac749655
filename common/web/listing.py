"""Lists for a page's dialogs: rooms, people, members, measures, codes, keys, what was decided.

Owns their form, ready to be drawn; the words are `client.entries`'. Must not know sockets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from common.client.answers import rooms_lines
from common.client.entries import list_lines, log_line
from common.client.events import AuditReply, ListReply, Refused, RoomsReply
from common.explain import explain
from common.i18n import _
from common.look import nick_index
from common.protocol.deeds import Entry
from common.safe import one_line
from common.talk.surroundings import is_bot
from common.web.actions import AskList
from common.web.chat import WebSession
from common.web.view import View

UNDER_WAY: Final = 4
"""Lists that one page may wait for; more are refused."""
DECIDED: Final = 100
"""Records of the server's log that are shown."""

Fields = dict[str, Any]


class Listings:
    """Answers the `list` messages of one page."""

    def __init__(self, session: WebSession, view: View) -> None:
        self._session = session
        self._view = view
        self._open = 0

    def give(self, asked: AskList) -> None:
        """Have the list asked for; it is told under its id."""
        if self._open >= UNDER_WAY:
            self._refused(asked.id, Refused("rate-limited", ""))
            return
        controller, client = self._session.controller, self._session.client
        id, what = asked.id, asked.what
        room = asked.room or self._session.talk.current

        def failed(error: Refused) -> None:
            self._open -= 1
            self._refused(id, error)

        def done(make: Callable[[Any], tuple[list[Fields], str]]) -> Callable[[Any], None]:
            def came(reply: Any) -> None:
                self._open -= 1
                entries, text = make(reply)
                self._told(id, entries, text)

            return came

        if what == "people":
            self._told(id, self._people(), "")
            return
        self._open += 1
        if what == "rooms":
            controller.ask(client.rooms(), done(self._rooms), failed)
        elif what == "audit":
            controller.ask(client.audit(limit=DECIDED), done(_decided), failed)
        else:
            of = room if what in ("members", "sanctions") else ""
            if what == "sanctions" and not asked.room:
                of = ""
            make = done(lambda reply: self._entries(what, of, reply))
            controller.ask(client.list(what, of), make, failed)

    def _told(self, id: int, entries: list[Fields], text: str, *, ok: bool = True) -> None:
        shown = {"t": "listed", "id": id, "ok": ok, "entries": entries, "text": text}
        self._view.tell(shown)

    def _refused(self, id: int, error: Refused) -> None:
        self._told(id, [], one_line(explain(error.code, error.values, error.text)), ok=False)

    def _rooms(self, reply: RoomsReply) -> tuple[list[Fields], str]:
        talk = self._session.talk
        entries = []
        for info, line in zip(reply.rooms, rooms_lines(reply), strict=True):
            label, _tab, note = line.partition("\t")
            fields = {
                "name": info.room,
                "label": label,
                "note": note,
                "private": info.private,
                "here": info.room in talk.rooms,
            }
            if info.peer is not None:
                fields |= _face(info.peer.user, info.peer.nick)
            entries.append(fields)
        return entries, _("There is no room yet.") if not entries else ""

    def _people(self) -> list[Fields]:
        """Everybody who is or was where this person is, those who are here first."""
        session = self._session
        here: dict[str, str] = {}
        for room in session.talk.rooms:
            here |= session.rosters.get(room, {})
        known = dict(here)
        for one in session.talk.rooms.values():
            for user, nick in one.acquaintances():
                known.setdefault(user, nick)
        known.pop(session.talk.user, None)
        rows = [
            {"name": user, "label": nick, "here": user in here, **_face(user, nick)}
            for user, nick in known.items()
        ]
        return sorted(rows, key=lambda row: (not row["here"], str(row["label"]).casefold()))

    def _entries(self, what: str, room: str, reply: ListReply) -> tuple[list[Fields], str]:
        known = self._session.talk.rooms.get(room)
        public = known is not None and not known.kind.private and known.kind.peer is None
        words = "moderators" if what == "members" and public else what
        lines = list_lines(words, reply.entries)
        if not reply.entries:
            return [], lines[0]
        return [_shown(one, line) for one, line in zip(reply.entries, lines, strict=True)], ""


def _shown(entry: Entry, line: str) -> Fields:
    label, _tab, note = line.partition("\t")
    fields: Fields = {
        "name": entry.key or entry.name,
        "label": one_line(label),
        "note": one_line(note),
        "role": entry.role,
        "here": entry.here,
        "what": entry.what,
        "key": entry.key,
        "room": entry.room,
        "reason": one_line(entry.reason),
        "until": entry.until,
    }
    return fields | (_face(entry.user, entry.nick) if entry.user else {"nick": entry.nick})


def _face(user: str, nick: str) -> Fields:
    return {"user": user, "nick": one_line(nick), "colour": nick_index(user), "bot": is_bot(nick)}


def _decided(reply: AuditReply) -> tuple[list[Fields], str]:
    entries = []
    for entry in reversed(reply.entries):
        note, _tab, label = log_line(entry).partition("\t")
        entries.append({"name": str(entry.seq), "label": one_line(label), "note": note})
    return entries, "" if entries else _("Nothing was decided yet.")
