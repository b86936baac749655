"""*Test the link*: does that server answer, and how fast? In a thread of its own.

Owns one question to the server's card and the words of its answer. Trusts nobody, joins nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from common.client import card as cards
from common.client import target as targets
from common.client.card import NoCard
from common.client.pins import BadPins, Pins, Trust
from common.client.probe import CODE_OF, probe
from common.client.target import BadTarget, NotRunning, Target
from common.gui.screens import Post, Trouble
from common.i18n import _, number
from common.safe import one_line

_KNOCK: Final = 1.5
_ANSWER: Final = 2.0
"""Seconds for a port to open, and for the card to come."""


@dataclass(frozen=True)
class Verdict:
    """It answers."""

    words: str


def try_link(
    server: str, data_dir: Path, post: Post, tell: Callable[[Verdict | Trouble], object]
) -> None:
    """Ask what `--server` reads; `tell` gets the outcome in the window's thread."""

    def run() -> None:
        try:
            outcome: Verdict | Trouble = _asked(server, data_dir)
        except Exception as error:
            outcome = Trouble("unexpected", {"what": f"{type(error).__name__}: {error}"})
        post(lambda: tell(outcome))

    threading.Thread(target=run, name="test of the link", daemon=True).start()


def _asked(server: str, data_dir: Path) -> Verdict | Trouble:
    try:
        target = targets.parse_server(server, data_dir)
    except NotRunning:
        return Trouble("no-broker", {"path": str(data_dir)})
    except BadTarget as error:
        return Trouble("bad-server", {"value": error.value, "reason": error.reason})
    host, port = targets.host_and_port(target.push) or (target.label, 0)
    code = CODE_OF[probe(host, port, _KNOCK)]
    values: dict[str, str | int | float] = {"host": host, "port": port}
    if code != "no-answer":
        return Trouble(code, values)
    if target.card is None:
        return Verdict(_("{place} answers.").format(place=target.label))
    began = time.monotonic()
    try:
        card = cards.fetch(target.card, _ANSWER)
    except NoCard as error:
        return Trouble(error.reason, values)
    took = (time.monotonic() - began) * 1_000
    if target.key is not None and card.key != target.key:
        return Trouble("wrong-key", values)
    return _judged(target, card.name, card.key, card.access, took, data_dir)


def _judged(
    target: Target, name: str, key: str | None, access: str, took: float, data_dir: Path
) -> Verdict | Trouble:
    words = [
        _("{name} answers in {n} ms.").format(
            name=one_line(name) or target.label, n=number(max(1, round(took)))
        )
    ]
    words.append(_("Encrypted.") if key else _("Not encrypted: others can read along."))
    if access == "invite":
        words.append(_("It lets in who is invited."))
    if target.plain is None:
        try:
            trust = Pins.of(data_dir).check(target.label, key)
        except (BadPins, OSError):
            trust = Trust.UNKNOWN
        if trust is Trust.CHANGED:
            return Trouble("key-changed")
        if trust is Trust.UNKNOWN:
            words.append(_("Not known yet: its key will be shown to you."))
    return Verdict(" ".join(words))
