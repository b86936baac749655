"""What a page asks for: looking back, finding, saving, menus and lists, and every typed command."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from common.client.commands import Call, Wrong
from common.client.vocabulary import COMMANDS
from common.web import past, searching
from common.web.actions import Do
from common.web.doing import HERE, OTHERS, checked
from tests.support.people import Operator
from tests.support.programs import BrokerProgram
from tests.web.house import House, Page, chat, eventually, run, words


async def long_room(house: House, nick: str, texts: Iterable[str]) -> None:
    """Have these stored in #general, past the page, which may not send so fast."""
    session = house.sessions.get(house.browser(nick).id)
    assert session is not None
    futures = [session.client.say("general", text) for text in texts]
    await asyncio.gather(*map(asyncio.wrap_future, futures))


def messages(count: int) -> list[str]:
    return [f"message {number}" for number in range(1, count + 1)]


# --- looking back ------------------------------------------------------------------------------


def test_a_page_reads_up_to_the_beginning_and_down_again(
    broker: BrokerProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "PAGE", 40)

    async def scenario() -> None:
        async with chat(tmp_path / "a", broker, "ada") as (house, (ada,)):
            await long_room(house, "ada", messages(260))
            bob = await house.shown("bob")
            await bob.until(lambda: len(bob.seqs()) == 50, "the first lines")
            assert bob.seqs() == list(range(211, 261))
            while not bob.header.get("complete"):
                before = bob.seqs()[0]
                await bob.send("older", before=before)
                told = len(bob.told)
                await bob.until(partial(_told_more, bob, told), f"older than {before}")
            assert bob.seqs() == list(range(1, 261))

            await bob.send("around", seq=100)
            await bob.until(lambda: bob.header.get("at") == 100, "another part")
            assert bob.seqs() == list(range(50, 150))
            assert bob.header["tail"] is False
            await ada.enter("news")
            await bob.until(lambda: bob.header["unseen"] == 1, "it is told that something came")
            assert bob.seqs()[-1] == 149
            while not bob.header["tail"]:
                last = bob.seqs()[-1]
                await bob.send("newer", after=last)
                told = len(bob.told)
                await bob.until(partial(_told_more, bob, told), f"newer than {last}")
            assert bob.seqs() == list(range(50, 262))
            await ada.enter("more news")
            await bob.until(lambda: bob.texts()[-1] == "more news", "it follows again")

            await bob.send("around", seq=3)
            await bob.until(lambda: bob.header.get("at") == 3, "the beginning")
            assert bob.seqs()[0] == 1
            assert bob.header["complete"]
            await bob.send("newest")
            await bob.until(lambda: bob.header["tail"], "back")
            assert bob.seqs()[-1] == 262

    run(scenario())


def test_who_writes_while_looking_back_is_brought_to_the_end(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada") as (house, (_ada,)):
            await long_room(house, "ada", messages(260))
            bob = await house.shown("bob")
            await bob.send("around", seq=20)
            await bob.until(lambda: bob.header.get("at") == 20, "there")
            await bob.enter("here I am")
            await bob.until(lambda: bob.texts()[-1:] == ["here I am"], "the end")
            assert bob.header["tail"]

    run(scenario())


def test_a_text_that_is_deleted_goes_from_pages_that_hold_it_alone(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada", "bob") as (house, (ada, bob)):
            for at in range(0, 240, 40):
                await long_room(house, "ada", messages(240)[at : at + 40])
                await bob.until_last(at + 40)
            session = house.sessions.get(house.browser("bob").id)
            assert session is not None
            room = session.talk.rooms["general"]
            assert room.get((5, 0)) is None
            assert (await ada.do("delete", count=5, text="not nice"))["ok"]
            await bob.until(lambda: bob.entries["5.0"]["deleted"], "its trace")
            assert words(bob.entries["5.0"]).startswith("message deleted")
            assert "message 5" not in bob.texts()
            assert bob.seqs() == list(range(1, 241))

    run(scenario())


# --- finding and saving ------------------------------------------------------------------------


def test_words_are_found_in_the_whole_room_newest_first(
    broker: BrokerProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "PAGE", 50)
    monkeypatch.setattr(searching, "HITS", 3)
    monkeypatch.setattr(searching, "MOST", 100)

    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada") as (house, (ada,)):
            texts = [f"Élan {n}" if n % 50 == 0 else f"rest {n}" for n in range(1, 181)]
            await long_room(house, "ada", texts)
            first = await ada.ask("search", text=" elan ")
            assert [hit["seq"] for hit in first["hits"]] == [150, 100]
            assert (first["more"], first["done"]) == (True, False)
            rest = await ada.ask("search", text="elan", before=first["before"])
            assert [hit["seq"] for hit in rest["hits"]] == [50]
            assert rest["done"]
            assert words(rest["hits"][0]) == "Élan 50"
            many = await ada.ask("search", text="REST")
            assert [hit["seq"] for hit in many["hits"]] == [180, 179, 178]
            nothing = await ada.ask("search", text="")
            assert nothing["hits"] == []

    run(scenario())


def test_a_new_search_ends_the_one_before_and_so_does_a_page_that_goes(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada") as (house, (ada,)):
            await long_room(house, "ada", messages(30))
            for number in range(20):
                await ada.send("search", id=100 + number, text="zzz")
            found = await ada.ask("search", text="message 7")
            assert [hit["seq"] for hit in found["hits"]] == [7]
            assert len(ada.of("found")) < 20
            await ada.send("search", id=1, text="x")
            await ada.close()
            session = house.sessions.get(house.browser("ada").id)
            assert session is not None
            await eventually(lambda: session.page is None, "gone")
            assert house.sessions.searches.locked() is False

    run(scenario())


@pytest.mark.parametrize("form", ["txt", "html", "jsonl"])
def test_a_conversation_is_saved_whole_and_leaves_nothing_here(
    broker: BrokerProgram, tmp_path: Path, form: str
) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada") as (house, (_ada,)):
            await long_room(house, "ada", ["<b>first</b>", *messages(1_200)])
            browser = house.browser("ada")
            saving = house.sessions.save(browser, "general", form)
            assert saving is not None
            assert saving.filename.endswith(f".{form}")
            body = b"".join([part async for part in saving.chunks()]).decode()
            if form == "jsonl":
                lines = [json.loads(line) for line in body.splitlines()]
                assert [one["seq"] for one in lines] == list(range(1, 1_202))
            elif form == "html":
                assert "&lt;b&gt;first&lt;/b&gt;" in body
                assert body.endswith("</body>\n</html>\n")
            else:
                assert body.startswith("=== general ===\n")
                assert body.count("<ada>") == 1_201
            assert house.sessions.save(browser, "elsewhere", form) is None
            with pytest.raises(KeyError):
                house.sessions.save(browser, "general", "exe")

    run(scenario())


# --- menus and dialogs -------------------------------------------------------------------------


def test_menus_do_what_commands_do_and_are_answered(broker: BrokerProgram, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada", "bob") as (house, (ada, bob)):
            bobs = house.sessions.get(house.browser("bob").id)
            assert bobs is not None
            user = bobs.talk.user
            made = await ada.do("create", room="Jury", choice="private")
            assert made["ok"], made
            await ada.until(lambda: ada.room == "jury", "it opens")
            await ada.until(lambda: "You moderate this room." in ada.notices(), "told there")
            assert ada.state["room"]["decides"]
            assert (await bob.do("join", room="jury"))["code"] == "no-such-room"
            # Whoever is meant is known by their identity: the name may be another's by now.
            assert (await ada.do("invite", room="jury", user=user, nick="bobby"))["ok"]
            assert (await bob.do("join", room="jury"))["ok"]
            await ada.send("open", room="general")
            await ada.until(lambda: ada.room == "general", "elsewhere")
            muted = await ada.do("mute", room="jury", user=user, nick="bob", seconds=600)
            assert muted["ok"], muted
            key = await bob.enter("may I?", room="jury")
            await bob.settled(key)
            await bob.until(
                lambda: [row for row in bob.rows() if row.get("state") == "refused"], "muted there"
            )
            assert (await bob.do("leave", room="jury"))["ok"]
            await bob.until(lambda: bob.room == "general", "out")
            assert (await ada.do("msg", nick="bob"))["ok"]
            await ada.until(lambda: ada.state["room"]["kind"] == "direct", "between two")
            row = next(one for one in ada.state["rooms"] if one["kind"] == "direct")
            assert (row["user"], row["label"]) == (user, "bob")
            assert (await ada.do("silence", room="general"))["ok"]
            await ada.until(lambda: ada.state["rooms"][0]["silent"], "silent")
            assert (await ada.do("ignore", user=user, nick="bob"))["ok"]
            await ada.until(lambda: ada.around["ignored"] == [user], "ignored")
            assert (await ada.do("unignore", user=user, nick="bob"))["ok"]
            code = await ada.do("device-code")
            assert code["ok"]
            assert code["code"].count("-") == 1
            assert code["about"].startswith("good once, until ")

    run(scenario())


def test_lists_are_ready_to_be_drawn(broker: BrokerProgram, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada", "bob") as (house, (ada, bob)):
            operator = Operator(broker.data_dir)
            user = house.browser("ada").keys.public
            await eventually(lambda: house.sessions.linked, "linked")
            await _in_thread(operator, "admin", "owner", "ada")
            await ada.until(lambda: ada.state["me"]["role"] == "owner", "an owner")
            assert (await ada.do("create", room="tea"))["ok"]
            rooms = await ada.ask("list", what="rooms")
            assert {(one["name"], one["here"]) for one in rooms["entries"]} == {
                ("general", True),
                ("tea", True),
            }
            assert rooms["entries"][0]["label"] == "#general"
            invitation = await ada.do("invitation", count=3, seconds=3_600)
            assert invitation["about"].startswith("lets 3 people in, until ")
            listed = await ada.ask("list", what="invitations")
            (entry,) = listed["entries"]
            assert entry["name"] == invitation["name"]
            assert (await ada.do("withdraw", text=entry["name"]))["ok"]
            assert (await ada.ask("list", what="invitations"))["text"] == "No invitation is good."
            devices = await ada.ask("list", what="devices")
            assert [one["key"] for one in devices["entries"]] == [user]
            people = await ada.ask("list", what="people")
            assert [one["label"] for one in people["entries"]] == ["bob"]
            assert (await ada.ask("list", what="roles"))["entries"][0]["role"] == "owner"
            audit = await ada.ask("list", what="audit")
            assert any("made an invitation" in one["label"] for one in audit["entries"])
            refused = await bob.ask("list", what="invitations")
            assert (refused["ok"], refused["entries"]) == (False, [])
            assert refused["text"]
            for what in ("members", "sanctions", "waiting", "nicks"):
                assert (await ada.ask("list", what=what))["ok"], what

    run(scenario())


def test_words_are_completed_as_elsewhere(broker: BrokerProgram, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada", "bob") as (_house, (ada, bob)):
            await ada.until(lambda: len(ada.people) == 2, "both")
            offered = await ada.ask("complete", before="hi @b")
            assert offered["list"] == [
                {"insert": "@bob ", "replaced": 2, "shown": "@bob", "about": ""}
            ]
            assert (await ada.ask("complete", before="bo", asked=True))["list"][0]["insert"] == (
                "bob, "
            )
            offered = await ada.ask("complete", before="/sa")
            assert "/save " in [one["insert"] for one in offered["list"]]
            await bob.enter("something")
            await ada.until(lambda: ada.seqs() == [1], "there")
            offered = await ada.ask("complete", before="/delete ")
            assert offered["list"][0]["about"] == "something"

    run(scenario())


@pytest.mark.parametrize(
    ("fields", "right"),
    [
        ({"name": "mute", "nick": "bob", "seconds": 600}, True),
        ({"name": "mute"}, False),
        ({"name": "role", "nick": "bob"}, False),
        ({"name": "role", "nick": "bob", "choice": "emperor"}, False),
        ({"name": "role", "nick": "bob", "choice": "moderator"}, True),
        ({"name": "readonly", "choice": "on"}, True),
        ({"name": "readonly"}, False),
        ({"name": "slow"}, False),
        ({"name": "slow", "choice": "off"}, True),
        ({"name": "delete"}, False),
        ({"name": "join", "room": "../etc"}, False),
        ({"name": "join", "room": "TEA"}, True),
        ({"name": "join", "room": "@bob"}, True),
        ({"name": "nick", "nick": "a\u202eb"}, False),
        ({"name": "save", "text": "/etc/x"}, False),
        ({"name": "msg", "nick": "bob", "choice": "x"}, False),
        ({"name": "__init__"}, False),
        ({"name": "history", "count": 5}, False),
    ],
)
def test_what_a_menu_sends_is_checked_as_what_is_typed(fields: dict[str, Any], right: bool) -> None:
    call = checked(Do(id=1, **fields))
    assert isinstance(call, Call if right else Wrong), call


def test_what_menus_can_do_are_commands() -> None:
    assert {one.name for one in COMMANDS} >= HERE | OTHERS


# --- every command -----------------------------------------------------------------------------

ARGUMENTS = {
    "join": "tea", "room": "general", "nick": "ada-2", "me": "waves", "msg": "bob psst",
    "create": "den private", "invite": "bob", "remove": "bob out", "newcomers": "all",
    "keep": "7d", "ignore": "bob", "unignore": "bob", "revoke": "abcd", "mute": "bob 10m why",
    "unmute": "bob", "kick": "bob", "delete": "1 why", "readonly": "on", "slow": "10s",
    "role": "bob moderator", "ban": "ghost", "disconnect": "ghost", "unban": "ghost",
    "approve": "abcd", "withdraw": "ab12", "free": "ghost", "history": "500",
    "save": "/tmp/causette-evil.txt", "invitation": "2 1h", "audit": "5",
}  # fmt: skip


def test_every_command_does_no_harm_to_the_gateway(
    broker: BrokerProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also `/save PATH`, which writes files elsewhere: the page asks for its own download."""
    here, data = tmp_path / "cwd", tmp_path / "web"
    here.mkdir()
    monkeypatch.chdir(here)
    evil = Path("/tmp/causette-evil.txt")
    evil.unlink(missing_ok=True)

    async def scenario() -> None:
        async with chat(data, broker, "ada", "bob") as (house, (ada, bob)):
            await _in_thread(Operator(broker.data_dir), "admin", "owner", "ada")
            await ada.until(lambda: ada.state["me"]["role"] == "owner", "an owner")
            await bob.enter("first")
            await ada.until(ada.seqs, "something to save")
            before = _files(data)
            names = [one.name for one in COMMANDS if one.name != "quit"]
            for french in (False, True):
                for name in names:
                    command = next(one for one in COMMANDS if one.name == name)
                    typed = command.french if french else command.name
                    line = f"/{typed} {ARGUMENTS.get(name, '')}".rstrip()
                    key = await ada.enter(line)
                    await ada.until(partial(_answered, ada, key), line)
            session = house.sessions.get(house.browser("ada").id)
            assert session is not None
            await eventually(lambda: not session.controller.waiting, "all answers came", 30)
            assert [m["name"] for m in ada.of("page")].count("save") == 2
            assert _files(data) == before
            assert _files(here) == set()
            assert ada.closed is None

    run(scenario())
    assert not evil.exists()


def test_saving_and_reading_back_are_the_pages_own_to_do(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada") as (_house, (ada,)):
            for line, name in (("/save", "save"), ("/history 20", "history")):
                await ada.settled(await ada.enter(line))
                assert ada.of("page")[-1]["name"] == name

    run(scenario())


async def _in_thread(operator: Operator, *line: str) -> None:
    await asyncio.to_thread(operator.do, *line)


def _told_more(page: Page, told: int) -> bool:
    return any(one["t"] == "lines" for one in page.told[told:])


def _answered(page: Page, key: str) -> bool:
    return any(one.get("key") == key for one in page.told)


def _files(root: Path) -> set[str]:
    found = {os.path.relpath(path, root) for path in root.rglob("*")}
    return {name for name in found if not name.endswith(("-wal", "-shm"))}
