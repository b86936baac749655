"""What can be found on the network by mDNS, and whether this machine's own firewall keeps it out.

Owns a short look with `common.lan.browse` and an ear beside it: what is sent to a multicast group
comes back to the sender's own machine, through the same firewall as what others send. Must not
judge.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from common.addresses import Own
from common.lan.browse import Watch, allowed
from common.lan.found import Found
from common.lan.mdns import Unavailable, taking_part

GROUP: Final = "224.0.0.251"
PORT: Final = 5_353
"""Of mDNS: RFC 6762."""
_ECHOED: Final = 1.5
"""Seconds in which at least one question of our own must have come back."""


@dataclass(frozen=True)
class Sight:
    """What a look around showed."""

    found: Sequence[Found] = ()
    trouble: str = ""
    """Why nothing can be found: `missing`, `no-network`, `no-multicast`, `refused`, `off`."""
    why: str = ""
    returned: bool | None = None
    """Whether what this machine asked came back to it; None: that could not be tried."""
    others: int = 0
    """Other machines whose mDNS was heard meanwhile."""


@dataclass
class Ear:
    """Listens beside zeroconf, which shares the port; IPv4 alone, which every network has."""

    own: Sequence[Own]
    heard: set[str] = field(default_factory=set)
    """Addresses that something came from."""
    open: bool = False

    def __post_init__(self) -> None:
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Ear:
        mine = [one.address for one in self.own if one.ip.version == 4]
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "SO_REUSEPORT"):
                ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            ear.bind(("", PORT))
            for address in mine:
                group = socket.inet_aton(GROUP) + socket.inet_aton(address)
                ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
                self.open = True
        except OSError:
            self.open = False
        if not self.open:
            ear.close()
            return self
        ear.settimeout(0.1)
        self._thread = threading.Thread(target=self._listen, args=(ear,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(1.0)

    def _listen(self, ear: socket.socket) -> None:
        with ear:
            while not self._over.is_set():
                with contextlib.suppress(OSError):
                    _packet, (address, _port) = ear.recvfrom(9_000)
                    self.heard.add(address)

    def wait(self, own: set[str], timeout: float) -> bool:
        """Whether something of our own has come back, within so many seconds."""
        end = time.monotonic() + timeout
        while not own & self.heard:
            if time.monotonic() >= end:
                return False
            self._over.wait(0.05)
        return True


def look_around(
    own: Sequence[Own], timeout: float, enough: Callable[[list[Found]], bool] | None = None
) -> Sight:
    """Look for servers, until there are `enough` or for `timeout` seconds. Raises nothing.

    Without `enough`: until some have come and no more seem to.
    """
    if not allowed():
        return Sight(trouble="off")
    try:
        part = taking_part(own)
    except Unavailable as error:
        return Sight(trouble=error.reason, why=error.why)
    mine = {one.address for one in own}
    begun = time.monotonic()
    with Ear([one for one in part if not one.ip.is_loopback]) as ear, Watch() as watch:
        found = watch.wait(timeout, enough) if enough else watch.settled(timeout)
        trouble = watch.trouble
        if trouble is not None and not found:
            return Sight(trouble=trouble.reason, why=trouble.why)
        left = max(0.0, begun + min(timeout, _ECHOED) - time.monotonic())
        returned = ear.wait(mine, left) if ear.open else None
        return Sight(found, "", "", returned, len(ear.heard - mine))
