"""Who a key is. Owns the two derivations of a user id; knows no key file and no socket."""

from hashlib import sha256


def user_of_key(key: str) -> str:
    """The user id of a CURVE public key (64 hexadecimal digits): 16 hexadecimal digits.

    The broker binds the whole key to it at first sight, so a second key that happened upon the
    same 64 bits would be refused, not mistaken.
    """
    return sha256(bytes.fromhex(key)).hexdigest()[:16]


def user_of_secret(secret: str) -> str:
    """The user id under `--plain`, where there are no keys: shown as unverified."""
    return sha256(b"causette-plain\0" + secret.encode("utf-8", "replace")).hexdigest()[:16]
