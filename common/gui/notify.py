"""Calling a person who looks elsewhere: a notification of the desktop, and a sound.

Owns which of the system's own programs does it, and that nothing of a message is ever read as part
of a command. Where none is there, the title is all there is. Must not know what is worth a call.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
import tkinter as tk
from collections.abc import Callable, Mapping
from typing import Final

from common.safe import one_line

_WITHIN: Final = 5.0
"""Seconds that the system's program may take."""
_EVERY: Final = 1.5
"""Seconds between two notifications, and between two sounds: a burst is one call."""
# The words come by the environment: in a script they could be read as code.
_TOAST: Final = """
$ErrorActionPreference = 'Stop'
[Windows.UI.Notifications.ToastNotificationManager,Windows.UI.Notifications,ContentType=WindowsRuntime] | Out-Null
$xml = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent(1)
$texts = $xml.GetElementsByTagName('text')
$texts.Item(0).AppendChild($xml.CreateTextNode($env:CAUSETTE_TITLE)) | Out-Null
$texts.Item(1).AppendChild($xml.CreateTextNode($env:CAUSETTE_TEXT)) | Out-Null
$id = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($id).Show($xml)
"""  # noqa: E501 - one statement
_SCRIPT: Final = (
    'display notification (system attribute "CAUSETTE_TEXT")'
    ' with title (system attribute "CAUSETTE_TITLE")'
)

Run = Callable[[list[str], Mapping[str, str]], object]


def command(title: str, text: str) -> tuple[list[str], dict[str, str]] | None:
    """The program that notifies here, its arguments, and what is added to its environment; None
    where there is none."""
    words = {"CAUSETTE_TITLE": one_line(title), "CAUSETTE_TEXT": one_line(text)}
    if sys.platform == "darwin":
        found = shutil.which("osascript")
        return ([found, "-e", _SCRIPT], words) if found else None
    if sys.platform == "win32":
        found = shutil.which("powershell")
        flags = ["-NoProfile", "-NonInteractive", "-Command", _TOAST]
        return ([found, *flags], words) if found else None
    found = shutil.which("notify-send")
    if found is None or not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return None
    # Some servers read the text as markup.
    escaped = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return [found, "--app-name=Causette", "--", one_line(title), escaped], {}


def possible() -> bool:
    """Whether this desktop can be asked to notify."""
    return command("", "") is not None


def _start(words: list[str], env: Mapping[str, str]) -> None:
    """In a thread: starting a program may take a while."""

    def run() -> None:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                words,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_WITHIN,
                check=False,
            )

    threading.Thread(target=run, name="notification", daemon=True).start()


class Notifier:
    """Calls at most once in a moment."""

    def __init__(self, widget: tk.Misc, run: Run = _start) -> None:
        self._widget = widget
        self._run = run
        self._next = {"note": 0.0, "bell": 0.0}

    def call(self, title: str, text: str, *, note: bool, sound: bool) -> None:
        """Notify of something, `note` and `sound` by wish."""
        if note and self._may("note"):
            asked = command(title, text)
            if asked is not None:
                self._run(*asked)
        if sound and self._may("bell"):
            with contextlib.suppress(tk.TclError):
                self._widget.bell()

    def _may(self, what: str) -> bool:
        now = time.monotonic()
        if now < self._next[what]:
            return False
        self._next[what] = now + _EVERY
        return True
