"""Key pairs, their file, their fingerprints and the identities made from them."""

import hashlib
import os
import threading
from pathlib import Path

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from common import keys
from common.keys import BadKeyFile, KeyPair

SECRET = "5a" * 32
PAIR = KeyPair(keys.public_of(SECRET), SECRET)


def test_the_public_half_follows_from_the_secret_one() -> None:
    made = keys.generate()
    assert keys.public_of(made.secret) == made.public
    assert made != keys.generate()


def test_a_secret_is_not_shown() -> None:
    assert PAIR.secret not in repr(PAIR)


@given(st.binary(min_size=32, max_size=32))
def test_every_form_of_a_key_leads_back(raw: bytes) -> None:
    text = keys.from_raw(raw)
    assert keys.is_key(text)
    assert keys.to_raw(text) == raw
    assert keys.from_z85(keys.to_z85(text)) == text
    assert keys.to_raw(text.upper()) == raw


def test_zmq_takes_the_form_that_we_give() -> None:
    pair = keys.generate()
    assert zmq.curve_public(keys.to_z85(pair.secret)) == keys.to_z85(pair.public)


@pytest.mark.parametrize(
    "text", ["", "ab", "g" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n", " " * 64]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    assert not keys.is_key(text)
    with pytest.raises(ValueError):
        keys.to_raw(text)


def test_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError):
        keys.from_raw(b"x" * 31)
    with pytest.raises(ValueError):
        keys.from_z85(b"0" * 35)


def test_a_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    file = tmp_path / "client" / "keys" / "ada.key"
    made = keys.load_or_create(file)
    assert keys.load_or_create(file) == made
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600


def test_programs_that_start_together_get_one_key(tmp_path: Path) -> None:
    file = tmp_path / "ada.key"
    found: list[KeyPair] = []
    start = threading.Barrier(8)

    def run() -> None:
        start.wait()
        found.append(keys.load_or_create(file))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "public = ",
        'public = "ab"\nsecret = "cd"\n',
        f'public = "{PAIR.public}"\n',
        f'public = 1\nsecret = "{PAIR.secret}"\n',
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, text: str) -> None:
    file = write(tmp_path / "key", text)
    with pytest.raises(BadKeyFile, match="damaged") as caught:
        keys.load_or_create(file)
    assert caught.value.path == file
    assert file.read_text() == text


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"\xff\xfe")
    file.chmod(0o600)
    with pytest.raises(BadKeyFile, match="damaged"):
        keys.load_or_create(file)


def test_halves_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    one, other = keys.generate(), keys.generate()
    file = write(tmp_path / "key", f'public = "{one.public}"\nsecret = "{other.secret}"\n')
    with pytest.raises(BadKeyFile, match="do not match"):
        keys.load_or_create(file)


@pytest.mark.skipif(os.name != "posix", reason="modes mean nothing here")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_file_that_others_may_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "key"
    keys.load_or_create(file)
    file.chmod(mode)
    with pytest.raises(BadKeyFile, match="chmod 600"):
        keys.load_or_create(file)


def test_a_nickname_leads_to_its_file(tmp_path: Path) -> None:
    assert keys.client_key_file(tmp_path, "ada") == tmp_path / "client" / "keys" / "ada.key"
    assert keys.client_key_file(tmp_path, "../x").parent == tmp_path / "client" / "keys"


def test_a_fingerprint_is_eight_groups_of_four() -> None:
    raw = bytes.fromhex(PAIR.public)
    text = keys.fingerprint(PAIR.public)
    assert [len(group) for group in text.split(" ")] == [4] * 8
    assert hashlib.sha256(raw).hexdigest().startswith(text.replace(" ", ""))
    assert keys.fingerprint(PAIR.public.upper()) == text


def test_identities_are_as_the_protocol_says() -> None:
    assert keys.user_id(PAIR.public) == hashlib.sha256(bytes.fromhex(PAIR.public)).hexdigest()[:16]
    secret = keys.plain_secret(PAIR)
    expected = hashlib.sha256(b"causette-plain-secret\0" + bytes.fromhex(PAIR.secret)).hexdigest()
    assert secret == expected
    assert PAIR.secret not in secret
    user = hashlib.sha256(b"causette-plain\0" + secret.encode()).hexdigest()[:16]
    assert keys.plain_user_id(secret) == user
