"""One room as a session holds it: pure. Owns order, gaps and repeats: each number once, in order.

Knows no socket, no request's wire form and no screen: it says which page is wanted, and what is
ready to be shown.
"""

from collections.abc import Sequence
from typing import Final

from common.client.events import Event, People, Presence
from common.protocol.messages import Person, Record, RoomLine

BUFFER: Final = 4_000
"""Records held back behind a hole; more are dropped, and fetched once the hole is filled."""
ASK_AGAIN: Final = 1.5
"""Seconds without a sign of the grant, after which the topic is subscribed again."""
FETCH_AGAIN: Final = 3.0
"""Seconds without a page, after which it is asked for again."""
DOUBTED: Final = 90.0
"""Seconds without a line after which a grant is doubted: the broker repeats heads more often."""
STALLED: Final = 1.0
"""Seconds to wait after a page that brought nothing: a repair without progress must not spin."""


class RoomView:
    """What is held of one room, up to `cursor`, and what is known to exist, up to `head`."""

    def __init__(self, name: str, cursor: int | None, cursor_id: str = "") -> None:
        self.name = name
        self.cursor = cursor
        """The last record handed out; None: begin at the head."""
        self.cursor_id = cursor_id
        self.topic = b""
        self.head = 0
        self.granted = False
        self.ask_at = 0.0
        self.doubt_at = 0.0
        self.fetch_at = 0.0
        self.fetched = 0
        self.caught_up = False
        self.raw: dict[int, bytes] = {}
        """Lines of records whose type is not known here, not handed out yet."""
        self._verify: tuple[int, str] | None = None
        self.people = -1
        self.rev = 0
        self.roster: dict[str, str] | None = None
        """User to nickname, where somebody asked for it."""
        self.roster_due = True
        self._held: dict[int, Record] = {}

    def link_lost(self) -> None:
        """Nothing asked for will be answered any more."""
        self.topic = b""
        self.granted = False
        self.fetch_at = 0.0
        self.caught_up = False
        self.fetched = 0
        self._held.clear()

    def welcomed(self, topic: bytes, head: int, now: float) -> bool:
        """The broker told topic and head. False where its history is not the one that was read."""
        self.topic = topic
        self.granted = False
        self.ask_at = now + ASK_AGAIN
        self.head = head
        if self.cursor is None:
            self.cursor = head
        if self.cursor > head:
            return False
        self._verify = (self.cursor, self.cursor_id) if self.cursor and self.cursor_id else None
        return True

    def start_over(self) -> None:
        """The history that was read is not the server's: read it from the start."""
        self.skip_to(0)
        self.fetch_at = 0.0

    def skip_to(self, cursor: int) -> None:
        """Goes on behind this number, whatever came before."""
        self.cursor = cursor
        self.cursor_id = ""
        self._verify = None
        self._held.clear()

    @property
    def whole(self) -> bool:
        """Nothing up to the head is missing, and what was read before is still so."""
        return self._verify is None and not self.behind

    @property
    def behind(self) -> int:
        return max(self.head - (self.cursor or 0), 0)

    def wanted(self, now: float) -> int | None:
        """The `after` of the page to ask for now, or None. Asking is noted."""
        if not self.topic or now < self.fetch_at or self.whole:
            return None
        self.fetch_at = now + FETCH_AGAIN
        return self._verify[0] - 1 if self._verify else self.cursor

    def heard(self, now: float) -> None:
        """Any line on the topic is the positive sign that it was granted."""
        self.granted = True
        self.doubt_at = now + DOUBTED

    def doubt(self, now: float) -> float:
        """A topic that went silent was perhaps never granted: a line may have come from a grant
        before the one that was asked for last. Answers when to look again."""
        if not self.topic or not self.granted:
            return float("inf")
        if now >= self.doubt_at:
            self.granted = False
            self.ask_at = now
        return self.doubt_at

    def next_time(self) -> float:
        """When this room has something to do by itself."""
        times = []
        if self.topic and not self.granted:
            times.append(self.ask_at)
        if self.topic and not self.whole:
            times.append(self.fetch_at)
        return min(times, default=float("inf"))

    def news(self, line: RoomLine, me: str) -> list[Event]:
        """A line that is no record: what it tells the program. Nobody is told of oneself."""
        if line.type == "head":
            self.head = max(self.head, line.head)
            return self.attended(line.people, line.rev)
        if line.type not in ("joined", "left", "nick"):
            return []
        old = ""
        if self.roster is not None:
            old = self.roster.get(line.user, "")
            if line.type == "left":
                self.roster.pop(line.user, None)
            else:
                self.roster[line.user] = line.nick
        events: list[Event] = []
        if line.user != me:
            events.append(self._presence(line.type, line.user, line.nick, line.people, old))
        if line.rev == self.rev + 1:
            self.rev = line.rev
        return events + self.attended(line.people, line.rev)

    def attended(self, people: int, rev: int) -> list[Event]:
        """How many are there; a revision that was not led up to makes the roster stale."""
        if rev != self.rev:
            self.rev = rev
            self.roster_due = True
        if people == self.people:
            return []
        self.people = people
        return [People(room=self.name, people=people)]

    def roster_came(self, people: Sequence[Person], rev: int, me: str) -> list[Event]:
        """The whole list: who came and went unseen since the last one. One that is older than what
        was heard since is of no use, and asked for again."""
        if rev < self.rev:
            self.roster_due = True
            return []
        before, now = self.roster, {person.user: person.nick for person in people}
        self.roster = now
        if before is None:
            return []
        gone = [("left", user, nick) for user, nick in before.items() if user not in now]
        new = [("joined", user, nick) for user, nick in now.items() if user not in before]
        return [
            self._presence(kind, user, nick, len(now))
            for kind, user, nick in gone + new
            if user != me
        ]

    def _presence(self, kind: str, user: str, nick: str, people: int, old: str = "") -> Event:
        return Presence(kind=kind, room=self.name, user=user, nick=nick, people=people, old=old)

    def follows(self, after: int) -> bool:
        """Whether a page of what comes after this number is of use: not where it was asked for
        before the room began anew, since its records would leave a hole."""
        if self._verify is not None:
            return after == self._verify[0] - 1
        return after <= (self.cursor or 0)

    def page(self, records: Sequence[Record], now: float) -> bool:
        """A page came. False where its first record is not the one that was read here."""
        if self._verify is not None:
            first = records[0] if records else None
            if first is None or (first.seq, first.id) != self._verify:
                return False
            self._verify = None
        progress = bool(records) and records[-1].seq > (self.cursor or 0)
        self.fetch_at = now if progress or not self.behind else now + STALLED
        return True

    def take(self, records: Sequence[Record], *, page: bool) -> list[Record]:
        """What can be shown now, in order. Live records behind a hole are held back; a page is the
        server's word, and its records are taken as they are."""
        cursor = self.cursor or 0
        if not records:
            return []
        first, last = records[0].seq, records[-1].seq
        self.head = max(self.head, last)
        if self._verify is not None:  # not known yet whether they follow on what was read
            self._hold(records)
            return []
        if first == cursor + 1 and last == cursor + len(records) and not self._held:
            ready = list(records)  # the usual case: nothing missing, nothing twice
        else:
            ready = []
            for record in records:
                if record.seq == cursor + 1 or (page and record.seq > cursor):
                    ready.append(record)
                    cursor = record.seq
                elif record.seq > cursor:
                    self._hold([record])
            while (held := self._held.pop(cursor + 1, None)) is not None:
                ready.append(held)
                cursor += 1
            if self._held and page:
                self._held = {n: r for n, r in self._held.items() if n > cursor}
        if ready:
            self.cursor = ready[-1].seq
            self.cursor_id = ready[-1].id
            if page:
                self.fetched += len(ready)
        return ready

    def _hold(self, records: Sequence[Record]) -> None:
        room = BUFFER - len(self._held)
        self._held.update({record.seq: record for record in records[:room]})
