"""A broker that moved: found again by its key, wherever it is announced.

Owns when to look (not at every cut of a moment), the one look-out of this process, and whose turn
it is among the addresses. Whoever answers there still has to prove the key: an announcement only
says where to try. Must not open a link, nor decide that one is lost.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from common.client import nearby
from common.client.target import Target
from common.lan.found import Found
from common.lan.permission import allowed

if TYPE_CHECKING:
    from common.lan.browse import Watch

PATIENCE: Final = 2.5
"""Seconds that a way in may take before the broker is looked for elsewhere: most restarts take
less."""

Command = Callable[[], None]


class Following:
    """Where the next way in leads, for one session. Every method is for the thread that owns it."""

    def __init__(
        self,
        target: Target,
        soon: Callable[[Command], object],
        relocate: Command,
        moved: Callable[[Target], object] | None,
    ) -> None:
        """`target` has a key. `soon(command)`, from any thread, has `command` run in the owner's;
        there, `relocate` gives up the address that is being tried, and `moved` is told where the
        broker was met in the end."""
        assert target.key is not None
        self._home = self._given = target
        self._key = target.key
        self._soon = soon
        self._relocate = relocate
        self._moved = moved
        self._elsewhere: list[Target] = []
        self._turn = 0
        self._hurried = float("-inf")
        """When an address was given up last, because of what was announced."""
        self._lost = False

    def next(self, current: Target) -> Target:
        """Where to try now; `current` is where the last try led, or where somebody decided to go
        meanwhile."""
        if current is not self._given:
            self._home = self._given = current
        if not self._lost:
            self._lost = True
            _LOOKOUT.expect(self, time.monotonic() + PATIENCE, self._heard)
        elif self._elsewhere:
            # Every second turn is the known address's: whoever announces a hundred others under
            # this key cannot keep a session from a broker that is back.
            place, home = divmod(self._turn, 2)
            self._given = self._home if home else self._elsewhere[place % len(self._elsewhere)]
            self._turn += 1
        return self._given

    def arrived(self) -> None:
        """The link stands."""
        if self._lost:
            self._lost = False
            _LOOKOUT.forget(self)
        self._elsewhere, self._turn = [], 0
        if self._given.push != self._home.push:
            self._home = self._given
            if self._moved is not None:
                self._moved(self._home)

    def close(self) -> None:
        """Look no more. May be repeated."""
        _LOOKOUT.forget(self)

    def _heard(self, servers: list[Found]) -> None:
        """In the look-out's thread."""
        places = [
            nearby.target_of(server, host)
            for server in servers
            if server.key == self._key
            for host in server.hosts
        ]
        # The owner's thread may have ended meanwhile, with its loop.
        with contextlib.suppress(RuntimeError):
            self._soon(lambda: self._take(places))

    def _take(self, places: list[Target]) -> None:
        if not self._lost:
            return
        pushes = [one.push for one in places]
        self._elsewhere = [
            replace(self._home, push=one.push, sub=one.sub, card=one.card, label=one.label)
            for one in places
            if one.push != self._home.push
        ]
        now = time.monotonic()
        if self._elsewhere and self._given.push not in pushes and now >= self._hurried + PATIENCE:
            self._hurried = now
            self._relocate()


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    due: float
    tell: Callable[[list[Found]], None]


class _LookOut:
    """Looks around the network for as long as some session has lost its broker for long; one for
    all of them, since a gateway has hundreds."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._wanted: dict[Following, _Wanted] = {}
        self._thread: threading.Thread | None = None

    def expect(self, who: Following, due: float, tell: Callable[[list[Found]], None]) -> None:
        """From `due` (monotonic) on, tell it what is found, in another thread."""
        if not allowed():
            return
        with self._changed:
            self._wanted[who] = _Wanted(due, tell)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="causette-lookout", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def forget(self, who: Following) -> None:
        """It is not lost any more."""
        with self._changed:
            if self._wanted.pop(who, None) is not None:
                self._changed.notify_all()

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        watch: Watch | None = None
        told: dict[_Wanted, list[Found]] = {}
        try:
            while True:
                with self._changed:
                    if not self._wanted:
                        self._thread = None
                        return
                    now = time.monotonic()
                    wanted = set(self._wanted.values())
                    due = [one for one in wanted if one.due <= now]
                    later = min((one.due for one in wanted if one.due > now), default=None)
                    servers = watch.servers if watch is not None else []
                    told = {one: heard for one, heard in told.items() if one in wanted}
                    news = [one for one in due if told.get(one, []) != servers]
                    if not news and (watch is not None or not due):
                        self._changed.wait(None if later is None else later - now)
                        continue
                if watch is None:
                    # Only here: few sessions ever need it, and it takes modules of its own.
                    from common.lan.browse import Watch

                    watch = Watch(on_change=lambda _servers: self._nudge())
                    watch.start()
                for one in news:
                    told[one] = servers
                    one.tell(servers)
        finally:
            if watch is not None:
                watch.close()

    def _nudge(self) -> None:
        with self._changed:
            self._changed.notify_all()


_LOOKOUT: Final = _LookOut()
