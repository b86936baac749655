"""A TCP line between a client and a broker that can be cut, frozen, delayed or listened to.

Owns one listening port, one target, and a thread that moves the bytes. Knows of ZeroMQ only what
`ZmtpTap` needs: where a message without encryption begins and ends.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Final, Literal, Self

_CHUNK: Final = 65_536
_MOST: Final = 262_144
"""Bytes held back for a slow end; beyond that the other one is read no further."""

_Ready = dict[Any, int]

Verdict = Literal["pass", "drop", "hold"]
Tap = Callable[[list[bytes]], Verdict]
"""Judges a message, given as its frames. `hold` keeps it back until `Relay.release`."""


class _Way:
    """One direction of a line. Bytes wait here until they are due."""

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self.source = source
        self.sink = sink
        self.frozen = False
        self.swallows = False
        self.tap: ZmtpTap | None = None
        self.waiting: deque[tuple[float, bytes]] = deque()
        self.ended = False

    @property
    def size(self) -> int:
        return sum(len(chunk) for _, chunk in self.waiting)


class _Line:
    """One connection: `up` leads from the client to the broker."""

    def __init__(self, client: socket.socket, broker: socket.socket) -> None:
        self.up = _Way(client, broker)
        self.down = _Way(broker, client)
        self.client_gone = False

    @property
    def ways(self) -> tuple[_Way, _Way]:
        return self.up, self.down


class ZmtpTap:
    """Cuts the messages of a ZMTP 3 stream without encryption out of its bytes, and judges them.

    https://rfc.zeromq.org/spec/23: a greeting of 64 bytes, then frames of flags, size and body.
    """

    def __init__(self, judge: Tap) -> None:
        self._judge = judge
        self._buffer = b""
        self._greeting = 64
        self._frames: list[bytes] = []
        self._message = b""
        self.held: list[bytes] = []

    def feed(self, data: bytes) -> bytes:
        """What of these bytes, and of those before, is to be forwarded."""
        out = data[: self._greeting]
        self._buffer += data[self._greeting :]
        self._greeting -= len(out)
        while (frame := self._next()) is not None:
            whole, flags, body = frame
            if flags & 4:  # a command: handshake, heartbeat
                out += whole
                continue
            self._message += whole
            self._frames.append(body)
            if flags & 1:
                continue
            verdict = self._judge(self._frames)
            if verdict == "pass":
                out += self._message
            elif verdict == "hold":
                self.held.append(self._message)
            self._message, self._frames = b"", []
        return out

    def _next(self) -> tuple[bytes, int, bytes] | None:
        head = 9 if self._buffer[:1] and self._buffer[0] & 2 else 2
        if len(self._buffer) < head:
            return None
        end = head + int.from_bytes(self._buffer[1:head], "big")
        if len(self._buffer) < end:
            return None
        whole, self._buffer = self._buffer[:end], self._buffer[end:]
        return whole, whole[0], whole[head:]


class Relay:
    """Listens on a free port of this machine and forwards to `target` (a ZeroMQ address).

    With `tap` every message from the broker is shown to it first. All of it is safe to call from
    the test's thread; what is said of "the lines" holds for those that are open at the moment.
    """

    def __init__(self, target: str, *, tap: Tap | None = None) -> None:
        host, _, port = target.removeprefix("tcp://").rpartition(":")
        self._target = (host, int(port))
        self._tap = tap
        self._delay = 0.0
        self._accepts = True
        self._lock = threading.Lock()
        self._lines: list[_Line] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._bell, self._rung = socket.socketpair()
        self._bell.setblocking(False)
        self._closing = False
        self.accepted = 0
        """Lines that were ever made."""
        self.swallowed = 0
        """Bytes that were thrown away."""
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    # --- what may be done to the lines ------------------------------------------------------------

    @property
    def open(self) -> int:
        """How many lines there are."""
        with self._lock:
            return len(self._lines)

    def cut(self) -> None:
        """End the lines at both ends at once; what was on its way is lost."""
        with self._doing():
            for line in self._lines:
                self._hang_up(line)
            self._lines.clear()

    def freeze(self, *, up: bool = True, down: bool = True) -> None:
        """Half-open: nothing is forwarded any more, and nobody is told."""
        with self._doing():
            for line in self._lines:
                line.up.frozen |= up
                line.down.frozen |= down

    def thaw(self) -> None:
        """Forward again, with what has waited meanwhile."""
        with self._doing():
            for line in self._lines:
                line.up.frozen = line.down.frozen = False

    def swallow(self, *, up: bool = False, down: bool = False) -> None:
        """Read on, and throw the bytes away: what a cut line does to what was sent last."""
        with self._doing():
            for line in self._lines:
                line.up.swallows |= up
                line.down.swallows |= down

    def vanish(self) -> None:
        """The clients' ends are cut; the broker's ends stay open, and silent."""
        with self._doing():
            for line in self._lines:
                if not line.client_gone:
                    line.client_gone = line.up.ended = line.down.swallows = True
                    line.down.waiting.clear()
                    _close(line.up.source)

    def bury(self) -> None:
        """The ends that `vanish` left behind are cut."""
        with self._doing():
            for line in [line for line in self._lines if line.client_gone]:
                self._hang_up(line)
                self._lines.remove(line)

    def delay(self, seconds: float) -> None:
        """From now on every byte is so much longer on its way."""
        with self._doing():
            self._delay = seconds

    def refuse(self, refusing: bool = True) -> None:
        """Whether newcomers are hung up on."""
        with self._doing():
            self._accepts = not refusing

    def release(self) -> None:
        """Forward the messages that the tap held back."""
        with self._doing():
            for line in self._lines:
                if tap := line.down.tap:
                    line.down.waiting.extend((0.0, whole) for whole in tap.held)
                    tap.held.clear()

    def close(self) -> None:
        """End everything."""
        with self._doing():
            self._closing = True
        self._thread.join()
        self._bell.close()
        self._rung.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- the thread -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _doing(self) -> Iterator[None]:
        with self._lock:
            yield
        with contextlib.suppress(BlockingIOError, OSError):
            self._bell.send(b"\0")

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._closing:
                    break
                selector, wait = self._watched()
            with selector:
                ready: _Ready = {key.fileobj: mask for key, mask in selector.select(wait)}
            if self._rung in ready:
                self._rung.recv(4_096)
            if self._listener in ready:
                self._accept()
            with self._lock:
                for line in list(self._lines):
                    self._serve(line, ready)
        for line in self._lines:
            self._hang_up(line)
        self._listener.close()

    def _watched(self) -> tuple[selectors.BaseSelector, float | None]:
        selector = selectors.DefaultSelector()
        selector.register(self._listener, selectors.EVENT_READ)
        selector.register(self._rung, selectors.EVENT_READ)
        wanted: dict[socket.socket, int] = {}
        due = []
        now = time.monotonic()
        for line in self._lines:
            for way in line.ways:
                if not (way.ended or way.frozen) and way.size < _MOST:
                    wanted[way.source] = wanted.get(way.source, 0) | selectors.EVENT_READ
                if way.waiting and not way.frozen:
                    if way.waiting[0][0] <= now:
                        wanted[way.sink] = wanted.get(way.sink, 0) | selectors.EVENT_WRITE
                    else:
                        due.append(way.waiting[0][0] - now)
        for sock, mask in wanted.items():
            selector.register(sock, mask)
        return selector, min(due, default=None)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        with self._lock:
            accepts = self._accepts
        try:
            if not accepts:
                raise ConnectionRefusedError
            broker = socket.create_connection(self._target, timeout=5)
        except OSError:
            _close(client)
            return
        for end in (client, broker):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line = _Line(client, broker)
        if self._tap:
            line.down.tap = ZmtpTap(self._tap)
        with self._lock:
            self._lines.append(line)
            self.accepted += 1

    def _serve(self, line: _Line, ready: _Ready) -> None:
        try:
            for way in line.ways:
                if ready.get(way.source, 0) & selectors.EVENT_READ and not way.ended:
                    self._read(way)
                self._write(way)
        except OSError:
            self._hang_up(line)
            self._lines.remove(line)

    def _read(self, way: _Way) -> None:
        if way.frozen:
            return
        try:
            chunk = way.source.recv(_CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            raise ConnectionResetError  # ZeroMQ never closes one direction alone
        if way.swallows:
            self.swallowed += len(chunk)
            return
        if way.tap:
            chunk = way.tap.feed(chunk)
        if chunk:
            way.waiting.append((time.monotonic() + self._delay if self._delay else 0.0, chunk))

    def _write(self, way: _Way) -> None:
        now = time.monotonic()
        while way.waiting and not way.frozen and way.waiting[0][0] <= now:
            due, chunk = way.waiting.popleft()
            try:
                sent = way.sink.send(chunk)
            except BlockingIOError:
                sent = 0
            if sent < len(chunk):
                way.waiting.appendleft((due, chunk[sent:]))
                return

    @staticmethod
    def _hang_up(line: _Line) -> None:
        for way in line.ways:
            way.ended = True
            _close(way.source)


def _close(end: socket.socket) -> None:
    """With a reset, so that what was not read yet is lost as on a cut line."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    end.close()
