"""Takes the text of one record out of the log; its number, author and time stay.

Owns what is left of a message whose text is gone. Begins and ends no transaction; that nothing of
the text stays elsewhere in the file is `tidying`'s to see to.
"""

import sqlite3
from typing import Final, NamedTuple

import msgspec

from common.broker.migrations import SHIFT, checksum
from common.protocol.codec import encode
from common.protocol.messages import Record

_ROW_OF: Final = (
    "SELECT id, count, crc, body FROM log WHERE id > ? AND id <= ? ORDER BY id DESC LIMIT 1"
)
_REWRITE: Final = "UPDATE log SET crc = ?, body = ? WHERE id = ?"

_record: Final = msgspec.json.Decoder(Record)


class Erased(NamedTuple):
    """Which row of `log` was rewritten, and by how many bytes it became shorter."""

    id: int
    shorter: int


class Unerasable(Exception):
    """The row that holds the record is damaged: nobody knows what is in it."""


def trace_of(line: bytes) -> bytes:
    """What is left of a record line. Raises `msgspec.MsgspecError`, `UnicodeDecodeError`."""
    record = _record.decode(line)
    return encode(Record("deleted", record.seq, record.id, record.user, record.nick, record.ts))


def erase(connection: sqlite3.Connection, room: int, seq: int) -> Erased | None:
    """Rewrites the row of record `seq`; None where the record is not kept any more.

    Raises `Unerasable`, sqlite3.Error.
    """
    wanted = room << SHIFT | seq
    row = connection.execute(_ROW_OF, (room << SHIFT, wanted)).fetchone()
    if row is None or row[0] + row[1] <= wanted:
        return None
    id, count, crc, body = row
    lines = body.split(b"\n")
    if checksum(id, body) != crc or len(lines) != count:
        raise Unerasable(f"record {seq} of room {room} is damaged and cannot be deleted")
    try:
        lines[wanted - id] = trace_of(lines[wanted - id])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unerasable(f"record {seq} of room {room} cannot be read: {error}") from error
    rest = b"\n".join(lines)
    connection.execute(_REWRITE, (checksum(id, rest), rest, id))
    return Erased(id, len(body) - len(rest))
