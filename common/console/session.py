"""A session as the console: the broker's own key as a client's, which outranks everybody.

Owns how the operator's verbs reach the broker of a data directory, or one of their own while none
serves it. Must not know any deed.

Whoever can read `broker.key` is the broker, so nothing is given away by letting that key command.
libzmq takes one key pair at both ends of a CURVE connection as it takes any two: the handshake
mixes in fresh keys of either side, and ZAP reports the server's own public key as the client's
(tried with libzmq 4.3.5 and pyzmq 27 over PUSH and SUB; see `tests/console`). A client that merely
names that key without holding its secret half fails in the handshake, as with any other key.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Final, TypeVar

from common import keys, paths
from common.client.client import Client, Options
from common.client.events import Failed, Ready, Refused
from common.client.joining import status_of
from common.client.target import BadTarget, Target, host_and_port, of_ready, read_ready
from common.client.target import Ready as ServedBy
from common.console.output import Refusal
from common.explain import explain
from common.i18n import _, current

if TYPE_CHECKING:
    from common.broker.server import Server

T = TypeVar("T")

NO_ANSWER: Final = 124
_TIMEOUT: Final = 15.0
_STARTING: Final = 5.0
"""Seconds in which a broker that holds the directory says where it serves."""
_RETRY: Final = 0.1
_ANYWHERE: Final = "tcp://127.0.0.1:*"


class Console:
    """A session that is in."""

    def __init__(self, client: Client, target: Target, served: bool) -> None:
        self.client = client
        self.target = target
        self.served = served
        """Whether a broker serves this data directory, beyond this run."""

    def ask(self, future: Future[T]) -> T:
        """The reply. Raises Refusal."""
        try:
            return future.result(_TIMEOUT)
        except Refused as refused:
            line = explain(refused.code, {"value": refused.text, **refused.values}, refused.text)
            raise Refusal(line, refused.code, status_of(refused.code)) from refused
        except NoAnswer as late:
            line = explain("timeout", {"seconds": _TIMEOUT})
            raise Refusal(line, "timeout", NO_ANSWER) from late


@contextlib.contextmanager
def console(data: Path) -> Iterator[Console]:
    """A session with the broker of this data directory (the root, which holds `broker/`).

    Where none runs, one is started here, on ports of this machine that nobody is told, and ended
    with the session. Raises Refusal.
    """
    with contextlib.ExitStack() as opened:
        served = _ready(data)
        target = of_ready(served) if served else None
        deadline = time.monotonic() + _STARTING
        while target is None:
            try:
                target = opened.enter_context(_own_broker(data))
            except Refusal as fault:
                # One that has just been started says where it is in a moment.
                served = _ready(data)
                if served is not None:
                    target = of_ready(served)
                elif fault.code != "data-dir-locked" or time.monotonic() > deadline:
                    raise
                else:
                    time.sleep(_RETRY)
        client = opened.enter_context(_session(data, target))
        yield Console(client, target, served is not None)


def _ready(data: Path) -> ServedBy | None:
    """What the broker of this data directory says of itself. Raises Refusal."""
    try:
        ready = read_ready(data)
    except BadTarget as fault:
        words = explain("profile-damaged", {"path": fault.value, "why": fault.why})
        raise Refusal(words, "profile-damaged") from fault
    if ready is not None and ready.key is None:
        words = _("This server does without encryption: it cannot tell who is who.")
        raise Refusal(words, "needs-encryption")
    return ready


@contextlib.contextmanager
def _session(data: Path, target: Target) -> Iterator[Client]:
    pair = _pair(data)
    if pair.public != target.key:
        place = host_and_port(target.push)
        host = place[0] if place else target.label
        raise Refusal(explain("wrong-key", {"host": host}), "wrong-key")
    options = Options(
        nick="server",
        rooms=[],
        visible=False,
        app="causette-broker/console",
        lang=current().lang,
        join_timeout=_TIMEOUT,
        follow=False,
    )
    with Client(target, pair, options) as client:
        _wait_until_in(client, target)
        yield client


def _pair(data: Path) -> keys.KeyPair:
    path = data / "broker" / "broker.key"
    try:
        return keys.load(path)
    except keys.BadKeyFile as fault:
        words = explain("key-file", {"path": str(fault.path), "why": fault.why})
        raise Refusal(words, "key-file") from fault
    except OSError as fault:
        words = explain("data-dir", {"path": str(path), "why": fault.strerror})
        raise Refusal(words, "data-dir", status_of("data-dir")) from fault


def _wait_until_in(client: Client, target: Target) -> None:
    place = host_and_port(target.push)
    values: dict[str, str | int | float] = {}
    if place is not None:
        values = {"host": place[0], "port": place[1]}
    while True:
        try:
            event = client.get(_TIMEOUT + 5.0)
        except Empty:
            event = None
        if isinstance(event, Ready):
            return
        if event is None:
            raise Refusal(explain("no-answer", values), "no-answer", status_of("no-answer"))
        if isinstance(event, Failed):
            line = explain(event.code, {**values, **event.values}, event.text)
            raise Refusal(line, event.code, status_of(event.code))


@contextlib.contextmanager
def _own_broker(data: Path) -> Iterator[Target]:
    """A broker in this process. Its ports are found by nobody but by chance, and it lets nobody
    in who is not known."""
    from common.broker.limits import CoreSettings
    from common.broker.server import Server, ServerSettings

    server = Server(
        ServerSettings(
            data_dir=data / "broker",
            pull=[_ANYWHERE],
            pub=[_ANYWHERE],
            card=None,
            core=CoreSettings(access="invite"),
        )
    )
    opened: Future[None] = Future()
    loop = threading.Thread(target=_serve, args=(server, data, opened), name="broker")
    loop.start()
    try:
        opened.result()
        ready = read_ready(data)
        assert ready is not None
        yield of_ready(ready)
    finally:
        with contextlib.suppress(OSError):  # it could not be opened, and is closed already
            server.stop()
        loop.join()


def _serve(server: Server, data: Path, opened: Future[None]) -> None:
    """The whole life of a broker, as its database is for one thread."""
    from common.broker.store import StorageFailed

    try:
        _open(server, data / "broker")
    except BaseException as fault:
        server.close()
        opened.set_exception(fault)
        return
    opened.set_result(None)
    # What could not be written was not acknowledged: the console gets no answer, and says so.
    with contextlib.suppress(StorageFailed):
        try:
            server.run()
        finally:
            server.close()


def _open(server: Server, directory: Path) -> None:
    from common.broker.database import BadDatabase, NewerDatabase
    from common.broker.sockets import CannotBind

    try:
        server.open()
    except paths.Locked as fault:
        # It serves, but has not said where yet, or is just ending.
        words = explain("data-dir-locked", {"path": str(directory)})
        raise Refusal(words, "data-dir-locked") from fault
    except NewerDatabase as fault:
        raise Refusal(
            explain("newer-database", {"path": str(fault.path)}, str(fault)), "newer-database"
        ) from fault
    except (BadDatabase, keys.BadKeyFile, CannotBind) as fault:
        raise Refusal(str(fault), "data-dir") from fault
    except OSError as fault:
        path = fault.filename or directory
        words = explain("data-dir", {"path": str(path), "why": fault.strerror})
        raise Refusal(words, "data-dir", status_of("data-dir")) from fault
