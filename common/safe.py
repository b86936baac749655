"""Text that others wrote, made harmless for a terminal and for a log.

Owns: which characters are shown as something else. Must not know colours, widths or screens. Pure.

The rules, in the order of their danger:

* control characters (ESC begins the sequences that recolour, retitle and paste) become their
  visible pictures, `␛`; those without a picture, and lone surrogates, become `�`;
* direction overrides, embeddings and isolates, which make text read other than it is, become `�`;
* what is invisible disappears: zero-width characters, direction marks, soft hyphens, tags, fillers;
* except where the invisible shapes the visible: U+200C and U+200D after a virama or between letters
  of Arabic (as RFC 5892, A.1 and A.2 allow them in names), U+200D between two emoji, U+FE0E and
  U+FE0F after a symbol;
* line and paragraph separators are newlines, a tab is four spaces.
"""

from __future__ import annotations

import re
import unicodedata

_REPLACEMENT = "\ufffd"
_TAB = "    "
_ZWNJ, _ZWJ = "\u200c", "\u200d"
_PRESENTATION = "\ufe0e\ufe0f"
_JOINING = _ZWNJ + _ZWJ + _PRESENTATION

_NEWLINES = re.compile("\r\n|[\x85\u2028\u2029]")
_DIRECTIONS = "\u202a-\u202e\u2066-\u2069"
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U00013430-\U0001343f\U000e0000-\U000e0fff"
)
_SUSPECT = re.compile(f"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff{_DIRECTIONS}{_INVISIBLE}]")
_DIRECTION = re.compile(f"[{_DIRECTIONS}]")


def plain(text: str) -> str:
    """Return `text` with nothing in it that a terminal would obey; newlines stay.

    The result holds no control character but `\\n`, no character that changes the direction of
    others, and encodes as UTF-8. `plain(plain(x)) == plain(x)`.
    """
    text = _NEWLINES.sub("\n", text)
    if not _SUSPECT.search(text):
        return text
    kept: list[str] = []
    for index, character in enumerate(text):
        if not _SUSPECT.match(character):
            kept.append(character)
        elif character in _JOINING:
            before = kept[-1][-1] if kept else ""
            after = text[index + 1 : index + 2]
            if _shapes(before, character, after):
                kept.append(character)
        elif shown := _shown(character):
            kept.append(shown)
    return "".join(kept)


def one_line(text: str) -> str:
    """Return `plain(text)` on one line, each newline shown as `⏎`: for logs, lists and titles."""
    return plain(text).replace("\n", "⏎")


def _shown(character: str) -> str:
    code = ord(character)
    if character == "\t":
        return _TAB
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if code < 0xA0 or 0xD800 <= code <= 0xDFFF or _DIRECTION.match(character):
        return _REPLACEMENT
    return ""


def _shapes(before: str, joiner: str, after: str) -> bool:
    """Tell whether a joiner between these two characters changes how they look."""
    if not before:
        return False
    if joiner in _PRESENTATION:
        return before in "#*" or unicodedata.category(before) in ("So", "Sm", "Po", "Nd")
    if unicodedata.combining(before) == 9:
        return True
    if joiner == _ZWNJ:
        return _is_arabic(before) and _is_arabic(after)
    return (before == "\ufe0f" or _is_emoji(before)) and _is_emoji(after)


def _is_arabic(character: str) -> bool:
    return bool(character) and unicodedata.bidirectional(character) == "AL"


def _is_emoji(character: str) -> bool:
    return bool(character) and (
        unicodedata.category(character) == "So" or "\U0001f3fb" <= character <= "\U0001f3ff"
    )
