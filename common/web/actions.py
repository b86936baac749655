"""What a page may ask for: the messages of its WebSocket, each with its limits.

Owns their shapes and the one decoder of their bytes. Must not know what is done about them.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from common.protocol.limits import WIRE

LARGEST: Final = 65_536
"""Bytes of one message."""

Name = Annotated[str, Meta(max_length=200)]
Words = Annotated[str, Meta(max_length=1_000)]
Line = Annotated[str, Meta(max_length=LARGEST)]
Token = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,40}\Z")]
"""The page's own name of a typed line: taken once, ever."""
Number = Annotated[int, Meta(ge=0, le=1 << 53)]
Seq = Annotated[int, Meta(ge=1, le=1 << 40)]
Lang = Literal["en", "fr"]
Listed = Literal[
    "rooms", "members", "waiting", "roles", "sanctions", "invitations", "devices", "audit",
    "people", "nicks",
]  # fmt: skip


class Action(msgspec.Struct, frozen=True, tag_field="t", kw_only=True):
    """Something that a page asks for. `id` and `key` come back with the answer."""


class Attach(Action, frozen=True, tag="attach", kw_only=True):
    """The first message: how this browser stands."""

    lang: Lang = "en"
    room: Name = ""
    """The one that was open here."""
    visible: bool = True
    reading: bool = False
    """Older lines are read there: what is new is not seen."""
    unsent: list[Token] = []
    """Lines whose outcome this browser does not know."""


class Enter(Action, frozen=True, tag="enter", kw_only=True):
    """A typed line."""

    key: Token
    room: Name = ""
    line: Line


class Do(Action, frozen=True, tag="do", kw_only=True):
    """A command, from a menu or a dialog; as `commands.Call`."""

    id: Number
    name: Name
    room: Name = ""
    nick: Name = ""
    user: Name = ""
    key: Name = ""
    choice: Name = ""
    text: Annotated[str, Meta(max_length=WIRE.text)] = ""
    count: Annotated[int, Meta(ge=0, le=1 << 40)] = 0
    seconds: Annotated[int, Meta(ge=0, le=315_360_000)] = 0


class Open(Action, frozen=True, tag="open", kw_only=True):
    room: Name


class Older(Action, frozen=True, tag="older", kw_only=True):
    """What was said before the oldest that the page holds."""

    before: Seq


class Newer(Action, frozen=True, tag="newer", kw_only=True):
    """What was said after the newest that the page holds, while that is not the end."""

    after: Seq


class Around(Action, frozen=True, tag="around", kw_only=True):
    seq: Seq


class Newest(Action, frozen=True, tag="newest"):
    """Back to the end."""


class Reading(Action, frozen=True, tag="reading", kw_only=True):
    """Older lines are read: what is new is not seen."""

    on: bool


class Visible(Action, frozen=True, tag="visible", kw_only=True):
    on: bool


class Hurry(Action, frozen=True, tag="hurry"):
    """Try to reach the server now."""


class Ping(Action, frozen=True, tag="ping"):
    """Is anybody there?"""


class SetLang(Action, frozen=True, tag="lang", kw_only=True):
    lang: Lang


class Complete(Action, frozen=True, tag="complete", kw_only=True):
    """What the word before the cursor may become; `asked`: the key for it was pressed."""

    id: Number
    before: Words
    asked: bool = False


class Search(Action, frozen=True, tag="search", kw_only=True):
    """A page of the messages that hold these words, before that number; "" ends a search."""

    id: Number
    text: Words
    before: Seq | None = None


class Resend(Action, frozen=True, tag="resend", kw_only=True):
    k: Name


class Edit(Action, frozen=True, tag="edit", kw_only=True):
    k: Name


class GiveUp(Action, frozen=True, tag="give_up", kw_only=True):
    k: Name


class AskList(Action, frozen=True, tag="list", kw_only=True):
    id: Number
    what: Listed
    room: Name = ""


AnyAction = (
    Attach | Enter | Do | Open | Older | Newer | Around | Newest | Reading | Visible | Hurry | Ping
    | SetLang | Complete | Search | Resend | Edit | GiveUp | AskList
)  # fmt: skip


class BadAction(Exception):
    """A page sent what no page of ours sends."""


_decode = msgspec.json.Decoder(AnyAction).decode
_FAULTS = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError)


def read(text: str) -> Any:
    """One message, as one of `AnyAction`. Raises BadAction."""
    if len(text) > LARGEST:
        raise BadAction("too large")
    try:
        return _decode(text)
    except _FAULTS as error:
        if "\\ud" in text.lower():
            return _whole(text)
        raise BadAction(str(error)[:200]) from error


def _whole(text: str) -> Any:
    """The same where half of a character stands in it: browsers hand over what was typed."""
    try:
        return _decode(json.dumps(json.loads(text), ensure_ascii=False).encode("utf-8", "replace"))
    except _FAULTS as error:
        raise BadAction(str(error)[:200]) from error
