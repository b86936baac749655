"""A secret under a passphrase: the one module that knows the library which does it.

Owns the sealed form: an age file (https://age-encryption.org/v1) in its text form, so that `age -d`
opens it too. Must not know what is sealed, nor where it is kept. Why this library: docs/adr/0010.
"""

from __future__ import annotations

import unicodedata
from importlib.util import find_spec
from typing import Final

LARGEST: Final = 64 * 1024
"""Bytes of a sealed file at most; a key takes less than one kilobyte."""


class CannotOpen(Exception):
    """The passphrase is wrong, or this is not (or no longer) what `seal` made."""


def available() -> bool:
    """Whether the library is installed; it is where there are builds of it for the machine."""
    return find_spec("pyrage") is not None


def seal(content: bytes, passphrase: str) -> bytes:
    """Return `content`, readable and alterable by nobody without the passphrase.

    Takes about a second and up to 1 GiB of memory, by design (scrypt), as does `unseal`.
    """
    import pyrage

    sealed: bytes = pyrage.passphrase.encrypt(content, _normal(passphrase), armored=True)
    return sealed


def unseal(sealed: bytes, passphrase: str) -> bytes:
    """Return what was sealed. Raises CannotOpen."""
    import pyrage

    try:
        content: bytes = pyrage.passphrase.decrypt(sealed, _normal(passphrase))
    except pyrage.DecryptError as error:
        raise CannotOpen(str(error)) from error
    return content


def _normal(passphrase: str) -> str:
    # The same keys give composed letters on one system and decomposed ones on another.
    return unicodedata.normalize("NFC", passphrase)
