"""How the broker's sockets are made and bound. Owns options and addresses; reads no message."""

import errno
from dataclasses import dataclass
from typing import Any, Final

import zmq

from common import keys
from common.broker.admission import DOMAIN
from common.protocol.limits import HARD_FRAME, HARD_SUBSCRIPTION

HEARTBEAT: Final = 5_000
"""Milliseconds. 1,000 idle clients cost 0.6 % of a core so, and 2-3 % at one second (measured)."""
VANISHED: Final = 15_000
"""Milliseconds after which a silent peer is given up."""
RARELY: Final = 6
"""By how much both are longer on the way in."""
HANDSHAKE: Final = 3_000
"""Milliseconds that a connection may take to say who it is: silent ones starve newcomers."""
RECEIVE_BUFFER: Final = 256 << 10
"""Bytes in the kernel for each connection: they are still taken in after it was thrown out, and the
system's own limit is 6 MB."""
SMALL_BUFFER: Final = 16 << 10
"""The same where nobody has much to say; a subscription may cost a hundred times its size."""
MAX_SOCKETS: Final = 1_023

Socket = zmq.Socket[bytes]


class CannotBind(Exception):
    """An address cannot be served. `reason`: in-use, address or not-permitted."""

    def __init__(self, address: str, reason: str, words: str) -> None:
        super().__init__(f"{address}: {words}")
        self.address = address
        self.reason = reason
        self.words = words


@dataclass(frozen=True)
class Bound:
    """The real addresses, wildcards resolved."""

    pull: list[str]
    pub: list[str]
    card: list[str]


def make(context: "zmq.Context[Any]", kind: int, pair: keys.KeyPair | None) -> Socket:
    """A server's socket: heartbeats, handshake limit, and CURVE where there is a key pair."""
    socket: Socket = context.socket(kind)
    socket.linger = 500
    socket.rcvbuf = RECEIVE_BUFFER
    socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, VANISHED)
    socket.setsockopt(zmq.HEARTBEAT_TTL, VANISHED)
    socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE)
    if pair is not None:
        socket.curve_server = True
        socket.curve_secretkey = keys.to_z85(pair.secret)
        socket.curve_publickey = keys.to_z85(pair.public)
        socket.zap_domain = DOMAIN.encode()
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
    return socket


def make_pull(context: "zmq.Context[Any]", pair: keys.KeyPair | None) -> Socket:
    """The way in. Its heartbeats are rare: presence follows the other socket, the client's own
    heartbeats tell it that the way is cut, and a dead connection costs here no more than memory.
    Of 1,000 idle clients they would be a quarter of the cost."""
    socket = make(context, zmq.PULL, pair)
    socket.setsockopt(zmq.HEARTBEAT_IVL, RARELY * HEARTBEAT)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, RARELY * VANISHED)
    socket.setsockopt(zmq.HEARTBEAT_TTL, RARELY * VANISHED)
    socket.setsockopt(zmq.MAXMSGSIZE, HARD_FRAME)
    return socket


def make_pub(context: "zmq.Context[Any]", pair: keys.KeyPair | None) -> Socket:
    """The way out: manual, so that nobody hears what they were not granted."""
    socket = make(context, zmq.XPUB, pair)
    socket.rcvbuf = SMALL_BUFFER
    socket.setsockopt(zmq.XPUB_MANUAL, 1)
    socket.setsockopt(zmq.XPUB_VERBOSER, 1)
    socket.setsockopt(zmq.MAXMSGSIZE, HARD_SUBSCRIPTION)
    return socket


def make_card(context: "zmq.Context[Any]") -> Socket:
    """The public card's socket: never encrypted, answers anybody."""
    socket = make(context, zmq.REP, None)
    socket.rcvbuf = SMALL_BUFFER
    socket.setsockopt(zmq.MAXMSGSIZE, 1_024)
    socket.setsockopt(zmq.SNDHWM, 10)
    return socket


def bind(socket: Socket, address: str) -> str:
    """Binds, and answers the real address. Raises `CannotBind` with words for a person."""
    # `*` is every interface, IPv6 and IPv4 on one socket; libzmq falls back to IPv4 alone where the
    # system has no more.
    both = "[" in address or address.startswith("tcp://*:")
    socket.setsockopt(zmq.IPV6, 1 if both else 0)
    try:
        socket.bind(address)
    except zmq.ZMQError as fault:
        known = {
            zmq.EADDRINUSE: ("in-use", "another program uses it"),
            errno.EACCES: ("not-permitted", "this account may not use it"),
            zmq.EADDRNOTAVAIL: ("address", "this machine has no such address"),
            errno.ENODEV: ("address", "this machine has no such address"),
            zmq.EPROTONOSUPPORT: ("address", "not a ZeroMQ address such as tcp://127.0.0.1:5555"),
        }
        reason, words = known.get(
            fault.errno or 0, ("address", "not a ZeroMQ address such as tcp://127.0.0.1:5555")
        )
        raise CannotBind(address, reason, words) from None
    return socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")


def has_neighbour(address: str) -> bool:
    """Whether `neighbour` has an answer."""
    port = address.rpartition(":")[2]
    return address.startswith("tcp://") and (port == "*" or (port.isdigit() and int(port) < 65_535))


def neighbour(address: str) -> str:
    """The TCP address one port further, or a wildcard where this one is.

    Raises `CannotBind` where there is no such thing (ipc, port 65,535).
    """
    if not has_neighbour(address):
        raise CannotBind(address, "address", "no port follows it; give --pub and --card as well")
    head, _, port = address.rpartition(":")
    return f"{head}:*" if port in ("*", "0") else f"{head}:{int(port) + 1}"
