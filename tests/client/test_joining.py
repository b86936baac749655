"""Nicknames of accounts, statuses, and identities; whom to trust is in tests/system."""

import getpass
from pathlib import Path

import pytest

from common.client.joining import (
    CannotJoin,
    Entry,
    account_nick,
    client_options,
    load_identity,
    nickname_of,
    prepare,
    rooms_of,
    status_of,
)
from common.client.target import join_link
from common.settings import BadSetting, Settings


def settings(**given: list[str]) -> Settings:
    return Settings.load(client_options(), given, {})


@pytest.mark.parametrize(
    ("account", "wanted"),
    [
        ("ada", "ada"),
        ("CORP\\ada", "ada"),
        ("@ada", "ada"),
        ("root", "guest"),
        ("x" * 40, "x" * 32),
        ("a\x1bda", "ada"),
        ("\x1b", "guest"),
        ("", "guest"),
        ("Zoé", "Zoé"),
    ],
)
def test_the_accounts_name_as_a_nickname(
    monkeypatch: pytest.MonkeyPatch, account: str, wanted: str
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: account)
    assert account_nick() == wanted


def test_an_account_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise OSError("no such user")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert account_nick() == "guest"


def test_only_a_nickname_that_nobody_typed_may_be_changed() -> None:
    assert nickname_of(settings(nick=["Ada"])) == ("Ada", False)
    assert nickname_of(settings())[1] is True


def test_a_bad_nickname_is_named_with_its_place() -> None:
    with pytest.raises(BadSetting) as caught:
        nickname_of(settings(nick=["#ada"]))
    assert caught.value.line.startswith("--nick #ada: ")


def test_rooms_are_canonical_and_each_once() -> None:
    assert rooms_of(settings()) == ["general"]
    assert rooms_of(settings(room=["#Tea", "tea", "General"])) == ["tea", "general"]
    with pytest.raises(BadSetting):
        rooms_of(settings(room=["a b"]))


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("nick-taken", 1),
        ("unreachable-refused", 69),
        ("no-broker", 69),
        ("key-unknown", 77),
        ("key-changed", 77),
        ("wrong-key", 77),
        ("key-file", 78),
        ("not-invited", 77),
        ("banned", 77),
        ("a-code-to-come", 1),
    ],
)
def test_statuses(code: str, status: int) -> None:
    assert status_of(code) == status
    assert CannotJoin(code).status == status


def test_an_identity_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ada.key"
    assert load_identity(path) == load_identity(path)


def test_a_key_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "ada.key"
    path.write_text("hello")
    path.chmod(0o600)
    with pytest.raises(CannotJoin) as caught:
        load_identity(path)
    assert caught.value.code == "key-file"


def entry(tmp_path: Path, **given: list[str]) -> Entry:
    return prepare(settings(**{"data-dir": [str(tmp_path)], "nick": ["ada"]}, **given))


def test_an_invitation_is_typed_or_in_the_link_and_what_was_typed_wins(tmp_path: Path) -> None:
    link = join_link("ab" * 32, "127.0.0.1", 9, invite="AAAA-BBBB-CCCC")
    assert entry(tmp_path, server=[link]).target.code == "AAAA-BBBB-CCCC"
    assert entry(tmp_path, server=[link], invite=["7k3m-q9tx"]).target.code == "7K3M-Q9TX"
    with pytest.raises(BadSetting) as caught:
        entry(tmp_path, server=[link], invite=["hé"])
    assert caught.value.line.startswith("--invite")


def test_a_person_may_be_named_where_a_room_may() -> None:
    assert rooms_of(settings(room=["@Bob", "Tea"])) == ["@Bob", "tea"]
    with pytest.raises(BadSetting):
        rooms_of(settings(room=["@#x"]))
