"""The way in as somebody: the console, nicknames that stay one's own, settings that change."""

from dataclasses import replace

import pytest
from msgspec import UNSET

from common.broker.lobby import HELD
from common.protocol import deeds as d
from common.protocol import messages as m
from common.protocol import topics
from common.protocol.codec import encode
from common.protocol.identity import user_of_key
from tests.broker.desk import ADA, BOB, INBOX, ONE, THREE, TWO, Desk, session, topic_of
from tests.broker.staff import CONSOLE, EVE, come

FOUR = session(4)


def held(desk: Desk, key: str) -> int:
    return desk.core.ledger.facts.held_by(user_of_key(key))


# The console


def test_the_console_comes_in_whatever_its_nickname_and_is_never_seen() -> None:
    desk = Desk(console=CONSOLE, access="invite")
    welcome = come(desk, ONE, CONSOLE, "a\0b", rooms=("general",), visible=True)
    assert (welcome["nick"], welcome["role"]) == ("server", "owner")
    who = desk.ask(ONE, m.Who("general", "w"), CONSOLE)
    assert (who["people"], who["total"]) == ([], 0)
    assert user_of_key(CONSOLE) not in desk.core.ledger.people
    assert not [user for user in desk.disk.load()[1] if user.key == CONSOLE]


def test_nobody_hears_the_console_come_and_go() -> None:
    desk = Desk(console=CONSOLE)
    topic = topic_of(come(desk, ONE, ADA, "ada", rooms=("general",)))
    desk.turn(10)
    desk.open(TWO, CONSOLE, fd=2)
    hello = m.Hello(protocol=1, nick="x", stream="2" * 16, rooms=["general"])
    assert topic not in desk.push(TWO, hello, key=CONSOLE)
    assert topic not in desk.push(TWO, m.Bye(), key=CONSOLE)


def test_the_console_neither_speaks_nor_takes_a_nickname_nor_shows_a_code() -> None:
    desk = Desk(console=CONSOLE)
    come(desk, ONE, CONSOLE, "x", rooms=("general",))
    for n, room in enumerate(("general", "new"), 1):
        (error,) = desk.push(ONE, m.Say(n, room, "x"), key=CONSOLE)[INBOX[ONE]]
        assert (error["code"], error["n"]) == ("not-permitted", n)
    assert not desk.disk.room("general")
    assert desk.ask(ONE, m.Nick("boss", "n"), CONSOLE)["code"] == "not-permitted"
    assert desk.ask(ONE, d.MakeDeviceCode(id="c"), CONSOLE)["code"] == "not-permitted"


def test_without_the_servers_key_nobody_is_the_console() -> None:
    desk = Desk(console=CONSOLE)
    assert "role" not in come(desk, ONE, ADA, "ada")
    assert come(desk, TWO, BOB, "server")["code"] == "bad-nick"
    desk = Desk()
    assert "role" not in come(desk, ONE, CONSOLE, "eve")


# Nicknames


def test_former_nicknames_stay_ones_own_for_who_comes_by_them_too() -> None:
    desk = Desk()
    come(desk, ONE, ADA, "ada")
    desk.ask(ONE, m.Nick("lovelace", "n"))
    assert come(desk, TWO, BOB, "Ada")["code"] == "nick-taken"
    assert come(desk, TWO, BOB, "ada", fallback=True)["nick"] == "ada-2"
    assert come(desk, THREE, ADA, "ada")["nick"] == "ada"
    assert come(desk, FOUR, BOB, "lovelace")["code"] == "nick-taken"
    desk = Desk(desk.disk)
    assert come(desk, FOUR, BOB, "lovelace")["code"] == "nick-taken"


def test_going_back_and_forth_between_two_nicknames_holds_one() -> None:
    desk = Desk()
    come(desk, ONE, ADA, "ada")
    for _ in range(3 * HELD):
        assert desk.ask(ONE, m.Nick("countess", "n"))["type"] == "done"
        assert desk.ask(ONE, m.Nick("ada", "n"))["type"] == "done"
    assert held(desk, ADA) == 1


def test_a_person_holds_ten_former_nicknames_and_no_more() -> None:
    desk = Desk()
    come(desk, ONE, ADA, "ada")
    for n in range(HELD):
        assert desk.ask(ONE, m.Nick(f"ada{n}", "n"))["type"] == "done"
    assert desk.ask(ONE, m.Nick("another", "n"))["code"] == "too-many"
    assert desk.ask(ONE, m.Nick("ADA9", "n"))["type"] == "done", "only its capitals differ"
    assert desk.ask(ONE, m.Nick("ada3", "n"))["type"] == "done", "one's own"
    assert come(desk, TWO, ADA, "another")["code"] == "too-many"
    assert come(desk, TWO, ADA, "another", fallback=True)["nick"] == "ada3"
    desk = Desk(desk.disk)
    assert held(desk, ADA) == HELD
    assert come(desk, TWO, ADA, "another")["code"] == "too-many"


@pytest.mark.parametrize("nick", ["\u0430da", "Ada", "ＡＤＡ", "ada\u200b", "aDa ", "ɑdɑ"])
def test_row_42_a_look_alike_of_somebodys_nickname_is_refused(nick: str) -> None:
    desk = Desk()
    come(desk, ONE, ADA, "ada")
    error = come(desk, TWO, BOB, nick)
    assert error["code"] in ("nick-taken", "bad-nick")
    come(desk, THREE, EVE, "eve")
    assert desk.ask(THREE, m.Nick(nick, "n"), EVE)["code"] == error["code"]


def test_row_42_a_look_alike_of_a_former_nickname_is_refused() -> None:
    desk = Desk()
    come(desk, ONE, ADA, "tom")
    desk.ask(ONE, m.Nick("ada", "n"))
    assert come(desk, TWO, BOB, "Torn")["code"] == "nick-taken"


@pytest.mark.parametrize("nick", ["admin", "Server", "r00t", "Modérateur", "ALL"])
def test_row_42_a_reserved_nickname_is_refused(nick: str) -> None:
    desk = Desk()
    assert come(desk, ONE, ADA, nick)["code"] == "bad-nick"
    come(desk, TWO, BOB, "bob")
    assert desk.ask(TWO, m.Nick(nick, "n"), BOB)["code"] == "bad-nick"


def test_who_bore_a_nickname_before_it_was_reserved_keeps_it() -> None:
    desk = Desk()
    come(desk, ONE, ADA, "ada")
    desk.core.ledger.apply_person(user_of_key(ADA), ADA, "root", "root", desk.wall)
    desk.turn()
    assert come(desk, TWO, ADA, "root")["nick"] == "root"


# Whose is it?


def test_row_36_nobody_decides_under_anothers_session() -> None:
    desk = Desk(claim="claim-x")
    come(desk, ONE, ADA, "ada", code="claim-x")
    come(desk, TWO, BOB, "bob")
    for key in (BOB, None):
        told = desk.push(ONE, d.Role(id="r", nick="bob", role="owner"), key=key)
        assert not told[INBOX[ONE]]
    assert desk.core.ledger.facts.ranks.keys() == {user_of_key(ADA)}
    assert desk.push(ONE, encode(m.Ping("p")), key=ADA)[INBOX[ONE]][0]["type"] == "pong"


def test_row_40_whoever_has_no_key_is_let_in_nowhere_that_has_keys() -> None:
    """The handshake keeps them out; the core would not know them either."""
    desk = Desk(access="invite")
    desk.open(ONE, None)
    for secret in (UNSET, "s" * 16):
        hello = m.Hello(protocol=1, nick="x", stream="1" * 16, secret=secret)
        assert desk.push(ONE, hello, key=None)[INBOX[ONE]][-1]["code"] == "not-permitted"


def test_two_keys_of_one_user_id_are_not_taken_for_one_another() -> None:
    desk = Desk()
    desk.core.ledger.apply_person(user_of_key(BOB), "f" * 64, "first", "first", desk.wall)
    assert come(desk, TWO, BOB, "bob")["code"] == "not-permitted"


def test_a_hello_tells_which_rooms_are_not_for_them() -> None:
    desk = Desk()
    come(desk, ONE, ADA, "ada")
    desk.ask(ONE, d.Create(id="c", room="den", private=True))
    welcome = come(desk, TWO, BOB, "bob", rooms=("den", "general", "@nobody"))
    assert [state["room"] for state in welcome["rooms"]] == ["general"]
    assert welcome["refused"] == ["den", "@nobody"]


def test_direct_conversations_come_with_the_welcome_where_they_are_wanted() -> None:
    desk = Desk()
    come(desk, ONE, ADA, "ada")
    come(desk, TWO, BOB, "bob")
    desk.push(ONE, m.Say(1, "@bob", "psst"))
    welcome = come(desk, THREE, BOB, "bob", direct=True)
    assert [state["peer"]["nick"] for state in welcome["rooms"]] == ["ada"]
    assert come(desk, FOUR, BOB, "bob")["rooms"] == []


# Settings that change


def test_other_settings_hold_for_everybody_who_is_here() -> None:
    desk = Desk(rate=1.0, burst=1.0)
    come(desk, ONE, ADA, "ada", stream="1" * 16)
    desk.push(ONE, m.Say(1, "general", "a"))
    assert desk.push(ONE, m.Say(2, "general", "b"))[INBOX[ONE]][0]["code"] == "rate-limited"
    new = replace(desk.core.settings, rate=100.0, burst=1_000.0, sessions=1, name="New")
    desk.core.configure(new)
    desk.turn(0.1)
    says = [m.Say(n, "general", str(n)) for n in range(2, 9)]
    desk.push(ONE, *says)
    assert len(desk.disk.room("general")) == 8
    assert come(desk, TWO, ADA, "ada")["code"] == "too-many"
    desk.open(THREE, EVE)
    (greet,) = desk.turn()[topics.inbox(THREE)]
    assert (greet["server"], greet["limits"]["sessions"]) == ("New", 1)
