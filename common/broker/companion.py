"""The gateway beside a broker, as a process of its own: `broker.py --web ADDR:PORT`.

Owns that process: how it is started, what it says on its standard output, its end. It ends with the
broker, however that one ends: by the end of its standard input. Must not know what a gateway does;
of its door it knows the command line and the JSON lines.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any, Final

from common import runtime
from common.broker.server import Server
from common.i18n import _, current
from common.settings import Settings

PATIENCE: Final = 1.2
"""Seconds that it may take to say goodbye for everybody; a broker ends within two."""
_SETTLED: Final = ("BIND", "DATA_DIR", "JSON", "LANG")
"""What the environment may say to gateways, and is settled for this one."""

_log = logging.getLogger("causette.broker")


class Companion:
    """One gateway, beside the broker whose loop it is told of."""

    def __init__(self, server: Server, settings: Settings, serving: Callable[[], None]) -> None:
        """`serving` is called, in the broker's loop, once the page is served."""
        self.failed: Mapping[str, str] = {}
        """Why the page could not be served, as it was told to programs; the broker then stops."""
        self.status = 0
        """Its exit status, where it failed."""
        self._server = server
        self._bind = str(settings["web"])
        self._options = _options(settings)
        self._serving = serving
        self._ready = False
        self._closing = False
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    @property
    def words(self) -> str:
        """Why the page could not be served, for whoever started the broker."""
        said = _("the page cannot be served at {address}: {why}")
        why = self.failed.get("text") or _("its program ended with status {n}").format(
            n=self.status
        )
        return said.format(address=self._bind, why=why)

    def start(self) -> None:
        """Start it. Raises OSError."""
        session: dict[str, Any] = {}
        if sys.platform == "win32":
            session["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
        else:
            # Ctrl+C in a terminal is for the broker, which then ends its gateway.
            session["start_new_session"] = True
        settled = {f"CAUSETTE_{name}" for name in _SETTLED}
        env = {name: value for name, value in os.environ.items() if name not in settled}
        self._process = process = subprocess.Popen(
            [*runtime.command("client_web"), *self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**env, "PYTHONUTF8": "1"},
            **session,
        )
        assert process.stdout is not None
        self._reader = threading.Thread(
            target=self._read, args=(process, process.stdout), name="gateway-reader", daemon=True
        )
        self._reader.start()

    def close(self) -> None:
        """End it, and wait until it has; one that does not in time is killed."""
        self._closing = True
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    # --- the thread that reads it ----------------------------------------------------------------

    def _read(self, process: subprocess.Popen[bytes], pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                with contextlib.suppress(ValueError):
                    said = json.loads(line)
                    if isinstance(said, dict):
                        self._server.soon(functools.partial(self._heard, said))
        status = process.wait()
        self._server.soon(lambda: self._ended(status))

    # --- in the broker's loop --------------------------------------------------------------------

    def _heard(self, said: Mapping[str, Any]) -> None:
        if said.get("type") == "ready":
            self._ready = True
            self._server.page_is(str(said.get("page", "")))
            self._serving()
        elif said.get("type") == "error":
            self.failed = {str(name): str(value) for name, value in said.items()}

    def _ended(self, status: int) -> None:
        if self._closing:
            return
        if self._ready:
            self._server.page_is("")
            words = "the page is gone: its program ended with status %d; the chat goes on"
            _log.error(words, status)
        else:
            self.status = status or 1
            self._server.stop()


def _options(settings: Settings) -> list[str]:
    """How the gateway is told what the broker was told."""
    options = ["--json", "--end-with-input", "--here", "--bind", str(settings["web"])]
    options += ["--lang", current().lang]
    for name in ("data-dir", "config"):
        if (value := settings.text(name)) is not None:
            options += [f"--{name}", value]
    options += [f"--{name}" for name in ("verbose", "quiet") if settings.switch(name)]
    return options
