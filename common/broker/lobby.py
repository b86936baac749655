"""Rooms as people use them: entering, leaving, who is there, nicknames. Pure.

Owns attendance and the repeats of heads; the rooms themselves are the ledger's, the sessions the
registry's.
"""

from typing import Final

from common.broker.ledger import Person, Room
from common.broker.limits import Bucket
from common.broker.presence import Attendance, HeadTimes
from common.broker.sessions import Session, Sessions
from common.broker.turn import Refusal, Turn
from common.protocol import messages as m
from common.protocol.codec import encode
from common.protocol.limits import WIRE
from common.protocol.names import BadName, nick_key, room_name
from common.protocol.names import nick as nick_name

BOOT_GRACE: Final = 6.0
"""Seconds after the start within which people coming back are not announced."""


class Lobby:
    """Who is in which room."""

    def __init__(self, turn: Turn, sessions: Sessions) -> None:
        self._turn = turn
        self._sessions = sessions
        self._rooms: dict[str, Attendance] = {}
        self._heads = HeadTimes()
        self._first_rev = turn.wall
        self._boot_ends: float | None = turn.now + BOOT_GRACE

    @property
    def provisional(self) -> bool:
        """Whether the broker has just started, and people may be on their way back."""
        return self._boot_ends is not None

    # --- requests ------------------------------------------------------------------------------

    def join(self, session: Session, join: m.Join) -> None:
        name = self.name(join.room)
        if name not in session.rooms and len(session.rooms) >= WIRE.rooms:
            raise Refusal("too-many", f"a session may be in {WIRE.rooms} rooms at most")
        assert session.person is not None
        assert session.allowance is not None
        self.room(name, session.person.user, session.allowance.deeds)
        state = self.enter(session, name)
        self._turn.asked(session, id=join.id)
        self._turn.tell(session, m.Joined(id=join.id, state=state))

    def leave(self, session: Session, leave: m.Leave) -> None:
        name = self.canonical(leave.room)
        if name not in session.rooms:
            raise Refusal("not-joined", f"not in room {leave.room[:80]!r}")
        self._exit(session, name)
        self._turn.tell(session, m.Done(id=leave.id))

    def who(self, session: Session, who: m.Who) -> None:
        room = self.existing(who.room)
        there = self._rooms.get(room.name) or Attendance()
        users = sorted(user for user in there.people if user > who.after)
        chosen = users[: WIRE.people]
        known = self._turn.ledger.people
        answer = m.People(
            id=who.id,
            room=room.name,
            people=[m.Person(user, known[user].nick) for user in chosen],
            total=len(there.people),
            rev=there.rev,
            more=len(users) > len(chosen),
        )
        self._turn.tell(session, answer)

    def list_rooms(self, session: Session, ask: m.Rooms) -> None:
        rooms = self._turn.ledger.rooms
        names = sorted(name for name in rooms if name > ask.after)
        chosen = names[: WIRE.rooms]
        infos = []
        for name in chosen:
            there = self._rooms.get(name)
            people = len(there.people) if there else 0
            infos.append(m.RoomInfo(name, rooms[name].committed, people))
        answer = m.RoomList(id=ask.id, rooms=infos, more=len(names) > len(chosen))
        self._turn.tell(session, answer)

    def rename(self, session: Session, ask: m.Nick) -> None:
        person = session.person
        if person is None:
            return
        nick, comparable = nickname(ask.nick)
        owner = self._turn.ledger.nicks.get(comparable)
        if owner is not None and owner is not person:
            raise Refusal("nick-taken", f"nickname {nick!r} is {owner.nick!r}'s")
        assert session.allowance is not None
        if nick != person.nick:
            self._turn.charge(session.allowance.deeds, "new nicknames")
        self._turn.asked(session, id=ask.id)
        if nick != person.nick:
            self._turn.note("info", f"{person.nick} is now {nick}")
            self.bind(person.user, person.key, nick, comparable)
        self._turn.tell(session, m.Done(id=ask.id, nick=nick))

    # --- for the core --------------------------------------------------------------------------

    def bind(self, user: str, key: str, nick: str, comparable: str) -> Person:
        """Gives a person a nickname; the rooms that they are in hear of it."""
        person = self._turn.ledger.apply_person(user, key, nick, comparable, self._turn.wall)
        for name, there in self._rooms.items():
            if user in there.people:
                there.rev += 1
                self._turn.publish(self._turn.ledger.rooms[name], there.line("nick", user, nick))
        return person

    def enter(self, session: Session, name: str) -> m.RoomState:
        """A welcomed session is in a room from now on; the room is created where there is none."""
        person = session.person
        assert person is not None
        room = self._turn.ledger.rooms.get(name) or self.open_room(name, person.user)
        there = self._rooms.get(name)
        if there is None:
            there = self._rooms[name] = Attendance(self._first_rev)
        new = name not in session.rooms
        if session.rooms.get(name) != room.topic:
            self._sessions.joined(session, name, room.topic)
        first = new and session.visible and there.enter(person.user)
        if first and not (self.provisional and session.again):
            self._turn.publish(room, there.line("joined", person.user, person.nick))
        return m.RoomState(name, room.topic.decode(), room.seq, len(there.people), there.rev)

    def rolled_back(self) -> None:
        """Rooms that were made within the turn are no more: nobody is in them."""
        for name in [name for name in self._rooms if name not in self._turn.ledger.rooms]:
            for session in self._sessions.of_room(name):
                self._sessions.left(session, name)
            del self._rooms[name]

    def withdraw(self, session: Session) -> None:
        """A session leaves all its rooms."""
        for name in list(session.rooms):
            self._exit(session, name)

    def open_room(self, name: str, creator: str) -> Room:
        """Creates a room, of which there is none by this name."""
        ledger = self._turn.ledger
        self._turn.note("info", f"room {name} created by {ledger.people[creator].nick}")
        return ledger.apply_room(name, creator, self._turn.wall)

    def room(self, name: str, user: str, deeds: Bucket) -> Room:
        """The room of that name in any form; created by `user` where there is none."""
        name = self.name(name)
        room = self._turn.ledger.rooms.get(name)
        if room is None:
            self._turn.charge(deeds, "new rooms")
            room = self.open_room(name, user)
        return room

    def name(self, name: str) -> str:
        """A room's name as it is kept."""
        if name in self._turn.ledger.rooms:
            return name
        try:
            return room_name(name)
        except BadName as fault:
            raise Refusal("bad-room", str(fault)) from None

    def canonical(self, name: str) -> str:
        """The same, or '' where it can be no room's."""
        try:
            return self.name(name)
        except Refusal:
            return ""

    def existing(self, name: str) -> Room:
        """The room of that name."""
        room = self._turn.ledger.rooms.get(self.canonical(name))
        if room is None:
            raise Refusal("no-such-room", f"there is no room {name[:80]!r}")
        return room

    def granted(self, name: str) -> None:
        """Somebody was granted the room's topic, and waits for a sign."""
        self._heads.newcomer(name, self._turn.now)

    def spoke(self, name: str) -> None:
        """Records were published in the room."""
        if self._sessions.anybody(name):
            self._heads.spoke(name, self._turn.now)

    def tick(self) -> float:
        """Says the heads that are due; answers when to be asked again."""
        now = self._turn.now
        if self._boot_ends is not None and now >= self._boot_ends:
            self._boot_ends = None
            for name, there in self._rooms.items():
                if there.people:
                    self._heads.newcomer(name, now)
        for name in self._heads.due(now):
            self._say_head(name)
        due = self._heads.next()
        return due if self._boot_ends is None else min(due, self._boot_ends)

    def _exit(self, session: Session, name: str) -> None:
        """One session less in a room; a person's last one is announced."""
        there, room = self._rooms.get(name), self._turn.ledger.rooms.get(name)
        person = session.person
        self._sessions.left(session, name)
        if there is None or person is None or not session.visible:
            return
        if there.exit(person.user) and room is not None:
            self._turn.publish(room, there.line("left", person.user, person.nick))

    def _say_head(self, name: str) -> None:
        room, there = self._turn.ledger.rooms.get(name), self._rooms.get(name)
        if room is None or there is None or not self._sessions.anybody(name):
            self._heads.forget(name)
            return
        line = m.RoomLine(type="head", head=room.seq, people=len(there.people), rev=there.rev)
        self._turn.publish(room, encode(line))


def nickname(text: str) -> tuple[str, str]:
    """A nickname as it is shown, and what look-alikes have in common."""
    try:
        nick = nick_name(text)
        return nick, nick_key(nick)
    except BadName as fault:
        raise Refusal("bad-nick", str(fault)) from None
