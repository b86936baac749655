"""The durable state of the broker, as a fold over its log: pure, deterministic, no clock.

Owns rooms, people, nicknames and how far each stream was taken. `apply_*` stage a change in the
open batch and show it at once to what follows; `committed` makes it true, `rolled_back` takes it
back (a full disk). Knows no session, no socket and no file.
"""

from collections.abc import Callable

from common.broker.batch import Append, Batch, RefusalRow, RoomRow, StreamRow, UserRow
from common.protocol.codec import encode
from common.protocol.messages import Record

SERVER_LOG = 0
"""The number of the server's own log, which holds creations, keys and nicknames."""


class Room:
    """A room and the newest number that it gave out, staged ones included."""

    __slots__ = ("committed", "name", "number", "seq", "topic", "ts")

    def __init__(self, number: int, name: str, topic: bytes, seq: int = 0, ts: int = 0) -> None:
        self.number = number
        self.name = name
        self.topic = topic
        self.seq = seq
        self.committed = seq
        self.ts = ts


class Person:
    """Somebody with a key (or, under --plain, a secret) and a nickname."""

    __slots__ = ("key", "nick", "nick_key", "user")

    def __init__(self, user: str, key: str, nick: str, nick_key: str) -> None:
        self.user = user
        self.key = key
        self.nick = nick
        self.nick_key = nick_key


class Ledger:
    """What the log says. `read_stream` reads a committed stream that is not in memory."""

    def __init__(
        self,
        rooms: list[tuple[RoomRow, int, int]],
        people: list[UserRow],
        read_stream: Callable[[str], StreamRow | None],
        token: Callable[[], str],
        topic: Callable[[str], bytes],
    ) -> None:
        self._read_stream = read_stream
        self._token = token
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
        for row, head, ts in rooms:
            self._numbers = max(self._numbers, row.room)
            if row.room == SERVER_LOG:
                self._log = Room(SERVER_LOG, "", b"", head, ts)
            else:
                self.rooms[row.name] = Room(row.room, row.name, topic(token()), head, ts)
        for user in people:
            person = Person(user.user, user.key, user.nick, user.nick_key)
            self.people[user.user] = person
            self.nicks[user.nick_key] = person

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

    def apply_room(self, name: str, creator: str, ts: int) -> Room:
        """Creates a room; its creation is a record of the server's log."""
        self._numbers += 1
        room = Room(self._numbers, name, self._topic(self._token()))
        self.rooms[name] = room
        self.batch.rooms.append(RoomRow(room.number, name, creator, ts))
        nick = self.people[creator].nick if creator in self.people else ""
        self._write_log("room-created", creator, nick, name, ts)
        self._undo.append(lambda: self._drop_room(name))
        return room

    def apply_person(self, user: str, key: str, nick: str, nick_key: str, ts: int) -> Person:
        """Binds a nickname to a person, who is made where the key is new."""
        person = self.people.get(user)
        if person is None:
            person = Person(user, key, nick, nick_key)
            self.people[user] = person
            self._undo.append(lambda: self._drop_person(user, nick_key))
        else:
            self.nicks.pop(person.nick_key, None)
            self._undo.append(self._renaming(person, person.nick, person.nick_key))
            person.nick, person.nick_key = nick, nick_key
        self.nicks[nick_key] = person
        self.batch.users.append(UserRow(user, key, nick, nick_key, ts))
        self._write_log("nick-bound", user, nick, key, ts)
        return person

    def renew_topic(self, room: Room) -> None:
        """Gives a room a topic that nobody was told yet."""
        room.topic = self._topic(self._token())

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

    def _write_log(self, type: str, user: str, nick: str, text: str, ts: int) -> None:
        seq = self._log.seq + 1
        ts = max(ts, self._log.ts)
        line = encode(Record(type, seq, f"server-{seq}", user, nick, ts, text))
        self._stage(self._log, seq, ts, line)

    def _drop_room(self, name: str) -> None:
        del self.rooms[name]
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
