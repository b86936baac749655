"""The window's command line, and what is said where no window can be opened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from common import __version__, i18n
from common.gui import options
from common.settings import BadSetting, Settings
from tests.support.programs import ROOT, Finished, Words, run_program

LINK = f"causette://{'0' * 64}@192.168.1.20:5555"
DOOR: Words = [sys.executable, ROOT / "client_gui.py"]


def run(*words: str | Path, **env: str) -> Finished:
    return run_program([*DOOR, *words], env={"DISPLAY": "", **env})


def test_help_and_version_need_no_display() -> None:
    done = run("--help")
    assert done.code == 0
    for option in ("--server", "--nick", "--theme", "--text-size", "--data-dir", "[SERVER]"):
        assert option in done.stdout
    assert run("--help", "--lang", "fr").stdout.count("fenêtre") == 2
    assert run("--version").stdout == f"client_gui.py {__version__}\n"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--theme", "pink"], 2, "give one of: system, light, dark"),
        (["--text-size", "500"], 2, "from 80 to 200"),
        (["labo", "atelier"], 2, "one server at most: remove atelier"),
        (["--no-color"], 2, "no option is called --no-color"),
        (["-c", "/nowhere.toml"], 78, "there is no such file"),
    ],
)
def test_usage_is_told_in_one_line(words: list[str], status: int, said: str) -> None:
    done = run(*words)
    assert done.code == status
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr


@pytest.mark.parametrize(
    ("words", "asks"),
    [
        ([LINK], True),
        ([LINK.replace("causette", "Causette")], True),
        ([LINK, "--nick", "ada"], False),
        (["labo"], False),
        (["--server", LINK], False),
        ([], False),
    ],
)
def test_a_link_that_is_opened_is_asked_about_unless_a_nickname_comes_with_it(
    words: list[str], asks: bool, tmp_path: Path
) -> None:
    code = (
        "import sys; from common.gui import app;"
        "app._show = lambda *given: print(given[-1]) or 0;"
        "sys.exit(app.main(['--data-dir', *sys.argv[1:]]))"
    )
    # A nickname that is set for good says nothing of where it is to be used.
    done = run_program([sys.executable, "-c", code, tmp_path, *words], env={"CAUSETTE_NICK": "ada"})
    assert (done.code, done.stdout) == (0, f"{asks}\n"), done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
def test_without_a_display_the_terminal_is_named(tmp_path: Path) -> None:
    done = run("--data-dir", tmp_path)
    assert done.code == 1
    assert done.stderr.splitlines() == [
        "client_gui.py: there is no display to open a window on (DISPLAY is not set);"
        " or chat in the terminal: python3 client_cli.py chat"
    ]
    there = run("--data-dir", tmp_path, DISPLAY=":98765")
    assert there.code == 1
    assert len(there.stderr.splitlines()) == 1
    assert "no window can be opened here" in there.stderr


def test_without_tk_it_is_said_how_to_install_it(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['tkinter'] = None;"
        "from common.gui import app; sys.exit(app.main(['--data-dir', sys.argv[1]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "has no Tk" in done.stderr
    assert "client_cli.py chat" in done.stderr


@pytest.mark.parametrize(("given", "read"), [("80", 80), ("200", 200), ("110%", 110)])
def test_the_text_size_is_read(given: str, read: int) -> None:
    i18n.setup("en", {})
    program = options.program()
    settings = Settings.load(program.options, {"text-size": [given]}, {})
    assert settings["text-size"] == read
    for wrong in ("79", "201", "big", ""):
        with pytest.raises(BadSetting, match="from 80 to 200"):
            Settings.load(program.options, {"text-size": [wrong]}, {})
