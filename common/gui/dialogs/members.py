"""Who belongs to a room: letting somebody in, putting them out, who moderates it."""

from __future__ import annotations

from common.client.entries import list_lines
from common.client.events import ListReply
from common.gui.desk import Desk
from common.gui.dialogs.listing import Listing
from common.gui.field import Field
from common.gui.rowlist import Row
from common.gui.widgets import button
from common.i18n import _
from common.protocol import deeds
from common.protocol.deeds import Entry
from common.talk.surroundings import is_bot


class Members(Listing):
    """Presented at once. Of a public room, those who moderate it."""

    def __init__(self, desk: Desk, name: str) -> None:
        room = desk.talk.rooms[name]
        self._private = room.kind.private
        title = _("Members of {room}") if self._private else _("Who moderates {room}")
        super().__init__(desk.over, title.format(room=room.title))
        self._desk, self._room = desk, name
        self._entries: dict[str, Entry] = {}
        self.nick: Field | None = None
        may = desk.moderates
        if may:
            words = _("Nickname to invite") if self._private else _("Nickname")
            self.nick = Field(self.top, placeholder=words, width=24, on_enter=self._add)
            self.nick.pack(side="left", fill="x", expand=True)
            add = button(
                self.top, _("Invite") if self._private else _("Make moderator"), command=self._add
            )
            add.pack(side="left")
            self._look.pad(add, padx=(8, 0))
            self._look.pad(self.top, pady=(0, 12))
            if self._private:
                self.action(
                    _("Make moderator"),
                    lambda key: self._role(key, "moderator"),
                    able=lambda key: self._entries[key].role != "moderator",
                )
            self.action(
                _("No longer moderator"),
                lambda key: self._role(key, "member"),
                able=lambda key: self._entries[key].role == "moderator",
            )
            if self._private:
                self.action(_("Remove…"), self._remove, danger=True, able=self._other)
        self._load()
        self.present(self.nick.text if self.nick is not None else self.list.canvas)

    def _other(self, key: str) -> bool:
        return self._entries[key].user != self._desk.talk.user

    def _load(self) -> None:
        self._desk.list("members", self._room, self._came, self.say)

    def _came(self, reply: ListReply) -> None:
        self._entries = {one.user or one.name: one for one in reply.entries}
        what = "members" if self._private else "moderators"
        lines = list_lines(what, reply.entries)
        rows = [
            Row(
                key=key,
                label=one.nick or key,
                note=line.partition("\t")[2],
                face=(one.user, one.nick, is_bot(one.nick)),
                dot="full" if one.here else "hollow",
            )
            for (key, one), line in zip(self._entries.items(), lines, strict=False)
        ]
        self.show(rows, lines[0])

    def _add(self) -> None:
        if self.nick is None or not self.nick.value.strip():
            return
        nick = self.nick.value.strip().removeprefix("@")
        deed: deeds.Deed = deeds.Invite(room=self._room, nick=nick)
        if not self._private:
            deed = deeds.Role(room=self._room, nick=nick, role="moderator")
        self._desk.do(deed, "", self._added, self.say)

    def _added(self) -> None:
        if self.nick is not None and self.winfo_exists():
            self.nick.value = ""
        self._load()

    def _remove(self, key: str) -> None:
        # Deferred: a dialog that opens another.
        from common.gui.dialogs.deed import Decide

        one = self._entries[key]
        self.close()
        Decide(self._desk, "remove", one.nick, one.user, self._room)

    def _role(self, key: str, role: deeds.ServerRole) -> None:
        deed = deeds.Role(room=self._room, user=self._entries[key].user, role=role)
        self._desk.do(deed, "", self._load, self.say)
