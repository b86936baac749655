"""Cursors on disk without an outbox."""

from pathlib import Path

import pytest

from common import paths
from common.client.cursors import Cursors, leave_cursors, stored_cursor
from common.client.joining import CannotJoin
from common.client.profile import Cursor, OutboxItem, Profile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "profiles" / "ada.db"


def test_cursors_stay_and_the_outbox_does_not(path: Path) -> None:
    first = Cursors.open(path)
    first.set_epoch("e1")
    first.set_cursors({"general": Cursor(3, "a-3")})
    first.add([OutboxItem(1, "general", "lost")])
    stream = first.stream()
    first.close()
    again = Cursors.open(path)
    assert again.cursor("general") == Cursor(3, "a-3")
    assert (again.epoch(), again.outbox(), again.next_n()) == ("e1", [], 1)
    assert again.stream() != stream
    again.close()


def test_the_persons_own_outbox_and_rooms_are_left_alone(path: Path) -> None:
    own = Profile.open(path)
    own.add([OutboxItem(1, "general", "waits")])
    own.set_rooms(["general"])
    own.close()
    cursors = Cursors.open(path)
    cursors.set_rooms(["tea"])
    assert cursors.outbox() == []
    cursors.close()
    own = Profile.open(path)
    assert [item.text for item in own.outbox()] == ["waits"]
    assert own.rooms() == ["general"]
    own.close()


def test_leaving_cursors_never_moves_back(path: Path) -> None:
    leave_cursors(path, "e1", {"general": Cursor(5, "a-5")})
    leave_cursors(path, "e1", {"general": Cursor(2, "a-2"), "tea": Cursor(1, "b-1")})
    assert stored_cursor(path, "e1", "general") == Cursor(5, "a-5")
    assert stored_cursor(path, "e1", "tea") == Cursor(1, "b-1")


def test_another_epoch_is_another_history(path: Path) -> None:
    leave_cursors(path, "e1", {"general": Cursor(5, "a-5")})
    assert stored_cursor(path, "e2", "general") is None
    leave_cursors(path, "e2", {"general": Cursor(2, "a-2")})
    assert stored_cursor(path, "e2", "general") == Cursor(2, "a-2")


def test_a_profile_in_use_is_neither_read_nor_changed(path: Path) -> None:
    holder = Profile.open(path)
    holder.set_epoch("e1")
    with pytest.raises(paths.Locked):
        Cursors.open(path)
    leave_cursors(path, "e1", {"general": Cursor(5, "a-5")})
    assert stored_cursor(path, "e1", "general") is None
    assert holder.cursor("general") is None
    holder.close()


def test_a_damaged_profile_is_named(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database " * 100)
    with pytest.raises(CannotJoin) as caught:
        Cursors.open(path)
    assert caught.value.code == "profile-damaged"
    assert stored_cursor(path, "e1", "general") is None
    leave_cursors(path, "e1", {"general": Cursor(5, "a-5")})


def test_what_is_not_there_is_not_made_by_looking(path: Path) -> None:
    assert stored_cursor(path, "e1", "general") is None
    assert not path.exists()
