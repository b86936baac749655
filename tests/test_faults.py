"""How the wish for a death is read; the deaths themselves are in tests/system."""

import pytest

from common import faults
from common.broker import faults as broker_faults
from common.client import faults as client_faults


def test_unset_there_is_no_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAUSETTE_FAULT", raising=False)
    monkeypatch.setenv("CAUSETTE_CLIENT_FAULT", "")
    assert broker_faults.from_environment() is None
    assert client_faults.from_environment() is None


@pytest.mark.parametrize("wish", ["nowhere", "commit:x", "commit:-1", ":3"])
def test_a_wish_that_cannot_be_met_is_an_error(wish: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUSETTE_FAULT", wish)
    with pytest.raises(ValueError, match="CAUSETTE_FAULT"):
        broker_faults.from_environment()


def test_it_strikes_the_nth_time_that_the_point_is_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    deaths: list[int] = []
    monkeypatch.setattr(faults, "_die", lambda: deaths.append(1))
    monkeypatch.setenv("CAUSETTE_CLIENT_FAULT", "sent:2")
    hook = client_faults.from_environment()
    assert hook is not None
    for point in ("kept", "sent", "echo"):
        hook(point)
    assert not deaths
    hook("sent")
    assert deaths
