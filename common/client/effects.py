"""What the pure session wants done: data that the thread carries out, in order.

Owns their shapes, and the `Outlet` in which the parts of a session collect them.
"""

from msgspec import Struct

from common.client.events import Event, Refused, Reply
from common.protocol.codec import encode
from common.protocol.messages import Request


class Connect(Struct, frozen=True):
    """Make fresh sockets and subscribe to this session's inbox; the old ones are closed."""

    session: bytes


class Disconnect(Struct, frozen=True):
    """Close the sockets."""


class Send(Struct, frozen=True):
    """Push one frame."""

    frame: bytes


class Subscribe(Struct, frozen=True):
    """Subscribe to a topic, again where it was already."""

    topic: bytes
    again: bool = False


class Unsubscribe(Struct, frozen=True):
    topic: bytes


class Overdue(Struct, frozen=True):
    """The broker did not answer in time: find out why, and report `link_lost`."""


class Emit(Struct, frozen=True):
    """Hand an event to the program."""

    event: Event


class Resolve(Struct, frozen=True):
    """A request's future is answered."""

    ref: int
    reply: Reply | Refused


class Keep(Struct, frozen=True):
    """Put a message into the kept outbox, before it is sent."""

    n: int
    room: str
    text: str
    me: bool


class Settle(Struct, frozen=True):
    """Take a message out of the kept outbox: its outcome is known."""

    n: int


class KeepStream(Struct, frozen=True):
    """The outbox is a new stream from now on; what waits in it is numbered anew, from 1."""

    stream: str


class KeepEpoch(Struct, frozen=True):
    epoch: str


class Forget(Struct, frozen=True):
    """The cursor of a room is of a history that is no more."""

    room: str


Effect = (
    Connect
    | Disconnect
    | Send
    | Subscribe
    | Unsubscribe
    | Overdue
    | Emit
    | Resolve
    | Keep
    | Settle
    | KeepStream
    | KeepEpoch
    | Forget
)


class Outlet:
    """Collects effects. One for all the parts of a session, so that their order is kept."""

    def __init__(self) -> None:
        self.session = b""
        """The session id that frames are sent under."""
        self._effects: list[Effect] = []

    def do(self, effect: Effect) -> None:
        self._effects.append(effect)

    def emit(self, event: Event) -> None:
        self._effects.append(Emit(event))

    def push(self, request: Request) -> None:
        self.push_lines(encode(request))

    def push_lines(self, lines: bytes) -> None:
        self._effects.append(Send(self.session + b"\n" + lines))

    def resolve(self, ref: int, reply: Reply | Refused) -> None:
        """Answers the program's request `ref`; a negative one is the session's own."""
        if ref >= 0:
            self._effects.append(Resolve(ref, reply))

    def take(self) -> list[Effect]:
        """The effects since the last call, in order."""
        effects, self._effects = self._effects, []
        return effects
