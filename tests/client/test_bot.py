"""`Bot` without a network: commands, help, mistakes and manners. `say` is replaced by a list."""

import logging
import re

import pytest

from common.client.bot import Bot, Message
from common.protocol.messages import Record


class Heard(Bot):
    """A bot whose words are kept."""

    def __init__(self, rate: int = 10, prefix: str = "!") -> None:
        super().__init__("helper", rate=rate, prefix=prefix)
        self.words: list[str] = []

    def say(self, room: str, text: str) -> None:
        self.words.append(text)

    def hear(self, text: str) -> list[str]:
        """What it says to this."""
        self.words.clear()
        self.handle(Message("general", "ada", "aa", text, 1, "x-1", 0, False, self))
        return list(self.words)


def test_a_command_gets_the_words() -> None:
    bot = Heard()

    @bot.command("add", help="add numbers")
    def add(message: Message, one: str, other: str = "1") -> str:
        return str(int(one) + int(other))

    assert bot.hear("!add 2 3") == ["5"]
    assert bot.hear("  !ADD 2") == ["3"]
    assert bot.hear("!add") == ["Usage: !add ONE [OTHER]"]
    assert bot.hear("!add 1 2 3") == ["Usage: !add ONE [OTHER]"]
    assert bot.hear("add 1 2") == []
    assert bot.hear("!help") == ["!add ONE [OTHER]: add numbers"]


def test_what_a_function_returns_is_said() -> None:
    bot = Heard()
    bot.command("none")(lambda message: None)
    bot.command("many")(lambda message: ["one", "", "two"])
    bot.command("rest")(lambda message, *words: message.argument)
    assert bot.hear("!none") == []
    assert bot.hear("!many") == ["one", "two"]
    assert bot.hear("!rest  a   b ") == ["a   b"]


def test_an_unknown_command_is_perhaps_another_bots() -> None:
    assert Heard().hear("!dance") == []
    assert Heard().hear("!help") == ["I know no commands."]
    assert Heard().hear("!") == []


@pytest.mark.logs_errors
def test_a_mistake_is_logged_and_answered(caplog: pytest.LogCaptureFixture) -> None:
    bot = Heard()
    bot.command("fail")(lambda message: 1 // 0)
    with caplog.at_level(logging.ERROR):
        assert bot.hear("!fail") == ["Sorry, that went wrong. It is in my log."]
    assert "ZeroDivisionError" in caplog.text


def test_listeners_hear_what_is_no_command() -> None:
    bot = Heard()
    heard: list[str] = []

    @bot.on_message()
    def everything(message: Message) -> None:
        heard.append(message.text)

    @bot.on_message(r"(?i)\bhello (\w+)")
    def greeted(message: Message, match: re.Match[str]) -> str:
        return match[1]

    assert bot.hear("oh HELLO bob") == ["bob"]
    assert bot.hear("!hello bob") == []
    assert heard == ["oh HELLO bob"]


def test_a_room_hears_no_more_than_the_rate() -> None:
    bot = Heard(rate=3)
    bot.on_message()(lambda message: "and you?")
    assert [len(bot.hear("hello")) for _again in range(5)] == [1, 1, 1, 0, 0]


def test_a_prefix_of_ones_own() -> None:
    bot = Heard(prefix="helper: ")
    bot.command("ping")(lambda message: "pong")
    assert bot.hear("helper: ping") == ["pong"]
    assert bot.hear("!ping") == []


def test_saying_before_running_is_a_mistake_of_the_program() -> None:
    with pytest.raises(RuntimeError):
        Bot("helper").say("general", "hello")


def test_what_is_said_to_the_bot_alone_is_told_apart() -> None:
    bot = Heard()
    heard: list[Message] = []
    bot.on_message()(heard.append)
    record = Record("message", 1, "x-1", "aa", "ada", 0, "psst")
    for room in ("general", "@" + "a" * 16 + "-" + "b" * 16):
        bot.handle(bot._message(room, record))
    assert [message.direct for message in heard] == [False, True]
