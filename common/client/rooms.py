"""The rooms of one session: pure. Owns which there are, their topics, and each frame's way into a
room and each finished stretch of records' way out of it.

Knows no link and no outbox: what it wants done goes to the `Outlet`, pages are asked for with ids
that begin with `=`.
"""

from collections.abc import Callable, Sequence
from typing import Final

from common.client import effects as e
from common.client import events as ev
from common.client.asking import Asking
from common.client.options import Saved
from common.client.places import is_nick, names
from common.client.roomview import ASK_AGAIN, STALE, RoomView
from common.protocol import messages as m
from common.protocol.codec import DECODER, Decoder, raw_lines
from common.protocol.deeds import Notice

ROSTER_PATIENCE: Final = 7.0
"""Seconds after a provisional welcome within which people may be on their way back."""
ROSTER_AGAIN: Final = 2.0
"""Seconds between two questions who is there, where no frame of the room led to the second."""

_OWN: Final = "="
"""What the ids of our own pages begin with; the program's begin otherwise."""
_SHUT: Final = frozenset({"no-such-room", "kicked"})
"""Refusals that say: you are out, and it was missed."""
At = tuple[int | None, str]
"""Number and id of the last record that was read; None: at the head."""


class Rooms:
    """All rooms. `said` hears of each record of our own stream, `renamed` of our own nickname."""

    def __init__(
        self,
        saved: Saved,
        out: e.Outlet,
        asking: Asking,
        said: Callable[[m.Record, str], None],
        renamed: Callable[[str], None],
        roster: bool,
        catch_up: int | None,
        decoder: Decoder = DECODER,
    ) -> None:
        self._out = out
        self._asking = asking
        self._said = said
        self._renamed = renamed
        self._roster = roster
        self._catch_up = catch_up
        self._decoder = decoder
        self._user = ""
        self._stream = ""
        self._roster_from = 0.0
        """When who is there is worth asking: nobody is told of those who come back before that."""
        self._topics: dict[bytes, RoomView] = {}
        self._resume = saved.directs is not None
        self._directs: dict[str, At] = dict(saved.directs or {})
        """Where reading of direct conversations stopped that this session is not in."""
        self._closed: set[str] = set()
        """Those of them that the program has left."""
        self._asked: dict[str, At | None] = {
            name: at for name, at in saved.rooms.items() if is_nick(name)
        }
        """`@NICK`, as long as the broker has not told the lasting name, and where to begin."""
        self._views = {
            name: RoomView(name, *(at if at is not None else (None, "")))
            for name, at in saved.rooms.items()
            if not is_nick(name)
        }

    def __contains__(self, name: object) -> bool:
        return name in self._views

    def names(self) -> list[str]:
        return list(self._views)

    def unnamed(self) -> list[str]:
        """The direct conversations whose lasting name is not known yet."""
        return list(self._asked)

    def known_as(self, place: str) -> str:
        """The lasting name of a direct conversation that this session is in, for `@NICK`; any other
        place as it is."""
        if not is_nick(place):
            return place
        views = self._views.values()
        alike = (one.name for one in views if one.kind.peer and names(place, one.kind.peer.nick))
        return next(alike, place)

    def heads(self) -> dict[str, int]:
        """Room to its newest number."""
        return {view.name: view.head for view in self._views.values()}

    @property
    def whole(self) -> bool:
        """Whether every room holds all that there is."""
        return all(view.whole for view in self._views.values())

    @property
    def behind(self) -> int:
        """Records still to be fetched."""
        return sum(view.behind for view in self._views.values())

    @property
    def granted(self) -> bool:
        """Whether every room has given its sign."""
        return all(view.granted for view in self._views.values())

    def add(self, name: str, after: int | None) -> RoomView:
        """A room to be joined, from behind number `after`, or from its head."""
        return self._views.setdefault(name, RoomView(name, after))

    def name_later(self, asked: str, after: int | None) -> None:
        """A direct conversation to be joined as `@NICK`."""
        self._asked[asked] = (after, "")

    def let_in(self, asked: str, name: str) -> None:
        """The broker let us in, under this name."""
        at = self._asked.pop(asked, None)
        if name not in self._views:
            self._views[name] = RoomView(name, *(at or self._directs.get(name, (None, ""))))
        self._closed.discard(name)

    def drop(self, name: str) -> None:
        """A room was left."""
        view = self._views.pop(name, None)
        if view is not None:
            if view.topic:
                self._topics.pop(view.topic, None)
                self._out.do(e.Unsubscribe(view.topic))
            if view.kind.peer is not None:
                self._directs[name] = (view.cursor, view.cursor_id)
                self._closed.add(name)
            self._out.emit(ev.Left(room=name))

    def give_up(self, name: str, code: str) -> None:
        """The broker refused to let us in: a later link must not ask for it again."""
        self._asked.pop(name, None)
        view = self._views.get(name)
        if view is not None and not view.topic:
            del self._views[name]
        elif code in _SHUT:
            self.drop(name)

    def link_lost(self) -> None:
        """Topics and grants are gone with the link; cursors are not."""
        self._topics.clear()
        for view in self._views.values():
            view.link_lost()

    def welcomed(
        self, welcome: m.Welcome, asked: Sequence[str], stream: str, now: float, *, first: bool
    ) -> list[str]:
        """The broker told every room's topic and head; those that it did not let us into, of what
        `hello` asked for, are dropped and answered."""
        self._user = welcome.user
        self._stream = stream
        self._roster_from = now + (ROSTER_PATIENCE if welcome.provisional else 0.0)
        let_in = {state.room for state in welcome.rooms}
        refused = [name for name in asked if name not in let_in and name in self._views]
        for name in refused:
            if first or self._views[name].cursor is None:
                del self._views[name]
            else:
                self.drop(name)
        for state in welcome.rooms:
            if state.peer is not None and state.room not in self._views:
                self._begin(state, now, first=first)
            else:
                self._views.setdefault(state.room, RoomView(state.room, None))
                self.entered(state, now)
        return refused

    def noticed(self, notice: Notice) -> None:
        """What somebody decided about this person may concern one of the rooms."""
        view = self._views.get(notice.room)
        if view is None:
            return
        if notice.what in ("removed", "kicked"):
            self.drop(view.name)
        elif notice.what == "role":
            self._tell(view.moderated(notice.role == "moderator"))

    def tend(self, now: float) -> None:
        """Asks for what is due: a grant without a sign, a page."""
        for view in self._views.values():
            self._tend(view, now)
            if self._wants_roster(view) and now >= self._roster_time(view):
                self._ask_roster(view, now)

    def doubt(self, now: float) -> float:
        """Doubts what went silent; answers when to look again."""
        return min((view.doubt(now) for view in self._views.values()), default=float("inf"))

    def next_time(self) -> float:
        """When `tend` has something to do by itself."""
        times = [view.next_time() for view in self._views.values()]
        times += [self._roster_time(one) for one in self._views.values() if self._wants_roster(one)]
        return min(times, default=float("inf"))

    def _wants_roster(self, view: RoomView) -> bool:
        return self._roster and view.roster_due and view.granted

    def _roster_time(self, view: RoomView) -> float:
        return max(self._roster_from, view.roster_at)

    def _ask_roster(self, view: RoomView, now: float) -> None:
        view.roster_due = False
        view.roster_at = now + ROSTER_AGAIN
        self._asking.ask(-1, m.Who(room=view.name), now)

    def entered(self, state: m.RoomState, now: float) -> RoomView | None:
        """The broker told a room's topic, head and rules, on `welcome`, `join` or by itself; None
        where that room is not, or no longer, one of ours."""
        view = self._views.get(state.room)
        if view is None:
            return self._begin(state, now) if state.peer is not None else None
        topic, former = state.topic.encode(), view.topic
        if former != topic:
            if former:
                self._topics.pop(former, None)
                self._out.do(e.Unsubscribe(former))
            self._topics[topic] = view
            self._out.do(e.Subscribe(topic))
            if former:
                view.moved(topic, state.head, now)
            else:
                if not view.welcomed(topic, state.head, now):
                    self._rolled_back(view)
                self._limit_catch_up(view)
        self._tell(view.ruled(state))
        self._tell(view.attended(state.people, state.rev))
        return view

    def _begin(self, state: m.RoomState, now: float, *, first: bool = False) -> RoomView | None:
        """A direct conversation that this session was not in. One that begins now is read whole;
        one that was left stays so until something is said in it."""
        at = self._directs.get(state.room)
        if state.room in self._closed and at is not None and state.head <= (at[0] or 0):
            self._asking.ask(-1, m.Leave(room=state.room), now)
            return None
        self._closed.discard(state.room)
        nick = state.peer.nick if state.peer is not None else ""
        at = next((told for one, told in self._asked.items() if told and names(one, nick)), at)
        from_head = first and not self._resume
        self._views[state.room] = RoomView(state.room, *(at or ((None if from_head else 0), "")))
        return self.entered(state, now)

    def frame(self, topic: bytes, body: bytes, now: float) -> RoomView | None:
        """A frame on a room's topic, for that room; None where the topic is no room's. Raises
        `DecodeError`."""
        view = self._topics.get(topic)
        if view is None:
            return None
        frame = self._decoder.frame(body)
        view.heard(now)
        view.raw.update(frame.raw)
        self._show(view, frame.records, body, now, page=False)
        for line in frame.news:
            if line.type == "nick" and line.user == self._user:
                self._renamed(line.nick)
            self._tell(view.news(line, self._user))
        self._check_caught_up(view)
        if self._wants_roster(view) and now >= self._roster_from:
            self._ask_roster(view, now)
        return view

    def page(self, page: m.Page, rest: bytes, now: float) -> bool:
        """A page of history; False where it was the program that asked. Raises `DecodeError`."""
        if not page.id.startswith(_OWN):
            return False
        view, after = self._asked_by(page.id)
        if view is None or not view.topic or not view.follows(after):
            return True
        records = self._decoder.records(rest)
        view.head = max(view.head, page.head)
        if view.page(records, now, page.skipped):
            view.raw.update(raw_lines(rest, records))
            self._show(view, records, rest, now, page=True)
        else:
            self._rolled_back(view)
            self._tend(view, now)
        self._check_caught_up(view)
        return True

    def refused(self, error: m.Error, now: float) -> bool:
        """An error to one of our own pages: asked again later. False where it is none."""
        if not error.id.startswith(_OWN):
            return False
        view, _ = self._asked_by(error.id)
        if view is not None and error.code in _SHUT:
            self.drop(view.name)
        elif view is not None:
            view.fetch_at = now + max(error.retry, 1.0)
        return True

    def roster_came(self, room: str, people: Sequence[m.Person], rev: int, now: float) -> None:
        """The whole list of who is there, as of a revision, whoever asked for it."""
        view = self._views.get(room)
        if view is None:
            return
        if view.roster is not None and now < self._roster_from:
            view.roster_due = True  # who is missing in it has perhaps not left, but comes back
            return
        self._tell(view.roster_came(people, rev, self._user))
        if self._roster and not view.roster_due:
            self._out.emit(ev.Roster(room=room, people=list(people)))

    def _tend(self, view: RoomView, now: float) -> None:
        if view.topic and not view.granted and now >= view.ask_at:
            view.ask_at = now + ASK_AGAIN
            view.asks += 1
            self._out.do(e.Subscribe(view.topic, again=True))
            if view.asks % STALE == 0 and not self._asking.moving(view.name):
                self._asking.ask(-1, m.Join(room=view.name), now)
        after = view.wanted(now)
        if after is not None:
            id = f"{_OWN}{after}{_OWN}{view.name}"
            self._out.push(m.History(room=view.name, id=id, after=after))

    def _asked_by(self, id: str) -> tuple[RoomView | None, int]:
        """Which room asked for a page under this id, and for the records after which number."""
        after, _, name = id[len(_OWN) :].partition(_OWN)
        if not (after.isdecimal() and len(after) < 18):
            return None, 0
        return self._views.get(name), int(after)

    def _show(
        self, view: RoomView, records: Sequence[m.Record], body: bytes, now: float, *, page: bool
    ) -> None:
        ready = view.take(records, page=page)
        if page:  # the next one is asked for before the program, woken by this one, takes its time
            self._tend(view, now)
        if len(ready) != len(records) or self._stream.encode() in body:
            for record in ready:
                if record.id[:16] == self._stream:
                    self._said(record, view.name)
        gaps, view.gaps = view.gaps, []
        for gap in gaps:
            before = [record for record in ready if record.seq < gap.first]
            ready = ready[len(before) :]
            self._tell_records(view, before)
            self._out.emit(gap)
        self._tell_records(view, ready)

    def _tell_records(self, view: RoomView, ready: list[m.Record]) -> None:
        if not ready:
            return
        raw, view.raw = view.raw, {}
        if raw:
            last = ready[-1].seq
            view.raw = {seq: line for seq, line in raw.items() if seq > last}
            raw = {seq: line for seq, line in raw.items() if ready[0].seq <= seq <= last}
        self._out.emit(ev.Messages(room=view.name, records=ready, own=self._stream, raw=raw))

    def _check_caught_up(self, view: RoomView) -> None:
        if not view.caught_up and view.granted and view.whole:
            view.caught_up = True
            self._out.emit(ev.CaughtUp(room=view.name, fetched=view.fetched))

    def _limit_catch_up(self, view: RoomView) -> None:
        most = self._catch_up
        if most is not None and view.behind > most:
            first = (view.cursor or 0) + 1
            view.skip_to(view.head - most)
            self._out.emit(ev.Skipped(room=view.name, first=first, last=view.head - most))

    def _rolled_back(self, view: RoomView) -> None:
        had = view.cursor or 0
        view.start_over()
        self._out.do(e.Forget(view.name))
        self._out.emit(ev.RolledBack(room=view.name, had=had, head=view.head))
        self._limit_catch_up(view)

    def _tell(self, events: Sequence[ev.Event]) -> None:
        for event in events:
            self._out.emit(event)
