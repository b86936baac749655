"""Draw Causette's icon for Windows: `python packaging/windows/icon.py causette.ico`.

From the mark as geometry, each size drawn for itself: a small one that was made smaller is a blot.
Needs Pillow, as the window does.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from common.gui.shapes import mark

SIZES: Final = (16, 20, 24, 32, 40, 48, 64, 256)
"""What Windows asks for at 100 to 200 percent, and for large pictures in folders."""


def draw(path: Path) -> None:
    """Write the icon to `path`."""
    pictures = [mark(size) for size in SIZES]
    pictures[-1].save(path, sizes=[(size, size) for size in SIZES], append_images=pictures[:-1])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("icon.py: type: python packaging/windows/icon.py FILE.ico")
    draw(Path(sys.argv[1]))
