"""What the measurements come to: figures, the table of them, and the machine that they are of.

Owns the shapes in which measurements hand over their numbers. Measures nothing itself but the time
of a write that reaches the disk.
"""

import json
import os
import platform
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import zmq


@dataclass(frozen=True)
class Plan:
    """How much to measure, and in which directory the brokers keep their files."""

    where: Path
    quick: bool

    @property
    def repetitions(self) -> int:
        return 3 if self.quick else 5

    def scaled(self, size: int) -> int:
        """A size of the full run, as this one has it."""
        return size // 3 if self.quick else size


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Something measured several times, perhaps with what it is compared to, in alternation.

    `target` bounds the ratio of the medians where there is a comparison, else the median itself;
    from below where `at_least`. None: reported only.
    """

    name: str
    unit: str
    ours: Sequence[float]
    theirs: Sequence[float] = ()
    target: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def value(self) -> float:
        """What the target is about."""
        ours = statistics.median(self.ours)
        return ours / statistics.median(self.theirs) if self.theirs else ours

    @property
    def verdict(self) -> str:
        if self.target is None:
            return "-"
        held = self.value >= self.target if self.at_least else self.value <= self.target
        return "pass" if held else "short"

    def row(self) -> list[str]:
        """Its line of the table."""
        sign, times = "≥" if self.at_least else "≤", " ×" if self.theirs else ""
        return [
            self.name,
            f"{_span(self.ours)} {self.unit}",
            f"{_span(self.theirs)} {self.unit}" if self.theirs else "",
            f"{self.value:.2f} ×" if self.theirs else "",
            f"{sign} {_short(self.target)}{times}" if self.target is not None else "",
            self.verdict,
            self.note,
        ]

    def data(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "name": self.name, "unit": self.unit, "causette": list(self.ours),
            "compared": list(self.theirs), "value": self.value, "target": self.target,
            "at_least": self.at_least, "verdict": self.verdict, "note": self.note,
        }  # fmt: skip


HEADINGS = ("figure", "Causette", "compared with", "ratio", "target", "", "")


def table(figures: Sequence[Comparison]) -> str:
    """The figures as a Markdown table; each number is the median (least - most) of its runs."""
    rows = [list(HEADINGS), *(figure.row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def as_json(figures: Sequence[Comparison], about: dict[str, str]) -> str:
    """Everything measured, with each run's number."""
    content = {"machine": about, "figures": [figure.data() for figure in figures]}
    return json.dumps(content, ensure_ascii=False, indent=1)


def machine(where: Path) -> dict[str, str]:
    """What the figures depend on."""
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": f"{os.cpu_count()}, load {os.getloadavg()[0]:.1f} at the start",
        "python": platform.python_version(),
        "pyzmq": f"{zmq.pyzmq_version()}, libzmq {zmq.zmq_version()}",
        "msgspec": msgspec.__version__,
        "sqlite": sqlite3.sqlite_version,
        "fsync": f"{_fsync(where) * 1e3:.2f} ms",
    }


def _fsync(where: Path) -> float:
    """Seconds for a small write that reaches the disk: the median of a hundred."""
    times = []
    with tempfile.TemporaryFile(dir=where) as file:
        for _ in range(100):
            begin = time.perf_counter()
            file.write(b"x" * 4_096)
            file.flush()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begin)
    return statistics.median(times)


def _span(values: Sequence[float]) -> str:
    return f"{_short(statistics.median(values))} ({_short(min(values))} - {_short(max(values))})"


def _short(value: float) -> str:
    if value >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
