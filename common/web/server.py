"""HTTP: who is let to the door, which route a request takes, and what every answer has in common.

Owns the order of the checks: connections, rate, name, origin; then the route. Must not know what a
route does. Routes are a table of whole paths, made once; no path is ever put together from what was
asked for.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from common.client.kept import ProfileFull
from common.i18n import speaking
from common.safe import one_line
from common.web import answers
from common.web.answers import Fault
from common.web.asking import LARGEST, Ask
from common.web.assets import Asset, unchanged
from common.web.metrics import Counts
from common.web.security import HEADERS, Hosts, Proxies, Rate, same_origin

Handler = Callable[[Ask], Awaitable[web.StreamResponse]]

IDLE: Final = 30.0
"""Seconds in which the head of a request must have come, also the first one."""
PER_PEER: Final = 1_500
IN_ALL: Final = 12_000
"""Connections at most: a gateway may stand behind one address for a whole school."""
RATE: Final = 100.0
BURST: Final = 1_500.0
"""Requests a second from one place, and at once: a page is some thirty files."""
_HEAD: Final = 64
"""Header lines at most; each has 8 kB at most."""
_READS: Final = ("GET", "HEAD")

_log = logging.getLogger("causette.web")
# What aiohttp says of a request that is none: with a traceback, and as often as somebody likes.
_unheard = logging.getLogger("causette.web.wire")
_unheard.setLevel(logging.CRITICAL + 1)
_unheard.propagate = False


@dataclass(frozen=True, slots=True)
class Route:
    """What a path leads to."""

    handler: Handler
    method: str = "GET"
    as_json: bool = True
    """Whether what goes wrong is told to a program."""
    any_host: bool = False
    """Whether it may be asked for under any name: it is for scripts, and holds its own secret."""
    own_page: bool = False
    """Whether only the chat's own page may ask for it."""


@dataclass
class Rules:
    """How strangers are met."""

    hosts: Hosts
    proxies: Proxies
    lang: str = "en"
    """Of people whose browser names no language that is spoken here."""


@dataclass
class Front:
    """Takes every request."""

    rules: Rules
    counts: Counts
    routes: Mapping[str, tuple[Route, ...]] = field(default_factory=dict)
    """By path."""
    prefixes: Mapping[str, Route] = field(default_factory=dict)
    """By the beginning of a path, up to a slash; the rest is one name."""
    assets: Mapping[str, Asset] = field(default_factory=dict)
    _rate: Rate = field(default_factory=lambda: Rate(RATE, BURST))

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer. Raises nothing but what ends the connection."""
        lang = answers.language(request.headers.get("Accept-Language", ""), self.rules.lang)
        route = None
        with speaking(lang):
            try:
                path = request.rel_url.raw_path
                route = self._route(path, request.method)
                answer = await self._let(request, route, path)
            except Fault as fault:
                answer = fault.answer(as_json=route is not None and route.as_json)
                self._count_refusal(fault)
                if fault.status in (408, 413, 415):
                    # The rest of the body is not waited for.
                    answer.force_close()
            except (asyncio.CancelledError, ConnectionError):
                raise
            except ProfileFull as full:
                _log.error("%s", full)
                answer = Fault("disk-full").answer(as_json=route is not None and route.as_json)
            except Exception:
                _log.exception("a request failed: %s", one_line(request.path)[:200])
                broken = Fault("broken")
                answer = broken.answer(as_json=route is not None and route.as_json)
        self.counts.answered(answer.status)
        return answer

    def _route(self, path: str, method: str) -> Route | None:
        """The route; None for a file. Raises Fault."""
        offered = self.routes.get(path)
        if offered is None:
            start, slash, name = path.rpartition("/")
            prefixed = self.prefixes.get(start + slash) if name else None
            offered = (prefixed,) if prefixed else ()
        for route in offered:
            if method == route.method or (method == "HEAD" and route.method == "GET"):
                return route
        if path in self.assets and not offered:
            if method in _READS:
                return None
        elif not offered:
            raise Fault("unknown-page")
        allowed = ", ".join(route.method for route in offered) or "GET"
        raise Fault("wrong-method", {"method": method[:20]}, headers={"Allow": allowed})

    async def _let(
        self, request: web.BaseRequest, route: Route | None, path: str
    ) -> web.StreamResponse:
        rules = self.rules
        tls = request.transport is not None and bool(request.transport.get_extra_info("sslcontext"))
        visitor = rules.proxies.visitor(_peer(request.transport), tls, request.headers)
        wait = self._rate.take(visitor.place, time.monotonic())
        if wait:
            raise Fault("rate-limited", retry=wait)
        ask = Ask(request, visitor)
        if not (route is not None and route.any_host) and not rules.hosts.known(ask.host):
            raise Fault("wrong-host", {"host": one_line(ask.host.rpartition(":")[0] or ask.host)})
        if route is None:
            return _file(request, self.assets[path])
        if route.own_page:
            # Not of a WebSocket: what is one site with ws://, browsers do not agree on.
            sites = request.headers.getall("Sec-Fetch-Site", []) if route.method == "POST" else []
            origin = request.headers.get("Origin")
            if sites not in ([], ["same-origin"]) or not same_origin(origin, ask.host):
                raise Fault("other-origin")
        return await route.handler(ask)

    def _count_refusal(self, fault: Fault) -> None:
        if fault.code == "rate-limited":
            self.counts.limited += 1
        elif fault.code in ("wrong-host", "other-origin"):
            self.counts.turned_away += 1


def _file(request: web.BaseRequest, asset: Asset) -> web.Response:
    body, encoding, tag = asset.pick(request.headers.get("Accept-Encoding", ""))
    headers = {**HEADERS, "ETag": tag, "Vary": "Accept-Encoding", "Cache-Control": "no-cache"}
    if unchanged(request.headers.get("If-None-Match", ""), tag):
        return web.Response(status=304, headers=headers)
    if encoding:
        headers["Content-Encoding"] = encoding
    return web.Response(body=body, headers={**headers, "Content-Type": asset.type})


def _peer(transport: asyncio.BaseTransport | None) -> str:
    name = transport.get_extra_info("peername") if transport is not None else None
    return str(name[0]) if isinstance(name, tuple) else ""


class _Line(RequestHandler):
    """One connection."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is no request is answered in few words: aiohttp would repeat what was sent."""
        if request.writer.output_size > 0:
            raise ConnectionResetError("an answer was begun")
        answer = answers.text(f"{status}\n", status)
        answer.force_close()
        return answer


class Doorman(web.Server):
    """Takes connections, as many as are good for everybody."""

    def __init__(self, front: Front) -> None:
        super().__init__(
            front,
            request_factory=self._request,
            access_log=None,
            logger=_unheard,
            keepalive_timeout=IDLE,
            lingering_time=1.0,
            auto_decompress=False,
            max_line_size=4_096,
            max_headers=_HEAD,
            max_field_size=8_190,
        )
        self._trusted = front.rules.proxies
        self._counts = front.counts
        self._peers: Counter[str] = Counter()
        self._at: dict[RequestHandler, str] = {}

    def __call__(self) -> RequestHandler:
        """A new connection."""
        return _Line(self, loop=self._loop, **self._kwargs)

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """One more, or one too many."""
        super().connection_made(handler, transport)
        peer = _peer(transport)
        self._at[handler] = peer
        self._peers[peer] += 1
        crowd = self._peers[peer] > PER_PEER and not self._trusted.trusts(peer)
        if crowd or len(self._at) > IN_ALL:
            self._counts.limited += 1
            transport.abort()

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """One less."""
        super().connection_lost(handler, exc)
        peer = self._at.pop(handler, None)
        if peer is not None:
            self._peers[peer] -= 1
            if not self._peers[peer]:
                del self._peers[peer]

    def _request(
        self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any
    ) -> web.BaseRequest:
        return web.BaseRequest(
            message, payload, protocol, writer, task, self._loop, client_max_size=LARGEST
        )
