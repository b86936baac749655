"""People of a scenario: each a bot of its own, with its own data directory, and the operator.

Owns how a test speaks through `client_cli.py bot` and `broker.py`. Knows the lines of docs/bots.md
and nothing of the library.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common import keys
from tests.support.programs import ROOT, Event, Finished, Program, run_program
from tests.support.waiting import wait_until


class Person:
    """Somebody who is in, as a bot. What it heard stays here after its end."""

    def __init__(self, home: Path, nick: str, *words: str) -> None:
        self.home = home
        self.nick = nick
        self._ids = itertools.count(1)
        place: list[str | Path] = ["--data-dir", home, "-n", nick, *words]
        self.bot = Program([sys.executable, ROOT / "client_cli.py", *place, "bot", "--echo"])

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: object) -> None:
        self.bot.kill()

    def ready(self) -> Event:
        """Wait until it is in."""
        return self.bot.wait_json(20, type="ready")

    @property
    def pair(self) -> keys.KeyPair:
        """Its key, for a second connection by hand."""
        return keys.load_or_create(keys.client_key_file(self.home, self.nick))

    # --- what it asks ---

    def ask(self, type: str, **fields: Any) -> Event:
        """One request, and its answer."""
        id = f"{self.nick}-{next(self._ids)}"
        self.bot.send_line({"type": type, "id": id, **fields})
        return self.bot.wait_json(20, id=id)

    def do(self, type: str, **fields: Any) -> Event:
        """One request that must be granted."""
        answer = self.ask(type, **fields)
        assert answer["type"] != "error", answer
        return answer

    def refused(self, code: str, type: str, **fields: Any) -> Event:
        """One request that must be refused so."""
        answer = self.ask(type, **fields)
        assert (answer["type"], answer.get("code")) == ("error", code), answer
        return answer

    def say(self, text: str, **where: str) -> int:
        """Say something that must be stored: its number."""
        return int(self.do("say", text=text, **where)["seq"])

    def throw(self, room: str, texts: Sequence[str]) -> None:
        """Say many things without waiting for an answer."""
        for text in texts:
            self.bot.send_line({"type": "say", "room": room, "text": text})

    # --- what it heard ---

    def messages(self, room: str) -> list[Event]:
        """What was said in a room, as it came."""
        return [
            event
            for event in self.bot.events()
            if event["type"] == "message" and event["room"] == room
        ]

    def numbers(self, room: str) -> list[int]:
        """The numbers of what was said in a room, as it came."""
        return [event["seq"] for event in self.messages(room)]

    def hears(self, text: str, room: str) -> Event:
        """Wait until something was said there."""
        return self.bot.wait_json(20, type="message", room=room, text=text)

    def hears_all(self, texts: Sequence[str], room: str) -> None:
        """Wait until all of these were said there."""

        def missing() -> list[str]:
            heard = {event["text"] for event in self.messages(room)}
            return [text for text in texts if text not in heard]

        wait_until(lambda: not missing(), f"{self.nick} hears all", 20, saw=lambda: missing()[:5])


class Operator:
    """Whoever sits at the broker's machine."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    def run(self, *words: str | Path) -> Finished:
        """One verb of broker.py, to its end."""
        command = [sys.executable, ROOT / "broker.py", "--data-dir", self.data_dir, *words]
        return run_program(command, timeout=60)

    def do(self, *words: str | Path) -> list[Event]:
        """One verb that must be granted: its JSON."""
        done = self.run(*words, "--json")
        assert done.code == 0, f"{words}: {done.code}\n{done.stdout}\n{done.stderr}"
        return done.events()
