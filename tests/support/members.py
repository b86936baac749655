"""People of a chat, as tests see them: the shipped client library, with all that it told.

Owns a `Client` and the thread that collects its events. Knows what a test asks for: what was
shown, in which order, and what was reported stored.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from common import keys
from common.client import events as ev
from common.client import target as targets
from common.client.client import Client, Options
from common.client.profile import AnyProfile, Profile, profile_path
from common.client.target import Target
from common.protocol.messages import Record
from tests.support.looped import Looped, LoopedClient
from tests.support.programs import BrokerProgram
from tests.support.waiting import scaled, wait_until

E = TypeVar("E", bound=ev.Event)

GENERAL = "general"


def target_of(broker: BrokerProgram, *, push: str | None = None, sub: str | None = None) -> Target:
    """Where that broker is; `push` and `sub` lead round by a relay."""
    return targets.explicit(push or broker.pull, sub or broker.pub, broker.key)


class Member:
    """One session. What it showed stays here after its end."""

    def __init__(
        self,
        target: Target,
        nick: str,
        *,
        pair: keys.KeyPair | None = None,
        rooms: Sequence[str] = (GENERAL,),
        profile: AnyProfile | None = None,
        loop: Looped | None = None,
        **options: Any,
    ) -> None:
        """With `loop` its client runs there, else in a thread of its own."""
        self.target = target
        self.nick = nick
        self.pair = pair or keys.generate()
        self.events: list[ev.Event] = []
        self.shown: dict[str, list[Record]] = {}
        self.resets: dict[str, int] = {}
        self.said: list[Future[ev.StoredReply]] = []
        self.profile = profile
        options.setdefault("join_timeout", scaled(15))
        settings = Options(nick=nick, rooms=list(rooms), **options)
        make = Client if loop is None else loop.client
        self.client: Client | LoopedClient = make(target, self.pair, settings, profile)
        self._changed = threading.Condition()
        self._collector = threading.Thread(
            target=self._collect, name=f"events of {nick}", daemon=True
        )

    def start(self) -> Self:
        """Begin to join."""
        self.client.start()
        self._collector.start()
        return self

    def close(self) -> None:
        """Leave, and let everything go."""
        if self._collector.ident is not None:
            self.client.close(scaled(5))
            self._collector.join(scaled(5))
            assert not self._collector.is_alive(), f"{self.nick}'s client does not end"
        if self.profile is not None:
            self.profile.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _collect(self) -> None:
        while (event := self.client.get()) is not None:
            with self._changed:
                self.events.append(event)
                if isinstance(event, ev.Messages):
                    self.shown.setdefault(event.room, []).extend(map(_plain, event.records))
                    last = event.records[-1]
                    self.client.seen(event.room, last.seq, last.id)
                elif isinstance(event, ev.RolledBack):
                    self.resets[event.room] = len(self.shown.get(event.room, ()))
                self._changed.notify_all()

    @property
    def ended(self) -> bool:
        """Whether its client has let everything go."""
        if isinstance(self.client, Client):
            return not self.client._thread.is_alive()
        return self.client.ended

    # --- what it saw ------------------------------------------------------------------------------

    def mark(self) -> int:
        """A place behind the last event so far."""
        with self._changed:
            return len(self.events)

    def wait_event(
        self, which: type[E], /, timeout: float = 15, *, after: int = 0, **fields: object
    ) -> E:
        """The first event of that kind, after the mark, that holds all of `fields`."""
        found: list[E] = []
        seen = after

        def look() -> bool:
            nonlocal seen
            while seen < len(self.events):
                event = self.events[seen]
                seen += 1
                if isinstance(event, which) and all(
                    getattr(event, name) == value for name, value in fields.items()
                ):
                    found.append(event)
                    return True
            return False

        with self._changed:
            self._changed.wait_for(look, scaled(timeout))
            if not found:
                others = [event for event in self.events if not isinstance(event, ev.Messages)]
                raise AssertionError(
                    f"{self.nick} saw no {which.__name__} {fields}; {others[-20:]}"
                )
        return found[0]

    def of_kind(self, which: type[E], after: int = 0) -> list[E]:
        """Every event of that kind, after the mark."""
        with self._changed:
            return [event for event in self.events[after:] if isinstance(event, which)]

    def ready(self, timeout: float = 15) -> ev.Ready:
        """Wait until it is in."""
        return self.wait_event(ev.Ready, timeout)

    def records(self, room: str = GENERAL) -> list[Record]:
        """What it showed in a room, since the last roll-back."""
        with self._changed:
            return self.shown.get(room, [])[self.resets.get(room, 0) :]

    def texts(self, room: str = GENERAL) -> list[str]:
        """The same, the words alone."""
        return [record.text for record in self.records(room)]

    def wait_texts(
        self, texts: Iterable[str], room: str = GENERAL, timeout: float = 20
    ) -> list[str]:
        """Wait until all of these words were shown; returns everything that was."""
        wanted = set(texts)

        def missing() -> list[str]:
            return sorted(wanted.difference(self.texts(room)))

        wait_until(
            lambda: not missing(),
            f"{self.nick} is shown all in {room}",
            timeout,
            saw=lambda: (f"{len(missing())} missing", missing()[:5]),
        )
        return self.texts(room)

    # --- what it says -----------------------------------------------------------------------------

    def say(self, *texts: str, room: str = GENERAL) -> list[Future[ev.StoredReply]]:
        """Say things; a future each."""
        futures = [self.client.say(room, text) for text in texts]
        self.said.extend(futures)
        return futures

    def say_all(self, *texts: str, room: str = GENERAL, timeout: float = 20) -> list[int]:
        """Say things and wait until all are stored: their numbers."""
        return [future.result(scaled(timeout)).seq for future in self.say(*texts, room=room)]


def _plain(record: Record) -> Record:
    """A record whichever way it came: what comes live is of a subclass, and equals no other."""
    fields = {name: getattr(record, name) for name in Record.__struct_fields__}
    return Record(**fields)


def kept_profile(data_dir: Path, nick: str, target: Target) -> Profile:
    """The profile on disk that a program of this nickname would use."""
    return Profile.open(profile_path(data_dir, nick, target.key or target.label))


def assert_one_history(
    members: Iterable[Member], texts: Iterable[str] = (), room: str = GENERAL
) -> list[Record]:
    """B and C: everybody was shown every number once, in order, the same behind it; and each of
    `texts` is there exactly once. Returns the fullest account."""
    everybody = list(members)
    longest = max((member.records(room) for member in everybody), key=len)
    for member in everybody:
        records = member.records(room)
        numbers = [record.seq for record in records]
        first = numbers[0] if numbers else 0
        assert numbers == list(range(first, first + len(numbers))), f"{member.nick}: {numbers}"
        offset = first - longest[0].seq
        assert records == longest[offset : offset + len(records)], f"{member.nick} differs"
    counts = Counter(record.text for record in longest)
    wrong = {text: counts[text] for text in texts if counts[text] != 1}
    assert not wrong, f"not exactly once: {dict(list(wrong.items())[:10])}"
    return longest


def assert_in_their_order(records: Iterable[Record], said: dict[str, list[str]]) -> None:
    """C: each person's lines stand in the order in which they were said; `said` is by nickname."""
    for nick, texts in said.items():
        wanted = set(texts)
        stands = [r.text for r in records if r.nick == nick and r.text in wanted]
        assert stands == texts, f"{nick}'s lines are out of order"


def pages(read: Callable[..., Future[ev.HistoryReply]], room: str = GENERAL) -> list[Record]:
    """The whole history as the broker tells it, page by page; `read` is `client.history`."""
    records: list[Record] = []
    while True:
        page = read(room, after=records[-1].seq if records else 0).result(scaled(20))
        records += map(_plain, page.records)
        if not page.more:
            return records
