"""Menus in the colours of the theme: at the pointer, or under what they belong to.

Owns how a menu looks, opens and goes. Must not know what is in it.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from weakref import WeakKeyDictionary

from common.gui.theme import theme_of

_LAST: WeakKeyDictionary[tk.Misc, tk.Menu] = WeakKeyDictionary()
"""The menu that each root showed last: it can only go when its command has run, so at the next."""

_LOOKED_AGAIN = (60, 250)
"""Milliseconds after a menu has gone at which its focus is looked for once more."""


class PopupMenu:
    """A menu for one showing: made, filled, shown."""

    def __init__(self, owner: tk.Misc) -> None:
        theme = self._theme = theme_of(owner)
        colour = theme.color
        former = _LAST.pop(theme.root, None)
        if former is not None:
            former.destroy()
        self.menu = tk.Menu(
            owner,
            tearoff=False,
            font=theme.font("body"),
            # Entries cover all of it but its border, which so is drawn as a line.
            background=colour["border"],
            foreground=colour["text"],
            activebackground=colour["selection"],
            activeforeground=colour["text"],
            disabledforeground=colour["muted"],
            relief="flat",
            borderwidth=theme.px(1),
            activeborderwidth=0,
        )
        self._ground = colour["card"]
        self._current: int | None = None

    def entry(
        self,
        words: str,
        command: Callable[[], object],
        *,
        icon: str = "",
        able: bool = True,
        danger: bool = False,
        keys: str = "",
        gap: bool = False,
        current: bool = False,
    ) -> None:
        """A line to choose; `keys` says how to do the same by keyboard.

        `gap`: without an icon, its words stand where those of lines with one do. `current`: it is
        what a key that opens the menu chooses, instead of the first line.
        """
        # Without any picture a line would be lower than the others.
        tone = "danger" if danger else "muted"
        wide = bool(icon) or gap
        images = self._theme.images
        image = images.for_menu(icon, tone, wide=wide)
        start = " "
        if not able:
            # Tk dots the picture of what cannot be chosen: words hold its place.
            space = self._theme.font("body").measure(" ")
            start += " " * round((image.width() - 1) / space)
            image = images.for_menu("", tone, wide=None)
        self.menu.add_command(
            label=f"{start}{words} ",
            command=command,
            background=self._ground,
            state="normal" if able else "disabled",
            image=image,
            compound="left",
            # A space, as after the words: else they would touch the edge.
            accelerator=f"{keys} " if keys else "",
        )
        if current:
            self._current = self.menu.index("end")
        if danger:
            ink = self._theme.color["danger"]
            self.menu.entryconfigure(
                "end", foreground=ink, activeforeground=self._theme.color["text"]
            )

    def line(self) -> None:
        """A line between groups."""
        self.menu.add_separator(background=self._ground)

    def show(self, event: tk.Event[tk.Misc]) -> None:
        """Open it where the pointer was pressed, or at the widget for a key."""
        widget = event.widget
        if event.type == tk.EventType.ButtonPress:
            self.show_at(event.x_root, event.y_root)
        else:
            self.show_at(
                widget.winfo_rootx() + self._theme.px(8),
                widget.winfo_rooty() + min(widget.winfo_height(), self._theme.px(32)),
            )

    def show_at(self, x: int, y: int) -> None:
        """Open it with its corner at that place of the screen; the keyboard moves in it."""
        _LAST[self._theme.root] = self.menu
        before = self._theme.root.focus_get()
        self.menu.bind("<Unmap>", lambda _event: self._closed(before))
        if self._theme.by_keyboard:
            self.menu.bind("<Enter>", self._came_under_the_pointer)
        self.menu.tk_popup(x, y)
        if self._theme.by_keyboard:
            # So that Enter does something, and the first arrow leads to the next entry.
            if self._current is None:
                self.menu.tk.call("tk::MenuFirstEntry", self.menu)
            else:
                self.menu.activate(self._current)

    def _came_under_the_pointer(self, _event: tk.Event[tk.Misc]) -> str:
        """A pointer that rests where a key opens the menu chooses nothing until it moves."""
        self.menu.unbind("<Enter>")
        return "break"

    def _closed(self, before: tk.Misc | None) -> None:
        """Over a dialog, which grabs the keyboard, Tk does not give the focus back by itself.

        A busy screen tells of the loss only later: so it is looked for more than once.
        """

        def restore() -> None:
            root = self._theme.root
            lost = root.tk.call("grab", "current") and root.focus_displayof() is None
            if lost and before is not None and before.winfo_exists():
                before.focus_force()

        self._theme.root.after_idle(restore)
        for later in _LOOKED_AGAIN:
            self._theme.root.after(later, restore)

    def show_above(self, widget: tk.Widget) -> None:
        """Open it over a widget at the foot of the window; below it where there is no room."""
        self.menu.update_idletasks()
        top = widget.winfo_rooty() - self.menu.winfo_reqheight()
        self.show_at(widget.winfo_rootx(), top if top > 0 else widget.winfo_rooty())


def shown_menu(root: tk.Misc) -> tk.Menu | None:
    """The menu that was shown last in that window, if it is there still."""
    menu = _LAST.get(root)
    return menu if menu is not None and menu.winfo_exists() else None


def popup_menu(owner: tk.Misc) -> PopupMenu:
    """An empty menu that belongs to `owner`."""
    return PopupMenu(owner)
