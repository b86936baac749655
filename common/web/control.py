"""What a second program of this machine may have a running gateway do: `client_web.py hook ...`.

Owns the file that tells where the gateway is, with the secret that lets in whoever can read it, and
both ends of that talk. The gateway alone writes into its database: a second writer could damage it.
"""

from __future__ import annotations

import hmac
import http.client
import secrets
import ssl
import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from aiohttp import web

from common import paths
from common.web import answers
from common.web.answers import Fault
from common.web.asking import Ask
from common.web.hook_desk import Line, shown
from common.web.hooks import Hooks

PATH: Final = "/control/hooks"
PATIENCE: Final = 45.0
"""Seconds: to make a hook takes several answers of the server."""
_SCHEME: Final = "Bearer "


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway that serves, as `DATA/web/ready.json` says. The file is its owner's alone."""

    pages: list[str]
    secret: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done about hooks."""

    do: Literal["list", "add", "revoke"]
    name: Line = ""
    room: Line = ""
    invite: Line = ""


class NoGateway(Exception):
    """It cannot be spoken with; the text is for a log."""


class Refusal(Exception):
    """It said no. The text is in its words, for people."""


def file_of(data_dir: Path) -> Path:
    """Where a gateway tells that it serves; `data_dir` is the data directory's root."""
    return data_dir / "web" / "ready.json"


def announce(data_dir: Path, pages: Sequence[str]) -> str:
    """Tell it, and return the secret."""
    running = Running(pages=list(pages), secret=secrets.token_hex(32))
    paths.write_private(file_of(data_dir), msgspec.json.encode(running) + b"\n")
    return running.secret


def running(data_dir: Path) -> Running | None:
    """The gateway that says it serves; it may have died since."""
    try:
        return msgspec.json.decode(file_of(data_dir).read_bytes(), type=Running)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


# --- the gateway's end ---------------------------------------------------------------------------


async def carry_out(order: Order, hooks: Hooks, made_by: str) -> dict[str, Any]:
    """Do it; the answer, as JSON. Raises Fault."""
    if order.do == "list":
        return {"hooks": [shown(hook) for hook in hooks.all()]}
    if order.do == "revoke":
        found = [hook for hook in hooks.all() if order.name in (hook.name, str(hook.id))]
        if not found:
            raise Fault("no-such-hook", {"value": order.name})
        hooks.revoke(found[0].id)
        return {"hook": shown(found[0])}

    async def admit(_name: str) -> str:
        return order.invite

    hook, token = await hooks.add(order.name, order.room, made_by, admit)
    return {"hook": shown(hook), "url": f"/hooks/{token}"}


class ControlDesk:
    """The route for programs of this machine."""

    def __init__(self, hooks: Hooks, secret: str, made_by: str) -> None:
        self._hooks = hooks
        self._secret = secret
        self._made_by = made_by

    async def take(self, ask: Ask) -> web.Response:
        """`POST /control/hooks`."""
        given = ask.request.headers.get("Authorization", "")
        wanted = (_SCHEME + self._secret).encode()
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted):
            raise Fault("unknown-page")
        order = await ask.json(Order)
        return answers.json(await carry_out(order, self._hooks, self._made_by))


# --- the other end -------------------------------------------------------------------------------


def order(gateway: Running, wanted: Order, lang: str) -> dict[str, Any]:
    """Have a running gateway do it. Blocking. Raises NoGateway, Refusal."""
    if not gateway.pages:
        raise NoGateway("it serves no page")
    page = urllib.parse.urlsplit(gateway.pages[0])
    host, port = page.hostname or "127.0.0.1", page.port
    line: http.client.HTTPConnection
    if page.scheme == "https":
        # The certificate may be for any name. Whoever took this place on this machine could have
        # read the secret in the file.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        line = http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=context)
    else:
        line = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    headers = {
        "Authorization": _SCHEME + gateway.secret,
        "Content-Type": "application/json",
        "Accept-Language": lang,
    }
    try:
        line.request("POST", PATH, msgspec.json.encode(wanted), headers)
        reply = line.getresponse()
        said = msgspec.json.decode(reply.read(1 << 20))
    except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
        raise NoGateway(str(error)) from error
    finally:
        line.close()
    if not isinstance(said, dict):
        raise NoGateway("its answer is not understood")
    if "error" in said:
        raise Refusal(str(said["error"].get("text", "")))
    return said
