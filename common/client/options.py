"""What a session starts from: how it behaves, and what its profile held. Owns shapes only."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec import UNSET

from common.protocol.messages import PROTOCOL, Hello


@dataclass(kw_only=True)
class SessionOptions:
    """What a session says of itself, and how it behaves. See `client.Options`."""

    nick: str
    fallback: bool = False
    visible: bool = True
    roster: bool = False
    catch_up: int | None = None
    app: str = ""
    lang: str = ""
    secret: str | None = None
    """Under --plain: what the user id is derived from."""
    expect_plain: bool = False
    join_timeout: float = 10.0
    code: str = ""
    direct: bool = False
    wait_admission: bool = False

    def hello(self, nick: str, stream: str, rooms: Sequence[str], *, again: bool) -> Hello:
        """What a link begins with. `again`: this session was in before."""
        return Hello(
            protocol=PROTOCOL,
            nick=nick,
            stream=stream,
            fallback=self.fallback,
            app=self.app,
            lang=self.lang,
            rooms=list(rooms),
            again=again,
            visible=self.visible,
            secret=self.secret if self.secret is not None else UNSET,
            code="" if again else self.code,
            direct=self.direct,
        )


@dataclass(kw_only=True)
class Saved:
    """What the profile held."""

    stream: str
    next_n: int = 1
    outbox: list[tuple[int, str, str, bool]] = field(default_factory=list)
    rooms: dict[str, tuple[int, str] | None] = field(default_factory=dict)
    """Rooms to join, with number and id of the last record that was read; None: at the head."""
    directs: dict[str, tuple[int, str]] | None = None
    """The same of direct conversations, which the broker tells by itself; None: at the head."""
    epoch: str = ""
    """Of the broker's history that all this is about; empty where it was never met."""
