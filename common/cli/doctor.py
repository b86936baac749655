"""The verb `doctor`: why one cannot join, and what to do. Owns where its lines go.

What is looked at, and in which words it is told, is `common.doctor`'s.
"""

from __future__ import annotations

import shutil
import sys

from common.cli.joining import Run
from common.doctor import client_side
from common.doctor.phrases import WORDING
from common.doctor.report import Screen, tell


def run(run: Run) -> int:
    """Look, and tell. Raises BadSetting."""
    timeout = run.settings["timeout"]
    return tell(
        "client",
        client_side.examine(
            run.settings, client_side.TIMEOUT if timeout is None else float(timeout)
        ),
        run.out.line,
        as_json=run.settings.switch("json"),
        screen=_screen(run),
        wording=WORDING,
    )


def _screen(run: Run) -> Screen:
    out = sys.stdout
    if out is None:
        return Screen()
    columns = shutil.get_terminal_size().columns if out.isatty() else 0
    return Screen(columns, run.out.colour, out.encoding or "utf-8")
