"""Finding words in the conversation by the bar, with real keys."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import pytest

from common.client.events import HistoryReply
from common.client.finding import Search, folded, spans
from common.client.timeline import Key, Timeline
from common.gui.looking_back import SEARCHED
from common.gui.search import SearchBar
from common.gui.theme import Theme
from tests.gui.test_conversation_view import Seen, record, room_of
from tests.support import wait_until
from tests.support.display import Keyboard


class Bar:
    """The bar over a conversation of 2,000 messages; each hundredth has the word."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self.root = root
        self.seen = Seen(root, theme)
        self.closed = 0
        words = dict.fromkeys(range(2100, 4000, 100), "Un ÉTÉ d’œuvre")
        self.room: Timeline = room_of(
            *(record(n, words.get(n, f"message {n}")) for n in range(2_001, 4_001))
        )
        self.seen.show(self.room)
        self.asked: list[tuple[int, Callable[[HistoryReply], object], Callable[[str], object]]] = []
        """Pages that were asked for and not handed over."""
        self.far: list[Key] = []
        """Messages that were found and are not loaded."""
        self.bar = SearchBar(
            self.seen.view, theme, room=lambda: self.room, fetch=self._fetch, on_far=self._show,
            on_close=self._close,
        )  # fmt: skip
        self.bar.open()
        root.update()
        self.bar.field.text.focus_force()
        root.update()

    def _fetch(
        self, before: int, came: Callable[[HistoryReply], object], failed: Callable[[str], object]
    ) -> None:
        self.asked.append((before, came, failed))

    def _show(self, key: Key, then: Callable[[], object]) -> None:
        if not self.seen.view.reveal(key):
            self.far.append(key)
        then()

    def page(self, *found: int) -> None:
        """Hand over the page that was asked for; these numbers hold the needle."""
        (before, came, _failed), *self.asked = self.asked
        first = max(1, before - SEARCHED)
        records = [record(n, "a needle" if n in found else "straw") for n in range(first, before)]
        more = first > 1
        came(HistoryReply(room="general", records=records, more=more, head=4_000))

    def _close(self) -> None:
        self.closed += 1

    def says(self, words: str) -> None:
        def said() -> bool:
            self.root.update()
            return bool(self.bar._counted.cget("text") == words)

        wait_until(said, f"the bar to say {words!r}", saw=lambda: self.bar._counted.cget("text"))
        self.seen.settle()

    def until(self, predicate: Callable[[], object], what: str) -> None:
        def look() -> object:
            self.root.update()
            return predicate()

        wait_until(look, what, saw=lambda: (self.bar.says, self.asked))

    def marked(self, tag: str) -> str:
        ranges = self.seen.view.text.tag_ranges(tag)
        return self.seen.view.text.get(*ranges[:2]) if ranges else ""


@pytest.fixture
def bar(root: tk.Tk, theme: Theme) -> Bar:
    return Bar(root, theme)


def test_case_accents_and_ligatures_do_not_count(bar: Bar, keyboard: Keyboard) -> None:
    keyboard.type("ete d'oeuvre")
    bar.says("1 of 19")
    assert bar.marked("found-now") == "ÉTÉ d’œuvre"
    keyboard.press("Return", "Return")
    bar.says("3 of 19")
    at = bar.seen.view.drawn.find((3_700, 0))
    assert at is not None
    assert bar.seen.view.text.dlineinfo(f"{bar.seen.view.drawn.line(at)}.0")
    keyboard.press("shift+Return", "F3", "shift+F3", "shift+F3", "shift+F3")
    bar.says("19 of 19")


def test_nothing_found_offers_older_messages_and_finds_in_them(
    bar: Bar, keyboard: Keyboard
) -> None:
    keyboard.type("needle")
    bar.says("nothing found")
    assert "Try a shorter word." in bar.bar.says
    assert bar.bar._more.winfo_viewable()
    bar.bar._more.invoke()
    bar.until(lambda: bar.asked, "a page")
    assert bar.asked[0][0] == 2_001
    assert bar.bar._stop.winfo_viewable()
    bar.page()
    bar.until(lambda: bar.asked, "the next page")
    assert "1,000 older messages searched, back to " in bar.bar.says
    bar.page(500, 300)
    bar.says("1 of 1")
    assert bar.far == [(500, 0)]
    assert not bar.asked, "it stops where something is found"
    keyboard.press("Return")
    bar.says("2 of 2")
    assert bar.far == [(500, 0), (300, 0)]
    keyboard.press("Return")
    bar.until(lambda: "The whole room was searched." in bar.bar.says, "the end")
    assert not bar.bar._more.winfo_manager()
    assert not bar.bar._stop.winfo_manager()
    keyboard.press("Return")
    bar.says("1 of 2")


def test_a_search_in_the_whole_room_that_finds_nothing_says_so(
    bar: Bar, keyboard: Keyboard
) -> None:
    keyboard.type("needle")
    bar.says("nothing found")
    keyboard.press("Return")
    for _page in range(2):
        bar.until(lambda: bar.asked, "a page")
        bar.page()
    bar.until(lambda: "from its beginning on" in bar.bar.says, "that it is nowhere")
    assert not bar.bar._more.winfo_manager()
    bar.room.add([record(4_001, "the needle", "grace")], live=True, following=False)
    bar.seen.refresh()
    bar.says("1 of 1")


def test_a_search_in_older_messages_can_be_stopped_and_goes_on(
    bar: Bar, keyboard: Keyboard
) -> None:
    keyboard.type("needle")
    bar.says("nothing found")
    keyboard.press("Return")
    bar.until(lambda: bar.asked, "a page")
    bar.bar._stop.invoke()
    bar.page()
    bar.seen.root.update()
    assert not bar.asked
    assert bar.bar._more.winfo_viewable()
    bar.bar._more.invoke()
    bar.until(lambda: bar.asked, "the next page")
    _before, _came, failed = bar.asked.pop()
    failed("The link with the server was cut.")
    assert bar.bar.says == "The link with the server was cut."
    bar.bar._more.invoke()
    bar.until(lambda: bar.asked, "the page again")
    assert bar.asked[0][0] == 1_001
    keyboard.type("s")
    bar.says("nothing found")
    bar.page(500)
    bar.seen.root.update()
    assert bar.far == [], "other words are looked for now"


def test_what_comes_while_older_messages_are_searched_does_not_disturb_it(
    bar: Bar, keyboard: Keyboard
) -> None:
    keyboard.type("needle")
    bar.says("nothing found")
    keyboard.press("Return")
    bar.until(lambda: bar.asked, "a page")
    bar.room.add([record(4_001, "straw", "grace")], live=True, following=False)
    bar.seen.refresh()
    assert len(bar.asked) == 1
    bar.page()
    bar.until(lambda: bar.asked, "the next page")
    assert bar.asked[0][0] == 1_001


def test_what_comes_meanwhile_counts_and_moves_nothing(bar: Bar, keyboard: Keyboard) -> None:
    keyboard.type("ete")
    bar.says("1 of 19")
    keyboard.press("Return")
    bar.says("2 of 19")
    top = bar.seen.view.drawn.top()
    bar.room.add([record(4_001, "été encore", "grace")], live=True, following=False)
    bar.seen.refresh()
    bar.says("3 of 20")
    assert bar.seen.view.drawn.top() == top


def test_escape_takes_the_bar_and_its_marks_away(bar: Bar, keyboard: Keyboard) -> None:
    keyboard.type("ete")
    bar.says("1 of 19")
    keyboard.press("Escape")
    assert not bar.bar.is_open
    assert bar.closed == 1
    assert not bar.seen.view.text.tag_ranges("found-now")


def test_folding_keeps_the_place_of_what_is_found() -> None:
    assert folded("Élan ŒUVRE Ⅷ") == "elan oeuvre viii"
    assert list(spans("œOEœ a", "oe")) == ["œ", "OE", "œ"]
    assert list(spans("aaa", "aa")) == ["aa"]
    assert list(spans("abc", "")) == []


def test_a_search_in_steps_finds_what_one_at_once_does() -> None:
    room = room_of(*(record(n, f"word {n % 7}") for n in range(1, 500)))
    at_once, stepwise = Search(room), Search(room)
    at_once.find("Word 3")
    at_once.step(1_000)
    stepwise.find("word 3")
    while not stepwise.step(7):
        pass
    assert at_once.found == stepwise.found
    assert len(at_once.found) == 71
    assert at_once.found == sorted(at_once.found, reverse=True)
