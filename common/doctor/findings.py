"""What the doctor found, and what follows from all of it: the verdict, its cause, the exit status.

Owns the shape that programs read (docs/doctor.md) and the rule by which one finding is the cause.
Knows no check, no word and no screen. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

Level: TypeAlias = Literal["ok", "warning", "wrong"]
Value: TypeAlias = (
    str | int | float | bool | Sequence[str] | Sequence[int] | Mapping[str, str] | None
)
Values: TypeAlias = Mapping[str, Value]

FAILED: Final = 1
_GRAVITY: Final[dict[Level, int]] = {"ok": 0, "warning": 1, "wrong": 2}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, and how it is."""

    check: str
    """What was looked at: `ports`, `key`, ..."""
    id: str
    """What was found, stable for programs; where joining fails the same way, that code."""
    level: Level
    reason: str = ""
    """Which of several causes of the same `id`; stable too."""
    values: Values = field(default_factory=dict)
    status: int = FAILED
    """What the program exits with where this is the cause."""

    def said(self) -> dict[str, Any]:
        """As programs read it."""
        reason = {"reason": self.reason} if self.reason else {}
        told = {"check": self.check, "id": self.id, **reason, "level": self.level}
        return {**told, "values": {k: v for k, v in self.values.items() if v is not None}}


@dataclass(frozen=True)
class Diagnosis:
    """All findings, in the order in which they were made."""

    program: str
    """`client` or `broker`."""
    findings: Sequence[Finding]

    @property
    def verdict(self) -> Level:
        """The gravest level of all."""
        return max((f.level for f in self.findings), key=_GRAVITY.__getitem__, default="ok")

    @property
    def cause(self) -> Finding | None:
        """The first finding of the gravest level: checks stand in such an order that whatever is
        wrong after it may be its consequence. None where all is well."""
        verdict = self.verdict
        if verdict == "ok":
            return None
        return next(f for f in self.findings if f.level == verdict)

    @property
    def status(self) -> int:
        """What the program exits with: 0 unless something is wrong. A warning keeps nobody out."""
        cause = self.cause
        return cause.status if cause is not None and cause.level == "wrong" else 0

    def said(self) -> dict[str, Any]:
        """As programs read it: one object."""
        cause = self.cause
        return {
            "type": "doctor",
            "program": self.program,
            "verdict": self.verdict,
            "cause": cause.id if cause else None,
            **({"reason": cause.reason} if cause and cause.reason else {}),
            "status": self.status,
            "findings": [finding.said() for finding in self.findings],
        }

    def find(self, check: str) -> Finding | None:
        """The first finding of a check."""
        return next((f for f in self.findings if f.check == check), None)
