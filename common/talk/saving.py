"""Saving a conversation into a file. Owns the file's name and that no other file is touched; its
form is `transcript`'s."""

import datetime
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from common.client import transcript
from common.client.events import HistoryReply
from common.client.timeline import Said, Timeline
from common.i18n import N_, _
from common.protocol.messages import Record

PAGE: Final = 1_000
"""Records asked for at a time where a whole room is saved."""
_WHY: Final = {
    errno.ENOENT: N_("there is no such folder"),
    errno.ENOTDIR: N_("there is no such folder"),
    errno.EISDIR: N_("it is a folder"),
    errno.EACCES: N_("this account may not write there"),
    errno.EPERM: N_("this account may not write there"),
    errno.EROFS: N_("nothing can be written there"),
    errno.ENOSPC: N_("the disk is full"),
    errno.ENAMETOOLONG: N_("the name is too long"),
}


class SaveFailed(Exception):
    """The conversation was not saved; `text` says why, to people."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def usual_name(room: Timeline, suffix: str = "txt", attempt: int = 1) -> str:
    """A file's name after room and day."""
    today = datetime.date.today().isoformat()  # noqa: DTZ011 - the person's own day
    more = f"-{attempt}" if attempt > 1 else ""
    name = "".join(one if one.isalnum() or one in "@-_." else "_" for one in room.title[1:])
    return f"causette-{name}-{today}{more}.{suffix}"


def save(room: Timeline, path: Path | None, server: str = "") -> tuple[Path, int]:
    """Writes the messages of a room that are loaded; returns where, and how many.

    The file's suffix chooses the form (.html, .jsonl, else text). Without `path` it is a new text
    file in the current directory, named after room and day. A file that exists is never touched.
    Raises SaveFailed.
    """
    for attempt in range(1, 100):
        target = path.expanduser() if path else Path(usual_name(room, attempt=attempt))
        try:
            with target.open("x", encoding="utf-8") as file:
                count = _write(room, file, _form(target), server)
        except FileExistsError:
            if path is None:
                continue
            raise _exists(target) from None
        except (OSError, ValueError) as error:
            raise _not_written(target, error) from error
        return target.absolute(), count
    raise SaveFailed(_("There are too many such files here. Give a name."))


class RoomDocument:
    """Every message of a room as text, a page at a time: `take` each answer to a question for what
    comes `after`, until there is no more."""

    def __init__(self, room: Timeline, form: str, server: str = "") -> None:
        """Raises KeyError for a form that there is not."""
        self._document = transcript.renderer(form, server)
        self._shown = room.name if form == "jsonl" else room.title.removeprefix("#")
        self.count = 0
        """Messages so far."""
        self._next = 1

    def begin(self) -> str:
        """What stands before the first record."""
        return self._document.begin() + self._document.room(self._shown)

    @property
    def after(self) -> int:
        """Above which number the next page begins."""
        return self._next - 1

    def take(self, reply: HistoryReply) -> tuple[str, bool]:
        """A page, and whether there is another; with the last one goes the end."""
        parts = []
        for record in reply.records:
            if record.seq > self._next:
                parts.append(self._document.gap(self._next, record.seq - 1))
            parts.append(self._document.record(record, reply.raw.get(record.seq)))
            self._next = record.seq + 1
            self.count += record.type == "message"
        more = reply.more and bool(reply.records)
        if not reply.records and reply.skipped >= self._next:
            parts.append(self._document.gap(self._next, reply.skipped))
            self._next = reply.skipped + 1
            more = reply.more
        if not more:
            parts.append(self._document.end())
        return "".join(parts), more


class WholeRoom:
    """Every message of a room, a page at a time: `take` each answer and ask for what it returns.

    The file appears under its name when all of it is there. Methods raise SaveFailed, and then
    nothing is left behind.
    """

    def __init__(
        self, room: Timeline, path: Path, server: str = "", *, replace: bool = False
    ) -> None:
        """`replace`: a file of that name gives way, at the end."""
        self.path = path.expanduser().absolute()
        self.room = room.name
        self._part = self.path.with_name(f"{self.path.name}.part")
        if self.path.exists() and not replace:
            raise _exists(self.path)
        self._document = RoomDocument(room, _form(self.path), server)
        with self._told():
            self._file = self._part.open("w", encoding="utf-8", newline="\n")
            self._file.write(self._document.begin())

    @property
    def count(self) -> int:
        """Messages so far."""
        return self._document.count

    @property
    def after(self) -> int:
        """Above which number the next page begins."""
        return self._document.after

    def take(self, reply: HistoryReply) -> bool:
        """Writes a page; tells whether there is another."""
        with self._told():
            text, more = self._document.take(reply)
            self._file.write(text)
            if not more:
                self._file.close()
                self._part.replace(self.path)
        return more

    def abandon(self) -> None:
        """It is not wanted any more: nothing is left behind."""
        self._file.close()
        self._part.unlink(missing_ok=True)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            self._part.unlink(missing_ok=True)
            raise _not_written(self.path, error) from error


def _form(path: Path) -> str:
    suffix = path.suffix.lower().lstrip(".")
    return suffix if suffix in transcript.FORMATS else "txt"


def _exists(path: Path) -> SaveFailed:
    return SaveFailed(_("{path} exists already. Choose another name.").format(path=path))


def _not_written(path: Path, error: Exception) -> SaveFailed:
    why: object = error
    if isinstance(error, OSError) and error.errno:
        # The system's own words are in its language, not in the person's.
        known = _WHY.get(error.errno)
        why = _(known) if known is not None else os.strerror(error.errno)
    return SaveFailed(_("{path} cannot be written: {why}.").format(path=path, why=why))


def _write(room: Timeline, file: TextIO, format: str, server: str) -> int:
    document = transcript.renderer(format, server)
    file.write(document.begin())
    file.write(document.room(room.name))
    count = 0
    for said in room.entries():
        if isinstance(said, Said):
            file.write(document.record(_record(said)))
            count += 1
    file.write(document.end())
    return count


def _record(said: Said) -> Record:
    return Record("message", said.seq, said.id, said.user, said.nick, said.ts, said.text, said.me)
