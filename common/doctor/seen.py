"""What was seen of a port: how it answered, and what speaks there. Owns shapes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

State: TypeAlias = Literal[
    "open", "refused", "rejected", "silent", "absent", "unreachable", "no-route", "forbidden"
]
"""open: somebody listens. refused: by the machine (a reset). rejected: by a firewall (ICMP).
silent: no answer at all. absent: on a network of our own, and nobody has that address.
unreachable: a router on the way says so. no-route: this machine knows no way. forbidden: this
machine may not."""

Place: TypeAlias = tuple[str, int]
"""An IP address and a port."""

Kind: TypeAlias = Literal["zeromq", "http", "other", "silent", "closed"]
"""`closed`: it hung up without a word; `silent`: it takes the connection and says nothing."""


@dataclass(frozen=True)
class Knock:
    """How one attempt ended."""

    state: State
    seconds: float
    why: str = ""
    """The system's own words."""
    by: str = ""
    """Whose ICMP message ended it."""


@dataclass(frozen=True)
class Speaker:
    """What was heard."""

    kind: Kind
    mechanism: str = ""
    """Of ZeroMQ: NULL, PLAIN or CURVE."""
    said: str = ""
    """What else it is called by itself, in one harmless line."""
