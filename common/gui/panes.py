"""Which panes of the chat stand beside the conversation, at which width. Pure.

Owns the rule: by wish where there is room, over the conversation for a moment where there is none.
Must not know what is in them.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

ROOMS: Final = "rooms"
PEOPLE: Final = "people"
PEOPLE_FROM: Final = 900
ROOMS_FROM: Final = 700
"""Pixels at 96 dpi: in a narrower window that pane gives its place to the conversation."""

Place = Literal["", "beside", "over"]
_FROM: Final = {ROOMS: ROOMS_FROM, PEOPLE: PEOPLE_FROM}


@dataclass
class Panes:
    """`folded` are the panes that this person does not want, in a wide window."""

    folded: set[str] = field(default_factory=set)
    width: float = float("inf")
    over: str = ""
    """The pane that lies over the conversation, where there is no room beside it."""

    def place(self, pane: str) -> Place:
        """Where a pane is; "" while it is folded away."""
        if self.fits(pane):
            return "" if pane in self.folded else "beside"
        return "over" if self.over == pane else ""

    def fits(self, pane: str) -> bool:
        """Whether there is room for it beside the conversation."""
        return self.width >= _FROM[pane]

    def resize(self, width: float) -> bool:
        """The window has this width now, in pixels at 96 dpi; tells whether a pane moves."""
        before = self._places()
        self.width = width
        if self.over and self.fits(self.over):
            self.over = ""
        return self._places() != before

    def toggle(self, pane: str) -> None:
        """Fold a pane away, or show it."""
        if not self.fits(pane):
            self.over = "" if self.over == pane else pane
        elif pane in self.folded:
            self.folded.discard(pane)
        else:
            self.folded.add(pane)

    def settle(self) -> bool:
        """What was wanted of a pane over the conversation is done; tells whether one was there."""
        was, self.over = bool(self.over), ""
        return was

    def _places(self) -> tuple[Place, ...]:
        return tuple(self.place(pane) for pane in _FROM)
