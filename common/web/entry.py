"""The way in and out for a browser: what the form is told, joining, leaving.

Owns which identity a cookie stands for, and when one is made, renamed or deleted. Must not know how
a session works (`session`), nor what stands on the page.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from common import __version__, keys
from common.client.target import BadTarget, code_of
from common.i18n import current, speaking
from common.protocol.names import BadName, nick
from common.web import answers
from common.web.answers import Fault
from common.web.asking import Ask
from common.web.keeping import LEFT
from common.web.metrics import Counts
from common.web.place import Place
from common.web.security import Rate, cookie, hash_token, new_token
from common.web.session import Sessions, Turned, Waits
from common.web.store import Browser, WebStore

JOINS: Final = 10 / 60
BURST: Final = 30.0
"""Tries to come in, a second and at once, from one place: a class that comes in at the same minute
may stand behind one address."""
SEEN: Final = 86_400
"""Seconds between two notes that a browser was there."""
_DEVICE_CODE: Final = 8
"""Letters of another device's code; an invitation has more."""


class Joining(msgspec.Struct):
    """What the form sends."""

    nick: Annotated[str, Meta(max_length=200)]
    lang: Literal["en", "fr"] | None = None
    code: Annotated[str, Meta(max_length=200)] = ""


class Leaving(msgspec.Struct):
    """`forget`: this browser is nobody afterwards."""

    forget: bool = False


@dataclass
class Entry:
    """The routes by which people come and go."""

    store: WebStore
    sessions: Sessions
    place: Place
    counts: Counts
    wall: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self._rate = Rate(JOINS, BURST)

    def browser(self, ask: Ask) -> Browser | None:
        """Whose cookie this is; None for a stranger."""
        token = ask.token
        return self.store.browser(hash_token(token)) if token else None

    def known(self, ask: Ask) -> Browser:
        """The same. Raises Fault for a stranger."""
        found = self.browser(ask)
        if found is None:
            raise Fault("not-in")
        return found

    async def start(self, ask: Ask) -> web.Response:
        """`GET /api/start`: what the form shows, before anybody is anybody."""
        browser = self.browser(ask)
        look = await self.place.look()
        joined = browser is not None and not self.store.profile(browser.id).note(LEFT)
        answer = answers.json(
            {
                "server": look.name,
                "people": self.sessions.people(),
                "access": look.access,
                "encrypted": self.place.target.key is not None,
                "secure": ask.visitor.secure,
                "nick": browser.nick if browser else "",
                "joined": joined,
                "lang": browser.lang if browser else current().lang,
                "version": __version__,
                "reach": "ok" if look.up else "down",
                "why": "" if look.up else Fault(look.code).words,
            }
        )
        if browser is not None:
            self._was_here(browser)
            # Each visit begins the cookie's time anew.
            answer.headers["Set-Cookie"] = cookie(ask.host, ask.visitor.secure, ask.token)
        return answer

    async def join(self, ask: Ask) -> web.Response:
        """`POST /api/join`."""
        if wait := self._rate.take(ask.visitor.place, time.monotonic()):
            raise Fault("rate-limited", retry=wait)
        asked = await ask.json(Joining)
        lang = asked.lang or current().lang
        with speaking(lang):
            try:
                answer = await self._join(ask, asked, lang)
            except Fault as fault:
                self.counts.join_refused += 1
                return fault.answer(as_json=True)
        self.counts.joined += 1
        return answer

    async def leave(self, ask: Ask) -> web.Response:
        """`POST /api/leave`."""
        leaving = await ask.json(Leaving)
        browser = self.browser(ask)
        answer = answers.json({"ok": True})
        if browser is not None:
            await self.sessions.leave(browser)
            if leaving.forget:
                self.store.remove_browser(browser)
            else:
                self.store.profile(browser.id).set_note(LEFT, "1")
        if leaving.forget:
            answer.headers["Set-Cookie"] = cookie(ask.host, ask.visitor.secure, "")
        return answer

    # --- how somebody comes in -----------------------------------------------------------------

    async def _join(self, ask: Ask, asked: Joining, lang: str) -> web.Response:
        name, code = _checked(asked)
        look = await self.place.look()
        if not look.up:
            raise Fault(look.code, retry=5.0)
        browser = self.browser(ask)
        token = ask.token
        former = None
        if browser is not None and len(code.replace("-", "")) == _DEVICE_CODE:
            # The code makes this browser somebody else's device: whoever it was is let go.
            browser, former = None, browser
        if browser is None:
            token = new_token()
            browser = self.store.add_browser(
                token_hash=hash_token(token),
                nick=name,
                keys=keys.generate(),
                lang=lang,
                now=int(self.wall()),
            )
            fresh, former_nick = True, name
        else:
            fresh, former_nick = False, browser.nick
            if browser.nick != name or code:
                await self.sessions.leave(browser)
            browser = self.store.set_nick(browser, name)
        try:
            waiting = await self._come_in(browser, code)
        except BaseException:
            await self.sessions.leave(browser)
            if fresh:
                self.store.remove_browser(browser)
            else:
                self.store.set_nick(browser, former_nick)
            raise
        browser = self.store.set_lang(browser, lang)
        self.store.profile(browser.id).set_note(LEFT, "")
        if former is not None:
            await self.sessions.leave(former)
            self.store.remove_browser(former)
        said = {"waiting": True, "fingerprint": waiting} if waiting else {"ok": True}
        answer = answers.json(said, 202 if waiting else 200)
        answer.headers["Set-Cookie"] = cookie(ask.host, ask.visitor.secure, token)
        return answer

    async def _come_in(self, browser: Browser, code: str) -> str:
        """The fingerprint of a key that must be let in first, "" where the session is in.

        Raises Fault.
        """
        match await self.sessions.join(browser, code):
            case Waits(fingerprint):
                return fingerprint
            case Turned(code=failed, text=text, field=field):
                raise Fault(failed, words=text, field=field)
            case _:
                return ""

    def _was_here(self, browser: Browser) -> None:
        now = int(self.wall())
        if now > browser.seen_at + SEEN:
            self.store.seen(browser, now)


def _checked(asked: Joining) -> tuple[str, str]:
    """Nickname and code, as they are written. Raises Fault that names the field."""
    try:
        name = nick(asked.nick)
    except BadName as error:
        values = {"value": error.value, "reason": error.reason}
        raise Fault(error.code, values, field="nick") from error
    try:
        return name, code_of(asked.code) if asked.code.strip() else ""
    except BadTarget as error:
        values = {"value": error.value, "reason": error.reason}
        raise Fault(error.code, values, field="code", status=400) from error
