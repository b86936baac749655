"""What every face shows around the conversation: rows, people, calls, words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import i18n
from common.client import events as ev
from common.protocol.messages import Person, Record
from common.talk.surroundings import PeopledConversation, Surroundings

NOW = 1_763_632_800_000


@pytest.fixture(autouse=True)
def english() -> None:
    i18n.setup("en", {})


def record(seq: int, text: str = "hi", user: str = "ines") -> Record:
    return Record("message", seq, f"{user}-{seq}", user, user.capitalize(), NOW + seq * 1000, text)


class Chat:
    """Surroundings with the conversation that they are about."""

    def __init__(self, rooms: dict[str, int] | None = None, **more: Any) -> None:
        self.talk = PeopledConversation("Léa", **more)
        self.around = Surroundings(self.talk, self.talk.present)
        heads = {"general": 0, "lab": 0} if rooms is None else rooms
        self.take(
            ev.Ready(user="me", nick="Léa", rooms=heads, server="B204", epoch="e", encrypted=True)
        )

    def take(self, *events: ev.Event) -> list[tuple[str, str]]:
        for event in events:
            self.talk.handle(event, NOW)
        return [(call.title, call.text) for call in self.around.take(events)]

    def says(self, room: str, *records: Record) -> list[tuple[str, str]]:
        return self.take(ev.Messages(room=room, records=list(records), own="stream"))

    def direct(self, name: str = "@ines-me") -> None:
        self.take(ev.RoomChanged(room=name, peer=Person("ines", "Ines")))

    def badges(self) -> dict[str, str]:
        return {row.label: row.badge for row in self.around.rooms()}


# --- rooms -------------------------------------------------------------------------------------


def test_conversations_between_two_stand_behind_the_rooms() -> None:
    chat = Chat({"general": 0})
    chat.direct()
    chat.take(ev.RoomChanged(room="jury", private=True))
    assert [(row.label, row.kind) for row in chat.around.rooms()] == [
        ("general", "room"),
        ("jury", "private"),
        ("Ines", "direct"),
    ]


def test_a_badge_counts_and_a_mention_is_marked() -> None:
    chat = Chat()
    chat.says("lab", record(1), record(2, "@Léa look"), record(3))
    assert chat.badges() == {"general": "", "lab": "@1"}
    chat.direct()
    chat.says("@ines-me", record(1))
    assert chat.badges()["Ines"] == "1"
    chat.says("@ines-me", *(record(seq) for seq in range(2, 200)))
    assert chat.badges()["Ines"] == "99+"


def test_a_silenced_room_counts_and_calls_nothing() -> None:
    chat = Chat(silenced=["lab"])
    assert chat.says("lab", record(1, "@Léa look")) == []
    assert chat.badges()["lab"] == ""
    assert chat.around.counts() == (0, 0)


def test_alt_down_goes_through_the_rooms_as_they_are_shown() -> None:
    chat = Chat({"general": 0})
    chat.direct()
    chat.take(ev.RoomChanged(room="zoo", private=True))
    seen = []
    for _turn in range(4):
        seen.append(chat.talk.current)
        chat.talk.open(chat.around.step(1))
    assert seen == ["general", "zoo", "@ines-me", "general"]


def test_the_next_room_with_something_new_is_found() -> None:
    chat = Chat({"general": 0, "lab": 0, "zoo": 0})
    assert chat.around.step(1, unread=True) == "general"
    chat.says("zoo", record(1))
    assert chat.around.step(1, unread=True) == "zoo"


def test_a_room_is_found_by_some_of_its_letters() -> None:
    chat = Chat({"general": 0, "allgemein": 0, "médias": 0})
    assert [row.label for row in chat.around.found("ge")] == ["general", "allgemein"]
    assert [row.label for row in chat.around.found("#MEDIAS ")] == ["médias"]
    assert chat.around.found("nothing") == []


def roster(room: str, *people: Person) -> ev.Roster:
    return ev.Roster(room=room, people=list(people))


# --- people ------------------------------------------------------------------------------------


def test_people_are_those_who_are_here_oneself_marked_and_those_who_spoke_and_went() -> None:
    chat = Chat()
    chat.says("general", record(1, user="tomas"))
    chat.take(roster("general", Person("me", "Léa"), Person("b", "x-bot"), Person("a", "Á")))
    people = chat.around.people()
    assert people.heading == "Present · 3"
    assert [row.label for row in people.present] == ["Á", "Léa (you)", "x-bot"]
    assert [row.bot for row in people.present] == [False, False, True]
    assert [row.nick for row in people.absent] == ["Tomas"]


def test_people_who_come_and_go_are_followed_and_a_cut_makes_them_uncertain() -> None:
    chat = Chat()
    chat.take(roster("general", Person("me", "Léa")))
    came = ev.Presence(kind="joined", room="general", user="noe", nick="Noé", people=2)
    chat.take(came)
    assert [row.nick for row in chat.around.people().present] == ["Léa", "Noé"]
    chat.take(ev.Presence(kind="nick", room="general", user="noe", nick="N", people=2, old="Noé"))
    assert [row.nick for row in chat.around.people().present] == ["Léa", "N"]
    chat.take(ev.LinkDown(code="link-lost", reason="", retry_in=3))
    people = chat.around.people()
    assert people.stale
    assert people.heading == "Before the cut · 2"
    chat.take(ev.LinkUp(behind=0, nick="Léa", encrypted=True))
    assert [row.nick for row in chat.around.people().present] == ["Léa", "N"], "nobody left yet"
    chat.take(roster("general", Person("me", "Léa")))
    assert [row.nick for row in chat.around.people().present] == ["Léa"]


def test_ones_own_new_nickname_is_in_the_list_of_people() -> None:
    chat = Chat()
    chat.take(roster("general", Person("me", "Léa"), Person("a", "Ada")))
    chat.talk.renamed("Lou")
    assert [row.label for row in chat.around.people().present] == ["Ada", "Lou (you)"]


def test_the_other_one_of_a_direct_conversation_is_known_before_they_write() -> None:
    chat = Chat({"general": 0})
    chat.direct()
    chat.talk.open("@ines-me")
    chat.take(roster("@ines-me", Person("me", "Léa")))
    assert [row.nick for row in chat.around.people().absent] == ["Ines"]


# --- calls -------------------------------------------------------------------------------------


def test_what_names_me_calls_me_unless_it_is_before_my_eyes() -> None:
    chat = Chat()
    assert chat.says("lab", record(1, "hello"), record(2, "@Léa  look\nhere")) == [
        ("Ines · #lab", "@Léa look here")
    ]
    assert chat.says("general", record(1, "@Léa")) == []
    chat.around.look(focused=False)
    assert chat.says("general", record(2, "@Léa")) == [("Ines · #general", "@Léa")]


def test_what_is_written_to_me_alone_calls_me_once() -> None:
    chat = Chat()
    chat.direct()
    assert chat.says("@ines-me", record(1, "psst")) == [("Ines", "psst")]
    assert chat.says("@ines-me", record(1, "psst")) == []


def test_what_was_said_before_this_program_began_calls_nobody() -> None:
    chat = Chat({"general": 0, "lab": 7})
    assert chat.says("lab", record(7, "@Léa old")) == []
    assert chat.says("lab", record(8, "@Léa new")) != []


def test_an_ignored_person_calls_nobody() -> None:
    chat = Chat(ignored={"ines": "Ines"})
    assert chat.says("lab", record(1, "@Léa")) == []


def test_the_title_tells_what_came_while_nobody_looked() -> None:
    chat = Chat()
    assert chat.around.title() == "#general · B204 · Causette"
    chat.around.look(focused=False)
    chat.says("general", record(1), record(2))
    assert chat.around.title() == "(2) #general · B204 · Causette"
    chat.says("general", record(3, "@Léa"))
    assert chat.around.title() == "(@1) #general · B204 · Causette"
    chat.around.look(focused=True)
    assert chat.around.title() == "#general · B204 · Causette"
    chat.talk.server = "Causette"
    assert chat.around.title() == "#general · Causette"
    chat.talk.leave("general")
    chat.talk.leave("lab")
    assert chat.around.title() == "Causette"


def test_what_was_missed_in_a_room_that_one_left_is_not_counted() -> None:
    chat = Chat()
    chat.around.look(focused=False)
    chat.says("general", record(1))
    chat.talk.open("lab")
    chat.take()
    assert chat.around.counts() == (0, 0)


# --- words -------------------------------------------------------------------------------------


def test_the_bar_counts_down_while_the_link_is_cut() -> None:
    chat = Chat()
    assert chat.around.banner(NOW) is None
    chat.take(ev.LinkDown(code="link-lost", reason="", retry_in=3))
    bar = chat.around.banner(NOW + 500)
    assert bar is not None
    assert (bar.first, bar.then) == ("Link down.", "Next try in 3 s.")
    assert chat.around.status() == ("link down", "warning")


def test_an_empty_room_says_what_to_do_only_once_it_is_known_to_be_empty() -> None:
    chat = Chat()
    assert chat.around.empty() is None
    chat.talk.handle(ev.CaughtUp(room="general", fetched=0), NOW)
    room = chat.talk.rooms["general"]
    room.complete, room.people = True, 1
    empty = chat.around.empty()
    assert empty is not None
    assert "first one in #general" in empty[1]
    chat.says("general", record(1))
    assert chat.around.empty() is None


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
    chat = Chat()
    seqs = {"general": 0, "lab": 0}
    for what, flag in steps:
        if what in seqs:
            seqs[what] += 1
            chat.says(what, record(seqs[what], "@Léa" if flag else "hello"))
        elif what == "open":
            chat.talk.open("lab" if flag else "general")
            chat.take()
        else:
            chat.around.look(what == "look")
        unread, concern = chat.around.counts()
        assert unread >= concern >= 0
    chat.around.look(focused=True)
    for name in seqs:
        chat.talk.open(name)
        chat.take()
    assert chat.around.counts() == (0, 0)
