"""Build and run the container without a registry: `sudo python3 packaging/container/rehearse.py`.

In the place of the base image stands a small Debian with its Python (mmdebstrap); all else is as it
will be: the Containerfile is built by buildah, without a network, from wheels that were fetched
before, and run by podman, read-only and without capabilities, on a network that leads to this
machine alone. Images and volumes are in a folder of their own, which goes away at the end.

Wants root, and: apt-get install mmdebstrap buildah podman runc iproute2. `--keep DIR` keeps the
Debian there for the next time. About a minute.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from devtools.rehearsal import Broken, Checks, debian, run, wait, want, wheels  # noqa: E402

TOOLS: Final = (
    ("mmdebstrap", "mmdebstrap"), ("buildah", "buildah"), ("podman", "podman"), ("runc", "runc"),
    ("ip", "iproute2"),
)  # fmt: skip
HERE: Final = Path(__file__).resolve().parent
BASE: Final = "localhost/causette-rehearsal-base"
IMAGE: Final = "localhost/causette"
NETWORK: Final = f"causette{os.getpid() % 100_000}"
OURS: Final = "10.213.77.1"
THEIRS: Final = "10.213.77.2"
LIMITS: Final = ("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=256:256")
LARGEST: Final = 80
"""MB that the image may add to its base."""


class Podman:
    """Podman and buildah with a store of their own."""

    def __init__(self, place: Path) -> None:
        self._store = ["--root", str(place / "store"), "--runroot", str(place / "run")]
        self._started: list[str] = []

    def buildah(self, *words: str | Path) -> str:
        """A command of buildah's; what it prints. Raises Broken."""
        return run("buildah", *self._store, *words).stdout.strip()

    def __call__(self, *words: str | Path, check: bool = True) -> str:
        """A command of podman's; all that it prints. Raises Broken where it fails, if `check`."""
        done = run("podman", *self._store, "--runtime", "runc", *words, check=check)
        return (done.stdout + done.stderr).strip()

    def start(self, name: str, *words: str) -> None:
        """Start the image as people are told to, but on the rehearsal's network."""
        hard = ("--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges")
        place = ("--network", f"ns:/run/netns/{NETWORK}", "--name", name, *LIMITS)
        self._started.append(name)
        self("run", "--detach", *hard, *place, "--volume", f"{name}:/data", IMAGE, *words)

    def clear(self) -> None:
        """End what runs and free the store."""
        for name in self._started:
            self("rm", "--force", "--time", "5", name, check=False)
        self("system", "reset", "--force", check=False)


@contextmanager
def network() -> Iterator[None]:
    """A network with two ends: this machine, and a namespace in which containers run."""
    inside, outside = "eth0", f"ve{os.getpid() % 100_000}"
    run("ip", "netns", "add", NETWORK)
    try:
        run("ip", "link", "add", outside, "type", "veth", "peer", inside, "netns", NETWORK)
        run("ip", "address", "add", f"{OURS}/30", "dev", outside)
        run("ip", "link", "set", outside, "up")
        within = ("ip", "-n", NETWORK)
        run(*within, "address", "add", f"{THEIRS}/30", "dev", inside)
        run(*within, "link", "set", inside, "up")
        run(*within, "link", "set", "lo", "up")
        yield
    finally:
        run("ip", "netns", "delete", NETWORK, check=False)


# --- what is looked at -------------------------------------------------------------------------


def building(podman: Podman, place: Path, root: Path, check: Checks) -> None:
    container = podman.buildah("from", "scratch")
    mounted = podman.buildah("mount", container)
    run("cp", "-a", f"{root}/.", mounted)
    podman.buildah("umount", container)
    podman.buildah("commit", "--quiet", container, BASE)
    wheels(root, place / "wheels")
    config = place / "pip.conf"
    config.write_text("[global]\nno-index = true\nfind-links = /fetched\n", encoding="utf-8")
    print("building the image, without a network", flush=True)
    podman.buildah(
        "build", "--runtime", "runc", "--network", "none", "--format", "docker",
        "--ignorefile", HERE / "Containerfile.dockerignore", *LIMITS,
        "--volume", f"{place / 'wheels'}:/fetched:ro", "--volume", f"{config}:/etc/pip.conf:ro",
        "--build-arg", f"BASE={BASE}", "--file", HERE / "Containerfile", "--tag", IMAGE, ROOT,
    )  # fmt: skip
    check("the Containerfile builds, from locked wheels alone", True)
    made: dict[str, Any] = json.loads(podman("image", "inspect", IMAGE))[0]
    base: dict[str, Any] = json.loads(podman("image", "inspect", BASE))[0]
    config_of = made["Config"]
    check("it runs as nobody of the host's", config_of["User"] == "causette", config_of)
    check("it is stopped by SIGTERM", config_of["StopSignal"] in ("SIGTERM", "15"), config_of)
    check("its data are a volume", list(config_of["Volumes"]) == ["/data"], config_of)
    check("it has a check of its health", bool(made.get("Healthcheck")), made.keys())
    more = (made["Size"] - base["Size"]) / 1e6
    check(f"it adds {more:.0f} MB to its base", more <= LARGEST)


def cli(place: Path, nick: str, *words: str) -> str:
    """What the terminal client of this machine says, against the server in the container."""
    where = ("--server", THEIRS, "--trust-first", "--data-dir", str(place / nick))
    command = (sys.executable, str(ROOT / "client_cli.py"), *words, "-n", nick, *where)
    return run(*command, check=False, within=60).stdout


def said(place: Path) -> list[str]:
    """What somebody outside reads."""
    return re.findall(r'"text": ?"([^"]*)"', cli(place, "bob", "history", "--json"))


def serving(podman: Podman, place: Path, check: Checks) -> None:
    podman.start("server")
    wait(lambda: "ready name" in podman("logs", "server"), "the ready line")
    check("it serves, read-only and without capabilities", True)
    cli(place, "ada", "send", "hello")
    check("people outside talk through it", said(place) == ["hello"], said(place))
    inside = podman("exec", "server", "python3", "-c", "import os; print(os.getuid())")
    check("as a user of its own", inside == "5555", inside)
    health = podman("healthcheck", "run", "server", check=False)
    doctor = podman("exec", "server", "causette-broker", "doctor", check=False)
    check("it finds itself healthy", "unhealthy" not in health, f"{health}\n{doctor}")
    owner = podman("exec", "server", "causette-broker", "admin", "owner", "ada", check=False)
    listed = podman("exec", "server", "causette-broker", "admin", "list")
    check("somebody is made its owner", "ada" in listed, f"{owner}\n{listed}")
    backup = podman("exec", "server", "causette-broker", "backup", "/data/monday.db")
    check("a backup is made while it serves", "error" not in backup.lower(), backup)


def browsing(podman: Podman, check: Checks) -> None:
    podman.start("page", "causette-web", "--server", THEIRS, "--trust-first")
    page = ""

    def answers() -> bool:
        nonlocal page
        with contextlib.suppress(OSError, urllib.error.URLError):
            page = urllib.request.urlopen(f"http://{THEIRS}:8080/", timeout=5).read().decode()
        return bool(page)

    wait(answers, "the page")
    check("the page is served from the same image", "<html" in page, page[:200])


def ending(podman: Podman, place: Path, check: Checks) -> None:
    podman("stop", "--time", "10", "server")
    state: dict[str, Any] = json.loads(podman("container", "inspect", "server"))[0]["State"]
    check("it stops cleanly", state["ExitCode"] == 0, state)
    podman("rm", "server")
    podman.start("server")
    wait(lambda: said(place) == ["hello"], "what was said before")
    check("a new container on the same volume holds what was said", True)


def rehearse(keep: Path | None, web: bool) -> int:
    """Every act, one after the other; the exit status. Raises Broken."""
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="causette-container-") as name:
        place = Path(name)
        root = (keep or place / "debian").absolute()
        debian(root)
        podman = Podman(place)
        print(podman("--version"), flush=True)
        try:
            with network():
                building(podman, place, root, check)
                serving(podman, place, check)
                if web:
                    browsing(podman, check)
                ending(podman, place, check)
        finally:
            podman.clear()
    return check.status()


def main() -> int:
    """Do it all; the exit status."""
    parser = argparse.ArgumentParser(description="Build and run the container without a registry.")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the Debian is kept")
    parser.add_argument("--no-web", action="store_true", help="leave the page out")
    given = parser.parse_args()
    try:
        want("rehearse.py", TOOLS)
        return rehearse(given.keep, not given.no_web)
    except Broken as broken:
        print(broken, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
