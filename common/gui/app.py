"""One run of the window: arguments, language, log, signals, exit statuses.

Owns what a person reads where no window can be opened: one line, never a traceback. What stands in
the window is window.py's.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common import arguments, i18n, paths
from common.arguments import UsageError
from common.endpoints import SCHEME
from common.gui import options
from common.gui.settings import Keeper
from common.i18n import _
from common.runtime import raise_descriptor_limit
from common.safe import one_line
from common.settings import KNOWN, BadSetting, Settings

if TYPE_CHECKING:
    from common.gui.window import Window

_LOG = logging.getLogger(__name__)
_LOG_SIZE: Final = 1_000_000
FAILED: Final = 1


class _CannotOpen(Exception):
    """There can be no window here; the text is one line for people."""


def main(argv: Sequence[str] | None = None, env: Mapping[str, str] | None = None) -> int:
    """Run the window and return the exit status. Must be called in the main thread."""
    words = list(sys.argv[1:] if argv is None else argv)
    environment = dict(os.environ if env is None else env)
    try:
        return _run(words, environment)
    except (UsageError, BadSetting) as error:
        return _say(error.line, error.status)
    except _CannotOpen as error:
        return _say(str(error), FAILED)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # the last line of defence: a person gets words
        _LOG.exception("the window ended with an error")
        what = f"{type(error).__name__}: {error}"
        return _say(_("an unexpected error stopped this ({what})").format(what=what), FAILED)


def _run(words: list[str], env: Mapping[str, str]) -> int:
    asked = arguments.peek(words, "lang") or env.get("CAUSETTE_LANG", "")
    i18n.setup(asked if asked in i18n.LANGUAGES else None, env)
    program = options.program()
    parsed = arguments.parse(program, words)
    if parsed.version or parsed.help:
        said = f"{program.name} {program.version}"
        print(arguments.help_text(program, parsed).rstrip("\n") if parsed.help else said)
        return 0
    if len(parsed.words) > 1:
        line = _("one server at most: remove {word}").format(word=one_line(parsed.words[1]))
        raise UsageError(line)
    if parsed.words:
        parsed.given.setdefault("server", []).append(parsed.words[0])
    # Whoever clicks a link has not said yet that they want to be seen where it leads.
    clicked = any(word.lower().startswith(SCHEME) for word in parsed.words)
    ask = clicked and "nick" not in parsed.given
    settings = Settings.load(
        arguments.options_of(program, parsed.verb),
        parsed.given,
        env,
        paths.config_file(),
        program="gui",
        known=KNOWN,
    )
    data_dir = paths.data_dir(settings.text("data-dir"))
    log = _log_to(data_dir / "client" / "window.log")
    keeper = Keeper(data_dir)
    i18n.setup(settings.text("lang") or keeper.remembered.lang or None, env)
    raise_descriptor_limit()
    return _show(settings, env, keeper, log, ask)


def _show(settings: Settings, env: Mapping[str, str], keeper: Keeper, log: Path, ask: bool) -> int:
    try:
        import tkinter as tk
    except ImportError as error:
        raise _CannotOpen(_no_tk()) from error
    from common.gui import desktop
    from common.gui.chat import ChatFrame
    from common.gui.window import Window

    desktop.prepare()
    try:
        root = tk.Tk(className="Causette")
    except tk.TclError as error:
        raise _CannotOpen(_no_display(env, error)) from error
    root.withdraw()
    if not desktop.smooth_fonts(root):
        _say(_("this Tk draws coarse letters: it was built without Xft"), 0)
    window = Window(root, settings, env, keeper, log, ChatFrame, ask=ask)
    ended = _Signals(window)
    try:
        window.run()
    finally:
        ended.ignore()
        with contextlib.suppress(tk.TclError):
            root.destroy()
    if window.left:
        _say(window.left, 0)
    return ended.status


class _Signals:
    """SIGINT and SIGTERM end the window; that its terminal was closed does not concern it.

    Python handles a signal once it runs again, which the window's inbox sees to.
    """

    def __init__(self, window: Window) -> None:
        self.status = 0
        self._window = window
        signal.signal(signal.SIGINT, lambda *_: self._end(130))
        signal.signal(signal.SIGTERM, lambda *_: self._end(143))
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        if hasattr(signal, "SIGPIPE"):
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)

    def _end(self, status: int) -> None:
        if not self.status:
            self.status = status
            # Not from within whatever the signal interrupted.
            self._window.post(self._window.told_to_end)

    def ignore(self) -> None:
        """Nothing is left to interrupt."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _no_tk() -> str:
    what = _("this Python has no Tk, which windows need; install it ({command})")
    commands = {
        "linux": "sudo apt install python3-tk",
        "darwin": "brew install python-tk",
    }
    command = commands.get(sys.platform, _("run Python's installer again, with tcl/tk"))
    return f"{what.format(command=command)}; {_in_the_terminal()}"


def _no_display(env: Mapping[str, str], error: Exception) -> str:
    if sys.platform == "linux" and not env.get("DISPLAY"):
        words = _("there is no display to open a window on (DISPLAY is not set)")
    else:
        words = _("no window can be opened here ({why})").format(why=error)
    return f"{words}; {_in_the_terminal()}"


def _in_the_terminal() -> str:
    return _("or chat in the terminal: python3 client_cli.py chat")


def _say(line: str, status: int) -> int:
    # A closed terminal is no matter.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(f"client_gui.py: {one_line(line)}", file=sys.stderr, flush=True)
    return status


def _log_to(path: Path) -> Path:
    """What is logged goes to a file for its owner alone, of at most 1 MB and one older."""
    try:
        paths.private_dir(path.parent)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        handler: logging.Handler = RotatingFileHandler(
            path, maxBytes=_LOG_SIZE, backupCount=1, encoding="utf-8", errors="backslashreplace"
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    threading.excepthook = _thread_failed
    return path


def _thread_failed(happened: threading.ExceptHookArgs) -> None:
    if happened.exc_value is not None and not isinstance(happened.exc_value, SystemExit):
        _LOG.error("a thread ended with an error", exc_info=happened.exc_value)
