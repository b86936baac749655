"""What the page's tests share: a broker, a gateway before it, and browsers.

Owns how a site is started and how a test speaks about a page: what it shows, and that nothing is
wider than the screen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from tests.support.browsers import browsers, one_chromium
from tests.support.people import Operator, Person
from tests.support.programs import ROOT, BrokerProgram, Program, start_broker
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["browsers", "one_chromium"]


class Site:
    """One server with its page; `url` is where that is."""

    def __init__(self, home: Path, *broker_words: str) -> None:
        self._home = home
        self._running = ExitStack()
        self.broker: BrokerProgram = self._running.enter_context(
            start_broker(home / "broker", "--name", "Lab B204", *broker_words)
        )
        self.gateway = self._gateway(0)
        self.url = str(self.gateway.wait_json(20, type="ready")["page"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.gateway.kill()
        self._running.close()

    def _gateway(self, port: int) -> Program:
        command: list[str | Path] = [sys.executable, ROOT / "client_web.py", self.broker.link]
        command += ["--data-dir", self._home / "web", "--bind", f"127.0.0.1:{port}", "--json"]
        return Program(command)

    def restart_gateway(self) -> None:
        """The gateway again, where it was."""
        self.gateway.kill()
        self.gateway = self._gateway(int(self.url.rstrip("/").rpartition(":")[2]))
        self.gateway.wait_json(20, type="ready")

    def person(self, nick: str) -> Person:
        """Somebody else who is in; ends with the site."""
        made = self._running.enter_context(Person(self._home / nick, nick, "-s", self.broker.link))
        made.ready()
        return made

    @property
    def operator(self) -> Operator:
        """Whoever sits at the server's machine."""
        return Operator(self._home / "broker")

    def make_owner(self, nick: str) -> None:
        """Somebody who was here owns the server from now on."""
        self.operator.do("admin", "owner", nick)


@pytest.fixture
def site_factory(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """`site_factory(*words for the broker)`: sites that end with the test."""
    with ExitStack() as running:
        yield lambda *words: running.enter_context(Site(tmp_path, *words))


@pytest.fixture
def site(site_factory: Callable[..., Site]) -> Site:
    """A server that is open to everybody, and its page."""
    return site_factory()


class Shown:
    """What a page shows, read as a person would."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def texts(self) -> list[str]:
        """The messages, from above."""
        return self.page.locator("#lines .body").all_inner_texts()

    def waits_for(self, *texts: str) -> None:
        """Until the last messages are these."""
        wanted = list(texts)
        wait_until(
            lambda: self.texts()[-len(wanted) :] == wanted, f"shows {wanted}", 20, saw=self.texts
        )

    def toast(self, words: str) -> None:
        """Until this was told for a moment."""
        self.page.locator("#toast").get_by_text(words).wait_for()

    def first_in_sight(self, scroll_to: int | None = None) -> tuple[str, int]:
        """The first row of the conversation that is in sight, and how far from the edge it is; with
        `scroll_to`, right after the person scrolled there, before anything else can happen."""
        key, above = self.page.evaluate(
            """scrollTo => {
              if (scrollTo !== null) document.getElementById("log").scrollTop = scrollTo;
              const top = document.getElementById("log").getBoundingClientRect().top;
              for (const row of document.querySelectorAll("#lines > li")) {
                const box = row.lastElementChild.getBoundingClientRect();
                if (box.bottom > top) return [row.dataset.k, Math.round(box.top - top)];
              }
              return ["", 0];
            }""",
            scroll_to,
        )
        return key, above

    def below_the_end(self) -> float:
        """Pixels of the conversation that are below what is in sight."""
        return float(
            self.page.evaluate(
                "(log => log.scrollHeight - log.scrollTop - log.clientHeight)"
                "(document.getElementById('log'))"
            )
        )

    def too_wide(self) -> float:
        """Pixels by which the page is wider than the screen."""
        return float(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
