"""Announcing a server: beside the broker's loop, in a thread of its own.

Owns that thread: it announces what it is given on every interface, looks every few seconds whether
the machine has moved, and says goodbye at the end. That it cannot announce is told once and is no
reason not to serve. Must not know the broker.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from common.addresses import Own, interfaces
from common.lan.found import Found, fields_of, label_of
from common.lan.mdns import Mdns, Unavailable, taking_part

EVERY: Final = 3.0
"""Seconds between two looks at this machine's addresses, which cost 0.2 ms."""
GOODBYE: Final = 1.0
"""Seconds that the end may wait for the goodbye to be sent; it takes a quarter of one."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What is so now, for people: the addresses under which the server is announced, or why it is
    not."""

    hosts: tuple[str, ...] = ()
    trouble: Unavailable | None = None
    here_only: bool = False
    """There is no network: only programs of this machine hear of it."""


class Announcer:
    """Announces one server from `start` to `close`. Its methods are for one thread."""

    def __init__(
        self,
        server: Found,
        bound: Callable[[Own], bool],
        tell: Callable[[Announced], None],
        look: Callable[[], list[Own]] = interfaces,
    ) -> None:
        """`server.hosts` is found out here: the addresses of this machine for which `bound` is
        true. `tell` is called from the thread, whenever something else is so."""
        self._server = server
        self._bound = bound
        self._tell = tell
        self._look = look
        self._told: Announced | None = None
        self._mdns: Mdns | None = None
        self._published: Found | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._task: asyncio.Task[None] | None = None
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="causette-announce", daemon=True)

    def start(self) -> None:
        """Begin to announce; returns at once."""
        self._thread.start()

    def change(self, server: Found) -> None:
        """Announce this instead: another name, say, or another way to be let in."""
        self._server = server
        if self._wake is not None:
            self._soon(self._wake.set)

    def close(self, timeout: float = GOODBYE) -> None:
        """Say goodbye, and wait for it so many seconds at most. May be repeated."""
        if self._thread.ident is not None:
            self._begun.wait(timeout)
            if self._task is not None:
                self._soon(self._task.cancel)
            self._thread.join(timeout)

    def _soon(self, act: Callable[[], object]) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(act)

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            asyncio.run(self._announce())
        except asyncio.CancelledError:
            pass
        except Exception as error:  # whatever it is: the broker serves on
            self._say(Announced(trouble=Unavailable("refused", f"{type(error).__name__}: {error}")))
        finally:
            self._begun.set()

    async def _announce(self) -> None:
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        self._task = asyncio.current_task()
        self._begun.set()
        try:
            while True:
                try:
                    await self._look_and_say()
                except Unavailable as trouble:
                    self._say(Announced(trouble=trouble))
                    await self._hush()
                    if trouble.reason == "missing":
                        return
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), EVERY)
                self._wake.clear()
        finally:
            await self._hush()

    async def _look_and_say(self) -> None:
        """Have the network know what is so now. Raises Unavailable."""
        own = self._look()
        if self._mdns is None:
            self._mdns = await Mdns.open(own)
        else:
            # Also where nothing has changed: an address that came a moment ago could not be used.
            await self._mdns.follow(own)
        part = taking_part(own)
        hosts = _in_order([one for one in part if self._bound(one)])
        if not hosts:
            raise Unavailable("no-network")
        server = replace(self._server, hosts=hosts)
        if server != self._published:
            label = label_of(server.name, server.key)
            await self._mdns.publish(label, server.pull, hosts, fields_of(server))
            self._published = server
        self._say(Announced(hosts, here_only=all(one.ip.is_loopback for one in part)))

    async def _hush(self) -> None:
        mdns, self._mdns, self._published = self._mdns, None, None
        if mdns is not None:
            await mdns.close()

    def _say(self, announced: Announced) -> None:
        if self._told is None or _different(self._told, announced):
            self._told = announced
            self._tell(announced)


def _different(one: Announced, other: Announced) -> bool:
    reasons = [it.trouble.reason if it.trouble else "" for it in (one, other)]
    return (one.hosts, one.here_only) != (other.hosts, other.here_only) or reasons[0] != reasons[1]


def _in_order(own: Sequence[Own]) -> tuple[str, ...]:
    """IPv4 before IPv6, and link-local last: as people would choose."""
    ranked = sorted(own, key=lambda one: (one.ip.is_link_local, one.ip.version, one))
    return tuple(dict.fromkeys(one.address for one in ranked))
