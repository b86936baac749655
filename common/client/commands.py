"""Slash commands: what people can type, in French and English, from one table.

Owns: the names, their arguments, how a typed line is read and what is wrong with it. Must not know
who carries a command out: a client gets `Say`, `Call` or `Wrong` and acts on it. Pure.

Adding a command is a line in `COMMANDS`; its usage, its help and its completion follow. Arguments
are checked here, so that a handler gets what it needs or is not called.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from common.explain import explain
from common.i18n import N_, _, current, number
from common.protocol import names
from common.protocol.limits import WIRE
from common.safe import one_line

HISTORY_MOST: Final = 1_000
HISTORY_USUAL: Final = 100


class Kind(Enum):
    """What an argument is; the last one may take the rest of the line (TEXT, FILE and NICK)."""

    ROOM = N_("ROOM")
    NICK = N_("NICK")
    TEXT = N_("TEXT")
    COUNT = N_("N")
    FILE = N_("FILE")
    COMMAND = N_("COMMAND")


@dataclass(frozen=True)
class Parameter:
    kind: Kind
    required: bool = True

    def usage(self) -> str:
        word = _(self.kind.value)
        return word if self.required else f"[{word}]"


@dataclass(frozen=True)
class Command:
    """`name` is stable and English, `french` its name in French; both work in both languages."""

    name: str
    french: str
    help: str
    """One line, to be translated where it is shown."""
    parameters: tuple[Parameter, ...] = ()

    def shown(self) -> str:
        """The name with its slash, in the person's language."""
        return "/" + (self.french if current().lang == "fr" else self.name)

    def usage(self) -> str:
        """`/history [N]`"""
        return " ".join([self.shown(), *(one.usage() for one in self.parameters)])


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
    count: int = 0


@dataclass(frozen=True)
class Wrong:
    """The line cannot be used as it stands: it stays where it was typed."""

    text: str
    """One sentence or two for people, in their language."""


def _optional(kind: Kind) -> Parameter:
    return Parameter(kind, required=False)


COMMANDS: Final = (
    Command("help", "aide", N_("what can be typed here"), (_optional(Kind.COMMAND),)),
    Command("join", "rejoindre", N_("join a room, or make it"), (Parameter(Kind.ROOM),)),
    Command("leave", "quitter-salon", N_("leave this room"), (_optional(Kind.ROOM),)),
    Command("room", "salon", N_("go to a room that you are in"), (Parameter(Kind.ROOM),)),
    Command("rooms", "salons", N_("which rooms there are")),
    Command("who", "qui", N_("who is here"), (_optional(Kind.ROOM),)),
    Command("nick", "pseudo", N_("change your nickname"), (Parameter(Kind.NICK),)),
    Command("me", "moi", N_("say what you do"), (Parameter(Kind.TEXT),)),
    Command(
        "msg",
        "mp",
        N_("say something to one person"),
        (Parameter(Kind.NICK), Parameter(Kind.TEXT)),
    ),
    Command("history", "historique", N_("show older messages"), (_optional(Kind.COUNT),)),
    Command("save", "enregistrer", N_("save the conversation"), (_optional(Kind.FILE),)),
    Command("clear", "effacer", N_("clear the screen; nothing is deleted")),
    Command("resend", "renvoyer", N_("send a refused message again")),
    Command("edit", "modifier", N_("take a refused message back into the line")),
    Command("quit", "quitter", N_("end")),
)

_BY_NAME: Final = {name: one for one in COMMANDS for name in (one.name, one.french)}


def find(word: str) -> Command | None:
    """The command of this name, with or without its slash, in either language."""
    return _BY_NAME.get(word.removeprefix("/").casefold())


def command_names() -> Iterator[tuple[str, Command]]:
    """Every name of every command, those of the person's language first."""
    yield from ((one.shown()[1:], one) for one in COMMANDS)
    for one in COMMANDS:
        other = one.name if current().lang == "fr" else one.french
        if other != one.shown()[1:]:
            yield other, one


def parse(line: str) -> Say | Call | Wrong | None:
    """Read what was typed; None where there is nothing in it. `//text` says `/text`."""
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
    return _call(command, rest)


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
    close = difflib.get_close_matches(word.casefold(), _BY_NAME, n=1, cutoff=0.5)
    starts = [name for name in _BY_NAME if word and name.startswith(word.casefold())]
    if close or starts:
        near = (starts or close)[0]
        text += " " + _("Did you mean /{name}?").format(name=near)
    elif "/" in word:
        text += " " + _("To say it, type // in front.")
    else:
        text += " " + _("{help} lists them.").format(help=_BY_NAME["help"].shown())
    return Wrong(text)


def _call(command: Command, rest: str) -> Call | Say | Wrong:
    values = _Values()
    last = len(command.parameters) - 1
    for place, parameter in enumerate(command.parameters):
        whole = place == last and parameter.kind in (Kind.TEXT, Kind.FILE, Kind.NICK)
        word, rest = (rest, "") if whole else _cut(rest)
        if not word:
            if parameter.required:
                return _misused(command)
            break
        problem = values.take(parameter.kind, word)
        if problem is not None:
            return problem
    if rest:
        return _misused(command)
    if command.name == "me":
        return _say(values.text, me=True)
    return Call(command.name, values.room, values.nick, values.text, values.count)


@dataclass
class _Values:
    room: str = ""
    nick: str = ""
    text: str = ""
    count: int = 0
    _taken: list[Kind] = field(default_factory=list)

    def take(self, kind: Kind, word: str) -> Wrong | None:
        """Checks one argument and keeps it."""
        if kind is Kind.ROOM:
            try:
                self.room = names.room_name(word)
            except names.BadName as error:
                return _bad_name(error)
        elif kind is Kind.NICK:
            try:
                self.nick = names.nick(word.removeprefix("@"))
            except names.BadName as error:
                return _bad_name(error)
        elif kind is Kind.COUNT:
            if not (word.isascii() and word.isdigit() and 1 <= int(word[:9]) <= HISTORY_MOST):
                return Wrong(
                    _("{word} is not a number from 1 to {most}.").format(
                        word=one_line(word), most=number(HISTORY_MOST)
                    )
                )
            self.count = int(word)
        elif kind is Kind.COMMAND and find(word) is None:
            return _unknown(word.removeprefix("/"))
        else:
            self.text = word
        return None


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
    """Usage and explanation, of one command or of all, in the person's language."""
    one = find(name) if name else None
    chosen = [one] if one else list(COMMANDS)
    return [(command.usage(), _(command.help)) for command in chosen]
