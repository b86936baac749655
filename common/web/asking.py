"""One request over HTTP, as the routes see it: who asks, from where, with what body.

Owns how a body is read: bounded, within a time, never unpacked, and refused before it is parsed
where it is not what was asked for. Must not know any route.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from common.web.answers import Fault
from common.web.security import Visitor, cookie_name

T = TypeVar("T")

LARGEST: Final = 65_536
"""Bytes of a body."""
PATIENCE: Final = 10.0
"""Seconds in which a body must have come."""
_LONGEST_TOKEN: Final = 100
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request."""

    request: web.BaseRequest
    visitor: Visitor

    @property
    def host(self) -> str:
        """The Host header: what the browser calls this place."""
        return self.request.headers.get("Host", "")

    @property
    def token(self) -> str:
        """The browser's, "" where it has none that could be one."""
        token = self.request.cookies.get(cookie_name(self.host, self.visitor.secure), "")
        return token if len(token) <= _LONGEST_TOKEN else ""

    @property
    def media(self) -> str:
        """The body's media type, without its parameters."""
        return self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    async def body(self) -> bytes:
        """The whole body. Raises Fault where it is too large, too late, packed, or a form."""
        if self.media.startswith("multipart/"):
            raise Fault("no-uploads")
        if self.request.headers.get("Content-Encoding", "identity") != "identity":
            raise Fault("wrong-type")
        if (self.request.content_length or 0) > LARGEST:
            raise Fault("too-large", {"limit": LARGEST})
        read = bytearray()
        try:
            async with asyncio.timeout(PATIENCE):
                while chunk := await self.request.content.readany():
                    read += chunk
                    if len(read) > LARGEST:
                        raise Fault("too-large", {"limit": LARGEST})
        except TimeoutError:
            raise Fault("late-body") from None
        return bytes(read)

    async def json(self, shape: type[T]) -> T:
        """The body as `shape`. Raises Fault."""
        if self.media != _JSON:
            # Also what keeps a form of another site's page from being taken for the chat's own.
            raise Fault("no-uploads" if self.media.startswith("multipart/") else "wrong-type")
        return decoded(await self.body(), shape)


def decoded(body: bytes, shape: type[T]) -> T:
    """JSON as `shape`. Raises Fault."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = "UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise Fault("bad-request", {"why": why[:200]}) from error
