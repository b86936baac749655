"""The connection form: which server, who, and what went wrong beside the field at fault.

Owns the fields, their errors and what is written in them. What *Connect* does is entrance.py's, the
list of servers is servers.py's.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Literal

from common.client.nearby import Standing
from common.client.target import DEFAULT_PORT
from common.gui import servers
from common.gui.field import Field
from common.gui.offerlist import OfferList
from common.gui.page import keep_in_view
from common.gui.servers import Offer
from common.gui.theme import theme_of
from common.gui.trouble import Place
from common.gui.widgets import Button, Card, Check, Pane, button, label
from common.gui.wishes import Written
from common.i18n import _
from common.safe import one_line

Tone = Literal["danger", "success", "wait", "info"]
_SIGNS = {
    "danger": ("alert", "danger"),
    "success": ("check", "success"),
    "wait": ("clock", "muted"),
    "info": ("info", "muted"),
}


class Said(Pane):
    """A sentence under a field, with its sign; nothing until there is something to say."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self.words = ""

    def say(self, words: str, tone: Tone = "danger") -> None:
        """Say it in place of what was said; nothing for ""."""
        for child in self.winfo_children():
            child.destroy()
        self.words = words
        if not words:
            # A pane that was emptied keeps its height.
            self.configure(height=1)
            self.grid_remove()
            return
        theme = theme_of(self)
        picture, ink = _SIGNS[tone]
        sign = label(self, image=theme.image(picture, ink, 16))
        sign.pack(side="left", anchor="n")
        theme.pad(sign, padx=(0, 6), pady=(1, 0))
        said = label(self, one_line(words), font="small", tone=ink, wrap=True)
        said.pack(side="left", fill="x", expand=True)
        self.grid()


class Form(Card):
    """The card with the fields. `on_connect`, `on_host`, `on_test` and `on_cancel` are pressed."""

    def __init__(
        self,
        parent: tk.Misc,
        *,
        offers: Sequence[Offer],
        written: Written,
        on_connect: Callable[[], object],
        on_host: Callable[[], object],
        on_test: Callable[[], object],
        on_cancel: Callable[[], object],
    ) -> None:
        super().__init__(parent, padding=20)
        self._theme = theme_of(parent)
        self._known = list(offers)
        self._chosen: Offer | None = None
        self._on_connect = on_connect
        self._said: dict[Place, Said] = {}
        self._judged: tuple[Place, tuple[str, ...]] | None = None
        """Beside which field something is said of what was written, and what that was."""
        self._busy = False
        self._own_port: str | None = None
        """The port that was written before the server's field told one; None: it tells none."""
        self.columnconfigure(0, weight=1)
        self._row = 0
        self._list = OfferList(self, self._choose)
        self._list.grid(row=self._next(), column=0, columnspan=2, sticky="ew")
        self._list.show(self._known)
        self._make_fields(written)
        self._make_actions(on_host, on_test, on_cancel)
        self._server_edited()

    # --- what is asked of it -------------------------------------------------------------------

    @property
    def written(self) -> Written:
        """What stands in it now."""
        return Written(
            server=self._server.value.strip(),
            port=self._port.value.strip(),
            nick=self._nick.value.strip(),
            code=self._code.value.strip(),
            at_once=self.at_once.value,
        )

    @property
    def chosen(self) -> Offer | None:
        """The server that was chosen from the list, while it stands in its field."""
        return self._chosen

    def show_found(self, found: Sequence[Offer]) -> None:
        """Show what is found on the network, in place of what was found before."""
        self._list.show(self._known, found)
        if (was := self._chosen) is None or was.found is None:
            return
        # Whatever else is announced of it by now: it is the same as long as its key is.
        for one in found:
            if one.found is not None and one.found.identity == was.found.identity:
                if self._server.value.strip() == was.server:
                    self._server.value = one.server
                self._chosen = one

    @property
    def empty(self) -> bool:
        """Whether there is no server to choose, none is written, and nothing is said."""
        quiet = not any(said.words for said in self._said.values())
        return quiet and not (self._list.shown or self._server.value.strip() or self._busy)

    def begin(self) -> None:
        """Put the focus where something is missing, else on *Connect*."""
        if self.busy:
            self._cancel.focus_set()
        elif not self._nick.value.strip():
            self._nick.focus_set()
        else:
            self._connect.focus_set()

    def ask_name(self) -> None:
        """Put the focus on the nickname, which typing replaces."""
        self._nick.focus_set()
        self._nick.select_all()

    def tell(self, place: Place, words: str, tone: Tone = "danger") -> None:
        """Say something beside a field. What is at fault is outlined and gets the focus."""
        self.quiet()
        if place == "invite":
            self.show_code()
        self._said[place].say(words, tone)
        field = self._fields.get(place)
        if field is self._port and self._own_port is not None:
            field = self._server  # what tells the port is what can be changed
        if tone in ("danger", "success") and place in self._fields:
            self._judged = (place, self._judgeable(place))
        if tone == "danger":
            if field is not None:
                field.wrong()
                field.focus_set()
            elif not self._busy:
                self.begin()
        if tone != "info":
            # On a small window, too, what was said is read without losing what to press next.
            row = self._progress if self._busy else self._actions
            keep_in_view(row, self._said[place], *([field] if field is not None else []))

    def quiet(self) -> None:
        """Take back what was said."""
        self._judged = None
        for said in self._said.values():
            said.say("")
        for field in self._fields.values():
            field.wrong(False)

    def said(self, place: Place) -> str:
        """What is said there."""
        return self._said[place].words

    def field(self, place: Place) -> Field:
        """The field of that name. Raises KeyError for a place that is none."""
        return self._fields[place]

    def show_code(self) -> None:
        """Show the field for an invitation's code."""
        self._code_part.grid()

    def work(self, words: str) -> None:
        """Say what is being done, with a way to cancel it; the fields are locked until `rest`."""
        if not self._busy:
            self._busy = True
            self._actions.grid_remove()
            self._progress.grid()
            for field in self._fields.values():
                field.lock()
            self.at_once.enable(False)
            self._cancel.focus_set()
        self._doing.configure(text=one_line(words))

    def rest(self) -> None:
        """Nothing is being done: let it be changed."""
        if self._busy:
            self._busy = False
            self._progress.grid_remove()
            self._actions.grid()
            for field in self._fields.values():
                field.lock(False)
            self.at_once.enable(True)
            self._server_edited()
            self._connect.focus_set()

    @property
    def busy(self) -> bool:
        """Whether something is being done."""
        return self._busy

    # --- the servers to choose -----------------------------------------------------------------

    def _choose(self, offer: Offer) -> None:
        if self._busy:
            return
        self.quiet()
        self._server.value = servers.here() if offer.here else offer.server
        if offer.nick:
            self._nick.value = offer.nick
        self._server_edited()
        self._chosen = offer
        if offer.standing is Standing.NEW and offer.found is not None:
            words = _("Its key is trusted from the first time on. Its fingerprint: {key}.")
            self.tell("server", words.format(key=offer.found.fingerprint), "info")
        self.begin()

    # --- the fields ----------------------------------------------------------------------------

    def _make_fields(self, written: Written) -> None:
        self._heading(_("Server, or join link"), 0, 0)
        self._heading(_("Port"), 0, 1)
        self._next()
        self._server = Field(
            self,
            written.server,
            placeholder=_("an address, a link, or: this machine"),
            on_enter=self._on_connect,
            on_edit=self._server_edited,
        )
        self._port = Field(
            self, written.port, width=7, on_enter=self._on_connect, on_edit=self._edited
        )
        self._place(self._server, 0)
        self._place(self._port, 1)
        self._theme.pad(self._port, padx=(10, 0), pady=(6, 0))
        self._next()
        self._say_here("server")
        self._say_here("port")
        self._heading(_("Your nickname"), 16, 0)
        self._next()
        self._nick = Field(self, written.nick, on_enter=self._on_connect, on_edit=self._edited)
        self._place(self._nick, 0, 2)
        self._next()
        self._say_here("nick")
        self._make_code(written.code)
        self.at_once = Check(self, _("Next time, connect without asking"), written.at_once)
        self.at_once.grid(row=self._next(), column=0, columnspan=2, sticky="w")
        self._theme.pad(self.at_once, pady=(14, 0))
        self._fields: dict[str, Field] = {
            "server": self._server,
            "port": self._port,
            "nick": self._nick,
            "invite": self._code,
        }

    def _make_code(self, code: str) -> None:
        self._code_part = Pane(self)
        self._code_part.grid(row=self._next(), column=0, columnspan=2, sticky="ew")
        self._code_part.columnconfigure(0, weight=1)
        words = label(self._code_part, _("Invitation code"), font="caption-bold", tone="muted")
        words.grid(row=0, column=0, sticky="w")
        self._theme.pad(words, pady=(16, 0))
        self._code = Field(
            self._code_part,
            code,
            placeholder="XXXX-XXXX-XXXX",
            on_enter=self._on_connect,
            on_edit=self._edited,
        )
        self._code.grid(row=1, column=0, sticky="ew")
        self._theme.pad(self._code, pady=(6, 0))
        said = self._said["invite"] = Said(self._code_part)
        said.grid(row=2, column=0, sticky="ew")
        self._theme.pad(said, pady=(6, 0))
        said.say("")
        if not code:
            self._code_part.grid_remove()

    def _heading(self, words: str, top: int, column: int) -> None:
        made = label(self, words, font="caption-bold", tone="muted")
        made.grid(row=self._row, column=column, sticky="w")
        self._theme.pad(made, pady=(top, 0), padx=(10 if column else 0, 0))

    def _place(self, field: Field, column: int, span: int = 1) -> None:
        field.grid(row=self._row, column=column, columnspan=span, sticky="ew")
        self._theme.pad(field, pady=(6, 0))

    def _say_here(self, place: Place) -> None:
        said = self._said[place] = Said(self)
        said.grid(row=self._next(), column=0, columnspan=2, sticky="ew")
        self._theme.pad(said, pady=(6, 0))
        said.say("")

    def _next(self) -> int:
        self._row += 1
        return self._row - 1

    def _judgeable(self, place: Place) -> tuple[str, ...]:
        """What is written where it can be at fault for what is said there; an address is two."""
        fields = (self._server, self._port) if place in ("server", "port") else ()
        return tuple(field.value for field in fields or (self._fields[place],))

    def _edited(self) -> None:
        """What was said of something else than what is written now is no more.

        Tk tells of a change late: it may be that of what was found at fault.
        """
        if self._judged is not None:
            place, written = self._judged
            if self._judgeable(place) != written:
                self.quiet()

    def _server_edited(self) -> None:
        """The port's field counts only where the server's does not tell the port."""
        if not hasattr(self, "_connect"):
            return
        typed = self._server.value
        if self._chosen is not None and typed.strip() != self._chosen.server:
            self._chosen = None
        here = bool(typed.strip()) and servers.means_here(typed)
        port = servers.own_port(typed)
        if here:
            port = next(
                (one.place.rpartition(":")[2] for one in self._known if one.here), ""
            ) or str(DEFAULT_PORT)
        if not (port.isascii() and port.isdigit()):
            port = ""  # nobody has typed a port yet, but perhaps a link's first letters
        if port and self._own_port is None:
            self._own_port = self._port.value
        elif not port and self._own_port is not None:
            port, self._own_port = self._own_port or str(DEFAULT_PORT), None
        if port and self._port.value != port:
            self._port.value = port
        self._port.lock(self._own_port is not None or self._busy)
        self._edited()

    # --- the buttons ---------------------------------------------------------------------------

    def _make_actions(
        self,
        on_host: Callable[[], object],
        on_test: Callable[[], object],
        on_cancel: Callable[[], object],
    ) -> None:
        row = self._next()
        actions = self._actions = Pane(self)
        actions.grid(row=row, column=0, columnspan=2, sticky="ew")
        self._theme.pad(actions, pady=(18, 0))
        self._connect = button(actions, _("Connect"), "primary", command=self._on_connect)
        self._connect.pack(side="left")
        self._host = button(actions, _("Host here"), command=on_host)
        self._host.pack(side="left")
        self._theme.pad(self._host, padx=(8, 0))
        self._test = button(actions, _("Test the link"), "link", command=on_test)
        self._test.pack(side="right")
        progress = self._progress = Pane(self)
        progress.grid(row=row, column=0, columnspan=2, sticky="ew")
        self._theme.pad(progress, pady=(18, 0))
        self._cancel: Button = button(progress, _("Cancel"), command=on_cancel)
        self._cancel.pack(side="right")
        self._doing = label(progress, tone="muted", wrap=True)
        self._doing.pack(side="left", fill="x", expand=True)
        progress.grid_remove()
        self._say_here("host")
        self._say_here("form")
