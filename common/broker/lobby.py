"""Rooms as people use them: entering, leaving, who is there, nicknames. Pure.

Owns attendance, the repeats of heads and what a session is told of a room; the rooms themselves are
the ledger's, the sessions the registry's, and who may do what is asked of `rights`.
"""

from typing import Final

from common.broker.facts import Change, Member, Newcomers, Rules, place
from common.broker.ledger import DIRECT, Person, Room
from common.broker.limits import Bucket
from common.broker.presence import Attendance, HeadTimes
from common.broker.rights import Rights, no_such_room, user_of
from common.broker.roomnames import RoomNames
from common.broker.sessions import Session, Sessions
from common.broker.turn import Refusal, Turn
from common.protocol import messages as m
from common.protocol.codec import encode
from common.protocol.limits import WIRE
from common.protocol.names import BadName, nick_key
from common.protocol.names import nick as nick_name

BOOT_GRACE: Final = 6.0
"""Seconds after the start within which people coming back are not announced."""
HELD: Final = 10
"""Former nicknames that one person may hold."""


class Lobby:
    """Who is in which room."""

    def __init__(
        self, turn: Turn, sessions: Sessions, rights: Rights, names: RoomNames, *, plain: bool
    ) -> None:
        self._turn = turn
        self._sessions = sessions
        self._rights = rights
        self._names = names
        self._plain = plain
        self._news: dict[str, list[bytes]] = {}
        self._heard: set[str] = set()
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
        user = user_of(session)
        name = self._names.name(join.room, user)
        if name not in session.rooms and len(session.rooms) >= WIRE.rooms:
            raise Refusal("too-many", f"a session may be in {WIRE.rooms} rooms at most")
        assert session.allowance is not None
        room = self.room(join.room, user, session.allowance.rooms)
        refusal = self._rights.kept_out(room, user, self._turn.wall)
        if refusal is not None:
            raise refusal
        state = self.enter(session, name)
        self._turn.asked(session, id=join.id)
        self._turn.tell(session, m.Joined(id=join.id, state=state))

    def leave(self, session: Session, leave: m.Leave) -> None:
        """This session alone; see `membership` for what it means in a private room."""
        name = self._names.canonical(leave.room, user_of(session))
        if name not in session.rooms:
            raise Refusal("not-joined", f"not in room {leave.room[:80]!r}")
        self.exit(session, name)
        self._turn.tell(session, m.Done(id=leave.id))

    def who(self, session: Session, who: m.Who) -> None:
        room = self._names.existing(who.room, user_of(session))
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
        user, may_see = user_of(session), self._rights.may_see
        rooms = self._turn.ledger.rooms
        names = sorted(name for name in rooms if name > ask.after and may_see(rooms[name], user))
        chosen = names[: WIRE.rooms]
        infos = []
        for name in chosen:
            room, there = rooms[name], self._rooms.get(name)
            people = len(there.people) if there else 0
            private, peer = room.rules.private, self._peer(room, user)
            infos.append(m.RoomInfo(name, room.committed, people, private, peer))
        answer = m.RoomList(id=ask.id, rooms=infos, more=len(names) > len(chosen))
        self._turn.tell(session, answer)

    def rename(self, session: Session, ask: m.Nick) -> None:
        person = session.person
        if person is None:
            return
        if person.user not in self._turn.ledger.people:
            raise Refusal("not-permitted", "the console has no nickname of its own")
        nick, comparable = nickname(ask.nick)
        own = self.may_be_called(person.user, nick, comparable)
        assert session.allowance is not None
        if nick != person.nick and not own:
            self._turn.charge(session.allowance.deeds, "new nicknames")
        self._turn.asked(session, id=ask.id)
        if nick != person.nick:
            self._turn.note("info", f"{person.nick} is now {nick}")
            self.bind(person.user, person.key, nick, comparable)
        self._turn.tell(session, m.Done(id=ask.id, nick=nick))

    # --- for the core --------------------------------------------------------------------------

    def may_be_called(self, user: str, nick: str, comparable: str) -> bool:
        """Whether a nickname is, or was, this person's own already. Raises `Refusal` where it is
        another's, or where they would hold too many."""
        ledger = self._turn.ledger
        owner = ledger.holder(comparable)
        if owner is not None and owner.user != user:
            raise Refusal("nick-taken", f"nickname {nick!r} is {owner.nick!r}'s")
        if owner is None and user in ledger.people and ledger.facts.held_by(user) >= HELD:
            raise Refusal("too-many", f"a person may hold {HELD} former nicknames at most")
        return owner is not None

    def bind(self, user: str, key: str, nick: str, comparable: str, *, hold: bool = True) -> Person:
        """Gives a person a nickname; the rooms that they are in hear of it. Their former one stays
        theirs where `hold`."""
        ledger, wall = self._turn.ledger, self._turn.wall
        person = ledger.apply_person(user, key, nick, comparable, wall, hold=hold)
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
        return self.state(session, room)

    def state(self, session: Session, room: Room) -> m.RoomState:
        """A room as a session that is in it must know it."""
        user = user_of(session)
        there = self._rooms[room.name]
        return m.RoomState(
            room.name,
            room.topic.decode(),
            room.seq,
            len(there.people),
            there.rev,
            private=room.rules.private,
            peer=self._peer(room, user),
            moderator=not self._plain and self._rights.moderates(user, room),
            readonly=room.rules.readonly,
            slow=room.rules.slow,
        )

    def tell_state(self, room: Room, user: str = "") -> None:
        """Tells each session in a room (or of one person) what is so there from now on."""
        for session in self._sessions.of_room(room.name):
            if session.person is not None and (not user or session.person.user == user):
                state = self.state(session, room)
                self._turn.tell(session, m.Joined(id="", state=state))

    def enterable(self, texts: list[str], user: str) -> tuple[list[str], list[str]]:
        """Names of rooms as a `hello` gives them: those that may be entered, as they are kept, and
        those that may not, as they were given. Raises `Refusal` on what is no room's name."""
        names: list[str] = []
        refused: list[str] = []
        for text in texts:
            try:
                name = self._names.name(text, user)
            except Refusal as refusal:
                if refusal.code == "bad-room":
                    raise
                refused.append(text)
                continue
            room = self._turn.ledger.rooms.get(name)
            if room is not None and (
                not self._rights.may_see(room, user)
                or self._rights.kept_out(room, user, self._turn.wall)
            ):
                refused.append(text)
            else:
                names.append(name)
        return names, refused

    def later(self, room: Room, line: bytes) -> None:
        """News of a room whose topic was just renewed: said once somebody hears it."""
        if self._sessions.anybody(room.name):
            self._news.setdefault(room.name, []).append(line)

    def present(self, room: Room, user: str) -> bool:
        """Whether somebody is seen in a room."""
        there = self._rooms.get(room.name)
        return there is not None and user in there.people

    def left_line(self, room: Room, person: Person) -> bytes:
        """The news that somebody is not in a room any more."""
        there = self._rooms.get(room.name) or Attendance()
        return there.line("left", person.user, person.nick)

    def rolled_back(self) -> None:
        """Rooms that were made within the turn are no more, nor are invitations: nobody is where
        these alone had let them in."""
        ledger = self._turn.ledger
        for name, there in list(self._rooms.items()):
            room = ledger.rooms.get(name)
            if room is None:
                for session in self._sessions.of_room(name):
                    self._sessions.left(session, name)
                del self._rooms[name]
            elif room.rules.private:
                for session in self._sessions.of_room(name):
                    user = user_of(session)
                    if not self._rights.may_see(room, user):
                        self._sessions.left(session, name)
                        if session.visible:
                            there.exit(user)

    def withdraw(self, session: Session) -> None:
        """A session leaves all its rooms."""
        for name in list(session.rooms):
            self.exit(session, name)

    def open_room(
        self, name: str, creator: str, *, private: bool = False, newcomers: Newcomers = "all"
    ) -> Room:
        """Creates a room, of which there is none by this name; its creator moderates it."""
        ledger, wall = self._turn.ledger, self._turn.wall
        person = ledger.people.get(creator)

        def founding(number: int) -> list[Change]:
            changes: list[Change] = []
            if private:
                rules = Rules(private=True, newcomers=newcomers)
                changes.append(("rules", str(number), rules))
            if person is not None and not self._plain and not name.startswith(DIRECT):
                spans = ((1, None),) if private else ()
                member = Member(spans=spans, moderator=True, ts=wall)
                changes.append(("member", place(number, creator), member))
            return changes

        if not name.startswith(DIRECT):  # who talks to whom is nobody's business
            by = person.nick if person else "the console"
            self._turn.note("info", f"room {name} created by {by}")
        return ledger.apply_room(name, creator, wall, founding)

    def room(self, text: str, user: str, rooms: Bucket) -> Room:
        """The room of that name in any form; created by `user` where there is none."""
        name = self._names.name(text, user)
        room = self._turn.ledger.rooms.get(name)
        if room is None:
            self._turn.charge(rooms, "new rooms")
            room = self.open_room(name, user)
        elif not self._rights.may_see(room, user):
            raise no_such_room(text)
        return room

    def granted(self, name: str) -> None:
        """Somebody was granted the room's topic, and waits for a sign."""
        self._heads.newcomer(name, self._turn.now)
        if name in self._news:
            self._heard.add(name)

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

    def exit(self, session: Session, name: str) -> None:
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
            self._news.pop(name, None)
            self._heard.discard(name)
            return
        if name in self._heard:
            self._heard.remove(name)
            for news in self._news.pop(name, ()):
                self._turn.publish(room, news)
        line = m.RoomLine(type="head", head=room.seq, people=len(there.people), rev=there.rev)
        self._turn.publish(room, encode(line))

    def _peer(self, room: Room, user: str) -> m.Person | None:
        if not room.direct:
            return None
        peer = self._names.peer(room, user)
        return m.Person(peer, self._turn.ledger.people[peer].nick)


def nickname(text: str) -> tuple[str, str]:
    """A nickname as it is shown, and what look-alikes have in common."""
    try:
        nick = nick_name(text)
        return nick, nick_key(nick)
    except BadName as fault:
        raise Refusal("bad-nick", str(fault)) from None
