"""Try the Windows recipe on Linux: `python3 packaging/windows/rehearse.py [--env DIR]`.

PyInstaller builds for the system that it runs on, from the same lists: what a bundle lacks on
Windows, it lacks here. Builds it, then uses what was built on a screen of its own: people talk,
the window joins, a server's window starts a server, the page is served. Each line that it prints is
something that was looked at. Not tried here: the icon and the version in the programs, which only
Windows has, and that they have no console.

Wants a Python with a shared library and Tk, and: apt-get install xvfb xdotool. `--env DIR` keeps
the environment with PyInstaller there for the next time. About two minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from devtools.rehearsal import Broken, Checks, run, wait, want  # noqa: E402

TOOLS: Final = (("Xvfb", "xvfb"), ("xdotool", "xdotool"))
HERE: Final = Path(__file__).resolve().parent
ANYWHERE: Final = ("--pull", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*")


def environment(place: Path) -> Path:
    """The Python of an environment with PyInstaller and what people run. Raises Broken."""
    python = place / "bin" / "python"
    if not python.exists():
        print(f"making an environment in {place}", flush=True)
        venv.create(place, with_pip=True)
    pip = (python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r")
    run(*pip, ROOT / "requirements" / "run.txt")
    run(*pip, HERE / "requirements.txt")
    return python


def built(python: Path, place: Path) -> Path:
    """The folder that PyInstaller makes. Raises Broken."""
    print("building", flush=True)
    where = ("--distpath", place / "dist", "--workpath", place / "work")
    command = (python, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", *where)
    run(*command, HERE / "causette.spec")
    return place / "dist" / "Causette"


class Bundle:
    """What was built, moved away from where it was made, without the tree or a Python in reach."""

    def __init__(self, folder: Path, place: Path, display: str) -> None:
        self._folder = folder
        self.place = place
        self.env = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(place),
            "DISPLAY": display,
            "LANG": "C.UTF-8",
            "CAUSETTE_LANG": "en",
        }

    def command(self, program: str, *words: str | Path) -> list[str]:
        """The words that start a program of it."""
        return [str(self._folder / program), *map(str, words)]

    def run(
        self, program: str, *words: str | Path, told: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run one to its end, `told` on its input; its result, whatever it is."""
        return subprocess.run(
            self.command(program, *words),
            check=False,
            capture_output=True,
            text=True,
            env=self.env,
            cwd=self.place,
            timeout=60,
            input=told,
        )

    @contextmanager
    def running(self, program: str, *words: str | Path) -> Iterator[subprocess.Popen[str]]:
        """One that runs; it is ended with the context."""
        process = subprocess.Popen(
            self.command(program, *words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.place / f"{program}.log").open("a"),
            text=True,
            env=self.env,
            cwd=self.place,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def title(self) -> str:
        """The title of the window that is shown, "" if none is."""
        command = ["xdotool", "search", "--onlyvisible", "--name", "Causette|Lab"]
        done = subprocess.run(
            [*command, "getwindowname"],
            check=False,
            capture_output=True,
            text=True,
            env=self.env,
        )
        return done.stdout.strip()

    def press(self, key: str) -> None:
        """Press a key in the window that is shown."""
        focus = ["xdotool", "search", "--onlyvisible", "--name", "Causette|Lab", "windowfocus"]
        for command in (focus, ["xdotool", "key", key]):
            subprocess.run(command, check=False, capture_output=True, env=self.env)


@contextmanager
def screen() -> Iterator[str]:
    """A display of its own. Raises Broken."""
    reader, writer = os.pipe()
    with subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
        pass_fds=(writer,),
        stderr=subprocess.DEVNULL,
    ) as server:
        os.close(writer)
        with open(reader) as answer:
            number = answer.readline().strip()
        if not number:
            raise Broken("Xvfb does not start")
        try:
            yield f":{number}"
        finally:
            server.terminate()


# --- what is looked at -------------------------------------------------------------------------


def said_first(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The first JSON line that a program says. Raises Broken."""
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError as error:
        raise Broken(f"no ready line: {line!r}") from error
    return found


def starting(bundle: Bundle, check: Checks) -> None:
    for program in ("Causette", "causette-broker", "causette-cli", "causette-web"):
        done = bundle.run(program, "--version")
        check(f"{program} starts", done.returncode == 0, done.stderr)
    french = bundle.run("causette-broker", "--help", "--lang", "fr").stdout
    check("it speaks French", "messagerie" in french, french[:200])


def talking(bundle: Bundle, check: Checks) -> None:
    data = bundle.place / "served"
    serve = ("--json", "--name", "Lab", "--data-dir", data, *ANYWHERE)
    with bundle.running("causette-broker", *serve) as broker:
        ready = said_first(broker)
        host, _, port = ready["pull"][0].removeprefix("tcp://").rpartition(":")
        link = f"causette://{ready['key']}@{host}:{port}/{ready['pub'][0].rpartition(':')[2]}"
        people = bundle.place / "people"
        who = ("--server", link, "--data-dir", people)
        sent = bundle.run("causette-cli", "send", "hello", "-n", "ada", *who)
        check("somebody says something", sent.returncode == 0, sent.stderr)
        told = bundle.run("causette-cli", "history", "-n", "bob", *who).stdout
        check("somebody else reads it", "hello" in told, told)
        for verb in (("admin", "list"), ("verify",), ("invite",)):
            done = bundle.run("causette-broker", *verb, "--data-dir", data)
            check(f"causette-broker {' '.join(verb)}", done.returncode == 0, done.stderr)
        key = ("key", "save", bundle.place / "ada.age", "-n", "ada", "--data-dir", people)
        saved = bundle.run("causette-cli", *key, told="a passphrase of some length\n")
        check("a key is saved under a passphrase", saved.returncode == 0, saved.stderr)
        found = bundle.run("causette-cli", "discover", "--timeout", "1", "--json")
        check("the network can be looked at", "Error" not in found.stderr, found.stderr)
        with bundle.running("Causette", "-n", "lea", *who):
            wait(lambda: "Lab · Causette" in bundle.title(), "the window in the chat")
            check("the window opens, in the chat", True)
        with bundle.running(
            "causette-web", "--json", "--bind", "127.0.0.1:*", "--server", link,
            "--data-dir", bundle.place / "page",
        ) as gateway:  # fmt: skip
            page = said_first(gateway)["page"]
            text = ""
            with contextlib.suppress(OSError):
                text = urllib.request.urlopen(page, timeout=10).read().decode()
            check("the page is served", "<html" in text, page)


def starting_others(bundle: Bundle, check: Checks) -> None:
    """Programs of the bundle that start others of it."""
    data = bundle.place / "window"
    ready = data / "broker" / "ready.json"

    def served() -> bool:
        if not ready.exists():
            bundle.press("Return")
        return ready.exists()

    with bundle.running("causette-broker", "--window", "--data-dir", data, *ANYWHERE):
        wait(lambda: bool(bundle.title()), "the server's window")
        wait(served, "its server")
        check("the server's window starts a server", True)
    serve = ("--json", "--web", "127.0.0.1:*", "--data-dir", bundle.place / "both", *ANYWHERE)
    with bundle.running("causette-broker", *serve) as broker:
        check("a server starts the page", "page" in said_first(broker))


def rehearse(env: Path | None) -> int:
    """Every act, one after the other; the exit status. Raises Broken."""
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="causette-bundle-") as name, screen() as display:
        place = Path(name)
        folder = built(environment((env or place / "env").absolute()), place)
        moved = place / "some where else"
        folder.rename(moved)
        size = sum(file.stat().st_size for file in moved.rglob("*") if file.is_file())
        print(f"it has {size / 1e6:.0f} MB", flush=True)
        home = place / "home"
        home.mkdir()
        bundle = Bundle(moved, home, display)
        try:
            starting(bundle, check)
            talking(bundle, check)
            starting_others(bundle, check)
        except Broken:
            print(f"--- the screen shows {bundle.title()!r}", file=sys.stderr)
            for log in home.glob("*.log"):
                print(f"--- {log.name}\n{log.read_text()[-2000:]}", file=sys.stderr)
            raise
    return check.status()


def main() -> int:
    """Do it all; the exit status."""
    parser = argparse.ArgumentParser(description="Try the Windows recipe on Linux.")
    parser.add_argument("--env", type=Path, metavar="DIR", help="where the environment is kept")
    given = parser.parse_args()
    try:
        want("rehearse.py", TOOLS, root=False)
        return rehearse(given.env)
    except Broken as broken:
        print(broken, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
