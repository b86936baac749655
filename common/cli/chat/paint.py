"""From an entry of a conversation to the rows of a terminal. Owns how each kind of entry looks.

Must not know scrolling, keys or the session. What is drawn is kept for as long as the entry, its
frame and the columns are the same.
"""

import datetime
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from common.cli.chat.cells import Fragment, Row, cut, fill, pad, row_width, steady, width, wrap
from common.cli.chat.signs import TIME, Columns, Signs
from common.client import commands, layout, markup
from common.client.conversation import NEVER_AGAIN, explain_refusal
from common.client.layout import Frame
from common.client.timeline import Crowd, Entry, Key, Mine, Notice, Said, Timeline
from common.i18n import _, time_of_day
from common.look import nick_index

_KEPT: Final = 1_000
"""Entries whose rows are kept: a few screens; the oldest use goes first."""

_NOTICE: Final = 11
"""Where the lines of a longer notice begin: it needs the room more than it needs the column."""
_BAR: Final = "class:bar"
_STYLES: Final = {
    "text": "",
    "bold": "bold",
    "code": "class:code",
    "link": "class:link",
    "mention": "class:other",
    "you": "class:you",
}


class Painter:
    """Draws entries and remembers what it drew."""

    def __init__(
        self,
        signs: Signs,
        *,
        ground: bool = True,
        today: Callable[[], datetime.date] = datetime.date.today,
    ) -> None:
        """`ground`: code has a ground of its own; without it, it keeps its marks."""
        self.signs = signs
        self._mark = "" if ground else "`"
        self.link_down = False
        self._today = today
        self._drawn: OrderedDict[tuple[str, Key], tuple[Entry, object, list[Row]]] = OrderedDict()

    def rows(self, room: Timeline, place: int, columns: Columns) -> list[Row]:
        """The rows of one entry with all that stands before and under it. Raises IndexError."""
        entry, frame = room.entry(place), layout.frame(room, place)
        waits = self.link_down and isinstance(entry, Mine)
        sign = (frame, columns, waits, room.you)
        key = (room.name, entry.key)
        kept = self._drawn.get(key)
        if kept is not None and kept[0] is entry and kept[1] == sign:
            self._drawn.move_to_end(key)
            return kept[2]
        rows = self._draw(room, entry, frame, columns)
        self._drawn[key] = (entry, sign, rows)
        if len(self._drawn) > _KEPT:
            self._drawn.popitem(last=False)
        return rows

    def _draw(self, room: Timeline, entry: Entry, frame: Frame, columns: Columns) -> list[Row]:
        rows: list[Row] = []
        words = layout.separator(frame, self._today())
        if words:
            rows.append(self.rule(words, columns.width, frame.since))
        if isinstance(entry, Crowd):
            for ts, line in layout.crowd_lines(entry):
                rows += self._aside(ts, [("class:muted", line)], columns)
        elif isinstance(entry, Notice):
            rows += self._notice(entry, columns)
        else:
            rows += self._message(room, entry, frame, columns)
        return rows

    def rule(self, words: str, cells: int, since: bool = False) -> Row:
        """A line across, with words in its middle."""
        line = "class:since" if since else "class:hairline"
        words = cut(words, cells - 6, self.signs.ellipsis)
        left = (cells - width(words) - 4) // 2
        right = cells - width(words) - 4 - left
        sign = self.signs.rule
        return [
            (line, " " + sign * left + " "),
            ("class:since bold" if since else "class:muted bold", words),
            (line, " " + sign * right + " "),
        ]

    def _aside(self, ts: int, text: Row, columns: Columns) -> list[Row]:
        """What nobody said: a dash in place of the name."""
        rows = wrap([(style, steady(words)) for style, words in text], columns.room)
        if not columns.name:
            start: Row = [("class:muted", f" {time_of_day(ts)} {self.signs.dash} ")]
            rows = wrap([*start, *text], columns.width - 1)
            return [rows[0], *self._under(rows[1:], columns)]
        dash = pad(self.signs.dash, columns.name)
        first: Row = [("class:muted", f" {time_of_day(ts)}  {dash} "), *rows[0]]
        return [first, *self._under(rows[1:], columns)]

    def _under(self, rows: list[Row], columns: Columns) -> list[Row]:
        return self._indented(rows, columns.text)

    def _indented(self, rows: list[Row], cells: int) -> list[Row]:
        return [[("", " " * cells), *row] for row in rows]

    def _notice(self, notice: Notice, columns: Columns) -> list[Row]:
        style = {"info": "class:muted", "warning": "class:warning", "danger": "class:danger"}
        mark = "" if notice.tone == "info" else f"{self.signs.alert} "
        tone = style[notice.tone]
        lines = notice.lines or (("",),)
        indent = columns.text if len(lines) == 1 else min(columns.text, _NOTICE)
        cells = max(columns.width - indent - 1, 8)
        first = max((width(line[0]) for line in lines if len(line) > 1), default=0) + 2
        rows: list[Row] = []
        for line in lines:
            # Two columns where there is room for them, else the second under the first.
            beside = len(line) > 1 and first <= cells // 2
            start = pad(steady(line[0]), first) if beside else mark + steady(line[0])
            under = first if beside else 2
            parts = wrap([(tone, steady(line[-1]))], cells - under) if len(line) > 1 else []
            if beside:
                rows.append([(tone, start), *parts.pop(0)])
            else:
                rows += wrap([(tone, start)], cells)
            rows += [[(tone, " " * under), *part] for part in parts]
        head = f" {time_of_day(notice.ts)}  {self.signs.dash}"
        if width(head) >= indent:
            return [[("class:muted", head)], *self._indented(rows, indent)]
        return [[("class:muted", pad(head, indent)), *rows[0]], *self._indented(rows[1:], indent)]

    # --- messages ------------------------------------------------------------------------------

    def _message(
        self, room: Timeline, entry: Said | Mine, frame: Frame, columns: Columns
    ) -> list[Row]:
        if isinstance(entry, Mine):
            user, nick = room.me, room.nick
            base = "class:muted" if entry.state == "queued" else ""
        else:
            user, nick = entry.user, entry.nick
            base = "class:muted italic" if entry.deleted else ""
        name_style = f"class:nick{nick_index(user)} bold"
        body = self._body(room, entry, base, columns)
        if entry.me:
            body[0] = [(name_style, steady(nick)), ("", " "), *body[0]]
        # Without a column for names, the time and the star stand in front of the text.
        cells = columns.room if columns.name or not entry.me else columns.width - TIME - 5
        body = [row for line in body for row in self._wrapped(line, cells)]
        rows = self._headed(entry, frame, nick, name_style, body, columns)
        if isinstance(entry, Said) and entry.mention:
            rows = [_grounded(row, columns.width) for row in rows]
        if frame.state:
            rows += self._under(wrap(self._state(entry), columns.room), columns)
        return rows

    def _headed(
        self,
        entry: Said | Mine,
        frame: Frame,
        nick: str,
        name_style: str,
        body: list[Row],
        columns: Columns,
    ) -> list[Row]:
        clock = time_of_day(entry.ts) if frame.clock else " " * TIME
        name = "*" if entry.me else steady(nick) if frame.head else ""
        if columns.name:
            name = pad(cut(name, columns.name, self.signs.ellipsis), columns.name)
            head: Row = [("class:muted", f" {clock}  "), (name_style, name), ("", " ")]
            return [[*head, *body[0]], *self._under(body[1:], columns)]
        if not frame.head:
            return self._under(body, columns)
        if entry.me:
            first: Row = [("class:muted", f" {clock} "), (name_style, "* "), *body[0]]
            return [first, *self._under(body[1:], columns)]
        name = cut(name, columns.width - TIME - 3, self.signs.ellipsis)
        return [
            [("class:muted", f" {clock} "), (name_style, name)],
            *self._under(body, columns),
        ]

    def _body(self, room: Timeline, entry: Said | Mine, base: str, columns: Columns) -> list[Row]:
        you = room.you if isinstance(entry, Said) and entry.mention else None
        if isinstance(entry, Said) and entry.deleted:
            return [[(base, steady(entry.text))]]
        lines = []
        for line in markup.parse(entry.text, you, room.known()):
            row = [self._span(one, line.block, base) for one in line.spans]
            if line.block != "text":
                # It goes in front of each row that the line is broken into.
                row.insert(0, (_BAR, f"{self.signs.bar} "))
            lines.append(row)
        return lines

    def _span(self, span: markup.Span, block: markup.Block, base: str) -> Fragment:
        text = steady(span.text)
        if block == "code":
            # The bar says it; a ground of its own would have a ragged edge.
            return base, text
        if span.style == "code":
            text = f"{self._mark}{text}{self._mark}"
        quote = "class:muted" if block == "quote" else ""
        return f"{base} {quote} {_STYLES[span.style]}".strip(), text

    def _wrapped(self, line: Row, cells: int) -> list[Row]:
        if line and line[0][0] == _BAR:
            bar = line[0]
            return [[bar, *row] for row in wrap(line[1:], cells - width(bar[1]))]
        return wrap(line, cells)

    def _state(self, entry: Said | Mine) -> Row:
        if isinstance(entry, Said) or entry.state == "stored":
            return self._stored(entry.seq)
        if entry.state == "queued":
            words = _("queued: leaves when the link is back") if self.link_down else _("queued")
            return [("class:muted", f"{self.signs.queued} {words}")]
        why = _("refused: {reason}.").format(reason=steady(explain_refusal(entry)))
        row: list[Fragment] = [("class:danger", f"{self.signs.alert} {why} ")]
        edit = commands.find("edit")
        again = commands.find("resend")
        if again is not None and entry.code not in NEVER_AGAIN:
            between = _("or")
            row += [("class:accent", again.shown()), ("class:muted", f" {between} ")]
        if edit is not None:
            row.append(("class:accent", edit.shown()))
        return row

    def _stored(self, seq: int) -> Row:
        return [("class:muted", f"{self.signs.stored} {layout.stored_words(seq)}")]


def _grounded(row: Row, cells: int) -> Row:
    """A row that concerns this person: its ground reaches from edge to edge."""
    ground = "class:mention-row"
    return fill([(f"{ground} {style}".strip(), text) for style, text in row], cells, ground)


def centred(rows: list[Row], cells: int) -> list[Row]:
    """Each row in the middle."""
    return [[("", " " * ((cells - row_width(row)) // 2)), *row] for row in rows]
