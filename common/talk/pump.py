"""The thread that carries the library's events to the screen. Owns that thread, and its manners.

A burst must not make the keyboard wait: events come in small batches, and no more than two batches
are under way at a time; the rest stays in the library's queue.
"""

import threading
from collections.abc import Callable, Iterator
from queue import Empty
from typing import Final

from msgspec.structs import replace

from common.client.events import Event, Messages
from common.talk.setup import HeardClient

BATCH: Final = 150
"""Records, or other events, in one batch: about 5 ms of work."""
UNDER_WAY: Final = 2


class Pump:
    """`deliver` is called in this thread with each batch, and with None at the end.

    Whoever handles a batch calls `done()` after it; until then the third one waits.
    """

    def __init__(self, client: HeardClient, deliver: Callable[[list[Event] | None], None]) -> None:
        self._client = client
        self._deliver = deliver
        self._free = threading.Semaphore(UNDER_WAY)
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="chat events", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def done(self) -> None:
        """A batch was handled."""
        self._free.release()

    def stop(self) -> None:
        """Nothing is delivered any more; the thread ends when the client is closed."""
        self._stopped = True
        self._free.release()

    def join(self, timeout: float) -> None:
        """Waits for its end, at most `timeout` seconds."""
        self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            first = self._client.get()
            if first is None:
                self._hand_over(None)
                return
            for batch in _batches(first, self._client):
                self._free.acquire()
                self._hand_over(batch)

    def _hand_over(self, batch: list[Event] | None) -> None:
        if self._stopped:
            self._free.release()
            return
        try:
            self._deliver(batch)
        except RuntimeError:
            # The loop that would have shown it is closed: the chat is over.
            self.stop()


def _batches(first: Event, client: HeardClient) -> Iterator[list[Event]]:
    """What is there already, in batches of a bounded size."""
    batch: list[Event] = []
    weight = 0
    event: Event | None = first
    while event is not None:
        for part in _parts(event):
            batch.append(part)
            weight += len(part.records) if isinstance(part, Messages) else 1
            if weight >= BATCH:
                yield batch
                batch, weight = [], 0
        try:
            event = client.get(0) if weight else None
        except Empty:
            event = None
        else:
            if event is None and weight:
                break
    if batch:
        yield batch


def _parts(event: Event) -> Iterator[Event]:
    if not isinstance(event, Messages) or len(event.records) <= BATCH:
        yield event
        return
    for start in range(0, len(event.records), BATCH):
        yield replace(event, records=event.records[start : start + BATCH])
