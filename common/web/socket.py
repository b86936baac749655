"""One page's WebSocket: what goes out, bounded; what comes in, bounded, one message after another.

Owns its two queues, its closing and how much a page may ask. Must not know what the messages mean.

Theory. What is told is written at once where the browser has taken all that was written before.
Elsewhere it goes into a queue, and a task writes it as fast as the browser takes it: nobody waits
for a slow page, and one that is too far behind is closed; it comes back by itself and gets the
whole. What is asked is read only as fast as may be asked, so that a flood stays in the sender's own
buffers; whoever goes on with it is closed.

A task for each message takes as long as writing it, and hundreds of pages that hear the same
message would get it only when all of them were looked after (measured).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket as system_socket
from collections.abc import Callable
from typing import Any, Final

import msgspec
from aiohttp import WSMsgType, web

from common.web import actions
from common.web.actions import Action, BadAction
from common.web.metrics import Counts

UNSENT: Final = 1_000_000
"""Characters that may wait for a page. One message may be longer: the whole of a room with long
texts is."""
AT_ONCE: Final = 15_000
"""Characters that always fit a transport that is empty: of four bytes each, they are less than the
64 KiB above which it asks to wait."""
RATE: Final = 40.0
BURST: Final = 80.0
"""Messages a second that a page may send, and at once."""
PATIENCE: Final = 240
"""Messages in one go that may come faster than that."""
BAD: Final = 20
"""Messages that are none, after which a page is closed."""
FIRST: Final = 10.0
"""Seconds for the first message."""
GOODBYE: Final = 3.0
"""Seconds in which what was told last, and the close, must be through."""

ELSEWHERE: Final = 4001
LEFT: Final = 4003
FLOOD: Final = 1008
SLOW: Final = 1013
BROKEN: Final = 1011

_log = logging.getLogger("causette.web")
_encode = msgspec.json.Encoder().encode


class Page:
    """One page. `first`, then `run`; `send` at any time."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.WriteTransport | None,
        counts: Counts,
    ) -> None:
        """`transport` is what the socket writes to; None: the browser is gone already."""
        self._socket = socket
        self._transport = transport
        self._counts = counts
        self._loop = asyncio.get_running_loop()
        self._queue: list[str] = []
        self._size = 0
        self._closing = 0
        """The code to close with, once what waits was written; 0: it stays open."""
        self._cutting: asyncio.TimerHandle | None = None
        self._tokens = BURST
        self._refilled = self._loop.time()
        self._above = 0
        self._bad = 0
        self._writer: asyncio.Task[None] | None = None

    # --- out -----------------------------------------------------------------------------------

    def send(self, text: str) -> None:
        """Have a message written, as soon as the browser takes it."""
        if self._closing:
            return
        if self._size > UNSENT:
            self._queue.clear()
            self._drop(SLOW)
            return
        if not self._queue and len(text) <= AT_ONCE and self._empty():
            self._send_now(text)
            return
        self._queue.append(text)
        self._size += len(text)
        self._write_on()

    def tell(self, message: dict[str, Any]) -> None:
        """The same."""
        self.send(_encode(message).decode())

    def close(self, code: int) -> None:
        """Close it when what waits was written."""
        if not self._closing:
            self._closing = code
            self._write_on()
            self._cutting = self._loop.call_later(0 if code == SLOW else GOODBYE, self._cut)

    def elsewhere(self) -> None:
        """Another page shows this chat now."""
        self.tell({"t": "elsewhere"})
        self.close(ELSEWHERE)

    def _drop(self, code: int) -> None:
        """Close it for a fault of its own."""
        if not self._closing:
            self._counts.dropped += 1
        self.close(code)

    def _empty(self) -> bool:
        """Whether the browser has taken all that was written."""
        return self._transport is not None and not self._transport.get_write_buffer_size()

    def _send_now(self, text: str) -> None:
        """Writes what fits a transport that is empty, without a task that could wait."""
        writing = self._socket.send_str(text)
        try:
            writing.send(None)
        except StopIteration:
            return
        except (ConnectionError, RuntimeError):
            self._closing = 1006
            self._write_on()
            return
        writing.close()  # cannot be: what fits needs not wait
        _log.error("a page's socket waits although all was taken")
        self._drop(BROKEN)

    def _write_on(self) -> None:
        """What waits is written, and the close after it, by a task that ends with them."""
        if self._writer is None:
            self._writer = self._loop.create_task(self._write())
            self._writer.add_done_callback(_look)

    async def _write(self) -> None:
        try:
            while self._queue:
                text = self._queue.pop(0)
                self._size -= len(text)
                await self._socket.send_str(text)
        except (ConnectionError, RuntimeError):
            self._closing = self._closing or 1006
        if self._closing:
            await self._end()
        self._writer = None

    def _cut(self) -> None:
        """A browser that takes nothing does not take a close either."""
        line = self._socket.get_extra_info("socket")
        if line is not None:
            with contextlib.suppress(OSError):
                line.shutdown(system_socket.SHUT_RDWR)

    async def _end(self) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError, TimeoutError):
            async with asyncio.timeout(GOODBYE):
                await self._socket.close(code=self._closing)

    # --- in ------------------------------------------------------------------------------------

    async def first(self) -> actions.Attach | None:
        """The first message; None where the page goes, or sends something else."""
        try:
            async with asyncio.timeout(FIRST):
                asked = await self._next()
        except TimeoutError:
            asked = None
        if isinstance(asked, actions.Attach):
            return asked
        if asked is not None:
            self.tell({"t": "bad", "text": "attach comes first"})
        self._drop(FLOOD)
        return None

    async def run(self, act: Callable[[Action], None]) -> None:
        """Do what the page asks, until it is gone."""
        while not self._closing:
            asked = await self._next()
            if asked is None:
                return
            try:
                act(asked)
            except Exception:
                # One page's fault must not take the others with it.
                _log.exception("a page's message failed: %s", type(asked).__name__)
                self._drop(BROKEN)

    async def gone(self) -> None:
        """Nobody reads any more: let everything go."""
        self.close(1001)
        if self._writer is not None:
            await asyncio.wait([self._writer], timeout=GOODBYE + 1)
        if self._writer is not None:
            self._writer.cancel()
        if self._cutting is not None:
            self._cutting.cancel()

    async def _next(self) -> Action | None:
        """The next message; None where there will be none."""
        while not self._closing:
            await self._may()
            message = await self._socket.receive()
            if message.type is WSMsgType.TEXT:
                try:
                    return actions.read(message.data)  # type: ignore[no-any-return]
                except BadAction as error:
                    self._bad += 1
                    self.tell({"t": "bad", "text": str(error)})
                    if self._bad >= BAD:
                        self._drop(FLOOD)
            elif message.type is WSMsgType.BINARY:
                self._drop(1003)
            else:
                return None
        return None

    async def _may(self) -> None:
        """Wait until the page may be heard again."""
        now = self._loop.time()
        self._tokens = min(BURST, self._tokens + (now - self._refilled) * RATE)
        self._refilled = now
        if self._tokens >= 1:
            self._tokens -= 1
            if self._tokens > BURST / 2:
                self._above = 0
            return
        if not self._above:
            self.tell({"t": "slow", "seconds": 2})
        self._above += 1
        if self._above > PATIENCE:
            self._drop(FLOOD)
            return
        await asyncio.sleep((1 - self._tokens) / RATE)
        self._tokens, self._refilled = 0.0, self._loop.time()


def _look(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _log.error("writing to a page failed", exc_info=task.exception())
