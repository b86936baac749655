"""The lines typed before, kept between runs. Owns their file: one JSON string a line, 0600."""

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from prompt_toolkit.history import History

KEEP: Final = 500
"""Lines at most; twice as many make the file be written anew."""


class Inputs(History):
    """For prompt_toolkit. A file that cannot be read or written costs the memory, nothing else."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def load_history_strings(self) -> Iterable[str]:
        """Newest first."""
        lines = self._read()
        if len(lines) > 2 * KEEP:
            with contextlib.suppress(OSError):
                self._write(lines[-KEEP:], os.O_TRUNC)
        return reversed(lines[-KEEP:])

    def store_string(self, string: str) -> None:
        with contextlib.suppress(OSError):
            self._write([string], os.O_APPEND)

    def _read(self) -> list[str]:
        try:
            raw = self._path.read_text("utf-8", "replace")
        except OSError:
            return []
        lines = []
        for line in raw.splitlines():
            with contextlib.suppress(ValueError):
                value = json.loads(line)
                if isinstance(value, str):
                    lines.append(value)
        return lines

    def _write(self, lines: list[str], how: int) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | how, 0o600)
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(line) + "\n" for line in lines)
