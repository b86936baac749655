"""A gateway's chat side in this process, and pages that speak to it by raw WebSockets.

Owns how a test is a page: it applies what it is told, as static/timeline.js does, and waits for
what it wants to see. Knows the messages, and nothing of what is behind them.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import socket as system_socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import WSMsgType, web

from common import keys
from common.client import target as targets
from common.client.aio import LoopContext
from common.web.session import Joined, Sessions
from common.web.store import Browser, WebStore
from tests.support import scaled
from tests.support.programs import BrokerProgram

Message = dict[str, Any]
_numbers = itertools.count(1)


def run(scenario: Coroutine[Any, Any, None]) -> None:
    """Play a scenario to its end."""
    asyncio.run(scenario)


def target_of(broker: BrokerProgram) -> targets.Target:
    """Where a broker is, as the gateway knows it."""
    return targets.explicit(broker.pull, broker.pub, broker.key)


class Held:
    """What a page was told, and what it holds by that."""

    def __init__(self) -> None:
        self.told: list[Message] = []
        self.state: Message = {}
        self.entries: dict[str, Message] = {}
        self.header: Message = {}
        self.people: dict[str, Message] = {}
        self.around: Message = {}

    def take(self, message: Message) -> None:
        """Apply a message."""
        self.told.append(message)
        if message["t"] == "state":
            self.state |= {part: value for part, value in message.items() if part != "t"}
        elif message["t"] == "people":
            if message["reset"]:
                self.people.clear()
            self.people |= {one["user"]: one for one in message["put"]}
            for user in message["gone"]:
                self.people.pop(user, None)
            self.around |= message
        elif message["t"] == "lines":
            if message.get("reset"):
                self.entries.clear()
                self.header.clear()
            self.entries |= {one["k"]: one for one in message["put"]}
            for k in message.get("gone", ()):
                self.entries.pop(k, None)
            self.entries |= {
                one["k"]: one for one in message.get("again", ()) if one["k"] in self.entries
            }
            self.header |= message

    @property
    def room(self) -> str:
        """The open room."""
        return self.state["room"]["name"] if self.state.get("room") else ""

    def of(self, t: str) -> list[Message]:
        """All messages of a type."""
        return [one for one in self.told if one["t"] == t]

    def rows(self) -> list[Message]:
        """The entries, in order."""
        return sorted(self.entries.values(), key=lambda one: one["s"])

    def texts(self) -> list[str]:
        """What messages say."""
        return [words(one) for one in self.rows() if one["kind"] in ("said", "mine")]

    def seqs(self) -> list[int]:
        """The numbers of the messages."""
        return [one["seq"] for one in self.rows() if one["kind"] == "said"]

    def notices(self) -> str:
        """All that this program said, in one text."""
        rows = [row for one in self.rows() if one["kind"] == "notice" for row in one["rows"]]
        return "\n".join("\t".join(row) for row in rows)


class Page(Held):
    """One page."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        super().__init__()
        self.socket = socket
        self.closed: int | None = None

    # --- asking ----------------------------------------------------------------------------------

    async def send(self, t: str, **fields: Any) -> None:
        """One message."""
        await self.socket.send_str(json.dumps({"t": t, **fields}))

    async def attach(self, **fields: Any) -> Self:
        """The first message, and the wait for `hello`."""
        await self.send("attach", **{"lang": "en", "room": "", **fields})
        await self.until(lambda: self.of("hello"), "hello")
        await self.until(lambda: self.header.get("reset"), "the room")
        return self

    async def enter(self, line: str, key: str = "", room: str | None = None) -> str:
        """Type a line; its key."""
        key = key or f"key-{next(_numbers)}"
        await self.send("enter", key=key, room=self.room if room is None else room, line=line)
        return key

    async def settled(self, *keys: str) -> None:
        """Wait until these lines are settled."""
        for key in keys:
            await self.about("settled", key)

    async def about(self, t: str, key: str) -> Message:
        """Wait for what is told of a line: done, settled, wrong."""

        def told() -> list[Message]:
            return [one for one in self.of(t) if one["key"] == key]

        return dict((await self.until(told, f"{t} {key}"))[0])

    async def do(self, name: str, **fields: Any) -> Message:
        """A command from a menu, and its answer."""
        id = next(_numbers)
        await self.send("do", id=id, name=name, **fields)
        return await self.answer("did", id)

    async def ask(self, t: str, **fields: Any) -> Message:
        """What is answered under an id."""
        id = next(_numbers)
        await self.send(t, id=id, **fields)
        answer = {"list": "listed", "search": "found", "complete": "offer"}[t]
        return await self.answer(answer, id)

    async def answer(self, t: str, id: int) -> Message:
        """The answer to that id."""
        found = await self.until(
            lambda: [one for one in self.of(t) if one["id"] == id], f"{t} {id}"
        )
        return dict(found[0])

    # --- hearing ---------------------------------------------------------------------------------

    async def until(self, predicate: Callable[[], Any], what: str, within: float = 15) -> Any:
        """Read messages until something is true."""
        end = asyncio.get_running_loop().time() + scaled(within)
        while not (found := predicate()):
            left = end - asyncio.get_running_loop().time()
            assert left > 0, f"not within {within} s: {what}; told {str(self.told[-8:])[-900:]}"
            assert self.closed is None, f"closed with {self.closed} before: {what}"
            await self.hear(left)
        return found

    async def until_last(self, seq: int, within: float = 30) -> None:
        """Wait until the message with that number is the last one."""
        await self.until(lambda: self.seqs()[-1:] == [seq], f"no. {seq} is the last", within)

    async def hear(self, within: float = 15) -> None:
        """Read one message, or the close."""
        try:
            heard = await asyncio.wait_for(self.socket.receive(), within)
        except TimeoutError:
            return
        if heard.type is WSMsgType.TEXT:
            self.take(json.loads(heard.data))
        elif heard.type is WSMsgType.CLOSE:
            self.closed = int(heard.data)
        else:
            self.closed = self.socket.close_code or 0

    async def until_closed(self) -> int:
        """Read to the end; the code of the close."""
        async with asyncio.timeout(scaled(30)):
            while self.closed is None:
                await self.hear(scaled(30))
        return self.closed

    async def close(self) -> None:
        """Go."""
        await self.socket.close()


def words(entry: Message) -> str:
    """The text of a message as it reads."""
    return "\n".join("".join(part for _style, part in spans) for _block, spans in entry["lines"])


class House:
    """The live sessions of a gateway, and the door to them."""

    def __init__(self, data_dir: Path, broker: BrokerProgram, **options: Any) -> None:
        self.broker = broker
        self.target = target_of(broker)
        self._path = data_dir / "web" / "web.sqlite"
        self._options = options
        self._browsers: dict[str, Browser] = {}

    async def __aenter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.store = WebStore.open(self._path)
        self.context = LoopContext()
        self.sessions = Sessions(
            target=lambda: self.target, context=self.context, store=self.store,
            server=lambda: "Lab", **self._options,
        )  # fmt: skip
        server = web.Server(self._door)
        self._runner = web.ServerRunner(server)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.sessions.close_all()
        await self._http.close()
        await self._runner.cleanup()
        self.context.close()
        self.store.close()

    async def _door(self, request: web.BaseRequest) -> web.StreamResponse:
        browser = self._browsers[request.query["who"]]
        if request.transport is not None:
            # Small, so that a page which does not read is found out soon.
            line = request.transport.get_extra_info("socket")
            line.setsockopt(system_socket.SOL_SOCKET, system_socket.SO_SNDBUF, 65_536)
        socket = web.WebSocketResponse(heartbeat=20, max_msg_size=65_536, compress=False)
        await socket.prepare(request)
        await self.sessions.attach(browser, socket, request.transport, browser.lang)
        return socket

    def browser(self, nick: str, lang: str = "en") -> Browser:
        """The browser of somebody, known from now on."""
        if nick not in self._browsers:
            found = self.store.browser(nick)
            self._browsers[nick] = found or self.store.add_browser(
                token_hash=nick, nick=nick, keys=keys.generate(), lang=lang, now=1
            )
        return self._browsers[nick]

    async def join(self, nick: str, lang: str = "en") -> Browser:
        """Somebody comes in by the form."""
        browser = self.browser(nick, lang)
        joined = await self.sessions.join(browser)
        assert isinstance(joined, Joined), joined
        return browser

    async def page(self, nick: str) -> Page:
        """A page of somebody's browser that has said nothing yet."""
        self.browser(nick)
        url = f"http://127.0.0.1:{self.port}/?who={nick}"
        return Page(await self._http.ws_connect(url, max_msg_size=0))

    async def shown(self, nick: str, **fields: Any) -> Page:
        """A page that shows the chat."""
        return await (await self.page(nick)).attach(**fields)


@asynccontextmanager
async def chat(
    data_dir: Path, broker: BrokerProgram, *nicks: str, **options: Any
) -> AsyncIterator[tuple[House, list[Page]]]:
    """A house with the pages of these people."""
    async with House(data_dir, broker, **options) as house:
        yield house, [await house.shown(nick) for nick in nicks]


async def eventually(predicate: Callable[[], Any], what: str, within: float = 15) -> None:
    """Let the loop turn until something is true."""
    loop = asyncio.get_running_loop()
    end = loop.time() + scaled(within)
    turned = asyncio.Event()
    while not predicate():
        assert loop.time() < end, f"not within {within} s: {what}"
        turned.clear()
        loop.call_later(0.005, turned.set)
        await turned.wait()


Scenario = Callable[[], Awaitable[None]]
