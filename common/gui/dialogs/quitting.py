"""What becomes of the server that this window started, where others use it: asked on quitting."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common.gui.sheet import Sheet
from common.i18n import _, n_, number

_WIDE = 460


class StopServer(Sheet):
    """Presented at once. `leave` gets whether to stop the server; it is not called on *Cancel*."""

    def __init__(
        self,
        parent: tk.Misc,
        others: int,
        leave: Callable[[bool], object],
        on_close: Callable[[], object],
    ) -> None:
        super().__init__(parent, _("Stop the server?"), width=_WIDE, on_close=on_close)
        words = n_(
            "{n} person will be cut off; the messages stay.",
            "{n} people will be cut off; the messages stay.",
            others,
        )
        self.paragraph(words.format(n=number(others)))
        stay = self.act(_("Leave it running"), lambda: leave(False), primary=True)
        self.act(_("Stop the server"), lambda: leave(True), danger=True)
        self.act(_("Cancel"))
        self.present(stay)
