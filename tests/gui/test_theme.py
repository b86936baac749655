"""The theme: exact colours, sizes by dots and by text size, changes while the window runs."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tkinter as tk
from pathlib import Path
from types import SimpleNamespace

import pytest

from common import look
from common.gui import desktop
from common.gui.theme import Theme, theme_of
from common.gui.widgets import Card, button, label
from tests.support import scaled
from tests.support.display import screen

ROOT = Path(__file__).resolve().parents[2]


def pixels(root: tk.Tk, widget: tk.Widget) -> set[str]:
    """Every colour that a widget shows on the screen."""
    return {colour for row in rows(root, widget) for colour in row}


def rows(root: tk.Tk, widget: tk.Widget) -> list[list[str]]:
    """What the screen shows where a widget is, as `#RRGGBB`."""
    from PIL import ImageGrab

    root.update()
    left, top = widget.winfo_rootx(), widget.winfo_rooty()
    box = (left, top, left + widget.winfo_width(), top + widget.winfo_height())
    image = ImageGrab.grab(bbox=box, xdisplay=root.winfo_screen().split(".")[0]).convert("RGB")
    data = image.tobytes()
    flat = [f"#{data[i]:02X}{data[i + 1]:02X}{data[i + 2]:02X}" for i in range(0, len(data), 3)]
    wide = image.width
    return [flat[start : start + wide] for start in range(0, len(flat), wide)]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_what_is_drawn_has_the_palettes_colours_and_contrast(root: tk.Tk, mode: str) -> None:
    theme = Theme(root, "light" if mode == "light" else "dark")
    tokens = look.THEMES[mode]
    card = Card(root)
    card.pack()
    words = label(card, "██ Bonjour", tone="muted")
    words.pack()
    send = button(card, "██ Envoyer", "primary")
    send.pack()
    stop = button(card, "██ Arrêter", "danger")
    stop.pack()
    ground = theme.color["card"]
    for widget, fill, ink in (
        (words, ground, tokens.muted),
        (send, tokens.accent, tokens.on_accent),
        (stop, tokens.danger_bg, tokens.danger),
    ):
        seen = pixels(root, widget)
        assert {fill, ink} <= seen
        assert look.contrast(fill, ink) >= 4.5
    assert tokens.border in pixels(root, card)


def test_a_rounded_button_shows_its_ground_at_the_corners(root: tk.Tk, theme: Theme) -> None:
    card = Card(root)
    card.pack()
    send = button(card, "Envoyer", "primary")
    send.pack()
    seen = rows(root, send)
    assert seen[0][0] == seen[-1][-1] == theme.color["card"]
    assert seen[0][len(seen[0]) // 2] == theme.color["accent"]


def test_a_switch_changes_what_is_on_the_screen(root: tk.Tk, theme: Theme) -> None:
    words = label(root, "██ mot", tone="accent")
    words.pack()
    send = button(root, "Envoyer", "primary")
    send.pack()
    seen: list[str] = []
    theme.on_change(lambda: seen.append(theme.name))
    assert look.LIGHT.accent in pixels(root, words)
    theme.switch("dark")
    assert look.DARK.accent in pixels(root, words)
    assert look.DARK.accent in pixels(root, send)
    assert not {look.LIGHT.accent, look.LIGHT.bg} & pixels(root, send)
    theme.switch("dark")
    theme.switch("light")
    assert look.LIGHT.accent in pixels(root, send)
    assert seen == ["dark", "light"]


def test_text_size_changes_fonts_icons_and_buttons_in_place(root: tk.Tk, theme: Theme) -> None:
    send = button(root, "Envoyer", "primary", icon="send")
    send.pack(pady=4)
    theme.pad(send, pady=10)
    icon = theme.image("hash", size=20)
    root.update()
    small = send.winfo_height()
    assert (theme.px(20), icon.width(), theme.font("body").cget("size")) == (20, 20, -13)
    theme.zoom(200)
    root.update()
    assert (theme.px(20), icon.width(), theme.font("body").cget("size")) == (40, 40, -26)
    assert send.winfo_height() == pytest.approx(2 * small, abs=3)
    assert str(send.pack_info()["pady"]) == "20"
    theme.zoom(999)
    assert theme.text_percent == 200
    theme.zoom(1)
    assert theme.text_percent == 80
    theme.zoom(100)
    root.update()
    assert send.winfo_height() == small


_AT_DPI = """
import tkinter, common.gui.theme
root = tkinter.Tk()
theme = common.gui.theme.Theme(root, "light")
print(theme.scale, theme.px(8), theme.font("body").cget("size"), round(root.winfo_fpixels("72p")))
"""


@pytest.mark.parametrize(
    ("dpi", "seen"), [(96, "1.0 8 -13 96"), (100, "1.0 8 -13 96"), (192, "2.0 16 -26 192")]
)
def test_sizes_follow_the_screens_dots(dpi: int, seen: str) -> None:
    # In a process of its own: Tk never closes a screen that it opened, and ends with it.
    with screen(dpi) as display:
        done = subprocess.run(
            [sys.executable, "-c", _AT_DPI],
            env={**os.environ, "DISPLAY": display},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=scaled(60),
        )
    assert (done.stdout.strip(), done.stderr) == (seen, "")


def test_a_callback_ends_with_its_widget_or_when_cancelled(root: tk.Tk, theme: Theme) -> None:
    seen: list[str] = []
    gone = tk.Frame(root)
    theme.on_change(lambda: seen.append("gone"), gone)
    cancel = theme.on_change(lambda: seen.append("cancelled"))
    theme.on_change(lambda: seen.append("kept"))
    cancel()
    gone.destroy()
    theme.switch("dark")
    assert seen == ["kept"]


@pytest.mark.logs_errors
def test_a_callback_that_fails_stops_no_other(root: tk.Tk, theme: Theme) -> None:
    seen: list[str] = []
    theme.on_change(lambda: 1 / 0)
    theme.on_change(lambda: seen.append("kept"))
    theme.switch("dark")
    assert seen == ["kept"]


def test_a_second_root_may_follow_the_first(display: str) -> None:
    for name in ("light", "dark"):
        window = tk.Tk(screenName=display)
        theme = Theme(window, "light" if name == "light" else "dark")
        assert theme_of(tk.Frame(window)) is theme
        assert look.THEMES[name].accent in pixels(window, _shown(window))
        window.destroy()


def _shown(window: tk.Tk) -> tk.Widget:
    send = button(window, "Envoyer", "primary")
    send.pack()
    return send


# --- the desktop -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "mode"),
    [
        ({"gdbus": "(<<uint32 1>>,)"}, "dark"),
        ({"gdbus": "(<<uint32 2>>,)", "gsettings": "'prefer-dark'"}, "light"),
        ({"gsettings": "'prefer-dark'"}, "dark"),
        ({"gsettings": "'default'"}, "light"),
        ({}, "light"),
    ],
)
def test_the_mode_of_the_desktop(
    answers: dict[str, str], mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desktop, "answer_of", lambda *command: answers.get(command[0], ""))
    monkeypatch.setattr(desktop, "sys", SimpleNamespace(platform="linux"))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    monkeypatch.delenv("GTK_THEME", raising=False)
    assert desktop.mode() == mode


@pytest.mark.parametrize(
    ("version", "fonts", "safe"),
    [
        (20306, "Noto Color Emoji", True),
        (20305, "Noto Color Emoji", True),
        (20304, "Noto Color Emoji", False),
        (20304, "", True),
        (None, "Noto Color Emoji", False),
    ],
)
def test_emoji_are_kept_from_an_old_xft(
    root: tk.Tk, version: int | None, fonts: str, safe: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desktop, "xft_version", lambda: version)
    monkeypatch.setattr(desktop, "answer_of", lambda *_command: fonts)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(desktop, "smooth_fonts", lambda _root: True)
    assert desktop.emoji_safe(root) is safe


def test_a_tk_without_smooth_fonts_is_told_of(
    root: tk.Tk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(desktop, "smooth_fonts", lambda _root: False)
    with caplog.at_level(logging.WARNING):
        Theme(root, "light")
    assert "without Xft" in caplog.text
