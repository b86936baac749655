"""Whether this program may look around the network, or announce itself there: the environment's
word, for every program.

Owns nothing else, so that asking costs nothing.
"""

from __future__ import annotations

import os
from typing import Final

FORBIDDEN: Final = "CAUSETTE_NO_DISCOVERY"
"""The variable of the option `--no-discovery`, which programs of others heed too."""


def allowed() -> bool:
    """Whether it may."""
    return os.environ.get(FORBIDDEN, "").lower() in ("", "0", "false", "no", "off")
