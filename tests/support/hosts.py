"""Hosts made of network namespaces, on a switch made of another: a network, and not the real one.

Needs Linux, root and iproute2. Owns what it makes, and removes it; names hold the process's number,
so that tests which run side by side keep apart, and what a killed run left behind is removed by the
next. Must not know what runs on the hosts.
"""

from __future__ import annotations

import contextlib
import os
import pty
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.support.parts import lacking
from tests.support.programs import (
    ROOT,
    BrokerProgram,
    Finished,
    Program,
    Words,
    child_env,
    run_program,
)
from tests.support.waiting import wait_until

_PREFIX: Final = "cstest"
INSTALL: Final = "apt-get install iproute2, as root"


def ip(*words: str | int) -> str:
    """Run `ip`; what it printed. Raises AssertionError where it fails."""
    command = ["ip", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


class Host:
    """One machine of the network: a namespace with the interface `eth0`, and a loopback."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address
        """Its IPv4 address, `""` for none."""

    @property
    def inside(self) -> list[str]:
        """What to put before a command, to have it run there."""
        return ["ip", "netns", "exec", self.name]

    @property
    def env(self) -> dict[str, str]:
        """What programs there are told besides: this network may be looked around."""
        return {"CAUSETTE_NO_DISCOVERY": ""}

    def ip(self, *words: str | int) -> str:
        """`ip`, there."""
        return ip("-n", self.name, *words)

    def run(self, *command: str | Path, timeout: float = 30, input: str | None = None) -> Finished:
        """Run something there to its end."""
        words: list[str | Path] = [*self.inside, *command]
        return run_program(words, timeout=timeout, env=self.env, input=input)

    def sh(self, script: str) -> str:
        """Run a line of shell there; what it printed. Raises AssertionError where it fails."""
        done = self.run("sh", "-c", script)
        assert done.code == 0, f"{script}: {done.stderr}"
        return done.stdout

    def start(self, *command: str | Path, env: Mapping[str, str] | None = None) -> Program:
        """Start something there; a context manager that ends it."""
        return Program([*self.inside, *command], env={**self.env, **(env or {})})

    def broker(self, data: Path, *args: str | Path, json: bool = True) -> BrokerProgram:
        """Start a broker there and wait until it serves. With `json` people are told nothing."""
        words: Words = [sys.executable, ROOT / "broker.py", "--data-dir", data, *args]
        command: Words = [*self.inside, *words, *(["--json"] if json else [])]
        broker = BrokerProgram(command, data, env=self.env)
        try:
            if json:
                broker.ready = broker.wait_json(20, type="ready")
            else:
                broker.wait_line("ready name=", 20)
        except BaseException:
            broker.kill()
            raise
        return broker

    def cli(self, data: Path, *args: str | Path, timeout: float = 40) -> Finished:
        """Run client_cli.py there to its end."""
        words = (sys.executable, ROOT / "client_cli.py", "--data-dir", data, *args)
        return self.run(*words, timeout=timeout)

    def cli_started(self, data: Path, *args: str | Path) -> Program:
        """Start client_cli.py there."""
        return self.start(sys.executable, ROOT / "client_cli.py", "--data-dir", data, *args)

    def terminal(self, *command: str | Path) -> Terminal:
        """Start something there in a terminal of its own."""
        return Terminal([*self.inside, *map(str, command)], self.env)

    # --- its network ---------------------------------------------------------------------------

    def move_to(self, address: str) -> None:
        """Give it another IPv4 address, `10.9.0.7/24`, in place of the one it has."""
        self.ip("-4", "address", "flush", "dev", "eth0")
        self.ip("address", "add", address, "dev", "eth0")
        self.address = address.partition("/")[0]

    def block_mdns(self) -> None:
        """As a network does that keeps its guests apart: no multicast passes."""
        if shutil.which("nft") is None:
            lacking("nft", "apt-get install nftables")
        self.sh(
            "nft add table inet apart;"
            "nft 'add chain inet apart in { type filter hook input priority 0; }';"
            "nft 'add chain inet apart out { type filter hook output priority 0; }';"
            "nft add rule inet apart in udp dport 5353 drop;"
            "nft add rule inet apart out udp dport 5353 drop"
        )


class Network:
    """Hosts on one switch."""

    def __init__(self, number: int) -> None:
        self._label = f"{_PREFIX}-{os.getpid()}-{number}"
        self._switch = f"{self._label}-s"
        self._hosts = 0
        self._made = ExitStack()

    def __enter__(self) -> Network:
        self._namespace(self._switch)
        ip("-n", self._switch, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        ip("-n", self._switch, "link", "set", "br0", "up")
        return self

    def __exit__(self, *_error: object) -> None:
        self._made.close()

    def host(self, address: str | None = None) -> Host:
        """One more machine; its address is the next of 10.9.0.0/24, or the given one with its
        length, or none for "". Its link-local IPv6 address can be used at once."""
        self._hosts += 1
        given = f"10.9.0.{self._hosts}/24" if address is None else address
        host = Host(f"{self._label}-{self._hosts}", given.partition("/")[0])
        self._namespace(host.name)
        host.sh("echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad")
        host.ip("link", "set", "lo", "up")
        port = f"p{self._hosts}"
        ip(
            "-n", self._switch, "link", "add", port, "type", "veth",
            "peer", "name", "eth0", "netns", host.name,
        )  # fmt: skip
        ip("-n", self._switch, "link", "set", port, "master", "br0", "up")
        if given:
            host.ip("address", "add", given, "dev", "eth0")
        host.ip("link", "set", "eth0", "up")
        wait_until(
            lambda: "fe80:" in host.ip("-6", "address", "show", "dev", "eth0", "-tentative"),
            "the interface is up",
        )
        return host

    def _namespace(self, name: str) -> None:
        ip("netns", "add", name)
        self._made.callback(_remove, name)


@contextlib.contextmanager
def networks() -> Iterator[Iterator[Network]]:
    """As many networks as are asked for, apart from one another; all are removed at the end."""
    require_hosts()
    with ExitStack() as made:

        def more() -> Iterator[Network]:
            number = 0
            while True:
                number += 1
                yield made.enter_context(Network(number))

        yield more()


def require_hosts() -> None:
    """This test needs network namespaces."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("ip") is None:
        lacking("the right to make network namespaces", INSTALL)
    _sweep()
    trial = f"{_PREFIX}-{os.getpid()}-trial"
    try:
        ip("netns", "add", trial)
    except AssertionError:
        lacking("the right to make network namespaces", INSTALL)
    _remove(trial)


def _sweep() -> None:
    """Remove what runs that were killed have left."""
    for name in re.findall(rf"^{_PREFIX}-(\d+)-\S+", ip("netns", "list"), re.MULTILINE):
        if not Path(f"/proc/{name}").exists():
            for left in re.findall(rf"^({_PREFIX}-{name}-\S+)", ip("netns", "list"), re.MULTILINE):
                _remove(left)


def _remove(name: str) -> None:
    with contextlib.suppress(AssertionError):
        ip("netns", "delete", name)


class Terminal:
    """A program in a terminal of its own, 80 by 24: what it writes is collected, keys are typed."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        own, its = pty.openpty()
        self._own = own
        self._said = b""
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            command,
            stdin=its,
            stdout=its,
            stderr=its,
            cwd=ROOT,
            start_new_session=True,
            env=child_env({"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", **env}),
        )
        os.close(its)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # EIO: the other side is closed
            while more := os.read(self._own, 4_096):
                self._said += more

    @property
    def said(self) -> str:
        """All that came so far, with its escape sequences."""
        return self._said.decode("utf-8", "replace")

    def wait(self, what: str, timeout: float = 20) -> str:
        """Wait until it has written that; all that it wrote."""
        wait_until(lambda: what in self.said, f"{what!r}", timeout, saw=lambda: self.said[-3000:])
        return self.said

    def type(self, text: str) -> None:
        """Type this."""
        os.write(self._own, text.encode())

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(5)
        os.close(self._own)
