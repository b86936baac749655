"""Which broker, from what a person typed: addresses, join links, the broker of this machine.

Owns: the grammar of `--server`, of join links and of ``ready.json`` as clients read it. Must not
open a connection (`card` and `probe` do) nor decide on trust (`pins`).
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from common import endpoints, keys
from common.endpoints import DEFAULT_PORT, SCHEME, host_and_port
from common.endpoints import place as _label

__all__ = [
    "DEFAULT_PORT",
    "SCHEME",
    "BadTarget",
    "NotRunning",
    "Ready",
    "Reason",
    "Target",
    "address",
    "claimed",
    "code_of",
    "explicit",
    "host_and_port",
    "join_link",
    "of_ready",
    "parse_server",
    "read_ready",
]

_INVITE: Final = "?invite="

Reason: TypeAlias = Literal["address", "port", "key", "code"]

_LAST_PORT = endpoints.LAST_PORT
_HOST = re.compile(r"[^\s/@:?#\[\]\\]{1,253}")
_ADDRESS = re.compile(r"(?:tcp|ipc|inproc)://\S+")
_CODE = re.compile(r"[0-9A-Z]+(?:-[0-9A-Z]+)*")
# Where a broker listens on every interface, its own machine reaches it by the loopback: by that of
# IPv4, which a machine without IPv6 has too (libzmq's `::` serves both).
_WILDCARDS = dict.fromkeys(("*", "0.0.0.0", "::"), "127.0.0.1")


class BadTarget(ValueError):
    """What was typed is not a broker's address; `why` is English, `reason` for `explain`."""

    def __init__(self, value: str, why: str, reason: Reason = "address") -> None:
        super().__init__(f"{value!r}: {why}")
        self.code = "bad-server"
        self.value = value
        self.why = why
        self.reason: Reason = reason


class NotRunning(Exception):
    """No broker runs on this machine with the data directory `data_dir`."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(f"no broker runs with {data_dir}")
        self.code = "no-broker"
        self.data_dir = data_dir


@dataclass(frozen=True, slots=True)
class Target:
    """A broker as far as it is known before anything was asked of it."""

    push: str
    """ZeroMQ address of its PULL side."""
    sub: str
    card: str | None
    """ZeroMQ address that hands out its card; None where none is known."""
    key: str | None
    """Its public key, 64 hexadecimal digits; None where it is not known, or there is none."""
    name: str | None
    plain: bool | None
    """Whether it does without encryption; None where only its card can tell."""
    label: str
    """`host:port` as typed: what people are shown, and what its key is pinned under."""
    code: str = field(default="", repr=False)
    """The invitation that its join link holds, or that was typed beside it."""
    claim: str = field(default="", repr=False)
    """What makes the first client of its own machine the owner; see `claimed`."""


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What a broker that serves writes to ``ready.json``; see INTERFACES, `--json`."""

    name: str
    pull: list[str]
    pub: list[str]
    key: str | None
    pid: int
    card: str | None = None
    version: str = ""
    claim: str = ""
    """While it has no owner: what whoever can read this file becomes the owner by."""


def parse_server(text: str | None, data_dir: Path) -> Target:
    """Return the broker that `--server` names.

    Nothing (None or empty) is the broker of this machine, by ``data_dir/broker/ready.json``; else
    HOST, HOST:PORT (IPv6 bare or, with a port, in brackets), or a join link. A typed address
    leaves key and `plain` open. Raises BadTarget; raises NotRunning for the broker of this machine.
    """
    if not text or not text.strip():
        return of_ready(_running(data_dir))
    typed = text.strip()
    if typed.lower().startswith(SCHEME):
        return _parse_link(typed)
    place = typed.removeprefix("tcp://")
    if "://" in place:
        raise BadTarget(typed, "only causette:// links lead to a broker")
    host, port, rest = _split(typed, place)
    if rest:
        raise BadTarget(typed, "only a host and a port were expected")
    if port + 2 > _LAST_PORT:
        raise BadTarget(typed, "the two ports above it are needed too", "port")
    return Target(
        push=address(host, port),
        sub=address(host, port + 1),
        card=address(host, port + 2),
        key=None,
        name=None,
        plain=None,
        label=_label(host, port),
    )


def explicit(push: str, sub: str, key: str | None) -> Target:
    """Return the broker given by hand: `--push`, `--sub`, `--server-key`.

    Without a key nothing is encrypted. Raises BadTarget.
    """
    for given in (push, sub):
        if not _ADDRESS.fullmatch(given):
            raise BadTarget(given, "not a ZeroMQ address such as tcp://192.168.1.20:5555")
    if key is not None and not keys.is_key(key):
        raise BadTarget(key, "a key is 64 hexadecimal digits", "key")
    return Target(
        push=push,
        sub=sub,
        card=None,
        key=key.lower() if key else None,
        name=None,
        plain=key is None,
        label=push.removeprefix("tcp://"),
    )


def join_link(key: str, host: str, port: int, pubport: int | None = None, invite: str = "") -> str:
    """Return `causette://KEY@HOST:PORT`, with `/PUBPORT` where PUB is not at PORT+1.

    With an invitation's code it ends in `?invite=CODE`. Raises BadTarget for a code that is none,
    ValueError for a key that is none (a broker without encryption has no link).
    """
    link = endpoints.join_link(key, host, port, pubport)
    return f"{link}{_INVITE}{code_of(invite)}" if invite else link


def code_of(text: str) -> str:
    """Return an invitation's or a device's code as it is written: capitals, without blanks.

    The broker reads it with more patience. Raises BadTarget for what cannot be one.
    """
    code = "".join(text.split()).upper()
    if not _CODE.fullmatch(code):
        raise BadTarget(text, "a code is letters and digits in groups of four", "code")
    return code


def claimed(target: Target, data_dir: Path) -> Target:
    """Return the target with the claim to own it, where it is the broker of this machine and
    nobody owns it yet."""
    try:
        ready = read_ready(data_dir)
    except BadTarget:
        return target  # a damaged file gives nothing away
    if ready is None or ready.key is None or ready.key.lower() != target.key:
        return target
    return replace(target, claim=ready.claim)


def _parse_link(typed: str) -> Target:
    key, at, place = typed[len(SCHEME) :].partition("@")
    if not at or not keys.is_key(key):
        raise BadTarget(typed, "a link begins with a key of 64 hexadecimal digits", "key")
    place, _, code = place.partition(_INVITE)
    host, port, rest = _split(typed, place)
    pub = _port(typed, rest.removeprefix("/")) if rest not in ("", "/") else port + 1
    if pub > _LAST_PORT:
        raise BadTarget(typed, "the port above it is needed too", "port")
    return Target(
        push=address(host, port),
        sub=address(host, pub),
        card=address(host, pub + 1) if pub < _LAST_PORT else None,
        key=key.lower(),
        name=None,
        plain=False,
        label=_label(host, port),
        code=code_of(code) if code else "",
    )


def _split(typed: str, place: str) -> tuple[str, int, str]:
    """Return host, port and what follows (`/...` or nothing) of `HOST[:PORT][/...]`."""
    place, slash, tail = place.partition("/")
    rest = slash + tail
    if place.startswith("["):
        host, bracket, after = place[1:].partition("]")
        if not bracket or (after and not after.startswith(":")) or not _is_ipv6(host):
            raise BadTarget(typed, "an IPv6 address with a port is written [ADDRESS]:PORT")
        return host, _port(typed, after[1:]) if after else DEFAULT_PORT, rest
    if place.count(":") > 1:
        if not _is_ipv6(place):
            raise BadTarget(typed, "neither HOST:PORT nor an IPv6 address")
        return place, DEFAULT_PORT, rest
    host, colon, port = place.partition(":")
    if not _HOST.fullmatch(host):
        raise BadTarget(typed, "there is no host in it that could be reached")
    return host, _port(typed, port) if colon else DEFAULT_PORT, rest


def _port(typed: str, digits: str) -> int:
    # isascii: int() reads the digits of every script.
    if digits.isascii() and digits.isdigit() and 1 <= int(digits[:9]) <= _LAST_PORT:
        return int(digits)
    raise BadTarget(typed, "a port is between 1 and 65535", "port")


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def address(host: str, port: int) -> str:
    """Return the ZeroMQ address of a TCP port, IPv6 in brackets, other alphabets as IDNA."""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise BadTarget(host, "not a host's name") from error
    return f"tcp://{_label(host, port)}"


def read_ready(data_dir: Path) -> Ready | None:
    """Return what the broker of this data directory says of itself; None where none runs.

    A file whose broker has died counts as none. Raises BadTarget for a file that is damaged.
    """
    file = data_dir / "broker" / "ready.json"
    try:
        ready = msgspec.json.decode(file.read_bytes(), type=Ready)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadTarget(str(file), f"cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadTarget(str(file), f"damaged ({error})") from error
    if not ready.pull or not ready.pub or not (ready.key is None or keys.is_key(ready.key)):
        raise BadTarget(str(file), "damaged (an address or the key is missing)")
    return ready if _is_alive(ready.pid) else None


def of_ready(ready: Ready) -> Target:
    """Return the broker that wrote this, as this machine reaches it (by the loopback)."""
    push = _reachable(ready.pull[0])
    return Target(
        push=push,
        sub=_reachable(ready.pub[0]),
        card=_reachable(ready.card) if ready.card else None,
        key=ready.key.lower() if ready.key else None,
        name=ready.name,
        plain=ready.key is None,
        label=push.removeprefix("tcp://"),
    )


def _running(data_dir: Path) -> Ready:
    ready = read_ready(data_dir)
    if ready is None:
        raise NotRunning(data_dir)
    return ready


def _reachable(zmq_address: str) -> str:
    place = host_and_port(zmq_address)
    if place is None or place[0] not in _WILDCARDS:
        return zmq_address
    return f"tcp://{_label(_WILDCARDS[place[0]], place[1])}"


if sys.platform == "win32":
    import ctypes

    def _is_alive(pid: int) -> bool:
        # There os.kill(pid, 0) would send CTRL_C instead of asking.
        still_active, may_ask = 259, 0x1000
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(may_ask, False, pid)
        if not handle:
            return False
        status = ctypes.c_ulong()
        kernel.GetExitCodeProcess(handle, ctypes.byref(status))
        kernel.CloseHandle(handle)
        return status.value == still_active

else:

    def _is_alive(pid: int) -> bool:
        if pid <= 0:
            return False
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            # It is there, and another user's.
            return True
        return True
