"""What the server's doctor makes of what it saw. Pure."""

from __future__ import annotations

import pytest

from common.doctor import judging_server as judge
from common.doctor.seen import Knock, Place, State

DAY = 86_400
NOW = 1_795_000_000_000


@pytest.mark.parametrize(
    ("free", "growth", "level"),
    [
        (10**12, 0.0, "ok"),
        (10**8, 0.0, "warning"),
        (10**10, 10**6, "ok"),
        (10**9, 10**8, "warning"),
        (0, 0.0, "wrong"),
    ],
)
def test_room_and_growth(free: int, growth: float, level: str) -> None:
    finding = judge.disk("/data", free, 100, False, growth)
    assert finding is not None
    assert finding.level == level
    if growth and free:
        assert finding.values["left_seconds"] == round(free / growth * DAY)


def test_growth_is_by_the_day_and_not_of_a_young_database() -> None:
    assert judge.growth(10_000, NOW - 10 * DAY * 1_000, NOW) == pytest.approx(1_000)
    assert judge.growth(10_000, NOW - 3_600_000, NOW) == 0
    assert judge.growth(10_000, 0, NOW) == 0


@pytest.mark.parametrize(
    ("behind", "level"), [(-5_000, "ok"), (0, "ok"), (30_000, "warning"), (7_200_000, "wrong")]
)
def test_the_clock_against_the_newest_record(behind: int, level: str) -> None:
    finding = judge.clock(NOW + behind, NOW)
    assert finding is not None
    assert finding.level == level


def test_no_record_no_clock() -> None:
    assert judge.clock(0, NOW) is None


@pytest.mark.parametrize(
    ("there", "age", "served", "id", "level"),
    [
        (None, None, 3_600.0, "backup-none", "ok"),
        (None, None, 20.0 * DAY, "backup-none", "warning"),
        (True, 3_600.0, 20.0 * DAY, "backup-ok", "ok"),
        (True, 20.0 * DAY, 20.0 * DAY, "backup-old", "warning"),
        (False, 3_600.0, 20.0 * DAY, "backup-gone", "warning"),
    ],
)
def test_backups(there: bool | None, age: float | None, served: float, id: str, level: str) -> None:
    finding = judge.backup("/b" if age else "", there, age, served)
    assert (finding.id, finding.level) == (id, level)


@pytest.mark.parametrize(
    ("limit", "used", "level", "more"),
    [(1_024, 40, "ok", 492), (200, 40, "warning", 80), (50, 40, "wrong", 5), (30, 40, "wrong", 0)],
)
def test_descriptors_against_sessions(limit: int, used: int, level: str, more: int) -> None:
    finding = judge.files(limit, used)
    assert (finding.level, finding.values["sessions"]) == (level, more)


EVERY, HERE = "tcp://0.0.0.0:5555", "tcp://127.0.0.1:5555"


@pytest.mark.parametrize(
    ("pull", "pub", "card", "id", "reason"),
    [
        ([EVERY], ["tcp://[::]:5556"], [EVERY], "bound-ok", ""),
        ([EVERY], [EVERY], [], "bound-ok", ""),
        ([EVERY], [EVERY], [HERE], "bound-card", ""),
        ([HERE, EVERY], [HERE, EVERY], [EVERY], "bound-ok", ""),
        ([HERE], [HERE], [HERE], "loopback-only", ""),
        (["tcp://[::1]:5555"], ["ipc:///run/x"], [], "loopback-only", ""),
        ([EVERY], [HERE], [EVERY], "loopback-half", "pub"),
        ([HERE], [EVERY], [EVERY], "loopback-half", "pull"),
    ],
)
def test_what_it_listens_on(
    pull: list[str], pub: list[str], card: list[str], id: str, reason: str
) -> None:
    finding = judge.bound(pull, pub, card)
    assert (finding.id, finding.reason) == (id, reason)


def test_the_places_where_others_reach_it() -> None:
    own = ["10.0.0.1", "fd00::1", "fe80::1%eth0"]
    assert judge.places(["tcp://0.0.0.0:5555"], own) == [("10.0.0.1", 5555)]
    both = [(host, 5555) for host in own]
    assert judge.places(["tcp://[::]:5555"], own) == both
    assert judge.places(["tcp://*:5555"], own) == both
    assert judge.places(["tcp://10.0.0.9:5", "tcp://127.0.0.1:6", "ipc:///x"], own) == [
        ("10.0.0.9", 5)
    ]
    assert judge.gone(["10.0.0.9", "10.0.0.1"], own) == ["10.0.0.9"]


def knocks(**states: State) -> dict[Place, Knock]:
    ports = {"a": 5555, "b": 5556}
    return {("10.0.0.1", ports[name]): Knock(state, 0.1) for name, state in states.items()}


@pytest.mark.parametrize(
    ("seen", "id", "reason", "closed"),
    [
        (knocks(a="open", b="open"), "outside-ok", "", None),
        (knocks(a="silent", b="silent"), "firewall-drops", "", [5555, 5556]),
        (knocks(a="open", b="silent"), "firewall-drops", "", [5556]),
        (knocks(a="rejected", b="rejected"), "firewall-rejects", "", [5555, 5556]),
        (knocks(a="open", b="refused"), "firewall-rejects", "reset", [5556]),
        (knocks(a="silent", b="rejected"), "firewall-rejects", "", [5555, 5556]),
    ],
)
def test_from_outside(
    seen: dict[Place, Knock], id: str, reason: str, closed: list[int] | None
) -> None:
    finding = judge.from_outside(seen, "198.18.0.2", "let them in", "ufw")
    assert (finding.id, finding.reason) == (id, reason)
    assert finding.values.get("closed_ports") == closed


def test_from_here() -> None:
    assert judge.from_here(knocks(a="open", b="open")).level == "ok"
    shut = judge.from_here(knocks(a="open", b="silent"))
    assert (shut.level, shut.values["port"], shut.values["state"]) == ("wrong", 5556, "silent")


@pytest.mark.parametrize(
    ("tool", "closes", "tried", "id", "level"),
    [
        ("nftables", False, True, "firewall-open", "ok"),
        (None, False, False, "firewall-open", "ok"),
        ("ufw", True, True, "firewall-lets-in", "ok"),
        ("ufw", True, False, "firewall-closes", "warning"),
        (None, None, False, "firewall-unknown", "ok"),
    ],
)
def test_firewalls(tool: str | None, closes: bool | None, tried: bool, id: str, level: str) -> None:
    finding = judge.firewall(tool, closes, tried, "let them in")
    assert (finding.id, finding.level) == (id, level)


@pytest.mark.parametrize(
    ("name", "trouble", "returned", "wanted", "id", "reason", "level"),
    [
        ("Lab", "", True, True, "announced", "", "ok"),
        ("", "", True, False, "not-announced", "", "ok"),
        ("", "", True, True, "unseen", "", "warning"),
        ("", "", False, True, "unseen", "blocked", "warning"),
        ("", "no-multicast", None, True, "unseen", "no-multicast", "warning"),
        ("", "missing", None, True, "discovery-off", "missing", "warning"),
        ("", "missing", None, False, "discovery-off", "missing", "ok"),
    ],
)
def test_announcements(
    name: str, trouble: str, returned: bool | None, wanted: bool, id: str, reason: str, level: str
) -> None:
    finding = judge.announced(name, trouble, returned, wanted, [])
    assert (finding.id, finding.reason, finding.level) == (id, reason, level)


def test_a_namesake_is_told() -> None:
    finding = judge.announced("Lab", "", True, True, ["10.0.0.9:5555"])
    assert (finding.reason, finding.values["others"]) == ("namesake", ["10.0.0.9:5555"])
