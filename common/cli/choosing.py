"""Which server, where none was named and none runs here: a person chooses one that is found.

Owns the question, and what a program without a person is told instead. Must not decide on trust:
see `common.client.nearby`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from common.cli.discover import line, pins_of, standing_of
from common.cli.output import Output, Stop
from common.client.joining import CannotJoin
from common.client.nearby import Choice, Standing
from common.explain import explain
from common.i18n import _
from common.lan.browse import WITHIN, Watch
from common.lan.found import Found, apart
from common.lan.words import why
from common.safe import one_line
from common.settings import Settings


def choose(settings: Settings, out: Output) -> Choice | None:
    """List the servers of the network on stderr, and have a person choose. None: there is none, or
    they want none of them."""
    out.note(_("No server runs on this machine. Looking for one on the network…"))
    with Watch() as watch:
        found = watch.settled(WITHIN)
        trouble = watch.trouble
    if not found:
        out.note(why(trouble) if trouble else _("No server found on this network."))
        return None
    pins, names = pins_of(settings), apart(found)
    # Those that are known first: anybody may announce anything.
    standings = {one.identity: standing_of(one, found, pins) for one in found}
    found = sorted(found, key=lambda one: standings[one.identity] is not Standing.KNOWN)
    for place, server in enumerate(found, 1):
        columns = line(server, names[server.identity], standings[server.identity])
        sys.stderr.write(one_line(f"  {place}  " + "  ".join(columns)) + "\n")
    chosen = _ask(found)
    if chosen is None:
        return None
    return Choice(chosen, tuple(one for one in found if one is not chosen))


def _ask(found: list[Found]) -> Found | None:
    if len(found) == 1:
        question = _("Enter joins it; anything else does not: ")
    else:
        question = _("Which one? Its number (1 to {n}), or nothing: ").format(n=len(found))
    sys.stderr.write(question)
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        return None
    typed = answer.strip()
    if not typed:
        return found[0] if len(found) == 1 else None
    if typed.isascii() and typed.isdigit() and 1 <= int(typed[:4]) <= len(found):
        return found[int(typed) - 1]
    return None


@contextmanager
def named_on_failure(out: Output) -> Iterator[None]:
    """Where no server runs here, those of the network are named, with what to type for each. Looks
    for them meanwhile."""
    with Watch() as watch:
        try:
            yield
        except CannotJoin as error:
            found = watch.servers
            if error.code != "no-broker" or not found:
                raise
            names = apart(found)
            out.note(explain(error.code, error.values) + " " + _("On the network there is:"))
            for one in found:
                out.note(f"  {names[one.identity]}: --server {one.link() or one.place()}")
            raise Stop(error.status) from error
