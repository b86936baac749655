"""`--since`: a number, a duration by the broker's clock, or `last`. Owns its reading."""

from __future__ import annotations

import re
from dataclasses import dataclass

from common.cli.joining import Session
from common.cli.output import Stop
from common.client.events import Refused
from common.i18n import _
from common.settings import Settings, duration


@dataclass(frozen=True)
class Since:
    """Where to start reading. Exactly one is set."""

    seq: int | None = None
    seconds: float | None = None
    last: bool = False


def of(settings: Settings) -> Since | None:
    """What `--since` says; None where nobody gave it. Raises BadSetting."""
    text = settings.text("since")
    if text is None:
        return None
    if text == "last":
        return Since(last=True)
    if re.fullmatch(r"[0-9]{1,15}", text):
        return Since(seq=int(text))
    try:
        return Since(seconds=duration(text))
    except ValueError as error:
        why = _("give a message's number, a duration such as 10m, 2h or 7d, or last")
        raise settings.bad("since", why) from error


def milliseconds(session: Session, seconds: float) -> int:
    """So many seconds ago, by the broker's clock."""
    now = session.ask(session.client.ping()).time
    return max(0, now - int(seconds * 1000))


def number_before(session: Session, room: str, seconds: float) -> int | None:
    """The number after which to read for what was said in the last `seconds`; None for a room
    that does not exist. Raises Stop."""
    since = milliseconds(session, seconds)
    try:
        page = session.client.history(room, since=since, limit=1).result(30)
    except Refused as refused:
        if refused.code == "no-such-room":
            return None
        raise Stop(1, refused.text) from refused
    return page.records[0].seq - 1 if page.records else page.head
