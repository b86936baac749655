"""What the word being typed may become: commands, rooms, people, emoji. Pure.

Owns: what is offered and in which order. Must not know how it is shown or chosen.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from common.client import commands
from common.client.emoji import EMOJI
from common.client.vocabulary import Command, Group, Kind, choices, fold
from common.i18n import _

MOST: Final = 50
_MARKED = re.compile(r"(?:^|(?<=[\s(«“\"'’]))([@#:])([^\s@#:]*)$")
_WORD = re.compile(r"(?:^|(?<=[\s(«“\"'’]))([^\W\d_][\w.-]*)$")


@dataclass(frozen=True)
class Candidate:
    """`insert` replaces the `replaced` characters before the cursor."""

    insert: str
    replaced: int
    shown: str
    about: str = ""


def candidates(
    before: str,
    rooms: Sequence[str],
    nicks: Sequence[str],
    *,
    recent: Sequence[tuple[int, str]] = (),
    asked: bool = False,
    emoji: bool = True,
) -> list[Candidate]:
    """What fits the text before the cursor, likeliest first, at most `MOST`.

    `rooms` (`@nick` for a direct conversation), `nicks` and `recent` (numbers of messages and what
    they say) come in the order of preference. `asked`: the person pressed the key for it, so plain
    words become nicknames too. `emoji`: False where the screen cannot show them.
    """
    found: Iterable[Candidate]
    if before.startswith("/") and not before.startswith("//") and "\n" not in before:
        found = _in_command(before, rooms, nicks, recent)
    else:
        found = _in_text(before, rooms, nicks, asked, emoji)
    return [one for one, _number in zip(found, range(MOST), strict=False)]


def _in_command(
    before: str, rooms: Sequence[str], nicks: Sequence[str], recent: Sequence[tuple[int, str]]
) -> Iterator[Candidate]:
    words = before[1:].split(" ")
    typed = words[-1]
    if len(words) == 1:
        yield from _commands(typed, len(typed) + 1, space=True)
        return
    command = commands.find(words[0])
    place = len(words) - 2
    if command is None or not command.parameters:
        return
    kind = command.parameters[min(place, len(command.parameters) - 1)].kind
    if kind in (Kind.TEXT, Kind.REASON):
        yield from _in_text(before, rooms, nicks, asked=False, emoji=True)
    elif place < len(command.parameters):
        yield from _argument(command, kind, typed, rooms, nicks, recent)


def _argument(
    command: Command,
    kind: Kind,
    typed: str,
    rooms: Sequence[str],
    nicks: Sequence[str],
    recent: Sequence[tuple[int, str]],
) -> Iterator[Candidate]:
    """One word of a command."""
    if kind is Kind.ROOM and command.name != "create":
        for room, shown in _named(rooms):
            if fold(room).startswith(fold(typed.removeprefix("#"))):
                yield Candidate(room, len(typed), shown)
    elif kind is Kind.NICK and command.name != "nick":
        yield from _people(typed.removeprefix("@"), len(typed), nicks, "{} ")
    elif kind is Kind.COMMAND:
        for group in list(Group)[1:]:
            if fold(_(group.value)).startswith(fold(typed)):
                yield Candidate(_(group.value), len(typed), _(group.value))
        yield from _commands(typed.removeprefix("/"), len(typed))
    elif kind is Kind.MESSAGE:
        for seq, said in recent:
            if str(seq).startswith(typed):
                yield Candidate(f"{seq} ", len(typed), str(seq), said)
    else:
        for word in choices(kind):
            if fold(word).startswith(fold(typed)):
                yield Candidate(word, len(typed), word)


def _named(rooms: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each room as it is typed and as it is shown."""
    return ((room, room if room.startswith("@") else f"#{room}") for room in rooms)


def _commands(typed: str, replaced: int, *, space: bool = False) -> Iterator[Candidate]:
    wanted = fold(typed)
    offered = set()
    for name, command in commands.command_names():
        # The other language's name is offered only to somebody who has begun to type it.
        if command in offered or not fold(name).startswith(wanted):
            continue
        offered.add(command)
        blank = " " if space and command.parameters else ""
        yield Candidate(f"/{name}{blank}", replaced, f"/{name}", _(command.help))


def _people(
    typed: str, replaced: int, nicks: Sequence[str], form: str, shown: str = "{}"
) -> Iterator[Candidate]:
    wanted = fold(typed)
    for nick in nicks:
        if fold(nick).startswith(wanted):
            yield Candidate(form.format(nick), replaced, shown.format(nick))


def _in_text(
    before: str, rooms: Sequence[str], nicks: Sequence[str], asked: bool, emoji: bool
) -> Iterator[Candidate]:
    marked = _MARKED.search(before)
    if marked is None:
        word = _WORD.search(before) if asked else None
        if word is not None:
            # Said to somebody, a line begins with the name and a comma.
            form = "{}, " if word.start() == 0 else "{} "
            yield from _people(word[1], len(word[1]), nicks, form)
        return
    sign, typed = marked[1], marked[2]
    replaced = len(typed) + 1
    if sign == "@":
        yield from _people(typed, replaced, nicks, "@{} ", "@{}")
    elif sign == "#":
        for room, shown in _named(rooms):
            if fold(room).startswith(fold(typed)):
                yield Candidate(f"{shown} ", replaced, shown)
    elif emoji and len(typed) >= (1 if asked else 2):
        wanted = fold(typed)
        ranked = sorted(EMOJI, key=lambda name: not name.startswith(wanted))
        for name in ranked:
            if wanted in name:
                yield Candidate(f"{EMOJI[name]} ", replaced, f"{EMOJI[name]}  {name}")
