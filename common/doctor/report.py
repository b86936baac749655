"""How a diagnosis is shown: aligned lines for people, as they are found; one object for programs.

Owns signs, columns and colours. Makes no finding and no sentence (`words` does). Pure: it is told
the width of the screen and whether there are colours.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from common.doctor.findings import Diagnosis, Finding, Level
from common.doctor.words import Wording
from common.safe import one_line

Sink: TypeAlias = Callable[[str], None]

_SIGNS: Final[dict[Level, str]] = {"ok": "✓", "warning": "!", "wrong": "✗"}
_ASCII: Final[dict[Level, str]] = {"ok": "ok", "warning": "!", "wrong": "X"}
_ARROW: Final = ("→", "->")
_COLOURS: Final[dict[Level, str]] = {"ok": "32", "warning": "33", "wrong": "31"}
_NARROWEST: Final = 30
"""Columns of words below which lines are left for the terminal to fold."""


@dataclass(frozen=True)
class Screen:
    """What the lines are for."""

    width: int = 0
    """Columns; 0: lines are not folded."""
    colour: bool = False
    encoding: str = "utf-8"

    def can_show(self, text: str) -> bool:
        try:
            text.encode(self.encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True


class Report:
    """Lines for people."""

    def __init__(self, screen: Screen, wording: Wording) -> None:
        self._screen = screen
        self._wording = wording
        fine = all(map(screen.can_show, (*_SIGNS.values(), *_ARROW[:1])))
        self._signs = _SIGNS if fine else _ASCII
        self._arrow = _ARROW[0 if fine else 1]
        self._sign_width = max(map(len, self._signs.values()))
        self._label_width = max((len(label) for label in wording.labels()), default=0)

    def finding(self, finding: Finding, *, remedied: bool = True) -> list[str]:
        """One finding, with its remedy where it is not well (the cause's is in the verdict)."""
        label = self._wording.label(finding.check).ljust(self._label_width)
        sign = self._signs[finding.level].ljust(self._sign_width)
        indent = " " * (self._sign_width + self._label_width + 3)
        lines = self._folded(self._wording.sentence(finding), indent)
        lines[0] = f"{self._painted(sign, finding.level)} {label}  {lines[0].lstrip()}"
        if remedied and finding.level != "ok":
            lines += self._pointed(self._wording.remedy(finding), indent)
        return lines

    def verdict(self, diagnosis: Diagnosis) -> list[str]:
        """What follows from all of it."""
        cause = diagnosis.cause
        if cause is None or cause.level != "wrong":
            words = self._wording.summary(diagnosis)
            return ["", *self._strong(words, diagnosis.verdict)]
        lines = self._strong(self._wording.sentence(cause), "wrong")
        return ["", *lines, *self._pointed(self._wording.remedy(cause), "")]

    def _strong(self, words: str, level: Level) -> list[str]:
        sign = self._signs[level]
        lines = self._folded(words, " " * (len(sign) + 1))
        first = f"{self._painted(sign, level)} {self._bold(lines[0].lstrip())}"
        return [first, *map(self._bold, lines[1:])]

    def _pointed(self, words: str, indent: str) -> list[str]:
        if not words:
            return []
        lines = self._folded(words, indent + " " * (len(self._arrow) + 1))
        return [f"{indent}{self._arrow} {lines[0].lstrip()}", *lines[1:]]

    def _folded(self, words: str, indent: str) -> list[str]:
        room = self._screen.width - len(indent)
        if not self._screen.width or room < _NARROWEST:
            return [indent + one_line(words)]
        return [
            indent + line
            for line in textwrap.wrap(
                one_line(words), room, break_long_words=False, break_on_hyphens=False
            )
            or [""]
        ]

    def _painted(self, text: str, level: Level) -> str:
        return f"\x1b[{_COLOURS[level]}m{text}\x1b[39m" if self._screen.colour else text

    def _bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[22m" if self._screen.colour else text


def tell(
    program: str,
    findings: Iterator[Finding],
    sink: Sink,
    *,
    as_json: bool,
    screen: Screen,
    wording: Wording,
) -> int:
    """Show findings as they come, then the verdict; the exit status."""
    found: list[Finding] = []
    report = Report(screen, wording)
    wrong = False
    for finding in findings:
        found.append(finding)
        cause = finding.level == "wrong" and not wrong
        wrong = wrong or cause
        if not as_json:
            _each(sink, report.finding(finding, remedied=not cause))
    diagnosis = Diagnosis(program, found)
    if as_json:
        sink(json.dumps(diagnosis.said(), ensure_ascii=False))
    else:
        _each(sink, report.verdict(diagnosis))
    return diagnosis.status


def _each(sink: Sink, lines: Sequence[str]) -> None:
    for line in lines:
        sink(line)
