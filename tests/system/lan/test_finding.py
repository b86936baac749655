"""`discover` from another machine: who is found, under which name, and where nobody is."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from common.keys import fingerprint
from tests.support import wait_until
from tests.support.hosts import Host, Network
from tests.support.programs import Event
from tests.system.lan.conftest import OnHost


def found(host: Host, data: Path) -> list[Event]:
    """What `discover --json` finds there."""
    done = host.cli(data, "discover", "--json", "--timeout", "3")
    assert done.code == 0, done.stderr
    return done.events()


def test_a_server_is_found_by_name_from_another_machine(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    server, client = network.host(), network.host()
    broker = serve(server, "--name", "Salle B204", "--access", "invite")
    broker.wait_line("announced on the network", 15, stream="stderr")
    [seen] = found(client, tmp_path)
    assert seen.pop("addresses")[0] == f"{server.address}:5555"
    assert seen == {
        "type": "server",
        "name": "Salle B204",
        "key": broker.key,
        "fingerprint": fingerprint(broker.key or ""),
        "link": f"causette://{broker.key}@{server.address}:5555",
        "page": None,
        "access": "invite",
        "version": "0.1.0",
        "standing": "new",
    }
    done = client.cli(tmp_path, "discover")
    assert done.code == 0
    words = ["Salle B204", f"{server.address}:5555", seen["fingerprint"], "by invitation"]
    assert done.lines() == ["\t".join(words)]
    assert broker.stop(signal.SIGTERM) == 0
    done = client.cli(tmp_path, "discover", "--timeout", "1")
    assert (done.code, done.stdout) == (0, "")
    assert "No server found within 1 s." in done.stderr


def test_a_server_is_found_from_its_own_machine_too(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    server = network.host()
    serve(server).wait_line("announced", 15, stream="stderr")
    assert [one["addresses"][0] for one in found(server, tmp_path)] == [f"{server.address}:5555"]


def test_two_servers_of_one_name_are_told_apart(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    first, second, client = network.host(), network.host(), network.host()
    brokers = [serve(host, "--name", "Club") for host in (first, second)]
    for broker in brokers:
        broker.wait_line("announced on the network", 15, stream="stderr")
    done = client.cli(tmp_path, "discover")
    keys = {fingerprint(broker.key or "") for broker in brokers}
    names = sorted(line.split("\t")[0] for line in done.lines())
    assert names == sorted(f"Club ({key[:9]})" for key in keys)


def test_another_name_after_sighup_is_announced(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    server, client = network.host(), network.host()
    config = tmp_path / "config.toml"
    config.write_text('[broker]\nname = "Before"\n')
    broker = serve(server, "--config", str(config))
    broker.wait_line("announced on the network", 15, stream="stderr")
    assert [one["name"] for one in found(client, tmp_path)] == ["Before"]
    config.write_text('[broker]\nname = "After"\naccess = "invite"\n')
    broker.send_signal(signal.SIGHUP)
    wait_until(
        lambda: (
            [(one["name"], one["access"]) for one in found(client, tmp_path)]
            == [("After", "invite")]
        ),
        "the other name",
        20,
    )


def test_a_client_kept_apart_finds_nothing_and_an_address_works(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    server, client = network.host(), network.host()
    broker = serve(server)
    broker.wait_line("announced on the network", 15, stream="stderr")
    client.block_mdns()
    assert found(client, tmp_path) == []
    done = client.cli(tmp_path, "send", "-s", server.address, "--trust-first", "-n", "bob", "hello")
    assert done.code == 0, done.stderr


def test_by_ipv6_alone_with_addresses_that_machines_give_themselves(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    """Two laptops and a cable: no address can be typed elsewhere, and the name is enough."""
    server, client = network.host(""), network.host("")
    broker = serve(server, json=False)
    broker.wait_line("announced on the network: [fe80:", 15, stream="stderr")
    assert any("cannot be typed elsewhere" in line for line in broker.lines("stderr"))
    [seen] = found(client, tmp_path)
    assert seen["addresses"][0].startswith("[fe80::")
    assert "%" in seen["addresses"][0]
    done = client.cli(tmp_path, "send", "-s", str(seen["link"]), "-n", "bob", "by cable")
    assert done.code == 0, done.stderr


def test_by_addresses_of_both_kinds(network: Network, serve: OnHost, tmp_path: Path) -> None:
    server, client = network.host(), network.host()
    for number, host in enumerate((server, client), 1):
        host.ip("address", "add", f"fd09::{number}/64", "dev", "eth0", "nodad")
    broker = serve(server, json=False)
    broker.wait_line("announced on the network", 15, stream="stderr")
    told = broker.lines("stderr")
    assert f"  {server.address}:5555" in told
    assert "  [fd09::1]:5555" in told
    [seen] = found(client, tmp_path)
    assert seen["addresses"][:2] == [f"{server.address}:5555", "[fd09::1]:5555"]
    done = client.cli(tmp_path, "send", "-s", "fd09::1", "--trust-first", "-n", "bob", "hello")
    assert done.code == 0, done.stderr
    done = client.cli(tmp_path, "send", "-s", server.address, "--trust-first", "-n", "ada", "hello")
    assert done.code == 0, done.stderr
    log = "\n".join(broker.lines("stderr"))
    assert f"connected from {client.address}:" in log
    assert "connected from [fd09::2]:" in log


def test_several_interfaces(network: Network, serve: OnHost, tmp_path: Path) -> None:
    """A machine on two networks is found on both, by the address that leads there."""
    server = network.host()
    server.ip("link", "add", "eth1", "type", "veth", "peer", "name", "far1")
    # The far end of the second cable: a host of its own, beside the switch.
    other = network.host("")
    server.ip("link", "set", "far1", "netns", other.name)
    server.ip("address", "add", "10.77.0.1/24", "dev", "eth1")
    server.ip("link", "set", "eth1", "up")
    other.ip("link", "set", "eth0", "down")
    other.ip("address", "add", "10.77.0.2/24", "dev", "far1")
    other.ip("link", "set", "far1", "up")
    broker = serve(server)
    broker.wait_line("announced on the network", 15, stream="stderr")
    near = network.host()
    assert found(near, tmp_path)[0]["addresses"][0] == f"{server.address}:5555"
    assert found(other, tmp_path)[0]["addresses"][0] == "10.77.0.1:5555"


def test_a_machine_on_no_network(network: Network, serve: OnHost, tmp_path: Path) -> None:
    """The loopback alone: programs of this machine find it, and people are told."""
    alone = network.host()
    alone.ip("link", "set", "eth0", "down")
    broker = serve(alone, json=False)
    broker.wait_line("announced on this machine alone", 15, stream="stderr")
    told = "\n".join(broker.lines("stderr"))
    assert "only this machine reaches it" in told
    assert "There is no network." in told
    assert [one["addresses"][0] for one in found(alone, tmp_path)] == ["127.0.0.1:5555"]
    # A cable is plugged in: it need not be told.
    client = network.host()
    alone.ip("link", "set", "eth0", "up")
    alone.ip("address", "replace", f"{alone.address}/24", "dev", "eth0")
    broker.wait_line(f"now by {alone.address}:5555", 15, stream="stderr")
    assert [one["addresses"][0] for one in found(client, tmp_path)] == [f"{alone.address}:5555"]


def test_a_machine_without_multicast(network: Network, serve: OnHost, tmp_path: Path) -> None:
    server = network.host()
    server.ip("link", "set", "eth0", "multicast", "off")
    broker = serve(server)
    line = broker.wait_line("not announced", 15, stream="stderr")
    assert line.endswith(
        "WARNING not announced: no network interface takes multicast; others can type the address"
    )
    done = server.cli(tmp_path, "discover", "--timeout", "1")
    assert (done.code, done.stdout) == (1, "")
    assert "takes multicast" in done.stderr
    done = server.cli(tmp_path, "send", "-s", server.address, "--trust-first", "hello")
    assert done.code == 0, done.stderr


def test_the_port_of_mdns_is_taken(network: Network, serve: OnHost) -> None:
    server = network.host()
    taker = (
        "import socket, sys\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "s.bind(('', 5353))\n"
        "print('taken', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with server.start("python3", "-c", taker) as holds:
        holds.wait_line("taken")
        broker = serve(server)
        line = broker.wait_line("not announced", 15, stream="stderr")
        assert "others can type the address" in line
        mark = broker.position("stderr")
    broker.wait_line("announced", 15, stream="stderr", after=mark)


def test_an_address_that_is_taken_is_one_line(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    server = network.host()
    serve(server)
    done = server.run(
        "python3", "broker.py", "--lan", "--json", "--data-dir", tmp_path / "second", timeout=20
    )
    assert done.code == 1
    assert json.loads(done.stdout)["code"] == "in-use"
    assert len(done.stderr.splitlines()) == 1
    assert "5555" in done.stderr


def test_an_address_of_this_machine_alone_is_refused(network: Network, tmp_path: Path) -> None:
    words = ("--lan", "--pull", "tcp://127.0.0.1:5555", "--data-dir", tmp_path)
    done = network.host().run("python3", "broker.py", *words)
    assert done.code == 2
    assert len(done.stderr.splitlines()) == 1
    assert "reached from here alone" in done.stderr
