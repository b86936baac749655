"""The rule by which one finding is the cause, and what programs read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.doctor.findings import Diagnosis, Finding, Level

LEVELS: list[Level] = ["ok", "warning", "wrong"]


def finding(check: str, level: Level = "ok", status: int = 1, **values: object) -> Finding:
    return Finding(check, f"{check}-{level}", level, "", values, status)  # type: ignore[arg-type]


def test_the_first_of_the_gravest_is_the_cause() -> None:
    diagnosis = Diagnosis(
        "client",
        [
            finding("a"),
            finding("b", "warning", 69),
            finding("c", "wrong", 77),
            finding("d", "wrong", 69),
        ],
    )
    assert diagnosis.verdict == "wrong"
    assert diagnosis.cause is not None
    assert diagnosis.cause.check == "c"
    assert diagnosis.status == 77


def test_a_warning_keeps_nobody_out() -> None:
    diagnosis = Diagnosis("broker", [finding("a"), finding("b", "warning", 69)])
    assert (diagnosis.verdict, diagnosis.status) == ("warning", 0)
    assert diagnosis.said()["cause"] == "b-warning"


@pytest.mark.parametrize("findings", [[], [finding("a")]])
def test_all_is_well(findings: list[Finding]) -> None:
    diagnosis = Diagnosis("client", findings)
    assert (diagnosis.verdict, diagnosis.cause, diagnosis.status) == ("ok", None, 0)
    assert diagnosis.said()["cause"] is None


def test_what_programs_read() -> None:
    one = Finding("ports", "unreachable-silent", "wrong", "drops", {"port": 5555, "by": None}, 69)
    said = Diagnosis("client", [one]).said()
    assert said == {
        "type": "doctor",
        "program": "client",
        "verdict": "wrong",
        "cause": "unreachable-silent",
        "reason": "drops",
        "status": 69,
        "findings": [
            {
                "check": "ports",
                "id": "unreachable-silent",
                "reason": "drops",
                "level": "wrong",
                "values": {"port": 5555},
            }
        ],
    }


@given(st.lists(st.tuples(st.sampled_from(LEVELS), st.integers(1, 99))))
def test_the_status_is_zero_unless_something_is_wrong(made: list[tuple[Level, int]]) -> None:
    diagnosis = Diagnosis("client", [finding("x", level, status) for level, status in made])
    wrong = [status for level, status in made if level == "wrong"]
    assert diagnosis.status == (wrong[0] if wrong else 0)
    assert json.loads(json.dumps(diagnosis.said()))["status"] == diagnosis.status
