"""`client_cli.py device` with real processes: several keys that are one person."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from common import keys
from tests.cli.starting import run
from tests.support.programs import ROOT, BrokerProgram, Finished, Program, run_cli


def place(broker: BrokerProgram, home: Path, nick: str, *words: str) -> tuple[str | Path, ...]:
    return ("--data-dir", home, "-n", nick, "--server", broker.link, *words)


def other(broker: BrokerProgram, home: Path, nick: str, *words: str) -> Finished:
    """Something on another machine."""
    return run_cli(*place(broker, home, nick, *words))


def code(broker: BrokerProgram) -> str:
    """A code of Ada's, who sits at the broker's machine."""
    (made,) = run(broker, "device", "--json").events()
    assert (made["type"], made["uses"]) == ("code", 1)
    return str(made["code"])


def user_of(broker: BrokerProgram, text: str) -> str:
    shown = run(broker, "history", "--json", nick="reader").events()
    return next(str(event["user"]) for event in shown if event["text"] == text)


def test_a_second_device_is_the_same_person(broker: BrokerProgram, tmp_path: Path) -> None:
    assert run(broker, "send", "here").code == 0
    phone = tmp_path / "phone"
    assert other(broker, phone, "ada", "--invite", code(broker), "send", "there").code == 0
    assert user_of(broker, "there") == user_of(broker, "here")
    # From then on without the code.
    assert other(broker, phone, "ada", "send", "there again").code == 0
    assert user_of(broker, "there again") == user_of(broker, "here")


def test_a_code_serves_once(broker: BrokerProgram, tmp_path: Path) -> None:
    made = code(broker)
    assert other(broker, tmp_path / "phone", "ada", "--invite", made, "send", "x").code == 0
    refused = other(broker, tmp_path / "thief", "ada", "--invite", made, "send", "x")
    assert refused.code == 77


def test_people_are_told_what_to_type_on_the_other_device(broker: BrokerProgram) -> None:
    done = run(broker, "device")
    (shown,) = done.lines()
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", shown)
    assert f"client_cli.py -n ada --server {broker.link} --invite {shown} chat" in done.stderr


def test_a_lost_device_is_revoked_on_the_spot(broker: BrokerProgram, tmp_path: Path) -> None:
    phone = tmp_path / "phone"
    words = place(broker, phone, "ada", "--invite", code(broker), "bot")
    with Program([sys.executable, ROOT / "client_cli.py", *words]) as bot:
        bot.wait_json(15, type="ready")
        lost = keys.load_or_create(keys.client_key_file(phone, "ada")).public
        mine = keys.load_or_create(keys.client_key_file(broker.data_dir, "ada")).public
        devices = {e["key"]: e for e in run(broker, "device", "--list", "--json").events()}
        assert devices.keys() == {lost, mine}
        assert (devices[mine]["this"], devices[lost]["this"]) == (True, False)
        assert devices[lost]["here"] is True
        listed = run(broker, "device", "--list").stdout
        assert keys.fingerprint(lost) in listed
        done = run(broker, "device", "--revoke", lost[:8], "--reason", "left on a train")
        assert done.code == 0, done.stderr
        assert bot.wait_json(type="revoked")["reason"] == "left on a train"
        assert bot.wait() == 77
    refused = other(broker, phone, "ada", "send", "x")
    assert refused.code == 77
    assert "left on a train" in refused.stderr
    assert [e["key"] for e in run(broker, "device", "--list", "--json").events()] == [mine]


def test_what_is_nobodys_key_is_not_revoked(broker: BrokerProgram) -> None:
    done = run(broker, "device", "--revoke", "0" * 64)
    assert done.code == 1
    assert "device --list" in done.stderr
    mine = keys.load_or_create(keys.client_key_file(broker.data_dir, "ada")).public
    assert run(broker, "device", "--revoke", mine).code == 1, "the one in use"
    assert run(broker, "device", "--list", "--revoke", mine).code == 2
