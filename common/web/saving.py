"""A whole conversation as the body of an answer: page by page, in no file of the gateway's.

Owns the asking for pages, and the document's name. The document is `talk.saving.RoomDocument`'s,
its forms `client.transcript`'s. Must not know HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from common.client.timeline import Timeline
from common.i18n import speaking
from common.talk.saving import PAGE, RoomDocument, usual_name
from common.web.chat import WebSession

AT_ONCE: Final = 4
"""Conversations that are saved at a time, over all browsers; the others wait."""
TYPES: Final = {
    "txt": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "jsonl": "application/x-ndjson",
}


class Saving:
    """One conversation on its way: iterate over `chunks`, once."""

    def __init__(
        self, session: WebSession, room: Timeline, form: str, turn: asyncio.Semaphore
    ) -> None:
        """`form`: txt, html or jsonl; raises KeyError for another."""
        self.content_type = TYPES[form]
        self.filename = usual_name(room, form)
        """Letters, digits, and `@-_.`; letters of any script."""
        self._session = session
        self._room = room.name
        self._turn = turn
        with speaking(session.browser.lang):
            self._document = RoomDocument(room, form, session.server)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body. Raises `events.Refused` where the server does not give a page; what was handed
        out then is cut short, which the transport must show."""
        lang = self._session.browser.lang
        async with self._turn:
            with speaking(lang):
                text = self._document.begin()
            more = True
            while more:
                future = self._session.client.history(
                    self._room, after=self._document.after, limit=PAGE
                )
                reply = await asyncio.wrap_future(future)
                with speaking(lang):
                    page, more = self._document.take(reply)
                yield (text + page).encode("utf-8", "replace")
                text = ""
