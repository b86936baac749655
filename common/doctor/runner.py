"""One look after the other. Owns what becomes of a look that fails for a reason of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeAlias, TypeVar

from common.doctor.findings import Finding

Findings: TypeAlias = Iterator[Finding]


class HasEnd(Protocol):
    """What is known of a case."""

    over: bool
    """What comes next needs what is wrong, or would only repeat it."""


C = TypeVar("C", bound=HasEnd)


def look(checks: Iterable[Callable[[C], Findings]], case: C) -> Findings:
    """Make each look, until the case is over."""
    for check in checks:
        yield from _guarded(check, case)
        if case.over:
            return


def _guarded(check: Callable[[C], Findings], case: C) -> Findings:
    """A look that fails for a reason of its own does not keep the others from being made."""
    try:
        yield from check(case)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        yield Finding(check.__name__.strip("_"), "doctor-failed", "warning", "", {"why": why})
