"""French and English: messages, numbers, dates.

Owns: which language a program speaks, and how numbers and days are written in it. Must not know
any message: those live in the catalogues under ``common/locale``, kept by ``update.py`` there.

A program calls `setup` once, before it says anything; until then it is English. Sentences are
marked where they stand: ``_("Send")``, ``n_("{n} message", "{n} messages", count)`` with
``.format(n=number(count))``, and ``N_("...")`` in tables that are translated later with ``_``.
Placeholders are named, so that a translation may change their order.

A program that speaks to several people at once (the gateway) says to whom: inside
``with speaking("fr"):`` everything here, and whatever says its sentences with it, is French. What
is begun there on the same loop (a task, a timer) goes on in French; other threads do not, they
speak the program's language.
"""

from __future__ import annotations

import datetime
import functools
import gettext
import sys
from collections.abc import Mapping
from contextvars import ContextVar, Token
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("en", "fr")
DOMAIN: Final = "causette"
LOCALE_DIR: Final = Path(__file__).parent / "locale"

_NARROW_NO_BREAK_SPACE = "\u202f"
_WEEKDAYS: Final = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
}
# fmt: off
_MONTHS: Final = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December"),
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
           "octobre", "novembre", "décembre"),
}
# fmt: on


class Translator:
    """One language: its catalogue, its numbers, its days. Immutable, safe in any thread."""

    def __init__(self, lang: str) -> None:
        """Load the catalogue of `lang`, "fr" or "en"; raises ValueError for another."""
        if lang not in LANGUAGES:
            raise ValueError(f"no such language: {lang!r}")
        self.lang = lang
        # A catalogue that is missing (a source tree before its first update) speaks English.
        self._catalogue = gettext.translation(DOMAIN, LOCALE_DIR, [lang], fallback=True)

    def gettext(self, message: str) -> str:
        """Return `message` in this language, or itself where the catalogue lacks it."""
        # The empty message is the catalogue's header.
        return self._catalogue.gettext(message) if message else ""

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Return the form that this language uses for `count` things."""
        return self._catalogue.ngettext(one, many, count)

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number for people: `1,238` or `1 238`, with `digits` decimals."""
        text = f"{value:,.{digits}f}"
        if self.lang == "fr":
            return text.replace(",", _NARROW_NO_BREAK_SPACE).replace(".", ",")
        return text

    def day(self, date: datetime.date, *, weekday: bool = True, year: bool = True) -> str:
        """Return `Friday 20 November 2026`, `vendredi 20 novembre 2026`, or less of it."""
        first = self.lang == "fr" and date.day == 1
        words = [f"{date.day}er" if first else str(date.day), _MONTHS[self.lang][date.month - 1]]
        if weekday:
            words.insert(0, _WEEKDAYS[self.lang][date.weekday()])
        if year:
            words.append(str(date.year))
        return " ".join(words)

    def time_of_day(self, ts_ms: int) -> str:
        """Return HH:MM, in this machine's time zone, of milliseconds since 1970."""
        return local(ts_ms).strftime("%H:%M")


def local(ts_ms: int) -> datetime.datetime:
    """Return this machine's local time of milliseconds since 1970; its `.date()` is the day.

    A stamp beyond what the platform can show is shown as the nearest that it can (a broker's
    clock may be off, and no message is lost for it).
    """
    try:
        return datetime.datetime.fromtimestamp(ts_ms / 1000).astimezone()
    except (OverflowError, OSError, ValueError):
        if ts_ms < 0:
            return datetime.datetime.min.replace(tzinfo=datetime.UTC)
        return datetime.datetime.max.replace(tzinfo=datetime.UTC)


def choose(lang: str | None, env: Mapping[str, str]) -> str:
    """Return "fr" or "en": what `--lang` says, else the environment as POSIX reads it.

    LC_ALL, then LC_MESSAGES, then LANG: the first that is not empty decides; any other language
    gives English. Where none is set, Windows is asked for the language of its own interface.
    """
    wanted = lang or env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG")
    if not wanted:
        wanted = _system_language()
    code = wanted.replace("-", "_").partition("_")[0].partition(".")[0].lower()
    return code if code in LANGUAGES else "en"


def _system_language() -> str:
    if sys.platform == "win32":
        import ctypes
        import locale

        return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
    return ""


_program = Translator("en")
_speaker: ContextVar[Translator | None] = ContextVar("speaker", default=None)


def setup(lang: str | None, env: Mapping[str, str]) -> Translator:
    """Choose this program's language (see `choose`) and return its translator."""
    global _program  # noqa: PLW0603 - a program has one language, chosen once at its start
    _program = Translator(choose(lang, env))
    return _program


@functools.cache
def translator(lang: str) -> Translator:
    """Return the one translator of `lang`, loaded once; raises ValueError for another."""
    return Translator(lang)


class speaking:  # noqa: N801 - used as a verb: `with speaking("fr"):`
    """For a block, this is the language instead of the program's: "fr", "en" or a translator.

    May be nested. Raises ValueError for another language.
    """

    __slots__ = ("_token", "_words")

    def __init__(self, words: Translator | str) -> None:
        self._words = translator(words) if isinstance(words, str) else words

    def __enter__(self) -> Translator:
        self._token: Token[Translator | None] = _speaker.set(self._words)
        return self._words

    def __exit__(self, *_fault: object) -> None:
        _speaker.reset(self._token)


def current() -> Translator:
    """Return the translator of whoever is spoken to now: `speaking`'s, else the program's."""
    return _speaker.get() or _program


def _(message: str) -> str:
    """Return `message` in the language of now."""
    return current().gettext(message)


def n_(one: str, many: str, count: int) -> str:
    """Return the form for `count` in the language of now; format it with the count."""
    return current().ngettext(one, many, count)


def N_(message: str) -> str:  # noqa: N802 - gettext's usual name for a mark
    """Mark a message for the catalogues and return it as it is."""
    return message


def number(value: float, digits: int = 0) -> str:
    """Return a number in the language of now (see `Translator.number`)."""
    return current().number(value, digits)


def day(date: datetime.date, *, weekday: bool = True, year: bool = True) -> str:
    """Return a day in the language of now (see `Translator.day`)."""
    return current().day(date, weekday=weekday, year=year)


def time_of_day(ts_ms: int) -> str:
    """Return HH:MM, local, of milliseconds since 1970."""
    return current().time_of_day(ts_ms)
