"""Where a server is, as text: ZeroMQ addresses of TCP, places to read, join links.

Owns their grammar as it is written. Must not know what was typed (`client.target` reads that), nor
open anything. Pure.
"""

from __future__ import annotations

import re
from typing import Final

SCHEME: Final = "causette://"
DEFAULT_PORT: Final = 5555
"""PULL; PUB is one above, the card two."""
LAST_PORT: Final = 65_535

_TCP: Final = re.compile(r"tcp://(.+):(\d{1,5})")
_KEY: Final = re.compile(r"[0-9a-fA-F]{64}")
_MAPPED: Final = "::ffff:"


def host_and_port(zmq_address: str) -> tuple[str, int] | None:
    """Return the host (without brackets) and port of a tcp address; None for any other."""
    match = _TCP.fullmatch(zmq_address)
    if not match or not 1 <= int(match[2]) <= LAST_PORT:
        return None
    return match[1].removeprefix("[").removesuffix("]"), int(match[2])


def place(host: str, port: int) -> str:
    """Return `host:port` as people type it, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def join_link(key: str, host: str, port: int, pubport: int | None = None) -> str:
    """Return `causette://KEY@HOST:PORT`, with `/PUBPORT` where PUB is not at PORT+1.

    Raises ValueError for a key that is none (a server without encryption has no link).
    """
    if not _KEY.fullmatch(key):
        raise ValueError("a join link holds the broker's key")
    link = f"{SCHEME}{key.lower()}@{place(host, port)}"
    return link if pubport in (None, port + 1) else f"{link}/{pubport}"


def unmapped(host: str) -> str:
    """Return an IPv4 address that came as IPv6 (`::ffff:192.0.2.1`: a socket that serves both) as
    what it is; any other host as it was."""
    rest = host.removeprefix(_MAPPED)
    return rest if rest != host and "." in rest else host
