"""Pages that are none: whatever a WebSocket sends, the gateway and the others live on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.web import actions, socket
from common.web.actions import BadAction, read
from tests.support.programs import BrokerProgram
from tests.web.house import House, chat, eventually, run

GARBAGE = [
    "",
    "null",
    "[]",
    "{",
    "x" * 60_000,
    '{"t":"enter"}',
    '{"t":"__class__"}',
    '{"t":5}',
    '{"t":"open","room":7}',
    '{"t":"older","before":"1"}',
    '{"t":"older","before":-1}',
    '{"t":"older","before":1e400}',
    '{"t":"reading","on":"yes"}',
    '{"t":"enter","key":"a b","room":"general","line":"x"}',
    '{"t":"enter","key":"a\\n","room":"general","line":"x"}',
    '{"t":"hurry","x":' + "[" * 30_000 + "]" * 30_000 + "}",
    '{"t":"hurry","x":"\\ud800","y":' + "[" * 20_000 + "]" * 20_000 + "}",
    '{"t":"do","id":1,"name":"mute","seconds":99999999999999999999999}',
]


def test_what_is_no_message_is_answered_and_ends_the_page_in_the_end(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada", "eve") as (house, (ada, eve)):
            for text in GARBAGE:
                await eve.socket.send_str(text)
            await eve.until(lambda: len(eve.of("bad")) == len(GARBAGE), "each was answered")
            await eve.enter("still here")
            await ada.until(lambda: ada.texts() == ["still here"], "an honest word after all that")
            for _more in range(socket.BAD):
                await eve.socket.send_str("{")
            assert await eve.until_closed() == 1008
            await ada.enter("fine")
            await ada.until(lambda: ada.texts()[-1] == "fine", "the others do not mind")
            assert house.sessions.counts.dropped == 1

    run(scenario())


@pytest.mark.parametrize(("kind", "code"), [("oversize", 1009), ("binary", 1003), ("first", 1008)])
def test_what_no_page_sends_closes_it(
    broker: BrokerProgram, tmp_path: Path, kind: str, code: int
) -> None:
    async def scenario() -> None:
        async with House(tmp_path, broker) as house:
            eve = await house.page("eve")
            if kind != "first":
                await eve.attach()
            if kind == "oversize":
                await eve.socket.send_str("x" * 70_000)
            elif kind == "binary":
                await eve.socket.send_bytes(b'{"t":"ping"}')
            else:
                await eve.send("ping")
            assert await eve.until_closed() == code
            assert (await house.shown("eve")).room == "general"

    run(scenario())


def test_a_page_that_says_nothing_is_not_waited_for(
    broker: BrokerProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "FIRST", 0.1)

    async def scenario() -> None:
        async with House(tmp_path, broker) as house:
            eve = await house.page("eve")
            assert await eve.until_closed() == 1008
            assert len(house.sessions) == 0

    run(scenario())


def test_attach_comes_once(broker: BrokerProgram, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "eve") as (_house, (eve,)):
            await eve.send("attach", lang="en")
            await eve.until(lambda: eve.of("bad"), "refused")
            assert len(eve.of("hello")) == 1

    run(scenario())


def test_a_flood_is_slowed_down_then_closed(
    broker: BrokerProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "PATIENCE", 60)

    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada", "eve") as (_house, (ada, eve)):
            for _each in range(100):
                await eve.send("ping")
            await eve.until(lambda: len(eve.of("pong")) == 100, "all of them, in the end")
            assert [m["seconds"] for m in eve.of("slow")] == [2]
            for _each in range(400):
                await eve.send("complete", id=1, before="@" * 500, asked=True)
            assert await eve.until_closed() == 1008
            await ada.enter("fine")
            await ada.until(lambda: ada.texts() == ["fine"], "the others do not mind")

    run(scenario())


def test_a_page_that_does_not_read_is_closed_and_the_others_hear_all(
    broker: BrokerProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its part of the gateway's memory is bounded; it comes back and has all of it."""
    monkeypatch.setattr(socket, "UNSENT", 600_000)

    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada", "eve") as (house, (ada, _eve)):
            session = house.sessions.get(house.browser("eve").id)
            adas = house.sessions.get(house.browser("ada").id)
            assert session is not None
            assert adas is not None
            count = 0
            while session.page is not None:
                assert count < 1_000
                for _each in range(10):
                    count += 1
                    adas.client.say("general", f"{count} " + "x" * 15_000)
                await ada.until_last(count, 60)
            assert house.sessions.counts.dropped == 1
            back = await house.shown("eve")
            await back.until(lambda: back.seqs()[-1:] == [count], "eve is back")

    run(scenario())


def test_half_characters_and_control_characters_are_made_harmless(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada", "eve") as (_house, (ada, eve)):
            await eve.socket.send_str(
                r'{"t":"enter","key":"K1","room":"general","line":"half \ud83d \u0000 \u202e end"}'
            )
            await eve.settled("K1")
            await ada.until(lambda: ada.texts() == ["half ? ␀ � end"], "harmless")
            evil = (
                '<script>alert(1)</script> <a href="javascript:alert(1)">x</a> javascript:alert(1)'
            )
            await eve.enter(evil)
            await ada.until(lambda: len(ada.texts()) == 2, "the second")
            (spans,) = (spans for _block, spans in ada.rows()[-1]["lines"])
            assert spans == [["text", evil]]

    run(scenario())


def test_questions_that_are_never_answered_do_not_add_up(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with chat(tmp_path, broker, "ada") as (house, (ada,)):
            session = house.sessions.get(house.browser("ada").id)
            assert session is not None
            for number in range(70):
                await ada.send("older", before=1 + number)
            for number in range(30):
                await ada.send("list", id=number, what="rooms")
            listed = [f"l{number}" for number in range(30)]
            await ada.until(lambda: len(ada.of("listed")) == len(listed), "each is answered")
            await eventually(lambda: not session.controller.waiting, "nothing is left")
            assert session.controller.waiting == 0

    run(scenario())


@given(st.text(max_size=200) | st.builds(json.dumps, st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["t", "key", "room", "line", "on", "id"]), inner),
    max_leaves=9,
)))  # fmt: skip
def test_whatever_comes_is_a_message_or_is_none(text: str) -> None:
    try:
        found = read(text)
    except BadAction:
        return
    assert isinstance(found, actions.Action)
