"""The end of a session: the moment for what was just said, and the words about what is left."""

import time
from typing import Final

from common.i18n import n_, number
from common.talk.setup import HeardClient

GOODBYE: Final = 1.0
"""Seconds for what was just typed to be stored before the session ends."""


def say_goodbye(client: HeardClient, linked: bool) -> int:
    """Ends the session; returns how many messages are unsent. Takes up to GOODBYE seconds, and
    those of `close`: not for a thread that draws."""
    end = time.monotonic() + (GOODBYE if linked else 0)
    while client.unsent() and time.monotonic() < end:
        time.sleep(0.02)
    unsent = client.unsent()
    client.close()
    return unsent


def left_behind(count: int, kept: bool) -> str:
    """What becomes of `count` unsent messages, in words."""
    if kept:
        text = n_(
            "{n} message waits; it leaves at the next start.",
            "{n} messages wait; they leave at the next start.",
            count,
        )
    else:
        text = n_("{n} message was not sent.", "{n} messages were not sent.", count)
    return text.format(n=number(count))
