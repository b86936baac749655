"""What a chat needs of whatever shows it to a person. Owns the shape."""

from typing import Protocol


class Face(Protocol):
    """What shows the conversation to a person."""

    def changed(self) -> None:
        """Something is to be drawn anew."""

    def say(self, text: str) -> None:
        """Tell something for a moment."""

    def compose(self, text: str) -> None:
        """Put this text where lines are typed, for changing."""

    def opened(self, left: str) -> None:
        """Another room is open; `left` was before ("" for none)."""

    def older_came(self) -> None:
        """Older lines of the open room are here."""

    def cleared(self) -> None:
        """The open room was emptied."""

    def quit(self) -> None:
        """The person wants to go."""
