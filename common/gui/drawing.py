"""From an entry of a conversation to what is put into the text: words with tags, and pictures.

Owns how each kind of entry looks. Must not know scrolling, where in the text it is put, nor what a
click does. How tags look: tags.py.
"""

from __future__ import annotations

import datetime
import tkinter as tk
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from common.client import layout, markup
from common.client.conversation import NEVER_AGAIN, explain_refusal
from common.client.layout import Frame
from common.client.timeline import Crowd, Mine, Notice, Said, Timeline
from common.gui.emoji_font import runs_of_emoji, without_emoji
from common.gui.tags import AVATAR, INDENT, Tags
from common.gui.theme import Theme
from common.i18n import N_, _, time_of_day
from common.look import nick_index

ACTIONS: Final = {
    "do-again": N_("Send again"),
    "do-edit": N_("Edit"),
    "do-delete": N_("Delete"),
}
"""Tag of each link under a refused message, and its words."""

_SPANS: Final = {
    "text": (),
    "bold": ("bold",),
    "code": ("code",),
    "link": ("link",),
    "mention": ("mention",),
    "you": ("you",),
}  # fmt: skip
_SHORTER: Final = 400
"""Characters of a quoted line that are measured at all."""


class Piece(NamedTuple):
    """Words, or a picture, with their tags."""

    text: str
    tags: tuple[str, ...]
    image: tk.PhotoImage | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """What an entry looks like. Every line ends with a newline."""

    pieces: tuple[Piece, ...]
    roles: tuple[str, ...]
    """Of each line: pad, rule, head, body, more (the line above goes on), state or aside."""
    clock: str
    """The time to show beside it under the pointer; "" where it stands there anyway."""
    fitted: bool
    """Something in it was cut to the width of now."""


@dataclass(frozen=True, slots=True)
class Sign:
    """All that a block's look depends on besides its entry."""

    frame: Frame
    waits: bool
    """An own message that the cut link holds up."""
    you: object


class Drawer:
    """Draws the entries of rooms. `link_down` is set by its owner."""

    def __init__(
        self,
        theme: Theme,
        tags: Tags,
        *,
        today: Callable[[], datetime.date] = datetime.date.today,
    ) -> None:
        self._theme = theme
        self._tags = tags
        self._today = today
        self.link_down = False
        self.bots: Collection[str] = ()
        """Users whose avatar is a square and whose name says that they are programs."""

    def sign(self, room: Timeline, place: int) -> Sign:
        """What the block at `place` depends on. Raises IndexError."""
        waits = self.link_down and isinstance(room.entry(place), Mine)
        return Sign(layout.frame(room, place), waits, room.you)

    def block(self, room: Timeline, place: int, sign: Sign, known: Collection[str]) -> Block:
        """The block of one entry, with all that stands before and under it."""
        entry = room.entry(place)
        sketch = _Sketch(self._theme)
        words = layout.separator(sign.frame, self._today())
        if words:
            self._rule(sketch, words, since=sign.frame.since)
        clock = ""
        if isinstance(entry, Crowd):
            sketch.pad()
            for ts, line in layout.crowd_lines(entry):
                sketch.put(f"{line} · {time_of_day(ts)}", "aside", "muted")
                sketch.end("aside", "aside")
        elif isinstance(entry, Notice):
            self._notice(sketch, entry)
        else:
            if not sign.frame.head:
                clock = time_of_day(entry.ts)
            self._message(sketch, room, entry, sign, known)
        return Block(tuple(sketch.pieces), tuple(sketch.roles), clock, sketch.fitted)

    # --- what nobody said ----------------------------------------------------------------------

    def _rule(self, sketch: _Sketch, words: str, *, since: bool) -> None:
        tone = "since" if since else "day"
        hairline = self._tags.hairline("you" if since else "border", words)
        sketch.pad()
        sketch.picture(hairline, "rule")
        # Not broken where it is narrow: the pictures would be parted from the words.
        sketch.put(
            f"\u00a0\u00a0\u00a0{words}\u00a0\u00a0\u00a0".replace(" ", "\u00a0"), "rule", tone
        )
        sketch.picture(hairline, "rule")
        sketch.end("rule", "rule")

    def _notice(self, sketch: _Sketch, notice: Notice) -> None:
        tone = "muted" if notice.tone == "info" else notice.tone
        sketch.pad()
        lines = notice.lines or (("",),)
        for place, parts in enumerate(lines):
            tags = ("aside", "columns") if len(parts) > 1 else ("aside",)
            if place == 0 and notice.tone != "info":
                icon = "warning" if notice.tone == "warning" else "alert"
                sketch.picture(self._theme.image(icon, notice.tone, 14), *tags)
                sketch.put(" ", *tags)
            if len(parts) > 1:
                between = "\n" if self._tags.narrow else "\t"
                sketch.put(parts[0], *tags)
                if between == "\n":
                    sketch.end("aside", *tags)
                    sketch.put("   ", *tags)
                else:
                    sketch.put(between, *tags)
                sketch.put(parts[1], *tags, tone)
            else:
                sketch.put(parts[0], *tags, tone)
            if place == len(lines) - 1:
                sketch.put(f" · {time_of_day(notice.ts)}", "aside", "muted")
            sketch.end("aside", *tags)

    # --- messages ------------------------------------------------------------------------------

    def _message(
        self,
        sketch: _Sketch,
        room: Timeline,
        entry: Said | Mine,
        sign: Sign,
        known: Collection[str],
    ) -> None:
        if isinstance(entry, Mine):
            user, nick = room.me, room.nick
            base: tuple[str, ...] = ("queued",) if entry.state == "queued" else ()
        else:
            user, nick = entry.user, entry.nick
            base = ("muted",) if entry.deleted else ()
        mentioned = isinstance(entry, Said) and entry.mention
        sketch.ground = ("mentioned",) if mentioned else ()
        you = room.you if mentioned else None
        if sign.frame.head or mentioned:
            sketch.pad()
        if sign.frame.head:
            self._head(sketch, user, nick, entry, base if entry.me else None)
        if isinstance(entry, Said) and entry.deleted:
            lines = [markup.Line("text", (markup.Span("text", entry.text),))]
        else:
            lines = markup.parse(entry.text, you, known)
        if entry.me and sign.frame.head:
            self._spans(sketch, lines.pop(0), "head", base)
            sketch.put(f"  {time_of_day(entry.ts)}", "head", "time")
            sketch.end("head", "head")
        self._body(sketch, lines, base)
        if mentioned:
            sketch.pad()
        sketch.ground = ()
        if sign.frame.state:
            self._state(sketch, entry, sign)

    def _head(
        self,
        sketch: _Sketch,
        user: str,
        nick: str,
        entry: Said | Mine,
        deed: tuple[str, ...] | None,
    ) -> None:
        """Avatar, name and time; of a deed, the line goes on with what was done."""
        bot = user in self.bots
        sketch.picture(self._theme.avatar(user, nick, AVATAR, bot), "head")
        sketch.put("\t", "head")
        sketch.put(nick, "head", "name", f"nick{nick_index(user)}", "author")
        if bot:
            sketch.put("  ", "head")
            sketch.picture(self._theme.pill(_("BOT"), "raised", 16), "head")
        if deed is not None:
            sketch.put(" ", "head")
            return
        sketch.put(f"  {time_of_day(entry.ts)}", "head", "time")
        sketch.end("head", "head")

    def _body(self, sketch: _Sketch, lines: list[markup.Line], base: tuple[str, ...]) -> None:
        block = "text"
        for line in lines:
            if "code" in (line.block, block) and line.block != block:
                # Some room above and below the code, within its ground.
                sketch.pad("block-pad", "raised")
            block = line.block
            if line.block == "code":
                self._code(sketch, "".join(span.text for span in line.spans), base)
            elif line.block == "quote":
                self._quote(sketch, "".join(span.text for span in line.spans))
            else:
                self._spans(sketch, line, "body", base)
                sketch.end("body", "body")
        if block == "code":
            sketch.pad("block-pad", "raised")

    def _code(self, sketch: _Sketch, words: str, base: tuple[str, ...]) -> None:
        """A line of code. Broken here where it is too long: Tk would begin its further rows at the
        edge of the ground, or leave a hole in it."""
        sketch.fitted = True
        indent = self._theme.images.blank(INDENT, 1)
        room = self._tags.room - 2 * self._theme.px(INDENT)
        role = "body"
        for part in self._rows(sketch.shown(words), room):
            sketch.picture(indent, "block", "raised")
            sketch.put(part, "block", "raised", *base)
            sketch.end(role, "block", "raised")
            role = "more"

    def _rows(self, words: str, room: int) -> Iterator[str]:
        """Words of the font for code in rows of that many pixels, at least one."""
        font = self._theme.font("mono")
        usual = max(1, room // max(1, font.measure("0")))
        while len(words) > usual or not words.isascii():
            count = self._fitting(words, room, min(usual, len(words)))
            if count >= len(words):
                break
            count = words.rfind(" ", count // 2, count) + 1 or count
            yield words[:count]
            words = words[count:]
        yield words

    def _fitting(self, words: str, room: int, guess: int) -> int:
        """How many characters fit, at least one; letters of other scripts may be wider."""
        if words[:guess].isascii():
            return guess
        measure = self._theme.font("mono").measure
        low, high = 1, min(len(words), 2 * guess)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if measure(words[:middle]) <= room else (low, middle - 1)
        return low

    def _spans(self, sketch: _Sketch, line: markup.Line, role: str, base: tuple[str, ...]) -> None:
        for span in line.spans:
            sketch.put(span.text, role, *base, *_SPANS[span.style])

    def _quote(self, sketch: _Sketch, words: str) -> None:
        """A bar and one line; what does not fit is where it was said."""
        px = self._theme.px
        room = self._tags.room - px(14)
        font = self._theme.font("body")
        words = words[:_SHORTER]
        sketch.fitted = True
        if font.measure(sketch.shown(words)) > room:
            low, high = 0, len(words)
            while low < high:
                middle = (low + high + 1) // 2
                fits = font.measure(f"{sketch.shown(words[:middle])}…") <= room
                low, high = (middle, high) if fits else (low, middle - 1)
            words = f"{words[:low].rstrip()}…"
        bar = self._theme.images.box((3, 20), "edge", radius=1)
        sketch.picture(bar, "quote")
        sketch.put(f"  {words}", "quote", "quoted")
        sketch.end("body", "quote")

    def _state(self, sketch: _Sketch, entry: Said | Mine, sign: Sign) -> None:
        image = self._theme.image
        if isinstance(entry, Said) or entry.state == "stored":
            sketch.picture(image("check", "muted", 14), "state")
            sketch.put(f"  {layout.stored_words(entry.seq)}", "state", "muted", "stored")
        elif entry.state == "queued":
            waits = sign.waits
            words = _("queued: leaves when the link is back") if waits else _("queued")
            sketch.picture(image("clock", "muted", 14), "state")
            sketch.put(f"  {words}", "state", "muted")
        else:
            why = _("refused: {reason}.").format(reason=explain_refusal(entry))
            sketch.picture(image("alert", "danger", 14), "state")
            sketch.put(f"  {why}", "state", "refused")
            for action, words in ACTIONS.items():
                if action != "do-again" or entry.code not in NEVER_AGAIN:
                    sketch.put("   ", "state")
                    sketch.put(_(words), "state", "do", action)
        sketch.end("state", "state")


class _Sketch:
    """Pieces as they are put one behind the other."""

    def __init__(self, theme: Theme) -> None:
        self._safe = theme.emoji_safe
        self.pieces: list[Piece] = []
        self.roles: list[str] = []
        self.fitted = False
        self.ground: tuple[str, ...] = ()

    def shown(self, text: str) -> str:
        """What may be given to Tk."""
        return text if self._safe or text.isascii() else without_emoji(text)

    def put(self, text: str, *tags: str) -> None:
        tags = (*tags, *self.ground)
        if text.isascii() or not self._safe:
            if text:
                self.pieces.append(Piece(self.shown(text), tags))
            return
        for part, is_emoji in runs_of_emoji(text):
            self.pieces.append(Piece(part, (*tags, "emoji") if is_emoji else tags))

    def picture(self, image: tk.PhotoImage, *tags: str) -> None:
        self.pieces.append(Piece("", (*tags, *self.ground), image))

    def end(self, role: str, *tags: str) -> None:
        """The line ends here."""
        self.pieces.append(Piece("\n", (*tags, *self.ground)))
        self.roles.append(role)

    def pad(self, *tags: str) -> None:
        """A few pixels."""
        self.end("pad", *(tags or ("pad",)))


def runs(pieces: tuple[Piece, ...]) -> Iterator[list[Piece]]:
    """Pieces of words that can be put in at once; each picture alone."""
    run: list[Piece] = []
    for piece in pieces:
        if piece.image is None:
            run.append(piece)
            continue
        if run:
            yield run
            run = []
        yield [piece]
    if run:
        yield run
