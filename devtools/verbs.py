"""The command line of dev.py and its verbs: setup, run, test, lint.

Owns the arguments, the order of the steps and the exit statuses. How an environment is made, how
a broker is started: that is in the neighbours.
"""

from __future__ import annotations

import argparse
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from devtools.environment import ROOT, ensure
from devtools.processes import Stopped, attend, spawn, stop_on_signals
from devtools.serving import Broker, data_root, find_broker, start_broker, windows_open
from devtools.words import Failure, choose_language, complain, say, text

_LOOK_AGAIN = 2.0
"""Seconds between two looks at a broker that somebody else started."""

_SCREEN_WITHIN = 10.0
"""Seconds that Xvfb may take."""

_PAGE = "0.0.0.0:8080"
"""Where the page is served if somebody wants one: for every device of the network."""

_MOST_WORKERS = 8
"""Test processes at once; each starts programs of its own."""


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; the exit status. No traceback reaches a person."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    choose_language()
    try:
        stop_on_signals()
        options = _parser().parse_args(_separate(arguments))
        choose_language(getattr(options, "lang", None))
        verb: Callable[[argparse.Namespace], int] = options.verb
        return verb(options)
    except Failure as failure:
        complain(str(failure))
        return failure.status
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Stopped as stopped:
        return 128 + stopped.signum
    except BrokenPipeError:
        return 1
    except OSError as error:
        what = error.filename or type(error).__name__
        complain(text("system", what=what, reason=error.strerror or error))
    except Exception as error:
        if os.environ.get("CAUSETTE_DEBUG"):
            traceback.print_exc()
        complain(text("unexpected", what=f"{type(error).__name__}: {error}"))
    return 1


def _separate(arguments: Sequence[str]) -> list[str]:
    """Keep argparse's hands off what is meant for pytest, its `-h` and `--` included."""
    words = list(arguments)
    return [words[0], "--", *words[1:]] if words[:1] == ["test"] else words


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dev.py", description="Set up, run, test and lint Causette.", allow_abbrev=False
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    setup = verbs.add_parser("setup", help="make .venv only", allow_abbrev=False)
    setup.add_argument("kit", nargs="?", choices=("run", "dev"), default="run", help="default: run")
    setup.set_defaults(verb=_setup)

    run = verbs.add_parser(
        "run", help="set up, start a broker, open a chat on it", allow_abbrev=False
    )
    run.add_argument("--data-dir", metavar="DIR", help="instead of the platform's")
    run.add_argument("--lang", choices=("fr", "en"))
    run.add_argument("-n", "--nick")
    run.add_argument("-r", "--room", action="append", default=[])
    run.add_argument("--lan", action="store_true", help="for everybody on the network")
    run.add_argument(
        "--web",
        nargs="?",
        const=_PAGE,
        metavar="ADDR:PORT",
        help=f"serve the page for browsers too; {_PAGE} where no place is named",
    )
    run.set_defaults(verb=_run)

    test = verbs.add_parser("test", help="set up, run the tests", allow_abbrev=False)
    test.add_argument("pytest", nargs="*", help="given to pytest")
    test.set_defaults(verb=_test)

    lint = verbs.add_parser("lint", help="set up, run ruff and mypy", allow_abbrev=False)
    lint.set_defaults(verb=_lint)
    return parser


def _setup(options: argparse.Namespace) -> int:
    ensure(options.kit)
    return 0


# --- run -------------------------------------------------------------------------------------


def _run(options: argparse.Namespace) -> int:
    python = ensure("run")
    root = data_root(python, options.data_dir)
    client = _choose_client(python, root, options)
    log = root / "broker" / "broker.log" if client else None
    broker: Broker | None = None
    found = find_broker(root)
    try:
        if found is None:
            words = ["--lan"] if options.lan else []
            words += ["--web", options.web] if options.web else []
            lang = choose_language(options.lang)
            broker, line = start_broker(python, root, lang, words, log=log)
            if options.web:
                say("page", address=line.rpartition(" page=")[2])
        else:
            line = found.line
            say("broker-there", address=found.pulls[0])
        if client:
            return attend(spawn(client, cwd=Path.cwd()))
        return _stay(broker, root, line)
    finally:
        if broker is not None:
            broker.end()


def _choose_client(
    python: Path, root: Path, options: argparse.Namespace
) -> list[str | Path] | None:
    """The command that opens a chat for this person, the best first; None: nobody is there."""
    passed: list[str | Path] = ["--data-dir", root]
    for option in ("lang", "nick"):
        if (value := getattr(options, option)) is not None:
            passed.append(f"--{option}={value}")
    passed += [f"--room={room}" for room in options.room]
    if windows_open(python):
        return [python, ROOT / "client_gui.py", *passed]
    if sys.stdin is not None and sys.stdin.isatty():
        return [python, ROOT / "client_cli.py", "chat", *passed]
    return None


def _stay(broker: Broker | None, root: Path, line: str) -> int:
    """Stay in the foreground; SIGINT and SIGTERM are then the announced end, not a failure."""
    try:
        # Within the try: who reads this line may send the signal at once.
        print(line, flush=True)
        if broker is not None:
            say("broker-ends-too")
            status = broker.wait()
            complain(text("broker-died", status=status))
            return status if status > 0 else 1
        while find_broker(root) is not None:
            threading.Event().wait(_LOOK_AGAIN)
        raise Failure(text("broker-gone"))
    except (KeyboardInterrupt, Stopped):
        return 0


# --- test and lint ---------------------------------------------------------------------------


def _test(options: argparse.Namespace) -> int:
    python = ensure("dev")
    given = options.pytest or _in_parallel()
    with _display() as env:
        # The programs under test start a thousand times: without their bytecode each compiles every
        # module that it imports, which is a third of what its start costs.
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        return attend(spawn([python, "-m", "pytest", *given], cwd=ROOT, env=env), 60)


def _in_parallel() -> list[str]:
    """How the whole suite is run: half of the time of a worker is waiting for other programs, for
    timers and for networks, so three for each processor fill it."""
    workers = min(3 * (os.cpu_count() or 1), _MOST_WORKERS)
    return ["--numprocesses", str(workers), "--dist", "worksteal"]


@contextmanager
def _display() -> Iterator[dict[str, str]]:
    """An environment whose windows open on a screen of their own, where Xvfb is installed."""
    env = dict(os.environ)
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        yield env
        return
    reader, writer = os.pipe()
    try:
        # The server picks a free number itself and writes it down once it accepts connections.
        server = spawn(
            [xvfb, "-displayfd", str(writer), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
            cwd=ROOT,
            bound=True,
            apart=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(writer,),
        )
    finally:
        os.close(writer)
    try:
        with open(reader, "rb") as answer:
            heard = select.select([answer], [], [], _SCREEN_WITHIN)[0]
            number = answer.readline().strip().decode() if heard else ""
        if number.isdigit():
            env["DISPLAY"] = f":{number}"
            env.pop("WAYLAND_DISPLAY", None)
        else:
            say("no-xvfb")
        yield env
    finally:
        server.end()


def _lint(_options: argparse.Namespace) -> int:
    python = ensure("dev")
    failed = []
    for check in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]):
        what = " ".join(check)
        say("checking", what=what)
        if attend(spawn([python, "-m", *check], cwd=ROOT)) != 0:
            failed.append(what)
    if failed:
        raise Failure(text("check-failed", what=", ".join(failed)))
    say("checks-passed")
    return 0
