"""What the gateway counts, and how Prometheus reads it.

Owns `Counts`, plain numbers that whoever does something adds to, and their names outside. Must not
know who counts. `prometheus_client` is an extra: without it everything counts all the same, and
`Exposition.make` answers None.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry

BEAT: Final = 0.5
"""Seconds between two looks at how late the loop is."""
LATE: Final = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0)
"""Seconds: the upper bounds of the loop's lateness that are counted apart."""


@dataclass(slots=True)
class Counts:
    """Numbers that only grow, since the start."""

    said: int = 0
    """Messages that pages handed in, and that the gateway took."""
    stored: int = 0
    """Of these (and of earlier runs' unsent ones): those that the server has stored."""
    refused: int = 0
    """Of these: those that the server refused."""
    delivered: int = 0
    """Messages handed to pages, one for each page."""
    joined: int = 0
    """Times that a person came in through the form."""
    join_refused: int = 0
    attached: int = 0
    """WebSockets that were opened."""
    dropped: int = 0
    """WebSockets that were closed by the gateway: too slow, too much, or not understood."""
    limited: int = 0
    """Requests that were put off because one address, or one hook, asks too much."""
    turned_away: int = 0
    """Requests from other origins, or under a name that is not this machine's."""
    hook_said: int = 0
    """Messages of hooks that were stored."""
    hook_refused: int = 0
    requests: dict[int, int] = field(default_factory=dict)
    """HTTP answers by status."""
    late: list[int] = field(default_factory=lambda: [0] * (len(LATE) + 1))
    """Beats of the loop by how late they came; the last for later than all bounds."""
    late_sum: float = 0.0

    def answered(self, status: int) -> None:
        """One more HTTP answer."""
        self.requests[status] = self.requests.get(status, 0) + 1

    def beat(self, late: float) -> None:
        """The loop was so many seconds late."""
        self.late_sum += late
        self.late[next((n for n, bound in enumerate(LATE) if late <= bound), len(LATE))] += 1


Gauge = Callable[[], float]

_COUNTERS: Final = (
    ("messages_said", "said", "Messages that pages handed in."),
    ("messages_stored", "stored", "Messages of pages that the server has stored."),
    ("messages_refused", "refused", "Messages of pages that the server refused."),
    ("messages_delivered", "delivered", "Messages handed to pages."),
    ("joins", "joined", "Times that somebody came in through the form."),
    ("joins_refused", "join_refused", "Times that somebody could not come in."),
    ("websockets", "attached", "WebSockets opened."),
    ("websockets_dropped", "dropped", "WebSockets that the gateway closed for a fault."),
    ("requests_limited", "limited", "Requests put off by a rate limit."),
    ("requests_turned_away", "turned_away", "Requests of other origins or unknown hosts."),
    ("hook_messages", "hook_said", "Messages of hooks that the server has stored."),
    ("hook_messages_refused", "hook_refused", "Messages of hooks that were refused."),
)
_PREFIX: Final = "causette_web"


async def listen_to_the_loop(counts: Counts) -> None:
    """Counts, until cancelled, how late the loop wakes whom it promised to wake."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + BEAT
        await asyncio.sleep(BEAT)
        counts.beat(max(0.0, loop.time() - due))


class Exposition:
    """The page that Prometheus reads."""

    def __init__(self, counts: Counts, gauges: dict[str, tuple[str, Gauge]]) -> None:
        """`gauges`: name to words and how to ask. For `make` alone."""
        import prometheus_client
        from prometheus_client.registry import Collector, CollectorRegistry

        class Ours(Collector):
            def collect(self) -> Iterator[Any]:
                return _families(counts, gauges)

        self._registry: CollectorRegistry = CollectorRegistry()
        self._registry.register(Ours())
        prometheus_client.ProcessCollector(registry=self._registry)
        self._render = prometheus_client.generate_latest
        self.content_type: str = prometheus_client.CONTENT_TYPE_PLAIN_0_0_4

    @classmethod
    def make(cls, counts: Counts, gauges: dict[str, tuple[str, Gauge]]) -> Exposition | None:
        """None where the extra `metrics` is not installed."""
        if importlib.util.find_spec("prometheus_client") is None:
            return None
        return cls(counts, gauges)

    def text(self) -> bytes:
        """What holds now."""
        return self._render(self._registry)


def _families(counts: Counts, gauges: dict[str, tuple[str, Gauge]]) -> Iterator[Any]:
    from prometheus_client import core

    for name, field_name, words in _COUNTERS:
        family = core.CounterMetricFamily(f"{_PREFIX}_{name}", words)
        family.add_metric([], getattr(counts, field_name))
        yield family
    answers = core.CounterMetricFamily(
        f"{_PREFIX}_requests", "HTTP answers by status.", labels=["status"]
    )
    for status, number in sorted(counts.requests.items()):
        answers.add_metric([str(status)], number)
    yield answers
    for name, (words, ask) in gauges.items():
        gauge = core.GaugeMetricFamily(f"{_PREFIX}_{name}", words)
        gauge.add_metric([], ask())
        yield gauge
    so_far, buckets = 0, []
    for bound, number in zip((*map(str, LATE), "+Inf"), counts.late, strict=True):
        so_far += number
        buckets.append((bound, so_far))
    yield core.HistogramMetricFamily(
        f"{_PREFIX}_loop_lag_seconds",
        "How late the loop wakes whom it promised to wake.",
        buckets=buckets,
        sum_value=counts.late_sum,
    )
