"""The page's files, read and compressed once, in memory; and those that are made from the tables.

Owns which names can be asked for, and what is sent with each. Nothing is opened for a request: a
path that is not one of these names leads nowhere. Must not know what the page does.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from common import icons
from common.client.emoji import EMOJI
from common.look import DARK, FOCUS_RING, LIGHT, PAGE_TYPE, RADIUS, SPACES, Theme
from common.web import words

STATIC: Final = Path(__file__).resolve().parent / "static"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
"""What is served; other files in the directory are not."""
_PACKED: Final = frozenset({".png", ".ico"})
"""What compression does not make smaller."""
_AT_THE_ROOT: Final = (
    "manifest.webmanifest", "sw.js", "favicon.ico", "icon.svg", "icon-192.png", "icon-512.png",
    "icon-maskable-512.png",
)  # fmt: skip
"""Browsers look for these there, and a service worker rules over what stands beside it."""
_PAGE: Final = "index.html"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, ready to be sent."""

    type: str
    body: bytes
    packed: bytes | None
    """The same, gzipped; None where that is not smaller."""
    tag: str
    """What its content is recognised by (ETag, without the quotation marks)."""

    def pick(self, accepts: str) -> tuple[bytes, str, str]:
        """Bytes, encoding ("" for none) and ETag for a browser that accepts these encodings."""
        if self.packed is not None and _accepts_gzip(accepts):
            return self.packed, "gzip", f'"{self.tag}-z"'
        return self.body, "", f'"{self.tag}"'


def asset(name: str, body: bytes) -> Asset:
    """Make one out of a file's name and content. Raises KeyError for a kind that is not served."""
    kind = Path(name).suffix
    packed = None if kind in _PACKED else gzip.compress(body, 9, mtime=0)
    if packed is not None and len(packed) >= len(body):
        packed = None
    return Asset(_TYPES[kind], body, packed, hashlib.sha256(body).hexdigest()[:20])


def unchanged(asked: str, tag: str) -> bool:
    """Whether `If-None-Match` names what would be sent (RFC 9110, 13.1.2)."""
    known = [one.strip().removeprefix("W/") for one in asked.split(",")]
    return tag in known or asked.strip() == "*"


@cache
def load() -> Mapping[str, Asset]:
    """Every path that can be asked for, and what answers it."""
    found: dict[str, Asset] = {}
    for name, body in _made():
        found[f"/static/{name}"] = asset(name, body)
    for file in sorted(STATIC.rglob("*")):
        if file.is_file() and file.suffix in _TYPES:
            name = file.relative_to(STATIC).as_posix()
            found[f"/static/{name}"] = asset(name, file.read_bytes())
    for name in _AT_THE_ROOT:
        if (kept := found.pop(f"/static/{name}", None)) is not None:
            found[f"/{name}"] = kept
    if (page := found.pop(f"/static/{_PAGE}", None)) is not None:
        found["/"] = page
    return found


def _accepts_gzip(accepts: str) -> bool:
    for part in accepts.split(","):
        name, _, quality = part.partition(";")
        if name.strip().lower() in ("gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


# --- made from the tables ------------------------------------------------------------------------


def _made() -> Iterator[tuple[str, bytes]]:
    yield "tokens.css", tokens().encode()
    yield "icons.svg", sprite().encode()
    yield "icon.svg", mark().encode()
    yield "emoji.json", msgspec.json.encode(EMOJI)
    for lang, table in words.tables().items():
        yield f"words-{lang}.json", table


def tokens() -> str:
    """The colours and sizes of `common.look` as custom properties: light, dark, and by the system
    where nobody chose (`data-theme` on the root element)."""
    sizes = [f"--space-{n}:{size}px" for n, size in enumerate(SPACES)]
    sizes += [f"--type-{n}:{size / 16:g}rem" for n, size in enumerate(PAGE_TYPE)]
    sizes += [f"--radius:{RADIUS}px", f"--focus-ring:{FOCUS_RING}px"]
    nicks = "".join(f".n{n}{{color:var(--n{n})}}\n" for n in range(len(LIGHT.nicks)))
    return (
        f":root{{{';'.join(sizes)}}}\n"
        f":root,[data-theme=light]{{{_colours(LIGHT)}}}\n"
        f"[data-theme=dark]{{{_colours(DARK)}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme]){{{_colours(DARK)}}}}}\n"
        f"{nicks}"
    )


def _colours(theme: Theme) -> str:
    rules = [f"color-scheme:{theme.name}"]
    rules += [f"--{name.replace('_', '-')}:{colour}" for name, colour in theme.tokens().items()]
    rules += [f"--n{index}:{colour}" for index, colour in enumerate(theme.nicks)]
    return ";".join(rules)


def sprite() -> str:
    """All icons of `common.icons`, each a `<symbol id="i-NAME">` in the colour of the text."""
    symbols = []
    for name in icons.ICONS:
        drawn = icons.svg(name)
        inner = drawn[drawn.index(">") + 1 : drawn.rindex("<")]
        symbols.append(
            f'<symbol id="i-{name}" viewBox="0 0 {icons.GRID} {icons.GRID}" fill="none"'
            f' stroke="currentColor" stroke-width="{icons.STROKE:g}" stroke-linecap="round"'
            f' stroke-linejoin="round">{inner}</symbol>'
        )
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'


def mark() -> str:
    """The mark of Causette, in its two colours."""
    letter = icons.MARK_LETTER
    (x0, y0), (x1, y1) = letter.at(letter.start), letter.at(letter.start + letter.sweep)
    bow = f"M{x0:.2f} {y0:.2f}A{letter.radius:g} {letter.radius:g} 0 1 1 {x1:.2f} {y1:.2f}"
    grid = icons.MARK_GRID
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {grid} {grid}">'
        f'<path d="{bow}" fill="none" stroke="{icons.MARK_TEAL}"'
        f' stroke-width="{icons.MARK_STROKE:g}" stroke-linecap="round"/>'
        f'<path d="{icons.MARK_TAIL}" fill="{icons.MARK_TEAL}"/>'
        f'<path d="{icons.MARK_ANSWER}" fill="{icons.MARK_APRICOT}"/></svg>'
    )
