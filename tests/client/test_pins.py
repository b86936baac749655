"""The keys that were trusted once: verdicts, the file, and several programs at once."""

import datetime
import os
import threading
from pathlib import Path

import pytest

from common.client.pins import BadPins, Pin, Pins, Trust

KEY, OTHER = "ab" * 32, "cd" * 32
TODAY = datetime.date(2026, 11, 20)
LABEL = "box:5555"


@pytest.fixture
def pins(tmp_path: Path) -> Pins:
    return Pins.of(tmp_path)


def test_nothing_is_trusted_at_first(pins: Pins, tmp_path: Path) -> None:
    assert pins.check(LABEL, KEY) is Trust.UNKNOWN
    assert pins.check(LABEL, KEY) == "unknown"
    assert pins.check(LABEL, None) == "unknown"
    assert pins.get(LABEL) is None
    assert list(tmp_path.iterdir()) == []


def test_a_pinned_key_is_known_and_another_one_changed(pins: Pins) -> None:
    pins.pin(LABEL, KEY.upper(), "Atelier", TODAY)
    assert pins.check(LABEL, KEY) == pins.check(LABEL, KEY.upper()) == "known"
    assert pins.check(LABEL, OTHER) == "changed"
    assert pins.check("box:5556", KEY) == "unknown"
    assert pins.get(LABEL) == Pin(key=KEY, first_seen="2026-11-20", name="Atelier")


def test_encryption_that_is_gone_is_a_change(pins: Pins) -> None:
    pins.pin(LABEL, KEY, "", TODAY)
    assert pins.check(LABEL, None) == "changed"


def test_encryption_that_is_new_is_to_be_confirmed(pins: Pins) -> None:
    pins.pin(LABEL, None, "", TODAY)
    assert pins.check(LABEL, None) == "known"
    assert pins.check(LABEL, KEY) == "unknown"


def test_pins_are_replaced_and_forgotten(pins: Pins) -> None:
    pins.pin(LABEL, KEY, "", TODAY)
    pins.pin(LABEL, OTHER, "", TODAY)
    pins.pin("b:1", KEY, "", TODAY)
    assert pins.check(LABEL, OTHER) == "known"
    pins.forget(LABEL)
    pins.forget("never:1")
    assert list(pins.all()) == ["b:1"]


def test_what_is_no_key_is_not_pinned(pins: Pins) -> None:
    with pytest.raises(ValueError):
        pins.pin(LABEL, "12", "", TODAY)


@pytest.mark.skipif(os.name != "posix", reason="modes mean nothing here")
def test_the_file_is_private(pins: Pins, tmp_path: Path) -> None:
    pins.pin(LABEL, KEY, "é", TODAY)
    file = tmp_path / "client" / "known.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert Pins(file).check(LABEL, KEY) == "known"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "damaged"),
        (b"\xff", "damaged"),
        (b"[]", "damaged"),
        (b"[" * 100_000, "damaged"),
        (b'{"version":1,"brokers":{"a:1":{"key":"12","first_seen":""}}}', "a:1"),
        (b'{"version":2,"brokers":{}}', "newer"),
    ],
)
def test_a_file_that_cannot_be_read_trusts_nobody(
    pins: Pins, tmp_path: Path, content: bytes, why: str
) -> None:
    file = tmp_path / "client" / "known.json"
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(BadPins, match=why) as caught:
        pins.check(LABEL, KEY)
    assert caught.value.path == file
    with pytest.raises(BadPins):
        pins.pin(LABEL, KEY, "", TODAY)
    assert file.read_bytes() == content


def test_programs_that_pin_together_lose_nothing(tmp_path: Path) -> None:
    def pin(number: int) -> None:
        Pins.of(tmp_path).pin(f"box:{number}", KEY, "", TODAY)

    threads = [threading.Thread(target=pin, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Pins.of(tmp_path).all()) == 8
