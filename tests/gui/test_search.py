"""Finding words in the conversation by the bar, with real keys."""

from __future__ import annotations

import tkinter as tk

import pytest

from common.client.finding import Search, folded, spans
from common.client.timeline import Timeline
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
        self.loaded = 0
        self.closed = 0
        words = dict.fromkeys(range(2100, 4000, 100), "Un ÉTÉ d’œuvre")
        self.room: Timeline = room_of(
            *(record(n, words.get(n, f"message {n}")) for n in range(2_001, 4_001))
        )
        self.seen.show(self.room)
        self.bar = SearchBar(self.seen.view, theme, on_older=self._load, on_close=self._close)
        self.bar.open()
        root.update()
        self.bar.field.text.focus_force()
        root.update()

    def _load(self) -> None:
        self.loaded += 1

    def _close(self) -> None:
        self.closed += 1

    def says(self, words: str) -> None:
        def said() -> bool:
            self.root.update()
            return bool(self.bar._counted.cget("text") == words)

        wait_until(said, f"the bar to say {words!r}", saw=lambda: self.bar._counted.cget("text"))
        self.seen.settle()

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
    assert bar.bar._more.winfo_manager()
    bar.bar._more.invoke()
    assert bar.loaded == 1
    bar.room.add_history(
        [record(n, "a needle" if n == 1_950 else "") for n in range(1_900, 2_001)], more=True
    )
    bar.seen.refresh()
    bar.says("1 of 1")
    assert bar.marked("found-now") == "needle"
    assert not bar.bar._more.winfo_manager()


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
