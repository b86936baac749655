"""Frames to messages and back. Owns the border: nothing else in the house parses wire bytes.

Every way in which bytes can be wrong ends in one `DecodeError`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

import msgspec

from common.protocol import deeds, messages
from common.protocol.limits import WIRE
from common.protocol.messages import Card, Number, Record, RoomLine

AnyRequest = messages.AnyRequest | deeds.AnyDeed
AnyAnswer = messages.AnyAnswer | deeds.AnyDeedAnswer

SESSION: Final = 32
"""Bytes of a session id, with which every PUSH frame begins."""


LONGEST_FAULT: Final = 300
"""Characters of what is told of a bad line, which may quote it."""


class DecodeError(Exception):
    """Bytes that are no message. `code` is a protocol error code; `n` and `id` where legible."""

    def __init__(self, code: str, text: str, n: int = 0, id: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.n = n
        self.id = id


class _Reference(msgspec.Struct):
    """What tells which request a bad line was, as far as that can be read."""

    n: msgspec.Raw = msgspec.Raw()
    id: msgspec.Raw = msgspec.Raw()
    type: msgspec.Raw = msgspec.Raw()


_requests: Final[msgspec.json.Decoder[AnyRequest]] = msgspec.json.Decoder(AnyRequest)
_answers: Final[msgspec.json.Decoder[AnyAnswer]] = msgspec.json.Decoder(AnyAnswer)
_room_lines: Final = msgspec.json.Decoder(RoomLine)
_records: Final = msgspec.json.Decoder(Record)
_log_entries: Final = msgspec.json.Decoder(deeds.LogEntry)
_cards: Final = msgspec.json.Decoder(Card)
_references: Final = msgspec.json.Decoder(_Reference)
_encoder: Final = msgspec.json.Encoder()

encode = _encoder.encode
"""A message as one JSON line, without its newline. Raises `UnicodeEncodeError` on a lone
surrogate, which no JSON text in UTF-8 can hold."""

# msgspec lets two other exceptions through: bad UTF-8 and nesting beyond the recursion limit, the
# latter even inside a field that nobody reads (measured).
_FAULTS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode_request(line: bytes) -> AnyRequest:
    """One line of a PUSH frame. Raises `DecodeError`."""
    try:
        return _requests.decode(line)
    except _FAULTS as fault:
        raise _explained(line, fault) from None


def says_bye(lines: bytes) -> bool:
    """Whether these are a goodbye and nothing else. It may come behind the end of its session's
    subscriptions, which travels on another line, and is true all the same."""
    try:
        return type(decode_request(lines)) is messages.Bye
    except DecodeError:
        return False


def decode_answer(lines: bytes) -> tuple[AnyAnswer, bytes]:
    """The first line of an inbox frame, and the bytes behind it: the records of a page, or further
    answers."""
    head, _, rest = lines.partition(b"\n")
    try:
        return _answers.decode(head), rest
    except _FAULTS as fault:
        raise DecodeError("bad-frame", str(fault)) from None


def decode_records(lines: bytes) -> list[Record]:
    """Record lines, as a page of history holds them."""
    try:
        return _records.decode_lines(lines)
    except _FAULTS as fault:
        raise DecodeError("bad-frame", str(fault)) from None


def decode_log(lines: bytes) -> list[deeds.LogEntry]:
    """Records of the server's own log, as a page of `audit` holds them."""
    try:
        return _log_entries.decode_lines(lines)
    except _FAULTS as fault:
        raise DecodeError("bad-frame", str(fault)) from None


def decode_room_lines(lines: bytes) -> list[RoomLine]:
    """The lines of a frame on a room's topic."""
    try:
        return _room_lines.decode_lines(lines)
    except _FAULTS as fault:
        raise DecodeError("bad-frame", str(fault)) from None


@dataclass(frozen=True, slots=True)
class RoomFrame:
    """A frame on a room's topic, read. Shared by whoever hears it: nothing of it may be changed."""

    records: Sequence[RoomLine]
    news: Sequence[RoomLine]
    """The lines that are no records."""
    raw: Mapping[int, bytes]
    """See `raw_lines`."""


class Decoder:
    """Reads what sessions hear of rooms. One that knows what others have read already may be handed
    to a session in place of this: what it answers is shared, and changed by nobody."""

    def frame(self, body: bytes) -> RoomFrame:
        """A frame on a room's topic. Raises `DecodeError`."""
        lines = decode_room_lines(body)
        records = [line for line in lines if line.seq]
        news = [line for line in lines if not line.seq]
        return RoomFrame(records, news, raw_lines(body, records))

    def records(self, lines: bytes) -> list[Record]:
        """Record lines, as a page of history holds them. Raises `DecodeError`."""
        return decode_records(lines)


DECODER: Final = Decoder()


def raw_lines(lines: bytes, records: Sequence[Record]) -> dict[int, bytes]:
    """Number to line, for those records whose type is not known here: nothing of them is lost."""
    unknown = {record.seq for record in records if record.type != "message"}
    raw = {}
    for line in lines.split(b"\n") if unknown else ():
        if line and (seq := _room_lines.decode(line).seq) in unknown:
            raw[seq] = line
    return raw


def decode_card(body: bytes) -> Card:
    """A broker's card."""
    try:
        return _cards.decode(body)
    except _FAULTS as fault:
        raise DecodeError("bad-frame", str(fault)) from None


def frames(lines: list[bytes]) -> list[bytes]:
    """Joins lines into as few bodies as the frame limit allows, in order.

    The limit is kept well below what a receiver must accept, since CURVE lowers that by 33 bytes.
    """
    return cut(b"\n".join(lines), ROOM_IN_FRAME)


def cut(body: bytes, most: int) -> list[bytes]:
    """Lines in pieces of at most `most` bytes, or of one line where that is longer."""
    pieces = []
    start = 0
    while len(body) - start > most:
        end = body.rfind(b"\n", start, start + most + 1)
        if end < 0:
            end = body.find(b"\n", start + most)
            if end < 0:
                break
        pieces.append(body[start:end])
        start = end + 1
    pieces.append(body[start:] if start else body)
    return pieces


ROOM_IN_FRAME: Final = WIRE.frame - 64


def _explained(line: bytes, fault: Exception) -> DecodeError:
    if isinstance(fault, RecursionError):
        return DecodeError("bad-json", "the JSON is nested too deeply")
    if isinstance(fault, UnicodeDecodeError):
        return DecodeError("bad-json", f"not UTF-8 at byte {fault.start}")
    try:
        reference = _references.decode(line)
    except _FAULTS:
        return DecodeError("bad-json", f"not one JSON object a line: {fault}")
    n = _value(reference.n, Number) or 0
    id = _value(reference.id, _Id) or ""
    if "Invalid value" in str(fault) and "$.type" in str(fault):
        type = _value(reference.type, str) or ""
        return DecodeError("unknown-type", f"unknown type {type[:40]!r}", n, id)
    return DecodeError("bad-request", str(fault)[:LONGEST_FAULT], n, id)


_Id = Annotated[str, msgspec.Meta(max_length=64)]
_T = TypeVar("_T")


def _value(raw: msgspec.Raw, type: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(raw, type=type)
    except _FAULTS:
        return None
