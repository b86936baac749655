"""Makes the page's icons from the mark: `python -m docs.pictures.page_icons`.

They lie in common/web/static and are shipped: a browser that installs the page wants pictures, and
the gateway has no means of drawing. Needs Pillow, as the window does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL import Image

from common.gui.shapes import mark
from common.look import LIGHT

STATIC: Final = Path(__file__).resolve().parents[2] / "common" / "web" / "static"
SAFE: Final = 0.56
"""How much of a maskable icon the mark fills: a circle of 80 % must hold its corners."""
COLOURS: Final = 64
FAVICON: Final = 48


def plain(size: int) -> Image.Image:
    """The mark alone, on nothing."""
    return mark(size)


def maskable(size: int) -> Image.Image:
    """The mark in the middle of a ground that may be cut into any shape."""
    image = Image.new("RGBA", (size, size), LIGHT.surface)
    drawn = mark(round(size * SAFE))
    image.alpha_composite(drawn, ((size - drawn.width) // 2, (size - drawn.height) // 2))
    return image


def keep(image: Image.Image, name: str) -> None:
    """Write a small file: few colours are enough for two and their edges."""
    small = image.quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
    small.save(STATIC / name, optimize=True)
    print(f"{name}: {(STATIC / name).stat().st_size} bytes")


def main() -> None:
    """Make them all."""
    keep(plain(192), "icon-192.png")
    keep(plain(512), "icon-512.png")
    keep(maskable(512), "icon-maskable-512.png")
    mark(FAVICON).save(STATIC / "favicon.ico", sizes=[(FAVICON, FAVICON)])
    print(f"favicon.ico: {(STATIC / 'favicon.ico').stat().st_size} bytes")


if __name__ == "__main__":
    main()
