"""Death at a chosen moment, for the tests that kill a shipped program between two of its steps.

Owns how such a wish is read and carried out, once for broker and client; which points there are is
theirs to say. Unset, which is always so outside tests, there is no hook to call and nothing to pay.
"""

import os
import signal
from collections.abc import Callable, Sequence

Fault = Callable[[str], None]
"""Called with the name of each point that is passed."""


def from_environment(variable: str, points: Sequence[str]) -> Fault | None:
    """The hook that `variable=POINT[:N]` asks for, or None where it is unset.

    It kills the process the Nth time (default 1) that POINT is passed. Raises ValueError for a
    point that does not exist.
    """
    wanted = os.environ.get(variable)
    if not wanted:
        return None
    point, _, number = wanted.partition(":")
    if point not in points or (number and not number.isdecimal()):
        raise ValueError(f"{variable}={wanted!r}: POINT[:N], where POINT is one of {points}")
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
