"""What must hold whatever happens. Owns the truth about what was said, stored and refused.

Letters are those of the project's invariants: A acknowledged is stored, B shown once, C one order.
"""

from dataclasses import dataclass

from common.protocol.messages import Record
from tests.simulation.agenda import Violation

FORBIDDEN = "forbidden"
"""A text that begins so is refused for good, as no honest client can provoke otherwise."""


@dataclass
class Said:
    """One message as its author said it; texts are unique."""

    author: str
    room: str
    text: str
    place: int
    """Which one of its author's it is."""
    kept: bool = False
    """In the author's outbox on disk: from here on it must not be lost."""
    refused: bool = False
    lost: bool = False
    """Stored, and gone with a history that was rolled back."""


class Judge:
    """Sees every message, every commit and every acknowledgement. Raises `Violation`."""

    def __init__(self) -> None:
        self.said: dict[str, Said] = {}
        self.rolled_back = False
        self._stored: dict[str, Record] = {}
        self._rooms: dict[str, str] = {}
        self._last_place: dict[tuple[str, str], int] = {}
        self._last_ts: dict[str, int] = {}
        self._ids: set[str] = set()

    def says(self, author: str, room: str, text: str) -> None:
        """Somebody says something."""
        self.said[text] = Said(author, room, text, len(self.said))

    def refused(self, text: str) -> None:
        """The author was told that it was refused for good."""
        if text in self._stored:
            raise Violation(f"refused, but stored: {text[:60]!r}")
        self.said[text].refused = True

    def committed(self, room: str, record: Record) -> None:
        """A record is on the disk from now on."""
        if record.ts < self._last_ts.get(room, 0):
            raise Violation(f"time runs back in {room!r} at number {record.seq}")
        self._last_ts[room] = record.ts
        if not room:
            return
        said = self.said.get(record.text)
        if said is None or said.room != room:
            raise Violation(f"stored in {room!r}, but never said there: {record.text[:60]!r}")
        if said.refused:
            raise Violation(f"refused for good, then stored: {record.text[:60]!r}")
        if record.text in self._stored:
            raise Violation(f"B: stored twice: {record.text[:60]!r}")
        key = said.author, room
        if said.place <= self._last_place.get(key, -1):
            raise Violation(
                f"C: {said.author}'s lines in {room!r} change order at {said.text[:60]!r}"
            )
        self._last_place[key] = said.place
        if record.id in self._ids:
            raise Violation(f"B: number {record.id} of a stream was taken twice")
        self._ids.add(record.id)
        self._stored[record.text] = record
        self._rooms[record.text] = room

    def acknowledged(self, text: str, room: str, seq: int, id: str, ts: int) -> None:
        """The author was told that it is stored."""
        record = self._stored.get(text)
        if record is None:
            if self.said[text].lost:
                return  # the acknowledgement is from before the rollback
            raise Violation(f"A: acknowledged, but not stored: {text[:60]!r}")
        truth = self._rooms[text], record.seq, record.id, record.ts
        if truth != (room, seq, id, ts):
            raise Violation(f"A: acknowledged as {(room, seq, id, ts)}, stored as {truth}")

    def restored(self, rooms: dict[str, list[Record]]) -> None:
        """The broker's operator went back to a backup."""
        self.rolled_back = True
        kept = {record.text for name, some in rooms.items() if name for record in some}
        for text in list(self._stored):
            if text not in kept:
                del self._stored[text]
                self.said[text].lost = True
        self._last_ts = {name: some[-1].ts for name, some in rooms.items() if some}
        self._ids = {record.id for record in self._stored.values()}
        self._last_place.clear()
        for text in self._stored:
            said = self.said[text]
            key = said.author, said.room
            self._last_place[key] = max(self._last_place.get(key, -1), said.place)

    def missing(self) -> str:
        """A message that should be stored by now, in words; '' where there is none."""
        for said in self.said.values():
            # A refusal that was settled on disk just before the crash is never told.
            excused = said.refused or said.lost or said.text.startswith(FORBIDDEN)
            if said.kept and not excused and said.text not in self._stored:
                return f"A: never stored: {said.text[:60]!r} of {said.author}"
        return ""
