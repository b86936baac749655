"""`client_cli.py doctor` across machines: firewalls, switches that isolate, names, routes."""

from __future__ import annotations

from pathlib import Path

from tests.support import wait_until
from tests.support.hosts import Host
from tests.system.doctor.examining import Examined, client
from tests.system.doctor.lab import Lab, firewall, python, reach, route

PORTS = "5555-5557"


def ask(host: Host, data_dir: Path, *words: str | Path) -> Examined:
    return client(python(host), data_dir / host.name, *words)


def test_all_is_well_across_machines_by_address_by_name_and_by_itself(
    lab: Lab, tmp_path: Path
) -> None:
    there, here = lab.host(), lab.host()
    lab.etc(here, "hosts", f"{there.address} lab\n")
    with there.broker(tmp_path / "data", "--lan", "--name", "Lab B204") as broker:
        typed = ask(here, tmp_path, there.address)
        assert typed.code == 0
        assert typed.values("session")["nick"] == "ada"
        assert typed.values("session")["server"] == "Lab B204"
        assert typed.values("speed")["ms"] > 0
        assert typed.values("network")["own"] == here.address
        assert typed.found("discovery")["id"] == "seen"
        assert 'You would be ada on "Lab B204".' in typed.verdict
        assert typed.cause == "key-unknown", "nobody has confirmed it"
        named = ask(here, tmp_path, "lab")
        assert named.values("name")["addresses"] == [there.address]
        assert named.code == 0
        link = f"causette://{broker.key}@{there.address}:5555"
        linked = ask(here, tmp_path, link)
        assert (linked.code, linked.said["verdict"], linked.said["cause"]) == (0, "ok", None)
        found = ask(here, tmp_path)
        assert found.code == 0
        assert found.found("server")["id"] == "server-found"
        assert found.values("server")["addresses"][0] == f"{there.address}:5555"


def test_a_firewall_that_drops_is_told_from_one_that_refuses_and_from_a_closed_port(
    lab: Lab, tmp_path: Path
) -> None:
    there, here = lab.host(), lab.host()
    with there.broker(tmp_path / "data", "--lan"):
        firewall(there, f"tcp dport {PORTS} drop")
        dropped = ask(here, tmp_path, there.address)
        assert (dropped.code, dropped.cause) == (69, "unreachable-silent/drops")
        assert dropped.values("ports")["states"]["pull"] == "silent"
        assert "a firewall drops what comes to port 5555" in dropped.verdict
        assert "TCP ports 5555, 5556, 5557" in dropped.verdict

        firewall(there, f"tcp dport {PORTS} reject")
        refused = ask(here, tmp_path, there.address)
        assert (refused.code, refused.cause) == (69, "unreachable-refused/rejected")
        assert refused.values("ports")["by"] == there.address
        assert "A firewall refuses port 5555" in refused.verdict

        firewall(there, f"tcp dport {PORTS} reject with icmpx type admin-prohibited")
        forbidden = ask(here, tmp_path, there.address)
        assert (forbidden.code, forbidden.cause) == (69, "unreachable-refused/rejected")
    firewall(there)
    closed = ask(here, tmp_path, there.address)
    assert (closed.code, closed.cause) == (69, "unreachable-refused")
    assert "nothing listens on it" in closed.verdict
    assert set(closed.values("ports")["states"].values()) == {"refused"}


def test_half_a_firewall(lab: Lab, tmp_path: Path) -> None:
    """PULL can be reached and PUB cannot, which looks like a server that never answers."""
    there, here = lab.host(), lab.host()
    with there.broker(tmp_path / "data", "--lan"):
        for rule, cause in (("drop", "unreachable-silent"), ("reject", "unreachable-refused")):
            firewall(there, f"tcp dport 5556 {rule}")
            half = ask(here, tmp_path, there.address)
            assert (half.code, half.cause) == (69, f"{cause}/half")
            assert half.values("ports")["port"] == 5556
            assert half.values("ports")["open_port"] == 5555
            assert "let in TCP port 5556 too" in half.verdict


def test_the_card_alone_is_closed(lab: Lab, tmp_path: Path) -> None:
    there, here = lab.host(), lab.host()
    with there.broker(tmp_path / "data", "--lan") as broker:
        firewall(there, "tcp dport 5557 reject")
        typed = ask(here, tmp_path, there.address)
        assert (typed.code, typed.cause) == (69, "no-card")
        assert "a join link" in typed.verdict
        linked = ask(here, tmp_path, f"causette://{broker.key}@{there.address}:5555")
        assert (linked.code, linked.cause) == (0, "card-closed")


def test_nobody_has_the_address_and_a_network_that_keeps_machines_apart(
    lab: Lab, tmp_path: Path
) -> None:
    gateway, there, here = lab.host(), lab.host(isolated=True), lab.host(isolated=True)
    with there.broker(tmp_path / "data", "--lan"):
        reach(here, gateway.address)
        apart = ask(here, tmp_path, there.address)
        assert (apart.code, apart.cause) == (69, "unreachable-silent/isolated")
        assert "client isolation" in apart.verdict
        assert apart.values("ports")["states"]["pull"] == "absent"
        assert ask(gateway, tmp_path, there.address).code == 0, "others reach it"
        unseen = ask(here, tmp_path)
        assert (unseen.code, unseen.cause) == (69, "no-broker/network")
        assert "keep its devices apart" in unseen.verdict
    alone = lab.host(isolated=True)
    absent = ask(alone, tmp_path, "10.9.0.99")
    assert (absent.code, absent.cause) == (69, "unreachable-silent/absent")
    assert "has the address 10.9.0.99" in absent.verdict


def test_a_machine_that_has_just_gone_is_not_taken_for_a_firewall(lab: Lab, tmp_path: Path) -> None:
    """The system remembers for a while who had the address, and has to ask again."""
    there, here = lab.host(), lab.host()
    reach(here, there.address)
    mac = there.sh("cat /sys/class/net/eth0/address").strip()
    there.ip("link", "set", "eth0", "down")
    here.ip(
        *("neighbour", "change", there.address, "dev", "eth0"), *("lladdr", mac, "nud", "stale")
    )
    gone = ask(here, tmp_path, there.address)
    assert (gone.code, gone.cause) == (69, "unreachable-silent/absent")


def test_another_network(lab: Lab, tmp_path: Path) -> None:
    """Through a router all is well but for being found; without one there is no way."""
    there, here, router = lab.host(), lab.alone(), lab.host()
    with Lab() as other:
        other.plug(router, "10.10.0.254/24", "eth1")
        other.plug(here, "10.10.0.1/24")
        with there.broker(tmp_path / "data", "--lan"):
            lost = ask(here, tmp_path, there.address)
            assert (lost.code, lost.cause) == (69, "unreachable-silent/no-route")
            assert "knows no way" in lost.verdict
            route(router, there, here)
            routed = ask(here, tmp_path, there.address)
            assert routed.code == 0
            assert routed.found("network")["id"] == "network-other"
            assert "unseen/subnet" in routed.ids
            firewall(router, f"tcp dport {PORTS} reject", hook="forward")
            refused = ask(here, tmp_path, there.address)
            assert (refused.code, refused.cause) == (69, "unreachable-refused/rejected")
            assert refused.values("ports")["by"] == "10.10.0.254", "it was the router"
            firewall(router, f"tcp dport {PORTS} drop", hook="forward")
            dropped = ask(here, tmp_path, there.address)
            assert (dropped.code, dropped.cause) == (69, "unreachable-silent/drops")
            firewall(router, policy="drop", hook="forward")
            nothing = ask(here, tmp_path, there.address)
            assert (nothing.code, nothing.cause) == (69, "unreachable-silent")
            assert "neither yes nor no" in nothing.verdict
            firewall(router)
            gone = ask(here, tmp_path, "10.9.0.99")
            assert (gone.code, gone.cause) == (69, "unreachable-silent/unreachable")
            assert gone.values("ports")["by"] == "10.10.0.254"


def test_its_own_firewall_lets_nothing_out(lab: Lab, tmp_path: Path) -> None:
    there, here = lab.host(), lab.host()
    with there.broker(tmp_path / "data", "--lan"):
        firewall(here, f"tcp dport {PORTS} reject", hook="output")
        kept = ask(here, tmp_path, there.address)
        assert (kept.code, kept.cause) == (69, "unreachable-silent/forbidden")
        assert "own firewall" in kept.verdict


def test_no_network_at_all(lab: Lab, tmp_path: Path) -> None:
    here = lab.alone()
    typed = ask(here, tmp_path, "10.9.0.1")
    assert (typed.code, typed.cause) == (69, "network-none")
    nothing = ask(here, tmp_path)
    assert (nothing.code, nothing.cause) == (69, "no-broker/no-network")
    with here.broker(tmp_path / "data") as broker:
        own = client(python(here), tmp_path / "data")
        assert (own.code, own.said["verdict"]) == (0, "ok"), "it needs none"
        assert own.values("server")["pid"] == broker.pid


def test_mdns_that_does_not_come_through(lab: Lab, tmp_path: Path) -> None:
    there, here = lab.host(), lab.host()
    with there.broker(tmp_path / "data", "--lan"):
        firewall(here, "udp dport 5353 drop")
        nothing = ask(here, tmp_path)
        assert (nothing.code, nothing.cause) == (69, "no-broker/blocked")
        assert "UDP port 5353" in nothing.verdict
        typed = ask(here, tmp_path, there.address, "--trust-first")
        assert (typed.code, typed.cause) == (0, "unseen/blocked")
        firewall(here)
        here.ip("link", "set", "eth0", "multicast", "off")
        without = ask(here, tmp_path)
        assert (without.code, without.cause) == (69, "no-broker/no-multicast")
        assert "multicast" in without.verdict


def test_a_server_that_does_not_announce_itself(lab: Lab, tmp_path: Path) -> None:
    there, here = lab.host(), lab.host()
    with there.broker(tmp_path / "data", "--pull", "tcp://*:5555"):
        typed = ask(here, tmp_path, there.address, "--trust-first")
        assert (typed.code, typed.said["verdict"]) == (0, "ok")
        assert typed.found("discovery")["id"] == "unseen"
        nothing = ask(here, tmp_path)
        assert (nothing.code, nothing.cause) == (69, "no-broker/network")
        assert "--lan" in nothing.verdict


def test_several_servers_are_named(lab: Lab, tmp_path: Path) -> None:
    one, two, here = lab.host(), lab.host(), lab.host()
    with (
        one.broker(tmp_path / "1", "--lan", "--name", "Red"),
        two.broker(tmp_path / "2", "--lan", "--name", "Blue"),
    ):

        def both() -> Examined:
            asked = ask(here, tmp_path)
            assert asked.cause == "several-found"
            return asked

        several = wait_until(both, "both are seen", 30)
        assert several.code == 69
        assert sorted(several.values("server")["names"]) == ["Blue", "Red"]
        assert f"{two.address}:5555" in several.verdict


def test_names_that_lead_nowhere(lab: Lab, tmp_path: Path) -> None:
    here = lab.host()
    lab.etc(here, "nsswitch.conf", "hosts: files\n")
    lab.etc(here, "hosts", "127.0.0.1 localhost\n")
    unknown = ask(here, tmp_path, "nowhere")
    assert (unknown.code, unknown.cause) == (69, "unreachable-name")
    assert "No machine is called nowhere" in unknown.verdict
    assert unknown.values("name")["why"]
    local = ask(here, tmp_path, "nowhere.local")
    assert (local.code, local.cause) == (69, "unreachable-name/local")
    lab.etc(here, "nsswitch.conf", "hosts: dns\n")
    lab.etc(here, "resolv.conf", "nameserver 10.9.0.99\noptions timeout:1 attempts:1\n")
    mute = ask(here, tmp_path, "nowhere.example")
    assert (mute.code, mute.cause) == (69, "unreachable-name/resolver")


def test_a_server_that_has_moved_is_found_again(lab: Lab, tmp_path: Path) -> None:
    there, here = lab.host(), lab.host()
    with there.broker(tmp_path / "data", "--lan") as broker:
        link = f"causette://{broker.key}@{there.address}:5555"
        assert ask(here, tmp_path, link).code == 0
        there.move_to("10.9.0.50/24")

        def seen() -> Examined:
            asked = ask(here, tmp_path, link)
            assert asked.code == 0
            assert "10.9.0.50:5555" in asked.values("ports").get("addresses", [])
            return asked

        moved = wait_until(seen, "it is found at its new address", 40)
        assert moved.cause == "moved"
        assert moved.values("session")["nick"] == "ada"
        assert "clients follow it there" in "\n".join(moved.lines)
