"""How a TCP port answers, with what the system can tell of why it does not. Sends nothing.

Owns names that are looked up and connections that are tried and hung up. Must not judge: see
`judging`. Where Linux hands it out, the ICMP message that ended an attempt is read too: by it a
firewall that refuses is told from a port where nothing listens, and a machine that is not there
from one that keeps silent.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from common.doctor.seen import Knock, Place, State

_MOST_AT_ONCE: Final = 32
_LATE: Final = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINPROGRESS, 10_035)
"""What Python answers where its own time limit ended an attempt; the last one on Windows."""
_ERRORS: Final = 0x2000
"""MSG_ERRQUEUE of Linux."""
_RECVERR: Final = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (41, 25)}
"""IP_RECVERR and IPV6_RECVERR of Linux, with their level."""
_EXTENDED: Final = struct.Struct("=IBBBBII")
"""`struct sock_extended_err` of linux/errqueue.h."""
_FROM_ICMP: Final = (2, 3)
"""Its origins ICMP and ICMPv6."""
_UNREACHABLE: Final = {2: 3, 3: 1}
"""The type of "destination unreachable", by origin."""
_REFUSALS: Final = {2: frozenset({2, 3, 9, 10, 13}), 3: frozenset({1, 4, 5, 6})}
"""Its codes that a firewall sends: a port, a protocol or an administrator's no."""


@dataclass(frozen=True)
class Resolved:
    """What a name leads to."""

    addresses: Sequence[str]
    """IPv4 first: that is what ZeroMQ takes of a name."""
    why: str = ""
    """What the resolver said instead."""
    lasting: bool = True
    """Whether it said that there is no such name, rather than that it cannot tell now."""


def resolve(host: str) -> Resolved:
    """Look a name up as the system does, which has its own time limit. Raises nothing."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        again = {socket.EAI_AGAIN, getattr(socket, "EAI_SYSTEM", socket.EAI_AGAIN)}
        return Resolved((), error.strerror or str(error), error.errno not in again)
    except (UnicodeError, OSError) as error:
        return Resolved((), str(error))
    found.sort(key=lambda one: one[0] != socket.AF_INET)
    return Resolved(tuple(dict.fromkeys(_written(one[4]) for one in found)))


def _written(address: tuple[object, ...]) -> str:
    """An address with its interface, where it means nothing without."""
    host, scope = str(address[0]), address[3] if len(address) == 4 else 0
    if scope and isinstance(scope, int) and "%" not in host:
        with contextlib.suppress(OSError):
            return f"{host}%{socket.if_indextoname(scope)}"
    return host


def knock_all(places: Iterable[Place], timeout: float) -> dict[Place, Knock]:
    """Knock at all of them at once; takes `timeout` seconds at most, about."""
    wanted = list(dict.fromkeys(places))
    if not wanted:
        return {}
    with ThreadPoolExecutor(min(len(wanted), _MOST_AT_ONCE)) as pool:
        return dict(
            zip(wanted, pool.map(lambda one: knock(one[0], one[1], timeout), wanted), strict=True)
        )


def knock(address: str, port: int, timeout: float) -> Knock:
    """Connect to a port of an IP address, hang up, and tell how it went. Raises nothing."""
    begun = time.monotonic()

    def done(state: State, why: str = "", by: str = "") -> Knock:
        return Knock(state, time.monotonic() - begun, why, by)

    try:
        family, where = _where(address, port)
        made = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return done("no-route", _words(error))
    with made:
        made.settimeout(timeout)
        if sys.platform == "linux":
            made.setsockopt(*_RECVERR[family], 1)
        try:
            code = made.connect_ex(where)
        except OSError as error:
            return done("no-route", _words(error))
        if code in _LATE:
            return done("silent")
        if code == 0:
            return done("open")
        state, by = _state(code, _icmp(made), address.partition("%")[0])
        return done(state, os.strerror(code), by)


def knock_at_path(path: str) -> str:
    """What keeps this account from connecting to a socket in the file system; "" for nothing.

    Raises nothing.
    """
    if not hasattr(socket, "AF_UNIX"):
        return "AF_UNIX"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
            made.settimeout(1.0)
            made.connect("\0" + path[1:] if path.startswith("@") else path)
    except (OSError, ValueError) as error:
        return _words(error)
    return ""


def _where(address: str, port: int) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    [(family, _kind, _protocol, _name, where), *_rest] = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
    )
    return family, where


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


@dataclass(frozen=True)
class _Icmp:
    origin: int
    type: int
    code: int
    by: str


def _icmp(made: socket.socket) -> _Icmp | None:
    """The ICMP message that ended the attempt, where the system tells it."""
    if sys.platform != "linux":
        return None
    made.setblocking(False)  # Python would wait, with a time limit, for what is not there
    try:
        _data, told, _flags, _address = made.recvmsg(1, 512, _ERRORS)
    except OSError:
        return None
    for _level, _kind, content in told:
        if len(content) < _EXTENDED.size:
            continue
        _errno, origin, kind, code, *_rest = _EXTENDED.unpack_from(content)
        if origin in _FROM_ICMP:
            return _Icmp(origin, kind, code, _offender(content[_EXTENDED.size :]))
    return None


def _offender(content: bytes) -> str:
    """The address in a `struct sockaddr`."""
    if len(content) < 16:
        return ""
    (family,) = struct.unpack_from("=H", content)
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, content[4:8])
    if family == socket.AF_INET6 and len(content) >= 24:
        return socket.inet_ntop(socket.AF_INET6, content[8:24])
    return ""


def _state(code: int, icmp: _Icmp | None, address: str) -> tuple[State, str]:
    if icmp is not None and icmp.type == _UNREACHABLE[icmp.origin]:
        refusal = icmp.code in _REFUSALS[icmp.origin]
        if icmp.by == address:  # whoever answers that it cannot be reached does not want to be
            return "rejected", icmp.by
        if not _is_ours(icmp.by):
            return ("rejected" if refusal else "unreachable"), icmp.by
        # This machine's own: its firewall, or nobody on the wire said to have the address.
        return ("forbidden" if refusal else "absent"), icmp.by
    if code in (errno.ECONNREFUSED, errno.ECONNRESET):
        return "refused", ""
    if code in (errno.ETIMEDOUT, getattr(errno, "EHOSTDOWN", errno.ETIMEDOUT)):
        return "silent", ""
    if code == errno.EHOSTUNREACH:
        return "unreachable", ""
    if code in (errno.EACCES, errno.EPERM):
        return "forbidden", ""
    return "no-route", ""


def _is_ours(address: str) -> bool:
    """Whether an address is one of this machine: only then it can be bound."""
    try:
        family, where = _where(address, 0)
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind(where)
    except OSError:
        return False
    return True
