"""A root window on a screen of its own; whatever goes wrong in a callback of Tk fails the test."""

from __future__ import annotations

import gc
import os
import tkinter as tk
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pytest

from common.gui.theme import Theme
from tests.gui.chatting import Chatting
from tests.support.display import Keyboard, screen
from tests.support.people import Person
from tests.support.programs import BrokerProgram


class Errors:
    """What callbacks of Tk raised, and what Tcl complained of in the background."""

    def __init__(self) -> None:
        self.said: list[BaseException | str] = []

    def attach(self, root: tk.Tk) -> None:
        """Collect what goes wrong under `root`."""

        def raised(
            _kind: type[BaseException], error: BaseException, _trace: TracebackType | None
        ) -> None:
            self.said.append(error)

        root.report_callback_exception = raised
        command = root.register(lambda message, _options: self.said.append(str(message)))
        root.tk.call("interp", "bgerror", "", command)


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """The session's screen, 96 dpi; `DISPLAY` names it meanwhile."""
    before = os.environ.get("DISPLAY")
    with screen() as name:
        os.environ["DISPLAY"] = name
        try:
            yield name
        finally:
            if before is None:
                del os.environ["DISPLAY"]
            else:
                os.environ["DISPLAY"] = before


@pytest.fixture
def tk_errors() -> Iterator[Errors]:
    """Any error in a callback of Tk fails the test that uses it."""
    errors = Errors()
    yield errors
    if errors.said:
        pytest.fail(f"callbacks of Tk failed: {errors.said!r}", pytrace=False)


@pytest.fixture(scope="session")
def settled() -> Iterator[None]:
    """All modules and other tests are left out of collections from here on: `root` has one made
    each time, and it is for the window's own objects."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def root(display: str, settled: None, tk_errors: Errors) -> Iterator[tk.Tk]:
    """A bare root without a theme."""
    window = tk.Tk(screenName=display)
    tk_errors.attach(window)
    window.geometry("720x560+0+0")
    yield window
    window.update()
    window.destroy()
    # In this thread: another one's collection would call a Tk that is gone.
    gc.collect()


@pytest.fixture
def keyboard(root: tk.Tk, display: str) -> Keyboard:
    """Real keys for whatever of `root` has the focus."""
    return Keyboard(display, root.update)


@pytest.fixture
def theme(root: tk.Tk) -> Theme:
    """The light theme on `root`."""
    return Theme(root, "light")


@pytest.fixture
def lea(root: tk.Tk, theme: Theme, broker: BrokerProgram, tmp_path: Path) -> Iterator[Chatting]:
    """Somebody at a window, who owns the server: they use its data directory."""
    root.geometry("1100x760+0+0")
    with Chatting(root, broker.data_dir, broker.link) as chat:
        yield chat


@pytest.fixture
def noe(root: tk.Tk, theme: Theme, broker: BrokerProgram, tmp_path: Path) -> Iterator[Chatting]:
    """Somebody at a window like everybody."""
    root.geometry("1100x760+0+0")
    with Chatting(root, tmp_path / "noe", broker.link, "Noé") as chat:
        yield chat


@pytest.fixture
def ines(broker: BrokerProgram, tmp_path: Path) -> Iterator[Person]:
    """Somebody else, a bot."""
    with Person(tmp_path / "ines", "Inès", "-s", broker.link) as person:
        person.ready()
        yield person
