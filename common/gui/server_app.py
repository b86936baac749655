"""One run of the server's window: its root, what it remembers, signals, the exit status.

Owns the way from `broker.py --window` to a window and back. Must not know how a broker works.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from common import paths
from common.gui import server_place
from common.gui.server_host import ServerHost
from common.gui.server_model import ServerModel
from common.gui.server_place import AS_GIVEN, Place
from common.gui.settings import Keeper
from common.i18n import _
from common.runtime import need_packages
from common.safe import one_line
from common.settings import Settings

if TYPE_CHECKING:
    import tkinter as tk

NOT_FOR_THE_BROKER: Final = frozenset({"window", "end-with-input", "json", "quiet", "pull", "lan"})
"""Options that the window's broker is not given again: it must be heard, and where it listens is
chosen in the window."""
_SIZE: Final = (1000, 740)
_LEAST: Final = (480, 360)
FAILED: Final = 1

_log = logging.getLogger("causette.window")


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What the next run begins with: `DATA/broker/window.json`."""

    address: str = server_place.ALL
    port: int = Place().port

    def place(self) -> Place:
        """Where the server was to listen last."""
        port = self.port if 1 <= self.port <= server_place.HIGHEST else Place().port
        return Place(self.address or server_place.ALL, port)


def run(settings: Settings, options: Sequence[str], env: Mapping[str, str]) -> int:
    """Open the window and return the exit status once it is closed.

    `options` go to the broker as they are. Must be called in the main thread.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", force=True)
    data = paths.data_dir(settings.text("data-dir"))
    pull, pub = settings.texts("pull"), settings.texts("pub")
    chosen = any(settings.explicit(name) for name in ("pull", "pub", "card"))
    place = server_place.given(pull, pub, settings.text("card")) if chosen else _recall(data)
    lan = settings.switch("lan")
    if lan and not chosen:
        place = replace(place, address=server_place.ALL)
    model = ServerModel(
        str(settings["name"]),
        place,
        plain=settings.switch("plain"),
        access=str(settings["access"]),
    )
    typed = list(options)
    if place.address == AS_GIVEN:
        typed += [*(f"--pull={one}" for one in pull), *(["--lan"] if lan else [])]
    # Where it listens is chosen in the window, whatever a configuration says.
    host = ServerHost(model, data, typed, {**env, "CAUSETTE_QUIET": "0", "CAUSETTE_LAN": "0"})
    try:
        import tkinter as tk
    except ImportError:
        return _say(_("this Python has no Tk, which windows need"))
    need_packages(["ttkbootstrap", "PIL"])
    from common.gui import desktop

    desktop.prepare()
    try:
        root = tk.Tk(className="Causette")
    except tk.TclError as fault:
        return _say(_("no window can be opened here ({why})").format(why=fault))
    with contextlib.closing(host):
        return _show(root, host, data)


def _show(root: tk.Tk, host: ServerHost, data: Path) -> int:
    # Deferred: they need Tk, whose absence is told in words.
    from common.gui.following import Following
    from common.gui.server_window import ServerWindow
    from common.gui.theme import Theme

    remembered = Keeper(data).remembered
    theme = Theme(root, remembered.theme, text_percent=remembered.text_size)
    root.report_callback_exception = lambda kind, fault, trace: _log.error(
        "a part of the window failed", exc_info=(kind, fault, trace)
    )
    window = ServerWindow(
        root, host, on_start=lambda: _remember(data, host.model.place), on_closed=root.quit
    )
    window.pack(fill="both", expand=True)
    wide, tall = (theme.px(size) for size in _SIZE)
    screen = root.winfo_screenwidth(), root.winfo_screenheight()
    root.geometry(f"{min(wide, screen[0])}x{min(tall, screen[1])}")
    unit = theme.scale
    root.minsize(round(_LEAST[0] * unit), round(_LEAST[1] * unit))
    for number in (signal.SIGINT, signal.SIGTERM):
        # Handlers run between two calls of Tk's, of which the window makes one all the time.
        signal.signal(number, lambda *_: root.quit())
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # that its terminal closed is no matter
    following = Following(theme, lambda: remembered.theme)
    root.mainloop()
    following.close()
    root.destroy()
    return 0


def _say(why: str) -> int:
    words = _("{why}; without --window it serves without one").format(why=why)
    print(f"broker.py: {one_line(words)}", file=sys.stderr)
    return FAILED


# --- between two runs --------------------------------------------------------------------------


def _recall(data: Path) -> Place:
    with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
        return msgspec.json.decode(
            (data / "broker" / "window.json").read_bytes(), type=Memory
        ).place()
    return Place()


def _remember(data: Path, place: Place) -> None:
    if place.address == AS_GIVEN:
        return
    memory = Memory(address=place.address, port=place.port)
    try:
        paths.write_private(data / "broker" / "window.json", msgspec.json.encode(memory) + b"\n")
    except OSError as fault:
        _log.warning("the place could not be remembered: %s", fault)
