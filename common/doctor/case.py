"""What is known of one person's way to one server, while it is looked at. Owns no look."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path

from common import keys
from common.addresses import Own
from common.client.pins import BadPins, Pins
from common.client.target import Target
from common.doctor import network
from common.doctor.judging import Way
from common.doctor.seen import Speaker
from common.endpoints import host_and_port
from common.lan.found import Found
from common.protocol.messages import Card
from common.settings import Settings


@dataclass
class Case:
    """What is known so far."""

    settings: Settings
    nick: str
    fallback: bool
    data_dir: Path
    deadline: float
    how: str = ""
    """How the server was named: typed, link, by-hand, here, found; moved: found in another place.
    """
    target: Target | None = None
    own: list[Own] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    """The addresses of the server's machine."""
    announced: Found | None = None
    """What the network says of it, where it was found there."""
    way: Way | None = None
    card: Card | None = None
    no_card: str = ""
    """Why there is none: a code."""
    speaker: Speaker | None = None
    key_wrong: bool = False
    untrusted: bool = False
    over: bool = False
    """What comes next needs what is wrong."""

    @property
    def client_dir(self) -> Path:
        return self.data_dir / "client"

    @property
    def left(self) -> float:
        """Seconds, one at least: what was slow is still to be told from what is not there."""
        return max(1.0, self.deadline - time.monotonic())

    @property
    def host(self) -> str:
        """The server's, as typed."""
        at = host_and_port(self.target.push) if self.target else None
        return at[0] if at else ""

    @property
    def key(self) -> str | None:
        return self.target.key if self.target else None

    @property
    def key_path(self) -> Path:
        """Where the identity's key is kept."""
        typed = self.settings.text("key-file")
        if typed:
            return Path(typed).expanduser()
        return keys.client_key_file(self.data_dir, self.nick)

    @property
    def pinned(self) -> str | None:
        """The key that was trusted under what was typed."""
        if self.target is not None:
            with contextlib.suppress(BadPins, OSError):
                pin = Pins.of(self.data_dir).get(self.target.label)
                return pin.key if pin else None
        return None

    @property
    def ports(self) -> dict[str, int]:
        """The ports of the server by what they are for: `pull`, `pub` and perhaps `card`."""
        if self.target is None:
            return {}
        named = {"pull": self.target.push, "pub": self.target.sub, "card": self.target.card}
        found = {name: host_and_port(address) for name, address in named.items() if address}
        return {name: at[1] for name, at in found.items() if at}

    def shared_with(self, address: str) -> str | None:
        """Our own address on the network that an address belongs to."""
        own = network.shared_with(self.own, address)
        return own.address if own else None
