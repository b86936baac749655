"""What it costs to look at rights: the core's own CPU for each message, and for each subscription.

Owns a core without sockets or a file that holds ten thousand memberships in a thousand rooms, and
the ways in which a message can be more than plain. What is compared takes turns, message by
message the same but for its room.
"""

import gc
import time
from typing import Final

from msgspec.json import encode

from bench.report import Comparison, Plan
from common.broker.batch import RoomRow, StreamRow, UserRow
from common.broker.core import Core
from common.broker.ledger import Ledger
from common.broker.limits import CoreSettings
from common.protocol import topics
from common.protocol.identity import user_of_key

TARGET: Final = 1.0
"""Microseconds on average that rights may add to a message, or take of a subscription."""
PEOPLE: Final = 10_000
ROOMS: Final = 1_000
KEY: Final = "ab" * 32
USER: Final = user_of_key(KEY)
SESSION: Final = b"0123456789abcdef" * 2
STREAM: Final = "0123456789abcdef"
TURN: Final = 1_000
"""Messages between two commits."""
KINDS: Final = {"public": 1, "with somebody muted": 2, "private": 3, "read-only": 4, "direct": 5}
"""Rooms of the speaker's, by number."""


def rights(plan: Plan) -> list[Comparison]:
    """Each kind of room against a plain public one; and subscribing to a private room's topic."""
    core = _core()
    states = _come_in(core)
    count = plan.scaled(30_000)
    spent: dict[str, list[float]] = {kind: [] for kind in KINDS}
    asked: dict[str, list[float]] = {kind: [] for kind in ("public", "private")}
    n = 0
    gc.disable()
    try:
        for _ in range(plan.repetitions):
            for kind, name in states.items():
                spent[kind].append(_say(core, name, n, count))
                n += count
            for kind, times in asked.items():
                times.append(_subscribe(core, states[kind], count))
    finally:
        gc.enable()
    plain = spent.pop("public")
    more = {
        kind: [own - other for own, other in zip(times, plain, strict=True)]
        for kind, times in spent.items()
    }
    average = [sum(run) / len(run) for run in zip(*more.values(), strict=True)]
    note = f"more than {_median(plain):.2f} µs in a plain room"
    return [
        *(
            Comparison(name=f"rights, for a message, {kind}", unit="µs", ours=times, note=note)
            for kind, times in more.items()
        ),
        Comparison(
            name="rights, for a message, on average", unit="µs", ours=average, target=TARGET
        ),
        *(
            Comparison(
                name=f"rights, for a subscription, {kind}", unit="µs", ours=times, target=TARGET
            )
            for kind, times in asked.items()
        ),
    ]


def _median(times: list[float]) -> float:
    return sorted(times)[len(times) // 2]


def _core() -> Core:
    """A thousand rooms with ten memberships each, or the speaker's with one."""
    users = [f"{number:016x}" for number in range(PEOPLE)]
    peer = users[0]
    rows = [UserRow(user, f"{user}" * 4, f"p{user}", f"p{user}", 0) for user in users]
    rows.append(UserRow(USER, KEY, "ada", "ada", 0))
    names = {1: "general", 2: "hall", 3: "vault", 4: "news"}
    names[5] = "@" + "-".join(sorted((USER, peer)))
    rooms = [RoomRow(0, "", "", 0)]
    rooms += [
        RoomRow(number, names.get(number, f"r{number}"), USER, 0) for number in range(1, ROOMS)
    ]
    facts: list[tuple[str, str, bytes]] = []
    member, moderator = {"spans": [[1, None]]}, {"spans": [[1, None]], "moderator": True}
    for number in range(6, ROOMS):
        facts.append(("rules", str(number), encode({"private": True})))
        for place in range(10):
            user = users[(number * 10 + place) % PEOPLE]
            facts.append(("member", f"{number}/{user}", encode(member)))
    facts.append(("mute", f"2/{peer}", encode({"reason": "noise"})))
    facts.append(("rules", "3", encode({"private": True})))
    facts.append(("member", f"3/{USER}", encode(member)))
    facts.append(("rules", "4", encode({"readonly": True})))
    facts.append(("member", f"4/{USER}", encode(moderator)))
    tokens = iter(range(1 << 30))
    ledger = Ledger(
        [(row, 0, 0) for row in rooms], rows, lambda stream: StreamRow(stream, USER, 0),
        lambda: f"{next(tokens):016x}", topics.room, facts,
    )  # fmt: skip
    settings = CoreSettings(rate=1e9, burst=1e9)
    return Core(settings, ledger, "epoch", 1_000.0, 1_700_000_000_000)


def _come_in(core: Core) -> dict[str, str]:
    """The speaker is in the rooms of each kind; answers kind to name."""
    names = {kind: next(r.name for r in core.ledger.rooms.values() if r.number == number)
             for kind, number in KINDS.items()}  # fmt: skip
    core.begin(1_001.0, 1_700_000_001_000)
    assert core.subscribed(topics.inbox(SESSION), KEY, 10, "here")
    hello = {"type": "hello", "protocol": 1, "nick": "ada", "stream": STREAM}
    core.receive(SESSION + b"\n" + encode(hello | {"rooms": list(names.values())}), KEY)
    _end(core)
    for name in names.values():
        assert core.subscribed(core.ledger.rooms[name].topic, KEY, 10, "here"), name
    return names


def _end(core: Core) -> None:
    core.tick()
    core.take()
    core.committed()


def _say(core: Core, name: str, n: int, count: int) -> float:
    """Microseconds for each of `count` messages behind number `n`, a frame each."""
    text = "x" * 120
    frames = [
        SESSION + b"\n" + encode({"type": "say", "n": number, "room": name, "text": text})
        for number in range(n + 1, n + count + 1)
    ]
    head = core.ledger.rooms[name].committed
    receive = core.receive
    spent = 0
    for first in range(0, count, TURN):
        part = frames[first : first + TURN]
        begin = time.process_time_ns()
        for frame in part:
            receive(frame, KEY)
        spent += time.process_time_ns() - begin
        _end(core)
    assert core.ledger.rooms[name].committed == head + count
    return spent / count / 1_000


def _subscribe(core: Core, name: str, count: int) -> float:
    """Microseconds for each subscription to a room's topic by somebody who is in it."""
    topic, subscribed = core.ledger.rooms[name].topic, core.subscribed
    begin = time.process_time_ns()
    for _ in range(count):
        subscribed(topic, KEY, 10, "here")
    return (time.process_time_ns() - begin) / count / 1_000
