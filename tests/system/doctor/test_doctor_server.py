"""`broker.py doctor`: a server that does not run, hangs, is damaged, or that nobody can reach."""

from __future__ import annotations

import json
import signal
import socket
import time
from pathlib import Path

import pytest

from common.broker.migrations import NEWEST
from tests.conftest import BrokerFactory
from tests.support import wait_until
from tests.support.files import database, overwrite
from tests.support.hosts import Host
from tests.support.programs import BrokerProgram, run_cli
from tests.system.conftest import Join
from tests.system.doctor.examining import Examined, broker, local
from tests.system.doctor.lab import Lab, firewall, python

PORTS = "5555-5557"


def ask(data_dir: Path, *words: str | Path) -> Examined:
    # Whether the usual ports are free here is not ours to say.
    env = {} if "-c" in words else {"CAUSETTE_PULL": "tcp://127.0.0.1:*"}
    return broker(local, data_dir, *words, env=env)


def ask_in(host: Host, data_dir: Path, *words: str | Path) -> Examined:
    return broker(python(host), data_dir, *words)


# --- reached from elsewhere ----------------------------------------------------------------------


def test_all_is_well_and_a_second_network_was_tried(lab: Lab, tmp_path: Path) -> None:
    there = lab.host()
    there.ip("-6", "address", "add", "fd77::1/64", "dev", "eth0", "nodad")
    with there.broker(tmp_path, "--lan", "--name", "Lab B204") as served:
        well = ask_in(there, tmp_path)
        assert (well.code, well.said["verdict"], well.said["cause"]) == (0, "ok", None)
        assert well.values("running")["pid"] == served.pid
        assert well.values("answers")["ms"] > 0
        assert well.values("bound")["pull"] == served.ready["pull"]
        assert well.values("addresses")["addresses"][:2] == [there.address, "fd77::1"]
        assert f"causette://{served.key}@{there.address}:5555" in well.values("addresses")["links"]
        assert well.found("outside")["id"] == "outside-ok"
        assert well.values("outside")["ports"] == [5555, 5556, 5557]
        assert set(well.values("outside")["addresses"]) == {there.address, "fd77::1"}
        assert well.values("discovery")["name"] == "Lab B204"
        assert there.address in well.verdict
        left = there.ip("-brief", "link")
        assert "cdo" not in left, "the second network is gone"


def test_a_firewall_that_drops_or_refuses_what_comes_from_outside(lab: Lab, tmp_path: Path) -> None:
    there = lab.host()
    with there.broker(tmp_path, "--lan"):
        neighbours = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"
        firewall(there, "iif lo accept", neighbours, policy="drop")
        dropped = ask_in(there, tmp_path)
        assert (dropped.code, dropped.cause) == (69, "firewall-drops")
        assert dropped.values("outside")["closed_ports"] == [5555, 5556, 5557]
        assert dropped.found("here")["level"] == "ok", "its own machine is let in"
        command = dropped.values("outside")["command"]
        assert command == "nft insert rule inet test input tcp dport '{ 5555,5556,5557 }' accept"
        assert command in dropped.verdict
        assert there.sh(command) == ""
        assert ask_in(there, tmp_path).found("outside")["id"] == "outside-ok", "it was right"

        firewall(there, f"iif != lo tcp dport {PORTS} reject")
        refused = ask_in(there, tmp_path)
        assert (refused.code, refused.cause) == (69, "firewall-rejects")
        firewall(there, "iif != lo tcp dport 5556 drop")
        half = ask_in(there, tmp_path)
        assert (half.code, half.cause) == (69, "firewall-drops")
        assert half.values("outside")["closed_ports"] == [5556]


def test_for_its_own_machine_alone(broker: BrokerProgram) -> None:
    alone = ask(broker.data_dir)
    assert (alone.code, alone.cause) == (69, "loopback-only")
    assert "nobody else can reach it" in alone.verdict
    assert "--lan" in alone.verdict
    assert "--pull" in alone.verdict


def test_half_of_it_is_for_its_own_machine_alone(lab: Lab, tmp_path: Path) -> None:
    there = lab.host()
    with there.broker(
        tmp_path,
        "--pull",
        "tcp://*:5555",
        "--pub",
        "tcp://127.0.0.1:5556",
        "--card",
        "tcp://*:5557",
    ):
        half = ask_in(there, tmp_path)
        assert (half.code, half.cause) == (69, "loopback-half/pub")


def test_an_address_that_this_machine_has_not_any_more(lab: Lab, tmp_path: Path) -> None:
    there = lab.host()
    with there.broker(tmp_path, "--pull", f"tcp://{there.address}:5555"):
        assert ask_in(there, tmp_path).code == 0
        there.move_to("10.9.0.50/24")
        gone = ask_in(there, tmp_path)
        assert gone.code == 69
        assert "address-gone" in gone.ids


def test_no_network(lab: Lab, tmp_path: Path) -> None:
    there = lab.alone()
    with there.broker(tmp_path, "--pull", "tcp://*:5555"):
        alone = ask_in(there, tmp_path)
        assert (alone.code, alone.cause) == (69, "no-network")


def test_it_was_to_be_announced_and_is_not_heard(lab: Lab, tmp_path: Path) -> None:
    there = lab.host()
    with there.broker(tmp_path, "--lan"):
        firewall(there, "udp dport 5353 drop")
        unheard = ask_in(there, tmp_path)
        assert (unheard.code, unheard.cause) == (0, "unseen/blocked")


def test_another_of_the_same_name(lab: Lab, tmp_path: Path) -> None:
    one, two = lab.host(), lab.host()
    with one.broker(tmp_path / "1", "--lan"), two.broker(tmp_path / "2", "--lan"):

        def namesake() -> Examined:
            asked = ask_in(one, tmp_path / "1")
            assert "announced/namesake" in asked.ids
            return asked

        found = wait_until(namesake, "the other one is heard", 30)
        assert found.code == 0
        assert found.values("discovery")["others"] == [f"{two.address}:5555"]


# --- whether it runs -----------------------------------------------------------------------------


def test_nothing_was_ever_served_here(tmp_path: Path) -> None:
    new = ask(tmp_path / "nowhere")
    assert (new.code, new.cause) == (69, "not-running")
    assert "data-none" in new.ids
    assert not (tmp_path / "nowhere").exists(), "it leaves nothing behind"


def test_it_ended_properly_or_died(broker_factory: BrokerFactory) -> None:
    first = broker_factory()
    first.stop()
    ended = ask(first.data_dir)
    assert (ended.code, ended.cause) == (69, "not-running")
    second = broker_factory()
    second.kill()
    died = ask(first.data_dir)
    assert (died.code, died.cause) == (69, "not-running/died")


def test_a_process_that_has_the_number_by_chance(broker_factory: BrokerFactory) -> None:
    first = broker_factory()
    first.kill()
    file = first.data_dir / "broker" / "ready.json"
    said = json.loads(file.read_bytes())
    said["pid"] = 1
    file.write_text(json.dumps(said))
    chance = ask(first.data_dir)
    assert (chance.code, chance.cause) == (69, "not-running/died")


def test_it_hangs(broker: BrokerProgram) -> None:
    broker.send_signal(signal.SIGSTOP)
    try:
        hangs = ask(broker.data_dir)
        assert (hangs.code, hangs.cause) == (69, "no-answer")
        assert "hangs" in hangs.verdict
        assert str(broker.pid) in hangs.verdict
    finally:
        broker.send_signal(signal.SIGCONT)


def test_another_process_holds_the_data(broker: BrokerProgram) -> None:
    file = broker.data_dir / "broker" / "ready.json"
    said = json.loads(file.read_bytes())
    file.unlink()
    silent = ask(broker.data_dir)
    assert (silent.code, silent.cause) == (69, "data-dir-locked/silent")
    assert str(broker.pid) in silent.verdict
    file.write_text(json.dumps({**said, "pid": 1}))
    two = ask(broker.data_dir)
    assert (two.code, two.cause) == (1, "data-dir-locked/two")


def test_a_start_would_find_its_port_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        config = tmp_path / "broker.toml"
        config.write_text(f'[broker]\npull = "tcp://127.0.0.1:{port}"\npub = "tcp://127.0.0.1:*"\n')
        taken = ask(tmp_path / "data", "-c", config)
        assert (taken.code, taken.cause) == (1, "address-in-use")
        assert f"127.0.0.1:{port}" in taken.verdict
    config.write_text('[broker]\npull = "tcp://203.0.113.7:5555"\n')
    wrong = ask(tmp_path / "data", "-c", config)
    assert (wrong.code, wrong.cause) == (1, "address-wrong")


def test_another_program_in_its_place(broker_factory: BrokerFactory, tmp_path: Path) -> None:
    """What `ready.json` says is not what answers there."""
    one, two = broker_factory(data_dir=tmp_path / "1"), broker_factory(data_dir=tmp_path / "2")
    file = one.data_dir / "broker" / "ready.json"
    said = json.loads(file.read_bytes())
    file.write_text(json.dumps({**said, "card": two.card}))
    other = ask(one.data_dir)
    assert (other.code, other.cause) == (69, "no-answer/other")


# --- what it keeps -------------------------------------------------------------------------------


def test_a_damaged_database_quick_and_deep(broker: BrokerProgram, join: Join) -> None:
    ada = join(broker, "ada")
    ada.say_all(*(f"line {n}" for n in range(200)))
    ada.client.close()
    broker.stop()
    sound = ask(broker.data_dir, "--deep")
    assert sound.found("database")["id"] == "database-ok"
    assert sound.values("database")["records"] > 200
    assert sound.cause == "not-running", "the data is not the cause"
    path = database(broker.data_dir)
    whole = path.read_bytes()

    assert overwrite(path, b'line 7"', b'lime 7"') > 0
    assert ask(broker.data_dir).found("database")["id"] == "database-ok", "not to be seen quickly"
    deep = ask(broker.data_dir, "--deep")
    assert (deep.code, deep.cause) == (1, "database-damaged")
    assert "not as they were written" in deep.verdict

    path.write_bytes(whole)
    assert overwrite(path, b'line 199"', b'lime 199"') > 0
    last = ask(broker.data_dir)
    assert (last.code, last.cause) == (1, "database-damaged"), "the newest records are looked at"

    path.write_bytes(whole[:20_000] + bytes(16_384) + whole[36_384:])
    torn = ask(broker.data_dir)
    assert (torn.code, torn.cause) == (1, "database-damaged")
    assert "broker.py restore" in torn.verdict
    path.write_bytes(b"no database at all, but long enough to be looked at " * 400)
    other = ask(broker.data_dir)
    assert (other.code, other.cause) == (1, "database-damaged")


def test_a_database_of_a_newer_version(broker: BrokerProgram) -> None:
    broker.stop()
    path = database(broker.data_dir)
    content = bytearray(path.read_bytes())
    content[60:64] = (NEWEST + 1).to_bytes(4, "big")  # PRAGMA user_version
    path.write_bytes(content)
    newer = ask(broker.data_dir)
    assert (newer.code, newer.cause) == (1, "newer-database")
    assert f"form {NEWEST + 1}" in newer.verdict


def test_a_clock_that_has_run_back(broker_factory: BrokerFactory, tmp_path: Path) -> None:
    """What was said came from a clock that was two hours ahead."""
    clock = tmp_path / "clock"
    clock.write_text(str(7_200_000))
    served = broker_factory(alter=[f"clock={clock}"])
    words = ("-s", served.link, "--data-dir", tmp_path / "me", "-n", "ada")
    assert run_cli("send", *words, "from the future").code == 0
    back = ask(served.data_dir)
    assert (back.code, back.cause) == (1, "clock-off")
    assert abs(back.values("clock")["off_seconds"] - 7_200) < 60
    assert "2 hours" in back.verdict


def test_backups_that_are_known(broker: BrokerProgram, tmp_path: Path) -> None:
    assert ask(broker.data_dir).found("backup")["id"] == "backup-none"
    file = tmp_path / "copy.db"
    assert local("broker.py", "backup", file, "--data-dir", broker.data_dir).code == 0
    known = ask(broker.data_dir)
    assert known.found("backup")["id"] == "backup-ok"
    assert known.values("backup")["path"] == str(file)
    assert known.values("backup")["age_seconds"] < 120
    note = broker.data_dir / "broker" / "last-backup.json"
    aged = {"path": str(file), "ts": int((time.time() - 40 * 86_400) * 1_000)}
    note.write_text(json.dumps(aged))
    old = ask(broker.data_dir).found("backup")
    assert (old["id"], old["level"]) == ("backup-old", "warning")
    file.unlink()
    assert ask(broker.data_dir).found("backup")["id"] == "backup-gone"
    note.write_text("{")
    assert ask(broker.data_dir).found("backup")["id"] == "backup-none"


def test_without_encryption(broker_factory: BrokerFactory) -> None:
    plain = broker_factory("--plain")
    told = ask(plain.data_dir)
    assert "answers-plain" in told.ids
    assert told.found("key")["id"] == "server-key-none"


def test_a_configuration_that_is_wrong_is_told_before(tmp_path: Path) -> None:
    config = tmp_path / "broker.toml"
    config.write_text("nonsense = 1\n")
    done = local("broker.py", "doctor", "--data-dir", tmp_path, "-c", config)
    assert (done.code, done.stdout) == (78, "")


@pytest.mark.parametrize("deep", [False, True])
def test_it_changes_nothing(broker: BrokerProgram, join: Join, deep: bool) -> None:
    join(broker, "ada").say_all("hello")
    directory = broker.data_dir / "broker"
    before = {f.name: f.stat().st_size for f in directory.iterdir()}
    ask(broker.data_dir, *(["--deep"] if deep else []))
    assert {f.name: f.stat().st_size for f in directory.iterdir()} == before
    assert broker.stop() == 0
