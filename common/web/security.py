"""Who may ask what of the gateway: names, origins, addresses, rates; and what every answer carries.

Owns the rules. Must not know HTTP's machinery, files or the chat: it is told headers and times, and
answers. Pure, but for the randomness of `new_token`.

Why a name is looked at: a page of somebody else's may have its own name lead to this machine after
it was loaded (DNS rebinding), and would then be of one origin with the gateway. Nobody can do that
with an address, with `localhost`, or with a name that the internet's name servers do not answer.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_ALL_OFF: Final = (
    "camera", "display-capture", "geolocation", "hid", "microphone", "midi", "payment",
    "serial", "usb",
)  # fmt: skip
"""What reaches out of the browser. Not more of them: each answer carries the list."""
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in _ALL_OFF),
    "Server": "Causette",
}
"""Of every answer. No HSTS: on a network of one's own, with a certificate of one's own, it locks
people out for a year."""

_PRIVATE: Final = (".local", ".lan", ".home", ".home.arpa", ".internal", ".localdomain")
"""Suffixes that lead nowhere on the internet; under `.local` every machine answers for itself."""
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]?#\\]+)(?::([0-9]{1,5}))?")
_ORIGIN: Final = re.compile(r"(https?)://([^/?#@\s]+)")
_USUAL: Final = {"http": 80, "https": 443}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


# --- names and origins ---------------------------------------------------------------------------


def authority(text: str) -> tuple[str, int | None] | None:
    """The host (lower case, without brackets) and port of `HOST[:PORT]`; None where it is none."""
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        return None
    host = match[1].strip("[]").rstrip(".").lower()
    return (host, int(match[2]) if match[2] else None) if host else None


def same_origin(origin: str | None, host: str) -> bool:
    """Whether a request for `host` (its Host header) comes from a page of the same place.

    The scheme is not compared: behind a proxy that speaks TLS it is another. No origin is not the
    same one: browsers tell it with all that changes something, and with each WebSocket.
    """
    match = _ORIGIN.fullmatch(origin or "")
    if match is None:
        return False
    theirs, ours = authority(match[2]), authority(host)
    if theirs is None or ours is None or theirs[0] != ours[0]:
        return False
    usual = _USUAL[match[1]]
    return (theirs[1] or usual) == (ours[1] or usual)


class Hosts:
    """The names under which this gateway answers."""

    def __init__(self, machine: str, allowed: Iterable[str] = ()) -> None:
        """`machine` is what this machine is called; `allowed` are names given by hand."""
        short = machine.lower().partition(".")[0]
        self._names = {"localhost", machine.lower(), short, *(one.lower() for one in allowed)}
        if short:
            self._names |= {short + suffix for suffix in _PRIVATE}

    def known(self, host: str) -> bool:
        """Whether a Host header names this gateway."""
        named = authority(host)
        if named is None:
            return False
        return named[0] in self._names or named[0].endswith(".local") or is_address(named[0])


def is_address(host: str) -> bool:
    """Whether this is an IP address, not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


# --- whoever asks ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from."""

    address: str
    """IP address, "" where there is none (a socket of this machine's files)."""
    secure: bool
    """The last stretch, from the browser, is encrypted."""
    direct: bool
    """Nobody stands between, as far as can be seen."""

    @property
    def local(self) -> bool:
        """Whether it is a program of this machine."""
        return self.direct and (not self.address or _ip(self.address).is_loopback)

    @property
    def place(self) -> str:
        """What limits are counted by: an IPv6 network is one place, whatever addresses it uses."""
        if ":" not in self.address:
            return self.address
        ip = _ip(self.address)
        if isinstance(ip, ipaddress.IPv4Address):
            return str(ip)
        return str(ipaddress.ip_network((int(ip) >> 64 << 64, 64)))


class Proxies:
    """Reverse proxies whose word about their visitors is taken."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._networks = tuple(networks)

    def visitor(self, peer: str, tls: bool, headers: Mapping[str, str]) -> Visitor:
        """Who asks, where `peer` made the connection.

        Of `X-Forwarded-For` the last address that is no proxy's counts: what stands before it may
        have been written by the visitor.
        """
        forwarded = headers.get("X-Forwarded-For", "")
        told = any(name in headers for name in ("X-Forwarded-For", "Forwarded", "Via"))
        if not self.trusts(peer):
            return Visitor(_plain(peer), tls, not told)
        scheme = headers.get("X-Forwarded-Proto", "").strip().lower()
        for one in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
            address = authority(one)
            if not is_address(one) and (address is None or not is_address(address[0])):
                break
            peer = one if is_address(one) or address is None else address[0]
            if not self.trusts(peer):
                break
        return Visitor(_plain(peer), tls or scheme == "https", False)

    def trusts(self, address: str) -> bool:
        """Whether this is one of them."""
        if not self._networks or not is_address(address):
            return False
        ip = _ip(address)
        return any(ip in network for network in self._networks)


def network(text: str) -> Network:
    """`192.168.1.2` or `10.0.0.0/8`. Raises ValueError."""
    return ipaddress.ip_network(text.strip(), strict=False)


def _ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    ip = ipaddress.ip_address(address)
    # On a socket for both families an IPv4 visitor looks like this.
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip


def _plain(peer: str) -> str:
    return str(_ip(peer)) if is_address(peer) else ""


# --- rates -------------------------------------------------------------------------------------


class Rate:
    """How often each of many may do something: `burst` at once, then `per_second`.

    It remembers the last `most` of them; who is forgotten starts anew.
    """

    def __init__(self, per_second: float, burst: float, most: int = 10_000) -> None:
        self._per_second = per_second
        self._burst = burst
        self._most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str, now: float) -> float:
        """0.0 where they may, and then it counts; else the seconds after which they may."""
        left, at = self._left.get(who, (self._burst, now))
        left = min(self._burst, left + max(0.0, now - at) * self._per_second)
        wait = 0.0 if left >= 1.0 else (1.0 - left) / self._per_second
        self._left[who] = (left - 1.0 if not wait else left, now)
        self._left.move_to_end(who)
        while len(self._left) > self._most:
            self._left.popitem(last=False)
        return wait


# --- tokens and cookies ------------------------------------------------------------------------


def new_token() -> str:
    """32 random bytes as base64url: what a cookie holds, and what a hook's address ends with."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is kept of a token: it cannot be had back from it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


_COOKIE: Final = "causette"
_LASTS: Final = 400 * 86_400
"""Seconds: as long as browsers keep one at most, and as the store keeps an identity."""


def cookie_name(host: str, secure: bool) -> str:
    """What the cookie of this place is called.

    Browsers do not tell the ports of a machine apart: two gateways on one machine would take each
    other's cookie away if it were not in the name. `__Host-` has the browser refuse one that came
    without TLS, or from a neighbour's name.
    """
    named = authority(host)
    port = named[1] if named else None
    usual = port in (None, _USUAL["https" if secure else "http"])
    name = _COOKIE if usual else f"{_COOKIE}-{port}"
    return f"__Host-{name}" if secure else name


def cookie(host: str, secure: bool, token: str) -> str:
    """The `Set-Cookie` line that gives a browser its token; without a token, one that takes it."""
    age = _LASTS if token else 0
    line = f"{cookie_name(host, secure)}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict"
    return f"{line}; Secure" if secure else line
