"""The points between its steps at which a test may have a client die: `CAUSETTE_CLIENT_FAULT`.

Owns their names; how dying is done is `common.faults`'.
"""

from typing import Final

from common import faults

POINTS: Final = ("kept", "sent", "echo", "settled", "shown", "cursor")
"""kept: a message is in the outbox on disk, not sent · sent: it was pushed · echo: its outcome
came, the outbox holds it still · settled: the outbox forgot it, the program was not told ·
shown: records were shown, their cursor is not on disk · cursor: it is."""


def from_environment() -> faults.Fault | None:
    """The hook that `CAUSETTE_CLIENT_FAULT=POINT[:N]` asks for; see `common.faults`."""
    return faults.from_environment("CAUSETTE_CLIENT_FAULT", POINTS)
