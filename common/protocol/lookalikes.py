"""Which characters the eye takes for one another, and which script a character belongs to.

Owns: the skeleton of a folded text, in the manner of UTS 39, from confusable_homoglyphs' copy of
Unicode's tables. Must not know what the text is for. Pure.

UTS 39's own skeleton keeps case, which a comparison of nicknames ignores, and the two relations
cannot simply be joined: Greek NU looks like `N` and nu like `v`, so every name with an n would
meet every name with a v (and r, t, u, y, z would be one letter). Here each folded letter gets
*one* image: that of its small form if this is ASCII, else that of its capital if that is ASCII,
else its prototype. So no two ASCII letters meet except by the table below, at the price of the
imitations made of capitals whose small forms look like another ASCII letter.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final, Protocol

# UTS 39's prototypes of ASCII characters, folded. `I` looks like `l`, and `i` is `I` in small: one
# class. `"` is two apostrophes, `m` an r and an n.
_ASCII: Final = str.maketrans(
    {"i": "l", "1": "l", "|": "l", "0": "o", "m": "rn", "`": "'", '"': "''"}
)
_NOT_SCRIPTS: Final = frozenset({"COMMON", "INHERITED"})
# Folding a prototype can give a character with a prototype of its own; no chain is longer than 3.
_CHAIN: Final = 4
# The tables wrap right-to-left characters in these.
_MARK: Final = "\u200e"


class Profile(Protocol):
    """What is used of a profile of precis_i18n."""

    def enforce(self, value: str) -> str:
        """Return the enforced form. Raises UnicodeEncodeError."""


def ascii_skeleton(folded: str) -> str:
    """Return the skeleton of a case-folded ASCII text, without loading any table."""
    return folded.translate(_ASCII)


def skeleton(folded: str) -> str:
    """Return the skeleton of a case-folded text in NFKC: equal for texts that look alike."""
    text = unicodedata.normalize("NFD", folded)
    for _ in range(_CHAIN):
        image = unicodedata.normalize("NFD", "".join(map(_image, text)))
        if image == text:
            break
        text = image
    return text


def scripts(text: str) -> frozenset[str]:
    """Return the names of the scripts in `text`, in capitals, without those common to all."""
    from confusable_homoglyphs import categories

    found = {categories.alias(character) for character in text}
    if "Unknown" in found:
        # The table is older than Python's: of what it lacks, letters and marks are a script.
        found = {
            categories.alias(character)
            for character in text
            if unicodedata.category(character)[0] in "LM"
        }
    return frozenset(found) - _NOT_SCRIPTS


@cache
def _image(character: str) -> str:
    if character.isascii():
        return ascii_skeleton(character)
    small = _prototype(character)
    if small.isascii():
        return ascii_skeleton(small.casefold())
    capital = character.upper()
    if len(capital) == 1 and capital != character:
        image = _prototype(capital)
        if image.isascii():
            return ascii_skeleton(image.casefold())
    folded = small.casefold()
    return folded if folded == character else "".join(map(_inner_image, folded))


def _inner_image(character: str) -> str:
    return ascii_skeleton(character) if character.isascii() else character


@cache
def _prototype(character: str) -> str:
    """Return what UTS 39 maps `character` to, which is itself for most.

    The library lists both directions of the map in one table: a source has one entry, its
    prototype; a prototype has an entry for each of its sources.
    """
    entries = _table().get(character) or _table().get(_MARK + character + _MARK) or []
    if len(entries) != 1:
        return character
    other = entries[0]["c"].replace(_MARK, "")
    if other.isascii() or len(other) > 1:
        # ASCII is always a prototype for something that is not; a source is one code point.
        return other
    back = _table().get(other) or _table().get(_MARK + other + _MARK) or []
    # A pair all to itself: either may stand for both, so take the same one from both sides.
    return other if len(back) > 1 else min(character, other)


def _table() -> dict[str, list[dict[str, str]]]:
    from confusable_homoglyphs import confusables

    data: dict[str, list[dict[str, str]]] = confusables.confusables_data
    return data
