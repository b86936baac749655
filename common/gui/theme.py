"""The look of the window: colours, fonts, sizes and pictures, in light and dark, at any text size.

Owns the one use of ttkbootstrap, which carries the exact palette of common.look into ttk; the
named fonts; the scale. A change at run time redraws pictures, fonts and ttk styles in place; only
what shows a colour by itself (tk.Text, tk.Canvas, a window's ground) asks for `on_change`. Must
not know what is shown. How ttk parts are drawn: styles.py. Pictures: images.py.
"""

from __future__ import annotations

import logging
import sys
import tkinter as tk
import tkinter.ttk
from collections.abc import Callable
from tkinter import font as tkfont
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

import ttkbootstrap.style

from common import look
from common.gui import desktop
from common.gui.images import Hairline, Images, PillTone
from common.gui.styles import Styles

_LOG = logging.getLogger(__name__)

Mode = Literal["light", "dark"]
Choice = Literal["system", "light", "dark"]

SMALLEST_TEXT: Final = 80
LARGEST_TEXT: Final = 200
TEXT_STEP: Final = 10
"""Percents of text size, and what Ctrl +/- changes at once."""

_BODY = look.WINDOW_TYPE["body"]
_SMALL = look.WINDOW_TYPE["small"]
_CAPTION = look.WINDOW_TYPE["caption"]
_FONTS: Final[dict[str, tuple[int, str, dict[str, Any]]]] = {
    # role: pixels at 96 dpi, "sans" or "mono", other options
    "pad": (4, "sans", {}),
    "caption": (_CAPTION, "sans", {}),
    "caption-bold": (_CAPTION, "sans", {"weight": "bold"}),
    "caption-link": (_CAPTION, "sans", {"underline": True}),
    "small": (_SMALL, "sans", {}),
    "small-link": (_SMALL, "sans", {"underline": True}),
    "body": (_BODY, "sans", {}),
    "bold": (_BODY, "sans", {"weight": "bold"}),
    "link": (_BODY, "sans", {"underline": True}),
    "title": (look.WINDOW_TYPE["title"], "sans", {"weight": "bold"}),
    "number": (look.WINDOW_TYPE["number"], "sans", {"weight": "bold"}),
    "display": (look.WINDOW_TYPE["display"], "sans", {"weight": "bold"}),
    "mono": (_SMALL, "mono", {}),
}
_TK_FONTS = {
    "TkDefaultFont": ("body", "sans"),
    "TkTextFont": ("body", "sans"),
    "TkMenuFont": ("body", "sans"),
    "TkHeadingFont": ("body", "sans"),
    "TkCaptionFont": ("bold", "sans"),
    "TkTooltipFont": ("small", "sans"),
    "TkFixedFont": ("mono", "mono"),
}
_SANS = ("Segoe UI", "Noto Sans", "DejaVu Sans", "Liberation Sans", "Helvetica")
_MONO = ("Cascadia Mono", "Consolas", "Menlo", "Noto Sans Mono", "DejaVu Sans Mono", "Courier New")

_THEMES: WeakKeyDictionary[tk.Misc, Theme] = WeakKeyDictionary()


def theme_of(widget: tk.Misc) -> Theme:
    """The theme of the window that a widget is in. Raises KeyError before there is one."""
    return _THEMES[widget.nametowidget(".")]


def _definition(theme: look.Theme) -> Any:
    """Our palette in ttkbootstrap's terms, without a shade of its own."""
    colours = _with_aliases(theme)
    untyped: Any = ttkbootstrap.style.ThemeDefinition
    return untyped(
        f"causette-{theme.name}",
        {
            "primary": theme.accent,
            "secondary": theme.muted,
            "success": theme.success,
            "info": theme.accent,
            "warning": theme.warning,
            "danger": theme.danger,
            "light": theme.surface,
            "dark": theme.text,
            "bg": theme.bg,
            "fg": theme.text,
            "selectbg": theme.selection,
            "selectfg": theme.text,
            "border": theme.border,
            "inputfg": theme.text,
            "inputbg": colours["field"],
            "active": theme.raised,
        },
        theme.name,
    )


def _with_aliases(theme: look.Theme) -> dict[str, str]:
    """The tokens, and the grounds that are another token in each theme."""
    light = theme.name == "light"
    return {
        **theme.tokens(),
        "card": theme.bg if light else theme.surface,
        "field": theme.bg if light else theme.raised,
    }


class Theme:
    """The look of one root, which is the process's only one while it lives.

    `color` maps each token of common.look to `#RRGGBB`, and the aliases `card` and `field` to the
    token that each theme has for them. Sizes in arguments are pixels at 96 dpi.
    """

    def __init__(
        self,
        root: tk.Tk,
        name: Choice = "light",
        scale: float | None = None,
        text_percent: int = 100,
    ) -> None:
        """`scale`: times 96 dpi, found out if `None`; `text_percent` is held within 80 and 200."""
        self.root = root
        self.scale = desktop.scale_of(root) if scale is None else scale
        self.text_percent = _held(text_percent)
        self.system: Mode | None = None
        """What the desktop said last, as far as it was asked: `following` keeps it up to date."""
        self.name: Mode = self._mode(name)
        self.emoji_safe = desktop.emoji_safe(root)
        """Whether emoji may be shown; else their `:shortcode:` must be."""
        self.by_keyboard = True
        """Whether the last thing a person did was press a key: then the focus has a ring."""
        if not desktop.smooth_fonts(root):
            _LOG.warning("this Tk was built without Xft: letters will look coarse")
        if sys.platform != "darwin":
            root.tk.call("tk", "scaling", self.scale * 96 / 72)
        self._callbacks: dict[int, Callable[[], object]] = {}
        self._next = 0
        self.family, self._mono = self._families()
        self._fonts = {
            role: tkfont.Font(root, name=f"causette-{role}", exists=False) for role in _FONTS
        }
        self.color: dict[str, str] = _with_aliases(self._tokens)
        self._set_fonts()
        self.images = Images(root, self)
        self._ttk = self._start_ttk()
        self.styles = Styles(root, self, self.images)
        _THEMES[root] = self
        self.styles.apply()
        self._dress_root()
        root.bind_all("<KeyPress>", self._key_pressed, add="+")
        root.bind_all("<ButtonPress>", self._button_pressed, add="+")
        root.bind("<Destroy>", self._destroyed, add="+")

    # --- what is asked of it -------------------------------------------------------------------

    @property
    def _tokens(self) -> look.Theme:
        return look.THEMES[self.name]

    @property
    def nicks(self) -> tuple[str, ...]:
        """The colours of people, by `look.nick_index`."""
        return self._tokens.nicks

    def nick(self, user: str) -> str:
        """The colour of the person whose identity is `user`."""
        return self._tokens.nick(user)

    def font(self, role: str) -> tkfont.Font:
        """A named font that follows the text size by itself. Raises KeyError.

        Roles: body, bold, link, small, small-link, caption, caption-bold, caption-link, title,
        number, display, mono, and pad (a line of 4 pixels, to space text with).
        """
        return self._fonts[role]

    def px(self, size: float) -> int:
        """Device pixels for pixels at 96 dpi and a text size of 100 %; at least 1 of what is."""
        pixels = round(size * self.scale * self.text_percent / 100)
        return pixels if size == 0 or pixels else (1 if size > 0 else -1)

    def image(self, name: str, tone: str = "muted", size: float = 18) -> tk.PhotoImage:
        """An icon of common.icons; it follows theme and size by itself. Raises KeyError."""
        return self.images.icon(name, tone, size)

    def mark(self, size: float) -> tk.PhotoImage:
        """The mark of Causette."""
        return self.images.mark(size)

    def avatar(self, user: str, nick: str, size: float = 26, bot: bool = False) -> tk.PhotoImage:
        """The disc of a person, or the rounded square of a bot."""
        return self.images.avatar(user, nick, size, bot=bot)

    def pill(self, text: str, tone: PillTone = "accent", height: float = 19) -> tk.PhotoImage:
        """A count (`accent`, or `you` where it concerns the reader), or a word (`raised`)."""
        return self.images.pill(text, tone, height)

    def dot(self, tone: str = "success", size: float = 8, hollow: bool = False) -> tk.PhotoImage:
        """The dot of presence."""
        return self.images.dot(tone, size, hollow=hollow)

    def hairline(
        self, tone: str = "border", thickness: float = 1, owner: tk.Misc | None = None
    ) -> Hairline:
        """A line as an image whose length its user sets; it follows the theme while `owner` is."""
        line = Hairline(self.root, self, tone, thickness)
        self.on_change(line.redraw, owner)
        return line

    # --- changes at run time -------------------------------------------------------------------

    def on_change(
        self, callback: Callable[[], object], owner: tk.Misc | None = None
    ) -> Callable[[], None]:
        """Call back after each change of theme or text size, until `owner` is destroyed.

        Returns what ends it earlier.
        """
        number = self._next
        self._next += 1
        self._callbacks[number] = callback

        def cancel() -> None:
            self._callbacks.pop(number, None)

        if owner is not None:
            owner.bind(
                "<Destroy>",
                lambda event: cancel() if event.widget is owner else None,
                add="+",
            )
        return cancel

    def switch(self, name: Choice) -> None:
        """Change to that theme; "system" to what the desktop said last, which is asked only where
        it never was."""
        wanted = self._mode(name)
        if wanted != self.name:
            self.name = wanted
            self._changed()

    def _mode(self, name: Choice) -> Mode:
        if name != "system":
            return name
        if self.system is None:
            self.system = desktop.mode()
        return self.system

    def zoom(self, text_percent: int) -> None:
        """Change the text size, and icons and spaces with it; held within 80 and 200."""
        wanted = _held(text_percent)
        if wanted != self.text_percent:
            self.text_percent = wanted
            self._changed()

    def pad(self, widget: tk.Widget, **options: float | tuple[float, float]) -> None:
        """Give a packed or gridded widget `padx`, `pady`, `ipadx`, `ipady` that follow the size."""

        def apply() -> None:
            scaled = {
                name: tuple(self.px(part) for part in value)
                if isinstance(value, tuple)
                else self.px(value)
                for name, value in options.items()
            }
            manager = widget.winfo_manager()
            if manager in ("grid", "pack"):
                self.root.tk.call(
                    manager,
                    "configure",
                    str(widget),
                    *(part for name, value in scaled.items() for part in (f"-{name}", value)),
                )

        apply()
        self.on_change(apply, widget)

    # --- how it is done ------------------------------------------------------------------------

    def _changed(self) -> None:
        self.color.clear()
        self.color.update(_with_aliases(self._tokens))
        self._set_fonts()
        # Not ttkbootstrap's own switch: it would restyle every plain Tk widget by its own taste.
        self._ttk.theme_use(f"causette-{self.name}")
        self.images.redraw()
        self.styles.apply()
        self._dress_root()
        for callback in list(self._callbacks.values()):
            try:
                callback()
            except Exception:
                _LOG.exception("a part of the window could not follow the theme")

    def _families(self) -> tuple[str, str]:
        """The families for prose and for code: the system's, or the first that is installed."""
        present = {name.casefold(): name for name in tkfont.families(self.root)}

        def first(wanted: tuple[str, ...], otherwise: str) -> str:
            for name in wanted:
                if name.casefold() in present:
                    return present[name.casefold()]
            return str(tkfont.nametofont(otherwise, self.root).actual("family"))

        if sys.platform == "darwin":
            return str(tkfont.nametofont("TkDefaultFont", self.root).actual("family")), first(
                _MONO, "TkFixedFont"
            )
        return first(_SANS, "TkDefaultFont"), first(_MONO, "TkFixedFont")

    def _set_fonts(self) -> None:
        families = {"sans": self.family, "mono": self._mono}
        for role, (size, kind, options) in _FONTS.items():
            self._fonts[role].configure(family=families[kind], size=-self.px(size), **options)
        for name, (role, kind) in _TK_FONTS.items():
            size, _, options = _FONTS[role]
            font = tkfont.nametofont(name, self.root)
            font.configure(family=families[kind], size=-self.px(size), **options)

    def _start_ttk(self) -> tkinter.ttk.Style:
        """Have ttkbootstrap build both themes while the root is bare; the plain style of Tk."""
        untyped: Any = ttkbootstrap.style.Style
        builder = untyped()
        other = "dark" if self.name == "light" else "light"
        for name in (other, self.name):
            definition = _definition(look.THEMES[name])
            builder.register_theme(definition)
            builder.theme_use(definition.name)
        return tkinter.ttk.Style(self.root)

    def _dress_root(self) -> None:
        self.root.configure(background=self.color["bg"])
        if self.root.tk.call("tk", "windowingsystem") != "aqua":
            sizes = (16, 24, 32, 48, 64, 128)
            self.root.iconphoto(True, *(self.images.window_icon(size) for size in sizes))

    def _key_pressed(self, _event: tk.Event[tk.Misc]) -> None:
        self.by_keyboard = True

    def _button_pressed(self, _event: tk.Event[tk.Misc]) -> None:
        self.by_keyboard = False

    def _destroyed(self, event: tk.Event[tk.Misc]) -> None:
        """The root is gone: let a later one have ttkbootstrap, which serves one at a time."""
        if event.widget is self.root:
            self._callbacks.clear()
            _THEMES.pop(self.root, None)
            ttkbootstrap.style.Style.instance = None


def _held(text_percent: int) -> int:
    return min(LARGEST_TEXT, max(SMALLEST_TEXT, text_percent))
