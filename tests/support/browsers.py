"""Real browsers for tests: Debian's Chromium, driven by Playwright.

Owns that whatever a page complains of fails its test: an exception in a script, a line on the
console, a breach of the Content-Security-Policy. Must not know what is tested. Of the page it knows
how one joins and writes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.parts import lacking, require_module
from tests.support.waiting import scaled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WITHIN = 20_000
"""Milliseconds that anything may take that a test waits for on a page."""
# Chromium itself writes these where a request is refused or a line is cut: the page says it in its
# own words.
_EXPECTED = ("Failed to load resource:", "WebSocket connection to ")


def chromium() -> str:
    """The path of the browser; skips the test, or fails it, where there is none."""
    wanted = os.environ.get("CAUSETTE_TEST_CHROMIUM", "")
    found = next(filter(None, map(shutil.which, (wanted, *NAMES))), None)
    if found is None:
        lacking("Chromium", "apt-get install chromium")
    return found


class Browsers:
    """A Chromium, and as many people with browsers of their own as a test asks for."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []
        """What pages complained of; the fixture fails for any."""

    def context(self, *, width: int = 1280, height: int = 800, **more: Any) -> BrowserContext:
        """A browser of its own: no cookie, nothing remembered. `touch`: a phone."""
        touch = more.pop("touch", False)
        made = self._browser.new_context(
            viewport={"width": width, "height": height},
            locale=more.pop("locale", "en-GB"),
            has_touch=touch,
            is_mobile=touch,
            **more,
        )
        made.set_default_timeout(scaled(WITHIN))
        made.on("page", self._listen)
        self._contexts.append(made)
        return made

    def close(self) -> None:
        """Everybody closes theirs."""
        for each in self._contexts:
            each.close()

    def page(self, url: str, **more: Any) -> Page:
        """A page of a new browser at that address."""
        page = self.context(**more).new_page()
        page.goto(url)
        return page

    def join(self, url: str, nick: str, **more: Any) -> Page:
        """Somebody who came in by the form."""
        page = self.page(url, **more)
        self.enter(page, nick)
        return page

    def enter(self, page: Page, nick: str) -> None:
        """Fill the form in, and wait for the room."""
        page.locator("#join-nick").fill(nick)
        page.locator("#join-go").click()
        page.locator("#chat").wait_for()
        # Until a room is open, the program's name stands there.
        page.locator("#room-name:not(:text-is('Causette'))").wait_for()

    def write(self, page: Page, text: str) -> None:
        """Type a message and send it."""
        page.locator("#words").fill(text)
        page.locator("#words").press("Enter")

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        page.on("console", self._heard)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_EXPECTED):
            self.complaints.append(f"{message.type}: {message.text}")


@contextmanager
def _launched() -> Iterator[Browser]:
    """Chromium. Playwright keeps an event loop in this thread meanwhile: no test beside it may run
    one of its own."""
    require_module("playwright", "python3 dev.py setup dev")
    path = chromium()
    # Deferred: other tests need neither.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def one_chromium() -> Iterator[Browser]:
    """One for all tests of a module, where a conftest has this name too."""
    with _launched() as browser:
        yield browser


@pytest.fixture
def browsers(request: pytest.FixtureRequest) -> Iterator[Browsers]:
    """Browsers of one test; any complaint of a page fails it."""
    with ExitStack() as running:
        try:
            browser = request.getfixturevalue("one_chromium")
        except pytest.FixtureLookupError:
            browser = running.enter_context(_launched())
        made = Browsers(browser)
        yield made
        made.close()
    assert not made.complaints, "\n".join(made.complaints)
