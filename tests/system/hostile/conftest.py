"""What these tests share: one broker, bystanders that must notice nothing, and attackers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq

from tests.conftest import BrokerFactory
from tests.support.programs import BrokerProgram
from tests.system.hostile.raw import Peer, Wire, context, talks

FAST = ("--rate", "1000000", "--burst", "1000000")
"""No limit on how fast anybody may talk."""


class Scene:
    """A broker, two bystanders who talk, and whoever attacks. Ends what it made."""

    def __init__(self, broker: BrokerProgram, made: zmq.Context[Any]) -> None:
        self.broker = broker
        self.context = made
        self._people = 0
        self._wires: list[Wire] = []
        self.bystanders = [self.enter(name) for name in ("ada", "bob")]

    def stranger(self, **more: Any) -> Peer:
        """Somebody who is connected and has said nothing."""
        return Peer(self.context, self.broker, **more)

    def enter(self, nick: str = "", rooms: tuple[str, ...] = ("general",), **more: Any) -> Peer:
        """Somebody who is in; `pair` is their key, the rest goes into their `hello`."""
        self._people += 1
        peer = self.stranger(pair=more.pop("pair", None))
        if self.broker.key is None:
            more.setdefault("secret", f"a secret of somebody, {self._people}")
        peer.come_in(nick or f"mallory-{self._people}", rooms, **more)
        return peer

    def wire(self, address: str) -> Wire:
        """A bare TCP connection."""
        made = Wire(address)
        self._wires.append(made)
        return made

    def log(self, after: int = 0) -> list[str]:
        """What the broker told its operator."""
        return self.broker.lines("stderr", after)

    def unharmed(self) -> None:
        """The broker is up, the bystanders hear each other, and nothing of all this reached
        them."""
        assert self.broker.process.poll() is None, self.broker.describe()
        talks(*self.bystanders)
        for peer in self.bystanders:
            peer.settle()
            assert peer.errors() == []
            seqs = [line["seq"] for line in peer.room if line.get("seq")]
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))

    def close(self) -> None:
        for wire in self._wires:
            wire.close()


Setting = Callable[..., Scene]


@pytest.fixture
def setting(broker_factory: BrokerFactory) -> Iterator[Setting]:
    """`setting(*args)`: a scene with a broker of these arguments."""
    scenes: list[Scene] = []
    with context() as made:

        def make(*args: str, **options: Any) -> Scene:
            scenes.append(Scene(broker_factory(*args, **options), made))
            return scenes[-1]

        yield make
        for one in scenes:
            one.close()


@pytest.fixture
def scene(setting: Setting) -> Scene:
    """A scene with the broker as it is shipped."""
    return setting()


@pytest.fixture
def plain(setting: Setting) -> Scene:
    """A scene without encryption, where TCP is enough to say anything."""
    return setting("--plain")
