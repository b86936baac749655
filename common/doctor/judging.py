"""What follows from what was seen on the way to a server: the client's findings. Pure.

Owns the rules by which refusal, silence and absence are told apart, and how far a clock may be off.
Must not look at anything itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from common.doctor.findings import Finding, Level
from common.doctor.seen import Knock, Speaker, State
from common.protocol.messages import PROTOCOL

UNREACHABLE: Final = 69
NOT_PERMITTED: Final = 77
BAD_CONFIGURATION: Final = 78

SLOW_MS: Final = 1_000.0
CLOCK_NOTED: Final = 5.0
CLOCK_WRONG: Final = 60.0
"""Seconds between two clocks from which people notice: times of day are shown in minutes."""
DISK_LOW: Final = 50_000_000
"""Bytes; a profile with a month of talk takes less."""
SESSION_FILES: Final = 24
"""Files that a session opens (measured: 20, its first question for the card included), and a
few for what else a program does."""

_WORST: Final[dict[State, int]] = {
    "absent": 0, "no-route": 1, "forbidden": 2, "unreachable": 3, "silent": 4, "rejected": 5,
    "refused": 6, "open": 7,
}  # fmt: skip
_THERE: Final = frozenset({"open", "refused", "rejected"})
"""What only a machine that is there answers."""


@dataclass(frozen=True)
class Way:
    """The three ports of a server at one address, and what is known of the machine."""

    host: str
    """As typed."""
    address: str
    ports: Mapping[str, int]
    """`pull`, `pub` and perhaps `card` to a port."""
    knocks: Mapping[str, Knock]
    near: bool = False
    """The address belongs to a network of our own."""
    present: bool | None = None
    """Whether a machine there said that it has the address; None: nobody can tell."""
    echo: bool | None = None
    """Whether it answers a ping; None: it was not asked."""
    neighbours: int = 0
    """Other machines of our own networks that answer."""

    @property
    def open(self) -> list[str]:
        return [name for name, knock in self.knocks.items() if knock.state == "open"]

    @property
    def best(self) -> tuple[int, int]:
        """How much of it answers: of several addresses the one with the most is looked at."""
        return len(self.open), sum(_WORST[knock.state] for knock in self.knocks.values())


def ports(way: Way) -> Finding:
    """Whether both ports that carry a session can be reached; if not, why."""
    values: dict[str, Any] = {
        "host": way.host,
        "address": way.address,
        "ports": list(way.ports.values()),
        "states": {name: knock.state for name, knock in way.knocks.items()},
    }
    shut = [name for name in ("pull", "pub") if way.knocks[name].state != "open"]
    if not shut:
        slowest = max(way.knocks[name].seconds for name in ("pull", "pub"))
        values["ms"] = round(slowest * 1_000, 1)
        return Finding("ports", "ports-open", "ok", values=values)
    # Systems send only so many refusals a second: where one came, silence is no other answer.
    told = [name for name in way.knocks if way.knocks[name].state == "rejected"]
    first = told[0] if told and not way.open else shut[0]
    at = way.knocks[first]
    values["port"] = way.ports[first]
    if at.why:
        values["why"] = at.why
    if at.by:
        values["by"] = at.by
    if way.open:
        values["open_port"] = way.ports[way.open[0]]
        values["open_ports"] = [way.ports[name] for name in way.open]
        reason = "half" if at.state in ("silent", "rejected") else "half-refused"
        return _unreachable(at.state, reason, values)
    return _unreachable(at.state, _reason(way, at.state), values)


def _unreachable(state: State, reason: str, values: dict[str, Any]) -> Finding:
    refused = state in ("refused", "rejected")
    id = "unreachable-refused" if refused else "unreachable-silent"
    return Finding("ports", id, "wrong", reason, values, UNREACHABLE)


def _reason(way: Way, state: State) -> str:
    """Why nothing of it is open, by the state of the first port."""
    if state == "refused":
        return ""
    if state != "silent":
        isolated = state == "absent" and way.neighbours
        return "isolated" if isolated else state
    others = {knock.state for knock in way.knocks.values()}
    if way.present or way.echo or others & _THERE:
        return "drops"
    if way.present is False and way.near:
        return "isolated" if way.neighbours else "absent"
    return ""


def networks(own: Sequence[str], address: str, shared: str | None) -> Finding:
    """Where this machine is, and whether a server's address is on a network of its own."""
    values = {"addresses": list(own), "address": address, "own": shared}
    if ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        return Finding("network", "network-loopback", "ok", "", values)
    id = "network-ok" if shared or not own else "network-other"
    return Finding("network", id, "ok", "", values)


def none_found(trouble: str, returned: bool | None, died: bool) -> str:
    """Why there is no server that could be joined, where none was given: which of the reasons."""
    if trouble in ("no-network", "no-multicast"):
        return trouble
    if returned is False:
        return "blocked"
    if died:
        return "stopped"
    return "here" if trouble else "network"


def discovery(name: str, trouble: str, returned: bool | None, near: bool) -> Finding:
    """Whether a server that can be reached is also found by its name: "" where it is not."""
    if name:
        return Finding("discovery", "seen", "ok", "", {"name": name})
    if trouble in ("missing", "off"):
        return Finding("discovery", "discovery-off", "ok", trouble)
    if trouble == "no-multicast":
        return Finding("discovery", "unseen", "warning", trouble)
    if returned is False:
        return Finding("discovery", "unseen", "warning", "blocked")
    return Finding("discovery", "unseen", "ok", "" if near else "subnet")


def program(way: Way, port: int, speaker: Speaker) -> Finding | None:
    """What is wrong with the program on a port; None where ZeroMQ speaks there."""
    values: dict[str, Any] = {"host": way.host, "address": way.address, "port": port}
    if speaker.kind == "zeromq":
        return None
    if speaker.kind == "silent":
        return Finding("program", "no-answer", "wrong", "", values, UNREACHABLE)
    reason = {"http": "http", "other": "other", "closed": "closed"}[speaker.kind]
    values |= {"said": speaker.said} if speaker.said else {}
    return Finding("program", "not-causette", "wrong", reason, values, UNREACHABLE)


def encryption(host: str, speaker: Speaker, key: str | None) -> Finding | None:
    """Whether this side and the other one agree on it; `key`: the one that this side goes by."""
    encrypted = speaker.mechanism == "CURVE"
    values = {"host": host, "mechanism": speaker.mechanism}
    if encrypted == (key is not None):
        return None
    reason = "they-encrypt" if encrypted else "they-do-not"
    return Finding("program", "plain-mismatch", "wrong", reason, values, NOT_PERMITTED)


def version(spoken: int) -> Finding | None:
    """Whether the server speaks our version of the protocol; None where it does."""
    if spoken == PROTOCOL:
        return None
    reason = "server-older" if spoken < PROTOCOL else "server-newer"
    values = {"version": spoken, "ours": PROTOCOL}
    return Finding("version", "protocol-version", "wrong", reason, values)


def clock(ahead: float, uncertain: float) -> Finding:
    """`ahead`: seconds by which this machine's clock is before the server's, give or take
    `uncertain`."""
    off = max(0.0, abs(ahead) - uncertain)
    level: Level = "wrong" if off >= CLOCK_WRONG else "warning" if off >= CLOCK_NOTED else "ok"
    values = {"off_seconds": round(abs(ahead), 1), "ahead": ahead > 0}
    if level == "ok":
        return Finding("clock", "clock-ok", "ok", values=values)
    return Finding("clock", "clock-off", level, "ahead" if ahead > 0 else "behind", values)


def speed(times: Sequence[float]) -> Finding:
    """How long round trips took, in seconds."""
    middle = sorted(times)[len(times) // 2] * 1_000
    values = {"ms": round(middle, 2), "worst_ms": round(max(times) * 1_000, 2)}
    if middle >= SLOW_MS:
        return Finding("speed", "slow", "warning", values=values)
    return Finding("speed", "speed-ok", "ok", values=values)


def disk(check: str, path: str, free: int | None, names: int | None, full: bool) -> Finding | None:
    """Whether there is room for what is kept at `path`; None where nobody tells.

    `full`: an attempt to write there said so, whatever else is promised.
    """
    values: dict[str, Any] = {"path": path, "free_bytes": free, "free_files": names}
    if full or free == 0 or names == 0:
        return Finding(check, "disk-full", "wrong", "" if free == 0 or full else "files", values)
    if free is None:
        return None
    low = free < DISK_LOW
    return Finding(check, "disk-low" if low else "disk-ok", "warning" if low else "ok", "", values)


def files(limit: int, used: int) -> Finding:
    """Whether a session finds enough file descriptors."""
    values = {"limit": limit, "open": used, "needed": SESSION_FILES}
    if limit - used < SESSION_FILES:
        return Finding("files", "descriptors-few", "wrong", "", values)
    return Finding("files", "descriptors-ok", "ok", "", values)
