"""What a page has been told, and the smallest difference to what is so.

Owns the messages `state` and `lines`; `people` is `people_view`'s. Must not know sockets, nor what
a page asks for.

Theory. The page holds the entries of the open room that it was told; the room's timeline notes the
keys under which something was touched (`Timeline.touched`), so that what is new is told without a
look at the rest. That the timeline lets its oldest entries go is no news: the page may be reading
them. After a reset the page has what the timeline has; older entries come to it past the timeline.
While it looks at another part of the room (`away`) nothing that happens at the end is told, but
that it did.

The other parts are made anew where what they depend on is not what it was; that costs a comparison
of some tuples each time. Nor is that looked at where all that happened is that something was said
in the open room by others, which hundreds of pages hear at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, Protocol

import msgspec

from common import __version__
from common.client.timeline import Entry, Said, Timeline
from common.look import nick_index
from common.protocol.limits import WIRE
from common.talk.surroundings import Surroundings, is_bot, kind_of
from common.talk.words import kind_words
from common.web.entries_json import Shared, Writer
from common.web.people_view import PeopleView
from common.web.roster import Rosters

_encode = msgspec.json.Encoder().encode


HEADER: Final = ("loading", "tail", "since", "unseen")
Header = tuple[bool, bool, int, int]


class Told(Protocol):
    """Whose chat it is that the page shows."""

    around: Surroundings
    rosters: Rosters
    shared: Shared

    @property
    def role(self) -> str:
        """On the server: owner, admin or none."""

    @property
    def server(self) -> str:
        """The server's name."""

    def key_of_mine(self, n: int) -> str:
        """The page's key of a queued message, by its number; "" where there is none."""


class View:
    """One page's knowledge. `flush` tells it what is not known there yet."""

    def __init__(self, told: Told, send: Callable[[str], None]) -> None:
        self._of = told
        self._talk = told.around.conversation
        self._send = send
        self.away = False
        """The page looks at a part of the room that is not its end."""
        self.delivered = 0
        """Messages that were told since this was last set to 0."""
        self._signs: dict[str, object] = {}
        self._told: dict[str, object] = {}
        self._room: Timeline | None = None
        self._reset = True
        self._cleared = False
        self._complete = False
        self._anew = 0
        self._waits = False
        self._ignored = tuple(self._talk.ignored)
        self._header: Header = (False, True, 0, 0)
        self._newest = 0
        """The highest number of a record that was told."""
        self._name = ""
        """Of the open room, as JSON."""
        self.people = PeopleView(told, send)

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message as it is."""
        self._send(_encode(message).decode())

    def hello(self, lang: str, fingerprint: str, link: str) -> None:
        """Tell the page who this is."""
        talk = self._talk
        self.tell(
            {
                "t": "hello",
                "nick": talk.nick,
                "user": talk.user,
                "colour": nick_index(talk.user),
                "server": self._of.server,
                "encrypted": talk.encrypted,
                "role": self._of.role,
                "version": __version__,
                "lang": lang,
                "fingerprint": fingerprint,
                "link": link,
                "limits": {"text": WIRE.text},
            }
        )

    def again(self) -> None:
        """Tell all of it anew: the language is another one, or who this person does not want to
        read."""
        self._signs.clear()
        self._told.clear()
        self.people.again()
        self._reset = True

    def newest(self) -> None:
        """Back to the end of the room."""
        self.away, self._reset = False, True

    def cleared(self) -> None:
        """The room was emptied."""
        self.newest()
        self._cleared = True

    def flush(self, now: int, clock: float, *, lines_alone: bool = False) -> float:
        """Tell what changed. `now` in milliseconds since 1970, `clock` in seconds of any clock;
        returns when, by that clock, there will be more to tell without anything new (or inf).
        `lines_alone`: nothing can have changed but the lines of the open room."""
        if not lines_alone:
            state = self._state(now)
            if state:
                self.tell({"t": "state", **state})
        due = self.people.flush(clock)
        self._tell_lines()
        link = self._talk.link
        if link.state == "up" and now < link.back_until:
            due = min(due, clock + (link.back_until - now) / 1_000 + 0.01)
        return due

    def close(self) -> None:
        """The page is gone."""
        if self._room is not None:
            self._room.touched = None

    # --- everything but people and lines ---------------------------------------------------------

    def _state(self, now: int) -> dict[str, object]:
        talk, of = self._talk, self._of
        changed: dict[str, object] = {}
        here = tuple(self._here(room) for room in talk.rooms.values() if room.kind.peer)
        rooms = [
            (room.name, room.kind, room.unread, room.mentions, room.silent)
            for room in talk.rooms.values()
        ]
        sign: object = (rooms, talk.current, of.role, here)
        if sign != self._signs.get("rooms"):
            self._signs["rooms"] = sign
            self._put(changed, "rooms", self._rooms())
            unread, mentions = of.around.counts()
            self._put(changed, "unread", unread)
            self._put(changed, "mentions", mentions)
            self._put(changed, "title", self._title(unread))
        room = talk.room
        sign = room and (
            room.name, room.kind, room.people, room.silent, of.role, self._empty(room)
        )  # fmt: skip
        if "room" not in self._signs or sign != self._signs["room"]:
            self._signs["room"] = sign
            self._put(changed, "room", room and self._room_fields(room))
        link = talk.link
        back = link.state == "up" and now < link.back_until
        sign = link.state, link.code, link.reason, link.retry_at, back, link.caught, link.holes
        if sign != self._signs.get("link"):
            self._signs["link"] = sign
            self._put(changed, "link", self._link(now))
        self._put(changed, "me", {"nick": talk.nick, "user": talk.user, "role": of.role})
        return changed

    def _put(self, changed: dict[str, object], part: str, value: object) -> None:
        if part not in self._told or self._told[part] != value:
            self._told[part] = changed[part] = value

    def _rooms(self) -> list[dict[str, object]]:
        rows = []
        for row in self._of.around.rooms():
            room = self._talk.rooms[row.name]
            fields: dict[str, object] = {
                "name": row.name,
                "label": row.label,
                "kind": row.kind,
                "unread": row.unread,
                "badge": row.badge,
                "mentions": row.mentions,
                "silent": row.silent,
                "current": row.current,
                "decides": self._decides(room),
                "here": None,
            }
            if row.peer is not None:
                user = row.peer.user
                fields |= {"user": user, "colour": nick_index(user), "bot": is_bot(row.label)}
                fields["here"] = self._here(room)
            rows.append(fields)
        return rows

    def _here(self, room: Timeline) -> bool | None:
        """Whether the other one of a conversation between two is here, as far as that is known."""
        peer = room.kind.peer
        if peer is None:
            return None
        people = self._of.rosters.get(room.name)
        return None if people is None else peer.user in people

    def _decides(self, room: Timeline) -> bool:
        if room.kind.peer is not None:
            return False
        return room.kind.moderator or (bool(self._of.role) and not room.kind.private)

    def _empty(self, room: Timeline) -> bool:
        return not room.size and room.complete and room.caught

    def _room_fields(self, room: Timeline) -> dict[str, object]:
        kind = room.kind
        empty = self._of.around.empty()
        return {
            "name": room.name,
            "title": room.title,
            "kind": kind_of(room),
            "words": kind_words(room),
            "people": room.people,
            "readonly": kind.readonly,
            "slow": kind.slow,
            "moderates": kind.moderator,
            "decides": self._decides(room),
            "empty": empty is not None,
            "hint": list(empty) if empty else [],
        }

    def _link(self, now: int) -> dict[str, object] | None:
        words = self._of.around.banner(now)
        if words is None:
            return None
        return {
            "state": words.state,
            "first": words.first,
            "then": words.then,
            "waits": words.waits,
            "why": words.why,
            "retry_at": self._talk.link.retry_at,
        }

    def _title(self, unread: int) -> str:
        server = self._of.server
        words = f"{server} · Causette" if server not in ("", "Causette") else "Causette"
        return f"({unread}) {words}" if unread else words

    # --- lines -----------------------------------------------------------------------------------

    def _tell_lines(self) -> None:
        room = self._talk.room
        waits = self._talk.link.state != "up"
        if room is not self._room:
            if self._room is not None:
                self._room.touched = None
            self._room, self._reset, self.away = room, True, False
        if room is None:
            return
        ignored = tuple(self._talk.ignored)
        if self._reset or ignored != self._ignored or room.anew != self._anew:
            # What the page holds of somebody who is ignored must go, however far up it stands; and
            # so must what is the server's no more.
            anew = not self._reset
            self._waits, self._ignored = waits, ignored
            self._tell_all(room, anew=anew)
            return
        touched = room.touched if room.touched is not None else set()
        if waits != self._waits:
            self._waits = waits
            touched.update(mine.key for mine in room.own_pending())
        put: list[Entry] = []
        gone: list[str] = []
        if touched and not self.away:
            for key in sorted(touched):
                entry = room.get(key)
                if entry is not None:
                    put.append(entry)
                elif self._newest < key[0] <= room.last[0]:
                    # More came than stays here: what is left does not follow on what was told.
                    self._tell_all(room)
                    return
                else:
                    gone.append(f"{key[0]}.{key[1]}")
        touched.clear()
        header = self._header_of(room)
        changed: dict[str, object] = {}
        if header != self._header:
            was = zip(HEADER, header, self._header, strict=True)
            changed = {part: value for part, value, former in was if value != former}
            self._header = header
        if room.complete and not self._complete and not self.away:
            self._complete = changed["complete"] = True
        if put or gone or changed:
            self._tell_some(room, put, changed, gone)

    def _header_of(self, room: Timeline) -> Header:
        below = room.unread if room.reading or self.away else 0
        return room.loading and not self.away, not self.away, room.since, below

    def _whole_header(self, room: Timeline) -> dict[str, object]:
        """What is told of it with a reset."""
        self._header = self._header_of(room)
        return dict(zip(HEADER, self._header, strict=True))

    def _tell_all(self, room: Timeline, *, anew: bool = False) -> None:
        """`anew`: nothing that the page holds leads up to this."""
        self._reset = self.away = False
        self._anew = room.anew
        room.touched = set()
        self._complete = room.complete
        self._name = _encode(room.name).decode()
        header = self._whole_header(room)
        self._newest = 0
        more: dict[str, object] = {"reset": True, "complete": room.complete, **header}
        if anew:
            more["anew"] = True
        if self._cleared:
            self._cleared, more["cleared"] = False, True
        self._tell_some(room, room.entries(), more)

    def past(
        self,
        room: Timeline,
        entries: Iterable[Entry],
        changed: Mapping[str, object],
    ) -> None:
        """Tell entries that are older than the timeline of the open room, or stand elsewhere in it.
        `changed`: what else to say, such as `complete`."""
        self._complete = bool(changed.get("complete", self._complete))
        self._tell_some(room, entries, changed)

    def look_away(self, entries: Iterable[Entry], complete: bool, at: int) -> None:
        """Show the open room where the number `at` stands, by these entries."""
        room = self._talk.room
        if room is None or room is not self._room:
            return
        self.away = True
        self._complete = complete
        header = self._whole_header(room)
        self._tell_some(room, entries, {"reset": True, "at": at, "complete": complete, **header})

    def joined(self, entries: Iterable[Entry], last: int) -> None:
        """These entries lead up to the number `last`, and the timeline on from there: the page
        follows the end of the room again."""
        room = self._talk.room
        if room is None or room is not self._room:
            return
        self.away = False
        if room.touched is not None:
            room.touched.clear()
        rest = (entry for entry in room.entries() if entry.key > (last, 0))
        self._tell_some(room, [*entries, *rest], self._whole_header(room))

    def trace(self, room: Timeline, entry: Entry) -> None:
        """A message that the page may hold is another one now."""
        self._tell_some(room, (), {}, again=[entry])

    def _tell_some(
        self,
        room: Timeline,
        put: Iterable[Entry],
        changed: Mapping[str, object],
        gone: Collection[str] = (),
        again: Collection[Entry] = (),
    ) -> None:
        of = self._of
        write = Writer(of.shared, room, _Known(room, self._room, of), of.key_of_mine, self._waits)
        written = []
        for entry in put:
            written.append(write(entry))
            if isinstance(entry, Said):
                self.delivered += 1
                self._newest = max(self._newest, entry.key[0])
        more = "," + _encode(changed).decode()[1:-1] if changed else ""
        if gone:
            more += f',"gone":{_encode(gone).decode()}'
        if again:
            more += f',"again":[{",".join(map(write, again))}]'
        self._send(f'{{"t":"lines","room":{self._name},"put":[{",".join(written)}]{more}}}')


class _Known:
    """Whose `@name` is a mention, in folded case: who is here, and who was met."""

    __slots__ = ("_of", "_open", "_room", "_seen")

    def __init__(self, room: Timeline, open: Timeline | None, of: Told) -> None:
        """`room` may be a part of the `open` one."""
        self._room, self._open, self._of = room, open, of
        self._seen: set[str] | None = None

    def __contains__(self, name: object) -> bool:
        if name in self._of.rosters.of(self._room.name).folded:
            return True
        if self._seen is None:
            self._seen = self._room.known()
            if self._open is not None and self._open is not self._room:
                self._seen |= self._open.known()
        return name in self._seen
