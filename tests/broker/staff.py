"""Who comes to the desk in the tests of rights: an owner, whoever was invited, and what is listed.

Owns the ways in that these tests share; knows no rule of the chat.
"""

import itertools
from typing import Any

from common.protocol import deeds as d
from common.protocol import topics
from tests.broker.desk import ADA, ONE, Desk

EVE, CONSOLE = "e" * 64, "c" * 64
CLAIM = "claim-0123456789abcdef"

_streams = itertools.count(1)


def come(desk: Desk, one: bytes, key: str, nick: str = "eve", **more: Any) -> dict[str, Any]:
    """The way in, with a stream of its own."""
    more.setdefault("stream", f"{next(_streams):016x}")
    return desk.enter(one, key, nick=nick, **more)


def owned(**settings: Any) -> Desk:
    """A server by invitation, whose owner is ADA, on session ONE."""
    desk = Desk(**{"access": "invite", "claim": CLAIM, **settings})
    assert come(desk, ONE, ADA, "ada", code=CLAIM)["role"] == "owner"
    return desk


def invited(desk: Desk, **more: Any) -> str:
    """A new invitation's code."""
    return str(desk.ask(ONE, d.MakeInvitation(id="i", **more))["code"])


def listed(desk: Desk, what: Any, one: bytes = ONE, key: str = ADA) -> list[dict[str, Any]]:
    told = desk.push(one, d.AskList(id="l", what=what), key=key)[topics.inbox(one)]
    (answer,) = [line for line in told if line["type"] == "list"]
    entries: list[dict[str, Any]] = answer["entries"]
    return entries


def device_code(desk: Desk, one: bytes = ONE, key: str = ADA) -> str:
    """What one of a person's devices shows."""
    return str(desk.ask(one, d.MakeDeviceCode(id="c"), key)["code"])
