"""`broker.py --web`: the page beside a broker, from its start to the end of either."""

from __future__ import annotations

import os
import signal
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support import scaled, wait_until
from tests.support.gateway import GatewayProgram, Visitor
from tests.support.programs import ROOT, BrokerProgram, Program, run_cli, run_program

Words = list[str | Path]
BROKER = (sys.executable, str(ROOT / "broker.py"))
ANYWHERE = ("--pull", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """`pair(*words)`: `broker.py --web`; killed at the end."""
    with ExitStack() as running:

        def begin(*words: str) -> Program:
            command: Words = [
                *BROKER,
                *ANYWHERE,
                "--data-dir",
                tmp_path,
                "--web",
                "127.0.0.1:*",
                *words,
            ]
            return running.enter_context(Program(command))

        yield begin


def pid_of_gateway(broker: Program) -> int:
    children = Path(f"/proc/{broker.pid}/task/{broker.pid}/children").read_text("ascii").split()
    (child,) = map(int, children)
    return child


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text("ascii")


def test_a_broker_brings_its_page_and_takes_it_along(
    pair: Callable[..., Program], tmp_path: Path
) -> None:
    broker = pair("--json")
    ready = broker.wait_json(20, type="ready")
    assert b'"page":"http://127.0.0.1:' in (tmp_path / "broker" / "ready.json").read_bytes()
    ada = Visitor(str(ready["page"]))
    assert ada.join("Ada").status == 200
    assert "Ada" in run_cli("who", "--data-dir", tmp_path, "-n", "eve").stdout
    before = time.monotonic()
    assert broker.stop() == 0
    assert time.monotonic() - before < scaled(2)
    with pytest.raises(OSError):
        ada.get("/")
    assert not (tmp_path / "web" / "ready.json").exists()


def test_the_ready_line_of_a_broker_has_the_page(pair: Callable[..., Program]) -> None:
    line = pair().wait_line("ready ", 20)
    assert " page=http://127.0.0.1:" in line


@pytest.mark.skipif(sys.platform != "linux", reason="children are looked up in /proc")
def test_a_page_that_dies_is_told_and_the_chat_goes_on(
    pair: Callable[..., Program], tmp_path: Path
) -> None:
    broker = pair("--json")
    broker.wait_json(20, type="ready")
    os.kill(pid_of_gateway(broker), signal.SIGKILL)
    assert "the chat goes on" in broker.wait_line("the page is gone", stream="stderr")
    assert b'"page"' not in (tmp_path / "broker" / "ready.json").read_bytes()
    assert run_cli("send", "still here", "--data-dir", tmp_path, "-n", "eve").code == 0
    assert broker.stop() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="children are looked up in /proc")
def test_a_broker_that_is_killed_leaves_no_page_behind(pair: Callable[..., Program]) -> None:
    broker = pair("--json")
    broker.wait_json(20, type="ready")
    page = pid_of_gateway(broker)
    broker.kill()
    wait_until(lambda: not lives(page), "the gateway has ended too")


def test_a_page_that_cannot_be_served_is_a_broker_that_does_not_start(
    broker: BrokerProgram, tmp_path: Path
) -> None:
    with GatewayProgram(broker.data_dir) as gateway:
        _refused(urllib.parse.urlsplit(gateway.page).netloc, tmp_path)
    assert run_program([*BROKER, "--web", "8080"]).code == 2


def _refused(taken: str, tmp_path: Path) -> None:
    place = [*ANYWHERE, "--data-dir", str(tmp_path / "another"), "--web", taken]
    done = run_program([*BROKER, *place])
    assert (done.code, done.stdout) == (1, "")
    assert f"broker.py: the page cannot be served at {taken}" in done.stderr
    told = run_program([*BROKER, "--json", *place]).events()
    assert [(one["type"], one["code"], one["address"]) for one in told] == [
        ("error", "in-use", taken)
    ]


def test_the_configuration_of_clients_does_not_lead_the_page_astray(
    pair: Callable[..., Program], tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('server = "127.0.0.1:9"\n[web]\nhost = ["chat.example.org"]\n', "utf-8")
    broker = pair("--json", "-c", str(config))
    page = str(broker.wait_json(20, type="ready")["page"])
    visitor = Visitor(page, {"Host": "chat.example.org"})
    assert visitor.get("/api/start").json["reach"] == "ok"
