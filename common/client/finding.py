"""Finding words in a conversation, whatever their case and accents. Pure.

Owns what counts as the same letter, and a search that can be done in steps. Must not know how what
it finds is shown.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

from common.client.timeline import Entry, Key, Mine, Said, Timeline

_LETTERS: Final = {
    "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "’": "'", "\u00a0": " ", "\u202f": " ",
}  # fmt: skip
"""What Unicode takes for letters of their own, and people do not type."""


def folded(text: str) -> str:
    """The text without case and accents: `Élan` as `elan`."""
    if text.isascii():
        return text.lower()
    return "".join(_folded(character) for character in text)


def _folded(character: str) -> str:
    low = character.casefold()
    if low in _LETTERS:
        return _LETTERS[low]
    parts = unicodedata.normalize("NFKD", low)
    return "".join(part for part in parts if not unicodedata.combining(part))


def spans(text: str, wanted: str) -> Iterator[str]:
    """The parts of `text` that are `wanted` (folded already), as they are written there, in their
    order; none overlaps another."""
    if not wanted:
        return
    plain, places = "", []
    for place, character in enumerate(text):
        same = _folded(character)
        plain += same
        places += [place] * len(same)
    at = plain.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        yield text[places[at] : places[end - 1] + 1]
        at = plain.find(wanted, end)


class Search:
    """A search in one room, from the newest message to the oldest.

    What was folded is kept, so that the next letter costs little; `find` begins anew.
    """

    def __init__(self, room: Timeline) -> None:
        self.room = room
        self.wanted = ""
        self.found: list[Key] = []
        """The newest first."""
        self.done = True
        self._next = 0
        self._kept: dict[Key, tuple[Entry, str]] = {}

    def find(self, words: str) -> None:
        """Begin to look for these words, as they stand; blanks around them do not count."""
        self.wanted = folded(words.strip())
        self.found = []
        self._next = self.room.size - 1
        self.done = not self.wanted or not self.room.size
        if len(self._kept) > 2 * self.room.size + 1_000:
            self._kept.clear()

    def step(self, entries: int = 200) -> bool:
        """Look through some more; returns whether that were all."""
        room = self.room
        self._next = min(self._next, room.size - 1)
        for _each in range(entries):
            if self._next < 0:
                self.done = True
                break
            if self.done:
                break
            entry = room.entry(self._next)
            self._next -= 1
            if self._matches(entry):
                self.found.append(entry.key)
        return self.done

    def _matches(self, entry: Entry) -> bool:
        if not isinstance(entry, Said | Mine) or (isinstance(entry, Said) and entry.deleted):
            return False
        kept = self._kept.get(entry.key)
        if kept is None or kept[0] is not entry:
            kept = self._kept[entry.key] = (entry, folded(entry.text))
        return self.wanted in kept[1]
