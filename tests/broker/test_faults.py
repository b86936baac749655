"""The hook that kills on purpose does so then, and only then."""

import os
import signal
import subprocess
import sys

import pytest

from common.broker.faults import POINTS, from_environment

SCRIPT = """
from common.broker.faults import from_environment
hook = from_environment()
for turn in range(3):
    for point in ("received", "insert"):
        print(turn, point, flush=True)
        hook(point)
"""


def test_unset_there_is_no_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAUSETTE_FAULT", raising=False)
    assert from_environment() is None


@pytest.mark.parametrize("wrong", ["nowhere", "insert:x", "insert:-1", ":2"])
def test_a_wrong_point_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("CAUSETTE_FAULT", wrong)
    with pytest.raises(ValueError, match="CAUSETTE_FAULT"):
        from_environment()


@pytest.mark.parametrize("point", POINTS)
def test_other_points_are_passed(monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    monkeypatch.setenv("CAUSETTE_FAULT", f"{point}:1")
    hook = from_environment()
    assert hook is not None
    for other in POINTS:
        if other != point:
            hook(other)


@pytest.mark.parametrize(("fault", "last"), [("insert", "0 insert"), ("received:3", "2 received")])
def test_the_process_dies_at_the_point(fault: str, last: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "CAUSETTE_FAULT": fault},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == last
    assert done.returncode == (137 if os.name == "nt" else -signal.SIGKILL)
