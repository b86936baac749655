"""One contract for all profiles; then what only a file can do, and how it can fail.

The file of a gateway, which holds many profiles, is in `tests/web/test_store.py`.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from common import keys
from common.client.profile import (
    AnyProfile,
    BadProfile,
    Cursor,
    MemoryProfile,
    OutboxItem,
    Profile,
    ProfileFull,
    profile_path,
)
from common.paths import Locked
from common.web.store import WebStore


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return profile_path(tmp_path, "ada", "ab" * 32)


@pytest.fixture(params=["file", "memory", "web"])
def profile(request: pytest.FixtureRequest, file: Path) -> Iterator[AnyProfile]:
    made: AnyProfile
    if request.param == "web":
        store = WebStore.open(file.with_name("web.sqlite"))
        pair = keys.generate()
        browser = store.add_browser(token_hash="t", nick="ada", keys=pair, lang="en", now=1)
        yield store.profile(browser.id)
        store.close()
        return
    made = Profile.open(file) if request.param == "file" else MemoryProfile()
    yield made
    made.close()


def items(*numbers: int) -> list[OutboxItem]:
    return [OutboxItem(n, "general", f"message {n}", n % 2 == 0) for n in numbers]


def test_a_stream_is_random_and_stays(profile: AnyProfile) -> None:
    stream = profile.stream()
    assert len(stream) == 16
    assert set(stream) <= set("0123456789abcdef")
    assert profile.stream() == stream != MemoryProfile().stream()


def test_a_new_profile_is_empty(profile: AnyProfile) -> None:
    assert profile.outbox() == []
    assert profile.next_n() == 1
    assert profile.rooms() == []
    assert profile.cursor("general") is None
    assert profile.epoch() is None
    assert profile.server_key() is None
    assert (profile.ignored(), profile.silenced(), profile.cursors()) == ({}, [], {})


def test_what_was_added_waits_in_order_until_it_is_settled(profile: AnyProfile) -> None:
    profile.add(items(1, 2))
    profile.add(items(3))
    assert profile.outbox() == items(1, 2, 3)
    profile.settle([2, 99])
    assert profile.outbox() == items(1, 3)


def test_numbers_are_never_given_twice(profile: AnyProfile) -> None:
    profile.add(items(1, 2))
    profile.settle([1, 2])
    assert profile.next_n() == 3
    with pytest.raises(ValueError):
        profile.add(items(2))
    profile.add(items(7))
    assert profile.next_n() == 8


def test_what_is_out_of_order_is_refused_whole(profile: AnyProfile) -> None:
    with pytest.raises(ValueError):
        profile.add(items(1, 3, 2))
    assert profile.outbox() == []
    assert profile.next_n() == 1


def test_nothing_to_add_or_settle_is_fine(profile: AnyProfile) -> None:
    profile.add([])
    profile.settle([])
    profile.set_cursors({})
    assert profile.next_n() == 1


def test_another_stream_takes_along_what_waits(profile: AnyProfile) -> None:
    before = profile.stream()
    profile.add(items(1, 2, 3))
    profile.settle([2])
    profile.new_stream("0123456789abcdef")
    assert profile.stream() == "0123456789abcdef" != before
    texts = [(item.n, item.text) for item in profile.outbox()]
    assert texts == [(1, "message 1"), (2, "message 3")]
    assert profile.next_n() == 3


def test_cursors_are_set_one_by_one(profile: AnyProfile) -> None:
    profile.set_cursors({"a": Cursor(1, "s-1"), "b": Cursor(5, "s-5")})
    profile.set_cursors({"a": Cursor(2, "s-2")})
    assert profile.cursor("a") == Cursor(2, "s-2")
    assert profile.cursor("b") == Cursor(5, "s-5")
    assert profile.cursors() == {"a": Cursor(2, "s-2"), "b": Cursor(5, "s-5")}


def test_whom_and_what_one_does_not_want_to_hear_of(profile: AnyProfile) -> None:
    profile.set_ignored({"u1": "Bob", "u2": "Éve"})
    profile.set_ignored({"u2": "Éve"})
    profile.set_silenced(["tea", "@u1-u2", "tea"])
    assert profile.ignored() == {"u2": "Éve"}
    assert profile.silenced() == ["tea", "@u1-u2"]
    profile.set_ignored({})
    profile.set_silenced([])
    assert (profile.ignored(), profile.silenced()) == ({}, [])


def test_rooms_keep_their_order(profile: AnyProfile) -> None:
    profile.set_rooms(["b", "a", "b", "école"])
    assert profile.rooms() == ["b", "a", "école"]
    profile.set_rooms([])
    assert profile.rooms() == []


def test_epoch_and_key_are_kept(profile: AnyProfile) -> None:
    profile.set_epoch("one")
    profile.set_epoch("two")
    profile.set_server_key("ab" * 32)
    assert (profile.epoch(), profile.server_key()) == ("two", "ab" * 32)


def test_closing_twice_is_fine(profile: AnyProfile) -> None:
    profile.close()
    profile.close()


def test_any_text_is_kept_as_it_is(profile: AnyProfile) -> None:
    texts = ["", "é\n\0😀", "'; DROP TABLE outbox; --", "x" * 20_000]
    profile.add([OutboxItem(n, "r", text) for n, text in enumerate(texts, 1)])
    assert [item.text for item in profile.outbox()] == texts


# The file


def test_everything_is_there_after_a_restart(file: Path) -> None:
    first = Profile.open(file)
    stream = first.stream()
    first.add(items(1, 2))
    first.settle([2])
    first.set_cursors({"general": Cursor(9, "s-9")})
    first.set_rooms(["general"])
    first.set_epoch("e")
    first.set_server_key("k")
    first.set_ignored({"u": "Bob"})
    first.set_silenced(["tea"])
    first.close()
    second = Profile.open(file)
    assert second.stream() == stream
    assert second.outbox() == items(1)
    assert second.next_n() == 3
    assert second.cursor("general") == Cursor(9, "s-9")
    assert (second.rooms(), second.epoch(), second.server_key()) == (["general"], "e", "k")
    assert (second.ignored(), second.silenced()) == ({"u": "Bob"}, ["tea"])
    second.close()


def test_a_profile_of_the_first_version_keeps_all_that_it_held(file: Path) -> None:
    first = Profile.open(file)
    first.add(items(1, 2))
    first.set_cursors({"general": Cursor(9, "s-9")})
    stream = first.stream()
    first.close()
    with sqlite3.connect(file) as db:  # as it was before there were settings
        db.execute("DROP TABLE settings")
        db.execute("PRAGMA user_version = 1")
    db.close()
    later = Profile.open(file)
    assert (later.stream(), later.outbox(), later.cursor("general")) == (
        stream,
        items(1, 2),
        Cursor(9, "s-9"),
    )
    assert later.ignored() == {}
    later.set_ignored({"u": "Bob"})
    assert later.ignored() == {"u": "Bob"}
    later.close()


def test_a_setting_that_is_damaged_is_told(file: Path) -> None:
    profile = Profile.open(file)
    profile.set_ignored({"u": "Bob"})
    profile._db.execute("UPDATE settings SET value = '[1'")
    with pytest.raises(BadProfile):
        profile.ignored()
    profile.close()


def test_what_was_written_survives_without_a_close(file: Path, tmp_path: Path) -> None:
    profile = Profile.open(file)
    profile.add(items(1))
    copy = tmp_path / "copy.db"
    for suffix in ("", "-wal"):
        part = file.with_name(file.name + suffix)
        copy.with_name(copy.name + suffix).write_bytes(part.read_bytes())
    profile.close()
    survivor = Profile.open(copy)
    assert survivor.outbox() == items(1)
    survivor.close()


def test_a_profile_in_use_is_locked(file: Path) -> None:
    profile = Profile.open(file)
    with pytest.raises(Locked) as caught:
        Profile.open(file)
    assert caught.value.path == file
    profile.close()
    Profile.open(file).close()


@pytest.mark.skipif(os.name != "posix", reason="modes mean nothing here")
def test_every_file_of_it_is_private(file: Path) -> None:
    profile = Profile.open(file)
    profile.add(items(1))
    modes = {entry.name: entry.stat().st_mode & 0o777 for entry in file.parent.iterdir()}
    profile.close()
    assert len(modes) >= 3
    assert set(modes.values()) == {0o600}


def test_a_newer_profile_is_refused(file: Path) -> None:
    Profile.open(file).close()
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()
    with pytest.raises(BadProfile) as caught:
        Profile.open(file)
    assert caught.value.newer
    with pytest.raises(BadProfile):  # and its lock was let go
        Profile.open(file)


def test_another_programs_database_is_refused(file: Path) -> None:
    file.parent.mkdir(parents=True)
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()
    with pytest.raises(BadProfile, match="not a profile"):
        Profile.open(file)


def test_a_damaged_profile_is_refused(file: Path) -> None:
    profile = Profile.open(file)
    profile.add(items(*range(1, 200)))
    profile.close()
    content = bytearray(file.read_bytes())
    content[4096 : 4096 * 3] = b"\x55" * 8192
    file.write_bytes(content)
    with pytest.raises(BadProfile) as caught:
        Profile.open(file)
    assert not caught.value.newer
    file.write_bytes(b"not a database, but long enough to be one" * 99)
    with pytest.raises(BadProfile):
        Profile.open(file)


WRITES: list[Callable[[AnyProfile], object]] = [
    lambda profile: profile.add([OutboxItem(profile.next_n(), "general", "x" * 100_000)]),
    lambda profile: profile.set_cursors({"r" * 100_000: Cursor(1, "s-1")}),
    lambda profile: profile.set_rooms(["r" * 100_000]),
    lambda profile: profile.set_epoch("e" * 100_000),
    lambda profile: profile.set_ignored({"u": "n" * 100_000}),
]


@pytest.mark.parametrize("write", WRITES)
def test_row_29_a_full_disk_is_told_and_changes_nothing(
    file: Path, write: Callable[[AnyProfile], object]
) -> None:
    profile = Profile.open(file)
    profile.add(items(1))
    profile._db.execute("PRAGMA max_page_count = 1")  # as many as there are, and no more
    with pytest.raises(ProfileFull) as caught:
        write(profile)
    assert caught.value.path == file
    assert profile.outbox() == items(1)
    assert profile.next_n() == 2
    profile.settle([1])
    profile._db.execute("PRAGMA max_page_count = 100000")
    write(profile)
    profile.close()


def test_each_nickname_and_server_has_its_file(tmp_path: Path) -> None:
    found = {
        profile_path(tmp_path, nick, server)
        for nick in ("ada", "bob", "../ada", "Léa", "CON")
        for server in ("ab" * 32, "box:5555")
    }
    assert len(found) == 10
    assert {path.parent for path in found} == {tmp_path / "client" / "profiles"}
    assert profile_path(tmp_path, "Ada", "k") == profile_path(tmp_path, "ada", "k")


class Twins(RuleBasedStateMachine):
    """The file does what the one in memory does, whatever is asked of them, and across restarts."""

    directory: Path

    def __init__(self) -> None:
        super().__init__()
        self.path = self.directory / f"{os.urandom(8).hex()}.db"
        self.file = self.open()
        self.memory = MemoryProfile()

    def open(self) -> AnyProfile:
        """The profile on disk, as after a start."""
        return Profile.open(self.path)

    def close(self) -> None:
        """What ends with the program."""
        self.file.close()

    @rule(texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=3))
    def add(self, texts: list[str]) -> None:
        first = self.memory.next_n()
        added = [OutboxItem(n, "r", text) for n, text in enumerate(texts, first)]
        self.memory.add(added)
        self.file.add(added)

    @precondition(lambda self: self.memory.outbox())
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        numbers = data.draw(st.lists(st.sampled_from([i.n for i in self.memory.outbox()])))
        self.memory.settle(numbers)
        self.file.settle(numbers)

    @rule(room=st.sampled_from("abc"), seq=st.integers(0, 1 << 40))
    def read(self, room: str, seq: int) -> None:
        self.memory.set_cursors({room: Cursor(seq, f"s-{seq}")})
        self.file.set_cursors({room: Cursor(seq, f"s-{seq}")})

    @rule(rooms=st.lists(st.sampled_from("abc")))
    def join(self, rooms: list[str]) -> None:
        self.memory.set_rooms(rooms)
        self.file.set_rooms(rooms)

    @rule()
    def renew(self) -> None:
        stream = os.urandom(8).hex()
        self.memory.new_stream(stream)
        self.file.new_stream(stream)

    @rule()
    def restart(self) -> None:
        self.close()
        self.file = self.open()

    @invariant()
    def agree(self) -> None:
        assert self.file.outbox() == self.memory.outbox()
        assert self.file.next_n() == self.memory.next_n()
        assert self.file.rooms() == self.memory.rooms()
        for room in "abc":
            assert self.file.cursor(room) == self.memory.cursor(room)

    def teardown(self) -> None:
        self.close()


def test_both_profiles_agree(tmp_path: Path) -> None:
    from hypothesis import settings
    from hypothesis.stateful import run_state_machine_as_test

    Twins.directory = tmp_path
    run_state_machine_as_test(Twins, settings=settings(max_examples=25, stateful_step_count=20))
