"""`broker.py --lan`: what whoever types it reads, and tells the others."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from pathlib import Path

import segno

from common.keys import fingerprint
from tests.lan.test_qr import modules_of
from tests.support import scaled
from tests.support.hosts import Host, Network, Terminal
from tests.support.programs import ROOT, Program
from tests.system.lan.conftest import OnHost


def started(host: Host, data: Path, *words: str) -> Terminal:
    """`broker.py --lan` in a terminal."""
    return host.terminal(sys.executable, ROOT / "broker.py", "--lan", "--data-dir", data, *words)


def code_in(said: str) -> list[list[int]]:
    """The modules of the code that was printed, as a phone sees them, without colour."""
    rows = [line for line in said.splitlines() if line and set(line) <= set(" ▀▄█")]
    return modules_of(rows, colour=False)


def expected(text: str) -> list[list[int]]:
    code = segno.make(text, error="l", micro=False)
    return [[int(bool(module)) for module in row] for row in code.matrix_iter(border=2)]


def test_what_is_printed_in_a_terminal(network: Network, tmp_path: Path) -> None:
    host = network.host()
    with started(host, tmp_path, "--name", "Salle B204") as terminal:
        said = terminal.wait("announced on the network")
        ready = next(line for line in said.splitlines() if line.startswith("ready "))
        key = ready.partition("key=")[2]
        assert "pull=tcp://[::]:5555 pub=tcp://[::]:5556 card=tcp://[::]:5557" in ready
        link = f"causette://{key}@{host.address}:5555"
        lines = [line.rstrip() for line in said.splitlines()]
        begin = next(n for n, line in enumerate(lines) if "is open to this network" in line)
        assert lines[begin : begin + 6] == [
            '"Salle B204" is open to this network. Others find it by its name, or type:',
            f"  {host.address}:5555",
            "Join link:",
            f"  {link}",
            "Fingerprint of its key:",
            f"  {fingerprint(key)}",
        ]
        wanted = expected(link)
        assert code_in(said)[: len(wanted)] == wanted
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.process.wait(10) == 0


def test_the_code_holds_the_page_where_there_is_one(network: Network, tmp_path: Path) -> None:
    host = network.host()
    with started(host, tmp_path, "--web", "0.0.0.0:8081") as terminal:
        said = terminal.wait("announced on the network", 30)
        page = f"http://{host.address}:8081/"
        assert re.search(rf"Page, for a browser:\s+{re.escape(page)}\s", said)
        wanted = expected(page)
        assert code_in(said)[: len(wanted)] == wanted


def test_a_page_for_this_machine_alone_is_told_to_nobody(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    server = network.host()
    broker = serve(server, "--web", "127.0.0.1:8081", json=False)
    broker.wait_line("announced on the network", 20, stream="stderr")
    assert not any("browser" in line for line in broker.lines("stderr"))
    [found] = network.host().cli(tmp_path, "discover", "--json").events()
    assert found["page"] is None


def test_a_page_is_announced(network: Network, serve: OnHost, tmp_path: Path) -> None:
    server = network.host()
    serve(server, "--web", "0.0.0.0:8081").wait_line("announced", 20, stream="stderr")
    [found] = network.host().cli(tmp_path, "discover", "--json").events()
    assert found["page"] == f"http://{server.address}:8081/"


def test_nothing_is_drawn_where_it_cannot_be_read(network: Network, tmp_path: Path) -> None:
    host = network.host()
    narrow = host.terminal(
        *("env", "COLUMNS=40", sys.executable, ROOT / "broker.py"),
        *("--lan", "--data-dir", tmp_path / "1"),
    )
    with narrow as terminal:
        assert code_in(terminal.wait("announced on the network")) == []
        terminal.process.send_signal(signal.SIGINT)
        terminal.process.wait(10)
    latin = host.terminal(
        *("env", "LC_ALL=C", "PYTHONUTF8=0", "PYTHONCOERCECLOCALE=0", "PYTHONIOENCODING=latin-1"),
        *(sys.executable, ROOT / "broker.py", "--lan", "--data-dir", tmp_path / "2"),
    )
    with latin as terminal:
        said = terminal.wait("announced on the network")
        assert "causette://" in said
        assert code_in(said) == []


def test_for_programs_there_is_the_ready_line_and_the_log(network: Network, serve: OnHost) -> None:
    """Nothing is drawn into a log, and with --json or --quiet nothing is told to people."""
    told = serve(network.host(), json=False)
    told.wait_line("announced on the network", 15, stream="stderr")
    assert len(told.lines()) == 1
    assert not set("▀▄█") & set("".join(told.lines("stderr")))
    silent = serve(network.host())
    silent.wait_line("announced on the network", 15, stream="stderr")
    assert all(re.match(r"\d{4}-\d\d-\d\d ", line) for line in silent.lines("stderr"))
    quiet = serve(network.host(), "--quiet", json=False)
    assert quiet.stop() == 0
    assert quiet.lines("stderr") == []


def test_without_encryption_there_is_no_link(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    server, client = network.host(), network.host()
    broker = serve(server, "--plain", json=False)
    broker.wait_line("announced on the network", 15, stream="stderr")
    told = "\n".join(broker.lines("stderr"))
    assert "causette://" not in told
    assert "It does not encrypt" in told
    [found] = client.cli(tmp_path, "discover", "--json").events()
    assert (found["key"], found["link"], found["standing"]) == (None, None, "doubtful")


def test_it_ends_within_two_seconds_and_says_goodbye(
    network: Network, serve: OnHost, tmp_path: Path
) -> None:
    broker = serve(network.host())
    broker.wait_line("announced on the network", 15, stream="stderr")
    begun = time.monotonic()
    assert broker.stop(signal.SIGINT) == 0
    assert time.monotonic() - begun < scaled(2)


def test_the_configuration_may_say_it(network: Network, serve: OnHost, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[broker]\nlan = true\n")
    host = network.host()
    words = (sys.executable, ROOT / "broker.py", "--config", config, "--print-config")
    assert "lan = true" in host.run(*words).lines()
    command = [*host.inside, *map(str, words[:-1]), "--json", "--data-dir", str(tmp_path / "d")]
    with Program(command, env=host.env) as broker:
        broker.wait_json(15, type="ready")
        broker.wait_line("announced on the network", 15, stream="stderr")
    assert json.loads(broker.lines()[0])["pull"] == ["tcp://[::]:5555"]


def test_without_the_extra_each_says_what_to_install(network: Network, tmp_path: Path) -> None:
    """As on a machine where zeroconf and segno were not installed: the rest works."""
    for name in ("zeroconf", "segno", "ifaddr"):
        (tmp_path / f"{name}.py").write_text("raise ImportError\n")
    bare = ("env", f"PYTHONPATH={tmp_path}", sys.executable)
    host = network.host()
    cli = (*bare, ROOT / "client_cli.py", "--data-dir", tmp_path / "data")
    with host.terminal(*bare, ROOT / "broker.py", "--lan", "--data-dir", tmp_path / "d") as broker:
        said = broker.wait("not announced: zeroconf is not installed; type: python3 dev.py setup")
        assert code_in(said) == []
        words = ("send", "-s", host.address, "--trust-first", "-n", "bob", "hello")
        assert host.run(*cli, *words).code == 0
        found = host.run(*cli, "discover", "--timeout", "1")
        assert (found.code, found.stdout) == (1, "")
        assert "Looking for servers needs zeroconf. Type: python3 dev.py setup" in found.stderr
    with host.terminal(*cli, "chat", "-n", "bob") as terminal:
        terminal.wait("Looking for servers needs zeroconf.")
