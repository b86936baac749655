"""What somebody selected in a conversation, as text to paste elsewhere.

Owns which of the selected rows are meant: names and times are, states and the room between
messages are not; a line of code that was broken to fit is whole again. Must not know the clipboard.
"""

from __future__ import annotations

import tkinter as tk

from common.gui.drawn import Drawn, line_of


def selected_words(text: tk.Text, drawn: Drawn) -> str:
    """The selected words; a blank line before each name where there are several messages."""
    if not text.tag_ranges("sel"):
        return ""
    first, last = text.index("sel.first"), text.index("sel.last")
    low, high = line_of(first), line_of(last)
    if low == high:
        return text.get(first, last).strip("\t\n").replace("\u00a0", " ")
    lines: list[str] = []
    for line in range(low, high + 1):
        role = drawn.role(line)
        if role in ("pad", "state", ""):
            continue
        begin = first if line == low else f"{line}.0"
        end = last if line == high else f"{line}.end"
        words = text.get(begin, end).strip("\t").replace("\u00a0", " ")
        if role in ("rule", "aside"):
            words = words.strip()
        if lines and role in ("head", "rule") and words:
            lines.append("")
        if lines and role == "more":
            lines[-1] += words
        elif words or role == "body":
            lines.append(words)
    return "\n".join(lines).strip("\n")
