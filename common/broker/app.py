"""One run of the broker: its verbs, the ready line, the log, signals, exit statuses.

Owns what the operator sees: one line for whatever stands in the way, never a traceback. Knows
nothing of what a broker does with its sockets.
"""

import contextlib
import json
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from common import __version__, arguments, i18n, paths
from common.arguments import Parsed, Program, UsageError
from common.broker import commandline, upkeep
from common.broker.commandline import PULL
from common.broker.database import BadDatabase, NewerDatabase
from common.broker.server import Server, ServerSettings
from common.broker.sockets import CannotBind
from common.broker.store import StorageFailed
from common.explain import explain
from common.i18n import N_, _
from common.keys import BadKeyFile
from common.runtime import raise_descriptor_limit
from common.safe import one_line
from common.settings import BadSetting, Settings

FAILED: Final = 1
NOT_PERMITTED: Final = 77
LATER: Final = ("doctor", "--lan", "--web")
"""Verbs and options of the contract that this version does not have."""

_log = logging.getLogger("causette.broker")


def main(argv: Sequence[str] | None = None, env: Mapping[str, str] | None = None) -> int:
    """Run the broker and return the exit status. Must be called in the main thread."""
    words = list(sys.argv[1:] if argv is None else argv)
    environment = dict(os.environ if env is None else env)
    try:
        return _run(words, environment)
    except (UsageError, BadSetting) as fault:
        return _say(fault.line, fault.status)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the interpreter flushes it at its end
        return 0
    except Exception as fault:  # the last line of defence: a person gets words
        _log.debug("%s", traceback.format_exc())
        what = f"{type(fault).__name__}: {fault}"
        return _say(_("an unexpected error stopped this ({what})").format(what=what), FAILED)


def _run(words: list[str], env: Mapping[str, str]) -> int:
    wanted = arguments.peek(words, "lang") or env.get("CAUSETTE_LANG", "")
    i18n.setup(wanted if wanted in i18n.LANGUAGES else None, env)
    for word in words:
        if word.partition("=")[0] in LATER:
            return _say(_("{value} comes with a later version").format(value=word), FAILED)
    command = commandline.program()
    parsed = arguments.parse(command, words)
    if parsed.version or parsed.help:
        said = f"{command.name} {__version__}\n"
        print(arguments.help_text(command, parsed) if parsed.help else said, end="")
        return 0
    settings = commandline.load(command, parsed, env)
    i18n.setup(settings.text("lang"), env)
    if parsed.verb != "serve":
        return _do(command, parsed, settings, env)
    if settings.switch("print-config"):
        print(commandline.as_toml(settings))
        return 0
    if settings.switch("window"):
        # Only here, and nothing of it by a broker that serves: the window starts one as a process
        # of its own.
        from common.gui.server_app import NOT_FOR_THE_BROKER, run

        typed = commandline.words(command, parsed, NOT_FOR_THE_BROKER)
        return run(settings, typed, env)
    return _serve(settings, lambda: commandline.load(command, parsed, env))


def _do(command: Program, parsed: Parsed, settings: Settings, env: Mapping[str, str]) -> int:
    """Every verb but `serve`."""
    data = paths.data_dir(settings.text("data-dir"))
    as_json = settings.switch("json")
    if parsed.verb == "admin":
        from common.console import admin

        return admin.run(
            data,
            parsed.words,
            as_json=as_json,
            seconds=settings["for"],
            reason=settings["reason"],
            limit=settings["limit"],
        )
    if parsed.verb == "invite":
        from common.console import invite

        serving = commandline.serving(command, parsed, env)
        return invite.run(
            data,
            as_json=as_json,
            uses=settings["uses"],
            seconds=settings["expires"],
            note=settings["note"],
            host=settings["host"],
            listing=settings.switch("list"),
            withdraw=settings["withdraw"],
            serves=(serving.texts("pull") or [PULL], serving.texts("pub")),
        )
    if len(parsed.words) > 1 or not (parsed.words or parsed.verb == "verify"):
        line = _("{verb} wants one file: type {command} FILE")
        raise UsageError(line.format(verb=parsed.verb, command=f"broker.py {parsed.verb}"))
    if parsed.verb == "verify":
        return upkeep.run_verify(data, parsed.words[0] if parsed.words else None, as_json=as_json)
    run = upkeep.run_backup if parsed.verb == "backup" else upkeep.run_restore
    return run(data, parsed.words[0], force=settings.switch("force"), as_json=as_json)


def _serve(settings: Settings, load: Callable[[], Settings]) -> int:
    """`load` reads the settings again, for SIGHUP; it raises `BadSetting`."""
    _log_to_stderr(settings)
    raise_descriptor_limit()
    data = paths.data_dir(settings.text("data-dir"))
    server = Server(
        ServerSettings(
            data_dir=data / "broker",
            pull=settings.texts("pull") or [PULL],
            pub=settings.texts("pub"),
            card=settings.text("card"),
            core=commandline.core_settings(settings),
        )
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop())
    if hasattr(signal, "SIGHUP"):
        # In the loop, not in the handler, which may have come in the middle of writing the log.
        reload = _Reload(server, settings, load)
        signal.signal(signal.SIGHUP, lambda *_: server.soon(reload))
    try:
        obstacle = _open(server, data / "broker")
        if obstacle is not None:
            if settings.switch("json"):
                print(json.dumps(obstacle.said(), ensure_ascii=False), flush=True)
            return _say(obstacle.words, obstacle.status)
        if settings.switch("end-with-input"):
            threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
        if settings.switch("plain"):
            _log.warning("without encryption: everybody on the network can read along")
        _tell_ready(server, as_json=settings.switch("json"))
        server.run()
        _log.info("stopped")
        return 0
    except StorageFailed as fault:
        words = _("the database could not be written ({why}); nothing of it was acknowledged")
        return _say(words.format(why=fault), FAILED)
    finally:
        with contextlib.suppress(StorageFailed):
            server.close()


class _Reload:
    """Takes the configuration over while the broker serves."""

    def __init__(self, server: Server, settings: Settings, load: Callable[[], Settings]) -> None:
        self._server = server
        self._settings = settings
        self._load = load

    def __call__(self) -> None:
        """Once. What is wrong is logged, and what held goes on."""
        try:
            settings = self._load()
        except BadSetting as fault:
            _log.warning("the configuration stays as it was: %s", fault.line)
            return
        changed = dict(commandline.changes(self._settings, settings))
        taken = [words for name, words in changed.items() if name in commandline.RELOADED]
        left = [words for name, words in changed.items() if name not in commandline.RELOADED]
        self._server.configure(commandline.core_settings(settings))
        _log.info("the configuration was read again: %s", "; ".join(taken) or "nothing changed")
        if left:
            _log.warning("needs a restart of the broker: %s", "; ".join(left))
        self._settings = settings


def _end_with_input(server: Server) -> None:
    """Stops the broker once whoever started it lets go of its standard input, or dies."""
    with contextlib.suppress(OSError, ValueError):
        while os.read(sys.stdin.fileno(), 4_096):
            pass
    server.stop()


@dataclass(frozen=True)
class _Obstacle:
    """What stands in the way of serving. `code` is `explain`'s, or why an address is refused."""

    code: str
    words: str
    status: int = FAILED
    address: str = ""

    def said(self) -> dict[str, str]:
        """What programs are told."""
        place = {"address": self.address} if self.address else {}
        return {"type": "error", "code": self.code, **place, "text": self.words}


def _open(server: Server, directory: Path) -> _Obstacle | None:
    try:
        server.open()
    except paths.Locked:
        words = _("another broker serves {path}; stop it, or choose another --data-dir")
        return _Obstacle("data-dir-locked", words.format(path=directory))
    except CannotBind as fault:
        return _Obstacle(fault.reason, _cannot_bind(fault), address=fault.address)
    except NewerDatabase as fault:
        words = explain("newer-database", {"path": str(fault.path)}, str(fault))
        return _Obstacle("newer-database", words)
    except (BadDatabase, BadKeyFile) as fault:
        return _Obstacle("data-dir", str(fault))
    except PermissionError as fault:
        words = _("{path} may not be written by this account; choose another --data-dir")
        path = fault.filename or directory
        return _Obstacle("data-dir", words.format(path=path), NOT_PERMITTED)
    except OSError as fault:
        words = _("{path} cannot be used: {why}")
        path = fault.filename or directory
        status = NOT_PERMITTED if fault.errno in _READ_ONLY else FAILED
        return _Obstacle("data-dir", words.format(path=path, why=fault.strerror), status)
    return None


_READ_ONLY: Final = (30,)
_WHY_NOT_BOUND: Final = {
    "in-use": N_("{address} is used by another program. Choose another, or stop it."),
    "not-permitted": N_("{address} may not be used by this account. Choose a port above 1023."),
    "address": N_("{address} cannot be served: {why}"),
}


def _cannot_bind(fault: CannotBind) -> str:
    return _(_WHY_NOT_BOUND[fault.reason]).format(address=fault.address, why=fault.words)


def _tell_ready(server: Server, *, as_json: bool) -> None:
    said = server.ready
    if as_json:
        line = json.dumps(said, ensure_ascii=False)
    else:
        line = (
            f"ready name={json.dumps(said['name'], ensure_ascii=False)}"
            f" pull={','.join(said['pull'])} pub={','.join(said['pub'])}"
            f" card={said['card'] or '-'} key={said['key'] or '-'}"
        )
    print(line, flush=True)


def _log_to_stderr(settings: Settings) -> None:
    level = logging.INFO
    if settings.switch("quiet"):
        level = logging.ERROR
    elif settings.switch("verbose"):
        level = logging.DEBUG
    handler = logging.StreamHandler(_Stderr())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)


class _Stderr:
    """The log's way out. A reader that went away must not stop the broker."""

    def __init__(self) -> None:
        self._stream: IO[str] = sys.stderr

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def _say(line: str, status: int) -> int:
    print(f"broker.py: {one_line(line)}", file=sys.stderr)
    return status
