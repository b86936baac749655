"""The JSON that verbs print: the shapes of `docs/bots.md`. Owns shapes; knows no stream, no verb.

Never translated, UTF-8 whatever the locale, one object a line. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from common.client.events import StoredReply
from common.client.transcript import json_object

Object = dict[str, Any]

# Line ends to readers that split as Unicode says (node's readline, Python's splitlines).
_SEPARATORS = (
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
    ("\x85".encode(), b"\\u0085"),
)


def dump(value: Mapping[str, Any]) -> bytes:
    """One object as one line of JSON, without its newline."""
    line = msgspec.json.encode(value)
    for separator, escape in _SEPARATORS:
        if separator in line:
            line = line.replace(separator, escape)
    return line


message = json_object
"""A record as `bot`, `listen`, `history` and `export` print it."""


def stored(reply: StoredReply) -> Object:
    """What became of a message that was said."""
    return {
        "type": "stored",
        "room": reply.room,
        "seq": reply.seq,
        "ts": reply.ts,
        "message_id": reply.id,
    }


def error(code: str, text: str, **fields: Any) -> Object:
    """A refusal; `text` is English, for logs: programs go by `code`."""
    return {"type": "error", "code": code, "text": text, **fields}
