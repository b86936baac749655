"""A list of rows that scrolls: rooms, people, devices, whatever has an icon and a name.

Owns how rows are drawn, chosen and walked by keyboard. Only rows in view are drawn, so a thousand
people cost what twenty do. Must not know what a row stands for: it gives back its key.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from common.gui.cutting import shortened
from common.gui.images import PillTone
from common.gui.theme import theme_of
from common.gui.tooltip import tooltip
from common.gui.widgets import Pane, Scrollbar, ground_of

_ROW = 32
_TWO = 40
_HEADING = 36
_INSET = 8
"""Free pixels beside the ground of a row, where it is not flush; its content is as far inside
again."""

OnRow = Callable[[str], object]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row, or a heading between rows."""

    key: str
    """What it is known by, unique in its list."""
    label: str
    icon: str = ""
    face: tuple[str, str, bool] | None = None
    """Identity, nickname, whether a bot: shown as an avatar."""
    note: str = ""
    """A second line, small and muted."""
    bold: bool = False
    dim: bool = False
    """Of what is absent or cannot be used."""
    pill: str = ""
    pill_tone: PillTone = "accent"
    dot: Literal["", "full", "hollow"] = ""
    badge: str = ""
    """An icon at the right: a crown, a shield."""
    heading: bool = False
    """No row to choose: `label` in bold caption."""
    action: str = ""
    """The icon of a heading's button."""
    tip: str = ""
    """What the tooltip says of it, or of a heading's button."""


class RowList(Pane):
    """Rows with Up, Down, Home, End, Enter or Space, a click, and a menu by key or right click."""

    def __init__(
        self,
        parent: tk.Misc,
        ground: str | None = None,
        *,
        on_open: OnRow | None = None,
        on_menu: Callable[[str, int, int], object] | None = None,
        on_action: OnRow | None = None,
        width: float = 208,
        flush: bool = False,
    ) -> None:
        """`on_open` gets the key of a row, `on_menu` also a place of the screen, `on_action` the
        key of the heading whose button was pressed. `flush`: rows begin at the left edge, under
        the first letter of what stands above the list.
        """
        super().__init__(parent, ground or ground_of(parent))
        self._theme = theme_of(parent)
        self._on_open = on_open
        self._on_menu = on_menu
        self._on_action = on_action
        self._wide = width
        self._inset = 0 if flush else _INSET
        self._rows: list[Row] = []
        self._tops: list[int] = [0]
        self._selected = ""
        self._cursor = ""
        self._hovered = ""
        self._asked: str | None = None
        self._cut: set[str] = set()
        self._grounds: dict[tuple[str, str, int, int], tk.PhotoImage] = {}
        self._former = self._grounds
        self.canvas = tk.Canvas(
            self, borderwidth=0, highlightthickness=0, takefocus=True, yscrollincrement=1
        )
        self._bar = Scrollbar(self)
        self._bar.configure(command=self._scroll)
        self.canvas.configure(yscrollcommand=self._bar.set)
        self.canvas.pack(side="left", fill="both", expand=True)
        self._bind_keys()
        self._dress()
        self._theme.on_change(self._dress, self)
        self._tip_anew = tooltip(self.canvas, self._tip, lambda: self.place_of(self._hovered))

    def _bind_keys(self) -> None:
        canvas = self.canvas
        canvas.bind("<Configure>", lambda _event: self._draw_soon())
        canvas.bind("<Destroy>", self._destroyed, add="+")
        canvas.bind("<Motion>", self._moved)
        canvas.bind("<Leave>", lambda _event: self._hover(""))
        canvas.bind("<ButtonPress-1>", self._clicked)
        canvas.bind("<ButtonPress-3>", self._menu_by_pointer)
        for keys, step in (("<Up>", -1), ("<Down>", 1), ("<Prior>", -8), ("<Next>", 8)):
            canvas.bind(keys, partial(self._walk, step))
        canvas.bind("<Home>", lambda _event: self._walk(-len(self._rows)))
        canvas.bind("<End>", lambda _event: self._walk(len(self._rows)))
        for keys in ("<Return>", "<KP_Enter>", "<space>"):
            canvas.bind(keys, lambda _event: self._open(self._cursor))
        for keys in ("<Menu>", "<Shift-F10>"):
            canvas.bind(keys, self._menu_by_key)
        canvas.bind("<FocusIn>", self._focused)
        canvas.bind("<FocusOut>", lambda _event: self._draw_soon())
        canvas.bind("<MouseWheel>", lambda event: self._wheel(-1 if event.delta > 0 else 1))
        if canvas.tk.call("tk", "windowingsystem") == "x11":
            canvas.bind("<Button-4>", lambda _event: self._wheel(-1))
            canvas.bind("<Button-5>", lambda _event: self._wheel(1))

    # --- what is asked of it -------------------------------------------------------------------

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows; place, selection and keyboard's row stay where their keys remain."""
        if list(rows) == self._rows:
            return
        self._rows = list(rows)
        if self._index(self._cursor) is None:
            self._cursor = ""
        self._measure()

    @property
    def rows(self) -> tuple[Row, ...]:
        """What it shows."""
        return tuple(self._rows)

    @property
    def selected(self) -> str:
        """The key of the row on the ground `selection`, "" if none."""
        return self._selected

    def select(self, key: str) -> None:
        """Mark a row as the current one, and bring it into view; "": none."""
        if key != self._selected:
            self._selected = key
            self._draw_soon()
        if key:
            self.see(key)

    def see(self, key: str) -> None:
        """Scroll no more than needed for a row to be in view."""
        place = self._index(key)
        # The height is known once the window is drawn.
        tall = self.canvas.winfo_height()
        if place is None or tall <= 1:
            return
        top, bottom = self._tops[place], self._tops[place + 1]
        view = int(self.canvas.canvasy(0))
        if top < view:
            self._scroll_to(top)
        elif bottom > view + tall:
            self._scroll_to(bottom - tall)

    def focus_set(self) -> None:
        """Give the keyboard to the list."""
        self.canvas.focus_set()

    def place_of(self, key: str) -> tuple[int, int, int, int] | None:
        """Left, top, right, bottom of a row on the canvas's window, `None` if there is none."""
        place = self._index(key)
        if place is None:
            return None
        view = int(self.canvas.canvasy(0))
        wide = self.canvas.winfo_width()
        return 0, self._tops[place] - view, wide, self._tops[place + 1] - view

    # --- rows and places -----------------------------------------------------------------------

    def _index(self, key: str) -> int | None:
        for place, row in enumerate(self._rows):
            if row.key == key:
                return place
        return None

    def _at(self, y: int) -> Row | None:
        """The row at that height of the window."""
        where = self.canvas.canvasy(y)
        for place, row in enumerate(self._rows):
            if self._tops[place] <= where < self._tops[place + 1]:
                return row
        return None

    def _measure(self) -> None:
        px = self._theme.px
        self._tops = [0]
        for row in self._rows:
            tall = _HEADING if row.heading else _TWO if row.note else _ROW
            self._tops.append(self._tops[-1] + px(tall))
        self.canvas.configure(scrollregion=(0, 0, 1, self._tops[-1]))
        self._draw_soon()

    def _dress(self) -> None:
        colour = self._theme.color[self.ground]
        self.canvas.configure(background=colour, width=self._theme.px(self._wide))
        self._measure()

    # --- drawing -------------------------------------------------------------------------------

    def _draw_soon(self) -> None:
        if self._asked is None:
            self._asked = self.canvas.after_idle(self._draw)

    def _draw(self) -> None:
        self._asked = None
        self._former, self._grounds = self._grounds, {}
        self._cut.clear()
        canvas = self.canvas
        canvas.delete("all")
        tall, wide = canvas.winfo_height(), canvas.winfo_width()
        self._show_bar(self._tops[-1] > tall > 1)
        if self._tops[-1] <= tall:
            canvas.yview_moveto(0)
        view = int(canvas.canvasy(0))
        for place, row in enumerate(self._rows):
            top, bottom = self._tops[place], self._tops[place + 1]
            if bottom > view and top < view + tall:
                if row.heading:
                    self._draw_heading(row, top, bottom, wide)
                else:
                    self._draw_row(row, top, bottom, wide)

    def _destroyed(self, _event: tk.Event[tk.Misc]) -> None:
        if self._asked is not None:
            self.canvas.after_cancel(self._asked)

    def _show_bar(self, needed: bool) -> None:
        if needed and not self._bar.winfo_manager():
            self._bar.pack(side="right", fill="y")
        elif not needed and self._bar.winfo_manager():
            self._bar.pack_forget()

    def _draw_heading(self, row: Row, top: int, bottom: int, wide: int) -> None:
        theme, px = self._theme, self._theme.px
        middle = (top + bottom) // 2 + px(2)
        self._words(row.label, px(16), middle, wide - px(48), "caption-bold", "muted")
        if row.action:
            lit = self._hovered == row.key
            ring = self._has_ring(row)
            if lit or ring:
                self._ground(
                    "raised" if lit else "", wide - px(38), middle - px(14), px(28), px(28), ring
                )
            image = theme.image(row.action, "text" if lit else "muted", 18)
            self.canvas.create_image(wide - px(24), middle, image=image)

    def _draw_row(self, row: Row, top: int, bottom: int, wide: int) -> None:
        theme, px = self._theme, self._theme.px
        canvas = self.canvas
        inset = px(self._inset)
        chosen, lit = row.key == self._selected, row.key == self._hovered
        ring = self._has_ring(row)
        if chosen or lit or ring:
            tone = "selection" if chosen else "raised" if lit else ""
            self._ground(tone, inset, top + px(1), wide - 2 * inset, bottom - top - px(2), ring)
        middle = (top + bottom) // 2
        x = 2 * inset
        if row.face is not None:
            user, nick, bot = row.face
            canvas.create_image(x, middle, anchor="w", image=theme.avatar(user, nick, 22, bot))
            x += px(30)
        elif row.icon:
            tone = "text" if row.bold or chosen else "muted"
            canvas.create_image(x, middle, anchor="w", image=theme.image(row.icon, tone, 16))
            x += px(24)
        right = wide - inset - px(6)
        if row.dot:
            hollow = row.dot == "hollow"
            image = theme.dot("muted" if hollow else "success", 8, hollow)
            canvas.create_image(right - px(2), middle, anchor="e", image=image)
            right -= px(18)
        if row.pill:
            pill = theme.pill(row.pill, row.pill_tone)
            canvas.create_image(right, middle, anchor="e", image=pill)
            right -= pill.width() + px(8)
        if row.badge:
            canvas.create_image(
                right, middle, anchor="e", image=theme.image(row.badge, "muted", 14)
            )
            right -= px(22)
        font = "bold" if row.bold or chosen else "body"
        ink = "muted" if row.dim else "text"
        if theme.font(font).measure(row.label) > right - x:
            self._cut.add(row.key)
        if row.note:
            self._words(row.label, x, middle - px(8), right - x, font, ink)
            self._words(row.note, x, middle + px(8), right - x, "caption", "muted")
        else:
            self._words(row.label, x, middle, right - x, font, ink)

    def _has_ring(self, row: Row) -> bool:
        focused = self.canvas.focus_displayof() is self.canvas
        return focused and self._theme.by_keyboard and row.key == self._cursor

    def _ground(self, tone: str, x: int, y: int, wide: int, tall: int, ring: bool) -> None:
        """The rounded ground of a row, kept while it is drawn: its size is that of the window."""
        if wide < 1 or tall < 1:
            return  # The window has not been drawn yet.
        colour = self._theme.color
        key = (colour[tone] if tone else "", colour["accent"] if ring else "", wide, tall)
        image = self._former.get(key) or self._theme.images.fresh_box((wide, tall), key[0], key[1])
        self._grounds[key] = image
        self.canvas.create_image(x, y, anchor="nw", image=image)

    def _words(self, words: str, x: int, y: int, room: int, font: str, tone: str) -> None:
        face = self._theme.font(font)
        self.canvas.create_text(
            x,
            y,
            anchor="w",
            text=shortened(words, face, room),
            font=face,
            fill=self._theme.color[tone],
        )

    # --- pointer and keys ----------------------------------------------------------------------

    def _hover(self, key: str) -> None:
        if key != self._hovered:
            self._hovered = key
            able = key and (self._on_open is not None or self._on_action is not None)
            self.canvas.configure(cursor="hand2" if able else "")
            if key:
                self._tip_anew()
            self._draw_soon()

    def _moved(self, event: tk.Event[tk.Misc]) -> None:
        self._hover(self._key_at(event))

    def _key_at(self, event: tk.Event[tk.Misc]) -> str:
        """The key of what can be pressed at the pointer: a row, or a heading's button."""
        row = self._at(event.y)
        if row is None:
            return ""
        if row.heading:
            on_it = event.x >= self.canvas.winfo_width() - self._theme.px(40)
            return row.key if row.action and on_it else ""
        return row.key

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        key = self._key_at(event)
        if key:
            self.canvas.focus_set()
            self._cursor = key
            self._open(key)

    def _open(self, key: str) -> str:
        place = self._index(key)
        if place is not None:
            call = self._on_action if self._rows[place].heading else self._on_open
            if call is not None:
                call(key)
            self._draw_soon()
        return "break"

    def _menu_by_pointer(self, event: tk.Event[tk.Misc]) -> None:
        row = self._at(event.y)
        if row is not None and not row.heading and self._on_menu is not None:
            self._cursor = row.key
            self._on_menu(row.key, event.x_root, event.y_root)

    def _menu_by_key(self, _event: tk.Event[tk.Misc]) -> str:
        place = self.place_of(self._cursor)
        if place is not None and self._on_menu is not None:
            self._on_menu(
                self._cursor,
                self.canvas.winfo_rootx() + self._theme.px(40),
                self.canvas.winfo_rooty() + place[3],
            )
        return "break"

    def _focused(self, _event: tk.Event[tk.Misc]) -> None:
        if not self._cursor:
            keys = [row.key for row in self._rows if not row.heading]
            self._cursor = self._selected if self._selected in keys else (keys or [""])[0]
        self._draw_soon()

    def _walk(self, step: int, _event: object = None) -> str:
        """Move the keyboard's row, over headings that have no button."""
        keys = [row.key for row in self._rows if not row.heading or row.action]
        if keys:
            place = keys.index(self._cursor) + step if self._cursor in keys else 0
            self._cursor = keys[min(len(keys) - 1, max(0, place))]
            self.see(self._cursor)
            self._draw_soon()
        return "break"

    def _wheel(self, way: int) -> str:
        if self._tops[-1] > self.canvas.winfo_height():
            self._scroll("scroll", str(way * self._theme.px(_ROW) * 2), "units")
        return "break"

    def _scroll(self, *words: str) -> None:
        self.canvas.yview(*words)
        self._draw_soon()

    def _scroll_to(self, top: int) -> None:
        if self._tops[-1]:
            self.canvas.yview_moveto(max(0, top) / self._tops[-1])
            self._draw_soon()

    def _tip(self) -> str:
        place = self._index(self._hovered)
        if place is None:
            return ""
        row = self._rows[place]
        # A name that has no room is told in full.
        cut = row.key in self._cut and row.label not in row.tip
        return " · ".join(part for part in (row.label if cut else "", row.tip) if part)
