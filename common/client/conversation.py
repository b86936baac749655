"""A whole session as a person sees it: rooms, which one is open, the link. Pure, for any screen.

Owns: what each event of the library means for what is shown. Must not know sockets, threads or
toolkits: a client feeds `handle` and does what the returned `Fetch`es ask.

Times called `now` are milliseconds since 1970 by this machine's clock.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from common.client import events
from common.client.answers import explain_refusal, people_line, rooms_lines
from common.client.decisions import news_words, notice_words, rules_words
from common.client.events import Event, HistoryReply, JoinedReply
from common.client.markup import name_pattern
from common.client.places import is_nick
from common.client.states import Failure, Fetch, Link
from common.client.timeline import Change, Mine, Timeline
from common.explain import explain
from common.i18n import _, n_, number
from common.protocol.messages import Person
from common.safe import one_line

__all__ = [
    "NEVER_AGAIN", "Conversation", "Failure", "Fetch", "Link", "explain_refusal", "people_line",
    "rooms_lines",
]  # fmt: skip

FIRST_LINES: Final = 50
"""Lines of history that a room opens with."""
PAGE: Final = 100
GENTLE: Final = frozenset({"invited", "unmuted", "role", "waiting"})
"""What somebody decides to nobody's harm."""
BACK_FOR: Final = 5_000
"""Milliseconds for which it is told that the link is back."""
NEVER_AGAIN: Final = frozenset(
    {"too-large", "bad-request", "bad-frame", "not-permitted", "no-such-room", "no-such-person"}
)
"""Refusals of a message that sending it again cannot change."""


class Conversation:
    """The state of one session. Not safe for several threads: its client feeds it from one."""

    def __init__(
        self,
        nick: str = "",
        ignored: Mapping[str, str] | None = None,
        silenced: Iterable[str] = (),
    ) -> None:
        self.nick = nick
        self.ignored = dict(ignored or {})
        """User to nickname: whose messages are not shown. Changed by `ignore` alone."""
        self.silenced = set(silenced)
        """Rooms in which nothing counts as unread. Changed by `silence` alone."""
        self.aside = ""
        """What this person was told when no room was there to show it in."""
        self.user = ""
        self.stream = ""
        """This session's outbox: ids of what this program said begin with it."""
        self.server = ""
        self.encrypted = True
        self.ready = False
        self.rooms: dict[str, Timeline] = {}
        """In the order in which they were joined."""
        self.current = ""
        self.link = Link()
        self.failure: Failure | None = None
        self._you: re.Pattern[str] | None = None
        self._deeds: set[tuple[str, str]] = set()
        self._nowhere: dict[int, str] = {}
        """Number of a queued message to the `@NICK` that it was said to."""
        self._early: list[Event] = []

    # --- events --------------------------------------------------------------------------------

    def handle(self, event: Event, now: int) -> list[Fetch]:
        """Takes one event in; returns the pages of history that are wanted.

        What comes before `Ready` waits for it: only then is it known who this person is, and up
        to which number each room was read while nobody was here.
        """
        if not self.ready and not isinstance(
            event, events.LinkDown | events.Failed | events.Waiting
        ):
            if not isinstance(event, events.Ready):
                self._early.append(event)
                return []
            self._ready(event)
            early, self._early = self._early, []
            return [fetch for one in early for fetch in self._take(one, now)]
        return self._take(event, now)

    def _take(self, event: Event, now: int) -> list[Fetch]:
        match event:
            case events.Messages():
                self._messages(event)
            case events.Progress():
                self._progress(event, now)
            case events.Presence():
                self._presence(event, now)
            case events.People(room=room, people=people):
                if room in self.rooms:
                    self.rooms[room].people = people
            case events.CaughtUp():
                return self._caught_up(event, now)
            case events.LinkDown():
                self._down(event, now)
            case events.LinkUp():
                self._up(event)
            case events.RolledBack():
                return self._rolled_back(event, now)
            case events.Skipped():
                self._skipped(event, now)
            case events.DiskFull():
                self._disk_full(event, now)
            case events.Left(room=room):
                self.leave(room)
            case events.RoomChanged():
                self._room_changed(event, now)
            case events.Notice():
                self._noticed(event, now)
            case events.News(room=room):
                self._room(room).notice([news_words(event)], now)
            case events.Gap():
                self._gap(event, now)
            case events.Restored():
                self._restored(now)
            case events.Waiting():
                self.link.code, self.link.retry_at = "not-invited", 0
            case events.Failed(code=code, text=text, values=values):
                self.failure = Failure(code, text, values)
            case _:
                pass
        return []

    def _ready(self, event: events.Ready) -> None:
        self.user, self.server = event.user, one_line(event.server)
        self.encrypted, self.ready = event.encrypted, True
        self.link.state = "up"
        self._named(event.nick)
        for name, head in event.rooms.items():
            self._room(name).head = head
        self.current = self.current or next(iter(self.rooms), "")

    def _named(self, nick: str) -> None:
        self.nick = one_line(nick)
        self._you = name_pattern(self.nick) if self.nick else None
        for room in self.rooms.values():
            room.me, room.nick, room.you = self.user, self.nick, self._you

    def _room(self, name: str) -> Timeline:
        if name not in self.rooms:
            self.rooms[name] = Timeline(
                name,
                me=self.user,
                nick=self.nick,
                you=self._you,
                kind=events.RoomChanged(room=name),
                ignored=self.ignored,
                silent=name in self.silenced,
            )
        return self.rooms[name]

    def _messages(self, event: events.Messages) -> None:
        room = self._room(event.room)
        self.stream = event.own or self.stream
        start = f"{event.own}-"
        for record in event.records:
            if event.own and record.id.startswith(start):
                number_in_stream = record.id[len(start) :]
                if number_in_stream.isdigit():
                    room.settle(int(number_in_stream))
        room.add(event.records, live=True, following=self.follows(event.room))

    def follows(self, room: str) -> bool:
        """Whether this person sees the newest lines of that room."""
        return room == self.current and not self.rooms[room].reading

    def _progress(self, event: events.Progress, now: int) -> None:
        if event.state != "queued" and event.n in self._nowhere:
            self._now_known(self._nowhere.pop(event.n), event)
        elif event.state == "queued" and is_nick(event.room):
            self._nowhere[event.n] = event.room
        room = self._room(event.room)
        if event.state == "queued":
            me = (event.room, event.text) in self._deeds
            self._deeds.discard((event.room, event.text))
            room.queued(event.n, event.text, now, me)
        elif event.state == "refused":
            room.refused(event.n, event.text, now, event.code, event.reason, event.values)
        elif event.state == "stored":
            room.stored(event.n, event.seq, event.text)

    def _now_known(self, place: str, event: events.Progress) -> None:
        """What was said to `@NICK` went to a room that has a name of its own: that one stays."""
        former = self.rooms.get(place)
        if former is None or event.room == place:
            return
        former.settle(event.n)
        if not former.size:
            room = self._room(event.room)
            if self.current == place:
                room.draft = former.draft
                self.open(event.room)
            self.leave(place)

    def _room_changed(self, event: events.RoomChanged, now: int) -> None:
        room = self._room(event.room)
        if room.caught and (lines := rules_words(event, room.kind)):
            room.notice(lines, now)
        room.kind = event

    def _noticed(self, event: events.Notice, now: int) -> None:
        title = ""
        if event.room:
            known = self.rooms.get(event.room)
            title = known.title if known is not None else f"#{event.room}"
        if event.what in ("removed", "kicked"):
            self.leave(event.room)
        room = self.rooms.get(event.room) or self.room
        line = notice_words(event, title)
        if room is not None:
            room.notice([line], now, "info" if event.what in GENTLE else "warning")
        else:
            self.aside = one_line(line)

    def _gap(self, event: events.Gap, now: int) -> None:
        room = self._room(event.room)
        room.gap(event.first, event.last, now)
        room.last = max(room.last, (event.last, ""))

    def _restored(self, now: int) -> None:
        self.link.holes = True
        words = _("The server was set back to an earlier state; what was said since then is gone.")
        if self.room is not None:
            self.room.notice([words], now, "warning")

    def _presence(self, event: events.Presence, now: int) -> None:
        room = self._room(event.room)
        nick, old = one_line(event.nick), one_line(event.old)
        room.people = event.people
        if event.kind != "left":
            room.met(event.user, nick)
        if room.kind.peer is None or event.kind == "nick":
            # Between two, who is here stands beside the name.
            room.changed(Change(now, event.kind, nick, old))

    def _down(self, event: events.LinkDown, now: int) -> None:
        if self.ready:
            self.link.state = "down"
        self.link.code, self.link.reason = event.code, event.reason
        self.link.retry_at = now + int(event.retry_in * 1000)

    def _up(self, event: events.LinkUp) -> None:
        self.encrypted = event.encrypted
        if one_line(event.nick) != self.nick:
            self._named(event.nick)
        self.link = Link("up", waiting=set(self.rooms))

    def _caught_up(self, event: events.CaughtUp, now: int) -> list[Fetch]:
        room, link = self._room(event.room), self.link
        room.caught = True
        if event.room in link.waiting:
            link.waiting.discard(event.room)
            link.caught += event.fetched
            if not link.waiting:
                link.back_until = now + BACK_FOR
        return self.opening(room)

    def opening(self, room: Timeline) -> list[Fetch]:
        """What a room needs in order to open with some lines, if it has too few."""
        if room.complete or room.loading or room.size >= FIRST_LINES:
            return []
        return [self._page(room, FIRST_LINES)]

    @staticmethod
    def _page(room: Timeline, limit: int) -> Fetch:
        room.loading = True
        return Fetch(room.name, room.first or None, limit)

    def _rolled_back(self, event: events.RolledBack, now: int) -> list[Fetch]:
        room = self._room(event.room)
        room.forget()
        self.link.holes = True
        room.notice(
            [
                _(
                    "The server's history of this room is not the one that was read here"
                    " (it had {had} messages, now {head}): it was read again."
                ).format(had=number(event.had), head=number(event.head))
            ],
            now,
            "warning",
        )
        room.loading = True
        return [Fetch(event.room, None, FIRST_LINES)]

    def _skipped(self, event: events.Skipped, now: int) -> None:
        room = self._room(event.room)
        count = event.last - event.first + 1
        room.skipped(event.last)
        if not room.since:
            room.since = event.first
        if not self.follows(event.room) and not room.silent:
            room.unread += count
        self.link.holes = True
        text = n_("{n} older message waits above.", "{n} older messages wait above.", count)
        room.notice([text.format(n=number(count))], now)

    def _disk_full(self, event: events.DiskFull, now: int) -> None:
        room = self.room
        if room is not None:
            room.notice([explain("disk-full")], now, "danger")

    def leave(self, name: str) -> None:
        """This session is out of a room; its neighbour opens."""
        order = list(self.rooms)
        if name not in self.rooms:
            return
        del self.rooms[name]
        if name == self.current:
            place = order.index(name)
            rest = order[place + 1 :] + order[:place][::-1]
            self.current = ""
            if rest:
                self.open(rest[0])

    # --- replies -------------------------------------------------------------------------------

    def history_came(self, reply: HistoryReply) -> int:
        """A page that a `Fetch` asked for; returns how many entries were new."""
        room = self.rooms.get(reply.room)
        return room.add_history(reply.records, reply.more) if room else 0

    def begins(self, reply: HistoryReply) -> tuple[str, int, str] | None:
        """Where a room's unread lines begin, told once: a room that is joined but not looked at
        keeps what comes from now on for the next time. As `seen`."""
        room = self.rooms.get(reply.room)
        if room is None or room.begun or not room.caught:
            return None
        room.begun = True
        if room.since or room.name == self.current:
            return None
        if not room.head:
            return room.name, 0, ""
        ids = [record.id for record in reply.records if record.seq == room.head]
        return (room.name, room.head, ids[0]) if ids else None

    def history_failed(self, name: str) -> None:
        if (room := self.rooms.get(name)) is not None:
            room.loading = False

    def joined(self, reply: JoinedReply) -> list[Fetch]:
        """A room was joined on request: it opens."""
        room = self._room(reply.room)
        room.people, room.head, room.caught = reply.people, reply.head, True
        room.kind = reply.kind or room.kind
        self.open(reply.room)
        room.complete = room.complete or not reply.head
        return self.opening(room)

    def renamed(self, nick: str) -> None:
        self._named(nick)

    def people_came(self, name: str, people: list[Person]) -> None:
        """Names for completion; who spoke lately stays in front."""
        if name in self.rooms:
            self.rooms[name].introduced(people)

    # --- what the person does ------------------------------------------------------------------

    @property
    def room(self) -> Timeline | None:
        """The room that is open."""
        return self.rooms.get(self.current)

    def open(self, name: str) -> None:
        """Goes to a room: its newest lines are seen. The room that was open is left behind."""
        left = self.rooms.get(self.current)
        if left is not None and name != self.current:
            left.since, left.reading = 0, False
        self.current = name
        self.rooms[name].reading = False
        self.rooms[name].read()

    def ignore(self, user: str, nick: str) -> None:
        """What this person says is not shown from now on."""
        self.ignored[user] = nick
        for room in self.rooms.values():
            room.hide(user)

    def unignore(self, user: str) -> list[Fetch]:
        """It is shown again, what was said meanwhile included."""
        self.ignored.pop(user, None)
        again = [room for room in self.rooms.values() if room.show_again()]
        return [self._page(room, FIRST_LINES) for room in again]

    def silence(self, name: str, silent: bool) -> None:
        """Whether anything in this room counts as unread from now on."""
        if silent:
            self.silenced.add(name)
        else:
            self.silenced.discard(name)
        if name in self.rooms:
            self.rooms[name].silent = silent
            self.rooms[name].read()

    def deed(self, room: str, text: str) -> None:
        """The next message queued with this text tells what its author does."""
        self._deeds.add((room, text))

    def step(self, by: int) -> str:
        """The name of the room `by` places further, round and round."""
        order = list(self.rooms)
        if self.current not in order:
            return order[0] if order else ""
        return order[(order.index(self.current) + by) % len(order)]

    def older(self, limit: int = PAGE) -> list[Fetch]:
        """What to fetch to see older lines of the open room; nothing where there are none."""
        room = self.room
        if room is None or room.complete or room.loading:
            return []
        return [self._page(room, limit)]

    def refused(self) -> Mine | None:
        """The latest refused message of the open room."""
        pending = self.room.own_pending() if self.room else []
        return next((one for one in reversed(pending) if one.state == "refused"), None)

    def waiting(self) -> int:
        """Own messages that are queued, over all rooms."""
        return sum(
            one.state == "queued" for room in self.rooms.values() for one in room.own_pending()
        )

    def seen(self) -> tuple[str, int, str] | None:
        """Room, number and id of the newest record on the screen; None while none is."""
        room = self.room
        if room is None or room.reading or not room.last[0]:
            return None
        return (room.name, *room.last)

    def others(self) -> list[Timeline]:
        """Rooms that are not open and hold something unread; those with a mention first."""
        rooms = [one for one in self.rooms.values() if one.unread and one.name != self.current]
        return sorted(rooms, key=lambda one: not one.mentions)
