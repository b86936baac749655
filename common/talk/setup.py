"""What a chat needs from whoever opens it. Owns the shape, and what the library must provide.

`Client` of `common.client.client` fits `AnyClient`; tests hand in another that fits.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from common.client.events import (
    AuditReply,
    CodeReply,
    DoneReply,
    Event,
    HistoryReply,
    JoinedReply,
    ListReply,
    PeopleReply,
    RoomsReply,
    StoredReply,
)
from common.protocol.deeds import Deed, Lists, MakeDeviceCode, MakeInvitation


class AnyClient(Protocol):
    """The part of the library that a chat uses."""

    def start(self) -> None: ...
    def get(self, timeout: float | None = None) -> Event | None: ...
    def close(self, timeout: float = 2.0) -> None: ...
    def say(self, room: str, text: str, *, me: bool = False) -> "Future[StoredReply]": ...
    def join(self, room: str, *, after: int | None = None) -> "Future[JoinedReply]": ...
    def leave(self, room: str) -> "Future[DoneReply]": ...
    def history(
        self,
        room: str,
        *,
        after: int | None = None,
        before: int | None = None,
        since: int | None = None,
        limit: int = 1000,
    ) -> "Future[HistoryReply]": ...
    def who(self, room: str) -> "Future[PeopleReply]": ...
    def rooms(self) -> "Future[RoomsReply]": ...
    def nick(self, nick: str) -> "Future[DoneReply]": ...
    def do(self, deed: Deed) -> "Future[DoneReply]": ...
    def make_code(self, deed: MakeInvitation | MakeDeviceCode) -> "Future[CodeReply]": ...
    def list(self, what: Lists, room: str = "") -> "Future[ListReply]": ...
    def audit(
        self, *, after: int | None = None, before: int | None = None, limit: int = 1000
    ) -> "Future[AuditReply]": ...
    def set_ignored(self, people: Mapping[str, str]) -> None: ...
    def set_silenced(self, rooms: Iterable[str]) -> None: ...
    def set_note(self, name: str, text: str) -> None: ...
    def set_rooms(self, rooms: Iterable[str]) -> None: ...
    def hurry(self) -> None: ...
    def seen(self, room: str, seq: int, id: str) -> None: ...
    def unsent(self) -> int: ...


def _one(_code: str) -> int:
    return 1


def _no_link(_code: str) -> str:
    return ""


@dataclass(kw_only=True)
class ChatSetup:
    """One chat. `client` is constructed and not started: the chat starts and closes it.

    Its options should have `resume` (unread lines are those after the profile's cursors).
    """

    client: AnyClient
    nick: str
    rooms: list[str]
    """Asked for, in the order in which they are shown."""
    data_dir: Path
    """Of the client (`DIR/client`): the lines typed before and the log are kept there."""
    label: str = ""
    """The server as people call it."""
    encrypted: bool = True
    colour: bool = True
    theme: Literal["auto", "dark", "light"] = "auto"
    env: Mapping[str, str] = field(default_factory=dict)
    keeps_unsent: bool = True
    """The profile is on disk and ours: what is queued leaves at the next start."""
    notes: list[str] = field(default_factory=list)
    """Lines to say at the start, in the person's language."""
    ignored: Mapping[str, str] = field(default_factory=dict)
    """User to nickname: whose messages are not shown."""
    silenced: Iterable[str] = ()
    """Rooms in which nothing is counted as unread."""
    fingerprint: str = ""
    """Of this person's key: what an administrator compares before letting them in."""
    invitation_link: Callable[[str], str] = _no_link
    """From an invitation's code to a join link; "" where others could not use it."""
    exit_status: Callable[[str], int] = _one
    """From the code of a `Failed` to the program's exit status."""
    program: str = "client_cli.py"
