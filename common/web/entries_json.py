"""Entries of a conversation as the JSON that the page draws. See docs/web.md for its shapes.

Owns that form, and what of it is made once for all browsers. Must not know who is told what.

A message that its reader neither wrote nor is named in looks the same to everybody but for the
mentions in it: it is read once, as one `Said` that all sessions hold, and written once for each
set of people that it mentions. What is the reader's own is written for them alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from typing import Any, Final

import msgspec

from common.client import layout, markup
from common.client.conversation import NEVER_AGAIN, explain_refusal
from common.client.timeline import Crowd, Entry, Mine, Notice, Said, Timeline, plainly
from common.i18n import _
from common.look import nick_index
from common.protocol.messages import Record
from common.talk.surroundings import is_bot

KEPT: Final = 16_000_000
"""Characters of messages that are kept as read, and as written; then the older half of them goes.
A message counts for OVERHEAD more."""
OVERHEAD: Final = 1_000

_NAME = re.compile(r"(?<![\w@])@(\w[\w.-]*)")
_encode = msgspec.json.Encoder().encode

Lines = list[tuple[str, list[tuple[str, str]]]]


class Shared:
    """What the sessions of a gateway read and write once."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._read = self._wrote = 0
        self._said: dict[str, tuple[Record, Said]] = {}
        self._written: dict[int, tuple[Said, tuple[str, ...], dict[tuple[str, ...], str]]] = {}

    def said(self, record: Record) -> Said:
        """A record, read; the same object for the same record."""
        known = self._said.get(record.id)
        if known is not None and (known[0] is record or known[0] == record):
            return known[1]
        self._read += len(record.text) + OVERHEAD
        if self._read > self._most:
            _halve(self._said)
            self._read //= 2
        made = plainly(record)
        self._said[record.id] = (record, made)
        return made

    def written(self, said: Said, known: Container[str]) -> str:
        """A message that is nobody's own here; `known` are the names of people, in folded case."""
        kept = self._written.get(id(said))
        if kept is None:
            kept = self._written[id(said)] = (said, _named(said), {})
        names = kept[1]
        if names:
            names = tuple(name for name in names if name in known)
        text = kept[2].get(names)
        if text is None:
            text = _dump(said_fields(said, lines_of(said, None, names)))
            self._wrote += len(text) + OVERHEAD
            if self._wrote > self._most:
                _halve(self._written)
                self._wrote //= 2
            kept[2][names] = text
        return text


def _halve(kept: dict[Any, Any]) -> None:
    for key in list(kept)[: len(kept) // 2]:
        del kept[key]


def _named(said: Said) -> tuple[str, ...]:
    """The words that are mentions if somebody has that name."""
    if said.deleted or "@" not in said.text:
        return ()
    words = {found[1].casefold() for found in _NAME.finditer(said.text)}
    return tuple(sorted(words | {word.rstrip(".-") for word in words}))


def _dump(fields: dict[str, Any]) -> str:
    return _encode(fields).decode()


def lines_of(entry: Said | Mine, you: re.Pattern[str] | None, known: Container[str]) -> Lines:
    """The lines of a message, with the marks in them."""
    if isinstance(entry, Said) and entry.deleted:
        return [("text", [("text", entry.text)])]
    lines = markup.parse(entry.text, you, known)
    return [(line.block, [(span.style, span.text) for span in line.spans]) for line in lines]


def said_fields(said: Said, lines: Lines) -> dict[str, Any]:
    """A message as the page gets it, without its state."""
    return {
        "k": name(said),
        "s": said.key,
        "kind": "said",
        "ts": said.ts,
        "seq": said.seq,
        "user": said.user,
        "nick": said.nick,
        "colour": nick_index(said.user),
        "bot": is_bot(said.nick),
        "own": said.own,
        "mention": said.mention,
        "me": said.me,
        "deleted": said.deleted,
        "lines": lines,
    }


def name(entry: Entry) -> str:
    """What the page calls an entry."""
    return f"{entry.key[0]}.{entry.key[1]}"


def key_of(text: str) -> tuple[int, int] | None:
    """The key of the entry that the page calls so; None where it cannot be one."""
    first, _point, second = text.partition(".")
    if not (first.isdecimal() and second.isdecimal() and len(text) < 50):
        return None
    return int(first), int(second)


class Writer:
    """Writes the entries of one room for one person, in the language of now."""

    def __init__(
        self,
        shared: Shared,
        room: Timeline,
        known: Container[str],
        key_of_mine: Callable[[int], str],
        waits: bool,
    ) -> None:
        """`known` as in `Shared.written`. `key_of_mine`: the page's key of a queued message, by its
        number. `waits`: the link is cut."""
        self._shared = shared
        self._room = room
        self._known = known
        self._key_of_mine = key_of_mine
        self._waits = waits

    def __call__(self, entry: Entry) -> str:
        """The entry as JSON."""
        if isinstance(entry, Said):
            if not (entry.own or entry.mention or entry.deleted):
                return self._shared.written(entry, self._known)
            return _dump(self._said(entry))
        if isinstance(entry, Mine):
            return _dump(self._mine(entry))
        return _dump(_crowd(entry) if isinstance(entry, Crowd) else _notice(entry))

    def _said(self, said: Said) -> dict[str, Any]:
        you = self._room.you if said.mention else None
        fields = said_fields(said, lines_of(said, you, self._known))
        if said.own:
            fields["state"] = layout.stored_words(said.seq)
        return fields

    def _mine(self, mine: Mine) -> dict[str, Any]:
        return {
            "k": name(mine),
            "s": mine.key,
            "kind": "mine",
            "ts": mine.ts,
            "n": mine.n,
            "state": mine.state,
            "words": self._words(mine),
            "again": mine.state == "refused" and mine.code not in NEVER_AGAIN,
            "me": mine.me,
            "key": self._key_of_mine(mine.n),
            "lines": lines_of(mine, None, self._known),
        }

    def _words(self, mine: Mine) -> str:
        if mine.state == "stored":
            return layout.stored_words(mine.seq)
        if mine.state == "refused":
            return _("refused: {reason}.").format(reason=explain_refusal(mine))
        return _("queued: leaves when the link is back") if self._waits else _("queued")


def _crowd(crowd: Crowd) -> dict[str, Any]:
    told = layout.crowd_lines(crowd)
    counted = crowd.joined + crowd.left + crowd.renamed > layout.FOLD_ABOVE
    who = layout.change_lines(crowd.changes) if counted else []
    return {
        "k": name(crowd),
        "s": crowd.key,
        "kind": "crowd",
        "ts": crowd.ts,
        "text": " · ".join(words for _ts, words in told),
        "names": " · ".join(words for _ts, words in who),
    }


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "k": name(notice),
        "s": notice.key,
        "kind": "notice",
        "ts": notice.ts,
        "rows": notice.lines,
        "tone": notice.tone,
    }
