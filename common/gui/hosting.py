"""*Host here*: a server on this machine, as a process of its own, that this window started.

Owns that process: its ports, its ready line, its log, its end. Whether to end it is for a person to
say. Must not know a widget; it knows of the broker the command line and the ready line.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, Literal

from common import paths, runtime
from common.client.target import DEFAULT_PORT
from common.gui.screens import Post, Trouble
from common.i18n import _, current

_LOG = logging.getLogger(__name__)

Reach = Literal["network", "machine"]
"""Who can connect: everybody on the network, or programs of this machine alone."""

READY_WITHIN: Final = 20.0
"""Seconds a server may take: a first start makes keys and a database on a slow disk."""
END_WITHIN: Final = 5.0
_PORTS: Final = 3
"""PULL, PUB and the card."""


class Hosted:
    """A server that was started here; of `on_ready` and `on_failed` one comes, in the window."""

    def __init__(
        self,
        data_dir: Path,
        reach: Reach,
        post: Post,
        on_ready: Callable[[Hosted], object],
        on_failed: Callable[[Trouble], object],
    ) -> None:
        self._post = post
        self._on_ready = on_ready
        self._on_failed = on_failed
        self.reach: Reach = reach
        self.log = data_dir / "broker" / "broker.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._given_up = False
        self._late = threading.Timer(READY_WITHIN, self._too_late)
        self._late.daemon = True
        threading.Thread(target=self._run, args=(data_dir,), name="hosting", daemon=True).start()

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it and wait for that: its data stay. Some seconds at most; may be repeated."""
        self._given_up = True
        process = self._process
        if process is None or process.poll() is not None:
            return
        _LOG.info("stopping the server that was started here")
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                process.send_signal(signal.CTRL_BREAK_EVENT)
            else:
                process.terminate()
        try:
            process.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    # --- in its thread -------------------------------------------------------------------------

    def _run(self, data_dir: Path) -> None:
        self._late.start()
        try:
            usual = _free(self.reach)
            status = self._serve(data_dir, usual)
            if status is not None and usual and not _free(self.reach):
                # Somebody took them between our look and its own.
                status = self._serve(data_dir, False)
        except (OSError, ImportError) as error:
            self._fail(str(error))
        else:
            if status is not None:
                words = _("exit status {status}").format(status=status)
                self._fail(_last_words(self.log) or words)
        finally:
            self._late.cancel()

    def _serve(self, data_dir: Path, usual_ports: bool) -> int | None:
        """Stay until it has ended: its exit status where it never served, else None."""
        ready = False
        with self._start(data_dir, usual_ports) as pipe:
            for line in pipe:
                if not ready and _is_ready(line):
                    ready = True
                    self._late.cancel()
                    self._post(lambda: None if self._given_up else self._on_ready(self))
        assert self._process is not None
        status = self._process.wait()
        return None if ready else status

    def _start(self, data_dir: Path, usual_ports: bool) -> IO[bytes]:
        try:
            program = runtime.command("broker")
        except FileNotFoundError as error:
            words = _("broker.py is missing: this copy of Causette is not complete")
            raise ImportError(words) from error
        paths.private_dir(self.log.parent)
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with open(descriptor, "ab") as log:
            command = [*program, "--json", "--data-dir", str(data_dir)]
            self._process = subprocess.Popen(
                [*command, *_places(self.reach, usual_ports)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                # Who can connect was chosen just now, whatever a configuration says.
                env={**os.environ, "CAUSETTE_LANG": current().lang, "CAUSETTE_LAN": "0"},
                # Ctrl+C in the terminal that the window came from is not meant for it.
                start_new_session=sys.platform != "win32",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
                | getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        assert self._process.stdout is not None
        if self._given_up:
            self._process.terminate()
        return self._process.stdout

    def _too_late(self) -> None:
        if self._process is not None and not self._given_up:
            self._process.kill()

    def _fail(self, why: str) -> None:
        trouble = Trouble("host-failed", {"why": why, "path": str(self.log)})
        self._post(lambda: None if self._given_up else self._on_failed(trouble))


def _places(reach: Reach, usual_ports: bool) -> list[str]:
    """The options for where to listen: the usual ports, or free ones; and to be found there."""
    host = "*" if reach == "network" else "127.0.0.1"
    port = str(DEFAULT_PORT) if usual_ports else "*"
    found = ["--lan"] if reach == "network" else []
    return [*found, "--pull", f"tcp://{host}:{port}"]


def _free(reach: Reach) -> bool:
    """Whether the usual ports are free."""
    host = "" if reach == "network" else "127.0.0.1"
    with contextlib.ExitStack() as bound:
        for port in range(DEFAULT_PORT, DEFAULT_PORT + _PORTS):
            one = bound.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            if sys.platform != "win32":
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind((host, port))
            except OSError:
                return False
    return True


def _is_ready(line: bytes) -> bool:
    try:
        said = json.loads(line)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("type") == "ready"


def _last_words(log: Path) -> str:
    """The last line of its log: broker.py ends with one line for people."""
    with contextlib.suppress(OSError):
        lines = log.read_text("utf-8", "replace").strip().splitlines()
        if lines:
            return lines[-1].removeprefix("broker.py: ")
    return ""
