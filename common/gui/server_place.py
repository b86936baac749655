"""Where a server listens: what can be chosen, what is wrong with a port, which links lead there.

Owns the ways in as a person chooses them, and the broker's options for them. Pure: it is told the
addresses of this machine and opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from common.addresses import EVERYWHERE, is_loopback
from common.client.target import DEFAULT_PORT, host_and_port, join_link
from common.i18n import _

ALL: Final = "*"
HERE: Final = "127.0.0.1"
AS_GIVEN: Final = ""
"""Where the command line says what no single address and port can."""

_FIRST: Final = 1
_LAST: Final = 65_535
HIGHEST: Final = 65_533
"""The card is two above."""
_TCP: Final = re.compile(r"tcp://(\[[^\]]+\]|[^:]+):(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Place:
    """An address to listen on (`ALL`, one of this machine's, or `AS_GIVEN`) and its port."""

    address: str = ALL
    port: int = DEFAULT_PORT

    def options(self) -> list[str]:
        """How a broker is told."""
        if self.address == AS_GIVEN:
            return []
        host = f"[{self.address}]" if ":" in self.address else self.address
        # On all of them it is there for everybody: let it be found, too.
        found = ["--lan"] if self.address == ALL else []
        return [*found, f"--pull=tcp://{host}:{self.port}"]


@dataclass(frozen=True, slots=True)
class Way:
    """One way in, as others reach it."""

    host: str
    port: int
    link: str
    """The join link; without encryption there is none, and this is `host:port`."""

    @property
    def here_only(self) -> bool:
        """Whether it leads in from this machine alone."""
        return is_loopback(self.host)


class BadPort(ValueError):
    """What was typed is no port to serve on; the message is for people."""


def port_of(typed: str) -> int:
    """Return the port that somebody typed. Raises BadPort."""
    text = typed.strip()
    port = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0
    if not _FIRST <= port <= _LAST:
        raise BadPort(_("A port is between 1 and 65535."))
    if port > HIGHEST:
        raise BadPort(_("The server needs the two ports above it as well: at most 65533."))
    return port


def choices(addresses: Iterable[str]) -> list[tuple[str, str]]:
    """Value and words of each address that one can listen on; `addresses` are this machine's."""
    own = [one for one in addresses if not is_loopback(one)]
    return [
        (ALL, _("all (0.0.0.0)")),
        (HERE, _("this machine only")),
        *((one, one) for one in own),
    ]


def given(pull: Sequence[str], pub: Sequence[str], card: str | None) -> Place:
    """The place that the options say, `AS_GIVEN` where they say more than one address and port."""
    match = _TCP.fullmatch(pull[0]) if len(pull) == 1 and not pub and card is None else None
    if match is None or not _FIRST <= int(match[2]) <= HIGHEST:
        return Place(AS_GIVEN, 0)
    host = match[1].strip("[]")
    return Place(ALL if host in ("0.0.0.0", "::", ALL) else host, int(match[2]))


def ways(ready: dict[str, Any], addresses: Sequence[str]) -> list[Way]:
    """The ways into a broker by its ready line, the likeliest first."""
    pulls = [place for place in map(host_and_port, ready["pull"]) if place is not None]
    pubs = [place[1] for place in map(host_and_port, ready["pub"]) if place is not None]
    key: str | None = ready["key"]
    found: dict[tuple[str, int], Way] = {}
    for index, (bound, port) in enumerate(pulls):
        pub = pubs[min(index, len(pubs) - 1)] if pubs else port + 1
        for host in addresses if bound in EVERYWHERE else [bound]:
            shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            link = join_link(key, host, port, pub) if key else shown
            found.setdefault((host, port), Way(host, port, link))
    return sorted(found.values(), key=lambda way: way.here_only)


def wrong_address(code: str, address: str, place: Place) -> tuple[str, str] | None:
    """The field at fault (`port` or `address`) and the words, where a broker could not listen.

    `code` and `address` are those of its error; `None` where it is about something else.
    """
    bound = host_and_port(address)
    port = bound[1] if bound else place.port
    if code == "in-use":
        if port != place.port and place.address != AS_GIVEN:
            words = _(
                "Port {port}, which the server needs as well, is used by another program. Choose"
                " another port."
            )
        else:
            words = _("Port {port} is used by another program. Choose another, or stop it.")
        return "port", words.format(port=port)
    if code == "not-permitted":
        words = _("Port {port} may not be used by this account. Choose one above 1023.")
        return "port", words.format(port=port)
    if code == "address":
        host = bound[0] if bound else address
        words = _("This machine does not have the address {address} now. Choose another.")
        return "address", words.format(address=host)
    return None
