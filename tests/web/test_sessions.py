"""Browsers in the chat, with a real server: they come back, and nothing is lost or there twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from common import keys
from common.web import chat as chats
from common.web.session import Joined, Turned, Waits
from tests.conftest import BrokerFactory
from tests.support.people import Operator
from tests.support.programs import BrokerProgram, same_place
from tests.web.house import House, Page, chat, eventually, run, target_of


def stored(page: Page) -> list[str]:
    """What stands in the room, stored."""
    return [text for row, text in zip(page.rows(), page.texts(), strict=False) if "seq" in row]


# --- coming and coming back --------------------------------------------------------------------


def test_two_browsers_speak_with_one_another(broker: BrokerProgram, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada", "bob") as (_house, (ada, bob)):
            key = await ada.enter("hello **you**, @bob")
            await bob.until(lambda: bob.texts() == ["hello you, @bob"], "the text")
            assert bob.rows()[-1]["mention"]
            await ada.settled(key)
            await ada.until(lambda: ada.rows()[-1].get("state") == "no. 1 · stored", "its state")
            await bob.until(
                lambda: {one["nick"] for one in bob.people.values()} == {"ada", "bob"}, "people"
            )
            assert bob.around["heading"] == "Present · 2"

    run(scenario())


def test_a_page_that_comes_back_has_exactly_what_it_missed(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada", "bob") as (house, (ada, bob)):
            await bob.enter("one")
            await ada.until(lambda: ada.texts() == ["one"], "the first")
            await ada.close()
            session = house.sessions.get(house.browser("ada").id)
            assert session is not None
            await eventually(lambda: session.page is None, "the session sees it")
            for text in ("two", "three", "@ada four"):
                await bob.enter(text)
            await eventually(lambda: session.talk.rooms["general"].unread == 3, "counted")
            again = await house.shown("ada", room="general")
            assert again.texts() == ["one", "two", "three", "@ada four"]
            assert again.header["since"] == 2
            assert again.state["rooms"][0]["unread"] == 0
            await bob.enter("five")
            await again.until(lambda: again.texts()[-1] == "five", "what comes now")
            assert again.seqs() == [1, 2, 3, 4, 5]

    run(scenario())


def test_what_was_missed_while_the_gateway_was_down_is_there_and_unread(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with chat(tmp_path / "a", broker, "ada") as (house, (ada,)):
            await ada.enter("mine")
            await ada.until(lambda: stored(ada) == ["mine"], "stored")
            session = house.sessions.get(house.browser("ada").id)
            assert session is not None
        async with chat(tmp_path / "b", broker, "bob") as (_other, (bob,)):
            for text in ("while", "away"):
                await bob.enter(text)
            await bob.until(lambda: len(stored(bob)) == 3, "stored")
        async with House(tmp_path / "a", broker) as house:
            ada = await house.shown("ada", visible=False)
            await ada.until(lambda: ada.texts() == ["mine", "while", "away"], "all of it")
            assert ada.state["rooms"][0]["unread"] == 2
            assert ada.header["since"] == 2
            await ada.send("visible", on=True)
            await ada.until(lambda: ada.state["rooms"][0]["unread"] == 0, "seen")

    run(scenario())


def test_nothing_is_seen_while_the_page_is_hidden(broker: BrokerProgram, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada", "bob") as (house, (ada, bob)):
            await ada.send("visible", on=False)
            await bob.enter("one")
            await bob.enter("@ada two")
            await ada.until(lambda: ada.state["unread"] == 2, "counted")
            await ada.until(lambda: ada.of("call"), "called")
            assert ada.of("call")[0]["title"] == "bob · #general"
            await ada.until(lambda: ada.header["since"] == 1, "where they stopped")
            assert ada.state["title"].startswith("(2) ")
            await ada.send("visible", on=True)
            await ada.until(lambda: ada.state["unread"] == 0, "seen")
            assert ada.header["since"] == 1
            profile = house.store.profile(house.browser("ada").id)
            await eventually(
                lambda: (at := profile.cursor("general")) is not None and at.seq == 2, "noted"
            )

    run(scenario())


def test_the_newest_page_wins(broker: BrokerProgram, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada") as (house, (first,)):
            second = await house.shown("ada")
            assert await first.until_closed() == 4001
            assert first.told[-1]["t"] == "elsewhere"
            await second.enter("here")
            await second.until(lambda: second.texts() == ["here"], "it works on")
            assert len(house.sessions) == 1

    run(scenario())


def test_a_session_without_a_page_goes_after_a_while_unless_something_is_unsent(
    broker_factory: BrokerFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chats, "LINGER", 0.2)
    monkeypatch.setattr(chats, "LOOK_AGAIN", 0.1)
    broker = broker_factory()

    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada", "bob") as (house, (ada, bob)):
            await ada.close()
            await eventually(lambda: len(house.sessions) == 1, "ada's session ends")
            broker.kill()
            await bob.until(lambda: bob.state["link"], "the cut is told")
            key = await bob.enter("later")
            await bob.until(lambda: bob.of("done"), "taken")
            await bob.close()
            session = house.sessions.get(house.browser("bob").id)
            assert session is not None
            later = asyncio.get_running_loop().time() + 0.6
            await eventually(lambda: asyncio.get_running_loop().time() > later, "LINGER is over")
            assert not session.over
            again = broker_factory(*same_place(broker), wildcard=False)
            await eventually(lambda: session.over, "it stays until that is stored, then goes", 30)
            assert house.store.profile(house.browser("bob").id).outcome(key) == "settled"
            again.kill()

    run(scenario())


def test_a_server_that_came_back_elsewhere_is_gone_on_with(
    broker_factory: BrokerFactory, tmp_path: Path
) -> None:
    broker = broker_factory()

    async def scenario() -> None:
        async with chat(tmp_path / "web", broker, "ada", "bob") as (house, (ada, bob)):
            await ada.settled(await ada.enter("before"))
            broker.kill()
            await ada.until(lambda: ada.state["link"], "the cut is told")
            await ada.enter("meanwhile", "KEY-1")
            await ada.about("done", "KEY-1")
            elsewhere = await asyncio.to_thread(broker_factory)
            assert elsewhere.pull != broker.pull
            house.target = target_of(elsewhere)
            house.sessions.moved()
            await ada.settled("KEY-1")
            await ada.until(lambda: not ada.state["link"] or ada.state["link"]["state"] == "back",
                            "up again")  # fmt: skip
            await bob.until(lambda: bob.texts() == ["before", "meanwhile"], "nothing is missing")
            assert bob.seqs() == [1, 2]
            await bob.enter("after")
            await ada.until(lambda: ada.texts() == ["before", "meanwhile", "after"], "it goes on")
            assert len(ada.of("hello")) == 1

    run(scenario())


# --- each line once ----------------------------------------------------------------------------


def test_a_key_is_taken_once_ever(broker: BrokerProgram, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada") as (house, (ada,)):
            for _time in range(3):
                await ada.enter("once", "KEY-1")
            await ada.settled("KEY-1")
            await ada.close()
            again = await house.shown("ada", unsent=["KEY-1", "KEY-2"])
            assert [m["key"] for m in again.of("settled")] == ["KEY-1"]
            kinds = [m["t"] for m in again.told]
            assert kinds.index("settled") < kinds.index("hello")
            await again.enter("once", "KEY-1")
            await again.enter("twice", "KEY-2")
            await again.settled("KEY-2")
        async with House(tmp_path, broker) as house:
            ada = await house.shown("ada")
            await ada.enter("once", "KEY-1")
            await ada.enter("end", "KEY-3")
            await ada.until(lambda: stored(ada)[-1:] == ["end"], "the end")
            assert stored(ada) == ["once", "twice", "end"]

    run(scenario())


def test_what_was_taken_while_the_server_was_down_outlives_page_and_gateway(
    broker_factory: BrokerFactory, tmp_path: Path
) -> None:
    broker = broker_factory()

    async def before() -> None:
        async with chat(tmp_path / "web", broker, "ada") as (house, (ada,)):
            broker.kill()
            await ada.until(lambda: ada.state["link"], "the cut is told")
            assert ada.state["link"]["state"] == "down"
            await ada.enter("kept", "KEY-1")
            await ada.until(lambda: ada.of("done"), "taken")
            await ada.until(lambda: ada.texts() == ["kept"], "shown")
            (mine,) = ada.rows()
            assert (mine["kind"], mine["key"], mine["state"]) == ("mine", "KEY-1", "queued")
            assert mine["words"] == "queued: leaves when the link is back"
            again = await house.shown("ada", unsent=["KEY-1"])
            assert [m["t"] for m in again.told[:2]] == ["done", "hello"]
            assert again.rows()[0]["key"] == "KEY-1"

    async def after() -> None:
        async with House(tmp_path / "web", broker) as house:
            # No page comes: the gateway sees to it by itself.
            assert house.sessions.resume_unsent() == 1
            profile = house.store.profile(1)
            await eventually(lambda: profile.outcome("KEY-1") == "settled", "stored", 30)
            house._browsers["ada"] = next(iter(house.sessions)).browser
            ada = await house.shown("ada", unsent=["KEY-1"])
            assert [m["key"] for m in ada.of("settled")] == ["KEY-1"]
            await ada.until(lambda: stored(ada) == ["kept"], "it stands there once")

    run(before())
    broker_factory(*same_place(broker), wildcard=False)
    run(after())


def test_a_line_that_cannot_be_used_goes_back_where_it_was_typed(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada") as (_house, (ada,)):
            for line, room, words in (
                ("x" * 16_001, "general", "too long: 16,001 bytes"),
                ("/nothing", "general", "no command /nothing"),
                ("hello", "tea", "You are not in #tea."),
                ("hello", "", "You are in no room."),
                ("/mute", "general", "This is how: /mute NICK"),
            ):
                key = await ada.enter(line, room=room)
                wrong = await ada.about("wrong", key)
                assert words in wrong["text"]
            key = await ada.enter("   ")
            await ada.settled(key)
            assert ada.texts() == []

    run(scenario())


def test_a_refused_message_can_be_changed_or_given_up_and_outlives_the_session(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada", "bob") as (house, (ada, bob)):
            assert (await ada.do("create", room="tea"))["ok"]
            assert (await bob.do("join", room="tea"))["ok"]
            assert (await ada.do("readonly", room="tea", choice="on"))["ok"]
            await bob.until(lambda: bob.state["room"]["readonly"], "read-only")
            for text in ("first", "second", "third"):
                await bob.settled(await bob.enter(text, room="tea"))
            refused = await bob.until(
                lambda: (
                    [r for r in bob.rows() if r.get("state") == "refused"][2:]
                    and [r for r in bob.rows() if r.get("state") == "refused"]
                ),
                "refused",
            )
            assert refused[0]["words"].startswith("refused: ")
            await bob.send("edit", k=refused[0]["k"])
            await bob.until(lambda: bob.of("compose"), "composed")
            assert bob.of("compose")[0]["text"] == "first"
            await bob.send("give_up", k=refused[1]["k"])
            await bob.until(lambda: bob.texts() == ["third"], "given up")
            await house.sessions.leave(house.browser("bob"))
            back = await house.shown("bob", room="tea")
            await back.until(lambda: back.room == "tea" and back.texts() == ["third"], "there")
            assert (await ada.do("readonly", room="tea", choice="off"))["ok"]
            await back.until(lambda: not back.state["room"]["readonly"], "open again")
            (mine,) = (row for row in back.rows() if row["kind"] == "mine")
            await back.send("resend", k=mine["k"])
            await ada.until(lambda: ada.texts() == ["third"], "said again")

    run(scenario())


# --- the way in --------------------------------------------------------------------------------


def test_joining_says_what_came_of_it(broker: BrokerProgram, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with House(tmp_path, broker) as house:
            assert await house.sessions.join(house.browser("ada")) == Joined("ada")
            assert await house.sessions.join(house.browser("ada")) == Joined("ada")
            other = house.store.add_browser(
                token_hash="x", nick="ada", keys=keys.generate(), lang="fr", now=1
            )
            turned = await house.sessions.join(other)
            assert isinstance(turned, Turned)
            assert (turned.code, turned.field) == ("nick-taken", "nick")
            assert "est déjà pris" in turned.text
            assert house.sessions.get(other.id) is None

    run(scenario())


def test_who_is_not_invited_waits_and_comes_in_when_let_in(
    broker_factory: BrokerFactory, tmp_path: Path
) -> None:
    broker = broker_factory("--access", "invite")

    async def scenario() -> None:
        async with House(tmp_path / "web", broker) as house:
            waits = await house.sessions.join(house.browser("bob"))
            assert isinstance(waits, Waits)
            assert waits.fingerprint
            bob = await house.page("bob")
            await bob.send("attach", lang="en")
            await bob.until(lambda: bob.of("waiting"), "told to wait")
            assert bob.of("waiting")[0]["fingerprint"] == waits.fingerprint
            operator = Operator(broker.data_dir)
            await asyncio.to_thread(
                operator.do, "admin", "approve", house.browser("bob").keys.public
            )
            await bob.until(lambda: bob.of("hello"), "in", 30)

    run(scenario())


def test_a_server_that_is_not_there_is_told_in_words(tmp_path: Path, broker: BrokerProgram) -> None:
    async def scenario() -> None:
        async with House(tmp_path, broker) as house:
            target = target_of(broker)
            broker.kill()
            house.target = target
            ada = await house.page("ada")
            await ada.send("attach", lang="fr")
            await ada.until(lambda: ada.state.get("link"), "what is wrong")
            assert ada.state["link"]["first"] == "Pas encore de lien."
            assert not ada.of("hello")
            await ada.send("enter", key="K", room="general", line="kept by the page")
            await ada.send("ping")
            await ada.until(lambda: ada.of("pong"), "an answer")
            assert not ada.of("done")

    run(scenario())


def test_leaving_and_being_put_out_close_the_page(broker: BrokerProgram, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada", "bob") as (house, (ada, bob)):
            await house.sessions.leave(house.browser("ada"))
            assert await ada.until_closed() == 4003
            assert ada.told[-1] == {"t": "ended", "text": "You are disconnected."}
            await bob.enter("/quit")
            assert await bob.until_closed() == 4003
            assert len(house.sessions) == 0
            assert house.store.profile(house.browser("bob").id).note("left")

    run(scenario())


def test_a_new_nickname_is_the_one_of_the_next_session(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada", "bob") as (house, (ada, bob)):
            assert (await ada.do("nick", nick="bob"))["ok"] is False
            assert (await ada.do("nick", nick="Augusta"))["ok"]
            await ada.until(lambda: ada.state["me"]["nick"] == "Augusta", "told")
            await bob.until(
                lambda: "Augusta" in {one["nick"] for one in bob.people.values()}, "seen"
            )
            await bob.until(
                lambda: any("ada is now called Augusta" in row.get("text", "")
                            for row in bob.rows()), "said"
            )  # fmt: skip
            found = house.store.browser("ada")
            assert found is not None
            assert found.nick == "Augusta"

    run(scenario())


def test_each_person_is_spoken_to_in_their_language(broker: BrokerProgram, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with House(tmp_path, broker) as house:
            ada, bob = await house.shown("ada", lang="fr"), await house.shown("bob", lang="en")
            for page in (ada, bob):
                await page.enter("/help room")
                await page.until(page.notices, "help")
            assert ada.notices() == "/salon SALON\taller dans un salon que vous avez rejoint"
            assert bob.notices() == "/room ROOM\tgo to a room that you are in"
            await ada.until(lambda: ada.around["heading"] == "Présents · 2", "both here")
            await bob.send("lang", lang="fr")
            await bob.until(lambda: bob.around["heading"] == "Présents · 2", "in French now")

    run(scenario())
