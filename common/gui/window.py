"""The client's window: the form, then a chat, then the form again; how it is left.

Owns the one root, what belongs to the whole window (title, theme, text size, place on the screen,
the line at its foot) and the end of sessions. What stands in it is entrance.py's and chat.py's.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import tkinter as tk
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final

from common import i18n
from common.gui import servers, wishes
from common.gui.dialogs.quitting import StopServer
from common.gui.entrance import Entrance
from common.gui.following import Following
from common.gui.hosting import Hosted
from common.gui.inbox import Inbox
from common.gui.screens import ChatMaker, ChatScreen, Joined, Post, Trouble
from common.gui.settings import Keeper
from common.gui.theme import TEXT_STEP, Theme
from common.gui.widgets import Pane, button, label
from common.gui.wishes import Written
from common.i18n import _
from common.safe import one_line
from common.settings import Settings
from common.talk.leaving import GOODBYE, left_behind, say_goodbye

_LOG = logging.getLogger(__name__)

_SIZE: Final = (1000, 720)
_SMALLEST: Final = (480, 360)
"""Pixels at 96 dpi and the usual text size."""
_REVEAL: Final = 400
"""Milliseconds in which a session that begins at once is in, so that no form flashes up."""
_SAVE: Final = 30_000
_ENDING: Final = GOODBYE + 3.0
_GEOMETRY: Final = re.compile(r"(\d{2,5})x(\d{2,5})([+-]-?\d{1,5})([+-]-?\d{1,5})")


class Window:
    """Made, then `run`. All of it in the thread of Tk; `post` may be called from any."""

    def __init__(
        self,
        root: tk.Tk,
        settings: Settings,
        env: Mapping[str, str],
        keeper: Keeper,
        log: Path,
        chat: ChatMaker,
        *,
        ask: bool = False,
    ) -> None:
        """`log`: where the details of errors are; `chat` makes the second screen; `ask`: the form
        comes first, however much is known."""
        self.root = root
        self.settings = settings
        self.remembered = keeper.remembered
        self.data_dir = keeper.path.parent.parent
        self.log = log
        self.left = ""
        """What is to be told once the window is closed: how much is unsent."""
        self._env = env
        self._keeper = keeper
        self._make_chat = chat
        self._chat: ChatScreen | None = None
        self._joined: Joined | None = None
        self._hosted: Hosted | None = None
        self._others = 0
        """How many others were on the server when the last session here ended."""
        self._closing: threading.Thread | None = None
        self._over = False
        self._asking = False
        """The question about the server is on the screen."""
        root.report_callback_exception = self.failed
        if wanted := settings.text("theme"):
            # For this run and, as it was asked for, for the next ones.
            self.remembered.theme = wanted  # type: ignore[assignment]  # one of its choices
        size = settings["text-size"] or self.remembered.text_size
        self.theme = Theme(root, self.remembered.theme, text_percent=size)
        self._following = Following(self.theme, lambda: self.remembered.theme)
        self.inbox = Inbox(root)
        self.post: Post = self.inbox.post
        self._foot: Pane | None = None
        self._dress()
        self._bind()
        self.entrance: Entrance | None = Entrance(root, self)
        self.entrance.pack(fill="both", expand=True)
        offers = servers.offers(self.data_dir, self.remembered)
        if not ask and wishes.straight_in(settings, self.remembered, offers):
            root.after(_REVEAL, self.reveal)
            self.entrance.connect()
        else:
            self.reveal()
        if keeper.damaged is not None:
            words = _("What the window remembered was damaged. It is kept in {path}.")
            self.note(words.format(path=keeper.damaged))
        self._saving = root.after(_SAVE, self._save_now_and_then)

    def run(self) -> None:
        """Stay until it is left."""
        self.root.mainloop()

    # --- the two screens -----------------------------------------------------------------------

    @property
    def chat(self) -> ChatScreen | None:
        """The chat, while one is shown."""
        return self._chat

    @property
    def hosted(self) -> Hosted | None:
        """The server that this window has started, while it runs."""
        return self._hosted if self._hosted is not None and self._hosted.runs else None

    def entered(self, joined: Joined, hosted: Hosted | None) -> None:
        """The chat in the place of the form."""
        self._joined = joined
        self._hosted = hosted or self.hosted
        self._keeper.save()
        if self.entrance is not None:
            self.entrance.destroy()
            self.entrance = None
        chat = self._chat = self._make_chat(
            self.root,
            joined,
            post=self.post,
            remembered=self.remembered,
            on_disconnect=self.disconnect,
            on_quit=self.quit,
            on_title=self.root.title,
            on_speak=self.speak,
        )
        assert isinstance(chat, tk.Widget)
        chat.pack(fill="both", expand=True)
        self.reveal()
        # Only what is on the screen can have the focus; what is typed meanwhile then goes there.
        self.root.update_idletasks()
        chat.focus()

    def disconnect(self, trouble: Trouble | None = None) -> None:
        """The form in the place of the chat, with everything filled in."""
        if self._chat is None:
            return
        self._end_session()
        self._show_form()
        if trouble is not None and self.entrance is not None:
            self.entrance.tell(trouble)

    def _show_form(self, written: Written | None = None) -> None:
        if self.entrance is not None:
            self.entrance.destroy()
        self.root.title("Causette")
        self.entrance = Entrance(self.root, self, written, self._closing)
        self.entrance.pack(fill="both", expand=True)
        self.entrance.begin()

    def _end_session(self) -> None:
        """Take the chat away; its session ends in a thread, which may take a second."""
        chat, joined = self._chat, self._joined
        if chat is None or joined is None:
            return
        assert isinstance(chat, tk.Widget)
        linked, self._others = chat.linked(), chat.others()
        chat.close()
        chat.destroy()
        self._chat = self._joined = None

        def end() -> None:
            opened = joined.opened
            unsent = say_goodbye(opened.client, linked)
            opened.close_profile()
            if unsent:
                words = left_behind(unsent, opened.setup.keeps_unsent)
                self.left = words
                self.post(lambda: self._say_left(words))

        self._closing = threading.Thread(target=end, name="leaving", daemon=True)
        self._closing.start()

    def _say_left(self, words: str) -> None:
        if self.entrance is not None and not self.entrance.form.busy:
            self.note(words)

    # --- leaving -------------------------------------------------------------------------------

    def quit(self) -> None:
        """Leave, after asking where a server that others use would end too."""
        if self._over or self._asking:
            return
        if self.hosted is None:
            self.leave()
            return
        if others := self._cut_off():
            self._ask_about(others)
        else:
            self.leave()

    def _cut_off(self) -> int:
        """How many others would be cut off if the server that was started here were stopped."""
        return self._chat.others() if self._chat is not None else self._others

    def _ask_about(self, others: int) -> None:
        # Known before it waits to be seen: the question is asked once.
        self._asking = True
        StopServer(self.root, others, self.leave, self._asked)

    def _asked(self) -> None:
        self._asking = False

    def leave(self, stop: bool = True) -> None:
        """End the session and the window; `stop`: and the server that this window started."""
        if self._over:
            return
        self._over = True
        self._remember_place()
        self.root.withdraw()
        self.root.update_idletasks()
        if self.entrance is not None:
            self.entrance.cancel()
        self._end_session()
        self._keeper.save()
        if self._closing is not None:
            self._closing.join(_ENDING)
        if stop and self._hosted is not None:
            self._hosted.stop()
        self._following.close()
        self.inbox.close()
        self.root.after_cancel(self._saving)
        self.root.quit()

    def told_to_end(self) -> None:
        """A signal came: leave without a question. A server that others use goes on."""
        self.leave(stop=not self._cut_off())

    # --- what belongs to the whole window ------------------------------------------------------

    def reveal(self) -> None:
        """Show the window, if it is not shown yet."""
        if self.root.state() == "withdrawn" and not self._over:
            self.root.deiconify()
            self.root.lift()
            if self._chat is None and self.entrance is not None and self.entrance.card is None:
                # As above: what is typed as soon as the window is seen goes into the form.
                self.root.update_idletasks()
                self.entrance.begin()

    def note(self, words: str) -> None:
        """A line at the foot, until it is closed or another takes its place."""
        self._drop_note()
        theme = self.theme
        foot = self._foot = Pane(self.root, "warning_bg", padding=(12, 6, 8, 6))
        close = button(foot, kind="icon", icon="close", name=_("Close"), command=self._drop_note)
        close.pack(side="right", anchor="n")
        sign = label(foot, image=theme.image("info", "warning", 16))
        sign.pack(side="left", anchor="n")
        theme.pad(sign, padx=(0, 8), pady=(2, 0))
        label(foot, one_line(words), font="small", wrap=True).pack(
            side="left", fill="x", expand=True
        )
        children = [child for child in self.root.pack_slaves() if child is not foot]
        if children:
            foot.pack(side="bottom", fill="x", before=children[0])
        else:
            foot.pack(side="bottom", fill="x")

    def _drop_note(self) -> None:
        if self._foot is not None:
            self._foot.destroy()
            self._foot = None

    def speak(self, lang: str) -> None:
        """Change the language, "" to the system's, and remember that. The form is made anew, with
        what was written; the chat sees to itself."""
        spoken = i18n.setup(lang or None, self._env).lang
        self.remembered.lang = "fr" if lang == "fr" else "en" if lang == "en" else ""
        self._drop_note()
        if self.entrance is not None:
            written = wishes.translated(self.entrance.form.written)
            self._show_form(written)
            self.entrance.languages["en" if spoken == "fr" else "fr"].focus_set()

    def cycle_theme(self) -> None:
        """From the system's theme to the light one, to the dark one, and back."""
        order = {"system": "light", "light": "dark", "dark": "system"}
        wanted = order[self.remembered.theme]
        self.remembered.theme = (
            "light" if wanted == "light" else "dark" if wanted == "dark" else "system"
        )
        self.theme.switch(self.remembered.theme)

    def zoom(self, steps: int) -> None:
        """Make text larger by so many steps, or as usual for 0."""
        wanted = self.theme.text_percent + steps * TEXT_STEP if steps else 100
        self.theme.zoom(wanted)
        self.remembered.text_size = self.theme.text_percent
        self._set_smallest()

    def _dress(self) -> None:
        root, px = self.root, self.theme.px
        root.title("Causette")
        root.configure(background=self.theme.color["surface"])
        self._set_smallest()
        place = _GEOMETRY.fullmatch(self.remembered.geometry)
        room = root.winfo_screenwidth(), root.winfo_screenheight()
        if place is not None and self._on_screen(place, room):
            root.geometry(self.remembered.geometry)
        else:
            wide, tall = min(px(_SIZE[0]), room[0]), min(px(_SIZE[1]), room[1])
            left, top = (room[0] - wide) // 2, (room[1] - tall) // 3
            root.geometry(f"{wide}x{tall}+{left}+{top}")

    def _on_screen(self, place: re.Match[str], room: tuple[int, int]) -> bool:
        """Whether a place of last time is still to be seen: screens come and go."""
        wide, tall = int(place[1]), int(place[2])
        left, top = int(place[3]), int(place[4])
        fits = wide <= room[0] and tall <= room[1]
        return fits and -wide // 2 < left < room[0] - 80 and 0 <= top < room[1] - 80

    def _set_smallest(self) -> None:
        scale = self.theme.scale
        self.root.minsize(round(_SMALLEST[0] * scale), round(_SMALLEST[1] * scale))

    def _remember_place(self) -> None:
        if self.root.state() == "normal":
            self.remembered.geometry = self.root.geometry()

    def _save_now_and_then(self) -> None:
        self._remember_place()
        self._keeper.save()
        self._saving = self.root.after(_SAVE, self._save_now_and_then)

    def _bind(self) -> None:
        root = self.root
        root.protocol("WM_DELETE_WINDOW", self.quit)
        command = "Command" if root.tk.call("tk", "windowingsystem") == "aqua" else "Control"
        for keys in ("q", "Q"):
            root.bind_all(f"<{command}-{keys}>", lambda _event: self.quit())
        for keys, steps in (
            ("plus", 1), ("equal", 1), ("KP_Add", 1),
            ("minus", -1), ("KP_Subtract", -1),
            ("0", 0), ("KP_0", 0),
        ):  # fmt: skip
            with contextlib.suppress(tk.TclError):
                root.bind_all(f"<{command}-{keys}>", self._zoomer(steps))

    def _zoomer(self, steps: int) -> Callable[[object], None]:
        return lambda _event: self.zoom(steps)

    def failed(
        self, _kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """A callback failed: the details go to the log, a person gets one line."""
        _LOG.error("a part of the window failed", exc_info=(type(error), error, trace))
        words = _("Something went wrong. The details are in {path}.").format(path=self.log)
        with contextlib.suppress(Exception):
            self.note(words)
