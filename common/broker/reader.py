"""History and look-ups, read beside the loop by one thread.

Owns a read-only connection that never checkpoints, and the order in which people are served: one
step for each person in turn, so that a flood of requests delays its sender alone. Must not know
sockets of the wire, rights or sessions: who may read what was decided before a `Read` came here.
"""

import contextlib
import queue
import socket
import threading
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from common.broker.batch import PageRead, Read, RepeatRead
from common.broker.database import StorageError, decode_origin, explaining, open_for_reading
from common.broker.migrations import NUMBERS, SHIFT, checksum
from common.broker.pages import Damaged, Pages, lines_of
from common.protocol.codec import decode_records, encode
from common.protocol.messages import Error, Stored

STEP: Final = 4_096
"""Numbers that a look-up searches before somebody else's turn: about 2 ms of chat."""

WAITING: Final = 64
"""Results that wait for the loop at most (4 MB); the thread stops until they are fetched."""

_WITH: Final = (
    "SELECT id, count, crc, body FROM log"
    " WHERE id > :low AND id <= :id AND instr(body, :needle) ORDER BY id DESC"
)


@dataclass(slots=True, frozen=True)
class Result:
    """The answer to one `Read`: a frame body for the inbox of `session`, or (`lines` empty) what a
    `DeleteRead` has found, which is the core's to go on with."""

    session: bytes
    user: str
    lines: bytes
    read: Read
    origin: tuple[str, str] = ("", "")
    """Type and user of the record that was asked for; '' where it is not to be had."""
    trouble: str = ""
    """What the operator must hear of, where something is."""


class _Answer(NamedTuple):
    lines: bytes
    origin: tuple[str, str] = ("", "")


class Reader:
    """See the module. `submit`, `results` and `close` are for the loop's thread alone."""

    def __init__(self, path: Path) -> None:
        """Opens `path`, which a `Store` holds open already; close the reader before the store.

        Raises `StorageError`.
        """
        self._path = path
        self._connection = open_for_reading(path)
        self._reads: queue.SimpleQueue[Read | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._room = threading.Semaphore(WAITING)
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._woken.setblocking(False)
        self._closing = False
        self._pages = Pages(self._connection)
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Readable when `results` has something."""
        return self._woken.fileno()

    def submit(self, read: Read) -> None:
        """Takes a request; exactly one result follows, and those of one user keep their order."""
        self._reads.put(read)

    def results(self) -> list[Result]:
        """What is done since the last call."""
        # First the bell, then the queue: a result in between rings again for nothing, the other
        # way round it would wait for the next one.
        with contextlib.suppress(BlockingIOError):
            while len(self._woken.recv(4_096)) == 4_096:
                pass
        done = []
        with contextlib.suppress(queue.Empty):
            while True:
                done.append(self._results.get_nowait())
        if done:
            self._room.release(len(done))
        return done

    def close(self) -> None:
        """Ends the thread after its present step; what is not answered stays so. Twice is once."""
        if self._closing:
            return
        self._closing = True
        self._reads.put(None)
        self._room.release()
        self._thread.join()
        self._connection.close()
        self._wake.close()
        self._woken.close()

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        jobs: dict[str, deque[tuple[Read, Generator[None, None, _Answer]]]] = {}
        turns: deque[str] = deque()
        while not self._closing:
            for read in self._taken(wait=not turns):
                if read.user not in jobs:
                    jobs[read.user] = deque()
                    turns.append(read.user)
                jobs[read.user].append((read, self._answer(read)))
            if not turns:
                continue
            user = turns.popleft()
            if self._step(*jobs[user][0]):
                jobs[user].popleft()
            if jobs[user]:
                turns.append(user)
            else:
                del jobs[user]

    def _taken(self, *, wait: bool) -> Iterator[Read]:
        with contextlib.suppress(queue.Empty):
            read = self._reads.get(block=wait)
            while read is not None:
                yield read
                read = self._reads.get_nowait()

    def _step(self, read: Read, job: Generator[None, None, _Answer]) -> bool:
        """Goes on with `job`; tells whether it is answered."""
        trouble = ""
        try:
            with explaining(self._path):
                next(job)
            return False
        except StopIteration as end:
            answer = end.value
        except (Damaged, StorageError) as error:
            trouble = f"reading {read.name!r}: {error}"
            answer = _refusal(read, "storage-damaged", "the history cannot be read here")
        except Exception as error:  # one bad request must not end everybody's history
            trouble = f"reading {read.name!r}: {error!r}"
            answer = _refusal(read, "internal", "the broker failed at this request")
        self._room.acquire()
        self._results.put(
            Result(read.session, read.user, answer.lines, read, answer.origin, trouble)
        )
        with contextlib.suppress(BlockingIOError):  # full: it has been rung often enough
            self._wake.send(b"\0")
        return True

    def _answer(self, read: Read) -> Generator[None, None, _Answer]:
        try:
            return (yield from self._once(read))
        except Damaged:
            pass
        # Between two looks at a row a commit may have rewritten or dropped it. In one snapshot,
        # what is amiss is so.
        self._connection.execute("BEGIN")
        try:
            job = self._once(read)
            while True:
                next(job)
        except StopIteration as end:
            answer: _Answer = end.value
            return answer
        finally:
            self._connection.execute("ROLLBACK")

    def _once(self, read: Read) -> Generator[None, None, _Answer]:
        if isinstance(read, PageRead):
            return _Answer((yield from self._pages.page(read)))
        if isinstance(read, RepeatRead):
            return _Answer((yield from self._repeat(read)))
        line = self._pages.line(read.room, read.seq)
        if line is None:
            return _Answer(b"")
        (record,) = decode_records(line)
        return _Answer(b"", (record.type, record.user))

    # --- repeats -------------------------------------------------------------------------------

    def _repeat(self, read: RepeatRead) -> Generator[None, None, bytes]:
        """What number `n` of a stream became; a step for each few thousand records searched."""
        refused = self._connection.execute(
            "SELECT code, text FROM refusal WHERE stream = ? AND n = ?", (read.stream, read.n)
        ).fetchone()
        if refused is not None:
            return encode(Error(code=refused[0], text=refused[1], n=read.n))
        line, floor = None, 0
        if read.room >= 0:
            line, floor = yield from self._find(read.room, read.stream, read.n)
        if line is not None:
            (record,) = decode_records(line)
            if record.type == "deleted" or (record.text, record.me) == (read.text, read.me):
                return encode(
                    Stored(n=read.n, room=read.name, seq=record.seq, ts=record.ts, id=record.id)
                )
        elif floor:
            words = f"number {read.n} of this stream may be among what is not kept any more"
            return encode(Error(code="not-kept", text=words, n=read.n))
        # What it became in some other room would take a search through all of them, and change
        # nothing: this request is not what was taken.
        words = f"number {read.n} of this stream was taken by something else"
        return encode(Error(code="id-conflict", text=words, n=read.n))

    def _find(
        self, room: int, stream: str, n: int
    ) -> Generator[None, None, tuple[bytes | None, int]]:
        """The record line of a room that came from `stream` and `n`, searched newest first; and,
        where there is none, up to which number it may have been dropped.

        A stream's numbers only grow along a room, so a smaller one ends the search. The needle
        holds a quote, which inside any JSON text would have a backslash before it.
        """
        needle = b'"id":"%s-' % stream.encode()
        base = room << SHIFT
        floor, head = self._pages.extent(room)
        id = base + head
        while id > base + floor:
            low = max(base, id - STEP)
            bounds = {"low": low, "id": id, "needle": needle}
            with contextlib.closing(self._connection.execute(_WITH, bounds)) as rows:
                for at, count, crc, body in rows:
                    if checksum(at, body) != crc:
                        raise Damaged(f"records of room {room} from {at & NUMBERS} are damaged")
                    lines = [line for line in lines_of(body, count) if needle in line]
                    for line in reversed(lines):
                        origin = decode_origin(line)
                        if origin.stream == stream and origin.n <= n:
                            return (line if origin.n == n else None), 0
            id = low
            yield
        return None, self._pages.extent(room)[0]


def _refusal(read: Read, code: str, text: str) -> _Answer:
    if isinstance(read, RepeatRead):
        return _Answer(encode(Error(code=code, text=text, n=read.n)))
    return _Answer(encode(Error(code=code, text=text, id=read.id)))
