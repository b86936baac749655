"""Menus: what a key opens can be chosen by keys at once."""

from __future__ import annotations

import tkinter as tk

from common.gui.menu import popup_menu
from common.gui.theme import Theme
from tests.gui.test_widgets import Until, focus, until
from tests.support.display import Keyboard

__all__ = ["until"]


def test_a_menu_opened_by_key_has_its_first_usable_entry_chosen(
    root: tk.Tk, theme: Theme, keyboard: Keyboard, until: Until
) -> None:
    done: list[str] = []

    def opened() -> tk.Menu:
        menu = popup_menu(root)
        menu.entry("Not now", lambda: done.append("none"), able=False)
        menu.line()
        menu.entry("First", lambda: done.append("first"))
        menu.entry("Second", lambda: done.append("second"))
        menu.show_at(root.winfo_rootx() + 300, root.winfo_rooty() + 200)
        root.update()
        return menu.menu

    focus(root, root)
    root.bind("<F9>", lambda _event: opened())
    keyboard.press("F9")
    until(lambda: root.tk.call("grab", "current") != "", "an open menu")
    keyboard.press("Return")
    until(lambda: done == ["first"], "what Enter chose")
    keyboard.press("F9")
    keyboard.press("Down", "Return")
    until(lambda: done == ["first", "second"], "what the arrow led to")
    theme.by_keyboard = False
    menu = opened()
    assert str(menu.index("active")) in ("None", "none"), "the pointer chooses by itself"
    keyboard.press("Escape")


def test_a_pointer_that_rests_under_a_menu_opened_by_key_chooses_nothing(
    root: tk.Tk, theme: Theme, keyboard: Keyboard, until: Until
) -> None:
    done: list[str] = []
    menu = popup_menu(root)
    for words in ("First", "Second", "Third", "Fourth"):
        menu.entry(words, lambda words=words: done.append(words))  # type: ignore[misc]
    focus(root, root)
    theme.by_keyboard = True
    root.event_generate("<Motion>", warp=True, x=340, y=270)
    until(lambda: root.winfo_pointery() == root.winfo_rooty() + 270, "the pointer there")
    menu.show_at(root.winfo_rootx() + 300, root.winfo_rooty() + 200)
    until(lambda: root.tk.call("grab", "current") != "", "an open menu")
    root.update()
    top = menu.menu.winfo_rooty()
    assert top < root.winfo_pointery() < top + menu.menu.winfo_height()
    keyboard.press("Return")
    until(lambda: done == ["First"], "what Enter chose")
