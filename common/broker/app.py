"""One run of the broker: arguments, the ready line, the log, signals, exit statuses.

Owns what the operator sees: one line for whatever stands in the way, never a traceback. Knows
nothing of what a broker does with its sockets.
"""

import contextlib
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from common import __version__, arguments, i18n, paths
from common.arguments import Parsed, Program, UsageError, Verb, switch
from common.broker.core import CoreSettings
from common.broker.database import BadDatabase, NewerDatabase
from common.broker.server import Server, ServerSettings
from common.broker.sockets import CannotBind
from common.broker.store import StorageFailed
from common.explain import explain
from common.i18n import N_, _
from common.keys import BadKeyFile
from common.runtime import raise_descriptor_limit
from common.safe import one_line
from common.settings import KNOWN, NUMBER, POSITIVE, BadSetting, Option, Settings, choice

FAILED: Final = 1
NOT_PERMITTED: Final = 77
PULL: Final = "tcp://127.0.0.1:5555"
LATER: Final = (
    "admin", "invite", "backup", "restore", "verify", "doctor",
    "--lan", "--window", "--access", "--web",
)  # fmt: skip
"""Verbs and options of the contract that this version does not have."""

_log = logging.getLogger("causette.broker")


def program() -> Program:
    """The command line."""
    address = _("ADDR")
    return Program(
        name="broker.py",
        about=_("Serves a chat to the people of this network."),
        version=__version__,
        options=(
            Option("pull", help=_("where messages come in"), metavar=address, repeatable=True),
            Option("pub", help=_("where messages go out"), metavar=address, repeatable=True),
            Option("card", help=_("where anybody may ask for the card"), metavar=address),
            switch("plain", _("do without encryption: everybody on the network can read along")),
            Option("name", help=_("what people see this server called"), default="Causette"),
            Option("data-dir", help=_("where the database and the keys are"), metavar=_("DIR")),
            Option("config", short="c", help=_("the configuration file"), metavar=_("FILE")),
            Option(
                "rate",
                NUMBER,
                _("messages a second for each person"),
                metavar="N",
                default=50.0,
            ),
            Option(
                "burst",
                POSITIVE,
                _("messages that a person may send at once"),
                metavar="N",
                default=1000,
            ),
            Option("lang", choice("fr", "en"), _("language of what people read")),
            switch("print-config", _("print the configuration in force, and end")),
            switch("json", _("print the ready line as JSON")),
            switch("verbose", _("log more"), short="v"),
            switch("quiet", _("log errors only"), short="q"),
        ),
        verbs=(Verb("serve", hidden=True),),
        default="serve",
    )


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
    command = program()
    parsed = arguments.parse(command, words)
    if parsed.version or parsed.help:
        said = f"{command.name} {__version__}\n"
        print(arguments.help_text(command, parsed) if parsed.help else said, end="")
        return 0
    settings = _load(command, parsed, env)
    i18n.setup(settings.text("lang"), env)
    if settings.switch("print-config"):
        _print_config(settings)
        return 0
    return _serve(settings)


def _load(command: Program, parsed: Parsed, env: Mapping[str, str]) -> Settings:
    return Settings.load(
        arguments.options_of(command, parsed.verb),
        parsed.given,
        env,
        paths.config_file(),
        program="broker",
        known=KNOWN | {option.name for option in command.options},
    )


def _serve(settings: Settings) -> int:
    _log_to_stderr(settings)
    raise_descriptor_limit()
    data = paths.data_dir(settings.text("data-dir"))
    server = Server(
        ServerSettings(
            data_dir=data / "broker",
            pull=settings.texts("pull") or [PULL],
            pub=settings.texts("pub"),
            card=settings.text("card"),
            core=CoreSettings(
                name=settings["name"],
                plain=settings.switch("plain"),
                rate=float(settings["rate"]),
                burst=float(settings["burst"]),
            ),
        )
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop())
    try:
        words, status = _open(server, data / "broker")
        if words:
            return _say(words, status)
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


def _open(server: Server, directory: Path) -> tuple[str, int]:
    """What stands in the way of serving, and its exit status; empty where nothing does."""
    try:
        server.open()
    except paths.Locked:
        words = _("another broker serves {path}; stop it, or choose another --data-dir")
        return words.format(path=directory), FAILED
    except CannotBind as fault:
        return _cannot_bind(fault), FAILED
    except NewerDatabase as fault:
        return explain("newer-database", {"path": str(fault.path)}, str(fault)), FAILED
    except (BadDatabase, BadKeyFile) as fault:
        return str(fault), FAILED
    except PermissionError as fault:
        words = _("{path} may not be written by this account; choose another --data-dir")
        return words.format(path=fault.filename or directory), NOT_PERMITTED
    except OSError as fault:
        words = _("{path} cannot be used: {why}")
        path = fault.filename or directory
        status = NOT_PERMITTED if fault.errno in _READ_ONLY else FAILED
        return words.format(path=path, why=fault.strerror), status
    return "", 0


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


def _print_config(settings: Settings) -> None:
    """As TOML that `--config` reads back; what has no value stands as a comment."""
    print("[broker]")
    for name, value in settings.items():
        if name in ("config", "print-config", "json", "verbose", "quiet"):
            continue
        shown = json.dumps(value.value, ensure_ascii=False)
        print(f"# {name} =" if value.value is None else f"{name} = {shown}")


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
