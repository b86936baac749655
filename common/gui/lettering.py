"""Which font file letters inside images are drawn with: initials on avatars, counts on pills.

Owns the search for a bold face that has a given character. Must not know Tk: a Tk font cannot draw
into an image.
"""

from __future__ import annotations

import sys
from functools import lru_cache

from PIL import ImageFont

from common.gui.desktop import answer_of
from common.gui.shapes import Face

_FILES: dict[str, tuple[str, ...]] = {
    "Segoe UI": ("segoeuib.ttf",),
    "Noto Sans": ("NotoSans-Bold.ttf",),
    "DejaVu Sans": ("DejaVuSans-Bold.ttf",),
    "Liberation Sans": ("LiberationSans-Bold.ttf",),
}
_OTHERS = (
    "DejaVuSans-Bold.ttf",
    "NotoSans-Bold.ttf",
    "segoeuib.ttf",
    "arialbd.ttf",
    "HelveticaNeue.ttc",
    "Arial Bold.ttf",
    "LiberationSans-Bold.ttf",
    "DejaVuSans.ttf",
    "NotoSansCJK-Bold.ttc",
    "msyhbd.ttc",
    "PingFang.ttc",
    "Arial Unicode.ttf",
)


@lru_cache(maxsize=64)
def _open(file: str, size: int) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(file, size)
    except OSError:
        return None


def _draws(face: Face, character: str) -> bool:
    """Whether a face has a character, rather than the box that stands for missing ones."""
    if isinstance(face, ImageFont.ImageFont):
        return False
    # No font has a glyph for a noncharacter.
    shown, missing = (face.getmask(each, "L") for each in (character, "\uffff"))
    return shown.size != missing.size or bytes(shown) != bytes(missing)


@lru_cache(maxsize=512)
def _asked(character: str) -> str:
    """The file that fontconfig proposes for a character, "" where there is no fontconfig."""
    if not sys.platform.startswith("linux"):
        return ""
    pattern = f"sans:bold:scalable=true:color=false:charset={ord(character):x}"
    return answer_of("fc-match", "-f", "%{file}", pattern)


@lru_cache(maxsize=1024)
def face(family: str, size: int, character: str) -> Face | None:
    """A bold face, at best of `family`, that has `character`; `None` if none is found."""
    for file in (*_FILES.get(family, ()), *_OTHERS):
        found = _open(file, size)
        if found is not None and _draws(found, character):
            return found
    asked = _open(_asked(character), size)
    if asked is not None and _draws(asked, character):
        return asked
    # Pillow brings one of its own; it has Latin letters and figures.
    own = ImageFont.load_default(size)
    return own if _draws(own, character) else None


def initial(nick: str, family: str) -> str:
    """The character that stands for a name: its first letter or figure, "" if none can be drawn."""
    for character in nick:
        if character.isalnum() and face(family, 16, character) is not None:
            return character
    return ""
