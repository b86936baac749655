"""The link that brings others to this server, to be copied; or why there is none, and what to do.

Owns the choice among the addresses of this machine. Which there are: `common.talk.ways`.
"""

from __future__ import annotations

from collections.abc import Callable

from common.gui.desk import Desk
from common.gui.dropdown import Dropdown
from common.gui.field import Field
from common.gui.sheet import Sheet
from common.gui.theme import theme_of
from common.gui.widgets import Pane, label
from common.i18n import _
from common.talk.ways import Ways


class LinkField(Pane):
    """The link, in a field to read; above it the addresses, where this machine has several."""

    def __init__(self, parent: Pane, ways: Ways, code: str = "") -> None:
        """`code`: of an invitation, for the link to hold."""
        super().__init__(parent)
        self._links = [way.link(code) for way in ways.found]
        theme = theme_of(parent)
        if len(ways.found) > 1:
            words = _("The address by which others reach this machine")
            label(self, words, font="small", tone="muted").pack(fill="x")
            places = [(str(place), way.place) for place, way in enumerate(ways.found)]
            self.choice = Dropdown(self, places, command=self._chosen)
            self.choice.pack(fill="x")
            theme.pad(self.choice, pady=(4, 8))
        self._shown = Field(self, self._links[0], width=40, font="mono")
        self._shown.lock()
        self._shown.pack(fill="x")

    @property
    def link(self) -> str:
        """The one that is shown."""
        return self._shown.value

    def _chosen(self, place: str) -> None:
        self._shown.value = self._links[int(place)]


class JoinLink(Sheet):
    """Presented at once."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.over, _("Let others in"), width=440)
        look = theme_of(self)
        ways = desk.controller.ways()
        if not ways.found:
            self.paragraph(ways.why)
            self.present(self.act(_("Close"), primary=True))
            return
        about = self.paragraph(_("Whoever has this link finds the server: send it to the others."))
        look.pad(about, pady=(0, 10))
        self.field = LinkField(self.body, ways)
        self.field.pack(fill="x")
        copy = self.act(_("Copy the link"), self._copier(desk), primary=True)
        self.act(_("Close"))
        self.present(copy)

    def _copier(self, desk: Desk) -> Callable[[], None]:
        def copy() -> None:
            desk.copy(self.field.link)
            self.close()

        return copy
