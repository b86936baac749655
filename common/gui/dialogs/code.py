"""A code to be read aloud, written down or copied: an invitation's, or another device's."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common import when
from common.client.events import CodeReply
from common.gui.dialogs.linking import LinkField
from common.gui.sheet import Sheet
from common.gui.theme import theme_of
from common.gui.widgets import Button, label
from common.i18n import _, n_, number
from common.talk.ways import Ways


class Code(Sheet):
    """Presented at once."""

    def __init__(
        self,
        parent: tk.Misc,
        reply: CodeReply,
        copy: Callable[[str], object],
        ways: Ways | None = None,
        why: str = "",
    ) -> None:
        """`ways`: by which an invitation's link leads in, and `why` there is none; without them it
        is another device's code. `copy` puts something on the clipboard."""
        invitation = ways is not None
        title = _("Invitation") if invitation else _("Code for another device")
        super().__init__(parent, title, width=400)
        look = theme_of(self)
        self.code = reply.code
        label(self.body, reply.code, font="number", tone="accent").pack(anchor="w")
        until = when.until(reply.expires) if reply.expires else _("without end")
        uses = n_("lets {n} person in", "lets {n} people in", reply.uses)
        words = f"{uses.format(n=number(reply.uses))}, {until}"
        if not invitation:
            words = _("good once, {until}").format(until=until)
        about = self.paragraph(words, "muted")
        look.pad(about, pady=(4, 10))
        if ways is not None:
            how = _("Give the code, or this link: it holds the code and the server's address.")
            if not ways.found:
                how = _("Whoever you give it to types it in the form, under “Invitation”.")
                how += f" {why or ways.why}"
        else:
            how = _("Type it in the form of the other device, under “Invitation”.")
        made = self.paragraph(how)
        look.pad(made, pady=(0, 8))
        self.field: LinkField | None = None
        if ways is not None and ways.found:
            field = self.field = LinkField(self.body, ways, reply.code)
            field.pack(fill="x")
            first = self._copier(_("Copy the link"), lambda: copy(field.link), primary=True)
            self._copier(_("Copy the code"), lambda: copy(reply.code))
        else:
            first = self._copier(_("Copy the code"), lambda: copy(reply.code), primary=True)
        self.act(_("Close"))
        self.present(first)

    def _copier(self, words: str, copy: Callable[[], object], *, primary: bool = False) -> Button:
        """A button that copies something, and says that it has."""

        def press() -> None:
            copy()
            made.rename(_("Copied"))
            made.show_icon("check")

        made = self.act(words, press, primary=primary)
        return made
