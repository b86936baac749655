"""What is counted, and how Prometheus reads it."""

from __future__ import annotations

import asyncio
import time

import pytest

from common.web import metrics
from common.web.metrics import LATE, Counts, Exposition, listen_to_the_loop
from tests.support import require_module


@pytest.fixture
def counts() -> Counts:
    return Counts()


def sample(text: str, name: str) -> float:
    line = next(line for line in text.splitlines() if line.startswith(f"{name} "))
    return float(line.rpartition(" ")[2])


def test_prometheus_reads_what_was_counted(counts: Counts) -> None:
    require_module("prometheus_client", "python3 dev.py setup dev")
    counts.said += 3
    counts.hook_said += 2
    counts.answered(200)
    counts.answered(200)
    counts.answered(404)
    counts.beat(0.003)
    counts.beat(10.0)
    exposition = Exposition.make(counts, {"browsers": ("Pages that are open.", lambda: 7)})
    assert exposition is not None
    text = exposition.text().decode()
    assert sample(text, "causette_web_messages_said_total") == 3
    assert sample(text, "causette_web_hook_messages_total") == 2
    assert sample(text, 'causette_web_requests_total{status="200"}') == 2
    assert sample(text, 'causette_web_requests_total{status="404"}') == 1
    assert sample(text, "causette_web_browsers") == 7
    assert sample(text, 'causette_web_loop_lag_seconds_bucket{le="0.005"}') == 1
    assert sample(text, 'causette_web_loop_lag_seconds_bucket{le="+Inf"}') == 2
    assert sample(text, "causette_web_loop_lag_seconds_sum") == pytest.approx(10.003)
    assert "process_resident_memory_bytes" in text or "process_" not in text
    counts.said += 1
    assert sample(exposition.text().decode(), "causette_web_messages_said_total") == 4


def test_without_the_extra_everything_counts_and_nobody_reads_it(
    counts: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert Exposition.make(counts, {}) is None


def test_a_loop_that_is_held_up_is_seen(counts: Counts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "BEAT", 0.01)

    async def held_up() -> None:
        listening = asyncio.create_task(listen_to_the_loop(counts))
        await asyncio.wait({listening}, timeout=0)  # it has begun
        end = time.monotonic() + 0.15
        while time.monotonic() < end:
            pass
        await asyncio.wait({listening}, timeout=0.05)
        listening.cancel()

    asyncio.run(held_up())
    assert counts.late_sum >= 0.1
    assert sum(counts.late[LATE.index(0.1) :]) >= 1
