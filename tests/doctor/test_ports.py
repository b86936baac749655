"""How ports of this machine answer, and how the system's errors are read."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.doctor import ports
from common.doctor.ports import knock, knock_all, knock_at_path, resolve
from common.doctor.speaking import listen_to
from tests.support.ports import ports_in_a_row
from tests.system.doctor import stubs


def test_open_and_refused_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert knock("127.0.0.1", port, 5).state == "open"
    closed = knock("127.0.0.1", port, 5)
    assert (closed.state, closed.by) == ("refused", "")
    assert closed.seconds < 3, "nothing is waited for"


def test_several_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        met = knock_all([("127.0.0.1", port), ("127.0.0.1", 1), ("127.0.0.1", port)], 5)
    assert {place: knock.state for place, knock in met.items()} == {
        ("127.0.0.1", port): "open",
        ("127.0.0.1", 1): "refused",
    }
    assert knock_all([], 5) == {}


@pytest.mark.parametrize("address", ["nonsense", "10.0.0.1.2", ""])
def test_what_is_no_address_raises_nothing(address: str) -> None:
    assert knock(address, 5555, 1).state in ("no-route", "refused")


OWN, TARGET, ROUTER = "127.0.0.1", "192.0.2.9", "192.0.2.1"


@pytest.mark.skipif(sys.platform != "linux", reason="as Linux tells it")
@pytest.mark.parametrize(
    ("code", "icmp", "state", "by"),
    [
        (errno.ECONNREFUSED, None, "refused", ""),
        (errno.ECONNREFUSED, (2, 3, 3, TARGET), "rejected", TARGET),
        (errno.EHOSTUNREACH, (2, 3, 13, TARGET), "rejected", TARGET),
        (errno.EHOSTUNREACH, (2, 3, 1, TARGET), "rejected", TARGET),
        (errno.EHOSTUNREACH, (2, 3, 10, ROUTER), "rejected", ROUTER),
        (errno.EHOSTUNREACH, (2, 3, 1, ROUTER), "unreachable", ROUTER),
        (errno.ENETUNREACH, (2, 3, 0, ROUTER), "unreachable", ROUTER),
        (errno.EHOSTUNREACH, (2, 3, 1, OWN), "absent", OWN),
        (errno.EHOSTUNREACH, (3, 1, 3, "::1"), "absent", "::1"),
        (errno.EACCES, (3, 1, 1, "2001:db8::1"), "rejected", "2001:db8::1"),
        (errno.ECONNREFUSED, (2, 3, 3, OWN), "forbidden", OWN),
        (errno.EHOSTUNREACH, None, "unreachable", ""),
        (errno.ETIMEDOUT, None, "silent", ""),
        (errno.ENETUNREACH, None, "no-route", ""),
        (errno.EACCES, None, "forbidden", ""),
        (errno.EPERM, None, "forbidden", ""),
    ],
)
def test_the_system_s_errors_and_icmp(
    code: int, icmp: tuple[int, int, int, str] | None, state: str, by: str
) -> None:
    told = ports._Icmp(*icmp) if icmp else None
    assert ports._state(code, told, TARGET) == (state, by)


def test_names() -> None:
    assert "127.0.0.1" in resolve("localhost").addresses or resolve("localhost").addresses
    assert resolve("127.0.0.1").addresses == ("127.0.0.1",)
    bad = resolve("a" * 300)
    assert bad.addresses == ()
    assert bad.why


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="sockets of a file system")
def test_sockets_in_the_file_system(tmp_path: Path) -> None:
    path = tmp_path / "in"
    assert knock_at_path(str(path)) != ""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        assert knock_at_path(str(path)) != "", "nobody listens"
        server.listen()
        assert knock_at_path(str(path)) == ""


# --- who speaks there ----------------------------------------------------------------------------


@pytest.fixture
def port() -> Iterator[int]:
    """The first of three that are free."""
    with ports_in_a_row() as first:
        yield first


def test_two_who_look_at_once_get_different_ones() -> None:
    with ports_in_a_row() as one, ports_in_a_row() as other:
        assert one != other


def test_zeromq_tells_its_mechanism(port: int) -> None:
    with stubs.foreign_zeromq(port):
        heard = listen_to("127.0.0.1", port, 5)
    assert (heard.kind, heard.mechanism) == ("zeromq", "NULL")


def test_a_web_server_tells_its_name(port: int) -> None:
    with stubs.web_server(port):
        heard = listen_to("127.0.0.1", port, 5)
    assert (heard.kind, heard.said) == ("http", "Kiosk/1.0")


def test_a_banner_is_heard_and_made_harmless(port: int) -> None:
    with stubs.listener(port, lambda line: line.sendall(b"220 mail \x1b[31m ready\r\n")):
        heard = listen_to("127.0.0.1", port, 5)
    assert (heard.kind, heard.said) == ("other", "220 mail ␛[31m ready")


def test_silence_and_a_closed_door(port: int) -> None:
    with stubs.listener(port, None):
        assert listen_to("127.0.0.1", port, 1).kind == "silent"
    with stubs.listener(port, socket.socket.close):
        assert listen_to("127.0.0.1", port, 5).kind == "closed"
    assert listen_to("127.0.0.1", port, 1).kind == "closed", "nobody at all"
