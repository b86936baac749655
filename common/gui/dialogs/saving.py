"""Saving the conversation: in which form, where, and how far it is.

Owns the questions. The file is `common.talk.saving`'s, which asks for page after page.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tkinter import filedialog
from typing import Final

from common.client.events import HistoryReply
from common.gui.desk import Desk
from common.gui.dialogs.asking import Asking
from common.i18n import _, n_, number
from common.talk.saving import PAGE, SaveFailed, WholeRoom, usual_name

FORMS = ("txt", "html", "jsonl")
_OFFERS: Final = 100
"""Names that are tried before the first one is offered after all."""


class SaveRoom(Asking):
    """Presented at once, for the open room."""

    def __init__(self, desk: Desk, folder: Path | None = None) -> None:
        super().__init__(desk.over, _("Save the conversation"), width=440)
        self._desk = desk
        room = desk.talk.room
        assert room is not None
        self._timeline = room
        self._folder = folder or _documents()
        self._saving: WholeRoom | None = None
        self._chosen: Path | None = None
        words = (_("Text"), _("Web page (HTML)"), _("JSON lines, for programs"))
        self.form = self.choice(_("Format"), list(zip(FORMS, words, strict=True)))
        self.form.on_choice(self._formed)
        self._offered = str(self._offer(FORMS[0]))
        self.path = self.field(_("File"), self._offered)
        self.main = self.answer(_("Save"), self._answer)
        self.act(_("Choose…"), self._choose, left=True)
        self.present(self.path.text)

    def _offer(self, form: str) -> Path:
        """A name that is free: whoever saves every day has the one of this morning already."""
        for attempt in range(1, _OFFERS):
            path = self._folder / usual_name(self._timeline, form, attempt)
            if not path.exists():
                return path
        return self._folder / usual_name(self._timeline, form)

    def _formed(self, form: str) -> None:
        if self.path.value == self._offered:
            self._offered = self.path.value = str(self._offer(form))
        else:
            self.path.value = str(Path(self.path.value).with_suffix(f".{form}"))

    def _choose(self) -> None:
        """The system's own dialog, which also asks whether to replace a file."""
        path = Path(self.path.value)
        found = filedialog.asksaveasfilename(
            parent=self,
            title=_("Save the conversation"),
            initialdir=str(path.parent),
            initialfile=path.name,
            defaultextension=f".{self.form.value}",
        )
        if found:
            self._chosen = Path(found)
            self.path.value = found
            if self._chosen.suffix.lstrip(".") in FORMS:
                self.form.value = self._chosen.suffix.lstrip(".")

    def _answer(self) -> None:
        typed = self.path.value.strip()
        if not typed:
            self.failed(_("Where? Type a file's name, or choose one."), self.path)
            return
        path = Path(typed)
        try:
            self._saving = WholeRoom(
                self._timeline, path, self._desk.talk.server, replace=path == self._chosen
            )
        except SaveFailed as error:
            self.failed(error.text, self.path)
            return
        self.wait()
        self._ask(self._saving)

    def _ask(self, saving: WholeRoom) -> None:
        future = self._desk.client.history(saving.room, after=saving.after, limit=PAGE)
        self._desk.ask(future, partial(self._came, saving), partial(self._stopped, saving))

    def _came(self, saving: WholeRoom, reply: HistoryReply) -> None:
        if self._saving is not saving:
            return
        try:
            more = saving.take(reply)
        except SaveFailed as error:
            self._saving = None
            self.failed(error.text, self.path)
            return
        if more:
            self.progress(saving.count, reply.head)
            self._ask(saving)
            return
        self._saving = None
        text = n_("{n} message saved in {path}", "{n} messages saved in {path}", saving.count)
        self._desk.say(text.format(n=number(saving.count), path=saving.path))
        self.done()

    def progress(self, done: int, total: int) -> None:
        """How far it is, on the button."""
        if self.winfo_exists():
            words = _("{done} of {total}").format(done=number(done), total=number(total))
            self.main.configure(text=words)

    def _stopped(self, saving: WholeRoom, why: str) -> None:
        if self._saving is saving:
            saving.abandon()
            self._saving = None
            self.failed(why)

    def close(self) -> None:
        """Leave it; what is half written goes."""
        if self._saving is not None:
            self._saving.abandon()
            self._saving = None
        super().close()


def _documents() -> Path:
    """Where people look for what they saved."""
    home = Path.home()
    for name in ("Documents", "documents"):
        if (home / name).is_dir():
            return home / name
    return home
