"""What is sealed under a passphrase: opened by it alone."""

import re
import unicodedata

import pytest

from common import keybox
from tests.support import parts

SECRET = b'secret = "5a"\n'
PHRASE = unicodedata.normalize("NFD", "cheval éveillé")


@pytest.fixture(scope="module")
def sealed() -> bytes:
    """Once for all of them: to seal takes seconds of computing, on purpose."""
    parts.require_module("pyrage", "python3 dev.py setup dev")
    return keybox.seal(SECRET, PHRASE)


def test_the_passphrase_opens_it(sealed: bytes) -> None:
    assert keybox.unseal(sealed, PHRASE) == SECRET
    assert len(sealed) < keybox.LARGEST


def test_nothing_of_it_can_be_read(sealed: bytes) -> None:
    assert sealed.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----\n")
    assert SECRET not in sealed


def test_another_passphrase_does_not(sealed: bytes) -> None:
    with pytest.raises(keybox.CannotOpen):
        keybox.unseal(sealed, PHRASE + " ")


def test_what_was_altered_or_cut_does_not_open(sealed: bytes) -> None:
    lines = sealed.splitlines(keepends=True)
    # The last line before the end holds the sealed words themselves.
    altered = lines[-2].swapcase()
    for damaged in (
        b"".join([*lines[:-2], altered, lines[-1]]),
        b"".join(lines[:-1]),
        b"",
        b"\xff" * 100,
    ):
        with pytest.raises(keybox.CannotOpen):
            keybox.unseal(damaged, PHRASE)


def test_accents_open_it_however_they_were_typed(sealed: bytes) -> None:
    typed = unicodedata.normalize("NFC", PHRASE)
    assert typed != PHRASE
    assert keybox.unseal(sealed, typed) == SECRET


def test_a_guess_is_dear(sealed: bytes) -> None:
    """scrypt with N of 2^15 or more: what the library takes on a machine that is fast enough."""
    from base64 import b64decode

    text = b64decode(b"".join(sealed.splitlines()[1:-1]))
    found = re.search(rb"-> scrypt \S+ (\d+)\n", text)
    assert found
    assert int(found[1]) >= 15
