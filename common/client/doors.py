"""Joining and leaving rooms, as the program asks: pure. Owns the way of a wish to its answer.

A direct conversation is asked for as `@NICK`; it becomes a room under the lasting name that the
broker answers with. Knows no link and no message.
"""

from collections.abc import Callable

from common.client import effects as e
from common.client import events as ev
from common.client.asking import Asking
from common.client.places import is_nick, place
from common.client.rooms import Rooms
from common.client.roomview import RoomView
from common.protocol import messages as m
from common.protocol.names import BadName


class Doors:
    """`linked` tells whether the session is in."""

    def __init__(
        self, rooms: Rooms, asking: Asking, out: e.Outlet, linked: Callable[[], bool]
    ) -> None:
        self._rooms = rooms
        self._asking = asking
        self._out = out
        self._linked = linked
        self._first: set[str] = set()
        self.refused: list[str] = []
        """Direct conversations that were to be joined from the start, and are not to be had."""

    @property
    def settled(self) -> bool:
        """Whether every direct conversation that was named from the start is joined or refused."""
        return not self._first

    def begin(self, now: float) -> None:
        """Asks for the direct conversations that the program named from the start."""
        for name in self._rooms.unnamed():
            self._first.add(name)
            self._asking.ask(-1, m.Join(room=name), now)

    def join(self, ref: int, room: str, after: int | None, now: float) -> None:
        """Joins a room; it is joined again on every later link."""
        try:
            name = self._rooms.known_as(place(room))
        except BadName as fault:
            self._out.resolve(ref, ev.Refused(fault.code, str(fault), {"value": room}))
            return
        for left in self._asking.take_back(m.Leave, name):
            # The broker hears of it before this join; its answer must not end what follows.
            self._rooms.drop(name)
            self._out.resolve(left, ev.DoneReply())
        if is_nick(name):
            self._rooms.name_later(name, after)
        else:
            view = self._rooms.add(name, after)
            if self._linked() and view.topic:
                self._out.resolve(ref, _reply(view))
                return
        self._asking.ask(ref, m.Join(room=name), now)

    def leave(self, ref: int, room: str, now: float) -> None:
        """Leaves a room for good."""
        try:
            name = self._rooms.known_as(place(room))
        except BadName:
            name = room
        joins = self._asking.take_back(m.Join, name)  # a repeat would undo this leave
        for joining in joins:
            words = f"left room {room!r} before it was joined"
            self._out.resolve(joining, ev.Refused("not-joined", words, {"room": room}))
        if name in self._rooms or joins:
            self._asking.ask(ref, m.Leave(room=name), now)
            return
        words = f"not in room {room!r}"
        self._out.resolve(ref, ev.Refused("not-joined", words, {"room": room}))

    def joined(self, answer: m.Joined, now: float) -> None:
        """The broker answers a join, or tells by itself what became of a room."""
        request = self._asking.request(answer.id) if answer.id else None
        if isinstance(request, m.Join):
            self._first.discard(request.room)
            self._rooms.let_in(request.room, answer.state.room)
        elif answer.id and answer.state.room not in self._rooms:
            return  # it was left before this came
        view = self._rooms.entered(answer.state, now)
        if view is not None and answer.id:
            self._asking.finish(answer.id, _reply(view))

    def shut(self, room: str, code: str) -> None:
        """The broker does not let us in: nobody asks again."""
        if room in self._first:
            self._first.discard(room)
            self.refused.append(room)
        self._rooms.give_up(room, code)


def _reply(view: RoomView) -> ev.JoinedReply:
    return ev.JoinedReply(room=view.name, head=view.head, people=view.people, kind=view.kind)
