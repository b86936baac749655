"""Who sits where in the rights' tests, and whether they are answered as the model says.

Owns people, their keys, connections and sessions as their own programs know them, and the judgement
of each answer. What else reaches anybody is judged on the stage.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from common.protocol.identity import user_of_key
from tests.broker.rights_model import HIDDEN, Codes, Line

OWNERS = {"ada": ("a" * 64, "1" * 64), "bob": ("b" * 64, "2" * 64)}
"""Two keys each."""
OTHERS = {"cid": ("c" * 64,), "dan": ("d" * 64,)}
KEYS = OWNERS | OTHERS
USER = {nick: user_of_key(keys[0]) for nick, keys in KEYS.items()}
NICK = {user: nick for nick, user in USER.items()}
CLAIM = "claim-of-the-first"


@dataclass
class Connection:
    """One SUB of somebody, and what the gate granted it."""

    fd: int
    key: str
    address: str
    grants: set[bytes] = field(default_factory=set)
    alive: bool = True


@dataclass
class Seat:
    """One session of somebody, as its own program knows it."""

    id: bytes
    key: str
    connection: Connection
    stream: str
    direct: bool = False
    n: int = 0
    welcomed: bool = False
    rooms: dict[str, str] = field(default_factory=dict)
    """Room to the topic that it was told last."""
    leaving: dict[str, str] = field(default_factory=dict)
    """What it asked, to the room that it is about to leave."""
    ended: bool = False
    """Put out: its connection is about to be closed, and nothing is asked on it any more."""


@dataclass
class Asked:
    """A request of this turn, and what the model says of it."""

    seat: Seat
    id: str
    line: Line
    codes: Codes | None
    """The errors that may answer it; none: it must be done. None: the model does not say."""
    rooms: frozenset[str] = frozenset()
    """Of a `hello`: what it must be let into."""

    def answered(self, told: list[Line]) -> None:
        """Whether what came to the inbox answers it."""
        if self.line["type"] == "say":
            self._say(told)
        elif self.line["type"] == "hello":
            self._hello(told)
        elif self.codes is not None:
            self._deed(told)

    def take_back(self) -> None:
        """The disk was full: whoever asked cannot know what became of it."""
        kind, seat = self.line["type"], self.seat
        if kind == "say":
            seat.n = min(seat.n, self.line["n"] - 1)
        elif kind == "leave":
            seat.rooms.pop(self.line["room"], None)
        elif kind == "hello":
            seat.welcomed = False

    def _say(self, told: list[Line]) -> None:
        n = self.line["n"]
        errors = [a for a in told if a["type"] == "error" and a.get("n") == n]
        assert self.codes is not None
        if self.codes:
            code = errors[0]["code"] if errors else ""
            assert code in self.codes, (self, told)
            assert not errors[0].get("retry"), f"not refused for good: {errors[0]}"
        else:
            assert not errors, (self, errors)

    def _hello(self, told: list[Line]) -> None:
        last = [a for a in told if a["type"] in ("welcome", "error") and "id" not in a]
        if self.codes:
            code = last[-1].get("code") if last else ""
            told_so = [a for a in told if a["type"] == "notice" and self.seat.ended]
            assert code in self.codes or told_so, (self, told)
            return
        assert last, (self, told)
        assert last[-1]["type"] == "welcome", (self, told)
        given = {state["room"] for state in last[-1]["rooms"]}
        assert given >= self.rooms, f"{self.rooms - given} are missing"

    def _deed(self, told: list[Line]) -> None:
        answers = [a for a in told if a.get("id") == self.id]
        refused = [a for a in answers if a["type"] == "error"]
        if self.codes:
            assert refused, f"was not refused: {self}; {told}"
            assert refused[0]["code"] in self.codes, f"{refused[0]}; {self}"
            if self.codes == HIDDEN:
                words = f"there is no room {self.line['room'][:80]!r}"
                assert refused[0]["text"] == words, f"not as if there were none: {refused[0]}"
        else:
            assert not refused, f"was refused: {refused}; {self}"
            late = self.line["type"] == "history" or self.seat.ended
            assert answers or late, f"was not answered: {self}"
