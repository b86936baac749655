"""One browser's chat: the session with the server, and the page that shows it, if one does.

Owns how long it lives, what a page gets when it comes, and that each typed line is taken once.
What a page asks for is carried out in `acting`. Everything here runs in the loop's thread, in the
language of the person.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Final

from common.client import events as ev
from common.client.aio import AsyncClient
from common.client.kept import ProfileFull
from common.explain import explain
from common.i18n import Translator, _, speaking, translator
from common.keys import fingerprint
from common.safe import one_line
from common.talk.controller import now_ms
from common.talk.surroundings import Call, Surroundings
from common.web.actions import Attach
from common.web.face import PageFace
from common.web.hub import Ears, Hub, client_of
from common.web.keeping import LEFT, Keys, Refusals
from common.web.pace import NEVER, Pace
from common.web.past import Past
from common.web.roster import Rosters
from common.web.socket import Page
from common.web.store import Browser
from common.web.talking import WebController, WebConversation
from common.web.telling import Telling
from common.web.view import View

MARK_PAUSE: Final = 1.0
"""Seconds between two notes of what was seen."""
LINGER: Final = 120.0
"""Seconds for which a session stays without a page."""
LOOK_AGAIN: Final = 10.0
"""Seconds between two looks at whether what keeps a session beyond that is done."""
MOST_CALLS: Final = 3


class WebSession:
    """One browser in the chat. `open` it once; it is over when `over` is true."""

    def __init__(self, hub: Hub, browser: Browser, code: str, patience: float) -> None:
        """`code`: of an invitation or another device. `patience`: seconds in which the server must
        be reached; without end it is tried for ever."""
        self.browser = browser
        self.over = False
        self.waits = False
        """An administrator must let this person in."""
        self.failure: tuple[str, str] | None = None
        """Code and words of what ended it."""
        self.visible = False
        self.rosters: Rosters = hub.attendance.rosters
        self.shared = hub.shared
        self._hub = hub
        self._loop = asyncio.get_running_loop()
        self._words: Translator = translator(browser.lang)
        self._profile = hub.store.profile(browser.id)
        self.keys = Keys(self._profile)
        self.searches = hub.searches
        self.talk = WebConversation(browser.nick, self._profile, hub.shared)
        self.around = Surroundings(self.talk, self.rosters)
        self.client = self._client(code, patience)
        self.face = PageFace(self.changed, self.quit)
        self.controller = WebController(
            self.client, self.talk, self.face, self._post, self._want_people, hub.link
        )
        self._refusals = Refusals(self._profile.note, self._set_note, self.talk)
        self.page: Page | None = None
        self.view: View | None = None
        self.past: Past | None = None
        self._greeted = False
        self._wanted = ""
        """The room that a page wants to be shown, until it is there."""
        self._rooms: list[str] = self._profile.rooms()
        self._asked_people: set[str] = set()
        self._telling = Telling(self._flush)
        self._marking = Pace(MARK_PAUSE, self._mark)
        self._leaving = Pace(0.0, self._lingered)

    def _client(self, code: str, patience: float) -> AsyncClient:
        ears = Ears(self._emit, self._ended)
        here = {
            name: room.last[0] or room.head
            for name, room in self.talk.rooms.items()
            if not name.startswith("@")
        }
        return client_of(self._hub, self.browser, self._profile, ears, code, patience, here)

    # --- as the gateway sees it ----------------------------------------------------------------

    @property
    def nick(self) -> str:
        return self.talk.nick

    @property
    def role(self) -> str:
        """On the server: owner, admin or none."""
        return self.controller.role

    @property
    def server(self) -> str:
        """The server's name."""
        return self.talk.server or self._hub.server

    @property
    def ready(self) -> bool:
        """The session is in."""
        return self.talk.ready and not self.over

    @property
    def linked(self) -> bool:
        return self.ready and self.talk.link.state == "up"

    @property
    def fingerprint(self) -> str:
        """Of this person's key; "" where nothing is encrypted."""
        return fingerprint(self.browser.keys.public) if self._hub.target.key else ""

    def rooms(self) -> Iterable[str]:
        return self.talk.rooms

    def open(self) -> None:
        """Begins; without a page it stays for a while."""
        self.client.start()
        self._linger()

    def move(self) -> None:
        """The server is at another place now: on from there, with all that is here."""
        if self.over or self.linked:
            return
        former, self.client = self.client, self._client("", float("inf"))
        self.controller.client = self.client
        former.close()
        self.client.start()

    def close(self, text: str = "") -> None:
        """Says goodbye to the server, and to the page with `text`."""
        if self.over:
            return
        if self.view is not None and text:
            self.view.tell({"t": "ended", "text": text})
        self._end()
        self.client.close()

    # --- what happens --------------------------------------------------------------------------

    def _emit(self, events: list[ev.Event]) -> None:
        if self.over:
            return
        with speaking(self._words):
            read = all(map(self.talk.is_read, events))
            self._telling.hear(lines_alone=read)
            try:
                if read:
                    self._take_read(events)
                else:
                    self._take([self._heard_of(event) for event in events])
            finally:
                self._telling.heard()

    def _take_read(self, events: list[ev.Event]) -> None:
        """What hundreds hear at once: lines that this person sees. They call nobody, and change
        nothing else."""
        now = now_ms()
        for event in events:
            self.talk.handle(event, now)
            if isinstance(event, ev.Messages):
                self._heard(event)
        self.controller.mark_seen()
        self._marking.within(MARK_PAUSE)

    def _heard_of(self, event: ev.Event) -> ev.Event:
        if isinstance(event, ev.Presence):
            return self._hub.attendance.heard(event)
        if isinstance(event, ev.Ready) and self.talk.ready:
            # The second client of this session, after a move: for the chat, a link that came back.
            self.controller.role = event.role
            return ev.LinkUp(behind=0, nick=event.nick, encrypted=event.encrypted)
        return event

    def _take(self, events: list[ev.Event]) -> None:
        was_ready = self.talk.ready
        self.controller.take(events)
        calls = self.around.take(events)
        rare = outcomes = False
        for event in events:
            if isinstance(event, ev.Messages):
                self._heard(event)
            elif isinstance(event, ev.Progress):
                outcomes |= event.state != "queued"
                self._hub.counts.stored += event.state == "stored"
                self._hub.counts.refused += event.state == "refused"
            elif not isinstance(event, ev.Presence | ev.People):
                rare = True
        if rare:
            self._rarely(events, was_ready)
        if outcomes:
            self._settled()
        if calls and self.page is not None and not self.visible:
            self._call(calls)

    def _rarely(self, events: list[ev.Event], was_ready: bool) -> None:
        """How the session stands may be another."""
        talk = self.talk
        self.waits |= any(isinstance(event, ev.Waiting) for event in events)
        if talk.ready and not was_ready:
            self._came_in()
        if any(isinstance(event, ev.LinkUp) for event in events):
            self._asked_people.clear()
            self._hub.attendance.linked(self)
        self._keep()
        if self.waits and self.view is not None:
            self.view.tell({"t": "waiting", "fingerprint": self.fingerprint})
        if talk.failure is not None:
            self._failed(talk.failure.code, talk.failure.text, talk.failure.values)
        self._hub.came(self)

    def _heard(self, event: ev.Messages) -> None:
        if self.past is not None and event.room == self.talk.current:
            self.past.heard(event.records, self.rosters.of(event.room).people)

    def _call(self, calls: list[Call]) -> None:
        for call in calls[-MOST_CALLS:]:
            if self.view is not None:
                shown = {"room": call.room, "title": call.title, "text": call.text}
                self.view.tell({"t": "call", **shown})

    def _came_in(self) -> None:
        """`Ready`."""
        self.waits = False
        self._refusals.bring_back()
        if self._wanted in self.talk.rooms:
            self.controller.open(self._wanted)
        self._wanted = ""
        if self.view is not None:
            self._greet()

    def _failed(self, code: str, text: str, values: ev.Values) -> None:
        words = one_line(explain(code, values, text))
        self.failure = (code, words)
        if self.view is not None:
            self.view.tell({"t": "failed", "code": code, "text": words})
        self._end()

    def _keep(self) -> None:
        """What the gateway's file holds of this person's wishes."""
        talk, store = self.talk, self._hub.store
        if not talk.ready:
            return
        names = [name for name in talk.rooms if not name.startswith("@")]
        if names != self._rooms:
            self._rooms = names
            self.client.set_rooms(names)
            self._hub.attendance.tidy()
        if talk.nick and talk.nick != self.browser.nick:
            with _if_there_is_room():
                self.browser = store.set_nick(self.browser, talk.nick)
        for room in talk.rooms.values():
            if room.kind.peer is not None and room.name not in self._asked_people:
                self._asked_people.add(room.name)
                self._want_people(room.name)

    def _settled(self) -> None:
        """Outcomes of messages are known."""
        self._refusals.keep()
        for key in self.keys.settled():
            self._tell_settled(key)

    def _tell_settled(self, key: str) -> None:
        if self.view is not None:
            self.view.tell({"t": "settled", "key": key})

    def _ended(self) -> None:
        """The library let its sockets go."""
        if self.talk.failure is not None:
            self._end()

    def _post(self, call: Callable[[], None]) -> None:
        self._loop.call_soon(self._do, call)

    def _do(self, call: Callable[[], None]) -> None:
        if not self.over:
            with speaking(self._words):
                call()
                self._keep()

    def _want_people(self, room: str) -> None:
        self._hub.attendance.want(room, self)

    def _set_note(self, name: str, text: str) -> None:
        self.client.set_note(name, text)

    def quit(self) -> None:
        """The person wants to go, and to be asked who they are when they come again."""
        self.client.set_note(LEFT, "1")
        self._post(lambda: self.close(_("You are disconnected.")))

    def count_said(self) -> None:
        """A message of the page's was taken."""
        self._hub.counts.said += 1

    def keep_refused(self) -> None:
        """What was refused is another now."""
        self._refusals.keep()

    def key_of_mine(self, n: int) -> str:
        return self.keys.of_mine(n)

    # --- the page ------------------------------------------------------------------------------

    def attach(self, page: Page, first: Attach) -> None:
        """This page shows the chat from now on; a former one is told."""
        if self.page is not None:
            self.page.elsewhere()
            self._let_go()
        self._leaving.stop()
        self.set_lang(first.lang)
        self.page = page
        with speaking(self._words):
            self.view = self.face.view = View(self, page.send)
            self.past = Past(self.controller, self.talk, self.view)
            self._greeted = False
            self._wanted = first.room
            if self.talk.room is not None:
                self.talk.room.reading = first.reading
            self.watch(first.visible)
            for key in first.unsent:
                outcome = self.keys.outcome(key)
                if outcome is not None:
                    self.view.tell({"t": "done", "key": key})
                if outcome == "settled":
                    self._tell_settled(key)
            if self.waits and not self.talk.ready:
                self.view.tell({"t": "waiting", "fingerprint": self.fingerprint})
            if self.talk.ready:
                if self._wanted in self.talk.rooms:
                    self.controller.open(self._wanted)
                self._wanted = ""
                self._greet()
            self._telling.anew()

    def detach(self, page: Page) -> None:
        """The page is gone."""
        if page is self.page and not self.over:
            self._let_go()
            self._linger()

    def _let_go(self) -> None:
        self.watch(False)
        if self.view is not None:
            self.view.close()
        self.page = self.view = self.face.view = self.past = None
        self.keys.forget_waiting()

    def _greet(self) -> None:
        if self._greeted or self.view is None:
            return
        self._greeted = True
        self.view.hello(self._words.lang, self.fingerprint, self._hub.link(""))

    def watch(self, on: bool) -> None:
        """Somebody looks at the page, or not any more."""
        if not on:
            self.controller.mark_now()
        self.visible = on
        self.talk.watch(on)
        self.controller.mark_seen()
        self.changed()

    def set_lang(self, lang: str) -> None:
        """Speak this language from now on."""
        if lang == self._words.lang:
            return
        self._words = translator(lang)
        with _if_there_is_room():
            self.browser = self._hub.store.set_lang(self.browser, lang)
        if self.view is not None:
            self.view.again()
            self.changed()

    def in_words(self, call: Callable[[], None]) -> None:
        """Do what the page asks, in its language."""
        if not self.over:
            with speaking(self._words):
                call()

    # --- what is told when ---------------------------------------------------------------------

    def changed(self) -> None:
        """Something is to be told, soon."""
        self._telling.changed()
        if self.controller.marks:
            self._marking.within(MARK_PAUSE)

    def _flush(self, lines_alone: bool) -> float:
        """Tells the page what it does not know yet."""
        view = self.view
        if view is None or self.over:
            return NEVER
        with speaking(self._words):
            due = view.flush(now_ms(), self._loop.time(), lines_alone=lines_alone)
        if view.delivered:
            self._hub.counts.delivered += view.delivered
            view.delivered = 0
        return due

    def _mark(self) -> float:
        if not self.over and self.controller.marks:
            self.controller.mark_now()
        return NEVER

    def _linger(self) -> None:
        self._leaving.at(self._loop.time() + LINGER)

    def _lingered(self) -> float:
        if self.page is None and not self.over:
            if self.client.unsent():
                return self._loop.time() + LOOK_AGAIN
            self._hub.over(self)
        return NEVER

    def _end(self) -> None:
        """Nothing more happens here."""
        if self.over:
            return
        page = self.page
        self._let_go()
        self.over = True
        self._telling.stop()
        self._marking.stop()
        self._leaving.stop()
        if page is not None:
            page.close(4003)
        self._hub.over(self)


def _if_there_is_room() -> contextlib.suppress:
    """On a full disk it stays as it was, and is tried again with the next change."""
    return contextlib.suppress(ProfileFull)
