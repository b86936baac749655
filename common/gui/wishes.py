"""From what was given, remembered and written to the settings that joining reads.

Owns which of them wins: what stands in the form, which begins with flags, environment and
configuration, then with what was remembered. Pure but for the account's name; knows no widget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from common.client import target as targets
from common.client.joining import account_nick
from common.client.target import DEFAULT_PORT, Target
from common.gui import servers
from common.gui.servers import Offer
from common.gui.settings import Remembered
from common.lan.found import Found
from common.protocol.names import nick as checked_nick
from common.settings import Settings, Value

_BY_HAND = ("push", "sub", "server-key")


@dataclass(frozen=True)
class Written:
    """What stands in the form."""

    server: str = ""
    port: str = str(DEFAULT_PORT)
    nick: str = ""
    code: str = ""
    at_once: bool = False


def first(settings: Settings, remembered: Remembered, offers: Sequence[Offer]) -> Written:
    """What the form begins with."""
    last = remembered.last
    server = settings.text("server")
    if settings.text("push") and not server:
        shown = settings.text("push") or ""
    elif server:
        shown = server
    elif last is not None:
        shown = last.server or servers.here()
    elif any(offer.here for offer in offers):
        shown = servers.here()
    else:
        shown = ""
    return Written(
        server=shown,
        port=servers.own_port(shown) or str(DEFAULT_PORT),
        nick=settings.text("nick") or remembered.nick or account_nick(),
        code=settings.text("invite") or "",
        at_once=remembered.at_once,
    )


def straight_in(settings: Settings, remembered: Remembered, offers: Sequence[Offer]) -> bool:
    """Whether enough is known to join without asking."""
    named = settings.explicit("nick")
    placed = any(settings.explicit(name) for name in ("server", "push")) or any(
        offer.here for offer in offers
    )
    if named and placed:
        return True
    return remembered.at_once and remembered.last is not None and bool(remembered.nick)


def nameless(settings: Settings, remembered: Remembered) -> bool:
    """Whether nobody has said yet what this person is called."""
    return not settings.explicit("nick") and not remembered.nick


def by_hand(written: Written, settings: Settings) -> bool:
    """Whether the server is still the one that was given by `--push` and `--sub`."""
    return bool(settings.text("push")) and written.server == settings.text("push")


def settings_for(written: Written, settings: Settings, remembered: Remembered) -> Settings:
    """The settings of one try to join. Raises BadTarget, BadName."""
    changed: dict[str, str | None] = {}
    if by_hand(written, settings):
        changed["server"] = None
    else:
        changed.update(dict.fromkeys(_BY_HAND))
        changed["server"] = servers.server_of(written.server, written.port) or None
    changed["nick"] = checked_nick(written.nick)
    if nameless(settings, remembered) and written.nick == account_nick():
        # Nobody chose it: where it is taken, "-2" may be added.
        changed["nick"] = None
    changed["invite"] = targets.code_of(written.code) if written.code else None
    values = dict(settings.items())
    for name, value in changed.items():
        values[name] = Value(value, "form", f"{name}: {value or ''}")
    return Settings(values, settings.config)


def here(written: Written) -> Written:
    """The same for the server of this machine."""
    return replace(written, server=servers.here(), code="")


def lasting(server: str) -> str:
    """What is remembered of a server's link: no invitation, which is used up."""
    return server.partition("?")[0]


def lasting_of(server: Found, target: Target) -> str:
    """What is remembered of a server of the network that was met at `target`."""
    if server.pub == server.pull + 1 and server.card == server.pull + 2:
        return target.label
    place = targets.host_and_port(target.push)
    return server.link(place[0] if place else "") or target.label


def translated(written: Written) -> Written:
    """The same in the language of now."""
    if written.server and servers.means_here(written.server):
        return replace(written, server=servers.here())
    return written
