"""The durable state of the broker, as a fold over its log: pure, deterministic, no clock.

Owns rooms, people, nicknames, facts and how far each stream was taken. `apply_*` stage a change in
the open batch and show it at once to what follows; `committed` makes it true, `rolled_back` takes
it back (a full disk). Knows no session, no socket, no file, and not who may do what.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from common.broker.batch import (
    Append,
    Batch,
    Erasure,
    FactRow,
    RefusalRow,
    RoomRow,
    StreamRow,
    UserRow,
)
from common.broker.facts import Change, Facts, HeldNick, Rules
from common.protocol.codec import encode
from common.protocol.deeds import LogEntry
from common.protocol.identity import user_of_key
from common.protocol.messages import Record

SERVER_LOG = 0
"""The number of the server's own log, which holds creations, keys, nicknames and every deed."""
DIRECT = "@"
"""What the name of a direct conversation begins with, and no other room's: `@USER-USER`."""


class Room:
    """A room and the newest number that it gave out, staged ones included."""

    __slots__ = (
        "committed",
        "direct",
        "guarded",
        "name",
        "number",
        "rules",
        "seq",
        "topic",
        "ts",
    )

    def __init__(self, number: int, name: str, topic: bytes, seq: int = 0, ts: int = 0) -> None:
        self.direct = tuple(name[1:].split("-")) if name.startswith(DIRECT) else ()
        """The two users of a direct conversation, in order; empty for any other room."""
        self.rules = Rules(private=bool(self.direct))
        self.guarded = bool(self.direct)
        """Whether speaking here needs more than a look: private, read-only, slow, or somebody is
        muted or kept out."""
        self.number = number
        self.name = name
        self.topic = topic
        self.seq = seq
        self.committed = seq
        self.ts = ts


class Subject(NamedTuple):
    """Whom a deed concerns."""

    user: str = ""
    nick: str = ""


class Person:
    """Somebody with a key (or, under --plain, a secret) and a nickname."""

    __slots__ = ("guarded", "key", "nick", "nick_key", "user")

    def __init__(self, user: str, key: str, nick: str, nick_key: str) -> None:
        self.guarded = False
        """Whether they are, or were, muted everywhere."""
        self.user = user
        self.key = key
        self.nick = nick
        self.nick_key = nick_key


def _none(_room: int) -> Sequence[Change]:
    return ()


class Ledger:
    """What the log says. `read_stream` reads a committed stream that is not in memory."""

    def __init__(
        self,
        rooms: list[tuple[RoomRow, int, int]],
        people: list[UserRow],
        read_stream: Callable[[str], StreamRow | None],
        token: Callable[[], str],
        topic: Callable[[str], bytes],
        facts: Sequence[tuple[str, str, bytes]] = (),
    ) -> None:
        self._read_stream = read_stream
        self.token = token
        self._topic = topic
        self._log = Room(SERVER_LOG, "", b"")
        self._numbers = SERVER_LOG
        self._undo: list[Callable[[], None]] = []
        self._leaving: dict[str, None] = {}
        self.rooms: dict[str, Room] = {}
        self.people: dict[str, Person] = {}
        self.nicks: dict[str, Person] = {}
        self.streams: dict[str, StreamRow] = {}
        self.batch = Batch()
        self.facts = Facts(list(facts))
        self._by_number: dict[int, Room] = {}
        self._directs: dict[str, dict[int, Room]] = {}
        for row, head, ts in rooms:
            self._numbers = max(self._numbers, row.room)
            if row.room == SERVER_LOG:
                self._log = Room(SERVER_LOG, "", b"", head, ts)
            else:
                room = Room(row.room, row.name, topic(token()), head, ts)
                self._keep_room(room)
        for user in people:
            person = Person(user.user, user.key, user.nick, user.nick_key)
            self.people[user.user] = person
            self.nicks[user.nick_key] = person
        for kind in ("rules", "mute", "kick"):
            for key in self.facts.of_kind(kind):
                self._guard(kind, key)

    def stream(self, stream: str, user: str) -> StreamRow | None:
        """The stream's row, new where nobody has it; None where it is somebody else's.

        From memory first: what this very batch took is not in the file yet.
        """
        self._leaving.pop(stream, None)
        row = self.streams.get(stream)
        if row is None:
            row = self._read_stream(stream) or StreamRow(stream, user, 0)
            row.committed = row.last
            if row.user == user:
                self.streams[stream] = row
        return row if row.user == user else None

    def forget_stream(self, stream: str) -> None:
        """No session sends from it any more. A staged one is kept until its commit is over."""
        if stream in self.batch.streams:
            self._leaving[stream] = None
        else:
            self.streams.pop(stream, None)

    def apply_say(
        self, row: StreamRow, n: int, room: Room, person: Person, text: str, me: bool, ts: int
    ) -> int:
        """Takes number `n` of a stream as a message; the caller checked that it is the next one.

        Raises `UnicodeEncodeError` on text that no JSON can hold, with nothing staged.
        """
        if ts < room.ts:  # a clock set back: time stands still in the room rather than run back
            ts = room.ts
        seq = room.seq + 1
        line = encode(
            Record("message", seq, f"{row.stream}-{n}", person.user, person.nick, ts, text, me)
        )
        self._stage(room, seq, ts, line)
        row.last = n
        self.batch.streams[row.stream] = row
        return seq

    def apply_refusal(self, row: StreamRow, n: int, code: str, text: str) -> None:
        """Takes number `n` of a stream as refused for good, so that the stream goes on."""
        row.last = n
        self.batch.streams[row.stream] = row
        self.batch.refusals.append(RefusalRow(row.stream, n, code, text))

    def apply_room(
        self, name: str, creator: str, ts: int, changes: Callable[[int], Sequence[Change]] = _none
    ) -> Room:
        """Creates a room; its creation is a record of the server's log, with the facts that
        `changes` answers for the new room's number."""
        self._numbers += 1
        room = Room(self._numbers, name, self._topic(self.token()))
        self._keep_room(room)
        self.batch.rooms.append(RoomRow(room.number, name, creator, ts))
        self._undo.append(lambda: self._drop_room(name))
        type = "direct-created" if room.direct else "room-created"
        nick = self.people[creator].nick if creator in self.people else ""
        by = Subject(creator, nick)
        self.apply_deed(type, by, ts, changes(room.number), room=name, reason=name)
        return room

    def apply_deed(
        self,
        type: str,
        by: "Person | Subject",
        ts: int,
        changes: Sequence[Change] = (),
        *,
        room: str = "",
        subject: "Person | Subject" = Subject(),  # noqa: B008 - a constant
        reason: str = "",
        until: int = 0,
    ) -> None:
        """Makes facts so, in one record of the server's log."""
        written: list[tuple[str, str, Any]] = []
        for change in changes:
            kind, key, value = change
            self._undo.append(self._changing(self.facts.put(change)))
            self._guard(kind, key)
            self.batch.facts.append(FactRow(kind, key, None if value is None else encode(value)))
            written.append(change)
        seq = self._log.seq + 1
        ts = max(ts, self._log.ts)
        line = encode(
            LogEntry(
                type, seq, f"server-{seq}", by.user, by.nick, ts, reason,
                room=room, subject=subject.user, subject_nick=subject.nick, until=until,
                facts=tuple(written),
            )
        )  # fmt: skip
        self._stage(self._log, seq, ts, line)

    def apply_deletion(self, room: Room, of: int, by: Person, reason: str, ts: int) -> int:
        """Takes the text of record `of` away; says so in a record of the room, whose number is
        answered."""
        seq, ts = room.seq + 1, max(ts, room.ts)
        id = f"server-{self._log.seq + 1}"
        line = encode(Record("delete", seq, id, by.user, by.nick, ts, reason, of=of))
        self._stage(room, seq, ts, line)
        self.batch.erasures.append(Erasure(room.number, of))
        return seq

    def apply_person(
        self, user: str, key: str, nick: str, nick_key: str, ts: int, *, hold: bool = True
    ) -> Person:
        """Binds a nickname to a person, who is made where the key is new. Their former one stays
        theirs where `hold`."""
        person = self.people.get(user)
        changes: list[Change] = []
        if person is None:
            person = Person(user, key, nick, nick_key)
            self.people[user] = person
            self._undo.append(lambda: self._drop_person(user, nick_key))
        else:
            self.nicks.pop(person.nick_key, None)
            self._undo.append(self._renaming(person, person.nick, person.nick_key))
            if hold and person.nick_key != nick_key:
                held = HeldNick(user=user, nick=person.nick)
                changes.append(("nick", person.nick_key, held))
            person.nick, person.nick_key = nick, nick_key
        if nick_key in self.facts.nicks:
            changes.append(("nick", nick_key, None))
        self.nicks[nick_key] = person
        self.batch.users.append(UserRow(user, person.key, nick, nick_key, ts))
        self.apply_deed("nick-bound", person, ts, changes, reason=key)
        return person

    @property
    def log_head(self) -> int:
        """The newest committed number of the server's own log."""
        return self._log.committed

    def holder(self, nick_key: str) -> Person | None:
        """Whose nickname this is, or was and was not freed since."""
        person = self.nicks.get(nick_key)
        if person is None and (held := self.facts.nicks.get(nick_key)) is not None:
            person = self.people.get(held.user)
        return person

    def user_of(self, key: str) -> str:
        """The user id of a key: another device's is its person's."""
        device = self.facts.devices.get(key)
        return device.user if device is not None and not device.revoked else user_of_key(key)

    def directs(self, user: str) -> list[Room]:
        """Somebody's direct conversations."""
        return list(self._directs.get(user, {}).values())

    def on_rollback(self, undo: Callable[[], None]) -> None:
        """What somebody else remembers of this turn, and must forget on a full disk."""
        self._undo.append(undo)

    def renew_topic(self, room: Room) -> None:
        """Gives a room a topic that nobody was told yet. What this turn has to say in the room is
        said there, and so reaches nobody live: whoever stays fetches it."""
        former, room.topic = room.topic, self._topic(self.token())
        append = self.batch.appends.get(room.number)
        if append is not None:
            append.topic = room.topic
        lines = self.batch.publish.pop(former, None)
        if lines:
            self.batch.publish[room.topic] = lines

    def committed(self) -> None:
        """The batch is in the file."""
        for append in self.batch.appends.values():
            append.room_state.committed = append.first + len(append.lines) - 1
        for row in self.batch.streams.values():
            row.committed = row.last
        self._undo.clear()
        self._close_batch()

    def rolled_back(self) -> None:
        """The batch is certainly not in the file: what it showed is taken back."""
        for append in self.batch.appends.values():
            append.room_state.seq = append.room_state.committed
        for row in self.batch.streams.values():
            row.last = row.committed
        while self._undo:
            self._undo.pop()()
        self._close_batch()

    def _close_batch(self) -> None:
        for stream in self._leaving:
            self.streams.pop(stream, None)
        self._leaving.clear()
        self.batch = Batch()

    def _stage(self, room: Room, seq: int, ts: int, line: bytes) -> None:
        room.seq = seq
        room.ts = ts
        append = self.batch.appends.get(room.number)
        if append is None:
            self.batch.appends[room.number] = Append(room.number, seq, [line], room.topic, room)
        else:
            append.lines.append(line)

    def _guard(self, kind: str, key: str) -> None:
        """A fact has changed: is there anything to look at before speaking?"""
        number, _, user = key.partition("/")
        room = self._by_number.get(int(number)) if kind in ("rules", "mute", "kick") else None
        if room is not None:
            rules = room.rules
            if kind == "rules":
                room.rules = rules = self.facts.rules.get(key) or Rules(private=bool(room.direct))
            else:
                room.guarded = True  # until the next start, which finds what holds then
            if rules.private or rules.readonly or rules.slow:
                room.guarded = True
        elif kind == "mute" and (person := self.people.get(user)) is not None:
            person.guarded = True

    def _changing(self, back: Change) -> Callable[[], None]:
        def undo() -> None:
            self.facts.put(back)
            self._guard(back[0], back[1])

        return undo

    def _keep_room(self, room: Room) -> None:
        self.rooms[room.name] = self._by_number[room.number] = room
        for user in room.direct:
            self._directs.setdefault(user, {})[room.number] = room

    def _drop_room(self, name: str) -> None:
        room = self.rooms.pop(name)
        del self._by_number[room.number]
        for user in room.direct:
            del self._directs[user][room.number]
        self._numbers -= 1

    def _drop_person(self, user: str, nick_key: str) -> None:
        del self.people[user]
        self.nicks.pop(nick_key, None)

    def _renaming(self, person: Person, nick: str, nick_key: str) -> Callable[[], None]:
        def undo() -> None:
            self.nicks.pop(person.nick_key, None)
            person.nick, person.nick_key = nick, nick_key
            self.nicks[nick_key] = person

        return undo
