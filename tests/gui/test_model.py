"""What the window knows besides the conversation: panes and drafts. No Tk here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import i18n
from common.client import events as ev
from common.gui.drafts import MOST, Typed
from common.gui.model import WindowModel
from common.gui.panes import PEOPLE, PEOPLE_FROM, ROOMS, ROOMS_FROM, Panes
from common.talk.surroundings import PeopledConversation

NOW = 1_763_632_800_000


@pytest.fixture(autouse=True)
def english() -> None:
    i18n.setup("en", {})


class Window:
    """A model with the conversation that it is about."""

    def __init__(self, rooms: dict[str, int] | None = None, kept: str = "") -> None:
        self.talk = PeopledConversation("Léa")
        self.model = WindowModel(self.talk, Typed(kept))
        heads = {"general": 0, "lab": 0} if rooms is None else rooms
        self.take(
            ev.Ready(user="me", nick="Léa", rooms=heads, server="B204", epoch="e", encrypted=True)
        )

    def take(self, *events: ev.Event) -> None:
        for event in events:
            self.talk.handle(event, NOW)
        self.model.take(events)


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
