"""What the window shows around the conversation: rows, people, calls, panes, drafts. No Tk here."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import i18n
from common.client import events as ev
from common.gui.drafts import MOST, Typed
from common.gui.model import WindowConversation, WindowModel
from common.gui.panes import PEOPLE, PEOPLE_FROM, ROOMS, ROOMS_FROM, Panes
from common.protocol.messages import Person, Record

NOW = 1_763_632_800_000


@pytest.fixture(autouse=True)
def english() -> None:
    i18n.setup("en", {})


def record(seq: int, text: str = "hi", user: str = "ines") -> Record:
    return Record("message", seq, f"{user}-{seq}", user, user.capitalize(), NOW + seq * 1000, text)


class Window:
    """A model with the conversation that it is about."""

    def __init__(self, rooms: dict[str, int] | None = None, kept: str = "", **more: Any) -> None:
        self.talk = WindowConversation("Léa", **more)
        self.model = WindowModel(self.talk, Typed(kept))
        heads = {"general": 0, "lab": 0} if rooms is None else rooms
        self.take(
            ev.Ready(user="me", nick="Léa", rooms=heads, server="B204", epoch="e", encrypted=True)
        )

    def take(self, *events: ev.Event) -> list[tuple[str, str]]:
        for event in events:
            self.talk.handle(event, NOW)
        return [(call.title, call.text) for call in self.model.take(events)]

    def says(self, room: str, *records: Record) -> list[tuple[str, str]]:
        return self.take(ev.Messages(room=room, records=list(records), own="stream"))

    def direct(self, name: str = "@ines-me") -> None:
        self.take(ev.RoomChanged(room=name, peer=Person("ines", "Ines")))

    def labels(self) -> list[str]:
        return [row.label for row in self.model.rooms()]

    def badges(self) -> dict[str, str]:
        return {row.label: row.badge for row in self.model.rooms()}


# --- rooms -------------------------------------------------------------------------------------


def test_conversations_between_two_stand_behind_the_rooms() -> None:
    window = Window({"general": 0})
    window.direct()
    window.take(ev.RoomChanged(room="jury", private=True))
    assert [(row.label, row.kind) for row in window.model.rooms()] == [
        ("general", "room"),
        ("jury", "private"),
        ("Ines", "direct"),
    ]


def test_a_badge_counts_and_a_mention_is_marked() -> None:
    window = Window()
    window.says("lab", record(1), record(2, "@Léa look"), record(3))
    assert window.badges() == {"general": "", "lab": "@1"}
    window.direct()
    window.says("@ines-me", record(1))
    assert window.badges()["Ines"] == "1"
    window.says("@ines-me", *(record(seq) for seq in range(2, 200)))
    assert window.badges()["Ines"] == "99+"


def test_a_silenced_room_counts_and_calls_nothing() -> None:
    window = Window(silenced=["lab"])
    assert window.says("lab", record(1, "@Léa look")) == []
    assert window.badges()["lab"] == ""
    assert window.model.counts() == (0, 0)


def test_alt_down_goes_through_the_rooms_as_they_are_shown() -> None:
    window = Window({"general": 0})
    window.direct()
    window.take(ev.RoomChanged(room="zoo", private=True))
    seen = []
    for _turn in range(4):
        seen.append(window.talk.current)
        window.talk.open(window.model.step(1))
    assert seen == ["general", "zoo", "@ines-me", "general"]


def test_the_next_room_with_something_new_is_found() -> None:
    window = Window({"general": 0, "lab": 0, "zoo": 0})
    assert window.model.step(1, unread=True) == "general"
    window.says("zoo", record(1))
    assert window.model.step(1, unread=True) == "zoo"


def test_a_room_is_found_by_some_of_its_letters() -> None:
    window = Window({"general": 0, "allgemein": 0, "médias": 0})
    assert [row.label for row in window.model.found("ge")] == ["general", "allgemein"]
    assert [row.label for row in window.model.found("#MEDIAS ")] == ["médias"]
    assert window.model.found("nothing") == []


# --- people ------------------------------------------------------------------------------------


def test_people_are_those_who_are_here_oneself_marked_and_those_who_spoke_and_went() -> None:
    window = Window()
    window.says("general", record(1, user="tomas"))
    window.talk.people_came(
        "general", [Person("me", "Léa"), Person("b", "x-bot"), Person("a", "Á")]
    )
    people = window.model.people()
    assert people.heading == "Present · 3"
    assert [row.label for row in people.present] == ["Á", "Léa (you)", "x-bot"]
    assert [row.bot for row in people.present] == [False, False, True]
    assert [row.nick for row in people.absent] == ["Tomas"]


def test_people_who_come_and_go_are_followed_and_a_cut_makes_them_uncertain() -> None:
    window = Window()
    window.talk.people_came("general", [Person("me", "Léa")])
    came = ev.Presence(kind="joined", room="general", user="noe", nick="Noé", people=2)
    window.take(came)
    assert [row.nick for row in window.model.people().present] == ["Léa", "Noé"]
    window.take(ev.Presence(kind="nick", room="general", user="noe", nick="N", people=2, old="Noé"))
    assert [row.nick for row in window.model.people().present] == ["Léa", "N"]
    window.take(ev.LinkDown(code="link-lost", reason="", retry_in=3))
    people = window.model.people()
    assert people.stale
    assert people.heading == "Before the cut · 2"
    window.take(ev.LinkUp(behind=0, nick="Léa", encrypted=True))
    assert not window.model.people().present


def test_the_other_one_of_a_direct_conversation_is_known_before_they_write() -> None:
    window = Window({"general": 0})
    window.direct()
    window.talk.open("@ines-me")
    window.talk.people_came("@ines-me", [Person("me", "Léa")])
    assert [row.nick for row in window.model.people().absent] == ["Ines"]


# --- calls -------------------------------------------------------------------------------------


def test_what_names_me_calls_me_unless_it_is_before_my_eyes() -> None:
    window = Window()
    assert window.says("lab", record(1, "hello"), record(2, "@Léa  look\nhere")) == [
        ("Ines · #lab", "@Léa look here")
    ]
    assert window.says("general", record(1, "@Léa")) == []
    window.model.look(focused=False)
    assert window.says("general", record(2, "@Léa")) == [("Ines · #general", "@Léa")]


def test_what_is_written_to_me_alone_calls_me_once() -> None:
    window = Window()
    window.direct()
    assert window.says("@ines-me", record(1, "psst")) == [("Ines", "psst")]
    assert window.says("@ines-me", record(1, "psst")) == []


def test_what_was_said_before_this_program_began_calls_nobody() -> None:
    window = Window({"general": 0, "lab": 7})
    assert window.says("lab", record(7, "@Léa old")) == []
    assert window.says("lab", record(8, "@Léa new")) != []


def test_an_ignored_person_calls_nobody() -> None:
    window = Window(ignored={"ines": "Ines"})
    assert window.says("lab", record(1, "@Léa")) == []


def test_the_title_tells_what_came_while_the_window_was_not_looked_at() -> None:
    window = Window()
    assert window.model.title() == "#general – Causette"
    window.model.look(focused=False)
    window.says("general", record(1), record(2))
    assert window.model.title() == "(2) #general – Causette"
    window.says("general", record(3, "@Léa"))
    assert window.model.title() == "(@1) #general – Causette"
    window.model.look(focused=True)
    assert window.model.title() == "#general – Causette"


def test_what_was_missed_in_a_room_that_one_left_is_not_counted() -> None:
    window = Window()
    window.model.look(focused=False)
    window.says("general", record(1))
    window.talk.open("lab")
    window.take()
    assert window.model.counts() == (0, 0)


# --- words -------------------------------------------------------------------------------------


def test_the_bar_counts_down_while_the_link_is_cut() -> None:
    window = Window()
    assert window.model.banner(NOW) is None
    window.take(ev.LinkDown(code="link-lost", reason="", retry_in=3))
    bar = window.model.banner(NOW + 500)
    assert bar is not None
    assert (bar.first, bar.then) == ("Link down.", "Next try in 3 s.")
    assert window.model.status() == ("link down", "warning")


def test_an_empty_room_says_what_to_do_only_once_it_is_known_to_be_empty() -> None:
    window = Window()
    assert window.model.empty() is None
    window.talk.handle(ev.CaughtUp(room="general", fetched=0), NOW)
    room = window.talk.rooms["general"]
    room.complete, room.people = True, 1
    empty = window.model.empty()
    assert empty is not None
    assert "first one in #general" in empty[1]
    window.says("general", record(1))
    assert window.model.empty() is None


# --- panes -------------------------------------------------------------------------------------


def test_panes_fold_by_width_and_lie_over_the_conversation_where_wanted() -> None:
    panes = Panes()
    panes.resize(1000)
    assert (panes.place(ROOMS), panes.place(PEOPLE)) == ("beside", "beside")
    panes.resize(899)
    assert (panes.place(ROOMS), panes.place(PEOPLE)) == ("beside", "")
    panes.toggle(PEOPLE)
    assert panes.place(PEOPLE) == "over"
    assert panes.settle()
    assert not panes.settle()
    panes.resize(480)
    panes.toggle(ROOMS)
    assert panes.place(ROOMS) == "over"
    panes.resize(1000)
    assert (panes.place(ROOMS), panes.over) == ("beside", "")
    panes.toggle(PEOPLE)
    assert panes.place(PEOPLE) == ""
    assert panes.folded == {PEOPLE}


@given(
    st.lists(
        st.one_of(st.integers(200, 2000), st.sampled_from([ROOMS, PEOPLE, "settle"])), max_size=30
    )
)
def test_a_narrow_window_never_has_a_pane_beside_nor_two_over(steps: list[int | str]) -> None:
    panes = Panes()
    for step in steps:
        if isinstance(step, int):
            panes.resize(step)
        elif step == "settle":
            panes.settle()
        else:
            panes.toggle(step)
        places = [panes.place(ROOMS), panes.place(PEOPLE)]
        assert places.count("over") <= 1
        assert panes.width >= ROOMS_FROM or places[0] != "beside"
        assert panes.width >= PEOPLE_FROM or places[1] != "beside"


# --- what is typed -----------------------------------------------------------------------------


def test_a_draft_outlives_the_program_and_waits_for_its_room() -> None:
    first = Window()
    first.talk.rooms["lab"].draft.text = "half a thou"
    kept = first.model.typed.text(first.talk.rooms, "general")
    second = Window({"general": 0}, kept)
    again = second.model.typed.text(second.talk.rooms, "general")
    third = Window(kept=again)
    assert third.talk.rooms["lab"].draft.text == "half a thou"
    assert [row.typed for row in third.model.rooms()] == [False, True]
    assert third.model.typed.current == "general"


def test_a_draft_does_not_replace_what_is_typed_already() -> None:
    kept = '{"drafts": {"general": "old"}}'
    window = Window({})
    window.model.typed = Typed(kept)
    window.talk.handle(ev.RoomChanged(room="general"), NOW)
    window.talk.rooms["general"].draft.text = "new"
    window.take()
    assert window.talk.rooms["general"].draft.text == "new"


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"drafts": 3}', "[" * 5000])
def test_what_cannot_be_read_counts_as_nothing(kept: str) -> None:
    assert Typed(kept).current == ""


def test_up_finds_what_was_sent_in_this_room_else_anywhere() -> None:
    typed = Typed()
    for room, text in (("a", "one"), ("b", "else"), ("a", "two"), ("a", "two")):
        typed.sent(room, text)
    assert typed.history("a") == ["one", "two"]
    assert typed.history("c") == ["one", "else", "two"]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=5)), max_size=300))
def test_what_was_sent_outlives_the_program_and_is_bounded(said: list[tuple[str, str]]) -> None:
    typed = Typed()
    for room, text in said:
        typed.sent(room, text)
    again = Typed(typed.text({}, ""))
    assert again.history("a") == typed.history("a")
    assert len(again.history("c")) <= MOST
    assert all(text for text in again.history("a"))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["general", "lab", "open", "look", "away"]),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_nothing_is_unread_once_every_room_was_looked_at(steps: list[tuple[str, bool]]) -> None:
    window = Window()
    seqs = {"general": 0, "lab": 0}
    for what, flag in steps:
        if what in seqs:
            seqs[what] += 1
            window.says(what, record(seqs[what], "@Léa" if flag else "hello"))
        elif what == "open":
            window.talk.open("lab" if flag else "general")
            window.take()
        else:
            window.model.look(what == "look")
        unread, concern = window.model.counts()
        assert unread >= concern >= 0
    window.model.look(focused=True)
    for name in seqs:
        window.talk.open(name)
        window.take()
    assert window.model.counts() == (0, 0)
