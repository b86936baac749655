"""A run of the doctor, read as a person and as a program reads it.

Owns that both agree: the same exit status, and the verdict's words for the cause.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.programs import ROOT, Finished, run_program

Runner = Callable[..., Finished]


@dataclass(frozen=True)
class Examined:
    """What came of it."""

    code: int
    said: dict[str, Any]
    """The JSON object."""
    lines: list[str]
    """What people read."""

    @property
    def cause(self) -> str:
        """The cause's id, and its reason behind a slash where it has one."""
        return _named(str(self.said["cause"]), str(self.said.get("reason", "")))

    @property
    def verdict(self) -> str:
        """The last paragraph of what people read."""
        return "\n".join(self.lines[len(self.lines) - self.lines[::-1].index("") :])

    def found(self, check: str) -> dict[str, Any]:
        """The first finding of a check."""
        for finding in self.said["findings"]:
            if finding["check"] == check:
                one: dict[str, Any] = finding
                return one
        raise AssertionError(f"nothing was found by {check}: {self.ids}")

    @property
    def ids(self) -> list[str]:
        """All that was found."""
        return [_named(f["id"], f.get("reason", "")) for f in self.said["findings"]]

    def values(self, check: str) -> dict[str, Any]:
        """The values of a check's first finding."""
        found: dict[str, Any] = self.found(check)["values"]
        return found


def _named(id: str, reason: str) -> str:
    return f"{id}/{reason}" if reason else id


def local(*words: str | Path, **options: Any) -> Finished:
    """Run one of our programs on this machine."""
    return run_program([sys.executable, *words], cwd=ROOT, **options)


def _examined(run: Runner, words: Sequence[str | Path], options: dict[str, Any]) -> Examined:
    with ThreadPoolExecutor(2) as pool:
        as_json = pool.submit(run, *words, "--json", **options)
        as_words = pool.submit(run, *words, **options)
        told, read = as_json.result(), as_words.result()
    assert told.stderr == "", told.stderr
    assert read.stderr == "", read.stderr
    [line] = told.lines()
    said = json.loads(line)
    assert said["type"] == "doctor"
    assert told.code == read.code == said["status"], (said, read.stdout)
    worst = "wrong" if told.code else said["verdict"]
    assert said["verdict"] == worst
    examined = Examined(told.code, said, read.lines())
    signs = {"ok": "✓", "warning": "!", "wrong": "✗"}
    assert examined.verdict.startswith(signs[said["verdict"]])
    assert len([n for n in read.lines() if n[:1] in signs.values()]) == len(said["findings"]) + 1
    return examined


def client(run: Runner, data_dir: Path, *words: str | Path, **options: Any) -> Examined:
    """`client_cli.py doctor`, for ada."""
    given = ["client_cli.py", "doctor", "--data-dir", data_dir, "-n", "ada", *words]
    return _examined(run, given, options)


def broker(run: Runner, data_dir: Path, *words: str | Path, **options: Any) -> Examined:
    """`broker.py doctor`."""
    return _examined(run, ["broker.py", "doctor", "--data-dir", data_dir, *words], options)
