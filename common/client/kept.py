"""What a client keeps between its runs, as a contract, and its twin in memory.

Owns: the shapes, `AnyProfile`, and `MemoryProfile` for programs that keep nothing. Must not know a
file (`profile` does), the wire, or what the session does with any of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol


class BadProfile(Exception):
    """The file at `path` cannot be used; `newer` where a later version of Causette wrote it."""

    def __init__(self, path: Path, why: str, *, newer: bool = False) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why
        self.newer = newer


class ProfileFull(Exception):
    """A write failed: the disk is full (then nothing has changed) or failing (then who knows)."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """A message that is not known to be stored yet, as number `n` of the stream."""

    n: int
    room: str
    text: str
    me: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last record of a room that was read: its number, and its id to recognise it by."""

    seq: int
    id: str


class AnyProfile(Protocol):
    """The contract. Every write may raise ProfileFull."""

    def stream(self) -> str:
        """Return the id of the outbox's stream: 16 lower-case hexadecimal digits."""

    def new_stream(self, stream: str) -> None:
        """Begin another stream; what waits is numbered anew from 1, in order."""

    def next_n(self) -> int:
        """Return the number of the next message: 1 or more, never one that was used before."""

    def outbox(self) -> list[OutboxItem]:
        """Return what waits, by ascending number."""

    def add(self, items: Iterable[OutboxItem]) -> None:
        """Keep messages, all or none; numbers ascend from `next_n()`. Raises ValueError."""

    def settle(self, numbers: Iterable[int]) -> None:
        """Forget messages whose outcome is known; numbers that are not there are ignored."""

    def cursor(self, room: str) -> Cursor | None:
        """Return where reading of `room` stopped."""

    def set_cursors(self, cursors: Mapping[str, Cursor]) -> None:
        """Set where reading stopped, for these rooms; the others keep theirs."""

    def cursors(self) -> dict[str, Cursor]:
        """Return where reading stopped, of every room."""

    def rooms(self) -> list[str]:
        """Return the rooms that were joined, in their order."""

    def set_rooms(self, rooms: Iterable[str]) -> None:
        """Replace the rooms that were joined."""

    def epoch(self) -> str | None:
        """Return the epoch of the broker's history that the cursors belong to."""

    def set_epoch(self, epoch: str) -> None:
        """Keep the epoch."""

    def server_key(self) -> str | None:
        """Return the key of the broker that this profile belongs to."""

    def set_server_key(self, key: str) -> None:
        """Keep the broker's key."""

    def ignored(self) -> dict[str, str]:
        """Return whom this person does not want to read: user to nickname."""

    def set_ignored(self, people: Mapping[str, str]) -> None:
        """Replace them."""

    def silenced(self) -> list[str]:
        """Return the rooms that are not to call this person."""

    def set_silenced(self, rooms: Iterable[str]) -> None:
        """Replace them."""

    def note(self, name: str) -> str:
        """Return what a program keeps under this name between its runs, "" where nothing is."""

    def set_note(self, name: str, text: str) -> None:
        """Replace it. The names `ignored` and `silenced` are taken."""

    def close(self) -> None:
        """Let the file and its lock go; a second call does nothing."""


def new_stream_id() -> str:
    """Return a fresh stream's id, random."""
    return secrets.token_hex(8)


def ascending(items: Iterable[OutboxItem], first: int) -> list[OutboxItem]:
    """Return the items. Raises ValueError unless their numbers ascend from `first`."""
    taken = list(items)
    for item in taken:
        if item.n < first:
            raise ValueError(f"number {item.n} was used before, the next is {first}")
        first = item.n + 1
    return taken


class MemoryProfile:
    """A profile that ends with its program: a fresh stream, no cursors."""

    def __init__(self) -> None:
        self._stream = new_stream_id()
        self._last_n = 0
        self._outbox: dict[int, OutboxItem] = {}
        self._cursors: dict[str, Cursor] = {}
        self._rooms: list[str] = []
        self._epoch: str | None = None
        self._server_key: str | None = None
        self._ignored: dict[str, str] = {}
        self._silenced: list[str] = []
        self._notes: dict[str, str] = {}

    def stream(self) -> str:
        return self._stream

    def new_stream(self, stream: str) -> None:
        self._stream = stream
        self._outbox = {n: replace(item, n=n) for n, item in enumerate(self.outbox(), 1)}
        self._last_n = len(self._outbox)

    def next_n(self) -> int:
        return self._last_n + 1

    def outbox(self) -> list[OutboxItem]:
        return list(self._outbox.values())

    def add(self, items: Iterable[OutboxItem]) -> None:
        for item in ascending(items, self.next_n()):
            self._outbox[item.n] = item
            self._last_n = item.n

    def settle(self, numbers: Iterable[int]) -> None:
        for n in numbers:
            self._outbox.pop(n, None)

    def cursor(self, room: str) -> Cursor | None:
        return self._cursors.get(room)

    def set_cursors(self, cursors: Mapping[str, Cursor]) -> None:
        self._cursors.update(cursors)

    def cursors(self) -> dict[str, Cursor]:
        return dict(self._cursors)

    def rooms(self) -> list[str]:
        return list(self._rooms)

    def set_rooms(self, rooms: Iterable[str]) -> None:
        self._rooms = list(dict.fromkeys(rooms))

    def epoch(self) -> str | None:
        return self._epoch

    def set_epoch(self, epoch: str) -> None:
        self._epoch = epoch

    def server_key(self) -> str | None:
        return self._server_key

    def set_server_key(self, key: str) -> None:
        self._server_key = key

    def ignored(self) -> dict[str, str]:
        return dict(self._ignored)

    def set_ignored(self, people: Mapping[str, str]) -> None:
        self._ignored = dict(people)

    def silenced(self) -> list[str]:
        return list(self._silenced)

    def set_silenced(self, rooms: Iterable[str]) -> None:
        self._silenced = list(dict.fromkeys(rooms))

    def note(self, name: str) -> str:
        return self._notes.get(name, "")

    def set_note(self, name: str, text: str) -> None:
        self._notes[name] = text

    def close(self) -> None:
        """Nothing to let go."""
