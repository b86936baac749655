"""The gateway as a whole program: how it starts, who comes in, what it refuses, how it ends."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import socket
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from common.client.target import read_ready
from tests.conftest import BrokerFactory
from tests.support import require_module, scaled, wait_until
from tests.support.gateway import ANY, GATEWAY, GatewayProgram, Visitor, certificate
from tests.support.programs import ROOT, BrokerProgram, Program, run_cli, run_program

Start = Callable[..., GatewayProgram]
Words = list[str | Path]
BROKER = (sys.executable, str(ROOT / "broker.py"))
ANYWHERE = ("--pull", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*")


@pytest.fixture
def start() -> Iterator[Start]:
    """`start(data_dir, *words)`: gateways that are killed at the end; a logged error fails."""
    with ExitStack() as running:
        started: list[GatewayProgram] = []

        def serve(data_dir: Path, *words: str | Path, bind: str = ANY) -> GatewayProgram:
            gateway = GatewayProgram(data_dir, *words, bind=bind)
            started.append(running.enter_context(gateway))
            return gateway

        yield serve
        for one in started:
            wrong = [line for line in one.lines("stderr") if "ERROR" in line or "Trace" in line]
            assert not wrong, one.describe()


@pytest.fixture
def gateway(broker: BrokerProgram, start: Start) -> GatewayProgram:
    """A gateway beside the broker of this machine."""
    return start(broker.data_dir)


def who(broker: BrokerProgram) -> str:
    """Everybody who is in the room, as the terminal lists them."""
    return run_cli("who", "--data-dir", broker.data_dir, "-n", "eve").stdout


def handshake(visitor: Visitor, origin: str | None, *, speaks: bool = False) -> tuple[int, bytes]:
    """A WebSocket's first bytes, by hand: the status, and (where the gateway `speaks` first) what
    follows the answer's head."""
    place = urllib.parse.urlsplit(visitor.page)
    lines = [
        "GET /ws HTTP/1.1", f"Host: {place.netloc}", "Upgrade: websocket",
        "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}",
    ]  # fmt: skip
    if origin is not None:
        lines.append(f"Origin: {origin}")
    lines += [f"Cookie: {name}={value}" for name, value in visitor.jar.items()]
    assert place.hostname
    with socket.create_connection((place.hostname, place.port or 80), scaled(10)) as line:
        line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        got = line.recv(65_536)
        head, _, rest = got.partition(b"\r\n\r\n")
        status = int(head.split(b" ")[1])
        if speaks and not rest:
            rest = line.recv(65_536)
        return status, rest


# --- how it starts, and ends ----------------------------------------------------------------------


def test_one_ready_line_tells_where_the_page_is(broker: BrokerProgram) -> None:
    command: Words = [*GATEWAY, "--bind", "127.0.0.1:*", "--data-dir", broker.data_dir]
    with Program(command) as gateway:
        line = gateway.wait_line("ready ")
        assert gateway.lines() == [line]
        words = dict(word.partition("=")[::2] for word in line.split()[1:])
        assert words["name"] == '"Causette"'
        assert words["server"] == broker.pull.removeprefix("tcp://")
        port = int(words["page"].rpartition(":")[2])
        assert words["page"] == f"http://127.0.0.1:{port}"
        assert Visitor(words["page"]).get("/healthz").json == {"ok": True, "broker": "up"}


def test_json_tells_the_same_to_programs_and_every_page(
    broker: BrokerProgram, start: Start
) -> None:
    gateway = start(broker.data_dir, "--bind", "0.0.0.0:*")
    ready = gateway.ready
    assert (ready["type"], ready["name"]) == ("ready", "Causette")
    assert ready["page"] == ready["pages"][0]
    assert len(ready["pages"]) >= 2
    for page in ready["pages"]:
        assert "0.0.0.0" not in page
        assert Visitor(page).get("/").status == 200
    assert "without encryption" in gateway.wait_line("client_web.py:", stream="stderr")


def test_on_this_machine_alone_nobody_is_warned_of_the_network(gateway: GatewayProgram) -> None:
    assert "encryption" not in "\n".join(gateway.lines("stderr"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_two_seconds_with_people_in(
    broker: BrokerProgram, start: Start, number: int
) -> None:
    gateway = start(broker.data_dir)
    visitors = [Visitor(gateway.page) for _ in range(3)]
    for n, visitor in enumerate(visitors):
        assert visitor.join(f"ada{n}").status == 200
    place = urllib.parse.urlsplit(gateway.page)
    with socket.create_connection((str(place.hostname), place.port or 0)) as idle:
        idle.sendall(b"GET / HTT")  # somebody who never finishes
        before = time.monotonic()
        assert gateway.stop(number) == 0
        assert time.monotonic() - before < scaled(2)
    assert not (broker.data_dir / "web" / "ready.json").exists()
    assert "ada" not in who(broker), "all have said goodbye"


def test_it_ends_with_its_input_where_it_is_told_to(broker: BrokerProgram, start: Start) -> None:
    gateway = start(broker.data_dir, "--end-with-input")
    gateway.close_stdin()
    assert gateway.wait() == 0


def test_what_stands_in_the_way_is_one_line(
    broker: BrokerProgram, gateway: GatewayProgram, tmp_path: Path
) -> None:
    taken = urllib.parse.urlsplit(gateway.page).netloc
    missing = ["--tls-cert", str(tmp_path / "none.pem")]
    data, other = ["--data-dir", str(broker.data_dir)], ["--data-dir", str(tmp_path / "other")]
    cases = [
        ([*data, "--bind", "127.0.0.1:*"], 1, "another gateway serves"),
        ([*other, broker.link, "--bind", taken], 1, "is used by another program"),
        ([*other, broker.link, *missing], 2, "cannot be read"),
        ([*other, broker.link, "--tls-key", "x"], 2, "--tls-cert goes with it"),
        ([*other, broker.link, "--bind", "x"], 2, "give an address and a port"),
        ([*other, broker.link, "extra"], 2, "one server at most"),
        ([*other, "-s", "127.0.0.1:1"], 69, "nothing listens"),
        ([*other, "-s", broker.pull.removeprefix("tcp://"), "--push", "x"], 2, "--server"),
        ([*other, broker.link, "--nick", "ada"], 2, "no option is called --nick"),
    ]
    for words, status, expects in cases:
        done = run_program([*GATEWAY, *words], timeout=40)
        assert done.code == status, (words, done.stderr)
        assert expects in done.stderr, words
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert done.stdout == ""


def test_an_obstacle_is_told_to_programs(gateway: GatewayProgram, broker: BrokerProgram) -> None:
    done = run_program([*GATEWAY, "--json", "--data-dir", broker.data_dir])
    (said,) = done.events()
    assert (said["type"], said["code"]) == ("error", "data-dir-locked")


def test_the_people_of_one_server_are_not_led_to_another(
    broker_factory: BrokerFactory, start: Start, tmp_path: Path
) -> None:
    one = broker_factory(data_dir=tmp_path / "one")
    two = broker_factory(data_dir=tmp_path / "two")
    start(tmp_path / "web", one.link).stop()
    done = run_program([*GATEWAY, "--data-dir", tmp_path / "web", two.link])
    assert done.code == 1
    assert "the people of another server" in done.stderr
    start(tmp_path / "web", one.link)


def test_an_unknown_server_needs_to_be_trusted_first(
    broker_factory: BrokerFactory, start: Start, tmp_path: Path
) -> None:
    broker = broker_factory("--card", "tcp://127.0.0.1:*", data_dir=tmp_path / "broker")
    card = int(broker.card.rpartition(":")[2])
    address = f"127.0.0.1:{card - 2}"
    if card < 3:
        pytest.skip("no port is two below")
    command: Words = [
        *GATEWAY,
        "-s",
        address,
        "--data-dir",
        tmp_path / "web",
        "--bind",
        "127.0.0.1:*",
    ]
    done = run_program(command, timeout=40)
    assert (done.code, len(done.stderr.splitlines())) == (77, 1)
    gateway = start(tmp_path / "web", "-s", address, "--trust-first")
    assert "trusted from now on" in gateway.wait_line("trusted", stream="stderr")
    assert Visitor(gateway.page).join("ada").status == 200


# --- two taps -------------------------------------------------------------------------------------


def test_a_nickname_and_join_and_one_is_in(gateway: GatewayProgram, broker: BrokerProgram) -> None:
    ada = Visitor(gateway.page)
    told = ada.get("/api/start").json
    assert (told["server"], told["access"], told["reach"]) == ("Causette", "open", "ok")
    assert (told["encrypted"], told["secure"], told["nick"], told["joined"]) == (
        True,
        False,
        "",
        False,
    )
    answer = ada.join("Ada")
    assert (answer.status, answer.json) == (200, {"ok": True})
    (cookie,) = answer.cookies
    parts = cookie.split("; ")
    assert parts[0].startswith("causette-")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(parts)
    assert "Secure" not in parts
    told = ada.get("/api/start").json
    assert (told["nick"], told["joined"], told["people"]) == ("Ada", True, 1)
    assert handshake(ada, gateway.page)[0] == 101
    assert "Ada" in who(broker)


def test_a_browser_stays_who_it_is_when_the_gateway_starts_anew(
    gateway: GatewayProgram, broker: BrokerProgram, start: Start
) -> None:
    ada = Visitor(gateway.page)
    ada.join("Ada")
    gateway.stop()
    again = start(broker.data_dir, bind=urllib.parse.urlsplit(gateway.page).netloc)
    told = ada.get("/api/start").json
    assert (told["nick"], told["joined"]) == ("Ada", True)
    assert handshake(ada, again.page)[0] == 101
    mode = (broker.data_dir / "web" / "web.sqlite").stat().st_mode
    assert os.name == "nt" or mode & 0o777 == 0o600


def test_what_is_wrong_with_the_form_names_its_field_in_their_language(
    gateway: GatewayProgram,
) -> None:
    Visitor(gateway.page).join("Ada")
    bob = Visitor(gateway.page, {"Accept-Language": "fr-CA, en;q=0.5"})
    taken = bob.post("/api/join", {"nick": "Ada"})
    assert (taken.status, taken.code) == (409, "nick-taken")
    assert taken.json["error"]["field"] == "nick"
    assert "pseudonyme" in taken.json["error"]["text"]
    assert not bob.jar, "nobody was made"
    wrong = bob.join("@root")
    assert (wrong.status, wrong.code, wrong.json["error"]["field"]) == (400, "bad-nick", "nick")
    code = bob.join("Bob", code="!!")
    assert (code.status, code.json["error"]["field"]) == (400, "code")
    assert bob.post("/api/join", {"name": "Bob"}).code == "bad-request"
    assert bob.join("Bob").status == 200


def test_leaving_and_being_forgotten(gateway: GatewayProgram, broker: BrokerProgram) -> None:
    ada = Visitor(gateway.page)
    ada.join("Ada")
    assert ada.post("/api/leave", {"forget": False}).status == 200
    told = ada.get("/api/start").json
    assert (told["nick"], told["joined"]) == ("Ada", False)
    assert ada.join("Ada").status == 200, "the same key: the nickname is hers"
    assert ada.join("Ada Lovelace").status == 200
    assert ada.get("/api/start").json["nick"] == "Ada Lovelace"
    assert ada.post("/api/leave", {"forget": True}).status == 200
    assert not ada.jar
    assert ada.get("/api/start").json["nick"] == ""
    assert Visitor(gateway.page).join("Ada Lovelace").code == "nick-taken"


def test_where_people_must_be_invited_a_code_lets_in_and_others_wait(
    broker_factory: BrokerFactory, start: Start
) -> None:
    broker = broker_factory("--access", "invite")
    gateway = start(broker.data_dir)
    ada = Visitor(gateway.page)
    assert ada.get("/api/start").json["access"] == "invite"
    wrong = ada.join("Ada", code="AAAA-BBBB-CCCC")
    assert (wrong.status, wrong.code) == (403, "bad-invitation")
    assert wrong.json["error"]["field"] == "code"
    done = run_program([*BROKER, "invite", "--json", "--data-dir", broker.data_dir])
    assert ada.join("Ada", code=done.events()[0]["code"].lower()).status == 200
    bob = Visitor(gateway.page)
    waits = bob.join("Bob")
    assert (waits.status, waits.json["waiting"]) == (202, True)
    assert len(waits.json["fingerprint"]) > 20
    assert bob.jar


def test_a_code_makes_a_browser_the_device_of_somebody(
    gateway: GatewayProgram, broker: BrokerProgram
) -> None:
    run_cli("send", "hello", "--data-dir", broker.data_dir, "-n", "ada")
    made = run_cli("device", "--json", "--data-dir", broker.data_dir, "-n", "ada")
    code = made.events()[0]["code"]
    phone = Visitor(gateway.page)
    assert phone.join("Somebody").status == 200
    before = dict(phone.jar)
    assert phone.join("ada", code=code).status == 200
    assert phone.jar != before, "another key"
    assert phone.get("/api/start").json["nick"] == "ada"


def test_nobody_becomes_the_owner_by_coming_first(
    gateway: GatewayProgram, broker: BrokerProgram
) -> None:
    ada = Visitor(gateway.page)
    ada.join("Ada")
    assert ada.get("/api/hooks").status == 403
    ready = read_ready(broker.data_dir)
    assert ready is not None
    assert ready.claim, "whoever sits there may still claim it"


def test_a_server_that_is_away_is_told_and_its_coming_back_too(
    gateway: GatewayProgram, broker_factory: BrokerFactory, broker: BrokerProgram
) -> None:
    """Also where it comes back at other ports: its file tells where."""
    ada = Visitor(gateway.page)
    ada.join("Ada")
    broker.kill()
    bob = Visitor(gateway.page)
    wait_until(lambda: bob.get("/healthz").status == 503, "it is noticed")
    told = bob.get("/api/start", Accept_Language="fr").json
    assert (told["reach"], told["server"]) == ("down", "Causette")
    assert told["why"].startswith("Le serveur")
    refused = bob.join("Bob")
    assert refused.status == 503
    assert "Retry-after" in {name.capitalize() for name in refused.headers}
    again = broker_factory()
    assert again.pull != broker.pull
    wait_until(lambda: bob.get("/healthz").status == 200, "it is back")
    assert bob.join("Bob").status == 200
    wait_until(
        lambda: "Ada" in who(again),
        "Ada's session went after it",
        20,
    )


# --- TLS -----------------------------------------------------------------------------------------


def test_https_protects_the_cookie_and_a_renewed_certificate_is_taken_over(
    broker: BrokerProgram, start: Start, tmp_path: Path
) -> None:
    cert, key, trust = certificate(tmp_path)
    gateway = start(broker.data_dir, "--tls-cert", cert, "--tls-key", key)
    assert gateway.page.startswith("https://127.0.0.1:")
    ada = Visitor(gateway.page, context=trust)
    told = ada.get("/api/start")
    assert told.json["secure"] is True
    assert "strict-transport-security" not in told.headers
    (cookie,) = ada.join("Ada").cookies
    assert cookie.startswith("__Host-causette")
    assert "; Secure" in cookie
    assert ada.get("/api/start").json["joined"] is True
    place = urllib.parse.urlsplit(gateway.page)
    with socket.create_connection((str(place.hostname), place.port or 0)) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200" not in plain.recv(100)
    if sys.platform == "win32":
        return
    other, other_key, other_trust = certificate(tmp_path, "renewed")
    cert.write_bytes(other.read_bytes())
    key.write_bytes(other_key.read_bytes())
    gateway.send_signal(signal.SIGHUP)
    gateway.wait_line("the certificate was read again", stream="stderr")
    assert Visitor(gateway.page, context=other_trust).get("/").status == 200
    key.write_bytes(b"no key")
    gateway.send_signal(signal.SIGHUP)
    gateway.wait_line("the certificate stays as it was", stream="stderr")
    assert Visitor(gateway.page, context=other_trust).get("/").status == 200
    done = run_program([*GATEWAY, broker.link, "--tls-cert", cert, "--tls-key", key])
    assert (done.code, len(done.stderr.splitlines())) == (2, 1)


def test_hooks_are_made_over_https_too(broker: BrokerProgram, start: Start, tmp_path: Path) -> None:
    cert, key, trust = certificate(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    gateway = start(broker.data_dir, "--tls-cert", both)
    done = run_program([*GATEWAY, "hook", "add", "probe", "--json", "--data-dir", broker.data_dir])
    url = done.events()[0]["url"]
    assert url.startswith(gateway.page)
    script = Visitor(gateway.page, context=trust)
    answer = script.ask("POST", url.removeprefix(gateway.page), '{"text": "over https"}',
                        {"Content-Type": "application/json"})  # fmt: skip
    assert answer.json["seq"] == 1


# --- figures -------------------------------------------------------------------------------------


def test_figures_are_for_this_machine_unless_they_are_opened(
    broker: BrokerProgram, start: Start
) -> None:
    require_module("prometheus_client", "python3 dev.py setup dev")
    gateway = start(broker.data_dir)
    ada = Visitor(gateway.page)
    ada.join("Ada")
    answer = ada.get("/metrics")
    assert answer.status == 200
    assert "causette_web_joins_total 1.0" in answer.text
    assert "causette_web_sessions 1.0" in answer.text
    assert "process_" in answer.text
    proxied = ada.get("/metrics", X_Forwarded_For="203.0.113.7")
    assert proxied.status == 403
    assert "may not" in proxied.text
    gateway.stop()
    gateway = start(broker.data_dir, "--metrics-open")
    opened = Visitor(gateway.page).get("/metrics", X_Forwarded_For="203.0.113.7")
    assert opened.status == 200
