"""What the service manager hears, on a real datagram socket in its place."""

from __future__ import annotations

import contextlib
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.sdnotify import Manager
from tests.conftest import BrokerFactory
from tests.support.programs import ROOT, run_program
from tests.support.waiting import scaled

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")


class Ear:
    """The manager's socket; `address` as it stands in NOTIFY_SOCKET."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._socket.settimeout(scaled(15))

    def next(self) -> list[str]:
        """The next datagram, by lines."""
        return self._socket.recv(4096).decode().split("\n")

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["a path", "a name"])
def ear(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ear]:
    """A manager, at both kinds of address that systemd uses."""
    name = f"@causette-{secrets.token_hex(8)}"
    heard = Ear(name if request.param == "a name" else str(tmp_path / "notify"))
    yield heard
    heard.close()


def test_a_manager_hears_one_datagram_a_deed(ear: Ear) -> None:
    manager = Manager(ear.address)
    manager.ready("serving Lab\nB204 on tcp://127.0.0.1:5555")
    ready, status = ear.next()
    assert ready == "READY=1"
    assert status.startswith("STATUS=serving Lab")
    assert status.endswith("on tcp://127.0.0.1:5555")
    manager.reloading()
    reloading, since = ear.next()
    assert reloading == "RELOADING=1"
    assert int(since.removeprefix("MONOTONIC_USEC=")) > 0
    manager.stopping()
    assert ear.next() == ["STOPPING=1"]


def test_what_a_program_starts_itself_does_not_speak_for_it() -> None:
    env = {"NOTIFY_SOCKET": "/run/systemd/notify", "LANG": "C"}
    Manager.taken_from(env)
    assert env == {"LANG": "C"}


def test_a_manager_that_is_not_there_is_no_matter(tmp_path: Path) -> None:
    Manager.taken_from({}).ready("nobody hears")
    Manager(str(tmp_path / "gone")).stopping()
    Manager("/" + "far too long for a socket" * 9).stopping()
    Manager("vsock:2:1234").stopping()


def test_a_manager_that_does_not_read_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.sdnotify._WITHIN", 0.05)
    deaf = Ear(str(tmp_path / "notify"))
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as speaker,
        contextlib.suppress(BlockingIOError),
    ):
        while True:
            speaker.sendto(b"until its queue is full", deaf.address)
    Manager(deaf.address).stopping()
    deaf.close()


def test_a_broker_says_when_it_serves_reloads_and_ends(
    ear: Ear, broker_factory: BrokerFactory, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[broker]\nname = "Before"\n')
    broker = broker_factory("--config", config, env={"NOTIFY_SOCKET": ear.address})
    assert ear.next() == ["READY=1", f"STATUS=serving Before on {broker.pull}"]
    config.write_text('[broker]\nname = "After"\n')
    broker.send_signal(signal.SIGHUP)
    assert ear.next()[0] == "RELOADING=1"
    assert ear.next() == ["READY=1", f"STATUS=serving After on {broker.pull}"]
    config.write_text('[broker]\nname = ""\n')
    broker.send_signal(signal.SIGHUP)
    assert ear.next()[0] == "RELOADING=1"
    ready, status = ear.next()
    assert ready == "READY=1", "it serves on, by what held before"
    assert "the configuration stays as it was" in status
    assert broker.stop() == 0
    assert ear.next() == ["STOPPING=1"]


def test_a_broker_that_cannot_serve_is_never_ready(ear: Ear, tmp_path: Path) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    place = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
    done = run_program(
        [sys.executable, ROOT / "broker.py", "--pull", place, "--data-dir", tmp_path],
        env={"NOTIFY_SOCKET": ear.address},
    )
    taken.close()
    assert done.code == 1
    Manager(ear.address).tell("LAST=1")
    assert ear.next() == ["LAST=1"], "nothing came before"
