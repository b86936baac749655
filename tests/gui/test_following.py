"""The theme of the system, while the window runs."""

from __future__ import annotations

import threading
import tkinter as tk
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from common.gui import desktop, following
from common.gui.following import Following
from common.gui.theme import Choice, Mode, Theme
from tests.support import wait_until


@dataclass
class Desktop:
    """Says what it is told to, once it may."""

    mode: Mode = "light"
    free: threading.Event = field(default_factory=threading.Event)
    asked: int = 0

    def __call__(self) -> Mode:
        self.asked += 1
        assert self.free.wait(20)
        return self.mode


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Desktop:
    """The desktop, which answers at once, and is asked as often as one looks."""
    made = Desktop()
    made.free.set()
    monkeypatch.setattr(desktop, "mode", made)
    monkeypatch.setattr(following, "_EVERY", 0.0)
    return made


@pytest.fixture
def wanted() -> list[Choice]:
    """What the person chose."""
    return ["system"]


@pytest.fixture
def theme(root: tk.Tk, said: Desktop, wanted: list[Choice]) -> Iterator[Theme]:
    made = Theme(root, wanted[0])
    running = Following(made, lambda: wanted[0])
    yield made
    running.close()


def until(root: tk.Tk, predicate: Callable[[], object], what: str) -> None:
    def look() -> object:
        root.update()
        return predicate()

    wait_until(look, what)


def test_a_change_of_the_desktop_is_followed(root: tk.Tk, theme: Theme, said: Desktop) -> None:
    assert theme.name == "light"
    said.mode = "dark"
    until(root, lambda: theme.name == "dark", "the dark theme")
    said.mode = "light"
    until(root, lambda: theme.name == "light", "the light theme")


def test_a_chosen_theme_stays_whatever_the_desktop_does(
    root: tk.Tk, theme: Theme, said: Desktop, wanted: list[Choice]
) -> None:
    said.free.clear()
    asked = said.asked
    until(root, lambda: said.asked > asked, "a question")
    wanted[0] = "light"
    said.mode = "dark"
    said.free.set()
    until(root, lambda: theme.system == "dark", "the answer")
    assert theme.name == "light"


def test_a_desktop_that_does_not_answer_holds_nothing_up(
    root: tk.Tk, theme: Theme, said: Desktop, wanted: list[Choice]
) -> None:
    said.free.clear()
    asked = said.asked
    until(root, lambda: said.asked > asked, "a question")
    keys: list[str] = []
    root.after(1, lambda: keys.append("turn"))
    until(root, lambda: keys, "a turn of the window's loop")
    theme.switch("dark")
    theme.switch("system")
    assert theme.name == "light", "what it said last"
    said.mode = "dark"
    said.free.set()
    until(root, lambda: theme.name == "dark", "the answer")


def test_who_comes_back_to_the_window_is_not_kept_waiting(
    root: tk.Tk, theme: Theme, said: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_EVERY", 1e6)
    monkeypatch.setattr(following, "_ON_FOCUS", 0.0)
    said.mode = "dark"
    root.update()
    root.event_generate("<FocusIn>")
    until(root, lambda: theme.name == "dark", "the dark theme")
