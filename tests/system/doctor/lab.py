"""What the doctor's tests do to the hosts of `tests.support.hosts`: firewalls, switches that keep
machines apart, routers, files of /etc.

Owns what it puts into a network, which goes with it.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, Self

from tests.support import require
from tests.support.hosts import Host, Network, ip, require_hosts
from tests.support.programs import ROOT, Finished

_numbers = itertools.count(1_000)
"""Apart from those of networks that others make."""
_ETC: Final = Path("/etc/netns")


class Lab(Network):
    """A network of 10.9.0.1, 10.9.0.2, ...; needs nftables besides."""

    def __init__(self) -> None:
        require_hosts()
        require("nft", "apt-get install nftables")
        super().__init__(next(_numbers))

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def host(self, address: str | None = None, *, isolated: bool = False) -> Host:
        """One more machine. `isolated`: the switch keeps it from other isolated ones, as a Wi-Fi
        for guests does."""
        host = super().host(address)
        if isolated:
            port = f"p{self._hosts}"
            ip("-n", self._switch, "link", "set", port, "type", "bridge_slave", "isolated", "on")
        return host

    def alone(self) -> Host:
        """A machine on no network."""
        host = Host(f"{self._label}-a{next(_numbers)}", "")
        self._namespace(host.name)
        host.ip("link", "set", "lo", "up")
        return host

    def plug(self, host: Host, address: str, interface: str = "eth0") -> None:
        """Connect a machine of another network, or of none, to this one's switch."""
        self._hosts += 1
        port = f"p{self._hosts}"
        ip(
            *("-n", self._switch, "link", "add", port, "type", "veth"),
            *("peer", "name", interface, "netns", host.name),
        )
        ip("-n", self._switch, "link", "set", port, "master", "br0", "up")
        host.ip("address", "add", address, "dev", interface)
        host.ip("link", "set", interface, "up")
        host.address = host.address or address.partition("/")[0]

    def etc(self, host: Host, name: str, content: str) -> None:
        """A file of /etc that is another one there: `etc(host, "hosts", "10.9.0.2 lab\\n")`."""
        directory = _ETC / host.name
        if not directory.exists():
            directory.mkdir(parents=True)
            self._made.callback(_remove_etc, directory)
        (directory / name).write_text(content)


def _remove_etc(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    with contextlib.suppress(OSError):
        _ETC.rmdir()


def python(host: Host) -> Any:
    """What runs one of our programs there: `python(host)("client_cli.py", "who")`."""

    def run(*words: str | Path, **_options: object) -> Finished:
        program, *rest = words
        return host.run(sys.executable, ROOT / program, *rest, timeout=60)

    return run


def firewall(host: Host, *rules: str, policy: str = "accept", hook: str = "input") -> None:
    """What comes in there (by `hook`: goes out, or through) is filtered by these rules of nftables,
    in the place of former ones.

    What is refused is refused each time: the system would leave some of it unsaid, by rate.
    """
    host.sh("echo 0 > /proc/sys/net/ipv4/icmp_ratelimit")
    lines = "\n".join(f"    {rule}" for rule in rules)
    ruleset = (
        f"flush ruleset\ntable inet test {{\n  chain {hook} {{\n"
        f"    type filter hook {hook} priority 0; policy {policy};\n{lines}\n  }}\n}}\n"
    )
    done = subprocess.run(
        [*host.inside, "nft", "-f", "-"], input=ruleset.encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def reach(host: Host, address: str) -> None:
    """Prove that the other machine can be reached: it refuses what nobody there listens for."""
    place = (address, 9)
    said = host.run(
        sys.executable,
        "-c",
        f"import errno, socket; assert socket.socket().connect_ex({place}) == errno.ECONNREFUSED",
    )
    assert said.code == 0, said.stderr


def route(router: Host, *hosts: Host) -> None:
    """Make a machine with a leg in several networks the router of these.

    It says each time that a machine is not there: the system would leave some unsaid, by rate.
    """
    router.sh("echo 1 > /proc/sys/net/ipv4/ip_forward")
    router.sh("echo 0 > /proc/sys/net/ipv4/icmp_ratelimit")
    legs = router.ip("-4", "-brief", "address", "show").split()
    for host in hosts:
        net = host.address.rpartition(".")[0]
        leg = next(one for one in legs if one.startswith(f"{net}."))
        host.ip("route", "add", "default", "via", leg.partition("/")[0])
