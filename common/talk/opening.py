"""From an entry to a chat: its profile, its client, and what is told about them.

Owns how a session for people differs from a bot's. Must not know what shows the chat, nor how the
entry was found (`common.client.joining`).
"""

from __future__ import annotations

import contextlib
from collections import deque
from dataclasses import dataclass, replace

from common import paths
from common.client.client import Client, Options
from common.client.events import Event, Ready
from common.client.joining import (
    CannotJoin,
    Entry,
    follows,
    met_again,
    open_profile,
    remember,
    rooms_of,
    status_of,
)
from common.client.kept import AnyProfile
from common.client.profile import Profile
from common.client.target import Target
from common.client.timeline import BOUNDS
from common.explain import explain
from common.i18n import current
from common.keys import fingerprint
from common.settings import Settings
from common.talk.setup import ChatSetup
from common.talk.ways import ways_in


class ChatClient(Client):
    """A client that pins the key of a join link once the server has proved to hold it, and whose
    first events may be looked at before whoever shows them gets them."""

    def __init__(self, entry: Entry, options: Options, profile: AnyProfile | None = None) -> None:
        self.target = entry.target
        """Where the server was met last."""
        self._entry = entry
        super().__init__(entry.target, entry.keys, replace(options, moved=self._moved), profile)
        self._looked_at: deque[Event] = deque()
        self._begun = False

    def start(self) -> None:
        """Starts the thread, once."""
        if not self._begun:
            self._begun = True
            super().start()

    def get(self, timeout: float | None = None) -> Event | None:
        """As `Client.get`; what was looked at comes first."""
        return self._looked_at.popleft() if self._looked_at else self._next(timeout)

    def look(self, timeout: float | None = None) -> Event | None:
        """The next event, which `get` gives again. For one thread, before any other gets events."""
        event = self._next(timeout)
        if event is not None:
            self._looked_at.append(event)
        return event

    def _moved(self, target: Target) -> None:
        self.target = target
        met_again(self._entry, target)

    def _next(self, timeout: float | None) -> Event | None:
        event = super().get(timeout)
        if isinstance(event, Ready):
            # A pin that cannot be kept is asked for again next time.
            with contextlib.suppress(CannotJoin):
                remember(self._entry)
        return event


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A chat that has not begun. Whoever has it closes the profile after the client."""

    client: ChatClient
    setup: ChatSetup
    profile: Profile | None
    """None where another program has it."""

    def close_profile(self) -> None:
        """Let other programs have it."""
        if self.profile is not None:
            self.profile.close()


def open_chat(entry: Entry, settings: Settings, app: str, join_timeout: float = 10.0) -> Opened:
    """Make a chat out of an entry; `app` is what administrators read the program is called.

    The rooms are those of the settings where somebody named them there, else those of last time.
    Raises BadSetting, CannotJoin.
    """
    rooms = rooms_of(settings)
    profile, notes = _profile(entry)
    try:
        if profile is not None and not settings.explicit("room"):
            rooms = profile.rooms() or rooms
        options = Options(
            nick=entry.nick,
            fallback=entry.fallback,
            rooms=rooms,
            resume=profile is not None,
            roster=True,
            direct=True,
            wait_admission=True,
            catch_up=BOUNDS.keep,
            app=app,
            lang=current().lang,
            join_timeout=join_timeout,
            follow=follows(settings),
        )
        client = ChatClient(entry, options, profile)
        setup = ChatSetup(
            client=client,
            nick=entry.nick,
            rooms=rooms,
            data_dir=entry.data_dir / "client",
            label=entry.target.name or entry.target.label,
            encrypted=not entry.target.plain,
            keeps_unsent=profile is not None,
            notes=notes,
            ignored=profile.ignored() if profile is not None else {},
            silenced=profile.silenced() if profile is not None else (),
            fingerprint="" if entry.target.plain else fingerprint(entry.keys.public),
            ways=lambda: ways_in(client.target, entry.data_dir),
            exit_status=status_of,
        )
    except BaseException:
        if profile is not None:
            profile.close()
        raise
    return Opened(client=client, setup=setup, profile=profile)


def _profile(entry: Entry) -> tuple[Profile | None, list[str]]:
    try:
        return open_profile(entry.profile_path), []
    except paths.Locked:
        return None, [explain("profile-locked")]
