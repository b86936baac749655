"""The services: what protects them stands in them, and systemd itself is content.

That they serve under it, with all of this in force, packaging/systemd/rehearse.py shows.
"""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from tests.support.parts import require
from tests.support.programs import ROOT, run_program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")

PACKAGING = ROOT / "packaging" / "systemd"
UNITS = ("causette.service", "causette-web.service")
DOORS = {"causette-broker": "broker.py", "causette-web": "client_web.py"}
EXPOSURE = 1.5
ANALYZE = "apt-get install systemd"

PROTECTED = {
    "DynamicUser": "yes",
    "StateDirectoryMode": "0700",
    "UMask": "0077",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "PrivateUsers": "yes",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "MemoryDenyWriteExecute": "yes",
    "RestrictNamespaces": "yes",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    "SystemCallArchitectures": "native",
    "SystemCallErrorNumber": "EPERM",
    "Restart": "on-failure",
    "RestartPreventExitStatus": "2 77 78",
    "MemoryMax": "1G",
    "LimitNOFILE": "65536",
    "LimitCORE": "0",
}


def settings(unit: str) -> dict[str, list[str]]:
    """Each setting of a unit, all values that it is given, by section and name."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (PACKAGING / unit).read_text("utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            name, _, value = line.partition("=")
            found[name].append(value)
    return found


@pytest.mark.parametrize("unit", UNITS)
def test_what_protects_it_stands_in_it(unit: str) -> None:
    found = settings(unit)
    assert {name: found[name] for name in PROTECTED} == {n: [v] for n, v in PROTECTED.items()}
    assert found["StateDirectory"] == [unit.removesuffix(".service")]
    # The order matters: what is allowed, what is not of it, and the one call that libzmq makes.
    assert found["SystemCallFilter"] == [
        "@system-service", "~@privileged @resources", "sched_setscheduler",
    ]  # fmt: skip


def test_the_server_says_when_it_serves_and_reads_its_configuration_again() -> None:
    found = settings("causette.service")
    assert found["Type"] == ["notify"]
    assert found["ExecReload"] == ["/bin/sh -c 'kill -HUP $MAINPID'"]
    assert found["KillSignal"] == ["SIGTERM"]


@pytest.mark.parametrize("unit", UNITS)
def test_its_command_is_one_that_the_program_understands(unit: str, tmp_path: Path) -> None:
    (command,) = settings(unit)["ExecStart"]
    program, *words = shlex.split(command.replace("%S", str(tmp_path)))
    door = DOORS[Path(program).name]
    done = run_program([sys.executable, str(ROOT / door), *words, "--help"])
    assert done.code == 0, done.stderr


def test_its_configuration_is_one_that_the_programs_understand() -> None:
    text = (PACKAGING / "config.toml").read_text("utf-8")
    whole = re.sub(r"^#(?=[a-z-]+ =)", "", text, flags=re.MULTILINE)
    assert set(tomllib.loads(whole)) == {"broker", "web"}
    command = [sys.executable, str(ROOT / "broker.py"), "--print-config", "-c"]
    done = run_program([*command, str(PACKAGING / "config.toml")])
    assert done.code == 0, done.stderr
    assert tomllib.loads(done.stdout)["broker"]["lan"] is True


def test_systemd_finds_no_mistake(tmp_path: Path) -> None:
    tool = require("systemd-analyze", ANALYZE)
    programs = tmp_path / "bin"
    programs.mkdir()
    copies = []
    for unit in UNITS:
        text = (PACKAGING / unit).read_text("utf-8")
        (copy := tmp_path / unit).write_text(text.replace("/opt/causette/bin", str(programs)))
        copies.append(copy)
    for name in DOORS:
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    done = run_program([tool, "verify", *copies])
    # It looks at what they depend on as well, which is the machine's.
    assert done.code == 0, done.stderr
    assert "causette" not in done.stderr
    copies[0].write_text(copies[0].read_text().replace("LimitCORE", "LimitKERN"))
    done = run_program([tool, "verify", *copies])
    assert "LimitKERN" in done.stderr, "a mistake would be seen"


@pytest.mark.parametrize("unit", UNITS)
def test_little_is_exposed(unit: str) -> None:
    tool = require("systemd-analyze", ANALYZE)
    security = [tool, "security", "--offline=yes", "--no-pager"]
    done = run_program([*security, f"--threshold={EXPOSURE * 10:.0f}", PACKAGING / unit])
    assert done.code == 0, done.stdout
    level = re.search(r"exposure level for \S+ ([\d.]+)", done.stdout)
    assert level is not None
    assert float(level[1]) <= EXPOSURE


@pytest.mark.parametrize("name", ["install.sh", "causette-service"])
def test_a_script_is_one_that_any_shell_reads(name: str) -> None:
    script = PACKAGING / name
    shell = require("sh", "apt-get install dash")
    done = run_program([shell, "-n", script])
    assert (done.code, done.stderr) == (0, "")
    assert script.stat().st_mode & 0o111
    refused = run_program([script, "--no-such-option"])
    assert refused.code in (2, 77)
    assert len(refused.stderr.splitlines()) == 1
