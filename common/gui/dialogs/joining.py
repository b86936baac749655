"""The room to go into, or to make: its name, and the rooms that there are.

Owns that one card does both, since whoever types a name need not know whether there is such a room.
"""

from __future__ import annotations

from common.client.events import RoomsReply
from common.client.vocabulary import fold
from common.gui.desk import Desk
from common.gui.dialogs.asking import Asking
from common.gui.rowlist import Row
from common.i18n import _, n_, number
from common.protocol import deeds
from common.protocol.messages import RoomInfo
from common.protocol.names import BadName, room_name

_TALL = 188


class NewRoom(Asking):
    """Presented at once."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.over, _("Join a room, or make one"))
        self._desk = desk
        self._rooms: list[RoomInfo] = []
        self.name = self.field(_("Name"), placeholder=_("such as project"))
        self.name.text.bind("<Down>", self._into_list)
        self.private = self.check(_("Private: only whom you invite sees it"))
        self.list = self.rows(_TALL, self._join, _("Rooms on this server"))
        self.main = self.answer(_("Join"), self._answer)
        desk.ask(desk.client.rooms(), self._came, self.failed)
        self.present(self.name.text)

    def _came(self, reply: RoomsReply) -> None:
        if self.winfo_exists():
            self._rooms = [one for one in reply.rooms if one.peer is None]
            self._show()

    def _edited(self) -> None:
        super()._edited()
        if hasattr(self, "main"):
            self._show()

    def _show(self) -> None:
        typed = fold(self.name.value.strip().removeprefix("#"))
        rows = [_row(one) for one in self._rooms if typed in fold(one.room)]
        self.list.show(rows)
        exists = any(fold(one.room) == typed for one in self._rooms)
        self.main.configure(text=_("Join") if exists or not typed else _("Make the room"))
        self.private.enable(not exists)

    def _into_list(self, _event: object) -> str:
        self.list.focus_set()
        return "break"

    def _join(self, name: str) -> None:
        self.done()
        self._desk.controller.enter_room(name)

    def _answer(self) -> None:
        try:
            name = room_name(self.name.value.strip().removeprefix("#"))
        except BadName as error:
            from common.explain import explain

            self.failed(
                explain(error.code, {"value": error.value, "reason": error.reason}), self.name
            )
            return
        if any(one.room == name for one in self._rooms) or name in self._desk.talk.rooms:
            self._join(name)
            return
        self.wait()
        private = self.private.value
        note = _("You moderate this room.")
        if private:
            note += " " + _("Nobody else sees it until you invite them.")

        def made() -> None:
            self.done()
            self._desk.controller.enter_room(name, note)

        deed = deeds.Create(room=name, private=private)
        told = _("#{room} is made.").format(room=name)
        self._desk.do(deed, told, made, lambda why: self.failed(why, self.name))


def _row(room: RoomInfo) -> Row:
    people = n_("{n} here", "{n} here", room.people).format(n=number(room.people))
    return Row(key=room.room, label=room.room, icon="lock" if room.private else "hash", note=people)
