"""A conversation as a document: text, HTML or JSON lines, one record at a time.

Owns: the three forms, and the line of text that `listen` and `history` print too. Must not know
where records come from nor where the document goes: a renderer takes records in order and returns
pieces of text, so a conversation of any length needs no more memory than one page. Pure.

What others wrote is made harmless: control and direction characters in text and HTML, markup in
HTML, which also forbids itself every script, image and connection. JSON lines are exact.
"""

from __future__ import annotations

import datetime
import html
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec

from common.client.decisions import gap_words
from common.i18n import N_, Translator, current, local
from common.look import DARK, LIGHT, nick_index
from common.protocol.messages import Record
from common.safe import one_line, plain

FORMATS: Final = ("txt", "html", "jsonl")
_MESSAGE: Final = "message"
_FAULTS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TITLE: Final = N_("Conversation")

Style = Callable[[str], str]


class Renderer(Protocol):
    """Begin, rooms with their records in order, end: each returns what to write."""

    def begin(self) -> str: ...
    def room(self, name: str) -> str:
        """A room begins; before its first record."""

    def record(self, record: Record, raw: bytes | None = None) -> str:
        """`raw` is the stored line of a record whose type is not known."""

    def gap(self, first: int, last: int) -> str:
        """Numbers that are not to be had: not kept any more, or not for whoever reads this."""

    def end(self) -> str: ...


def renderer(format: str, server: str = "", translator: Translator | None = None) -> Renderer:
    """The renderer of `txt`, `html` or `jsonl`; raises KeyError for another."""
    words = translator or current()
    made: dict[str, Callable[[], Renderer]] = {
        "txt": lambda: _Text(words),
        "html": lambda: _Html(server, words),
        "jsonl": _JsonLines,
    }
    return made[format]()


def stamp(ts: int) -> str:
    """`2026-11-20 14:03`, local, of milliseconds since 1970."""
    return local(ts).strftime("%Y-%m-%d %H:%M")


def text_line(record: Record, room: str = "", dim: Style = str, bold: Style = str) -> str:
    """`[2026-11-20 14:03] <ada> hello`: the same for grep in every year and language.

    `room` stands before the author where given; further lines of a message are indented by four
    spaces, so that no message can pass for two.
    """
    nick = bold(one_line(record.nick))
    text = plain(record.text).replace("\n", "\n    ")
    head = dim(f"[{stamp(record.ts)}]") + (f" {room}" if room else "")
    if record.type != _MESSAGE:
        return f"{head} ({one_line(record.type)}) <{nick}> {text}".rstrip()
    return f"{head} * {nick} {text}" if record.me else f"{head} <{nick}> {text}"


def json_object(room: str, record: Record, raw: bytes | None = None) -> dict[str, Any]:
    """A record as every JSON output has it; the shape `message` of `docs/bots.md`.

    Of a record whose type is not known, `raw` is the stored line: all its fields are kept, and
    `room` is added.
    """
    if raw is not None:
        try:
            line = msgspec.json.decode(raw)
        except _FAULTS:
            line = None
        if isinstance(line, dict):
            return {"type": record.type, **line, "room": room, "seq": record.seq}
    shown: dict[str, Any] = {
        "type": record.type,
        "room": room,
        "seq": record.seq,
        "id": record.id,
        "user": record.user,
        "nick": record.nick,
        "text": record.text,
        "ts": record.ts,
    }
    if record.me:
        shown["me"] = True
    if record.of:
        shown["of"] = record.of
    return shown


class _JsonLines:
    def __init__(self) -> None:
        self._room = ""

    def begin(self) -> str:
        return ""

    def room(self, name: str) -> str:
        self._room = name
        return ""

    def record(self, record: Record, raw: bytes | None = None) -> str:
        return msgspec.json.encode(json_object(self._room, record, raw)).decode() + "\n"

    def gap(self, first: int, last: int) -> str:
        line = {"type": "gap", "room": self._room, "first": first, "last": last}
        return msgspec.json.encode(line).decode() + "\n"

    def end(self) -> str:
        return ""


class _Days:
    """Tells when a new day begins."""

    def __init__(self) -> None:
        self._day: datetime.date | None = None

    def turn(self, ts: int) -> datetime.date | None:
        day = local(ts).date()
        if day == self._day:
            return None
        self._day = day
        return day


class _Text:
    def __init__(self, words: Translator) -> None:
        self._words = words
        self._days = _Days()

    def begin(self) -> str:
        return ""

    def room(self, name: str) -> str:
        self._days = _Days()
        return f"=== {one_line(name)} ===\n"

    def record(self, record: Record, raw: bytes | None = None) -> str:
        day = self._days.turn(record.ts)
        mark = f"\n--- {self._words.day(day)} ---\n" if day else ""
        return f"{mark}{text_line(record)}\n"

    def gap(self, first: int, last: int) -> str:
        return f"\n--- {gap_words(first, last)} ---\n"

    def end(self) -> str:
        return ""


def _style() -> str:
    def theme(colours: dict[str, str], nicks: tuple[str, ...]) -> str:
        names = ("bg", "surface", "border", "text", "muted", "accent")
        rules = [f"--{name}:{colours[name]}" for name in names]
        rules += [f"--n{index}:{colour}" for index, colour in enumerate(nicks)]
        return "{" + ";".join(rules) + "}"

    light, dark = theme(LIGHT.tokens(), LIGHT.nicks), theme(DARK.tokens(), DARK.nicks)
    nicks = "".join(f".n{index}{{color:var(--n{index})}}" for index in range(len(LIGHT.nicks)))
    return (
        f":root{light}@media(prefers-color-scheme:dark){{:root{dark}}}"
        "body{background:var(--bg);color:var(--text);font:15px/1.45 system-ui,sans-serif;"
        "max-width:46rem;margin:0 auto;padding:1rem}"
        "h1{font-size:19px}h2{font-size:15px;border-bottom:1px solid var(--border)}"
        "h3{font-size:12px;color:var(--muted);text-align:center;margin:1rem 0 .5rem}"
        "p{margin:.25rem 0;white-space:pre-wrap;overflow-wrap:anywhere}"
        "time{color:var(--muted);font-size:12px;margin-right:.5rem}"
        "b{margin-right:.5rem}i{color:var(--muted)}"
        f"@media print{{body{{max-width:none}}}}{nicks}"
    )


class _Html:
    def __init__(self, server: str, words: Translator) -> None:
        self._server = server
        self._words = words
        self._days = _Days()
        self._rooms = 0

    def begin(self) -> str:
        title = self._words.gettext(_TITLE)
        if self._server:
            title = f"{title} · {one_line(self._server)}"
        shown = html.escape(title)
        return (
            f'<!DOCTYPE html>\n<html lang="{self._words.lang}">\n<head>\n<meta charset="utf-8">\n'
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
            " style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
            '<meta name="referrer" content="no-referrer">\n'
            '<meta name="viewport" content="width=device-width">\n'
            f"<title>{shown}</title>\n<style>{_style()}</style>\n</head>\n<body>\n"
            f"<h1>{shown}</h1>\n"
        )

    def room(self, name: str) -> str:
        self._days = _Days()
        self._rooms += 1
        return f"<h2>{html.escape(one_line(name))}</h2>\n"

    def record(self, record: Record, raw: bytes | None = None) -> str:
        day = self._days.turn(record.ts)
        mark = f"<h3>{html.escape(self._words.day(day))}</h3>\n" if day else ""
        moment = local(record.ts)
        time = f'<time datetime="{moment.isoformat()}">{moment:%H:%M}</time>'
        nick = html.escape(one_line(record.nick))
        author = f'<b class="n{nick_index(record.user)}">{nick}</b>'
        text = html.escape(plain(record.text))
        if record.type != _MESSAGE:
            text = f"<i>({html.escape(one_line(record.type))})</i> {text}"
        elif record.me:
            text = f"<i>{text}</i>"
        anchor = f"r{self._rooms}-{record.seq}"
        return f'{mark}<p id="{anchor}">{time}{author}{text}</p>\n'

    def gap(self, first: int, last: int) -> str:
        return f"<h3>{html.escape(gap_words(first, last))}</h3>\n"

    def end(self) -> str:
        return "</body>\n</html>\n"
