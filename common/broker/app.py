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
from typing import IO, TYPE_CHECKING, Final

from common import __version__, arguments, i18n, paths
from common.arguments import Parsed, Program, UsageError
from common.broker import commandline, upkeep
from common.broker.database import BadDatabase, NewerDatabase
from common.broker.server import Server, ServerSettings
from common.broker.sockets import CannotBind
from common.broker.store import StorageFailed
from common.explain import explain
from common.i18n import N_, _
from common.keys import BadKeyFile
from common.runtime import raise_descriptor_limit
from common.safe import one_line
from common.sdnotify import Manager
from common.settings import BadSetting, Settings

if TYPE_CHECKING:
    from common.broker.companion import Companion
    from common.broker.lan import OpenToLan

FAILED: Final = 1
NOT_PERMITTED: Final = 77

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
            serves=(commandline.pull(serving), serving.texts("pub")),
        )
    if parsed.verb == "doctor":
        from common.doctor import server_app

        serving = commandline.serving(command, parsed, env)
        wanted = server_app.Wanted(
            commandline.pull(serving),
            serving.texts("pub"),
            serving.text("card"),
            serving.switch("lan"),
        )
        deep = settings.switch("deep")
        return server_app.run(data, wanted, deep=deep, as_json=as_json, env=env)
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
    if settings.switch("lan"):
        _check_lan(settings)
    raise_descriptor_limit()
    page: Companion | None = None
    manager = Manager.taken_from(os.environ)
    data = paths.data_dir(settings.text("data-dir"))
    server = Server(
        ServerSettings(
            data_dir=data / "broker",
            pull=commandline.pull(settings),
            pub=settings.texts("pub"),
            card=settings.text("card"),
            core=commandline.core_settings(settings),
        )
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop())
    reload = _Reload(server, settings, load, manager)
    if hasattr(signal, "SIGHUP"):
        # In the loop, not in the handler, which may have come in the middle of writing the log.
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
        page = _page_beside(server, settings, lambda: _serving(server, settings, reload, manager))
        server.run()
        manager.stopping()
        _log.info("stopped")
        if page is not None and page.status:
            if settings.switch("json"):
                print(json.dumps(page.failed, ensure_ascii=False), flush=True)
            return _say(page.words, page.status)
        return 0
    except StorageFailed as fault:
        words = _("the database could not be written ({why}); nothing of it was acknowledged")
        return _say(words.format(why=fault), FAILED)
    finally:
        if page is not None:
            page.close()
        if reload.lan is not None:
            reload.lan.close()
        with contextlib.suppress(StorageFailed):
            server.close()


def _page_beside(
    server: Server, settings: Settings, serving: Callable[[], None]
) -> "Companion | None":
    """The gateway, if one is wanted; `serving` is called once all is served that was asked for."""
    if settings.text("web") is None:
        serving()
        return None
    from common.broker.companion import Companion

    page = Companion(server, settings, serving)
    page.start()
    return page


def _serving(server: Server, settings: Settings, reload: "_Reload", manager: Manager) -> None:
    """Tells everybody that it serves."""
    _tell_ready(server, as_json=settings.switch("json"))
    if settings.switch("lan"):
        reload.lan = _open_to_lan(server, settings)
    manager.ready(_status(server))


def _open_to_lan(server: Server, settings: Settings) -> "OpenToLan":
    from common.broker.lan import OpenToLan

    lan = OpenToLan(server.ready, str(settings["access"]))
    if not (settings.switch("json") or settings.switch("quiet")):
        lan.introduce()
    lan.start()
    return lan


def _check_lan(settings: Settings) -> None:
    """Raises BadSetting where `--lan` contradicts what else was told."""
    # Only here: a broker that is not announced needs nothing of what announces.
    from common.broker.lan import opens

    if not opens(commandline.pull(settings)):
        why = _("--lan opens it to the network, and this address is reached from here alone")
        raise settings.bad("pull", why)


class _Reload:
    """Takes the configuration over while the broker serves."""

    def __init__(
        self,
        server: Server,
        settings: Settings,
        load: Callable[[], Settings],
        manager: Manager,
    ) -> None:
        self._server = server
        self._settings = settings
        self._load = load
        self._manager = manager
        self.lan: OpenToLan | None = None
        """What is announced, if it is."""

    def __call__(self) -> None:
        """Once. What is wrong is logged, and what held goes on."""
        self._manager.reloading()
        trouble = self._take_over()
        self._manager.ready(trouble or _status(self._server))

    def _take_over(self) -> str:
        """Why nothing was taken over, if so."""
        try:
            settings = self._load()
        except BadSetting as fault:
            _log.warning("the configuration stays as it was: %s", fault.line)
            return f"the configuration stays as it was: {fault.line}"
        changed = dict(commandline.changes(self._settings, settings))
        taken = [words for name, words in changed.items() if name in commandline.RELOADED]
        left = [words for name, words in changed.items() if name not in commandline.RELOADED]
        self._server.configure(commandline.core_settings(settings))
        if self.lan is not None:
            self.lan.change(self._server.ready, str(settings["access"]))
        _log.info("the configuration was read again: %s", "; ".join(taken) or "nothing changed")
        if left:
            _log.warning("needs a restart of the broker: %s", "; ".join(left))
        self._settings = settings
        return ""


def _status(server: Server) -> str:
    """What `systemctl status` shows, for operators as the log is."""
    said = server.ready
    return f"serving {said['name']} on {', '.join(said['pull'])}"


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
    path: str = ""

    def said(self) -> dict[str, str]:
        """What programs are told."""
        place = {"address": self.address, "path": self.path}
        named = {what: value for what, value in place.items() if value}
        return {"type": "error", "code": self.code, **named, "text": self.words}


def _open(server: Server, directory: Path) -> _Obstacle | None:
    try:
        server.open()
    except paths.Locked:
        words = _("another broker serves {path}; stop it, or choose another --data-dir")
        where = str(directory)
        return _Obstacle("data-dir-locked", words.format(path=where), path=where)
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
        if "page" in said:
            line += f" page={said['page']}"
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
