"""What follows from what was seen of a server on its own machine: the findings of `broker.py
doctor`. Pure.

Owns from when on a disk, a clock, a backup or a limit is to be told. Must not look at anything
itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Final

from common.addresses import EVERYWHERE, is_loopback
from common.doctor.findings import Finding, Level
from common.doctor.judging import CLOCK_NOTED, CLOCK_WRONG, UNREACHABLE
from common.doctor.seen import Knock, Place
from common.endpoints import host_and_port, unmapped

DAY: Final = 86_400
DISK_LOW: Final = 200_000_000
FULL_SOON: Final = 30 * DAY
BACKUP_OLD: Final = 14 * DAY
FILES_EACH: Final = 2
"""Descriptors that a session costs a server: one for either way."""
FEW: Final = 100
"""Further sessions below which an operator is told."""
TOO_FEW: Final = 10
INSTALL: Final = "pip install 'causette[lan]'"
_YOUNG: Final = DAY


def disk(
    path: str, free: int | None, names: int | None, full: bool, growth: float
) -> Finding | None:
    """Room for the database, which grows by `growth` bytes a day; None where nobody tells."""
    values: dict[str, Any] = {"path": path, "free_bytes": free, "free_files": names}
    if full or free == 0 or names == 0:
        return Finding("disk", "disk-full", "wrong", "" if full or free == 0 else "files", values)
    if free is None:
        return None
    level: Level = "warning" if free < DISK_LOW else "ok"
    if growth >= 1:
        left = free / growth * DAY
        values |= {"growth_bytes": round(growth), "left_seconds": round(left)}
        if left < FULL_SOON:
            level = "warning"
    return Finding("disk", "disk-ok" if level == "ok" else "disk-low", level, "", values)


def growth(size: int, begun: int, now: int) -> float:
    """Bytes a day, from the size of a database and when it was begun (ms); 0 for a young one."""
    age = (now - begun) / 1_000
    return size / age * DAY if begun and age >= _YOUNG else 0.0


def clock(newest: int, now: int) -> Finding | None:
    """Whether this machine's clock (ms) is before the newest record's time."""
    if not newest:
        return None
    behind = (newest - now) / 1_000
    if behind < CLOCK_NOTED:
        return Finding("clock", "clock-ok", "ok")
    level: Level = "wrong" if behind >= CLOCK_WRONG else "warning"
    return Finding("clock", "clock-off", level, "", {"off_seconds": round(behind, 1)})


def backup(path: str, there: bool | None, age: float | None, served: float) -> Finding:
    """The last backup that is known, `age` seconds old (None: none), of data that is `served`
    seconds old. `there`: whether its file can still be seen; None: nobody tells."""
    values: dict[str, Any] = {"path": path or None, "age_seconds": age}
    if age is None:
        level: Level = "warning" if served >= BACKUP_OLD else "ok"
        return Finding("backup", "backup-none", level, "", values)
    if there is False:
        return Finding("backup", "backup-gone", "warning", "", values)
    if age >= BACKUP_OLD:
        return Finding("backup", "backup-old", "warning", "", values)
    return Finding("backup", "backup-ok", "ok", "", values)


def files(limit: int, used: int) -> Finding:
    """How many more sessions find a descriptor each way."""
    more = max(0, limit - used) // FILES_EACH
    values = {"limit": limit, "open": used, "sessions": more}
    if more < TOO_FEW:
        return Finding("files", "descriptors-few", "wrong", "", values)
    if more < FEW:
        return Finding("files", "descriptors-few", "warning", "", values)
    return Finding("files", "descriptors-ok", "ok", "", values)


def bound(pull: Sequence[str], pub: Sequence[str], card: Sequence[str]) -> Finding:
    """Whether what a server listens on is for this machine alone."""
    values: dict[str, Any] = {"pull": list(pull), "pub": list(pub), "card": list(card)}
    open_ways = {"pull": is_open(pull), "pub": is_open(pub)}
    if not any(open_ways.values()):
        return Finding("bound", "loopback-only", "wrong", "", values, UNREACHABLE)
    for name, one in open_ways.items():
        if not one:
            values["way"] = name
            return Finding("bound", "loopback-half", "wrong", name, values, UNREACHABLE)
    if card and not is_open(card):
        return Finding("bound", "bound-card", "warning", "", values)
    return Finding("bound", "bound-ok", "ok", "", values)


def is_open(addresses: Sequence[str]) -> bool:
    """Whether at least one address of ZeroMQ leads here from elsewhere."""
    places = [host_and_port(address) for address in addresses]
    return any(place is not None and not is_loopback(place[0]) for place in places)


def places(addresses: Sequence[str], own: Sequence[str]) -> list[Place]:
    """The addresses and ports by which this machine can be reached at what a server is bound to;
    `own`: its addresses."""
    found: dict[Place, None] = {}
    for address in addresses:
        place = host_and_port(address)
        if place is None or is_loopback(place[0]):
            continue
        host, port = place
        if host not in EVERYWHERE:
            found[unmapped(host), port] = None
            continue
        for one in own:
            if host != "0.0.0.0" or _is_version_4(one):
                found[one, port] = None
    return list(found)


def _is_version_4(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).version == 4


def gone(hosts: Sequence[str], own: Sequence[str]) -> list[str]:
    """Those of the addresses that this machine does not have any more."""
    bare = {one.partition("%")[0] for one in own}
    return [host for host in hosts if host.partition("%")[0] not in bare]


def from_here(ports: Mapping[Place, Knock]) -> Finding:
    """Whether a server's own machine reaches it at its addresses."""
    shut = {_text(place): knock.state for place, knock in ports.items() if knock.state != "open"}
    values: dict[str, Any] = {**_places(ports), "states": shut or None}
    if shut:
        first = next(place for place, knock in ports.items() if knock.state != "open")
        values |= {"address": first[0], "port": first[1], "state": ports[first].state}
        return Finding("here", "closed-here", "wrong", "", values, UNREACHABLE)
    return Finding("here", "open-here", "ok", "", values)


def from_outside(
    ports: Mapping[Place, Knock], whence: str, command: str, tool: str | None
) -> Finding:
    """Whether a network beside this machine reaches it; `command` lets the ports in."""
    shut = {place: knock for place, knock in ports.items() if knock.state != "open"}
    values: dict[str, Any] = {
        "whence": whence,
        **_places(ports),
        "states": {_text(place): knock.state for place, knock in shut.items()} or None,
    }
    if not shut:
        return Finding("outside", "outside-ok", "ok", "", values)
    closed = sorted({port for _address, port in shut})
    states = [knock.state for knock in shut.values()]
    # Systems send only so many refusals a second: where one came, silence is no other answer.
    state = "rejected" if "rejected" in states else states[0]
    values |= {"closed_ports": closed, "tool": tool, "command": command or None}
    if state == "rejected":
        return Finding("outside", "firewall-rejects", "wrong", "", values, UNREACHABLE)
    if state == "refused":
        return Finding("outside", "firewall-rejects", "wrong", "reset", values, UNREACHABLE)
    return Finding("outside", "firewall-drops", "wrong", "", values, UNREACHABLE)


def firewall(tool: str | None, closes: bool | None, tried: bool, command: str) -> Finding:
    """What is known of this machine's firewall; `tried`: the ports were found open from outside."""
    values = {"tool": tool, "command": command or None}
    if closes is None:
        return Finding("firewall", "firewall-unknown", "ok", "", values)
    if not closes:
        return Finding("firewall", "firewall-open", "ok", "" if tool else "none", values)
    if tried:
        return Finding("firewall", "firewall-lets-in", "ok", "", values)
    return Finding("firewall", "firewall-closes", "warning", "", values)


def announced(
    name: str, trouble: str, returned: bool | None, wanted: bool, others: Sequence[str]
) -> Finding:
    """Whether the network hears of this server: `name` as it is announced, "" where it is not;
    `wanted`: it was started to be. `others`: servers of the same name with another key."""
    values: dict[str, Any] = {"name": name or None}
    if name:
        if others:
            values["others"] = list(others)
            return Finding("discovery", "announced", "ok", "namesake", values)
        return Finding("discovery", "announced", "ok", "", values)
    if trouble in ("missing", "off"):
        level: Level = "warning" if wanted else "ok"
        told = {"command": INSTALL} if trouble == "missing" else {}
        return Finding("discovery", "discovery-off", level, trouble, told)
    if not wanted:
        return Finding("discovery", "not-announced", "ok", "", values)
    reason = trouble if trouble in ("no-multicast", "no-network") else ""
    if returned is False:
        reason = "blocked"
    return Finding("discovery", "unseen", "warning", reason, values)


def _places(ports: Mapping[Place, Knock]) -> dict[str, Any]:
    hosts = list(dict.fromkeys(host for host, _port in ports))
    return {"addresses": hosts, "ports": sorted({port for _host, port in ports})}


def _text(place: Place) -> str:
    host, port = place
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
