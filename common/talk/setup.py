"""What a chat needs from whoever opens it. Owns the shape, and what the library must provide.

`Client` of `common.client.client` fits `HeardClient`, `AsyncClient` of `common.client.aio` fits
`AnyClient`; tests hand in others that fit.
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
from common.talk.ways import Ways


class AnyClient(Protocol):
    """What a chat asks of the library."""

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


class HeardClient(AnyClient, Protocol):
    """The library with its thread: what happens is asked for."""

    def start(self) -> None: ...
    def get(self, timeout: float | None = None) -> Event | None: ...
    def close(self, timeout: float = 2.0) -> None: ...


class Basis(Protocol):
    """What the controller of a chat begins with; a `ChatSetup` is one."""

    @property
    def client(self) -> AnyClient: ...
    @property
    def notes(self) -> list[str]:
        """Lines to say at the start, in the person's language."""

    @property
    def ways(self) -> Callable[[], Ways]:
        """By which links others come in. It may read a small file."""


def _one(_code: str) -> int:
    return 1


@dataclass(kw_only=True)
class ChatSetup:
    """One chat. `client` is constructed and not started: the chat starts and closes it.

    Its options should have `resume` (unread lines are those after the profile's cursors).
    """

    client: HeardClient
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
    ways: Callable[[], Ways] = Ways
    """By which links others come in; quick, and asked anew, since networks come and go."""
    exit_status: Callable[[str], int] = _one
    """From the code of a `Failed` to the program's exit status."""
    program: str = "client_cli.py"
