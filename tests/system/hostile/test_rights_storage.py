"""Rows 22, 24 and 26 with rights in force: what was decided holds after a power cut, or never was;
and an older copy of the data is never taken for the present one.
"""

from __future__ import annotations

import itertools
import json
import shutil
import sys
from pathlib import Path

import pytest

from common.broker.verify import verify
from tests.conftest import BrokerFactory
from tests.support import require, wait_until
from tests.support.files import database, stored
from tests.support.programs import BrokerProgram, run_program
from tests.system.hostile.conftest import FAST
from tests.system.hostile.raw import Line, Peer, context
from tests.system.hostile.rights import ask, claim, do, go_in, private_room, said, user_of

SYNCED = Path(__file__).parents[2] / "support" / "synced.c"


@pytest.fixture
def shim(tmp_path: Path) -> Path:
    """The library that keeps what was synced."""
    cc = require("cc", "apt-get install gcc libc6-dev")
    made = tmp_path / "synced.so"
    done = run_program([cc, "-shared", "-fPIC", "-O2", "-o", made, SYNCED])
    assert done.code == 0, done.stderr
    return made


def _after_a_power_cut(broker: BrokerProgram, synced: Path, torn: int) -> None:
    """Nothing is left of what was not synced, but for `torn` bytes of the WAL."""
    broker.kill()
    path = database(broker.data_dir)
    assert (synced / path.name).exists(), "nothing was ever synced"
    for name in (path.name, f"{path.name}-wal", f"{path.name}-mark"):
        kept, now = synced / name, path.parent / name
        written = now.read_bytes() if now.exists() else b""
        now.unlink(missing_ok=True)
        if kept.exists():
            durable = kept.read_bytes()
            if name.endswith("-wal"):
                durable += written[len(durable) : len(durable) + torn]
            now.write_bytes(durable)
    (path.parent / f"{path.name}-shm").unlink(missing_ok=True)


@pytest.mark.parametrize(("deeds", "torn"), [(0, 0), (3, 0), (7, 20), (8, 4_000), (11, 9_000)])
def test_26_a_power_cut_leaves_each_deed_whole_or_absent(
    broker_factory: BrokerFactory, shim: Path, tmp_path: Path, deeds: int, torn: int
) -> None:
    """What was acknowledged holds; what was not, does as a whole or not at all. In the midst of
    messages, whose commits hold deeds too."""
    synced = tmp_path / "synced"
    synced.mkdir()
    env = {"LD_PRELOAD": str(shim), "CAUSETTE_TEST_SYNCED": str(synced)}
    first = broker_factory(*FAST, env=env)
    with context() as made:
        olga, anna, ben, noise = (Peer(made, first) for _ in range(4))
        olga.come_in("olga", code=claim(first))
        for peer, nick in ((anna, "anna"), (ben, "ben"), (noise, "noise")):
            peer.come_in(nick)
        private_room(anna, "vault", ben, newcomers="new")
        said(anna, "vault", "a secret", "to be deleted")
        turns = itertools.cycle([anna, ben])
        steps: list[tuple[Peer, Line]] = [
            (anna, {"type": "delete", "room": "vault", "seq": 2, "reason": "a slip"}),
            (olga, {"type": "role", "nick": "ben", "role": "admin"}),
            (anna, {"type": "remove", "room": "vault", "nick": "ben", "reason": "a quarrel"}),
            (olga, {"type": "mute", "nick": "noise", "seconds": 3_000, "reason": "noise"}),
            (olga, {"type": "ban", "key": "ab" * 32, "reason": "known"}),
            (anna, {"type": "set", "room": "vault", "readonly": True}),
            (anna, {"type": "nick", "nick": "annabel"}),
            (anna, {"type": "invite", "room": "vault", "nick": "ben"}),
            (anna, {"type": "create", "room": "hall"}),
            (olga, {"type": "unmute", "nick": "noise"}),
            (olga, {"type": "unban", "key": "ab" * 32}),
        ]
        for number, (peer, line) in enumerate(steps[:deeds]):
            next(turns).say(*[f"noise {number} {i}" for i in range(30)])
            word = f"deed-{number}"
            peer.frame({**line, "id": word})
            answer = peer.expect(id=word)
            assert answer["type"] != "error", (line, answer)
        for peer, line in steps[deeds:]:  # and the rest in a hurry, as far as it gets
            peer.frame(line)
        ben.say("the last thing before the dark")
        _after_a_power_cut(first, synced, torn)

    path = database(first.data_dir)
    assert verify(path) == []
    second = broker_factory(*FAST, data_dir=first.data_dir)
    with context() as made:
        again = {}
        for former, nick in ((olga, "olga"), (anna, "anna"), (ben, "ben")):
            again[nick] = Peer(made, second, former.pair)
            again[nick].come_in(nick, again=True)
        log = _log(again["olga"])
        done = [entry["type"] for entry in log if entry["type"] not in ("nick-bound", "invited")]
        held = [
            "message-deleted", "role", "removed", "muted", "banned", "set", None, None,
            "room-created", "unmuted", "unbanned",
        ]  # fmt: skip
        for kind in [kind for kind in held[:deeds] if kind]:
            assert kind in done, (kind, done)
        _facts_are_as_logged(again, done)
    assert second.stop() == 0
    texts = [record.text for record in stored(first.data_dir, "vault")]
    assert texts[0] == "a secret"
    assert texts[1] == ("" if "message-deleted" in done else "to be deleted")
    assert verify(path) == []


def _log(olga: Peer) -> list[Line]:
    olga.inbox.clear()
    records: list[Line] = []
    while True:
        page = ask(olga, "audit", after=records[-1]["seq"] if records else 0)
        for _ in range(page["count"]):
            place = next(i for i, line in enumerate(olga.inbox) if line.get("seq"))
            records.append(olga.inbox.pop(place))
        if not page["more"]:
            return records


def _facts_are_as_logged(people: dict[str, Peer], done: list[str]) -> None:
    """What the broker does is what its log says that was decided."""
    olga, anna, ben = people["olga"], people["anna"], people["ben"]
    roles = {entry["nick"]: entry["role"] for entry in do(olga, "list", what="roles")["entries"]}
    assert ("ben" in roles) == ("role" in done)
    sanctions = {entry["what"] for entry in do(olga, "list", what="sanctions")["entries"]}
    assert ("mute" in sanctions) == ("muted" in done and "unmuted" not in done)
    assert ("ban" in sanctions) == ("banned" in done and "unbanned" not in done)
    members = do(anna, "list", what="members", room="vault")["entries"]
    inside = user_of(ben) in {entry["user"] for entry in members}
    answer = ask(ben, "history", room="vault", after=0)
    assert (answer["type"] == "page") == inside
    if "removed" not in done:
        assert inside


def test_24_on_a_full_disk_no_right_changes(broker_factory: BrokerFactory, tmp_path: Path) -> None:
    """A deed that could not be stored did not happen, for anybody: nobody is put out, nobody comes
    in, and it can be done again."""
    flag = tmp_path / "full"
    retry = "common.broker.turn.FULL_DISK_RETRY=0.5"
    broker = broker_factory(*FAST, alter=[f"full={flag}", retry])
    with context() as made:
        olga, anna, ben, carol = (Peer(made, broker) for _ in range(4))
        olga.come_in("olga", code=claim(broker))
        for peer, nick in ((anna, "anna"), (ben, "ben"), (carol, "carol")):
            peer.come_in(nick)
        private_room(anna, "vault", ben)
        said(anna, "vault", "x" * 3_000)
        flag.touch()
        for size in (15_000, 3_000, 500, 30):
            wait_until(lambda size=size: _is_full(anna, size), "the disk is full")  # type: ignore[misc]
        deeds: list[tuple[Peer, Line]] = [
            (anna, {"type": "remove", "room": "vault", "nick": "ben", "reason": "y" * 400}),
            (anna, {"type": "invite", "room": "vault", "nick": "carol", "reason": "y" * 400}),
            (olga, {"type": "ban", "nick": "carol", "reason": "y" * 400}),
            (olga, {"type": "role", "nick": "carol", "role": "owner", "reason": "y" * 400}),
        ]
        for peer, deed in deeds:
            answer = ask(peer, **deed)
            assert answer.get("code") == "storage-full", answer
            assert answer["retry"] > 0
        carol.frame({"type": "join", "room": "vault", "id": "j"})
        assert carol.expect(id="j")["code"] == "no-such-room"
        do(ben, "history", room="vault", after=0)
        ben.settle()
        assert not [line for line in ben.inbox if line.get("what") == "removed"]
        flag.unlink()
        said(anna, "vault", "heard by ben")
        ben.hears("heard by ben")
        do(anna, "remove", room="vault", nick="ben")
        ben.expect(type="notice", what="removed")
        carol.settle()
        assert not [line for line in carol.inbox if line["type"] == "notice"]
    assert broker.stop() == 0
    assert verify(database(broker.data_dir)) == []


def _is_full(peer: Peer, size: int) -> bool:
    """Says something of so many bytes; whether there was no room for it."""
    peer.say("z" * size)
    peer.frame({"type": "say", "n": peer.n, "room": "general", "text": "z" * size})

    def outcome() -> Line | None:
        peer.read(5)
        return next((line for line in peer.inbox if line.get("n") == peer.n), None)

    if wait_until(outcome, "an outcome")["type"] == "stored":  # type: ignore[index]
        return False
    peer.n -= 1
    peer.settle()
    peer.inbox.clear()
    return True


def test_22_rights_of_an_older_copy_are_those_of_then(
    broker_factory: BrokerFactory, tmp_path: Path
) -> None:
    """Who was let in since is out again, and hears nothing; the epoch tells everybody."""
    first = broker_factory(*FAST)
    with context() as made:
        anna, ben = Peer(made, first), Peer(made, first)
        anna.come_in("anna", code=claim(first))
        ben.come_in("ben")
        private_room(anna, "vault")
        said(anna, "vault", "one")
        assert first.stop() == 0
        copy = tmp_path / "copy.db"
        done = run_program(
            [sys.executable, "broker.py", "backup", copy, "--data-dir", first.data_dir]
        )
        if done.code:
            shutil.copy(database(first.data_dir), copy)
    second = broker_factory(*FAST, data_dir=first.data_dir)
    with context() as made:
        anna2, ben2 = Peer(made, second, anna.pair), Peer(made, second, ben.pair)
        before = _epoch(anna2, "anna")
        ben2.come_in("ben")
        go_in(anna2, "vault")
        do(anna2, "invite", room="vault", nick="ben")
        go_in(ben2, "vault")
        said(anna2, "vault", "two")
        assert second.stop() == 0
    restored = run_program(
        [sys.executable, "broker.py", "restore", copy, "--data-dir", first.data_dir]
    )
    assert restored.code == 0, restored.stderr
    third = broker_factory(*FAST, data_dir=first.data_dir)
    with context() as made:
        anna3, ben3 = Peer(made, third, anna.pair), Peer(made, third, ben.pair)
        assert _epoch(anna3, "anna") != before
        ben3.come_in("ben")
        assert ask(ben3, "join", room="vault").get("code") == "no-such-room"
        topic = go_in(anna3, "vault")
        ben3.ask(topic)
        said(anna3, "vault", "two, anew")
        assert [line["text"] for line in anna3.history("vault")] == ["one", "two, anew"]
        ben3.settle()
        assert topic not in ben3.topics
        assert "vault" not in json.dumps(do(ben3, "rooms"))
        told = [line for line in ben3.inbox if line["type"] == "notice"]
        assert told == []


def _epoch(peer: Peer, nick: str) -> str:
    peer.listen(b"inbox/" + peer.session + b"/")
    greet = peer.expect(type="greet")
    peer.frame(peer.hello(nick))
    peer.expect(type="welcome")
    return str(greet["epoch"])
