"""`broker.py admin` and `broker.py invite` with real processes: what the operator can do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from common import keys
from common.addresses import addresses
from common.client.target import read_ready
from common.console import session
from common.paths import DirectoryLock
from tests.cli.starting import run, start_bot
from tests.conftest import BrokerFactory
from tests.support.people import Operator
from tests.support.programs import BrokerProgram, run_cli
from tests.system.hostile.raw import Peer, context

CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
SOMEBODY = "ab" * 32


@pytest.fixture
def operator(broker: BrokerProgram) -> Operator:
    return Operator(broker.data_dir)


def test_the_first_client_of_the_data_directory_is_the_owner(
    broker: BrokerProgram, operator: Operator
) -> None:
    assert operator.do("admin", "list") == []
    assert run(broker, "send", "hello", nick="ada").code == 0
    assert run(broker, "send", "hello", nick="bob").code == 0
    (owner,) = operator.do("admin", "list")
    assert (owner["type"], owner["nick"], owner["role"]) == ("role", "ada", "owner")


def test_roles_are_given_and_taken_by_nickname_or_by_key(
    broker: BrokerProgram, operator: Operator
) -> None:
    for nick in ("ada", "bob"):
        assert run(broker, "send", "hello", nick=nick).code == 0
    operator.do("admin", "add", "bob")
    assert {e["nick"]: e["role"] for e in operator.do("admin", "list")} == {
        "ada": "owner",
        "bob": "admin",
    }
    pair = keys.load_or_create(keys.client_key_file(broker.data_dir, "bob"))
    operator.do("admin", "owner", pair.public)
    operator.do("admin", "remove", "ada")
    (owner,) = operator.do("admin", "list")
    assert (owner["nick"], owner["role"], owner["by"]) == ("bob", "owner", "server")


def test_people_read_a_table_in_their_language(broker: BrokerProgram, operator: Operator) -> None:
    for nick in ("ada", "bob"):
        assert run(broker, "send", "hello", nick=nick).code == 0
    assert operator.run("admin", "mute", "bob", "--for", "2h", "--reason", "loud").code == 0
    assert operator.run("admin", "ban", "bob", "--reason", "louder").code == 0
    shown = operator.run("admin", "sanctions").lines()
    assert [re.split(r"  +", line)[:2] for line in shown] == [
        ["bob", "is banned"],
        ["bob", "may not speak"],
    ]
    assert "for good" in shown[0]
    assert shown[0].endswith("louder")
    assert "until 20" in shown[1]
    french = operator.run("admin", "sanctions", "--lang", "fr").lines()
    assert "définitivement" in french[0]
    assert operator.run("admin", "list").lines()[0].startswith("ada  owner  20")


def test_the_log_is_read_from_its_end_and_page_by_page(
    broker: BrokerProgram, operator: Operator
) -> None:
    for number in range(3):
        operator.do("admin", "add", f"{number:02x}" * 32)
    log = operator.do("admin", "audit")
    assert [entry["seq"] for entry in log] == list(range(1, len(log) + 1))
    assert [entry["what"] for entry in log[-3:]] == ["role"] * 3
    assert operator.do("admin", "audit", "--limit", "2") == log[-2:]


def test_a_sanction_by_key_before_anybody_came(broker: BrokerProgram, operator: Operator) -> None:
    pair = keys.load_or_create(keys.client_key_file(broker.data_dir, "eve"))
    operator.do("admin", "ban", pair.public, "--reason", "known elsewhere")
    refused = run(broker, "send", "hello", nick="eve")
    assert refused.code == 77
    assert "known elsewhere" in refused.stderr
    operator.do("admin", "unban", pair.public)
    assert run(broker, "send", "hello", nick="eve").code == 0


def test_a_nickname_is_freed(broker: BrokerProgram, operator: Operator, tmp_path: Path) -> None:
    with start_bot(broker, nick="ada") as ada:
        taken = run_cli(
            *("--data-dir", tmp_path / "other", "--server", broker.link, "-n", "ada", "send", "x")
        )
        assert taken.code == 1
        operator.do("admin", "free", "ada", "--reason", "a famous name")
        assert ada.wait_json(type="freed")["reason"] == "a famous name"
    again = run_cli(
        *("--data-dir", tmp_path / "other", "--server", broker.link, "-n", "ada", "send", "x")
    )
    assert again.code == 0, again.stderr


def test_who_waits_is_let_in_by_the_first_digits_of_the_key(
    broker_factory: BrokerFactory, tmp_path: Path
) -> None:
    broker = broker_factory("--access", "invite")
    operator = Operator(broker.data_dir)
    place = ("--data-dir", tmp_path / "eve", "--server", broker.link, "-n", "eve")
    assert run_cli(*place, "send", "hello").code == 77
    (waiting,) = operator.do("admin", "waiting")
    assert operator.run("admin", "approve", waiting["key"][:4]).code == 1, "too little to go by"
    (line,) = operator.run("admin", "waiting").lines()
    assert line.split()[:2] == [waiting["key"][:16], "eve"]
    operator.do("admin", "approve", line.split()[0])
    assert operator.do("admin", "waiting") == []
    assert run_cli(*place, "send", "hello").code == 0


# --- invitations ----------------------------------------------------------------------------------


def test_an_invitation_is_a_code_and_a_link(broker: BrokerProgram, operator: Operator) -> None:
    done = operator.run("invite", "--uses", "3", "--expires", "2d", "--note", "for the club")
    code, link = done.lines()
    assert CODE.fullmatch(code)
    assert link == f"{broker.link}?invite={code}"
    assert "for 3 people" in done.stderr
    (entry,) = operator.do("invite", "--list")
    assert (entry["uses"], entry["by"], entry["note"]) == (3, "server", "for the club")
    assert entry["expires"] > entry["ts"]
    assert code not in str(operator.do("invite", "--list")), "nobody reads it again"
    assert code not in str(operator.do("admin", "audit"))


def test_an_invitation_is_withdrawn(broker_factory: BrokerFactory, tmp_path: Path) -> None:
    broker = broker_factory("--access", "invite")
    operator = Operator(broker.data_dir)
    (made,) = operator.do("invite")
    operator.do("invite", "--withdraw", made["name"])
    assert operator.do("invite", "--list") == []
    place = ("--data-dir", tmp_path / "eve", "-n", "eve", "--server", made["links"][0])
    refused = run_cli(*place, "send", "hello")
    assert refused.code == 77
    assert operator.run("invite", "--withdraw", made["name"]).code != 0
    assert operator.run("invite", "--list").lines() == ["There is no invitation."]


def test_a_link_names_the_host_that_others_know(operator: Operator) -> None:
    (made,) = operator.do("invite", "--host", "chat.example.org")
    (link,) = made["links"]
    assert "@chat.example.org:" in link


def test_a_server_on_every_address_has_a_link_for_each(broker_factory: BrokerFactory) -> None:
    broker = broker_factory("--pull", "tcp://*:*", wildcard=False)
    (made,) = Operator(broker.data_dir).do("invite")
    hosts = [re.search(r"@\[?([^@]*?)\]?:\d+(?:/\d+)?\?", link) for link in made["links"]]
    assert [found[1] for found in hosts if found] == addresses()


# --- without a broker -----------------------------------------------------------------------------


def test_while_nobody_serves_the_verbs_work_and_leave_nothing_running(
    broker_factory: BrokerFactory, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    operator = Operator(data)
    pair = keys.load_or_create(keys.client_key_file(data, "ada"))
    operator.do("admin", "owner", pair.public)
    done = operator.run("invite")
    assert done.code == 0, done.stderr
    assert CODE.fullmatch(done.lines()[0])
    assert not (data / "broker" / "ready.json").exists()
    broker = broker_factory("--access", "invite", data_dir=data)
    assert run(broker, "send", "hello", nick="ada").code == 0
    (owner,) = operator.do("admin", "list")
    assert owner["nick"] == "ada"


def test_a_data_directory_that_is_just_being_used(tmp_path: Path) -> None:
    with DirectoryLock(tmp_path / "broker"):
        done = Operator(tmp_path).run("admin", "list")
    assert done.code == 1
    assert str(tmp_path) in done.stderr


def test_a_broker_that_is_just_starting_is_waited_for(
    broker: BrokerProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the directory, but has not said yet where it serves."""
    answers = [None, None, read_ready(broker.data_dir)]
    monkeypatch.setattr(session, "read_ready", lambda _data: answers.pop(0))
    with session.console(broker.data_dir) as console:
        assert console.served
        assert console.ask(console.client.list("roles")).entries == []
    assert answers == []


def test_without_encryption_there_is_nobody_to_rule(broker_factory: BrokerFactory) -> None:
    broker = broker_factory("--plain")
    for words in (("admin", "list"), ("invite",)):
        done = Operator(broker.data_dir).run(*words, "--json")
        assert done.code == 1
        (error,) = done.events()
        assert (error["type"], error["code"]) == ("error", "needs-encryption")
        assert "encryption" in done.stderr


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("admin",), "sanctions"),
        (("admin", "fly"), "sanctions"),
        (("admin", "ban"), "admin ban NICK"),
        (("admin", "approve"), "admin approve KEY"),
        (("admin", "list", "all"), "all"),
        (("invite", "somebody"), "somebody"),
        (("invite", "--uses", "0"), "--uses 0"),
        (("invite", "--list", "--withdraw", "ab12"), "--withdraw"),
        (("admin", "add", "ada", "--for", "2d"), "--for"),
        (("admin", "list", "--limit", "2"), "--limit"),
    ],
)
def test_a_command_that_is_none(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = Operator(tmp_path).run(*words)
    assert done.code == 2
    assert said in done.stderr
    assert not (tmp_path / "broker").exists()


def test_who_is_not_known_is_named(operator: Operator) -> None:
    done = operator.run("admin", "mute", "nobody")
    assert done.code != 0
    assert "nobody" in done.stderr


def test_a_server_key_alone_is_not_enough(broker: BrokerProgram) -> None:
    """Whoever knows the broker's public key, as everybody does, and says that it is theirs."""
    assert broker.key is not None
    other = keys.generate()
    with context() as made:
        names_it = Peer(made, broker, (keys.to_z85(broker.key), keys.to_z85(other.secret)))
        holds_it = Peer(made, broker, (keys.to_z85(other.public), keys.to_z85(other.secret)))
        names_it.ask(b"inbox/" + names_it.session + b"/")
        holds_it.come_in("holds-it")  # later, and all of the way in
        names_it.settle()
        assert names_it.topics == []
