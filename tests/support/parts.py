"""Parts of the system that a test may need and a machine may lack.

A missing part skips its tests, with the reason and what to type; `CAUSETTE_TEST_ALL=1` turns each
such skip into a failure, so that a full run cannot pass by leaving things out.
"""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from typing import NoReturn

import pytest


def must_run_all() -> bool:
    """Whether a missing part is a failure here."""
    return os.environ.get("CAUSETTE_TEST_ALL") == "1"


def lacking(part: str, how_to_install: str) -> NoReturn:
    """End this test for want of `part`: skipped, or failed where everything must run."""
    reason = f"{part} is missing; install it with: {how_to_install}"
    if must_run_all():
        pytest.fail(f"{reason} (CAUSETTE_TEST_ALL=1)", pytrace=False)
    pytest.skip(reason)


def require(tool: str, how_to_install: str) -> str:
    """The path of a program that this test needs."""
    found = shutil.which(tool)
    if found is None:
        lacking(tool, how_to_install)
    return found


def require_module(name: str, how_to_install: str) -> None:
    """This test needs a Python module (tkinter, an extra's package)."""
    if find_spec(name) is None:
        lacking(f"the Python module {name}", how_to_install)


def require_display() -> str:
    """The X display that this test needs; `dev.py test` brings one where Xvfb is installed."""
    display = os.environ.get("DISPLAY")
    if not display:
        lacking("a display", "apt-get install xvfb, then python3 dev.py test")
    return display
