"""Somebody to write to alone: a nickname, or one of those who are known here."""

from __future__ import annotations

from common.client.events import JoinedReply, PeopleReply
from common.client.vocabulary import fold
from common.gui.desk import Desk
from common.gui.dialogs.asking import Asking
from common.gui.rowlist import Row
from common.i18n import _
from common.protocol.names import BadName, nick
from common.talk.surroundings import is_bot

_TALL = 182


class NewDirect(Asking):
    """Presented at once."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.over, _("Write to one person alone"))
        self._desk = desk
        self._people: dict[str, str] = {}
        self.nick = self.field(_("Nickname"))
        self.nick.text.bind("<Down>", self._into_list)
        self.list = self.rows(_TALL, self._chosen)
        self.answer(_("Write"), self._answer)
        for room in desk.talk.rooms.values():
            self._people.update(room.acquaintances())
        for here in desk.talk.present.values():
            self._people.update(here)
        self._show()
        if desk.talk.current:
            desk.ask(desk.client.who(desk.talk.current), self._came, lambda _why: None)
        self.present(self.nick.text)

    def _came(self, reply: PeopleReply) -> None:
        if self.winfo_exists():
            self._people.update({one.user: one.nick for one in reply.people})
            self._show()

    def _edited(self) -> None:
        super()._edited()
        if hasattr(self, "list"):
            self._show()

    def _show(self) -> None:
        typed = fold(self.nick.value.strip().removeprefix("@"))
        known = sorted(self._people.items(), key=lambda one: fold(one[1]))
        others = [(user, name) for user, name in known if user != self._desk.talk.user]
        rows = [
            Row(key=user, label=name, face=(user, name, is_bot(name)))
            for user, name in others
            if typed in fold(name)
        ]
        if not others:
            words = _("Nobody else is here yet: type a nickname.")
            rows = [Row(key="", label=words, heading=True)]
        self.list.show(rows)

    def _into_list(self, _event: object) -> str:
        self.list.focus_set()
        return "break"

    def _chosen(self, user: str) -> None:
        self._go_to(self._people[user])

    def _answer(self) -> None:
        try:
            name = nick(self.nick.value.strip().removeprefix("@"))
        except BadName as error:
            from common.explain import explain

            self.failed(
                explain(error.code, {"value": error.value, "reason": error.reason}), self.nick
            )
            return
        self._go_to(name)

    def _go_to(self, name: str) -> None:
        talk = self._desk.talk
        for room in talk.rooms.values():
            if room.kind.peer is not None and room.kind.peer.nick == name:
                self.done()
                self._desk.controller.open(room.name)
                return
        self.wait()

        def joined(reply: JoinedReply) -> None:
            self.done()
            self._desk.controller.enter_joined(reply)

        self._desk.ask(
            self._desk.client.join(f"@{name}"), joined, lambda why: self.failed(why, self.nick)
        )
