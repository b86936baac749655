"""The shipped window as a process, on a screen of its own, with a real broker, by real keys."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import BrokerFactory
from tests.support import wait_until
from tests.support.display import Keyboard, screen
from tests.support.parts import require, require_module
from tests.support.programs import ROOT, BrokerProgram, Program, Words, run_program

Starter = Callable[..., Program]


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """One screen for these windows, one window at a time."""
    require("xdotool", "apt-get install xdotool")
    require_module("tkinter", "apt-get install python3-tk")
    with screen() as name:
        yield name


@pytest.fixture
def keys(display: str) -> Keyboard:
    """The keyboard; the windows have processes of their own, so nothing is to be kept going."""
    return Keyboard(display, lambda: None)


@pytest.fixture
def gui(display: str) -> Iterator[Starter]:
    """`gui(*words)`: client_gui.py, killed at the end; what it logged as an error fails."""
    logs: list[Path] = []
    with ExitStack() as running:

        def start(data_dir: Path, *words: str) -> Program:
            logs.append(data_dir / "client" / "window.log")
            command: Words = [
                sys.executable,
                ROOT / "client_gui.py",
                "--data-dir",
                data_dir,
                *words,
            ]
            return running.enter_context(Program(command, env={"DISPLAY": display}))

        yield start
    for log in logs:
        assert "ERROR" not in log.read_text("utf-8"), log.read_text("utf-8")


def title(display: str) -> str:
    """The title of the window that is shown, "" if none is."""
    done = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--name", "Causette", "getwindowname"],
        env={**os.environ, "DISPLAY": display},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def wait_title(display: str, words: str, gui: Program) -> None:
    wait_until(lambda: title(display) == words, f"the title {words!r}", 20, saw=gui.describe)


def remembered(data_dir: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((data_dir / "client" / "window.json").read_text("utf-8"))
    return found


def history(broker: BrokerProgram) -> list[str]:
    command: Words = [sys.executable, ROOT / "client_cli.py", "history", "--json", "-n", "reader"]
    done = run_program([*command, "--data-dir", broker.data_dir])
    return [str(event.get("text")) for event in done.events()]


def test_a_nickname_is_typed_and_the_next_thing_is_a_message(
    gui: Starter, broker: BrokerProgram, display: str, keys: Keyboard
) -> None:
    window = gui(broker.data_dir)
    wait_title(display, "Causette", window)
    keys.type("ada")
    keys.press("Return")
    wait_title(display, "#general · Causette", window)
    keys.type("hello from the window")
    keys.press("Return")
    said = ["hello from the window"]
    wait_until(lambda: history(broker) == said, "the message", 20, saw=lambda: history(broker))
    keys.press("ctrl+q")
    assert window.wait() == 0
    assert remembered(broker.data_dir)["nick"] == "ada"


def test_disconnecting_leads_back_to_a_form_that_has_its_own_keys(
    gui: Starter, broker: BrokerProgram, display: str, keys: Keyboard
) -> None:
    window = gui(broker.data_dir, "-n", "ada")
    wait_title(display, "#general · Causette", window)
    keys.press("ctrl+shift+d")
    wait_title(display, "Causette", window)
    # Those of the chat are gone with it, and those of the form are there: its help, and back.
    keys.press("ctrl+f", "ctrl+s", "alt+Up", "F1")

    def connected() -> bool:
        keys.press("Return")
        return title(display) == "#general · Causette"

    wait_until(connected, "the chat again", 20, saw=window.describe)
    keys.type("back again")
    keys.press("Return")
    wait_until(lambda: history(broker) == ["back again"], "the message", 20)
    keys.press("ctrl+q")
    assert window.wait() == 0


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
def test_a_signal_ends_it_cleanly(
    gui: Starter, broker: BrokerProgram, display: str, number: signal.Signals, status: int
) -> None:
    window = gui(broker.data_dir, "-n", "ada", "--text-size", "90")
    wait_title(display, "#general · Causette", window)
    if hasattr(signal, "SIGHUP"):
        # Its terminal was closed: no matter.
        window.send_signal(signal.SIGHUP)
    assert window.stop(number) == status
    assert window.lines("stderr") == []
    assert remembered(broker.data_dir)["geometry"]


def test_what_is_unsent_is_told_and_leaves_at_the_next_start(
    gui: Starter,
    broker_factory: BrokerFactory,
    broker: BrokerProgram,
    display: str,
    keys: Keyboard,
) -> None:
    data = broker.data_dir
    window = gui(data, "-n", "ada")
    wait_title(display, "#general · Causette", window)
    place = ["--pull", broker.pull, "--pub", broker.pub, "--card", broker.card]
    broker.stop()
    keys.type("written while it was down")
    keys.press("Return")
    keys.press("ctrl+q")
    assert window.wait() == 0
    assert window.lines("stderr") == [
        "client_gui.py: 1 message waits; it leaves at the next start."
    ]
    again = broker_factory(*place, data_dir=data, wildcard=False)
    window = gui(data, "-n", "ada")
    wait_title(display, "#general · Causette", window)
    wait_until(lambda: history(again) == ["written while it was down"], "the message", 20)
