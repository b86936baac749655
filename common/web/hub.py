"""What a session has of the gateway around it, and its client. Owns these shapes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from common.client.aio import AsyncClient, LoopContext
from common.client.client import Options
from common.client.events import Event
from common.client.kept import AnyProfile
from common.client.target import Target
from common.web.attendance import Attendance
from common.web.entries_json import Shared
from common.web.metrics import Counts
from common.web.store import Browser, WebStore

if TYPE_CHECKING:
    from common.web.chat import WebSession

CATCH_UP: Final = 1_000
"""Records of a room at most that are fetched after an absence; older ones wait above."""


class Hub(Protocol):
    """What a session needs of the gateway."""

    context: LoopContext
    store: WebStore
    counts: Counts
    shared: Shared
    attendance: Attendance
    default_rooms: list[str]
    searches: asyncio.Semaphore

    @property
    def target(self) -> Target: ...
    @property
    def server(self) -> str: ...
    def link(self, code: str) -> str:
        """From a code (or "") to an address that others can open, "" where none is known."""

    def over(self, session: WebSession) -> None:
        """A session is not wanted any more, or ended by itself."""

    def came(self, session: WebSession) -> None:
        """It may be known now whether a session is in."""


class Ears(NamedTuple):
    """Who hears what happens, and of the end."""

    emit: Callable[[list[Event]], None]
    on_end: Callable[[], None]


def client_of(
    hub: Hub,
    browser: Browser,
    profile: AnyProfile,
    ears: Ears,
    code: str,
    patience: float,
    since: dict[str, int],
) -> AsyncClient:
    """The client of a browser's session, not started. `patience`: seconds for the first link.
    `since`: rooms of which all is here up to a number."""
    options = Options(
        nick=browser.nick,
        rooms=profile.rooms() or list(hub.default_rooms),
        since=since,
        resume=True,
        direct=True,
        wait_admission=True,
        catch_up=CATCH_UP,
        app="client_web.py",
        lang=browser.lang,
        join_timeout=patience,
        code=code,
    )
    return AsyncClient(
        hub.target, browser.keys, options, profile,
        context=hub.context, emit=ears.emit, on_end=ears.on_end,
    )  # fmt: skip
