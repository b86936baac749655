"""What the sessions of one asyncio loop share, for the loop's thread alone.

Owns ZeroMQ's context, the frames that were read, and the search for why a broker does not answer.
Knows of a client that it can be closed or made suspicious.
"""

import asyncio
import ctypes
import time
from typing import Any, Final, Protocol

import zmq

from common.client.link import Cause, Doubt
from common.client.watching import Watch
from common.protocol.codec import Decoder, RoomFrame
from common.protocol.messages import Record

FRAMES: Final = 500_000
"""Bytes of frames that are known as read: 2,000 messages, which take six times as much so."""
RECORDS: Final = 4_000
"""Records of history of which one copy is kept."""
SOCKETS: Final = 65_535
"""Sockets of a context at most; a client takes six, those of its monitors included."""
FEW: Final = 8
"""So many clients need not save memory."""
ALARM: Final = 30.0
"""Seconds between two alarms at least: each has every client ask the broker for a word."""
TRIM: Final = 10.0
"""Seconds after which memory that was let go is given back to the system. What passes through
hundreds of sockets leaves holes everywhere: 40 kB a client (measured), for 3 ms each time."""


class OneOfThem(Protocol):
    """A client, as far as the others are concerned."""

    def close(self) -> None: ...
    def suspect(self) -> None: ...


class SharedDecoder(Decoder):
    """Reads each frame once, however many sessions hear it, and keeps one copy of each record,
    however many sessions hold it. The oldest is forgotten first: all hear of it within a moment."""

    def __init__(self, frames: int = FRAMES, records: int = RECORDS) -> None:
        """`frames` is in bytes, `records` their number."""
        self._most_bytes = frames
        self._most_records = records
        self._bytes = 0
        self._frames: dict[bytes, RoomFrame] = {}
        self._records: dict[str, Record] = {}

    def frame(self, body: bytes) -> RoomFrame:
        known = self._frames.get(body)
        if known is not None:
            return known
        frame = self._frames[body] = super().frame(body)
        self._bytes += len(body)
        while self._bytes > self._most_bytes:
            oldest = next(iter(self._frames))
            self._bytes -= len(oldest)
            del self._frames[oldest]
        return frame

    def records(self, lines: bytes) -> list[Record]:
        return [self._one(record) for record in super().records(lines)]

    def _one(self, record: Record) -> Record:
        known = self._records.get(record.id)
        if known == record:
            return known
        if record.id:
            self._records[record.id] = record  # of a message that was deleted, say
            if len(self._records) > self._most_records:
                del self._records[next(iter(self._records))]
        return record


class LoopContext:
    """One for all clients of a loop. Closing it closes those that are still open."""

    def __init__(self) -> None:
        self.sockets: zmq.Context[Any] = zmq.Context()
        self.sockets.set(zmq.MAX_SOCKETS, SOCKETS)
        self.decoder = SharedDecoder()
        self.watch = Watch()
        self._clients: set[OneOfThem] = set()
        self._doubts: dict[Doubt, asyncio.Future[Cause]] = {}
        self._alarmed = -ALARM
        self._trim = _trimmer()
        self._trimming: asyncio.TimerHandle | None = None

    @property
    def crowded(self) -> bool:
        """Whether there are so many clients that memory counts."""
        return len(self._clients) > FEW

    def enter(self, client: OneOfThem) -> None:
        """One more, until it leaves."""
        self._clients.add(client)
        if self._trim is not None and self._trimming is None and self.crowded:
            self._trimming = asyncio.get_running_loop().call_later(TRIM, self._give_back)

    def leave(self, client: OneOfThem) -> None:
        """It was closed."""
        self._clients.discard(client)

    def settle(self, doubt: Doubt) -> "asyncio.Future[Cause]":
        """Finds out in another thread; clients with the same doubt wait for the same answer."""
        known = self._doubts.get(doubt)
        if known is not None:
            return known
        loop = asyncio.get_running_loop()
        search = self._doubts[doubt] = loop.run_in_executor(None, doubt.settle)
        search.add_done_callback(lambda _done: self._doubts.pop(doubt, None))
        return search

    def alarm(self, by: OneOfThem) -> None:
        """A client's link was lost: perhaps the others' were too, and they have not noticed."""
        now = time.monotonic()
        if now < self._alarmed + ALARM:
            return
        self._alarmed = now
        for client in self._clients:
            if client is not by:
                client.suspect()

    def close(self) -> None:
        """Ends the clients that are left, then ZeroMQ's context: 0.2 s at most, for goodbyes."""
        for client in list(self._clients):
            client.close()
        if self._trimming is not None:
            self._trimming.cancel()
        self.watch.close()
        self.sockets.term()

    def _give_back(self) -> None:
        self._trimming = None
        if self._trim is not None:
            self._trim(0)
            if self.crowded:
                self._trimming = asyncio.get_running_loop().call_later(TRIM, self._give_back)


def _trimmer() -> Any:
    """glibc's `malloc_trim`; None where there is none."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
