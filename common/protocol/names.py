"""The names of rooms and people: which are allowed, how they are written, which are too alike.

Owns: the canonical form of a room's name, the display form of a nickname (RFC 8266, the PRECIS
Nickname profile) and the key under which two nicknames collide. Must not know who holds a name.
Pure; the Unicode tables of precis_i18n and confusable_homoglyphs are loaded (0.1 s) by the first
name that is not ASCII, so that programs start fast.

A canonical form is stable, `f(f(x)) == f(x)`, so both sides of the wire may apply it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final, Literal, TypeAlias

from common.protocol import lookalikes

ROOM_BYTES: Final = 64
NICK_CHARACTERS: Final = 32
NICK_BYTES: Final = 96
"""UTF-8; 32 characters of most scripts fit, 32 emoji do not."""

Code: TypeAlias = Literal["bad-room", "bad-nick"]
Reason: TypeAlias = Literal["empty", "too-long", "characters", "mixed-scripts", "reserved"]

_RESERVED_STARTS: Final = "@#/"
# Who bears one of these would be taken for the program, for whoever runs it, or for everybody.
_RESERVED_NICKS: Final = (
    *("server", "system", "admin", "administrator", "owner", "root", "moderator", "causette"),
    *("broker", "here", "everyone", "channel", "room", "console", "me"),
    *("serveur", "systeme", "système", "moderateur", "modérateur", "tous", "ici", "salon"),
)
# What looks like it is not reserved: to the keys below, Ali looks like it.
_RESERVED_AS_WRITTEN: Final = "all"
_ASCII_ROOM = re.compile(r"[a-z0-9._-]{1,64}")
_ASCII_NICK = re.compile(r"[!-~](?: ?[!-~])*")
# A nickname that is longer than this is refused before any table is looked at.
_HOPELESS: Final = 200
# UTS 39, 5.4: more marks than this on one letter are there to disturb the lines around it.
_MARKS_IN_A_ROW: Final = 4
# Letters and marks that show nothing: Hangul fillers, the combining grapheme joiner, Khmer inherent
# vowels, Mongolian and other variation selectors, and the blank Braille cell.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc\ufffd"
    "\U000e0100-\U000e01ef]"
)
# UTS 39, "highly restrictive": the scripts that people do write together.
_TOGETHER: Final = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)


class BadName(ValueError):
    """A name that is refused; `code` is the wire's error code, `why` an English sentence.

    `reason` is for programs: "empty", "too-long", "characters", "mixed-scripts" or "reserved".
    Clients translate code and reason, with `common.explain`.
    """

    def __init__(self, code: Code, value: str, reason: Reason, why: str) -> None:
        super().__init__(why)
        self.code: Code = code
        self.value = value
        self.reason: Reason = reason
        self.why = why


def room_name(text: str) -> str:
    """Return the canonical name of a room: NFC, lower case, without a leading `#`.

    Letters (with the marks that belong to them), digits and `-_.`, 1 to 64 bytes of UTF-8, but not
    `.` or `..`. Raises BadName("bad-room").
    """
    name = text.removeprefix("#")
    if len(name) <= ROOM_BYTES and not name.isascii():
        name = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).lower())
    else:
        name = name.lower()
    if not name:
        raise BadName("bad-room", text, "empty", "A room needs a name.")
    if len(name) > ROOM_BYTES or len(name.encode("utf-8", "surrogatepass")) > ROOM_BYTES:
        raise BadName(
            "bad-room", text, "too-long", f"A room's name has at most {ROOM_BYTES} bytes."
        )
    if not _ASCII_ROOM.fullmatch(name) and not _is_room_script(name):
        raise BadName(
            "bad-room",
            text,
            "characters",
            "A room's name is made of letters, digits, hyphens, underscores and full stops.",
        )
    if name in (".", ".."):
        raise BadName("bad-room", text, "reserved", f"A room cannot be called {name!r}.")
    return name


def _is_room_script(name: str) -> bool:
    if _INVISIBLE.search(name) or unicodedata.category(name[0])[0] == "M":
        return False
    return not _piled_marks(name) and all(
        character in "-_." or unicodedata.category(character)[0] in "LM" or character.isdecimal()
        for character in name
    )


def nick(text: str) -> str:
    """Return the display form of a nickname by RFC 8266, section 2.3: NFKC, single inner spaces.

    1 to 32 characters and at most 96 bytes of UTF-8; no controls, no direction marks, nothing
    invisible; no script mixed with another, save the usual ones of East Asia; no `@`, `#` or `/`
    in front; nothing that looks like a reserved one. The case is kept. Raises BadName("bad-nick").
    """
    if len(text) > _HOPELESS:
        raise _too_long(text)
    name = _ascii_nick(text) if text.isascii() else _unicode_nick(text)
    if len(name) > NICK_CHARACTERS or len(name.encode()) > NICK_BYTES:
        raise _too_long(text)
    if name[0] in _RESERVED_STARTS:
        raise BadName("bad-nick", text, "reserved", f"A nickname does not begin with {name[0]!r}.")
    if name.casefold() == _RESERVED_AS_WRITTEN or nick_key(name) in _reserved(name.isascii()):
        raise BadName("bad-nick", text, "reserved", f"Nobody can be called {name!r}.")
    return name


@cache
def _reserved(ascii_alone: bool) -> frozenset[str]:
    """The keys of the reserved nicknames; the key of an ASCII one is ASCII, and needs no table."""
    return frozenset(
        nick_key(name) for name in _RESERVED_NICKS if name.isascii() or not ascii_alone
    )


def _ascii_nick(text: str) -> str:
    """Return what `_unicode_nick` returns, without its tables; for ASCII alone."""
    name = text.strip(" ")
    if not name:
        raise _empty(text)
    while "  " in name:
        name = name.replace("  ", " ")
    if not _ASCII_NICK.fullmatch(name):
        raise _bad_characters(text)
    return name


def _unicode_nick(text: str) -> str:
    # One character may become eighteen, and the profile takes 0.1 s for a thousand of those.
    if len(" ".join(unicodedata.normalize("NFKC", text).split())) > 2 * NICK_CHARACTERS:
        raise _too_long(text)
    try:
        name = _precis(text)
    except UnicodeError as error:
        if getattr(error, "reason", "").endswith("/empty"):
            raise _empty(text) from None
        raise _bad_characters(text) from None
    if _INVISIBLE.search(name) or unicodedata.category(name[0])[0] == "M" or _piled_marks(name):
        raise _bad_characters(text)
    scripts = lookalikes.scripts(name)
    if len(scripts) > 1 and not any(scripts <= allowed for allowed in _TOGETHER):
        raise BadName(
            "bad-nick",
            text,
            "mixed-scripts",
            "A nickname does not mix alphabets: " + ", ".join(sorted(scripts)) + ".",
        )
    return name


def nick_key(display: str) -> str:
    """Return the key under which two nicknames are one: equal for those that look alike.

    It holds what RFC 8266, section 2.4 compares (case, width, spaces), and what the eye confuses
    in the manner of UTS 39: `аса` in Cyrillic and `aca`, `I`, `l`, `1`, `|` (and therefore, case
    being ignored, `i`), `0` and `O`, `m` and `rn`. For comparing only, never for showing, and not
    for storing either: newer Unicode tables may give another key. Takes any text, raises nothing.
    """
    if display.isascii():
        return lookalikes.ascii_skeleton(" ".join(display.split()).casefold())
    folded = display
    # Folding can undo the normal form, and that one can bring new spaces (a macron by itself is
    # a space and a mark): RFC 8266, 2.1 asks for another pass.
    for _ in range(2):
        folded = " ".join(unicodedata.normalize("NFKC", folded).split()).casefold()
    return lookalikes.skeleton(folded)


def _precis(text: str) -> str:
    enforced: str = _profile().enforce(text)
    return enforced


@cache
def _profile() -> lookalikes.Profile:
    from precis_i18n import get_profile

    return get_profile("NicknameCasePreserved")


def _piled_marks(name: str) -> bool:
    row = 0
    for character in unicodedata.normalize("NFD", name):
        row = row + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if row > _MARKS_IN_A_ROW:
            return True
    return False


def _empty(text: str) -> BadName:
    return BadName("bad-nick", text, "empty", "A nickname has at least one character.")


def _too_long(text: str) -> BadName:
    return BadName(
        "bad-nick",
        text,
        "too-long",
        f"A nickname has at most {NICK_CHARACTERS} characters and {NICK_BYTES} bytes.",
    )


def _bad_characters(text: str) -> BadName:
    return BadName(
        "bad-nick",
        text,
        "characters",
        "A nickname has no line breaks, control characters or invisible characters.",
    )
