"""Widths and line breaks on a terminal. Owns how text fills cells; knows nothing of chat.

A *fragment* is (style, text), as prompt_toolkit takes them; a row is a list of fragments.
"""

import re
from collections.abc import Iterable
from typing import Final

from prompt_toolkit.utils import get_cwidth

Fragment = tuple[str, str]
Row = list[Fragment]

# What a terminal makes of a joined or modified picture is its own affair (1, 2 or 4 cells): each
# part is shown by itself, so that the columns after it stand where we think they do.
_JOINERS: Final = re.compile("[\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_FLAGS: Final = re.compile("[\U0001f1e6-\U0001f1ff]")


def steady(text: str) -> str:
    """The same text in characters whose widths all terminals agree on."""
    if text.isascii():
        return text
    text = _JOINERS.sub("", text)
    return _FLAGS.sub(lambda one: chr(ord(one[0]) - 0x1F1E6 + ord("A")), text)


def width(text: str) -> int:
    """Cells that `text` takes."""
    return len(text) if text.isascii() else get_cwidth(text)


def row_width(row: Iterable[Fragment]) -> int:
    return sum(width(text) for _style, text in row)


def cut(text: str, cells: int, ellipsis: str = "…") -> str:
    """`text` in at most `cells` cells, with the ellipsis where something is missing."""
    if width(text) <= cells:
        return text
    room = cells - width(ellipsis)
    if room < 0:
        return ellipsis[: max(cells, 0)]
    kept = []
    for character in text:
        room -= width(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + ellipsis


def pad(text: str, cells: int) -> str:
    """`text` with blanks behind it up to `cells`."""
    return text + " " * (cells - width(text))


def fill(row: Row, cells: int, style: str) -> Row:
    """The row with blanks of `style` up to `cells`."""
    missing = cells - row_width(row)
    return [*row, (style, " " * missing)] if missing > 0 else row


def wrap(fragments: Row, cells: int) -> list[Row]:
    """Break one line into rows of at most `cells` cells: at blanks, or within long words.

    No-break spaces do not break. Blanks at a break are dropped, those at the start are kept (code
    is indented by them). Every character is there otherwise; there is at least one row.
    """
    cells = max(cells, 2)
    if row_width(fragments) <= cells:
        return [fragments]
    line = [(style, character) for style, text in fragments for character in text]
    widths = [width(character) for _style, character in line]
    rows: list[Row] = []
    start = 0
    while start < len(line):
        end, used, blank = start, 0, -1
        while end < len(line) and used + widths[end] <= cells:
            used += widths[end]
            if line[end][1] == " ":
                blank = end
            end += 1
        if end < len(line) and line[end][1] == " ":
            blank = end
        if end == len(line) or blank < 0 or _only_blanks(line, start, blank):
            stop = follow = end
        else:
            stop, follow = blank, blank + 1
        rows.append(_join(line[start:stop]))
        while follow < len(line) and follow > stop and line[follow][1] == " ":
            follow += 1
        start = follow
    return rows


def _only_blanks(line: list[Fragment], start: int, end: int) -> bool:
    return all(character == " " for _style, character in line[start:end])


def _join(characters: list[Fragment]) -> Row:
    """Neighbours of one style as one fragment."""
    row: Row = []
    style = ""
    text: list[str] = []
    for one, character in characters:
        if one != style and text:
            row.append((style, "".join(text)))
            text = []
        style = one
        text.append(character)
    if text:
        row.append((style, "".join(text)))
    return row
