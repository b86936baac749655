"""The verb `listen`: what is said, as it is said. Owns its loop and the commands of `--exec`."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import Empty

from common.cli import reading, since, wire
from common.cli.joining import Run
from common.cli.output import Stop, Terminated, reader_is_gone
from common.client.decisions import gap_words, notice_words
from common.client.events import (
    Event,
    Failed,
    Gap,
    Left,
    LinkDown,
    LinkUp,
    Messages,
    Notice,
    Restored,
    RolledBack,
    RoomChanged,
)
from common.client.joining import JOIN_TIMEOUT, rooms_of
from common.client.transcript import text_line
from common.explain import explain
from common.i18n import _
from common.protocol.messages import Record

_LOOK_AROUND = 1.0
"""Seconds between two looks whether anybody still reads stdout."""


def run(run: Run) -> int:
    """Print, or hand to a command, until `--count` or `--timeout`. Raises as `reading.start`."""
    began = time.monotonic()
    rooms = rooms_of(run.settings)
    start = since.of(run.settings)
    limit = run.settings["timeout"]
    deadline = None if limit is None else began + float(limit)
    timeout = JOIN_TIMEOUT if limit is None else min(JOIN_TIMEOUT, float(limit))
    reader = reading.start(run, rooms, start, keep=False, roster=False, timeout=timeout)
    try:
        listening = _Listening(run, reader, _sink(run, reader, len(rooms) > 1))
        return listening.until(deadline, run.settings["count"])
    finally:
        reader.close()


Sink = Callable[[str, Record, bytes | None], None]


def _sink(run: Run, reader: reading.Reader, several: bool) -> Sink:
    command = run.settings.text("exec")
    if command is not None:
        return _Command(run, reader, command).run
    if run.settings.switch("json"):
        return lambda room, record, raw: run.out.data(wire.dump(wire.message(room, record, raw)))
    names = reader.names
    return lambda room, record, raw: run.out.line(
        text_line(record, names.get(room, room) if several else "", run.out.dim, run.out.bold)
    )


@dataclass
class _Listening:
    run: Run
    reader: reading.Reader
    sink: Sink
    count: int = 0

    def until(self, deadline: float | None, wanted: int | None) -> int:
        get = self.reader.session.get
        while True:
            now = time.monotonic()
            if deadline is not None and now >= deadline:
                return 124 if wanted is not None else 0
            wait = _LOOK_AROUND if deadline is None else min(_LOOK_AROUND, deadline - now)
            try:
                event = get(wait)
            except Empty:
                if reader_is_gone():
                    raise BrokenPipeError from None
                continue
            if event is None:
                return 1
            if isinstance(event, Messages):
                if self._messages(event, wanted):
                    return 0
            else:
                self._tell(event)

    def _messages(self, event: Messages, wanted: int | None) -> bool:
        for record in event.records:
            self.sink(event.room, record, event.raw.get(record.seq))
            self.reader.seen(event.room, record.seq, record.id)
            self.count += 1
            if wanted is not None and self.count >= wanted:
                return True
        return False

    def _tell(self, event: Event) -> None:
        note = self.run.out.note
        if isinstance(event, Failed):
            raise self.reader.session.failed(event)
        if isinstance(event, LinkDown):
            note(explain(event.code, text=event.reason))
        elif isinstance(event, LinkUp):
            note(_("The link is back."))
        elif isinstance(event, RolledBack):
            words = _("The history of {room} was replaced by an older one; it is read again.")
            note(words.format(room=event.room))
        elif isinstance(event, Restored):
            note(_("The server was set back to an earlier state."))
        elif isinstance(event, RoomChanged):
            self.reader.named(event)
        elif isinstance(event, Gap):
            self._gap(event)
        elif isinstance(event, Notice):
            room = self.reader.shown(event.room)
            note(notice_words(event, room))
        elif isinstance(event, Left):
            self.reader.left.add(event.room)
            room = self.reader.shown(event.room)
            if self.reader.left >= self.reader.session.ready.rooms.keys():
                raise Stop(77, _("You are out of {room}.").format(room=room))

    def _gap(self, event: Gap) -> None:
        if self.run.settings.switch("json"):
            self.run.out.data(wire.dump(wire.event(event) or {}))
        else:
            words = gap_words(event.first, event.last)
            self.run.out.note(f"{self.reader.shown(event.room)}: {words}")


class _Command:
    """Runs a command for each message. What others wrote goes into its environment and its stdin,
    never into the command itself."""

    def __init__(self, run: Run, reader: reading.Reader, command: str) -> None:
        self._command = command
        self._note = run.out.note
        entry = reader.entry
        # A client_cli.py inside the command answers as this program does, unless told otherwise.
        self._env = {**os.environ, "CAUSETTE_DATA_DIR": str(entry.data_dir)}
        if run.settings.explicit("nick"):
            self._env["CAUSETTE_NICK"] = entry.nick
        for name in ("server", "push", "sub", "server-key", "key-file", "config"):
            value = run.settings.text(name)
            if value is not None:
                self._env[f"CAUSETTE_{name.replace('-', '_').upper()}"] = value

    def run(self, room: str, record: Record, raw: bytes | None) -> None:
        """Run it and wait; a failure is told and listening goes on."""
        fields = {
            "ROOM": room,
            "AUTHOR": record.nick,
            "USER": record.user,
            "TEXT": record.text,
            "SEQ": str(record.seq),
            "TS": str(record.ts),
            "ID": record.id,
            "TYPE": record.type,
        }
        given = wire.dump(wire.message(room, record, raw)) + b"\n"
        status = _run(self._command, given, {**self._env, **_variables(fields)})
        if status:
            words = _("no. {seq}: the command ended with status {status}")
            self._note(words.format(seq=record.seq, status=status))


def _variables(fields: Mapping[str, str]) -> dict[str, str]:
    # No environment can hold a NUL.
    return {f"CAUSETTE_{name}": value.replace("\0", "\ufffd") for name, value in fields.items()}


def _run(command: str, given: bytes, env: Mapping[str, str]) -> int:
    child = subprocess.Popen(command, shell=True, stdin=subprocess.PIPE, env=dict(env))
    try:
        child.communicate(given)
    except (KeyboardInterrupt, Terminated):
        child.terminate()
        child.wait()
        raise
    return child.returncode
