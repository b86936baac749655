"""Ports that nobody else gets: for tests that must know one before a program listens there.

Owns which ones are given out, also to the workers and runs beside this one. Knows no program.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Final

_FIRST, _END, _STEP = 20_000, 32_000, 10
"""Below those that systems hand out by themselves, also to connections."""
MOST: Final = _STEP - 1


@contextlib.contextmanager
def ports_in_a_row(count: int = 3) -> Iterator[int]:
    """The first of some free ports of 127.0.0.1, this test's until the end.

    That they were free a moment ago says nothing where several look at once: the last port of each
    ten is listened on as long as the others are in use here, and whoever finds it taken goes on.
    """
    assert 0 < count <= MOST, count
    for first in range(_FIRST, _END, _STEP):
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(_listening(first + MOST))
                for port in range(first, first + count):
                    _listening(port).close()
            except OSError:
                continue
            yield first
            return
    raise AssertionError("no free ports")


def _listening(port: int) -> socket.socket:
    made = socket.socket()
    try:
        # Without SO_REUSEADDR: nobody, not even one that shares, may be there.
        made.bind(("127.0.0.1", port))
        made.listen()
    except OSError:
        made.close()
        raise
    return made
