"""A code to be read aloud, written down or copied: an invitation's, or another device's."""

from __future__ import annotations

from common import when
from common.client.events import CodeReply
from common.gui.desk import Desk
from common.gui.field import Field
from common.gui.sheet import Sheet
from common.gui.theme import theme_of
from common.gui.widgets import label
from common.i18n import _, n_, number


class Code(Sheet):
    """Presented at once."""

    def __init__(self, desk: Desk, reply: CodeReply, *, invitation: bool) -> None:
        title = _("Invitation") if invitation else _("Code for another device")
        super().__init__(desk.over, title, width=400)
        look = theme_of(self)
        self.code = reply.code
        label(self.body, reply.code, font="number", tone="accent").pack(anchor="w")
        until = when.until(reply.expires) if reply.expires else _("without end")
        uses = n_("lets {n} person in", "lets {n} people in", reply.uses)
        words = f"{uses.format(n=number(reply.uses))}, {until}"
        if not invitation:
            words = _("good once, {until}").format(until=until)
        about = label(self.body, words, tone="muted")
        about.configure(wraplength=look.px(400))
        about.pack(fill="x")
        look.pad(about, pady=(4, 10))
        self.link = desk.controller.invitation_link(reply.code) if invitation else ""
        if invitation:
            how = _("Give the code, or this link: it holds the code and the server's address.")
            if not self.link:
                how = _("Whoever you give it to types it in the form, under “Invitation”.")
        else:
            how = _("Type it in the form of the other device, under “Invitation”.")
        made = label(self.body, how)
        made.configure(wraplength=look.px(400))
        made.pack(fill="x")
        look.pad(made, pady=(0, 8))
        if self.link:
            shown = Field(self.body, self.link, width=40, font="mono")
            shown.lock()
            shown.pack(fill="x")
        first = self.act(_("Copy the code"), lambda: desk.copy(reply.code))
        if self.link:
            first = self.act(_("Copy the link"), lambda: desk.copy(self.link), primary=True)
        self.act(_("Close"))
        self.present(first)
