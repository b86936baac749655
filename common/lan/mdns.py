"""Multicast DNS on the interfaces of this machine. The one place that knows zeroconf.

Owns its sockets, on the asyncio loop of whoever opened it: which interfaces take part, and that
they follow the machine when it moves (zeroconf does not look for itself). Must not know what is
said in a record (`found`), nor why.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from common.addresses import Own
from common.lan.found import SERVICE, Heard

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

TTL: Final = 60
"""Seconds that an address counts for without being heard again: a server that died without a word
is gone from the lists after that."""
_PATIENCE: Final = 2_000
"""Milliseconds for the rest of an announcement to come."""

Reason = Literal["missing", "no-network", "no-multicast", "refused"]


class Unavailable(Exception):
    """Nothing can be announced or found here. `why` are the system's words, for "refused".

    missing: zeroconf is not installed; no-network: no interface is up; no-multicast: none of them
    takes multicast; refused: the system does not let us.
    """

    def __init__(self, reason: Reason, why: str = "") -> None:
        super().__init__(f"{reason} {why}".strip())
        self.reason: Reason = reason
        self.why = why


def taking_part(own: Sequence[Own]) -> list[Own]:
    """The addresses of the interfaces that take part: those of networks that take multicast; where
    there is no network at all, the loopback, so that programs of this machine find one another.
    Raises Unavailable."""
    if not own:
        raise Unavailable("no-network")
    outside = [one for one in own if not one.ip.is_loopback]
    part = [one for one in outside if one.multicast] if outside else list(own)
    if not part:
        raise Unavailable("no-multicast")
    return part


class Mdns:
    """Open sockets; `close` says goodbye for what was published. For one asyncio loop."""

    def __init__(self, zero: AsyncZeroconf) -> None:
        self._zero = zero
        self._published: AsyncServiceInfo | None = None
        self._browser: AsyncServiceBrowser | None = None

    @classmethod
    async def open(cls, own: Sequence[Own]) -> Mdns:
        """Take part with these addresses of this machine. Raises Unavailable."""
        try:
            from zeroconf.asyncio import AsyncZeroconf
        except ImportError as error:
            raise Unavailable("missing") from error
        part = taking_part(own)
        # Which interface did not work is told by whoever asks for it; not by zeroconf, at length.
        logging.getLogger("zeroconf").setLevel(logging.CRITICAL)
        try:
            made = cls(AsyncZeroconf(interfaces=_interfaces(part)))
        except (OSError, RuntimeError) as error:
            raise Unavailable("refused", _words(error)) from error
        try:
            # Shielded: cancelled, it would leave zeroconf half begun, and unable to end.
            await asyncio.shield(made._zero.zeroconf.async_wait_for_start())
            if not made._zero.zeroconf.engine.senders:
                raise Unavailable("no-multicast")
        except BaseException as error:
            await made.close()
            if isinstance(error, Unavailable) or not isinstance(error, Exception):
                raise
            # zeroconf's NotRunningException, or the system's refusal
            raise Unavailable("refused", _words(error)) from error
        return made

    async def follow(self, own: Sequence[Own]) -> None:
        """Go on with other addresses; what is the same is left alone. Raises Unavailable."""
        part = taking_part(own)
        try:
            await self._zero.async_update_interfaces(_interfaces(part))
        except (OSError, RuntimeError) as error:
            raise Unavailable("refused", _words(error)) from error

    async def publish(
        self, label: str, port: int, hosts: Sequence[str], fields: Mapping[str, str]
    ) -> None:
        """Announce a service under `label`, or under the next free name like it; or, where it is
        announced already, what has changed of it. Raises Unavailable."""
        from zeroconf.asyncio import AsyncServiceInfo

        former = self._published
        name = former.name if former is not None else f"{label}.{SERVICE}"
        info = AsyncServiceInfo(
            SERVICE,
            name,
            port=port,
            properties=dict(fields),
            # A name of our own: the machine's belongs to its own responder, if it has one.
            server=former.server if former is not None else f"{_hostname(label)}.local.",
            parsed_addresses=list(hosts),
            host_ttl=TTL,
        )
        try:
            if former is None:
                sent = await self._zero.async_register_service(info, allow_name_change=True)
            else:
                sent = await self._zero.async_update_service(info)
            self._published = info
            await sent
        except Exception as error:  # a dozen kinds, without a common one below Exception
            raise Unavailable("refused", _words(error)) from error

    def browse(self, changed: Callable[[str, bool], None]) -> None:
        """Look for servers: `changed(instance, there)` in the loop, for each that came or changed,
        and each that said goodbye."""
        from zeroconf import DNSQuestionType, ServiceStateChange
        from zeroconf.asyncio import AsyncServiceBrowser

        def heard(*, name: str, state_change: ServiceStateChange, **_more: Any) -> None:
            if name.endswith(f".{SERVICE}"):
                changed(name, state_change is not ServiceStateChange.Removed)

        # Answers to all: one that is sent to this machine alone reaches only one of its programs.
        self._browser = AsyncServiceBrowser(
            self._zero.zeroconf, SERVICE, handlers=[heard], question_type=DNSQuestionType.QM
        )

    async def hear(self, instance: str) -> Heard | None:
        """What is announced under a name that `browse` told; asked for where it was not heard or is
        too old, and None where nobody answers within two seconds."""
        from zeroconf import DNSQuestionType, IPVersion
        from zeroconf.asyncio import AsyncServiceInfo

        with contextlib.suppress(Exception):  # names and records are anybody's
            info = AsyncServiceInfo(SERVICE, instance)
            zero = self._zero.zeroconf
            if await info.async_request(zero, _PATIENCE, DNSQuestionType.QM):
                hosts = info.parsed_scoped_addresses(IPVersion.All)
                return Heard(
                    instance=instance, hosts=hosts, port=info.port or 0, fields=info.properties
                )
        return None

    async def close(self) -> None:
        """Say goodbye and let go of everything; takes a quarter of a second. Raises nothing."""
        with contextlib.suppress(Exception):
            if self._browser is not None:
                await self._browser.async_cancel()
        with contextlib.suppress(Exception):
            await self._zero.async_close()


def _interfaces(part: Sequence[Own]) -> list[str | int]:
    """As zeroconf names them: IPv4 by its address, IPv6 by its interface's number."""
    indexes = {one.index for one in part if one.ip.version == 6 and one.index}
    return [*(one.address for one in part if one.ip.version == 4), *sorted(indexes)]


def _hostname(label: str) -> str:
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in label).strip("-").lower()
    return f"causette-{kept}"[:63].rstrip("-")


def _words(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
