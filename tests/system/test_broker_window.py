"""`broker.py --window`: the whole program on a screen of its own, by keys, with two people in."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from common.client.target import Ready, of_ready, read_ready
from tests.support import require, wait_until
from tests.support.display import Keyboard, screen
from tests.support.members import Member
from tests.support.programs import ROOT, Program, run_program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the screen of these is Xvfb")

BROKER = (sys.executable, str(ROOT / "broker.py"))
COMMAND = (*BROKER, "--window")
ANYWHERE = ("--pull", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*", "--name", "Labo")


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    require("xdotool", "apt-get install xdotool")
    with screen() as name:
        yield name


@pytest.fixture
def opened(display: str, tmp_path: Path) -> Iterator[Callable[[], Program]]:
    """Opens the window of this test's data directory; whatever it logs as an error fails."""
    with ExitStack() as running:
        windows: list[Program] = []

        def window() -> Program:
            command = [*COMMAND, *ANYWHERE, "--data-dir", str(tmp_path)]
            env = {"DISPLAY": display}
            windows.append(running.enter_context(Program(command, env=env)))
            titled(display, "Labo – server stopped")
            return windows[-1]

        yield window
        for one in windows:
            assert not [line for line in one.lines("stderr") if "ERROR" in line], one.describe()


def title(display: str) -> str:
    """The titles of all windows there."""
    done = run_program(
        ["xdotool", "search", "--name", ".", "getwindowname", "%@"], env={"DISPLAY": display}
    )
    return done.stdout


def titled(display: str, words: str) -> None:
    wait_until(lambda: words in title(display), f"a window {words!r}", 20)


def keys(display: str) -> Keyboard:
    return Keyboard(display, lambda: None)


def start(display: str, data: Path) -> Ready:
    """Press the button that has the focus; what the broker then says of itself."""

    def pressed() -> Ready | None:
        found = read_ready(data)
        if found is None and "stopped" in title(display):
            # The window takes keys once its screen has given it the focus.
            env = {"DISPLAY": display}
            run_program(["xdotool", "search", "--name", "Labo", "windowfocus", "%@"], env=env)
            keys(display).press("Return")
        return found

    found = wait_until(pressed, "the server serves", 20)
    assert found is not None
    return found


def test_people_connect_are_counted_and_it_stops_with_the_window(
    opened: Callable[[], Program], display: str, tmp_path: Path
) -> None:
    window = opened()
    ready = start(display, tmp_path)
    assert ready.pid != window.pid
    titled(display, "Labo – 0 people")
    with Member(of_ready(ready), "ada") as ada, Member(of_ready(ready), "bob") as bob:
        ada.ready()
        bob.ready()
        ada.client.say("general", "hello").result(15)
        titled(display, "Labo – 2 people")
        window.send_signal(signal.SIGTERM)
        assert window.wait(20) == 0
    assert read_ready(tmp_path) is None
    again = opened()
    ready = start(display, tmp_path)
    with Member(of_ready(ready), "eve") as eve:
        eve.ready()
        page = eve.client.history("general").result(15)
        assert [record.text for record in page.records] == ["hello"]
    again.send_signal(signal.SIGINT)
    assert again.wait(20) == 0


def test_a_window_that_is_killed_leaves_no_server_behind(
    opened: Callable[[], Program], display: str, tmp_path: Path
) -> None:
    window = opened()
    ready = start(display, tmp_path)
    window.kill()
    wait_until(lambda: read_ready(tmp_path) is None, "the broker has said goodbye", 20)

    def gone() -> bool:
        try:
            os.kill(ready.pid, 0)
        except ProcessLookupError:
            return True
        return False

    wait_until(gone, "its process is gone", 20)


def test_without_a_screen_it_says_so(tmp_path: Path) -> None:
    done = run_program([*COMMAND, "--data-dir", tmp_path], env={"DISPLAY": ""})
    assert done.code == 1
    assert "no window can be opened here" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broker_ends_with_its_input_where_it_is_told_to(tmp_path: Path) -> None:
    command = [*BROKER, "--json", "--end-with-input", *ANYWHERE]
    with Program([*command, "--data-dir", tmp_path]) as broker:
        broker.wait_json(15, type="ready")
        broker.close_stdin()
        assert broker.wait() == 0
        assert "stopped" in broker.lines("stderr")[-1]


def test_what_stands_in_the_way_is_told_to_programs(tmp_path: Path) -> None:
    command = [*BROKER, "--json", "--data-dir", str(tmp_path)]
    with Program([*command, *ANYWHERE]) as first:
        address = first.wait_json(15, type="ready")["pull"][0]
        done = run_program([*command, *ANYWHERE])
        assert (done.code, done.events()[0]["code"]) == (1, "data-dir-locked")
        other = [*command[:-1], str(tmp_path / "other"), "--pull", address]
        error = run_program(other).events()[0]
        assert (error["type"], error["code"], error["address"]) == ("error", "in-use", address)
