"""The servers of the network in the form: listed as they come and go, chosen, or refused."""

from __future__ import annotations

import datetime
import tkinter as tk
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from common import i18n, keys
from common.client.pins import Pins
from common.endpoints import host_and_port
from common.gui import entrance
from common.gui.settings import Keeper
from common.lan import browse, permission
from common.lan.found import Found
from common.lan.mdns import Unavailable
from tests.gui.opening import Opened
from tests.support.programs import BrokerProgram

OTHER = "ab" * 32
Tell = Callable[[list[Found]], object]
Opener = Callable[..., Opened]


class Network:
    """In the place of the look-out: what is on the network is said here."""

    last: Network

    def __init__(self, on_change: Tell, on_trouble: Callable[[Unavailable | None], object]) -> None:
        self.on_change = on_change
        self.on_trouble = on_trouble
        self.closed = False
        Network.last = self

    def start(self) -> None:
        """Begin."""

    def close(self, _timeout: float) -> None:
        self.closed = True


@pytest.fixture
def opened(root: tk.Tk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opener]:
    """A window that may look around, on the network that `Network.last` makes up."""
    monkeypatch.setenv(permission.FORBIDDEN, "")
    monkeypatch.setattr(browse, "Watch", Network)
    windows: list[Opened] = []

    def open_one() -> Opened:
        windows.append(Opened(root, tmp_path / "mine"))
        return windows[-1]

    yield open_one
    for one in windows:
        one.window.leave()
    i18n.setup("en", {})


def announced(broker: BrokerProgram, name: str = "Salle B204") -> Found:
    """A broker of this machine, as if it were one of the network."""
    ports = [(host_and_port(one) or ("", 0))[1] for one in (broker.pull, broker.pub, broker.card)]
    return Found(
        name=name,
        key=broker.key,
        hosts=("127.0.0.1",),
        pull=ports[0],
        pub=ports[1],
        card=ports[2],
        instance=name,
    )


STRANGER = Found(
    name="Club", key=OTHER, hosts=("10.0.0.9",), pull=5555, pub=5556, card=5557, access="invite"
)


def words(widget: tk.Misc) -> list[str]:
    """All that is written in a part of the window."""
    found = [str(widget.cget("text"))] if "text" in list(widget.keys()) else []
    for child in widget.winfo_children():
        found += words(child)
    return [one for one in found if one]


def listed(one: Opened) -> list[str]:
    one.root.update()
    return words(one.form._list)


def tell(one: Opened, *servers: Found) -> None:
    Network.last.on_change(list(servers))
    one.until(
        lambda: {offer.found for offer in one.form._list.shown if offer.found} == set(servers),
        "it is listed",
    )


def test_servers_are_listed_as_they_come_and_go(opened: Opener) -> None:
    one = opened()
    assert one.form.said("server") == "Looking for servers on this network…"
    tell(one, STRANGER)
    assert listed(one) == [
        "On this network",
        "Choose",
        "Club",
        "10.0.0.9 · encrypted · by invitation",
        keys.fingerprint(OTHER),
    ]
    assert one.form.said("server") == ""
    twin = replace(STRANGER, key="cd" * 32, hosts=("10.0.0.8",), access="open")
    tell(one, STRANGER, twin)
    shown = listed(one)
    assert f"Club ({keys.fingerprint(OTHER)[:9]})" in shown
    assert f"Club ({keys.fingerprint('cd' * 32)[:9]})" in shown
    tell(one)
    assert listed(one) == []


def test_where_there_is_none_the_form_says_what_to_do(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrance, "_LOOK", 50)
    one = opened()
    none = "No server found on this network. Paste an address or a link, or host here."
    one.until(lambda: one.form.said("server") == none, "it is told")
    Network.last.on_trouble(Unavailable("no-network"))
    one.until(lambda: "not on a network" in one.form.said("server"), "the reason is told")
    one.write(server="192.168.1.20")
    Network.last.on_trouble(None)
    one.until(lambda: one.form.said("server") == "", "nothing is said to who types an address")


def test_a_server_and_a_nickname_are_enough(
    opened: Opener, broker: BrokerProgram, tmp_path: Path
) -> None:
    one = opened()
    server = announced(broker)
    tell(one, server)
    one.press("Choose")
    assert broker.key is not None
    assert keys.fingerprint(broker.key) in one.form.said("server")
    assert Pins.of(tmp_path / "mine").all() == {}, "nothing is pinned before the key is proved"
    one.write(nick="Léa")
    one.press("Connect")
    chat = one.until_in()
    assert Network.last.closed, "nobody looks around during a chat"
    assert chat.joined.entry.target.name == "Salle B204"
    pins = Pins.of(tmp_path / "mine").all()
    assert [pin.key for pin in pins.values()] == [broker.key]
    # Its ports are not the usual ones: what is remembered leads to all of them.
    assert Keeper(tmp_path / "mine").remembered.servers[0].server == server.link()
    chat.disconnect(None)
    one.until(lambda: one.window.entrance is not None, "the form")
    tell(one, server)
    assert "127.0.0.1" in listed(one)[3]
    assert any("known" in line for line in listed(one))


def test_a_changed_key_is_refused_loudly(
    opened: Opener, broker: BrokerProgram, tmp_path: Path
) -> None:
    server = announced(broker)
    pins = Pins.of(tmp_path / "mine")
    pins.pin("10.0.0.1:5555", OTHER, "Salle B204", datetime.date(2026, 11, 20))
    one = opened()
    tell(one, server)
    assert "Not the server that you know: its key is another." in listed(one)
    one.press("Choose")
    one.write(nick="Léa")
    one.press("Connect")
    one.until(lambda: one.entrance.card, "the refusal")
    assert [button.words for button in one.card.buttons] == ["Back"]
    said = words(one.card)
    assert keys.fingerprint(OTHER) in said
    assert server.fingerprint in said
    assert set(pins.all()) == {"10.0.0.1:5555"}
    assert not any("connected" in line for line in broker.lines("stderr"))


def test_another_one_of_a_known_name_is_asked_about(
    opened: Opener, broker: BrokerProgram, tmp_path: Path
) -> None:
    known = replace(STRANGER, name="Salle B204", access="open")
    Pins.of(tmp_path / "mine").pin(
        "10.0.0.9:5555", OTHER, "Salle B204", datetime.date(2026, 11, 20)
    )
    one = opened()
    server = announced(broker)
    tell(one, server, known)
    next(offer for offer in one.form._list._picks.items() if "127.0.0.1" in offer[0])[1].invoke()
    one.write(nick="Léa")
    one.press("Connect")
    one.until(lambda: one.entrance.card, "the question")
    assert server.fingerprint in words(one.card)
    one.press("Trust and connect")
    one.until_in()


def test_what_is_known_comes_first(opened: Opener, tmp_path: Path) -> None:
    Pins.of(tmp_path / "mine").pin("10.0.0.1:5555", OTHER, "Zoo", datetime.date(2026, 11, 20))
    one = opened()
    fakes = [replace(STRANGER, name=f"A{n}", key=f"{n:02}" * 32) for n in range(20)]
    tell(one, *fakes, replace(STRANGER, name="Zoo"))
    assert listed(one)[2] == "Zoo"
    assert "18 more" in listed(one)


def test_a_known_server_that_moved_is_listed_once(opened: Opener, tmp_path: Path) -> None:
    Pins.of(tmp_path / "mine").pin("10.0.0.1:5555", OTHER, "Club", datetime.date(2026, 11, 20))
    one = opened()
    assert "Known servers" in listed(one)
    tell(one, STRANGER)
    assert listed(one)[:1] == ["On this network"]
    assert "Known servers" not in listed(one)
    assert "10.0.0.9 · encrypted · by invitation · known" in listed(one)


def test_what_is_typed_is_asked_about_as_ever(opened: Opener, broker: BrokerProgram) -> None:
    """The announcement is for who chose it: an address that was typed has its own rules."""
    one = opened()
    tell(one, announced(broker))
    one.press("Choose")
    assert one.form.chosen is not None
    one.write(server="127.0.0.2")
    one.until(lambda: one.form.chosen is None, "it is chosen no more")


def test_one_that_moves_while_it_is_chosen_takes_the_field_along(opened: Opener) -> None:
    one = opened()
    tell(one, STRANGER)
    one.press("Choose")
    assert one.form.written.server == "10.0.0.9:5555"
    tell(one, replace(STRANGER, hosts=("10.0.0.77",)))
    assert one.form.written.server == "10.0.0.77:5555"
    assert one.form.chosen is not None
    tell(one)
    assert one.form.written.server == "10.0.0.77:5555", "it may answer all the same"


def test_the_keyboards_place_in_the_list_is_kept(opened: Opener) -> None:
    one = opened()
    tell(one, STRANGER)
    one.form._list._picks["10.0.0.9:5555"].focus_force()
    one.root.update()
    tell(one, STRANGER, replace(STRANGER, name="Another", key="cd" * 32, hosts=("10.0.0.8",)))
    assert one.root.focus_get() is one.form._list._picks["10.0.0.9:5555"]


def test_nobody_looks_where_that_is_not_wanted(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(permission.FORBIDDEN, "1")
    Network.last = None  # type: ignore[assignment]
    one = opened()
    assert one.form.said("server").startswith("No server found. Type an address")
    assert Network.last is None
