"""The verb `history`: what was said. Owns the walk over pages and the choice of where to start."""

from __future__ import annotations

from collections.abc import Iterator

from common.cli import since, wire
from common.cli.joining import Run, Session, connect, enter
from common.cli.output import Stop
from common.cli.since import Since
from common.client.cursors import stored_cursor
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
            for record, raw in _chosen(session, room, start, limit):
                if as_json:
                    run.out.data(wire.dump(wire.message(room, record, raw)))
                else:
                    shown = room if len(rooms) > 1 else ""
                    run.out.line(text_line(record, shown, run.out.dim, run.out.bold))
    finally:
        session.close()
    return 0


def _chosen(
    session: Session, room: str, start: Since | None, limit: int | None
) -> Iterator[tuple[Record, bytes | None]]:
    """The newest `limit` records, or with `--since` the first `limit` after it."""
    head = session.ask(session.client.history(room, limit=1)).head
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
) -> Iterator[tuple[Record, bytes | None]]:
    """Records after `after` up to `head`, page by page, at most `limit`; each with its stored line
    where its type is unknown. Raises Stop."""
    left = head - after if limit is None else limit
    while after < head and left > 0:
        page = session.ask(session.client.history(room, after=after, limit=min(_PAGE, left)))
        if not page.records:
            raise Stop(1, explain("no-answer"))
        for record in page.records:
            if record.seq > head or left <= 0:
                return
            yield record, page.raw.get(record.seq)
            left -= 1
        after = page.records[-1].seq
