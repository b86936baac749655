"""What speaks on a TCP port: ZeroMQ with or without encryption, a web server, something else.

Owns one connection or two that say as little as possible. Must not judge, and joins nothing: of
ZeroMQ only the greeting is exchanged, 64 bytes either way that say which mechanism each side uses
(https://rfc.zeromq.org/spec/23/, "Connection greeting"), because libzmq tells nobody.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from typing import Final

from common import safe
from common.doctor.seen import Speaker

_GREETING: Final = 64
_SIGNATURE: Final = b"\xff" + bytes(8) + b"\x7f"
_MAJOR: Final = b"\x03"
_MECHANISM: Final = slice(12, 32)
_SHOWN: Final = 60
_FIRST: Final = 1.5
"""Seconds for the first words; ZeroMQ speaks at once."""
_BANNER: Final = 0.4
"""Seconds for more of them, of a program that speaks first: SSH and mail do."""


def listen_to(address: str, port: int, timeout: float) -> Speaker:
    """Find out what speaks there, within `timeout` seconds. Raises nothing."""
    end = time.monotonic() + timeout
    heard = _greet(address, port, end)
    if heard[:1] == _SIGNATURE[:1] and heard[9:10] == _SIGNATURE[9:10]:
        mechanism = heard[_MECHANISM].rstrip(b"\0").decode("ascii", "replace")
        return Speaker("zeromq", mechanism)
    if heard.startswith(b"HTTP/"):
        return _web_server(address, port, end)
    if heard:
        return Speaker("other", said=_shown(heard))
    web = _web_server(address, port, end)
    if web.kind == "http":
        return web
    return Speaker("silent" if web.kind == "silent" else "closed")


def _greet(address: str, port: int, end: float) -> bytes:
    """What it says to a greeting of ZeroMQ, or before."""
    heard = b""
    with contextlib.suppress(OSError), _connection(address, port, end) as line:
        # Not our mechanism: whoever has another one hangs up at once, and takes its answer along.
        line.sendall(_SIGNATURE + _MAJOR)
        while len(heard) < _GREETING:
            # Whoever has said something else than a greeting has told who they are.
            other = heard and heard[:1] != _SIGNATURE[:1]
            line.settimeout(min(_left(end), _BANNER if other else _FIRST))
            part = line.recv(_GREETING - len(heard))
            if not part:
                break
            heard += part
    return heard


def _web_server(address: str, port: int, end: float) -> Speaker:
    connection = http.client.HTTPConnection(address, port, timeout=_left(end))
    try:
        connection.request("HEAD", "/", headers={"User-Agent": "causette-doctor"})
        answer = connection.getresponse()
        return Speaker("http", said=_shown((answer.getheader("Server") or "").encode()))
    except TimeoutError:
        return Speaker("silent")
    except (http.client.HTTPException, OSError, ValueError):
        return Speaker("closed")
    finally:
        connection.close()


def _connection(address: str, port: int, end: float) -> socket.socket:
    return socket.create_connection((address, port), _left(end))


def _left(end: float) -> float:
    return max(0.1, end - time.monotonic())


def _shown(content: bytes) -> str:
    return safe.one_line(content.decode("utf-8", "replace").strip())[:_SHOWN]
