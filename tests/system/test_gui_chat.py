"""Two windows as programs of their own, a bot and a broker that is killed: what all of them hold.

Owns a scenario of whole programs. The windows are driven by their keys, as a person would, and read
through what a bot beside them hears and what they save.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.display import Keyboard, screen
from tests.support.people import Person
from tests.support.programs import ROOT, Program, child_env, same_place, start_broker
from tests.support.waiting import wait_until


class Window:
    """`client_gui.py` on a screen of its own."""

    def __init__(self, display: str, home: Path, nick: str, link: str) -> None:
        self.display = display
        self.home = home
        words: list[str | Path] = ["--data-dir", home, "--nick", nick, "--server", link]
        command = [sys.executable, ROOT / "client_gui.py", *words]
        self.program = Program(command, env={"DISPLAY": display, "CAUSETTE_LANG": "en"})
        self.keys = Keyboard(display, lambda: None)

    def title(self) -> str:
        """What its title says, "" before it is shown."""
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", "Causette", "getwindowname"],
            env=child_env({**os.environ, "DISPLAY": self.display}),
            capture_output=True,
            check=False,
        )
        return found.stdout.decode("utf-8", "replace").strip()

    def shown(self) -> None:
        """Wait until the chat is there."""
        wait_until(lambda: "·" in self.title(), "a chat", 30, saw=self.title)

    def write(self, words: str) -> None:
        """Type a line and send it."""
        self.keys.type(words)
        self.keys.press("Return")


def test_two_windows_and_a_bot_hold_the_same_over_a_broker_that_is_killed(
    tmp_path: Path,
) -> None:
    broker = start_broker(tmp_path / "broker")
    place = same_place(broker)
    with screen() as one, screen() as two, Person(tmp_path / "bot", "ci", "-s", broker.link) as bot:
        bot.ready()
        lea = Window(one, tmp_path / "lea", "Léa", broker.link)
        noe = Window(two, tmp_path / "noe", "Noé", broker.link)
        try:
            lea.shown()
            noe.shown()
            lea.write("one")
            bot.bot.wait_json(20, type="message", text="one")
            noe.write("two")
            bot.bot.wait_json(20, type="message", text="two")
            broker.kill()
            lea.write("three")
            broker = start_broker(tmp_path / "broker", *place, wildcard=False)
            bot.bot.wait_json(30, type="message", text="three")
            noe.write("four")
            bot.bot.wait_json(30, type="message", text="four")
            said = [e["text"] for e in bot.bot.events() if e.get("type") == "message"]
            assert said == ["one", "two", "three", "four"]
            saved = [_saved(window, tmp_path) for window in (lea, noe)]
            assert saved[0] == saved[1] == said
            for window in (lea, noe):
                window.keys.press("ctrl+q")
                assert window.program.wait(15) == 0
                assert not [line for line in _log(window) if " ERROR " in line]
        finally:
            broker.kill()
            lea.program.kill()
            noe.program.kill()


def _saved(window: Window, folder: Path) -> list[str]:
    """What the window writes when it is told to save."""
    path = folder / f"{window.home.name}.txt"
    window.write(f"/save {path}")

    def lines() -> list[str]:
        text = path.read_text("utf-8") if path.exists() else ""
        return [line.partition("> ")[2] for line in text.splitlines() if "> " in line]

    wait_until(lambda: len(lines()) >= 4, "what was saved", 20, saw=lines)
    return lines()


def _log(window: Window) -> list[str]:
    path = window.home / "client" / "window.log"
    return path.read_text("utf-8").splitlines() if path.exists() else []
