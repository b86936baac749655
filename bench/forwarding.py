"""Fan-out and fan-in: the server's CPU for each delivery, or for each message.

Owns one run of each and how runs alternate between Causette and the proxy.
"""

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import check
from bench.report import Comparison, Plan
from bench.servers import start_broker, start_proxy
from bench.traffic import Load, traffic

SETTLE: Final = 0.5
"""Seconds after everybody is in, so that the storm of joining is not measured."""


@dataclass(frozen=True)
class Run:
    """One run's outcome. `cpu` in microseconds of the server for each unit, `rate` in units/s."""

    cpu: float
    rate: float


def measure(load: Load, where: Path, *, causette: bool, curve: bool) -> Run:
    """One run: a unit is a delivery where there are several consumers, else a message."""
    with ExitStack() as stack:
        if causette:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=where)))
            server = stack.enter_context(start_broker(directory, curve=curve))
        else:
            server = stack.enter_context(start_proxy(curve=curve))
        running = stack.enter_context(traffic(server.address, load))
        time.sleep(SETTLE)
        before = server.cpu()
        seconds = running.go()
        cpu = server.cpu() - before
        if causette:
            check.history(server.address, load.senders, load.messages)
    units = load.messages * load.consumers
    return Run(cpu / units * 1e6, units / seconds)


def fanout(plan: Plan) -> list[Comparison]:
    """1 sender, 100 subscribers."""
    load = Load(senders=1, consumers=100, messages=plan.scaled(30_000), window=4_000)
    return [
        _compare("fan-out, CPU per delivery", load, plan, curve=curve, target=target)
        for curve, target in ((False, 0.6), (True, 0.45))
    ]


def fanin(plan: Plan) -> list[Comparison]:
    """50 senders of single lines, 1 subscriber, everything stored."""
    load = Load(senders=50, consumers=1, messages=plan.scaled(300_000), window=10_000)
    return [
        _compare("fan-in, CPU per message", load, plan, curve=curve, target=target)
        for curve, target in ((False, 4.0), (True, 1.8))
    ]


def _compare(name: str, load: Load, plan: Plan, *, curve: bool, target: float) -> Comparison:
    ours, theirs, rates = [], [], []
    for _ in range(plan.repetitions):
        run = measure(load, plan.where, causette=True, curve=curve)
        ours.append(run.cpu)
        rates.append(run.rate)
        theirs.append(measure(load, plan.where, causette=False, curve=curve).cpu)
    return Comparison(
        name=f"{name}, {'CURVE' if curve else '--plain'}",
        unit="µs",
        ours=ours,
        theirs=theirs,
        target=target,
        note=f"{sorted(rates)[len(rates) // 2]:,.0f}/s",
    )
