"""What the gateway's engine costs before there is a page: 500 sessions on one asyncio loop.

Owns the sessions, in a process of their own, and the one person who speaks; the broker is the
shipped one, with CURVE. Run by itself: `python -m bench.web_engine`. The budget of a whole browser
is 100 kB and 100 µs for each message that reaches it; this is the part below the conversation.
"""

from __future__ import annotations

import asyncio
import cProfile
import multiprocessing
import pstats
import sys
import tempfile
import time
from concurrent.futures import Future
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from bench.servers import Address, memory_of, start_broker
from common import keys
from common.client.aio import AsyncClient, LoopContext
from common.client.client import Client, Options
from common.client.events import CaughtUp, Event, Messages
from common.client.target import Target, explicit
from common.runtime import raise_descriptor_limit
from common.web.store import WebStore

CLIENTS: Final = 500
RATE: Final = 20
"""Messages a second: 10,000 deliveries."""
SETTLE: Final = 30.0
"""Seconds until the news of everybody's arrival has died down, and links have come to rest."""
SECONDS: Final = 10.0
_TEXT: Final = "the probe reads 85 °C since this morning, could you look at it before noon ? " * 2
_ROOM: Final = "general"

_processes: Final = multiprocessing.get_context("spawn")


class _Browser:
    """A session that does with each message what a gateway must: it is done with it."""

    def __init__(self, context: LoopContext, target: Target, store: WebStore, number: int) -> None:
        pair = keys.generate()
        nick = f"browser{number}"
        kept = store.add_browser(token_hash=nick, nick=nick, keys=pair, lang="en", now=0)
        self.inside = asyncio.Event()
        self.heard = 0
        options = Options(nick=nick, rooms=[_ROOM], resume=True, direct=True, join_timeout=60)
        self.client = AsyncClient(
            target, pair, options, store.profile(kept.id), context=context, emit=self._hear
        )

    def _hear(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Messages):
                self.heard += len(event.records)
                last = event.records[-1]
                self.client.seen(event.room, last.seq, last.id)
            elif isinstance(event, CaughtUp):
                self.inside.set()


async def _gateway(target: Target, directory: Path, parent: Connection, profile: bool) -> None:
    before = memory_of("self")
    context = LoopContext()
    store = WebStore.open(directory / "web.sqlite")
    browsers = [_Browser(context, target, store, number) for number in range(CLIENTS)]
    made = memory_of("self")
    started = time.monotonic()
    for browser in browsers:
        browser.client.start()
    await asyncio.gather(*(browser.inside.wait() for browser in browsers))
    print(f"{CLIENTS} sessions in after {time.monotonic() - started:.1f} s")
    await asyncio.sleep(SETTLE)
    idle = memory_of("self")
    print(
        f"memory for each: {(idle - before) / CLIENTS / 1e3:.1f} kB"
        f" (without sockets {(made - before) / CLIENTS / 1e3:.1f} kB)"
    )
    rest = await _cpu(SECONDS)
    print(f"at rest: {100 * rest[0]:.1f} % of a core, the loop's thread {100 * rest[1]:.1f} %")
    parent.send("speak")
    await asyncio.sleep(1)
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    heard = sum(browser.heard for browser in browsers)
    busy = await _cpu(SECONDS)
    heard = sum(browser.heard for browser in browsers) - heard
    profiler.disable()
    each = SECONDS * 1e6 / heard
    print(
        f"{heard / SECONDS:,.0f} deliveries a second: {100 * busy[0]:.0f} % of a core,"
        f" {busy[0] * each:.1f} µs each; the loop's thread {busy[1] * each:.1f} µs"
    )
    print(f"memory for each then: {(memory_of('self') - before) / CLIENTS / 1e3:.1f} kB")
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(30)
    parent.send("enough")
    context.close()
    store.close()


async def _cpu(seconds: float) -> tuple[float, float]:
    """What this process took of a core meanwhile, and what the loop's thread did."""
    process, thread, begun = time.process_time(), time.thread_time(), time.monotonic()
    await asyncio.sleep(seconds)
    passed = time.monotonic() - begun
    return (time.process_time() - process) / passed, (time.thread_time() - thread) / passed


def _run(address: Address, directory: Path, parent: Connection, profile: bool) -> None:
    raise_descriptor_limit()
    asyncio.run(_gateway(_target(address), directory, parent, profile))


def _target(address: Address) -> Target:
    return explicit(address.pull, address.pub, address.key)


def main() -> int:
    """Measure, and print what it came to. With `--profile`, where the time went."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        with start_broker(directory, curve=True) as server:
            ours, theirs = _processes.Pipe()
            child = _processes.Process(
                target=_run, args=(server.address, directory, theirs, "--profile" in sys.argv)
            )
            child.start()
            assert ours.recv() == "speak"
            pair = keys.generate()
            options = Options(nick="speaker", rooms=[_ROOM])
            with Client(_target(server.address), pair, options) as speaker:
                said: list[Future[object]] = []
                due = time.monotonic()
                while not ours.poll(max(due - time.monotonic(), 0)):
                    said.append(speaker.say(_ROOM, f"{len(said)} {_TEXT}"))  # type: ignore[arg-type]
                    due += 1 / RATE
            child.join()
    return child.exitcode or 0


if __name__ == "__main__":
    sys.exit(main())
