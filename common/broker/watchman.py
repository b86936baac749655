"""Guards the broker's memory against what libzmq takes in and never hands over.

A message of many frames is kept until its last one has come, counted by no high-water mark and
seen by no `recv`: 9 million two-byte frames a second, 59 bytes of memory each (measured). Neither
is there a mark for subscriptions that wait to be read. So the memory itself is watched, which
costs 2 µs a look and nothing a message; only where it grew are the connections looked at, by the
kernel's counters of what they received:

- One that sent much is *suspect* from there on, and on the way in the sender of each message that
  is read from then on is noted. An endless message is the last that its connection ever delivers.
- A suspect that goes on sending, and of which nothing was read though everything that was whole
  has been, is thrown out. On the other ports nobody honest sends that much.

A thread of its own, since such a flood on the PUB side keeps the loop inside one `recv` for as long
as it goes on (measured: 20 s and 1 GB): libzmq reads a connection there until it has nothing more.

Owns the suspects. Must not know sessions, rooms or messages. It needs Linux (`/proc`, and TCP_INFO
with tcpi_bytes_received, 4.1 or later) and TCP; elsewhere, and over ipc, it watches nothing.
"""

import contextlib
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from common.endpoints import place, unmapped

if sys.platform != "win32":
    import fcntl
    import termios

CALM: Final = 0.025
"""Seconds between two looks at the memory; an idle broker takes 0.35 % of a core with it."""
ALERT: Final = 0.004
"""Seconds between two looks at suspects."""
GROWTH: Final = 8 << 20
"""Bytes that the process may grow before the connections are looked at."""
FORGIVEN: Final = 128 << 10
"""Bytes by which a process that shrank gets back to that at each look: often would be dear."""
MUCH: Final = 256 << 10
"""Bytes that a connection may send, undelivered: twice the largest frame."""
AT_REST: Final = 256
"""Bytes a second that anybody may send besides: heartbeats, and changes of rooms."""
WINDOW: Final = 10.0
"""Seconds over which that is measured at least, however often memory grows."""
PROBATION: Final = 5.0
"""Seconds without that much after which a suspect is none any more."""
READ_ENOUGH: Final = 20_000
"""Messages read after which every connection had its turn, where the flood never ends."""

_FDS: Final = Path("/proc/self/fd")
_STATM: Final = Path("/proc/self/statm")
_RECEIVED: Final = struct.Struct("=Q")
_RECEIVED_AT: Final = 128
_INFO_SIZE: Final = 256


@dataclass(slots=True)
class _Suspect:
    address: str
    sent: int
    """What it had sent when the probation began."""
    since: float
    charged: bool = False
    """It sent too much. Thrown out if it is still a suspect when everything was read:"""
    emptied: int = 0
    """more turns than these ended with nothing left to read,"""
    read: int = 0
    """or more messages than these were read from anybody."""


class Watchman:
    """See the module. What the loop owes: `turn` each turn, `heard` for each message `while`
    there are `suspects`."""

    def __init__(
        self,
        way_in: list[str],
        others: list[str],
        report: Callable[[str, str], None],
        nudge: Callable[[], None],
    ) -> None:
        """The bound addresses of PULL and of the rest. From the thread, `report` is told the
        address of whoever was thrown out, and why; `nudge` makes the loop take a turn."""
        self._ports = dict.fromkeys(_tcp_ports(others), False) | dict.fromkeys(
            _tcp_ports(way_in), True
        )
        self._report = report
        self._nudge = nudge
        self._sent: dict[int, tuple[str, int, float]] = {}
        """What each descriptor's connection had sent, and when that was."""
        self._looked = time.monotonic()
        self._read = 0
        self._emptied = 0
        self._outcasts: set[int] = set()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self.suspects: dict[int, _Suspect] = {}
        """By descriptor."""
        if sys.platform == "linux" and self._ports and _counts_received():
            self._statm = _STATM.open("rb", buffering=0)
            self._grown = self._memory()
            self._thread = threading.Thread(target=self._run, name="watchman", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Watches no more. Twice is once."""
        if self._thread is not None:
            self._closing.set()
            self._thread.join()
            self._thread = None
            self._statm.close()

    def turn(self, read: int, emptied: bool) -> None:
        """The loop took a turn: `read` messages were read on the way in, all there were if
        `emptied`."""
        self._read += read
        self._emptied += emptied
        if emptied and self._outcasts:
            self._outcasts.clear()

    def heard(self, fd: int) -> None:
        """A whole message came by this descriptor."""
        self.suspects.pop(fd, None)

    def throw_out(self, fd: int, why: str) -> None:
        """Ends the connection behind `fd`, by which something came a moment ago. Once: what else
        waits to be read from it may be by a number that is a newcomer's by then."""
        if fd in self._outcasts:
            return
        self._outcasts.add(fd)
        self._shut(fd, why)

    def _shut(self, fd: int, why: str) -> None:
        with contextlib.suppress(OSError), _lent(fd) as connection, connection.dup() as held:
            here = held.getsockname()
            if isinstance(here, tuple) and here[1] in self._ports:
                address = _name(held)
                held.shutdown(socket.SHUT_RDWR)
                self._report(address, why)

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing.wait(ALERT if self.suspects else CALM):
            if self.suspects:
                self._judge(time.monotonic())
                continue
            memory = self._memory()
            if memory > self._grown + GROWTH:
                self._grown = memory
                self._look_round(time.monotonic())
            elif memory < self._grown:
                self._grown = max(memory, self._grown - FORGIVEN)

    def _judge(self, now: float) -> None:
        for fd, suspect in list(self.suspects.items()):
            with contextlib.suppress(OSError), _lent(fd) as connection:
                if suspect.charged:
                    if suspect.emptied >= self._emptied and suspect.read >= self._read:
                        self._nudge()
                        continue
                    if self.suspects.pop(fd, None) is suspect:  # and was not heard meanwhile
                        self._end(connection, suspect)
                    continue
                if _name(connection) == suspect.address:
                    sent = _received(connection)
                    if sent - suspect.sent > MUCH:
                        # A turn that is under way may have begun before what was whole came in.
                        suspect.emptied = self._emptied + 1
                        suspect.read = self._read + READ_ENOUGH
                        suspect.charged = True
                        continue
                    if now < suspect.since + PROBATION:
                        continue
            self.suspects.pop(fd, None)

    def _end(self, connection: socket.socket, suspect: _Suspect) -> None:
        # The copy keeps the descriptor's number from meaning another connection in between.
        with connection.dup() as held:
            if _name(held) == suspect.address:
                sent = _received(held) - suspect.sent
                held.shutdown(socket.SHUT_RDWR)
                self._report(suspect.address, f"{sent} bytes that came to nothing")

    def _look_round(self, now: float) -> None:
        """Suspects whoever sent much lately."""
        before, self._sent = self._sent, {}
        for entry in _FDS.iterdir():
            fd = int(entry.name)
            with contextlib.suppress(OSError), _lent(fd) as connection:
                here = connection.getsockname()
                if not isinstance(here, tuple) or here[1] not in self._ports:
                    continue
                address, sent = _name(connection), _received(connection)
                known, then, at = before.get(fd, ("", 0, 0.0))
                if known != address:  # come since the last time, or not seen yet
                    then, at = 0, self._looked
                lately = sent - then
                if lately <= MUCH + int((now - at) * AT_REST):
                    keep = now < at + WINDOW
                    self._sent[fd] = (address, then, at) if keep else (address, sent, now)
                    continue
                self._sent[fd] = (address, sent, now)
                if self._ports[here[1]]:
                    self.suspects[fd] = _Suspect(address, sent, now)
                else:
                    self._shut(fd, f"{lately} bytes where nobody has that much to say")
        self._looked = now

    def _memory(self) -> int:
        return int(os.pread(self._statm.fileno(), 64, 0).split()[1]) * _PAGE


_PAGE: Final = os.sysconf("SC_PAGESIZE") if hasattr(os, "sysconf") else 4_096


def _tcp_ports(addresses: list[str]) -> list[int]:
    return [int(one.rpartition(":")[2]) for one in addresses if one.startswith("tcp://")]


@contextlib.contextmanager
def _lent(fd: int) -> Iterator[socket.socket]:
    """libzmq's descriptor as a socket, given back unclosed; what it is shows in its first use."""
    # Of either family: what Python takes it for says how much room an address is given.
    lent = socket.socket(socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, fd)
    try:
        yield lent
    finally:
        lent.detach()


def _name(connection: socket.socket) -> str:
    """The other end. Raises OSError where there is none."""
    host, port = connection.getpeername()[:2]
    return place(unmapped(host), port)


def _received(connection: socket.socket) -> int:
    """Bytes that libzmq ever took from a connection. Raises OSError."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_SIZE)
    waiting = fcntl.ioctl(connection, termios.FIONREAD, bytes(4))
    return int(_RECEIVED.unpack_from(info, _RECEIVED_AT)[0]) - int.from_bytes(
        waiting, sys.byteorder
    )


def _counts_received() -> bool:
    """Whether this kernel tells how much came."""
    with socket.socket() as trial:
        try:
            _received(trial)
        except (OSError, struct.error):
            return False
    return True
