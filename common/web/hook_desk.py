"""Hooks over HTTP: what scripts post, and what administrators do about hooks in the page.

Owns the shapes of both. Must not know how a hook speaks (`hooks`).
"""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial
from typing import Annotated, Final, Protocol, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta

from common.client.events import Refused
from common.protocol import deeds
from common.talk.setup import AnyClient
from common.web import answers
from common.web.answers import Fault
from common.web.asking import Ask, decoded
from common.web.hooks import LONGEST_KEY, PATIENCE, Hooks
from common.web.store import Hook

T = TypeVar("T")

Line = Annotated[str, Meta(max_length=200)]
_FORM: Final = "application/x-www-form-urlencoded"


class Said(msgspec.Struct):
    """What a sender posts: the shape of Slack's incoming webhooks, whose other fields say how it is
    to look there and are passed over."""

    text: str


class New(msgspec.Struct):
    """A hook to be made."""

    name: Line
    room: Line


class Old(msgspec.Struct):
    """One to be ended."""

    id: int


class Insider(Protocol):
    """Somebody who is in, in a browser."""

    @property
    def nick(self) -> str: ...
    @property
    def role(self) -> str:
        """On the server: owner, admin or none."""

    @property
    def client(self) -> AnyClient: ...


_MAY: Final = frozenset({"owner", "admin"})


class HookDesk:
    """The routes about hooks."""

    def __init__(
        self,
        hooks: Hooks,
        insider_of: Callable[[Ask], Insider],
        invited: Callable[[], Awaitable[bool]],
    ) -> None:
        """`insider_of` raises Fault for somebody who is not in; `invited` tells whether people must
        be invited here."""
        self._hooks = hooks
        self._insider_of = insider_of
        self._invited = invited

    async def say(self, ask: Ask) -> web.Response:
        """`POST /hooks/TOKEN`."""
        hook = self._hooks.find(ask.request.rel_url.raw_path.rpartition("/")[2])
        body = await ask.body()
        key = ask.request.headers.get("Idempotency-Key", "").strip()
        if len(key) > LONGEST_KEY:
            raise Fault("bad-request", {"why": f"Idempotency-Key: 1..{LONGEST_KEY}"})
        stored = await self._hooks.say(hook, text_of(body, ask.media), key)
        said = {"ok": True, "room": stored.room, "seq": stored.seq or None, "ts": stored.ts or None}
        return answers.json(said)

    async def list(self, ask: Ask) -> web.Response:
        """`GET /api/hooks`."""
        self._administrator(ask)
        return answers.json({"hooks": [shown(hook) for hook in self._hooks.all()]})

    async def add(self, ask: Ask) -> web.Response:
        """`POST /api/hooks`: the one answer that holds the address."""
        who = self._administrator(ask)
        new = await ask.json(New)
        admit = partial(_invitation, who.client) if await self._invited() else None
        member = partial(_make_member, who.client)
        try:
            hook, token = await self._hooks.add(new.name, new.room, who.nick, admit, member)
        except Fault as fault:
            if fault.field == "room":
                # It was in, under that name, which is to be had again.
                who.client.do(deeds.Free(nick=new.name))
            raise
        return answers.json({"hook": shown(hook), "url": f"/hooks/{token}"})

    async def revoke(self, ask: Ask) -> web.Response:
        """`POST /api/hooks/revoke`."""
        who = self._administrator(ask)
        old = await ask.json(Old)
        gone = [hook for hook in self._hooks.all() if hook.id == old.id]
        if not gone:
            raise Fault("unknown-hook")
        self._hooks.revoke(old.id)
        # So that another may be made under this name.
        who.client.do(deeds.Free(nick=gone[0].name))
        return answers.json({"ok": True})

    def _administrator(self, ask: Ask) -> Insider:
        who = self._insider_of(ask)
        if who.role not in _MAY:
            raise Fault("not-permitted")
        return who


def shown(hook: Hook) -> dict[str, object]:
    """A hook as administrators see it; its address is not known any more."""
    return {
        "id": hook.id,
        "name": hook.name,
        "room": hook.room,
        "by": hook.made_by,
        "ts": hook.made_at * 1_000,
    }


def text_of(body: bytes, media: str) -> str:
    """What a posted body says: JSON with a text, a form whose `payload` is such JSON, or the text
    itself. Raises Fault."""
    if media == "application/json":
        return decoded(body, Said).text
    try:
        words = body.decode()
    except UnicodeDecodeError as error:
        raise Fault("bad-request", {"why": "UTF-8"}) from error
    if media == "text/plain":
        return words.removesuffix("\n")
    if media == _FORM:
        form = urllib.parse.parse_qs(words, max_num_fields=20)
        if payload := form.get("payload"):
            return decoded(payload[0].encode(), Said).text
    raise Fault("not-a-message")


async def _invitation(client: AnyClient, name: str) -> str:
    """A code for one, good for as long as the making of a hook takes."""
    deed = deeds.MakeInvitation(uses=1, seconds=600, note=name)
    return (await granted(client.make_code(deed))).code


async def _make_member(client: AnyClient, room: str, user: str) -> None:
    await granted(client.do(deeds.Invite(room=room, user=user)))


async def granted(future: Future[T]) -> T:
    """The answer to a request. Raises Fault."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await asyncio.wrap_future(future)
    except TimeoutError:
        raise Fault("timeout", {"seconds": PATIENCE}, retry=5.0) from None
    except Refused as error:
        raise Fault(error.code, error.values, text=error.text) from error
