"""How long a key waits in the window: 10,000 messages at once, and a room of 200,000.

Owns a screen of its own (Xvfb), real keys (xdotool) into a real composer under a real
conversation, and the figures. Run by itself: `python -m bench.window`; it needs no broker, since
what is measured is drawing. The target: less than 100 ms between two key presses that were
handled, of which 40 ms are the typist's.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import subprocess
import sys
import threading
import time
import tkinter as tk
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from common.client.conversation import Conversation
from common.client.events import CaughtUp, HistoryReply, Messages, Ready
from common.gui.composer import Composer
from common.gui.conversation_view import ConversationView
from common.gui.inbox import Inbox
from common.gui.theme import Theme
from common.protocol.messages import Record

FLOOD: Final = 10_000
ROOM: Final = 200_000
BETWEEN: Final = 40
"""Milliseconds between two key presses of the typist."""
TARGET: Final = 100.0
_ROOM_NAME: Final = "general"
_TEXT: Final = (
    "the probe reads **85 °C** since this morning, see `~/report.md` and http://nas.lab/a.pdf 👍 "
    "@Ada could you look at it before noon ? nothing else to tell but that it went well"
)
_WORDS: Final = tuple(_TEXT.split(" "))


def main() -> int:
    """Measure, print a line for each figure; 1 where one misses the target."""
    missing = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
    if missing:
        print(f"needs {' and '.join(missing)}", file=sys.stderr)
        return 2
    with _screen() as display:
        os.environ["DISPLAY"] = display
        bench = _Bench(display)
        gaps = [bench.calm(), bench.flood(), *bench.large_room()]
        bench.close()
    return 0 if max(gaps) < TARGET else 1


@contextmanager
def _screen() -> Iterator[str]:
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
        pass_fds=(writer,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        with open(reader, encoding="ascii") as answer:
            yield f":{answer.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


class _Bench:
    """The window: a conversation and a composer, fed as the real ones are."""

    def __init__(self, display: str) -> None:
        self._root = root = tk.Tk(screenName=display)
        root.geometry("900x760+0+0")
        theme = Theme(root, "light", 1.0)
        self._inbox = Inbox(root)
        self._conversation = Conversation()
        self._random = random.Random(5)
        self._composer = Composer(
            root, theme, on_send=lambda _text: None, complete=lambda _before, _asked: []
        )
        self._composer.pack(side="bottom", fill="x")
        self._view = ConversationView(
            root, theme, on_older=self._older, on_link=_nothing, on_action=_nothing,
            on_context=_nothing, on_view=_nothing,
        )  # fmt: skip
        self._view.pack(fill="both", expand=True)
        self._pressed: list[float] = []
        self._composer.text.bind(
            "<KeyPress>", lambda _event: self._pressed.append(time.perf_counter()), add="+"
        )
        self._conversation.handle(
            Ready(
                user="me",
                nick="Ada",
                rooms={_ROOM_NAME: ROOM},
                server="bench",
                epoch="",
                encrypted=True,
            ),
            0,
        )
        self._conversation.handle(CaughtUp(room=_ROOM_NAME, fetched=0), 0)
        self._room = self._conversation.rooms[_ROOM_NAME]
        self._room.loading = False
        self._room.add(
            [self._record(n) for n in range(ROOM - 99, ROOM + 1)], live=True, following=True
        )
        self._view.show(self._room)
        root.update()
        root.focus_force()
        self._composer.focus_set()
        self._turn(2.0)

    def close(self) -> None:
        self._inbox.close()
        self._root.destroy()

    # --- what is measured ----------------------------------------------------------------------

    def calm(self) -> float:
        """Nothing happens: what the machine and the typist take."""
        return self._typed("nothing happens", 3.0)

    def flood(self) -> float:
        """Messages come as fast as they can be taken in."""
        records = [self._record(ROOM + 1 + n) for n in range(FLOOD)]

        def feed() -> None:
            time.sleep(0.5)
            for place in range(0, FLOOD, 50):
                self._inbox.post(partial(self._came, records[place : place + 50]))

        threading.Thread(target=feed, daemon=True).start()
        gap = self._typed(f"{FLOOD:,} messages at once", 8.0)
        newest = self._room.entry(self._room.size - 1).key
        if self._view.drawn.keys[-1] != newest or newest[0] != ROOM + FLOOD:
            raise AssertionError("the newest message is not in the window")
        return gap

    def large_room(self) -> list[float]:
        """Somebody reads up as far as is kept, then jumps about."""
        begun = time.monotonic()

        def up() -> None:
            self._view.to_start()
            if self._room.size < 45_000 and time.monotonic() - begun < 90:
                self._root.after(30, up)

        up()
        gaps = [self._typed(f"reading up a room of {ROOM:,}", 60.0, until=45_000)]

        def about(times: int) -> None:
            self._view.reveal(self._room.entry(self._random.randrange(self._room.size)).key)
            if times:
                self._root.after(100, about, times - 1)

        about(60)
        gaps.append(self._typed(f"jumping about in {self._room.size:,} of them", 8.0))

        def pages(times: int) -> None:
            self._view.page_up() if times % 40 > 20 else self._view.page_down()
            if times:
                self._root.after(30, pages, times - 1)

        pages(160)
        gaps.append(self._typed("page after page", 7.0))
        return gaps

    # --- how -----------------------------------------------------------------------------------

    def _record(self, seq: int) -> Record:
        pick = self._random
        user = pick.randrange(12)
        text = " ".join(pick.choices(_WORDS, k=pick.randrange(3, 40)))
        if seq % 40 == 0:
            text = f"> Grace: {text}\n```\n{text}\n```"
        stamp = 1_700_000_000_000 + seq * 60_000
        return Record("message", seq, f"s-{seq}", f"user{user}", f"Person {user}", stamp, text)

    def _came(self, records: list[Record]) -> None:
        self._conversation.handle(Messages(room=_ROOM_NAME, records=records, own="me"), 0)
        self._view.refresh()

    def _older(self) -> None:
        for fetch in self._conversation.older():
            last = (fetch.before or ROOM + 1) - 1
            first = max(1, last - fetch.limit + 1)

            def arrive(first: int = first, last: int = last) -> None:
                records = [self._record(seq) for seq in range(first, last + 1)]
                self._conversation.history_came(
                    HistoryReply(room=_ROOM_NAME, records=records, more=first > 1, head=ROOM)
                )
                self._view.refresh()

            self._root.after(5, arrive)

    def _turn(self, seconds: float) -> None:
        self._root.after(int(seconds * 1000), self._root.quit)
        self._root.mainloop()

    def _typed(self, name: str, seconds: float, until: int = 0) -> float:
        """Type meanwhile; the longest time between two presses that were handled, in ms."""
        self._pressed.clear()
        count = int(seconds * 1000 / BETWEEN)
        keys = " ".join("abcdefghij"[n % 10] for n in range(count)).split()
        typist = subprocess.Popen(["xdotool", "key", "--delay", str(BETWEEN), *keys])

        def look() -> None:
            enough = bool(until) and self._room.size >= until
            if typist.poll() is None and not enough:
                self._root.after(100, look)
                return
            typist.terminate()
            typist.wait()
            self._root.after(300, self._root.quit)

        look()
        self._root.mainloop()
        gaps = [later - first for first, later in itertools.pairwise(self._pressed)]
        longest = max(gaps) * 1000
        usual = sorted(gaps)[len(gaps) // 2] * 1000
        print(
            f"{name:<40} longest {longest:6.1f} ms   median {usual:5.1f} ms"
            f"   keys {len(self._pressed):5,}   entries {self._room.size:,}"
            f" ({len(self._view.drawn)} drawn)",
            flush=True,
        )
        return longest


def _nothing(*_args: object) -> None:
    pass


if __name__ == "__main__":
    sys.exit(main())
