"""A server that moves: whoever was on it finds it by its key, and goes on where they were."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.support import wait_until
from tests.support.hosts import Host, Network
from tests.support.programs import BrokerProgram, Event, Program
from tests.system.lan.conftest import OnHost


def said(program: Program) -> list[str]:
    """What a bot has heard of others, and what of its own was stored, in order."""
    return [str(e["text"]) for e in program.events() if e["type"] == "message"]


def stored(program: Program) -> list[Event]:
    return [event for event in program.events() if event["type"] == "stored"]


def say(program: Program, text: str) -> None:
    program.send_line({"type": "say", "room": "general", "text": text, "id": text})


def joined(host: Host, data: Path, broker: BrokerProgram, nick: str) -> Program:
    bot = host.cli_started(data, "bot", "-s", f"{broker.link}", "-n", nick)
    bot.wait_json(20, type="ready")
    return bot


def at(broker: BrokerProgram, host: Host) -> BrokerProgram:
    """The same broker, as its link names it for others."""
    broker.ready["pull"] = [f"tcp://{host.address}:5555"]
    return broker


def test_a_server_that_moved_is_found_again_and_nothing_is_lost(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    """Its machine is given another address while people talk: what was said before, meanwhile and
    after is there once, in order, on both sides."""
    server, first, second = network.host(), network.host(), network.host()
    broker = at(serve(server, "--name", "Salle B204"), server)
    broker.wait_line("announced on the network", 15, stream="stderr")
    data = [tmp_path / "ada", tmp_path / "bob"]
    with (
        joined(first, data[0], broker, "ada") as ada,
        joined(second, data[1], broker, "bob") as bob,
    ):
        say(ada, "before")
        bob.wait_json(10, type="message", text="before")
        old = server.address
        server.move_to("10.9.0.77/24")
        say(ada, "meanwhile 1")
        say(ada, "meanwhile 2")
        for bot in (ada, bob):
            bot.wait_json(90, type="link", state="up")
        wait_until(lambda: len(stored(ada)) == 3, "all is stored", 20, saw=ada.describe)
        say(bob, "after")
        ada.wait_json(20, type="message", text="after")
        wait_until(
            lambda: said(bob) == ["before", "meanwhile 1", "meanwhile 2"], "all of it", 20,
            saw=bob.describe,
        )  # fmt: skip
        assert [event["seq"] for event in stored(ada)] == [1, 2, 3]
    # The pins learned the new address: typed, it asks nobody anything.
    known = json.loads((data[0] / "client" / "known.json").read_text("utf-8"))["brokers"]
    assert known[f"{server.address}:5555"]["key"] == known[f"{old}:5555"]["key"] == broker.key
    done = first.cli(data[0], "history", "--json", "-s", server.address, "-n", "ada")
    assert [line["text"] for line in done.events()][-1] == "after"


def test_a_known_address_that_the_server_has_left_leads_to_where_it_is_now(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    """The move was made while nobody was on it: what was typed last week still works."""
    server, client = network.host(), network.host()
    broker = at(serve(server), server)
    broker.wait_line("announced on the network", 15, stream="stderr")
    old = server.address
    words = ("-s", old, "-n", "bob")
    assert client.cli(tmp_path, "send", *words, "--trust-first", "before").code == 0
    server.move_to("10.9.0.88/24")
    broker.wait_line("now by 10.9.0.88:5555", 15, stream="stderr")
    done = client.cli(tmp_path, "send", *words, "after")
    assert done.code == 0, done.stderr
    assert "The server has moved: it is at 10.9.0.88:5555 now." in done.stderr
    assert client.cli(tmp_path, "send", *words, "no", "--no-discovery").code == 69
    done = client.cli(tmp_path, "history", "--json", "-s", server.address, "-n", "bob")
    assert [line["text"] for line in done.events()] == ["before", "after"]


def test_a_join_link_leads_to_where_the_server_is_now(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    server, client = network.host(), network.host()
    broker = at(serve(server), server)
    link = broker.link
    server.move_to("10.9.0.99/24")
    broker.wait_line("10.9.0.99:5555", 15, stream="stderr")
    done = client.cli(tmp_path, "send", "-s", link, "-n", "bob", "hello")
    assert done.code == 0, done.stderr


def test_somebody_who_only_says_to_be_the_server_gets_nobody(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    """An announcement with the key of another: its holder cannot prove it, and the way back to the
    real one is not lost."""
    server, client, liar = network.host(), network.host(), network.host()
    broker = at(serve(server, "--name", "Real"), server)
    broker.wait_line("announced on the network", 15, stream="stderr")
    with joined(client, tmp_path / "bob", broker, "bob") as bob:
        place = ["--pull", "tcp://*:5555", "--lan"]
        data, mark = broker.data_dir, bob.position()
        broker.stop()
        claim = (
            "import sys; from common.lan.announce import Announcer; from common.lan.found import"
            " Found; a = Announcer(Found(name='Real', key=sys.argv[1], hosts=(), pull=5555,"
            " pub=5556, card=5557), lambda own: True, lambda now: print(now, flush=True));"
            " a.start(); sys.stdin.read(); a.close()"
        )
        other = liar.broker(tmp_path / "liar", "--pull", "tcp://*:5555")
        with (
            other,
            liar.start("env", "PYTHONPATH=.", sys.executable, "-c", claim, broker.key or ""),
        ):
            bob.wait_json(60, after=mark, type="link", state="down")
            back = server.broker(data, *place[:2])
            with back:
                bob.wait_json(60, after=mark, type="link", state="up")
            assert not any("bob" in line for line in other.lines("stderr"))


def test_a_session_on_a_loop_follows_too(network: Network, serve: OnHost, tmp_path: Path) -> None:
    """As those of a gateway's browsers."""
    server, client = network.host(), network.host()
    broker = at(serve(server), server)
    broker.wait_line("announced on the network", 15, stream="stderr")
    words = (sys.executable, "-m", "tests.system.lan.on_a_loop", broker.link, "ada")
    with client.start(*words) as ada:
        ada.wait_json(20, event="Ready")
        ada.send_line("before")
        ada.wait_json(10, text="before", seq=1)
        server.move_to("10.9.0.66/24")
        ada.send_line("meanwhile")
        ada.wait_json(90, moved="10.9.0.66:5555")
        ada.wait_json(20, text="meanwhile", seq=2)
