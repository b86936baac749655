"""Rows 57 and 59, and every other request in floods: whoever asks too much waits, the others do
not."""

from __future__ import annotations

import itertools

import pytest

from tests.support import scaled, wait_until
from tests.system.hostile.conftest import FAST, Scene, Setting
from tests.system.hostile.raw import Line, Peer, echo_times, memory

PATIENCE = 0.5
"""Seconds that an echo may take, with few exceptions, on a small and busy machine; at rest it is
0.002."""


def p99(times: list[float]) -> float:
    return times[int(len(times) * 0.99) - 1]


def test_57_a_flood_of_messages_is_slowed_and_loses_nothing(setting: Setting) -> None:
    scene = setting("--rate", "50", "--burst", "100")
    ada, _ = scene.bystanders
    bad = scene.enter("mallory")
    wanted = [f"spam {n}" for n in range(1, 1_001)]

    def lines(first: int) -> list[Line | bytes]:
        return [
            {"type": "say", "n": n, "room": "general", "text": wanted[n - 1]}
            for n in range(first, min(first + 100, 1_001))
        ]

    for start in range(1, 1_001, 100):
        bad.frame(*lines(start))
    refusal = bad.expect(code="rate-limited")
    assert 0 < refusal["retry"] <= 1
    refused = refusal["n"]
    assert refused > 100

    def again() -> None:
        """As fast as it goes, heeding no `retry`."""
        bad.read()
        bad.inbox.clear()
        taken = [line["seq"] for line in bad.room if line.get("text", "").startswith("spam")]
        bad.frame(*lines(len(taken) + 1))

    times = echo_times(ada, 100, again)
    assert p99(times) < scaled(PATIENCE)
    scene.unharmed()
    spam = [line["text"] for line in ada.history() if line["text"].startswith("spam")]
    assert spam == wanted[: len(spam)]
    assert len(spam) < 100 + 50 * (sum(times) + scaled(5))


def test_57_many_sessions_of_one_person_have_one_allowance(setting: Setting) -> None:
    scene = setting("--rate", "1", "--burst", "40")
    first = scene.enter("mallory")
    others = [scene.enter("mallory", pair=first.pair) for _ in range(4)]
    for peer in (first, *others):
        peer.say(*["x"] * 20)
        peer.ping()
    stored = [line for line in scene.bystanders[0].history() if line["nick"] == "mallory"]
    assert 40 <= len(stored) <= 40 + scaled(5)
    scene.unharmed()


def test_59_a_flood_of_history_requests(setting: Setting) -> None:
    scene = setting("--rate", "200", "--burst", "2000")
    ada, bob = scene.bystanders
    ada.say(*["some words of history " * 10] * 200)
    ada.ping()
    bad = scene.enter("mallory")
    before = memory(scene.broker)
    asked = itertools.count()
    refused: list[Line] = []

    def again() -> None:
        bad.frame(
            *(
                {"type": "history", "room": "general", "id": f"h{next(asked)}", "after": 0}
                for _ in range(50)
            )
        )
        bad.read()
        refused.extend(bad.errors())
        bad.inbox.clear()

    times = echo_times(ada, 60, again)
    assert p99(times) < scaled(PATIENCE)
    for _ in range(20):
        again()
    assert len(bob.history()) >= 200
    assert next(asked) > 3_000
    assert {error["code"] for error in refused} == {"rate-limited"}
    assert all(error["retry"] for error in refused)
    assert memory(scene.broker, peak=True) - before < 96 << 20
    scene.unharmed()


def test_59_one_that_reads_no_answer(setting: Setting) -> None:
    """Its pages wait in the broker up to a mark, and not beyond."""
    scene = setting(*FAST)
    ada, bob = scene.bystanders
    for _ in range(5):
        ada.say(*["x" * 10_000] * 4)
    ada.ping()
    bad = scene.enter("mallory")
    before = memory(scene.broker)
    for n in range(1_500):
        bad.frame({"type": "history", "room": "general", "id": f"h{n}", "after": n % 3})
    assert len(bob.history()) == 20
    assert memory(scene.broker, peak=True) - before < 96 << 20
    scene.unharmed()


REQUESTS: dict[str, Line | bytes] = {
    "pings": {"type": "ping", "id": "x"},
    "people": {"type": "who", "room": "general", "id": "x"},
    "rooms": {"type": "rooms", "id": "x"},
    "joins": {"type": "join", "room": "general", "id": "x"},
    "leaves": {"type": "leave", "room": "nowhere", "id": "x"},
    "nonsense": b"1",
    "hellos": {"type": "hello", "protocol": 2, "nick": "x", "stream": "x"},
    "strange types": {"type": "strange"},
    "numbers from the future": {"type": "say", "n": 1 << 52, "room": "general", "text": "x"},
    "bad rooms": {"type": "join", "room": "a b", "id": "x"},
    "taken nicknames": {"type": "nick", "nick": "ADA", "id": "x"},
}


def test_floods_of_small_requests(scene: Scene) -> None:
    """Thousands of lines in each frame, and each of them might earn an answer and a line in the
    log: four bytes that cost the broker four hundred."""
    ada, _ = scene.bystanders
    for name, line in REQUESTS.items():
        bad = scene.enter()
        size = len(line) if isinstance(line, bytes) else len(str(line))
        lines = [line] * min(30_000, 60_000 // (size + 1))
        for _ in range(20):
            bad.frame(*lines)
        times = echo_times(ada, 20, lambda bad=bad, lines=lines: bad.frame(*lines))  # type: ignore[misc]
        assert times[-1] < scaled(2 * PATIENCE), name
        bad.read()
        assert len(bad.inbox) < 5_000, name
        bad.close()
    scene.unharmed()
    assert len(scene.log()) < 1_500


def test_rooms_beyond_the_limit(scene: Scene) -> None:
    bad = scene.enter("mallory", ())
    rooms = [f"r{n}" for n in range(201)]
    bad.frame(bad.hello("mallory", tuple(rooms)))
    assert bad.expect(type="error")["code"] == "too-many"
    bad.frame(bad.hello("mallory", tuple(rooms[:200])))
    assert len(bad.expect(type="welcome")["rooms"]) == 200
    bad.frame(bad.hello("mallory", ("one-more",)))  # a hello adds to what there is
    assert bad.expect(type="error")["code"] == "too-many"
    bad.frame({"type": "join", "room": "one-more", "id": "j"})
    assert bad.expect(id="j")["code"] == "too-many"
    bad.frame({"type": "join", "room": "r7", "id": "again"})
    assert bad.expect(id="again")["type"] == "room"
    scene.unharmed()


def test_new_rooms_and_nicknames_without_end(scene: Scene) -> None:
    """Each room is kept for ever, and each nickname is told to every room."""
    bad = scene.enter("mallory")
    bad.say("first")
    bad.hears("first")
    for n in range(400):
        bad.frame({"type": "say", "n": bad.n + 1 + n, "room": f"room-{n}", "text": "x"})
    refusal = bad.expect(code="rate-limited")
    assert refusal["retry"] > 0
    assert refusal["n"] > 200
    bad.frame({"type": "join", "room": "yet-another", "id": "j"})
    assert bad.expect(id="j")["code"] == "rate-limited"
    for n in range(12):  # those that one had stay one's own
        bad.frame({"type": "nick", "nick": f"mallory-the-{n}", "id": f"k{n}"})
    assert bad.expect(code="too-many")["id"] == "k10"
    bad.frame({"type": "say", "n": refusal["n"], "room": "general", "text": "but I may speak"})
    bad.hears("but I may speak")
    scene.unharmed()


def test_hellos_without_end_leave_nothing_behind(scene: Scene) -> None:
    ada, _ = scene.bystanders
    bad = scene.enter("mallory")
    before = memory(scene.broker)
    for n in range(5_000):
        bad.frame(bad.hello(f"mallory-{n}", stream=f"{n:016x}"))
    bad.ping()
    names = {line["nick"] for line in bad.room if line["type"] == "nick"}
    assert len(names) < 40
    assert memory(scene.broker) - before < 16 << 20
    assert echo_times(ada, 10)[-1] < scaled(PATIENCE)
    scene.unharmed()


@pytest.mark.parametrize("mode", ["curve", "plain"])
def test_one_who_is_let_in_again_as_another_leaves_no_ghost(
    request: pytest.FixtureRequest, mode: str
) -> None:
    """Another secret, or invisible all at once: who was counted must be counted out."""
    scene: Scene = request.getfixturevalue("scene" if mode == "curve" else "plain")
    ada, _ = scene.bystanders
    bad = scene.stranger()
    secret: Line = {"secret": "the first of my secrets"} if mode == "plain" else {}
    other: Line = {"secret": "the second of my secrets"} if mode == "plain" else {"visible": False}
    bad.come_in("mallory", **secret)
    bad.frame(bad.hello("malice", stream="f" * 16, **other))
    bad.expect(type="welcome")
    bad.frame({"type": "bye"})

    def people(asking: Peer = ada) -> set[str]:
        asking.frame({"type": "who", "room": "general", "id": "w"})
        return {person["nick"] for person in asking.expect(type="people")["people"]}

    wait_until(lambda: people() == {"ada", "bob"}, "nobody else is there", saw=people)
    scene.unharmed()
