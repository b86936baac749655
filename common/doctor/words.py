"""What findings say to people, and what to do: sentences from a table, filled with values.

Owns how a sentence is chosen and how values are written in it; the sentences stand in `phrases`
(the client's) and `phrases_server`. Pure.

A sentence goes with an `id` and a `reason`, else with the `id` alone; of several, the first whose
values are all given is said. An id that has none here says what `common.explain` says of that code,
which holds the remedy already.
"""

from __future__ import annotations

import math
import string
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from common import when
from common.doctor.findings import Diagnosis, Finding, Value, Values
from common.explain import explain
from common.i18n import _, n_, number

Sentences: TypeAlias = tuple[str, ...]
Phrases: TypeAlias = Mapping[tuple[str, str], tuple[Sentences, Sentences]]
"""By id and reason: what is so, and what to do."""

_AS_IT_IS: Final = frozenset(
    {"port", "open_port", "version", "ours", "pid", "other", "form", "newest"}
)
"""These are names, not amounts: nobody writes port 5,555."""
_UNITS: Final = (86_400, 3_600, 60)
_MEGABYTE: Final = 1_000_000
_GIGABYTE: Final = 1_000_000_000


@dataclass(frozen=True)
class Wording:
    """The words of one of the two doctors."""

    phrases: Phrases
    label_of: Mapping[str, str]
    """Check to what it is called, to be translated."""
    result: str
    """The check whose sentence is the summary where nothing is wrong."""

    def labels(self) -> Collection[str]:
        """What all checks are called."""
        return [_(label) for label in self.label_of.values()]

    def label(self, check: str) -> str:
        """What a check is called."""
        return _(self.label_of[check]) if check in self.label_of else check

    def sentence(self, finding: Finding) -> str:
        """What is so."""
        phrase = self._phrase(finding)
        if phrase is None:
            return explain(finding.id, _plain(finding), str(finding.values.get("text", "")))
        return _said(phrase[0], finding.values) or finding.id

    def remedy(self, finding: Finding) -> str:
        """What to do; nothing where the sentence says it already."""
        phrase = self._phrase(finding)
        return _said(phrase[1], finding.values) if phrase else ""

    def summary(self, diagnosis: Diagnosis) -> str:
        """What follows where nothing is wrong."""
        warnings = sum(f.level == "warning" for f in diagnosis.findings)
        last = diagnosis.find(self.result)
        words = self.sentence(last) if last is not None else ""
        well = _("All is well.")
        if warnings:
            text = n_(
                "Nothing is wrong; there is {n} remark above.",
                "Nothing is wrong; there are {n} remarks above.",
                warnings,
            )
            well = text.format(n=number(warnings))
        return f"{well} {words}".strip()

    def _phrase(self, finding: Finding) -> tuple[Sentences, Sentences] | None:
        found = self.phrases.get((finding.id, finding.reason))
        return found or self.phrases.get((finding.id, ""))


def _plain(finding: Finding) -> dict[str, str | int | float | None]:
    """The values that `explain` takes."""
    values: dict[str, str | int | float | None] = {
        name: value
        for name, value in finding.values.items()
        if isinstance(value, str | int | float)
    }
    if finding.reason:
        values.setdefault("reason", finding.reason)
    return values


def _said(sentences: Sequence[str], values: Values) -> str:
    shown = {
        name: written(name, value) for name, value in values.items() if value not in (None, "")
    }
    for sentence in sentences:
        if _fields(sentence) <= shown.keys():
            return _(sentence).format_map(shown)
    return ""


def _fields(sentence: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(sentence) if name}


def written(name: str, value: Value) -> str:
    """A value as people write it. Its name tells what it is: `..._bytes`, `..._seconds`, `..._ms`
    and ports are written each in their way; lists with commas."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {text}" for key, text in value.items())
    if isinstance(value, Sequence):
        return ", ".join(written(name, one) for one in value)
    if value is None or isinstance(value, bool):
        return str(value)
    if name in _AS_IT_IS or name.endswith("ports"):
        return str(value)
    if name.endswith("bytes"):
        return size(value)
    if name.endswith("seconds"):
        return length(value)
    if name == "ms" or name.endswith("_ms"):
        return f"{number(value, 0 if value >= 10 else 1)} ms"
    return number(value, 0 if isinstance(value, int) or not math.isfinite(value) else 1)


def size(count: float) -> str:
    """Bytes in the unit that tells most: `350 MB`, `1.2 GB`."""
    if count >= _GIGABYTE:
        return _("{size} GB").format(size=number(count / _GIGABYTE, 1))
    if count >= _MEGABYTE:
        return _("{size} MB").format(size=number(count / _MEGABYTE))
    return _("{size} kB").format(size=number(count / 1_000))


def length(seconds: float) -> str:
    """A length of time, rounded to where nobody minds: `8 seconds`, `12 minutes`, `3 days`."""
    whole = max(0, round(seconds))
    unit = next((unit for unit in _UNITS if whole >= 2 * unit), 1)
    return when.span(round(whole / unit) * unit)
