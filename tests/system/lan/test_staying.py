"""Nothing tries to reach beyond the network: the whole product where there is no way out, and where
there is one that is watched."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support import wait_until
from tests.support.display import screen
from tests.support.hosts import Host, Network
from tests.support.parts import require_module
from tests.support.programs import ROOT, BrokerProgram, Program
from tests.system.lan.conftest import OnHost

SNIFFER = ROOT / "tests" / "support" / "sniffer.py"
FETCH = (
    "import sys, urllib.request as u; "
    "print(u.urlopen(sys.argv[1], timeout=10).read(200_000).decode())"
)


def far(sniffer: Program) -> list[str]:
    return [line for line in sniffer.lines() if line.startswith("far")]


@pytest.fixture
def watched(network: Network) -> Iterator[tuple[Host, Program]]:
    """A machine that believes to have a way out, by IPv4 and IPv6, and a name server there; its
    cable ends in the sniffer."""
    host = network.host()
    host.ip("link", "add", "out0", "type", "veth", "peer", "name", "void0")
    for name in ("out0", "void0"):
        # No neighbour need answer: packets leave as if one had.
        host.ip("link", "set", name, "addrgenmode", "none", "arp", "off", "up")
    host.ip("address", "add", "198.51.100.2/32", "dev", "out0")
    host.ip("address", "add", "2001:db8:9::2/128", "dev", "out0", "nodad")
    host.ip("route", "add", "default", "dev", "out0")
    host.ip("-6", "route", "add", "default", "dev", "out0")
    own = ("10.9.0.0/24", "198.51.100.2/32", "2001:db8:9::2/128")
    with host.start(sys.executable, SNIFFER, *own) as sniffer:
        sniffer.wait_line("ready")
        yield host, sniffer


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('192.0.2.200', 80), 0.2)",
        "socket.create_connection(('2001:db8::1', 443), 0.2)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.53', 53))",
        "socket.getaddrinfo('causette.example.org', 80)",
    ],
)
def test_the_sniffer_notices(watched: tuple[Host, Program], attempt: str) -> None:
    host, sniffer = watched
    host.run(sys.executable, "-c", f"import socket; {attempt}", timeout=60)
    wait_until(lambda: far(sniffer), "the packet is noticed")


def use_everything(host: Host, broker: BrokerProgram, data: Path) -> None:
    """Each program, and what it does, once; the names of files and rooms do not matter."""
    own = broker.data_dir
    words = ("-n", "ada")
    here: list[tuple[str, ...]] = [
        ("send", "hello"),
        ("history", "--json"),
        ("rooms",),
        ("who",),
        ("export", "-o", str(data / "saved.html"), "--format", "html"),
        ("discover", "--json", "--timeout", "1.5"),
        ("listen", "--count", "1", "--since", "0"),
    ]
    for verb in here:
        done = host.cli(own, *verb, *words)
        assert done.code == 0, (verb, done.stderr)
    with host.cli_started(own, "bot", "-n", "helper") as bot:
        bot.wait_json(20, type="ready")
        bot.send_line({"type": "say", "room": "general", "text": "from a bot", "id": "1"})
        bot.wait_json(20, type="stored")
    done = host.run(sys.executable, ROOT / "broker.py", "invite", "--data-dir", own, "--json")
    assert done.code == 0, done.stderr
    page = host.run(sys.executable, "-c", FETCH, str(broker.ready["page"]))
    assert page.code == 0, page.stderr
    assert "Causette" in page.stdout


def look_through_the_window(host: Host, broker: BrokerProgram) -> None:
    require_module("tkinter", "apt-get install python3-tk")
    with ExitStack() as shown:
        display = shown.enter_context(screen())
        words = (ROOT / "client_gui.py", "--data-dir", broker.data_dir, "-n", "lea")
        window = host.start(sys.executable, *words, env={"DISPLAY": display})
        shown.enter_context(window)
        broker.wait_line("lea (causette-gui) connected", 30, stream="stderr")


def test_nothing_goes_beyond_the_network_where_there_is_a_way(
    watched: tuple[Host, Program], serve: OnHost, tmp_path: Path
) -> None:
    host, sniffer = watched
    broker = serve(host, "--web", "127.0.0.1:0")
    broker.wait_line("announced", 15, stream="stderr")
    use_everything(host, broker, tmp_path)
    look_through_the_window(host, broker)
    assert broker.stop() == 0
    # What was sent before this one has been seen by then.
    assert far(sniffer) == []
    host.run("python3", "-c", "import socket; socket.create_connection(('192.0.2.9', 7), 0.1)")
    wait_until(lambda: far(sniffer), "the last packet is noticed")
    assert all("192.0.2.9" in line for line in far(sniffer))


def test_the_whole_product_on_a_machine_with_no_way_anywhere(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    host = network.host("")
    host.ip("link", "set", "eth0", "down")
    assert host.ip("route", "show") == ""
    with host.start(sys.executable, SNIFFER) as sniffer:
        sniffer.wait_line("ready")
        broker = serve(host, "--web", "127.0.0.1:0")
        broker.wait_line("announced on this machine alone", 15, stream="stderr")
        use_everything(host, broker, tmp_path)
        look_through_the_window(host, broker)
        assert broker.stop() == 0
        assert far(sniffer) == []
