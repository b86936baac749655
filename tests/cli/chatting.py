"""A chat under test: a client that is played by the test, a terminal that is a text.

Owns the thread in which the screen runs. What the person sees is read from what was drawn last.
"""

import builtins
import io
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.layout.screen import Char
from prompt_toolkit.output.vt100 import Vt100_Output

from common.cli.chat.screen import Screen
from common.client import events as ev
from common.protocol.deeds import Deed, Lists, MakeDeviceCode, MakeInvitation
from common.protocol.messages import Record
from common.talk.setup import ChatSetup
from tests.support import scaled, wait_until

NOW = 1_763_632_800_000
ENV = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}


def record(seq: int, text: str = "hi", user: str = "ines", **more: Any) -> Record:
    fields: dict[str, Any] = {"nick": user.capitalize(), "id": f"{user}-{seq}"} | more
    fields.setdefault("ts", NOW + seq * 1000)
    return Record("message", seq, user=user, text=text, **fields)


def messages(room: str, *records: Record) -> ev.Messages:
    return ev.Messages(room=room, records=list(records), own="stream")


def ready(**heads: int) -> ev.Ready:
    rooms = heads or {"general": 0}
    return ev.Ready(
        user="me", nick="Léa", rooms=rooms, server="Labo B204", epoch="e", encrypted=True
    )


class FakeClient:
    """The library, as far as a chat sees it. `asked` holds the requests with their futures."""

    def __init__(self) -> None:
        self.queue: SimpleQueue[ev.Event | None] = SimpleQueue()
        self.asked: list[tuple[str, tuple[Any, ...], Future[Any]]] = []
        self.seen_marks: list[tuple[str, int, str]] = []
        self.closed = False
        self.left_over = 0
        self.ignored: dict[str, str] = {}
        self.silenced: set[str] = set()
        self.notes: dict[str, str] = {}
        self.rooms_kept: builtins.list[str] = []

    def start(self) -> None:
        return

    def get(self, timeout: float | None = None) -> ev.Event | None:
        return self.queue.get(timeout=timeout)

    def close(self, timeout: float = 2.0) -> None:
        self.closed = True
        self.queue.put(None)

    def _ask(self, name: str, *values: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self.asked.append((name, values, future))
        return future

    def say(self, room: str, text: str, *, me: bool = False) -> "Future[ev.StoredReply]":
        return self._ask("say", room, text, me)

    def join(self, room: str, *, after: int | None = None) -> "Future[ev.JoinedReply]":
        return self._ask("join", room)

    def leave(self, room: str) -> "Future[ev.DoneReply]":
        return self._ask("leave", room)

    def history(
        self,
        room: str,
        *,
        after: int | None = None,
        before: int | None = None,
        since: int | None = None,
        limit: int = 1000,
    ) -> "Future[ev.HistoryReply]":
        return self._ask("history", room, before, limit)

    def who(self, room: str) -> "Future[ev.PeopleReply]":
        return self._ask("who", room)

    def rooms(self) -> "Future[ev.RoomsReply]":
        return self._ask("rooms")

    def nick(self, nick: str) -> "Future[ev.DoneReply]":
        return self._ask("nick", nick)

    def do(self, deed: Deed) -> "Future[ev.DoneReply]":
        return self._ask("do", deed)

    def make_code(self, deed: MakeInvitation | MakeDeviceCode) -> "Future[ev.CodeReply]":
        return self._ask("make_code", deed)

    def list(self, what: Lists, room: str = "") -> "Future[ev.ListReply]":
        return self._ask("list", what, room)

    def audit(
        self, *, after: int | None = None, before: int | None = None, limit: int = 1000
    ) -> "Future[ev.AuditReply]":
        return self._ask("audit", limit)

    def set_ignored(self, people: Mapping[str, str]) -> None:
        self.ignored = dict(people)

    def set_silenced(self, rooms: Iterable[str]) -> None:
        self.silenced = set(rooms)

    def set_note(self, name: str, text: str) -> None:
        self.notes[name] = text

    def set_rooms(self, rooms: Iterable[str]) -> None:
        self.rooms_kept = list(rooms)

    def hurry(self) -> None:
        self._ask("hurry")

    def seen(self, room: str, seq: int, id: str) -> None:
        self.seen_marks.append((room, seq, id))

    def unsent(self) -> int:
        return self.left_over

    # --- for the test ----------------------------------------------------------------------------

    def emit(self, *events: ev.Event) -> None:
        for event in events:
            self.queue.put(event)

    def requests(self, name: str) -> "builtins.list[tuple[tuple[Any, ...], Future[Any]]]":
        """The requests of this name."""
        return [(values, future) for one, values, future in self.asked if one == name]

    def wait_asked(self, name: str, count: int = 1) -> tuple[tuple[Any, ...], "Future[Any]"]:
        """The last request of this name, once there are `count` of them."""

        def found() -> "builtins.list[tuple[tuple[Any, ...], Future[Any]]]":
            mine = self.requests(name)
            return mine if len(mine) >= count else []

        return wait_until(found, f"{count} {name}", saw=lambda: self.asked)[-1]


class Chat:
    """A full-screen chat that runs in a thread of its own."""

    def __init__(
        self,
        data_dir: Path,
        rows: int = 24,
        columns: int = 80,
        begin: ev.Event | None = None,
        greets: str = "#general",
        **setup: Any,
    ) -> None:
        """`greets` is what is seen once it has begun."""
        self._begin = begin or ready()
        self._greets = greets
        self.client = FakeClient()
        self.size = Size(rows=rows, columns=columns)
        self.written = io.StringIO()
        self.status: int | None = None
        self.error: BaseException | None = None
        fields: dict[str, Any] = {"nick": "Léa", "rooms": ["general"], "env": ENV} | setup
        self._setup = ChatSetup(client=self.client, data_dir=data_dir, **fields)
        self._pipe = create_pipe_input()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._input = self._pipe.__enter__()
        output = Vt100_Output(self.written, lambda: self.size, term="xterm-256color")
        self.screen = Screen(self._setup, self._input, output)
        self._thread.start()
        self.client.emit(self._begin)
        self.wait(self._greets)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread.is_alive():
            self.screen._post(lambda: self.screen._exit(0))
        self._thread.join(scaled(10))
        self.client.close()
        self._pipe.__exit__(kind, error, trace)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self.status = self.screen.run()
        except BaseException as error:
            self.error = error

    def type(self, keys: str) -> None:
        self._input.send_text(keys)

    def resize(self, rows: int, columns: int) -> None:
        """As a terminal whose window is drawn larger or smaller."""
        self.size = Size(rows=rows, columns=columns)
        self.screen._post(self.screen.app._on_resize)

    def ended(self) -> int | None:
        """The exit status, once it has ended."""
        self._thread.join(scaled(10))
        assert not self._thread.is_alive()
        if self.error is not None:
            raise self.error
        return self.status

    def rows(self) -> list[str]:
        """What is on the screen, line by line, without the blanks at the ends."""
        return [
            "".join(" " if cell is None else cell.char for cell in row).rstrip()
            for row in self._cells()
        ]

    def _cells(self) -> list[list[Char | None]]:
        """What was drawn last; None where nothing was. A cell must not be asked for by its index:
        the screen's dictionaries make what they lack, while the chat's thread goes through them."""
        drawn = self.screen.app.renderer.last_rendered_screen
        if drawn is None:
            return []
        empty: dict[int, Char] = {}
        rows = [drawn.data_buffer.get(y, empty) for y in range(self.size.rows)]
        return [[row.get(x) for x in range(self.size.columns)] for row in rows]

    def style(self, text: str) -> str:
        """The style of the first character of `text` on the screen."""
        for line, cells in zip(self.rows(), self._cells(), strict=True):
            if text in line:
                cell = cells[line.index(text)]
                return cell.style if cell is not None else ""
        raise AssertionError(f"{text!r} is not on the screen")

    def text(self) -> str:
        return "\n".join(self.rows())

    def wait(self, text: str) -> str:
        """Waits until `text` is on the screen; returns the whole."""
        wait_until(lambda: text in self.text(), f"{text!r} on the screen", saw=self._saw)
        return self.text()

    def _saw(self) -> str:
        """The screen; where nothing was ever drawn, what the chat's thread is doing instead."""
        if self.text():
            return self.text()
        frame = sys._current_frames().get(self._thread.ident or 0)
        where = "".join(traceback.format_stack(frame)) if frame else "its thread has ended"
        return f"nothing drawn; error {self.error!r}; {where}"

    def wait_gone(self, text: str) -> None:
        wait_until(lambda: text not in self.text(), f"{text!r} gone", saw=self.text)
