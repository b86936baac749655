"""One room as a person sees it: what was said there and what happened, in order. Pure.

Owns: the entries of a room, their order, their number (bounded), what is unread, the line being
typed there. Must not know the screen, the link or the other rooms.

Theory. An entry has a *key*: records (seq, 0); what is not a record (seq of the newest record when
it happened, 1, 2, ...); what is queued comes after everything. Sorted by key, pages of history,
live records and repeats can arrive in any order and each number stands there once. Where a record
took another's text away, the other one's entry is replaced, whichever of them comes first.
"""

import bisect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from common.client import markup
from common.client.decisions import deleted_words, gap_words
from common.client.events import RoomChanged, Values
from common.client.names_seen import NamesSeen
from common.client.places import DIRECT
from common.client.shapes import (
    BOUNDS,
    Bounds,
    Change,
    Crowd,
    Draft,
    Entry,
    Key,
    Mine,
    Notice,
    Said,
    plainly,
)
from common.protocol.messages import Person, Record
from common.safe import one_line, plain

__all__ = [
    "BOUNDS", "Bounds", "Change", "Crowd", "Draft", "Entry", "Key", "Mine", "Notice", "Said",
    "Timeline", "plainly",
]  # fmt: skip

_DELETIONS: Final = 1_000
_KEPT_CHANGES: Final = 8
_LAST: Final = 1 << 62


@dataclass(slots=True)
class Timeline:
    """A room. `me` is this person's identity, `you` finds their nickname in a text."""

    name: str
    me: str = ""
    nick: str = ""
    you: re.Pattern[str] | None = None
    kind: RoomChanged = field(default_factory=lambda: RoomChanged(room=""))
    """What kind of room it is."""
    ignored: Mapping[str, str] = field(default_factory=dict)
    """User to nickname: whose messages do not stand here."""
    silent: bool = False
    """Nothing in it is counted as unread."""
    people: int = 0
    unread: int = 0
    mentions: int = 0
    """Those of the unread ones that name this person."""
    since: int = 0
    """Number of the first record that came while this person was away; 0: none."""
    head: int = 0
    """The newest number when this room was joined: what came up to there came while away."""
    last: tuple[int, str] = (0, "")
    """Number and id of the newest record that was delivered live."""
    first: int = 0
    """The lowest number that is held; older ones have to be fetched."""
    complete: bool = False
    """Nothing is older than `first`."""
    begun: bool = False
    """The library knows from where this room is unread."""
    caught: bool = False
    """It holds what came while away; its first lines can be shown in order."""
    loading: bool = False
    """A page of history was asked for."""
    reading: bool = False
    """Somebody reads old lines of it: only `bounds.hard` bounds it."""
    dropped: int = 0
    """How often the oldest entries were let go."""
    bounds: Bounds = BOUNDS
    said: Callable[[Record], Said] = plainly
    """Reads a message. Rooms of several people may share one that remembers."""
    touched: set[Key] | None = None
    """Keys under which something is new, another or gone since somebody who wants to know made this
    a set, or emptied it. What was only let go is not among them."""
    anew: int = 0
    """How often what was here went as a whole: nothing that was seen leads up to what is here."""
    draft: Draft = field(default_factory=Draft)
    _keys: list[Key] = field(default_factory=list)
    _entries: dict[Key, Entry] = field(default_factory=dict)
    _refusals: int = 0
    _mine: dict[int, Key] = field(default_factory=dict)
    _names: NamesSeen = field(default_factory=NamesSeen)
    _deletions: dict[int, Record] = field(default_factory=dict)
    """Number to the record that took its text away."""
    _hid: bool = False
    """Messages are missing here because their authors are, or were, ignored."""

    # --- reading -------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """What people call it: `#general`, or `@bob`."""
        if self.kind.peer is not None:
            return DIRECT + one_line(self.kind.peer.nick)
        return self.name if self.name.startswith(DIRECT) else f"#{self.name}"

    @property
    def size(self) -> int:
        """How many entries there are. (No `__len__`: an empty room is a room all the same.)"""
        return len(self._keys)

    def entry(self, place: int) -> Entry:
        """By place, 0 being the oldest. Raises IndexError."""
        return self._entries[self._keys[place]]

    def get(self, key: Key) -> Entry | None:
        return self._entries.get(key)

    def entries(self) -> Iterator[Entry]:
        return (self._entries[key] for key in self._keys)

    def place(self, key: Key) -> int:
        """The place of this key, or where it would be."""
        return bisect.bisect_left(self._keys, key)

    def own_pending(self) -> list[Mine]:
        """What is queued or refused, oldest first."""
        found = (self._entries.get(key) for key in sorted(self._mine.values()))
        return [one for one in found if isinstance(one, Mine)]

    def nicks(self) -> list[str]:
        """Names seen here, those who spoke last first."""
        return self._names.nicks()

    def acquaintances(self) -> list[tuple[str, str]]:
        """Those people's users and names, in the same order."""
        return self._names.people()

    def known(self) -> set[str]:
        """The same names in folded case: whose `@name` is a mention."""
        return self._names.folded()

    # --- records -------------------------------------------------------------------------------

    def add(self, records: Iterable[Record], *, live: bool, following: bool) -> None:
        """Takes records in; those that are held already change nothing.

        `live`: they came by themselves, so they may be unread. `following`: this person sees the
        newest lines of this room right now.
        """
        fresh: list[Said] = []
        for record in records:
            if live and record.seq > self.last[0]:
                self.last = (record.seq, record.id)
            was = self._entries.get((record.seq, 0))
            if isinstance(was, Notice):
                self._remove(was.key)  # it is to be had after all
            elif was is not None:
                continue
            if not self.first or record.seq < self.first:
                self.first = record.seq
            if record.type == "delete":
                self._delete(record)
            said = self._said(record, live)
            if said is not None:
                fresh.append(said)
                if live and not said.own:
                    self._unread(said, following)
        if self.first == 1:
            self.complete = True
        self._insert(fresh)
        for mine in self.own_pending() if self._mine else ():
            if mine.state == "stored" and (mine.seq, 0) in self._entries:
                self.settle(mine.n)
        self._bound()

    def add_history(self, records: list[Record], more: bool) -> int:
        """Takes a page of older records in; returns how many entries were new."""
        before = len(self._keys)
        self.loading = False
        self._mark_holes(records)
        if records and not self.last[0] and self.caught:
            # Nothing came live: the newest line of all is in the first page.
            self.last = (records[-1].seq, records[-1].id)
        self.add(records, live=False, following=True)
        if not more:
            self.complete = True
            if self.first > 1:
                self.gap(1, self.first - 1, records[0].ts if records else 0)
        return len(self._keys) - before

    def _mark_holes(self, records: list[Record]) -> None:
        """What is missing within a page, or between it and what is held, is not to be had."""
        follows = self.first
        for record in reversed(records):
            if record.seq + 1 < follows:
                self.gap(record.seq + 1, follows - 1, record.ts)
            follows = record.seq

    def gap(self, first: int, last: int, ts: int) -> None:
        """These numbers are not to be had: a line says so."""
        self._put(Notice((last, 0), ts, ((gap_words(first, last),),)))

    def hide(self, user: str) -> None:
        """Takes away what somebody said who is ignored from now on."""
        gone = [one.key for one in self.entries() if isinstance(one, Said) and one.user == user]
        for key in gone:
            self._remove(key)
            self._hid = True

    def show_again(self) -> bool:
        """Somebody is no longer ignored: whether lines have to be fetched to see theirs."""
        if self._hid:
            self._hid = False
            self.clear()
            return True
        return False

    def _delete(self, record: Record) -> None:
        self._deletions[record.of] = record
        if len(self._deletions) > _DELETIONS:
            del self._deletions[next(iter(self._deletions))]
        was = self._entries.get((record.of, 0))
        if isinstance(was, Said):
            text = deleted_words(record, was.user)
            self._put(replace(was, text=text, mention=False, deleted=True))

    def _said(self, record: Record, live: bool) -> Said | None:
        """A record's entry; None where there is nothing to show."""
        deleted = record.type == "deleted" or record.seq in self._deletions
        nothing = record.type == "delete" or (record.type != "message" and not record.text)
        if nothing and not deleted:
            return None
        if record.user in self.ignored:
            self._hid = True
            return None
        said = self.said(record)
        own = bool(self.me) and record.user == self.me
        if not own:
            self.met(record.user, said.nick, lately=live)
        if deleted:
            text = deleted_words(self._deletions.get(record.seq), record.user)
            return replace(said, text=text, own=own, me=False, deleted=True)
        if own:
            return replace(said, own=True)
        return replace(said, mention=True) if self.names_me(said.text) else said

    def names_me(self, text: str) -> bool:
        """Whether this person's name stands in it, code aside."""
        if self.you is None or not (markup.may_name(self.nick, text) and self.you.search(text)):
            return False
        lines = markup.parse(text, self.you)
        return any(span.style == "you" for line in lines for span in line.spans)

    def _unread(self, said: Said, following: bool) -> None:
        away = said.seq <= self.head
        if not self.since and (away or (not following and not self.reading and not self.unread)):
            self.since = said.seq
        if not following and not self.silent:
            self.unread += 1
            self.mentions += said.mention

    def _insert(self, fresh: list[Said]) -> None:
        if not fresh:
            return
        for said in fresh:
            self._entries[said.key] = said
        keys = [said.key for said in fresh]
        self._touch(keys)
        if not self._keys or keys[0] > self._keys[-1]:
            self._keys.extend(keys)
        else:
            # Almost sorted already: timsort merges the runs in linear time.
            self._keys.extend(keys)
            self._keys.sort()

    def bound(self, bounds: Bounds) -> None:
        """No more than this stays here from now on."""
        self.bounds = bounds
        self._bound()

    def _bound(self) -> None:
        keep, slack, hard = self.bounds.keep, self.bounds.slack, self.bounds.hard
        if len(self._keys) <= (hard if self.reading else keep + slack):
            return
        kept = hard - slack if self.reading else keep
        for key in self._keys[:-kept]:
            del self._entries[key]
        del self._keys[:-kept]
        self.dropped += 1
        self._begin_again()

    def _begin_again(self) -> None:
        """Sets `first` after entries were let go."""
        left = [key[0] for key in self._keys if isinstance(self._entries[key], Said)]
        self.first = left[0] if left else 0
        self.complete = self.first == 1

    # --- own messages --------------------------------------------------------------------------

    def queued(self, n: int, text: str, ts: int, me: bool = False) -> None:
        self._put(Mine((_LAST, n), n, ts, plain(text), "queued", me))
        self._mine[n] = (_LAST, n)

    def stored(self, n: int, seq: int, text: str) -> None:
        """An own message has its number. Its record takes its place, or has done so already."""
        if n not in self._mine:
            # After a roll-back what is queued gets other numbers: then the text tells which it is.
            queued = (one for one in self.own_pending() if one.state == "queued")
            alike = (one.n for one in queued if one.text == plain(text))
            n = next(alike, n)
        was = self._entries.get(self._mine.get(n, (0, 0)))
        if not isinstance(was, Mine) or (seq, 0) in self._entries:
            self.settle(n)
        elif was.state == "queued":
            self._put(replace(was, state="stored", seq=seq))

    def settle(self, n: int) -> None:
        """Takes an own message away that is a record now, or that its author gives up."""
        key = self._mine.pop(n, None)
        if key is not None:
            self._remove(key)

    def refused(
        self, n: int, text: str, ts: int, code: str, reason: str, values: Values | None = None
    ) -> None:
        """It stays where it was refused: what comes later stands below it."""
        was = self._entries.get(self._mine.get(n, (0, 0)))
        self.settle(n)
        said, me = (was.ts, was.me) if isinstance(was, Mine) else (ts, False)
        key = self._next_key()
        # The outbox may begin to count anew (after a roll-back), and this stays: its own number.
        self._refusals += 1
        n = -self._refusals
        why = one_line(reason)
        self._put(Mine(key, n, said, plain(text), "refused", me, 0, code, why, dict(values or {})))
        self._mine[n] = key

    # --- what is not a record ------------------------------------------------------------------

    def changed(self, change: Change) -> None:
        """Somebody came, went or was renamed: joins what happened just before it."""
        tail = self._tail()
        last = self._entries[self._keys[tail - 1]] if tail else None
        if not isinstance(last, Crowd):
            last = Crowd(self._next_key(), change.ts, (), 0, 0, 0)
        joined, left = change.kind == "joined", change.kind == "left"
        self._put(
            Crowd(
                last.key,
                change.ts,
                (*last.changes, change)[-_KEPT_CHANGES:],
                last.joined + joined,
                last.left + left,
                last.renamed + (not joined and not left),
            )
        )

    def notice(
        self, lines: Iterable[str], ts: int, tone: Literal["info", "warning", "danger"] = "info"
    ) -> None:
        """Says something here; a tab in a line parts two columns."""
        harmless = tuple(
            tuple(one_line(part) for part in line.split("\t", 1))
            for text in lines
            for line in text.split("\n")
        )
        self._put(Notice(self._next_key(), ts, harmless, tone))

    def met(self, user: str, nick: str, *, lately: bool = True) -> None:
        """Remembers somebody's name, as the latest; one from history only where it is new."""
        self._names.met(user, nick, self.bounds.people, lately=lately)

    def introduced(self, people: Iterable[Person]) -> None:
        """Names of those who are here; who spoke lately stays in front."""
        self._names.introduced(people, self.me, self.bounds.people)

    # --- the whole -----------------------------------------------------------------------------

    def clear(self) -> None:
        """Takes everything off the screen except what is not settled; history brings it back."""
        pending = self.own_pending()
        newest = max(self.last[0], self.head, self._next_key()[0])
        self.anew += 1
        self._keys.clear()
        self._entries.clear()
        for mine in pending:
            self._put(mine)
        self.first, self.since = newest + 1, 0
        self.complete = not newest

    def forget(self) -> None:
        """The records are not those of the server any more: as if none had come."""
        self.clear()
        self.first, self.complete, self.last, self.unread, self.mentions = 0, False, (0, ""), 0, 0

    def skipped(self, last: int) -> None:
        """Records up to `last` were not fetched: older ones are not held either, so that what is
        held has no hole; scrolling up fetches them."""
        gone = self.place((last + 1, 0))
        self.anew += 1
        for key in self._keys[:gone]:
            del self._entries[key]
        del self._keys[:gone]
        self._begin_again()
        if not self.first:
            self.first = last + 1
        for mine in self.own_pending():
            if mine.state == "stored" and mine.seq <= last:
                self.settle(mine.n)

    def read(self) -> None:
        """This person sees the newest lines now."""
        self.unread = self.mentions = 0

    def _tail(self) -> int:
        """The place after the last entry that is not queued."""
        return bisect.bisect_left(self._keys, (_LAST, 0))

    def _next_key(self) -> Key:
        tail = self._tail()
        seq, minor = self._keys[tail - 1] if tail else (0, 0)
        # Before the first lines are here, it stands behind them all the same.
        return max((seq, minor + 1), (max(self.head, self.last[0]), 1))

    def _put(self, entry: Entry) -> None:
        if entry.key not in self._entries:
            bisect.insort(self._keys, entry.key)
        self._entries[entry.key] = entry
        self._touch((entry.key,))
        self._bound()

    def _remove(self, key: Key) -> None:
        if self._entries.pop(key, None) is not None:
            place = self.place(key)
            del self._keys[place]
            self._touch((key,))

    def _touch(self, keys: Iterable[Key]) -> None:
        if self.touched is not None:
            self.touched.update(keys)
