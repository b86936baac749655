"""Which server this gateway leads to, and whether it answers.

Owns the target, what the server's card says of it, and how it is noticed that it came back at
another place. Must not know who asks. What a person typed is read, and trust settled, by
`common.client.joining`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from common import paths
from common.client import card as cards
from common.client.joining import CannotJoin, find
from common.client.probe import CODE_OF, probe
from common.client.target import BadTarget, Target, host_and_port, of_ready, read_ready
from common.protocol.messages import Card
from common.settings import Settings

FRESH: Final = 2.0
"""Seconds for which an answer about the server is good: many browsers may ask at once."""
PATIENCE: Final = 1.5
"""Seconds that the server may take to answer."""
WATCH: Final = 1.0
"""Seconds between two looks at the file of the server of this machine: reading it costs 50 µs."""
WATCH_FAR: Final = 10.0
"""The same for a server elsewhere, which is asked for its card."""

_log = logging.getLogger("causette.web")


@dataclass(frozen=True, slots=True)
class Look:
    """The server, a moment ago."""

    up: bool
    code: str = ""
    """Why it does not answer, as a code of `explain`."""
    name: str = ""
    access: str = "open"


class Place:
    """The server behind this gateway. For the loop's thread, but for `find`."""

    def __init__(self, target: Target, data_dir: Path, *, here: bool) -> None:
        """`here`: it is the server of this machine, whose file tells where it is."""
        # Neither the code of a link nor the claim to own the server is for whoever comes first.
        self.target = replace(target, code="", claim="")
        self.trusted = ""
        """The fingerprint that was trusted just now, on first use."""
        self._data_dir = data_dir
        self._here = here
        self._look: Look | None = None
        self._looked_at = 0.0
        self._looking: asyncio.Task[Look] | None = None
        self._name = target.name or ""
        self._access = "open"
        self._tells = False
        """It has shown its card: where it does not any more, something is wrong with it."""

    @classmethod
    def find(cls, settings: Settings, timeout: float) -> Place:
        """The server that was asked for. Blocking. Raises BadSetting, CannotJoin."""
        data_dir = paths.data_dir(settings.text("data-dir"))
        found = _of_this_machine(data_dir)
        if "here" in settings and settings.switch("here"):
            if found is None:
                raise CannotJoin("no-broker", {"path": str(data_dir)})
            return cls(found, data_dir, here=True)
        target, trusted, _by_link = find(settings, None, timeout)
        found = _of_this_machine(data_dir)
        here = found is not None and found.key == target.key and found.push == target.push
        place = cls(found if here and found else target, data_dir, here=here)
        if trusted is not None:
            place.trusted = trusted.fingerprint
        return place

    @property
    def label(self) -> str:
        """`host:port`."""
        return self.target.label

    @property
    def name(self) -> str:
        """What the server calls itself, as far as it is known."""
        return self._name

    async def look(self) -> Look:
        """The server as it is now, or was a moment ago; several askers share one question."""
        if self._look is not None and time.monotonic() < self._looked_at + FRESH:
            return self._look
        if self._looking is None:
            self._looking = asyncio.create_task(self._ask())
            self._looking.add_done_callback(self._asked)
        return await asyncio.shield(self._looking)

    async def watch(self, moved: Callable[[Target], None]) -> None:
        """Calls `moved` whenever the server is at another place than before; until cancelled."""
        while True:
            await asyncio.sleep(WATCH if self._here else WATCH_FAR)
            before = self.target
            if self._here:
                self._read_file()
            else:
                with contextlib.suppress(OSError):
                    await self.look()
            if (self.target.push, self.target.sub) != (before.push, before.sub):
                _log.info("the server is at %s now", self.target.label)
                moved(self.target)

    # --- how it is done ------------------------------------------------------------------------

    def _asked(self, task: asyncio.Task[Look]) -> None:
        self._looking = None
        if not task.cancelled() and task.exception() is None:
            self._look, self._looked_at = task.result(), time.monotonic()

    async def _ask(self) -> Look:
        if self._here and not self._read_file():
            return self._down("no-broker")
        target = self.target
        answer = await asyncio.get_running_loop().run_in_executor(None, _question, target)
        if isinstance(answer, str):
            if answer or self._tells:
                return self._down(answer or "no-answer")
            return Look(True, "", self._name, self._access)
        if answer.key != target.key:
            return self._down("key-changed")
        self._tells = True
        self._name, self._access = answer.name, answer.access
        if not self._here:
            self.target = replace(cards.complete(target, answer), label=target.label)
        return Look(True, "", answer.name, answer.access)

    def _down(self, code: str) -> Look:
        return Look(False, code, self._name, self._access)

    def _read_file(self) -> bool:
        """Whether the server of this machine runs; takes over where."""
        found = _of_this_machine(self._data_dir)
        if found is None:
            return False
        if found.key == self.target.key:
            self.target = replace(found, claim="")
        return True


def _of_this_machine(data_dir: Path) -> Target | None:
    try:
        ready = read_ready(data_dir)
    except BadTarget:
        return None
    return None if ready is None else of_ready(ready)


def _question(target: Target) -> Card | str:
    """The server's card; or why it cannot be had, "" where it is there and shows none. Blocking."""
    if target.card is not None:
        try:
            return cards.fetch(target.card, PATIENCE)
        except cards.NoCard as error:
            if error.reason != "no-answer":
                return error.reason
    where = host_and_port(target.push)
    if where is None:
        return ""
    verdict = probe(*where, PATIENCE)
    # One that takes connections may have its card closed off by a firewall.
    return "" if verdict == "ok" else CODE_OF[verdict]
