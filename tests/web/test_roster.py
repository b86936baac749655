"""Who is in a room, heard by several sessions: each change once, in order, whatever is late."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.client.events import PeopleReply, Presence
from common.protocol.messages import Person
from common.web import attendance
from common.web.attendance import Attendance
from common.web.roster import CHANGES, Roster, Rosters
from tests.web.house import eventually, run

Change = tuple[str, str, str]


def after(changes: Iterable[Change]) -> dict[str, str]:
    """The people, by a plain model."""
    here: dict[str, str] = {}
    for kind, user, nick in changes:
        if kind == "left":
            here.pop(user, None)
        else:
            here[user] = nick
    return here


def people(here: dict[str, str]) -> list[Person]:
    return [Person(user, nick) for user, nick in here.items()]


@given(st.data())
def test_sessions_that_hear_at_their_own_pace_make_one_list(data: st.DataObject) -> None:
    users = "abcd"
    changes: list[Change] = [
        (kind, user, f"{user.upper()}{number}" if kind == "nick" else user.upper())
        for number, (kind, user) in enumerate(
            data.draw(
                st.lists(
                    st.tuples(st.sampled_from(["joined", "left", "nick"]), st.sampled_from(users)),
                    min_size=1,
                    max_size=30,
                )
            )
        )
    ]
    roster = Roster()
    page: dict[str, str] = {}
    turn = -1
    start = data.draw(st.integers(0, len(changes)))
    # Each session hears everything but what is about itself.
    at = dict.fromkeys(users, 0)
    order = data.draw(st.permutations([user for user in users for _each in changes]))
    asked = data.draw(st.integers(0, len(order)))
    for step, listener in enumerate(order):
        if step == asked:
            roster.came(people(after(changes[:start])), start)
        if at[listener] < len(changes):
            rev = at[listener] + 1
            kind, user, nick = changes[rev - 1]
            if user != listener:
                roster.heard(rev, kind, user, nick)
            at[listener] = rev
        if data.draw(st.booleans()):
            users_changed = roster.since(turn)
            if users_changed is None:
                page = dict(roster.people)
            else:
                for user in users_changed:
                    if user in roster.people:
                        page[user] = roster.people[user]
                    else:
                        page.pop(user, None)
            turn = roster.turn
            assert page == roster.people
    if asked == len(order):
        roster.came(people(after(changes[:start])), start)
    assert roster.rev == len(changes)
    assert roster.people == after(changes)
    assert not roster.lacks
    assert roster.folded >= {nick.casefold() for nick in roster.people.values()}


def test_what_is_missing_is_known_to_be() -> None:
    roster = Roster()
    roster.came([Person("a", "Ada")], 5)
    assert roster.heard(7, "joined", "b", "Bob")
    assert roster.lacks
    assert "b" not in roster.people
    assert not roster.heard(6, "left", "a", "")
    assert roster.people == {"b": "Bob"}


def test_after_a_cut_numbers_may_begin_anew() -> None:
    roster = Roster()
    roster.came([Person("a", "Ada"), Person("b", "Bob")], 90)
    turn = roster.turn
    roster.doubt()
    roster.heard(3, "joined", "c", "Cléo")
    roster.heard(4, "nick", "a", "Ada2")
    assert roster.people == {"a": "Ada", "b": "Bob"}
    roster.came([Person("a", "Ada"), Person("c", "Cléo")], 3)
    assert roster.people == {"a": "Ada2", "c": "Cléo"}
    assert roster.since(turn) == {"a", "b", "c"}
    assert roster.former("a") == "Ada"


def test_a_page_that_is_far_behind_takes_the_whole_list() -> None:
    roster = Roster()
    roster.came([], 0)
    for number in range(1, CHANGES + 2):
        roster.heard(number, "joined", f"u{number}", "x")
    assert roster.since(0) is None
    assert roster.since(1) is not None


def test_rooms_that_nobody_is_in_are_forgotten() -> None:
    rosters = Rosters()
    rosters.of("a").came([Person("x", "X")], 1)
    rosters.of("b")
    assert (dict(rosters), len(rosters), "b" in rosters) == ({"a": {"x": "X"}}, 1, False)
    rosters.keep(["b"])
    assert list(rosters) == []


# --- asking ------------------------------------------------------------------------------------


class Session:
    """Somebody through whom people are asked about."""

    def __init__(self) -> None:
        self.linked = True
        self.asked: list[Future[PeopleReply]] = []
        self.client: Any = SimpleNamespace(who=self._who)

    def rooms(self) -> list[str]:
        return ["general"]

    def _who(self, _room: str) -> Future[PeopleReply]:
        self.asked.append(Future())
        return self.asked[-1]


def heard(rev: int, user: str = "b") -> Presence:
    return Presence(kind="joined", room="general", user=user, nick=user, people=2, rev=rev)


def test_one_session_asks_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "PATIENCE", 0.02)
    monkeypatch.setattr(attendance, "AGAIN", 0.05)

    async def scenario() -> None:
        sessions = [Session() for _each in range(5)]
        changed: list[str] = []
        where = Attendance(lambda: sessions, changed.append, asyncio.get_running_loop().time)
        for session in sessions:
            where.want("general", session)
        asked = [future for session in sessions for future in session.asked]
        assert len(asked) == 1
        asked[0].set_result(PeopleReply(room="general", people=[Person("a", "a")], rev=1))
        await eventually(lambda: changed == ["general"], "told")
        assert dict(where.rosters) == {"general": {"a": "a"}}

        where.heard(heard(3, "c"))
        await eventually(lambda: sum(len(one.asked) for one in sessions) == 2, "asked again")
        again = next(one for one in sessions if len(one.asked) > (one is sessions[0])).asked[-1]
        again.set_result(PeopleReply(room="general", people=[Person("b", "b")], rev=2))
        await eventually(lambda: len(changed) == 2, "told")
        assert dict(where.rosters) == {"general": {"b": "b", "c": "c"}}

        for session in sessions:
            where.linked(session)
        await eventually(lambda: sum(len(one.asked) for one in sessions) == 3, "after a cut")
        where.close()

    run(scenario())


def test_after_a_cut_those_who_came_back_unannounced_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attendance, "AGAIN", 0.02)
    monkeypatch.setattr(attendance, "RETURNED", 0.1)

    async def scenario() -> None:
        session = Session()
        where = Attendance(lambda: [session], lambda _room: None, asyncio.get_running_loop().time)
        both = [Person("a", "a"), Person("b", "b")]
        where.rosters.of("general").came(both, 1)
        where.linked(session)
        session.asked[0].set_result(PeopleReply(room="general", people=both[:1], rev=90))
        await eventually(lambda: dict(where.rosters) == {"general": {"a": "a"}}, "who was first")
        await eventually(lambda: len(session.asked) == 2, "the second question")
        session.asked[1].set_result(PeopleReply(room="general", people=both, rev=91))
        await eventually(lambda: dict(where.rosters)["general"] == {"a": "a", "b": "b"}, "both")
        where.close()

    run(scenario())


def test_a_former_nickname_is_known_here() -> None:
    async def scenario() -> None:
        where = Attendance(list, lambda _room: None, asyncio.get_running_loop().time)
        where.rosters.of("general").came([Person("a", "Ada")], 1)
        event = Presence(kind="nick", room="general", user="a", nick="Augusta", people=1, rev=2)
        assert where.heard(event).old == "Ada"
        # The next session hears of it later.
        assert where.heard(event).old == "Ada"

    run(scenario())
