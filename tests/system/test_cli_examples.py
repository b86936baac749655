"""The examples run as they stand, and `Bot` keeps its manners."""

import signal
import sys
from pathlib import Path

import pytest

from tests.cli.starting import run
from tests.support import require, wait_until
from tests.support.programs import ROOT, BrokerProgram, Program

EXAMPLES = ROOT / "examples"


def said_by(broker: BrokerProgram, nick: str) -> list[str]:
    events = run(broker, "history", "--json", nick="reader").events()
    return [event["text"] for event in events if event["nick"] == nick]


def is_in(broker: BrokerProgram, nick: str) -> None:
    wait_until(lambda: nick in run(broker, "who").lines(), f"{nick} is in", 20)


def python_bot(broker: BrokerProgram, path: Path, *words: str) -> Program:
    return Program([sys.executable, path, "--data-dir", broker.data_dir, *words])


def test_the_dice_bot(broker: BrokerProgram) -> None:
    with python_bot(broker, EXAMPLES / "dice_bot.py") as bot:
        is_in(broker, "dice")
        lines = ("!roll 1", "!roll 1 2 3", "!roll x", "!help", "hello dice", "!unknown", "dice!")
        assert run(broker, "send", input="\n".join(lines)).code == 0
        wait_until(lambda: len(said_by(broker, "dice")) == 5, "five answers")
        rolled, usage, sorry, help, hello = said_by(broker, "dice")
        assert rolled == "ada rolls 1"
        assert "!roll [SIDES]" in usage
        assert "Sorry" in sorry
        assert "roll a die" in help
        assert hello.startswith("Hello ada!")
        assert any("ValueError" in line for line in bot.lines("stderr"))
        assert bot.stop(signal.SIGTERM) == 143


def test_the_javascript_bot(broker: BrokerProgram) -> None:
    node = require("node", "apt-get install nodejs")
    words: list[str | Path] = [node, EXAMPLES / "count_bot.js", "--data-dir", broker.data_dir]
    with Program(words, env={"PYTHON": sys.executable}) as bot:
        is_in(broker, "counter")
        assert run(broker, "send", "!count one two three").code == 0
        wait_until(lambda: said_by(broker, "counter") == ["ada: 3 words"], "the answer")
        assert bot.stop(signal.SIGTERM) == 143


def test_the_shell_bot(broker: BrokerProgram) -> None:
    require("jq", "apt-get install jq")
    require("uptime", "apt-get install procps")
    bash = require("bash", "apt-get install bash")
    words: list[str | Path] = [bash, EXAMPLES / "uptime_bot.sh", "--data-dir", broker.data_dir]
    with Program(words, env={"PYTHON": sys.executable}) as bot:
        is_in(broker, "uptime")
        assert run(broker, "send", "!uptime").code == 0
        wait_until(lambda: said_by(broker, "uptime"), "the answer")
        assert said_by(broker, "uptime")[0].startswith("up")
        bot.stop(signal.SIGTERM)


@pytest.fixture
def chatty(tmp_path: Path) -> Path:
    """A bot that answers whatever is said, even to bots."""
    path = tmp_path / "chatty.py"
    path.write_text(
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from common.client.bot import Bot\n"
        "bot = Bot(rate=3)\n"
        "@bot.on_message()\n"
        "def answer(message):\n"
        "    return 'you said ' + message.text[:20]\n"
        "bot.run()\n"
    )
    return path


def test_two_bots_cannot_talk_each_other_to_death(broker: BrokerProgram, chatty: Path) -> None:
    with python_bot(broker, chatty, "-n", "tick") as tick, python_bot(broker, chatty, "-n", "tock"):
        is_in(broker, "tick")
        is_in(broker, "tock")
        assert run(broker, "send", "hello").code == 0
        tick.wait_line("held my tongue", stream="stderr")
        assert len(said_by(broker, "tick")) <= 6


def test_a_bot_exits_as_the_other_clients_do(tmp_path: Path) -> None:
    path = EXAMPLES / "dice_bot.py"
    for words, status in ((("--nope",), 2), (("-c", "/nowhere/x.toml"), 78), (("-h",), 0)):
        with Program([sys.executable, path, "--data-dir", tmp_path, *words]) as bot:
            assert bot.wait(20) == status
