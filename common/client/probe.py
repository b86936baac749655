"""Why a TCP port does not answer: the name, the machine or the port. Knows nothing of ZeroMQ.

ZeroMQ retries a failed connection in silence; this asks the same port once, in the open, so that
a client can name the culprit.
"""

from __future__ import annotations

import socket
from typing import Final, Literal, TypeAlias

Verdict: TypeAlias = Literal["ok", "refused", "silent", "name"]

CODE_OF: Final[dict[Verdict, str]] = {
    "ok": "no-answer",
    "refused": "unreachable-refused",
    "silent": "unreachable-silent",
    "name": "unreachable-name",
}
"""The code of `common.explain` for each verdict; "ok" for a port that opens and then says
nothing."""


def probe(host: str, port: int, timeout: float) -> Verdict:
    """Connect to a TCP port, hang up, and tell how it went, within `timeout` seconds.

    "refused": the machine is there, the port is closed. "silent": no answer (a firewall, a wrong
    address, no route). "name": there is no such host. Looking a name up has the system's own time
    limit on top. Blocking: not for an interface's thread. Raises nothing.
    """
    try:
        with socket.create_connection((host, port), timeout):
            return "ok"
    except (socket.gaierror, UnicodeError):
        return "name"
    except ConnectionRefusedError:
        return "refused"
    except (OSError, OverflowError):
        return "silent"
