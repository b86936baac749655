"""The container's files, against the tree. That it builds and runs, its rehearse.py shows."""

from __future__ import annotations

import fnmatch
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.support.programs import ROOT, run_program

PACKAGING = ROOT / "packaging" / "container"
DOORS = {"causette-broker": "broker.py", "causette-web": "client_web.py"}


def steps() -> list[tuple[str, str]]:
    """Each instruction of the Containerfile and its words."""
    text = (PACKAGING / "Containerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    whole = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in whole.splitlines())]


def copied() -> Iterator[str]:
    """What of the tree is copied."""
    for word, rest in steps():
        if word == "COPY" and not rest.startswith("--from"):
            yield from rest.split()[:-1]


def last(word: str) -> str:
    """The words of the last instruction of that name."""
    return [rest for name, rest in steps() if name == word][-1]


def test_what_is_copied_is_there_and_is_sent_to_the_builder() -> None:
    ignoring = (PACKAGING / "Containerfile.dockerignore").read_text("utf-8").splitlines()
    sent = [line.removeprefix("!") for line in ignoring if line.startswith("!")]
    assert "*" in ignoring
    for name in copied():
        assert (ROOT / name).exists(), name
        assert any(fnmatch.fnmatch(name, pattern) for pattern in sent), name
    for pattern in sent:
        assert any(fnmatch.fnmatch(name, pattern) for name in copied()), f"{pattern} is not used"


def test_everything_that_the_wheel_is_made_from_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    doors = {f"{module}.py" for module in project["py-modules"]}
    assert {"common", "pyproject.toml", "LICENSE", *doors} <= set(copied())


def test_only_locked_wheels_go_in() -> None:
    installs = [rest for word, rest in steps() if word == "RUN" and "pip install" in rest]
    assert len(installs) == 2
    assert "--require-hashes --only-binary :all: -r requirements/server.txt" in installs[0]
    assert "--no-index --no-deps" in installs[1], "and of ours nothing is fetched"
    everything = " ".join(rest for _, rest in steps())
    assert not re.search(r"curl|wget|apt-get|https?:", everything)


def test_it_runs_as_nobody_of_the_host_and_keeps_its_data_in_a_volume() -> None:
    names = [word for word, _ in steps()]
    assert last("USER") == "causette"
    assert names.index("USER") > max(n for n, word in enumerate(names) if word == "RUN")
    assert last("VOLUME") == "/data"
    assert "CAUSETTE_DATA_DIR=/data" in last("ENV")
    assert last("STOPSIGNAL") == "SIGTERM"


def test_its_commands_are_ones_that_the_programs_understand() -> None:
    for word in ("CMD", "HEALTHCHECK"):
        program, *words = json.loads(last(word).partition("[")[1] + last(word).partition("[")[2])
        door = DOORS[program]
        done = run_program([sys.executable, str(ROOT / door), *words, "--help"])
        assert done.code == 0, done.stderr
    assert "doctor" in last("HEALTHCHECK")


def test_its_configuration_serves_the_ports_that_are_told() -> None:
    config = str(PACKAGING / "config.toml")
    done = run_program([sys.executable, str(ROOT / "broker.py"), "--print-config", "-c", config])
    assert done.code == 0, done.stderr
    broker = tomllib.loads(done.stdout)["broker"]
    served = [*broker["pull"], *broker["pub"], broker["card"]]
    served += tomllib.loads(Path(config).read_text("utf-8"))["web"]["bind"]
    assert [place.rpartition(":")[2] for place in served] == last("EXPOSE").split()
