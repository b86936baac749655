"""The scrollbar of a conversation lies over its text, and moves nothing in it."""

from __future__ import annotations

import tkinter as tk

from common.gui.theme import Theme
from tests.gui.test_conversation_view import Seen, record, room_of


def test_the_ground_of_a_mention_reaches_the_edge_and_no_word_goes_under_the_bar(
    root: tk.Tk, theme: Theme
) -> None:
    seen = Seen(root, theme)
    view = seen.view
    words = "@Ada " + "word " * 60
    view.show(room_of(record(1, words)))
    seen.settle()
    assert not view._bar.winfo_ismapped(), "all of it is in sight"
    assert view.text.winfo_width() == view.winfo_width()
    assert view.text.tag_ranges("mentioned")
    rows = view.text.count("1.0", "end", "displaylines")
    room = room_of(
        record(1, words), *(record(seq, "x\n" * 9, minutes=seq * 9) for seq in range(2, 9))
    )
    view.show(room)
    seen.settle()
    assert view._bar.winfo_ismapped(), "there is more than is in sight"
    view.to_start()
    seen.settle()
    assert 0 < rightmost(view.text) <= view._bar.winfo_x()
    view.show(room_of(record(1, words)))
    seen.settle()
    assert not view._bar.winfo_ismapped()
    assert view.text.count("1.0", "end", "displaylines") == rows, "nothing moved for the bar"


def test_an_empty_room_has_nothing_to_scroll(root: tk.Tk, theme: Theme) -> None:
    seen = Seen(root, theme)
    # Where a text was hardly higher than the window, Tk does not tell that it was emptied.
    for many in range(5, 16):
        seen.show(room_of(*(record(n, "words " * 20) for n in range(1, many))))
        seen.show(room_of())
        assert seen.view._bar.instate(["disabled"]), many
        assert not seen.view._bar.place_info(), many


def rightmost(text: tk.Text) -> int:
    """Where the longest row of what is in sight from the first line on ends."""
    place, found = text.index("1.0"), 0
    while text.compare(place, "<", "end") and (box := text.bbox(place)):
        if not text.get(place).isspace():
            found = max(found, box[0] + box[2])
        place = text.index(f"{place} + 1c")
    return found
