"""The verb `chat`: makes a session ready for the conversation on the screen (`common.cli.chat`).

Owns what the chat is given. Must not draw anything; the chat alone needs prompt_toolkit, which is
imported only here, when it is wanted.
"""

from __future__ import annotations

import contextlib
import importlib.util

from common import paths
from common.cli.joining import Run, enter
from common.cli.output import Stop
from common.client.events import Event, Ready
from common.client.joining import CannotJoin, Entry, disk_trouble, remember, rooms_of, status_of
from common.client.profile import BadProfile, Profile, ProfileFull
from common.client.timeline import KEEP
from common.explain import explain
from common.i18n import _, current


def run(run: Run) -> int:
    """Open the chat. Raises Stop, BadSetting, CannotJoin."""
    if importlib.util.find_spec("prompt_toolkit") is None:
        raise Stop(1, _("a chat needs prompt_toolkit; type: python3 dev.py setup"))
    from common.cli import chat
    from common.cli.chat.setup import ChatSetup
    from common.client.client import Client, Options

    class Remembering(Client):
        """Pins the key of a join link once the server has proved to hold it."""

        def get(self, timeout: float | None = None) -> Event | None:
            event = super().get(timeout)
            if isinstance(event, Ready):
                # A pin that cannot be kept is asked for again next time.
                with contextlib.suppress(CannotJoin):
                    remember(entry)
            return event

    rooms = rooms_of(run.settings)
    entry = enter(run)
    profile, notes = _profile(entry)
    try:
        if profile is not None and not run.settings.explicit("room"):
            rooms = profile.rooms() or rooms
        options = Options(
            nick=entry.nick,
            fallback=entry.fallback,
            rooms=rooms,
            resume=profile is not None,
            roster=True,
            catch_up=KEEP,
            app="causette-cli/chat",
            lang=current().lang,
        )
        client = Remembering(entry.target, entry.keys, options, profile)
        return chat.run(
            ChatSetup(
                client=client,
                nick=entry.nick,
                rooms=rooms,
                data_dir=entry.data_dir / "client",
                label=entry.target.name or entry.target.label,
                encrypted=not entry.target.plain,
                colour=run.out.colour,
                env=run.env,
                keeps_unsent=profile is not None,
                notes=notes,
                exit_status=status_of,
            )
        )
    finally:
        if profile is not None:
            profile.close()


def _profile(entry: Entry) -> tuple[Profile | None, list[str]]:
    try:
        return Profile.open(entry.profile_path), []
    except paths.Locked:
        return None, [explain("profile-locked")]
    except BadProfile as error:
        values = {"path": str(error.path), "why": error.why}
        raise CannotJoin("profile-damaged", values) from error
    except ProfileFull as error:
        raise CannotJoin("disk-full", {"path": str(error.path)}) from error
    except OSError as error:
        raise disk_trouble(entry.profile_path, error) from error
