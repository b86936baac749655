"""The verb `chat`: makes a session ready for the conversation on the screen (`common.cli.chat`).

Owns what only a terminal's chat is given. Must not draw anything; the chat alone needs
prompt_toolkit, which is imported only here, when it is wanted.
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace

from common.cli.joining import Run, enter
from common.cli.output import Stop
from common.client.joining import rooms_of
from common.i18n import _


def run(run: Run) -> int:
    """Open the chat. Raises Stop, BadSetting, CannotJoin."""
    if importlib.util.find_spec("prompt_toolkit") is None:
        raise Stop(1, _("a chat needs prompt_toolkit; type: python3 dev.py setup"))
    from common.cli import chat
    from common.talk.opening import open_chat

    rooms_of(run.settings)  # A name that is none is told before anybody is asked anything.
    opened = open_chat(enter(run), run.settings, "causette-cli/chat")
    try:
        return chat.run(replace(opened.setup, colour=run.out.colour, env=run.env))
    finally:
        opened.close_profile()
