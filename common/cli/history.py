"""The verb `history`: what was said. Owns the walk over pages and the choice of where to start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from common.cli import since, wire
from common.cli.joining import Run, Session, connect, enter
from common.cli.output import Stop
from common.cli.since import Since
from common.client.cursors import stored_cursor
from common.client.decisions import gap_words
from common.client.events import HistoryReply
from common.client.joining import rooms_of
from common.client.transcript import text_line
from common.explain import explain
from common.protocol.messages import Record

NEWEST = 100
"""Messages shown where neither `--since` nor `--limit` is given."""
_PAGE = 1_000


def run(run: Run) -> int:
    """Print one room, or several one after the other. Raises Stop, BadSetting, CannotJoin."""
    rooms = rooms_of(run.settings)
    start = since.of(run.settings)
    limit: int | None = run.settings["limit"]
    as_json = run.settings.switch("json")
    session = connect(run, enter(run), visible=False)
    try:
        for room in rooms:
            newest = session.ask(session.client.history(room, limit=1))
            for item in _chosen(session, newest, start, limit):
                if isinstance(item, Gap):
                    if as_json:
                        line = {"type": "gap", "room": newest.room}
                        run.out.data(wire.dump(line | {"first": item.first, "last": item.last}))
                    else:
                        run.out.line(run.out.dim(f"--- {gap_words(item.first, item.last)} ---"))
                elif as_json:
                    run.out.data(wire.dump(wire.message(newest.room, *item)))
                else:
                    shown = room if len(rooms) > 1 else ""
                    run.out.line(text_line(item[0], shown, run.out.dim, run.out.bold))
    finally:
        session.close()
    return 0


@dataclass(frozen=True)
class Gap:
    """Numbers that are not to be had."""

    first: int
    last: int


Item = tuple[Record, bytes | None] | Gap
"""A record, with its stored line where its type is unknown."""


def _chosen(
    session: Session, newest: HistoryReply, start: Since | None, limit: int | None
) -> Iterator[Item]:
    """The newest `limit` records, or with `--since` the first `limit` after it."""
    room, head = newest.room, newest.head
    if start is None:
        after = max(0, head - (limit or NEWEST))
        return walk(session, room, after, head, limit or NEWEST)
    if start.seq is not None:
        after = start.seq
    elif start.seconds is not None:
        found = since.number_before(session, room, start.seconds)
        after = head if found is None else found
    else:
        after = _last(session, room, head)
    return walk(session, room, after, head, limit)


def _last(session: Session, room: str, head: int) -> int:
    """Where this profile stopped; the head where it never began."""
    entry = session.entry
    cursor = stored_cursor(entry.profile_path, session.ready.epoch, room)
    return head if cursor is None else cursor.seq


def walk(
    session: Session, room: str, after: int, head: int, limit: int | None = None
) -> Iterator[Item]:
    """Records after `after` up to `head`, page by page, at most `limit`, and the gaps between them.
    Raises Stop."""
    left = head - after if limit is None else limit
    while after < head and left > 0:
        page = session.ask(session.client.history(room, after=after, limit=min(_PAGE, left)))
        if page.skipped > after:
            yield Gap(after + 1, min(page.skipped, head))
            after = page.skipped
        elif not page.records:
            raise Stop(1, explain("no-answer"))
        for record in page.records:
            if record.seq > head or left <= 0:
                return
            yield record, page.raw.get(record.seq)
            left -= 1
            after = record.seq
