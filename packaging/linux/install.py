"""Put Causette into the menus of a Linux desktop, and have it open `causette://` links.

    python3 packaging/linux/install.py                 # for this person; as root, for everybody
    python3 packaging/linux/install.py --prefix DIR    # below DIR/share, for those who package
    python3 packaging/linux/install.py --uninstall     # with the same options: takes it away

Owns the files that a desktop reads: entries, icons, AppStream metadata, and which program opens a
join link. Each entry names the programs by their whole path: those beside this Python (pip, pipx),
else those of PATH, else this source tree's own; `--programs DIR` names another place. Must not
install the programs. Uses the standard library alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
CLIENT: Final = "org.causette.Causette"
SCHEME: Final = "x-scheme-handler/causette"
ENTRIES: Final = {
    f"{CLIENT}.desktop": ("causette-gui", "client_gui.py"),
    "org.causette.Server.desktop": ("causette-broker", "broker.py"),
}
"""Each entry's command, and the file of the source tree that does the same."""
PICTURES: Final = ROOT / "common" / "web" / "static"

WORDS: Final = {
    "en": {
        "about": "Put Causette into the menus of this desktop, and open causette:// links with it.",
        "user": "for this person alone; without --prefix, what a person other than root gets",
        "prefix": "below DIR/share; without --user, root gets /usr/local",
        "programs": "the folder with causette-gui and causette-broker",
        "uninstall": "take away what was installed with the same options",
        "made": "{path}",
        "gone": "removed {path}",
        "opens": "causette:// links open with {command}",
        "missing": "there is no {program} in {folder}: install Causette first",
        "failed": "{path} cannot be used: {why}",
    },
    "fr": {
        "about": "Place Causette dans les menus du bureau, et lui fait ouvrir les liens causette://.",
        "user": "pour cette personne seulement\u202f; sans --prefix, vaut pour qui n’est pas root",
        "prefix": "sous DIR/share\u202f; sans --user, root obtient /usr/local",
        "programs": "le dossier où sont causette-gui et causette-broker",
        "uninstall": "retirer ce qui a été installé avec les mêmes options",
        "made": "{path}",
        "gone": "{path} est retiré",
        "opens": "les liens causette:// s’ouvrent avec {command}",
        "missing": "il n’y a pas de {program} dans {folder}\u202f: installez d’abord Causette",
        "failed": "{path} ne peut pas servir\u202f: {why}",
    },
}


def text(name: str, **values: object) -> str:
    """A sentence in the person's language, by POSIX's rules."""
    asked = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    return WORDS["fr" if asked.lower().startswith("fr") else "en"][name].format(**values)


class Missing(Exception):
    """The programs are not where they were said to be; the text is for people."""


def command_of(entry: str, programs: Path | None) -> list[str]:
    """The words that start what this entry starts. Raises Missing."""
    name, door = ENTRIES[entry]
    if programs is not None:
        if not os.access(programs / name, os.X_OK):
            raise Missing(text("missing", program=name, folder=programs))
        return [str(programs.absolute() / name)]
    # Not resolved: a virtual environment's Python is a link to one that has no packages.
    if os.access(beside := Path(sys.executable).parent / name, os.X_OK):
        return [str(beside)]
    if found := shutil.which(name):
        return [str(Path(found).absolute())]
    own = ROOT / ".venv" / "bin" / "python"
    return [str(own if own.exists() else sys.executable), str(ROOT / door)]


def quoted(word: str) -> str:
    """One argument of an Exec line, by the Desktop Entry Specification: quoted where it has to be,
    and then with its backslashes doubled, as in every value of an entry."""
    word = word.replace("%", "%%")
    if word and not set(word) & set(" \t\n\"'\\><~|&;$*?#()`"):
        return word
    for special in '\\"`$':
        word = word.replace(special, f"\\{special}")
    return '"' + word.replace("\\", "\\\\") + '"'


def entry_of(name: str, programs: Path | None) -> str:
    """The entry, with the programs of this machine in the place of their bare names."""
    command = command_of(name, programs)
    bare = f"Exec={ENTRIES[name][0]}"
    named = f"Exec={' '.join(map(quoted, command))}"
    tried = "TryExec=" + command[0].replace("\\", "\\\\")
    lines = [
        tried if line.startswith("TryExec=") else line.replace(bare, named)
        for line in (HERE / name).read_text("utf-8").splitlines()
    ]
    return "\n".join(lines) + "\n"


def sources(share: Path) -> dict[Path, Path]:
    """Everything that lies below DIR/share, and what it is made from."""
    metainfo, icons = f"{CLIENT}.metainfo.xml", share / "icons" / "hicolor"
    found = {share / "applications" / name: HERE / name for name in ENTRIES}
    found[share / "metainfo" / metainfo] = HERE / metainfo
    found[icons / "scalable" / "apps" / f"{CLIENT}.svg"] = ROOT / "docs" / "look" / "logo.svg"
    for size in (192, 512):
        found[icons / f"{size}x{size}" / "apps" / f"{CLIENT}.png"] = PICTURES / f"icon-{size}.png"
    return found


def run(*command: str) -> None:
    """Run a tool of the desktop where there is one; what it complains of is not ours."""
    if shutil.which(command[0]):
        subprocess.run(
            command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip


def refresh(share: Path) -> None:
    """Have the desktop's own lists made again, where something keeps them."""
    run("update-desktop-database", "-q", str(share / "applications"))
    if (share / "icons" / "hicolor" / "index.theme").exists():
        run("gtk-update-icon-cache", "-q", "-t", "-f", str(share / "icons" / "hicolor"))


def forget_links(config: Path) -> None:
    """Take this person's choice for our links out of `mimeapps.list`: no tool does that."""
    path = config / "mimeapps.list"
    try:
        lines = path.read_text("utf-8").splitlines(keepends=True)
    except (FileNotFoundError, UnicodeDecodeError):
        return
    kept = [line for line in lines if line.strip() != f"{SCHEME}={CLIENT}.desktop"]
    if kept != lines:
        path.write_text("".join(kept), "utf-8")


def install(share: Path, programs: Path | None, user: bool) -> None:
    """Write it all. Raises Missing, OSError."""
    made = {
        path: entry_of(path.name, programs).encode() if path.name in ENTRIES else file.read_bytes()
        for path, file in sources(share).items()
    }
    for path, content in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o644)
        print(text("made", path=path))
    refresh(share)
    if user:
        # Whoever makes a package leaves this to the person; one program alone needs no choice.
        run("xdg-mime", "default", f"{CLIENT}.desktop", SCHEME)
    print(text("opens", command=" ".join(command_of(f"{CLIENT}.desktop", programs))))


def uninstall(share: Path, config: Path | None) -> None:
    """Take it all away; folders stay, as others have their files there."""
    for path in sources(share):
        if path.exists():
            path.unlink()
            print(text("gone", path=path))
    if config is not None:
        forget_links(config)
    refresh(share)


def main() -> int:
    """Do what the command line says; the exit status."""
    parser = argparse.ArgumentParser(description=text("about"), allow_abbrev=False)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help=text("user"))
    where.add_argument("--prefix", type=Path, metavar="DIR", help=text("prefix"))
    parser.add_argument("--programs", type=Path, metavar="DIR", help=text("programs"))
    parser.add_argument("--uninstall", action="store_true", help=text("uninstall"))
    given = parser.parse_args()
    user = given.user or (given.prefix is None and os.geteuid() != 0)
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    share = data if user else (given.prefix or Path("/usr/local")).absolute() / "share"
    try:
        if given.uninstall:
            uninstall(share, config if user else None)
        else:
            install(share, given.programs, user)
    except Missing as missing:
        print(f"install.py: {missing}", file=sys.stderr)
        return 1
    except OSError as error:
        line = text("failed", path=error.filename, why=error.strerror)
        print(f"install.py: {line}", file=sys.stderr)
        return 77 if isinstance(error, PermissionError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
