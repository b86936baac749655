"""Rules for every test: what is logged as an error fails, and nothing is left running.

Owns the fixtures that all may use and the profile of Hypothesis. Must not import what it does
not need for that: a broken module should break its own tests only.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

from tests.support import require, scaled
from tests.support.programs import BrokerProgram, start_broker

__all__ = ["require"]

_TIMEOUT = 120

# Nothing is sent to the network that this machine happens to be on; a test in a network of its own
# takes it back.
os.environ["CAUSETTE_NO_DISCOVERY"] = "1"

settings.register_profile(
    "causette",
    derandomize=False,
    # A machine under load is no failure; what hangs is caught by the time limit of the test.
    deadline=None,
    database=DirectoryBasedExampleDatabase(Path(tempfile.gettempdir()) / "causette-hypothesis"),
)
settings.load_profile("causette")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Stretch the limit of every test on a slow machine, before pytest-timeout reads it."""
    if os.environ.get("CAUSETTE_TEST_SLOWNESS"):
        os.environ.setdefault("PYTEST_TIMEOUT", str(scaled(_TIMEOUT)))


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def _logged_errors_fail(request: pytest.FixtureRequest) -> Iterator[None]:
    """A logged ERROR in this process fails its test, unless that is marked `logs_errors`."""
    errors = _Errors()
    logging.getLogger().addHandler(errors)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(errors)
    if errors.records and request.node.get_closest_marker("logs_errors") is None:
        said = "; ".join(f"{record.name}: {record.getMessage()}" for record in errors.records)
        pytest.fail(f"errors were logged: {said}", pytrace=False)


BrokerFactory = Callable[..., BrokerProgram]


@pytest.fixture
def broker_factory(tmp_path: Path) -> Iterator[BrokerFactory]:
    """`broker_factory(*args, data_dir=..., **options)`: brokers that are killed at the end.

    Without `data_dir` they share one, so that a second call serves what the first one stored.
    """
    with ExitStack() as running:

        def start(
            *args: str | Path, data_dir: Path | None = None, **options: object
        ) -> BrokerProgram:
            root = data_dir if data_dir is not None else tmp_path / "data"
            return running.enter_context(start_broker(root, *args, **options))  # type: ignore[arg-type]

        yield start


@pytest.fixture
def broker(broker_factory: BrokerFactory) -> BrokerProgram:
    """A broker that serves on free ports of this machine."""
    return broker_factory()
