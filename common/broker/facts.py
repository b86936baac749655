"""What is so, besides the rooms' records: rules, memberships, sanctions, roles, who may come in.

Owns the shapes and the keys of facts. A fact is a value under a kind and a key; a deed's record in
the server's log carries the facts that it changed, so that the table of facts is a fold over the
log, and `verify` can prove it. Pure; knows no request and no rule about who may change what.
"""

from typing import Any, Final, Literal

import msgspec

Spans = tuple[tuple[int, int | None], ...]
"""Numbers of records, first and last, ascending; None: still open."""

Newcomers = Literal["all", "new"]
"""What somebody who comes into a private room may read."""


class Fact(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A value. It is replaced, never changed."""


class Rules(Fact, frozen=True, kw_only=True):
    """Of a room; key: its number."""

    private: bool = False
    newcomers: Newcomers = "all"
    readonly: bool = False
    slow: int = 0
    """Seconds between two messages of one person."""
    keep: int = 0
    """Seconds for which messages are kept; 0: as the server says."""
    keep_bytes: int = 0


class Member(Fact, frozen=True, kw_only=True):
    """Of somebody in a room; key: `place`. In a public room only moderators have one."""

    spans: Spans = ()
    """What they may read of a private room. Open at the end: a member."""
    moderator: bool = False
    ts: int = 0
    """When they came in, the last time; milliseconds."""

    @property
    def inside(self) -> bool:
        return bool(self.spans) and self.spans[-1][1] is None


class Sanction(Fact, frozen=True, kw_only=True):
    """A mute or a kick (key: `place`, room 0 for the whole server), or a ban (key: user)."""

    until: int = 0
    """Milliseconds of wall time; 0: for good."""
    reason: str = ""
    by: str = ""
    """The nickname of whoever did it, then."""
    ts: int = 0
    key: str = ""
    """Of a ban that named a key."""

    def holds(self, wall: int) -> bool:
        return not self.until or wall < self.until


class Rank(Fact, frozen=True, kw_only=True):
    """Of a person on the server; key: user."""

    role: Literal["owner", "admin"]
    by: str = ""
    ts: int = 0


class Invited(Fact, frozen=True, kw_only=True):
    """An invitation to the server; key: its short name. The code itself is kept nowhere."""

    digest: str
    """SHA-256 of the code, in hexadecimal."""
    uses: int
    """How many are left."""
    expires: int = 0
    by: str = ""
    ts: int = 0
    note: str = ""


class Admitted(Fact, frozen=True, kw_only=True):
    """A key that may come in where an invitation is needed; key: the key."""

    by: str = ""
    """The invitation, or the nickname of whoever approved."""
    ts: int = 0


class Device(Fact, frozen=True, kw_only=True):
    """A key of a person that is not the one their user id comes from, or one that was revoked;
    key: the key."""

    user: str
    name: str = ""
    ts: int = 0
    revoked: bool = False
    reason: str = ""


class HeldNick(Fact, frozen=True, kw_only=True):
    """A former nickname, which stays its holder's until it is freed; key: its nick key."""

    user: str
    nick: str


KINDS: Final[dict[str, type[Fact]]] = {
    "rules": Rules,
    "member": Member,
    "mute": Sanction,
    "kick": Sanction,
    "ban": Sanction,
    "rank": Rank,
    "invitation": Invited,
    "admitted": Admitted,
    "device": Device,
    "nick": HeldNick,
}

Change = tuple[str, str, Fact | None]
"""Kind, key, and the value from now on; None: no such fact any more."""


def place(room: int, user: str) -> str:
    """The key of what is about somebody in a room."""
    return f"{room}/{user}"


def decode(kind: str, value: bytes) -> Fact:
    """A stored value. Raises `KeyError` or `msgspec.MsgspecError`."""
    fact: Fact = msgspec.json.decode(value, type=KINDS[kind])
    return fact


class Facts:
    """All facts that hold, by kind and key; members also by room."""

    def __init__(self, stored: list[tuple[str, str, bytes]]) -> None:
        """Raises as `decode` does."""
        self._all: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        self.rules: dict[str, Rules] = self._all["rules"]
        self.members: dict[str, Member] = self._all["member"]
        self.mutes: dict[str, Sanction] = self._all["mute"]
        self.kicks: dict[str, Sanction] = self._all["kick"]
        self.bans: dict[str, Sanction] = self._all["ban"]
        self.ranks: dict[str, Rank] = self._all["rank"]
        self.invitations: dict[str, Invited] = self._all["invitation"]
        self.admitted: dict[str, Admitted] = self._all["admitted"]
        self.devices: dict[str, Device] = self._all["device"]
        self.nicks: dict[str, HeldNick] = self._all["nick"]
        self._of_room: dict[int, set[str]] = {}
        self._held: dict[str, int] = {}
        for kind, key, value in stored:
            self.put((kind, key, decode(kind, value)))

    def put(self, change: Change) -> Change:
        """Makes a change; answers the one that takes it back."""
        kind, key, value = change
        table = self._all[kind]
        before = table.get(key)
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value
        if kind == "member":
            room, _, user = key.partition("/")
            users = self._of_room.setdefault(int(room), set())
            if value is None:
                users.discard(user)
            else:
                users.add(user)
        elif kind == "nick":
            for held, more in ((before, -1), (value, 1)):
                if isinstance(held, HeldNick):
                    self._held[held.user] = self._held.get(held.user, 0) + more
        return (kind, key, before)

    def member(self, room: int, user: str) -> Member | None:
        return self.members.get(f"{room}/{user}")

    def members_of(self, room: int) -> dict[str, Member]:
        """User to membership, former ones included."""
        return {user: self.members[f"{room}/{user}"] for user in self._of_room.get(room, ())}

    def held_by(self, user: str) -> int:
        """How many former nicknames somebody holds."""
        return self._held.get(user, 0)

    def of_kind(self, kind: str) -> dict[str, Any]:
        """Key to value, of one kind."""
        return self._all[kind]
