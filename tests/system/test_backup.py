"""Backups of a broker that serves, and the way back, with real processes (row 22).

Also what people cannot read any more: deleted and dropped texts, in the files of a live broker.
"""

from __future__ import annotations

from pathlib import Path

from common import keys
from common.client import events as ev
from tests.conftest import BrokerFactory
from tests.support import scaled, wait_until
from tests.support.files import database, stored
from tests.support.members import kept_profile, target_of
from tests.support.people import Operator, Person
from tests.system.conftest import FAST, Join, Restart


def test_22_a_backup_is_one_moment_of_what_people_go_on_writing(
    broker_factory: BrokerFactory, join: Join, tmp_path: Path
) -> None:
    broker = broker_factory(*FAST)
    operator = Operator(broker.data_dir)
    people = [join(broker, nick) for nick in ("ada", "bob")]
    copies = []
    said = [0]

    def talk(count: int) -> None:
        for _ in range(count):
            said[0] += 1
            for person in people:
                person.say(f"{person.nick} {said[0]}")

    talk(200)
    for number in range(3):
        file = tmp_path / f"{number}.db"
        talk(300)
        (written,) = operator.do("backup", file)
        talk(300)
        assert (written["type"], written["path"]) == ("backup", str(file))
        copies.append((file, written["records"]))
    for person in people:
        for future in person.said:
            future.result(scaled(30))
    assert broker.stop() == 0
    history = stored(broker.data_dir)
    assert len(history) == 2 * said[0]
    assert operator.do("verify")[0]["type"] == "sound"
    for file, records in copies:
        (sound,) = operator.do("verify", file)
        assert (sound["type"], sound["records"]) == ("sound", records)
        folder = tmp_path / f"of {file.name}"
        (restored,) = Operator(folder).do("restore", file)
        assert restored["kept"] is None
        then = stored(folder)
        assert then == history[: len(then)]
        assert then


def test_22_a_restored_backup_is_told_to_those_who_stayed_and_those_who_come_back(
    broker_factory: BrokerFactory, restart: Restart, join: Join, tmp_path: Path
) -> None:
    first = broker_factory(*FAST)
    operator = Operator(first.data_dir)
    target = target_of(first)
    file = tmp_path / "one.db"
    pair = keys.generate()
    ada = join(first, "ada")
    bob = join(first, "bob", pair=pair, profile=kept_profile(tmp_path, "bob", target))
    ada.say_all("one", "two")
    operator.do("backup", file)
    ada.say_all("lost three", "lost four")
    bob.wait_texts(["lost four"])
    bob.close()

    refused = operator.run("restore", file)
    assert (refused.code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("broker.py: a broker serves ")
    mark = ada.mark()
    assert first.stop() == 0
    (restored,) = operator.do("restore", file)
    assert stored(first.data_dir)[-1].text == "two"

    second = restart(first)
    ada.wait_event(ev.Restored, after=mark)
    assert ada.wait_event(ev.RolledBack, after=mark).had == 4
    ada.say_all("three, anew")
    ada.wait_texts(["one", "two", "three, anew"])
    assert ada.texts() == ["one", "two", "three, anew"]
    profile = kept_profile(tmp_path, "bob", target)
    bob = join(second, "bob", pair=pair, profile=profile, resume=True)
    bob.wait_event(ev.Restored)
    bob.wait_texts(["three, anew"])
    assert second.stop() == 0
    assert operator.do("verify")[0]["type"] == "sound"
    (kept,) = operator.do("verify", restored["kept"])
    assert kept["records"] == restored["records"] + 2


def test_a_deleted_text_is_in_no_file_of_a_broker_that_serves(
    broker_factory: BrokerFactory, tmp_path: Path
) -> None:
    broker = broker_factory()
    home = tmp_path / "ada"
    with Person(home, "ada", "--server", broker.link) as ada:
        ada.ready()
        ada.say("before", room="general")
        seq = ada.say("secretsecret", room="general")
        ada.say("after", room="general")
        path = database(broker.data_dir)

        def contents() -> bytes:
            return path.read_bytes() + path.with_name(path.name + "-wal").read_bytes()

        assert b"secretsecret" in contents()
        ada.do("delete", room="general", seq=seq)
        wait_until(lambda: b"secretsecret" not in contents(), "the text is gone")
        page = ada.ask("history", room="general", after=0)
    assert broker.stop() == 0
    records = stored(broker.data_dir)
    assert [record.type for record in records] == ["message", "deleted", "message", "delete"]
    assert records[1].text == ""
    assert Operator(broker.data_dir).do("verify")[0]["type"] == "sound"
    assert "secretsecret" not in str(page)
