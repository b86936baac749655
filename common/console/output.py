"""What the operator's verbs print: tables for people, or one JSON object a line; and why not.

Owns how answers and refusals leave the program. Must not know any deed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from common.console import tables
from common.safe import one_line

_PROGRAM: Final = "broker.py"
_FAILED: Final = 1


class Refusal(Exception):
    """The verb cannot be done: `line` for people, `code` for programs, `status` to exit with."""

    def __init__(self, line: str, code: str, status: int = _FAILED) -> None:
        super().__init__(line)
        self.line = line
        self.code = code
        self.status = status


class Printer:
    """Where answers go: tables for people, or one JSON object a line."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def rows(self, rows: Sequence[tuple[dict[str, Any], tuple[str, ...]]], nothing: str) -> None:
        """Each row as an object and as cells; `nothing` is said to people where there is none."""
        if self.as_json:
            for fields, _cells in rows:
                self.object(fields)
        elif rows:
            print("\n".join(tables.table([cells for _fields, cells in rows])))
        else:
            print(nothing)

    def object(self, fields: dict[str, Any]) -> None:
        """One object."""
        print(msgspec.json.encode(fields).decode())

    def done(self) -> None:
        """What a deed that changed something is answered with; people need no words for it."""
        if self.as_json:
            self.object({"type": "done"})


def note(line: str) -> None:
    """One line for people, on stderr."""
    print(f"{_PROGRAM}: {one_line(line)}", file=sys.stderr)
