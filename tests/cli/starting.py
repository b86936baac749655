"""client_cli.py as tests start it: against one broker, with a nickname of its own."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.programs import ROOT, BrokerProgram, Finished, Program, run_cli


def run(
    broker: BrokerProgram,
    *args: str | Path,
    nick: str = "ada",
    input: str | bytes | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 30,
) -> Finished:
    """Run it to its end."""
    words = ("--data-dir", broker.data_dir, "-n", nick, *args)
    return run_cli(*words, input=input, env=env, timeout=timeout)


def start(
    broker: BrokerProgram,
    *args: str | Path,
    nick: str = "ada",
    env: Mapping[str, str] | None = None,
) -> Program:
    """Start it; a context manager that ends it."""
    words = ("--data-dir", broker.data_dir, "-n", nick, *args)
    return Program([sys.executable, ROOT / "client_cli.py", *words], env=env)


def start_bot(broker: BrokerProgram, *args: str | Path, nick: str = "helper") -> Program:
    """Start `bot` and wait until it is in."""
    program = start(broker, "bot", *args, nick=nick)
    try:
        program.wait_json(15, type="ready")
    except BaseException:
        program.kill()
        raise
    return program
