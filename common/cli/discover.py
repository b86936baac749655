"""The verb `discover`: the servers of this network. Owns its two forms; joins none of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common import paths
from common.cli import wire
from common.cli.joining import Run
from common.cli.output import Stop
from common.client.nearby import Choice, Standing, judge
from common.client.pins import BadPins, Pin, Pins
from common.i18n import _, number
from common.lan.browse import WITHIN, allowed, discover
from common.lan.found import Found, apart
from common.lan.mdns import Unavailable
from common.lan.words import why
from common.settings import Settings


def run(run: Run) -> int:
    """Print what is found; 0 also where that is nothing. Raises Stop where nothing can be found."""
    seconds = WITHIN if run.settings["timeout"] is None else float(run.settings["timeout"])
    if run.settings.switch("no-discovery") or not allowed():
        raise run.settings.bad("no-discovery", _("discover looks for servers on the network"))
    try:
        found = discover(seconds)
    except Unavailable as trouble:
        raise Stop(1, why(trouble)) from trouble
    pins = pins_of(run.settings)
    names = apart(found)
    for server in found:
        standing = standing_of(server, found, pins)
        if run.settings.switch("json"):
            run.out.data(wire.dump(as_object(server, standing)))
        else:
            run.out.line("\t".join(line(server, names[server.identity], standing)))
    if not found:
        words = _("No server found within {seconds} s. Is one started with broker.py --lan?")
        run.out.note(words.format(seconds=number(seconds)))
    return 0


def pins_of(settings: Settings) -> Mapping[str, Pin]:
    """What is trusted; nothing where its file is damaged, which joining tells."""
    try:
        return Pins.of(paths.data_dir(settings.text("data-dir"))).all()
    except (BadPins, OSError):
        return {}


def standing_of(server: Found, found: list[Found], pins: Mapping[str, Pin]) -> Standing:
    """What a server of the list is to this person."""
    others = tuple(one for one in found if one is not server)
    return judge(Choice(server, others), pins).standing


def line(server: Found, name: str, standing: Standing) -> list[str]:
    """The columns of a list: name, addresses, fingerprint, and what is to be known besides."""
    notes = []
    if server.access == "invite":
        notes.append(_("by invitation"))
    if standing is Standing.KNOWN:
        notes.append(_("known"))
    elif standing is Standing.CHANGED:
        notes.append(_("not the one that you know: its key is another"))
    key = server.fingerprint or _("no key, no encryption")
    columns = [name, ", ".join(server.shown), key]
    return [*columns, ", ".join(notes)] if notes else columns


def as_object(server: Found, standing: Standing) -> dict[str, Any]:
    """The same for programs: the shape is in docs/bots.md."""
    return {
        "type": "server",
        "name": server.name,
        "addresses": list(server.places),
        "key": server.key,
        "fingerprint": server.fingerprint or None,
        "link": server.link() or None,
        "page": server.page_address() or None,
        "access": server.access,
        "version": server.version,
        "standing": str(standing),
    }
