"""By which join links others come to the server of a chat, and why by none.

Owns that the server of this machine, which is reached by the loopback, has other addresses too
where it listens on them. Opens no connection; must not know what shows a link.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from common.addresses import EVERYWHERE, addresses, is_loopback
from common.client.target import BadTarget, Ready, Target, join_link, of_ready, read_ready
from common.endpoints import host_and_port, place
from common.i18n import _

Alone = Literal["", "machine", "network", "unknown"]
"""Why nobody else comes in: the server listens on this machine alone; this machine is on no
network; the server is reached by the loopback and is not the one of this data directory, so that
nobody here knows where it listens."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way in, as others reach it."""

    host: str
    port: int
    pub: int
    key: str = ""
    """Of the server; "": it does not encrypt."""

    @property
    def place(self) -> str:
        """`host:port`, as people type it."""
        return place(self.host, self.port)

    def link(self, code: str = "") -> str:
        """The join link, with an invitation's code; without encryption there is none, and the
        place is all there is to give. Raises BadTarget for a code that is none."""
        if not self.key:
            return self.place
        return join_link(self.key, self.host, self.port, self.pub, code)


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways in, the likeliest first; `alone` says why there is none."""

    found: tuple[Way, ...] = ()
    alone: Alone = "unknown"

    @property
    def why(self) -> str:
        """The same in words: what is, then what to do; "" where others can come."""
        return {
            "": "",
            "machine": _(
                "This server listens on this machine alone, so nobody else can join. To open it to"
                " your network: disconnect, then “Host here”; or in a terminal: broker.py --lan."
            ),
            "network": _(
                "This machine is on no network, so nobody else can join. Connect it to one; the"
                " server goes on meanwhile."
            ),
            "unknown": _(
                "You came in by an address of this machine alone. Whoever runs the server has the"
                " link for others."
            ),
        }[self.alone]


def ways_in(target: Target, data_dir: Path, own: Callable[[], list[str]] = addresses) -> Ways:
    """Look for the ways into the server of `target`. It reads a small file at most; `own` are this
    machine's addresses."""
    push, sub = host_and_port(target.push), host_and_port(target.sub)
    if push is None or sub is None:
        return Ways()
    if not is_loopback(push[0]):
        return Ways((Way(push[0], push[1], sub[1], (target.key or "").lower()),), "")
    ready = _ready(data_dir)
    if ready is None or not _is_the_same(target, ready):
        return Ways()
    return ways_of(ready, own)


def _ready(data_dir: Path) -> Ready | None:
    try:
        return read_ready(data_dir)
    except BadTarget:
        return None


def _is_the_same(target: Target, ready: Ready) -> bool:
    if target.key and ready.key:
        return target.key.lower() == ready.key.lower()
    return target.key == ready.key and target.push == of_ready(ready).push


def ways_of(ready: Ready, own: Callable[[], list[str]] = addresses) -> Ways:
    """The ways into the server of this machine, by what it says of itself."""
    ports = [at[1] for at in map(host_and_port, ready.pub) if at is not None]
    found: dict[Way, None] = {}
    everywhere = False
    for number, at in enumerate(map(host_and_port, ready.pull)):
        if at is None or not ports:
            continue
        bound, port = at
        pub = ports[min(number, len(ports) - 1)]
        everywhere = everywhere or bound in EVERYWHERE
        for host in own() if bound in EVERYWHERE else [bound]:
            unheard = bound == "0.0.0.0" and ":" in host
            if not is_loopback(host) and not unheard:
                found[Way(host, port, pub, (ready.key or "").lower())] = None
    if found:
        return Ways(tuple(found), "")
    return Ways(alone="network" if everywhere else "machine")
