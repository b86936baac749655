"""The addresses by which others reach this machine, and the interfaces that they belong to.

Owns how they are found out, without sending anything and without asking a resolver. It is the one
place that knows `ifaddr`, which comes with the extra `lan`; without it there are only the addresses
from which this machine would send. Must not know what is served on them.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

if sys.platform == "linux":
    import fcntl

EVERYWHERE: Final = frozenset({"*", "0.0.0.0", "::"})
"""What a server is told in place of an address to listen on all of them."""
# Documentation addresses (RFC 5737, RFC 3849): to "connect" a datagram socket there sends nothing,
# but tells from which address this machine would.
_FAR: Final = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))

# netdevice(7). RUNNING: there is a carrier, or the interface does not tell.
_SIOCGIFFLAGS: Final = 0x8913
_UP, _RUNNING, _MULTICAST = 0x1, 0x40, 0x1000

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Flags = Callable[[str], int | None]


@dataclass(frozen=True, slots=True, order=True)
class Own:
    """One address of this machine."""

    interface: str
    """As the system calls it."""
    index: int
    """The interface's number; 0 where the system tells none."""
    address: str
    """Without its interface."""
    prefix: int
    multicast: bool = True
    """Whether the interface takes multicast, as far as the system tells."""

    @property
    def ip(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        return ipaddress.ip_address(self.address)

    @property
    def network(self) -> Network:
        """Everything that is on the same link."""
        return ipaddress.ip_network((self.address, self.prefix), strict=False)

    @property
    def scoped(self) -> str:
        """As this machine itself writes it: a link-local IPv6 address with its interface."""
        scoped = ":" in self.address and self.ip.is_link_local
        return f"{self.address}%{self.interface}" if scoped else self.address


def interfaces() -> list[Own]:
    """Every address of the interfaces that are up, in a fixed order; nothing where the system or
    the lack of `ifaddr` does not tell. About 0.2 ms, so it may be asked every few seconds."""
    try:
        import ifaddr
    except ImportError:
        return []
    found: list[Own] = []
    try:
        # An interface between two points may come without a netmask, which ifaddr asserts.
        adapters = list(ifaddr.get_adapters())
    except (OSError, AssertionError, ValueError):
        return []
    with _flags() as flags:
        for adapter in adapters:
            name = str(adapter.name)
            known = flags(name)
            if known is not None and not (known & _UP and known & _RUNNING):
                continue
            for one in adapter.ips:
                address = one.ip if isinstance(one.ip, str) else one.ip[0]
                multicast = known is None or bool(known & _MULTICAST)
                with contextlib.suppress(ValueError):
                    bare = str(ipaddress.ip_address(str(address).partition("%")[0]))
                    prefix = int(one.network_prefix)
                    found.append(Own(name, adapter.index or 0, bare, prefix, multicast))
    return sorted(found)


def addresses() -> list[str]:
    """The addresses by which others reach this machine, the likeliest first; where there is none,
    the loopback's."""
    likely: dict[str, None] = {}
    for family, far in _FAR:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            likely[str(probe.getsockname()[0])] = None
    own = [one.address for one in interfaces()]
    # IPv4 first: it is what people type.
    found = dict.fromkeys([*likely, *sorted(own, key=lambda one: ":" in one)])
    return (
        [one for one in found if _is_reachable(one)]
        or [one for one in found if _is_on_the_cable(one)]
        or ["127.0.0.1"]
    )


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


def _is_on_the_cable(address: str) -> bool:
    """An IPv4 address that a machine gave itself, where nobody hands any out: it needs no
    interface to be written down, as its IPv6 sister does."""
    ip = ipaddress.ip_address(address)
    return ip.version == 4 and ip.is_link_local


@contextlib.contextmanager
def _flags() -> Iterator[Flags]:
    """Asks for an interface's flags; where the system is another, it is never told any."""
    if sys.platform != "linux":
        yield lambda _name: None
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:

        def flags(name: str) -> int | None:
            request = struct.pack("16sH14x", name.encode()[:15], 0)
            try:
                answer = fcntl.ioctl(asked, _SIOCGIFFLAGS, request)
            except OSError:
                return None
            return int(struct.unpack("16sH14x", answer)[1])

        yield flags
