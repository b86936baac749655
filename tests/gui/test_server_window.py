"""The server's window with real widgets, real keys and a real broker behind it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest

from common.client.target import parse_server
from common.gui.dialogs.code import Code
from common.gui.dialogs.inviting import NewInvitation
from common.gui.server_host import ServerHost
from common.gui.server_lines import LogLines, PassingLines
from common.gui.server_log import Logged
from common.gui.server_model import ServerModel
from common.gui.server_place import AS_GIVEN, HERE, Place
from common.gui.server_shapes import MOST_LINES, Passed, Tail
from common.gui.server_window import ServerWindow
from common.gui.theme import Theme
from common.protocol.deeds import MakeInvitation
from tests.support import wait_until
from tests.support.display import Keyboard
from tests.support.members import Member
from tests.support.programs import child_env

ANYWHERE = ("--pull=tcp://127.0.0.1:*", "--pub=tcp://127.0.0.1:*", "--name=Labo")

Open = Callable[..., ServerWindow]
S = TypeVar("S", bound=tk.Misc)


@pytest.fixture
def opened(root: tk.Tk, theme: Theme, tmp_path: Path) -> Iterator[Open]:
    """`opened(place, *options)`: the window, over a data directory of this test."""
    assert theme.root is root
    with ExitStack() as running:

        def window(place: Place, *options: str) -> ServerWindow:
            words = [*options, f"--data-dir={tmp_path}"]
            access = "invite" if "--access=invite" in options else "open"
            model = ServerModel("Labo", place, access=access)
            host = ServerHost(model, tmp_path, words, child_env())
            running.callback(host.close)
            made = ServerWindow(root, host, on_closed=lambda: closed.append(True))
            running.callback(made.destroy)
            made.pack(fill="both", expand=True)
            root.geometry("1000x740")
            root.update()
            made.start_button.focus_force()
            root.update()
            return made

        closed.clear()
        yield window


closed: list[bool] = []


def until(window: ServerWindow, predicate: Callable[[], object], what: str) -> None:
    """Wait while the window lives."""

    def turn() -> object:
        window.update()
        return predicate()

    model = window.model
    wait_until(turn, what, 20, saw=lambda: (model.phase, model.fault_words, model.status))


def enter(window: ServerWindow, nick: str) -> Member:
    return Member(parse_server(window.link.link, Path("/nowhere")), nick)


def said(widget: tk.Misc) -> str:
    return str(widget.cget("text"))


def test_it_is_started_by_a_key_and_shows_who_comes_and_what_they_say(
    opened: Open, keyboard: Keyboard
) -> None:
    window = opened(Place(AS_GIVEN, 0), *ANYWHERE)
    assert window.start_button.enabled
    assert not window.stop_button.enabled
    keyboard.press("Return")
    until(window, lambda: window.model.phase == "running", "it serves")
    assert not window.start_button.enabled
    assert window.stop_button.enabled
    assert said(window._status).startswith("Waiting for a connection on port ")
    with enter(window, "ada") as ada, enter(window, "bob") as bob:
        ada.ready()
        bob.ready()
        until(window, lambda: len(window.people.rows) == 2, "two people")
        ada.client.say("general", "salut 😀").result(15)
        bob.client.say("general", "hello\nagain").result(15)
        until(window, lambda: "again" in window.passing.content, "what was said")
        assert "\t#general\tada\tsalut 😀\n" in window.passing.content
        assert window.passing.content.endswith("\t#general\tbob\thello⏎again")
        assert "Connection established with 127.0.0.1 (" in said(window._status)
        assert "ada connected from 127.0.0.1." in window.log.content
        until(window, lambda: window.counters.values[1].amount == "2", "two messages counted")
        assert str(window.winfo_toplevel().title()) == "Labo – 2 people"
        window.filters.choose("errors")
        assert window.log.content == ""
        window.filters.choose("all")
        assert "connected" in window.log.content
        window.link.copy.invoke()
        assert window.clipboard_get() == window.link.link
        window.stop_button.focus_force()
        keyboard.press("space")
        until(window, lambda: window.model.phase == "stopped", "it has stopped")
    assert window.start_button.enabled
    assert "salut 😀" in window.passing.content


def test_where_an_invitation_is_needed_it_is_made_here(opened: Open, root: tk.Tk) -> None:
    window = opened(Place(AS_GIVEN, 0), *ANYWHERE, "--access=invite")
    assert window.link.invite.winfo_ismapped()
    assert not window.link.invite.enabled
    window.start()
    until(window, lambda: window.link.invite.enabled, "it serves")
    until(window, lambda: window.host._feed and window.host._feed._client, "its listener")
    window.link.invite.invoke()
    asked = sheet(root, NewInvitation)
    asked.uses.value = "5"
    asked._go()
    until(window, lambda: sheets(root, Code), "the code")
    code = sheet(root, Code)
    words = [said(one) for one in code.body.winfo_children()]
    assert code.code in words
    assert any("lets 5 people in" in one for one in words)
    assert any("From this machine only" in one for one in words), "there is no link to give"
    target = parse_server(f"{window.link.link}?invite={code.code}", Path("/nowhere"))
    with Member(target, "ada") as ada:
        ada.ready()
    code.close()
    window.host.stop()
    until(window, lambda: not window.host.running, "its end")
    window.refresh()
    assert not window.link.invite.enabled


def test_without_a_server_there_is_no_invitation(opened: Open) -> None:
    window = opened(Place(HERE, 5555))
    told: list[str] = []
    window.host.invite(MakeInvitation(), lambda _reply: None, told.append)
    until(window, lambda: told, "why not")
    assert not window.link.invite.winfo_manager(), "nobody needs one there"


def sheets(root: tk.Tk, kind: type[S]) -> list[S]:
    return [one for one in root.winfo_children() if isinstance(one, kind)]


def sheet(root: tk.Tk, kind: type[S]) -> S:
    root.update()
    return sheets(root, kind)[0]


def test_a_wrong_port_is_said_beside_it_and_corrected_by_typing(
    opened: Open, keyboard: Keyboard
) -> None:
    window = opened(Place(HERE, 5555))
    window.port.focus_set()
    window.port.select_all()
    keyboard.type("70000")
    keyboard.press("Return")
    until(window, lambda: window.port.is_wrong, "it is at fault")
    assert said(window._fault) == "A port is between 1 and 65535."
    assert window._fault.winfo_ismapped()
    assert not window.host.running
    keyboard.type("7")
    until(window, lambda: not window.port.is_wrong, "it was corrected")
    assert not window._fault.winfo_manager()


def test_closing_asks_while_it_runs_and_stops_it(opened: Open, keyboard: Keyboard) -> None:
    window = opened(Place(AS_GIVEN, 0), *ANYWHERE)
    window.start()
    until(window, lambda: window.model.phase == "running", "it serves")
    window.close()
    window.update()
    assert window._question is not None
    keyboard.press("Escape")
    until(window, lambda: window._question is None, "nothing happened")
    assert window.model.phase == "running"
    window.close()
    window.update()
    keyboard.press("Return")
    until(window, lambda: closed, "the window may go")
    assert not window.host.running


def test_closing_asks_nothing_where_nothing_runs(opened: Open) -> None:
    window = opened(Place(HERE, 5555))
    window.close()
    until(window, lambda: closed, "the window may go")


def test_on_a_small_window_one_part_is_shown_at_a_time(opened: Open, root: tk.Tk) -> None:
    window = opened(Place(HERE, 5555))
    parts = (window.passing, window.log, window.people)

    def shown() -> list[bool]:
        root.update()
        return [part.winfo_ismapped() == 1 for part in parts]

    until(window, lambda: shown() == [True, True, True], "all at once")
    root.geometry("480x360")
    until(window, lambda: shown() == [True, False, False], "the messages")
    window._nav.choose("side")
    until(window, lambda: shown() == [False, False, True], "the people")
    assert window.start_button.winfo_ismapped()
    for part in (window.start_button, window.stop_button, window.port, window.link.copy):
        right = part.winfo_rootx() + part.winfo_width()
        assert right <= window.winfo_rootx() + window.winfo_width()
    root.geometry("1000x740")
    until(window, lambda: shown() == [True, True, True], "all again")


# --- lines -------------------------------------------------------------------------------------


def passed(number: int) -> Passed:
    return Passed(1_763_000_000_000, "general", number, "u1", "Ada", f"message {number}")


def filled(lines: PassingLines, tail: Tail[Passed]) -> None:
    while lines.show(tail):
        pass


@pytest.fixture
def lines(root: tk.Tk, theme: Theme) -> PassingLines:
    assert theme.root is root
    made = PassingLines(root)
    made.pack(fill="both", expand=True)
    root.update()
    return made


def test_lines_are_bounded_and_the_end_stays_in_view(root: tk.Tk, lines: PassingLines) -> None:
    tail: Tail[Passed] = Tail()
    for number in range(MOST_LINES + 500):
        tail.add(passed(number))
        if number % 37 == 0:
            lines.show(tail)
    filled(lines, tail)
    root.update()
    shown = lines.content.split("\n")
    assert len(shown) == MOST_LINES
    assert shown[0].endswith("message 500")
    assert shown[-1].endswith(f"message {MOST_LINES + 499}")
    assert lines.text.yview()[1] == 1.0


def test_whoever_scrolled_up_is_not_moved(root: tk.Tk, lines: PassingLines) -> None:
    tail: Tail[Passed] = Tail()
    for number in range(200):
        tail.add(passed(number))
    filled(lines, tail)
    root.update()
    lines.text.yview_moveto(0.3)
    root.update()
    before = lines.text.get("@0,10 linestart", "@0,10 lineend")
    for number in range(200, 220):
        tail.add(passed(number))
    filled(lines, tail)
    root.update()
    assert lines.text.get("@0,10 linestart", "@0,10 lineend") == before


def test_a_deleted_message_disappears_from_the_widget(lines: PassingLines) -> None:
    tail: Tail[Passed] = Tail()
    tail.add(passed(1))
    tail.add(passed(2))
    filled(lines, tail)
    tail.change(0, Passed(1, "general", 1, "u1", "Ada", "", deleted=True))
    filled(lines, tail)
    assert "message 1" not in lines.content
    assert "message deleted" in lines.content
    assert "message 2" in lines.content


def test_marks_are_drawn_where_a_message_is_one_line(lines: PassingLines) -> None:
    tail: Tail[Passed] = Tail()
    for number, text in enumerate(("a **b** `c` d", "> **q**", "```\nx **y**\n```", "```")):
        tail.add(Passed(1, "general", number, "u1", "Ada", text))
    filled(lines, tail)
    shown = [line.rpartition("\t")[2] for line in lines.content.split("\n")]
    assert shown == ["a b c d", "> **q**", "```⏎x **y**⏎```", "```"]
    drawn = {tag: lines.text.get(*lines.text.tag_ranges(tag)) for tag in ("strong", "mono")}
    assert drawn == {"strong": "b", "mono": "c"}


def test_the_theme_changes_under_the_lines(root: tk.Tk, theme: Theme) -> None:
    log = LogLines(root)
    log.pack(fill="both", expand=True)
    tail: Tail[Logged] = Tail()
    tail.add(Logged("08:00:00", "error", "the disk is full"))
    log.show(tail)
    theme.switch("dark")
    theme.zoom(150)
    root.update()
    assert str(log.text.tag_cget("error", "foreground")) == theme.color["danger"]
    assert log.content == "08:00:00\tthe disk is full"
    log.show(tail)
    assert log.content == "08:00:00\tthe disk is full"
