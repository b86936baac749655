"""Who answers on the networks of this machine, beside what `common.addresses` tells of its own.

Owns what the system remembers of neighbours, and one echo request (`echo`). Must not judge.
"""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from common.addresses import Own

_NEIGHBOURS: Final = Path("/proc/net/arp")
_COMPLETE: Final = 0x2
_THERE: Final = frozenset({"REACHABLE", "PERMANENT", "NOARP"})
_ASKING: Final = frozenset({"STALE", "DELAY", "PROBE"})
_UNSURE: Final = 5.0
"""Seconds in which the system has asked again: five until it does, less what was waited before."""
_AGAIN: Final = 0.25
_PATIENCE: Final = 5.0
_ELSEWHERE: Final = "/usr/sbin:/sbin"
_ECHO: Final = {socket.AF_INET: (8, socket.IPPROTO_ICMP), socket.AF_INET6: (128, 58)}
"""The types of an echo request, and ICMP's protocols."""


def outside(own: Iterable[Own]) -> list[str]:
    """The addresses by which others may reach this machine: IPv4 first, link-local last."""
    usable = [one for one in own if not (one.ip.is_loopback or one.ip.is_unspecified)]
    usable.sort(key=lambda one: (one.ip.is_link_local, one.ip.version))
    return list(dict.fromkeys(one.scoped for one in usable))


def shared_with(own: Iterable[Own], address: str) -> Own | None:
    """Our own address on the network that `address` belongs to; None where there is none."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return next((one for one in own if one.ip.version == ip.version and ip in one.network), None)


def is_present(address: str, patience: float = _UNSURE) -> bool | None:
    """Whether a machine on a network of our own has said that it has this address (ARP, or its
    sister of IPv6), after an attempt to reach it; None where this system does not tell.

    What it said a while ago is asked for again by the system, which takes some seconds.
    """
    end = time.monotonic() + patience
    while (state := _standing(address)) in _ASKING and time.monotonic() < end:
        time.sleep(_AGAIN)
    return None if state is None or state in _ASKING else state in _THERE


def _standing(address: str) -> str | None:
    """What the system thinks of a neighbour: ip-neighbour(8)."""
    tool = shutil.which("ip") or shutil.which("ip", path=_ELSEWHERE)
    if tool is None:
        return _by_arp(address)
    words = [tool, "-json", "neighbour", "show", address.partition("%")[0]]
    try:
        done = subprocess.run(words, capture_output=True, timeout=_PATIENCE, check=False)
        entries = json.loads(done.stdout or b"[]")
        return next((str(one["state"][0]) for one in entries if one.get("state")), None)
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, IndexError):
        return _by_arp(address)


def _by_arp(address: str) -> str | None:
    for row in _rows():
        if row[0] == address:
            return "REACHABLE" if int(row[2], 16) & _COMPLETE else "FAILED"
    return None


def _rows() -> list[list[str]]:
    try:
        rows = [line.split() for line in _NEIGHBOURS.read_text("ascii").splitlines()[1:]]
    except (OSError, ValueError):
        return []
    return [row for row in rows if len(row) >= 3]


def neighbours(but: str) -> int:
    """How many machines of our own networks have answered lately (ARP), without this one."""
    return sum(row[0] != but and bool(int(row[2], 16) & _COMPLETE) for row in _rows())


def echo(address: str, timeout: float) -> bool | None:
    """Whether the machine answers an echo request (a ping); None where this account may not ask.

    Many do not answer although they are there. Raises nothing.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind, protocol = _ECHO[family]
    request = bytes([kind, 0, 0, 0]) + os.urandom(4)
    try:
        try:
            line = socket.socket(family, socket.SOCK_DGRAM, protocol)
        except PermissionError:
            line = socket.socket(family, socket.SOCK_RAW, protocol)
            request = _summed(request) if family == socket.AF_INET else request
    except OSError:
        return None
    end = time.monotonic() + timeout
    with line:
        try:
            line.sendto(request, (address.partition("%")[0], 0))
            while (left := end - time.monotonic()) > 0:
                line.settimeout(left)
                answer, whence = line.recvfrom(2_048)
                if whence[0].partition("%")[0] == address.partition("%")[0] and _answers(
                    request, answer
                ):
                    return True
        except OSError:
            return False
    return False


def _answers(request: bytes, answer: bytes) -> bool:
    # A raw socket gives the IP header too. The kernel chooses the identifier of a datagram socket.
    return request[6:8] in answer and not answer.endswith(request)


def _summed(request: bytes) -> bytes:
    """With the checksum of RFC 792, which the kernel does not fill in for a raw socket."""
    total = sum(int.from_bytes(request[i : i + 2], "big") for i in range(0, len(request), 2))
    total = (total & 0xFFFF) + (total >> 16)
    total = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return request[:2] + total.to_bytes(2, "big") + request[4:]
