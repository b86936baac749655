"""A code to scan, drawn in a terminal. The one place that knows segno.

Owns how modules become characters. Must not know what is in the code.

Two modules stand in one character, so that they are square. In colour, black on white is asked for
whatever the theme; without, the light modules are the ones that are drawn, since most terminals
without colours are dark, and phones read both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

QUIET: Final = 2
"""Light modules around it. The standard asks for 4, which no phone needs; 2 fit 80 by 24."""
_ON: Final = "\x1b[38;5;16;48;5;231m"
"""Black on white, of the colours that no theme changes."""
_OFF: Final = "\x1b[0m"
_HALVES: Final = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}

Modules = Sequence[Sequence[int]]


def lines(text: str, *, columns: int, encoding: str | None, colour: bool) -> list[str]:
    """The lines to print; nothing where segno is missing, the terminal is too narrow, or what it
    shows is not Unicode."""
    if (encoding or "").lower().replace("-", "").replace("_", "") not in ("utf8", "utf16"):
        return []
    try:
        import segno
    except ImportError:
        return []
    try:
        code = segno.make(text, error="l", micro=False)
    except ValueError:  # too long for any
        return []
    modules = [list(row) for row in code.matrix_iter(border=QUIET)]
    return drawn(modules, columns=columns, colour=colour)


def drawn(modules: Modules, *, columns: int, colour: bool) -> list[str]:
    """Dark and light modules (1 and 0) as half blocks; nothing where they are too many."""
    if not modules or len(modules[0]) > columns:
        return []
    light = [0] * len(modules[0])
    shown = []
    for top in range(0, len(modules), 2):
        upper = modules[top]
        lower = modules[top + 1] if top + 1 < len(modules) else None
        pairs = zip(upper, light if lower is None else lower, strict=True)
        if colour:
            row = "".join(_HALVES[bool(one), bool(other)] for one, other in pairs)
            shown.append(f"{_ON}{row}{_OFF}")
        else:
            row = "".join(_HALVES[not one, not other and lower is not None] for one, other in pairs)
            shown.append(row)
    return shown
