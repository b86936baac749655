"""The addresses by which others reach this machine.

Owns how they are found out, without sending anything. Must not know what is served on them.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from typing import Final

EVERYWHERE: Final = frozenset({"*", "0.0.0.0", "::"})
"""What a server is told in place of an address to listen on all of them."""
# Documentation addresses (RFC 5737, RFC 3849): to "connect" a datagram socket there sends nothing,
# but tells from which address this machine would.
_FAR: Final = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def addresses() -> list[str]:
    """The addresses by which others reach this machine, the likeliest first; where there is none,
    the loopback's. It may ask the system's resolver, and so take a moment."""
    found: dict[str, None] = {}
    for family, far in _FAR:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            found[str(probe.getsockname()[0])] = None
    with contextlib.suppress(OSError):
        for info in socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM):
            found[str(info[4][0])] = None
    return [one for one in found if _is_reachable(one)] or ["127.0.0.1"]


def is_loopback(host: str) -> bool:
    """Whether this is an address, or the name, that leads to this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_reachable(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False  # a link-local one with its interface: it means nothing elsewhere
    return not (ip.is_loopback or ip.is_link_local or ip.is_unspecified)
