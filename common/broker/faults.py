"""The points between its steps at which a test may have the broker die: `CAUSETTE_FAULT`.

Owns their names; how dying is done is `common.faults`'.
"""

from typing import Final

from common import faults

POINTS: Final = ("received", "insert", "commit", "publish", "published")
"""received: requests read, nothing decided · insert: written, not committed · commit: committed,
nothing sent · publish: some of it sent · published: all of it sent."""


def from_environment() -> faults.Fault | None:
    """The hook that `CAUSETTE_FAULT=POINT[:N]` asks for; see `common.faults`."""
    return faults.from_environment("CAUSETTE_FAULT", POINTS)
