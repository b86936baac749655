"""What a program was told: flag, then environment, then configuration file, then default.

Owns: the precedence, the reading of values, and the memory of where each one came from, so that an
error can name it. Must not know argparse, any program's options, sockets or screens: a program
hands in its options as data and gets values back.

The configuration file is TOML. Keys are the options' names; a table named after a program
(`[broker]`, `[cli]`, `[gui]`, `[web]`) speaks to that program alone and wins over what stands
above it. All programs share one file, so a key that another program knows is passed over, and one
that none knows is an error: a misspelt key that did nothing would never be found.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from common.i18n import _
from common.safe import one_line

PREFIX: Final = "CAUSETTE_"
USAGE: Final = 2
BAD_CONFIGURATION: Final = 78

PROGRAMS: Final = ("broker", "cli", "gui", "web")
_CLIENT = (
    "server,push,sub,server-key,trust-first,nick,room,lang,key-file,data-dir,no-color,json,timeout"
    ",no-discovery,since,count,exec,limit,format,output,echo,bind,invite,theme,text-size,tls-cert"
    ",tls-key,host,proxy,metrics-open"
)
_BROKER = (
    "pull,pub,card,lan,plain,window,access,web,name,print-config,verbose,quiet,rate,burst"
    ",rooms-per-hour,read-rate,sessions,subscriptions,keep,keep-bytes"
)
KNOWN: Final = frozenset(f"{_CLIENT},{_BROKER}".split(","))
"""Every option of every program that is not for one command alone: what may stand at the top of
the shared file."""

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_BYTES: Final = {"": 1, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)([kMGT]?)")
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


class BadSetting(Exception):
    """A value that cannot be used. `line` tells people where it stands and what to do.

    `status` is the exit status: 2 where it was typed as a flag, 78 where it was configured.
    """

    def __init__(self, line: str, status: int) -> None:
        super().__init__(line)
        self.line = line
        self.status = status


@dataclass(frozen=True)
class Kind:
    """How one value is read. `parse` takes text and raises ValueError; `expects` says what it
    wants, as a sentence in the person's language; `toml` are the types a file may hold."""

    parse: Callable[[str], Any]
    expects: Callable[[], str]
    toml: tuple[type, ...] = (str,)
    switch: bool = False
    """It takes no value on the command line."""


def duration(text: str) -> float:
    """Return the seconds in `10m`, `2h`, `7d`, `1.5s`, `500ms` or `2w`. Raises ValueError."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    return float(match[1]) * _UNITS[match[2]]


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = duration(text)
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(text)
    return seconds


def _size(text: str) -> int:
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    return int(float(match[1]) * _BYTES[match[2]])


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number) or number <= 0:
        raise ValueError(text)
    return number


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(text)
    return word in _TRUE


def _filled(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise ValueError(text)
    return text


TEXT: Final = Kind(_filled, lambda: _("give some text"))
NUMBER: Final = Kind(_number, lambda: _("give a number above 0"), (int, float, str))
SECONDS: Final = Kind(
    _seconds, lambda: _("give a number of seconds, such as 10 or 0.5"), (int, float, str)
)
DURATION: Final = Kind(
    _seconds, lambda: _("give a time, such as 90s, 12h or 30d"), (int, float, str)
)
SWITCH: Final = Kind(_boolean, lambda: _("give true or false"), (bool,), switch=True)


def choice(*words: str) -> Kind:
    """Return the kind of an option that is one of `words`."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    listed = ", ".join(words)
    return Kind(parse, lambda: _("give one of: {words}").format(words=listed))


def whole(least: int) -> Kind:
    """Return the kind of a whole number of `least` or more."""

    def parse(text: str) -> int:
        number = int(text) if re.fullmatch(r"[0-9]{1,15}", text.strip()) else -1
        if number < least:
            raise ValueError(text)
        return number

    def expects() -> str:
        return _("give a whole number of {least} or more").format(least=least)

    return Kind(parse, expects, (int, str))


POSITIVE: Final = whole(1)


def size(least: int) -> Kind:
    """Return the kind of a number of bytes, `least` or more; `k`, `M`, `G` and `T` are powers of
    1,024."""

    def parse(text: str) -> int:
        number = _size(text)
        if number < least:
            raise ValueError(text)
        return number

    def expects() -> str:
        words = _("give a number of bytes from {least} on, such as 500k, 32M or 2G")
        return words.format(least=least)

    return Kind(parse, expects, (int, str))


@dataclass(frozen=True)
class Option:
    """One option of a program: `--NAME`, `CAUSETTE_NAME` and a key of the configuration file."""

    name: str
    type: Kind = TEXT
    help: str = ""
    short: str = ""
    """One letter, or nothing."""
    metavar: str = ""
    default: Any = None
    repeatable: bool = False
    """Given more than once it adds up to a list; a switch then counts. In the environment the
    values are separated by commas."""
    env: bool = True
    """Whether the environment and the configuration file may give it."""

    @property
    def variable(self) -> str:
        return PREFIX + self.name.replace("-", "_").upper()


@dataclass(frozen=True)
class Value:
    """A value, what kind of place it came from, and how that place is named to people."""

    value: Any
    source: str
    """flag, environment, config or default."""
    where: str


class Settings:
    """The values of one run. `settings["nick"]` is the value; `where("nick")` names its origin."""

    def __init__(self, values: Mapping[str, Value], config: Path | None) -> None:
        self._values = dict(values)
        self.config = config
        """The configuration file that was read, if one was."""

    @classmethod
    def load(
        cls,
        options: Sequence[Option],
        namespace: Mapping[str, Sequence[str]],
        env: Mapping[str, str],
        config_path: Path | None = None,
        *,
        program: str = "",
        known: Collection[str] = KNOWN,
    ) -> Settings:
        """Return the settings of a run; raises BadSetting at the first value that is wrong.

        `namespace` holds what the flags said, as raw texts, by option name. `config_path` is where
        the file is unless the flag `config` or `CAUSETTE_CONFIG` names another: one that was named
        must exist. `program` is the table of the file that is this program's own.
        """
        path, file = _read_config(namespace, env, config_path)
        keys = _check_keys(path, file, options, program, known) if path else {}
        values: dict[str, Value] = {}
        for option in options:
            given = namespace.get(option.name)
            # Read in any case: a mistake in the file is told, not hidden by a flag.
            filed = None
            if option.env and option.name in keys:
                filed = _from_toml(option, keys[option.name], str(path))
            variable = env.get(option.variable, "") if option.env else ""
            if given:
                values[option.name] = _from_flags(option, given)
            elif variable:
                values[option.name] = _from_env(option, variable)
            elif filed is not None:
                values[option.name] = filed
            else:
                values[option.name] = Value(option.default, "default", _("the default"))
        return cls(values, path)

    def __getitem__(self, name: str) -> Any:
        return self._values[name].value

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def items(self) -> Iterator[tuple[str, Value]]:
        """Every option with its value and origin, in the order of the program's table."""
        return iter(self._values.items())

    def text(self, name: str) -> str | None:
        """The value of an option of text; None where nobody gave one and there is no default."""
        value = self._values[name].value
        return None if value is None else str(value)

    def texts(self, name: str) -> list[str]:
        """The values of a repeatable option."""
        return list(self._values[name].value or ())

    def switch(self, name: str) -> bool:
        return bool(self._values[name].value)

    def explicit(self, name: str) -> bool:
        """Whether somebody gave it, wherever: not the default."""
        return self._values[name].source != "default"

    def where(self, name: str) -> str:
        """`--nick ada`, `CAUSETTE_NICK=ada` or `FILE: nick = "ada"`: for messages."""
        return self._values[name].where

    def bad(self, name: str, why: str) -> BadSetting:
        """Return the error for a value that a program found wrong after all."""
        value = self._values[name]
        status = USAGE if value.source == "flag" else BAD_CONFIGURATION
        return BadSetting(f"{value.where}: {why}", status)


# --- the three sources ----------------------------------------------------------------------


def _parse(option: Option, texts: Sequence[str], source: str, where: str) -> Value:
    parsed = []
    for text in texts:
        try:
            parsed.append(option.type.parse(text))
        except ValueError as error:
            status = USAGE if source == "flag" else BAD_CONFIGURATION
            raise BadSetting(f"{where}: {option.type.expects()}", status) from error
    if not option.repeatable:
        return Value(parsed[-1], source, where)
    if option.type.switch:
        return Value(sum(map(bool, parsed)), source, where)
    return Value(parsed, source, where)


def _from_flags(option: Option, texts: Sequence[str]) -> Value:
    flag = f"--{option.name}"
    if option.type.switch:
        return _parse(option, texts, "flag", flag)
    if option.repeatable:
        for text in texts:
            _parse(option, [text], "flag", one_line(f"{flag} {text}"))
    return _parse(option, texts, "flag", one_line(f"{flag} {texts[-1]}"))


def _from_env(option: Option, text: str) -> Value:
    texts = [part for part in text.split(",") if part] if option.repeatable else [text]
    return _parse(option, texts or [text], "environment", one_line(f"{option.variable}={text}"))


def _from_toml(option: Option, value: object, file: str) -> Value:
    where = one_line(f"{file}: {option.name} = {_shown(value)}")
    many = option.repeatable and isinstance(value, list)
    texts = []
    for item in value if many and isinstance(value, list) else [value]:
        # A TOML boolean is a Python int: True must not pass for the number 1.
        if type(item) not in option.type.toml:
            raise BadSetting(f"{where}: {option.type.expects()}", BAD_CONFIGURATION)
        texts.append(str(item))
    return _parse(option, texts, "config", where) if texts else Value(None, "config", where)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return str(value)


def _read_config(
    namespace: Mapping[str, Sequence[str]], env: Mapping[str, str], default: Path | None
) -> tuple[Path | None, dict[str, Any]]:
    named = (namespace.get("config") or [""])[-1]
    if named:
        path, where = Path(named).expanduser(), f"--config {named}"
    elif named := env.get(PREFIX + "CONFIG", ""):
        path, where = Path(named).expanduser(), f"{PREFIX}CONFIG={named}"
    elif default is not None:
        path, where = default, str(default)
    else:
        return None, {}
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        if not named:
            return None, {}
        line = _("{where}: there is no such file").format(where=where)
        raise BadSetting(one_line(line), BAD_CONFIGURATION) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        line = _("{where}: cannot be read ({why})").format(where=where, why=why)
        raise BadSetting(one_line(line), BAD_CONFIGURATION) from error
    try:
        return path, tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        line = _("{where}: this is not TOML: {why}").format(where=path, why=error)
        raise BadSetting(one_line(line), BAD_CONFIGURATION) from error


def _check_keys(
    path: Path,
    file: dict[str, Any],
    options: Sequence[Option],
    program: str,
    known: Collection[str],
) -> dict[str, Any]:
    mine = {option.name for option in options if option.env}
    keys: dict[str, Any] = {}
    for key, value in file.items():
        if isinstance(value, dict) and key in PROGRAMS:
            continue
        if key in mine:
            keys[key] = value
        elif key not in known:
            raise _unknown_key(path, key, mine | set(known))
    table = file.get(program)
    if isinstance(table, dict):
        for key, value in table.items():
            if key in mine:
                keys[key] = value
            elif key not in known:
                raise _unknown_key(path, f"{program}.{key}", mine | set(known))
    return keys


def _unknown_key(path: Path, key: str, names: Collection[str]) -> BadSetting:
    line = _("{where}: no option is called {key}").format(where=path, key=key)
    close = difflib.get_close_matches(key.rpartition(".")[2].replace("_", "-"), names, n=1)
    if close:
        line += "; " + _("did you mean {name}?").format(name=close[0])
    return BadSetting(one_line(line), BAD_CONFIGURATION)
