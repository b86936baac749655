"""What a page asks for, carried out: one method for each message of `actions`.

Owns which part of the chat each of them concerns, and that a typed line is taken once. Must not
know sockets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from common.client import commands, completion
from common.client.commands import Call, Say, Wrong
from common.client.timeline import Mine, Said
from common.i18n import _
from common.safe import one_line
from common.web import actions
from common.web.chat import WebSession
from common.web.doing import Doings
from common.web.entries_json import key_of
from common.web.listing import Listings
from common.web.searching import Searching
from common.web.view import View

RECENT: Final = 60
"""Messages whose numbers are offered to commands."""


class Acting:
    """Carries out what one page asks, in the language of now; see `actions`."""

    def __init__(self, session: WebSession, view: View) -> None:
        self._session = session
        self._view = view
        self._talk = session.talk
        self._controller = session.controller
        self._doings = Doings(session, view)
        self._listings = Listings(session, view)
        self._searching = Searching(session, view)

    def act(self, asked: actions.Action) -> None:
        """Do it. What comes of it is told to the page."""
        handler = _HANDLERS.get(type(asked))
        if handler is None:
            self._view.tell({"t": "bad", "text": "attach comes first, and once"})
            return
        handler(self, asked)
        self._session.changed()

    def close(self) -> None:
        """The page is gone: what it asked for is not looked for any more."""
        self._searching.stop()

    # --- what is typed -------------------------------------------------------------------------

    def _enter(self, asked: actions.Enter) -> None:
        keys = self._session.keys
        outcome = keys.outcome(asked.key)
        if outcome is not None:
            self._done(asked.key, settled=outcome == "settled")
            return
        if not self._talk.ready:
            return  # the page keeps it, and hands it in again after `hello`
        room = self._talk.rooms.get(asked.room)
        read = commands.parse(asked.line, room.nicks() if room else ())
        if read is None:
            self._done(asked.key, settled=True)
        elif isinstance(read, Wrong):
            self._wrong(asked.key, read)
        elif isinstance(read, Say):
            self._say(asked.key, asked.room, read)
        else:
            self._call(asked.key, asked.room, read)

    def _say(self, key: str, room: str, read: Say) -> None:
        if room not in self._talk.rooms:
            words = _("You are in no room. {usage}").format(usage=_usage("join"))
            if room:
                shown = room if room.startswith("@") else f"#{room}"
                words = _("You are not in {room}.").format(room=one_line(shown))
            self._wrong(key, Wrong(words))
            return
        if self._view.away and room == self._talk.current:
            self._newest(None)
        keys, say = self._session.keys, self._controller.say
        if keys.under(key, lambda: say(room, read.text, read.me, key, lambda: keys.taken(key))):
            self._session.count_said()
            self._done(key)

    def _call(self, key: str, room: str, call: Call) -> None:
        if room != self._talk.current and room in self._talk.rooms:
            self._controller.open(room)
        if self._view.away:
            self._newest(None)  # what a command answers stands at the end
        wrong = self._controller.call(call)
        if wrong is not None:
            self._wrong(key, wrong)
            return
        self._session.keys.did(key)
        self._done(key, settled=True)

    def _done(self, key: str, *, settled: bool = False) -> None:
        self._view.tell({"t": "done", "key": key})
        if settled:
            self._view.tell({"t": "settled", "key": key})

    def _wrong(self, key: str, wrong: Wrong) -> None:
        self._session.face.wrong(key, wrong.text)

    def _complete(self, asked: actions.Complete) -> None:
        talk = self._talk
        room = talk.room
        titles = [one.title.removeprefix("#") for one in talk.rooms.values()]
        recent: list[tuple[int, str]] = []
        nicks: list[str] = []
        if room is not None:
            # Those who spoke last come first, then the others who are here.
            spoke = room.nicks()
            here = self._session.rosters.of(room.name).people
            me = talk.user
            nicks = list(dict.fromkeys([*spoke, *(n for u, n in here.items() if u != me)]))
            if asked.before.startswith("/"):
                for place in range(room.size - 1, max(-1, room.size - RECENT), -1):
                    entry = room.entry(place)
                    if isinstance(entry, Said) and not entry.deleted:
                        recent.append((entry.seq, entry.text.split("\n")[0][:60]))
        found = completion.candidates(asked.before, titles, nicks, recent=recent, asked=asked.asked)
        offered = [
            {"insert": c.insert, "replaced": c.replaced, "shown": c.shown, "about": c.about}
            for c in found
        ]
        self._view.tell({"t": "offer", "id": asked.id, "list": offered})

    # --- refused messages ----------------------------------------------------------------------

    def _mine(self, k: str) -> Mine | None:
        key, room = key_of(k), self._talk.room
        entry = room.get(key) if room is not None and key is not None else None
        return entry if isinstance(entry, Mine) and entry.state == "refused" else None

    def _resend(self, asked: actions.Resend) -> None:
        if (mine := self._mine(asked.k)) is not None:
            self._controller.resend(mine)
            self._session.keep_refused()

    def _edit(self, asked: actions.Edit) -> None:
        if (mine := self._mine(asked.k)) is not None:
            self._controller.edit(mine)
            self._session.keep_refused()

    def _give_up(self, asked: actions.GiveUp) -> None:
        if (mine := self._mine(asked.k)) is not None:
            self._controller.give_up(mine)
            self._session.keep_refused()

    # --- going about ---------------------------------------------------------------------------

    def _open(self, asked: actions.Open) -> None:
        if asked.room == self._talk.current and self._view.away:
            self._newest(None)
        self._controller.open(asked.room)

    def _older(self, asked: actions.Older) -> None:
        if self._session.past is not None:
            self._session.past.older(asked.before)

    def _newer(self, asked: actions.Newer) -> None:
        if self._session.past is not None:
            self._session.past.newer(asked.after)

    def _around(self, asked: actions.Around) -> None:
        if self._session.past is not None and self._talk.room is not None:
            self._talk.room.reading = True
            self._session.past.around(asked.seq)

    def _newest(self, _asked: actions.Newest | None) -> None:
        if self._session.past is not None:
            self._session.past.newest()
            self._reads(on=False)

    def _reading(self, asked: actions.Reading) -> None:
        self._reads(on=asked.on or self._view.away)

    def _reads(self, *, on: bool) -> None:
        room = self._talk.room
        if room is None:
            return
        room.reading = on
        if not on and self._talk.watched:
            room.read()
            self._controller.mark_seen()

    # --- what needs no more than a word -------------------------------------------------------

    def _do(self, asked: actions.Do) -> None:
        self._doings.do(asked)

    def _list(self, asked: actions.AskList) -> None:
        self._listings.give(asked)

    def _search(self, asked: actions.Search) -> None:
        self._searching.search(asked)

    def _visible(self, asked: actions.Visible) -> None:
        self._session.watch(asked.on)

    def _hurry(self, _asked: actions.Hurry) -> None:
        self._session.client.hurry()

    def _ping(self, _asked: actions.Ping) -> None:
        self._view.tell({"t": "pong"})

    def _lang(self, asked: actions.SetLang) -> None:
        self._session.set_lang(asked.lang)


_HANDLERS: Final[dict[type[actions.Action], Callable[[Acting, Any], None]]] = {
    actions.Enter: Acting._enter,
    actions.Do: Acting._do,
    actions.Open: Acting._open,
    actions.Older: Acting._older,
    actions.Newer: Acting._newer,
    actions.Around: Acting._around,
    actions.Newest: Acting._newest,
    actions.Reading: Acting._reading,
    actions.Visible: Acting._visible,
    actions.Hurry: Acting._hurry,
    actions.Ping: Acting._ping,
    actions.SetLang: Acting._lang,
    actions.Complete: Acting._complete,
    actions.Search: Acting._search,
    actions.Resend: Acting._resend,
    actions.Edit: Acting._edit,
    actions.GiveUp: Acting._give_up,
    actions.AskList: Acting._list,
}


def _usage(name: str) -> str:
    command = commands.find(name)
    return command.usage() if command else name
