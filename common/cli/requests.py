"""What a bot's program asks, one JSON object a line; and which request a repeated id is. Pure.

Owns the shapes of `docs/bots.md`, the reading of a line and the memory of ids. Must not know the
library, a stream or a clock.
"""

from __future__ import annotations

import enum
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, get_args

import msgspec

from common.client.places import place
from common.protocol import deeds
from common.protocol.names import BadName, nick

Id: TypeAlias = str | int | None

REMEMBERED: Final = 10_000
"""Ids whose answers are kept; an older one that comes again is a new request."""
LONGEST_ID: Final = 200
LARGEST_PAGE: Final = 1_000

_FAULTS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class BadLine(Exception):
    """A line that is no request; `id` where it was legible, `say` where a message is lost."""

    def __init__(self, code: str, text: str, id: Id = None, *, say: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.id = id
        self.say = say


class Request(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """What a program asks. Fields that are not known are ignored."""

    id: Id = None


class Say(Request, frozen=True, tag="say", kw_only=True):
    """`to` is somebody's nickname; it is read as the room `@NICK`."""

    text: str
    room: str = ""
    to: str = ""
    me: bool = False


class Join(Request, frozen=True, tag="join", kw_only=True):
    room: str
    after: int | None = None


class Leave(Request, frozen=True, tag="leave", kw_only=True):
    room: str


class History(Request, frozen=True, tag="history", kw_only=True):
    room: str
    after: int | None = None
    before: int | None = None
    limit: int = LARGEST_PAGE


class Who(Request, frozen=True, tag="who", kw_only=True):
    room: str


class Rooms(Request, frozen=True, tag="rooms", kw_only=True):
    pass


class List(Request, frozen=True, tag="list", kw_only=True):
    """All of a list: the library asks for its pages."""

    what: deeds.Lists
    room: str = ""


class Do(Request, frozen=True, tag="do", kw_only=True):
    """Any deed of the wire, as it is there."""

    deed: deeds.Deed


AnyRequest: TypeAlias = Say | Join | Leave | History | Who | Rooms | List | Do
_SHAPES: Final[dict[str, type[AnyRequest]]] = {
    "say": Say,
    "join": Join,
    "leave": Leave,
    "history": History,
    "who": Who,
    "rooms": Rooms,
    "list": List,
}
_DEEDS: Final[dict[str, type[deeds.Deed]]] = {
    str(shape.__struct_config__.tag): shape
    for shape in get_args(deeds.AnyDeed)
    if shape is not deeds.AskList
}
TYPES: Final[dict[str, type[msgspec.Struct]]] = {**_SHAPES, **_DEEDS}
"""What may be asked, by its `type`."""


def decode(line: bytes) -> AnyRequest:
    """The request in one line, its room canonical. Raises BadLine."""
    try:
        value = msgspec.json.decode(line)
    except _FAULTS as error:
        raise BadLine("bad-json", f"not one JSON object: {error}") from None
    if not isinstance(value, dict):
        raise BadLine("bad-json", "not a JSON object")
    id = _id(value)
    kind = value.get("type")
    if not isinstance(kind, str):
        raise BadLine("bad-request", "`type` is missing or not a string", id)
    say = kind == "say"
    if kind not in TYPES:
        raise BadLine("unknown-type", f"no request is called {kind!r}", id)
    try:
        return _deed(kind, value, id) if kind in _DEEDS else _request(kind, value)
    except BadName as error:
        raise BadLine(error.code, error.why, id, say=say) from None
    except (msgspec.ValidationError, ValueError) as error:
        raise BadLine("bad-request", str(error), id, say=say) from None


def _request(kind: str, value: dict[str, Any]) -> AnyRequest:
    request = msgspec.convert(value, _SHAPES[kind])
    _check(request)
    if isinstance(request, Say) and request.to:
        return msgspec.structs.replace(request, room=place("@" + request.to.removeprefix("@")))
    if isinstance(request, Rooms | Do) or not request.room:
        return request
    return msgspec.structs.replace(request, room=place(request.room))


def _deed(kind: str, value: dict[str, Any], id: Id) -> Do:
    shape = _DEEDS[kind]
    deed = msgspec.convert({name: given for name, given in value.items() if name != "id"}, shape)
    if isinstance(deed, deeds.About):
        if not (deed.nick or deed.user or getattr(deed, "key", "")):
            names = "`nick`, `user` or `key`" if hasattr(deed, "key") else "`nick` or `user`"
            raise ValueError(f"give {names}")
        if deed.nick:
            deed = msgspec.structs.replace(deed, nick=nick(deed.nick.removeprefix("@")))
    if getattr(deed, "room", ""):
        deed = msgspec.structs.replace(deed, room=place(deed.room))  # type: ignore[attr-defined]
    return Do(id=id, deed=deed)


def _id(value: dict[str, Any]) -> Id:
    id = value.get("id")
    if id is None or (isinstance(id, int) and not isinstance(id, bool)):
        return id
    if isinstance(id, str) and len(id) <= LONGEST_ID:
        return id
    raise BadLine("bad-request", f"`id` is a string of at most {LONGEST_ID} characters")


def _check(request: AnyRequest) -> None:
    if isinstance(request, Say) and not request.text:
        raise ValueError("`text` is empty")
    if isinstance(request, Say) and bool(request.room) == bool(request.to):
        raise ValueError("give `room`, or `to`")
    if isinstance(request, Join) and request.after is not None and request.after < 0:
        raise ValueError("`after` is 0 or more")
    if isinstance(request, History):
        if not 1 <= request.limit <= LARGEST_PAGE:
            raise ValueError(f"`limit` is between 1 and {LARGEST_PAGE}")
        if request.after is not None and request.before is not None:
            raise ValueError("give `after` or `before`, not both")
        if min(request.after or 0, request.before or 0) < 0:
            raise ValueError("`after` and `before` are 0 or more")


class Claim(enum.Enum):
    """What a line with an id means."""

    ASK = "a new request"
    WAIT = "the same as one that is under way"
    AGAIN = "the same as one that was answered"


@dataclass
class _Known:
    content: bytes
    waiting: int = 1
    """Lines that are due the answer; 0 when it was given."""
    answer: dict[str, Any] | None = None


class Ids:
    """The ids of this process. The oldest are forgotten, so memory stays bounded."""

    def __init__(self, keep: int = REMEMBERED) -> None:
        self._keep = keep
        self._known: OrderedDict[Id, _Known] = OrderedDict()

    def claim(self, request: AnyRequest) -> tuple[Claim, dict[str, Any] | None]:
        """Whether to ask, to wait for the answer that is due already, or to answer as before.

        Raises BadLine("id-conflict") for a known id with another content.
        """
        if request.id is None:
            return Claim.ASK, None
        content = hashlib.blake2b(msgspec.json.encode(request), digest_size=16).digest()
        known = self._known.get(request.id)
        if known is None:
            self._known[request.id] = _Known(content)
            if len(self._known) > self._keep:
                self._known.popitem(last=False)
            return Claim.ASK, None
        if known.content != content:
            words = "this id was used for another request"
            raise BadLine("id-conflict", words, request.id, say=isinstance(request, Say))
        if known.waiting:
            known.waiting += 1
            return Claim.WAIT, None
        if known.answer is None:
            known.waiting = 1
            return Claim.ASK, None
        return Claim.AGAIN, known.answer

    def answered(self, request: AnyRequest, answer: dict[str, Any]) -> int:
        """Keep the answer (a page of history is asked for anew instead); returns how many lines
        are due it."""
        known = self._known.get(request.id) if request.id is not None else None
        if known is None:
            return 1
        lines, known.waiting = known.waiting, 0
        if not isinstance(request, History | Who | Rooms | List) and not _is_audit(request):
            known.answer = answer
        return max(1, lines)


def _is_audit(request: AnyRequest) -> bool:
    return isinstance(request, Do) and isinstance(request.deed, deeds.Audit)
