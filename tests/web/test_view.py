"""What a page is told: whatever happens, and whenever it is told, it holds what is there."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import i18n
from common.client import events as ev
from common.client.kept import MemoryProfile
from common.client.timeline import Bounds, Entry
from common.protocol.messages import Person, Record
from common.talk.surroundings import Surroundings
from common.web.entries_json import Shared
from common.web.roster import Rosters
from common.web.talking import WebConversation
from common.web.view import View
from tests.web.house import Held, words

ME, STREAM, NOW = "me", "00112233445566ff", 1_763_632_800_000
USERS = ("ines", "tomas", ME)


@pytest.fixture(autouse=True)
def english() -> None:
    i18n.setup("en", {})


def record(seq: int, text: str = "hi", user: str = "ines", **more: Any) -> Record:
    fields: dict[str, Any] = {"nick": user.capitalize(), "id": f"{user}-{seq}", "ts": NOW + seq}
    return Record("message", seq, user=user, text=text, **{**fields, **more})


@dataclass
class Told:
    """A session, as far as a view asks."""

    talk: WebConversation
    rosters: Rosters = field(default_factory=Rosters)
    shared: Shared = field(default_factory=Shared)
    role: str = ""
    server: str = "Lab"

    def __post_init__(self) -> None:
        self.around = Surroundings(self.talk, self.rosters)

    def key_of_mine(self, n: int) -> str:
        return f"key-{n}" if n > 0 else ""


class Seen:
    """A conversation with the page that shows it."""

    def __init__(self, **heads: int) -> None:
        shared = Shared(most=20_000)
        self.talk = WebConversation("Léa", MemoryProfile(), shared)
        self.talk.watch(True)
        self.told = Told(self.talk, shared=shared)
        self.page = Held()
        self.view = View(self.told, lambda text: self.page.take(json.loads(text)))
        self.clock = 0.0
        rooms = heads or {"general": 0}
        self.take(
            ev.Ready(user=ME, nick="Léa", rooms=rooms, server="S", epoch="e", encrypted=True),
            *(ev.CaughtUp(room=name, fetched=0) for name in rooms),
        )

    def take(self, *events: ev.Event) -> None:
        for event in events:
            self.talk.handle(event, NOW)
        self.told.around.take(events)

    def says(self, *records: Record, room: str = "general") -> None:
        self.take(ev.Messages(room=room, records=list(records), own=STREAM))

    def told_says(self, *records: Record, room: str) -> None:
        """The same; where that is said to be lines and nothing else, it must be so."""
        event = ev.Messages(room=room, records=list(records), own=STREAM)
        if not self.talk.is_read(event):
            self.take(event)
            return
        self.flush()
        self.take(event)
        self.flush(lines_alone=True)
        told = len(self.page.of("state"))
        self.flush()
        assert len(self.page.of("state")) == told

    def flush(self, wait: float = 0.1, *, lines_alone: bool = False) -> float:
        self.clock += wait
        return self.view.flush(NOW, self.clock, lines_alone=lines_alone)

    def last(self, t: str) -> dict[str, Any]:
        return self.page.of(t)[-1]


def as_shown(entry: Entry, seen: Seen) -> str:
    """The name under which the page holds an entry."""
    return f"{entry.key[0]}.{entry.key[1]}"


def assert_same(seen: Seen) -> None:
    """The page holds what the timeline has, and what it let go."""
    room = seen.talk.room
    if room is None:
        assert seen.page.state["room"] is None
        return
    assert seen.page.header["room"] == room.name
    held = list(room.entries())
    rows = seen.page.rows()
    if held:
        lowest = list(held[0].key)
        rows = [row for row in rows if row["s"] >= lowest]
    assert [row["k"] for row in rows] == [as_shown(entry, seen) for entry in held]
    for row, entry in zip(rows, held, strict=True):
        if row["kind"] in ("said", "mine"):
            assert words(row) == entry.text  # type: ignore[union-attr]
        if row["kind"] == "mine":
            assert row["state"] == entry.state  # type: ignore[union-attr]


HAPPENINGS = (
    "live", "live", "other", "history", "gap", "people", "note", "queued", "stored", "refused",
    "give up", "delete", "ignore", "unignore", "clear", "rolled back", "skipped", "open", "watch",
    "cut", "back", "read",
)  # fmt: skip


@given(st.data())
def test_a_page_that_applies_what_it_is_told_holds_what_is_there(data: st.DataObject) -> None:
    seen = Seen(general=data.draw(st.integers(0, 5)), tea=0)
    if data.draw(st.booleans()):
        for room in seen.talk.rooms.values():
            room.bound(Bounds(keep=10, slack=4, hard=25, people=3))
    seqs, number = {"general": 0, "tea": 0}, 0
    for what in data.draw(st.lists(st.sampled_from(HAPPENINGS), max_size=50)):
        user, some = data.draw(st.sampled_from(USERS)), data.draw(st.integers(1, 8))
        current = seen.talk.current
        room = seen.talk.rooms[current]
        if what in ("live", "other"):
            name = current if what == "live" else ("tea" if current == "general" else "general")
            first = seqs[name] + 1
            seqs[name] += some
            said = (record(seq, f"@Léa {seq}", user) for seq in range(first, first + some))
            seen.told_says(*said, room=name)
        elif what == "history" and room.first > 1:
            page = [record(seq) for seq in range(max(1, room.first - some), room.first)]
            seen.talk.history_came(
                ev.HistoryReply(room=current, records=page, more=page[0].seq > 1, head=9)
            )
        elif what == "gap":
            first, seqs[current] = seqs[current] + 1, seqs[current] + some
            seen.take(ev.Gap(room=current, first=first, last=seqs[current]))
        elif what == "people":
            joined = ev.Presence(kind="joined", room=current, user="x", nick="X", people=2, rev=1)
            seen.take(joined)
        elif what == "note":
            room.notice(["x\ty"] * some, NOW)
        elif what in ("queued", "stored", "refused"):
            number += what == "queued"
            seen.take(
                ev.Progress(n=number, room=current, state=what, text="mine", code="slow-mode",
                            seq=seqs[current] + 1)
            )  # fmt: skip
        elif what == "give up" and room.own_pending():
            room.settle(room.own_pending()[0].n)
        elif what == "delete" and seqs[current]:
            seqs[current] += 1
            at = max(1, seqs[current] - some)
            seen.told_says(record(seqs[current], "", user, of=at, me=False), room=current)
            gone = Record("delete", seqs[current] + 1, "d", user, "D", NOW, "", of=at)
            seqs[current] += 1
            seen.told_says(gone, room=current)
        elif what == "ignore":
            seen.talk.ignore(user, user)
        elif what == "unignore":
            seen.talk.unignore(user)
        elif what == "clear":
            room.clear()
            seen.view.cleared()
        elif what == "rolled back":
            seen.take(ev.RolledBack(room=current, had=9, head=1))
        elif what == "skipped":
            first, seqs[current] = seqs[current] + 1, seqs[current] + some
            seen.take(ev.Skipped(room=current, first=first, last=seqs[current]))
        elif what == "open":
            seen.talk.open("tea" if current == "general" else "general")
        elif what == "watch":
            seen.talk.watch(not seen.talk.watched)
        elif what == "cut":
            seen.take(ev.LinkDown(code="link-lost", reason="", retry_in=1))
        elif what == "back":
            seen.take(ev.LinkUp(behind=0, nick="Léa", encrypted=True))
        elif what == "read":
            room.reading = not room.reading
        if data.draw(st.booleans()):
            seen.flush()
            assert_same(seen)
            room = seen.talk.rooms[seen.talk.current]
            below = room.unread if room.reading else 0
            assert seen.page.header["unseen"] == below
    seen.flush()
    assert_same(seen)


def test_a_delivered_message_is_one_short_word_and_nothing_else() -> None:
    seen = Seen()
    seen.says(*(record(seq) for seq in range(1, 100)))
    seen.flush()
    before = len(seen.page.told)
    seen.says(record(100, "new"))
    seen.flush()
    told = seen.page.told[before:]
    assert [one["t"] for one in told] == ["lines"]
    assert sorted(told[0]) == ["put", "room", "t"]
    assert [words(one) for one in told[0]["put"]] == ["new"]
    before = len(seen.page.told)
    seen.flush()
    assert len(seen.page.told) == before


def test_what_is_let_go_in_the_gateway_stays_in_the_page() -> None:
    seen = Seen()
    for seq in range(1, 401):
        seen.says(record(seq))
        seen.flush()
    room = seen.talk.room
    assert room is not None
    assert room.size <= 200
    assert seen.page.seqs() == list(range(1, 401))


def test_a_flood_leaves_no_hole_in_the_page() -> None:
    seen = Seen()
    seen.says(*(record(seq) for seq in range(1, 20)))
    seen.flush()
    seen.says(*(record(seq) for seq in range(20, 400)))
    seen.flush()
    numbers = seen.page.seqs()
    assert numbers == list(range(numbers[0], 400))
    assert seen.last("lines")["reset"]
    assert seen.page.header["complete"] is False


def test_complete_is_told_with_the_whole_and_when_the_beginning_came() -> None:
    seen = Seen(general=60)
    seen.says(*(record(seq) for seq in range(40, 61)))
    seen.flush()
    assert seen.page.header["complete"] is False
    page = [record(seq) for seq in range(1, 40)]
    seen.talk.history_came(ev.HistoryReply(room="general", records=page, more=False, head=60))
    seen.flush()
    assert seen.last("lines")["complete"] is True
    for seq in range(61, 400):
        seen.says(record(seq))
        seen.flush()
    assert "complete" not in seen.last("lines")
    assert seen.page.header["complete"] is True


def test_nobody_who_does_not_look_has_seen_anything() -> None:
    seen = Seen()
    seen.says(record(1))
    assert seen.talk.seen() == ("general", 1, "ines-1")
    seen.talk.watch(False)
    assert seen.talk.seen() is None
    seen.says(record(2), record(3, "@Léa"))
    seen.flush()
    row = seen.page.state["rooms"][0]
    assert (row["unread"], row["badge"]) == (2, "@1")
    assert seen.page.state["title"] == "(2) Lab · Causette"
    assert seen.page.header["since"] == 2
    seen.talk.watch(True)
    seen.flush()
    assert seen.page.state["rooms"][0]["unread"] == 0
    assert seen.page.header["since"] == 2
    seen.talk.watch(False)
    seen.flush()
    assert seen.page.header["since"] == 0
    seen.says(record(4))
    seen.flush()
    assert seen.page.header["since"] == 4


def test_a_room_that_opens_while_nobody_looks_stays_unread() -> None:
    seen = Seen(general=0, tea=0)
    seen.says(record(1), record(2), room="tea")
    seen.talk.watch(False)
    seen.talk.open("tea")
    assert seen.talk.rooms["tea"].unread == 2
    seen.talk.watch(True)
    assert seen.talk.rooms["tea"].unread == 0


def test_the_same_words_are_written_once_for_all() -> None:
    shared = Shared()
    here = record(1, "hello @bob and @eve")
    said = shared.said(here)
    assert shared.said(record(1, "hello @bob and @eve")) is said
    assert shared.said(record(1, "other")) is not said
    with_bob = shared.written(said, {"bob"})
    assert shared.written(said, {"bob", "ada"}) is with_bob
    assert shared.written(said, {"eve"}) is not with_bob
    assert '["mention","@bob"]' in with_bob
    assert '["mention","@eve"]' not in with_bob


def test_markup_and_markup_alone_becomes_anything_but_text() -> None:
    evil = "<img src=x onerror=alert(1)> javascript:alert(1) https://a.b/<script> \u202e\x1b[31m"
    seen = Seen()
    seen.says(record(1, evil, nick="<b>Eve</b>\u202e"))
    seen.flush()
    (row,) = seen.page.rows()
    assert row["nick"] == "<b>Eve</b>\ufffd"
    assert [span for _block, spans in row["lines"] for span in spans] == [
        ["text", "<img src=x onerror=alert(1)> javascript:alert(1) "],
        ["link", "https://a.b/"],
        ["text", "<script> \ufffd␛[31m"],
    ]


def test_own_messages_tell_how_they_are_in_the_language_of_the_person() -> None:
    seen = Seen()
    seen.take(ev.Progress(n=1, room="general", state="queued", text="mine"))
    seen.flush()
    (mine,) = seen.page.rows()
    assert (mine["kind"], mine["words"], mine["key"]) == ("mine", "queued", "key-1")
    seen.take(ev.LinkDown(code="link-lost", reason="", retry_in=3))
    seen.flush()
    assert seen.page.rows()[0]["words"] == "queued: leaves when the link is back"
    seen.says(record(1_238, "mine", ME, id=f"{STREAM}-1"))
    seen.flush()
    assert [row["state"] for row in seen.page.rows()] == ["no. 1,238 · stored"]
    with i18n.speaking("fr"):
        seen.view.again()
        seen.flush()
    assert [row["state"] for row in seen.page.rows()] == ["n° 1\u202f238 · enregistré"]


def test_where_one_looks_back_nothing_that_happens_is_told_but_that_it_did() -> None:
    seen = Seen()
    seen.says(*(record(seq) for seq in range(1, 20)))
    seen.flush()
    room = seen.talk.room
    assert room is not None
    room.reading = True
    past = Seen()
    past.says(*(record(seq) for seq in range(3, 6)))
    seen.view.look_away(list(past.talk.rooms["general"].entries()), False, 4)
    assert (seen.page.seqs(), seen.page.header["at"]) == ([3, 4, 5], 4)
    seen.says(record(20), record(21))
    seen.flush()
    assert seen.page.seqs() == [3, 4, 5]
    assert seen.page.header["unseen"] == 2
    assert seen.page.header["tail"] is False
    seen.view.joined([], 5)
    assert seen.page.seqs() == [3, 4, 5, *range(6, 22)]
    assert seen.page.header["tail"] is True
    seen.says(record(22))
    seen.flush()
    assert seen.page.seqs()[-1] == 22


# --- people ------------------------------------------------------------------------------------


def test_people_are_told_once_and_then_by_their_changes() -> None:
    seen = Seen()
    roster = seen.told.rosters.of("general")
    roster.came([Person(ME, "Léa"), Person("a", "Ada")], 3)
    seen.flush()
    assert (set(seen.page.people), seen.page.around["heading"]) == ({ME, "a"}, "Present · 2")
    roster.heard(4, "joined", "b", "Bob")
    roster.heard(5, "nick", "a", "Ada2")
    roster.heard(6, "left", ME, "")
    seen.flush()
    last = seen.last("people")
    assert (last["reset"], sorted(one["user"] for one in last["put"]), last["gone"]) == (
        False,
        ["a", "b"],
        [ME],
    )
    assert {one["nick"] for one in seen.page.people.values()} == {"Ada2", "Bob"}
    before = len(seen.page.of("people"))
    seen.flush()
    assert len(seen.page.of("people")) == before


def test_a_long_list_is_not_told_again_for_each_who_comes() -> None:
    seen = Seen()
    roster = seen.told.rosters.of("general")
    roster.came([Person(f"u{n}", f"N{n}") for n in range(200)], 1)
    seen.flush()
    for n in range(50):
        roster.heard(2 + n, "joined", f"x{n}", f"X{n}")
        seen.flush(0.01)
    told = seen.page.of("people")
    assert len(told) <= 2
    seen.flush(2)
    assert len(seen.page.people) == 250
    assert len(json.dumps(seen.last("people"))) < 6_000


def test_who_is_ignored_and_who_spoke_and_went_are_told() -> None:
    seen = Seen()
    seen.says(record(1, user="tomas"))
    seen.told.rosters.of("general").came([Person(ME, "Léa")], 1)
    seen.flush()
    assert [one["nick"] for one in seen.page.around["absent"]] == ["Tomas"]
    assert seen.page.around["absent_heading"] == "Absent · 1"
    told = len(seen.page.of("people"))
    seen.view.people.spoke("tomas", "Tomas")
    seen.flush()
    assert len(seen.page.of("people")) == told
    seen.says(record(2, user="ada"))
    seen.view.people.spoke("ada", "Ada")
    seen.flush()
    assert [one["nick"] for one in seen.page.around["absent"]] == ["Ada", "Tomas"]
    seen.talk.ignore("tomas", "Tomas")
    seen.flush()
    assert seen.page.around["ignored"] == ["tomas"]
    assert seen.page.texts() == ["hi"]  # Ada's
    assert seen.last("lines")["reset"]
