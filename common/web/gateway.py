"""The gateway as a whole: its parts put together, opened, and closed again.

Owns the order of that, the table of routes, and what is done now and then. What each part does is
the part's.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import socket
import ssl
import time
import urllib.parse
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
from aiohttp import web

from common import paths
from common.addresses import EVERYWHERE, addresses, is_loopback
from common.client.aio import LoopContext
from common.client.events import Refused
from common.client.target import Target
from common.explain import explain
from common.i18n import _, current
from common.listening import Bind
from common.protocol.names import nick
from common.settings import Settings
from common.web import answers, assets, control
from common.web.answers import Fault
from common.web.asking import LARGEST, Ask
from common.web.chat import WebSession
from common.web.control import ControlDesk
from common.web.entry import Entry
from common.web.hook_desk import HookDesk
from common.web.hook_verb import account
from common.web.hooks import Hooks
from common.web.metrics import Counts, Exposition, listen_to_the_loop
from common.web.place import Place
from common.web.security import Hosts, Proxies
from common.web.server import Doorman, Front, Route, Rules
from common.web.session import Sessions
from common.web.socket import LEFT
from common.web.store import WebStore

BACKLOG: Final = 1_024
HEARTBEAT: Final = 20.0
"""Seconds between two signs of life on a WebSocket: a phone that went away is noticed."""
LAST_WORDS: Final = 0.5
"""Seconds that requests under way are given at the end."""
DAY: Final = 86_400.0

_log = logging.getLogger("causette.web")


class CannotBind(OSError):
    """There is no listening there: `code` for programs, `words` for people."""

    def __init__(self, code: str, address: str, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.address = address
        self.words = words


class OtherServer(OSError):
    """The identities in this directory belong to another server."""

    def __init__(self, path: Path, label: str) -> None:
        super().__init__(f"{path}: {label}")
        self.path = path
        self.label = label


class Gateway:
    """One running gateway: `open`, then `close`. For the loop's thread."""

    def __init__(self, place: Place, store: WebStore, settings: Settings, data_dir: Path) -> None:
        """Raises OtherServer."""
        self.place = place
        self.pages: list[str] = []
        """Where browsers reach it, the likeliest first."""
        self.counts = Counts()
        self._store = store
        self._data_dir = data_dir
        self._metrics_open = settings.switch("metrics-open")
        self._names = settings.texts("host")
        self._proxies = Proxies(settings["proxy"] or ())
        self._closing = contextlib.AsyncExitStack()
        self._exposition: Exposition | None = None
        _keep_to_one_server(data_dir / "web" / "server.json", place.target)

    @property
    def name(self) -> str:
        """What the server calls itself."""
        return self.place.name

    async def open(self, binds: list[Bind], tls: ssl.SSLContext | None) -> None:
        """Listen; browsers are served when this returns. Raises CannotBind, OSError."""
        closing = self._closing
        context = LoopContext()
        closing.callback(context.close)
        names = [*self._names, *(one.host for one in binds)]
        hosts = Hosts(socket.gethostname(), names)
        self._front = Front(Rules(hosts, self._proxies, current().lang), self.counts)
        doorman = Doorman(self._front)
        closing.push_async_callback(doorman.shutdown, LAST_WORDS)
        closing.callback(doorman.pre_shutdown)
        self._hooks = Hooks(self._store, context, lambda: self.place.target, self.counts)
        closing.callback(self._hooks.close_all)
        self.sessions = Sessions(
            target=lambda: self.place.target,
            context=context,
            store=self._store,
            counts=self.counts,
            server=lambda: self.place.name,
            link=self._link,
        )
        closing.push_async_callback(self.sessions.close_all)
        self._entry = Entry(self._store, self.sessions, self.place, self.counts)
        await self.place.look()
        # The tables of other alphabets take 0.1 s to load, for which nobody is to wait.
        await asyncio.get_running_loop().run_in_executor(None, nick, "Léa")
        await self._listen(doorman, binds, tls)
        secret = control.announce(self._data_dir, self.pages)
        closing.callback(control.file_of(self._data_dir).unlink, missing_ok=True)
        self._set_routes(secret)
        self._begin(self.place.watch(self._moved))
        self._begin(listen_to_the_loop(self.counts))
        self._begin(self._tidy())
        self._hooks.resume()
        self.sessions.resume_unsent()

    async def close(self) -> None:
        """Say goodbye for everybody, and let everything go. Safe after a failed `open`."""
        await self._closing.aclose()

    # --- listening -----------------------------------------------------------------------------

    async def _listen(
        self, doorman: Doorman, binds: list[Bind], tls: ssl.SSLContext | None
    ) -> None:
        loop = asyncio.get_running_loop()
        scheme = "https" if tls else "http"
        for one in binds:
            try:
                server = await loop.create_server(
                    doorman, one.host, one.port, ssl=tls, backlog=BACKLOG
                )
            except OSError as error:
                raise _cannot_bind(one, error) from error
            self._closing.callback(server.close)
            port = server.sockets[0].getsockname()[1]
            self.pages += [f"{scheme}://{place}" for place in await _places(one.host, port)]

    def _set_routes(self, secret: str) -> None:
        """`secret`: of whoever may order something from this machine."""
        entry = self._entry
        desk = HookDesk(self._hooks, self._insider, self._invited)
        ours = ControlDesk(self._hooks, secret, account())
        self._front.assets = assets.load()
        self._front.prefixes = {"/hooks/": Route(desk.say, "POST", any_host=True)}
        self._front.routes = {
            "/api/start": (Route(entry.start),),
            "/api/join": (Route(entry.join, "POST", own_page=True),),
            "/api/leave": (Route(entry.leave, "POST", own_page=True),),
            "/api/save": (Route(self._save, as_json=False),),
            "/api/hooks": (Route(desk.list), Route(desk.add, "POST", own_page=True)),
            "/api/hooks/revoke": (Route(desk.revoke, "POST", own_page=True),),
            "/ws": (Route(self._socket, own_page=True, as_json=False),),
            "/healthz": (Route(self._health, any_host=True),),
            "/metrics": (Route(self._metrics, as_json=False),),
            control.PATH: (Route(ours.take, "POST", any_host=True),),
        }

    # --- routes that are nobody else's -----------------------------------------------------------

    async def _socket(self, ask: Ask) -> web.StreamResponse:
        """`GET /ws`."""
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=LARGEST, compress=False)
        if not socket.can_prepare(ask.request):
            raise Fault("not-a-socket", headers={"Upgrade": "websocket"})
        answers.dress(socket)
        browser = self._entry.browser(ask)
        await socket.prepare(ask.request)
        if browser is None:
            # A page cannot read why a handshake was refused; it can read this.
            await socket.close(code=LEFT)
        else:
            await self.sessions.attach(browser, socket, ask.request.transport, browser.lang)
        return socket

    async def _save(self, ask: Ask) -> web.StreamResponse:
        """`GET /api/save?room=ROOM&format=txt|html|jsonl`."""
        browser = self._entry.known(ask)
        asked = ask.request.query
        room, form = asked.get("room", ""), asked.get("format", "txt")
        try:
            saving = self.sessions.save(browser, room, form)
        except KeyError:
            raise Fault("bad-request", {"why": "format"}) from None
        if saving is None:
            raise Fault("not-in" if self.sessions.get(browser.id) is None else "not-joined")
        response = web.StreamResponse(
            headers={
                "Content-Type": saving.content_type,
                "Content-Disposition": disposition(saving.filename),
            }
        )
        answers.dress(response)
        await response.prepare(ask.request)
        if ask.request.method == "HEAD":
            await response.write_eof()
            return response
        try:
            async for chunk in saving.chunks():
                await response.write(chunk)
        except Refused as error:
            # The status is gone already: a body that is cut short is all that can be shown.
            _log.warning("a conversation could not be saved to its end: %s", error.code)
            if ask.request.transport is not None:
                ask.request.transport.abort()
            raise ConnectionResetError from error
        await response.write_eof()
        return response

    async def _health(self, _ask: Ask) -> web.Response:
        look = await self.place.look()
        said = {"ok": look.up, "broker": "up" if look.up else "down"}
        if look.up:
            return answers.json(said)
        return answers.json({**said, "code": look.code}, 503)

    async def _metrics(self, ask: Ask) -> web.Response:
        if not (self._metrics_open or ask.visitor.local):
            raise Fault("not-permitted")
        exposition = self._exposition = self._exposition or Exposition.make(
            self.counts,
            {
                "browsers": ("Pages that are open.", lambda: self.sessions.pages),
                "sessions": ("Sessions with the server, of browsers.", lambda: len(self.sessions)),
                "hooks_live": ("Sessions with the server, of hooks.", lambda: self._hooks.live),
            },
        )
        if exposition is None:
            raise Fault("no-metrics")
        return answers.raw(exposition.text(), exposition.content_type)

    def _insider(self, ask: Ask) -> WebSession:
        session = self.sessions.get(self._entry.known(ask).id)
        if session is None or not session.ready:
            raise Fault("not-in")
        return session

    def _link(self, code: str) -> str:
        """Where others open the page, with the code of an invitation in it, or without."""
        page = self.pages[0] if self.pages else ""
        host = urllib.parse.urlsplit(page).hostname or ""
        if not page or is_loopback(host):
            return ""
        return f"{page}/#invite={code}" if code else page

    async def _invited(self) -> bool:
        return (await self.place.look()).access == "invite"

    # --- now and then --------------------------------------------------------------------------

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._closing.callback(asyncio.create_task(work).cancel)

    def _moved(self, target: Target) -> None:
        self._hooks.move(target)
        self.sessions.moved()

    async def _tidy(self) -> None:
        while True:
            forgotten = self._store.forget(int(time.time()))
            if forgotten:
                _log.info("%d browsers were not seen for long and are forgotten", forgotten)
            await asyncio.sleep(DAY)


# --- small things --------------------------------------------------------------------------------


def disposition(name: str) -> str:
    """`Content-Disposition` of a file to be kept under a name (RFC 6266): plain letters for old
    browsers, the whole name for the others."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{urllib.parse.quote(name, safe='')}"


async def _places(host: str, port: int) -> Iterable[str]:
    """`host:port` as others reach it."""
    if host not in EVERYWHERE:
        return [_place(host, port)]
    loop = asyncio.get_running_loop()
    family = ":" in host
    found = [one for one in await loop.run_in_executor(None, addresses) if (":" in one) is family]
    return [_place(one, port) for one in found or ["::1" if family else "127.0.0.1"]]


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _cannot_bind(one: Bind, error: OSError) -> CannotBind:
    address = str(one)
    if error.errno == errno.EADDRINUSE:
        return CannotBind("in-use", address, explain("address-in-use", {"address": address}))
    if error.errno in (errno.EACCES, errno.EPERM):
        words = _("{address} may not be used by this account. Choose a port above 1023.")
        return CannotBind("not-permitted", address, words.format(address=address))
    words = _("{address} cannot be served: {why}")
    # asyncio puts the address before it, and would say it twice.
    why = error.strerror or str(error)
    if error.errno is not None and not isinstance(error, socket.gaierror):
        why = os.strerror(error.errno)
    return CannotBind("address", address, words.format(address=address, why=why))


class _Server(msgspec.Struct):
    key: str
    label: str


def _keep_to_one_server(path: Path, target: Target) -> None:
    """Raises OtherServer: what was said to one server must not go to another."""
    ours = _Server(target.key or "", target.label)
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Server)
    except FileNotFoundError:
        kept = None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OSError(errno.EIO, str(error), str(path)) from error
    if kept is not None and kept.key != ours.key:
        raise OtherServer(path.parent, kept.label)
    if kept != ours:
        paths.write_private(path, msgspec.json.encode(ours) + b"\n")
