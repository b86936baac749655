"""Death at a chosen moment, for the tests that kill the shipped broker between two of its steps.

Owns the environment variable `CAUSETTE_FAULT` and nothing else. It is read once at the start;
unset, which is always so outside tests, there is no hook to call and nothing to pay.
"""

import os
import signal
from collections.abc import Callable
from typing import Final

POINTS: Final = ("received", "insert", "commit", "publish", "published")
"""received: requests read, nothing decided · insert: written, not committed · commit: committed,
nothing sent · publish: some of it sent · published: all of it sent."""


def from_environment() -> Callable[[str], None] | None:
    """The hook that `CAUSETTE_FAULT=POINT[:N]` asks for, or None where it is unset.

    The hook is called with the name of each point that is passed and kills the process the Nth
    time (default 1) that POINT is. Raises ValueError for a point that does not exist.
    """
    wanted = os.environ.get("CAUSETTE_FAULT")
    if not wanted:
        return None
    point, _, number = wanted.partition(":")
    if point not in POINTS or (number and not number.isdecimal()):
        raise ValueError(f"CAUSETTE_FAULT={wanted!r}: POINT[:N], where POINT is one of {POINTS}")
    left = int(number or 1)

    def hook(passed: str) -> None:
        nonlocal left
        if passed == point:
            left -= 1
            if left == 0:
                _die()

    return hook


def _die() -> None:
    if hasattr(signal, "SIGKILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(137)  # Windows has no SIGKILL; this runs no handler and flushes nothing either
