"""Whether the broker's history is what was sent: count, order and ids.

Reads every page through the wire, as any client may. Owns nothing.
"""

import zmq

from bench.servers import Address
from bench.wire import ROOM, Wire, enter, new_context
from common.protocol import messages as m
from common.protocol.codec import decode_answer, decode_records

READER = 900_000
"""The client's number; above all others."""
ANSWER = 10_000
"""Milliseconds."""


def history(address: Address, senders: int, messages: int) -> None:
    """Raises RuntimeError unless the room holds `messages` records of `senders` streams in turn,
    numbered densely in the room and in each stream."""
    context = new_context()
    wire = Wire(context, address, READER, listens=False)
    try:
        enter([wire])
        last = dict.fromkeys((f"{number:016x}" for number in range(senders)), 0)
        cursor, more = 0, True
        while more:
            page, rest = _page(wire, cursor)
            records = decode_records(rest)
            if len(records) != page.count or not records:
                raise RuntimeError(f"a page of {len(records)} records says {page.count}")
            for record in records:
                stream, _, n = record.id.partition("-")
                if record.seq != cursor + 1:
                    raise RuntimeError(f"record {record.seq} comes after {cursor}")
                if int(n) != last[stream] + 1:
                    raise RuntimeError(f"{record.id} comes after number {last[stream]}")
                cursor, last[stream] = record.seq, int(n)
            more = page.more
        if cursor != messages or sum(last.values()) != messages:
            raise RuntimeError(f"{cursor} records of {messages}")
    finally:
        wire.close()
        context.term()


def _page(wire: Wire, after: int) -> tuple[m.Page, bytes]:
    wire.send(m.History(room=ROOM, id=str(after), after=after))
    while wire.sub.poll(ANSWER, zmq.POLLIN):
        answer, rest = decode_answer(wire.sub.recv_multipart()[1])
        if isinstance(answer, m.Page):
            return answer, rest
    raise RuntimeError(f"no page after {after}")
