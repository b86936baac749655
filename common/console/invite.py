"""The verb `invite`: codes and links by which people are let in.

Owns the words of `broker.py invite`, and which ways in a link names. Decides nothing: the broker
makes the code, asked by the console (`session`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from common.addresses import EVERYWHERE, addresses, is_loopback
from common.arguments import UsageError, Verb
from common.client.target import BadTarget, host_and_port, join_link, read_ready
from common.console import tables
from common.console.admin import actor, spoken, typed
from common.console.output import Printer, note
from common.i18n import _, n_, number
from common.protocol import deeds
from common.settings import POSITIVE, SECONDS, SWITCH, TEXT

if TYPE_CHECKING:
    from common.console.session import Console


def verb() -> Verb:
    """The verb and its options, for the table of `broker.py`."""
    return Verb(
        "invite",
        _("make an invitation: a code and a link"),
        (
            typed("uses", POSITIVE, _("for how many people (1)"), "N"),
            typed("expires", SECONDS, _("for how long: 2h, 7d; without it, until used"), "TIME"),
            typed("note", TEXT, _("what it is for; only administrators read it"), "TEXT"),
            typed("host", TEXT, _("this machine's name or address, as others know it"), "HOST"),
            typed("list", SWITCH, _("list the invitations that are still good")),
            typed("withdraw", TEXT, _("end this invitation"), "NAME"),
        ),
    )


def run(
    data: Path,
    *,
    as_json: bool = False,
    uses: int | None = None,
    seconds: float | None = None,
    note: str | None = None,
    host: str | None = None,
    listing: bool = False,
    withdraw: str | None = None,
    serves: tuple[Sequence[str], Sequence[str]] = ((), ()),
) -> int:
    """Make, list or withdraw, and return the exit status. `data` is the data directory's root;
    `serves` are the configured PULL and PUB addresses, for the link while no broker runs.
    Raises UsageError."""
    if listing and withdraw:
        raise UsageError(_("give either --list or --withdraw"))

    def act(session: Console, out: Printer) -> None:
        if listing:
            _list(session, out)
        elif withdraw:
            session.ask(session.client.do(deeds.Withdraw(name=withdraw)))
            out.done()
        else:
            deed = deeds.MakeInvitation(uses=uses or 1, seconds=int(seconds or 0), note=note or "")
            _make(session, out, deed, _places(data, session, serves, host))

    return spoken(data, as_json, act)


def _make(
    session: Console,
    out: Printer,
    deed: deeds.MakeInvitation,
    places: list[tuple[str, int, int]],
) -> None:
    made = session.ask(session.client.make_code(deed))
    key = session.target.key or ""
    links = [f"{join_link(key, *place)}?invite={made.code}" for place in places]
    if out.as_json:
        out.object(
            {
                "type": "invitation",
                "name": made.name,
                "code": made.code,
                "links": links,
                "uses": made.uses,
                "expires": made.expires,
            }
        )
        return
    print(made.code)
    for link in links:
        print(link)
    note(_("Good {people}, {time}.").format(people=_good_for(made.uses), time=_until(made.expires)))
    note(_("To take it back: {command}").format(command=f"broker.py invite --withdraw {made.name}"))
    if not links:
        note(_("The link is known once the server runs: ask then, or give its address."))
    elif all(is_loopback(host) for host, _pull, _pub in places):
        note(_("The server listens on this machine only; --pull tcp://*:5555 lets others in."))


def _list(session: Console, out: Printer) -> None:
    entries = session.ask(session.client.list("invitations")).entries
    rows = [
        (
            {
                "type": "invitation",
                "name": e.name,
                "uses": e.uses,
                "expires": e.until,
                "by": e.by,
                "ts": e.ts,
                "note": e.reason,
            },
            (
                e.name,
                _good_for(e.uses),
                _until(e.until),
                actor(e.by),
                tables.moment(e.ts),
                e.reason,
            ),
        )
        for e in entries
    ]
    out.rows(rows, _("There is no invitation."))


def _good_for(uses: int) -> str:
    return n_("for {n} person", "for {n} people", uses).format(n=number(uses))


def _until(expires: int) -> str:
    return tables.until(expires) if expires else _("without end")


# --- where this machine is ------------------------------------------------------------------------


def _places(
    data: Path, session: Console, serves: tuple[Sequence[str], Sequence[str]], host: str | None
) -> list[tuple[str, int, int]]:
    """Host, PULL port and PUB port of each way in."""
    pull, pub = serves
    if session.served:
        with contextlib.suppress(BadTarget):
            ready = read_ready(data)
            if ready is not None:
                pull, pub = ready.pull, ready.pub
    ways = [place for place in map(host_and_port, pull) if place is not None]
    ports = [place[1] for place in map(host_and_port, pub) if place is not None]
    found: dict[tuple[str, int, int], None] = {}
    for index, (bound, port) in enumerate(ways):
        # A PUB that nobody named follows its PULL.
        pub_port = ports[min(index, len(ports) - 1)] if ports else port + 1
        if host is not None:
            hosts: Iterable[str] = [host]
        else:
            hosts = addresses() if bound in EVERYWHERE else [bound]
        for one in hosts:
            found[one, port, pub_port] = None
    return list(found)
