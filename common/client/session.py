"""One client's session with one broker: a pure state machine. Events in, effects out.

Every way in is the same: fresh sockets, a fresh session id, `greet`, `hello`, `welcome`, grants,
and what was missed. Owns the link's state, the outbox, the rooms and the requests under way; knows
no socket, clock, disk or thread. `now` is monotonic seconds.
"""

from collections.abc import Callable
from typing import Any, Final

from msgspec import structs

from common.client import effects as e
from common.client import events as ev
from common.client.asking import Asking
from common.client.causes import FOR_GOOD, OUT, mismatch, values_of, waited_out
from common.client.doors import Doors
from common.client.options import Saved, SessionOptions
from common.client.outbox import Outbox
from common.client.rooms import Rooms
from common.client.roomview import ASK_AGAIN
from common.client.saying import Saying
from common.protocol import deeds, topics
from common.protocol import messages as m
from common.protocol.codec import DECODER, DecodeError, Decoder, decode_answer
from common.protocol.limits import WIRE

__all__ = ["Saved", "Session", "SessionOptions"]

ANSWER: Final = 5.0
"""Seconds within which a broker greets, and welcomes."""
SILENCE: Final = 8.0
"""Seconds without a word from the broker, while one is owed, after which the link is given up."""
FIRST_BACKOFF: Final = 0.05
LAST_BACKOFF: Final = 5.0
"""Seconds between two tries, doubled from first to last, each times 0.5 to 1.5 by chance."""


class Session:
    """Feed it with `start`, `received`, `link_lost`, requests and `tick`; then take the effects."""

    def __init__(
        self,
        options: SessionOptions,
        saved: Saved,
        new_id: Callable[[int], str],
        jitter: Callable[[], float],
        decoder: Decoder = DECODER,
    ) -> None:
        """`new_id(digits)` makes random hexadecimal digits, `jitter()` a number from 0 to 1;
        `decoder` may know what other sessions have read already."""
        self._options = options
        self._new_id = new_id
        self._jitter = jitter
        self._out = e.Outlet()
        self._outbox = Outbox(saved.stream, saved.next_n, saved.outbox)
        self._saying = Saying(self._outbox, self._out, new_id)
        self._asking = Asking(
            lambda: self.welcomed, self._out.push, self._out.resolve, lambda: self._wall, decoder
        )
        self._rooms = Rooms(
            saved,
            self._out,
            self._asking,
            self._saying.said,
            self._renamed,
            options.roster,
            options.catch_up,
            decoder,
        )
        self._doors = Doors(self._rooms, self._asking, self._out, lambda: self.welcomed)
        self.user = ""
        self.nick = options.nick
        self._server = ""
        self._epoch = saved.epoch
        self._role = ""
        self._refused: list[str] = []
        self._asked: list[str] = []
        """The rooms that `hello` asked for."""
        self._waits = False
        """It was told that an administrator must let us in."""
        self._clock = 0.0
        """The broker's clock in milliseconds, less our own."""
        self._limits = WIRE
        self._state = "idle"  # idle, waiting, connecting, greeted, up, ended
        self._inbox = b""
        self._retry_at = float("inf")
        self._deadline = float("inf")
        self._ask_at = float("inf")
        self._backoff = FIRST_BACKOFF
        self._give_up_at = float("inf")
        self._ready_told = False
        self._was_up = False
        self._taken = 0
        """The stream's last number as of `welcome`, until the rooms have read what was missed."""
        self._heard = 0.0
        self._owing = False
        self.now = 0.0
        """As of the last that was fed; whoever asks for something sets it before."""

    # --- what the shell feeds ------------------------------------------------------------------

    def start(self, now: float) -> None:
        """Begins to connect."""
        self.now = now
        self._give_up_at = now + self._options.join_timeout
        self._saying.tell_queued()
        self._doors.begin(now)
        self._connect()

    def received(self, topic: bytes, body: bytes, now: float) -> bool:
        """A frame of the SUB socket. One that cannot be read is dropped: the gap is repaired.

        Answers whether something may be due earlier than `tick` has said: not where nothing is
        waited for, and nothing is missing of the room that the frame is about.
        """
        self.now = self._heard = now
        waiting = self._waiting
        try:
            if topic == self._inbox:
                self._inbox_frame(body)
                return True
            view = self._rooms.frame(topic, body, now)
            if view is not None:
                self._tell_ready()
        except DecodeError:
            return True
        return waiting or self._waiting or view is None or not view.whole

    @property
    def _waiting(self) -> bool:
        return bool(self._outbox.items or self._asking.waiting)

    def link_lost(
        self, code: str, reason: str, now: float, values: ev.Values | None = None, retry: float = 0
    ) -> None:
        """The link is gone, or could not be made. `retry`: the broker says when to come back."""
        self.now = now
        if self._state in ("idle", "ended", "waiting"):
            return
        waits = code == "not-invited" and self._options.wait_admission
        if waits:
            self._give_up_at = float("inf")
        elif not self._was_up and (code in FOR_GOOD or now >= self._give_up_at):
            self._fail(code, reason, values)
            return
        self._out.do(e.Disconnect())
        self._state = "waiting"
        wait = max(self._backoff * (0.5 + self._jitter()), retry)
        if not self._was_up:
            wait = min(wait, max(self._give_up_at - now, 0.0))
        self._backoff = min(self._backoff * 2, LAST_BACKOFF)
        self._retry_at = now + wait
        self._deadline = self._ask_at = float("inf")
        self._inbox = b""  # what the lost link brought in is still being read
        self._rooms.link_lost()
        self._asking.link_lost()
        if not waits:
            self._out.emit(ev.LinkDown(code=code, reason=reason, retry_in=wait))
        elif not self._waits:
            self._waits = True
            self._out.emit(ev.Waiting())

    def tick(self, now: float) -> float:
        """Does what is due; answers when to be asked again."""
        self.now = now
        if self._state == "ended" or self._state == "idle":
            return float("inf")
        if self._state == "waiting" and now >= self._retry_at:
            self._connect()
        elif self._state in ("connecting", "greeted") and now >= self._deadline:
            self._deadline = now + 1.0
            self._out.do(e.Overdue())
        elif self._state == "connecting" and now >= self._ask_at:
            self._ask_at = now + ASK_AGAIN  # a gate under attack grants nothing for a moment
            self._out.do(e.Subscribe(self._inbox, again=True))
        elif self._state == "up":
            return self._tick_up(now)
        return min(self._retry_at, self._deadline, self._ask_at)

    def hurry(self) -> None:
        """Somebody does not want to wait for the next try: it is made at once."""
        if self._state == "waiting":
            self._retry_at = self.now

    def take(self) -> list[e.Effect]:
        """The effects since the last call, in order."""
        return self._out.take()

    # --- requests ------------------------------------------------------------------------------

    def say(self, ref: int, room: str, text: str, me: bool) -> None:
        """Queues a message; resolved when its outcome is known."""
        self._saying.say(ref, self._rooms.known_as(room), text, me, self._limits.text)

    def join(self, ref: int, room: str, after: int | None) -> None:
        """Joins a room, or `@NICK`; it is joined again on every later link."""
        self._doors.join(ref, room, after, self.now)

    def leave(self, ref: int, room: str) -> None:
        """Leaves a room for good."""
        self._doors.leave(ref, room, self.now)

    def ask(self, ref: int, request: m.Request) -> None:
        """`History`, `Who`, `Rooms`, `Nick`, `Ping` or a deed; lists are collected page by page."""
        self._asking.ask(ref, request, self.now)

    def not_kept(self, numbers: list[int], reason: str) -> None:
        """These newest messages could not be put on disk: they are refused, and never sent."""
        self._saying.not_kept(numbers, reason)

    def drop_unsent(self) -> list[int]:
        """Forgets what is queued; their numbers. The stream has a hole then: it is only closed."""
        return self._saying.drop()

    def close(self) -> None:
        """Says goodbye. Nothing is done any more after this."""
        if self._state == "up":
            self._out.push(m.Bye())
        self._out.do(e.Disconnect())
        self._state = "ended"

    @property
    def welcomed(self) -> bool:
        return self._state == "up"

    @property
    def _wall(self) -> float:
        return self._clock + self.now * 1_000

    @property
    def unsent(self) -> int:
        return len(self._outbox.items)

    # --- the way in ----------------------------------------------------------------------------

    def _connect(self) -> None:
        self._out.session = self._new_id(32).encode()
        self._inbox = topics.inbox(self._out.session)
        self._state = "connecting"
        self._retry_at = float("inf")
        self._deadline = self.now + ANSWER
        self._ask_at = self.now + ASK_AGAIN
        if not self._was_up:
            self._deadline = min(self._deadline, self._give_up_at)
        self._out.do(e.Connect(self._out.session))

    def _greeted(self, greet: m.Greet) -> None:
        unlike = mismatch(greet, self._options.expect_plain)
        if unlike is not None:
            self.link_lost(*unlike, self.now)
            return
        if self._state == "up":  # the broker lost this session: a libzmq reconnection, or its own
            self.link_lost("no-answer", "the broker greets again", self.now)
            return
        self._limits = greet.limits
        self._server = greet.server
        self._clock = greet.time - self.now * 1_000
        if greet.epoch != self._epoch:
            if self._epoch:
                self._out.emit(ev.Restored(server=greet.server))
            self._epoch = greet.epoch
            self._out.do(e.KeepEpoch(greet.epoch))
        options = self._options
        self._asked = self._rooms.names()
        stream, nick = self._outbox.stream, self.nick if self._was_up else options.nick
        hello = options.hello(nick, stream, self._asked, again=self._was_up)
        self._state = "greeted"
        self._ask_at = float("inf")
        self._deadline = self.now + ANSWER
        self._out.push(hello)

    def _welcomed(self, welcome: m.Welcome) -> None:
        if self._state != "greeted":
            return
        if self._outbox.mismatch(welcome.last):
            self._saying.begin_stream()
            self.link_lost("rolled-back", "the server lost part of what it had stored", self.now)
            return
        self._outbox.next_n = max(self._outbox.next_n, welcome.last + 1)
        # What was taken says so by its record, which the rooms fetch first: to ask for each number
        # at once would keep the broker from answering those pages (measured).
        self._taken = welcome.last
        self._outbox.rewind(welcome.last + 1)
        self.user = welcome.user
        self.nick = welcome.nick
        self._state = "up"
        self._backoff = FIRST_BACKOFF
        self._deadline = float("inf")
        self._role = welcome.role
        self._asking.again(self.now)
        first = not self._was_up
        stream = self._outbox.stream
        refused = self._rooms.welcomed(welcome, self._asked, stream, self.now, first=first)
        if first:
            self._refused = refused
        else:
            encrypted = not self._options.expect_plain
            behind = self._rooms.behind
            self._out.emit(ev.LinkUp(behind=behind, nick=self.nick, encrypted=encrypted))
        self._was_up = True
        self._tell_ready()

    def _tell_ready(self) -> None:
        if self._ready_told or not self.welcomed:
            return
        if not (self._rooms.granted and self._doors.settled):
            return
        self._ready_told = True
        self._out.emit(
            ev.Ready(
                user=self.user,
                nick=self.nick,
                rooms=self._rooms.heads(),
                server=self._server,
                epoch=self._epoch,
                encrypted=not self._options.expect_plain,
                role=self._role,
                refused=[*self._refused, *self._doors.refused],
            )
        )

    def _fail(self, code: str, reason: str, values: ev.Values | None = None) -> None:
        self._out.do(e.Disconnect())
        self._state = "ended"
        self._inbox = b""
        self._rooms.link_lost()
        self._out.emit(ev.Failed(code=code, text=reason, values=values or {}))

    # --- while the link is up ------------------------------------------------------------------

    def _tick_up(self, now: float) -> float:
        if self._taken and self._rooms.whole:
            if self._outbox.first <= self._taken:  # nothing that was read told what became of it
                self._outbox.rewind()
            self._taken = 0
        for lines in self._outbox.due(now):
            self._out.push_lines(lines)
        doubt = self._rooms.doubt(now)
        self._rooms.tend(now)
        due = min(self._outbox.next_time(), self._asking.tick(now), self._rooms.next_time())
        owing = due < float("inf")
        if owing and not self._owing:
            self._heard = now  # silence counts from here: nothing was owed before
        elif owing and now >= self._heard + SILENCE:
            self._heard = now
            self._out.do(e.Overdue())
        self._owing = owing
        return min(due, doubt)

    def _inbox_frame(self, body: bytes) -> None:
        while body and self._inbox:  # one line may end the link
            try:
                answer, rest = decode_answer(body)
            except DecodeError:  # an answer of a type to come
                body = body.partition(b"\n")[2]
                continue
            if isinstance(answer, m.Page):
                if not self._rooms.page(answer, rest, self.now):
                    self._asking.page(answer, rest)
                return
            self._answer(answer)
            body = rest

    def _answer(self, answer: Any) -> None:
        match answer:
            case m.Greet():
                self._greeted(answer)
            case m.Welcome():
                self._welcomed(answer)
            case m.Stored():
                self._saying.stored(answer.n, answer.room, answer.seq, answer.ts, answer.id)
            case m.Resend():
                self._outbox.rewind(answer.start)
            case m.Closing():
                self.link_lost("stopping", "the broker stops", self.now)
            case m.Error():
                self._error(answer)
            case m.Joined():
                self._doors.joined(answer, self.now)
                self._tell_ready()
            case m.Done():
                self._done(answer.id, answer.nick)
            case m.People():
                everybody = self._asking.people(answer, self.now)
                if everybody is not None:
                    self._rooms.roster_came(answer.room, everybody, answer.rev, self.now)
            case m.RoomList():
                self._asking.room_list(answer, self.now)
            case m.Pong():
                self._asking.finish(answer.id, ev.PongReply(time=answer.time))
            case deeds.Listed():
                self._asking.listed(answer, self.now)
            case deeds.Code():
                self._asking.code(answer)
            case deeds.Notice():
                self._noticed(answer)

    def _error(self, error: m.Error) -> None:
        values = values_of(error, self._wall)
        if error.n:
            if waited_out(error):
                self._outbox.pause(error.n, self.now + error.retry)
                self._out.emit(ev.Paused(seconds=error.retry))
            else:
                self._saying.refused(error.n, error.code, error.text, values)
        elif error.id and not self._rooms.refused(error, self.now):
            request = self._asking.request(error.id)
            if isinstance(request, m.Leave) and error.code in ("not-joined", "no-such-room"):
                self._done(error.id)  # a repeat, whose first answer was lost; or we were put out
                return
            if isinstance(request, m.Join) and not waited_out(error):
                self._doors.shut(request.room, error.code)
            self._asking.refused(error, self.now)
            self._tell_ready()
        elif self._state == "greeted":
            self._turned_away(error, values)

    def _turned_away(self, error: m.Error, values: ev.Values) -> None:
        """`hello` was answered with an error."""
        if error.code == "stream-taken":
            self._saying.begin_stream()
        if error.code == "bad-invitation":
            values = {**values, "value": self._options.code}
        if error.code in OUT:
            self._fail(error.code, error.text, values)
        else:
            self.link_lost(error.code, error.text, self.now, values, error.retry)

    def _noticed(self, notice: deeds.Notice) -> None:
        self._out.emit(ev.Notice(**structs.asdict(notice)))
        if notice.what in OUT and not notice.room:
            told = m.Error(code=notice.what, text="", reason=notice.reason, until=notice.until)
            values = {**values_of(told, self._wall), "nick": notice.nick}
            self._fail(notice.what, f"{notice.what} by {notice.nick}", values)
        else:
            self._rooms.noticed(notice)

    # --- outcomes ------------------------------------------------------------------------------

    def _done(self, id: str, nick: str = "") -> None:
        request = self._asking.request(id)
        if isinstance(request, m.Leave):
            self._rooms.drop(request.room)
        elif isinstance(request, m.Nick):
            self.nick = nick or request.nick
        self._asking.finish(id, ev.DoneReply())

    def _renamed(self, nick: str) -> None:
        self.nick = nick
