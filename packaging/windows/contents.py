"""What goes into the bundle: programs, our modules and data, what others hide from PyInstaller.

Owns the lists, and the words that Windows shows of a program; causette.spec does what they say.
The tests compare them with the tree. Uses the standard library alone.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
NAME: Final = "Causette"
"""Of the folder that is built."""

PROGRAMS: Final = {
    "Causette": ("client_gui.py", False),
    "causette-broker": ("broker.py", True),
    "causette-cli": ("client_cli.py", True),
    "causette-web": ("client_web.py", True),
}
"""Each program's door, and whether it has a console. The window starts the second one for *Host
here*, that one the last; see `common.runtime.command`."""

DATA_KINDS: Final = frozenset(
    (".mo", ".sql", ".html", ".css", ".js", ".json", ".webmanifest", ".svg", ".png", ".ico")
)
FOREIGN_DATA: Final = ("confusable_homoglyphs", "ttkbootstrap")
"""Packages that read files of their own."""
FOREIGN_MODULES: Final = ("zeroconf", "PIL._tkinter_finder")
"""Imports that are hidden in compiled modules: whole packages, and single modules."""
UNUSED: Final = ("pytest", "mypy", "hypothesis", "babel", "playwright", "IPython", "numpy")
"""What an environment of development may hold, and nothing here imports."""


def data() -> list[tuple[str, str]]:
    """Our files that are not Python: where each is, and the folder that it goes to."""
    found = (path for path in (ROOT / "common").rglob("*") if path.suffix in DATA_KINDS)
    return [(str(path), path.relative_to(ROOT).parent.as_posix()) for path in sorted(found)]


def modules() -> list[str]:
    """All of ours: verbs are imported by name, when they are typed."""
    found = []
    for path in sorted((ROOT / "common").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "locale" not in parts:
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def version_info(program: str, version: str) -> str:
    """What *Properties* says of a program, as PyInstaller reads it."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", f"{version}.0.0.0")[:4])
    strings = {
        "CompanyName": "The Causette authors",
        "FileDescription": "Causette" if program == NAME else f"Causette ({program})",
        "FileVersion": version,
        "InternalName": program,
        "LegalCopyright": "MIT licence",
        "OriginalFilename": f"{program}.exe",
        "ProductName": "Causette",
        "ProductVersion": version,
    }
    rows = ", ".join(f"StringStruct({name!r}, {value!r})" for name, value in strings.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3F, "
        "flags=0x0, OS=0x40004, fileType=0x1, subtype=0x0, date=(0, 0)), "
        f"kids=[StringFileInfo([StringTable('040904B0', [{rows}])]), "
        "VarFileInfo([VarStruct('Translation', [0x0409, 1200])])])\n"
    )
