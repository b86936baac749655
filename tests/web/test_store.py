"""The gateway's file: identities, the profiles of many beside one another, and how it can fail.

That each profile is one as any is in `tests/client/test_profile.py`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import rule, run_state_machine_as_test

from common import keys
from common.client.kept import AnyProfile, BadProfile, Cursor, OutboxItem, ProfileFull
from common.paths import Locked
from common.web import profile as web_profile
from common.web.profile import WebProfile
from common.web.store import FORGOTTEN_AFTER, Browser, Hook, WebStore
from tests.client.test_profile import WRITES, Twins, items

NOW = 1_800_000_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "web" / "web.sqlite"


@pytest.fixture
def store(file: Path) -> Iterator[WebStore]:
    made = WebStore.open(file)
    yield made
    made.close()


def browser(store: WebStore, name: str = "ada", now: int = NOW) -> Browser:
    return store.add_browser(
        token_hash=f"hash of {name}", nick=name, keys=keys.generate(), lang="fr", now=now
    )


def hook(store: WebStore, name: str = "ci") -> Hook:
    return store.add_hook(
        token_hash=f"hash of {name}",
        name=name,
        room="builds",
        keys=keys.generate(),
        made_by="ada",
        now=NOW,
    )


def say(profile: WebProfile, key: str, *texts: str) -> None:
    first = profile.next_n()
    with profile.under(key):
        profile.add([OutboxItem(n, "general", text) for n, text in enumerate(texts, first)])


# --- identities ----------------------------------------------------------------------------------


def test_a_browser_is_found_by_its_token_alone_also_after_a_restart(file: Path) -> None:
    store = WebStore.open(file)
    ada, bob = browser(store), browser(store, "bob")
    ada = store.set_nick(ada, "Ada 2")
    ada = store.set_lang(ada, "en")
    ada = store.seen(ada, NOW + 9)
    assert (ada.nick, ada.lang, ada.seen_at, ada.made_at) == ("Ada 2", "en", NOW + 9, NOW)
    store.close()
    again = WebStore.open(file)
    assert again.browser("hash of ada") == ada
    assert again.browser("hash of bob") == bob
    assert again.browser("hash of eve") is None
    assert again.hook("hash of ada") is None
    again.close()


def test_hooks_are_listed_found_and_ended(store: WebStore) -> None:
    ci, cron = hook(store), hook(store, "cron")
    assert store.hooks() == [ci, cron]
    assert store.hook("hash of ci") == ci
    assert store.browser("hash of ci") is None
    profile = store.hook_profile(ci.id)
    profile.add(items(1))
    assert profile.outbox() == items(1)
    store.revoke_hook(ci.id)
    store.revoke_hook(ci.id)
    assert store.hooks() == [cron]
    assert store.hook("hash of ci") is None


def test_revoking_a_hook_touches_no_browser(store: WebStore) -> None:
    ada = browser(store)
    store.revoke_hook(ada.id)
    assert store.browser("hash of ada") == ada


def test_a_token_belongs_to_one_identity(store: WebStore) -> None:
    browser(store)
    with pytest.raises(sqlite3.IntegrityError):
        browser(store)
    assert store.rows("SELECT count(*) FROM identity") == [(1,)]


def test_who_is_removed_leaves_nothing_and_nobody_gets_their_number(
    store: WebStore, file: Path
) -> None:
    """Neither in a table, nor in what the file holds between its rows."""
    ada, bob = browser(store), browser(store, "bob")
    for one in (ada, bob):
        profile = store.profile(one.id)
        say(profile, "k1", f"a secret of {one.nick}")
        profile.set_cursors({"general": Cursor(1, "s-1")})
        profile.set_rooms(["general"])
        profile.set_note("draft", f"a draft of {one.nick}")
    store.remove_browser(bob)
    tables = [name for (name,) in store.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in set(tables) - {"identity", "browser", "hook", "sqlite_sequence"}:
        assert {owner for (owner,) in store.rows(f"SELECT owner FROM {table}")} == {ada.id}, table
    assert store.browser("hash of bob") is None
    assert store.rows("PRAGMA secure_delete") == [(1,)]
    content = b"".join(path.read_bytes() for path in file.parent.iterdir())
    assert ada.keys.secret.encode() in content
    for gone in (bob.keys.secret, "a secret of bob", "a draft of bob"):
        assert gone.encode() not in content
    assert browser(store, "cleo").id > bob.id


def test_whom_nobody_saw_for_a_year_is_forgotten_unless_something_waits(store: WebStore) -> None:
    old = NOW - FORGOTTEN_AFTER
    gone, waiting = browser(store, "gone", old - 1), browser(store, "waiting", old - 1)
    kept = browser(store, "kept", old)
    say(store.profile(waiting.id), "k1", "not stored yet")
    hook(store)
    assert store.browsers_with_unsent() == [waiting]
    assert store.forget(NOW) == 1
    assert store.browser("hash of gone") is None
    assert store.browser("hash of waiting") == waiting
    assert store.browser("hash of kept") == kept
    assert len(store.hooks()) == 1
    store.profile(waiting.id).settle([1])
    assert store.browsers_with_unsent() == []
    assert store.forget(NOW) == 1
    assert store.forget(NOW) == 0
    assert gone.id != waiting.id


def test_a_profile_of_nobody_says_so(store: WebStore) -> None:
    with pytest.raises(BadProfile):
        store.profile(7).stream()


# --- profiles ------------------------------------------------------------------------------------


def test_profiles_do_not_touch_one_another(store: WebStore) -> None:
    ada, bob = (store.profile(browser(store, name).id) for name in ("ada", "bob"))
    say(ada, "k", "of ada")
    say(bob, "k", "of bob")
    assert ada.stream() != bob.stream()
    for profile, nick in ((ada, "ada"), (bob, "bob")):
        profile.set_cursors({"general": Cursor(len(nick), nick)})
        profile.set_rooms([nick])
        profile.set_epoch(nick)
        profile.set_server_key(nick)
        profile.set_ignored({nick: nick})
        profile.set_note("draft", nick)
    ada.settle([1])
    ada.new_stream("0" * 16)
    assert ada.outbox() == []
    assert [item.text for item in bob.outbox()] == ["of bob"]
    assert (ada.outcome("k"), bob.outcome("k")) == ("settled", "waiting")
    for profile, nick in ((ada, "ada"), (bob, "bob")):
        assert (profile.epoch(), profile.server_key(), profile.rooms()) == (nick, nick, [nick])
        assert (profile.ignored(), profile.note("draft")) == ({nick: nick}, nick)


def test_a_key_is_taken_with_its_message_and_settled_with_the_last(store: WebStore) -> None:
    profile = store.profile(browser(store).id)
    assert (profile.taken("k1"), profile.outcome("k1")) == (False, None)
    say(profile, "k1", "one", "two")
    profile.add(items(3))
    assert profile.taken("k1")
    assert profile.keys() == {1: "k1", 2: "k1"}
    profile.settle([1])
    assert profile.outcome("k1") == "waiting"
    profile.settle([2, 3])
    assert (profile.outcome("k1"), profile.taken("k1")) == ("settled", True)
    assert profile.outcome("k2") is None


def test_a_key_outside_takes_nothing(store: WebStore) -> None:
    profile = store.profile(browser(store).id)
    with profile.under("k1"):
        pass
    assert not profile.taken("k1")
    with pytest.raises(ValueError), profile.under("k1"):
        profile.add(items(2, 1))
    assert not profile.taken("k1")
    profile.add(items(1))
    assert profile.keys() == {}


def test_another_stream_takes_the_keys_along(store: WebStore) -> None:
    profile = store.profile(browser(store).id)
    for number in range(1, 4):
        say(profile, f"k{number}", f"{number}")
    profile.settle([2])
    profile.new_stream("0123456789abcdef")
    assert profile.keys() == {1: "k1", 2: "k3"}
    assert [profile.outcome(f"k{n}") for n in (1, 2, 3)] == ["waiting", "settled", "waiting"]


def test_keys_are_known_a_week_and_the_last_ones_for_good(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_profile, "KEYS", 10)
    monkeypatch.setattr(web_profile, "KEYS_AT_MOST", 25)
    now = float(NOW)
    store = WebStore.open(file, clock=lambda: now)
    profile = store.profile(browser(store).id)

    def known() -> list[int]:
        return [n for n in range(1, profile.next_n()) if profile.taken(f"k{n}")]

    def say_and_tidy(count: int) -> None:
        for number in range(profile.next_n(), profile.next_n() + count):
            say(profile, f"k{number}", "text")
            profile.settle([number])
        profile._untidy = web_profile._TIDY

    say_and_tidy(20)
    say(profile, "k21", "text")
    assert known() == list(range(1, 22)), "they are young"
    now += web_profile.WEEK + 1
    profile._untidy = web_profile._TIDY
    say_and_tidy(4)
    assert known() == list(range(13, 26)), "those before the last ten when it was tidied are old"
    say_and_tidy(50)
    say_and_tidy(1)
    assert known() == list(range(52, 77)), "there are no more than so many"
    store.close()


class Neighbours(Twins):
    """The same with a profile of many in one file, between two that nobody touches."""

    others: list[tuple[str, list[OutboxItem]]]
    store: WebStore

    def open(self) -> AnyProfile:
        self.store = WebStore.open(self.path)
        if self.store.browser("hash of ada") is None:
            for name in ("before", "ada", "behind"):
                say(self.store.profile(browser(self.store, name).id), "key", name)
            profile = self.store.profile(self._id("ada"))
            profile.settle([1])
            profile.new_stream(os.urandom(8).hex())
        return self.store.profile(self._id("ada"))

    def close(self) -> None:
        for name in ("before", "behind"):
            profile = self.store.profile(self._id(name))
            assert profile.outbox() == [OutboxItem(1, "general", name)]
            assert (profile.cursors(), profile.rooms(), profile.keys()) == ({}, [], {1: "key"})
        self.store.close()

    @rule()
    def forget(self) -> None:
        self.store.forget(NOW)

    def _id(self, name: str) -> int:
        found = self.store.browser(f"hash of {name}")
        assert found is not None
        return found.id


def test_it_agrees_with_the_one_in_memory_beside_others(tmp_path: Path) -> None:
    Neighbours.directory = tmp_path
    limits = settings(max_examples=20, stateful_step_count=20)
    run_state_machine_as_test(Neighbours, settings=limits)


# --- the file ------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="modes mean nothing here")
def test_every_file_of_it_is_its_owners_alone(store: WebStore, file: Path) -> None:
    browser(store)
    modes = {entry.name: entry.stat().st_mode & 0o777 for entry in file.parent.iterdir()}
    assert len(modes) >= 3
    assert set(modes.values()) == {0o600}
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_it_holds_no_token(store: WebStore, file: Path) -> None:
    """What it is looked up by is handed in hashed, and stays so."""
    columns = {name for _, name, *_ in store.rows("PRAGMA table_info(identity)")}
    assert "token_hash" in columns
    assert "token" not in columns


def test_a_second_gateway_is_told(store: WebStore, file: Path) -> None:
    with pytest.raises(Locked) as caught:
        WebStore.open(file)
    assert caught.value.path == file
    store.close()
    store.close()
    WebStore.open(file).close()


def test_a_newer_file_is_refused(file: Path) -> None:
    WebStore.open(file).close()
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()
    for _ in range(2):  # and its lock was let go
        with pytest.raises(BadProfile) as caught:
            WebStore.open(file)
        assert caught.value.newer


def test_another_file_is_refused(file: Path) -> None:
    file.parent.mkdir(parents=True)
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()
    with pytest.raises(BadProfile, match="not a gateway's file"):
        WebStore.open(file)


def test_a_damaged_file_is_told(store: WebStore, file: Path) -> None:
    for number in range(100):
        browser(store, f"person {number}")
    store.close()
    content = bytearray(file.read_bytes())
    content[4096 : 4096 * 3] = b"\x55" * 8192
    file.write_bytes(content)
    with pytest.raises(BadProfile) as caught:
        WebStore.open(file)
    assert not caught.value.newer
    file.write_bytes(b"not a database, but long enough to be one" * 99)
    with pytest.raises(BadProfile):
        WebStore.open(file)


def test_what_was_written_survives_without_a_close(
    store: WebStore, file: Path, tmp_path: Path
) -> None:
    """As when the process is killed: the log beside the file has every commit."""
    say(store.profile(browser(store).id), "k1", "one")
    copy = tmp_path / "copy.sqlite"
    for suffix in ("", "-wal"):
        part = file.with_name(file.name + suffix)
        copy.with_name(copy.name + suffix).write_bytes(part.read_bytes())
    survivor = WebStore.open(copy)
    ada = survivor.browser("hash of ada")
    assert ada is not None
    assert survivor.profile(ada.id).keys() == {1: "k1"}
    survivor.close()


@pytest.mark.parametrize("write", WRITES)
def test_row_29_a_full_disk_is_told_and_changes_nothing(
    store: WebStore, file: Path, write: Callable[[AnyProfile], object]
) -> None:
    profile = store.profile(browser(store).id)
    say(profile, "k1", "one")
    store._db.execute("PRAGMA max_page_count = 1")  # as many as there are, and no more
    with pytest.raises(ProfileFull) as caught, profile.under("k2"):
        write(profile)
    assert caught.value.path == file
    assert profile.keys() == {1: "k1"}
    assert (profile.next_n(), profile.taken("k2")) == (2, False)
    profile.settle([1])
    store._db.execute("PRAGMA max_page_count = 100000")
    write(profile)
