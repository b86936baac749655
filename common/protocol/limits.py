"""Every limit of the wire in one place. Owns numbers only; knows no message and no socket.

The broker announces them in `greet` (`WIRE.announced()`); a client checks them before it sends,
the broker always.
"""

from typing import Final

import msgspec


class WireLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in bytes of UTF-8 unless said otherwise."""

    frame: int = 65_536
    """One frame, both ways: what a PUSH carries in all, and `lines` on the SUB side."""
    line: int = 32_768
    """One JSON line, without its newline. A record is at most about 300 bytes longer than the
    request that it came from, so a record always fits a frame."""
    text: int = 16_000
    """The text of one message."""
    nick: int = 32
    """Characters of a nickname."""
    room: int = 64
    """A room's name."""
    page: int = 1_000
    """Messages in one page of history."""
    people: int = 300
    """People in one page of a list."""
    rooms: int = 200
    """Rooms that one session may be in."""
    sessions: int = 32
    """Sessions that one person may have at a time."""
    reads: int = 8
    """History pages and look-ups that one person may have under way."""


WIRE: Final = WireLimits()

HARD_FRAME: Final = 131_072
"""ZMQ_MAXMSGSIZE of the PULL socket: between `WIRE.frame` and this a sender gets `too-large`;
above it libzmq closes the connection, and what was behind that frame is lost with it
(measured: the limit is per frame, and 33 bytes lower under CURVE)."""

HARD_SUBSCRIPTION: Final = 512
"""ZMQ_MAXMSGSIZE of the XPUB socket: topics that the broker hands out are far shorter."""
