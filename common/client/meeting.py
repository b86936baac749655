"""Whether to trust a broker, and why joining fails: the rules of trust on first use.

Owns: the pins' verdict on what a broker shows of itself, the question to its card, the exit status
of each way in which joining fails. Must not print, ask or know a screen: a person is asked through
a callback.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common import keys
from common.client import target as targets
from common.client.pins import BadPins, Pins, Trust
from common.client.probe import CODE_OF, probe
from common.client.target import Target
from common.lan.permission import allowed
from common.protocol.messages import Card

if TYPE_CHECKING:
    from common.lan.browse import Watch

RETRY: Final = 0.25
"""Seconds between two tries to reach a broker."""
_CARD_TIMEOUT: Final = 3.0
_PROBE_TIMEOUT: Final = 1.5

_STATUS: Final = {
    "unreachable-name": 69,
    "unreachable-refused": 69,
    "unreachable-silent": 69,
    "no-answer": 69,
    "no-broker": 69,
    "not-causette": 69,
    "timeout": 69,
    "stopping": 69,
    "key-unknown": 77,
    "key-changed": 77,
    "wrong-key": 77,
    "plain-mismatch": 77,
    "not-permitted": 77,
    "not-invited": 77,
    "bad-invitation": 77,
    "banned": 77,
    "kicked": 77,
    "revoked": 77,
    "data-dir": 77,
    "bad-config": 78,
    "key-file": 78,
    "profile-damaged": 78,
}


def status_of(code: str) -> int:
    """The exit status of a program that could not join because of `code`."""
    return _STATUS.get(code, 1)


class CannotJoin(Exception):
    """Joining is not possible; `code` and `values` are for `common.explain`."""

    def __init__(self, code: str, values: Mapping[str, str | int | float] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.values = dict(values or {})
        self.status = status_of(code)


@dataclass(frozen=True)
class NewBroker:
    """A broker whose key was never seen: what a person is asked about."""

    label: str
    name: str
    key: str | None
    """None: it does not encrypt."""

    @property
    def fingerprint(self) -> str:
        return keys.fingerprint(self.key) if self.key else ""


Confirm = Callable[[NewBroker], bool]
Waiting = Callable[[str, Mapping[str, str | int | float]], None]


def disk_trouble(path: Path, error: OSError) -> CannotJoin:
    """What to tell where `path` cannot be read or written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO)
    why = error.strerror or str(error)
    return CannotJoin("disk-full" if full else "data-dir", {"path": str(path), "why": why})


@contextlib.contextmanager
def files_of(data_dir: Path) -> Iterator[None]:
    """Where the pins are used: what is wrong with their file is a CannotJoin."""
    try:
        yield
    except BadPins as error:
        raise CannotJoin("profile-damaged", {"path": str(error.path), "why": error.why}) from error
    except OSError as error:
        raise disk_trouble(Path(error.filename or data_dir), error) from error


def today() -> datetime.date:
    """What a pin is dated by."""
    return datetime.datetime.now(tz=datetime.UTC).date()


@dataclass(frozen=True)
class Met:
    """A broker that showed who it is."""

    target: Target
    trusted_now: NewBroker | None = None
    """It was pinned just now."""
    moved: bool = False
    """It was not where it was asked for, but is announced elsewhere under its key; which it has yet
    to prove."""


def meet(
    target: Target,
    data_dir: Path,
    confirm: Confirm | None,
    deadline: float,
    waiting: Waiting | None,
    *,
    trust_first: bool = False,
    elsewhere: bool = True,
) -> Met:
    """Ask a typed broker for its card, and settle whether to trust it.

    `elsewhere`: one that was known and does not answer is looked for on the network by its key.
    Blocking, until `deadline` (monotonic). Raises CannotJoin, BadPins, OSError.
    """
    from common.client import card as cards

    pins = Pins.of(data_dir)
    known = pins.get(target.label)
    key = known.key if known is not None and elsewhere else None
    with _Search(key) as search:
        card = _ask_for_card(target, deadline, waiting, search, give_up=known is not None)
    if isinstance(card, Target):
        return Met(card, moved=True)
    if card is None:
        assert known is not None
        # Somebody closed the card's port; the pinned key still tells the broker from others.
        return Met(replace(target, key=known.key, plain=known.key is None, name=known.name))
    shown = NewBroker(target.label, card.name, card.key)
    trust = pins.check(target.label, card.key)
    if trust is Trust.CHANGED:
        values = {"host": target.label, "key": shown.fingerprint}
        if known is not None and known.key:
            values["expected"] = keys.fingerprint(known.key)
        raise CannotJoin("key-changed", values)
    completed = cards.complete(target, card)
    if trust is Trust.KNOWN:
        return Met(completed)
    if not trust_first and not (confirm and confirm(shown)):
        raise CannotJoin("key-unknown", {"host": target.label, "key": shown.fingerprint})
    pins.pin(target.label, card.key, card.name, today())
    return Met(completed, shown)


class _Search:
    """Looks for the broker that holds a key, from the first time that it is asked."""

    def __init__(self, key: str | None) -> None:
        """None: there is nothing to look for."""
        self._key = key
        self._watch: Watch | None = None

    def __enter__(self) -> _Search:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._watch is not None:
            self._watch.close()

    def look(self, wait: float) -> Target | None:
        """Where it answers now, if it is announced; waits so many seconds for that."""
        if self._key is None or not allowed():
            time.sleep(wait)
            return None
        from common.client import nearby
        from common.lan.browse import Watch

        if self._watch is None:
            self._watch = Watch()
            self._watch.start()
        end = time.monotonic() + wait
        found = self._watch.wait(wait, lambda there: any(one.key == self._key for one in there))
        for one in found:
            if one.key == self._key:
                host, _verdicts = nearby.answering(one)
                if host:
                    return nearby.target_of(one, host)
        time.sleep(max(0.0, end - time.monotonic()))
        return None


def _ask_for_card(
    target: Target, deadline: float, waiting: Waiting | None, search: _Search, *, give_up: bool
) -> Card | Target | None:
    """The card, asked for until `deadline`; None where the broker is there but tells nobody its
    card, if `give_up`; or where else the broker is. Raises CannotJoin with the likely cause."""
    from common.client import card as cards

    assert target.card is not None
    place = targets.host_and_port(target.push) or (target.label, 0)
    told = False
    while True:
        left = deadline - time.monotonic()
        code = _knock(target.card, min(_PROBE_TIMEOUT, max(left, 0.1)))
        if code == "no-answer":
            try:
                return cards.fetch(target.card, min(_CARD_TIMEOUT, max(left, 0.2)))
            except cards.NoCard as error:
                code = error.reason
        elif code != "unreachable-name":
            # The card's port may be closed where the broker's own is open.
            code = _knock(target.push, min(_PROBE_TIMEOUT, max(left, 0.1)))
            if code == "no-answer" and give_up:
                return None
        values: dict[str, str | int | float] = {"host": place[0], "port": place[1]}
        if time.monotonic() + RETRY > deadline:
            raise CannotJoin(code, values)
        if waiting and not told:
            told = True
            waiting(code, values)
        if (moved := search.look(RETRY)) is not None:
            return moved


def _knock(address: str, timeout: float) -> str:
    host, port = targets.host_and_port(address) or ("", 0)
    return CODE_OF[probe(host, port, timeout)]
