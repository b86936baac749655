"""What the desktop around the window is like: light or dark, how many dots an inch, safe fonts.

Owns every question to the system that has to do with looks. Each is asked in bounded time, and
whatever cannot be known has a plain answer: light, 96 dots, no colour emoji. Must not know the
theme that follows from it.
"""

from __future__ import annotations

import ctypes
import importlib
import logging
import os
import shutil
import subprocess
import sys
import tkinter as tk
from typing import Final, Literal

_LOG = logging.getLogger(__name__)

Mode = Literal["light", "dark"]

_WITHIN = 1.5
"""Seconds that one question to another program may take."""
_USUAL_DPI = 96.0
_SAFE_XFT: Final = 20305
"""libXft 2.3.5: older ones kill the process when they meet a colour emoji."""


def answer_of(*command: str) -> str:
    """What a program prints, "" if it is missing, fails or takes too long."""
    program = shutil.which(command[0])
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, *command[1:]],
            capture_output=True,
            timeout=_WITHIN,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


# --- light or dark -----------------------------------------------------------------------------


def mode() -> Mode:
    """Whether the desktop is light or dark now; light where that cannot be known."""
    if sys.platform == "win32":
        return _mode_of_windows()
    if sys.platform == "darwin":
        return (
            "dark"
            if answer_of("defaults", "read", "-g", "AppleInterfaceStyle") == "Dark"
            else "light"
        )
    # The portal's number is 1 for dark; desktops without one have GNOME's settings or GTK's.
    portal = answer_of(
        "gdbus", "call", "--session", "--timeout", "1",
        "--dest", "org.freedesktop.portal.Desktop",
        "--object-path", "/org/freedesktop/portal/desktop",
        "--method", "org.freedesktop.portal.Settings.Read",
        "org.freedesktop.appearance", "color-scheme",
    ) if os.environ.get("DBUS_SESSION_BUS_ADDRESS") else ""  # fmt: skip
    if "uint32 " in portal:
        return "dark" if "uint32 1" in portal else "light"
    wish = answer_of("gsettings", "get", "org.gnome.desktop.interface", "color-scheme")
    if "dark" in wish or "dark" in os.environ.get("GTK_THEME", ""):
        return "dark"
    return "light"


def _mode_of_windows() -> Mode:
    try:
        registry = importlib.import_module("winreg")
        path = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
        with registry.OpenKey(registry.HKEY_CURRENT_USER, path) as key:
            light, _ = registry.QueryValueEx(key, "AppsUseLightTheme")
    except (ImportError, OSError):
        return "light"
    return "light" if light else "dark"


# --- dots an inch ------------------------------------------------------------------------------


def prepare() -> None:
    """Before the first window: tell Windows that we draw for the screen's real dots."""
    if sys.platform == "win32":
        library = ctypes.WinDLL("shcore")
        library.SetProcessDpiAwareness(1)


def scale_of(root: tk.Misc) -> float:
    """How much larger than at 96 dpi things must be on this screen: 1.0 to 4.0, in quarters.

    A screen whose dots differ a little from 96 stays at 1.0, where lines fall on whole pixels.
    """
    if sys.platform == "darwin":
        return 1.0  # Tk draws in points there, and the system makes them larger.
    dpi = root.winfo_fpixels("1i")
    if root.tk.call("tk", "windowingsystem") == "x11":
        dpi = _dpi_of_x11() or dpi
    return min(4.0, max(1.0, round(dpi / _USUAL_DPI * 4) / 4))


def _dpi_of_x11() -> float | None:
    """What the desktop tells X programs; the screen's own size is made up on most of them."""
    try:
        library = ctypes.CDLL("libX11.so.6")
        library.XOpenDisplay.restype = ctypes.c_void_p
        library.XGetDefault.restype = ctypes.c_char_p
        library.XGetDefault.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
        library.XCloseDisplay.argtypes = [ctypes.c_void_p]
        display = library.XOpenDisplay(None)
        if not display:
            return None
        try:
            value: bytes | None = library.XGetDefault(display, b"Xft", b"dpi")
            dpi = float(value) if value else 0.0
        finally:
            library.XCloseDisplay(display)
    except (OSError, AttributeError, ValueError):
        return None
    return dpi if 48 <= dpi <= 480 else None


# --- fonts -------------------------------------------------------------------------------------


def smooth_fonts(root: tk.Misc) -> bool:
    """Whether letters are drawn well here; a Tk built without Xft has bitmap fonts on X11."""
    if root.tk.call("tk", "windowingsystem") != "x11":
        return True
    return str(root.tk.call("::tk::pkgconfig", "get", "fontsystem")) == "xft"


def xft_version() -> int | None:
    """The libXft that Tk is linked to, as 20306 for 2.3.6; `None` if there is none to ask."""
    try:
        # Whatever _tkinter was linked to is searched too, so it is the copy that Tk draws with.
        library = ctypes.CDLL(getattr(importlib.import_module("_tkinter"), "__file__", None))
        version: int = library.XftGetVersion()
    except (ImportError, OSError, AttributeError):
        return None
    return version


def emoji_safe(root: tk.Misc) -> bool:
    """Whether Tk may be given emoji to draw: where not, show their `:shortcode:`.

    An old libXft ends the process at the first colour emoji, and nothing can catch that.
    """
    if root.tk.call("tk", "windowingsystem") != "x11" or not smooth_fonts(root):
        return True
    version = xft_version()
    if version is not None and version >= _SAFE_XFT:
        return True
    if shutil.which("fc-list") is not None and not answer_of("fc-list", ":color=true", "family"):
        return True
    _LOG.warning("libXft is older than 2.3.5 or unknown: emoji are shown as :shortcodes:")
    return False
