"""One run of the gateway: arguments, language, log, TLS, signals, the ready line, exit statuses.

Owns what whoever runs it reads: one line for whatever stands in the way, never a traceback. What is
served is `gateway`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import ssl
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

from common import arguments, i18n, paths
from common.addresses import is_loopback
from common.arguments import Parsed, Program, UsageError
from common.client.joining import JOIN_TIMEOUT, CannotJoin
from common.client.kept import BadProfile, ProfileFull
from common.explain import explain
from common.i18n import _
from common.listening import Bind, bind
from common.runtime import raise_descriptor_limit
from common.safe import one_line
from common.settings import KNOWN, BadSetting, Settings
from common.web import hook_verb, loop, options
from common.web.gateway import CannotBind, Gateway, OtherServer
from common.web.place import Place
from common.web.store import WebStore

FAILED: Final = 1
NOT_PERMITTED: Final = 77

_log = logging.getLogger("causette.web")


class _Obstacle(Exception):
    """What stands in the way of serving; `code` is for programs."""

    def __init__(self, code: str, words: str, status: int = FAILED, address: str = "") -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.status = status
        self.address = address

    def said(self) -> dict[str, str]:
        """What programs are told."""
        place = {"address": self.address} if self.address else {}
        return {"type": "error", "code": self.code, **place, "text": self.words}


def main(argv: Sequence[str] | None = None, env: Mapping[str, str] | None = None) -> int:
    """Run the gateway and return the exit status. Must be called in the main thread."""
    words = list(sys.argv[1:] if argv is None else argv)
    environment = dict(os.environ if env is None else env)
    try:
        return _run(words, environment)
    except (UsageError, BadSetting) as fault:
        return _say(fault.line, fault.status)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the interpreter flushes it at its end
        return 0
    except Exception as fault:  # the last line of defence: a person gets words
        _log.debug("%s", traceback.format_exc())
        what = f"{type(fault).__name__}: {fault}"
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
    settings = _settings(program, parsed, env)
    i18n.setup(settings.text("lang"), env)
    data_dir = paths.data_dir(settings.text("data-dir"))
    _log_to_stderr(settings)
    try:
        if parsed.verb == options.HOOK:
            status, note = hook_verb.run(settings, parsed.words, data_dir)
            return _say(note, status) if note else status
        return _serve(settings, data_dir)
    except (_Obstacle, CannotJoin, BadProfile, ProfileFull, OSError) as fault:
        obstacle = _obstacle(fault, data_dir)
        if settings.switch("json"):
            print(json.dumps(obstacle.said(), ensure_ascii=False), flush=True)
        return _say(obstacle.words, obstacle.status)


def _settings(program: Program, parsed: Parsed, env: Mapping[str, str]) -> Settings:
    if parsed.verb == options.SERVE:
        if len(parsed.words) > 1:
            line = _("one server at most: remove {word}").format(word=one_line(parsed.words[1]))
            raise UsageError(line)
        if parsed.words:
            parsed.given.setdefault("server", []).append(parsed.words[0])
    return Settings.load(
        arguments.options_of(program, parsed.verb),
        parsed.given,
        env,
        paths.config_file(),
        program="web",
        known=KNOWN | program.names(),
    )


# --- serving -------------------------------------------------------------------------------------


def _serve(settings: Settings, data_dir: Path) -> int:
    raise_descriptor_limit()
    tls = _Certificate(settings)
    binds = [bind(text) for text in settings.texts("bind")]
    place = Place.find(settings, JOIN_TIMEOUT)
    if place.trusted:
        words = _("{host}: {key}: trusted from now on")
        _note(words.format(host=place.label, key=place.trusted))
    try:
        store = WebStore.open(hook_verb.store_file(data_dir))
    except paths.Locked as error:
        words = _("another gateway serves with {path}; stop it, or choose another --data-dir")
        raise _Obstacle("data-dir-locked", words.format(path=data_dir)) from error
    with contextlib.closing(store):
        gateway = Gateway(place, store, settings, data_dir)
        return loop.run(_until_told(gateway, settings, binds, tls))


async def _until_told(
    gateway: Gateway, settings: Settings, binds: list[Bind], tls: _Certificate
) -> int:
    running = asyncio.get_running_loop()
    ending = asyncio.Event()
    _on_signals(running, ending.set, tls.load)
    if settings.switch("end-with-input"):
        end = running.call_soon_threadsafe
        threading.Thread(target=_end_with_input, args=(end, ending.set), daemon=True).start()
    try:
        await gateway.open(binds, tls.context)
        _warn(gateway, binds, encrypted=tls.context is not None)
        _tell_ready(gateway, as_json=settings.switch("json"))
        await ending.wait()
        _log.info("stopping")
    finally:
        await gateway.close()
    return 0


def _on_signals(
    loop: asyncio.AbstractEventLoop, end: Callable[[], None], reload: Callable[[], None]
) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(end))
        else:
            loop.add_signal_handler(number, end)
    if sys.platform != "win32":
        loop.add_signal_handler(signal.SIGHUP, reload)


def _end_with_input(soon: Callable[[Callable[[], None]], Any], end: Callable[[], None]) -> None:
    """Ends the gateway once whoever started it lets go of its standard input, or dies."""
    with contextlib.suppress(OSError, ValueError):
        while os.read(sys.stdin.fileno(), 4_096):
            pass
    with contextlib.suppress(RuntimeError):  # it has ended by itself meanwhile
        soon(end)


class _Certificate:
    """The key pair of https, read again on SIGHUP: certificates are renewed."""

    def __init__(self, settings: Settings) -> None:
        """Raises BadSetting."""
        self._settings = settings
        self._cert, self._key = settings.text("tls-cert"), settings.text("tls-key")
        self.context: ssl.SSLContext | None = None
        if self._cert is None:
            if self._key is not None:
                raise settings.bad("tls-key", _("--tls-cert goes with it: give both"))
            return
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        if why := self._read(self.context):
            raise why

    def load(self) -> None:
        """Read it again. What is wrong is logged, and what held goes on."""
        if self.context is None:
            return
        if why := self._read(self.context):
            _log.warning("the certificate stays as it was: %s", why.line)
        else:
            _log.info("the certificate was read again")

    def _read(self, context: ssl.SSLContext) -> BadSetting | None:
        assert self._cert is not None
        cert = Path(self._cert).expanduser()
        key = Path(self._key).expanduser() if self._key else None
        for name, file in (("tls-cert", cert), ("tls-key", key)):
            try:
                if file is not None:
                    file.open("rb").close()
            except OSError as error:
                why = _("it cannot be read ({why})").format(why=error.strerror)
                return self._settings.bad(name, why)
        try:
            # With a passphrase it would ask for it, on a terminal that may not be there.
            context.load_cert_chain(cert, key, password="")
        except (ssl.SSLError, OSError, ValueError) as error:
            why = _("these are not a certificate and its key, in PEM, without a passphrase ({why})")
            return self._settings.bad("tls-cert", why.format(why=error))
        return None


def _warn(gateway: Gateway, binds: list[Bind], *, encrypted: bool) -> None:
    if not encrypted and not all(is_loopback(one.host) for one in binds):
        _note(
            _(
                "This page goes over the network without encryption: others on it can read and"
                " change what browsers and this gateway say to one another, and take over"
                " somebody's place in the chat. --tls-cert and --tls-key protect it."
            )
        )
    if gateway.place.target.key is None:
        _note(_("This server does not encrypt: whoever is on the network can read along."))


def _tell_ready(gateway: Gateway, *, as_json: bool) -> None:
    said = {
        "type": "ready",
        "name": gateway.name,
        "page": gateway.pages[0],
        "pages": gateway.pages,
        "server": gateway.place.label,
    }
    if as_json:
        line = json.dumps(said, ensure_ascii=False)
    else:
        name = json.dumps(gateway.name, ensure_ascii=False)
        line = f"ready name={name} page={','.join(gateway.pages)} server={gateway.place.label}"
    print(line, flush=True)


# --- what stands in the way ----------------------------------------------------------------------


def _obstacle(fault: Exception, data_dir: Path) -> _Obstacle:
    match fault:
        case _Obstacle():
            return fault
        case CannotJoin():
            return _Obstacle(fault.code, explain(fault.code, fault.values), fault.status)
        case CannotBind():
            return _Obstacle(fault.code, fault.words, address=fault.address)
        case OtherServer():
            words = _(
                "{path} holds the people of another server ({label}); choose another --data-dir"
            )
            return _Obstacle("data-dir", words.format(path=fault.path, label=fault.label))
        case BadProfile():
            return _Obstacle(
                "profile-damaged",
                explain("profile-damaged", {"path": str(fault.path), "why": fault.why}),
            )
        case ProfileFull():
            return _Obstacle("disk-full", explain("disk-full", {"path": str(fault.path)}))
        case OSError():
            values = {"path": str(fault.filename or data_dir), "why": fault.strerror or str(fault)}
            return _Obstacle("data-dir", explain("data-dir", values), NOT_PERMITTED)
    raise fault


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
    """The log's way out. A reader that went away must not stop the gateway."""

    def __init__(self) -> None:
        self._stream: IO[str] = sys.stderr

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def _note(line: str) -> None:
    _Stderr().write(f"client_web.py: {one_line(line)}\n")


def _say(line: str, status: int) -> int:
    _note(line)
    return status
