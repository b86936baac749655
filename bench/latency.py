"""How long a message takes to come back stored, at chat rates.

Owns the one sender that measures, its listeners in a process of their own, and the two parts of
which the time cannot be less: one commit of SQLite and one round trip through the proxy.
"""

import contextlib
import multiprocessing
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import zmq

from bench import check
from bench.report import Comparison, Plan
from bench.servers import Address, start_broker, start_proxy
from bench.wire import PROBE, TOPIC, Wire, causette_frame, enter, new_context, proxy_frames

LISTENERS: Final = 50
INTERVAL: Final = 1 / 200
SETTLE: Final = 1.0
LOST: Final = 2_000
"""Milliseconds without the echo, after which the run has failed."""
_PRAGMAS: Final = ("page_size = 16384", "journal_mode = WAL", "synchronous = FULL")

_processes: Final = multiprocessing.get_context("spawn")


def latency(plan: Plan) -> list[Comparison]:
    """The echo against a commit and a round trip, p50; and p99."""
    return [figure for curve in (False, True) for figure in _measure(plan, curve=curve)]


def _measure(plan: Plan, *, curve: bool) -> list[Comparison]:
    count = plan.scaled(1_500)
    medians, parts, slowest = [], [], []
    for _ in range(plan.repetitions):
        echo = _echo(plan.where, count, causette=True, curve=curve)
        trip = _echo(plan.where, count, causette=False, curve=curve)
        commit = _paced(_committer, plan.where, count)
        medians.append(statistics.median(echo))
        slowest.append(statistics.quantiles(echo, n=100)[98])
        parts.append(statistics.median(commit) + statistics.median(trip))
    how = "CURVE" if curve else "--plain"
    return [
        Comparison(
            name=f"echo at 200/s, 50 subscribers, p50, {how}",
            unit="ms",
            ours=[value * 1e3 for value in medians],
            theirs=[value * 1e3 for value in parts],
            target=2.0,
            note=f"commit {statistics.median(commit) * 1e3:.2f} ms",
        ),
        Comparison(
            name=f"echo at 200/s, 50 subscribers, p99, {how}",
            unit="ms",
            ours=[value * 1e3 for value in slowest],
        ),
    ]


def _echo(where: Path, count: int, *, causette: bool, curve: bool) -> list[float]:
    """Seconds from each push to the record's return."""
    with ExitStack() as stack:
        if causette:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=where)))
            server = stack.enter_context(start_broker(directory, curve=curve))
        else:
            server = stack.enter_context(start_proxy(curve=curve))
        context = new_context()
        stack.callback(context.term)
        wire = Wire(context, server.address, 0, listens=True)
        stack.callback(wire.close)
        inside = _processes.Event()
        child = _processes.Process(target=_listen, args=(server.address, inside), daemon=True)
        child.start()
        stack.callback(child.join)
        stack.callback(child.terminate)
        if causette:
            enter([wire])
        while not inside.wait(0.02):
            if not causette:
                wire.push.send_multipart([TOPIC, PROBE])
        time.sleep(SETTLE)
        while wire.sub.poll(0):
            wire.sub.recv_multipart()
        times = _paced(lambda _: _round_trips(wire, causette), where, count)
        if causette:
            check.history(server.address, 1, count)
        return times


@contextlib.contextmanager
def _round_trips(wire: Wire, causette: bool) -> Iterator[Callable[[int], None]]:
    def once(n: int) -> None:
        frames = causette_frame(wire, n) if causette else proxy_frames(wire, n, n)
        mine = f'"{wire.stream}-{n}"'.encode()
        wire.push.send_multipart(frames)
        while wire.sub.poll(LOST, zmq.POLLIN):
            if mine in wire.sub.recv_multipart()[1]:
                return
        raise RuntimeError(f"message {n} did not come back")

    yield once


@contextlib.contextmanager
def _committer(where: Path) -> Iterator[Callable[[int], None]]:
    """One row a commit, in a file set up as the broker's is."""
    with tempfile.TemporaryDirectory(dir=where) as directory:
        connection = sqlite3.connect(Path(directory) / "commits.db", isolation_level=None)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchone()
        connection.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        body = b"x" * 270

        def once(n: int) -> None:
            connection.execute("INSERT INTO log VALUES (?, ?)", (n, body))

        yield once
        connection.close()


def _paced(
    make: Callable[[Path], "contextlib.AbstractContextManager[Callable[[int], None]]"],
    where: Path,
    count: int,
) -> list[float]:
    """Seconds that each of `count` calls took, one begun every `INTERVAL`."""
    times = []
    with make(where) as once:
        due = time.perf_counter()
        for n in range(1, count + 1):
            due = max(due + INTERVAL, time.perf_counter())
            time.sleep(max(due - time.perf_counter(), 0.0))
            begin = time.perf_counter()
            once(n)
            times.append(time.perf_counter() - begin)
    return times


def _listen(address: Address, inside: Any) -> None:
    """The other subscribers: they read, and no more."""
    context = new_context()
    wires = [Wire(context, address, number, listens=True) for number in range(1, LISTENERS + 1)]
    enter(wires)
    inside.set()
    poller = zmq.Poller()
    for wire in wires:
        poller.register(wire.sub, zmq.POLLIN)
    while True:
        for socket, _ in poller.poll():
            socket.recv_multipart()
