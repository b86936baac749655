"""The part of a conversation that is in a tk.Text: one block of whole lines for each entry.

Owns what stands on which line, and the place where somebody reads. Must not know which entries
ought to be there, nor how one looks.

Nothing but this writes into the text, and each block ends with a newline, so that lines can be
counted here: no mark has to follow the text's changes, and a Tcl index within a line, which counts
some characters twice, is never calculated with.
"""

from __future__ import annotations

import bisect
import tkinter as tk
from typing import NamedTuple

from common.client.timeline import Entry, Key
from common.gui.drawing import Block, Sign, runs

_HERE = "here"


class Place(NamedTuple):
    """Where the first row of the text is: a character of an entry, and how much of it is above."""

    key: Key
    line: int
    """From the first line of the entry, 0."""
    column: str
    """The Tcl index of the character within that line."""
    above: int
    """Pixels of that row that are above the edge."""


class Drawn:
    """Blocks in the order of their keys, from the first line of the text on."""

    def __init__(self, text: tk.Text) -> None:
        self._text = text
        self._path = str(text)
        self.keys: list[Key] = []
        self.entries: list[Entry] = []
        self.signs: list[Sign] = []
        self.blocks: list[Block] = []
        self._starts: list[int] = []
        """First line of each block, from 1; of as many as were asked for since the last change."""
        text.mark_set(_HERE, "1.0")
        text.mark_gravity(_HERE, "right")

    def __len__(self) -> int:
        return len(self.keys)

    # --- changing it ---------------------------------------------------------------------------

    def clear(self) -> None:
        """Take everything out."""
        self._text.delete("1.0", "end")
        for each in (self.keys, self.entries, self.signs, self.blocks):
            each.clear()
        self._starts.clear()

    def insert(self, place: int, entry: Entry, sign: Sign, block: Block) -> None:
        """Put a block before the one at `place`, or at the end."""
        self._write(self.line(place), block)
        self.keys.insert(place, entry.key)
        self.entries.insert(place, entry)
        self.signs.insert(place, sign)
        self.blocks.insert(place, block)
        del self._starts[place:]

    def delete(self, first: int, last: int) -> None:
        """Take out the blocks from `first` up to but without `last`."""
        if first < last:
            self._text.delete(f"{self.line(first)}.0", f"{self.line(last)}.0")
            for each in (self.keys, self.entries, self.signs, self.blocks):
                del each[first:last]
            del self._starts[first:]

    def replace(self, place: int, entry: Entry, sign: Sign, block: Block) -> None:
        """Draw another block at `place`; the same one again costs nothing."""
        if block != self.blocks[place]:
            line = self.line(place)
            self._text.delete(f"{line}.0", f"{self.line(place + 1)}.0")
            self._write(line, block)
            del self._starts[place + 1 :]
        self.entries[place], self.signs[place], self.blocks[place] = entry, sign, block

    def _write(self, line: int, block: Block) -> None:
        call, path = self._text.tk.call, self._path
        self._text.mark_set(_HERE, f"{line}.0")
        for run in runs(block.pieces):
            image = run[0].image
            if image is None:
                parts = [part for piece in run for part in (piece.text, piece.tags)]
                call(path, "insert", _HERE, *parts)
                continue
            call(path, "image", "create", _HERE, "-image", str(image), "-align", "center")
            for tag in run[0].tags:
                call(path, "tag", "add", tag, f"{_HERE} - 1 indices")

    # --- finding things in it ------------------------------------------------------------------

    def line(self, place: int) -> int:
        """The first line of the block at `place`; behind the last one, the empty last line."""
        starts = self._starts
        while len(starts) <= place:
            known = len(starts)
            starts.append(starts[-1] + len(self.blocks[known - 1].roles) if known else 1)
        return starts[place]

    def at(self, line: int) -> int:
        """The place of the block that a line of the text belongs to, -1 where there is none."""
        end = self.line(len(self))
        if not self.keys or line >= end:
            return len(self) - 1
        return bisect.bisect_right(self._starts, line) - 1

    def find(self, key: Key) -> int | None:
        """The place of the block with that key."""
        place = bisect.bisect_left(self.keys, key)
        return place if place < len(self) and self.keys[place] == key else None

    def role(self, line: int) -> str:
        """What kind of line it is: see `Block.roles`; "" behind the last one."""
        place = self.at(line)
        if place < 0 or line >= self.line(len(self)):
            return ""
        return self.blocks[place].roles[line - self.line(place)]

    def under(self, x: int, y: int) -> int:
        """The place of the block at that pixel, -1 where there is none."""
        return self.at(line_of(self._text.index(f"@{x},{y}")))

    # --- where somebody reads ------------------------------------------------------------------

    def top(self) -> Place | None:
        """Where the first row is now."""
        if not self.keys:
            return None
        index = self._text.index("@0,0")
        line, column = index.split(".")
        place = self.at(int(line))
        row = self._text.dlineinfo(index)
        above = -row[1] if row else 0
        return Place(self.keys[place], int(line) - self.line(place), column, above)

    def put_top(self, top: Place) -> bool:
        """Have that row first again, whatever stands above it now; False where it is not here."""
        place = bisect.bisect_left(self.keys, top.key)
        if place >= len(self):
            return False
        whole = self.keys[place] == top.key and top.line < len(self.blocks[place].roles)
        line = self.line(place) + (top.line if whole else 0)
        self._text.yview(f"{line}.{top.column if whole else 0}")
        if whole and top.above > 0:
            self._text.yview_scroll(top.above, "pixels")
        return True


def line_of(index: str) -> int:
    """The line of a Tcl index such as `12.4`."""
    return int(index.split(".", 1)[0])
