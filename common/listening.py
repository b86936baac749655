"""Where to listen for browsers: `ADDR:PORT`, as people type it. Owns that form; opens nothing."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from common.i18n import _
from common.settings import Kind

_PLACE: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]/@]*)):([0-9]{1,5}|\*)")
_EVERYWHERE: Final = ("", "*")


@dataclass(frozen=True, slots=True)
class Bind:
    """A host (`0.0.0.0` for all addresses of IPv4, `::` for all) and a port; 0: any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        port = self.port or "*"
        return f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"


def bind(text: str) -> Bind:
    """Read `ADDR:PORT`; no ADDR or `*` is every IPv4 address, PORT `*` any free one.

    Raises ValueError.
    """
    match = _PLACE.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    port = 0 if match[3] == "*" else int(match[3])
    if port > 65_535:
        raise ValueError(text)
    if match[1]:
        return Bind(str(ipaddress.IPv6Address(match[1])), port)
    return Bind("0.0.0.0" if match[2] in _EVERYWHERE else match[2], port)


PLACE: Final = Kind(
    lambda text: str(bind(text)),
    lambda: _("give an address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080"),
)
