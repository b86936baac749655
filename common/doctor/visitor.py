"""The child process of `outside`: it leaves this machine's network for one of its own, and knocks.

Owns its namespace. It says `apart` once it is alone, reads one line of orders, and answers with
what it met, as JSON.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from typing import Any, Final

from common.doctor.ports import knock_all

_NEW_NETWORK: Final = 0x40000000
"""CLONE_NEWNET of Linux's sched.h."""


def main() -> int:
    """Be the visitor."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(_NEW_NETWORK) != 0:
        print(os.strerror(ctypes.get_errno()), file=sys.stderr)
        return 1
    print("apart", flush=True)
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    _settle(order)
    places = [(str(address), int(port)) for address, port in order["places"]]
    met = knock_all(places, float(order["timeout"]))
    print(
        json.dumps(
            [(*place, k.state, k.seconds, k.why, k.by) for place, k in met.items()],
        ),
        flush=True,
    )
    return 0


def _settle(order: dict[str, Any]) -> None:
    """Take the address, and send everything to the machine that is to be visited."""
    ip, interface = str(order["ip"]), str(order["interface"])

    def run(*words: str, may_fail: bool = False) -> None:
        subprocess.run([ip, *words], check=not may_fail, capture_output=True, timeout=10)

    run("link", "set", "lo", "up")
    run("link", "set", interface, "up")
    for address, gateway in zip(order["addresses"], order["gateways"], strict=True):
        six = ":" in address
        family = ["-6"] if six else []
        nodad = ["nodad"] if six else []
        run(*family, "address", "add", address, "dev", interface, *nodad, may_fail=six)
        run(*family, "route", "add", "default", "via", gateway, may_fail=six)


if __name__ == "__main__":
    sys.exit(main())
