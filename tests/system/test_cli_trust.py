"""A person at a terminal is shown the fingerprint and asked: a real pseudo-terminal."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.keys import fingerprint
from tests.conftest import BrokerFactory
from tests.support import wait_until
from tests.support.ports import ports_in_a_row
from tests.support.programs import ROOT, BrokerProgram, child_env
from tests.system.test_cli_joining import place

pty = pytest.importorskip("pty", reason="pseudo-terminals are a POSIX matter")


@pytest.fixture
def typed(broker_factory: BrokerFactory, tmp_path: Path) -> Iterator[BrokerProgram]:
    with ports_in_a_row() as port:
        yield broker_factory(
            "--pull", f"tcp://127.0.0.1:{port}", data_dir=tmp_path / "served", wildcard=False
        )


def talk(tmp_path: Path, server: str, answer: str, question: str) -> tuple[int, str]:
    """Run `send` on a terminal, answer its question, and return status and screen."""
    words = ["--data-dir", str(tmp_path / "me"), "-n", "eve", "send", "-s", server, "hello"]
    terminal, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "client_cli.py", *words],
        cwd=ROOT,
        env=child_env(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    screen = b""

    def read() -> bool:
        nonlocal screen
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            return False
        screen += chunk
        return bool(chunk)

    wait_until(lambda: not read() or question.encode() in screen, "the question", 20)
    os.write(terminal, answer.encode())
    while read():
        continue
    os.close(terminal)
    return child.wait(), screen.decode()


@pytest.mark.parametrize(("answer", "status"), [("yes\n", 0), ("no\n", 77), ("\n", 77)])
def test_a_person_decides(typed: BrokerProgram, tmp_path: Path, answer: str, status: int) -> None:
    assert typed.key
    code, screen = talk(tmp_path, place(typed), answer, "(yes/no)")
    assert code == status, screen
    assert fingerprint(typed.key) in screen
    assert ("trusted from now on" in screen) == (status == 0)
