"""What an announcement says: a server of this network, to a TXT record and back.

Owns the record's fields and limits, and how servers of the same name are told apart. Everything
that comes from the network is hearsay and may be hostile: what is shown is harmless, what is
connected to is near, what is not well formed is no server. Pure.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from common import keys
from common.endpoints import join_link, place
from common.protocol.lookalikes import ascii_skeleton, skeleton
from common.safe import one_line

SERVICE: Final = "_causette._tcp.local."
"""RFC 6763; the name of a service has at most 15 characters."""
RECORD: Final = 1
"""Version of the record (`txtvers`): another one is another language."""
LONGEST_NAME: Final = 60
"""Characters of a name that are shown."""
MOST_HOSTS: Final = 16
"""Addresses that are taken from one announcement."""
MOST: Final = 100
"""Servers that are kept at a time; a network has a few."""

_NAME_BYTES: Final = 200
_LABEL_BYTES: Final = 63
_MOST_FIELDS: Final = 32
_LAST_PORT: Final = 65_535
_VERSION: Final = re.compile(r"[0-9A-Za-z.+-]{1,20}")
_PAGE: Final = re.compile(r"(https?):([0-9]{1,5})")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A server, as its announcement tells of it."""

    name: str
    """Harmless, on one line."""
    key: str | None
    """64 hexadecimal digits in small letters; None: it does not encrypt."""
    hosts: tuple[str, ...]
    """Its addresses, the likeliest first; a link-local IPv6 one with its interface."""
    pull: int
    pub: int
    card: int | None
    page: str = ""
    """`http:8080`: where a browser finds it, at any of its addresses; "" where there is no page."""
    access: str = "open"
    """`open` or `invite`."""
    version: str = ""
    """Of the program."""
    protocol: int = 0
    instance: str = ""
    """What the network calls this announcement: for telling apart, not for showing."""

    @property
    def identity(self) -> str:
        """What makes it the same server wherever it is: its key, or else its announcement."""
        return self.key or self.instance

    @property
    def fingerprint(self) -> str:
        """What two people compare; "" where there is no key."""
        return keys.fingerprint(self.key) if self.key else ""

    def place(self, host: str = "") -> str:
        """`HOST:PORT` as it is typed; without `host`, the likeliest one."""
        return place(host or self.hosts[0], self.pull)

    @property
    def places(self) -> tuple[str, ...]:
        """The same for each address."""
        return tuple(map(self.place, self.hosts))

    @property
    def shown(self) -> tuple[str, ...]:
        """Those of its places that people are shown: no link-local one where there is another."""
        return tuple(one for one in self.places if "%" not in one) or self.places[:1]

    def link(self, host: str = "") -> str:
        """Its join link; "" where there is no key."""
        return join_link(self.key, host or self.hosts[0], self.pull, self.pub) if self.key else ""

    def page_address(self, host: str = "") -> str:
        """What a browser opens; "" where there is no page."""
        scheme, _, port = self.page.partition(":")
        host = (host or self.hosts[0]).replace("%", "%25")
        return f"{scheme}://{place(host, int(port))}/" if port else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An announcement as it came, before anything of it was believed."""

    instance: str
    hosts: Sequence[str]
    port: int
    fields: Mapping[bytes, bytes | None]


def fields_of(found: Found) -> dict[str, str]:
    """What its TXT record holds. The port of PULL is the service's own."""
    fields = {"txtvers": str(RECORD), "name": _cut(found.name, _NAME_BYTES)}
    fields["key"] = found.key or "-"
    fields["pub"] = str(found.pub)
    if found.card is not None:
        fields["card"] = str(found.card)
    if found.page:
        fields["page"] = found.page
    fields |= {"access": found.access, "proto": str(found.protocol), "ver": found.version}
    return fields


def label_of(name: str, key: str | None) -> str:
    """What an announcement is called on the network: the name, and of the key as much as keeps two
    servers of that name apart. Raises nothing; at most 63 bytes, without full stops."""
    mark = f" [{key[:8]}]" if key else ""
    shown = one_line(name).replace(".", " ").replace("\\", " ")
    return _cut(" ".join(shown.split()) or "Causette", _LABEL_BYTES - len(mark)) + mark


def read(heard: Heard, networks: Sequence[Network] = ()) -> Found | None:
    """The server that an announcement tells of; None for one that is not well formed, of another
    version, or without an address that can be reached from the `networks` that this machine is on.
    """
    fields = dict(list(heard.fields.items())[:_MOST_FIELDS])

    def text(name: str) -> str:
        return (fields.get(name.encode()) or b"").decode("utf-8", "replace")

    if text("txtvers") != str(RECORD):
        return None
    key, pub = text("key"), _port(text("pub"))
    hosts = near(heard.hosts, networks)
    if not hosts or pub is None or _port(str(heard.port)) is None:
        return None
    if key != "-" and not keys.is_key(key):
        return None
    page = _PAGE.fullmatch(text("page"))
    version = text("ver")
    protocol = text("proto")
    return Found(
        name=_shown(text("name")) or hosts[0],
        key=None if key == "-" else key.lower(),
        hosts=hosts,
        pull=heard.port,
        pub=pub,
        card=_port(text("card")),
        page=page[0] if page and _port(page[2]) is not None else "",
        access="invite" if text("access") == "invite" else "open",
        version=version if _VERSION.fullmatch(version) else "",
        protocol=_number(protocol),
        instance=heard.instance[:256],
    )


def near(hosts: Iterable[str], networks: Sequence[Network]) -> tuple[str, ...]:
    """The addresses that are worth a try from here, the likeliest first.

    Nobody is sent far away by an announcement: what is not on a network of this machine counts only
    where it is private. This machine's own loopback counts only where there is no other network.
    """
    ranked: dict[str, int] = {}
    for host in list(hosts)[: 4 * MOST_HOSTS]:
        rank = _rank(host, networks)
        if rank is not None:
            ranked.setdefault(host, rank)
    return tuple(sorted(ranked, key=lambda host: ranked[host])[:MOST_HOSTS])


def apart(servers: Sequence[Found]) -> dict[str, str]:
    """What each is called where all of them are listed, by identity: its name, and where another's
    looks like it also the beginning of its fingerprint, or its address."""
    alike: dict[str, int] = {}
    for one in servers:
        alike[look(one.name)] = alike.get(look(one.name), 0) + 1
    return {
        one.identity: one.name
        if alike[look(one.name)] == 1
        else f"{one.name} ({one.fingerprint[:9] or one.hosts[0]})"
        for one in servers
    }


def look(name: str) -> str:
    """Equal for names that the eye takes for one another."""
    folded = " ".join(_shown(name).casefold().split())
    return ascii_skeleton(folded) if folded.isascii() else skeleton(folded)


def in_order(servers: Iterable[Found]) -> list[Found]:
    """As lists show them."""
    return sorted(servers, key=lambda one: (one.name.casefold(), one.identity))


def _rank(host: str, networks: Sequence[Network]) -> int | None:
    """How likely it is that this address is the one to use, 0 the most; None: not at all."""
    bare, _, scope = host.partition("%")
    try:
        ip = ipaddress.ip_address(bare)
    except ValueError:
        return None
    if ip.is_loopback:
        return 9 if networks and all(one.is_loopback for one in networks) else None
    if ip.is_multicast or ip.is_unspecified or (ip.version == 4 and ip.is_reserved):
        return None
    late = 1 if ip.version == 6 else 0
    if ip.is_link_local:
        # One of IPv6 leads nowhere without the interface that it was heard on.
        return None if late and not scope else 2 + late
    if any(ip in one for one in networks if one.version == ip.version):
        return late
    return 4 + late if ip.is_private else None


def _port(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        return None
    return int(text) if 1 <= int(text) <= _LAST_PORT else None


def _shown(name: str) -> str:
    return one_line(name)[:LONGEST_NAME].strip()


def _cut(text: str, size: int) -> str:
    """As much of a text as fits so many bytes, whole characters only."""
    return text.encode("utf-8", "replace")[:size].decode("utf-8", "ignore").rstrip()


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else 0
