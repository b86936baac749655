"""What 500 browsers on one gateway wait, and what each of them takes. Run: `python -m bench.web`.

Owns the browsers: WebSocket clients without a page, in a process of their own, each an identity
that the gateway knows already; and a real Chromium for the page's first load. Broker and browsers
are kept to one processor of the machine, since elsewhere they would have machines of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from bench.servers import Server, stand_aside, start_broker, start_gateway
from bench.web_browser import Browser, handshake
from common.keys import generate
from common.runtime import raise_descriptor_limit
from common.web.security import cookie_name, hash_token
from common.web.store import WebStore

BROWSERS: Final = 500
RATE: Final = 20
"""Messages a second, all by one of them."""
SECONDS: Final = 20
P99: Final = 100.0
"""Milliseconds from saying to the last of 99 % of all deliveries."""
MEMORY: Final = 100.0
"""Kilobytes that the gateway may grow by for each browser."""
WEIGHT: Final = 150.0
"""Kilobytes of the page's first load, on the wire."""
INTERACTIVE: Final = 1_000.0
"""Milliseconds until a nickname can be typed."""
LOADS: Final = 5
AT_ONCE: Final = 20
"""Browsers that come in at the same time."""
SETTLE: Final = 30.0
"""Seconds until the news of everybody's arrival has died down, and links have come to rest."""
LAST: Final = 10.0
"""Seconds that the last deliveries may take."""
_TEXT: Final = (
    "the probe reads 85 °C since this morning, see `~/report.md` and http://nas.lab/a.pdf"
)


def main() -> int:
    """Measure, print a line for each figure; 1 where one misses its target."""
    parser = argparse.ArgumentParser(prog="bench.web", description=__doc__)
    parser.add_argument("--browsers", type=int, default=BROWSERS)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    given = parser.parse_args()
    raise_descriptor_limit()
    held = [crowd(given.browsers, given.seconds), first_load()]
    return 0 if all(held) else 1


# --- five hundred browsers -----------------------------------------------------------------------


def crowd(browsers: int, seconds: int) -> bool:
    """Latency, memory and CPU with that many browsers; whether the targets held."""
    with tempfile.TemporaryDirectory() as where:
        directory = Path(where)
        with start_broker(directory, curve=True) as broker:
            tokens = _known_browsers(directory, browsers)
            with start_gateway(directory) as gateway:
                return _measure(broker, gateway, tokens, seconds)


def _known_browsers(directory: Path, count: int) -> list[str]:
    """Identities as if these browsers had joined before; what their cookies hold."""
    store = WebStore.open(directory / "web" / "web.sqlite")
    tokens = [secrets.token_urlsafe(32) for _ in range(count)]
    now = int(time.time() * 1000)
    for number, token in enumerate(tokens):
        store.add_browser(
            token_hash=hash_token(token),
            nick=f"browser{number}",
            keys=generate(),
            lang="en",
            now=now,
        )
    store.close()
    return tokens


def _measure(broker: Server, gateway: Server, tokens: Sequence[str], seconds: int) -> bool:
    before = gateway.memory()
    processes = multiprocessing.get_context("spawn")
    here, there = processes.Pipe()
    child = processes.Process(
        target=_browse, args=(gateway.ready["page"], tokens, seconds, there), daemon=True
    )
    child.start()
    there.close()
    for pid in (broker.pid, child.pid):
        stand_aside(pid or 0)
    try:
        here.recv()
        memory = (gateway.memory() - before) / 1000 / len(tokens)
        began, cpu = time.monotonic(), (gateway.cpu(), broker.cpu())
        here.send("go")
        waited, missing = here.recv()
        passed = time.monotonic() - began
        then = (gateway.memory() - before) / 1000 / len(tokens)
        shares = [(gateway.cpu() - cpu[0]) / passed, (broker.cpu() - cpu[1]) / passed]
    finally:
        child.terminate()
        child.join()
    waited.sort()
    p99 = waited[int(len(waited) * 0.99)]
    each = shares[0] * passed / len(waited) * 1e6
    held = [
        _line(f"{len(tokens)} browsers, {RATE} messages/s: p99 to every browser", p99, P99, "ms"),
        _line("memory of the gateway for each browser", memory, MEMORY, "kB"),
    ]
    print(
        f"  p50 {statistics.median(waited):.1f} ms, longest {waited[-1]:.1f} ms;"
        f" {len(waited)} deliveries, {missing} missing;"
        f" gateway {shares[0]:.0%} of a core ({each:.0f} µs a delivery), broker {shares[1]:.0%};"
        f" memory for each then {then:.1f} kB"
    )
    return all(held) and not missing


def _line(what: str, value: float, target: float, unit: str) -> bool:
    verdict = "pass" if value < target else "short"
    print(f"{what}: {value:.1f} {unit} (target under {target:g}): {verdict}", flush=True)
    return value < target


def _browse(page: str, tokens: Sequence[str], seconds: int, line: Connection) -> None:
    """The browsers' process."""
    raise_descriptor_limit()
    asyncio.run(_Crowd(page, seconds, line).run(tokens))


class _Crowd:
    """All browsers, on one loop. Each tells the number of a message that it hears."""

    def __init__(self, page: str, seconds: int, line: Connection) -> None:
        self._page = page.rstrip("/")
        self._count = seconds * RATE
        self._pipe = line
        self._waited: list[float] = []
        self._wanted = 0
        self._all = asyncio.Event()
        self._said: dict[int, float] = {}

    async def run(self, tokens: Sequence[str]) -> None:
        """Everybody comes in, one speaks, and what they waited is reported."""
        self._wanted = self._count * len(tokens)
        gate = asyncio.Semaphore(AT_ONCE)
        browsers = await asyncio.gather(*(self._enter(gate, one) for one in tokens))
        await asyncio.sleep(SETTLE)
        self._pipe.send("inside")
        await asyncio.get_running_loop().run_in_executor(None, self._pipe.recv)
        await self._speak(browsers[0])
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._all.wait(), LAST)
        self._pipe.send((self._waited, self._wanted - len(self._waited)))
        for browser in browsers:
            browser.close()

    async def _enter(self, gate: asyncio.Semaphore, token: str) -> Browser:
        async with gate:
            place = self._page.partition("://")[2]
            host, _, port = place.rpartition(":")
            cookie = f"{cookie_name(place, secure=False)}={token}"
            request = handshake(place, self._page, cookie)
            loop = asyncio.get_running_loop()
            _transport, browser = await loop.create_connection(
                lambda: Browser(request, self._heard), host, int(port)
            )
            await browser.inside
            return browser

    def _heard(self, number: int) -> None:
        if number in self._said:
            self._waited.append((time.perf_counter() - self._said[number]) * 1000)
            if len(self._waited) == self._wanted:
                self._all.set()

    async def _speak(self, browser: Browser) -> None:
        begin = time.perf_counter()
        for number in range(self._count):
            await asyncio.sleep(max(0.0, begin + number / RATE - time.perf_counter()))
            self._said[number] = time.perf_counter()
            line = f"{number} {_TEXT}"
            browser.tell({"t": "enter", "key": f"k{number}", "room": "general", "line": line})


# --- the page's first load -----------------------------------------------------------------------


def first_load() -> bool:
    """Weight and time of the first load in Chromium; whether the targets held."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        print("the first load needs chromium", file=sys.stderr)
        return False
    weights, times = [], []
    with (
        tempfile.TemporaryDirectory() as where,
        start_broker(Path(where), curve=True),
        start_gateway(Path(where)) as gateway,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(LOADS):
            with browser.new_context(viewport={"width": 390, "height": 844}) as context:
                page = context.new_page()
                network = context.new_cdp_session(page)
                network.send("Network.enable")
                weighed: list[float] = []
                network.on(
                    "Network.loadingFinished",
                    lambda told, kept=weighed: kept.append(told["encodedDataLength"]),
                )
                page.goto(gateway.ready["page"], wait_until="commit")
                page.wait_for_selector("#join-nick:enabled")
                times.append(float(page.evaluate("performance.now()")))
                page.wait_for_load_state("networkidle")
                weights.append(sum(weighed) / 1000)
        browser.close()
    held = [
        _line("first load of the page, on the wire", max(weights), WEIGHT, "kB"),
        _line("until a nickname can be typed", statistics.median(times), INTERACTIVE, "ms"),
    ]
    return all(held)


if __name__ == "__main__":
    sys.exit(main())
