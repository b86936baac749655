"""Try the services under a real systemd: `sudo python3 packaging/systemd/rehearse.py [--keep DIR]`.

Makes a small Debian (mmdebstrap), boots it in namespaces of its own without any network
(systemd-nspawn), installs Causette there from this tree, and then does to it what happens to
services: people talk, it is killed, reloaded, wrongly configured, backed up, uninstalled. Each line
that it prints is something that was looked at; it ends with 1 where one is not as it must be.

Wants root, and: apt-get install mmdebstrap systemd-container iproute2. `--keep DIR` keeps the
Debian there for the next time; it is started afresh from a copy. About two minutes.
"""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from devtools.rehearsal import Broken, Checks, debian, run, wait, want, wheels  # noqa: E402

TOOLS: Final = (
    ("mmdebstrap", "mmdebstrap"), ("systemd-nspawn", "systemd-container"), ("ip", "iproute2"),
)  # fmt: skip
ADDRESS: Final = "10.213.78.1"
EXPOSURE: Final = 1.5
"""What `systemd-analyze security` may say at most: 0 is safest, 10 is no protection at all."""
CLIENT: Final = "/opt/causette/bin/causette-cli"


class Machine:
    """The Debian, booted: `do` runs a command in it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._leader = ""
        self._process = process

    def start(self) -> None:
        """Until its systemd answers."""

        def answers() -> bool:
            found = run("pgrep", "-P", str(self._process.pid), check=False).stdout.split()
            self._leader = found[0] if found else ""
            state = self.do("systemctl", "is-system-running").stdout.strip()
            return bool(found) and state in ("running", "degraded")

        wait(answers, "the machine runs")
        # A network card with nothing at its other end: what is announced is heard here alone.
        for words in ("link add lan0 type veth peer lan1", f"address add {ADDRESS}/24 dev lan0",
                      "link set lan0 up", "link set lan1 up"):  # fmt: skip
            run("nsenter", "-t", self._leader, "-n", "ip", *words.split())

    def do(self, *words: str, user: str = "") -> subprocess.CompletedProcess[str]:
        """A command in it, as root or as `user`; its result, whatever it is."""
        inside = ["nsenter", "-t", self._leader or "self", "-a", "env", "-i", "LANG=C.UTF-8"]
        inside += ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        inside += ["PIP_NO_INDEX=1", "PIP_FIND_LINKS=/wheels"]
        as_user = ["setpriv", f"--reuid={user}", "--clear-groups"] if user else []
        home = [f"HOME=/home/{user}"] if user else ["HOME=/root"]
        return run(*inside, *home, *as_user, *words, check=False)

    def show(self, what: str, unit: str = "causette") -> str:
        """A property of a unit."""
        return self.do("systemctl", "show", "--value", "-p", what, unit).stdout.strip()

    def log(self, unit: str = "causette") -> str:
        """What a unit logged."""
        return self.do("journalctl", "--no-pager", "-u", unit).stdout


@contextmanager
def booted(root: Path) -> Iterator[Machine]:
    """The machine; it ends with the context."""
    command = ["systemd-nspawn", "--quiet", "--directory", str(root), "--boot"]
    command += ["--register=no", "--keep-unit", "--private-network", "--console=pipe"]
    command += [f"--bind-ro={ROOT}:/src"]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        machine = Machine(process)
        machine.start()
        yield machine
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


# --- what is looked at -------------------------------------------------------------------------


def say(machine: Machine, nick: str, text: str) -> subprocess.CompletedProcess[str]:
    """Somebody of the machine says something, as a person of no rights."""
    where = ("--server", "127.0.0.1", "--trust-first")
    return machine.do(CLIENT, "send", "-n", nick, *where, text, user="nobody-here")


def said(machine: Machine) -> list[str]:
    """What was said, as somebody else reads it."""
    where = ("--server", "127.0.0.1", "--trust-first")
    done = machine.do(CLIENT, "history", "-n", "bob", *where, "--json", user="nobody-here")
    return re.findall(r'"text": ?"([^"]*)"', done.stdout)


def installing(machine: Machine, check: Checks, web: bool) -> None:
    machine.do("useradd", "--create-home", "nobody-here")
    done = machine.do("/src/packaging/systemd/install.sh", *(["--web"] if web else []))
    check("install.sh installs and starts it", done.returncode == 0, done.stdout + done.stderr)
    check("systemctl start waited until it served", machine.show("ActiveState") == "active")
    status = machine.show("StatusText")
    check("systemctl status says where it serves", ":5555" in status, status)
    found = machine.do(CLIENT, "discover", "--json", "--timeout", "5", user="nobody-here")
    check("it is found on the network by its name", ADDRESS in found.stdout, found.stdout)
    verified = machine.do("systemd-analyze", "verify", "causette.service", "causette-web.service")
    check("systemd-analyze verify is content", verified.returncode == 0, verified.stderr)
    for unit in ("causette", "causette-web"):
        table = machine.do("systemd-analyze", "security", "--no-pager", f"{unit}.service").stdout
        level = re.search(r"exposure level for \S+: ([\d.]+)", table)
        exposure = float(level[1]) if level else 10.0
        check(f"{unit}: exposure {exposure} of 10", exposure <= EXPOSURE, table)


def protected(machine: Machine, check: Checks) -> None:
    pid = machine.show("MainPID")
    state = machine.do("cat", f"/proc/{pid}/status").stdout
    fields = dict(re.findall(r"^(\w+):\s+(.*)$", state, re.MULTILINE))
    uid = fields.get("Uid", "0").split()[0]
    check(f"it runs as a user of its own ({uid})", int(uid) >= 61_184, fields.get("Uid"))
    check("without capabilities", int(fields.get("CapBnd", "1"), 16) == 0, fields.get("CapBnd"))
    check("and can gain none", fields.get("NoNewPrivs") == "1")
    check("under a filter of system calls", fields.get("Seccomp") == "2")
    check("with 65536 descriptors", machine.show("LimitNOFILE") == "65536")
    check("with at most 1 GB of memory", machine.show("MemoryMax") == str(1 << 30))
    own = machine.do("stat", "-Lc", "%a", "/var/lib/causette/").stdout.strip()
    check("its data are its own", own == "700", own)
    peek = machine.do("ls", "/var/lib/causette/", user="nobody-here")
    check("others on the machine cannot look", peek.returncode != 0)


def talking(machine: Machine, check: Checks) -> None:
    done = say(machine, "ada", "hello")
    check("somebody says something", done.returncode == 0, done.stderr)
    check("somebody else reads it", said(machine) == ["hello"], said(machine))
    helper = ("causette-service", "broker")
    owner = machine.do(*helper, "admin", "owner", "ada")
    check("causette-service names an owner", owner.returncode == 0, owner.stderr)
    listed = machine.do(*helper, "admin", "list")
    check("and lists who decides", "ada" in listed.stdout, listed.stdout + listed.stderr)
    done = machine.do(*helper, "backup", "monday.db")
    checked = machine.do(*helper, "verify", "monday.db")
    fine = done.returncode == checked.returncode == 0
    check("a backup is made and holds", fine, done.stderr + checked.stderr)
    say(machine, "ada", "too much")
    machine.do("systemctl", "stop", "causette")
    back = machine.do(*helper, "restore", "monday.db")
    started = machine.do("systemctl", "start", "causette")
    fine = back.returncode == started.returncode == 0 and said(machine) == ["hello"]
    check("and brings back what was said until then", fine, back.stderr + machine.log())


def dying(machine: Machine, check: Checks) -> None:
    before = machine.show("MainPID")
    machine.do("systemctl", "kill", "--signal=KILL", "causette")

    def back() -> bool:
        return machine.show("ActiveState") == "active" and machine.show("MainPID") != before

    wait(back, "it is back after kill -9")
    check("killed, it comes back by itself", True)
    check("with everything that was said", said(machine) == ["hello"], said(machine))


def configuring(machine: Machine, check: Checks) -> None:
    path = "/etc/causette/config.toml"
    write = f'printf \'[broker]\\nname = "Lab"\\npull = ["tcp://0.0.0.0:5555"]\\n\' > {path}'
    machine.do("sh", "-c", write)
    pid = machine.show("MainPID")
    done = machine.do("systemctl", "reload", "causette")
    wait(lambda: "Lab" in machine.show("StatusText"), "the new name")
    same = done.returncode == 0 and machine.show("MainPID") == pid
    check("a reload takes a new name over, in the same process", same)
    machine.do("sh", "-c", f"echo 'nmae = 1' >> {path}")
    machine.do("systemctl", "reload", "causette")
    wait(lambda: "stays as it was" in machine.show("StatusText"), "the complaint")
    check("a wrong configuration is told and changes nothing", machine.show("MainPID") == pid)
    done = machine.do("systemctl", "restart", "causette")
    once = machine.show("NRestarts") in ("0", "1")
    failed = machine.show("ExecMainStatus") == "78" and machine.show("ActiveState") == "failed"
    check("with it, a start fails and is not tried for ever", failed and once)
    check("and the log says what to change", "did you mean name" in machine.log(), machine.log())
    machine.do("rm", path)
    done = machine.do("systemctl", "restart", "causette")
    check("without any configuration it serves", done.returncode == 0, machine.log())
    where = machine.show("StatusText")
    check("this machine alone", "tcp://127.0.0.1:5555" in where, where)
    machine.do("systemctl", "stop", "causette")
    taken = "import socket, time; s = socket.create_server(('127.0.0.1', 5555)); time.sleep(60)"
    machine.do("systemd-run", "--unit=taken", "python3", "-c", taken)
    wait(lambda: ":15B3 " in machine.do("cat", "/proc/net/tcp").stdout, "port 5555 is taken")
    done = machine.do("systemctl", "start", "causette")
    check("an address in use fails the start itself", done.returncode != 0)
    machine.do("systemctl", "stop", "taken")
    machine.do("systemctl", "reset-failed", "causette")
    machine.do("systemctl", "start", "causette")
    stopped = machine.do("systemctl", "stop", "causette")
    result = machine.show("Result")
    check("it stops cleanly", (stopped.returncode, result) == (0, "success"), result)


def browsing(machine: Machine, check: Checks) -> None:
    fetch = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/').read().decode())"

    def answers() -> bool:
        return "<html" in machine.do("python3", "-c", fetch).stdout

    wait(answers, f"the page\n{machine.log('causette-web')}")
    check("the page is served", True)
    pid = machine.show("MainPID", "causette-web")
    state = machine.do("cat", f"/proc/{pid}/status").stdout
    check("by a user of its own, filtered", "Seccomp:\t2" in state and "Uid:\t0" not in state)


def leaving(machine: Machine, check: Checks) -> None:
    script = "/src/packaging/systemd/install.sh"
    machine.do(script)
    check("an upgrade keeps what was said", said(machine) == ["hello"], said(machine))
    done = machine.do(script, "--uninstall")
    kept = machine.do("ls", "/var/lib/private/causette/broker/causette.db")
    gone = machine.do("ls", "/opt/causette").returncode != 0
    check("uninstalling keeps the data", done.returncode == kept.returncode == 0 and gone)
    machine.do(script, "--uninstall", "--purge")
    left = machine.do(
        "sh", "-c", "find / -xdev -name '*causette*' -not -path '/home/*' -not -path '/src*' | head"
    )
    ours = [line for line in left.stdout.splitlines() if not line.startswith(("/wheels", "/proc"))]
    check("--purge leaves nothing", not ours, ours)


def main() -> int:
    """Do it all; the exit status."""
    parser = argparse.ArgumentParser(description="Try the services under a real systemd.")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the Debian is kept")
    parser.add_argument("--no-web", action="store_true", help="leave the page out")
    given = parser.parse_args()
    try:
        want("rehearse.py", TOOLS)
        return rehearse(given.keep, not given.no_web)
    except Broken as broken:
        print(broken, file=sys.stderr)
        return 1


def rehearse(keep: Path | None, web: bool) -> int:
    """Every act, one after the other; the exit status. Raises Broken."""
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="causette-systemd-") as name:
        place = Path(name)
        kept = (keep or place / "debian").absolute()
        debian(kept)
        root = place / "root"
        run("cp", "-a", "--reflink=auto", kept, root)
        wheels(root, root / "wheels")
        with booted(root) as machine:
            print(machine.do("systemctl", "--version").stdout.splitlines()[0], flush=True)
            installing(machine, check, web)
            protected(machine, check)
            talking(machine, check)
            if web:
                browsing(machine, check)
            dying(machine, check)
            configuring(machine, check)
            leaving(machine, check)
    return check.status()


if __name__ == "__main__":
    sys.exit(main())
