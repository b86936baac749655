"""Columns for people, and times in them. Owns how they look; knows no deed. Pure.

Columns are as wide as what stands in them, by the cells of a terminal: East Asian letters take two.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from common.i18n import _, local
from common.safe import one_line

_GAP = "  "


def width(text: str) -> int:
    """How many cells of a terminal `text` takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """The rows as lines, made harmless, each column under the last; no blanks at the ends."""
    cells = [[one_line(cell) for cell in row] for row in rows]
    columns = max((len(row) for row in cells), default=0)
    widths = [max(width(row[i]) for row in cells if i < len(row)) for i in range(columns)]
    # A column that nobody fills would be a gap that means nothing.
    return [
        _GAP.join(
            cell + " " * (widths[i] - width(cell)) for i, cell in enumerate(row) if widths[i]
        ).rstrip()
        for row in cells
    ]


def moment(ts: int) -> str:
    """A moment of this machine's clock, to the minute, such as `2026-11-20 15:04`; 0: nothing."""
    return local(ts).strftime("%Y-%m-%d %H:%M") if ts else ""


def until(ts: int) -> str:
    """Until when a sanction or an invitation holds."""
    return _("until {moment}").format(moment=moment(ts)) if ts else _("for good")
