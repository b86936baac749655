"""Why joining failed: the verdicts, on real ports."""

import socket

from common.client.probe import CODE_OF, probe
from common.explain import CODES


def test_an_open_port_is_ok() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert probe("127.0.0.1", server.getsockname()[1], 5) == "ok"


def test_a_closed_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert probe("127.0.0.1", port, 5) == "refused"


def test_a_full_queue_is_silent() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
            assert probe("127.0.0.1", port, 0.2) == "silent"
        finally:
            for one in waiting:
                one.close()


def test_a_name_that_is_none() -> None:
    assert probe("no-such-host.invalid", 5555, 5) == "name"
    assert probe("a..b", 5555, 5) == "name"
    assert probe("x" * 300 + ".é", 5555, 5) == "name"


def test_a_port_that_is_none_raises_nothing() -> None:
    assert probe("127.0.0.1", 70_000, 1) in CODE_OF


def test_each_verdict_has_its_sentence() -> None:
    assert set(CODE_OF) == {"ok", "refused", "silent", "name"}
    assert set(CODE_OF.values()) <= CODES
