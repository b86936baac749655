"""Cursors without an outbox: for programs that resume reading and never send later.

Owns: the profile of `listen` and `bot`. Must not know what the session does with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from common import paths
from common.client.joining import open_profile
from common.client.profile import (
    BadProfile,
    Cursor,
    MemoryProfile,
    Profile,
    ProfileFull,
)


class Cursors(MemoryProfile):
    """A profile whose cursors live on disk, and whose outbox dies with the program.

    For programs that resume reading (`--since last`) and must never send later what they could not
    send now.
    """

    def __init__(self, disk: Profile) -> None:
        super().__init__()
        self._disk = disk

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises paths.Locked and CannotJoin."""
        return cls(open_profile(path))

    def cursor(self, room: str) -> Cursor | None:
        return self._disk.cursor(room)

    def set_cursors(self, cursors: Mapping[str, Cursor]) -> None:
        self._disk.set_cursors(cursors)

    def cursors(self) -> dict[str, Cursor]:
        return self._disk.cursors()

    def epoch(self) -> str | None:
        return self._disk.epoch()

    def set_epoch(self, epoch: str) -> None:
        self._disk.set_epoch(epoch)

    def server_key(self) -> str | None:
        return self._disk.server_key()

    def set_server_key(self, key: str) -> None:
        self._disk.set_server_key(key)

    def close(self) -> None:
        self._disk.close()


def leave_cursors(path: Path, epoch: str | None, rooms: Mapping[str, Cursor]) -> None:
    """Note in the profile at `path` how far a program without one has read, never moving back.

    Where another program has the profile, that one knows better: nothing is done.
    """
    try:
        kept = Profile.open(path)
    except (paths.Locked, BadProfile, ProfileFull, OSError):
        return
    try:
        if epoch is not None and kept.epoch() != epoch:
            kept.set_epoch(epoch)
            ahead = dict(rooms)
        else:
            ahead = {
                room: cursor
                for room, cursor in rooms.items()
                if (known := kept.cursor(room)) is None or known.seq < cursor.seq
            }
        if ahead:
            kept.set_cursors(ahead)
    except (BadProfile, ProfileFull):
        return
    finally:
        kept.close()


def stored_cursor(path: Path, epoch: str, room: str) -> Cursor | None:
    """Where reading of `room` stopped, for who only looks; None where nothing is known.

    Where another program has the profile, its newest cursor is not on disk for sure.
    """
    if not path.exists():
        return None
    try:
        kept = Profile.open(path)
    except (paths.Locked, BadProfile, ProfileFull, OSError):
        return None
    try:
        return kept.cursor(room) if kept.epoch() == epoch else None
    except (BadProfile, ProfileFull):
        return None
    finally:
        kept.close()
