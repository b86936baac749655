"""The way in, with real widgets and real brokers: in, or told beside the field at fault."""

from __future__ import annotations

import datetime
import socket
import tkinter as tk
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from common import i18n, keys
from common.client.pins import Pins
from common.gui.form import Form
from common.gui.settings import Keeper, Known
from tests.conftest import BrokerFactory
from tests.gui.opening import Opened
from tests.support.display import Keyboard
from tests.support.ports import ports_in_a_row
from tests.support.programs import BrokerProgram

Opener = Callable[..., Opened]


@pytest.fixture
def opened(root: tk.Tk, tmp_path: Path) -> Iterator[Opener]:
    """`opened(data_dir, **options)`: a window, which is left at the end."""
    windows: list[Opened] = []

    def open_one(data_dir: Path | None = None, *, ask: bool = False, **given: str) -> Opened:
        one = Opened(root, data_dir or tmp_path / "mine", ask=ask, **given)
        windows.append(one)
        return one

    yield open_one
    for one in windows:
        one.window.leave()
    i18n.setup("en", {})


def place(broker: BrokerProgram) -> tuple[str, str]:
    host, _, port = broker.pull.removeprefix("tcp://").rpartition(":")
    return host, port


@pytest.fixture
def neighbour(broker_factory: BrokerFactory, tmp_path: Path) -> Iterator[BrokerProgram]:
    """A broker whose card stands where people expect it: two ports above the first."""
    with ports_in_a_row() as port:
        yield broker_factory(
            "--pull", f"tcp://127.0.0.1:{port}", data_dir=tmp_path / "its", wildcard=False
        )


# --- in ------------------------------------------------------------------------------------------


def test_connect_disconnect_and_connect_again(opened: Opener, broker: BrokerProgram) -> None:
    one = opened(broker.data_dir)
    assert one.root.state() == "normal"
    assert one.form.written.server == "this machine"
    assert one.form.written.port == place(broker)[1]
    one.write(nick="Léa")
    one.press("Connect")
    chat = one.until_in()
    assert chat.joined.ready.nick == "Léa"
    assert chat.ready() == chat.joined.ready, "what was looked at while joining comes again"
    one.until(lambda: one.root.focus_get() is chat.composer, "the cursor in the composer")
    chat.disconnect(None)
    assert one.form.written.nick == "Léa"
    one.press("Connect")
    again = one.until_in()
    assert again is not chat
    # The profile of the first session was let go of: nothing is said of another program.
    assert again.joined.opened.setup.notes == []
    assert Keeper(broker.data_dir).remembered.nick == "Léa"


def test_an_unknown_server_is_shown_and_trusted_once(
    opened: Opener, neighbour: BrokerProgram, tmp_path: Path
) -> None:
    one = opened()
    host, port = place(neighbour)
    one.write(server=host, port=port, nick="Léa")
    one.press("Connect")
    one.until(lambda: one.entrance.card, "the question")
    assert neighbour.key is not None
    shown = keys.fingerprint(neighbour.key)
    assert shown in [str(w.cget("text")) for w in labels(one.card)]
    assert one.root.focus_get() is one.card.buttons[-1], "to trust takes a decision"
    one.press("Do not connect")
    one.until(lambda: one.form.said("server"), "the reason")
    assert "not trusted" in one.form.said("server")
    assert Pins.of(tmp_path / "mine").all() == {}
    one.press("Connect")
    one.until(lambda: one.entrance.card, "the question")
    one.press("Trust and connect")
    one.until_in().disconnect(None)
    one.press("Connect")
    one.until_in()


def test_a_changed_key_is_refused_loudly(
    opened: Opener, neighbour: BrokerProgram, tmp_path: Path
) -> None:
    host, port = place(neighbour)
    other = "ab" * 32
    Pins.of(tmp_path / "mine").pin(f"{host}:{port}", other, "it", datetime.date(2026, 11, 20))
    one = opened()
    one.write(server=host, port=port, nick="Léa")
    one.press("Connect")
    one.until(lambda: one.entrance.card, "the refusal")
    said = [str(w.cget("text")) for w in labels(one.card)]
    assert neighbour.key is not None
    assert keys.fingerprint(neighbour.key) in said
    assert keys.fingerprint(other) in said
    assert [button.words for button in one.card.buttons] == ["Back"]
    one.press("Back")
    assert "key has changed" in one.form.said("server")
    assert Pins.of(tmp_path / "mine").all()[f"{host}:{port}"].key == other


def test_a_pasted_link_needs_no_question(opened: Opener, neighbour: BrokerProgram) -> None:
    one = opened()
    one.write(server=neighbour.link, nick="Léa")
    one.until(lambda: one.form.written.port == place(neighbour)[1], "the port of the link")
    one.press("Connect")
    one.until_in()


def test_a_port_within_the_address_counts_as_long_as_it_stands_there(
    opened: Opener, keyboard: Keyboard
) -> None:
    one = opened()
    one.write(server="", port="6001")
    one.form.field("server").text.focus_force()
    one.root.update()
    keyboard.type("10.0.0.7:99")
    one.until(lambda: one.form.written.port == "99", "the port of the address")
    assert one.form.field("port").instate(["disabled"])
    keyboard.press(*["BackSpace"] * 3)
    one.until(lambda: one.form.written.server == "10.0.0.7", "the address alone")
    assert one.form.written.port == "6001", "what was written before"
    assert not one.form.field("port").instate(["disabled"])
    one.write(server="")
    keyboard.type("causette://abc")
    one.until(lambda: one.form.written.server == "causette://abc", "a link that is typed")
    assert one.form.written.port == "6001", "its first letters are no port"


def test_a_wrong_port_within_the_address_is_told_where_it_can_be_changed(opened: Opener) -> None:
    one = opened()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        one.write(server=f"127.0.0.1:{taken.getsockname()[1]}", nick="Léa")
        one.press("Test the link")
        one.until(lambda: "nothing listens" in one.form.said("port"), "the reason")
    assert one.form.field("server").is_wrong
    assert one.root.focus_get() is one.form.field("server").text


def test_enough_is_known_to_go_straight_in(opened: Opener, broker: BrokerProgram) -> None:
    one = opened(broker.data_dir, nick="ada")
    assert one.root.state() == "withdrawn", "no form flashes up"
    chat = one.until_in()
    assert one.root.state() == "normal"
    one.until(lambda: one.root.focus_get() is chat.composer, "the cursor in the composer")


def test_a_link_that_was_clicked_is_shown_and_not_followed(
    opened: Opener, broker: BrokerProgram
) -> None:
    one = opened(ask=True, nick="ada", server=broker.link)
    assert one.root.state() == "normal", "the form, at once"
    assert not one.form.busy
    assert (one.form.written.server, one.form.written.nick) == (broker.link, "ada")
    one.press("Connect")
    one.until_in()


def test_the_box_that_is_ticked_is_remembered(opened: Opener, broker: BrokerProgram) -> None:
    first = opened(broker.data_dir)
    first.write(nick="Léa")
    first.form.at_once.value = True
    first.press("Connect")
    first.until_in()
    first.window.disconnect()
    remembered = Keeper(broker.data_dir).remembered
    assert remembered.at_once
    assert remembered.last is not None
    assert remembered.last.server == ""


# --- told ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "at", "words"),
    [
        ({"server": "192.168.1.77", "port": "99999"}, "port", "between 1 and 65535"),
        ({"server": "192.168.1.77", "port": "x"}, "port", "between 1 and 65535"),
        ({"server": "two words"}, "server", "is not the address of a server"),
        ({"server": "causette://abc@labo:5555"}, "server", "not complete"),
        ({"server": "labo", "nick": ""}, "nick", "at least one character"),
        ({"server": "labo", "nick": "root"}, "nick", "kept for the server"),
        ({"server": "labo", "invite": "!!"}, "invite", "no code"),
        ({"server": "", "nick": "a"}, "server", "No server runs on this machine with the data in"),
        ({"server": "", "nick": "a"}, "server", "type 127.0.0.1"),
        ({"server": "no-such-host.invalid"}, "server", "No machine is called"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    opened: Opener, fields: dict[str, str], at: str, words: str
) -> None:
    one = opened()
    one.write(**{"nick": "Léa", **fields})
    before = one.form.written
    one.press("Connect")
    one.until(lambda: words in one.form.said(at), words)  # type: ignore[arg-type]
    one.until(lambda: not one.form.busy, "that it rests", 20)
    field = one.form.field(at)  # type: ignore[arg-type]
    assert words in one.form.said(at)  # type: ignore[arg-type]
    assert field.is_wrong
    assert one.root.focus_get() is field.text
    assert one.form.written == before, "nothing typed is cleared"


@pytest.mark.parametrize(
    ("fields", "at", "corrected"),
    [
        ({"server": "192.168.1.77", "port": "99999"}, "port", "port"),
        ({"server": "two words"}, "server", "server"),
        ({"server": "two words"}, "server", "port"),
        ({"server": "labo", "nick": "root"}, "nick", "nick"),
        ({"server": "labo", "invite": "!!"}, "invite", "invite"),
    ],
)
def test_what_was_wrong_is_said_until_it_is_corrected(
    opened: Opener, keyboard: Keyboard, fields: dict[str, str], at: str, corrected: str
) -> None:
    one = opened()
    one.write(**{"nick": "Léa", **fields})
    one.press("Connect")
    one.until(lambda: one.form.said(at), "what is wrong")  # type: ignore[arg-type]
    one.root.update()
    assert one.form.said(at), "told of late, it is still what was found at fault"  # type: ignore[arg-type]
    before = one.form.written
    other = one.form.field("server" if at == "nick" else "nick")
    other.value += "x"
    one.root.update()
    assert one.form.said(at), "another field says nothing of it"  # type: ignore[arg-type]
    other.value = other.value[:-1]
    one.root.focus_force()
    field = one.form.field(corrected)  # type: ignore[arg-type]
    field.focus_set()
    field.text.mark_set("insert", "end-1c")
    keyboard.press("BackSpace")
    one.until(lambda: not one.form.said(at), "that it is said no more")  # type: ignore[arg-type]
    assert not one.form.field(at).is_wrong  # type: ignore[arg-type]
    assert one.root.focus_get() is field.text
    was = getattr(before, "code" if corrected == "invite" else corrected)
    assert field.value == was[:-1], "the rest of what was typed stays"


def test_a_nickname_of_anothers_comes_back_to_its_field(
    opened: Opener, broker: BrokerProgram, tmp_path: Path
) -> None:
    first = opened(broker.data_dir, nick="ada")
    first.until_in().disconnect(None)
    (broker.data_dir / "client" / "keys" / "ada.key").rename(tmp_path / "elsewhere")
    first.press("Connect")
    first.until(lambda: "is taken" in first.form.said("nick"), "that it is taken")
    assert 'Try "ada-2"' in first.form.said("nick")


def test_a_closed_port_is_told_and_can_be_cancelled(opened: Opener) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        one = opened()
        one.write(server="127.0.0.1", port=str(port), nick="Léa")
        one.press("Connect")
        one.until(lambda: "nothing listens" in one.form.said("port"), "the reason so far")
        assert one.form.busy
        one.press("Cancel")
        assert not one.form.busy
        assert one.form.written.port == str(port)


def test_an_invitation_is_asked_for_and_used(
    opened: Opener, broker_factory: BrokerFactory, tmp_path: Path
) -> None:
    from tests.support.programs import ROOT, run_program

    broker = broker_factory("--access", "invite", data_dir=tmp_path / "its")
    one = opened()
    one.write(server=broker.link, nick="Léa")
    one.press("Connect")
    one.until(lambda: "lets in who is invited" in one.form.said("invite"), "the words")
    assert one.form.busy, "an administrator may let one in meanwhile"
    one.press("Cancel")
    one.write(invite="AAAA-BBBB-CCCC")
    one.press("Connect")
    one.until(lambda: one.form.field("invite").is_wrong, "that it is none")
    import sys

    made = run_program(
        [sys.executable, ROOT / "broker.py", "invite", "--json", "--data-dir", broker.data_dir]
    )
    one.write(invite=made.events()[0]["code"])
    one.press("Connect")
    one.until_in()


def test_the_link_can_be_tested_without_joining(opened: Opener, neighbour: BrokerProgram) -> None:
    one = opened()
    host, port = place(neighbour)
    one.write(server=host, port=port)
    one.press("Test the link")
    one.until(lambda: "answers in" in one.form.said("server"), "the verdict")
    assert "Not known yet" in one.form.said("server")
    neighbour.kill()
    one.press("Test the link")
    one.until(lambda: "nothing listens" in one.form.said("port"), "the other verdict")


# --- the page ------------------------------------------------------------------------------------


def test_the_language_changes_and_keeps_what_was_written(opened: Opener) -> None:
    one = opened()
    one.write(server="this machine", nick="Léa")
    one.press("Français")
    assert one.form.written.server == "cette machine"
    assert one.form.written.nick == "Léa"
    one.press("Se connecter")
    assert "Aucun serveur" in one.form.said("server")
    assert one.window.remembered.lang == "fr"
    one.press("English")
    assert one.form.written.server == "this machine"


def test_the_theme_goes_round_and_is_remembered(opened: Opener) -> None:
    one = opened(theme="light")
    seen = []
    for words in ("Theme: light", "Theme: dark", "Theme: the system's"):
        one.press(words)
        seen.append(one.window.remembered.theme)
    assert seen == ["dark", "system", "light"]


@pytest.mark.parametrize("by_keyboard", [True, False])
def test_an_error_and_what_to_press_next_are_in_view_on_a_small_window(
    opened: Opener, tmp_path: Path, by_keyboard: bool
) -> None:
    keeper = Keeper(tmp_path / "mine")
    for place in range(2):
        keeper.remembered.was_on(Known(server=f"192.168.1.{place}", name=f"Labo {place}", nick="A"))
    keeper.save()
    one = opened(nick="Léa")
    one.root.geometry("480x360+0+0")
    one.until(lambda: one.root.winfo_width() == 480, "the size")
    one.window.theme.by_keyboard = by_keyboard
    one.entrance.show_top()
    one.write(server="two words")
    one.entrance.connect()
    field = one.form.field("server")
    said = one.form._said["server"]
    parts = {"the field": field, "the reason": said, "Connect": one.form._connect}

    def seen(part: tk.Misc) -> bool:
        top = part.winfo_rooty() - one.root.winfo_rooty()
        return bool(said.words) and top >= 0 and top + part.winfo_height() <= 360

    for words, part in parts.items():
        one.until(partial(seen, part), words)
    one.entrance._wheel(-1)
    one.entrance._wheel(-1)
    one.entrance._wheel(-1)
    one.root.geometry("490x360")
    one.until(lambda: one.root.winfo_width() == 490, "another size")
    one.root.update()
    assert not seen(one.form._connect), "who scrolls is left where they are"


def test_everything_is_in_reach_by_keyboard_on_a_small_window(opened: Opener) -> None:
    one = opened(nick="Léa")
    one.root.geometry("480x360+0+0")
    one.until(lambda: one.root.winfo_width() == 480, "the size")
    one.window.theme.by_keyboard = True
    one.root.focus_force()
    form: Form = one.form
    form.field("server").focus_set()
    seen = set()
    for _ in range(20):
        here = one.root.focus_get()
        assert here is not None
        one.root.update()
        top = here.winfo_rooty() - one.root.winfo_rooty()
        assert top >= 0, f"{here} is out of view"
        assert top + here.winfo_height() <= 360, f"{here} is out of view"
        seen.add(here)
        following = here.tk_focusNext()
        assert following is not None
        following.focus_set()
    assert len(seen) >= 9


def labels(widget: tk.Misc) -> list[tk.Misc]:
    found: list[tk.Misc] = [widget] if widget.winfo_class() == "TLabel" else []
    for child in widget.winfo_children():
        found += labels(child)
    return found


def test_buttons_that_are_too_long_for_a_row_stand_one_under_the_other(opened: Opener) -> None:
    one = opened()
    one.press("Host here")

    def rows() -> int:
        one.root.update()
        for each in one.card.buttons:
            wide, wanted = each.winfo_width(), each.winfo_reqwidth()
            assert wide >= wanted, (each.words, wide, wanted)
        return len({each.winfo_y() for each in one.card.buttons})

    one.until(lambda: rows() == 1, "one row")
    one.window.zoom(3)
    one.root.geometry("480x700")
    one.until(lambda: rows() == 3, "three rows")
