"""Requests by which people decide about rooms and about one another, and what answers them.

Owns their shapes, as `messages` owns those of the conversation; knows no rule and no state. A
person is named by `nick` or, where a nickname may change in between, by `user`. `reason` is read
by the person concerned. A deed is answered with `done`, or with the answer named beside it.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from common.protocol.messages import Answer, Bound, Record, Request

Seconds = Annotated[int, Meta(ge=0, le=315_360_000)]
"""A time of at most ten years; 0: for good, or never."""
Reason = Annotated[str, Meta(max_length=500)]
Name = Annotated[str, Meta(max_length=200)]
Newcomers = Literal["all", "new"]
"""What somebody who comes into a private room may read: all of it, or what is said from then on."""
ServerRole = Literal["owner", "admin", "moderator", "member"]
"""`moderator` is a role in one room, the others are the server's. `member`: no role."""
Lists = Literal["members", "roles", "sanctions", "invitations", "waiting", "devices", "nicks"]


class Deed(Request, frozen=True, kw_only=True):
    id: str = ""


class Create(Deed, frozen=True, kw_only=True, tag="create"):
    """Makes a room, with its maker as moderator; refused where there is one of that name."""

    room: Name
    private: bool = False
    newcomers: Newcomers = "all"


class Set(Deed, frozen=True, kw_only=True, tag="set"):
    """Changes a room's rules; what is not given stays."""

    room: Name
    readonly: bool | UnsetType = UNSET
    """Only moderators speak."""
    slow: Seconds | UnsetType = UNSET
    """Seconds between two messages of one person."""
    newcomers: Newcomers | UnsetType = UNSET
    keep: Seconds | UnsetType = UNSET
    """Seconds for which messages are kept; 0: for ever."""
    keep_bytes: Bound | UnsetType = UNSET
    """Bytes of messages that are kept; 0: all."""


class About(Deed, frozen=True, kw_only=True):
    """A deed that concerns somebody."""

    nick: Name = ""
    user: Name = ""
    reason: Reason = ""


class Invite(About, frozen=True, kw_only=True, tag="invite"):
    """Makes somebody a member of a private room."""

    room: Name


class Remove(About, frozen=True, kw_only=True, tag="remove"):
    """Ends somebody's membership of a private room."""

    room: Name


class Mute(About, frozen=True, kw_only=True, tag="mute"):
    """Somebody may not speak, in a room or (`room` empty) anywhere."""

    room: Name = ""
    seconds: Seconds = 0


class Unmute(About, frozen=True, kw_only=True, tag="unmute"):
    room: Name = ""


class Kick(About, frozen=True, kw_only=True, tag="kick"):
    """Puts somebody out of a public room, or (`room` empty) closes their connections.

    They may come back after `seconds`; 0: at once where it was a room.
    """

    room: Name = ""
    seconds: Seconds = 0


class Ban(About, frozen=True, kw_only=True, tag="ban"):
    """Somebody may not come in any more; a key names also whom nobody knows yet."""

    key: Name = ""
    seconds: Seconds = 0


class Unban(About, frozen=True, kw_only=True, tag="unban"):
    key: Name = ""


class Delete(Deed, frozen=True, kw_only=True, tag="delete"):
    """Takes the text of a message away for good; a numbered trace stays."""

    room: Name
    seq: Annotated[int, Meta(ge=1, le=1 << 40)]
    reason: Reason = ""


class Role(About, frozen=True, kw_only=True, tag="role"):
    """Gives or (`member`) takes a role, on the server or (`room` given) in a room."""

    role: ServerRole
    room: Name = ""


class Free(Deed, frozen=True, kw_only=True, tag="free"):
    """Takes a nickname from whoever holds it, so that somebody else may have it."""

    nick: Name
    reason: Reason = ""


class MakeInvitation(Deed, frozen=True, kw_only=True, tag="invitation"):
    """Answered with `code`."""

    uses: Annotated[int, Meta(ge=1, le=10_000)] = 1
    seconds: Seconds = 0
    """For how long it is good; 0: until it is used up or withdrawn."""
    note: Reason = ""


class Withdraw(Deed, frozen=True, kw_only=True, tag="withdraw"):
    """An invitation is void from now on. `name` is its short name, not its code."""

    name: Name


class Approve(Deed, frozen=True, kw_only=True, tag="approve"):
    """A key that waits (or is not known yet) may come in."""

    key: Name


class MakeDeviceCode(Deed, frozen=True, kw_only=True, tag="device-code"):
    """Answered with `code`: whoever says it in `hello` within ten minutes is the same person."""


class Revoke(Deed, frozen=True, kw_only=True, tag="revoke"):
    """One of one's own keys is not one's own any more: the device is lost."""

    key: Name
    reason: Reason = ""


class AskList(Deed, frozen=True, kw_only=True, tag="list"):
    """Answered with `list`, a page at a time; `after` is the last entry's `name` before."""

    what: Lists
    room: Name = ""
    after: Name = ""


class Audit(Deed, frozen=True, kw_only=True, tag="audit"):
    """Asks for a page of the server's own log; answered like `history`, with room ''."""

    after: Bound | None = None
    before: Bound | None = None
    limit: Bound = 1_000


AnyDeed = (
    Create
    | Set
    | Invite
    | Remove
    | Mute
    | Unmute
    | Kick
    | Ban
    | Unban
    | Delete
    | Role
    | Free
    | MakeInvitation
    | Withdraw
    | Approve
    | MakeDeviceCode
    | Revoke
    | AskList
    | Audit
)


# --- answers -----------------------------------------------------------------------------------


class Code(Answer, frozen=True, tag="code", kw_only=True):
    """Something to be read aloud or written down, good for `uses` or until `expires`."""

    id: str
    code: str
    """Three or two groups of four, such as `7K3M-Q9TX-4PWD`; said by nobody but this answer."""
    name: str = ""
    """What an invitation is called in lists, and withdrawn by."""
    uses: int = 1
    expires: int = 0
    """Milliseconds of the broker's clock; 0: never."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One line of a list; which fields are filled depends on what was asked for."""

    name: str
    """What tells it from the others, and what to ask for more `after`."""
    user: str = ""
    nick: str = ""
    key: str = ""
    role: str = ""
    room: str = ""
    what: str = ""
    """Of a sanction: mute, kick or ban; of a device: the program that brought it."""
    by: str = ""
    """The nickname of whoever did it."""
    reason: str = ""
    ts: int = 0
    until: int = 0
    uses: int = 0
    """How many more an invitation is good for."""
    address: str = ""
    here: bool = False
    """Connected now."""


class Listed(Answer, frozen=True, tag="list", kw_only=True):
    id: str
    what: str
    entries: list[Entry]
    room: str = ""
    more: bool = False


class Notice(Answer, frozen=True, tag="notice", kw_only=True):
    """Tells the person concerned, on each of their sessions, what somebody decided.

    `what`: invited, removed, kicked, muted, unmuted, banned, role, deleted, freed, revoked; to
    administrators `waiting` (`key` asks to be let in, from `address`, as `subject`). Whose present
    nickname was freed is called `subject` from then on; `key` is the one that was revoked.
    """

    what: str
    room: str = ""
    user: str = ""
    """Who did it."""
    nick: str = ""
    reason: str = ""
    until: int = 0
    role: str = ""
    seq: int = 0
    subject: str = ""
    key: str = ""
    address: str = ""


class LogEntry(Record, frozen=True, omit_defaults=True):
    """A record of the server's own log: what `user` (then called `nick`) decided; `text` is why.

    `type` is the deed; `subject` whom it concerned. `facts` are the kind, key and value (None:
    none any more) of each fact that it changed.
    """

    room: str = ""
    subject: str = ""
    subject_nick: str = ""
    until: int = 0
    facts: tuple[tuple[str, str, Any], ...] = ()


AnyDeedAnswer = Code | Listed | Notice
