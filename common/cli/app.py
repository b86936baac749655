"""One run of the terminal client: arguments, language, dispatch, signals, exit statuses.

Owns what a person sees when something goes wrong: one line, never a traceback. Must not know what
a verb does. Each verb's module is imported when it is asked for, so that `send` starts fast.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from common import arguments, i18n, paths
from common.arguments import Parsed, UsageError
from common.cli import verbs
from common.cli.joining import Run, cannot_join
from common.cli.output import Output, Stop, Terminated, drop_stdout, note
from common.client.joining import CannotJoin
from common.i18n import _
from common.safe import one_line
from common.settings import KNOWN, BadSetting, Settings

_MODULES: Final = {
    "send": "common.cli.send",
    "listen": "common.cli.listen",
    "history": "common.cli.history",
    "rooms": "common.cli.lists",
    "who": "common.cli.lists",
    "export": "common.cli.export",
    "bot": "common.cli.bot",
    "chat": "common.cli.talk",
    "key": "common.cli.keyfile",
    "device": "common.cli.device",
    "discover": "common.cli.discover",
    "doctor": "common.cli.doctor",
}
_LOG_SIZE: Final = 1_000_000


def main(argv: Sequence[str] | None = None, env: Mapping[str, str] | None = None) -> int:
    """Run one verb and return the exit status. Must be called in the main thread."""
    words = list(sys.argv[1:] if argv is None else argv)
    environment = dict(os.environ if env is None else env)
    log = _CrashLog()
    threading.excepthook = log.of_thread
    signal.signal(signal.SIGTERM, _terminate)
    try:
        return _guarded(lambda: _run(words, environment, log), log)
    finally:
        # Nothing is left to interrupt; a late signal must not turn into a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _guarded(action: Callable[[], int], log: _CrashLog) -> int:
    try:
        return action()
    except (UsageError, BadSetting, Stop) as error:
        if error.line:
            note(error.line)
        return error.status
    except CannotJoin as error:
        stop = cannot_join(error)
        note(stop.line)
        return stop.status
    except KeyboardInterrupt:
        return 130
    except Terminated:
        return 143
    except BrokenPipeError:
        # The reader has had enough, as `head` has: no failure of ours.
        drop_stdout()
        return 0
    except Exception as error:  # the last line of defence: a person gets words
        note(log.keep(error))
        return 1


def _run(words: list[str], env: Mapping[str, str], log: _CrashLog) -> int:
    i18n.setup(_language(arguments.peek(words, "lang"), env), env)
    program = verbs.program()
    parsed = arguments.parse(program, words)
    if parsed.version:
        Output(env).line(f"{program.name} {program.version}")
        return 0
    if parsed.help:
        Output(env).line(arguments.help_text(program, parsed).rstrip("\n"))
        return 0
    if parsed.verb == "doctor":
        _take_server(parsed)
    settings = Settings.load(
        arguments.options_of(program, parsed.verb),
        parsed.given,
        env,
        paths.config_file(),
        program="cli",
        known=KNOWN,
    )
    i18n.setup(settings.text("lang"), env)
    log.directory = paths.data_dir(settings.text("data-dir")) / "client"
    return _dispatch(parsed, settings, env)


def _take_server(parsed: Parsed) -> None:
    """What stands behind the verb is what `--server` takes. Raises UsageError."""
    if len(parsed.words) > 1:
        line = _("one server at most: remove {word}").format(word=one_line(parsed.words[1]))
        raise UsageError(line)
    if parsed.words:
        parsed.given.setdefault("server", []).append(parsed.words[0])


def _language(flag: str, env: Mapping[str, str]) -> str | None:
    wanted = flag or env.get("CAUSETTE_LANG", "")
    return wanted if wanted in i18n.LANGUAGES else None


def _dispatch(parsed: Parsed, settings: Settings, env: Mapping[str, str]) -> int:
    module = importlib.import_module(_MODULES[parsed.verb])
    out = Output(env, settings.switch("no-color"))
    status: int = module.run(Run(parsed.verb, parsed.words, settings, out, env))
    return status


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated


class _CrashLog:
    """Where tracebacks go: `DATA/client/errors.log`, for its owner alone, at most 1 MB."""

    def __init__(self) -> None:
        self.directory = paths.data_dir() / "client"

    def keep(self, error: BaseException) -> str:
        """Write it down; returns the line for people."""
        what = f"{type(error).__name__}: {error}"
        words = _("an unexpected error stopped this ({what})").format(what=what)
        text = "".join(traceback.format_exception(error))
        with contextlib.suppress(OSError):
            file = self._append(text)
            return words + "; " + _("the details are in {path}").format(path=file)
        return words

    def of_thread(self, happened: threading.ExceptHookArgs) -> None:
        """For `threading.excepthook`."""
        if happened.exc_value is not None and not isinstance(happened.exc_value, SystemExit):
            note(self.keep(happened.exc_value))

    def _append(self, text: str) -> Path:
        file = paths.private_dir(self.directory) / "errors.log"
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with open(descriptor, "a", encoding="utf-8", errors="backslashreplace") as stream:
            if stream.tell() > _LOG_SIZE:
                stream.truncate(0)
            stream.write(text + "\n")
        return file
