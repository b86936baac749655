"""The shipped broker with a constant or two of another value: `python -m tests.support.altered`.

Owns what a test cannot reach from outside: time-outs that are too long to wait for, the queue's
length, the clock, a full disk. Everything else is `broker.py` as it is.

    python -m tests.support.altered [MODULE.NAME=JSON ...] [clock=FILE] [full=FILE] [hwm=N] -- ARGS
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import zmq

from common.broker import app, server, sockets
from common.broker.batch import Batch
from common.broker.store import Store


def _set(name: str, value: str) -> None:
    """`common.broker.sockets.HEARTBEAT=300`."""
    module_name, _, constant = name.rpartition(".")
    module = importlib.import_module(module_name)
    assert hasattr(module, constant), f"{module_name} has no {constant}"
    setattr(module, constant, json.loads(value))


def _clock(file: Path) -> None:
    """The broker's wall clock is off by as many milliseconds as `file` says at the moment."""
    right = server._wall
    server._wall = lambda: right() + int(file.read_text("ascii") or 0) if file.exists() else right()


def _hwm(frames: int) -> None:
    """PUB keeps so many frames for each subscriber, and little more in the system's buffers."""
    right = sockets.make_pub

    def make_pub(*given: Any) -> sockets.Socket:
        socket = right(*given)
        socket.setsockopt(zmq.SNDHWM, frames)
        socket.setsockopt(zmq.SNDBUF, 16_384)
        return socket

    sockets.make_pub = make_pub  # type: ignore[assignment]


def _full(file: Path) -> None:
    """While `file` exists SQLite may take no further page, and says SQLITE_FULL by itself."""
    right = Store.commit

    def commit(store: Store, batch: Batch) -> None:
        # More pages than 1 mean "at least those that there are".
        pages = 1 if file.exists() else 1 << 30
        store._connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()
        right(store, batch)

    Store.commit = commit  # type: ignore[method-assign, assignment]


_SPECIAL = {"clock": lambda v: _clock(Path(v)), "full": lambda v: _full(Path(v)),
            "hwm": lambda v: _hwm(int(v))}  # fmt: skip


def main() -> int:
    """Make the changes, then be the broker."""
    end = sys.argv.index("--")
    for change in sys.argv[1:end]:
        name, _, value = change.partition("=")
        if name in _SPECIAL:
            _SPECIAL[name](value)
        else:
            _set(name, value)
    return app.main(sys.argv[end + 1 :])


if __name__ == "__main__":
    sys.exit(main())
