"""The server behind the window: its process, what is heard of it, and the model that both feed.

Owns what happens between a press on *Start* and the end of the broker. One thread calls it all, and
nothing in it waits. Must not know a widget.
"""

from __future__ import annotations

import contextlib
import datetime
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

import msgspec

from common import keys
from common.addresses import addresses
from common.client.events import CodeReply, Refused
from common.client.target import Ready
from common.explain import explain
from common.gui import server_place
from common.gui.server_feed import Feed
from common.gui.server_log import RoomMade
from common.gui.server_model import ServerModel
from common.gui.server_place import Place
from common.gui.server_process import BrokerProcess, Ended, Line, Said
from common.i18n import _
from common.protocol.deeds import MakeInvitation
from common.talk.ways import Ways, ways_of

AT_ONCE: Final = 200
"""Lines of the log that one look takes: the window must have time for its keyboard."""
_PATIENCE: Final = 15.0
"""Seconds that the broker may take to store everything and end; then it is killed."""
_OFTEN: Final = 1.0
_RARELY: Final = 30.0
"""Seconds between two looks at the disk, and at the addresses of this machine."""


class ServerHost:
    """Starts, watches and stops one broker at a time."""

    def __init__(
        self,
        model: ServerModel,
        data: Path,
        options: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        """`data` is the data directory's root; `options` go to every broker, without the place."""
        self.model = model
        self.addresses: list[str] = []
        """Of this machine, the likeliest first; known after a moment."""
        self._data = data
        self._options = list(options)
        self._env = env
        self._process: BrokerProcess | None = None
        self._feed: Feed | None = None
        self.ready: Mapping[str, Any] = {}
        """What the last broker said when it began to serve."""
        self._answers: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._kill_at = float("inf")
        self._disk_at = 0.0
        self._places_at = 0.0
        self._shown_addresses: list[str] = []

    # --- what is asked of it -------------------------------------------------------------------

    def start(self, place: Place) -> None:
        """Start a broker there. What stands in the way is told by the model, sooner or later."""
        if self._process is not None:
            return
        self.model.starting()
        try:
            self._process = BrokerProcess([*self._options, *place.options()], self._env)
        except OSError as fault:
            self.model.obstacle({"code": "data-dir", "text": str(fault)})
            self.model.ended(1)

    def stop(self) -> None:
        """Have the broker store everything and end."""
        if self._process is not None and self.model.can_stop:
            self.model.stopping()
            self._end_feed()
            self._process.stop()
            self._kill_at = time.monotonic() + _PATIENCE

    def invite(
        self,
        deed: MakeInvitation,
        made: Callable[[CodeReply], object],
        failed: Callable[[str], object],
    ) -> None:
        """Have the broker make an invitation; one of the two is called by a later `tick`."""
        future = self._feed.invite(deed) if self._feed is not None else None
        if future is None:
            self._answers.put(lambda: failed(explain("stopping")))
            return

        def answered(done: Future[CodeReply]) -> None:
            def tell() -> None:
                error = done.exception()
                if error is None:
                    made(done.result())
                elif isinstance(error, Refused):
                    failed(explain(error.code, error.values, error.text))
                else:
                    failed(explain("internal"))

            # A cancelled one: the session ends, and the window says so by itself.
            self._answers.put(tell if not done.cancelled() else lambda: failed(explain("closed")))

        future.add_done_callback(answered)

    @property
    def ways_in(self) -> Ways:
        """By which links others come in while it runs."""
        ready = msgspec.convert({**self.ready, "pid": 0}, Ready, strict=False)
        return ways_of(ready, lambda: self.addresses)

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    def tick(self) -> bool:
        """Take in what happened; whether anything did."""
        now = time.monotonic()
        something = self._hear_process(now)
        with contextlib.suppress(Empty):
            while True:
                self._answers.get_nowait()()
        if self._feed is not None:
            heard = self._feed.take()
            something = something or heard.anything
            self.model.heard(heard, now, _clock())
        if now >= self._disk_at:
            self._disk_at = now + _OFTEN
            self.model.disk = self._disk()
        if now >= self._places_at:
            self._places_at = now + _RARELY
            threading.Thread(target=self._find_addresses, name="addresses", daemon=True).start()
        if self.addresses != self._shown_addresses:
            self._shown_addresses = self.addresses
            self._show_ways()
        if self._process is not None and now >= self._kill_at:
            self._process.kill()
        self.model.tick(now)
        return something

    def close(self) -> None:
        """Stop, and wait for the end: for the end of the program."""
        if self._process is not None:
            self._end_feed()
            self._process.stop()
            if not self._process.wait(_PATIENCE):
                self._process.kill()
                self._process.wait(_PATIENCE)
            self._process = None

    # --- how it is done ------------------------------------------------------------------------

    def _hear_process(self, now: float) -> bool:
        if self._process is None:
            return False
        pid = self._process.pid
        news = self._process.take(AT_ONCE)
        for one in news:
            match one:
                case Said(said) if said.get("type") == "ready":
                    self.ready = said
                    self.model.ready(said, self._ways(), now)
                    self.model.note(_clock(), _listening(said))
                    self._feed = Feed(self._data, said, pid)
                    self._feed.start()
                case Said(said) if said.get("type") == "error":
                    self.model.obstacle(said)
                case Said():
                    pass
                case Line(text):
                    fact = self.model.logged(text, _clock())
                    if isinstance(fact, RoomMade) and self._feed is not None:
                        self._feed.look()
                case Ended(status):
                    self._end_feed()
                    self._process = None
                    self._kill_at = float("inf")
                    self.model.ended(status)
        return bool(news)

    def _end_feed(self) -> None:
        if self._feed is not None:
            self._feed.close()
            self._feed = None

    def _ways(self) -> list[server_place.Way]:
        # Until the system has told its addresses, there is the loopback's.
        return server_place.ways(dict(self.ready), self.addresses or ["127.0.0.1"])

    def _show_ways(self) -> None:
        if self.model.phase == "running":
            self.model.ways = self._ways()

    def _find_addresses(self) -> None:
        self.addresses = addresses()

    def _disk(self) -> int:
        size = 0
        for name in ("causette.db", "causette.db-wal"):
            with contextlib.suppress(OSError):
                size += (self._data / "broker" / name).stat().st_size
        return size


def _clock() -> str:
    """The time of day, as the log tells it."""
    return datetime.datetime.now().astimezone().strftime("%H:%M:%S")


def _listening(ready: Mapping[str, Any]) -> str:
    """The first line of the log: where it listens, and the key that people may compare."""
    words = _("Listening on {pull} and {pub}.")
    said = words.format(pull=", ".join(ready["pull"]), pub=", ".join(ready["pub"]))
    key: str | None = ready["key"]
    return f"{said} {_('Key {key}.').format(key=keys.fingerprint(key))}" if key else said
