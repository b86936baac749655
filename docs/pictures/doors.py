"""The scenes of the connection form, of the questions in its place, and of the server's window."""

from __future__ import annotations

import tempfile
import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from common.client.joining import NewBroker
from common.gui import options, questions
from common.gui.entrance import Entrance
from common.gui.screens import Trouble
from common.gui.server_host import ServerHost
from common.gui.server_model import ServerModel
from common.gui.server_place import Place, Way
from common.gui.server_shapes import Heard, Passed
from common.gui.server_window import ServerWindow
from common.gui.settings import Known, Remembered
from common.gui.wishes import Written
from common.settings import Settings
from docs.pictures.stage import TEXTS, at, user
from docs.pictures.studio import Scene, Studio

_KEY: Final = "52516e8aae0834eca45732f88e7fed218adff31a17c81407c9eb924dd16cb934"
_LINK: Final = f"causette://{_KEY}@192.168.1.20"
_EMPTY: Final = Path(tempfile.gettempdir()) / "causette-pictures"
"""A data directory in which nothing is kept."""


# --- the form ---------------------------------------------------------------------------------


def _form(then: Callable[[Entrance], object], *, known: bool = True, small: bool = False) -> Scene:
    """The form, and what happens in it."""

    def shoot(studio: Studio, path: Path) -> None:
        entrance = studio.show(lambda root: _entrance(studio, root, known), 720, 720)
        assert isinstance(entrance, Entrance)
        if small:
            studio.size(480, 360)
        entrance.begin()
        studio.settle()
        then(entrance)
        studio.take(path)

    return shoot


def _entrance(studio: Studio, root: tk.Tk, known: bool) -> Entrance:
    program = options.program()
    flags = {"data-dir": [str(_EMPTY)]}
    remembered = Remembered(theme=studio.theme.name, nick="Léa" if known else "")
    names = ("Labo B204", "Atelier du jeudi")
    if known:
        remembered.servers = [
            Known(server=f"{_LINK}{place}", name=name, nick="Léa")
            for place, name in zip(("", "1"), names, strict=True)
        ]
    around: Any = SimpleNamespace(
        post=studio.inbox.post,
        settings=Settings.load(program.options, flags, {}, None, program="gui"),
        remembered=remembered,
        data_dir=_EMPTY,
        log=_EMPTY / "client" / "window.log",
        reveal=lambda: None,
        cycle_theme=lambda: None,
        hosted=None,
    )
    written = Written(server="192.168.1.77" if known else "", nick="Léa" if known else "")
    return Entrance(root, around, written)


def _silent(entrance: Entrance) -> None:
    entrance.tell(Trouble("unreachable-silent", {"host": "192.168.1.77", "port": 5555}))


def _code(entrance: Entrance) -> None:
    entrance.tell(Trouble("bad-invitation", {"value": "7K3M-Q9TX-4PWD"}))


def _busy(entrance: Entrance) -> None:
    entrance.form.work("…")
    entrance.trying(Trouble("unreachable-silent", {"host": "192.168.1.77", "port": 5555}))


def _again(entrance: Entrance) -> None:
    nothing = lambda: None  # noqa: E731 - three times the same
    entrance._ask(questions.here_alone(entrance.middle, nothing, nothing, nothing))


def _unknown(entrance: Entrance) -> None:
    entrance.unknown(NewBroker("192.168.1.77:5555", "Labo B204", _KEY))


def _changed(entrance: Entrance) -> None:
    values: dict[str, str | int | float] = {
        "host": "192.168.1.77:5555", "key": "5251 6e8a ae08 34ec a457 32f8 8e7f ed21",
        "expected": "4b80 290f 1d4d 74e6 61a0 ea71 9372 cba5",
    }  # fmt: skip
    entrance.failed(Trouble("key-changed", values))


# --- the server's window ----------------------------------------------------------------------


def _server(
    then: Callable[[ServerWindow], object],
    wide: int = 1000,
    tall: int = 740,
    *,
    runs: bool = True,
    access: str = "open",
) -> Scene:
    """The server's window, and what happens in it."""

    def shoot(studio: Studio, path: Path) -> None:
        window = studio.show(lambda root: _window(root, access), wide, tall)
        assert isinstance(window, ServerWindow)
        if runs:
            _serve(window.model, studio.lang)
        then(window)
        window.refresh()
        studio.take(path)

    return shoot


def _window(root: tk.Tk, access: str = "open") -> ServerWindow:
    host = ServerHost(ServerModel("Labo B204", Place(), access=access), _EMPTY)
    host._places_at = float("inf")
    host._disk_at = float("inf")
    return ServerWindow(root, host, on_closed=lambda: None)


def _serve(model: ServerModel, lang: str) -> None:
    """It has been running for a while."""
    now = time.monotonic()
    model.starting()
    ways = [Way(host, 5555, f"causette://{_KEY}@{host}") for host in ("192.168.1.20",)]
    ready = {"name": "Labo B204", "pull": ["tcp://0.0.0.0:5555"]}
    model.ready(ready, ways, now - 19 * 60)
    bot = str(TEXTS[lang]["bot"])
    rooms = [str(name) for name in TEXTS[lang]["rooms"]]
    for clock, level, words in (
        ("08:01:11", "INFO", f"{bot} (causette-bot) connected from 127.0.0.1:50001"),
        ("08:02:11", "INFO", "Aïcha (causette-gui) connected from 192.168.1.28:50001"),
        ("08:03:11", "INFO", f"room {rooms[1]} created by Noé"),
        ("08:04:11", "WARNING", "refused Marc: nick-taken: nickname 'Léa' is 'Léa''s"),
        ("08:05:11", "ERROR", "the disk is full: nothing was stored; reading goes on"),
        ("08:06:11", "INFO", "lost the link with Élise (causette-gui)"),
        ("08:07:11", "INFO", "Noé (causette-cli/chat) connected from 192.168.1.32:50001"),
    ):
        model.logged(f"2026-11-20 {clock},000 {level} {words}")
    said = [str(text).replace("\n", " ") for text in TEXTS[lang]["spoken"]]
    lines = [
        ("07:58", rooms[3], bot, said[3]),
        ("07:59", rooms[0], "Aïcha", said[0]),
        ("08:00", rooms[5], "Marc", said[2]),
        ("08:12", rooms[1], "Inès", said[4]),
        ("08:13", f"{rooms[5]}-2026", "Yuki", str(TEXTS[lang]["queued"])),
        ("08:15", rooms[1], "Léa", said[6]),
    ]
    passed = [
        Passed(at(20, clock) + place * 9_000, room, place, user(nick), nick, text)
        for place, (clock, room, nick, text) in enumerate(lines)
    ]
    people = {user(nick): nick for nick in ("Aïcha", "Inès", "Léa", "Marc", "Noé", bot, "Yuki")}
    model.heard(Heard(passed=passed, count=24, people=people, stored=4_906), now)
    model.disk = 38_000_000


def _fault(window: ServerWindow) -> None:
    window.model.starting()
    window.model.obstacle({"code": "in-use", "address": "tcp://0.0.0.0:5555", "text": "in use"})
    window.model.ended(1)


def _here_only(window: ServerWindow) -> None:
    window.model.ways = [Way("127.0.0.1", 5555, f"causette://{_KEY}@127.0.0.1")]


def _side(window: ServerWindow) -> None:
    window.update()
    window._nav.choose("side")


SCENES: Final[dict[str, Scene]] = {
    "form": _form(lambda _entrance: None),
    "form-first": _form(lambda _entrance: None, known=False),
    "form-error": _form(_silent),
    "form-code": _form(_code),
    "form-busy": _form(_busy),
    "form-host": _form(lambda entrance: entrance._host()),
    "form-again": _form(_again),
    "form-trust": _form(_unknown),
    "form-changed": _form(_changed),
    "form-help": _form(lambda entrance: entrance._help()),
    "form-small": _form(_silent, small=True),
    "server": _server(lambda _window: None),
    "server-stopped": _server(lambda _window: None, runs=False),
    "server-fault": _server(_fault, runs=False),
    "server-here": _server(_here_only),
    "server-invite": _server(lambda window: window.invite(), access="invite"),
    "server-close": _server(lambda window: window.close()),
    "server-small": _server(lambda _window: None, 480, 360),
    "server-small-side": _server(_side, 480, 360),
}
