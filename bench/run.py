"""`python -m bench.run`: measures, prints the table, tells by its status whether all targets held.

Owns the command line. What is measured and how is in the modules of the figures' names.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench import report
from bench.forwarding import fanin, fanout
from bench.history import history
from bench.idle import idle
from bench.latency import latency
from bench.ready import ready
from bench.report import Comparison, Plan
from bench.rights import rights
from bench.servers import configuration
from common.runtime import raise_descriptor_limit

FIGURES: Final[dict[str, Callable[[Plan], list[Comparison]]]] = {
    "fanout": fanout,
    "fanin": fanin,
    "latency": latency,
    "idle": idle,
    "history": history,
    "ready": ready,
    "rights": rights,
}


def main() -> int:
    """0 where every target held, 1 where one fell short."""
    parser = argparse.ArgumentParser(prog="bench.run", description=__doc__)
    parser.add_argument("figure", nargs="*", help=f"which: {', '.join(FIGURES)}; all")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--json", action="store_true", help="every run's number, as JSON")
    parser.add_argument("--dir", type=Path, help="where the brokers keep their files")
    given = parser.parse_args()
    for name in given.figure:
        if name not in FIGURES:
            parser.error(f"there is no figure {name!r}; choose from {', '.join(FIGURES)}")
    raise_descriptor_limit()
    plan = Plan(where=given.dir or Path(tempfile.gettempdir()), quick=given.quick)
    about = report.machine(plan.where)
    about["configuration"] = configuration(Path("DIR"), curve=True)
    print("\n".join(f"{name}: {value}" for name, value in about.items()), file=sys.stderr)
    figures: list[Comparison] = []
    for name in given.figure or FIGURES:
        begin = time.monotonic()
        figures += FIGURES[name](plan)
        print(f"{name}: {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
    print(report.as_json(figures, about) if given.json else report.table(figures))
    return 1 if any(figure.verdict == "short" for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
