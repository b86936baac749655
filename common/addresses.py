"""The addresses by which others reach this machine, and the interfaces that they belong to.

Owns how they are found out, without sending anything and without asking a resolver. It is the one
place that knows `ifaddr`, which comes with the extra `lan`; without it Linux tells them all the
same, and other systems only from which address they would send. Must not know what is served there.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

if sys.platform == "linux":
    import fcntl

EVERYWHERE: Final = frozenset({"*", "0.0.0.0", "::"})
"""What a server is told in place of an address to listen on all of them."""
# Documentation addresses (RFC 5737, RFC 3849): to "connect" a datagram socket there sends nothing,
# but tells from which address this machine would.
_FAR: Final = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))

# netdevice(7). RUNNING: there is a carrier, or the interface does not tell.
_SIOCGIFFLAGS, _SIOCGIFADDR, _SIOCGIFNETMASK = 0x8913, 0x8915, 0x891B
_UP, _RUNNING, _MULTICAST = 0x1, 0x40, 0x1000

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Told = tuple[str, int, str, int]
"""Interface, its number, address, length of the network's part."""
Ask = Callable[[int, str], bytes]


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
        told = list(_told_by_ifaddr())
    except (ImportError, OSError, AssertionError, ValueError):
        # An interface between two points may come without a netmask, which ifaddr asserts.
        told = list(_told_by_linux()) if sys.platform == "linux" else []
    found: list[Own] = []
    with _asked_of_linux() as ask:
        for name, index, address, prefix in told:
            answer = ask(_SIOCGIFFLAGS, name)
            known = struct.unpack_from("=H", answer)[0] if answer else _UP | _RUNNING | _MULTICAST
            if known & _UP and known & _RUNNING:
                found.append(Own(name, index, address, prefix, bool(known & _MULTICAST)))
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


def _told_by_ifaddr() -> Iterator[Told]:
    """Raises ImportError, OSError, AssertionError, ValueError."""
    import ifaddr

    for adapter in ifaddr.get_adapters():
        for one in adapter.ips:
            text = one.ip if isinstance(one.ip, str) else one.ip[0]
            address = str(ipaddress.ip_address(str(text).partition("%")[0]))
            yield str(adapter.name), adapter.index or 0, address, int(one.network_prefix)


def _told_by_linux() -> Iterator[Told]:
    """The first IPv4 address of each interface, and those of IPv6."""
    with _asked_of_linux() as ask:
        for index, name in socket.if_nameindex():
            address, mask = ask(_SIOCGIFADDR, name), ask(_SIOCGIFNETMASK, name)
            if address and mask:
                ones = int.from_bytes(mask[4:8], "big").bit_count()
                yield name, index, socket.inet_ntoa(address[4:8]), ones
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/net/if_inet6").read_text("ascii").splitlines():
            digits, number, length, _scope, _flags, name = line.split()
            ip = ipaddress.IPv6Address(bytes.fromhex(digits))
            yield name, int(number, 16), str(ip), int(length, 16)


@contextlib.contextmanager
def _asked_of_linux() -> Iterator[Ask]:
    """Asks for something of an interface, by netdevice(7): the answer without the name; nothing
    where there is none, or the system is another."""
    if sys.platform != "linux":
        yield lambda _what, _name: b""
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:

        def ask(what: int, name: str) -> bytes:
            try:
                return fcntl.ioctl(asked, what, struct.pack("16s24x", name.encode()[:15]))[16:]
            except OSError:
                return b""

        yield ask
