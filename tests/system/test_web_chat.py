"""Two browsers, a terminal and a bot in one conversation, while everything between them is cut.

Owns a scenario of whole programs with real browsers: the broker and the gateway killed and started
anew, the network of one browser cut and restored. The browsers are driven by their keyboards; what
all of them hold is compared with what the bot heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from playwright.sync_api import Page

from tests.support.browsers import Browsers, browsers
from tests.support.gateway import GatewayProgram
from tests.support.people import Person
from tests.support.programs import same_place, start_broker
from tests.support.relay import Relay
from tests.support.waiting import wait_until
from tests.system.test_chat_tmux import Terminals, terminals

__all__ = ["browsers", "terminals"]


def test_browsers_a_terminal_and_a_bot_hold_the_same_whatever_is_cut(
    tmp_path: Path, terminals: Terminals, browsers: Browsers
) -> None:
    broker = start_broker(tmp_path / "broker")
    place = same_place(broker)
    gateway = GatewayProgram(tmp_path / "web", broker.link)
    bind = gateway.page.removeprefix("http://").rstrip("/")
    with Person(tmp_path / "bot", "ci", "-s", broker.link) as bot:
        bot.ready()
        try:
            with Relay(f"tcp://{bind}") as line:
                lea = browsers.join(gateway.page, "Léa")
                noe = browsers.join(line.address.replace("tcp:", "http:"), "Noé")
                tess = terminals.chat(broker, "Tess", data_dir=tmp_path / "tess")
                tess.wait("#general ›")
                write = {
                    "lea": lambda text: browsers.write(lea, text),
                    "noe": lambda text: browsers.write(noe, text),
                    "tess": tess.say,
                    "ci": lambda text: bot.throw("general", [text]),
                }
                said = _say(write, "before", bot)

                broker.kill()
                for page in (lea, noe):
                    page.locator("#bar", has_text="Link down.").wait_for()
                tess.wait("Link down.")
                said += _say(write, "without a broker", None)
                broker = start_broker(tmp_path / "broker", *place, wildcard=False)
                bot.hears_all(said, "general")

                gateway.kill()
                for page in (lea, noe):
                    page.locator("#bar").wait_for()
                said += _say(write, "without a gateway", None)
                gateway = GatewayProgram(tmp_path / "web", broker.link, bind=bind)
                bot.hears_all(said, "general")

                line.refuse()
                line.cut()
                noe.locator("#bar").wait_for()
                said += _say(write, "without noe's network", None)
                line.refuse(False)
                bot.hears_all(said, "general")
                said += _say(write, "after", bot)

                heard = [str(event["text"]) for event in bot.messages("general")]
                assert sorted(heard) == sorted(said), "nothing lost, nothing doubled"
                for each in write:
                    assert _own(heard, each) == _own(said, each), "in the order of saying"
                for page in (lea, noe):
                    _shows(page, heard)
                file = tmp_path / "tess.txt"
                tess.say(f"/save {file}")
                wait_until(lambda: heard == _saved(file), "what the terminal saved", 20)
        finally:
            gateway.kill()
            broker.kill()


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


def _shows(page: Page, texts: list[str]) -> None:
    """Wait until the page shows these messages, each once and in this order."""
    shown: list[str] = []

    def same() -> bool:
        shown[:] = page.locator("#lines .body").all_inner_texts()
        return shown == texts

    wait_until(same, "the page shows the same", 20, saw=lambda: shown)


def _saved(path: Path) -> list[str]:
    text = path.read_text("utf-8") if path.exists() else ""
    return [line.partition("> ")[2] for line in text.splitlines() if "> " in line]
