"""What is inside a message: code, links, mentions, bold, quotes. Pure; knows no screen.

Owns: the few marks that people may write, and finding them. The text must be harmless already
(`common.safe`). Everything that is not a mark is shown as it was written.

    `code`   **bold**   > quote   ```  (on lines of their own, around a block of code)
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Style = Literal["text", "bold", "code", "link", "mention", "you"]
"""`you` is the reader's own name, `mention` anybody else's."""
Block = Literal["text", "code", "quote"]

_FENCE: Final = "```"
_LANGUAGE: Final = re.compile(r"[\w+#-]{1,20}")
_INLINE = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|\*\*(?P<bold>[^\s*](?:[^*\n]*[^\s*])?)\*\*"
    r"|(?P<link>\b(?:https?|ftp|causette)://[^\s<>\"`]{1,2000})"
    r"|(?<![\w@])@(?P<mention>\w[\w.-]*)"
)
_TRAILING: Final = ".,;:!?'\"’”»*_"
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Span:
    style: Style
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was written; `block` is what it belongs to."""

    block: Block
    spans: tuple[Span, ...]


def name_pattern(nick: str) -> re.Pattern[str]:
    """Finds `nick`, with or without `@`, as a word of its own, whatever its case.

    `lea` is not found in `lea-2` or `cleat`, since those are other people.
    """
    return re.compile(rf"(?<![\w@-])@?{re.escape(nick)}(?![\w]|-\w)", re.IGNORECASE)


def may_name(nick: str, text: str) -> bool:
    """Whether `name_pattern(nick)` may find anything in a text: cheap, and False only where it
    finds nothing. For whoever looks for hundreds of names in the same text."""
    return _alike_nick(nick) in _alike_text(text)


def _alike(text: str) -> str:
    """Equal for what the `re` module takes for the same letters, case aside, and for more."""
    return text.casefold().replace("ı", "i").replace("i\N{COMBINING DOT ABOVE}", "i")


_alike_nick = lru_cache(maxsize=2_048)(_alike)
_alike_text = lru_cache(maxsize=64)(_alike)


def parse(text: str, you: re.Pattern[str] | None = None, nicks: Container[str] = ()) -> list[Line]:
    """The lines of a message. `nicks`: those whose `@name` is a mention, in folded case."""
    lines: list[Line] = []
    fenced = False
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped.startswith(_FENCE):
            inner = stripped[3:]
            if inner.endswith(_FENCE) and len(inner) > 3:
                lines.append(_code(inner[:-3]))
            elif fenced or "`" not in inner:
                fenced = not fenced
                # A language behind a fence is a mark too; anything else was meant to be read.
                if not inner or _LANGUAGE.fullmatch(inner):
                    continue
                if fenced:
                    lines.append(_code(inner))
                else:
                    lines.append(Line("text", tuple(_inline(inner, you, nicks))))
            else:
                lines.append(Line("text", tuple(_inline(line, you, nicks))))
        elif fenced:
            lines.append(_code(line))
        elif line.startswith("> "):
            lines.append(Line("quote", tuple(_inline(line[2:], you, nicks))))
        else:
            lines.append(Line("text", tuple(_inline(line, you, nicks))))
    # Nothing but a fence: show what was typed, for an empty message would look like a fault.
    return lines or [Line("text", (Span("text", text),))]


def _code(line: str) -> Line:
    return Line("code", (Span("code", line),))


def _inline(line: str, you: re.Pattern[str] | None, nicks: Container[str]) -> Iterator[Span]:
    place = 0
    for found in _INLINE.finditer(line):
        style = found.lastgroup
        start, end = found.span()
        if style == "mention" and _known(found["mention"], nicks) is None:
            continue
        yield from _plain(line[place:start], you)
        place = end
        if style == "code":
            yield Span("code", found["code"])
        elif style == "bold":
            for span in _plain(found["bold"], you):
                yield Span("bold" if span.style == "text" else span.style, span.text)
        elif style == "link":
            place = start + _link_length(found["link"])
            yield Span("link", line[start:place])
        else:
            nick = _known(found["mention"], nicks) or ""
            place = start + 1 + len(nick)
            whole = line[start:place]
            yield Span("you" if you and you.fullmatch(whole) else "mention", whole)
    yield from _plain(line[place:], you)


def _known(word: str, nicks: Container[str]) -> str | None:
    """The part of `word` that is somebody's name: a full stop may end the sentence after it."""
    for candidate in (word, word.rstrip(".-")):
        if candidate.casefold() in nicks:
            return candidate
    return None


def _plain(text: str, you: re.Pattern[str] | None) -> Iterator[Span]:
    place = 0
    for found in you.finditer(text) if you else ():
        if found.start() > place:
            yield Span("text", text[place : found.start()])
        yield Span("you", found[0])
        place = found.end()
    if place < len(text):
        yield Span("text", text[place:])


def _link_length(link: str) -> int:
    """Without the punctuation of the sentence around it; `(a)` at its end belongs to it."""
    length = len(link)
    while length:
        last = link[length - 1]
        opening = _PAIRS.get(last)
        unpaired = opening and link.count(last, 0, length) > link.count(opening, 0, length)
        if last not in _TRAILING and not unpaired:
            break
        length -= 1
    return length
