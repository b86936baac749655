"""The clients' side of a run, in two processes of its own: consumers that only count lines, and
senders that push as fast as the window lets them.

Owns the counters that the processes share. Knows no server's process and no figure.
"""

import contextlib
import ctypes
import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import zmq

from bench.servers import Address
from bench.wire import PROBE, TOPIC, Wire, causette_frame, enter, new_context, proxy_frames
from common.runtime import raise_descriptor_limit

RECORD: Final = b'{"type":"message"'
"""How a frame of records begins; other news of a room is not counted."""
BURST: Final = 64
"""Frames read from one socket before the next one's turn."""
IDLE: Final = 0.000_5
"""Seconds that a process rests when it has nothing to do."""
_NOBLOCK: Final = int(zmq.NOBLOCK)
_SNDMORE: Final = int(zmq.SNDMORE)

_processes: Final = multiprocessing.get_context("spawn")

CONSUMERS_IN, SENDERS_IN, GO, SLOWEST = range(4)
Board: TypeAlias = "ctypes.Array[ctypes.c_uint64]"
"""What the processes tell each other: who is in, go, and the count of the slowest consumer."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """Who sends how much to whom."""

    senders: int
    consumers: int
    messages: int
    window: int
    """Messages under way at most, so that nobody's queue overflows: the same for both servers."""


class Traffic:
    """Both processes, brought in and waiting for `go`."""

    def __init__(self, address: Address, load: Load) -> None:
        self._load = load
        self._board: Board = _processes.RawArray(ctypes.c_uint64, 4)
        self._children = [
            _processes.Process(target=role, args=(address, load, self._board), daemon=True)
            for role in (_consume, _send)
        ]
        for child in self._children:
            child.start()
        self._wait(lambda: bool(self._board[CONSUMERS_IN] and self._board[SENDERS_IN]), 90.0)

    def go(self, timeout: float = 60.0) -> float:
        """Sends everything and waits until every consumer has it; the seconds that it took."""
        begin = time.monotonic()
        self._board[GO] = 1
        self._wait(lambda: self._board[SLOWEST] >= self._load.messages, timeout)
        if self._board[SLOWEST] != self._load.messages:
            raise RuntimeError(f"{self._board[SLOWEST]} lines of {self._load.messages}")
        return time.monotonic() - begin

    def _wait(self, done: Callable[[], bool], timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not done():
            if time.monotonic() > deadline or not all(c.is_alive() for c in self._children):
                raise RuntimeError(
                    f"traffic stopped: in {list(self._board[:3])}, the slowest consumer has"
                    f" {self._board[SLOWEST]} of {self._load.messages}"
                )
            time.sleep(0.002)

    def close(self) -> None:
        for child in self._children:
            child.terminate()
            child.join()


@contextlib.contextmanager
def traffic(address: Address, load: Load) -> Iterator[Traffic]:
    """Traffic that ends with the context."""
    running = Traffic(address, load)
    try:
        yield running
    finally:
        running.close()


def _consume(address: Address, load: Load, board: Board) -> None:
    raise_descriptor_limit()
    context = new_context()
    first = load.senders
    wires = [
        Wire(context, address, number, listens=True)
        for number in range(first, first + load.consumers)
    ]
    enter(wires)
    board[CONSUMERS_IN] = 1
    # The class below zmq.Socket: what that adds to a call costs half a microsecond each time.
    plain: list[Any] = [super(zmq.Socket, wire.sub) for wire in wires]
    receivers = [one.recv for one in plain]
    counts = [0] * len(wires)
    while True:
        before = sum(counts)
        for index, receive in enumerate(receivers):
            count = 0
            try:
                for _ in range(BURST):
                    receive(_NOBLOCK)
                    lines = receive(_NOBLOCK)
                    if lines.startswith(RECORD):
                        count += lines.count(b"\n") + 1
            except zmq.Again:
                pass
            counts[index] += count
        board[SLOWEST] = min(counts)
        if sum(counts) == before:
            time.sleep(IDLE)


def _send(address: Address, load: Load, board: Board) -> None:
    context = new_context()
    wires = [Wire(context, address, number, listens=False) for number in range(load.senders)]
    if address.causette:
        enter(wires)
    messages = []
    for seq in range(1, load.messages + 1):
        wire, n = wires[(seq - 1) % load.senders], (seq - 1) // load.senders + 1
        frames = causette_frame(wire, n) if address.causette else proxy_frames(wire, n, seq)
        messages.append(frames)
    while not address.causette and not board[CONSUMERS_IN]:
        wires[0].push.send_multipart([TOPIC, PROBE])
        time.sleep(0.01)
    board[SENDERS_IN] = 1
    while not board[GO]:
        time.sleep(IDLE)
    plain: list[Any] = [super(zmq.Socket, wire.push) for wire in wires]
    senders = [one.send for one in plain]
    allowed = load.window
    for index, frames in enumerate(messages):
        if index == allowed:
            while (allowed := board[SLOWEST] + load.window) <= index:
                time.sleep(IDLE)
        send = senders[index % load.senders]
        if len(frames) == 2:
            send(frames[0], _SNDMORE)
        send(frames[-1], 0)
    while True:
        time.sleep(1)
