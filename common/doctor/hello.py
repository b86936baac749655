"""A real way in, invisible and without a room: whether the server welcomes this identity, how long
a round trip takes, and what its clock says.

Owns one session of the client library, from its start to its goodbye. It gives no invitation's code
away and takes nobody's ownership.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import TimeoutError as NoAnswer
from dataclasses import dataclass
from queue import Empty
from typing import Any, Final

from common import keys
from common.client.client import Client, Options
from common.client.events import Failed, Ready, Refused
from common.client.joining import status_of
from common.client.target import Target
from common.doctor import judging
from common.doctor.findings import Finding
from common.i18n import current

TIMES: Final = 5
"""Round trips."""
_ANSWER: Final = 5.0
_MARGIN: Final = 5.0
"""Seconds for a library that has given up to say so."""


@dataclass(frozen=True)
class Asked:
    """Who asks whom."""

    target: Target
    pair: keys.KeyPair
    nick: str
    fallback: bool = False
    has_code: bool = False
    """There is an invitation, which is not used up here."""
    host: str = ""


def join(asked: Asked, timeout: float) -> Iterator[Finding]:
    """Join within `timeout` seconds, ask a few times for the time, and leave."""
    options = Options(
        nick=asked.nick,
        fallback=asked.fallback,
        rooms=[],
        visible=False,
        app="causette/doctor",
        lang=current().lang,
        join_timeout=timeout,
    )
    with Client(asked.target, asked.pair, options) as client:
        event = _outcome(client, timeout + _MARGIN)
        if not isinstance(event, Ready):
            yield _refused(asked, event)
            return
        values: dict[str, Any] = {
            "nick": event.nick,
            "user": event.user,
            "server": event.server,
            "role": event.role,
            "encrypted": event.encrypted,
        }
        yield Finding("session", "joined", "ok", event.role, values)
        yield from _times(client)


def _outcome(client: Client, timeout: float) -> Ready | Failed:
    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        with contextlib.suppress(Empty):
            event = client.get(left)
            if event is None:
                break
            if isinstance(event, Ready | Failed):
                return event
    return Failed(code="no-answer", text="")


def _refused(asked: Asked, failed: Failed) -> Finding:
    values: dict[str, Any] = {"host": asked.host, "nick": asked.nick, **failed.values}
    values["text"] = failed.text
    if asked.target.key is not None:
        values["key"] = keys.fingerprint(asked.pair.public)
    reason = ""
    if failed.code == "not-invited" and asked.has_code:
        return Finding("session", "not-invited", "warning", "code", values)
    if failed.code == "no-answer":
        reason = "session"
    return Finding("session", failed.code, "wrong", reason, values, status_of(failed.code))


def _times(client: Client) -> Iterator[Finding]:
    """Round trips; and of the quickest of them how far the two clocks are apart."""
    took: list[tuple[float, float]] = []
    for _time in range(TIMES):
        begun, wall = time.monotonic(), time.time()
        try:
            theirs = client.ping().result(_ANSWER).time / 1_000
        except (Refused, NoAnswer):
            break
        seconds = time.monotonic() - begun
        took.append((seconds, wall + seconds / 2 - theirs))
    if not took:
        yield Finding("speed", "no-answer", "wrong", "session", {}, status_of("no-answer"))
        return
    yield judging.speed([seconds for seconds, _ahead in took])
    quickest, ahead = min(took)
    yield judging.clock(ahead, quickest / 2)
