"""Waiting in tests: the one place that sleeps, and the one that knows how slow this machine is.

Must not know what is waited for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05


def scaled(seconds: float) -> float:
    """A time limit for this machine: `CAUSETTE_TEST_SLOWNESS` times `seconds` (default: once)."""
    return seconds * float(os.environ.get("CAUSETTE_TEST_SLOWNESS") or 1)


def wait_until(
    predicate: Callable[[], T],
    what: str,
    timeout: float = 10,
    *,
    saw: Callable[[], object] | None = None,
) -> T:
    """Call `predicate` until it answers something true, and return that.

    After `timeout` seconds (scaled) it gives up with an AssertionError that says `what` was
    awaited and what was seen instead: the last answer, or what `saw()` returns. An AssertionError
    of the predicate counts as "not yet" and is part of what was seen.
    """
    limit = scaled(timeout)
    end = time.monotonic() + limit
    pause = _FIRST_PAUSE
    while True:
        last: object
        cause: AssertionError | None = None
        try:
            answer = predicate()
            if answer:
                return answer
            last = answer
        except AssertionError as error:
            last = cause = error
        if time.monotonic() >= end:
            seen = last if saw is None else saw()
            raise AssertionError(f"not within {limit:g} s: {what}; saw {seen!r}") from cause
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
