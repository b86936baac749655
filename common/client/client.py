"""`Client`: the door to the library for any program. Owns no socket and no state of the session.

Every method may be called from any thread and returns at once; the work happens in the one
background thread (`thread`), which runs the pure session (`session`). `aio` has the same door for
programs that are an asyncio loop: what both of them offer is `Requests`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from common.client.engine import Command, MakeSession
from common.client.engine import Request as Call
from common.client.events import (
    AuditReply,
    CodeReply,
    DoneReply,
    Event,
    HistoryReply,
    JoinedReply,
    ListReply,
    PeopleReply,
    PongReply,
    RoomsReply,
    StoredReply,
)
from common.client.places import is_direct, place
from common.client.profile import AnyProfile, MemoryProfile
from common.client.session import Saved, Session, SessionOptions
from common.client.target import Target
from common.client.thread import LinkThread
from common.keys import KeyPair, plain_secret
from common.protocol.codec import DECODER, Decoder
from common.protocol.deeds import AskList, Audit, Deed, Lists, MakeDeviceCode, MakeInvitation
from common.protocol.messages import History, Nick, Ping, Request, Rooms, Who


@dataclass(kw_only=True)
class Options:
    """How a session behaves."""

    nick: str
    fallback: bool = False
    """Take `nick-2` where the nickname is another's (for nicknames that nobody typed)."""
    rooms: list[str] = field(default_factory=list)
    """Rooms to join, created where they do not exist; `@NICK` is a direct conversation."""
    since: dict[str, int] = field(default_factory=dict)
    """Room to the number after which to start; a room that is not named starts at the profile's
    cursor where `resume`, else at its head."""
    resume: bool = False
    catch_up: int | None = None
    """Records at most to fetch for a room that is behind; None: all of them."""
    visible: bool = True
    roster: bool = False
    """Keep track of who is in each room, so that people who left during a cut are reported."""
    app: str = ""
    lang: str = ""
    join_timeout: float = 10.0
    """Seconds for the first link; then `Failed`. Later ones are tried for ever."""
    code: str = ""
    """An invitation's or another device's code; without one, what the target knows."""
    direct: bool = False
    """Take part in direct conversations, now and as they begin."""
    wait_admission: bool = False
    """Where an administrator must let this key in: wait until one does (`Waiting`)."""
    follow: bool = True
    """Look for the broker on the network, by its key, when it is not to be reached any more."""
    moved: Callable[[Target], object] | None = None
    """Told where it was met then, in the session's thread."""


class Requests(ABC):
    """What a program asks of a session, whatever runs it.

    Each future ends in its reply or in `Refused`. A room may be `@NICK`: the direct conversation
    with that person, which answers and events name `@USER-USER`.
    """

    def __init__(self, profile: AnyProfile) -> None:
        self._profile = profile

    def say(self, room: str, text: str, *, me: bool = False) -> "Future[StoredReply]":
        """Says something; the future ends once it is stored, or refused for good."""
        return self._call(lambda session, ref: session.say(ref, room, text, me))

    def join(self, room: str, *, after: int | None = None) -> "Future[JoinedReply]":
        """Joins a room; records after number `after` follow as events, else those to come."""
        return self._call(lambda session, ref: session.join(ref, room, after))

    def leave(self, room: str) -> "Future[DoneReply]":
        """Leaves a room."""
        return self._call(lambda session, ref: session.leave(ref, room))

    def history(
        self,
        room: str,
        *,
        after: int | None = None,
        before: int | None = None,
        since: int | None = None,
        limit: int = 1_000,
    ) -> "Future[HistoryReply]":
        """One page (ascending; at most 1,000 records and 64 kB); see `History`."""
        request = History(room=room, after=after, before=before, since=since, limit=limit)
        return self._ask(request)

    def who(self, room: str) -> "Future[PeopleReply]":
        """Everybody in a room: all pages, sorted by nickname."""
        return self._ask(Who(room=room))

    def rooms(self) -> "Future[RoomsReply]":
        """Every room: all pages, sorted by name."""
        return self._ask(Rooms())

    def nick(self, nick: str) -> "Future[DoneReply]":
        """Takes another nickname."""
        return self._ask(Nick(nick=nick))

    def ping(self) -> "Future[PongReply]":
        """A round trip: everything asked before has reached the broker."""
        return self._ask(Ping())

    def do(self, deed: Deed) -> "Future[DoneReply]":
        """Does what people decide about rooms and one another; see `protocol.deeds`."""
        return self._ask(deed)

    def make_code(self, deed: MakeInvitation | MakeDeviceCode) -> "Future[CodeReply]":
        """Makes a code to be handed on. Never asked twice: without an answer, `timeout`."""
        return self._ask(deed)

    def list(self, what: Lists, room: str = "") -> "Future[ListReply]":
        """A whole list: all pages."""
        return self._ask(AskList(what=what, room=room))

    def audit(
        self, *, after: int | None = None, before: int | None = None, limit: int = 1_000
    ) -> "Future[AuditReply]":
        """One page of the server's own log; bounds as `history`."""
        return self._ask(Audit(after=after, before=before, limit=limit))

    def set_ignored(self, people: Mapping[str, str]) -> None:
        """Keeps whom this person does not want to read: user to nickname."""
        kept = dict(people)
        self._keep(lambda: self._profile.set_ignored(kept))

    def set_silenced(self, rooms: Iterable[str]) -> None:
        """Keeps the rooms that are not to call this person."""
        kept = tuple(rooms)
        self._keep(lambda: self._profile.set_silenced(kept))

    def set_note(self, name: str, text: str) -> None:
        """Keeps a text of the program's own under a name: drafts, for instance."""
        self._keep(lambda: self._profile.set_note(name, text))

    def set_rooms(self, rooms: Iterable[str]) -> None:
        """Keeps the rooms that a later run asks for."""
        kept = tuple(rooms)
        self._keep(lambda: self._profile.set_rooms(kept))

    @abstractmethod
    def hurry(self) -> None:
        """Tries to link up again now, where the library waits for its next try."""

    @abstractmethod
    def seen(self, room: str, seq: int, id: str) -> None:
        """The program is done with this record: the cursor that a later run resumes from."""

    @abstractmethod
    def unsent(self) -> int:
        """Messages said and not yet known to be stored or refused."""

    @abstractmethod
    def drop_unsent(self) -> None:
        """Forgets what is queued: it will not be sent later. For programs that give up."""

    @abstractmethod
    def _call(self, request: Call) -> "Future[Any]":
        """Has the session asked, under a number of its own."""

    @abstractmethod
    def _keep(self, write: Command) -> None:
        """Has the profile written to."""

    def _ask(self, request: Request) -> "Future[Any]":
        return self._call(lambda session, ref: session.ask(ref, request))


class Client(Requests):
    """One session with one broker: PUSH and SUB in a background thread.

    with Client(target, keys, Options(nick="ada", rooms=["general"])) as client:
        client.say("general", "hello").result(10)
        while (event := client.get()) is not None:
            ...
    """

    def __init__(
        self, target: Target, keys: KeyPair, options: Options, profile: AnyProfile | None = None
    ) -> None:
        super().__init__(profile or MemoryProfile())
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._thread = LinkThread(
            target,
            keys,
            session_maker(target, keys, options, self._profile),
            self._profile,
            self._events.put,
        )
        if options.follow:
            self._thread.follow(options.moved)

    def start(self) -> None:
        """Starts the thread; `Ready` or `Failed` comes out of the queue."""
        self._thread.start()

    def get(self, timeout: float | None = None) -> Event | None:
        """The next event; None when the client was closed. Raises `queue.Empty` after `timeout`."""
        return self._events.get(timeout=timeout)

    def close(self, timeout: float = 2.0) -> None:
        """Says goodbye and ends the thread. What is unsent stays in the profile's outbox."""
        if self._thread.is_alive():
            self._thread.stop()
            self._thread.join(timeout)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def hurry(self) -> None:
        self._thread.hurry()

    def seen(self, room: str, seq: int, id: str) -> None:
        self._thread.seen(room, seq, id)

    def unsent(self) -> int:
        return self._thread.unsent()

    def drop_unsent(self) -> None:
        self._thread.drop_unsent()

    def _call(self, request: Call) -> "Future[Any]":
        return self._thread.call(request)

    def _keep(self, write: Command) -> None:
        self._thread.keep(write)


def session_maker(
    target: Target,
    keys: KeyPair,
    options: Options,
    profile: AnyProfile,
    decoder: Decoder = DECODER,
) -> MakeSession:
    """What makes the session that these options ask for, from where this profile stopped."""
    saved = _saved(options, profile)
    settings = SessionOptions(
        nick=options.nick,
        fallback=options.fallback,
        visible=options.visible,
        roster=options.roster,
        catch_up=options.catch_up,
        app=options.app,
        lang=options.lang,
        secret=plain_secret(keys) if target.key is None else None,
        expect_plain=target.key is None,
        join_timeout=options.join_timeout,
        code=options.code or _code(target, keys),
        direct=options.direct and target.key is not None,
        wait_admission=options.wait_admission,
    )
    return lambda new_id, jitter: Session(settings, saved, new_id, jitter, decoder)


def _saved(options: Options, profile: AnyProfile) -> Saved:
    """Where to begin: as told, else where this profile stopped if asked to, else at the head."""
    rooms: dict[str, tuple[int, str] | None] = {}
    for room in options.rooms:
        name = place(room)
        cursor = profile.cursor(name) if options.resume else None
        if name in options.since:
            rooms[name] = (options.since[name], "")
        elif cursor is not None:
            rooms[name] = (cursor.seq, cursor.id)
        else:
            rooms[name] = None
    directs = None
    if options.resume:
        cursors = profile.cursors()
        directs = {name: (at.seq, at.id) for name, at in cursors.items() if is_direct(name)}
    return Saved(
        stream=profile.stream(),
        next_n=profile.next_n(),
        outbox=[(item.n, item.room, item.text, item.me) for item in profile.outbox()],
        rooms=rooms,
        directs=directs,
        epoch=profile.epoch() or "",
    )


def _code(target: Target, keys: KeyPair) -> str:
    """What lets this key in, as far as the target tells. The broker's own key needs nothing."""
    return "" if keys.public == target.key else target.code or target.claim
