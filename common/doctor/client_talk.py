"""What speaks at the server's address, whether it is the right one, and whether it lets one in.

Owns those looks of `client_side`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from common import keys
from common.addresses import is_loopback
from common.client import nearby
from common.client import target as targets
from common.client.joining import disk_trouble, status_of
from common.client.pins import BadPins, Pins, Trust
from common.client.target import Target
from common.doctor import hello, judging
from common.doctor.case import Case
from common.doctor.client_way import KNOCK, around
from common.doctor.findings import Finding
from common.doctor.judging import NOT_PERMITTED, UNREACHABLE
from common.doctor.runner import Findings
from common.doctor.speaking import listen_to
from common.endpoints import host_and_port, place
from common.lan.found import Found


def program(case: Case) -> Findings:
    way, target = case.way, case.target
    assert target is not None
    if way is None:
        return
    for name in ("pull", "pub"):
        port = way.ports[name]
        speaker = listen_to(way.address, port, min(KNOCK, case.left))
        finding = judging.program(way, port, speaker)
        if finding is not None:
            case.over = True
            yield finding
            return
        case.speaker = case.speaker or speaker
    assert case.speaker is not None
    if case.how in ("link", "by-hand"):
        unlike = judging.encryption(case.host, case.speaker, target.key)
        if unlike is not None:
            case.over = True
            yield unlike
            return
    encrypted = case.speaker.mechanism == "CURVE"
    yield Finding(
        "program",
        "speaks-ok" if encrypted else "speaks-plain",
        "ok" if encrypted else "warning",
        "",
        {"mechanism": case.speaker.mechanism, "host": case.host},
    )


def card(case: Case) -> Findings:
    target, way = case.target, case.way
    assert target is not None
    if case.card is not None:
        spoken = judging.version(case.card.protocol)
        if spoken is not None:
            case.over = True
            yield spoken
            return
        card = case.card
        values: dict[str, Any] = {"name": card.name, "access": card.access}
        yield Finding("card", "card-ok", "ok", card.access, values)
        yield Finding("version", "version-ok", "ok", "", {"version": card.protocol})
        return
    if case.how == "by-hand" or way is None or "card" not in way.ports:
        return
    values = {"host": case.host, "port": way.ports["card"], "address": way.address}
    known = case.key or case.pinned
    if known:
        yield Finding("card", "card-closed", "warning", "", values)
        return
    case.over = True
    if case.no_card == "not-causette":
        yield Finding("card", "not-causette", "wrong", "zeromq", values, UNREACHABLE)
    elif case.no_card:
        speaker = listen_to(way.address, way.ports["card"], min(KNOCK, case.left))
        other = judging.program(way, way.ports["card"], speaker)
        if other is not None and other.id == "not-causette":
            yield replace(other, check="card")
        else:
            yield Finding("card", "no-answer", "wrong", "", values, UNREACHABLE)
    else:
        yield Finding("card", "no-card", "wrong", "", values, UNREACHABLE)


def key(case: Case) -> Findings:
    target, card = case.target, case.card
    assert target is not None
    shown = card.key if card is not None else None
    values: dict[str, Any] = {"host": target.label}
    if shown:
        values["key"] = keys.fingerprint(shown)
    if case.how == "typed":
        yield from _trust(case, shown, values)
        return
    if target.key is not None:
        values["expected"] = keys.fingerprint(target.key)
    if card is not None and shown != target.key:
        case.over = True
        yield Finding("key", "wrong-key", "wrong", "", values, NOT_PERMITTED)
    elif case.how == "moved":  # it was looked for by the key that is trusted
        yield Finding("key", "key-known", "ok", "", {**values, "key": values["expected"]})
    elif case.announced is not None:
        yield from _announced(case, case.announced, values)
    elif target.key is not None:
        id = {"link": "key-link", "here": "key-here", "by-hand": "key-given"}[case.how]
        yield Finding("key", id, "ok", "", {**values, "key": values["expected"]})


def _announced(case: Case, found: Found, values: dict[str, Any]) -> Findings:
    """What a server that was found is to this person; as when one joins it."""
    try:
        judged = nearby.judge(nearby.Choice(found), Pins.of(case.data_dir).all())
    except BadPins as error:
        case.over = True
        yield _damaged(error)
        return
    if found.key is not None:
        values["key"] = found.fingerprint
    if judged.standing is nearby.Standing.KNOWN:
        yield Finding("key", "key-known", "ok", "", values)
    elif judged.standing is nearby.Standing.CHANGED:
        case.over = True
        pinned = judged.pin.key if judged.pin else None
        values["expected"] = keys.fingerprint(pinned) if pinned else None
        yield Finding("key", "key-changed", "wrong", "", values, NOT_PERMITTED)
    else:
        doubtful = judged.standing is nearby.Standing.DOUBTFUL
        case.untrusted = doubtful and not case.settings.switch("trust-first")
        yield Finding("key", "key-unknown", "warning", "" if doubtful else "found", values)


def _damaged(error: BadPins) -> Finding:
    told = {"path": str(error.path), "why": error.why}
    status = status_of("profile-damaged")
    return Finding("key", "profile-damaged", "wrong", "", told, status)


def _trust(case: Case, shown: str | None, values: dict[str, Any]) -> Findings:
    """What a typed address shows, against what was trusted under it."""
    target = case.target
    assert target is not None
    try:
        pins = Pins.of(case.data_dir)
        pin = pins.get(target.label)
        trust = Trust.KNOWN if case.card is None else pins.check(target.label, shown)
    except BadPins as error:
        case.over = True
        yield _damaged(error)
        return
    if pin is not None and pin.key:
        values["expected"] = keys.fingerprint(pin.key)
    if trust is Trust.CHANGED:
        case.over = True
        yield Finding("key", "key-changed", "wrong", "", values, NOT_PERMITTED)
        return
    if case.card is None and pin is not None:  # its port is closed; what was trusted still holds
        case.target = replace(target, key=pin.key, plain=pin.key is None, name=pin.name)
        values["key"] = values.get("expected")
    if trust is Trust.KNOWN:
        yield Finding("key", "key-known", "ok", "", values)
    elif case.settings.switch("trust-first"):
        yield Finding("key", "key-first", "ok", "", values)
    else:
        case.untrusted = True
        yield Finding("key", "key-unknown", "warning", "", values)


# --- joining -----------------------------------------------------------------------------------


def session(case: Case) -> Findings:
    target = case.target
    assert target is not None
    if case.key_wrong:
        return
    if case.untrusted and target.key is None:
        yield Finding("session", "not-tried", "warning", "unknown", {"host": case.host})
        return
    path = case.key_path
    try:
        pair = keys.load_or_create(path)
    except OSError as error:
        trouble = disk_trouble(path, error)
        yield Finding("identity", trouble.code, "wrong", "", trouble.values, trouble.status)
        return
    if case.way is not None:  # the address that answers, where a name has several
        target = _at(target, case.way.address)
    has_code = bool(case.settings.text("invite") or target.code)
    asked = hello.Asked(
        replace(target, code="", claim=""), pair, case.nick, case.fallback, has_code, case.host
    )
    yield from hello.join(asked, max(5.0, case.left))


def _at(target: Target, address: str) -> Target:
    push, sub = host_and_port(target.push), host_and_port(target.sub)
    if push is None or sub is None:
        return target
    return replace(
        target,
        push=targets.address(address, push[1]),
        sub=targets.address(address, sub[1]),
    )


def discovery(case: Case) -> Findings:
    if case.announced is not None or case.how == "here" or not case.host or is_loopback(case.host):
        return
    key = case.key
    at = place(case.host, case.ports["pull"])

    def here(found: list[Found]) -> bool:
        return any(_is(one, key, at) for one in found)

    sight = around(case, here)
    name = next((one.name for one in sight.found if _is(one, key, at)), "")
    near = bool(case.found) and case.shared_with(case.found[0]) is not None
    yield judging.discovery(name, sight.trouble, sight.returned, near)


def _is(found: Found, key: str | None, at: str) -> bool:
    return found.key == key if key else at in found.places
