"""What the client's doctor makes of what it saw. Pure."""

from __future__ import annotations

from typing import Any

import pytest

from common.doctor import judging
from common.doctor.judging import Way
from common.doctor.seen import Kind, Knock, Speaker, State
from common.protocol.messages import PROTOCOL


def way(pull: State, pub: State, card: State | None = None, **more: Any) -> Way:
    ports = {"pull": 5555, "pub": 5556}
    knocks = {"pull": Knock(pull, 0.01, "why", "10.0.0.1"), "pub": Knock(pub, 0.02)}
    if card is not None:
        ports["card"] = 5557
        knocks["card"] = Knock(card, 0.03)
    return Way("lab", "10.0.0.2", ports, knocks, **more)


SILENT, REFUSED = "unreachable-silent", "unreachable-refused"


@pytest.mark.parametrize(
    ("seen", "id", "reason"),
    [
        (way("open", "open", "open"), "ports-open", ""),
        (way("open", "open", "silent"), "ports-open", ""),
        (way("refused", "refused", "refused"), REFUSED, ""),
        (way("rejected", "rejected", "rejected"), REFUSED, "rejected"),
        (way("silent", "silent", "silent"), SILENT, ""),
        (way("silent", "silent", "silent", present=True, near=True), SILENT, "drops"),
        (way("silent", "silent", "silent", present=False, near=True), SILENT, "absent"),
        (
            way("silent", "silent", "silent", present=False, near=True, neighbours=2),
            SILENT,
            "isolated",
        ),
        (way("silent", "silent", "silent", echo=True), SILENT, "drops"),
        (way("silent", "silent", "silent", echo=False), SILENT, ""),
        (way("silent", "silent", "refused"), SILENT, "drops"),
        (way("silent", "rejected", "silent"), REFUSED, "rejected"),
        (way("absent", "absent", "absent"), SILENT, "absent"),
        (way("absent", "absent", "absent", neighbours=1), SILENT, "isolated"),
        (way("no-route", "no-route"), SILENT, "no-route"),
        (way("unreachable", "unreachable"), SILENT, "unreachable"),
        (way("forbidden", "forbidden"), SILENT, "forbidden"),
        (way("open", "silent", "open"), SILENT, "half"),
        (way("open", "rejected", "open"), REFUSED, "half"),
        (way("open", "refused", "open"), REFUSED, "half-refused"),
        (way("open", "unreachable", "open"), SILENT, "half-refused"),
        (way("silent", "open"), SILENT, "half"),
        (way("silent", "silent", "open"), SILENT, "half"),
    ],
)
def test_silence_refusal_and_absence_are_told_apart(seen: Way, id: str, reason: str) -> None:
    finding = judging.ports(seen)
    assert (finding.id, finding.reason) == (id, reason)
    assert finding.level == ("ok" if id == "ports-open" else "wrong")
    assert finding.status == (1 if id == "ports-open" else 69)


def test_the_port_at_fault_is_named() -> None:
    half = judging.ports(way("open", "silent", "open"))
    assert (half.values["port"], half.values["open_port"]) == (5556, 5555)
    assert half.values["open_ports"] == [5555, 5557]
    first = judging.ports(way("rejected", "silent"))
    assert (first.values["port"], first.values["by"], first.values["why"]) == (
        5555,
        "10.0.0.1",
        "why",
    )


def test_of_several_addresses_the_one_that_answers_best() -> None:
    order = [
        way("absent", "absent"),
        way("silent", "silent"),
        way("refused", "refused"),
        way("open", "silent"),
        way("open", "open"),
    ]
    assert [one.best for one in order] == sorted(one.best for one in order)


@pytest.mark.parametrize(
    ("kind", "id", "reason"),
    [
        ("http", "not-causette", "http"),
        ("other", "not-causette", "other"),
        ("closed", "not-causette", "closed"),
        ("silent", "no-answer", ""),
    ],
)
def test_another_program(kind: Kind, id: str, reason: str) -> None:
    finding = judging.program(way("open", "open"), 5555, Speaker(kind, said="nginx"))
    assert finding is not None
    assert (finding.id, finding.reason, finding.level) == (id, reason, "wrong")


def test_zeromq_is_no_other_program() -> None:
    assert judging.program(way("open", "open"), 5555, Speaker("zeromq", "CURVE")) is None


@pytest.mark.parametrize(
    ("mechanism", "key", "reason"),
    [
        ("CURVE", "k" * 64, None),
        ("NULL", None, None),
        ("CURVE", None, "they-encrypt"),
        ("NULL", "k" * 64, "they-do-not"),
        ("PLAIN", "k" * 64, "they-do-not"),
    ],
)
def test_encryption_on_one_side(mechanism: str, key: str | None, reason: str | None) -> None:
    finding = judging.encryption("lab", Speaker("zeromq", mechanism), key)
    assert (finding.reason if finding else None) == reason
    assert finding is None or finding.status == 77


def test_versions() -> None:
    assert judging.version(PROTOCOL) is None
    older, newer = judging.version(PROTOCOL - 1), judging.version(PROTOCOL + 1)
    assert older is not None
    assert newer is not None
    assert (older.reason, newer.reason) == ("server-older", "server-newer")


@pytest.mark.parametrize(
    ("ahead", "uncertain", "level", "reason"),
    [
        (0.2, 0.01, "ok", ""),
        (-4.9, 0.0, "ok", ""),
        (5.5, 0.0, "warning", "ahead"),
        (5.5, 1.0, "ok", ""),
        (-59.0, 0.0, "warning", "behind"),
        (3_600.0, 0.5, "wrong", "ahead"),
        (-86_400.0, 0.5, "wrong", "behind"),
    ],
)
def test_clocks(ahead: float, uncertain: float, level: str, reason: str) -> None:
    finding = judging.clock(ahead, uncertain)
    assert (finding.level, finding.reason) == (level, reason)
    assert finding.values["off_seconds"] == round(abs(ahead), 1)


def test_round_trips() -> None:
    quick = judging.speed([0.001, 0.002, 0.9])
    assert (quick.level, quick.values["ms"], quick.values["worst_ms"]) == ("ok", 2.0, 900.0)
    assert judging.speed([1.5, 2.0, 0.1]).level == "warning"


@pytest.mark.parametrize(
    ("free", "names", "full", "id"),
    [
        (10**10, 10**6, False, "disk-ok"),
        (10**10, None, False, "disk-ok"),
        (10**6, 10**6, False, "disk-low"),
        (0, 10**6, False, "disk-full"),
        (10**10, 0, False, "disk-full"),
        (10**10, 10**6, True, "disk-full"),
    ],
)
def test_room_on_the_disk(free: int, names: int | None, full: bool, id: str) -> None:
    finding = judging.disk("disk", "/here", free, names, full)
    assert finding is not None
    assert finding.id == id
    assert finding.reason == ("files" if names == 0 else "")


def test_a_system_that_does_not_tell_about_its_disk() -> None:
    assert judging.disk("disk", "/here", None, None, False) is None


def test_descriptors() -> None:
    assert judging.files(1_024, 10).level == "ok"
    assert judging.files(30, 10).level == "wrong"


@pytest.mark.parametrize(
    ("trouble", "returned", "died", "reason"),
    [
        ("", True, False, "network"),
        ("", None, False, "network"),
        ("", False, False, "blocked"),
        ("", True, True, "stopped"),
        ("missing", None, False, "here"),
        ("off", None, True, "stopped"),
        ("no-network", None, False, "no-network"),
        ("no-multicast", None, True, "no-multicast"),
    ],
)
def test_why_no_server_was_found(
    trouble: str, returned: bool | None, died: bool, reason: str
) -> None:
    assert judging.none_found(trouble, returned, died) == reason


@pytest.mark.parametrize(
    ("name", "trouble", "returned", "near", "id", "reason", "level"),
    [
        ("Lab", "", True, True, "seen", "", "ok"),
        ("", "", True, True, "unseen", "", "ok"),
        ("", "", True, False, "unseen", "subnet", "ok"),
        ("", "", False, True, "unseen", "blocked", "warning"),
        ("", "no-multicast", None, True, "unseen", "no-multicast", "warning"),
        ("", "missing", None, True, "discovery-off", "missing", "ok"),
        ("", "off", None, True, "discovery-off", "off", "ok"),
    ],
)
def test_discovery(
    name: str, trouble: str, returned: bool | None, near: bool, id: str, reason: str, level: str
) -> None:
    finding = judging.discovery(name, trouble, returned, near)
    assert (finding.id, finding.reason, finding.level) == (id, reason, level)


def test_networks() -> None:
    assert judging.networks(["10.0.0.1"], "127.0.0.1", None).id == "network-loopback"
    assert judging.networks(["10.0.0.1"], "10.0.0.2", "10.0.0.1").id == "network-ok"
    assert judging.networks(["10.0.0.1"], "10.9.0.2", None).id == "network-other"
    assert judging.networks([], "10.9.0.2", None).id == "network-ok", "nobody tells"
    assert judging.networks(["10.0.0.1"], "fe80::1%eth0", "fe80::2").id == "network-ok"
