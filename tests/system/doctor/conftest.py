"""What the doctor's tests share: a network of machines, three ports in a row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.ports import ports_in_a_row
from tests.system.doctor.lab import Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A network for machines of namespaces."""
    with Lab() as made:
        yield made


@pytest.fixture
def port() -> Iterator[int]:
    """The first of three free ports in a row."""
    with ports_in_a_row() as first:
        yield first
