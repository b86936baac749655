"""What the service manager is told of a program that it runs: systemd's sd_notify(3), as datagrams.

Owns the address in NOTIFY_SOCKET and the words sent there. Without one, nothing is told and nothing
fails. Must not know what a program serves.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import MutableMapping
from typing import Final, Self

from common.safe import one_line

VARIABLE: Final = "NOTIFY_SOCKET"
_WITHIN: Final = 1.0
"""Seconds that a manager may take to read: its queue may be full, and people wait for the loop."""
_LONGEST: Final = 300
"""Characters of a status, which stands on one line of `systemctl status`."""


class Manager:
    """The service manager, if there is one; `tell` it."""

    def __init__(self, address: str = "") -> None:
        """`address` as in NOTIFY_SOCKET: a path, or @ and a name in the kernel's own space."""
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    @classmethod
    def taken_from(cls, env: MutableMapping[str, str]) -> Self:
        """The one that started this program, and nobody for what this program starts itself."""
        return cls(env.pop(VARIABLE, ""))

    def ready(self, status: str) -> None:
        """It serves; `status` is a line for people."""
        self.tell("READY=1", f"STATUS={one_line(status)[:_LONGEST]}")

    def reloading(self) -> None:
        """It reads its configuration again; `ready` follows."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1_000}")

    def stopping(self) -> None:
        """It ends, as it was asked to."""
        self.tell("STOPPING=1")

    def tell(self, *assignments: str) -> None:
        """Send `NAME=VALUE`s as one datagram. A manager that does not hear is no matter of ours."""
        if not self._address or not hasattr(socket, "AF_UNIX"):
            return
        with (
            contextlib.suppress(OSError, ValueError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker,
        ):
            speaker.settimeout(_WITHIN)
            speaker.sendto("\n".join(assignments).encode(), self._address)
