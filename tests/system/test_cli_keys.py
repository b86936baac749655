"""`key save` and `key restore` with real processes: a key is a person, and none is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from common import keys
from tests.support import require_module, wait_until
from tests.support.programs import ROOT, Finished, child_env, run_cli

PHRASE = "correct horse battery"


@pytest.fixture(autouse=True)
def _library() -> None:
    require_module("pyrage", "python3 dev.py setup dev")


def made(data_dir: Path, nick: str = "ada") -> keys.KeyPair:
    """The key of an identity of that data directory."""
    return keys.load_or_create(keys.client_key_file(data_dir, nick))


def key(
    data_dir: Path, *args: str | Path, nick: str = "ada", phrase: str = PHRASE, lang: str = "en"
) -> Finished:
    words = ("--data-dir", data_dir, "-n", nick, "--lang", lang, "key", *args)
    return run_cli(*words, input=phrase + "\n", timeout=60)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A file in which Ada's key of `here` was saved."""
    made(tmp_path / "here")
    file = tmp_path / "ada.age"
    done = key(tmp_path / "here", "save", file)
    assert done.code == 0, done.stderr
    return file


def test_a_saved_key_comes_back_on_another_machine(tmp_path: Path, saved: Path) -> None:
    done = key(tmp_path / "there", "restore", saved)
    assert done.code == 0, done.stderr
    pair = made(tmp_path / "here")
    assert made(tmp_path / "there") == pair
    assert keys.fingerprint(pair.public) in done.stdout
    assert pair.secret not in saved.read_text("ascii")


@pytest.mark.skipif(sys.platform == "win32", reason="file modes")
def test_a_saved_key_and_a_restored_one_are_their_owners_alone(tmp_path: Path, saved: Path) -> None:
    assert saved.stat().st_mode & 0o777 == 0o600
    assert key(tmp_path / "there", "restore", saved).code == 0
    restored = keys.client_key_file(tmp_path / "there", "ada")
    assert restored.stat().st_mode & 0o777 == 0o600


def test_a_wrong_passphrase_restores_nothing(tmp_path: Path, saved: Path) -> None:
    done = key(tmp_path / "there", "restore", saved, phrase="another one")
    assert done.code == 1
    assert "passphrase is wrong" in done.stderr
    assert not keys.client_key_file(tmp_path / "there", "ada").exists()


def test_another_key_is_not_replaced_but_by_force_and_then_put_aside(
    tmp_path: Path, saved: Path
) -> None:
    there = tmp_path / "there"
    mine = made(there)
    done = key(there, "restore", saved)
    assert done.code == 1
    assert "--force" in done.stderr
    assert made(there) == mine
    assert key(there, "restore", "--force", saved).code == 0
    assert made(there) == made(tmp_path / "here")
    place = keys.client_key_file(there, "ada").parent
    (aside,) = place.glob("ada.key.before-restore-*")
    assert keys.load(aside) == mine


def test_the_same_key_again_is_no_trouble(tmp_path: Path, saved: Path) -> None:
    assert key(tmp_path / "here", "restore", saved).code == 0
    assert len(list(keys.client_key_file(tmp_path / "here", "ada").parent.iterdir())) == 1


def test_a_file_that_is_there_is_not_overwritten_but_by_force(tmp_path: Path, saved: Path) -> None:
    before = saved.read_bytes()
    assert key(tmp_path / "here", "save", saved).code == 1
    assert saved.read_bytes() == before
    assert key(tmp_path / "here", "save", saved, "--force").code == 0
    assert saved.read_bytes() != before


def test_who_has_no_key_has_nothing_to_save_and_gets_none(tmp_path: Path) -> None:
    done = key(tmp_path, "save", tmp_path / "file", nick="nobody")
    assert done.code == 1
    assert not keys.client_key_file(tmp_path, "nobody").exists()


@pytest.mark.parametrize("phrase", ["", "short"])
def test_a_passphrase_that_protects_nothing_is_refused(tmp_path: Path, phrase: str) -> None:
    made(tmp_path)
    done = key(tmp_path, "save", tmp_path / "file", phrase=phrase)
    assert done.code == 1
    assert "passphrase" in done.stderr
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("words", [("save",), ("restore",), ("burn", "file"), ("save", "a", "b")])
def test_the_words_are_checked(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert key(tmp_path, *words).code == 2


def test_a_file_that_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\0\xff" * 500)
    done = key(tmp_path, "restore", tmp_path / "file")
    assert (done.code, "damaged" in done.stderr) == (1, True)
    done = key(tmp_path, "restore", tmp_path / "none", lang="fr")
    assert (done.code, "n’existe pas" in done.stderr) == (1, True)


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
@pytest.mark.parametrize("again", [PHRASE, "something else"])
def test_on_a_terminal_it_is_asked_twice_and_never_shown(tmp_path: Path, again: str) -> None:
    made(tmp_path)
    file = tmp_path / "file"
    words: list[str | Path] = ["--data-dir", tmp_path, "-n", "ada", "key", "save", file]
    master, slave = os.openpty()
    shown = b""
    try:
        program = subprocess.Popen(
            [sys.executable, ROOT / "client_cli.py", *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=child_env(),
            cwd=ROOT,
            start_new_session=True,
        )
        for prompt, answer in ((b"New passphrase: ", PHRASE), (b"The same again: ", again)):

            def asked(prompt: bytes = prompt) -> bool:
                nonlocal shown
                shown += os.read(master, 1_024)
                return prompt in shown

            wait_until(asked, f"it asks {prompt!r}")
            os.write(master, answer.encode() + b"\n")
        status = program.wait(60)
        shown += os.read(master, 4_096)
    finally:
        os.close(slave)
        os.close(master)
    assert PHRASE.encode() not in shown
    assert (status, file.exists()) == ((0, True) if again == PHRASE else (1, False))
