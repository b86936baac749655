"""dev.py as people meet it: real processes, in copies of the repository.

One test makes a real `.venv` from the lock; the others lend theirs to a copy, with stand-ins for
the broker and the client so that they fail for dev.py's sake only.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from devtools import environment
from devtools.processes import process_lives
from tests.support import parts, wait_until
from tests.support.display import screen
from tests.support.programs import ROOT, Finished, Program, Words, child_env, run_program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of POSIX")

# What a distribution does that takes Python's own pip away.
_WITHOUT_ENSUREPIP = (
    "import runpy, sys; sys.modules['ensurepip'] = None; sys.argv[0] = 'dev.py'; "
    "runpy.run_path('dev.py', run_name='__main__')"
)
_BROKER = """
import json, os, pathlib, signal, socket, sys, threading
if os.environ.get("STAND_IN") == "fails":
    sys.exit("broker.py: 127.0.0.1:5555 is in use")
place = pathlib.Path(sys.argv[sys.argv.index("--data-dir") + 1]) / "broker"
place.mkdir(parents=True, exist_ok=True)
door = socket.create_server(("127.0.0.1", 0))
pull = "tcp://127.0.0.1:%d" % door.getsockname()[1]
ready = {"type": "ready", "name": "tea", "pull": [pull], "pub": [], "key": "ab", "pid": os.getpid()}
(place / "ready.json").write_text(json.dumps(ready))
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
print('ready name="tea" pull=%s key=ab' % pull, flush=True)
# Whole: dev.py writes to the same stream, and an unbuffered one is written to word by word.
sys.stderr.write("lang %s\\n" % os.environ.get("CAUSETTE_LANG"))
signal.sigwait({signal.SIGTERM})
"""
_CLIENT = """
import json, pathlib, sys
pathlib.Path(__file__).with_name("told.json").write_text(json.dumps(sys.argv[1:]))
sys.exit(7)
"""


def copy_to(place: Path) -> Path:
    """A copy of what dev.py needs, without a `.venv`."""
    place.mkdir(parents=True)
    for name in ("dev.py", "pyproject.toml"):
        shutil.copy2(ROOT / name, place)
    for name in ("devtools", "requirements", "common"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    return place


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy whose `.venv` is, by symbolic links, the one that this test runs in."""
    place = copy_to(tmp_path / "causette")
    venv = place / ".venv"
    venv.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (venv / name).symlink_to(Path(sys.prefix) / name)
    stamp = {kit: environment._digest(kit) for kit in environment.KITS}
    (venv / "causette-stamp.json").write_text(json.dumps(stamp))
    (place / "broker.py").write_text(_BROKER)
    (place / "client_cli.py").write_text(_CLIENT)
    return place


@pytest.fixture(autouse=True)
def _no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is a display, `run` opens a window; the tests that want one say so."""
    monkeypatch.delenv("DISPLAY", raising=False)


def dev(place: Path, *args: str, env: Mapping[str, str] | None = None) -> Finished:
    return run_program([sys.executable, "dev.py", *args], cwd=place, env=env, timeout=60)


@pytest.fixture
def serving(copy: Path, tmp_path: Path) -> Iterator[Program]:
    """`dev.py run` without a terminal, serving."""
    command: Words = [sys.executable, "dev.py", "run", "--data-dir", tmp_path / "data"]
    with Program(command, cwd=copy) as program:
        program.wait_line("ready name=")
        pid = broker_pid(tmp_path)
        try:
            yield program
        finally:
            # What a killed dev.py failed to take along must not outlive a failed test.
            if program.process.poll() is not None and alive(pid):
                os.kill(pid, signal.SIGKILL)


def broker_pid(tmp_path: Path) -> int:
    ready = json.loads((tmp_path / "data" / "broker" / "ready.json").read_text())
    return int(ready["pid"])


# --- the environment ---------------------------------------------------------------------------


def test_two_at_once_set_up_without_ensurepip(tmp_path: Path) -> None:
    place = copy_to(tmp_path / "causette")
    command = [sys.executable, "-c", _WITHOUT_ENSUREPIP, "setup"]
    with Program(command, cwd=place) as one, Program(command, cwd=place) as two:
        codes = one.wait(90), two.wait(90)
        said = one.lines("stderr") + two.lines("stderr")
    if any("could not be installed" in line for line in said) and lost_network(said):
        parts.lacking("a network to install from", "connecting this machine")
    assert codes == (0, 0), said
    assert sum(line.startswith("Installing") for line in said) == 1, "one of them does the work"
    assert any(line.startswith("Another dev.py") for line in said)

    python = place / ".venv" / "bin" / "python"
    done = run_program([python, "-c", "import zmq, msgspec, prompt_toolkit"], cwd=place)
    assert done.code == 0, done.stderr
    again = dev(place, "setup")
    assert (again.code, again.stdout, again.stderr) == (0, "", "")

    # A lock that asks for something else, and no network: the old one must survive the attempt.
    lock = place / "requirements" / "run.txt"
    locked = lock.read_text()
    lock.write_text(locked + "\n# changed\n")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}
    failed = run_program(command, cwd=place, env=offline)
    assert failed.code == 1
    assert "the locked versions changed" in failed.stderr
    assert "  ERROR: " in failed.stderr, "the end of what pip said"
    assert "check the network" in failed.stderr.splitlines()[-1]
    assert not (place / ".venv.old").exists()
    lock.write_text(locked)
    back = dev(place, "setup")
    assert (back.code, back.stderr) == (0, "")


def lost_network(said: list[str]) -> bool:
    """Whether pip failed for want of a network."""
    lost = re.compile(r"connection|resolution|timed out|unreachable|versions: none", re.IGNORECASE)
    return any(map(lost.search, said))


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        ("bin", "the one that was there does not work"),
        ("causette-stamp.json", "its set-up was never finished"),
    ],
)
def test_a_broken_venv_is_made_again(copy: Path, harm: str, why: str) -> None:
    lock = copy / "requirements" / "run.txt"
    lock.write_text("# nothing to install\n")
    stamp = copy / ".venv" / "causette-stamp.json"
    stamp.write_text(json.dumps({"run": hashlib.sha256(lock.read_bytes()).hexdigest()}))
    (copy / ".venv" / harm).unlink()
    done = run_program([sys.executable, "-c", _WITHOUT_ENSUREPIP, "setup"], cwd=copy)
    assert done.code == 0, done.stderr
    assert why in done.stderr
    assert (copy / ".venv" / "bin" / "python").exists()
    assert not (copy / ".venv" / "bin").is_symlink()
    assert stamp.exists(), "written last, so the set-up came to its end"


def test_a_lock_that_is_missing_is_told(copy: Path) -> None:
    (copy / "requirements" / "run.txt").unlink()
    done = dev(copy, "setup")
    assert done.code == 1
    assert done.stderr.splitlines() == [
        "dev.py: requirements/run.txt is missing: this copy of Causette is not complete; "
        "fetch it again"
    ]


# --- what it says ------------------------------------------------------------------------------


def test_an_old_python_reads_it_and_is_told_in_one_line(tmp_path: Path) -> None:
    source = (ROOT / "dev.py").read_text()
    ast.parse(source, feature_version=(3, 4))
    assert source.isascii(), "Python 2 reads nothing else without being told"
    # The check comes before anything that an old Python could stumble over.
    pretend = (
        "import sys; sys.version_info = (3, 8, 2); sys.path[:] = []; "
        f"exec(compile({source!r}, 'dev.py', 'exec'), {{'__name__': '__main__'}})"
    )
    for lang, said in (
        ("en_GB.UTF-8", "Causette needs Python 3.11"),
        ("fr_FR", "Causette demande"),
    ):
        done = run_program([sys.executable, "-S", "-c", pretend], env={"LC_ALL": lang})
        assert done.code == 1
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        assert said in done.stderr
        assert "3.8" in done.stderr


def test_usage_is_told_with_2(copy: Path) -> None:
    assert dev(copy).code == 2
    assert dev(copy, "dance").code == 2
    assert dev(copy, "run", "--lan", "fr").code == 2, "no abbreviations"
    done = dev(copy, "--help")
    assert done.code == 0
    assert all(verb in done.stdout for verb in ("setup", "run", "test", "lint"))


def test_the_unexpected_is_one_line(copy: Path) -> None:
    (copy / "common" / "paths.py").write_text("raise RuntimeError('the cat sat on it')\n")
    done = dev(copy, "run")
    assert done.code == 1
    assert "Traceback" not in done.stderr
    assert "the cat sat on it" in done.stderr.splitlines()[-1]


# --- run ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_run_without_a_terminal_stays_until_told_to_end(
    serving: Program, tmp_path: Path, sig: signal.Signals
) -> None:
    assert [line[:11] for line in serving.lines()] == ["ready name="]
    pid = broker_pid(tmp_path)
    assert serving.stop(sig) == 0
    assert not process_lives(pid)
    said = serving.lines("stderr")
    assert said[-1] == "The broker started here has ended too."
    assert "lang en" in said, "the broker's log stays visible where no chat covers it"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of a killed parent")
def test_the_broker_ends_even_with_a_killed_dev(serving: Program, tmp_path: Path) -> None:
    pid = broker_pid(tmp_path)
    serving.send_signal(signal.SIGKILL)
    wait_until(lambda: not alive(pid), "the broker's end")


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    if sys.platform != "linux":
        return process_lives(pid)
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_broker_that_dies_is_told(serving: Program, tmp_path: Path) -> None:
    os.kill(broker_pid(tmp_path), signal.SIGKILL)
    assert serving.wait() == 1
    assert serving.lines("stderr")[-1] == ("dev.py: the broker stopped by itself (exit status -9)")


def test_a_second_run_uses_the_broker_that_answers(
    serving: Program, copy: Path, tmp_path: Path
) -> None:
    command: Words = [sys.executable, "dev.py", "run", "--data-dir", tmp_path / "data"]
    with Program(command, cwd=copy) as second:
        line = second.wait_line("ready name=")
        assert line == serving.lines()[0]
        second.wait_line("A broker already answers at tcp://127.0.0.1:", stream="stderr")
        assert second.stop() == 0
    assert process_lives(broker_pid(tmp_path)), "it was not the second one's to end"


@pytest.mark.parametrize("ready", ["{", "[]", '{"pid": 1}', '{"pid": 0, "pull": ["tcp://x:1"]}'])
def test_a_stale_or_damaged_ready_file_is_no_broker(copy: Path, tmp_path: Path, ready: str) -> None:
    place = tmp_path / "data" / "broker"
    place.mkdir(parents=True)
    (place / "ready.json").write_text(ready)
    command: Words = [sys.executable, "dev.py", "run", "--data-dir", tmp_path / "data"]
    with Program(command, cwd=copy) as program:
        program.wait_line("ready name=")
        assert program.stop() == 0


def test_run_with_the_real_broker(copy: Path, tmp_path: Path) -> None:
    for name in ("broker.py", "client_cli.py"):
        shutil.copy2(ROOT / name, copy)
    data = str(tmp_path / "data")
    # One address given: the others then go to free ports too.
    free = {"CAUSETTE_PULL": "tcp://127.0.0.1:*"}
    command = [sys.executable, "dev.py", "run", "--data-dir", data]
    with Program(command, cwd=copy, env=free) as program:
        line = program.wait_line("ready name=", 20)
        assert re.search(r" pull=tcp://127.0.0.1:\d+ pub=\S+ card=\S+ key=[0-9a-f]{64}$", line)
        with Program(command, cwd=copy, env=free) as second:
            assert second.wait_line("ready name=", 20) == line, "rebuilt from ready.json"
            assert second.stop() == 0
        assert program.stop() == 0
    assert program.lines("stderr")[-1] == "The broker started here has ended too."


def on_a_terminal(copy: Path, *args: str, env: Mapping[str, str] | None = None) -> Finished:
    master, slave = os.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "dev.py", "run", *args],
            cwd=copy,
            stdin=slave,
            capture_output=True,
            text=True,
            env=child_env(env),
            timeout=60,
            check=False,
        )
    finally:
        os.close(slave)
        os.close(master)
    return Finished(done.returncode, done.stdout, done.stderr)


def test_run_serves_the_page_too(copy: Path, tmp_path: Path) -> None:
    for name in ("broker.py", "client_web.py"):
        shutil.copy2(ROOT / name, copy)
    free = {"CAUSETTE_PULL": "tcp://127.0.0.1:*"}
    command = [sys.executable, "dev.py", "run", "--data-dir", str(tmp_path / "data")]
    with Program([*command, "--web", "127.0.0.1:*"], cwd=copy, env=free) as program:
        line = program.wait_line("ready name=", 30)
        page = line.rpartition(" page=")[2]
        assert re.fullmatch(r"http://127.0.0.1:\d+", page)
        program.wait_line(f"The page for browsers: {page}", stream="stderr")
        with urllib.request.urlopen(page) as answer:
            assert b"<title>Causette</title>" in answer.read()
        assert program.stop() == 0


def test_run_on_a_terminal_opens_a_chat(copy: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = on_a_terminal(
        copy, "--data-dir", str(data), "--lang", "fr", "-n", "ada", "-r", "tea", "-r", "-x"
    )
    assert done.code == 2, "an option's value that looks like an option is a slip"
    done = on_a_terminal(
        copy, "--data-dir", str(data), "--lang", "fr", "-n", "ada", "-r", "tea", "-r", "cake"
    )
    assert done.code == 7, "the client's own status"
    assert done.stdout == ""
    told = json.loads((copy / "told.json").read_text())
    assert told == [
        *["chat", "--data-dir", str(data)],
        *["--lang=fr", "--nick=ada", "--room=tea", "--room=cake"],
    ]
    log = data / "broker" / "broker.log"
    assert log.read_text() == "lang fr\n", "the log is kept off the screen"
    assert log.stat().st_mode & 0o077 == 0
    assert done.stderr.splitlines() == [
        f"Démarrage d’un serveur ; son journal est {log}",
        "Le serveur démarré ici est arrêté aussi.",
    ]
    assert not process_lives(broker_pid(tmp_path))


def test_run_on_a_display_opens_the_window(copy: Path, tmp_path: Path) -> None:
    (copy / "client_gui.py").write_text(_CLIENT)
    data = str(tmp_path / "data")
    with screen() as display:
        done = dev(copy, "run", "--data-dir", data, "-n", "ada", env={"DISPLAY": display})
    assert done.code == 7, "the window's own status"
    told = json.loads((copy / "told.json").read_text())
    assert told == ["--data-dir", data, "--nick=ada"]
    assert not process_lives(broker_pid(tmp_path))


def test_a_display_that_does_not_answer_is_none(copy: Path, tmp_path: Path) -> None:
    (copy / "client_gui.py").write_text(_CLIENT)
    command: Words = [sys.executable, "dev.py", "run", "--data-dir", tmp_path / "data"]
    with Program(command, cwd=copy, env={"DISPLAY": ":98765"}) as program:
        program.wait_line("ready name=")
        assert program.stop() == 0


def test_a_broker_that_does_not_start_is_told(copy: Path, tmp_path: Path) -> None:
    args = ("--data-dir", str(tmp_path / "data"))
    plain = dev(copy, "run", *args, env={"STAND_IN": "fails"})
    chat = on_a_terminal(copy, *args, env={"STAND_IN": "fails"})
    for done in (plain, chat):
        assert done.code == 1
        assert "127.0.0.1:5555 is in use" in done.stderr.splitlines()[-2]
        assert done.stderr.splitlines()[-1] == (
            "dev.py: the broker stopped before it was ready (exit status 1)"
        )


# --- test and lint -----------------------------------------------------------------------------


def test_the_test_verb_passes_arguments_and_status(copy: Path, tmp_path: Path) -> None:
    tests = copy / "tests"
    tests.mkdir()
    (tests / "test_it.py").write_text(
        "import os\n"
        "told = os.environ.get('DISPLAY'), os.environ.get('PYTHONDONTWRITEBYTECODE')\n"
        "def test_display(): print('on', *told)\n"
        "def test_bad(): assert False\n"
    )
    xvfb = tmp_path / "bin" / "Xvfb"
    xvfb.parent.mkdir()
    xvfb.write_text(
        f"#!{sys.executable}\n"
        "import os, pathlib, signal, sys\n"
        "pathlib.Path(__file__).with_name('pid').write_text(str(os.getpid()))\n"
        "os.write(int(sys.argv[sys.argv.index('-displayfd') + 1]), b'77\\n')\n"
        "signal.pause()\n"
    )
    xvfb.chmod(0o755)
    path = f"{xvfb.parent}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    done = dev(copy, "test", "-s", "-k", "display", env=env)
    assert done.code == 0, done.stdout + done.stderr
    assert "on :77 None" in done.stdout
    assert "1 passed, 1 deselected" in done.stdout.splitlines()[-1]
    assert not process_lives(int((xvfb.parent / "pid").read_text()))
    whole = dev(copy, "test", env=env)
    assert whole.code == 1
    assert " workers " in whole.stdout
    assert "1 failed, 1 passed" in whole.stdout.splitlines()[-1]
    assert dev(copy, "test", "-k", "bad", env=env).code == 1
    assert dev(copy, "test", "-k", "nothing", env=env).code == 5
    assert "--strict-markers" in dev(copy, "test", "--help", env=env).stdout, "pytest's own help"


def test_lint_names_what_failed(copy: Path) -> None:
    for name in ("common", "devtools", "requirements"):
        # Less to check: this is about the verb.
        for file in (copy / name).rglob("*.py"):
            if file.parent != copy / "devtools":
                file.unlink()
    (copy / "broker.py").write_text("x: int = 'a'\n")
    (copy / "client_cli.py").unlink()
    done = dev(copy, "lint")
    assert done.code == 1
    assert done.stderr.splitlines()[-1] == "dev.py: failed: ruff format --check, mypy"
