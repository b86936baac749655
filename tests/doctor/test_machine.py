"""What the system tells of files, disks, locks, ports and networks."""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path

import pytest

from common import paths
from common.addresses import Own
from common.doctor import machine, network

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


@posix
def test_rights(tmp_path: Path) -> None:
    directory = tmp_path / "d"
    directory.mkdir(mode=0o750)
    found = machine.rights(directory, write=True, directory=True)
    assert (found.exists, found.why, found.written, found.open_to) == (True, "", "0750", 0o050)
    assert found.own
    assert not machine.rights(tmp_path / "none").exists
    file = tmp_path / "f"
    file.write_text("")
    assert machine.rights(file, directory=True).why
    assert machine.rights(file / "below").why


def test_a_file_is_tried_and_leaves_nothing(tmp_path: Path) -> None:
    assert machine.try_to_write(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
    error = machine.try_to_write(tmp_path / "none")
    assert error is not None
    assert error.errno == errno.ENOENT


def test_room_is_told_of_the_nearest_directory(tmp_path: Path) -> None:
    deep = tmp_path / "not" / "yet" / "there"
    assert machine.nearest(deep) == tmp_path
    assert machine.free_space(deep) == machine.free_space(tmp_path)
    assert (machine.free_space(tmp_path) or 0) > 0


@posix
def test_descriptors() -> None:
    counted = machine.descriptors()
    assert counted is not None
    limit, used = counted
    assert 0 < used < limit
    if sys.platform == "linux":
        assert machine.limit_of(os.getpid()) == limit
        assert machine.limit_of(2**22 + 1) is None


@pytest.mark.skipif(sys.platform != "linux", reason="as Linux tells it")
def test_who_holds_a_lock_is_found_without_taking_it(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    assert machine.lock_holder(lock) is None
    with paths.DirectoryLock(tmp_path):
        assert machine.lock_holder(lock) == os.getpid()
    assert machine.lock_holder(lock) is None


def test_what_keeps_a_port_from_being_served() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        taken = machine.cannot_bind(f"tcp://127.0.0.1:{port}")
        assert taken is not None
        assert taken.errno == errno.EADDRINUSE
        assert machine.cannot_bind(f"tcp://*:{port}") is not None
    assert machine.cannot_bind(f"tcp://127.0.0.1:{port}") is None
    assert machine.cannot_bind("tcp://203.0.113.9:5555") is not None
    assert machine.cannot_bind("ipc:///x") is None


OWN = [
    Own("lo", 1, "127.0.0.1", 8),
    Own("eth0", 2, "fe80::1", 64),
    Own("eth0", 2, "fd00::1", 64),
    Own("eth0", 2, "10.0.0.1", 24),
]


def test_the_addresses_for_others() -> None:
    assert network.outside(OWN) == ["10.0.0.1", "fd00::1", "fe80::1%eth0"]
    assert network.outside(OWN[:1]) == []


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("10.0.0.77", "10.0.0.1"),
        ("10.0.1.77", None),
        ("fd00::77", "fd00::1"),
        ("fe80::77%eth0", "fe80::1"),
        ("127.0.0.9", "127.0.0.1"),
        ("lab", None),
    ],
)
def test_the_network_that_is_shared(address: str, own: str | None) -> None:
    found = network.shared_with(OWN, address)
    assert (found.address if found else None) == own


def test_the_loopback_answers_a_ping_or_nobody_may_ask() -> None:
    assert network.echo("127.0.0.1", 2) in (True, None)
