"""Which server, and the way to it: names, networks, ports.

Owns those looks of `client_side`.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from common import addresses
from common.addresses import is_loopback
from common.client import card as cards
from common.client import nearby
from common.client import target as targets
from common.client.joining import follows
from common.client.target import Target
from common.doctor import judging, multicast, network
from common.doctor.case import Case
from common.doctor.findings import Finding
from common.doctor.judging import UNREACHABLE, Way
from common.doctor.ports import knock_all, knock_at_path, resolve
from common.doctor.runner import Findings
from common.endpoints import host_and_port
from common.lan.found import Found
from common.settings import Settings

KNOCK: Final = 4.0
"""Seconds for a port: a machine that is not there is known to be so after three."""
LOOK: Final = 2.5
"""Seconds for a look around the network."""
_CARD: Final = 3.0
_MOST: Final = 8
"""Addresses of a name that are tried."""


def server(case: Case) -> Findings:
    case.own = addresses.interfaces()
    target = case.target
    if target is None:
        yield from _around(case)
        return
    case.how = _how(target, case.settings)
    at = host_and_port(target.push)
    values: dict[str, Any] = {"push": target.push, "sub": target.sub, "name": target.name}
    if at is not None:
        values |= {"host": at[0], "port": at[1]}
    if case.how == "here":
        ready = targets.read_ready(case.data_dir)
        values["pid"] = ready.pid if ready else None
    yield Finding("server", f"server-{case.how}", "ok", "", values)


def _how(target: Target, settings: Settings) -> str:
    if target.name is not None:
        return "here"
    if target.plain is None:
        return "typed"
    return "by-hand" if target.push == settings.text("push") else "link"


def _around(case: Case) -> Findings:
    """Nobody said which one, and this machine has none: the network may."""
    sight = around(case)
    pid = _dead_broker(case.data_dir)
    values: dict[str, Any] = {"path": str(case.data_dir), "pid": pid}
    if len(sight.found) == 1:
        [one] = sight.found
        _take(case, one, "found")
        yield Finding("server", "server-found", "ok", "", _told(one))
        return
    case.over = True
    if sight.found:
        told: dict[str, Any] = {"names": [one.name for one in sight.found]}
        told["addresses"] = [one.place() for one in sight.found]
        yield Finding("server", "several-found", "wrong", "", told, UNREACHABLE)
        return
    alone = "" if network.outside(case.own) else "no-network"
    reason = judging.none_found(alone or sight.trouble, sight.returned, pid is not None)
    yield Finding("server", "no-broker", "wrong", reason, values, UNREACHABLE)


def _take(case: Case, one: Found, how: str) -> None:
    """Go on with a server that was found; its key is hearsay until it is compared or proved."""
    case.how, case.announced = how, one
    case.target = nearby.target_of(one, one.hosts[0])
    case.found = list(one.hosts)


def _told(one: Found) -> dict[str, Any]:
    return {"name": one.name, "host": one.hosts[0], "port": one.pull, "addresses": [*one.places]}


def _dead_broker(data_dir: Path) -> int | None:
    """The process that served this directory, and ended without removing what it said of itself."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        said = json.loads((data_dir / "broker" / "ready.json").read_bytes())
        return int(said["pid"])
    return None


# --- the way to it -----------------------------------------------------------------------------


def networks(case: Case) -> Findings:
    """Whether there is any network at all, which comes before names."""
    if case.how == "here" or is_loopback(case.host) or not case.host:
        return
    if not network.outside(case.own) and addresses.addresses() == ["127.0.0.1"]:
        case.over = True
        yield Finding("network", "network-none", "wrong", "", {"host": case.host}, UNREACHABLE)


def name(case: Case) -> Findings:
    host = case.host
    if not host:
        return
    if not case.found and _literal(host) is None:
        found = resolve(host)
        values: dict[str, Any] = {"host": host, "why": found.why}
        if not found.addresses:
            case.over = True
            reason = "resolver" if not found.lasting else ""
            if host.lower().endswith(".local"):
                reason = "local"
            yield Finding("name", "unreachable-name", "wrong", reason, values, UNREACHABLE)
            return
        values["addresses"] = list(found.addresses)
        yield Finding("name", "name-ok", "ok", "", values)
        case.found = list(found.addresses)[:_MOST]
    case.found = case.found or [host]
    yield judging.networks(
        network.outside(case.own), case.found[0], case.shared_with(case.found[0])
    )


def _literal(host: str) -> str | None:
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(host.partition("%")[0]))
    return None


def ports(case: Case) -> Findings:
    assert case.target is not None
    if not case.host:
        yield from _paths(case, case.target)
        return
    limit = min(KNOCK, case.left)
    way = _way(case, limit)
    if "card" in way.open and case.how != "by-hand":
        # A typed address has the usual distances between its ports; the card has the real ones.
        _ask_for_card(case, way.address)
        if case.card is not None and case.target.plain is None:
            case.target = cards.complete(case.target, case.card)
            if case.ports != way.ports:
                way = _way(case, limit)
    finding = judging.ports(way)
    if finding.level == "wrong" and (moved := _elsewhere(case)) is not None:
        yield Finding("ports", "moved", "warning", "", {**_told(moved), "former": case.host})
        _take(case, moved, "moved")
        way = _way(case, limit)
        if "card" in way.open:
            _ask_for_card(case, way.address)
        finding = judging.ports(way)
    case.way = way
    case.over = finding.level == "wrong"
    yield finding


def _ask_for_card(case: Case, address: str) -> None:
    assert case.target is not None
    at = host_and_port(case.target.card or "")
    if at is None:
        return
    try:
        # By number: a name may lead to another of its addresses.
        case.card = cards.fetch(targets.address(address, at[1]), min(_CARD, case.left))
    except cards.NoCard as error:
        case.no_card = error.reason


def _way(case: Case, limit: float) -> Way:
    """The address of the server's that answers best."""
    ports = case.ports
    places = [(address, port) for address in case.found for port in ports.values()]
    knocks = knock_all(places, limit)
    ways = []
    for address in case.found:
        at = {name: knocks[address, port] for name, port in ports.items()}
        ways.append(Way(case.host, address, ports, at))
    best = max(ways, key=lambda way: way.best)
    return _known(case, best) if len(best.open) < len(ports) else best


def _known(case: Case, way: Way) -> Way:
    """With what can be told of the machine where its ports do not answer."""
    silent = any(knock.state == "silent" for knock in way.knocks.values())
    near = case.shared_with(way.address) is not None
    present = network.is_present(way.address) if near else None
    echo = None
    if silent and not present:
        echo = network.echo(way.address, min(1.0, case.left))
    return replace(
        way, near=near, present=present, echo=echo, neighbours=network.neighbours(way.address)
    )


def _paths(case: Case, target: Target) -> Findings:
    """Addresses of this machine without TCP (ipc)."""
    for address in (target.push, target.sub):
        why = knock_at_path(address.partition("://")[2]) if address.startswith("ipc://") else ""
        if why:
            case.over = True
            values = {"address": address, "why": why}
            yield Finding("ports", "unreachable-silent", "wrong", "ipc", values, UNREACHABLE)
            return
    yield Finding("ports", "ipc-ok", "ok", "", {"push": target.push, "sub": target.sub})


def _elsewhere(case: Case) -> Found | None:
    """The server that cannot be reached, where it has moved and says so on the network: clients
    look for it by its key."""
    key = case.key or case.pinned
    if not key or case.how not in ("typed", "link") or is_loopback(case.host):
        return None
    sight = around(case, lambda found: any(one.key == key for one in found))
    moved = (one for one in sight.found if one.key == key and case.host not in one.hosts)
    return next(moved, None)


def around(case: Case, enough: Callable[[list[Found]], bool] | None = None) -> multicast.Sight:
    """A look around the network, where that is wanted."""
    if not follows(case.settings):
        return multicast.Sight(trouble="off")
    return multicast.look_around(case.own, min(LOOK, case.left), enough)
