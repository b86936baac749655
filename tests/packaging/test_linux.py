"""The desktop's entries: valid, with the right programs in them, and a link that opens a window."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from common import __version__
from tests.conftest import BrokerFactory
from tests.support import wait_until
from tests.support.display import Keyboard, screen
from tests.support.parts import require, require_module
from tests.support.programs import ROOT, Finished, child_env, run_program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a Linux desktop's files")

PACKAGING = ROOT / "packaging" / "linux"
CLIENT = "org.causette.Causette.desktop"
SERVER = "org.causette.Server.desktop"
TOOLS = "apt-get install desktop-file-utils"


class Desk:
    """A person's home, in which nothing was ever installed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.share = home / ".local" / "share"
        self.env = {
            "HOME": str(home),
            "XDG_DATA_HOME": str(self.share),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_CURRENT_DESKTOP": "",
            "DBUS_SESSION_BUS_ADDRESS": "",
        }

    def install(self, *words: str | Path, lang: str = "C.UTF-8") -> Finished:
        """Run the script with these options."""
        command = [sys.executable, PACKAGING / "install.py", *words]
        return run_program(command, env={**self.env, "LC_ALL": lang})

    def entry(self, name: str) -> configparser.SectionProxy:
        """An entry that was installed."""
        return entry(self.share / "applications" / name)

    def files(self) -> set[str]:
        """Everything in it, from its root."""
        found = self.home.rglob("*")
        return {path.relative_to(self.home).as_posix() for path in found if path.is_file()}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    home = tmp_path / "home"
    home.mkdir()
    return Desk(home)


def entry(path: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys have capitals
    parser.read(path, "utf-8")
    return parser["Desktop Entry"]


def programs(folder: Path, body: str = "") -> Path:
    """A folder with programs of the right names, which do what `body` says."""
    folder.mkdir(parents=True)
    for name in ("causette-gui", "causette-broker"):
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    return folder


def unquoted(line: str) -> list[str]:
    """The words of an Exec line, as the Desktop Entry Specification has them read."""
    value = line.replace("\\\\", "\\")
    words = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', value)
    return [
        re.sub(r'\\([\\"`$])', r"\1", quoted) if quoted else bare.replace("%%", "%")
        for quoted, bare in words
    ]


# --- the files as they stand -------------------------------------------------------------------


@pytest.mark.parametrize("name", [CLIENT, SERVER])
def test_an_entry_is_valid_and_says_everything_in_french_too(name: str) -> None:
    validate = require("desktop-file-validate", TOOLS)
    done = run_program([validate, "--warn-kde", PACKAGING / name])
    assert (done.code, done.stdout) == (0, ""), done.stdout
    found = entry(PACKAGING / name)
    for key in ("GenericName", "Comment", "Keywords"):
        assert found[f"{key}[fr]"] != found[key]
    assert found["Icon"] == "org.causette.Causette"


def test_the_metadata_are_valid_and_of_this_version() -> None:
    path = PACKAGING / "org.causette.Causette.metainfo.xml"
    text = path.read_text("utf-8")
    assert f'<release version="{__version__}"' in text
    assert CLIENT in text
    assert text.count("<li>") == text.count('<li xml:lang="fr">')
    done = run_program(
        [require("appstreamcli", "apt-get install appstream"), "validate", "--no-net", path]
    )
    assert done.code == 0, done.stdout


# --- installing --------------------------------------------------------------------------------


def test_install_writes_what_uninstall_takes_away(desk: Desk, tmp_path: Path) -> None:
    folder = programs(tmp_path / "bin")
    done = desk.install("--user", "--programs", folder)
    assert done.code == 0, done.stderr
    installed = desk.files()
    icons = {name for name in installed if "/icons/hicolor/" in name}
    assert {Path(name).suffix for name in icons} == {".svg", ".png"}
    assert ".local/share/metainfo/org.causette.Causette.metainfo.xml" in installed
    assert unquoted(desk.entry(CLIENT)["Exec"]) == [str(folder / "causette-gui"), "%u"]
    assert unquoted(desk.entry(SERVER)["Exec"]) == [str(folder / "causette-broker"), "--window"]
    assert desk.entry(CLIENT)["TryExec"] == str(folder / "causette-gui")
    again = desk.install("--user", "--uninstall", lang="fr_FR.UTF-8")
    assert again.code == 0, again.stderr
    assert "est retiré" in again.stdout
    left = desk.files() - {".config/mimeapps.list", ".local/share/applications/mimeinfo.cache"}
    assert left == set()
    for name in desk.files():
        assert "causette" not in (desk.home / name).read_text(), name


def test_a_prefix_is_for_packages_and_touches_no_home(desk: Desk, tmp_path: Path) -> None:
    folder = programs(tmp_path / "bin")
    done = desk.install("--prefix", tmp_path / "usr", "--programs", folder)
    assert done.code == 0, done.stderr
    assert desk.files() == set()
    assert (tmp_path / "usr" / "share" / "applications" / CLIENT).exists()


def test_other_choices_of_the_person_stay(desk: Desk, tmp_path: Path) -> None:
    config = desk.home / ".config"
    config.mkdir()
    kept = "[Default Applications]\ntext/html=browser.desktop\n"
    ours = f"x-scheme-handler/causette={CLIENT}\n"
    (config / "mimeapps.list").write_text(kept + ours)
    assert desk.install("--user", "--uninstall").code == 0
    assert (config / "mimeapps.list").read_text() == kept


@pytest.mark.parametrize("name", ["with blanks", 'a "quoted" $HOME', "100% \\ `sure`", "plain"])
def test_a_path_of_any_letters_is_quoted(desk: Desk, tmp_path: Path, name: str) -> None:
    folder = programs(tmp_path / name)
    assert desk.install("--user", "--programs", folder).code == 0
    words = unquoted(desk.entry(CLIENT)["Exec"])
    assert [words[0].replace("%%", "%"), words[1]] == [str(folder / "causette-gui"), "%u"]


def test_without_programs_the_tree_serves(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = [require("env", "apt-get install coreutils"), "PATH=/usr/bin:/bin"]
    command = [*bare, sys.executable, str(PACKAGING / "install.py"), "--user"]
    assert run_program(command, env=desk.env).code == 0
    words = unquoted(desk.entry(CLIENT)["Exec"])
    assert words[-2:] == [str(ROOT / "client_gui.py"), "%u"]
    assert Path(words[0]).name.startswith("python")


def test_a_folder_without_them_is_told(desk: Desk, tmp_path: Path) -> None:
    done = desk.install("--user", "--programs", tmp_path)
    assert done.code == 1
    assert done.stderr.startswith("install.py: there is no causette-gui in")
    assert desk.files() == set()


# --- a link is clicked -------------------------------------------------------------------------


@pytest.fixture
def display() -> Iterator[str]:
    require("xdotool", "apt-get install xdotool")
    require_module("tkinter", "apt-get install python3-tk")
    with screen() as name:
        yield name


def title(display: str) -> str:
    """The title of the window that is shown, "" if none is."""
    search = ["xdotool", "search", "--onlyvisible", "--name", "Causette", "getwindowname"]
    done = run_program(search, env={"DISPLAY": display})
    return done.stdout.strip()


@pytest.mark.parametrize("opener", ["gio open", "xdg-open"])
def test_a_join_link_opens_the_window_with_that_server_in_it(
    opener: str, desk: Desk, display: str, tmp_path: Path, broker_factory: BrokerFactory
) -> None:
    tool, *verb = shlex.split(opener)
    packages = {"gio": "libglib2.0-bin", "xdg-open": "xdg-utils"}
    command = [require(tool, f"apt-get install {packages[tool]}"), *verb]
    require("update-desktop-database", TOOLS)
    number = tmp_path / "number"
    door = shlex.join([sys.executable, str(ROOT / "client_gui.py")])
    said = tmp_path / "said"
    # Where there is no desktop of a name, xdg-open (1.1.3) reads no quotation marks.
    folder = programs(
        tmp_path / ("some programs" if tool == "gio" else "programs"),
        f'echo $$ > {shlex.quote(str(number))}\nexec {door} "$@" 2> {shlex.quote(str(said))}',
    )
    assert desk.install("--user", "--programs", folder).code == 0
    broker = broker_factory("--name", "Lab B204")
    env = child_env({**desk.env, "DISPLAY": display})

    def see() -> object:
        return title(display), said.read_text() if said.exists() else "nothing was started"

    # What opens a link may wait for what it opened, and be ended with it.
    with subprocess.Popen([*command, broker.link], env=env, stdin=subprocess.DEVNULL) as opened:
        try:
            wait_until(lambda: title(display) == "Causette", "the form", 30, saw=see)
            keys = Keyboard(display, lambda: None)
            keys.type("ada")
            keys.press("Return")
            wait_until(lambda: "Lab B204 · Causette" in title(display), "the chat", 30, saw=see)
            keys.press("ctrl+q")
            wait_until(lambda: not title(display), "its end", 20, saw=see)
        finally:
            if number.exists():
                with suppress(ProcessLookupError):
                    os.kill(int(number.read_text()), signal.SIGKILL)
            opened.terminate()
    assert said.read_text() == ""
