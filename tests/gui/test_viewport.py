"""Dialogs that are higher than the screen: their body scrolls, the rest of them stays."""

from __future__ import annotations

import tkinter as tk

import pytest

from common.gui.dialogs.shortcuts import TABLE, Shortcuts
from common.gui.sheet import Sheet
from common.gui.theme import Theme
from common.gui.widgets import Check, label
from common.i18n import _
from tests.gui.test_widgets import Until, focus, until
from tests.support.display import Keyboard

__all__ = ["until"]


@pytest.fixture
def low(root: tk.Tk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a small laptop's screen."""
    real = tk.Wm.maxsize
    monkeypatch.setattr(
        Sheet, "maxsize", lambda self, *given: real(self, *given) if given else _LOW
    )


_LOW = (1350, 500)


def in_view(widget: tk.Misc, sheet: Sheet) -> bool:
    """All of it is in the part of the sheet that scrolls."""
    view = sheet._view
    top = widget.winfo_rooty() - view.winfo_rooty()
    return top >= 0 and top + widget.winfo_height() <= view.winfo_height()


def words(widget: tk.Misc, text: str) -> tk.Misc:
    """The label of these words."""
    waiting = [widget]
    while waiting:
        one = waiting.pop()
        if one.winfo_class() == "TLabel" and str(one.cget("text")) == text:
            return one
        waiting += one.winfo_children()
    raise AssertionError(text)


def test_every_row_of_a_sheet_that_is_too_high_can_be_seen(
    root: tk.Tk, theme: Theme, keyboard: Keyboard, until: Until, low: None
) -> None:
    theme.zoom(200)
    focus(root, root)
    sheet = Shortcuts(root)
    root.update()
    assert sheet.winfo_height() <= _LOW[1]
    first, last = (words(sheet.body, _(TABLE[place][1][place][1])) for place in (0, -1))
    assert in_view(first, sheet)
    assert not in_view(last, sheet)
    for _press in range(6):
        keyboard.press("Next")
    until(lambda: in_view(last, sheet), "the last row")
    assert not in_view(first, sheet)
    keyboard.press("Prior")
    keyboard.press(*["Up"] * 30)
    until(lambda: in_view(first, sheet), "the first row again")
    close = root.focus_get()
    assert close is not None
    assert close.winfo_rooty() + close.winfo_height() <= sheet.winfo_rooty() + _LOW[1]
    sheet.close()


def test_what_has_the_focus_comes_into_view_and_larger_text_keeps_the_sheet_on_the_screen(
    root: tk.Tk, theme: Theme, keyboard: Keyboard, until: Until, low: None
) -> None:
    focus(root, root)
    sheet = Sheet(root, "Many")
    boxes = [Check(sheet.body, f"box {place}") for place in range(9)]
    for box in boxes:
        box.pack()
    label(sheet.body, "the end").pack()
    sheet.act("Close", primary=True)
    sheet.present(boxes[0])
    until(lambda: root.focus_get() is boxes[0], "the focus")
    assert not sheet._view.scrolls, "there is room for it"
    assert not sheet._view._bar.winfo_ismapped()
    theme.zoom(200)
    until(lambda: sheet._view.scrolls, "that it scrolls")
    until(lambda: bool(sheet._view._bar.winfo_ismapped()), "the bar")
    assert sheet.winfo_rooty() + sheet.winfo_height() <= sheet.winfo_screenheight()
    for box in boxes[1:]:
        keyboard.press("Tab")
        until(lambda box=box: root.focus_get() is box, "the next box")  # type: ignore[misc]
        assert in_view(box, sheet)
    theme.zoom(100)
    until(lambda: not sheet._view.scrolls, "that all is in view again")
    assert all(in_view(box, sheet) for box in boxes)
    sheet.close()
