"""The sockets of clients on a loop, and what such clients share; see also `test_aio`."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest
import zmq

from common import keys
from common.client import events as ev
from common.client import looplink
from common.client.engine import Engine
from common.client.kept import MemoryProfile
from common.client.looplink import LoopLink
from common.client.session import Saved, Session, SessionOptions
from common.client.shared import LoopContext, SharedDecoder
from common.client.target import explicit
from common.client.watching import Watch
from common.protocol.codec import DecodeError, encode
from common.protocol.messages import Record, RoomLine
from tests.client.ear import answer, nowhere, people, run
from tests.support.members import target_of
from tests.support.programs import BrokerProgram


def test_a_flood_is_taken_a_piece_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the bounds in frames and bytes, and that nothing is left lying after the last."""
    monkeypatch.setattr(looplink, "FRAMES", 16)

    async def test() -> None:
        context = zmq.Context()
        hub, pull = context.socket(zmq.PUB), context.socket(zmq.PULL)
        hub.sndhwm = 0
        push, sub = (
            f"tcp://127.0.0.1:{one.bind_to_random_port('tcp://127.0.0.1')}" for one in (pull, hub)
        )
        turn = asyncio.Event()
        watch, target = Watch(), explicit(push, sub, None)
        link = LoopLink(context, watch, target, keys.generate(), turn.set)
        link.open(b"me")
        got: list[int] = []
        turns: list[int] = []
        sent = False
        while len(got) < 500:
            link.look()
            if "sub" in link._shaken and not sent:
                sent = True
                link.subscribe(b"x", again=False)
                assert link.more
                # A PUB hears of the subscription when it looks; what is sent before is lost.
                while not got:
                    hub.send_multipart([b"x", b"first"])
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(turn.wait(), 0.01)
                    got += [1 for _ in link.frames()]
                for number in range(500):
                    hub.send_multipart([b"x", b"y" * (100_000 if number < 10 else 10)])
                hub.send_multipart([b"x", b"of", b"three"])
            frames = list(link.frames())
            turns.append(sum(len(body) for _, body in frames))
            assert len(frames) <= 16
            got += [1 for _ in frames]
            if not link.more and len(got) < 500:
                turn.clear()
                await turn.wait()
        assert max(turns) <= looplink.BYTES + 100_000
        link.close()
        watch.close()
        for socket in (hub, pull):
            socket.close(0)
        context.term()

    run(test())


def test_frames_and_records_are_read_once_for_all() -> None:
    decoder = SharedDecoder(frames=600, records=2)
    line = encode(RoomLine(type="message", seq=1, id="s-1", text="one"))
    news = encode(RoomLine(type="head", head=1, people=2, rev=1))
    frame = decoder.frame(line + b"\n" + news)
    assert decoder.frame(bytes(line + b"\n" + news)) is frame
    assert [record.text for record in frame.records] == ["one"]
    assert [one.type for one in frame.news] == ["head"]
    unknown = encode(RoomLine(type="poll", seq=2, id="s-2"))
    assert decoder.frame(unknown).raw == {2: unknown}
    with pytest.raises(DecodeError):
        decoder.frame(b"{")
    decoder.frame(encode(RoomLine(type="message", seq=3, id="s-3", text="x" * 600)))
    assert decoder.frame(line + b"\n" + news) is not frame, "its memory is bounded"

    def page(number: int, text: str) -> bytes:
        return encode(Record("message", number, f"s-{number}", "u", "ada", 0, text))

    (first,) = decoder.records(page(1, "one"))
    assert decoder.records(page(1, "one"))[0] is first
    assert decoder.records(page(1, ""))[0].text == "", "it was deleted meanwhile"
    assert [one.seq for one in decoder.records(page(4, "y") + b"\n" + page(5, "z"))] == [4, 5]
    assert len(decoder._records) == 2, "its memory is bounded"
    assert decoder.records(page(1, "one"))[0] is not first


def test_a_search_is_dropped_when_a_word_came_meanwhile(
    broker: BrokerProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker answered after all: the link that it answered on is not given up."""

    async def test() -> None:
        async with people(target_of(broker), "ada") as ((ada, ear),):
            searched: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            monkeypatch.setattr(LoopContext, "settle", lambda _context, _doubt: searched)
            ada._find_out(ada._link.doubt())
            await answer(ada.ping())
            searched.set_result(("no-answer", "nobody"))
            await answer(ada.ping())
            assert not ear.of(ev.LinkDown)

    run(test())


def test_a_search_for_what_is_lost_for_sure_is_not_dropped(
    broker: BrokerProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line is gone, as its monitor told meanwhile; words still come on the other."""

    async def test() -> None:
        async with people(target_of(broker), "ada") as ((ada, ear),):
            searched: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            monkeypatch.setattr(LoopContext, "settle", lambda _context, _doubt: searched)
            ada._find_out(ada._link.doubt())
            ada._find_out(replace(ada._link.doubt(), lost=True))
            await answer(ada.ping())
            searched.set_result(("link-lost", "the line was cut"))
            await ear.until(lambda: ear.of(ev.LinkDown))
            await ear.until(lambda: ear.of(ev.LinkUp))

    run(test())


def test_a_link_that_is_lost_makes_the_others_suspicious(broker: BrokerProgram) -> None:
    """Perhaps theirs is too, and they have no means to notice: they ask the broker for a word."""

    async def test() -> None:
        async with people(target_of(broker), "ada", "bob") as ((ada, ear), (bob, heard)):
            asked = bob._engine.session._asking
            assert not asked.waiting
            ada._link._cause = ("link-lost", "the line was cut")
            ada._turn()
            assert asked.waiting
            await ear.until(lambda: ear.of(ev.LinkUp))
            await answer(bob.ping())
            assert not asked.waiting
            assert not heard.of(ev.LinkDown)

    run(test())


def test_a_request_after_a_long_silence_has_its_whole_time() -> None:
    """Nobody feeds a session to which nothing happens: what is asked then is asked now, and what
    must not be asked twice is not given up at once."""

    class Silent(LoopLink):
        def open(self, session: bytes) -> None: ...

    watch = Watch()
    link: Any = Silent(zmq.Context.instance(), watch, nowhere(), keys.generate(), lambda: None)
    engine = Engine(
        lambda new_id, jitter: Session(
            SessionOptions(nick="ada"), Saved(stream="0" * 16), new_id, jitter
        ),
        link,
        MemoryProfile(),
        lambda event: None,
        lambda: None,
    )
    asked: list[float] = []
    before = engine.session.now
    engine.request(lambda session, ref: asked.append(session.now), Future())
    assert asked[0] > before
    watch.close()
