"""CURVE key pairs as people and files see them, and the identities made from them.

Owns: the hexadecimal form (64 digits, since Z85 is full of shell characters), the key file, the
fingerprint and the user id. Must not know sockets: zmq is imported inside the few functions that
need its key arithmetic, so that the pure core may use the others. Nothing here is cryptography of
our own: libzmq makes and derives the keys, hashlib hashes.

The key file is TOML with two strings, ``public`` and ``secret``, of 64 hexadecimal digits each.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from common import paths
from common.protocol.identity import user_of_key, user_of_secret

_HEX = re.compile(r"[0-9a-fA-F]{64}")


class BadKeyFile(Exception):
    """The key file at `path` cannot be used; `why` says what is wrong and what to do."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A CURVE25519 key pair, both halves as 64 lower-case hexadecimal digits."""

    public: str
    secret: str = field(repr=False)


def is_key(text: str) -> bool:
    """Tell whether `text` has the shape of a key: 64 hexadecimal digits of either case."""
    return _HEX.fullmatch(text) is not None


def to_raw(key: str) -> bytes:
    """Return the 32 bytes of a hexadecimal key. Raises ValueError for anything else."""
    if not is_key(key):
        raise ValueError("a key is 64 hexadecimal digits")
    return bytes.fromhex(key)


def from_raw(raw: bytes) -> str:
    """Return 32 raw bytes as a hexadecimal key. Raises ValueError for another length."""
    if len(raw) != 32:
        raise ValueError("a raw key is 32 bytes")
    return raw.hex()


def to_z85(key: str) -> bytes:
    """Return the 40 bytes that pyzmq's CURVE options and zmq.auth take."""
    from zmq.utils import z85

    return z85.encode(to_raw(key))


def from_z85(encoded: bytes) -> str:
    """Return a key in pyzmq's 40-byte form as hexadecimal. Raises ValueError."""
    from zmq.utils import z85

    if len(encoded) != 40:
        raise ValueError("a Z85 key is 40 bytes")
    return from_raw(z85.decode(encoded))


def generate() -> KeyPair:
    """Return a new key pair from the system's randomness."""
    import zmq

    public, secret = zmq.curve_keypair()
    return KeyPair(from_z85(public), from_z85(secret))


def public_of(secret: str) -> str:
    """Return the public half that belongs to a secret one."""
    import zmq

    return from_z85(zmq.curve_public(to_z85(secret)))


def load_or_create(path: Path) -> KeyPair:
    """Return the key pair kept at `path`, made there (0600) at its first use.

    Raises BadKeyFile for a file that is damaged, whose halves do not belong together, or that
    others may read; raises OSError where it cannot be read or written at all.
    """
    if not path.exists():
        pair = generate()
        if paths.create_private(path, to_file(pair)):
            return pair
        # Another program was first: its key is the one that counts.
    return load(path)


def load(path: Path) -> KeyPair:
    """Return the key pair kept at `path`. Raises BadKeyFile, OSError."""
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise BadKeyFile(path, f"others may read this secret key: type chmod 600 {path}")
    try:
        return from_file(path.read_bytes())
    except ValueError as error:
        raise BadKeyFile(path, f"damaged, restore it from a copy ({error})") from error


def to_file(pair: KeyPair) -> bytes:
    """Return what a key file holds."""
    return (
        "# A Causette identity. Whoever reads this file can speak as its owner.\n"
        f'public = "{pair.public}"\nsecret = "{pair.secret}"\n'
    ).encode("ascii")


def from_file(content: bytes) -> KeyPair:
    """Return the key pair that a key file holds. Raises ValueError, which says what is wrong."""
    table = tomllib.loads(content.decode("utf-8"))
    public, secret = table.get("public"), table.get("secret")
    if not (
        isinstance(public, str) and isinstance(secret, str) and is_key(public) and is_key(secret)
    ):
        raise ValueError("two keys of 64 digits expected")
    pair = KeyPair(public.lower(), secret.lower())
    if public_of(pair.secret) != pair.public:
        raise ValueError("the two keys do not match")
    return pair


def client_key_file(data_dir: Path, nick: str) -> Path:
    """Return where the key of the identity `nick` lives: ``DATA/client/keys/NICK.key``."""
    return data_dir / "client" / "keys" / f"{paths.safe_stem(nick)}.key"


def fingerprint(public: str) -> str:
    """Return what two people compare aloud: 8 groups of 4 digits, 128 bits of the SHA-256."""
    digest = hashlib.sha256(to_raw(public)).hexdigest()
    return " ".join(digest[start : start + 4] for start in range(0, 32, 4))


def user_id(public: str) -> str:
    """Return the user of a CURVE connection: 16 digits of the SHA-256 of the 32 raw bytes."""
    return user_of_key(public)


def plain_user_id(secret: str) -> str:
    """Return the (unverified) user of a connection to a broker without encryption."""
    return user_of_secret(secret)


def plain_secret(pair: KeyPair) -> str:
    """Return what a client says, in clear, to a broker without encryption to be recognised.

    Derived one way from the CURVE secret, which therefore never leaves this machine.
    """
    return hashlib.sha256(b"causette-plain-secret\0" + to_raw(pair.secret)).hexdigest()
