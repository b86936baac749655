"""Whether ports of this machine can be reached from outside: tried from a second network namespace.

Owns that namespace and the pair of interfaces that leads to it. The namespace is a child process's
own (`visitor`): it has no name, and the system removes it with the process, however that ends. What
comes from there passes the same firewall as what comes from a network; only rules for certain
interfaces or senders are not tried. Needs Linux, root and iproute2.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from common.addresses import Own
from common.doctor.seen import Knock, Place

_POOL: Final = ipaddress.ip_network("198.18.0.0/15")
"""For tests between networks (RFC 2544): nobody's addresses."""
_POOL_6: Final = ipaddress.ip_network("fd63:6175:7365:7474::/64")
_START: Final = 10.0
_OURS: Final = "cdoc"
_THEIRS: Final = "cdov"
_ELSEWHERE: Final = "/usr/sbin:/sbin"
_ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Visit:
    """How it went."""

    knocks: dict[Place, Knock]
    whence: str = ""
    """The address that they came from."""
    why_not: str = ""
    """`platform`, `root` or `iproute2` where it was not tried; `failed` where it could not be."""
    words: str = ""


def without_visitors(own: Iterable[Own]) -> list[Own]:
    """The addresses of this machine but for those that a doctor has made for a moment."""
    return [one for one in own if not one.interface.startswith((_OURS, _THEIRS))]


def visit(places: Iterable[Place], own: Sequence[Own], timeout: float) -> Visit:
    """Knock at `places` (addresses of this machine) from outside. Raises nothing."""
    wanted = [place for place in dict.fromkeys(places) if _is_of_a_network(place[0])]
    if sys.platform != "linux" or getattr(sys, "frozen", False):
        return Visit({}, why_not="platform")
    if os.geteuid() != 0:
        return Visit({}, why_not="root")
    ip = shutil.which("ip") or shutil.which("ip", path=_ELSEWHERE)
    if ip is None:
        return Visit({}, why_not="iproute2")
    try:
        return _visit(ip, wanted, own, timeout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        said = getattr(error, "stderr", None) or b""
        words = said.decode("utf-8", "replace").strip() or str(error)
        return Visit({}, why_not="failed", words=words)


def _visit(ip: str, wanted: list[Place], own: Sequence[Own], timeout: float) -> Visit:
    ours, theirs = _pair(own, _POOL, 30)
    ours6, theirs6 = _pair(own, _POOL_6, 126)
    name, other = f"{_OURS}{os.getpid()}", f"{_THEIRS}{os.getpid()}"
    child = subprocess.Popen(
        [sys.executable, "-m", "common.doctor.visitor"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=_ROOT,
    )
    try:
        assert child.stdin is not None
        assert child.stdout is not None
        if _line(child.stdout, _START) != "apart":
            return Visit({}, why_not="failed", words=_last_words(child))
        _run(
            ip, "link", "add", name, "type", "veth", "peer", "name", other, "netns", str(child.pid)
        )
        _run(ip, "address", "add", str(ours), "dev", name)
        with contextlib.suppress(subprocess.CalledProcessError):  # a system without IPv6
            _run(ip, "-6", "address", "add", str(ours6), "dev", name, "nodad")
        # Without multicast no server takes it for a network to be announced on.
        _run(ip, "link", "set", name, "multicast", "off", "up")
        order = {
            "ip": ip,
            "interface": other,
            "addresses": [str(theirs), str(theirs6)],
            "gateways": [str(ours.ip), str(ours6.ip)],
            "places": wanted,
            "timeout": timeout,
        }
        child.stdin.write(json.dumps(order).encode() + b"\n")
        child.stdin.flush()
        answer = _line(child.stdout, _START + timeout)
        if not answer:
            return Visit({}, why_not="failed", words=_last_words(child))
        found = {
            (address, port): Knock(state, seconds, why, by)
            for address, port, state, seconds, why, by in json.loads(answer)
        }
        return Visit(found, str(theirs.ip))
    finally:
        child.kill()
        child.communicate()
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            # Its other end went with the child's namespace; this one too, in a moment.
            subprocess.run([ip, "link", "delete", name], capture_output=True, check=False)


def _is_of_a_network(address: str) -> bool:
    """Not the loopback's, which the visitor has too; not one that means nothing elsewhere."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return not (ip.is_loopback or (ip.version == 6 and ip.is_link_local))


def _pair(
    own: Sequence[Own], pool: ipaddress.IPv4Network | ipaddress.IPv6Network, prefix: int
) -> tuple[
    ipaddress.IPv4Interface | ipaddress.IPv6Interface,
    ipaddress.IPv4Interface | ipaddress.IPv6Interface,
]:
    """Two addresses of a small network that this machine is not on. Raises ValueError."""
    taken = [one.network for one in own if one.ip.version == pool.version]
    count = 1 << (pool.max_prefixlen - prefix)
    first = int(pool.network_address) + (os.getpid() % 4_096) * count
    for step in range(256):
        start = first + step * count
        network = ipaddress.ip_network((start, prefix))
        if not any(network.overlaps(one) for one in taken):
            return (
                ipaddress.ip_interface((start + 1, prefix)),
                ipaddress.ip_interface((start + 2, prefix)),
            )
    raise ValueError(f"no network of {pool} is free")


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=_START)


def _line(pipe: IO[bytes], timeout: float) -> str:
    """The next line; "" where none comes in time."""
    heard, end = b"", time.monotonic() + timeout
    while not heard.endswith(b"\n"):
        readable, _, _ = select.select([pipe], [], [], max(0.0, end - time.monotonic()))
        part = os.read(pipe.fileno(), 65_536) if readable else b""
        if not part:
            return ""
        heard += part
    return heard.decode().strip()


def _last_words(child: subprocess.Popen[bytes]) -> str:
    child.kill()
    said = child.communicate()[1].decode("utf-8", "replace").strip().splitlines()
    return said[-1] if said else ""
