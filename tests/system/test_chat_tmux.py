"""Two people in two real terminals (tmux), a real broker between them."""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import BrokerFactory
from tests.support import require, wait_until
from tests.support.programs import ROOT, BrokerProgram, child_env, run_cli, same_place


class Terminal:
    """A terminal of tmux in which one chat runs."""

    def __init__(self, server: list[str], name: str) -> None:
        self._server = server
        self.name = name

    def tmux(self, *words: str, input: str | None = None) -> str:
        done = subprocess.run(
            [*self._server, *words],
            input=input,
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
            env=child_env(),
        )
        return done.stdout

    def text(self, *options: str) -> str:
        return self.tmux("capture-pane", "-p", *options, "-t", self.name)

    def wait(self, what: str) -> str:
        wait_until(lambda: what in self.text(), f"{what!r} in {self.name}", 20, saw=self.text)
        return self.text()

    def wait_gone(self, what: str) -> None:
        wait_until(lambda: what not in self.text(), f"no {what!r} in {self.name}", saw=self.text)

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-t", self.name, "-l", text)

    def key(self, *names: str) -> None:
        self.tmux("send-keys", "-t", self.name, *names)

    def say(self, text: str) -> None:
        self.type(text)
        self.key("Enter")

    def paste(self, text: str) -> None:
        self.tmux("load-buffer", "-", input=text)
        self.tmux("paste-buffer", "-p", "-t", self.name)

    def resize(self, columns: int, rows: int) -> None:
        self.tmux("resize-window", "-t", self.name, "-x", str(columns), "-y", str(rows))

    def ended(self) -> int:
        """The exit status, once the shell is back."""

        def status() -> list[str]:
            return re.findall(r"STATUS (\d+)", self.text())

        return int(wait_until(status, "the end", 20, saw=self.text)[0])


class Terminals:
    def __init__(self, directory: Path) -> None:
        # A socket's path is at most about 100 bytes, and pytest's directories are long.
        self._server = ["tmux", "-S", str(directory / "s"), "-u", "-f", os.devnull]
        self._count = 0

    def chat(
        self,
        broker: BrokerProgram,
        nick: str,
        *words: str,
        columns: int = 80,
        rows: int = 24,
        data_dir: Path | None = None,
    ) -> Terminal:
        """A chat with the data directory of the broker, where it is not given another; every
        nickname has its own profile."""
        self._count += 1
        name = f"t{self._count}"
        command = [sys.executable, str(ROOT / "client_cli.py"), "chat", "-n", nick]
        command += ["-s", broker.link, "--data-dir", str(data_dir or broker.data_dir), *words]
        environment = ["env", "-u", "NO_COLOR", "COLORTERM=truecolor"]
        line = shlex.join([*environment, *command]) + "; echo STATUS $?; exec cat"
        terminal = Terminal(self._server, name)
        size = ["-x", str(columns), "-y", str(rows)]
        terminal.tmux("new-session", "-d", "-s", name, *size, "-c", str(broker.data_dir), line)
        return terminal

    def end(self) -> None:
        with contextlib.suppress(subprocess.SubprocessError):
            subprocess.run(
                [*self._server, "kill-server"], check=False, capture_output=True, timeout=20
            )


@pytest.fixture
def terminals() -> Iterator[Terminals]:
    require("tmux", "apt-get install tmux")
    with tempfile.TemporaryDirectory(prefix="causette-") as directory:
        terminals = Terminals(Path(directory))
        yield terminals
        terminals.end()


def test_two_people_talk(broker: BrokerProgram, terminals: Terminals) -> None:
    ada = terminals.chat(broker, "Ada", "-r", "tea")
    ada.wait("It is quiet here.")
    lea = terminals.chat(broker, "Léa", "-r", "tea", "--lang", "fr")
    ada.wait("2 here")
    ada.say("hello @léa, see `x` and http://a.b/c")
    ada.wait("✓ no. 1 · stored")
    lea.wait("hello @léa, see x and http://a.b/c")
    lea.say("漢字 👩‍💻 ça va ?")
    lea.wait("✓ n° 2 · enregistré")
    assert "Léa" in ada.wait("漢字")
    coloured = lea.text("-e")
    assert "48;2;54;40;25" in coloured, "the ground of a row that names her"
    lea.say("/me sourit")
    ada.wait("Léa sourit")
    lea.key("C-d")
    assert lea.ended() == 0
    assert "#tea" not in lea.text(), "the screen is clean"
    ada.wait("Léa left the room")


def test_typing_is_never_broken_by_what_arrives(
    broker: BrokerProgram, terminals: Terminals
) -> None:
    ada = terminals.chat(broker, "Ada", "-r", "tea")
    bob = terminals.chat(broker, "Bob", "-r", "tea", columns=40, rows=15)
    ada.wait("2 here")
    ada.type("half a sentence")
    for number in range(30):
        bob.say(f"message {number}")
    ada.wait("message 29")
    assert "#tea › half a sentence" in ada.text()
    ada.paste("\none line\ntwo lines")
    ada.wait("two lines")
    ada.key("Enter")
    bob.wait("two lines")
    assert "one line" in bob.text()
    ada.resize(50, 12)
    ada.wait("two lines")
    ada.key("PageUp")
    ada.wait("Older messages")
    bob.say("the newest")
    ada.wait("1 new message")
    ada.key("C-End")
    ada.wait("the newest")


def test_escapes_of_others_are_shown_and_not_obeyed(
    broker: BrokerProgram, terminals: Terminals
) -> None:
    """Row 53, on a real terminal: no title, no clipboard, no colour, no cleared screen."""
    ada = terminals.chat(broker, "Ada", "-r", "tea")
    ada.wait("It is quiet here.")
    evil = "\x1b]2;owned\x07\x1b]52;c;aGk=\x07\x1b[2J\x1b[31mred\rover\x00 end"
    options = ["-n", "eve", "-r", "tea", "-s", broker.link, "--data-dir", str(broker.data_dir)]
    sent = run_cli("send", *options, "-", input=evil)
    assert sent.code == 0, sent.stderr
    ada.wait("red␍over")
    assert "owned" not in ada.tmux("display-message", "-p", "-t", ada.name, "#{pane_title}")
    assert "\x1b[31m" not in ada.text("-e")
    assert "Causette" in ada.text()


def test_unread_lines_wait_until_the_person_is_back(
    broker: BrokerProgram, terminals: Terminals
) -> None:
    ada = terminals.chat(broker, "Ada", "-r", "tea", "-r", "cake")
    ada.wait("#tea ›")
    ada.say("before")
    ada.wait("no. 1 · stored")
    ada.key("C-d")
    assert ada.ended() == 0
    bob = terminals.chat(broker, "Bob", "-r", "tea", "-r", "cake")
    bob.wait("before")
    bob.say("while you were away")
    bob.wait("no. 2 · stored")
    bob.key("C-n")
    bob.wait("#cake ›")
    bob.say("ada: cake!")
    bob.wait("no. 1 · stored")
    again = terminals.chat(broker, "Ada", "-r", "tea", "-r", "cake")
    again.wait("before")  # a page of history, which may come after what was missed
    text = again.wait("while you were away")
    assert "since you left" in text
    assert "@1 cake" in again.wait("@1 cake").splitlines()[0]
    again.key("M-2")
    again.wait("cake!")


def test_a_broker_that_is_gone_and_back(
    broker_factory: BrokerFactory, terminals: Terminals
) -> None:
    broker = broker_factory()
    ada = terminals.chat(broker, "Ada", "-r", "tea")
    ada.wait("It is quiet here.")
    broker.stop()
    ada.wait("Link down.")
    ada.say("said without a link")
    ada.wait("queued: leaves when the link is back")
    broker_factory(*same_place(broker), wildcard=False)
    ada.wait("✓ no. 1 · stored")
    ada.wait("Link back.")


def test_what_is_queued_leaves_at_the_next_start(
    broker_factory: BrokerFactory, terminals: Terminals
) -> None:
    broker = broker_factory()
    ada = terminals.chat(broker, "Ada", "-r", "tea")
    ada.wait("It is quiet here.")
    broker.stop()
    ada.wait("Link down.")
    ada.say("one")
    ada.say("two")
    ada.wait("two")
    ada.key("C-c", "C-c")
    ada.wait("2 messages wait; they leave at the next start.")
    assert ada.ended() == 0
    broker_factory(*same_place(broker), wildcard=False)
    again = terminals.chat(broker, "Ada", "-r", "tea")
    again.wait("no. 2 · stored")


@pytest.mark.parametrize(("sig", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_restores_the_terminal(
    broker: BrokerProgram, terminals: Terminals, sig: int, status: int
) -> None:
    ada = terminals.chat(broker, "Ada", "-r", "tea")
    ada.wait("It is quiet here.")
    pane = int(ada.tmux("display-message", "-p", "-t", ada.name, "#{pane_pid}"))
    children = Path(f"/proc/{pane}/task/{pane}/children")
    if not children.exists():
        pytest.skip("this system does not tell a process's children")
    os.kill(int(children.read_text().split()[0]), sig)
    assert ada.ended() == status
    assert "Causette" not in ada.text()
    assert ada.tmux("display-message", "-p", "-t", ada.name, "#{alternate_on}").strip() == "0"
