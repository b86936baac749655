"""Ten writers through many kill -9 of the broker: `.venv/bin/python -m devtools.kill_loop --help`.

The full form of row 6 of the test list, which the suite runs in a short one. Writers talk without
a pause to the shipped broker; it is killed at random instants under that load, then once at each
of its fault points, and started again on the same ports and data. In the end every message must
be in the history exactly once, in one order, at every reader, and each person's lines in the
order in which they were said.

Unlike the rest of `devtools` this imports `common`: it runs in `.venv`, and by itself.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from common import keys
from common.broker.faults import POINTS
from common.client import events as ev
from common.client import target as targets
from common.client.client import Client, Options
from common.client.target import Target

ROOT: Final = Path(__file__).resolve().parents[1]
ROOM: Final = "general"
WINDOW: Final = 40
"""Messages that a writer has under way: it talks as fast as they are stored."""
PATIENCE: Final = 60.0
"""Seconds for anything that must happen in the end."""

Say = Callable[[str], None]


class Broken(Exception):
    """A promise was not kept."""


# --- the broker that dies -------------------------------------------------------------------------


class Broker:
    """The shipped broker, started again and again on the same ports and data."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._place = ["--pull", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*"]
        self._process: subprocess.Popen[bytes] | None = None
        self.target: Target | None = None

    def start(self, fault: str = "", tries: int = 50) -> float:
        """Serve; returns the seconds until the ready line."""
        begun = time.monotonic()
        env = {key: word for key, word in os.environ.items() if not key.startswith("CAUSETTE_")}
        if fault:
            env["CAUSETTE_FAULT"] = fault
        rates = ["--rate", "1000000", "--burst", "1000000"]
        words = [sys.executable, str(ROOT / "broker.py"), "--json", "--quiet", *rates]
        self._process = subprocess.Popen(
            [*words, "--data-dir", str(self._data_dir), *self._place],
            stdout=subprocess.PIPE,
            env=env,
            cwd=ROOT,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            status = self._wait()
            if not tries:
                raise Broken(f"the broker does not start: exit status {status}")
            # A port of its may be lent to an outgoing connection for a moment.
            threading.Event().wait(0.1)
            return self.start(fault, tries - 1)
        ready = json.loads(line)
        self._place = ["--pull", ready["pull"][0], "--pub", ready["pub"][0]]
        self._place += ["--card", ready["card"]]
        self.target = targets.explicit(ready["pull"][0], ready["pub"][0], ready["key"])
        return time.monotonic() - begun

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._wait()

    def dies(self) -> None:
        """Wait until it has killed itself at its fault point."""
        assert self._process is not None
        status = self._wait()
        if status != -signal.SIGKILL:
            raise Broken(f"the broker ended with {status} where it should have killed itself")

    def end(self) -> None:
        """SIGTERM, and the exit status."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._wait()

    def _wait(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        status = self._process.wait(PATIENCE)
        self._process.stdout.close()
        return status


# --- people ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """What a reader keeps of a record."""

    seq: int
    id: str
    nick: str
    text: str


class Person:
    """A session that reads, and perhaps writes."""

    def __init__(self, target: Target, nick: str, since: int | None = None) -> None:
        self.nick = nick
        self.shown: list[Shown] = []
        self.said: list[str] = []
        self.outcomes: list[Future[ev.StoredReply]] = []
        self.up_at: list[float] = []
        """When the link came back, each time."""
        since_map = {} if since is None else {ROOM: since}
        options = Options(nick=nick, rooms=[ROOM], since=since_map, join_timeout=PATIENCE)
        self.client = Client(target, keys.generate(), options)
        self.ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._writer: threading.Thread | None = None

    def start(self) -> None:
        self.client.start()
        self._reader.start()

    def write(self, stop: threading.Event) -> None:
        """Talk until told to stop."""
        self._writer = threading.Thread(target=self._write, args=(stop,), daemon=True)
        self._writer.start()

    def finish(self) -> None:
        """Wait for the outcome of everything that was said."""
        if self._writer is not None:
            self._writer.join(PATIENCE)
        for outcome in self.outcomes:
            outcome.result(PATIENCE)

    def _read(self) -> None:
        while (event := self.client.get()) is not None:
            if isinstance(event, ev.Messages):
                self.shown += [Shown(r.seq, r.id, r.nick, r.text) for r in event.records]
            elif isinstance(event, ev.LinkUp):
                self.up_at.append(time.monotonic())
            elif isinstance(event, ev.Ready):
                self.ready.set()

    def _write(self, stop: threading.Event) -> None:
        free = threading.Semaphore(WINDOW)
        while not stop.is_set():
            if not free.acquire(timeout=0.2):
                continue
            text = f"{self.nick} {len(self.said)}"
            self.said.append(text)
            outcome = self.client.say(ROOM, text)
            outcome.add_done_callback(lambda _: free.release())
            self.outcomes.append(outcome)


# --- the run --------------------------------------------------------------------------------------


@dataclass
class Summary:
    """What a run found. `wrong` is empty where every promise was kept."""

    kills: dict[str, int] = field(default_factory=dict)
    said: int = 0
    stored: int = 0
    history: int = 0
    duplicates: int = 0
    lost: int = 0
    readers: int = 0
    recoveries: list[float] = field(default_factory=list)
    """Seconds from a kill until a person's link is back, for each person and kill."""
    starts: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def lines(self) -> list[str]:
        """The transcript's end."""
        kills = " + ".join(f"{count} {how}" for how, count in self.kills.items())
        verdict = f"{self.readers} readers agree on every number, its author and its words"
        if self.wrong:
            verdict = f"WRONG, {len(self.wrong)} times: {'; '.join(self.wrong[:10])}"
        return [
            f"kills: {sum(self.kills.values())} ({kills})",
            f"messages: {self.said} said, {self.stored} reported stored, {self.history} in history",
            f"duplicates: {self.duplicates}, lost: {self.lost}",
            verdict,
            f"broker ready again: {_spread(self.starts)}",
            f"links back after a kill: {_spread(self.recoveries)}, {len(self.recoveries)} of them",
            f"took {self.seconds:.1f} s",
        ]


def _spread(times: list[float]) -> str:
    if not times:
        return "-"
    return f"p50 {statistics.median(times) * 1_000:.0f} ms, max {max(times) * 1_000:.0f} ms"


def run(kills: int, messages: int, writers: int, *, seed: int, say: Say = print) -> Summary:
    """The whole loop. Raises `Broken`, or TimeoutError where something never comes."""
    chance = random.Random(seed)
    summary = Summary()
    begun = time.monotonic()
    with ExitStack() as leaving, tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder))
        leaving.callback(broker.end)
        broker.start()
        assert broker.target is not None
        people = [Person(broker.target, f"writer{n}") for n in range(writers)]
        people += [Person(broker.target, f"reader{n}") for n in range(2)]
        for person in people:
            leaving.callback(person.client.close)
            person.start()
        for person in people:
            _wait(person.ready, f"{person.nick} is in")
        with _writing(people[:writers]) as stop:
            _killing(broker, people, chance, kills, summary, say)
            while sum(len(person.said) for person in people) < messages:
                stop.wait(0.05)
        for person in people:
            person.finish()
        late = Person(broker.target, "late", since=0)
        leaving.callback(late.client.close)
        late.start()
        _check([*people, late], summary)
    summary.seconds = time.monotonic() - begun
    return summary


@contextmanager
def _writing(writers: list[Person]) -> Iterator[threading.Event]:
    stop = threading.Event()
    try:
        for writer in writers:
            writer.write(stop)
        yield stop
    finally:
        stop.set()


def _killing(
    broker: Broker,
    people: list[Person],
    chance: random.Random,
    kills: int,
    summary: Summary,
    say: Say,
) -> None:
    for number in range(kills):
        _under_load(people, chance.randint(50, 400))
        threading.Event().wait(chance.uniform(0.0, 0.15))
        broker.kill()
        say(f"kill -9 number {number + 1}, {_so_far(people)} said so far")
        if number < kills - 1:
            _bring_back(broker, people, summary)
    summary.kills["at random instants"] = kills
    for point in POINTS:
        nth = chance.randint(5, 40)
        summary.starts.append(broker.start(f"{point}:{nth}"))
        broker.dies()
        say(f"died at {point!r}, number {nth}, {_so_far(people)} said so far")
    _bring_back(broker, people, summary)
    summary.kills["at the fault points"] = len(POINTS)


def _so_far(people: list[Person]) -> int:
    return sum(len(person.said) for person in people)


def _under_load(people: list[Person], more: int) -> None:
    """Wait until so many further messages were said: the writers are at it again."""
    goal = _so_far(people) + more
    _until(lambda: _so_far(people) >= goal, f"{more} further messages are said")


def _bring_back(broker: Broker, people: list[Person], summary: Summary) -> None:
    """Start it, and wait until everybody is in again."""
    fallen = time.monotonic()
    before = {person: len(person.up_at) for person in people}
    summary.starts.append(broker.start())
    for person, count in before.items():
        _until(lambda: len(person.up_at) > count, f"{person.nick}'s link is back")  # noqa: B023
        summary.recoveries.append(person.up_at[count] - fallen)


def _check(people: list[Person], summary: Summary) -> None:
    said = [text for person in people for text in person.said]
    stored = {o.result(0).seq: o.result(0).id for person in people for o in person.outcomes}
    last = max(stored)
    for person in people:
        _until(
            lambda: bool(person.shown) and person.shown[-1].seq >= last,  # noqa: B023
            f"{person.nick} is shown everything",
        )
    history = people[-1].shown
    counts = Counter(shown.text for shown in history)
    summary.said, summary.stored = len(said), len(stored)
    summary.history, summary.readers = len(history), len(people)
    summary.duplicates = len(history) - len(counts)
    summary.lost = sum(1 for text in said if not counts[text])
    wrong = summary.wrong
    wrong += [f"{text!r} stands {n} times" for text, n in counts.items() if n != 1]
    wrong += [f"{text!r} is lost" for text in said if not counts[text]]
    by_seq = {shown.seq: shown.id for shown in history}
    wrong += [f"no. {seq} is not {id}" for seq, id in stored.items() if by_seq.get(seq) != id]
    for person in people:
        if person.shown != history:
            wrong.append(f"{person.nick} was shown another history")
        if [shown.text for shown in history if shown.nick == person.nick] != person.said:
            wrong.append(f"{person.nick}'s lines are not in the order in which they were said")


def _until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise Broken(f"not within {PATIENCE:g} s: {what}")
        threading.Event().wait(0.005)


def _wait(event: threading.Event, what: str) -> None:
    if not event.wait(PATIENCE):
        raise Broken(f"not within {PATIENCE:g} s: {what}")


def main() -> int:
    """Run it and print the transcript; 0 where every promise was kept."""
    parser = argparse.ArgumentParser(prog="devtools.kill_loop", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="at random instants")
    parser.add_argument("--messages", type=int, default=10_000, help="at least")
    parser.add_argument("--writers", type=int, default=10)
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.randrange(1 << 32)
    faulthandler.dump_traceback_later(1_200, exit=True)  # works where a thread keeps the GIL
    print(f"seed {seed}: {given.writers} writers", flush=True)
    summary = run(given.kills, given.messages, given.writers, seed=seed)
    print("\n".join(summary.lines()))
    return 1 if summary.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
