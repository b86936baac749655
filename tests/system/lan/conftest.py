"""A network of its own for each test, and what runs on its hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.hosts import Host, Network, networks
from tests.support.programs import BrokerProgram

OnHost = Callable[..., BrokerProgram]


@pytest.fixture
def network() -> Iterator[Network]:
    """A switch; `network.host()` is one more machine on it."""
    with networks() as more:
        yield next(more)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[OnHost]:
    """`serve(host, *args)`: `broker.py --lan` there, on data of its own; killed at the end."""
    with ExitStack() as running:
        count = 0

        def start(host: Host, *args: str, data: Path | None = None, **more: Any) -> BrokerProgram:
            nonlocal count
            count += 1
            directory = data or tmp_path / f"server{count}"
            broker = host.broker(directory, "--lan", *args, **more)
            return running.enter_context(broker)

        yield start
