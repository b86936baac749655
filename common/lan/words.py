"""Why no server of the network can be found, in the reader's language. Owns the sentences; pure."""

from __future__ import annotations

from typing import Final

from common.i18n import N_, _
from common.lan.mdns import Reason, Unavailable
from common.safe import one_line

_WHY: Final[dict[Reason, str]] = {
    "missing": N_(
        "Looking for servers needs zeroconf. Type: python3 dev.py setup, or: pip install '.[lan]'."
    ),
    "no-network": N_(
        "This machine is not on a network. Connect it to one, or type a server's address."
    ),
    "no-multicast": N_(
        "No network of this machine takes multicast, which looking for servers needs. Type a"
        " server's address."
    ),
    "refused": N_(
        "The system does not let this program look for servers ({why}). Type a server's address."
    ),
}


def why(trouble: Unavailable) -> str:
    """What stands in the way, and what to do."""
    return _(_WHY[trouble.reason]).format(why=one_line(trouble.why))
