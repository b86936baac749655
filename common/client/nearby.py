"""Joining a server that was found on the network: whether to trust it, and by which address.

Owns the rules for keys that come from announcements (docs/adr/0012) and the choice among a server's
addresses. Must not look for servers (`common.lan.browse` does), nor ask anybody: a person is asked
through a callback.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from common import keys
from common.client import target as targets
from common.client.meeting import RETRY, CannotJoin, Confirm, NewBroker, Waiting, files_of
from common.client.pins import Pin, Pins
from common.client.probe import CODE_OF, Verdict, probe
from common.client.target import Target
from common.lan.found import Found, look

NOBODY_NAMED_IT: Final = "Causette"
"""What a server is called that nobody gave a name: it says nothing about which one it is."""
_KNOCK: Final = 1.5
"""Seconds for an address to answer."""
_BETTER: Final = 0.1
"""Seconds that a likelier address may answer later than another."""


class Standing(enum.StrEnum):
    """What an announced server is to this person."""

    KNOWN = "known"
    """Its key was trusted before, wherever it was then."""
    NEW = "new"
    """It is trusted at its first use, and shown."""
    DOUBTFUL = "doubtful"
    """A person must say so: it bears the name of another one, or does not encrypt."""
    CHANGED = "changed"
    """In the place of a known one, by name or by address, with another key: it is refused."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A server that was chosen from a list."""

    server: Found
    others: tuple[Found, ...] = ()
    """What else was on the list."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A standing, and on which pin it rests: the label and the pin, where there is one."""

    standing: Standing
    label: str = ""
    pin: Pin | None = None


def judge(choice: Choice, pins: Mapping[str, Pin]) -> Judged:
    """What the chosen server is, by what is pinned. Pure."""
    server = choice.server
    for label, pin in pins.items():
        if server.key is not None and pin.key == server.key:
            return Judged(Standing.KNOWN, label, pin)
    for place in server.places:
        pinned = pins.get(place)
        if pinned is not None and pinned.key is not None:
            return Judged(Standing.CHANGED, place, pinned)
        if pinned is not None and server.key is None:
            return Judged(Standing.KNOWN, place, pinned)
    there = {other.key for other in choice.others}
    name = look(server.name)
    for label, pin in pins.items():
        if pin.key is not None and pin.name and look(pin.name) == name:
            # With the known one there as well, it is another of that name; so it may be where the
            # name is everybody's. Else it stands in the known one's place.
            apart = pin.key in there or name == look(NOBODY_NAMED_IT)
            return Judged(Standing.DOUBTFUL if apart else Standing.CHANGED, label, pin)
    return Judged(Standing.NEW if server.key is not None else Standing.DOUBTFUL)


def find(
    choice: Choice,
    data_dir: Path,
    confirm: Confirm | None,
    timeout: float,
    waiting: Waiting | None = None,
    *,
    trust_first: bool = False,
) -> tuple[Target, NewBroker | None]:
    """The chosen server, and as what it is to be trusted from now on, if it was not before.

    An address that does not answer is tried for `timeout` seconds, and `waiting` is told once why.
    Nothing is pinned here: the key has yet to be proved. Blocking. Raises CannotJoin.
    """
    server = choice.server
    with files_of(data_dir):
        judged = judge(choice, Pins.of(data_dir).all())
    if judged.standing is Standing.CHANGED:
        assert judged.pin is not None
        host = judged.label if judged.label in server.places else server.name
        values = {"host": host, "key": server.fingerprint}
        values["expected"] = keys.fingerprint(judged.pin.key) if judged.pin.key else ""
        raise CannotJoin("key-changed", values)
    target = target_of(server, _address(server, timeout, waiting))
    if judged.standing is Standing.KNOWN:
        return target, None
    shown = NewBroker(target.label, server.name, server.key)
    doubtful = judged.standing is Standing.DOUBTFUL
    if doubtful and not trust_first and not (confirm and confirm(shown)):
        raise CannotJoin("key-unknown", {"host": target.label, "key": shown.fingerprint})
    return target, shown


def target_of(server: Found, host: str) -> Target:
    """A found server at one of its addresses."""
    card = targets.address(host, server.card) if server.card is not None else None
    return Target(
        push=targets.address(host, server.pull),
        sub=targets.address(host, server.pub),
        card=card,
        key=server.key,
        name=server.name,
        plain=server.key is None,
        label=server.place(host),
    )


def answering(server: Found, timeout: float = _KNOCK) -> tuple[str, dict[str, Verdict]]:
    """The likeliest of a server's addresses that answers, and how each one did; "" where none does.
    Blocking, for `timeout` seconds at most."""
    knocks: dict[Future[Verdict], str] = {}
    pool = ThreadPoolExecutor(max(1, len(server.hosts)), "causette-knock")
    try:
        for host in server.hosts:
            knocks[pool.submit(probe, host, server.pull, timeout)] = host
        verdicts: dict[str, Verdict] = {}
        late: float | None = None
        open_ = set(knocks)
        while open_:
            done, open_ = wait(open_, late, FIRST_COMPLETED)
            verdicts |= {knocks[knock]: knock.result() for knock in done}
            if "ok" in verdicts.values():
                if not done or _is_likeliest(verdicts, server.hosts):
                    break
                late = _BETTER
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    reached = next((host for host in server.hosts if verdicts.get(host) == "ok"), "")
    return reached, verdicts


def _is_likeliest(verdicts: Mapping[str, Verdict], hosts: Sequence[str]) -> bool:
    """Whether no address that is still to answer would be preferred."""
    before = hosts[: next(n for n, host in enumerate(hosts) if verdicts.get(host) == "ok")]
    return all(host in verdicts for host in before)


def _address(server: Found, timeout: float, waiting: Waiting | None) -> str:
    deadline = time.monotonic() + timeout
    told = False
    while True:
        host, verdicts = answering(server, min(_KNOCK, max(0.2, deadline - time.monotonic())))
        if host:
            return host
        first = server.hosts[0]
        code = CODE_OF[verdicts.get(first, "silent")]
        values: dict[str, str | int | float] = {"host": first, "port": server.pull}
        if time.monotonic() + RETRY > deadline:
            raise CannotJoin(code, values)
        if waiting and not told:
            told = True
            waiting(code, values)
        time.sleep(RETRY)
