"""`client_cli.py doctor` where something answers: another program, another key, another version, a
clock that is off, a server that does not let one in. On loopback."""

from __future__ import annotations

import datetime
import json
import signal
import socket
from pathlib import Path

import pytest

from common import keys
from common.client import events as ev
from common.client.pins import Pins
from tests.conftest import BrokerFactory
from tests.support import wait_until
from tests.support.programs import BrokerProgram, run_cli
from tests.system.conftest import Join
from tests.system.doctor import stubs
from tests.system.doctor.examining import Examined, client, local
from tests.system.doctor.examining import broker as ask_broker

TODAY = datetime.date(2026, 11, 20)


def ask(data_dir: Path, *words: str | Path) -> Examined:
    return client(local, data_dir, *words)


@pytest.fixture
def me(tmp_path: Path) -> Path:
    return tmp_path / "me"


@pytest.fixture
def typed(broker_factory: BrokerFactory, port: int, tmp_path: Path) -> BrokerProgram:
    """A broker whose ports stand in a row, so that its address can be typed."""
    return broker_factory(
        "--pull", f"tcp://127.0.0.1:{port}", data_dir=tmp_path / "served", wildcard=False
    )


# --- well --------------------------------------------------------------------------------------


def test_all_is_well_and_nobody_was_disturbed(
    typed: BrokerProgram, port: int, me: Path, tmp_path: Path, join: Join
) -> None:
    watcher = join(typed, "watcher")
    mark = watcher.mark()
    well = ask(me, f"127.0.0.1:{port}", "--trust-first")
    assert (well.code, well.said["verdict"], well.said["cause"]) == (0, "ok", None)
    assert well.values("session")["nick"] == "ada"
    assert well.values("session")["encrypted"] is True
    assert 0 < well.values("speed")["ms"] <= well.values("speed")["worst_ms"]
    assert well.values("clock")["off_seconds"] < 5
    assert 'All is well. You would be ada on "Causette".' in well.verdict
    assert Pins.of(me).all() == {}, "it trusts nobody for good"
    watcher.say_all("still the first")
    rooms = run_cli("rooms", "--json", "--data-dir", tmp_path / "served", "-n", "eve")
    [general] = rooms.events()
    assert (general["room"], general["head"]) == ("general", 1)
    assert watcher.of_kind(ev.Presence, mark) == []
    people = watcher.client.who("general").result(10).people
    assert [person.nick for person in people] == ["watcher"]


def test_the_server_of_this_machine_needs_no_address(broker: BrokerProgram) -> None:
    well = ask(broker.data_dir)
    assert (well.code, well.said["verdict"]) == (0, "ok")
    assert well.found("server")["id"] == "server-here"
    assert well.values("server")["pid"] == broker.pid
    assert well.found("key")["id"] == "key-here"


def test_an_unknown_key_is_shown_and_a_known_one_is_known(
    typed: BrokerProgram, port: int, me: Path
) -> None:
    assert typed.key is not None
    server = f"127.0.0.1:{port}"
    unknown = ask(me, server)
    assert (unknown.code, unknown.cause) == (0, "key-unknown")
    assert unknown.values("key")["key"] == keys.fingerprint(typed.key)
    Pins.of(me).pin(server, typed.key, "Causette", TODAY)
    known = ask(me, "-s", server)
    assert (known.code, known.said["verdict"]) == (0, "ok")
    assert known.found("key")["id"] == "key-known"


# --- something else ----------------------------------------------------------------------------


def test_nothing_is_there(port: int, me: Path) -> None:
    closed = ask(me, f"127.0.0.1:{port}")
    assert (closed.code, closed.cause) == (69, "unreachable-refused")
    assert f"refuses port {port}" in closed.verdict


def test_a_web_server(port: int, me: Path) -> None:
    with stubs.web_server(port):
        web = ask(me, f"127.0.0.1:{port}")
    assert (web.code, web.cause) == (69, "not-causette/http")
    assert web.values("program")["said"] == "Kiosk/1.0"
    assert "A web server answers at 127.0.0.1" in web.verdict
    assert f"http://127.0.0.1:{port}" in web.verdict


def test_another_program_that_speaks_first(port: int, me: Path) -> None:
    banner = b"SSH-2.0-OpenSSH_9.2 \x1b[31m\r\n"
    with stubs.listener(port, lambda line: line.sendall(banner)):
        other = ask(me, f"127.0.0.1:{port}")
    assert (other.code, other.cause) == (69, "not-causette/other")
    assert other.values("program")["said"].startswith("SSH-2.0-OpenSSH_9.2")
    assert "it says: SSH-2.0-OpenSSH_9.2" in other.verdict
    assert "\x1b" not in "".join(other.lines)


def test_a_program_that_hangs_up(port: int, me: Path) -> None:
    with stubs.listener(port, socket.socket.close):
        other = ask(me, f"127.0.0.1:{port}")
    assert (other.code, other.cause) == (69, "not-causette/closed")


def test_a_program_that_says_nothing(port: int, me: Path) -> None:
    with stubs.listener(port, None):
        silent = ask(me, f"127.0.0.1:{port}")
    assert (silent.code, silent.cause) == (69, "no-answer")
    assert "says nothing" in silent.verdict


def test_zeromq_that_is_no_server_of_causette(port: int, me: Path) -> None:
    with stubs.foreign_zeromq(port):
        foreign = ask(me, f"127.0.0.1:{port}")
    assert (foreign.code, foreign.cause) == (69, "not-causette/zeromq")
    assert "speaks ZeroMQ" in foreign.verdict


def test_a_server_that_stands_still(typed: BrokerProgram, port: int, me: Path) -> None:
    typed.send_signal(signal.SIGSTOP)
    try:
        frozen = ask(me, f"127.0.0.1:{port}")
        assert (frozen.code, frozen.cause) == (69, "no-answer")
        assert "it hangs" in frozen.verdict
    finally:
        typed.send_signal(signal.SIGCONT)


# --- another key, another mechanism --------------------------------------------------------------


def test_a_changed_key_is_as_loud_as_ssh(typed: BrokerProgram, port: int, me: Path) -> None:
    assert typed.key is not None
    former = keys.generate().public
    Pins.of(me).pin(f"127.0.0.1:{port}", former, "Causette", TODAY)
    changed = ask(me, f"127.0.0.1:{port}")
    assert (changed.code, changed.cause) == (77, "key-changed")
    assert changed.values("key")["key"] == keys.fingerprint(typed.key)
    assert changed.values("key")["expected"] == keys.fingerprint(former)
    assert "stay out" in changed.verdict
    assert "joined" not in changed.ids, "nobody was told who one is"


def test_a_link_with_another_key(typed: BrokerProgram, port: int, me: Path) -> None:
    wrong = ask(me, f"causette://{keys.generate().public}@127.0.0.1:{port}")
    assert (wrong.code, wrong.cause) == (77, "wrong-key")
    assert typed.key is not None
    assert keys.fingerprint(typed.key) in wrong.verdict


def test_a_key_given_by_hand_that_is_another(broker: BrokerProgram, me: Path) -> None:
    """No card tells it: the handshake does."""
    by_hand = ["--push", broker.pull, "--sub", broker.pub, "--server-key"]
    assert broker.key is not None
    assert ask(me, *by_hand, broker.key).code == 0
    wrong = ask(me, *by_hand, keys.generate().public)
    assert (wrong.code, wrong.cause) == (77, "wrong-key")


def test_encrypted_against_plain(
    broker: BrokerProgram, broker_factory: BrokerFactory, port: int, tmp_path: Path, me: Path
) -> None:
    without = ask(me, "--push", broker.pull, "--sub", broker.pub)
    assert (without.code, without.cause) == (77, "plain-mismatch/they-encrypt")
    plain = broker_factory(
        *("--plain", "--pull", f"tcp://127.0.0.1:{port}"),
        data_dir=tmp_path / "plain",
        wildcard=False,
    )
    key = keys.generate().public
    linked = ask(me, f"causette://{key}@127.0.0.1:{port}")
    assert (linked.code, linked.cause) == (77, "plain-mismatch/they-do-not")
    Pins.of(me).pin(f"127.0.0.1:{port}", key, "Causette", TODAY)
    pinned = ask(me, f"127.0.0.1:{port}")
    assert (pinned.code, pinned.cause) == (77, "key-changed")
    assert "no key any more" in pinned.verdict
    new = ask(tmp_path / "new", f"127.0.0.1:{port}")
    assert (new.code, new.cause) == (0, "speaks-plain")
    assert "not-tried/unknown" in new.ids, "nobody unknown is told a secret in clear"
    taken = ask(tmp_path / "new", f"127.0.0.1:{port}", "--trust-first")
    assert taken.code == 0
    assert taken.values("session")["encrypted"] is False
    assert plain.process.poll() is None


# --- versions and clocks -------------------------------------------------------------------------


@pytest.mark.parametrize(("spoken", "who"), [(0, "server-older"), (2, "server-newer")])
def test_another_version_of_the_protocol(
    broker_factory: BrokerFactory, port: int, me: Path, spoken: int, who: str
) -> None:
    broker_factory(
        *("--pull", f"tcp://127.0.0.1:{port}"),
        wildcard=False,
        alter=[f"common.protocol.messages.PROTOCOL={spoken}"],
    )
    other = ask(me, f"127.0.0.1:{port}")
    assert (other.code, other.cause) == (1, f"protocol-version/{who}")
    assert other.values("version") == {"version": spoken, "ours": 1}
    word = "server is too old" if who == "server-older" else "program is too old"
    assert word in other.verdict


def test_another_version_where_no_card_tells_it(broker_factory: BrokerFactory, me: Path) -> None:
    broker = broker_factory(alter=["common.protocol.messages.PROTOCOL=2"])
    assert broker.key is not None
    by_hand = ["--push", broker.pull, "--sub", broker.pub, "--server-key", broker.key]
    other = ask(me, *by_hand)
    assert (other.code, other.cause) == (1, "protocol-version")


@pytest.mark.parametrize(
    ("off", "cause", "words"),
    [
        (
            -3_600,
            "clock-off/ahead",
            "60 minutes ahead of the|1 hour ahead of the",
        ),
        (90, "clock-off/behind", "90 seconds behind the server's"),
    ],
)
def test_clocks_that_are_far_apart(
    broker_factory: BrokerFactory, tmp_path: Path, me: Path, off: int, cause: str, words: str
) -> None:
    """The server's clock is off, which is the same to whoever looks."""
    clock = tmp_path / "clock"
    clock.write_text(str(off * 1_000))
    broker = broker_factory(alter=[f"clock={clock}"])
    apart = ask(me, broker.link)
    assert (apart.code, apart.cause) == (1, cause)
    assert abs(apart.values("clock")["off_seconds"] - abs(off)) < 5
    assert any(part in apart.verdict for part in words.split("|")), apart.verdict
    assert "joined" in apart.ids, "it keeps nobody out"


# --- not let in ----------------------------------------------------------------------------------


def test_not_invited(broker_factory: BrokerFactory, me: Path, tmp_path: Path) -> None:
    broker = broker_factory("--access", "invite")
    out = ask(me, broker.link)
    assert (out.code, out.cause) == (77, "not-invited")
    assert out.values("session")["key"] in out.verdict
    made = local("broker.py", "invite", "--data-dir", broker.data_dir, "--json")
    invitation = json.loads(made.stdout)
    coded = ask(me, broker.link, "--invite", invitation["code"])
    assert coded.code == 0
    assert "not-invited/code" in coded.ids
    assert "your invitation was not tried" in coded.verdict
    used = ask(me, broker.link)
    assert used.cause == "not-invited", "it was not used up"
    words = ("-s", broker.link, "--invite", invitation["code"], "--data-dir", me, "-n", "ada")
    assert run_cli("who", *words).code == 0
    assert ask(me, broker.link).code == 0


def test_banned(broker: BrokerProgram, me: Path) -> None:
    assert run_cli("send", "-s", broker.link, "--data-dir", me, "-n", "ada", "hello").code == 0
    words = ["ban", "ada", "--reason", "spam", "--for", "1h", "--data-dir", str(broker.data_dir)]
    assert local("broker.py", "admin", *words).code == 0
    out = ask(me, broker.link)
    assert (out.code, out.cause) == (77, "banned")
    assert "spam" in out.verdict
    assert "until" in out.verdict


def test_a_nickname_that_is_somebody_else_s(broker: BrokerProgram, me: Path, join: Join) -> None:
    join(broker, "ada")
    taken = ask(me, broker.link)
    assert (taken.code, taken.cause) == (1, "nick-taken")
    assert '"ada" is somebody else\'s' in taken.verdict


# --- no server -----------------------------------------------------------------------------------


def test_no_server_was_given_and_none_runs(me: Path, broker_factory: BrokerFactory) -> None:
    nothing = ask(me)
    assert (nothing.code, nothing.cause) == (69, "no-broker/here")
    assert "client_cli.py doctor ADDRESS" in nothing.verdict
    killed = broker_factory(data_dir=me)
    killed.kill()
    died = ask(me)
    assert (died.code, died.cause) == (69, "no-broker/stopped")
    assert str(killed.pid) in died.verdict
    (me / "broker" / "ready.json").write_text("{")
    damaged = ask(me)
    assert (damaged.code, damaged.cause) == (78, "profile-damaged")


def test_what_was_typed_wrongly_is_told_before_anything_else(me: Path) -> None:
    for words in ("no where", "a|b", "-s|a|--push|tcp://b:1"):
        done = local("client_cli.py", "doctor", "--data-dir", me, *words.split("|"))
        assert (done.code, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1


def test_clients_point_to_it(port: int, me: Path) -> None:
    """The line of a client that cannot join ends with what to type."""
    server = f"127.0.0.1:{port}"
    done = run_cli("who", "-s", server, "--data-dir", me, "--trust-first", timeout=60)
    assert done.code == 69
    assert done.stderr.rstrip().endswith(f"client_cli.py doctor {server}")


def test_it_speaks_french_and_json_does_not(broker: BrokerProgram, me: Path) -> None:
    done = local("client_cli.py", "doctor", "--data-dir", me, "--lang", "fr", broker.link)
    assert "Vous seriez" in done.stdout
    told = [
        local("client_cli.py", "doctor", "--data-dir", me, "--json", "--lang", lang, broker.link)
        for lang in ("fr", "en")
    ]
    said = [json.loads(one.stdout) for one in told]
    assert [f["id"] for f in said[0]["findings"]] == [f["id"] for f in said[1]["findings"]]
    assert wait_until(lambda: "é" not in told[0].stdout, "nothing is translated")


def test_the_server_s_doctor_sees_the_same_server(broker: BrokerProgram) -> None:
    assert ask_broker(local, broker.data_dir).values("running")["pid"] == broker.pid
