"""An invitation to the server: for how many, and until when; then its code and the link to copy."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common.client.events import CodeReply
from common.gui.desk import Failed
from common.gui.dialogs.asking import Asking
from common.gui.dialogs.code import Code
from common.i18n import _
from common.protocol import deeds
from common.talk.ways import Ways

Made = Callable[[CodeReply], object]


class NewInvitation(Asking):
    """Presented at once."""

    def __init__(
        self,
        parent: tk.Misc,
        make: Callable[[deeds.MakeInvitation, Made, Failed], object],
        ways: Callable[[], Ways],
        copy: Callable[[str], object],
        why: str = "",
    ) -> None:
        """`make` has the broker make it. The others are `Code`'s."""
        super().__init__(parent, _("Invite somebody to this server"))
        self._above = parent
        self._make, self._ways, self._copy, self._why = make, ways, copy, why
        uses = [(str(n), str(n)) for n in (1, 5, 10, 50, 1_000)]
        self.uses = self.choice(_("For how many people"), uses)
        self.time = self.span(_("Good for"), 604_800, good=_("without end"))
        self.answer(_("Make the invitation"), self._answer)
        self.present()

    def _answer(self) -> None:
        self.wait()
        deed = deeds.MakeInvitation(uses=int(self.uses.value), seconds=int(self.time.value))

        def made(reply: CodeReply) -> None:
            self.done()
            Code(self._above, reply, self._copy, self._ways(), self._why)

        self._make(deed, made, self.failed)
