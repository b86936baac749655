"""`broker.py doctor`: what keeps people from this machine's server, from its files to the network.

Owns the order of the looks. Judges nothing (`judging_server`) and says nothing (`phrases_server`).
It works beside a broker that serves and without one, and changes nothing but one small file that it
writes and removes to see whether the disk takes it, and the namespace of `outside`.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from common import __version__, addresses, keys
from common.addresses import Own
from common.broker import checkup
from common.broker.backup import DATABASE
from common.broker.checkup import Checkup
from common.broker.database import BadDatabase, NewerDatabase, StorageError
from common.client import card as cards
from common.client import target as targets
from common.client.target import BadTarget, Ready, of_ready
from common.doctor import firewall, hello, machine, multicast, network, outside
from common.doctor import judging_server as judge
from common.doctor.findings import Finding
from common.doctor.judging import BAD_CONFIGURATION, NOT_PERMITTED, UNREACHABLE
from common.doctor.ports import knock_all
from common.doctor.runner import Findings, look
from common.doctor.seen import Place
from common.doctor.server_app import Wanted
from common.endpoints import host_and_port
from common.explain import explain

KNOCK: Final = 3.0
LOOK: Final = 2.5
_CARD: Final = 3.0
_JOIN: Final = 10.0
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_FILES: Final = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "broker.key", ".lock")


@dataclass
class Case:
    """What is known so far."""

    data: Path
    wanted: Wanted
    deep: bool
    pair: keys.KeyPair | None = None
    checkup: Checkup | None = None
    ready: Ready | None = None
    own: list[Own] = field(default_factory=list)
    at: list[Place] = field(default_factory=list)
    """Where others may reach it."""
    usable: bool = True
    """Whether its directory can be read at all."""
    silent: bool = False
    """It runs, and does not answer."""
    over: bool = False

    @property
    def directory(self) -> Path:
        return self.data / "broker"


def examine(data: Path, wanted: Wanted, *, deep: bool = False) -> Findings:
    """Look at one thing after the other; `data` is the root that holds `broker/`."""
    own = outside.without_visitors(addresses.interfaces())
    case = Case(data, wanted, deep, own=own)
    checks = (
        _data, _key, _database, _running, _answers, _files, _bound, _addresses, _here, _outside,
        _discovery, _backup,
    )  # fmt: skip
    return look(checks, case)


# --- its files ---------------------------------------------------------------------------------


def _data(case: Case) -> Findings:
    here = case.directory
    found = machine.rights(here, write=True, directory=True)
    values: dict[str, Any] = {"path": str(here)}
    if not found.exists:
        case.usable = False
        why = machine.rights(machine.nearest(here), write=True, directory=True).why
        if why:
            yield Finding("data", "data-dir", "wrong", "", {**values, "why": why}, NOT_PERMITTED)
        else:
            yield Finding("data", "data-none", "ok", "", values)
        return
    values |= {"mode": found.written, "owner": found.owner}
    if found.why:
        case.usable = False
        yield Finding("data", "data-dir", "wrong", "", {**values, "why": found.why}, NOT_PERMITTED)
        return
    mixed = _of_another(here, found.owner)
    if mixed is not None:
        told = {"path": str(mixed.path), "owner": mixed.owner, "account": found.owner}
        yield Finding("data", "data-mixed", "wrong", "", {**values, **told}, NOT_PERMITTED)
    elif found.open_to:
        yield Finding("data", "data-loose", "warning", "", values)
    else:
        yield Finding("data", "data-ok", "ok", "", values)


def _of_another(directory: Path, owner: str) -> machine.Rights | None:
    """A file that a broker needs and that belongs to another account than its directory, as after
    a start with sudo: the next start may not write it."""
    for name in _FILES:
        rights = machine.rights(directory / name)
        if rights.exists and rights.owner != owner:
            return rights
    return None


def _key(case: Case) -> Findings:
    path = case.directory / "broker.key"
    rights = machine.rights(path)
    values: dict[str, Any] = {"path": str(path), "mode": rights.written}
    if not case.usable:
        return
    if not rights.exists:
        yield Finding("key", "server-key-none", "ok", "", values)
        return
    if not rights.why and rights.open_to:
        yield Finding("key", "key-file", "wrong", "loose", values, BAD_CONFIGURATION)
        return
    try:
        case.pair = keys.load(path)
    except keys.BadKeyFile as error:
        values["why"] = error.why
        yield Finding("key", "key-file", "wrong", "", values, BAD_CONFIGURATION)
    except OSError as error:
        values["why"] = error.strerror or str(error)
        yield Finding("key", "key-file", "wrong", "rights", values, NOT_PERMITTED)
    else:
        values["key"] = keys.fingerprint(case.pair.public)
        yield Finding("key", "server-key", "ok", "", values)


def _database(case: Case) -> Findings:
    """The database, and what it tells of disk and clock."""
    path = case.directory / DATABASE
    findings: list[Finding] = []
    if case.usable and path.exists():
        findings.append(_look(case, path))
    elif case.usable:
        findings.append(Finding("database", "database-none", "ok", "", {"path": str(path)}))
    yield from _disk(case)
    yield from findings
    if case.checkup is not None:
        told = judge.clock(case.checkup.newest, time.time_ns() // 1_000_000)
        if told is not None:
            yield told


def _look(case: Case, path: Path) -> Finding:
    values: dict[str, Any] = {"path": str(path)}
    try:
        found = case.checkup = checkup.look(path, deep=case.deep)
    except NewerDatabase as error:
        values |= {"form": error.found, "newest": error.known}
        return Finding("database", "newer-database", "wrong", "", values)
    except BadDatabase as error:
        return Finding("database", "database-damaged", "wrong", "", {**values, "why": error.why})
    except (StorageError, OSError) as error:
        return Finding("database", "database-damaged", "wrong", "", {**values, "why": str(error)})
    summary = found.summary
    values |= {"form": found.form, "rooms": summary.rooms, "records": summary.records}
    values |= {"people": summary.people, "size_bytes": summary.bytes}
    if found.problems:
        values |= {"why": found.problems[0], "problems": found.problems}
        return Finding("database", "database-damaged", "wrong", "", values)
    if not found.whole:
        return Finding("database", "database-large", "ok", "", values)
    return Finding("database", "database-ok", "ok", "deep" if case.deep else "", values)


def _disk(case: Case) -> Findings:
    here = case.directory
    full = False
    if case.usable:
        error = machine.try_to_write(here)
        full = error is not None and error.errno in _FULL
        if error is not None and not full:
            values = {"path": str(here), "why": error.strerror or str(error)}
            yield Finding("disk", "data-dir", "wrong", "", values, NOT_PERMITTED)
            return
    growth = 0.0
    if case.checkup is not None:
        size, now = case.checkup.summary.bytes, time.time_ns() // 1_000_000
        growth = judge.growth(size, case.checkup.begun, now)
    free, names = machine.free_space(here), machine.free_names(here)
    finding = judge.disk(str(here), free, names, full, growth)
    if finding is not None:
        yield finding


# --- whether it runs ---------------------------------------------------------------------------


def _running(case: Case) -> Findings:
    values: dict[str, Any] = {"path": str(case.directory)}
    try:
        ready = targets.read_ready(case.data)
    except BadTarget as error:
        told = {"path": error.value, "why": error.why}
        yield Finding("running", "profile-damaged", "wrong", "", told)
        case.over = True
        return
    holder = machine.lock_holder(case.directory / ".lock") if case.usable else None
    if ready is None:
        yield from _not_running(case, holder, values)
        return
    case.ready = ready
    values |= {"name": ready.name, "pid": ready.pid, "version": ready.version}
    if holder is not None and holder not in (0, ready.pid):
        values["other"] = holder
        yield Finding("running", "data-dir-locked", "wrong", "two", values)
    elif holder is None and case.usable and machine.knows_locks():
        # The process has that number by chance: nobody holds the directory.
        case.ready = None
        yield from _not_running(case, holder, {**values, "pid": ready.pid})
    elif not machine.shares_network(ready.pid):
        yield Finding("running", "running", "warning", "apart", values)
    elif ready.version and ready.version != __version__:
        values["ours"] = __version__
        yield Finding("running", "running", "warning", "version", values)
    else:
        yield Finding("running", "running", "ok", "", values)


def _not_running(case: Case, holder: int | None, values: dict[str, Any]) -> Findings:
    """Nobody serves; and why a start would fail, as far as that can be seen."""
    if holder is not None:
        values["other"] = holder or None
        yield Finding("running", "data-dir-locked", "wrong", "silent", values, UNREACHABLE)
        return
    for address in _wanted_addresses(case.wanted):
        trouble = machine.cannot_bind(address)
        if trouble is not None:
            told = {"address": address, "why": trouble.strerror or str(trouble)}
            in_use = trouble.errno == errno.EADDRINUSE
            id = "address-in-use" if in_use else "address-wrong"
            yield Finding("running", id, "wrong", "", told)
            return
    died = (case.directory / "ready.json").exists()
    yield Finding("running", "not-running", "wrong", "died" if died else "", values, UNREACHABLE)


def _wanted_addresses(wanted: Wanted) -> list[str]:
    """Where a start would bind, ports that are chosen then left out."""
    found = [*wanted.pull, *wanted.pub]
    if not wanted.pub:
        for address in wanted.pull:
            place = host_and_port(address)
            if place is not None:
                found += [f"tcp://{_bracketed(place[0])}:{place[1] + n}" for n in (1, 2)]
    if wanted.card:
        found.append(wanted.card)
    return [address for address in found if host_and_port(address)]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _answers(case: Case) -> Findings:
    """Whether what runs is alive: its card, then a way in under its own key."""
    ready = case.ready
    if ready is None or not machine.shares_network(ready.pid):
        return
    target = of_ready(ready)
    values: dict[str, Any] = {"name": ready.name, "pid": ready.pid}
    if target.card is not None:
        try:
            shown = cards.fetch(target.card, _CARD)
        except cards.NoCard as error:
            case.silent = True
            values |= {"address": target.card, "why": error.why}
            reason = "" if error.reason == "no-answer" else "other"
            yield Finding("answers", "no-answer", "wrong", reason, values, UNREACHABLE)
            return
        if shown.key != target.key:
            values["address"] = target.card
            yield Finding("answers", "no-answer", "wrong", "other", values, UNREACHABLE)
            case.silent = True
            return
    if case.pair is None or case.pair.public != target.key:
        if target.key is None:
            yield Finding("answers", "answers-plain", "warning", "", values)
        elif case.pair is not None:
            yield Finding("answers", "wrong-key", "wrong", "", values, NOT_PERMITTED)
        return
    asked = hello.Asked(target, case.pair, "server", host=target.label)
    for finding in hello.join(asked, _JOIN):
        if finding.level == "wrong":
            case.silent = True
            told = {**finding.values, **values}
            text = explain(finding.id, {}, str(finding.values.get("text", "")))
            yield Finding("answers", "no-answer", "wrong", "session", {**told, "why": text})
            return
        if finding.check == "speed":
            yield Finding("answers", "answers", "ok", "", {**values, **finding.values})


def _files(case: Case) -> Findings:
    ready = case.ready
    if ready is not None:
        limit = machine.limit_of(ready.pid)
        used = machine.open_files(ready.pid)
        if limit is not None and used:
            yield judge.files(limit, used)
        return
    from common.runtime import raise_descriptor_limit

    limit = raise_descriptor_limit()  # as a broker does at its start
    counted = machine.descriptors()
    if counted is not None and limit > 0:
        yield judge.files(limit, counted[1])


# --- whether others reach it -------------------------------------------------------------------


def _bound(case: Case) -> Findings:
    ready = case.ready
    if ready is not None:
        yield judge.bound(ready.pull, ready.pub, [ready.card] if ready.card else [])


def _addresses(case: Case) -> Findings:
    ready = case.ready
    if ready is None or not machine.shares_network(ready.pid):
        return
    own = network.outside(case.own) or [a for a in addresses.addresses() if a != "127.0.0.1"]
    if not judge.is_open(ready.pull):
        return
    if not own:
        yield Finding("addresses", "no-network", "wrong", "", {}, UNREACHABLE)
        return
    bound = [*ready.pull, *ready.pub, *([ready.card] if ready.card else [])]
    case.at = judge.places(bound, own)
    hosts = list(dict.fromkeys(host for host, _port in case.at))
    gone = judge.gone(hosts, own)
    values: dict[str, Any] = {"addresses": hosts, "links": _links(ready, hosts)}
    if gone and len(gone) == len(hosts):
        values |= {"gone": gone, "own": own}
        yield Finding("addresses", "address-gone", "wrong", "", values, UNREACHABLE)
        return
    case.at = [place for place in case.at if place[0] not in gone]
    local = all(host.partition("%")[0].startswith(("fe80:", "169.254.")) for host in hosts)
    yield Finding("addresses", "addresses-ok", "ok", "link-local" if local else "", values)


def _links(ready: Ready, hosts: Sequence[str]) -> list[str] | None:
    pull, pub = host_and_port(ready.pull[0]), host_and_port(ready.pub[0])
    if ready.key is None or pull is None or pub is None:
        return None
    near = [host for host in hosts if "%" not in host]
    return [targets.join_link(ready.key, host, pull[1], pub[1]) for host in near]


def _here(case: Case) -> Findings:
    # An address of IPv6 that holds on one link only takes a while to be usable.
    at = [place for place in case.at if "%" not in place[0]] or case.at
    if at and not case.silent:
        yield judge.from_here(knock_all(at, KNOCK))


def _outside(case: Case) -> Findings:
    """A knock from outside; and what there is of a firewall, to explain it."""
    if not case.at or case.silent:
        return
    found = firewall.read()
    visit = outside.visit(case.at, case.own, KNOCK)
    closed = {port for (_host, port), knock in visit.knocks.items() if knock.state != "open"}
    ports = closed or {port for _host, port in case.at}
    command = firewall.command(found, sorted(ports)) if found.closes else ""
    tried = bool(visit.knocks)
    yield judge.firewall(found.tool, found.closes, tried, command)
    if not tried:
        values = {"why": visit.words} if visit.words else {}
        reason = visit.why_not or "platform"
        yield Finding("outside", "outside-not-tried", "ok", reason, values)
        return
    yield judge.from_outside(visit.knocks, visit.whence, command, found.tool)


def _discovery(case: Case) -> Findings:
    ready = case.ready
    if ready is None or case.silent or not case.at or not machine.shares_network(ready.pid):
        return
    key = ready.key.lower() if ready.key else None

    def here(found: list[Any]) -> bool:
        return any(one.key == key for one in found)

    sight = multicast.look_around(case.own, LOOK, here if key else None)
    port = host_and_port(ready.pull[0])
    mine = [
        one
        for one in sight.found
        if (one.key == key if key else port is not None and one.pull == port[1])
    ]
    others = [one.place() for one in sight.found if one not in mine and one.name == ready.name]
    wanted = case.wanted.lan or machine.started_with(ready.pid, "--lan")
    name = mine[0].name if mine else ""
    yield judge.announced(name, sight.trouble, sight.returned, wanted, others)


def _backup(case: Case) -> Findings:
    found = case.checkup
    if found is None:
        return
    now = time.time()
    last = checkup.last_backup(case.directory)
    served = now - found.begun / 1_000 if found.begun else 0.0
    if last is None:
        yield judge.backup("", None, None, served)
        return
    rights = machine.rights(last.path)
    yield judge.backup(str(last.path), rights.exists, now - last.ts / 1_000, served)
