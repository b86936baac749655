"""The emoji to choose from: a grid with a field to search in, above its button.

Owns the grid, its keys and how it goes away. Must not know where the emoji goes.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Final

from common.client.emoji import EMOJI
from common.client.vocabulary import fold
from common.gui.emoji_font import emoji_font
from common.gui.field import Field
from common.gui.hearing import hear
from common.gui.theme import Theme
from common.gui.widgets import Card, label
from common.i18n import _

_COLUMNS: Final = 9
_CELL: Final = 34
_NAME_COLUMNS: Final = 3
_NAME_CELL: Final = (132, 26)
_ROWS: Final = 6
_BREAK: Final = "break"


class EmojiPicker:
    """Opened by `toggle`; `on_pick` gets the emoji, or its `:name:` where none may be drawn."""

    def __init__(
        self,
        button: tk.Widget,
        theme: Theme,
        *,
        on_pick: Callable[[str], object],
        on_close: Callable[[], object],
    ) -> None:
        """`on_close` takes the focus back."""
        self._button = button
        self._theme = theme
        self._on_pick, self._on_close = on_pick, on_close
        self._card: Card | None = None
        self._canvas: tk.Canvas
        self._field: Field
        self._names: list[str] = []
        self._place = 0
        theme.on_change(self.close, button)
        button.bind("<Destroy>", lambda _event: self.close(), add="+")

    @property
    def open(self) -> bool:
        """Whether it is on the screen."""
        return self._card is not None

    def toggle(self) -> None:
        """Open it, or close it."""
        if self.open:
            self.close()
            self._on_close()
        else:
            self._show()

    def close(self) -> None:
        """Take it off the screen."""
        if self._card is not None:
            self._card.destroy()
            self._card = None

    # --- how it is done ------------------------------------------------------------------------

    @property
    def _columns(self) -> int:
        return _COLUMNS if self._theme.emoji_safe else _NAME_COLUMNS

    @property
    def _cell(self) -> tuple[int, int]:
        wide, tall = (_CELL, _CELL) if self._theme.emoji_safe else _NAME_CELL
        return self._theme.px(wide), self._theme.px(tall)

    def _show(self) -> None:
        theme, window = self._theme, self._button.winfo_toplevel()
        card = self._card = Card(window, padding=10)
        self._field = Field(card, placeholder=_("Search for an emoji"), on_edit=self._search)
        self._field.pack(fill="x")
        wide, tall = self._cell
        self._canvas = tk.Canvas(
            card, width=wide * self._columns, height=tall * _ROWS, highlightthickness=0,
            borderwidth=0, background=theme.color["card"], cursor="hand2", takefocus=False,
            yscrollincrement=1,
        )  # fmt: skip
        self._canvas.pack(pady=(theme.px(8), theme.px(4)))
        self._caption = label(card, "", font="small", tone="muted")
        self._caption.pack(anchor="w")
        self._canvas.bind("<Motion>", self._hover)
        self._canvas.bind("<Button-1>", self._click)
        for key, by in (
            ("Left", -1),
            ("Right", 1),
            ("Up", -self._columns),
            ("Down", self._columns),
        ):
            self._field.text.bind(f"<{key}>", self._stepper(by))
        self._field.text.bind("<Return>", lambda _event: self._pick())
        self._field.text.bind("<KP_Enter>", lambda _event: self._pick())
        for key in ("<Escape>", "<Tab>"):
            self._field.text.bind(key, lambda _event: self._leave())
        self._search()
        card.update_idletasks()
        button = self._button
        right = button.winfo_rootx() - window.winfo_rootx() + button.winfo_width()
        right = max(min(right, window.winfo_width()), card.winfo_reqwidth())
        bottom = max(
            button.winfo_rooty() - window.winfo_rooty() - theme.px(8), card.winfo_reqheight()
        )
        card.place(x=right, y=bottom, anchor="se")
        card.lift()
        self._field.focus_set()
        hear(card, "<Button-1>", self._clicked_anywhere)

    def _stepper(self, by: int) -> Callable[[tk.Event[tk.Misc]], str]:
        def step(_event: tk.Event[tk.Misc]) -> str:
            if self._names:
                self._choose(min(max(self._place + by, 0), len(self._names) - 1))
            return _BREAK

        return step

    def _search(self) -> None:
        if self._card is None:
            return
        wanted = fold(self._field.value.strip().strip(":"))
        self._names = [name for name in EMOJI if wanted in name]
        self._draw()
        self._choose(0)

    def _draw(self) -> None:
        canvas, theme = self._canvas, self._theme
        canvas.delete("all")
        wide, tall = self._cell
        safe = theme.emoji_safe
        font = emoji_font(theme, 20) if safe else theme.font("small")
        for place, name in enumerate(self._names):
            row, column = divmod(place, self._columns)
            canvas.create_text(
                column * wide + wide // 2,
                row * tall + tall // 2,
                text=EMOJI[name] if safe else f":{name}:",
                font=font,
                fill=theme.color["text"],
                tags=("cell",),
            )
        rows = -(-len(self._names) // self._columns)
        canvas.configure(scrollregion=(0, 0, wide * self._columns, max(rows, _ROWS) * tall))

    def _choose(self, place: int) -> None:
        self._place = place
        self._canvas.delete("chosen")
        if not self._names:
            self._caption.configure(text=_("No emoji of that name."))
            return
        wide, tall = self._cell
        row, column = divmod(place, self._columns)
        x, y = column * wide, row * tall
        images = self._theme.images
        size = (_CELL, _CELL) if self._theme.emoji_safe else _NAME_CELL
        box = images.box(size, "selection", "accent", 2)
        self._canvas.create_image(x, y, image=box, anchor="nw", tags=("chosen",))
        self._canvas.tag_lower("chosen")
        self._caption.configure(text=f":{self._names[place]}:")
        top = int(self._canvas.canvasy(0))
        if y < top or y + tall > top + tall * _ROWS:
            wanted = y if y < top else y + tall - tall * _ROWS
            self._canvas.yview_scroll(wanted - top, "units")

    def _at(self, event: tk.Event[tk.Misc]) -> int | None:
        wide, tall = self._cell
        x, y = int(self._canvas.canvasx(event.x)), int(self._canvas.canvasy(event.y))
        place = y // tall * self._columns + x // wide
        return place if 0 <= place < len(self._names) and x < wide * self._columns else None

    def _hover(self, event: tk.Event[tk.Misc]) -> None:
        place = self._at(event)
        if place is not None and place != self._place:
            self._choose(place)

    def _click(self, event: tk.Event[tk.Misc]) -> str:
        place = self._at(event)
        if place is not None:
            self._choose(place)
            self._pick()
        return _BREAK

    def _pick(self) -> str:
        if self._names:
            name = self._names[self._place]
            self.close()
            self._on_close()
            self._on_pick(EMOJI[name] if self._theme.emoji_safe else f":{name}:")
        return _BREAK

    def _leave(self) -> str:
        self.toggle()
        return _BREAK

    def _clicked_anywhere(self, event: tk.Event[tk.Misc]) -> None:
        inside = (str(self._card), str(self._button))
        if self._card is not None and not str(event.widget).startswith(inside):
            self.close()
