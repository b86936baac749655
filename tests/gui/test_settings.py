"""What the window remembers: written whole, read again, and never in the way when damaged."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from common.gui.settings import MOST_SERVERS, Keeper, Known

posix_only = pytest.mark.skipif(os.name != "posix", reason="modes mean nothing here")


def test_what_was_chosen_is_read_again(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    keeper.remembered.was_on(Known(server="labo:5555", name="Labo", nick="Léa"))
    keeper.remembered.at_once = True
    keeper.remembered.folded.append("people")
    keeper.remembered.text_size = 120
    keeper.save()
    again = Keeper(tmp_path).remembered
    assert again == keeper.remembered
    assert again.nick == "Léa"
    assert again.last == Known(server="labo:5555", name="Labo", nick="Léa")


@posix_only
def test_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    keeper.remembered.nick = "Léa"
    keeper.save()
    assert stat.S_IMODE(keeper.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keeper.path.parent.stat().st_mode) == 0o700


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    Keeper(tmp_path).save()
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 5000,
        b'{"text_size": 9}',
        b'{"theme": "pink"}',
        b'{"version": 9}',
    ],
)
def test_a_damaged_file_is_put_aside(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "client" / "window.json"
    path.parent.mkdir()
    path.write_bytes(damage)
    keeper = Keeper(tmp_path)
    assert keeper.remembered == Keeper(tmp_path / "fresh").remembered
    assert keeper.damaged is not None
    assert keeper.damaged.read_bytes() == damage
    keeper.remembered.nick = "Léa"
    keeper.save()
    assert Keeper(tmp_path).remembered.nick == "Léa"


def test_what_a_later_version_adds_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "client" / "window.json"
    path.parent.mkdir()
    path.write_bytes(b'{"nick": "L", "something": {"new": 1}}')
    assert Keeper(tmp_path).remembered.nick == "L"


def test_a_disk_that_refuses_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "client").write_text("a file where a directory should be")
    keeper = Keeper(tmp_path)
    keeper.remembered.nick = "Léa"
    keeper.save()
    assert (tmp_path / "client").is_file()


def test_servers_are_kept_once_newest_first_and_not_for_ever(tmp_path: Path) -> None:
    remembered = Keeper(tmp_path).remembered
    for number in range(20):
        remembered.was_on(Known(server=f"host{number}:5555", nick="a"))
    remembered.was_on(Known(server="host15:5555", nick="b"))
    names = [one.server for one in remembered.servers]
    assert names[0] == "host15:5555"
    assert len(names) == len(set(names)) == MOST_SERVERS
    assert remembered.nick == "b"
