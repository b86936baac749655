"""The descriptors of hundreds of sockets, watched beside whatever else a loop does.

Owns which are watched, and how many are served before the loop's other business has its turn. Must
not know what they belong to. For the loop's thread alone.

A message that everybody hears makes all of them ready at once. asyncio serves what is ready in one
go, so that a person who says something meanwhile would be read when all the others have heard what
was said before: with 500 sessions that is what most of the waiting was (measured). So they have a
set of their own, of which the loop knows one descriptor, and each of its turns serves a few.
"""

import asyncio
import select
import sys
from typing import Final

from common.client.engine import Command

AT_ONCE: Final = 16
"""Descriptors that are served in one turn of the loop: 1 ms of work."""


class Watch:
    """Tells who asked for it that there is something to look at, again and again while there is."""

    def __init__(self) -> None:
        self._calls: dict[int, Command] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        # Elsewhere the loop watches them itself: no such set can be watched in its turn.
        self._ready = select.epoll() if sys.platform == "linux" else None

    def add(self, descriptor: int, happened: Command) -> None:
        """Calls `happened()` in the running loop when the descriptor can be read."""
        loop = asyncio.get_running_loop()
        if self._ready is None:
            loop.add_reader(descriptor, happened)
        else:
            if self._loop is None:
                loop.add_reader(self._ready.fileno(), self._serve)
            self._ready.register(descriptor, select.EPOLLIN)
        self._loop = loop
        self._calls[descriptor] = happened

    def remove(self, descriptor: int) -> None:
        """It is not watched any more; call it before the descriptor is closed."""
        if self._calls.pop(descriptor, None) is None or self._loop is None:
            return
        if self._ready is None:
            self._loop.remove_reader(descriptor)
        else:
            self._ready.unregister(descriptor)

    def close(self) -> None:
        """Nothing is watched any more."""
        for descriptor in list(self._calls):
            self.remove(descriptor)
        if self._ready is not None:
            if self._loop is not None and not self._loop.is_closed():
                self._loop.remove_reader(self._ready.fileno())
            self._ready.close()

    def _serve(self) -> None:
        assert self._ready is not None
        assert self._loop is not None
        for descriptor, _events in self._ready.poll(0, AT_ONCE):
            happened = self._calls.get(descriptor)  # one before it may have had it removed
            if happened is None:
                continue
            try:
                happened()
            except Exception as fault:
                # As the loop does it: one's fault does not keep the rest from being served.
                told = {"message": "what a descriptor has to tell failed", "exception": fault}
                self._loop.call_exception_handler(told)
