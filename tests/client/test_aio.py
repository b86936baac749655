"""`AsyncClient` in its loop: what is done when a call returns, what is told in which order, how it
ends. What holds for any client under kills and cuts is in `tests/system/test_loop_clients.py`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from common import keys
from common.client import events as ev
from common.client.aio import AsyncClient
from common.client.client import Options
from common.client.kept import BadProfile, Cursor, MemoryProfile, OutboxItem
from common.client.profile import Profile
from common.client.shared import LoopContext
from tests.client.ear import Ear, answer, nowhere, people, run
from tests.support.members import GENERAL, target_of
from tests.support.programs import BrokerProgram

# --- in the loop ---------------------------------------------------------------------------------


def test_two_talk_and_look_back(broker: BrokerProgram) -> None:
    async def test() -> None:
        async with people(target_of(broker), "ada", "bob") as ((ada, _), (bob, heard)):
            stored = await answer(ada.say(GENERAL, "hello"))
            assert (stored.room, stored.seq) == (GENERAL, 1)
            await heard.until(lambda: heard.texts() == ["hello"])
            page = await answer(bob.history(GENERAL, after=0))
            assert [record.text for record in page.records] == ["hello"]
            assert {one.nick for one in (await answer(ada.who(GENERAL))).people} == {"ada", "bob"}
            assert (await answer(bob.join("tea"))).room == "tea"
            assert [room.room for room in (await answer(bob.rooms())).rooms] == [GENERAL, "tea"]

    run(test())


def test_what_was_said_is_kept_when_the_call_returns(broker: BrokerProgram, tmp_path: Path) -> None:
    """And nobody is told within the call: neither the program nor who waits for the future."""

    async def test() -> None:
        profile = Profile.open(tmp_path / "ada.db")
        async with people(target_of(broker), "ada", profile=profile) as ((ada, ear),):
            told = len(ear.batches)
            future = ada.say(GENERAL, "kept")
            assert profile.outbox() == [OutboxItem(1, GENERAL, "kept")]
            assert ada.unsent() == 1
            empty = ada.say(GENERAL, "")
            assert not empty.done()
            assert len(ear.batches) == told
            await answer(future)
            with pytest.raises(ev.Refused):
                await answer(empty)
            assert profile.outbox() == []
            states = [event.state for event in ear.of(ev.Progress)]
            assert states == ["queued", "stored"]
        profile.close()

    run(test())


def test_what_was_asked_before_the_start_is_asked(broker: BrokerProgram) -> None:
    async def test() -> None:
        context, ear = LoopContext(), Ear()
        ada = AsyncClient(
            target_of(broker),
            keys.generate(),
            Options(nick="ada", rooms=[GENERAL]),
            MemoryProfile(),
            context=context,
            emit=ear.hear,
        )
        early = ada.say(GENERAL, "early")
        ada.start()
        assert (await answer(early)).seq == 1
        assert [event.state for event in ear.of(ev.Progress)] == ["queued", "stored"]
        context.close()

    run(test())


def test_what_a_program_does_when_told_is_done_after_that(broker: BrokerProgram) -> None:
    """Calls from `emit` and from futures neither nest nor are lost."""

    async def test() -> None:
        async with people(target_of(broker), "ada") as ((ada, ear),):
            replies: list[int] = []
            inside = False

            def echo(events: list[ev.Event]) -> None:
                nonlocal inside
                assert not inside
                inside = True
                for event in events:
                    if isinstance(event, ev.Messages) and event.records[-1].seq < 5:
                        future = ada.say(GENERAL, f"again {event.records[-1].seq}")
                        future.add_done_callback(lambda done: replies.append(done.result().seq))
                inside = False

            ear.hook = echo
            await answer(ada.say(GENERAL, "once"))
            await ear.until(lambda: len(ear.texts()) == 5 and len(replies) == 4)
            assert ear.texts() == ["once", *(f"again {n}" for n in range(1, 5))]
            assert replies == [2, 3, 4, 5]

    run(test())


def test_events_and_answers_come_in_their_order(broker: BrokerProgram) -> None:
    async def test() -> None:
        async with people(target_of(broker), "ada") as ((ada, ear),):
            order: list[str] = []
            ear.hook = lambda events: order.extend(
                event.state for event in events if isinstance(event, ev.Progress)
            )
            future = ada.say(GENERAL, "hello")
            future.add_done_callback(lambda _done: order.append("answered"))
            await answer(ada.ping())
            await ear.until(lambda: "answered" in order)
            assert order == ["queued", "stored", "answered"]

    run(test())


@pytest.mark.logs_errors
def test_a_program_that_raises_loses_that_batch_alone(broker: BrokerProgram) -> None:
    async def test() -> None:
        async with people(target_of(broker), "ada", "bob") as ((ada, ear), (_, heard)):
            loop = asyncio.get_running_loop()
            raised: list[object] = []
            loop.set_exception_handler(lambda _loop, told: raised.append(told["exception"]))

            def once(events: list[ev.Event]) -> None:
                ear.hook = lambda events: None
                raise ValueError("not mine")

            ear.hook = once
            assert (await answer(ada.say(GENERAL, "one"))).seq == 1
            assert (await answer(ada.say(GENERAL, "two"))).seq == 2
            await heard.until(lambda: heard.texts() == ["one", "two"])
            assert [str(one) for one in raised] == ["not mine"]

    run(test())


# --- the end -------------------------------------------------------------------------------------


def test_it_ends_once_and_answers_who_waits(broker: BrokerProgram) -> None:
    async def test() -> None:
        async with people(target_of(broker), "ada") as ((ada, ear),):
            waiting = ada.history(GENERAL)
            ada.close()
            assert ear.ends == 1
            for future in (waiting, ada.say(GENERAL, "too late")):
                with pytest.raises(ev.Refused) as refused:
                    future.result(0)
                assert refused.value.code == "closed"
            ada.seen(GENERAL, 1, "")
            ada.set_rooms(["tea"])
            ada.hurry()
            ada.close()
            assert ear.ends == 1
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)
            assert ada.unsent() == 0

    run(test())


def test_others_hear_of_the_goodbye_at_once(broker: BrokerProgram) -> None:
    async def test() -> None:
        async with people(target_of(broker), "ada", "bob") as ((ada, _), (_bob, heard)):
            ada.close()
            await heard.until(
                lambda: [
                    one for one in heard.of(ev.Presence) if (one.kind, one.nick) == ("left", "ada")
                ]
            )

    run(test())


@pytest.mark.parametrize("from_where", ["emit", "future"])
def test_it_may_be_closed_by_what_it_calls(from_where: str, broker: BrokerProgram) -> None:
    async def test() -> None:
        async with people(target_of(broker), "ada") as ((ada, ear),):

            def close() -> None:
                ada.close()
                assert not ear.ends, "it ends when this has returned"

            if from_where == "emit":
                ear.hook = lambda events: close()
                ada.say(GENERAL, "bye")
            else:
                ada.ping().add_done_callback(lambda _done: close())
            await ear.until(lambda: ear.ends)

    run(test())


def test_failing_ends_it_and_says_why(broker: BrokerProgram) -> None:
    """A nickname that is another's: `Failed`, then the end, and nobody waits in vain."""

    async def test() -> None:
        async with people(target_of(broker), "ada"):
            context, ear = LoopContext(), Ear()
            other = AsyncClient(
                target_of(broker),
                keys.generate(),
                Options(nick="ada", rooms=[GENERAL]),
                MemoryProfile(),
                context=context,
                emit=ear.hear,
                on_end=ear.end,
            )
            other.start()
            waiting = other.say(GENERAL, "hello")
            await ear.until(lambda: ear.ends)
            assert [failed.code for failed in ear.of(ev.Failed)] == ["nick-taken"]
            assert isinstance(waiting.exception(0), ev.Refused)
            context.close()

    run(test())


class _Broken(MemoryProfile):
    def add(self, items: object) -> None:
        raise BadProfile(Path("web.sqlite"), "damaged")


@pytest.mark.logs_errors
def test_what_breaks_ends_that_client_alone(broker: BrokerProgram) -> None:
    async def test() -> None:
        async with people(target_of(broker), "bob") as ((bob, _),):
            context, ear = LoopContext(), Ear()
            ada = AsyncClient(
                target_of(broker),
                keys.generate(),
                Options(nick="ada", rooms=[GENERAL]),
                _Broken(),
                context=context,
                emit=ear.hear,
                on_end=ear.end,
            )
            ada.start()
            await ear.ready()
            said = ada.say(GENERAL, "hello")
            await ear.until(lambda: ear.ends)
            assert [failed.code for failed in ear.of(ev.Failed)] == ["internal"]
            assert isinstance(said.exception(0), ev.Refused)
            await answer(bob.say(GENERAL, "all is well"))
            context.close()

    run(test())


def test_the_context_ends_whom_it_finds(broker: BrokerProgram) -> None:
    async def test() -> None:
        async with people(target_of(broker), "ada", "bob") as everybody:
            pass
        for client, ear in everybody:
            assert ear.ends == 1
            assert client.say(GENERAL, "gone").done()

    run(test())


def test_nobody_there_is_told_and_tried_again(broker: BrokerProgram) -> None:
    """And a broker that moved is found where it is now."""

    async def test() -> None:
        context, ear = LoopContext(), Ear()
        ada = AsyncClient(
            nowhere(),
            keys.generate(),
            Options(nick="ada", rooms=[GENERAL], join_timeout=60),
            MemoryProfile(),
            context=context,
            emit=ear.hear,
        )
        ada.start()
        (down, *_) = await ear.until(lambda: ear.of(ev.LinkDown))
        assert down.code == "unreachable-refused"
        ada.move(target_of(broker))
        await ear.ready()
        context.close()

    run(test())


# --- what is kept --------------------------------------------------------------------------------


def test_cursors_are_kept_in_a_moment_and_at_the_end(
    broker: BrokerProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Noting(MemoryProfile):
        def set_cursors(self, cursors: Any) -> None:
            super().set_cursors(cursors)
            written.set()

    written = asyncio.Event()

    async def test() -> None:
        profile = Noting()
        async with people(target_of(broker), "ada", profile=profile) as ((ada, _),):
            ada.seen(GENERAL, 6, "s-6")
            ada.seen(GENERAL, 7, "s-7")
            assert profile.cursors() == {}
            await written.wait()
            assert profile.cursors() == {GENERAL: Cursor(7, "s-7")}
            ada.seen(GENERAL, 8, "s-8")
        assert profile.cursors() == {GENERAL: Cursor(8, "s-8")}

    run(test())
