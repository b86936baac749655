"""Sessions that read: where they start, and where they say that they stopped.

Shared by `listen` and `bot`. Owns the cursors of a run; knows neither form nor stream.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from common import paths
from common.cli import since as starts
from common.cli.joining import Run, Session, connect, enter
from common.cli.since import Since
from common.client.cursors import Cursors, leave_cursors
from common.client.events import RoomChanged
from common.client.joining import Entry
from common.client.profile import Cursor
from common.explain import explain


@dataclass
class Reader:
    """A session that has joined its rooms, and how far it has read each of them."""

    session: Session
    entry: Entry
    keeps: bool
    """The profile is held: the library notes the cursors while the program runs."""
    read: dict[str, Cursor] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """How people know a direct conversation: `@NICK`, by its lasting name."""
    left: set[str] = field(default_factory=set)
    """Rooms that this session is out of."""

    def named(self, room: RoomChanged) -> None:
        """Learns what kind of room this is."""
        if room.peer is not None:
            self.names[room.room] = f"@{room.peer.nick}"

    def shown(self, room: str) -> str:
        """A room as people know it; "" for the server."""
        return self.names.get(room) or (f"#{room}" if room else "")

    def seen(self, room: str, seq: int, id: str) -> None:
        """The program is done with this record."""
        self.read[room] = Cursor(seq, id)
        self.session.client.seen(room, seq, id)

    def close(self) -> None:
        """End the session and leave the cursors for a later `--since last`."""
        self.session.close()
        if self.read and not self.keeps:
            leave_cursors(self.entry.profile_path, self.session.ready.epoch, self.read)


def start(
    run: Run,
    rooms: list[str],
    since: Since | None,
    *,
    keep: bool,
    roster: bool,
    timeout: float,
    direct: bool = False,
) -> Reader:
    """Join `rooms`, created where missing, and read each from `since`, or from its head.

    `keep` holds the profile for the run, so that a kill loses no cursor; `--since last` does so
    in any case. Where another program holds it, reading starts at the head. Raises Stop and what
    `enter` raises.
    """
    entry = enter(run, timeout)
    last = since is not None and since.last
    profile = _profile(run, entry, loud=last) if keep or last else None
    known = {room for room in rooms if profile is not None and profile.cursor(room) is not None}
    numbers = {}
    if since is not None and since.seq is not None:
        numbers = dict.fromkeys(rooms, since.seq)
    later = since is not None and since.seconds is not None
    session = connect(
        run,
        entry,
        rooms=[] if later else rooms,
        since=numbers,
        resume=last and profile is not None,
        roster=roster,
        direct=direct,
        profile=profile,
        timeout=timeout,
    )
    reader = Reader(session, entry, profile is not None)
    # A first run that reads nothing has still begun somewhere: the next one resumes from there.
    for room, head in session.ready.rooms.items():
        if room not in known:
            reader.seen(room, min(head, numbers.get(room, head)), "")
    try:
        if since is not None and since.seconds is not None:
            for room in rooms:
                after = starts.number_before(session, room, since.seconds)
                session.ask(session.client.join(room, after=after))
    except BaseException:
        reader.close()
        raise
    return reader


def _profile(run: Run, entry: Entry, *, loud: bool) -> Cursors | None:
    try:
        return Cursors.open(entry.profile_path)
    except paths.Locked:
        if loud:
            run.out.note(explain("profile-locked"))
        return None
