"""Which servers the form offers, and from what is typed there to what `--server` reads.

Owns the list: the server of this machine, those that this person was on, those whose keys are
trusted. Opens no connection; knows no widget.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from common.client import target as targets
from common.client.nearby import Standing
from common.client.pins import BadPins, Pins
from common.client.target import BadTarget
from common.gui.settings import Remembered
from common.i18n import LANGUAGES, N_, Translator, _
from common.lan.found import Found

_LOG = logging.getLogger(__name__)

_HERE: Final = N_("this machine")


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A server to choose."""

    server: str
    """As `--server` reads it; "" is the one of this machine."""
    name: str
    place: str
    """HOST:PORT."""
    encrypted: bool
    nick: str = ""
    """Whom this person was there."""
    key: str = ""
    """Its key, where it is known."""
    found: Found | None = None
    """How it is announced on the network, if it is."""
    standing: Standing | None = None
    """What it is to this person, by the keys that are trusted; of one that is found."""

    @property
    def here(self) -> bool:
        """Whether it runs on this machine, with this data directory."""
        return not self.server


def offers(data_dir: Path, remembered: Remembered) -> list[Offer]:
    """What there is to choose, the likeliest first. Files that are damaged give nothing."""
    found: list[Offer] = []
    nicks = {one.server: one.nick for one in remembered.servers}
    try:
        ready = targets.read_ready(data_dir)
        if ready is not None:
            here = targets.of_ready(ready)
            found.append(
                Offer(
                    server="",
                    name=ready.name,
                    place=here.label,
                    encrypted=not here.plain,
                    nick=nicks.get("", ""),
                    key=here.key or "",
                )
            )
    except BadTarget as error:
        _LOG.warning("%s: %s", error.value, error.why)
    places = {one.place for one in found}
    try:
        pins = Pins.of(data_dir).all()
    except (BadPins, OSError) as error:
        _LOG.warning("the trusted servers could not be read: %s", error)
        pins = {}
    for one in remembered.servers:
        place = place_of(one.server, data_dir)
        if one.server and place and place not in places:
            pin = pins.get(place)
            places.add(place)
            found.append(
                Offer(
                    server=one.server,
                    name=(pin.name if pin else "") or one.name or place,
                    place=place,
                    encrypted=_link(one.server) or (pin is not None and pin.key is not None),
                    nick=one.nick,
                    key=(pin.key if pin else "") or "",
                )
            )
    for place, pin in sorted(pins.items(), key=lambda item: item[1].first_seen, reverse=True):
        if place not in places:
            name = pin.name or place
            found.append(
                Offer(
                    server=place,
                    name=name,
                    place=place,
                    encrypted=pin.key is not None,
                    key=pin.key or "",
                )
            )
    return found


def place_of(server: str, data_dir: Path) -> str:
    """HOST:PORT of what `--server` reads; "" for this machine's, and for what is none."""
    if not server:
        return ""
    try:
        return targets.parse_server(server, data_dir).label
    except BadTarget:
        return ""


def _link(server: str) -> bool:
    return server.lower().startswith(targets.SCHEME)


# --- what is typed -----------------------------------------------------------------------------


def here() -> str:
    """What stands in the field for the server of this machine."""
    return _(_HERE)


def means_here(typed: str) -> bool:
    """Whether it is what stands there for the server of this machine, in either language."""
    word = " ".join(typed.split()).casefold()
    return not word or any(word == Translator(lang).gettext(_HERE).casefold() for lang in LANGUAGES)


def own_port(typed: str) -> str:
    """The port that an address or a link brings along, "" if none: then the port's field counts."""
    text = typed.strip()
    if _link(text):
        text = text.partition("@")[2].partition("/")[0].partition("?")[0]
    text = text.removeprefix("tcp://")
    if text.startswith("["):
        return text.partition("]")[2].removeprefix(":")
    return text.partition(":")[2] if text.count(":") == 1 else ""


def server_of(typed: str, port: str) -> str:
    """What `--server` reads, of the two fields. Raises BadTarget."""
    text, port = typed.strip(), port.strip()
    if means_here(text):
        return ""
    if not _link(text) and not own_port(text) and port:
        if not (port.isascii() and port.isdigit() and 1 <= int(port[:9]) <= 65_535):
            raise BadTarget(port, "a port is between 1 and 65535", "port")
        host = text.removeprefix("tcp://")
        bare = ":" in host and not host.startswith("[")
        text = f"[{host}]:{port}" if bare else f"{host}:{port}"
    targets.parse_server(text, Path())
    return text
