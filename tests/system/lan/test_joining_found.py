"""From a list of found servers into the chat: with a nickname alone, and not with another's key."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from common.keys import fingerprint
from tests.support import wait_until
from tests.support.hosts import Host, Network, Terminal
from tests.support.programs import ROOT, BrokerProgram
from tests.system.lan.conftest import OnHost


def chat(host: Host, data: Path, *words: str) -> Terminal:
    """`client_cli.py chat` there, in a terminal."""
    return host.terminal(sys.executable, ROOT / "client_cli.py", "chat", "--data-dir", data, *words)


def announced(*brokers: BrokerProgram) -> None:
    for broker in brokers:
        broker.wait_line("announced on the network", 15, stream="stderr")


def pinned(data: Path) -> dict[str, str]:
    """Label to key, of what is trusted."""
    file = data / "client" / "known.json"
    told = json.loads(file.read_text("utf-8")) if file.exists() else {"brokers": {}}
    return {label: pin["key"] for label, pin in told["brokers"].items()}


def wait_for(broker: BrokerProgram, nick: str, data: Path) -> None:
    """Until somebody is in, and the key that was proved is kept."""
    broker.wait_line(f"{nick} (causette-cli/chat) connected", 20, stream="stderr")
    wait_until(lambda: broker.key in pinned(data).values(), "the key is pinned")


def test_chat_finds_the_server_and_a_nickname_is_enough(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    server, client = network.host(), network.host()
    broker = serve(server, "--name", "Salle B204")
    announced(broker)
    key = broker.key or ""
    with chat(client, tmp_path, "-n", "bob") as terminal:
        said = terminal.wait("Enter joins it")
        assert f"1  Salle B204  {server.address}:5555  {fingerprint(key)}" in said
        terminal.type("\r")
        terminal.wait("trusted from now on")
        terminal.wait("It is quiet here.")
        terminal.type("hello from afar\r")
        # It is a known one from now on: its address is enough, and nobody is asked.
        words = ("history", "-s", server.address, "--json", "-n", "reader")
        wait_until(
            lambda: (
                [line["text"] for line in client.cli(tmp_path, *words).events()]
                == ["hello from afar"]
            ),
            "what was said",
            20,
        )
    assert pinned(tmp_path) == {f"{server.address}:5555": key}
    with chat(client, tmp_path, "-n", "bob") as terminal:
        assert "known" in terminal.wait("Enter joins it")


def test_one_of_several_is_chosen_by_its_number(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    hosts = [network.host() for _ in range(2)]
    brokers = [serve(host, "--name", name) for host, name in zip(hosts, ("A", "B"), strict=True)]
    announced(*brokers)
    client = network.host()
    with chat(client, tmp_path, "-n", "bob") as terminal:
        terminal.wait("Its number (1 to 2)")
        terminal.type("2\r")
        wait_for(brokers[1], "bob", tmp_path)
    assert list(pinned(tmp_path).values()) == [brokers[1].key]


def test_a_program_without_a_person_is_told_what_to_type(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    server, client = network.host(), network.host()
    broker = serve(server, "--name", "Salle B204")
    announced(broker)
    done = client.cli(tmp_path, "send", "hello")
    assert (done.code, done.stdout) == (69, "")
    link = f"causette://{broker.key}@{server.address}:5555"
    assert done.stderr.splitlines() == [
        "client_cli.py: No server runs on this machine. Start one, or give an address with"
        " --server. On the network there is:",
        f"client_cli.py:   Salle B204: --server {link}",
    ]
    assert client.cli(tmp_path, "send", "hello", "--server", link, "-n", "bob").code == 0
    assert client.cli(tmp_path, "send", "hello", "--no-discovery").code == 69


def refused(terminal: Terminal, *words: str) -> None:
    terminal.type("\r")
    said = terminal.wait("was trusted")
    assert "This server's key has changed." in said
    for word in words:
        assert word in said
    assert terminal.process.wait(20) == 77


def test_a_changed_key_is_refused_by_address_and_by_name(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    """As ssh does: whoever answers in the place of a known server is not joined, and loudly."""
    server, client = network.host(), network.host()
    broker = serve(server, "--name", "Salle B204")
    announced(broker)
    with chat(client, tmp_path, "-n", "bob") as terminal:
        terminal.wait("Enter joins it")
        terminal.type("\r")
        wait_for(broker, "bob", tmp_path)
    known = pinned(tmp_path)
    broker.stop()
    prints = [fingerprint(broker.key or "")]

    # Reinstalled, at the same address, under another name.
    broker = serve(server, "--name", "Another name")
    announced(broker)
    with chat(client, tmp_path, "-n", "bob") as terminal:
        assert "not the one that you know" in terminal.wait("Enter joins it")
        refused(terminal, f"{server.address}:5555 shows", *prints, fingerprint(broker.key or ""))
    assert not any("connected" in line for line in broker.lines("stderr"))
    broker.stop()

    # Somebody else, elsewhere, under the name of the known one (a Greek letter in it).
    impostor = serve(network.host(), "--name", "Salle Β204")
    announced(impostor)
    with chat(client, tmp_path, "-n", "bob") as terminal:
        terminal.wait("Enter joins it")
        refused(terminal, "shows", *prints)
    assert not any("connected" in line for line in impostor.lines("stderr"))
    assert pinned(tmp_path) == known


def test_another_one_of_a_known_name_is_asked_about(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    """With the known one there beside it, it is no impostor; but nobody is trusted by mistake."""
    server, client = network.host(), network.host()
    first = serve(server, "--name", "Club")
    announced(first)
    with chat(client, tmp_path, "-n", "bob") as terminal:
        terminal.wait("Enter joins it")
        terminal.type("\r")
        wait_for(first, "bob", tmp_path)
    second = serve(network.host(), "--name", "Club")
    announced(second)
    ours = fingerprint(second.key or "")

    def pick(terminal: Terminal) -> None:
        said = terminal.wait("Its number (1 to 2)")
        # The listing is of two servers of one name: the number of the unknown one.
        number = next(n for n in (1, 2) if f"  {n}  Club ({ours[:9]})" in said)
        terminal.type(f"{number}\r")
        terminal.wait("Trust it? (yes/no)")

    with chat(client, tmp_path, "-n", "bob") as terminal:
        pick(terminal)
        terminal.type("no\r")
        assert terminal.process.wait(20) == 77
    assert list(pinned(tmp_path).values()) == [first.key]
    with chat(client, tmp_path, "-n", "bob") as terminal:
        pick(terminal)
        terminal.type("yes\r")
        wait_for(second, "bob", tmp_path)
    assert sorted(pinned(tmp_path).values()) == sorted(_keys((first, second)))


def _keys(brokers: Sequence[BrokerProgram]) -> list[str]:
    return [broker.key or "" for broker in brokers]
