"""Two windows, a terminal, a bot and a broker that is killed: what all of them hold.

Owns a scenario of whole programs. The windows and the terminal are driven by their keys, as a
person would, and read through what a bot beside them hears and what they save.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.support.display import Keyboard, screen
from tests.support.people import Person
from tests.support.programs import ROOT, Program, child_env, same_place, start_broker
from tests.support.waiting import wait_until
from tests.system.test_chat_tmux import Terminals, terminals

__all__ = ["terminals"]


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


def test_two_windows_a_terminal_and_a_bot_hold_the_same_over_a_broker_that_is_killed(
    tmp_path: Path, terminals: Terminals
) -> None:
    """Killed twice: while nobody speaks, so that all of them have something that waits, and in the
    middle of a flood."""
    broker = start_broker(tmp_path / "broker")
    place = same_place(broker)
    with screen() as one, screen() as two, Person(tmp_path / "bot", "ci", "-s", broker.link) as bot:
        bot.ready()
        lea = Window(one, tmp_path / "lea", "Léa", broker.link)
        noe = Window(two, tmp_path / "noe", "Noé", broker.link)
        try:
            lea.shown()
            noe.shown()
            tess = terminals.chat(broker, "Tess", data_dir=tmp_path / "tess")
            tess.wait("#general ›")
            write = {"lea": lea.write, "noe": noe.write, "tess": tess.say}
            write["ci"] = lambda text: bot.throw("general", [text])
            said = _say(write, "before", bot)
            broker.kill()
            tess.wait("Link down.")
            said += _say(write, "meanwhile", None)
            broker = start_broker(tmp_path / "broker", *place, wildcard=False)
            bot.hears_all(said, "general")
            flood = [f"flood {n}" for n in range(600)]
            tess.type("tess in the flood")
            bot.throw("general", flood)
            tess.key("Enter")
            bot.hears(flood[5], "general")
            broker.kill()
            lea.write("lea in the flood")
            broker = start_broker(tmp_path / "broker", *place, wildcard=False)
            said += [*flood, "lea in the flood", "tess in the flood"]
            bot.hears_all(said, "general")
            said += _say(write, "after", bot)
            heard = [str(event["text"]) for event in bot.messages("general")]
            assert sorted(heard) == sorted(said), "nothing lost, nothing doubled"
            for each in write:
                assert _own(heard, each) == _own(said, each), "in the order in which it was said"
            assert [text for text in heard if text in flood] == flood
            files = {each: tmp_path / f"{each}.txt" for each in ("lea", "noe", "tess")}
            for each, file in files.items():
                write[each](f"/save {file}")
                assert _saved(file, len(said)) == heard, "the same order everywhere"
            for window in (lea, noe):
                window.keys.press("ctrl+q")
                assert window.program.wait(15) == 0
                assert not [line for line in _log(window) if " ERROR " in line]
            tess.key("C-d")
            assert tess.ended() == 0
        finally:
            broker.kill()
            lea.program.kill()
            noe.program.kill()


def _say(write: Mapping[str, Callable[[str], object]], when: str, bot: Person | None) -> list[str]:
    """Everybody says two things, in turns. `bot` hears each before the next is said."""
    said = []
    for turn in ("first", "second"):
        for who, say in write.items():
            text = f"{who} {when} {turn}"
            say(text)
            said.append(text)
            if bot is not None:
                bot.hears(text, "general")
    return said


def _own(texts: Sequence[str], who: str) -> list[str]:
    return [text for text in texts if text.startswith(f"{who} ")]


def _saved(path: Path, count: int) -> list[str]:
    """What was written when somebody saved, once so many messages are there."""

    def lines() -> list[str]:
        text = path.read_text("utf-8") if path.exists() else ""
        return [line.partition("> ")[2] for line in text.splitlines() if "> " in line]

    wait_until(lambda: len(lines()) >= count, f"what was saved in {path}", 20, saw=lines)
    return lines()


def _log(window: Window) -> list[str]:
    path = window.home / "client" / "window.log"
    return path.read_text("utf-8").splitlines() if path.exists() else []
