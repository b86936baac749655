"""Slash commands: how a typed line is read, by the table in `vocabulary`, or what is wrong with it.

Owns the reading. Must not know who carries a command out: a client gets `Say`, `Call` or `Wrong`
and acts on it. Pure. Arguments are checked here, so that a handler gets what it needs or is not
called.
"""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from common.client.vocabulary import (
    BY_NAME,
    COMMANDS,
    Command,
    Group,
    Kind,
    Parameter,
    choice,
    choices,
    find,
    fold,
    group,
)
from common.explain import explain
from common.i18n import _, current, number
from common.protocol import names
from common.protocol.limits import WIRE
from common.safe import one_line

__all__ = [
    "COMMANDS", "Call", "Command", "Group", "Kind", "Parameter", "Say", "Wrong", "choices", "find",
    "fold", "group", "help_lines", "parse",
]  # fmt: skip

HISTORY_MOST: Final = 1_000
HISTORY_USUAL: Final = 100
LONGEST: Final = 315_360_000
"""Seconds that somebody may be muted for, and the like: ten years."""
LAST_NUMBER: Final = 1 << 40

_UNITS: Final = {
    **dict.fromkeys(("s",), 1),
    **dict.fromkeys(("m", "min"), 60),
    **dict.fromkeys(("h",), 3_600),
    **dict.fromkeys(("d", "j"), 86_400),
    **dict.fromkeys(("w", "sem"), 604_800),
}
_DURATION = re.compile(r"([0-9]{1,9})(s|min|m|h|d|j|w|sem)")
_KEY = re.compile(r"[0-9a-fA-F]{64}")
_QUOTED = re.compile(r'["“«]\s*([^"”»]+?)\s*["”»](?=\s|$)\s*')
_GREEDY: Final = (Kind.TEXT, Kind.REASON, Kind.FILE, Kind.NICK)
"""Kinds that take the rest of the line where they stand last."""


@dataclass(frozen=True)
class Say:
    """A message. `me`: it tells what its author does."""

    text: str
    me: bool = False


@dataclass(frozen=True)
class Call:
    """A command whose arguments are in order. `name` is the command's stable name.

    `room` and `nick` are canonical; what was not given is "" or 0.
    """

    name: str
    room: str = ""
    nick: str = ""
    text: str = ""
    """TEXT, REASON, FILE, NAME or COMMAND."""
    count: int = 0
    """How many; or the number of a message."""
    seconds: int = 0
    choice: str = ""
    """The stable name of what was chosen: on, off, admin, private, ..."""
    key: str = ""
    """The beginning of a key, in lower case; in place of `nick`, a whole one."""
    user: str = ""
    """In place of `nick`, or with it: whom a face shows, whatever their name is by now."""


@dataclass(frozen=True)
class Wrong:
    """The line cannot be used as it stands: it stays where it was typed."""

    text: str
    """One sentence or two for people, in their language."""


def command_names() -> Iterator[tuple[str, Command]]:
    """Every name of every command, those of the person's language first."""
    yield from ((one.shown()[1:], one) for one in COMMANDS)
    for one in COMMANDS:
        other = one.name if current().lang == "fr" else one.french
        if other != one.shown()[1:]:
            yield other, one


def parse(line: str, nicks: Iterable[str] = ()) -> Say | Call | Wrong | None:
    """Read what was typed; None where there is nothing in it. `//text` says `/text`.

    `nicks` are the people that are known here: one whose nickname holds blanks is named as it is,
    also in front of other words. Others stand in quotes then.
    """
    # A terminal hands over bytes that are not UTF-8 as lone surrogates, which cannot be sent.
    line = line.encode("utf-8", "ignore").decode().strip("\n").rstrip()
    if not line.strip():
        return None
    if not line.startswith("/") or line[1:2].isspace() or line == "/":
        return _say(line)
    if line.startswith("//"):
        return _say(line[1:])
    word, rest = _cut(line[1:])
    command = find(word)
    if command is None:
        return _unknown(word)
    return _call(command, rest, nicks)


def _say(text: str, me: bool = False) -> Say | Wrong:
    size = len(text.encode())
    if size > WIRE.text:
        return Wrong(
            _("This message is too long: {size} bytes, at most {limit}.").format(
                size=number(size), limit=number(WIRE.text)
            )
        )
    return Say(text, me)


def _unknown(word: str) -> Wrong:
    text = _("There is no command /{word}.").format(word=one_line(word))
    folded = fold(word)
    close = difflib.get_close_matches(folded, BY_NAME, n=1, cutoff=0.5)
    starts = [name for name in BY_NAME if word and name.startswith(folded)]
    if close or starts:
        near = BY_NAME[(starts or close)[0]]
        name = next(name for name in (near.name, near.french) if fold(name) in (*starts, *close))
        text += " " + _("Did you mean /{name}?").format(name=name)
    elif "/" in word:
        text += " " + _("To say it, type // in front.")
    else:
        text += " " + _("{help} lists them.").format(help=BY_NAME["help"].shown())
    return Wrong(text)


def _call(command: Command, rest: str, nicks: Iterable[str]) -> Call | Say | Wrong:
    given: dict[str, str | int] = {}
    last = len(command.parameters) - 1
    for place, parameter in enumerate(command.parameters):
        kind = parameter.kind
        if place == last and kind in _GREEDY:
            word, left = rest, ""
        elif kind is Kind.NICK:
            word, left = _name(rest, nicks)
        else:
            word, left = _cut(rest)
        if not word:
            if parameter.required:
                return _misused(command)
            break
        read = _read(kind, word)
        if read is None and not parameter.required and place < last:
            continue
        if read is None:
            return _no_such(kind, word)
        if isinstance(read, Wrong):
            return read
        given |= read
        rest = left
    if rest:
        return _misused(command)
    if command.name == "me":
        return _say(str(given["text"]), me=True)
    return Call(command.name, **given)  # type: ignore[arg-type]


def _name(text: str, nicks: Iterable[str]) -> tuple[str, str]:
    """A nickname in front of other words, and those."""
    quoted = _QUOTED.match(text)
    if quoted is not None:
        return quoted[1], text[quoted.end() :]
    bare = text.removeprefix("@")
    for nick in sorted((nick for nick in nicks if " " in nick), key=len, reverse=True):
        follows = bare[len(nick) :]
        if bare.casefold().startswith(nick.casefold()) and not follows[:1].strip():
            return nick, follows.lstrip()
    return _cut(text)


def _read(kind: Kind, word: str) -> dict[str, str | int] | Wrong | None:
    """What an argument fills in; None where the word is nothing of that kind."""
    match kind:
        case Kind.ROOM:
            return _room(word)
        case Kind.NICK:
            return _nick(word)
        case Kind.COUNT:
            return _count(word, HISTORY_MOST)
        case Kind.MESSAGE:
            return _count(word.lstrip("#"), LAST_NUMBER)
        case Kind.DURATION:
            return _duration(word)
        case Kind.SPAN:
            return {"choice": "off"} if choice(kind, word) else _duration(word)
        case Kind.STATE | Kind.ROLE | Kind.PRIVATE | Kind.NEWCOMERS:
            chosen = choice(kind, word)
            return {"choice": chosen} if chosen else None
        case Kind.KEY:
            return {"key": word.lower()}
        case Kind.COMMAND if find(word) is None and group(word) is None:
            return _unknown(word.removeprefix("/"))
        case _:
            return {"text": word}


def _room(word: str) -> dict[str, str | int] | Wrong:
    """A room, or with an @ in front the conversation with somebody."""
    try:
        if word.startswith("@"):
            return {"room": "@" + names.nick(word[1:])}
        return {"room": names.room_name(word)}
    except names.BadName as error:
        return _bad_name(error)


def _nick(word: str) -> dict[str, str | int] | Wrong:
    if _KEY.fullmatch(word):
        return {"key": word.lower()}
    try:
        return {"nick": names.nick(word.strip('"“”«» ').removeprefix("@"))}
    except names.BadName as error:
        return _bad_name(error)


def _count(word: str, most: int) -> dict[str, str | int] | Wrong | None:
    if not (word.isascii() and word.isdigit()):
        return None
    return {"count": int(word)} if 1 <= int(word[:14]) <= most else _no_number(word, most)


def _duration(word: str) -> dict[str, str | int] | Wrong | None:
    match = _DURATION.fullmatch(word.casefold())
    if match is None:
        return None
    seconds = int(match[1]) * _UNITS[match[2]]
    return {"seconds": seconds} if 1 <= seconds <= LONGEST else _no_duration(word)


def _no_such(kind: Kind, word: str) -> Wrong:
    if kind in (Kind.COUNT, Kind.MESSAGE):
        return _no_number(word, HISTORY_MOST if kind is Kind.COUNT else LAST_NUMBER)
    if kind in (Kind.DURATION, Kind.SPAN):
        return _no_duration(word)
    text = _("{word} is none of these: {choices}.")
    return Wrong(text.format(word=one_line(word), choices=", ".join(choices(kind))))


def _no_number(word: str, most: int) -> Wrong:
    text = _("{word} is not a number from 1 to {most}.")
    return Wrong(text.format(word=one_line(word[:80]), most=number(most)))


def _no_duration(word: str) -> Wrong:
    text = _("{word} is not a duration. Type 30s, 10m, 2h or 7d, for instance.")
    return Wrong(text.format(word=one_line(word)))


def _bad_name(error: names.BadName) -> Wrong:
    values = {"value": one_line(error.value), "reason": error.reason}
    return Wrong(explain(error.code, values))


def _misused(command: Command) -> Wrong:
    return Wrong(_("This is how: {usage}").format(usage=command.usage()))


def _cut(text: str) -> tuple[str, str]:
    """The first word, and what follows it without the blanks between them."""
    word, rest, *_unused = [*text.split(None, 1), "", ""]
    return word, rest


def help_lines(name: str = "") -> list[tuple[str, str]]:
    """Usage and explanation in the person's language: of one command, of a group's, or (without
    `name`) of those of every day and where the others are explained."""
    chosen = group(name) if name else Group.CHAT
    one = find(name) if name and chosen is None else None
    if one is not None:
        return [(one.usage(), _(one.help))]
    lines = [(each.usage(), _(each.help)) for each in COMMANDS if each.group is chosen]
    if not name:
        help_ = BY_NAME["help"].shown()
        for other in list(Group)[1:]:
            inside = ", ".join(each.shown()[1:] for each in COMMANDS if each.group is other)
            lines.append((f"{help_} {_(other.value)}", inside))
    return lines
