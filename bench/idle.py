"""What a client costs the server that only stays connected.

Owns the thousand clients, in a process of their own: each with both sockets, welcomed, in a room.
"""

import multiprocessing
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from bench.report import Comparison, Plan
from bench.servers import Address, start_broker, start_proxy
from bench.wire import PROBE, TOPIC, Wire, enter, new_context
from common.runtime import raise_descriptor_limit

CLIENTS: Final = 1_000
SETTLE: Final = 8.0
"""Seconds until the news of everybody's arrival has died down."""
ENTER: Final = 90.0

_processes: Final = multiprocessing.get_context("spawn")


def idle(plan: Plan) -> list[Comparison]:
    """Memory for each client against the proxy's, and the broker's CPU."""
    figures = []
    for curve in (False, True):
        ours, theirs, shares, their_shares = [], [], [], []
        for _ in range(2 if plan.quick else 3):
            memory, share = _measure(plan, causette=True, curve=curve)
            ours.append(memory)
            shares.append(share)
            memory, share = _measure(plan, causette=False, curve=curve)
            theirs.append(memory)
            their_shares.append(share)
        how = "CURVE" if curve else "--plain"
        figures += [
            Comparison(
                name=f"1,000 idle clients, memory for each, {how}",
                unit="kB",
                ours=ours,
                theirs=theirs,
                target=1.5,
            ),
            Comparison(
                name=f"1,000 idle clients, of a core, {how}",
                unit="%",
                ours=shares,
                target=2.0,
                note=f"the proxy {statistics.median(their_shares):.1f} %",
            ),
        ]
    return figures


def _measure(plan: Plan, *, causette: bool, curve: bool) -> tuple[float, float]:
    """Kilobytes of the server for each client, and its share of a core in percent."""
    with ExitStack() as stack:
        if causette:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=plan.where)))
            server = stack.enter_context(start_broker(directory, curve=curve))
        else:
            server = stack.enter_context(start_proxy(curve=curve))
        time.sleep(0.5)
        before = server.memory()
        inside = _processes.Event()
        child = _processes.Process(target=_stay, args=(server.address, inside), daemon=True)
        child.start()
        stack.callback(child.join)
        stack.callback(child.terminate)
        context = new_context()
        stack.callback(context.term)
        wire = None
        if not causette:
            wire = Wire(context, server.address, CLIENTS, listens=False)
            stack.callback(wire.close)
        deadline = time.monotonic() + ENTER
        while not inside.wait(0.1):
            if time.monotonic() > deadline:
                raise RuntimeError("the idle clients did not get in")
            if wire is not None:
                wire.push.send_multipart([TOPIC, PROBE])
        time.sleep(SETTLE)
        memory = (server.memory() - before) / CLIENTS / 1e3
        seconds = 10.0 if plan.quick else 20.0
        used = server.cpu()
        time.sleep(seconds)
        return memory, (server.cpu() - used) / seconds * 100


def _stay(address: Address, inside: Any) -> None:
    raise_descriptor_limit()
    context = new_context()
    wires = [Wire(context, address, number, listens=True) for number in range(CLIENTS)]
    enter(wires)
    inside.set()
    while True:
        time.sleep(60)
