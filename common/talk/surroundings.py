"""What stands around the conversation, as data: rooms, people, what calls this person. Pure.

Owns: the rows of the rooms and of the people, what calls this person and what does not, the words
of header, bar and title. The conversation itself is `common.client.conversation`'s; who is present
is kept here, since only a face that lists people all the time needs it. Must not know a widget.

Times called `now` are milliseconds since 1970 by this machine's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from common.client import events as ev
from common.client.conversation import Conversation, Fetch
from common.client.timeline import Said, Timeline
from common.client.vocabulary import fold
from common.i18n import _, n_, number
from common.protocol.messages import Person
from common.safe import one_line
from common.talk.words import LinkWords, kind_words, link_words

MOST_IN_BADGE: Final = 99
SHOWN_ABSENT: Final = 30
"""Those who are not here but spoke lately; more would be a list of strangers."""
LONGEST_CALL: Final = 200
"""Characters of a message that a notification shows."""

Kind = Literal["room", "private", "direct"]


def counted(value: int) -> str:
    """What a badge says: `12`, `99+`."""
    return f"{MOST_IN_BADGE}+" if value > MOST_IN_BADGE else str(value)


def absent_heading(count: int) -> str:
    """What stands above those who are not here."""
    return _("Absent · {n}").format(n=number(count)) if count else ""


def is_bot(nick: str) -> bool:
    """Whether somebody calls themselves a bot. Nothing depends on it but the shape of a picture:
    the protocol does not tell programs from people."""
    return fold(nick).endswith("bot")


def kind_of(room: Timeline) -> Kind:
    """Room, private room or conversation between two."""
    if room.kind.peer is not None or room.name.startswith("@"):
        return "direct"
    return "private" if room.kind.private else "room"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRow:
    """A room in the list of rooms."""

    name: str
    label: str
    kind: Kind
    peer: Person | None = None
    unread: int = 0
    mentions: int = 0
    silent: bool = False
    current: bool = False
    typed: bool = False
    """Something is typed there and not sent."""

    @property
    def badge(self) -> str:
        """The words of its pill, "" for none."""
        if self.mentions and self.kind != "direct":
            return f"@{counted(self.mentions)}"
        return counted(self.unread) if self.unread else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """Somebody in the list of people."""

    user: str
    nick: str
    here: bool
    you: bool = False
    bot: bool = False

    @property
    def label(self) -> str:
        return _("{nick} (you)").format(nick=self.nick) if self.you else self.nick


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The list of people. `heading` says how many, or since when that is not known any more."""

    heading: str
    present: tuple[PersonRow, ...] = ()
    absent_heading: str = ""
    absent: tuple[PersonRow, ...] = ()
    stale: bool = False
    """The link is down: this is how it was before."""


@dataclass(frozen=True, slots=True)
class Call:
    """Something to notify this person of."""

    room: str
    title: str
    text: str


class PeopledConversation(Conversation):
    """The conversation, with who is in each room as far as that is known."""

    def __init__(
        self,
        nick: str = "",
        ignored: Mapping[str, str] | None = None,
        silenced: Iterable[str] = (),
    ) -> None:
        super().__init__(nick, ignored, silenced)
        self.present: dict[str, dict[str, str]] = {}
        """Room to its people, user to nickname. Not there: never asked."""

    def _take(self, event: ev.Event, now: int) -> list[Fetch]:
        if isinstance(event, ev.Presence) and event.room in self.present:
            here = self.present[event.room]
            if event.kind == "left":
                here.pop(event.user, None)
            else:
                here[event.user] = one_line(event.nick)
        elif isinstance(event, ev.Roster) and event.room in self.rooms:
            self.present[event.room] = {one.user: one_line(one.nick) for one in event.people}
        return super()._take(event, now)

    def _named(self, nick: str) -> None:
        super()._named(nick)
        for here in self.present.values():
            if self.user in here:
                here[self.user] = self.nick

    def leave(self, name: str) -> None:
        super().leave(name)
        self.present.pop(name, None)


class Surroundings:
    """Everything but the messages. Asked anew after each change; it is cheap.

    `present`: room to its people, user to nickname; rooms whose people are not known are missing.
    """

    def __init__(
        self, conversation: Conversation, present: Mapping[str, Mapping[str, str]]
    ) -> None:
        self.conversation = conversation
        self.present = present
        self.focused = True
        """Whether this person has the chat before them. Set by `look`."""
        self._missed: dict[str, tuple[int, int]] = {}
        """What came into the open room while nobody looked at it: unread, mentions."""
        self._told: dict[str, int] = {}
        """Up to which number each room was looked through for what calls this person."""

    # --- rooms ---------------------------------------------------------------------------------

    def rooms(self) -> list[RoomRow]:
        """Rooms and private rooms as they were joined, then conversations between two."""
        rows = [self._room_row(room) for room in self.conversation.rooms.values()]
        return sorted(rows, key=lambda row: row.kind == "direct")

    def _room_row(self, room: Timeline) -> RoomRow:
        kind, current = kind_of(room), room.name == self.conversation.current
        unread, mentions = self._missed.get(room.name, (0, 0))
        return RoomRow(
            name=room.name,
            label=room.title[1:],
            kind=kind,
            peer=room.kind.peer,
            unread=room.unread + unread,
            mentions=room.mentions + mentions,
            silent=room.silent,
            current=current,
            typed=bool(room.draft.text) and not current,
        )

    def step(self, by: int, *, unread: bool = False) -> str:
        """The room `by` rows further in the list, round and round; `unread`: of those with
        something new. "" where there is none."""
        rows = self.rooms()
        if unread:
            rows = [row for row in rows if row.unread or row.current]
        names = [row.name for row in rows]
        if self.conversation.current not in names:
            return names[0] if names else ""
        return names[(names.index(self.conversation.current) + by) % len(names)]

    def found(self, typed: str) -> list[RoomRow]:
        """The rooms that somebody means who typed this: those that begin so come first."""
        wanted = fold(typed.strip().removeprefix("#").removeprefix("@"))
        hits = [row for row in self.rooms() if wanted in fold(row.label)]
        return sorted(hits, key=lambda row: not fold(row.label).startswith(wanted))

    # --- people --------------------------------------------------------------------------------

    def people(self) -> People:
        """Who is in the open room."""
        talk = self.conversation
        room = talk.room
        if room is None:
            return People(heading=_("Present"))
        here = self.present.get(room.name)
        present = self._rows(here or {}, here=True)
        absent = self.absent(room)
        return People(
            heading=self.heading(room),
            present=present,
            absent_heading=absent_heading(len(absent)),
            absent=absent,
            stale=talk.link.state != "up",
        )

    def heading(self, room: Timeline) -> str:
        """How many are in a room, or were before the cut."""
        here = self.present.get(room.name)
        count = len(here) if here is not None else room.people
        down = self.conversation.link.state != "up"
        words = _("Before the cut · {n}") if down else _("Present · {n}")
        return words.format(n=number(count)) if count else _("Present")

    def absent(self, room: Timeline) -> tuple[PersonRow, ...]:
        """Who belongs to the conversation and is not here: the other one, or who spoke lately."""
        here = self.present.get(room.name)
        if here is None:
            return ()
        found: dict[str, str] = {}
        if room.kind.peer is not None and room.kind.peer.user not in here:
            found[room.kind.peer.user] = one_line(room.kind.peer.nick)
        for user, nick in room.acquaintances():
            if len(found) >= SHOWN_ABSENT:
                break
            if user and user not in here and user != self.conversation.user:
                found.setdefault(user, nick)
        return self._rows(found, here=False)

    def _rows(self, people: Mapping[str, str], *, here: bool) -> tuple[PersonRow, ...]:
        me = self.conversation.user
        rows = [
            PersonRow(user=user, nick=nick, here=here, you=user == me, bot=is_bot(nick))
            for user, nick in people.items()
        ]
        return tuple(sorted(rows, key=lambda row: (row.bot, fold(row.nick))))

    # --- what calls this person ----------------------------------------------------------------

    def look(self, focused: bool) -> None:
        """This person has the chat before them, or not any more."""
        self.focused = focused
        if focused:
            self._missed.clear()

    def take(self, batch: Iterable[ev.Event]) -> list[Call]:
        """After the conversation has taken these events in: what to notify this person of."""
        calls: list[Call] = []
        for event in batch:
            if isinstance(event, ev.Ready):
                self._told.update(event.rooms)
            elif isinstance(event, ev.Messages):
                calls += self._calls_of(event)
        if self._missed:
            gone = [name for name in self._missed if name != self.conversation.current]
            for name in gone:
                del self._missed[name]
        return calls

    def _calls_of(self, event: ev.Messages) -> list[Call]:
        room = self.conversation.rooms.get(event.room)
        if room is None:
            return []
        told = self._told.get(event.room, room.head)
        newest = event.records[-1].seq if event.records else 0
        if newest <= told:
            return []
        self._told[event.room] = newest
        following = self.conversation.follows(event.room)
        if following and self.focused:
            return []
        entries = (room.get((one.seq, 0)) for one in event.records if one.seq > told)
        said = [one for one in entries if isinstance(one, Said) and not one.own]
        if following and not self.focused and not room.silent:
            unread, mentions = self._missed.get(event.room, (0, 0))
            mentions += sum(one.mention for one in said)
            self._missed[event.room] = unread + len(said), mentions
        if room.silent:
            return []
        direct = kind_of(room) == "direct"
        return [self._call(room, one) for one in said if direct or one.mention]

    @staticmethod
    def _call(room: Timeline, said: Said) -> Call:
        direct = kind_of(room) == "direct"
        title = said.nick if direct else f"{said.nick} · {room.title}"
        text = one_line(" ".join(said.text.split()))
        return Call(room.name, title, text if len(text) <= LONGEST_CALL else text[:199] + "…")

    def counts(self) -> tuple[int, int]:
        """How many messages are unread, and how many of them concern this person."""
        rows = self.rooms()
        concern = sum(row.unread if row.kind == "direct" else row.mentions for row in rows)
        return sum(row.unread for row in rows), concern

    # --- words ---------------------------------------------------------------------------------

    def title(self) -> str:
        """Of the window: `(3) #general · Labo B204 · Causette`, with an @ where something concerns
        them. What is cut off on a taskbar is what tells the least."""
        unread, concern = self.counts()
        room = self.conversation.room
        # A server that nobody named is called as the program.
        parts = (room.title if room is not None else "", self.conversation.server, "Causette")
        words = " · ".join(dict.fromkeys(filter(None, parts)))
        if concern:
            return f"(@{counted(concern)}) {words}"
        return f"({counted(unread)}) {words}" if unread else words

    def about_room(self) -> str:
        """What stands beside the name of the open room."""
        room = self.conversation.room
        return " · ".join(kind_words(room)) if room is not None else ""

    def status(self) -> tuple[str, str]:
        """Of the link, beside the server's name: words and the tone of their dot."""
        talk = self.conversation
        if talk.link.state == "up":
            secret = _("encrypted") if talk.encrypted else _("not encrypted")
            words = _("connected") + " · " + secret
            return words, "success" if talk.encrypted else "warning"
        if talk.link.state == "down":
            return _("link down"), "warning"
        return _("connecting…"), "warning"

    def banner(self, now: int) -> LinkWords | None:
        """The bar under the header; None: all is well."""
        return link_words(self.conversation, now)

    def placeholder(self) -> str:
        """What stands in the empty composer."""
        room = self.conversation.room
        return _("Write in {room}").format(room=room.title) if room is not None else ""

    def empty(self) -> tuple[str, str] | None:
        """What an empty room says: a sentence, and what to do. None: something was said here, or
        that is not known yet."""
        room = self.conversation.room
        if room is None or room.size or not room.complete or not room.caught:
            return None
        if kind_of(room) == "direct":
            words = _("What you write here is read by {nick} and you alone.")
            return _("It is quiet here."), words.format(nick=room.title[1:])
        if room.people <= 1:
            words = _("You are the first one in {room}. Say hello, or give others the link.")
        else:
            words = n_(
                "{n} person is in {room}. Say hello.",
                "{n} people are in {room}. Say hello.",
                room.people,
            )
        text = words.format(room=room.title, n=number(room.people))
        return _("It is quiet here."), text
