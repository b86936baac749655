"""How soon after its start the broker serves.

Counted from the first line of the broker's own code, since what the interpreter takes before that
is the machine's; the whole from `exec` on is noted beside it.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bench import logs
from bench.report import Comparison, Plan
from bench.servers import ROOT, broker_options, environment

LAUNCH: Final = (
    "import runpy, sys, time\n"
    "sys.argv[0] = 'broker.py'\n"
    "print(time.monotonic(), flush=True)\n"
    "runpy.run_path('broker.py', run_name='__main__')\n"
)
"""Says when the broker's own code begins (CLOCK_MONOTONIC is the same for all processes)."""


def ready(plan: Plan) -> list[Comparison]:
    """Seconds to the ready line: nothing there yet, and a million messages."""
    fresh, long = [], []
    with tempfile.TemporaryDirectory(dir=plan.where) as name:
        logs.write(Path(name) / "long", plan.scaled(1_000_000), logs.UNDER_LOAD)
        _start(Path(name) / "warm-up")
        for number in range(2 * plan.repetitions):
            fresh.append(_start(Path(name) / f"fresh-{number}"))
            long.append(_start(Path(name) / "long"))
    return [
        _figure("ready, empty log", fresh, 0.2),
        _figure(f"ready, {plan.scaled(1_000_000):,} messages", long, 0.3),
    ]


def _figure(name: str, times: list[tuple[float, float]], target: float) -> Comparison:
    whole = statistics.median(whole for _, whole in times)
    return Comparison(
        name=name,
        unit="s",
        ours=[own for own, _ in times],
        target=target,
        note=f"{whole:.3f} s from exec",
    )


def _start(data_dir: Path) -> tuple[float, float]:
    """Seconds to the ready line: from the broker's first line, and from `exec`."""
    options = broker_options(data_dir, curve=True)
    command = [sys.executable, "-c", LAUNCH, *options, "--json", "--quiet"]
    begin = time.monotonic()
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout as said:
        own = float(said.readline())
        line = said.readline()
        end = time.monotonic()
        process.terminate()
        process.wait()
    if json.loads(line)["type"] != "ready":
        raise RuntimeError(f"the broker said {line!r}")
    return end - own, end - begin
