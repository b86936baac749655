"""Finding words in the whole of a room, from the newest message to the oldest.

Owns one page's search: the pages of history that it goes through, where it stops and goes on. What
counts as found is `client.finding`'s. Must not know sockets.

Theory. The answer is found hits and the number from which the next question goes on; nothing is
kept between two questions. A question ends with enough hits, or after as many records as one may
have looked through: a rare word in a long room is looked for by several of them, so that a page
which is closed meanwhile costs nothing more.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final

from common.client.events import HistoryReply, Refused
from common.client.finding import folded
from common.client.timeline import Said, Timeline
from common.explain import explain
from common.i18n import current, speaking
from common.look import nick_index
from common.protocol.messages import Record
from common.safe import one_line
from common.web.actions import Search
from common.web.chat import WebSession
from common.web.entries_json import lines_of
from common.web.view import View

HITS: Final = 30
"""Hits of one answer."""
PAGE: Final = 1_000
MOST: Final = 20_000
"""Records that one question looks through at most."""
SLICE: Final = 0.005
"""Seconds for which the loop waits for a search at most."""
AT_ONCE: Final = 4
"""Searches that go on at a time, over all pages; the others wait."""

_log = logging.getLogger("causette.web")


class Searching:
    """The search of one page: a new question ends the one before."""

    def __init__(self, session: WebSession, view: View) -> None:
        self._session = session
        self._view = view
        self._task: asyncio.Task[None] | None = None

    def search(self, asked: Search) -> None:
        """Look, and tell the hits under the question's id."""
        self.stop()
        room = self._session.talk.room
        wanted = folded(asked.text.strip())
        if room is None or not wanted:
            self._tell(asked.id, [], asked.before or 0, 0, done=True)
            return
        self._task = asyncio.get_running_loop().create_task(self._run(asked, room, wanted))

    def stop(self) -> None:
        """It is not wanted any more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self, asked: Search, room: Timeline, wanted: str) -> None:
        try:
            with speaking(current()):
                async with self._session.searches:
                    await self._look(asked, room, wanted)
        except asyncio.CancelledError:
            raise
        except Refused as error:
            words = one_line(explain(error.code, error.values, error.text))
            self._tell(asked.id, [], asked.before or 0, 0, text=words)
        except Exception:
            _log.exception("a search failed")
            self._tell(asked.id, [], asked.before or 0, 0, text=explain("internal"))

    async def _look(self, asked: Search, room: Timeline, wanted: str) -> None:
        hits: list[dict[str, Any]] = []
        before, scanned = asked.before, 0
        while True:
            future = self._session.client.history(room.name, before=before, limit=PAGE)
            reply: HistoryReply = await asyncio.wrap_future(future)
            until = time.monotonic() + SLICE
            for record in reversed(reply.records):
                scanned += 1
                before = record.seq
                if self._matches(room, record, wanted):
                    hits.append(self._hit(room, record))
                    if len(hits) == HITS:
                        done = record is reply.records[0] and not reply.more
                        self._tell(asked.id, hits, before, scanned, done=done)
                        return
                if time.monotonic() > until:
                    await asyncio.sleep(0)
                    until = time.monotonic() + SLICE
            if not reply.more or not reply.records:
                self._tell(asked.id, hits, before or 0, scanned, done=True)
                return
            if scanned >= MOST:
                self._tell(asked.id, hits, before or 0, scanned)
                return

    @staticmethod
    def _matches(room: Timeline, record: Record, wanted: str) -> bool:
        said = record.type == "message" and record.user not in room.ignored
        return said and wanted in folded(record.text)

    def _hit(self, room: Timeline, record: Record) -> dict[str, Any]:
        said: Said = self._session.shared.said(record)
        return {
            "seq": said.seq,
            "user": said.user,
            "nick": said.nick,
            "colour": nick_index(said.user),
            "ts": said.ts,
            "me": said.me,
            "lines": lines_of(said, room.you, room.known()),
        }

    def _tell(
        self,
        id: int,
        hits: list[dict[str, Any]],
        before: int,
        scanned: int,
        *,
        done: bool = False,
        text: str = "",
    ) -> None:
        found = {"hits": hits, "more": not done, "before": before, "scanned": scanned}
        self._view.tell({"t": "found", "id": id, **found, "done": done, "text": text})
