"""What a program may write for a place to speak in: a room's name, or `@` and somebody's.

Owns their canonical forms on this side; the broker has the last word. Pure: must not know whom a
session speaks with.
"""

import re

from common.protocol.names import nick, nick_key, room_name

DIRECT = "@"
_CANONICAL = re.compile(r"@[0-9a-f]{16}-[0-9a-f]{16}")


def place(text: str) -> str:
    """The canonical name of a room, or `@NICK`, or a direct conversation's name as it is.

    Raises `BadName`.
    """
    if not text.startswith(DIRECT) or is_direct(text):
        return text if is_direct(text) else room_name(text)
    return DIRECT + nick(text.removeprefix(DIRECT))


def is_direct(name: str) -> bool:
    """Whether this is the lasting name of a direct conversation, `@USER-USER`."""
    return _CANONICAL.fullmatch(name) is not None


def is_nick(name: str) -> bool:
    """Whether this is `@NICK`: a direct conversation whose lasting name only the broker knows."""
    return name.startswith(DIRECT) and not is_direct(name)


def names(place: str, nickname: str) -> bool:
    """Whether `@NICK` means the person of this nickname."""
    return is_nick(place) and nick_key(place.removeprefix(DIRECT)) == nick_key(nickname)
