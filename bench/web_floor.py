"""What libzmq alone takes for each browser: SUB sockets with CURVE and nothing around them.

Owns a publisher, in a process of its own, and the sockets. Run by itself: `python -m
bench.web_floor`. The budget of a whole browser is 100 kB; this is what no program on top can save.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import sys
import time
from multiprocessing.connection import Connection
from typing import Any, Final

import zmq

from bench.servers import memory_of
from common.keys import generate, to_z85
from common.runtime import raise_descriptor_limit

SOCKETS: Final = 500
FRAMES: Final = (0, 1, 64, 256, 1_024)
"""How many frames each socket has heard when its memory is looked at."""
SETTLE: Final = 3.0
_TOPIC: Final = b"topic"
_TEXT: Final = b"x" * 270
_SNDHWM: Final = 10_000
_MAX_SOCKETS: Final = 65_535

_processes: Final = multiprocessing.get_context("spawn")


def _publish(line: Connection) -> None:
    """The publisher's process: so many frames as it is asked for, one after another."""
    raise_descriptor_limit()
    pair = generate()
    context: zmq.Context[Any] = zmq.Context()
    socket = context.socket(zmq.XPUB)
    socket.setsockopt(zmq.SNDHWM, _SNDHWM)
    socket.curve_server = True
    socket.curve_publickey, socket.curve_secretkey = to_z85(pair.public), to_z85(pair.secret)
    line.send((socket.bind_to_random_port("tcp://127.0.0.1"), to_z85(pair.public)))
    while True:
        for _ in range(line.recv()):
            socket.send_multipart([_TOPIC, _TEXT])
            line.recv()  # each is heard by everybody before the next


def _hear(sockets: list[zmq.Socket[bytes]]) -> None:
    for socket in sockets:
        socket.recv_multipart()


def main() -> int:
    """Measure, and print a line for each number of frames."""
    raise_descriptor_limit()
    ours, theirs = _processes.Pipe()
    _processes.Process(target=_publish, args=(theirs,), daemon=True).start()
    port, server = ours.recv()
    context: zmq.Context[Any] = zmq.Context()
    context.set(zmq.MAX_SOCKETS, _MAX_SOCKETS)
    before, sockets = memory_of("self"), []
    for _ in range(SOCKETS):
        pair = generate()
        socket = context.socket(zmq.SUB)
        socket.curve_serverkey = server
        socket.curve_publickey, socket.curve_secretkey = to_z85(pair.public), to_z85(pair.secret)
        socket.subscribe(_TOPIC)
        socket.connect(f"tcp://127.0.0.1:{port}")
        sockets.append(socket)
    time.sleep(SETTLE)
    trim, heard = ctypes.CDLL(None).malloc_trim, 0
    for wanted in FRAMES:
        ours.send(wanted - heard)
        for _ in range(wanted - heard):
            _hear(sockets)
            ours.send("heard")
        heard = wanted
        trim(0)
        each = (memory_of("self") - before) / SOCKETS / 1e3
        print(f"memory for each SUB after {wanted:5,} frames: {each:.1f} kB", flush=True)
    context.destroy(0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
