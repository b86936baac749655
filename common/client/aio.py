"""`AsyncClient`: one session on an asyncio loop, beside hundreds of others. Runs the engine.

Owns when the session has its turn, and the order in which its program hears of things. Knows no
rule of the session, nor how its decisions are carried out. Everything happens in the loop's thread;
what the clients of a loop have in common is the `LoopContext`.
"""

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

from common.client import events as ev
from common.client.client import Options, Requests, session_maker
from common.client.engine import NEVER, Command, Engine, Request, answer
from common.client.link import Cause, Doubt
from common.client.looplink import LoopLink
from common.client.profile import AnyProfile, Cursor
from common.client.shared import LoopContext
from common.client.target import Target
from common.keys import KeyPair
from common.protocol.messages import Ping

__all__ = ["AsyncClient", "LoopContext"]

KEEP_CURSORS: Final = (2.0, 6.0)
"""Seconds at most between a record that the program is done with and its cursor on disk, different
for each client: hundreds of them hear the same message at once, and a transaction each takes more
than all the rest (measured)."""
SUSPECTED: Final = 5.0
"""Seconds between two times at least that a broker is asked whether it still hears us."""


class AsyncClient(Requests):
    """One session with one broker, on the running loop, whose thread alone may use it.

    client = AsyncClient(target, keys, Options(nick="ada"), profile, context=context, emit=show)
    client.start()
    stored = await asyncio.wrap_future(client.say("general", "hello"))

    What a request writes to the profile is written when it returns. Futures end, and `emit` hears
    what happened, in a later turn of the loop, in the order in which it came about.
    """

    def __init__(
        self,
        target: Target,
        keys: KeyPair,
        options: Options,
        profile: AnyProfile,
        *,
        context: LoopContext,
        emit: Callable[[list[ev.Event]], None],
        on_end: Command = lambda: None,
    ) -> None:
        """`emit` gets what happened, a batch each turn. `on_end` is called once, after the last of
        them, when the sockets are let go: before `close` returns, or after `Failed`.

        Both are called in no context of this client: who needs a language sets it. Raises what the
        profile raises.
        """
        super().__init__(profile)
        self._context = context
        self._emit = emit
        self._on_end = on_end
        self._link = LoopLink(context.sockets, context.watch, target, keys, self._turn)
        self._engine = Engine(
            session_maker(target, keys, options, profile, context.decoder),
            self._link,
            profile,
            self._happened,
            lambda: self._find_out(self._link.doubt()),
            lambda future, reply: self._news.append((future, reply)),
        )
        self._news: list[ev.Event | tuple[Future[Any], ev.Reply | ev.Refused]] = []
        """What the program is not told yet."""
        self._telling = False
        self._over = False
        """`on_end` was called."""
        self._state = "new"  # new, open, failed, ended
        self._early: list[Command] = []
        """What was asked before the start."""
        self._loop: asyncio.AbstractEventLoop
        self._soon = False
        """A turn is on its way."""
        self._due = 0.0
        """When (monotonic) the session is to be asked what it wants done."""
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = NEVER
        self._search: tuple[int, bool] | None = None
        """About which sockets (`made`) it is being found out why they failed, and whether a word
        from the broker would prove that they did not."""
        self._suspected = -SUSPECTED
        self._patience = random.uniform(*KEEP_CURSORS)
        if options.follow:
            self._engine.follow(self._from_afar, options.moved)

    def start(self) -> None:
        """Begins to connect; `Ready` or `Failed` is emitted. Call it in the running loop, once."""
        self._loop = asyncio.get_running_loop()
        self._state = "open"
        self._context.enter(self)
        early, self._early = self._early, []
        for command in (self._engine.start, *early):
            self._do(command)

    def close(self) -> None:
        """Says goodbye, and lets go of the sockets. What is unsent stays in the profile's outbox.

        A second call does nothing. Called by `emit` or a future, it ends when they have returned.
        """
        if self._state == "open":
            try:
                self._engine.finish()
            except Exception as fault:
                self._engine.fail(fault)
        if self._state != "ended":
            self._end()
            self._tell()

    def move(self, target: Target) -> None:
        """The broker is at another address now, under its key: later links go there, the first at
        once where there is none."""
        self._link.target = target
        self.hurry()

    def suspect(self) -> None:
        """There is reason to think that the link is lost: the broker is asked for a word. Without
        one, or without a way to ask, the link is made anew."""
        now = time.monotonic()
        if self._engine.session.welcomed and now >= self._suspected + SUSPECTED:
            self._suspected = now
            self._do(lambda: self._engine.session.ask(-1, Ping()))

    # --- requests ------------------------------------------------------------------------------

    def hurry(self) -> None:
        self._do(self._engine.session.hurry)

    def seen(self, room: str, seq: int, id: str) -> None:
        self._engine.saw(room, Cursor(seq, id), self._patience)
        self._wake_at(self._engine.cursors_due)

    def unsent(self) -> int:
        return self._engine.session.unsent

    def drop_unsent(self) -> None:
        self._do(self._engine.drop_unsent)

    def _call(self, request: Request) -> "Future[Any]":
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        if self._state in ("new", "open"):
            self._do(lambda: self._engine.request(request, future))
        else:
            answer(future, ev.Refused("closed", "the client was closed"))
        return future

    def _keep(self, write: Command) -> None:
        self._do(lambda: self._kept(write))

    def _kept(self, write: Command) -> None:
        self._engine.keep(write)

    def _do(self, command: Command) -> None:
        """Does it, and all that follows from it, at once; what there is to tell, in a turn."""
        if self._state == "new":
            self._early.append(command)
        elif self._state == "open":
            self._due = 0.0
            try:
                command()
                self._engine.carry_out()
            except Exception as fault:
                self._broke(fault)
            self._wake()

    def _from_afar(self, command: Command) -> None:
        """From another thread. Raises RuntimeError where the loop has ended."""
        self._loop.call_soon_threadsafe(self._do, command)

    # --- turns ---------------------------------------------------------------------------------

    def _wake(self) -> None:
        if not self._soon:
            self._soon = True
            self._loop.call_soon(self._called)

    def _called(self) -> None:
        self._soon = False
        self._turn()

    def _rung(self) -> None:
        self._timer, self._rings_at = None, NEVER
        self._turn()

    def _turn(self) -> None:
        """Takes what came, does what is due, and tells what came of it."""
        if self._state == "open":
            try:
                self._work(time.monotonic())
            except Exception as fault:
                self._broke(fault)
        if self._news:
            self._tell()

    def _work(self, now: float) -> None:
        link, engine, session = self._link, self._engine, self._engine.session
        link.look()
        frames = link.frames()
        for topic, body in frames:
            if session.received(topic, body, now):
                self._due = now
        if frames and self._search is not None and self._search[1]:
            self._search = None
        if link.suspicious(bool(frames)):
            self.suspect()
        # First what came before the end of a link: it may say that the broker stops.
        if not link.more and (cause := link.cause()) is not None:
            self._context.alarm(self)
            if isinstance(cause, Doubt):
                self._find_out(cause)
            else:
                session.link_lost(*cause, now)
                self._due = now
        if now >= self._due:
            self._due = session.tick(now)
        engine.carry_out()
        if now >= engine.cursors_due:
            engine.save_cursors()
        if now >= link.rests_at:
            link.rest(bare=self._context.crowded)
        if link.more:
            self._wake()
        self._wake_at(min(self._due, engine.cursors_due, link.rests_at))

    def _wake_at(self, due: float) -> None:
        """A turn at `due`. One that rings earlier finds nothing to do, and sets the next: to set it
        anew with each frame would cost more."""
        if due >= self._rings_at or self._state != "open":
            return
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = due
        self._timer = self._loop.call_later(due - time.monotonic(), self._rung)

    def _find_out(self, doubt: Doubt) -> None:
        made = self._link.made
        if self._search is not None and self._search[0] == made:
            self._search = (made, self._search[1] and not doubt.lost)
            return
        self._search = (made, not doubt.lost)
        found = self._context.settle(doubt)
        found.add_done_callback(lambda done: self._found(made, done))

    def _found(self, made: int, done: "asyncio.Future[Cause]") -> None:
        """The link may have come back meanwhile, or another was made: it has no cause then."""
        if self._search is None or self._search[0] != made or done.cancelled():
            return
        self._search = None
        if self._link.made == made:
            cause = done.result()
            self._do(lambda: self._engine.session.link_lost(*cause, time.monotonic()))

    # --- what the program hears ----------------------------------------------------------------

    def _happened(self, event: ev.Event) -> None:
        self._news.append(event)
        if isinstance(event, ev.Failed):
            self._state = "failed"

    def _tell(self) -> None:
        """Hands over what happened. What the program does meanwhile is told when it is done."""
        if self._telling:
            return
        self._telling = True
        try:
            self._hand_over()
            if self._state == "failed":
                self._end()
                self._hand_over()
        finally:
            self._telling = False
            if self._news:  # the program raised: that does not keep the rest from it
                self._wake()
        if self._state == "ended" and not self._over:
            self._over = True
            self._on_end()

    def _hand_over(self) -> None:
        while self._news:
            events: list[ev.Event] = []
            for one in self._news:
                if not isinstance(one, ev.Event):
                    break
                events.append(one)
            if events:
                del self._news[: len(events)]
                self._emit(events)
            elif not isinstance(reply := self._news.pop(0), ev.Event):
                answer(*reply)

    def _broke(self, fault: Exception) -> None:
        self._state = "failed"
        self._engine.fail(fault)
        self._wake()

    def _end(self) -> None:
        self._state = "ended"
        if self._timer is not None:
            self._timer.cancel()
        self._context.leave(self)
        self._engine.end()
