"""Codes that fit on paper: how they are made, read and guessed at. Pure.

Owns their letters (Crockford's base 32), the codes that devices show at the moment, and how often
somebody may be wrong. What a code is good for is `access`'s.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final

from common.broker.limits import Bucket
from common.broker.turn import Turn

CLAIM: Final = "claim-"
"""What the code of the first owner begins with, and no other code."""
INVITATION: Final = 12
DEVICE_CODE: Final = 8
"""Letters of five bits each."""
DEVICE_CODE_LASTS: Final = 600.0
"""Seconds."""
GUESSES: Final = (1.0, 20.0)
"""A second, and at once: codes that are looked at, of everybody together."""
OWN_GUESSES: Final = (0.2, 5.0)
"""Of one key."""
GUESSERS: Final = 1_000
"""Keys whose guesses are remembered."""

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def canonical(code: str) -> str:
    """The letters of a code as somebody may have typed it; '' where there are others."""
    letters = code.upper().translate(_READ_AS)
    return "" if set(letters) - set(_LETTERS) else letters


def grouped(letters: str) -> str:
    """A code as it is shown."""
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def new_letters(token: Callable[[], str], count: int) -> str:
    """So many letters of what two random tokens hold."""
    number = int(sha256((token() + token()).encode()).hexdigest(), 16)
    return "".join(_LETTERS[number >> 5 * place & 31] for place in range(count))


def digest(letters: str) -> str:
    """What is kept of an invitation's code."""
    return sha256(letters.encode()).hexdigest()


class DeviceCodes:
    """Codes that people's devices show at the moment; one for each person, for one use."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._made: dict[str, tuple[str, float]] = {}
        """Letters to whose they are, and until when (monotonic)."""

    def make(self, user: str) -> str:
        """The letters of a new one."""
        self.forget(user)
        letters = new_letters(self._turn.ledger.token, DEVICE_CODE)
        self._made[letters] = (user, self._turn.now + DEVICE_CODE_LASTS)
        return letters

    def owner(self, letters: str) -> str:
        """Whose device shows this code; '' where none does."""
        user, until = self._made.get(letters, ("", 0.0))
        return user if self._turn.now < until else ""

    def use(self, letters: str) -> None:
        """It is good no more, once the turn is in the file."""
        made = self._made.pop(letters)
        self._turn.ledger.on_rollback(lambda: self._made.__setitem__(letters, made))

    def forget(self, user: str) -> None:
        """This person's codes are void, and those that are too old."""
        now = self._turn.now
        self._made = {
            letters: (owner, until)
            for letters, (owner, until) in self._made.items()
            if owner != user and now < until
        }


class Guesses:
    """How often codes are looked at."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._all = Bucket(*GUESSES, turn.now)
        self._own: dict[str, Bucket] = {}

    def charge(self, key: str) -> None:
        """A key tries a code. Raises `Refusal` where too many were tried."""
        own = self._own.pop(key, None) or Bucket(*OWN_GUESSES, self._turn.now)
        self._own[key] = own
        if len(self._own) > GUESSERS:
            del self._own[next(iter(self._own))]
        self._turn.charge(own, "codes")
        self._turn.charge(self._all, "codes")
