"""Programs that are no server of Causette, on ports where one is looked for. For tests of what the
doctor says of them."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
from collections.abc import Callable, Iterator

import zmq


@contextlib.contextmanager
def listener(port: int, answer: Callable[[socket.socket], object] | None) -> Iterator[None]:
    """Something that takes connections on three ports in a row and does `answer` with each; None:
    it never says a word."""
    held: list[socket.socket] = []
    over = threading.Event()

    def serve(server: socket.socket) -> None:
        server.settimeout(0.05)
        while not over.is_set():
            with contextlib.suppress(OSError):
                connection, _address = server.accept()
                held.append(connection)
                if answer is not None:
                    answer(connection)

    with contextlib.ExitStack() as open_:
        threads = []
        for number in range(port, port + 3):
            server = open_.enter_context(socket.create_server(("127.0.0.1", number)))
            threads.append(threading.Thread(target=serve, args=(server,), daemon=True))
            threads[-1].start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()
            for connection in held:
                connection.close()


class _Page(http.server.BaseHTTPRequestHandler):
    server_version = "Kiosk/1.0"
    sys_version = ""

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        return


@contextlib.contextmanager
def web_server(port: int) -> Iterator[None]:
    """A web server on three ports in a row."""
    servers = [
        http.server.ThreadingHTTPServer(("127.0.0.1", number), _Page)
        for number in range(port, port + 3)
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


@contextlib.contextmanager
def foreign_zeromq(port: int) -> Iterator[None]:
    """Sockets of ZeroMQ that belong to something else; its REP answers anything with `no`."""
    with zmq.Context() as context, contextlib.ExitStack() as open_:
        pull, pub, rep = (
            open_.enter_context(context.socket(kind)) for kind in (zmq.PULL, zmq.PUB, zmq.REP)
        )
        for number, one in enumerate((pull, pub, rep)):
            one.linger = 0
            one.bind(f"tcp://127.0.0.1:{port + number}")
        over = threading.Event()

        def answer() -> None:
            while not over.is_set():
                if rep.poll(50):
                    rep.recv()
                    rep.send(b"no")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
