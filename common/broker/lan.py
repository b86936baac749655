"""`--lan`: what is announced of a broker that serves, and what people are told when it opens.

Owns the words of both; the announcing itself is `common.lan`'s. Must not know the loop: it is told
what the ready line says, and changes nothing of it.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, TextIO

from common import __version__, keys
from common.addresses import EVERYWHERE, Own, addresses, interfaces, is_loopback
from common.endpoints import host_and_port, join_link, place
from common.i18n import _
from common.lan import qr
from common.lan.announce import Announced, Announcer
from common.lan.found import Found
from common.lan.mdns import Unavailable
from common.lan.permission import FORBIDDEN, allowed
from common.protocol.messages import PROTOCOL
from common.safe import one_line
from common.terminal import wants_colour

_OFFERED: Final = 6
"""Addresses that are printed; the rest are for other machines to try."""
_TROUBLE: Final = {
    "missing": "zeroconf is not installed; type: python3 dev.py setup, or: pip install '.[lan]'",
    "no-network": "no network interface is up; it is tried again",
    "no-multicast": "no network interface takes multicast; others can type the address",
    "refused": "{why}; others can type the address",
}

_log = logging.getLogger("causette.broker")


def reachable(pull: Sequence[str]) -> list[tuple[int, str, int]]:
    """Of the addresses of PULL, those by which other machines may come in: index, host, port."""
    places = enumerate(map(host_and_port, pull))
    return [(n, *at) for n, at in places if at is not None and not is_loopback(at[0])]


def opens(pull: Sequence[str]) -> bool:
    """The same before anything is bound, when a port may still be `*`: whether there is any."""
    hosts = [one.removeprefix("tcp://").rpartition(":")[0] for one in pull if one[:6] == "tcp://"]
    return any(host and not is_loopback(host.strip("[]")) for host in hosts)


class OpenToLan:
    """A broker that is open to its network: announced from `start` to `close`."""

    def __init__(self, ready: Mapping[str, Any], access: str) -> None:
        """`ready` is the ready line as an object; one of PULL's addresses must be `reachable`."""
        index, _host, pull = reachable(ready["pull"])[0]
        pubs = [at[1] for at in map(host_and_port, ready["pub"]) if at is not None]
        card = host_and_port(ready["card"] or "")
        self._bound = [host for _n, host, port in reachable(ready["pull"]) if port == pull]
        self._server = Found(
            name=str(ready["name"]),
            key=ready["key"],
            hosts=(),
            pull=pull,
            pub=pubs[min(index, len(pubs) - 1)] if pubs else pull + 1,
            card=card[1] if card else None,
            page=_page(str(ready.get("page", ""))),
            access=access,
            version=__version__,
            protocol=PROTOCOL,
        )
        self._announcer = Announcer(self._server, self._is_bound, self._announced)
        self._was: Announced | None = None

    def start(self) -> None:
        """Begin to announce; returns at once."""
        if allowed():
            self._announcer.start()
        else:
            _log.warning("not announced: %s is set", FORBIDDEN)

    def change(self, ready: Mapping[str, Any], access: str) -> None:
        """The broker took another configuration over."""
        page = _page(str(ready.get("page", "")))
        self._server = replace(self._server, name=str(ready["name"]), access=access, page=page)
        self._announcer.change(self._server)

    def close(self) -> None:
        """Say goodbye to the network; takes a second at most."""
        self._announcer.close()

    # --- for people ----------------------------------------------------------------------------

    def introduce(self, stream: TextIO | None = None, env: Mapping[str, str] = os.environ) -> None:
        """Print what one tells the others: name, addresses, link, page, fingerprint, code."""
        stream = stream or sys.stderr
        if stream is None:  # a Python without a console
            return
        hosts = self._hosts()
        lines = self._words(hosts)
        if hosts and stream.isatty():
            host = hosts[0]
            shown = self._page(host) or self._link(host) or place(host, self._server.pull)
            lines += qr.lines(
                shown,
                columns=shutil.get_terminal_size().columns,
                encoding=stream.encoding,
                colour=wants_colour(stream, env, False),
            )
        with suppress(OSError, ValueError):  # nobody reads it: no reason not to serve
            encoding = stream.encoding or "utf-8"
            text = "".join(f"{line}\n" for line in lines)
            stream.write(text.encode(encoding, "replace").decode(encoding))
            stream.flush()

    def _words(self, hosts: list[str]) -> list[str]:
        server, said = self._server, json.dumps(one_line(self._server.name), ensure_ascii=False)
        if not hosts:
            lines = [_("{name} is open, but only this machine reaches it.").format(name=said)]
            lines.append(self._why_alone())
        else:
            lines = [_("{name} is open to this network. Others find it by its name, or type:")]
            lines = [lines[0].format(name=said)]
            lines += [f"  {place(host, server.pull)}" for host in hosts[:_OFFERED]]
        host = hosts[0] if hosts else "127.0.0.1"
        if link := self._link(host):
            lines += [_("Join link:"), f"  {link}"]
        if page := self._page(host):
            lines += [_("Page, for a browser:"), f"  {page}"]
        if server.key:
            lines += [_("Fingerprint of its key:"), f"  {keys.fingerprint(server.key)}"]
        else:
            lines.append(_("It does not encrypt: whoever is on the network can read along."))
        return lines

    def _why_alone(self) -> str:
        cable = [one for one in interfaces() if one.ip.is_link_local and self._is_bound(one)]
        if cable:
            words = _(
                "Its addresses ({addresses}) cannot be typed elsewhere: others find it by its name."
            )
            return words.format(addresses=", ".join(one.scoped for one in cable[:_OFFERED]))
        return _("There is no network. Connect this machine to one: the server need not restart.")

    def _hosts(self) -> list[str]:
        """The addresses that others may type, the likeliest first."""
        found: dict[str, None] = {}
        for bound in self._bound:
            for host in addresses() if bound in EVERYWHERE else [bound]:
                if not is_loopback(host) and (bound != "0.0.0.0" or ":" not in host):
                    found[host] = None
        return list(found)

    def _link(self, host: str) -> str:
        server = self._server
        return join_link(server.key, host, server.pull, server.pub) if server.key else ""

    def _page(self, host: str) -> str:
        scheme, _colon, port = self._server.page.partition(":")
        return f"{scheme}://{place(host, int(port))}/" if port else ""

    # --- from the announcer's thread -----------------------------------------------------------

    def _is_bound(self, own: Own) -> bool:
        for bound in self._bound:
            if bound in ("*", "::") or (bound == "0.0.0.0" and own.ip.version == 4):
                return True
            with suppress(ValueError):
                if ipaddress.ip_address(bound.partition("%")[0]) == own.ip:
                    return True
        return False

    def _announced(self, now: Announced) -> None:
        was, self._was = self._was, now
        if now.trouble is not None:
            _log.warning("not announced: %s", _trouble(now.trouble))
            return
        shown = ", ".join(place(host, self._server.pull) for host in now.hosts)
        if now.here_only:
            _log.warning("there is no network: announced on this machine alone")
        elif was is None:
            _log.info("announced on the network: %s", shown)
        else:
            _log.info("announced anew, others reach it now by %s", shown)


def _trouble(trouble: Unavailable) -> str:
    return _TROUBLE[trouble.reason].format(why=one_line(trouble.why))


def _page(address: str) -> str:
    """`http:8080` of a page's address; "" where there is none, or it is for this machine alone."""
    scheme, _sep, rest = address.partition("://")
    host, _colon, port = rest.partition("/")[0].rpartition(":")
    if not (host and port.isdigit()) or is_loopback(host.strip("[]")):
        return ""
    return f"{scheme}:{port}"
