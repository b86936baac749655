"""Messages that scripts say over HTTP: each hook is somebody of its own, with one address.

Owns the making and ending of hooks, their sessions, which last while they are used, and what a
sender is told. Must not know HTTP; whether somebody may make hooks is for whoever asks to settle.

A message is answered once it is stored. One that was taken and not answered (the gateway was
killed, the server is away for long) stays in the hook's outbox and is said later: a sender that
names its requests (`Idempotency-Key`) may then ask again without saying it twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from common import keys
from common.client.aio import AsyncClient, LoopContext
from common.client.client import Options
from common.client.events import (
    Event,
    Failed,
    LinkDown,
    LinkUp,
    Progress,
    Ready,
    Refused,
    StoredReply,
)
from common.client.target import Target
from common.protocol.limits import WIRE
from common.protocol.names import BadName, nick, room_name
from common.web.answers import Fault
from common.web.metrics import Counts
from common.web.profile import WebProfile
from common.web.security import Rate, hash_token, new_token
from common.web.store import Hook, WebStore

LINGER: Final = 120.0
"""Seconds for which a hook's session stays when nothing is said."""
PATIENCE: Final = 10.0
"""Seconds within which the server must be reached, and then within which it must have stored."""
RATE: Final = 20.0
BURST: Final = 40.0
"""Messages a second of one hook, and at once; the server's own limits for a person come on top."""
REMEMBERED: Final = 10_000
"""Answers that are given again, with their number, to who names the same request."""
LONGEST_KEY: Final = 200
MOST: Final = 500
"""Hooks of one gateway."""
_FIELDS: Final = {"nick-taken": "name", "bad-nick": "name", "no-such-room": "room"}
"""What is at fault, by what the server says of a new one."""

T = TypeVar("T")

_log = logging.getLogger("causette.web")

Admit = Callable[[str], Awaitable[str]]
"""Gets the code that lets a hook of this name in."""
Befriend = Callable[[str, str], Awaitable[None]]
"""Lets a user into a room that is not open to everybody."""


@dataclass(frozen=True, slots=True)
class _Answered:
    """A request that was named, and its answer, which may be on its way."""

    text: str
    reply: asyncio.Future[StoredReply]


class _Answers:
    """What was answered to named requests of all hooks, in this run."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[int, str], _Answered] = OrderedDict()

    def get(self, hook: int, key: str) -> _Answered | None:
        return self._kept.get((hook, key)) if key else None

    def keep(self, hook: int, key: str, one: _Answered) -> None:
        if key:
            self._kept[hook, key] = one
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def forget(self, hook: int, key: str) -> None:
        self._kept.pop((hook, key), None)


class Hooks:
    """All hooks of the gateway. For the loop's thread."""

    def __init__(
        self,
        store: WebStore,
        context: LoopContext,
        target_of: Callable[[], Target],
        counts: Counts,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._context = context
        self._target_of = target_of
        self._counts = counts
        self._clock = clock
        self._speakers: dict[int, _Speaker] = {}
        self._rate = Rate(RATE, BURST)
        self._answers = _Answers()

    @property
    def live(self) -> int:
        """How many have a session now."""
        return len(self._speakers)

    async def add(
        self,
        name: str,
        place: str,
        made_by: str,
        admit: Admit | None = None,
        befriend: Befriend | None = None,
    ) -> tuple[Hook, str]:
        """Make a hook that speaks as `name` in `place`: the hook, and its token, which is told only
        here. It has been in once when this returns. Raises Fault."""
        name, place = _names(name, place)
        if len(self._store.hooks()) >= MOST:
            raise Fault("too-many", {"what": "hooks", "limit": MOST})
        if any(hook.name == name for hook in self._store.hooks()):
            raise Fault("nick-taken", {"nick": name}, field="name")
        token = new_token()
        hook = self._store.add_hook(
            token_hash=hash_token(token),
            name=name,
            room=place,
            keys=keys.generate(),
            made_by=made_by,
            now=int(time.time()),
        )
        try:
            code = await admit(name) if admit is not None else ""
            speaker = self._speaker(hook, code, fallback=False)
            await speaker.inside()
            if speaker.shut_out and befriend is not None:
                await befriend(place, speaker.user)
                await speaker.enter()
            if speaker.shut_out:
                raise Fault("not-permitted", field="room")
        except Fault as fault:
            self.revoke(hook.id)
            fault.field = fault.field or _FIELDS.get(fault.code, "")
            raise
        except BaseException:
            self.revoke(hook.id)
            raise
        _log.info("%s made the hook %s, which speaks in %s", made_by or "somebody", name, place)
        return hook, token

    def all(self) -> list[Hook]:
        """Those that are there."""
        return self._store.hooks()

    def revoke(self, id: int) -> None:
        """End one: its address leads nowhere from this instant on."""
        speaker = self._speakers.pop(id, None)
        if speaker is not None:
            speaker.close()
        self._store.revoke_hook(id)

    def find(self, token: str) -> Hook:
        """The hook of an address. Raises Fault."""
        hook = self._store.hook(hash_token(token)) if token else None
        if hook is None:
            raise Fault("unknown-hook")
        if wait := self._rate.take(str(hook.id), self._clock()):
            self._counts.limited += 1
            raise Fault("rate-limited", retry=wait)
        return hook

    async def say(self, hook: Hook, text: str, key: str = "") -> StoredReply:
        """Say something, and wait until it is stored. `key` names the request. Raises Fault."""
        size = len(text.encode("utf-8", "replace"))
        if not text.strip():
            raise Fault("bad-request", {"why": "text"}, field="text")
        if size > WIRE.text:
            raise Fault("too-large", {"size": size, "limit": WIRE.text}, field="text")
        try:
            reply = await self._speaker(hook).say(text, key)
        except Fault:
            self._counts.hook_refused += 1
            raise
        self._counts.hook_said += 1
        return reply

    def resume(self) -> None:
        """At the start: what was taken in an earlier run and not said is said."""
        for hook in self._store.hooks():
            if self._store.hook_profile(hook.id).outbox():
                self._speaker(hook)

    def move(self, target: Target) -> None:
        """The server is elsewhere: sessions are opened anew there when they are next needed."""
        for speaker in list(self._speakers.values()):
            speaker.move(target)

    def close_all(self) -> None:
        """Say goodbye."""
        for speaker in list(self._speakers.values()):
            speaker.close()
        self._speakers.clear()

    def _speaker(self, hook: Hook, code: str = "", *, fallback: bool = True) -> _Speaker:
        speaker = self._speakers.get(hook.id)
        if speaker is None or speaker.ended:
            profile = self._store.hook_profile(hook.id)
            speaker = _Speaker(hook, profile, self._context, self._answers, self._gone)
            speaker.start(self._target_of(), code, fallback=fallback)
            self._speakers[hook.id] = speaker
        return speaker

    def _gone(self, speaker: _Speaker) -> None:
        if self._speakers.get(speaker.hook.id) is speaker:
            del self._speakers[speaker.hook.id]


class _Speaker:
    """The session of one hook, from its first message until nothing was said for a while."""

    def __init__(
        self,
        hook: Hook,
        profile: WebProfile,
        context: LoopContext,
        answers: _Answers,
        gone: Callable[[_Speaker], None],
    ) -> None:
        self.hook = hook
        self.shut_out = False
        """The room may not be entered."""
        self.user = ""
        self.ended = False
        self._profile = profile
        self._context = context
        self._gone = gone
        self._in = asyncio.Event()
        """The link is up."""
        self._fault: Fault | None = None
        """Why it is not."""
        self._progressed = asyncio.Event()
        """The outcome of some message became known."""
        self._answers = answers
        self._left = profile.keys()
        """Of an earlier run: number to key of what was not said yet."""
        self._idle: asyncio.TimerHandle | None = None

    def start(self, target: Target, code: str, *, fallback: bool) -> None:
        """Begin to connect."""
        options = Options(
            nick=self.hook.name,
            fallback=fallback,
            rooms=[self.hook.room],
            visible=False,
            app="causette-web/hook",
            code=code,
            join_timeout=PATIENCE,
        )
        self._client = AsyncClient(
            target,
            self.hook.keys,
            options,
            self._profile,
            context=self._context,
            emit=self._take,
            on_end=self._end,
        )
        self._touch()
        self._client.start()

    async def inside(self) -> None:
        """Wait until the link is up. Raises Fault where it does not come up in time."""
        self._client.hurry()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._in.wait()
        if not self._in.is_set() or self.ended:
            raise self._fault or Fault("no-answer", retry=5.0)

    async def say(self, text: str, key: str) -> StoredReply:
        """See `Hooks.say`."""
        self._touch()
        known = self._answers.get(self.hook.id, key)
        if known is not None and known.text != text:
            raise Fault("id-conflict", {"value": key})
        if known is None:
            await self.inside()
            if self.shut_out:
                raise Fault("not-permitted")
            known = self._answers.get(self.hook.id, key)  # it may have come twice meanwhile
        if known is None:
            if key and self._profile.taken(key):
                return await self._of_an_earlier_run(key)
            known = _Answered(text, self._hand_in(text, key))
            self._answers.keep(self.hook.id, key, known)
        return await self._outcome(known.reply)

    async def enter(self) -> None:
        """Try its room once more. Raises Fault."""
        await self._outcome(asyncio.wrap_future(self._client.join(self.hook.room)))
        self.shut_out = False

    def move(self, target: Target) -> None:
        """The server is elsewhere now."""
        self._client.move(target)

    def close(self) -> None:
        """Say goodbye. What is not said yet is kept."""
        self._client.close()

    # --- how it is done ------------------------------------------------------------------------

    def _hand_in(self, text: str, key: str) -> asyncio.Future[StoredReply]:
        with self._profile.under(key) if key else contextlib.nullcontext():
            reply = asyncio.wrap_future(self._client.say(self.hook.room, text))
        reply.add_done_callback(functools.partial(self._look_whether_refused, key))
        return reply

    def _look_whether_refused(self, key: str, reply: asyncio.Future[StoredReply]) -> None:
        """What was refused may be tried again under its name, also where nobody waited for it."""
        error = None if reply.cancelled() else reply.exception()
        if isinstance(error, Refused) and error.code != "closed" and key:
            self._answers.forget(self.hook.id, key)
            self._profile.release(key)

    async def _outcome(self, reply: asyncio.Future[T]) -> T:
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.shield(reply)
        except TimeoutError:
            raise Fault("timeout", {"seconds": PATIENCE}, retry=5.0) from None
        except Refused as error:
            wait = error.values.get("seconds", 0.0)
            raise Fault(
                error.code,
                error.values,
                text=error.text,
                retry=float(wait) if isinstance(wait, int | float) else 0.0,
            ) from error

    async def _of_an_earlier_run(self, key: str) -> StoredReply:
        """The number of what was said before the gateway was started again is not known here."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self._profile.outcome(key) == "waiting":
                    self._progressed.clear()
                    await self._progressed.wait()
        if (outcome := self._profile.outcome(key)) != "settled":
            code = "timeout" if outcome == "waiting" else "not-permitted"
            raise Fault(code, {"seconds": PATIENCE}, retry=5.0)
        return StoredReply(room=self.hook.room, seq=0, ts=0, id="")

    def _take(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Ready():
                    self.user = event.user
                    self.shut_out = bool(event.refused)
                    self._in.set()
                case LinkUp():
                    self._in.set()
                case LinkDown():
                    self._in.clear()
                    self._fault = Fault(event.code, text=event.reason, retry=5.0)
                case Failed():
                    self._fault = Fault(event.code, event.values, text=event.text)
                    # Whoever waits is told at once.
                    self.ended = True
                    self._in.set()
                case Progress(n=n, state=state):
                    if state == "refused" and (key := self._left.get(n)):
                        self._profile.release(key)
                    self._progressed.set()
                case _:
                    pass

    def _touch(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(LINGER, self._rest)

    def _rest(self) -> None:
        if self._client.unsent():
            self._touch()
        else:
            self.close()

    def _end(self) -> None:
        self.ended = True
        if self._idle is not None:
            self._idle.cancel()
        self._in.set()
        self._gone(self)


def _names(name: str, place: str) -> tuple[str, str]:
    try:
        name = nick(name)
    except BadName as error:
        values = {"value": error.value, "reason": error.reason}
        raise Fault(error.code, values, field="name") from error
    try:
        return name, room_name(place)
    except BadName as error:
        values = {"value": error.value, "reason": error.reason}
        raise Fault(error.code, values, field="room") from error
