"""Lists, a page at a time: pure. Owns how much of one fits into an answer; knows no list."""

from typing import Final

from common.broker.ledger import Room
from common.protocol import deeds as d
from common.protocol.codec import encode
from common.protocol.limits import WIRE

LIST_BYTES: Final = 30_000
"""Of one page of a list: an answer is one line of a frame."""


def page_of(ask: d.AskList, found: list[d.Entry], room: Room | None = None) -> d.Listed:
    """The entries behind `ask.after` that one answer can hold."""
    found = sorted((one for one in found if one.name > ask.after), key=lambda one: one.name)
    entries: list[d.Entry] = []
    size = 0
    for entry in found[: WIRE.people]:
        size += len(encode(entry))
        if size > LIST_BYTES and entries:
            break
        entries.append(entry)
    more = len(entries) < len(found)
    name = room.name if room is not None else ""
    return d.Listed(id=ask.id, what=ask.what, entries=entries, room=name, more=more)
