"""The way in: the page with the form, the questions in its place, and what its buttons do.

Owns one person's attempts to join: checks what is written, runs the joiner, asks whom to trust,
hosts. The fields are form.py's, the words of the questions questions.py's.
"""

from __future__ import annotations

import logging
import threading
import tkinter as tk
from pathlib import Path
from typing import Final, Protocol

from common.client import target as targets
from common.client.joining import NewBroker
from common.client.nearby import Choice
from common.client.target import BadTarget, NotRunning
from common.gui import questions, servers, wishes
from common.gui.around import Neighbourhood
from common.gui.form import Form
from common.gui.frontpage import FrontPage
from common.gui.hearing import hear
from common.gui.hosting import Hosted, Reach
from common.gui.joiner import Joiner
from common.gui.screens import Joined, Post, Trouble
from common.gui.settings import Known, Remembered
from common.gui.trial import Verdict, try_link
from common.gui.trouble import place_of, words_of
from common.gui.wishes import Written
from common.i18n import _
from common.protocol.names import BadName
from common.safe import one_line
from common.settings import Settings
from common.talk.ways import ways_of

_LOG = logging.getLogger(__name__)

_LOOK: Final = 3_000
"""Milliseconds in which the servers of a network answer."""


class Around(Protocol):
    """What the way in wants of the window."""

    post: Post
    settings: Settings
    remembered: Remembered
    data_dir: Path
    log: Path

    @property
    def hosted(self) -> Hosted | None:
        """The server that this window has started, while it runs."""

    def entered(self, joined: Joined, hosted: Hosted | None) -> object:
        """The session is in."""

    def reveal(self) -> object:
        """There is something to look at."""

    def speak(self, lang: str) -> object:
        """Change the language."""

    def cycle_theme(self) -> object:
        """Go on to the next theme."""


class Entrance(FrontPage):
    """Shown until a session is in. `closing` is a former session that still holds its profile."""

    def __init__(
        self,
        parent: tk.Misc,
        around: Around,
        written: Written | None = None,
        closing: threading.Thread | None = None,
    ) -> None:
        super().__init__(
            parent, around.remembered, on_speak=self._speak, on_theme=around.cycle_theme,
            on_help=self._help,
        )  # fmt: skip
        self._around = around
        self._closing = closing
        self._joiner: Joiner | None = None
        self._hosted: Hosted | None = None
        self._trials = 0
        self._card: tk.Widget | None = None
        self._emptiness = ""
        """What is said where there is nothing to choose."""
        self._has_looked = False
        self._timer = ""
        self._choice: Choice | None = None
        """The server of the network that was chosen."""
        self._offers = servers.offers(around.data_dir, around.remembered)
        self._near = Neighbourhood(
            around.settings, around.data_dir, around.remembered, around.post, self._near_changed
        )
        self._form = self._make_form(written or self._first())
        self._form.pack(fill="x")
        hear(self, "<F1>", lambda _event: self._help())
        hear(self, "<Escape>", lambda _event: self._escape())

    # --- what is asked of it -------------------------------------------------------------------

    @property
    def form(self) -> Form:
        """The card with the fields."""
        return self._form

    @property
    def card(self) -> tk.Widget | None:
        """The question in the form's place, if there is one."""
        return self._card

    def begin(self) -> None:
        """Put the focus where it belongs, and say so where there is no server to choose."""
        self._near.start()
        if self._near.looks and not self._timer:
            self._timer = self.after(_LOOK, self._looked)
        self._say_if_empty()
        if wishes.nameless(self._around.settings, self._around.remembered):
            self._form.ask_name()
        else:
            self._form.begin()

    def _say_if_empty(self) -> None:
        """What is to be done where there is no server to choose."""
        form, near = self._form, self._near
        if self._emptiness and form.said("server") == self._emptiness:
            form.quiet()
        self._emptiness = ""
        if not form.empty:
            return
        if not near.looks:
            words = _("No server found. Type an address, paste a link, or host here.")
        elif not self._has_looked and not near.trouble:
            words = _("Looking for servers on this network…")
        else:
            words = near.trouble or _(
                "No server found on this network. Paste an address or a link, or host here."
            )
        self._emptiness = words
        form.tell("server", words, "info")

    def _looked(self) -> None:
        self._has_looked = True
        self._say_if_empty()

    def _near_changed(self) -> None:
        if self.winfo_exists():
            self._form.show_found(self._near.offers)
            self._say_if_empty()

    def destroy(self) -> None:
        """As every widget does; nobody looks around any more."""
        self._near.close()
        if self._timer:
            self.after_cancel(self._timer)
        super().destroy()

    def connect(self) -> None:
        """Join what is written."""
        if self._joiner is not None or self._hosted is not None:
            return
        self._form.quiet()
        self._trials += 1
        written = self._form.written
        try:
            settings = wishes.settings_for(written, self._around.settings, self._around.remembered)
            if not settings.text("server") and not settings.text("push"):
                targets.parse_server(None, self._around.data_dir)
        except NotRunning:
            self.failed(Trouble("no-broker", {"path": str(self._around.data_dir)}))
        except BadTarget as error:
            self.failed(Trouble("bad-server", {"value": error.value, "reason": error.reason}))
        except BadName as error:
            self.failed(Trouble("bad-nick", {"value": error.value, "reason": error.reason}))
        else:
            self._join(settings)

    def tell(self, trouble: Trouble) -> None:
        """Say why the session ended, beside the field at fault."""
        if trouble.code == "not-invited" or trouble.code == "bad-invitation":
            self._form.show_code()
        self._form.tell(place_of(trouble), words_of(self._with_path(trouble)))

    def note(self, words: str) -> None:
        """Say something that is nobody's fault, under the buttons."""
        self._form.tell("form", words, "info")

    def cancel(self) -> None:
        """End what is under way, if anything is."""
        self._trials += 1
        if self._joiner is not None:
            self._joiner.cancel()
            self._joiner = None
        if self._hosted is not None:
            hosted, self._hosted = self._hosted, None
            threading.Thread(target=hosted.stop, name="not hosting", daemon=True).start()
        self._back()
        self._form.quiet()

    # --- the listener of the joiner ------------------------------------------------------------

    def trying(self, trouble: Trouble) -> None:
        """It does not work yet. A name that nobody has will not come about in a few seconds."""
        if trouble.code == "unreachable-name" and self._joiner is not None:
            self._joiner.cancel()
            self.failed(trouble)
            return
        place = place_of(trouble)
        self._form.tell("server" if place == "invite" else place, words_of(trouble), "wait")
        self._around.reveal()

    def waiting(self, trouble: Trouble) -> None:
        """An administrator must let this person in."""
        self._form.rest()
        self._form.show_code()
        self._form.tell("invite", words_of(trouble), "wait")
        words = _("Waiting for an administrator to let you in.")
        key = trouble.values.get("key")
        if key:
            words += " " + _("Your key: {key}").format(key=key)
        self._form.work(words)
        self._around.reveal()

    def unknown(self, broker: NewBroker) -> None:
        """Nobody trusts this server yet."""

        def answer(trusted: bool) -> None:
            self._back(resting=False)
            if self._joiner is not None:
                self._joiner.answer(trusted)

        self._ask(questions.unknown_server(self.middle, broker, answer), first=False)

    def joined(self, joined: Joined) -> None:
        """The session is in."""
        self._joiner = None
        hosted, self._hosted = self._hosted, None
        written = self._form.written
        remembered = self._around.remembered
        if not wishes.by_hand(written, self._around.settings):
            try:
                server = servers.server_of(written.server, written.port)
            except BadTarget:
                server = joined.entry.target.label
            if self._choice is not None:
                # By its link where the address alone does not lead to all its ports.
                server = wishes.lasting_of(self._choice.server, joined.entry.target)
            name = joined.ready.server or joined.entry.target.name or ""
            # The nickname as it was asked for: it is also the name of the key.
            nick = joined.entry.nick
            remembered.was_on(Known(server=wishes.lasting(server), name=name, nick=nick))
            remembered.at_once = written.at_once
        self._around.entered(joined, hosted)

    def failed(self, trouble: Trouble) -> None:
        """There is no session."""
        self._joiner = None
        self._hosted = None
        self._back()
        self._around.reveal()
        if trouble.code == "key-changed":
            values = trouble.values
            card = questions.changed_key(
                self.middle,
                str(values.get("host", "")) or self._form.written.server,
                str(values.get("key", "")),
                str(values.get("expected", "")),
                self._back_to_server,
            )
            self._ask(card)
        self.tell(trouble) if self._card is None else None

    # --- what the buttons do -------------------------------------------------------------------

    def _join(self, settings: Settings) -> None:
        place = settings.text("server") or settings.text("push") or ""
        offers = [*self._near.offers, *self._offers]
        name = next((one.name for one in offers if one.server == place), "")
        shown = one_line(name or place.partition("@")[2].partition("?")[0] or place)
        self._form.work(_("Connecting to {name}…").format(name=shown))
        closing, self._closing = self._closing, None
        offer = self._form.chosen
        self._choice = self._near.choice(offer) if offer is not None else None
        self._joiner = Joiner(settings, self, self._around.post, closing, self._choice)

    def _test(self) -> None:
        self._form.quiet()
        self._trials += 1
        trial = self._trials
        written = self._form.written
        try:
            server = servers.server_of(written.server, written.port)
        except BadTarget as error:
            self.failed(Trouble("bad-server", {"value": error.value, "reason": error.reason}))
            return
        self._form.tell("server", _("Asking…"), "wait")

        def tell(outcome: Verdict | Trouble) -> None:
            if trial != self._trials or not self.winfo_exists():
                return
            if isinstance(outcome, Verdict):
                self._form.tell("server", outcome.words, "success")
            else:
                self._form.quiet()
                self.failed(outcome)

        try_link(server, self._around.data_dir, self._around.post, tell)

    def _host(self) -> None:
        self._form.quiet()
        try:
            # An empty name, or one that cannot be one, is told before a server is started.
            wishes.settings_for(
                wishes.here(self._form.written), self._around.settings, self._around.remembered
            )
            running = targets.read_ready(self._around.data_dir)
        except BadName as error:
            self.failed(Trouble("bad-nick", {"value": error.value, "reason": error.reason}))
            return
        except BadTarget:
            running = None
        if running is not None and ways_of(running).alone == "machine":
            again = self._host_again if self._around.hosted is not None else None
            self._ask(questions.here_alone(self.middle, self._join_here, again, self._back))
        elif running is not None:
            # There is one already: nothing to start.
            self._join_here()
        else:
            self._ask_whom()

    def _ask_whom(self) -> None:
        self._ask(questions.host_here(self.middle, self._start_hosting, self._back))

    def _join_here(self) -> None:
        self._back()
        self._rewrite(wishes.here(self._form.written))
        self.connect()

    def _host_again(self) -> None:
        """The server that this window started for its own machine, anew for the network."""
        hosted = self._around.hosted
        self._back()
        self._form.work(_("Starting the server again…"))
        trial = self._trials

        def start() -> None:
            if trial == self._trials:
                self._start_hosting("network")

        def stop() -> None:
            if hosted is not None:
                hosted.stop()
            self._around.post(start)

        threading.Thread(target=stop, name="hosting again", daemon=True).start()

    def _start_hosting(self, reach: Reach) -> None:
        self._back()
        self._form.work(_("Starting a server on this machine…"))
        self._hosted = Hosted(
            self._around.data_dir, reach, self._around.post, self._hosting, self._host_failed
        )

    def _hosting(self, hosted: Hosted) -> None:
        if hosted is not self._hosted:
            return
        self._offers = servers.offers(self._around.data_dir, self._around.remembered)
        self._rewrite(wishes.here(self._form.written))
        settings = wishes.settings_for(
            self._form.written, self._around.settings, self._around.remembered
        )
        self._join(settings)

    def _host_failed(self, trouble: Trouble) -> None:
        if self._hosted is not None:
            self.failed(trouble)

    def _with_path(self, trouble: Trouble) -> Trouble:
        if trouble.code == "unexpected":
            return Trouble(trouble.code, {**trouble.values, "path": str(self._around.log)})
        return trouble

    # --- the page ------------------------------------------------------------------------------

    def _first(self) -> Written:
        around = self._around
        return wishes.first(around.settings, around.remembered, self._offers)

    def _make_form(self, written: Written) -> Form:
        return Form(
            self.middle,
            offers=self._offers,
            written=written,
            on_connect=self.connect,
            on_host=self._host,
            on_test=self._test,
            on_cancel=self.cancel,
        )

    def _rewrite(self, written: Written) -> None:
        """The form anew, with other words or another list in it."""
        self._form.destroy()
        self._form = self._make_form(written)
        self._form.pack(fill="x")
        self._form.show_found(self._near.offers)

    def _ask(self, card: questions.Question, first: bool = True) -> None:
        self._drop_card()
        self._form.pack_forget()
        self._card = card
        card.pack(fill="x")
        self.show_top()
        self._around.reveal()
        card.buttons[0 if first else -1].focus_set()

    def _drop_card(self) -> None:
        if self._card is not None:
            self._card.destroy()
            self._card = None

    def _back(self, resting: bool = True) -> None:
        """The form in the place of the question."""
        if self._card is not None:
            self._drop_card()
            self._form.pack(fill="x")
        if resting:
            self._form.rest()
        self._form.begin()

    def _back_to_server(self) -> None:
        self._back()
        self.tell(Trouble("key-changed"))

    def _help(self) -> None:
        if self._card is None and not self._form.busy:
            self._ask(questions.form_help(self.middle, self._back))

    def _speak(self, lang: str) -> None:
        if not self._form.busy and self._card is None:
            self._around.speak(lang)

    def _escape(self) -> None:
        if self._card is None and self._form.busy:
            self.cancel()
