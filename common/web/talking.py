"""The chat's own logic where a page shows it: what is otherwise than in a terminal.

Owns three differences. Nobody may be looking, so that nothing counts as seen; the gateway holds few
lines of each room, since the page holds what it was told; and no command may touch the gateway's
own files. Must not know the page's messages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

from common.client import commands
from common.client.commands import Call, Wrong
from common.client.conversation import Conversation
from common.client.events import CodeReply, Event, Messages, Ready, Refused
from common.client.timeline import Bounds, Timeline
from common.explain import explain
from common.i18n import _
from common.protocol import deeds
from common.protocol.messages import Person
from common.safe import plain
from common.talk.controller import Controller
from common.talk.deeds import Deeds
from common.talk.face import Face
from common.talk.setup import AnyClient
from common.talk.ways import Ways
from common.web.entries_json import Shared
from common.when import until

LIVE: Final = Bounds(keep=150, slack=50, hard=250, people=30)
"""Of the room that is open."""
ASIDE: Final = Bounds(keep=50, slack=30, hard=80, people=30)
"""Of the others."""


class WebConversation(Conversation):
    """The conversation of one browser. `watched`: somebody has its page before them."""

    def __init__(self, nick: str, profile: Settings, shared: Shared) -> None:
        super().__init__(nick, profile.ignored(), profile.silenced())
        self.watched = False
        self._shared = shared

    def watch(self, on: bool) -> None:
        """Somebody looks, or does not any more: where they stopped, a line will stand."""
        if on == self.watched:
            return
        self.watched = on
        room = self.room
        if room is None:
            return
        if on and not room.reading:
            room.read()
        elif not on and not room.unread:
            room.since = 0

    def open(self, name: str) -> None:
        left, room = self.room, self.rooms[name]
        unread, mentions = room.unread, room.mentions
        super().open(name)
        if not self.watched:
            room.unread, room.mentions = unread, mentions
        if left is not None and left is not room:
            left.bound(ASIDE)
        room.bound(LIVE)

    def follows(self, room: str) -> bool:
        return self.watched and super().follows(room)

    def is_read(self, event: Event) -> bool:
        """Whether all that an event will change is lines that this person sees: not lines that are
        counted as unread, nor the first ones of a room that looks empty."""
        if not isinstance(event, Messages) or not self.follows(event.room):
            return False
        room = self.room
        return room is not None and room.size > 0

    def seen(self) -> tuple[str, int, str] | None:
        return super().seen() if self.watched else None

    def people_came(self, name: str, people: list[Person]) -> None:
        """Who is there is known once for all browsers (`roster`)."""

    def _room(self, name: str) -> Timeline:
        fresh = name not in self.rooms
        room = super()._room(name)
        if fresh:
            room.said = self._shared.said
            room.bound(ASIDE)
        return room

    def _ready(self, event: Ready) -> None:
        super()._ready(event)
        if self.room is not None:
            self.room.bound(LIVE)


class Settings(Protocol):
    """What is kept of a person's wishes."""

    def ignored(self) -> dict[str, str]: ...
    def silenced(self) -> list[str]: ...


class WebFace(Face, Protocol):
    """What shows the conversation to a person, in a browser."""

    def page(self, name: str) -> None:
        """The page itself does this: save, history."""

    def wrong(self, key: str, text: str) -> None:
        """The line that was typed under this key cannot be used as it is."""


class PageWays(Ways):
    """By which way others come in where the page's own address is all that is known."""

    @property
    def why(self) -> str:
        return _("Whoever opens this page gives that code when they join.")


@dataclass(frozen=True, slots=True)
class WebBasis:
    """What the controller begins with."""

    client: AnyClient
    notes: list[str] = field(default_factory=list)
    ways: Callable[[], Ways] = PageWays


class WebController(Controller):
    """The controller of one browser."""

    def __init__(
        self,
        client: AnyClient,
        conversation: WebConversation,
        face: WebFace,
        post: Callable[[Callable[[], None]], None],
        want_people: Callable[[str], None],
        link: Callable[[str], str],
    ) -> None:
        """`want_people` has the people of a room made known. `link`: from an invitation's code to
        an address for others, "" where there is none."""
        super().__init__(WebBasis(client), conversation, face, post)
        self._page = face
        self._deeds = _WebDeeds(self)
        self._want_people = want_people
        self._link = link
        self.marks = False
        """What was seen is to be told to the library."""

    def invitation_link(self, code: str) -> str:
        return self._link(code)

    def learn_people(self, room: str) -> None:
        if room in self.conversation.rooms:
            self._want_people(room)

    def mark_seen(self) -> None:
        """It is told at the session's leisure: each time costs a write."""
        self.marks = True

    def mark_now(self) -> None:
        """Tells the library what this person has seen, where that is news."""
        self.marks = False
        super().mark_seen()

    def call(self, call: Call) -> Wrong | None:
        """Does what a command asks whose arguments are in order."""
        return self._call(call)

    def handler(self, name: str) -> Callable[[Call], Wrong | None]:
        """What carries out a command about people, rooms or the server. Raises AttributeError."""
        return self._deeds.handler(name)

    def left(self, name: str) -> None:
        """This person is out of a room, by their own wish."""
        was = self.conversation.current
        self.conversation.leave(name)
        if self.conversation.current != was:
            self._face.opened(was)
        self._face.changed()

    def known_as(self, place: str) -> str:
        """`@NICK` as the room that it is, where that conversation is open here."""
        return self._known_as(place)

    def say(self, room: str, text: str, me: bool, key: str, taken: Callable[[], bool]) -> None:
        """Says what was typed under a key; `taken` tells whether the gateway's file holds it."""
        if me:
            self.conversation.deed(room, text)
        failed = partial(self._not_taken, room, text, key, taken)
        self._when(self.client.say(room, text, me=me), lambda _reply: None, failed)

    def _not_taken(
        self, room: str, text: str, key: str, taken: Callable[[], bool], error: Refused
    ) -> None:
        if taken() or error.code == "closed":
            return  # it stands there as refused, or the page keeps it
        shown = self.conversation.rooms.get(room)
        for mine in shown.own_pending() if shown is not None else ():
            if mine.state == "refused" and mine.text == plain(text) and shown is not None:
                shown.settle(mine.n)
                break
        self._page.wrong(key, explain(error.code, error.values, error.text))

    # --- commands that are otherwise here --------------------------------------------------------

    def _do_save(self, _call: Call) -> Wrong | None:
        """Into a file of the person's own machine, which the browser writes."""
        if self.conversation.room is None:
            return Wrong(_("You are in no room. {usage}").format(usage=_usage("join")))
        self._page.page("save")
        return None

    def _do_history(self, _call: Call) -> Wrong | None:
        room = self.conversation.room
        if room is None:
            return Wrong(_("You are in no room. {usage}").format(usage=_usage("join")))
        self._page.page("history")
        return None


class _WebDeeds(Deeds):
    def _do_device_code(self, _call: Call) -> None:
        def made(reply: CodeReply) -> None:
            lines = [f"{reply.code}\t" + _("good once, {until}").format(until=until(reply.expires))]
            link = self._chat.invitation_link(reply.code)
            if link:
                lines.append(_("On the other device: {command}").format(command=link))
            else:
                lines.append(_("On the other device: open this page and give that code."))
            self._chat.tell(lines)

        self._chat.ask(self._chat.client.make_code(deeds.MakeDeviceCode()), made)


def _usage(name: str) -> str:
    command = commands.find(name)
    return command.usage() if command else name
