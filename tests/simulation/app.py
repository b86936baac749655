"""What a person's program does and sees. Owns the display, which survives the program's death.

Every record shown is compared with the broker's disk, and with the one shown before it.
"""

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING

from common.client import events as ev
from common.client.profile import Cursor
from common.client.session import Session
from common.protocol import messages as m
from tests.simulation.agenda import Violation
from tests.simulation.disk import Disk
from tests.simulation.judge import FORBIDDEN, Judge
from tests.simulation.plan import Plan

if TYPE_CHECKING:
    from tests.simulation.client import ClientNode

CURSOR_LAG = 0.25
"""Seconds between a record that was shown and its cursor on disk, as in the link thread."""


class App:
    """The program of one client."""

    def __init__(
        self, client: "ClientNode", rng: Random, plan: Plan, judge: Judge, disk: Disk
    ) -> None:
        self.nick = client.name
        self.visible = rng.random() < 0.85
        self.roster = rng.random() < 0.5
        self.catch_up = rng.choice([None, None, None, 3])
        self.wishes: list[str] = []
        """Rooms that the person wants to be in."""
        self._client = client
        self._rng = rng
        self._plan = plan
        self._judge = judge
        self._disk = disk
        self._refs = 0
        self._count = 0
        self._waiting: dict[int, str] = {}
        self._next: dict[str, int | None] = {}
        self._stretch: dict[str, list[m.Record]] = {}
        """Room to what was shown since the program began there, or was told to begin anew."""
        self._behind: dict[str, Cursor] = {}

    # --- life ----------------------------------------------------------------------------------

    def started(self, session: Session) -> None:
        """The program starts; the display is as it was left."""
        profile = self._client.profile
        self._next.clear()
        for room in profile.rooms():
            cursor = profile.cursor(room)
            shown = self._stretch.setdefault(room, [])
            last = shown[-1].seq if shown else 0
            if cursor is not None and self._plan.atomic and shown and cursor.seq not in (0, last):
                raise Violation(f"{self.nick}: {room!r} resumes at {cursor.seq}, not at {last}")
            if cursor is None or cursor.seq != last:
                shown.clear()
            self._next[room] = None if cursor is None else cursor.seq + 1

    def died(self) -> None:
        """Nobody will hear of what was asked."""
        self._waiting.clear()
        self._behind.clear()

    def look(self) -> None:
        """Where a room begins is known once the broker has told its head."""
        session = self._client.session
        assert session is not None
        for room, number in self._next.items():
            view = session._rooms._views.get(room)
            if number is None and view is not None and view.cursor is not None:
                self._next[room] = view.cursor + 1

    # --- what it does --------------------------------------------------------------------------

    def act(self) -> None:
        """Something at random."""
        if self._client.session is None:
            return
        deed = self._rng.choices(
            [self._say, self._join, self._leave, self._ask], weights=[70, 9, 7, 14]
        )[0]
        deed()

    def _say(self) -> None:
        rooms = self.wishes or self._plan.rooms
        room = self._rng.choice(rooms if self._rng.random() < 0.9 else self._plan.rooms)
        for _ in range(self._rng.choice([1, 1, 1, 2, 5])):
            self._count += 1
            text = f"{self.nick} {self._count}"
            if self._rng.random() < 0.03:
                text = f"{FORBIDDEN} {text}"
            elif self._rng.random() < 0.05:
                text += "." * self._rng.choice([5_000, 15_000])
            self._client.call(lambda room=room, text=text: self._say_now(room, text))  # type: ignore[misc]

    def _say_now(self, room: str, text: str) -> None:
        self._judge.says(self.nick, room, text)
        self._session.say(self._ref(f"say {text[:40]}"), room, text, False)

    def _join(self) -> None:
        room = self._rng.choice(self._plan.rooms)
        after = self._rng.choice([None, 0])
        self._client.call(lambda: self._join_now(room, after))

    def _join_now(self, room: str, after: int | None) -> None:
        if room not in self.wishes:
            self.wishes.append(room)
            self._client.profile.set_rooms(self.wishes)
            self._next[room] = None if after is None else after + 1
            self._stretch[room] = []
        self._session.join(self._ref(f"join {room}"), room, after)

    def _leave(self) -> None:
        room = self._rng.choice(self._plan.rooms)
        self._client.call(lambda: self._leave_now(room))

    def _leave_now(self, room: str) -> None:
        if room in self.wishes:
            self.wishes.remove(room)
            self._client.profile.set_rooms(self.wishes)
        self._session.leave(self._ref(f"leave {room}"), room)

    def _ask(self) -> None:
        rng, room = self._rng, self._rng.choice(self._plan.rooms)
        requests: list[m.Request] = [
            m.History(room=room, after=rng.randint(0, 9), limit=rng.randint(1, 20)),
            m.History(room=room, before=rng.randint(1, 20), limit=3),
            m.Who(room=room),
            m.Rooms(),
            m.Nick(nick=f"{self.nick}{rng.randint(1, 3)}"),
            m.Ping(),
        ]
        request = rng.choice(requests)
        self._client.call(
            lambda: self._session.ask(self._ref(f"{type(request).__name__} {room}"), request)
        )

    @property
    def _session(self) -> Session:
        session = self._client.session
        assert session is not None
        return session

    def _ref(self, what: str) -> int:
        self._refs += 1
        self._waiting[self._refs] = what
        return self._refs

    # --- what it is told -----------------------------------------------------------------------

    def kept(self, texts: list[str]) -> None:
        """Messages are in the outbox on disk."""
        for text in texts:
            self._judge.said[text].kept = True

    def new_stream(self) -> None:
        """The session gave its stream up."""
        if not self._judge.rolled_back:
            raise Violation(f"{self.nick} gave its stream up, but nothing was rolled back")

    def resolved(self, ref: int, reply: ev.Reply | ev.Refused) -> None:
        """A request has its answer."""
        what = self._waiting.pop(ref, None)
        if what is None:
            raise Violation(f"{self.nick}: request {ref} was answered twice: {reply!r}")
        if isinstance(reply, ev.Refused):
            fine = ("disk-full", "bad-request", "no-such-room", "not-joined", "nick-taken")
            if reply.code not in fine:
                raise Violation(f"{self.nick}: {what} was refused: {reply.code}: {reply.text}")
        if isinstance(reply, ev.HistoryReply):
            records = reply.records
            truth = self._disk.room(reply.room)
            stored = truth[records[0].seq - 1 : records[-1].seq] if records else []
            if not same(records, stored) and not self._judge.rolled_back:
                raise Violation(f"{self.nick}: a page of {reply.room!r} is not what is stored")

    def event(self, event: ev.Event) -> None:
        """What the session tells."""
        match event:
            case ev.Messages():
                self._show(event)
            case ev.Progress(state="stored"):
                at = event.room, event.seq, event.id, event.ts
                self._judge.acknowledged(event.text, *at)
            case ev.Progress(state="refused"):
                self._judge.refused(event.text)
            case ev.RolledBack():
                if not self._judge.rolled_back:
                    raise Violation(f"{self.nick} was told of a rollback that never was: {event}")
                self._next[event.room] = 1
                self._stretch[event.room] = []
            case ev.Skipped():
                number = self._next.get(event.room)
                if number is not None and event.first != number:
                    raise Violation(f"{self.nick}: {event}, but {number} was next")
                self._next[event.room] = event.last + 1
                self._stretch[event.room] = []
            case ev.Failed():
                raise Violation(f"{self.nick} gave up: {event}")

    def _show(self, event: ev.Messages) -> None:
        room, shown = event.room, self._stretch[event.room]
        truth = self._disk.room(room)
        for record in event.records:
            number = self._next.get(room)
            if number is not None and record.seq != number:
                raise Violation(f"B: {self.nick} shows {room!r} {record.seq}, {number} was next")
            stored = truth[record.seq - 1 : record.seq]
            if not same(stored, [record]):
                if not self._judge.rolled_back:
                    raise Violation(f"C: {self.nick} shows what is not stored: {record}")
            elif shown and shown[-1].id != truth[shown[-1].seq - 1].id:
                raise Violation(f"C: {self.nick} shows {record} behind {shown[-1]}")
            self._next[room] = record.seq + 1
            shown.append(record)
        last = event.records[-1]
        cursor = Cursor(last.seq, last.id)
        if self._plan.atomic:
            self._client.profile.set_cursors({room: cursor})
        else:
            self._behind[room] = cursor
            self._client.agenda.after(CURSOR_LAG, self._save_cursors, self._client.life)

    def _save_cursors(self, life: int) -> None:
        if life == self._client.life and not self._client.disk_full:
            self._client.profile.set_cursors(self._behind)
            self._behind = {}

    # --- at the end ----------------------------------------------------------------------------

    def trouble(self, there: dict[str, int]) -> str:
        """What is not yet as it should be, in words; `there` counts who is in each room."""
        client, session = self._client, self._client.session
        if session is None or not session.welcomed:
            return f"{self.nick} is not in"
        if session.unsent:
            return f"{self.nick} has {session.unsent} unsent"
        if self._waiting:
            return f"{self.nick} waits for {list(self._waiting.values())}"
        if sorted(session._rooms.names()) != sorted(self.wishes):
            return f"{self.nick} is in {session._rooms.names()}, not in {self.wishes}"
        for room in self.wishes:
            view, truth = session._rooms._views[room], self._disk.room(room)
            if not view.granted or view.cursor != len(truth):
                return f"{self.nick} is at {view.cursor} of {len(truth)} in {room!r}"
            if view.people != there[room]:
                return f"{self.nick} sees {view.people} people in {room!r}, not {there[room]}"
            if self.roster and len(view.roster or ()) != there[room]:
                return f"{self.nick} has a roster of {view.roster} in {room!r}"
            shown = self._stretch[room]
            if self._judge.rolled_back:
                continue  # only the end of what was shown can be told from what is stored now
            if shown and not same(shown, truth[shown[0].seq - 1 :]):
                return f"C: {self.nick} has shown another {room!r} than is stored"
        if not client.disk_full and client.profile.outbox() and not self._plan.full_clients:
            return f"{self.nick} has {client.profile.outbox()} on disk"
        return ""


def same(some: Sequence[m.Record], others: Sequence[m.Record]) -> bool:
    """Whether these are the same records; lines of a room's topic have fields of their own."""
    fields = m.Record.__struct_fields__
    return len(some) == len(others) and all(
        getattr(one, field) == getattr(other, field)
        for one, other in zip(some, others, strict=True)
        for field in fields
    )
