"""Saving what is loaded of a room into a file. Owns the file's name; `transcript` owns its form."""

import datetime
import os
from pathlib import Path
from typing import TextIO

from common.client import transcript
from common.client.timeline import Said, Timeline
from common.i18n import _
from common.protocol.messages import Record


class SaveFailed(Exception):
    """The conversation was not saved; `text` says why, to people."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def save(room: Timeline, path: Path | None, server: str = "") -> tuple[Path, int]:
    """Writes the messages of a room that are loaded; returns where, and how many.

    The file's suffix chooses the form (.html, .jsonl, else text). Without `path` it is a new text
    file in the current directory, named after room and day. A file that exists is never touched.
    Raises SaveFailed.
    """
    today = datetime.date.today().isoformat()  # noqa: DTZ011 - the person's own day
    for attempt in range(1, 100):
        suffix = f"-{attempt}" if attempt > 1 else ""
        target = path.expanduser() if path else Path(f"causette-{room.name}-{today}{suffix}.txt")
        try:
            with target.open("x", encoding="utf-8") as file:
                count = _write(room, file, target.suffix.lstrip("."), server)
        except FileExistsError:
            if path is None:
                continue
            raise SaveFailed(
                _("{path} exists already. Choose another name.").format(path=target)
            ) from None
        except (OSError, ValueError) as error:
            why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
            raise SaveFailed(
                _("{path} cannot be written: {why}.").format(path=target, why=why)
            ) from error
        return target.absolute(), count
    raise SaveFailed(_("There are too many such files here. Give a name."))


def _write(room: Timeline, file: TextIO, format: str, server: str) -> int:
    document = transcript.renderer(format if format in transcript.FORMATS else "txt", server)
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
