"""A room to go to: some of its letters, and Enter."""

from __future__ import annotations

from common.gui.desk import Desk
from common.gui.dialogs.asking import Asking
from common.gui.sidebar import room_row
from common.i18n import _

_TALL = 214


class GoTo(Asking):
    """Presented at once."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.over, _("Go to a room"), width=340)
        self._desk = desk
        self.typed = self.field(_("Some letters of its name"))
        self.typed.text.bind("<Down>", lambda _event: self._step(1))
        self.typed.text.bind("<Up>", lambda _event: self._step(-1))
        self.list = self.rows(_TALL, self._open)
        self.answer(_("Go"), self._answer)
        self._show()
        self.present(self.typed.text)

    def _edited(self) -> None:
        super()._edited()
        if hasattr(self, "list"):
            self._show()

    def _show(self) -> None:
        rows = [room_row(one) for one in self._desk.model.found(self.typed.value)]
        self.list.show(rows)
        self.list.select(rows[0].key if rows else "")

    def _step(self, by: int) -> str:
        keys = [row.key for row in self.list.rows]
        if keys:
            place = keys.index(self.list.selected) if self.list.selected in keys else 0
            self.list.select(keys[(place + by) % len(keys)])
        return "break"

    def _answer(self) -> None:
        if self.list.selected:
            self._open(self.list.selected)
        else:
            self.failed(
                _("You are in no room of that name. {keys} joins one.").format(keys="Ctrl+N")
            )

    def _open(self, name: str) -> None:
        self.done()
        self._desk.controller.open(name)
