"""One room as a session holds it: pure. Owns order, gaps and repeats: each number once, in order.

Knows no socket, no request's wire form and no screen: it says which page is wanted, and what is
ready to be shown.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import structs

from common.client.events import Event, Gap, News, People, Presence, RoomChanged
from common.protocol.messages import Person, Record, RoomLine, RoomState

BUFFER: Final = 4_000
"""Records held back behind a hole; more are dropped, and fetched once the hole is filled."""
ASK_AGAIN: Final = 1.5
"""Seconds without a sign of the grant, after which the topic is subscribed again."""
STALE: Final = 4
"""Subscriptions without a sign after which the topic itself is doubted: the room may go by another
one, and what told it was lost."""
FETCH_AGAIN: Final = 3.0
"""Seconds without a page, after which it is asked for again."""
DOUBTED: Final = 90.0
"""Seconds without a line after which a grant is doubted: the broker repeats heads more often."""
STALLED: Final = 1.0
"""Seconds to wait after a page that brought nothing: a repair without progress must not spin."""
NEWS: Final = frozenset({"invited", "removed", "kicked", "muted", "unmuted", "role", "set"})
"""Lines of a room's topic that tell what somebody decided."""


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
        self.asks = 0
        """How often the topic was asked for since it gave a sign."""
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
        self.roster_at = 0.0
        """Before when it is not asked for again by the clock."""
        self.kind = RoomChanged(room=name)
        """What kind of room this is, as it was told last."""
        self.gaps: list[Gap] = []
        """Numbers before those of the last `take` that are not to be had, not told yet."""
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

    def moved(self, topic: bytes, head: int, now: float) -> None:
        """The room goes by another topic, on the same link: what was said before the broker granted
        it is fetched. The history is the one that is known."""
        self.topic = topic
        self.granted = False
        self.ask_at = now + ASK_AGAIN
        self.head = max(self.head, head)

    def ruled(self, state: RoomState) -> list[Event]:
        """The broker told what kind of room this is: what is new of it."""
        return self._changed(
            RoomChanged(
                room=self.name,
                private=state.private,
                peer=state.peer,
                moderator=state.moderator,
                readonly=state.readonly,
                slow=state.slow,
            )
        )

    def moderated(self, moderator: bool) -> list[Event]:
        """This person moderates it from now on, or no longer does."""
        return self._changed(structs.replace(self.kind, moderator=moderator))

    def _changed(self, kind: RoomChanged) -> list[Event]:
        if kind == self.kind:
            return []
        self.kind = kind
        return [kind]

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
        self.asks = 0
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
        if line.type in NEWS:
            return self._decided(line, me)
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
            event = self._presence(line.type, line.user, line.nick, line.people, old, line.rev)
            events.append(event)
        if line.rev == self.rev + 1:
            self.rev = line.rev
        peer = self.kind.peer
        if line.type == "nick" and peer is not None and peer.user == line.user:
            events += self._changed(structs.replace(self.kind, peer=Person(line.user, line.nick)))
        return events + self.attended(line.people, line.rev)

    def _decided(self, line: RoomLine, me: str) -> list[Event]:
        if line.user == me and line.type != "set":
            return []  # a notice tells it
        return [
            News(
                room=self.name,
                what=line.type,
                user=line.user,
                nick=line.nick,
                by=line.by,
                reason=line.text,
                until=line.until,
                role=line.role,
            )
        ]

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
        self.roster_due = False
        if before is None:
            return []
        gone = [("left", user, nick) for user, nick in before.items() if user not in now]
        new = [("joined", user, nick) for user, nick in now.items() if user not in before]
        return [
            self._presence(kind, user, nick, len(now))
            for kind, user, nick in gone + new
            if user != me
        ]

    def _presence(
        self, kind: str, user: str, nick: str, people: int, old: str = "", rev: int = 0
    ) -> Event:
        return Presence(
            kind=kind, room=self.name, user=user, nick=nick, people=people, old=old, rev=rev
        )

    def follows(self, after: int) -> bool:
        """Whether a page of what comes after this number is of use: not where it was asked for
        before the room began anew, since its records would leave a hole."""
        if self._verify is not None:
            return after == self._verify[0] - 1
        return after <= (self.cursor or 0)

    def page(self, records: Sequence[Record], now: float, skipped: int = 0) -> bool:
        """A page came. False where its first record is not the one that was read here.

        Numbers up to `skipped` are not to be had; where the one that was read here is among them,
        nobody can tell whether it is still the same.
        """
        if self._verify is not None:
            first = records[0] if records else None
            known = first is not None and (first.seq, first.id) == self._verify
            if not known and skipped < self._verify[0]:
                return False
            self._verify = None
        last = max(skipped, records[-1].seq if records else 0)
        progress = last > (self.cursor or 0)
        self._skip(skipped)
        self.fetch_at = now if progress or not self.behind else now + STALLED
        return True

    def _skip(self, to: int) -> None:
        cursor = self.cursor or 0
        if to > cursor:
            self.gaps.append(Gap(room=self.name, first=cursor + 1, last=to))
            self.cursor, self.cursor_id = to, ""
            self._held = {n: record for n, record in self._held.items() if n > to}

    def take(self, records: Sequence[Record], *, page: bool) -> list[Record]:
        """What can be shown now, in order. Live records behind a hole are held back; a page is the
        server's word, and what is missing in it is a gap."""
        cursor = self.cursor or 0
        if not records and not (page and self._held):
            return []
        first, last = (records[0].seq, records[-1].seq) if records else (0, 0)
        self.head = max(self.head, last)
        if self._verify is not None:  # not known yet whether they follow on what was read
            self._hold(records)
            return []
        if records and first == cursor + 1 and last == cursor + len(records) and not self._held:
            ready = list(records)  # the usual case: nothing missing, nothing twice
        else:
            ready = []
            for record in records:
                if record.seq == cursor + 1 or (page and record.seq > cursor):
                    if record.seq > cursor + 1:
                        gap = Gap(room=self.name, first=cursor + 1, last=record.seq - 1)
                        self.gaps.append(gap)
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
