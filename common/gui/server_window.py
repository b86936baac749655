"""The server's window: where it listens, start and stop, what passes, who is here, the way in.

Owns the arrangement of its parts, on a large and a small window, and that they follow the model.
Decides nothing about the server: the host does.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from functools import partial
from typing import Final

from common.gui import server_place
from common.gui.cutting import shortened
from common.gui.dialogs.inviting import NewInvitation
from common.gui.dropdown import Dropdown
from common.gui.field import Field
from common.gui.rowlist import Row, RowList
from common.gui.rule import Rule
from common.gui.server_host import ServerHost
from common.gui.server_lines import LogLines, PassingLines, headed
from common.gui.server_model import Filter
from common.gui.server_parts import Choices, Counters, LinkCard, here_now
from common.gui.server_place import AS_GIVEN
from common.gui.sheet import Sheet
from common.gui.theme import TEXT_STEP, theme_of
from common.gui.widgets import Pane, button, label
from common.i18n import _

EVERY: Final = 50
"""Milliseconds between two looks at the server."""
_ANEW: Final = 10
"""Looks after which everything is shown anew although nothing happened: time passes too."""
_BUSY: Final = 5
"""The same while more waits already: keys are handled in between."""
_WIDE: Final = 700
_TALL: Final = 520
"""Pixels at 96 dpi from which everything is shown at once."""
_SIDE: Final = 248


class ServerWindow(Pane):
    """Everything in the window; `root` is the window itself."""

    def __init__(
        self,
        root: tk.Tk,
        host: ServerHost,
        *,
        on_start: Callable[[], object] | None = None,
        on_closed: Callable[[], object] | None = None,
    ) -> None:
        """`on_start` is called where a server is started, `on_closed` once the window may go."""
        super().__init__(root, "bg")
        self.host = host
        self.model = host.model
        self._window = root
        self._theme = theme_of(root)
        self._on_start = on_start
        self._on_closed = on_closed or root.destroy
        self._compact: bool | None = None
        self._closing = False
        self._looks = 0
        self._more = False
        self._shown_people: object = None
        self._filter: Filter = "all"
        self._question: Sheet | None = None
        self._header()
        self._strip()
        self._status_bar()
        self._body()
        self._bind_keys()
        self._next = root.after(EVERY, self._look)
        self.refresh()
        self.start_button.focus_set()

    # --- parts ---------------------------------------------------------------------------------

    def _header(self) -> None:
        header = Pane(self, padding=(20, 12, 20, 12))
        header.pack(fill="x")
        mark = label(header, image=self._theme.mark(32))
        mark.pack(side="left")
        self._theme.pad(mark, padx=(0, 12))
        self.stop_button = button(header, _("Stop"), "danger", icon="stop", command=self.stop)
        self.stop_button.pack(side="right")
        self.start_button = button(
            header, _("Start the server"), "primary", icon="play", command=self.start
        )
        self.start_button.pack(side="right")
        self._theme.pad(self.start_button, padx=(12, 8))
        words = Pane(header)
        words.pack(side="left", fill="both", expand=True)
        self._called = label(words, font="title")
        self._called.pack(fill="x")
        self._state = label(words, font="small", tone="muted")
        self._state.pack(fill="x")
        self._words = words
        words.bind("<Configure>", lambda _event: self._show_head())

    def _strip(self) -> None:
        Rule(self).pack(fill="x")
        strip = Pane(self, "surface", padding=(20, 10, 20, 10))
        strip.pack(fill="x")
        row = Pane(strip)
        row.pack(fill="x")
        label(row, _("Listen on"), font="small", tone="muted").pack(side="left")
        place = self.model.place
        self.address = Dropdown(
            row, self._addresses(), place.address, width=18, command=self._address_chosen
        )
        self.address.pack(side="left")
        self._theme.pad(self.address, padx=(8, 18))
        label(row, _("Port"), font="small", tone="muted").pack(side="left")
        self.port = Field(
            row,
            str(place.port or ""),
            width=6,
            on_enter=self.start,
            on_edit=self._port_edited,
        )
        self.port.pack(side="left")
        self._theme.pad(self.port, padx=(8, 12))
        self._typed = self.port.value
        self._locked = label(row, font="caption", tone="muted")
        self._locked.pack(side="right")
        self._locked_below = label(strip, font="caption", tone="muted", wrap=True)
        self._fault = label(strip, font="small", tone="danger", wrap=True)
        Rule(self).pack(fill="x")

    def _status_bar(self) -> None:
        bar = Pane(self, "surface", padding=(20, 5, 20, 6))
        bar.pack(side="bottom", fill="x")
        self._status = label(bar, font="small", tone="muted")
        self._status.pack(fill="x")
        Rule(self).pack(side="bottom", fill="x")

    def _body(self) -> None:
        body = self.body = Pane(self, padding=(20, 14, 20, 14))
        body.pack(fill="both", expand=True)
        body.columnconfigure(0, weight=1)
        self.counters = Counters(body)
        self._nav = Choices(
            body,
            [("passing", _("Messages")), ("log", _("Log")), ("side", _("People and link"))],
            lambda _value: self._arrange(),
            font="body",
        )
        self._passing, row = headed(body, _("Messages that pass"))
        note = label(row, _("private conversations are not shown"), font="caption", tone="muted")
        note.pack(side="right")
        self.passing = PassingLines(self._passing)
        self.passing.pack(fill="both", expand=True)
        self._logged, row = headed(body, _("Log"))
        filters = [("all", _("all")), ("warnings", _("warnings")), ("errors", _("errors"))]
        self.filters = Choices(row, filters, self._filtered)
        self.filters.pack(side="right")
        self.log = LogLines(self._logged, empty=_("Nothing here yet."))
        self.log.pack(fill="both", expand=True)
        self._side = Pane(body)
        self._side.pack_propagate(False)
        self._theme.on_change(self._size_side, self._side)
        self._size_side()
        self._way, _row = headed(self._side, _("Link to join"))
        self.link = LinkCard(self._way, self.invite)
        self.link.pack(fill="x")
        self._present = Pane(self._side)
        self._here = label(self._present, font="caption-bold", tone="muted")
        self._here.pack(fill="x")
        self.people = RowList(self._present, width=_SIDE, flush=True)
        self.people.pack(fill="both", expand=True)
        self.bind("<Configure>", self._resized)

    def _bind_keys(self) -> None:
        root = self._window
        root.protocol("WM_DELETE_WINDOW", self.close)
        root.bind("<Control-q>", lambda _event: self.close())
        zoom = self._theme.zoom
        for keys, step in (
            ("plus", 1),
            ("equal", 1),
            ("KP_Add", 1),
            ("minus", -1),
            ("KP_Subtract", -1),
        ):
            root.bind(f"<Control-{keys}>", partial(self._zoom, step * TEXT_STEP))
        root.bind("<Control-Key-0>", lambda _event: zoom(100))

    def _zoom(self, by: int, _event: object) -> None:
        self._theme.zoom(self._theme.text_percent + by)

    # --- what people do ------------------------------------------------------------------------

    def start(self) -> None:
        """Start a server at the place that is chosen, unless one runs."""
        if not self.model.can_start or self.host.running:
            return
        self._typed = self.port.value
        place = self.model.choose(self.address.value, self._typed)
        if place is not None:
            self.host.start(place)
            if self._on_start is not None:
                self._on_start()
        self.refresh()
        if place is None:
            self.port.focus_set()
            self.port.select_all()

    def stop(self) -> None:
        """Stop it; the messages stay."""
        self.host.stop()
        self.refresh()

    def invite(self) -> None:
        """Ask for an invitation, with the broker's own key."""
        host = self.host
        NewInvitation(
            self._window, host.invite, lambda: host.ways_in, self._copy, self._link_hint()
        )

    def _copy(self, words: str) -> None:
        self.clipboard_clear()
        self.clipboard_append(words)

    def close(self) -> None:
        """Close the window: asks where a server runs, and stops it before."""
        if self._closing or self._question is not None:
            return
        words = self.model.closing_question()
        if not words:
            self._close()
            return
        sheet = self._question = Sheet(self._window, _("Close the window"), on_close=self._answered)
        text = label(sheet.body, words, wrap=True)
        text.pack(fill="x")
        yes = sheet.act(_("Stop and close"), self._close, danger=True)
        sheet.act(_("Cancel"))
        sheet.present(yes)

    def _answered(self) -> None:
        self._question = None

    def _close(self) -> None:
        self._closing = True
        if self._question is not None:
            self._question.close()
        self.host.stop()
        self.refresh()

    def _address_chosen(self, _value: str) -> None:
        self.model.edited("address")
        self.model.edited("port")
        self._show_fault()

    def _port_edited(self) -> None:
        # Tk tells of a change late: it may be that of the value that was found at fault.
        if self.port.value != self._typed:
            self._typed = self.port.value
            self.model.edited("port")
            self._show_fault()

    def _filtered(self, value: str) -> None:
        self._filter = (
            "warnings" if value == "warnings" else "errors" if value == "errors" else "all"
        )
        self.refresh()

    # --- following the model -------------------------------------------------------------------

    def _look(self) -> None:
        self._looks += 1
        more = False
        if self.host.tick() or self._more or self._looks % _ANEW == 0:
            more = self._more = self.refresh()
        if self._closing and not self.host.running:
            self._on_closed()
            return
        self._next = self._window.after(_BUSY if more else EVERY, self._look)

    def refresh(self) -> bool:
        """Show what the model says now; whether lines are left to put in."""
        model = self.model
        self._show_head()
        title = model.title()
        if self._window.title() != title:
            self._window.title(title)
        self._show_place()
        self._show_fault()
        _say(self._status, model.status)
        self.counters.show(model.counters(time.monotonic()))
        empty = model.status if model.phase in ("running", "stopped", "died") else ""
        more = self.passing.show(model.passed, empty)
        more = self.log.show(model.log[self._filter]) or more
        self.link.show(model.ways, self._link_hint(), invites=model.by_invitation)
        if self._shown_people is not model.people:
            self._shown_people = model.people
            self._show_people()
        return more

    def _show_head(self) -> None:
        model, theme = self.model, self._theme
        room = self._words.winfo_width() - theme.px(16)
        if room > 0:
            _say(self._called, shortened(model.name, theme.font("title"), room))
            state = shortened(model.state(time.monotonic()), theme.font("small"), room)
            # The dot stands in the label, whose words are cut to the room beside it.
            _say(self._state, f" {state}")
        self._state.configure(image=theme.dot(model.state_tone, 8))
        if model.can_start != self.start_button.enabled:
            self.start_button.enable(model.can_start)
        if model.can_stop != self.stop_button.enabled:
            self.stop_button.enable(model.can_stop)

    def _show_place(self) -> None:
        model = self.model
        choices = self._addresses()
        if choices != getattr(self, "_offered", None):
            self._offered = choices
            self.address.offer(choices)
        free = model.can_start and model.place.address != AS_GIVEN
        if free == self.address.instate(["disabled"]):
            self.address.enable(free)
        if free == self.port.instate(["disabled"]):
            self.port.lock(not free)
        compact = bool(self._compact)
        _say(self._locked, "" if compact else model.locked_words)
        _say(self._locked_below, model.locked_words)
        below = compact and bool(model.locked_words)
        if below and not self._locked_below.winfo_manager():
            self._locked_below.pack(fill="x")
        elif not below:
            self._locked_below.pack_forget()

    def _show_fault(self) -> None:
        model = self.model
        self.port.wrong(model.fault == "port")
        self.address.state(["invalid" if model.fault == "address" else "!invalid"])
        _say(self._fault, model.fault_words)
        shown = bool(self._fault.winfo_manager())
        if model.fault_words and not shown:
            self._fault.pack(fill="x")
            self._theme.pad(self._fault, pady=(8, 0))
        elif not model.fault_words and shown:
            self._fault.pack_forget()

    def _show_people(self) -> None:
        people = self.model.people
        self._here.configure(text=here_now(len(people)))
        rows = [
            Row(key=one.user, label=one.nick, face=(one.user, one.nick, one.bot), note=one.note)
            for one in people
        ]
        self.people.show(rows)

    def _link_hint(self) -> str:
        model = self.model
        if not model.ways:
            return _("There is a link once the server runs.")
        if all(way.here_only for way in model.ways):
            if model.place.address == server_place.ALL:
                return _("This machine is on no network: nobody else reaches it.")
            return _("From this machine only: listen on all to let others in.")
        if model.by_invitation:
            return _("Whoever has this link and an invitation can come in.")
        return _("Whoever has this link can find the server.")

    def _addresses(self) -> list[tuple[str, str]]:
        if self.model.place.address == AS_GIVEN:
            return [(AS_GIVEN, _("as given"))]
        return server_place.choices(self.host.addresses)

    # --- arrangement ---------------------------------------------------------------------------

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is not self:
            return
        unit = self._theme.px(1000) / 1000
        compact = event.width < _WIDE * unit or event.height < _TALL * unit
        if compact != self._compact:
            self._compact = compact
            self._arrange()
            self.refresh()

    def _arrange(self) -> None:
        """Everything at once, or one part of it and words to choose it by."""
        body, pad = self.body, self._theme.pad
        parts = {"passing": self._passing, "log": self._logged, "side": self._side}
        compact = bool(self._compact)
        self.start_button.rename(_("Start") if compact else _("Start the server"))
        for part in (self._nav, self.counters, *parts.values()):
            part.grid_forget()
        self.counters.fold(compact)
        self.counters.grid(row=0, column=0, sticky="ew")
        for row in (1, 2):
            body.rowconfigure(row, weight=0, uniform="")
        if compact:
            self._nav.grid(row=1, column=0, sticky="w")
            pad(self._nav, pady=(6, 6))
            parts[self._nav.value].grid(row=2, column=0, sticky="nsew")
            pad(parts[self._nav.value], padx=0, pady=0)
            body.rowconfigure(2, weight=1)
        else:
            self._passing.grid(row=1, column=0, sticky="nsew")
            pad(self._passing, pady=(14, 12))
            self._logged.grid(row=2, column=0, sticky="nsew")
            self._side.grid(row=0, column=1, rowspan=3, sticky="nsew")
            pad(self._side, padx=(20, 0))
            body.rowconfigure(1, weight=5, uniform="lines")
            body.rowconfigure(2, weight=2, uniform="lines")
        self._arrange_side(compact)

    def _size_side(self) -> None:
        self._side.configure(width=self._theme.px(_SIDE))

    def _arrange_side(self, beside: bool) -> None:
        pad = self._theme.pad
        self._way.pack_forget()
        self._present.pack_forget()
        if beside:
            self._way.pack(side="right", fill="y")
            self._present.pack(side="left", fill="both", expand=True)
            pad(self._present, padx=(0, 16), pady=0)
        else:
            self._way.pack(fill="x")
            self._present.pack(fill="both", expand=True)
            pad(self._present, padx=0, pady=(16, 0))

    def destroy(self) -> None:
        """As every widget does; the server goes on unless it was stopped."""
        self._window.after_cancel(self._next)
        super().destroy()


def _say(words: tk.Widget, text: str) -> None:
    """Change the words of a label, unless they are the same: that would draw it again."""
    if str(words.cget("text")) != text:
        words["text"] = text
