"""The live sessions of the gateway, by browser: who comes in, who is shown, who goes.

Owns which session a browser has, and what all of them share. What one of them does is `chat`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from common.client.aio import LoopContext
from common.client.target import Target
from common.explain import explain
from common.i18n import _, speaking
from common.safe import one_line
from common.web.acting import Acting
from common.web.actions import Attach
from common.web.attendance import Attendance
from common.web.chat import WebSession
from common.web.entries_json import Shared
from common.web.metrics import Counts
from common.web.saving import AT_ONCE as SAVES
from common.web.saving import Saving
from common.web.searching import AT_ONCE as SEARCHES
from common.web.socket import Page
from common.web.store import Browser, WebStore

JOIN: Final = 15.0
"""Seconds in which somebody who asks to come in is answered."""
REACH: Final = 10.0
"""Seconds of these for reaching the server."""
_FIELDS: Final = {
    "nick-taken": "nick",
    "bad-nick": "nick",
    "bad-invitation": "code",
    "not-invited": "code",
}


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody is in."""

    nick: str


@dataclass(frozen=True, slots=True)
class Waits:
    """An administrator must let them in, who compares this."""

    fingerprint: str


@dataclass(frozen=True, slots=True)
class Turned:
    """Somebody may not come in; `field` is the one of the form that is at fault, or ""."""

    code: str
    text: str
    field: str = ""


class Sessions:
    """All live sessions. For the loop's thread; `close_all` at the end."""

    def __init__(
        self,
        *,
        target: Callable[[], Target],
        context: LoopContext,
        store: WebStore,
        counts: Counts | None = None,
        server: Callable[[], str] = str,
        rooms: list[str] | None = None,
        link: Callable[[str], str] = lambda _code: "",
    ) -> None:
        """`target` and `server`: where the server is now, and its name. `rooms`: for whoever comes
        for the first time. `link`: from a code (or "") to an address that others can open, "" where
        none is known."""
        self.context = context
        self.store = store
        self.counts = counts or Counts()
        self.shared = Shared()
        self.default_rooms = rooms if rooms is not None else ["general"]
        self.searches = asyncio.Semaphore(SEARCHES)
        self.saves = asyncio.Semaphore(SAVES)
        self._target = target
        self._server = server
        self._link = link
        self._live: dict[int, WebSession] = {}
        self._pages: set[asyncio.Task[None]] = set()
        self._came: dict[WebSession, asyncio.Event] = {}
        self.attendance = Attendance(
            self._live.values, self._people_changed, asyncio.get_running_loop().time
        )

    # --- as the routes see it ------------------------------------------------------------------

    def get(self, browser_id: int) -> WebSession | None:
        """The live session of a browser."""
        return self._live.get(browser_id)

    def __iter__(self) -> Iterator[WebSession]:
        return iter(list(self._live.values()))

    def __len__(self) -> int:
        return len(self._live)

    @property
    def pages(self) -> int:
        """How many sessions are shown."""
        return sum(one.page is not None for one in self._live.values())

    @property
    def linked(self) -> bool:
        """Whether some session's link to the server is up."""
        return any(one.linked for one in self._live.values())

    def people(self) -> int | None:
        """How many people are in the fullest room that somebody here is in; None: not known."""
        rooms = [room for one in self._live.values() for room in one.talk.rooms.values()]
        return max((room.people for room in rooms), default=None)

    def role(self, browser: Browser) -> str:
        """What somebody is on the server: owner, admin or none."""
        session = self._live.get(browser.id)
        return session.role if session is not None else ""

    async def join(self, browser: Browser, code: str = "") -> Joined | Waits | Turned:
        """Open a session, and wait until it is known whether it is in. In the language of now."""
        session = self._live.get(browser.id)
        if session is not None and (code or session.over) and not session.ready:
            session.close()
            session = None
        if session is None:
            session = self._open(browser, code, REACH)
        if not self._known(session):
            event = self._came.setdefault(session, asyncio.Event())
            try:
                async with asyncio.timeout(JOIN):
                    await event.wait()
            except TimeoutError:
                session.close()
                return Turned("timeout", one_line(explain("timeout")))
            finally:
                self._came.pop(session, None)
        if session.failure is not None:
            failed, text = session.failure
            return Turned(failed, text, _FIELDS.get(failed, ""))
        return Joined(session.nick) if session.ready else Waits(session.fingerprint)

    async def attach(
        self,
        browser: Browser,
        socket: web.WebSocketResponse,
        transport: asyncio.WriteTransport | None,
        lang: str,
    ) -> None:
        """Show a browser its chat on this socket, which writes to `transport`, until the page is
        gone. `lang`: in which it is spoken to before it says its own."""
        task = asyncio.current_task()
        if task is not None:
            self._pages.add(task)
        page = Page(socket, transport, self.counts)
        self.counts.attached += 1
        try:
            with speaking(lang):
                first = await page.first()
            if first is not None:
                await self._show(browser, page, first)
        finally:
            await page.gone()
            if task is not None:
                self._pages.discard(task)

    async def leave(self, browser: Browser) -> None:
        """The session says goodbye, and its page is told."""
        session = self._live.get(browser.id)
        if session is not None:
            with speaking(session.browser.lang):
                session.close(_("You are disconnected."))

    def save(self, browser: Browser, room: str, form: str) -> Saving | None:
        """The whole conversation of a room as a document; None where this browser is not in.
        Raises KeyError for a form that there is not."""
        session = self._live.get(browser.id)
        if session is None or not session.ready or room not in session.talk.rooms:
            return None
        return Saving(session, session.talk.rooms[room], form, self.saves)

    def moved(self) -> None:
        """The server is at another place: sessions without a link go on there."""
        for session in self:
            session.move()

    def resume_unsent(self) -> int:
        """Open the sessions of browsers for whom messages wait, so that nothing that was taken is
        lost; returns how many."""
        waiting = [one for one in self.store.browsers_with_unsent() if one.id not in self._live]
        for browser in waiting:
            self._open(browser, "", float("inf"))
        return len(waiting)

    async def close_all(self) -> None:
        """End all of them: pages are closed, and come back by themselves."""
        self.attendance.close()
        for session in self:
            if session.page is not None:
                session.page.close(1001)
            session.close()
        if self._pages:
            await asyncio.wait(list(self._pages), timeout=5)

    # --- as a session sees it ------------------------------------------------------------------

    @property
    def target(self) -> Target:
        return self._target()

    @property
    def server(self) -> str:
        return one_line(self._server())

    def link(self, code: str) -> str:
        return self._link(code)

    def came(self, session: WebSession) -> None:
        """It is known now whether a session is in."""
        if session in self._came and self._known(session):
            self._came[session].set()

    def over(self, session: WebSession) -> None:
        """A session is not wanted any more, or ended by itself."""
        if self._live.get(session.browser.id) is session:
            del self._live[session.browser.id]
            self.attendance.tidy()
        session.close()

    # --- how it is done ------------------------------------------------------------------------

    @staticmethod
    def _known(session: WebSession) -> bool:
        return session.ready or session.waits or session.failure is not None

    def _open(self, browser: Browser, code: str, patience: float) -> WebSession:
        session = self._live[browser.id] = WebSession(self, browser, code, patience)
        session.open()
        return session

    async def _show(self, browser: Browser, page: Page, first: Attach) -> None:
        session = self._live.get(browser.id)
        if session is None or session.over:
            session = self._open(browser, "", float("inf"))
        session.attach(page, first)
        view = session.view
        if view is None:
            return
        acting = Acting(session, view)
        try:
            await page.run(lambda asked: session.in_words(lambda: acting.act(asked)))
        finally:
            acting.close()
            session.detach(page)

    def _people_changed(self, room: str) -> None:
        for session in self._live.values():
            if room in session.talk.rooms:
                session.changed()
