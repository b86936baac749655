"""An announcement and whoever looks for it, on the loopback of this machine alone."""

from __future__ import annotations

import secrets
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from common.addresses import Own, interfaces
from common.lan import browse, mdns
from common.lan.announce import Announced, Announcer
from common.lan.browse import Watch, discover
from common.lan.found import Found
from common.lan.mdns import Unavailable, taking_part
from tests.support import wait_until

LOOPBACK = [Own("lo", next((one.index for one in interfaces()), 1), "127.0.0.1", 8)]


def loopback() -> list[Own]:
    return LOOPBACK


def server(name: str = "Salle B204") -> Found:
    """One of its own: others of this machine may be announced at the same time."""
    return Found(
        name=name, key=secrets.token_hex(32), hosts=(), pull=5555, pub=5556, card=5557, version="1"
    )


class Told(list[Announced]):
    def wait(self, fits: Callable[[Announced], bool]) -> Announced:
        wait_until(lambda: any(map(fits, self)), "it is told", 15, saw=self.copy)
        return next(filter(fits, self))


Announce = Callable[..., tuple[Announcer, Told]]


@pytest.fixture
def announce() -> Iterator[Announce]:
    with ExitStack() as running:

        def start(what: Found, look: Callable[[], list[Own]] = loopback) -> tuple[Announcer, Told]:
            told = Told()
            announcer = Announcer(what, lambda _own: True, told.append, look)
            running.callback(announcer.close)
            announcer.start()
            return announcer, told

        yield start


@pytest.fixture
def watch() -> Iterator[Watch]:
    with Watch(look=loopback) as watching:
        yield watching


def seen(watch: Watch, what: Found) -> Found | None:
    return next((one for one in watch.servers if one.key == what.key), None)


def test_found_changed_and_gone(announce: Announce, watch: Watch) -> None:
    what = server()
    announcer, told = announce(what)
    assert told.wait(lambda now: now.trouble is None) == Announced(("127.0.0.1",), here_only=True)
    found = wait_until(lambda: seen(watch, what), "it is found")
    assert found is not None
    assert found == replace(what, hosts=("127.0.0.1",), instance=found.instance)
    announcer.change(replace(what, name="Renamed", access="invite"))
    wait_until(
        lambda: (one := seen(watch, what)) and (one.name, one.access) == ("Renamed", "invite"),
        "the change is heard",
    )
    announcer.close()
    wait_until(lambda: seen(watch, what) is None, "the goodbye is heard")


def test_whoever_looks_is_told_of_each_change(announce: Announce) -> None:
    what, heard = server(), threading.Event()
    names: list[list[str]] = []

    def told(servers: list[Found]) -> None:
        names.append([one.name for one in servers if one.key == what.key])
        heard.set()

    watch = Watch(told, look=loopback)
    with watch:
        announcer, _told = announce(what)
        wait_until(lambda: ["Salle B204"] in names, "it is told", saw=lambda: names)
        announcer.close()
        wait_until(lambda: names[-1] == [], "its end is told", saw=lambda: names)
    count = len(names)
    announce(what)[1].wait(lambda now: now.trouble is None)
    assert len(names) == count, "nothing is told after the end"


def test_it_goes_where_the_machine_goes(announce: Announce, watch: Watch) -> None:
    """Another address of the loopback stands for another network."""
    what, places = server(), [Own("lo", 1, "127.0.0.1", 8)]
    _announcer, told = announce(what, lambda: list(places))
    told.wait(lambda now: now.hosts == ("127.0.0.1",))
    places[0] = Own("lo", 1, "127.0.0.9", 8)
    told.wait(lambda now: now.hosts == ("127.0.0.9",))
    wait_until(
        lambda: (one := seen(watch, what)) and one.hosts[0] == "127.0.0.9", "the other address", 15
    )
    places.clear()
    gone = told.wait(lambda now: now.trouble is not None)
    assert gone.trouble is not None
    assert gone.trouble.reason == "no-network"
    wait_until(lambda: seen(watch, what) is None, "the goodbye is heard")
    places.append(Own("lo", 1, "127.0.0.1", 8))
    wait_until(lambda: seen(watch, what), "it is back", 15)


def test_two_of_one_name(announce: Announce, watch: Watch) -> None:
    pair = [server("Club"), server("Club")]
    for one in pair:
        announce(one)
    wait_until(lambda: all(seen(watch, one) for one in pair), "both are found")


def test_one_key_is_one_server_wherever_it_is_announced(announce: Announce, watch: Watch) -> None:
    what = server()
    announce(what)[1].wait(lambda now: now.trouble is None)
    announce(replace(what, pull=6000))[1].wait(lambda now: now.trouble is None)
    wait_until(lambda: (one := seen(watch, what)) and one.pull == 6000, "the latest counts")
    assert sum(one.key == what.key for one in watch.servers) == 1


def test_one_that_died_without_a_word_is_forgotten(
    announce: Announce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after kill -9: nobody says goodbye, and nobody answers any more."""
    monkeypatch.setattr(mdns, "TTL", 2)
    monkeypatch.setattr(browse, "AGAIN", 0.5)
    monkeypatch.setattr(browse, "EVERY", 0.2)
    what = server()
    announcer, told = announce(what)
    told.wait(lambda now: now.trouble is None)
    with Watch(look=loopback) as watch:
        wait_until(lambda: seen(watch, what), "it is found")
        inner = announcer._mdns
        assert inner is not None
        monkeypatch.setattr(inner._zero.zeroconf, "async_send", lambda *_args, **_more: None)
        wait_until(lambda: seen(watch, what) is None, "it is taken off the list", 30)


def test_where_zeroconf_is_missing(announce: Announce, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "zeroconf"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "zeroconf", None)
    monkeypatch.setitem(sys.modules, "zeroconf.asyncio", None)
    _announcer, told = announce(server())
    trouble = told.wait(lambda now: now.trouble is not None).trouble
    assert trouble is not None
    assert trouble.reason == "missing"
    with Watch(look=loopback) as watch:
        wait_until(lambda: watch.trouble, "it is told")
        assert watch.settled(5) == []


def test_what_cannot_be_found_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browse, "interfaces", list)
    monkeypatch.setattr(Watch.__init__, "__defaults__", (None, None, list))
    with pytest.raises(Unavailable) as raised:
        discover(5)
    assert raised.value.reason == "no-network"


def test_who_takes_part() -> None:
    lo, lan = Own("lo", 1, "127.0.0.1", 8), Own("eth0", 2, "10.0.0.1", 24)
    deaf = Own("tun0", 3, "10.8.0.1", 24, multicast=False)
    assert taking_part([lo, lan, deaf]) == [lan]
    assert taking_part([lo]) == [lo]
    for own, reason in (([], "no-network"), ([lo, deaf], "no-multicast")):
        with pytest.raises(Unavailable) as raised:
            taking_part(own)
        assert raised.value.reason == reason


def test_closing_may_be_repeated_and_needs_no_start() -> None:
    announcer = Announcer(server(), lambda _own: True, lambda _now: None, loopback)
    announcer.close()
    announcer.start()
    announcer.close()
    announcer.close()
    watch = Watch(look=loopback)
    watch.close()
    watch.close()


def test_the_port_of_mdns_is_shared() -> None:
    """Other programs on this machine may have it: ours is no obstacle to them, nor they to us."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("", 5353))
        with Watch(look=loopback) as watch:
            assert watch.wait(0.3, bool) is not None
            assert watch.trouble is None
