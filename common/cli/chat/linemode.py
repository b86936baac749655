"""The chat line by line: for pipes, TERM=dumb and screen readers. Owns stdin's thread.

Nothing is drawn twice and nothing moves: each message is one line (or several, indented), printed
when it comes, with the room in front where there are several. The same commands work.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from io import TextIOWrapper
from queue import Empty, SimpleQueue
from typing import Final, TextIO

from common.cli.chat.signs import signs
from common.client import layout
from common.client.conversation import Conversation, explain_refusal
from common.client.events import Event, LinkDown, LinkUp, Progress, Ready, Waiting
from common.client.timeline import Crowd, Entry, Key, Mine, Notice, Said
from common.explain import explain
from common.i18n import _, time_of_day
from common.safe import one_line
from common.talk.controller import Controller
from common.talk.pump import Pump
from common.talk.setup import ChatSetup

LAST_ANSWERS: Final = 10.0
"""Seconds after the end of the input for what was typed to be stored."""


class LineMode:
    """`run` returns the exit status: 1 where something typed was not stored."""

    def __init__(
        self, setup: ChatSetup, lines: TextIO | None = None, out: TextIO | None = None
    ) -> None:
        self._setup = setup
        self._signs = signs(setup.env)
        if lines is None and isinstance(sys.stdin, TextIOWrapper):
            # What is not text in this locale is said with a mark in its place.
            sys.stdin.reconfigure(errors="replace")
        self._in = lines if lines is not None else sys.stdin
        self._out = out if out is not None else sys.stdout
        self.conversation = Conversation(setup.nick, setup.ignored, setup.silenced)
        self.conversation.encrypted = setup.encrypted
        self._todo: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.controller = Controller(setup, self.conversation, self, self._todo.put)
        self._pump = Pump(setup.client, lambda batch: self._todo.put(lambda: self._take(batch)))
        self._printed: dict[str, tuple[Key, Key]] = {}
        self._told: dict[str, int] = {}
        """How many changes of the last crowd of each room are printed: it grows."""
        self._said: set[int] = set()
        self._status: int | None = None
        self._ending_at: float | None = None
        self._ready = threading.Event()

    def run(self) -> int:
        """Until the end of the input, /quit, or a failure."""
        self._setup.client.start()
        self._pump.start()
        threading.Thread(target=self._read, name="chat lines", daemon=True).start()
        try:
            while self._status is None:
                with contextlib.suppress(Empty):
                    self._todo.get(timeout=0.1 if self._ending_at else None)()
                self._maybe_end()
        finally:
            self._pump.stop()
        return self._status

    def _read(self) -> None:
        # A line said before the rooms are joined would have no room to go to.
        self._ready.wait()
        if self._status is None:
            # A terminal that is gone is the end of the input, as its end is.
            with contextlib.suppress(OSError, ValueError):
                for line in self._in:
                    self._todo.put(partial(self._typed, line))
        self._todo.put(self.quit)

    def _typed(self, line: str) -> None:
        wrong = self.controller.enter(line.rstrip("\n"))
        if wrong is not None:
            self.say(wrong.text)

    def _maybe_end(self) -> None:
        if self._ending_at is None or self._status is not None:
            return
        rooms = self.conversation.rooms.values()
        coming = any(one.state != "refused" for room in rooms for one in room.own_pending())
        if not (self.controller.waiting or coming) or time.monotonic() > self._ending_at:
            self._status = 1 if self.controller.unstored else 0

    def _take(self, batch: list[Event] | None) -> None:
        try:
            if batch is None:
                self._status = self._status or 0
                return
            for event in batch:
                self._before(event)
                self.controller.take([event])
                self._after(event)
        finally:
            self._pump.done()

    def _before(self, event: Event) -> None:
        if isinstance(event, Progress) and event.state == "queued":
            self._said.add(event.n)
        elif isinstance(event, LinkDown) and self.conversation.link.state != "down":
            self._print(_("Link down.") + " " + _("Your messages wait."))

    def _after(self, event: Event) -> None:
        if isinstance(event, Ready):
            words = _("not encrypted") if not event.encrypted else _("encrypted")
            rooms = ", ".join(room.title for room in self.conversation.rooms.values())
            self._print(f"{one_line(event.server)} ({words}): {rooms}")
            self._ready.set()
        elif isinstance(event, LinkUp):
            self._print(_("Link back."))
        elif isinstance(event, Waiting):
            self.say(explain("not-invited", {"key": self._setup.fingerprint}))
        elif isinstance(event, Progress) and event.state == "stored":
            self._print(f"{self._signs.stored} {layout.stored_words(event.seq)}")
        failure = self.conversation.failure
        if failure is not None:
            self._status = self._setup.exit_status(failure.code)
            self._ready.set()

    # --- the controller's face -------------------------------------------------------------------

    def changed(self) -> None:
        self._news()

    def say(self, text: str) -> None:
        self._print(f"{self._signs.alert} {text}")

    def compose(self, text: str) -> None:
        # There is no line to put it into: it is shown, to be typed anew.
        self._print(text)

    def opened(self, left: str) -> None:
        room = self.conversation.room
        if room is not None:
            self._print(room.title)

    def older_came(self) -> None:
        room = self.conversation.room
        if room is None or room.name not in self._printed:
            return
        low, high = self._printed[room.name]
        for place in range(room.place(low)):
            self._entry(room.name, room.entry(place))
        self._printed[room.name] = (room.entry(0).key, high)

    def cleared(self) -> None:
        return

    def quit(self) -> None:
        if self._ending_at is None:
            self._ending_at = time.monotonic() + LAST_ANSWERS

    # --- printing --------------------------------------------------------------------------------

    def _news(self) -> None:
        """Prints the entries that came since the last time, room by room."""
        for room in self.conversation.rooms.values():
            if not room.caught or (room.loading and room.name not in self._printed):
                # Its first lines are on their way, and come before these.
                continue
            low, high = self._printed.get(room.name, ((0, 0), (0, -1)))
            last = room.get(high)
            if isinstance(last, Crowd):
                self._crowd(room.name, last)
            for place in range(room.place((high[0], high[1] + 1)), room.size):
                entry = room.entry(place)
                if isinstance(entry, Mine) and entry.state != "refused":
                    continue
                low, high = low if room.name in self._printed else entry.key, entry.key
                self._printed[room.name] = (low, high)
                self._told[room.name] = 0
                self._entry(room.name, entry)

    def _crowd(self, room: str, crowd: Crowd) -> None:
        """Prints the changes that were not there the last time; of a storm the newest."""
        total = crowd.joined + crowd.left + crowd.renamed
        fresh = total - self._told.get(room, 0)
        self._told[room] = total
        for ts, line in layout.change_lines(crowd.changes[-fresh:] if fresh else ()):
            self._print(f"{self._clock(room, ts)}{self._signs.dash} {line}")

    def _clock(self, room: str, ts: int) -> str:
        where = ""
        if len(self.conversation.rooms) > 1 and room in self.conversation.rooms:
            where = f"{self.conversation.rooms[room].title} "
        return f"{time_of_day(ts)} {where}"

    def _entry(self, room: str, entry: Entry) -> None:
        clock = self._clock(room, entry.ts)
        if isinstance(entry, Said):
            stream, _dash, n = entry.id.rpartition("-")
            if stream == self.conversation.stream and n.isdigit() and int(n) in self._said:
                # It stands above, as it was typed.
                return
            mark = f"{self._signs.alert} " if entry.mention else ""
            who = f"* {entry.nick} " if entry.me else f"{entry.nick}: "
            self._print(f"{clock}{mark}{who}{entry.text}")
        elif isinstance(entry, Mine):
            why = _("refused: {reason}.").format(reason=explain_refusal(entry))
            self._print(f"{clock}{self._signs.alert} {why} {entry.text}")
        elif isinstance(entry, Crowd):
            self._crowd(room, entry)
        elif isinstance(entry, Notice):
            self._print("\n".join("  ".join(line) for line in entry.lines))

    def _print(self, text: str) -> None:
        first, *rest = text.split("\n")
        lines = "".join([f"{first}\n", *(f"    {line}\n" for line in rest)])
        encoding = getattr(self._out, "encoding", None) or "utf-8"
        self._out.write(lines.encode(encoding, "replace").decode(encoding))
        self._out.flush()
