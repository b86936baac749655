"""What passes through the server, as a client hears it that nobody sees.

Owns one invisible session with the broker of this machine: its own key's, which outranks everybody
and cannot speak, or without encryption an ordinary one. It hears the public rooms; private rooms
and direct conversations are not told to it. Owns a thread, which keeps no more than what a view can
show. Must not know a widget.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from pathlib import Path
from queue import Empty
from typing import Any, Final, TypeVar

import msgspec

from common import keys
from common.client import events as ev
from common.client.client import Client, Options
from common.client.target import Ready, of_ready
from common.explain import explain
from common.gui.server_log import OWN_APP
from common.gui.server_shapes import MOST_LINES, Heard, Passed
from common.i18n import _, current
from common.protocol.deeds import MakeInvitation
from common.protocol.limits import WIRE
from common.protocol.messages import RoomInfo

_LOOK: Final = 0.1
"""Seconds between two looks at what was asked of it."""
_SURVEY: Final = 10.0
"""Seconds between two looks at all rooms, however little happens."""
_PATIENCE: Final = 10.0
_AGAIN: Final = 5.0
"""Seconds before another session is tried where one has failed."""
_LONGEST: Final = 1_000
"""Characters of a message that are shown."""

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Feed:
    """Listens from `start` to `close`. `take` and `look` may be called from any thread."""

    def __init__(self, data: Path, ready: Mapping[str, Any], pid: int) -> None:
        """`data` is the data directory's root; `ready` what the broker's ready line said."""
        self._data = data
        self._target = of_ready(msgspec.convert({**ready, "pid": pid}, Ready, strict=False))
        self._lock = threading.Lock()
        self._passed: deque[Passed] = deque(maxlen=MOST_LINES)
        self._heard = Heard()
        self._rooms: dict[str, dict[str, str]] = {}
        """The rooms that this session is in, with the people there."""
        self._heads: dict[str, int] = {}
        self._read: dict[str, int] = {}
        """Where to go on in each room, if this session should end."""
        self._known = False
        """Whether the rooms that were there at the start are known: later ones are new."""
        self._look = threading.Event()
        self._closing = threading.Event()
        self._client: Client | None = None
        self._thread = threading.Thread(target=self._run, name="server-feed", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def look(self) -> None:
        """There may be a new room."""
        self._look.set()

    def invite(self, deed: MakeInvitation) -> Future[ev.CodeReply] | None:
        """Have the broker make an invitation; None while there is no session."""
        client = self._client
        return client.make_code(deed) if client is not None else None

    def take(self) -> Heard:
        """What was heard since the last time."""
        with self._lock:
            heard, self._heard = self._heard, Heard()
            heard.passed = list(self._passed)
            self._passed.clear()
        return heard

    def close(self) -> None:
        """Go without a word; returns at once."""
        self._closing.set()

    def wait(self, timeout: float) -> None:
        """Wait until it has gone, at most so many seconds."""
        self._thread.join(timeout)

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._listen()
            except (keys.BadKeyFile, OSError) as fault:
                self._complain(str(fault))
            except Exception:
                _log.exception("the server's messages cannot be heard")
            self._closing.wait(_AGAIN)

    def _listen(self) -> None:
        """One session, from its start to its end."""
        self._rooms = {}
        client = Client(self._target, self._pair(), self._options())
        with client, self._lent(client):
            due = float("inf")
            while not self._closing.is_set():
                try:
                    event = client.get(_LOOK)
                except Empty:
                    event = None
                else:
                    if event is None:
                        return
                if isinstance(event, ev.Failed):
                    self._complain(explain(event.code, event.values, event.text))
                    return
                if event is not None:
                    self._hear(event)
                back = isinstance(event, ev.Ready | ev.LinkUp)
                if back or self._look.is_set() or time.monotonic() >= due:
                    self._look.clear()
                    self._survey(client, everybody=back)
                    due = time.monotonic() + _SURVEY

    @contextlib.contextmanager
    def _lent(self, client: Client) -> Iterator[None]:
        """Other threads may ask it too meanwhile."""
        self._client = client
        try:
            yield
        finally:
            self._client = None

    def _pair(self) -> keys.KeyPair:
        if self._target.key is not None:
            return keys.load(self._data / "broker" / "broker.key")
        return keys.load_or_create(self._data / "broker" / "window.key")

    def _options(self) -> Options:
        return Options(
            nick="server" if self._target.key is not None else "window",
            fallback=self._target.key is None,
            visible=False,
            catch_up=MOST_LINES,
            app=OWN_APP,
            lang=current().lang,
            join_timeout=_PATIENCE,
            follow=False,
        )

    def _hear(self, event: ev.Event) -> None:
        match event:
            case ev.Messages(room=room, records=records):
                with self._lock:
                    for record in records:
                        if record.type == "message":
                            self._passed.append(
                                Passed(
                                    record.ts,
                                    room,
                                    record.seq,
                                    record.user,
                                    record.nick,
                                    record.text[:_LONGEST],
                                    record.me,
                                )
                            )
                            self._heard.count += 1
                        elif record.type == "delete":
                            self._heard.deleted.append((room, record.of))
                    self._read[room] = records[-1].seq
                    self._heads[room] = max(self._heads.get(room, 0), records[-1].seq)
                    self._heard.stored = sum(self._heads.values())
            case ev.Presence(kind=kind, room=room, user=user, nick=nick):
                there = self._rooms.setdefault(room, {})
                if kind == "left":
                    there.pop(user, None)
                else:
                    there[user] = nick
                self._tell_people()
            case ev.Left(room=room):
                self._rooms.pop(room, None)
                self._tell_people()

    def _survey(self, client: Client, *, everybody: bool) -> None:
        """Look at all public rooms: enter those that are new, and see who is there."""
        rooms = self._answer(client.rooms())
        if rooms is None:
            return
        public = [info for info in rooms.rooms if not info.private and info.peer is None]
        with self._lock:
            self._heads = {info.room: info.head for info in public}
            self._heard.stored = sum(self._heads.values())
        for info in _liveliest(public):
            new = info.room not in self._rooms
            if new:
                if len(self._rooms) >= WIRE.rooms:
                    continue
                after = self._read.setdefault(info.room, 0 if self._known else info.head)
                if self._answer(client.join(info.room, after=after)) is None:
                    continue
                self._rooms[info.room] = {}
            if new or everybody or info.people != len(self._rooms[info.room]):
                people = self._answer(client.who(info.room))
                if people is not None:
                    self._rooms[info.room] = {one.user: one.nick for one in people.people}
        self._known = True
        self._tell_people()

    def _answer(self, future: Future[T]) -> T | None:
        with contextlib.suppress(ev.Refused, NoAnswer):
            return future.result(_PATIENCE)
        return None

    def _tell_people(self) -> None:
        everybody = {user: nick for there in self._rooms.values() for user, nick in there.items()}
        with self._lock:
            self._heard.people = everybody

    def _complain(self, why: str) -> None:
        words = _("The messages cannot be shown for now: {why}")
        with self._lock:
            self._heard.trouble = words.format(why=why)


def _liveliest(rooms: list[RoomInfo]) -> list[RoomInfo]:
    """As many as one session may be in, those with people and much to say first."""
    return sorted(rooms, key=lambda info: (-info.people, -info.head))[: WIRE.rooms]
