"""The command line: options anywhere, verbs, help in the person's language.

Owns: which words are options, verbs and operands, and how help looks. Must not know what a value
means (`settings` reads them) nor any program's verbs: a program hands in a `Program` as data.

Why argparse is used this way: options that subparsers share with their parent are erased when they
stand before the verb, and repeated ones lose the first (measured). So one flat parser, without
subparsers and without positionals, collects every option as raw text; what it leaves over are the
verb and its operands. Which options go with the verb is checked afterwards.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from common.i18n import _, current
from common.safe import one_line
from common.settings import SWITCH, USAGE, Option

_HELP: Final = "help"
_VERSION: Final = "version"


class UsageError(Exception):
    """The command line cannot be used; `line` names the word and what to type instead."""

    status = USAGE

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.line = line


@dataclass(frozen=True)
class Verb:
    """Something that a program does."""

    name: str
    summary: str = ""
    options: tuple[Option, ...] = ()
    operands: str = ""
    """What stands after the verb, as usage shows it; nothing may where this is empty."""
    details: str = ""
    """Paragraphs under the options in the verb's help."""
    hidden: bool = False


@dataclass(frozen=True)
class Program:
    """A program's command line. A program without verbs has one, named by `default`."""

    name: str
    about: str
    version: str
    options: tuple[Option, ...]
    """Those that go with every verb."""
    verbs: tuple[Verb, ...]
    default: str
    """The verb where none is typed; `bare` tells whether operands may then be given."""
    bare: bool = False
    epilogue: str = ""

    def verb(self, name: str) -> Verb:
        """Raises KeyError."""
        return {verb.name: verb for verb in self.verbs}[name]

    def names(self) -> set[str]:
        """The names of all options of all verbs."""
        return {option.name for option in _union(self)}


@dataclass
class Parsed:
    """A command line, taken apart; nothing is read or checked but which option goes where."""

    verb: str
    words: list[str] = field(default_factory=list)
    given: dict[str, list[str]] = field(default_factory=dict)
    """Option to its raw texts, in the order typed; a switch has "true" for each time."""
    help: bool = False
    version: bool = False
    named: bool = True
    """Whether the verb was typed."""


def parse(program: Program, arguments: Sequence[str]) -> Parsed:
    """Take `arguments` (without the program's name) apart. Raises UsageError."""
    head, tail = list(arguments), []
    if "--" in head:
        cut = head.index("--")
        head, tail = head[:cut], head[cut + 1 :]
    options = {option.name: option for option in _union(program)}
    given, left = _collect(options.values(), head)
    for word in left:
        if len(word) > 1 and word.startswith("-"):
            raise _unknown_option(program, word)
    asked_help, asked_version = bool(given.pop(_HELP, 0)), bool(given.pop(_VERSION, 0))
    words = left + tail
    verbs = {verb.name: verb for verb in program.verbs}
    named = bool(left) and left[0] in verbs
    if named:
        verb = verbs[words.pop(0)]
    elif words and not program.bare:
        if asked_help or asked_version:
            return Parsed(program.default, help=asked_help, version=asked_version, named=False)
        raise _unknown_verb(program, words[0])
    else:
        verb = verbs[program.default]
    parsed = Parsed(verb.name, words, given, asked_help, asked_version, named)
    if asked_help or asked_version:
        return parsed
    mine = {option.name for option in (*program.options, *verb.options)}
    for name in given:
        if name not in mine:
            raise _misplaced(program, verb, name)
    if words and not verb.operands:
        line = _("{verb} takes no {word}: remove it, or see {command} --help")
        raise _usage(line, verb=verb.name, word=words[0], command=_typed(program, verb))
    return parsed


def options_of(program: Program, verb: str) -> tuple[Option, ...]:
    """The options that `verb` understands, the program's own first."""
    return (*program.options, *program.verb(verb).options)


def help_text(program: Program, parsed: Parsed) -> str:
    """Return the help of the program, or of one verb where one was typed."""
    verb = program.verb(parsed.verb)
    if parsed.named:
        own, common = verb.options, program.options
        usage = f"{_typed(program, verb)} [{_('options')}]" + (
            f" {verb.operands}" if verb.operands else ""
        )
        about, details = verb.summary, verb.details
    else:
        own, common = verb.options, program.options
        verbs = f" [{_('verb')}]" if len(program.verbs) > 1 else ""
        usage = f"{program.name}{verbs} [{_('options')}]" + (
            f" {verb.operands}" if program.bare and verb.operands else ""
        )
        about, details = program.about, program.epilogue
    parser = argparse.ArgumentParser(
        prog=program.name,
        usage=usage.replace("%", "%%"),
        description=about.replace("%", "%%"),
        epilog=details.replace("%", "%%"),
        add_help=False,
        formatter_class=_Formatter,
    )
    if not parsed.named and len(program.verbs) > 1:
        group = parser.add_argument_group(_("verbs"))
        for shown in program.verbs:
            if not shown.hidden:
                group.add_argument(shown.name, help=shown.summary.replace("%", "%%"))
    if own:
        title = _("options of {verb}").format(verb=verb.name)
        _add(parser.add_argument_group(title if len(program.verbs) > 1 else _("options")), own)
    if common:
        _add(parser.add_argument_group(_("options")), common)
    group = parser.add_argument_group(_("about this program"))
    group.add_argument("-h", "--help", action="store_true", help=_("show this help"))
    group.add_argument("-V", "--version", action="store_true", help=_("show the version"))
    return parser.format_help()


def peek(arguments: Iterable[str], name: str) -> str:
    """Return the last value of `--name` before a `--`, or nothing; for the language, which must
    be known before anything can be said about the rest."""
    found, expecting = "", False
    for word in arguments:
        if word == "--":
            break
        if expecting:
            found, expecting = word, False
        elif word == f"--{name}":
            expecting = True
        elif word.startswith(f"--{name}="):
            found = word.partition("=")[2]
    return found


# --- argparse, held by the scruff ------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(one_line(message))


class _Formatter(argparse.HelpFormatter):
    def start_section(self, heading: str | None) -> None:
        # argparse puts a colon behind it, which stands apart in French.
        apart = "\u202f" if heading and current().lang == "fr" else ""
        super().start_section(f"{heading}{apart}" if heading else heading)

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, _("usage: "))


def _union(program: Program) -> tuple[Option, ...]:
    seen: dict[str, Option] = {}
    for option in (*program.options, *(o for verb in program.verbs for o in verb.options)):
        seen.setdefault(option.name, option)
    return tuple(seen.values())


def _flags(option: Option) -> list[str]:
    return [*([f"-{option.short}"] if option.short else []), f"--{option.name}"]


def _collect(options: Iterable[Option], words: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    parser = _Parser(prog="", usage="", add_help=False, allow_abbrev=False, exit_on_error=False)
    for option in options:
        if option.type.switch:
            parser.add_argument(
                *_flags(option), dest=option.name, action="append_const", const="true"
            )
        else:
            parser.add_argument(*_flags(option), dest=option.name, action="append")
    for short, name in (("-h", _HELP), ("-V", _VERSION)):
        parser.add_argument(short, f"--{name}", dest=name, action="append_const", const="true")
    try:
        found, left = parser.parse_known_args(words)
    except argparse.ArgumentError as error:
        # Its words are English and only two cases remain: a value is missing, or one too many.
        flag = (error.argument_name or "").rpartition("/")[2]
        switches = {f"--{o.name}" for o in options if o.type.switch} | {"--help", "--version"}
        if flag in switches:
            raise _usage(_("{flag} takes no value: write it alone"), flag=flag) from error
        raise _usage(
            _("{flag} needs a value: write {flag}=VALUE, even where it starts with a dash"),
            flag=flag,
        ) from error
    return {name: texts for name, texts in vars(found).items() if texts}, left


def _add(group: argparse._ArgumentGroup, options: Iterable[Option]) -> None:
    for option in options:
        text = option.help.replace("%", "%%")
        if option.repeatable:
            text += " " + _("(may be repeated)")
        if option.type.switch:
            group.add_argument(*_flags(option), help=text, action="store_true")
        else:
            name = option.metavar or option.name.upper()
            group.add_argument(*_flags(option), help=text, metavar=name)


def _typed(program: Program, verb: Verb) -> str:
    return f"{program.name} {verb.name}" if len(program.verbs) > 1 else program.name


def _usage(line: str, **values: str) -> UsageError:
    return UsageError(one_line(line.format(**values)))


def _closest(word: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(names), n=1)
    return close[0] if close else ""


def _unknown_option(program: Program, word: str) -> UsageError:
    flag = word.partition("=")[0]
    names = [f"--{name}" for name in (*sorted(program.names()), _HELP, _VERSION)]
    # No abbreviations: what a script types today must not become ambiguous tomorrow.
    close = next((name for name in names if len(flag) > 2 and name.startswith(flag)), "")
    close = close or _closest(flag, names)
    if close:
        return _usage(_("no option is called {flag}; did you mean {name}?"), flag=flag, name=close)
    return _usage(
        _("no option is called {flag}; see {command} --help, or write -- before such a word"),
        flag=flag,
        command=program.name,
    )


def _unknown_verb(program: Program, word: str) -> UsageError:
    names = [verb.name for verb in program.verbs if not verb.hidden]
    close = _closest(word, names)
    if close:
        return _usage(_("no verb is called {word}; did you mean {name}?"), word=word, name=close)
    return _usage(
        _("no verb is called {word}; there are: {names}"), word=word, names=", ".join(names)
    )


def _misplaced(program: Program, verb: Verb, name: str) -> UsageError:
    owners = [v.name for v in program.verbs if name in {option.name for option in v.options}]
    return _usage(
        _("{flag} does not go with {verb}, only with {verbs}: remove it"),
        flag=f"--{name}",
        verb=verb.name,
        verbs=", ".join(owners),
    )


def switch(name: str, help: str, short: str = "", *, env: bool = True) -> Option:
    """Return an option without a value; `env` as in `Option`."""
    return Option(name, SWITCH, help, short, env=env)


ProgramMaker = Callable[[], Program]
"""Programs are made by a function, so that their words come out in the language set by then."""
