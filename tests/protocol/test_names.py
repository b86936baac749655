"""Rooms' and people's names: what is allowed, how it is written, what collides (row 42)."""

import string
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.protocol import lookalikes, names
from common.protocol.names import BadName, nick, nick_key, room_name

PRINTABLE = "".join(map(chr, range(32, 127)))
ASCII = st.text(st.characters(max_codepoint=127), max_size=40)
VISIBLE_ASCII = st.text(st.sampled_from(PRINTABLE), min_size=1, max_size=32)


def refused(check: object, text: str) -> BadName:
    assert callable(check)
    with pytest.raises(BadName) as caught:
        check(text)
    assert caught.value.value == text
    assert caught.value.why.endswith(".")
    return caught.value


# Rooms


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("general", "general"),
        ("#General", "general"),
        ("Salle-3_b.2", "salle-3_b.2"),
        ("e\u0301cole", "école"),
        ("ÉCOLE", "école"),
        ("日本語", "日本語"),
        ("हिन्दी", "हिन्दी"),
        ("ไทยน้ำ", "ไทยน้ำ"),
        ("٣", "٣"),
        ("...", "..."),
        ("x" * 64, "x" * 64),
        ("é" * 32, "é" * 32),
    ],
)
def test_a_room_has_one_spelling(typed: str, name: str) -> None:
    assert room_name(typed) == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("#", "empty"),
        ("x" * 65, "too-long"),
        ("é" * 33, "too-long"),
        ("x" * 1_000_000, "too-long"),
        ("é" * 1_000_000, "too-long"),
        (".", "reserved"),
        ("#..", "reserved"),
        ("##x", "characters"),
        ("a b", "characters"),
        (" a", "characters"),
        ("a/b", "characters"),
        ("a\0", "characters"),
        ("a\n", "characters"),
        ("a\u200bb", "characters"),
        ("a\u202eb", "characters"),
        ("a\u3164b", "characters"),
        ("a\ufe0f", "characters"),
        ("\u0301a", "characters"),
        ("e" + "\u0301\u0302" * 4, "characters"),
        ("a😀", "characters"),
        ("a²", "characters"),
        (chr(0xD800), "characters"),
    ],
)
def test_what_cannot_be_a_room(text: str, reason: str) -> None:
    error = refused(room_name, text)
    assert (error.code, error.reason) == ("bad-room", reason)


@given(st.text())
def test_a_room_name_is_stable_and_canonical(text: str) -> None:
    try:
        name = room_name(text)
    except BadName:
        return
    assert room_name(name) == name == room_name("#" + name)
    assert 1 <= len(name.encode()) <= 64
    assert unicodedata.is_normalized("NFC", name)
    assert name == name.lower()
    assert not set(name) & set(string.whitespace + '/\\:*?"<>|#\0')


# Nicknames


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("ada", "ada"),
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("Zoe\u0308", "Zoë"),
        ("Ａｄａ", "Ada"),
        ("Léa\u00a0B", "Léa B"),
        ("l'été", "l'été"),
        ("😀", "😀"),
        ("李明", "李明"),
        ("たなかX", "たなかX"),
        ("김Kim", "김Kim"),
        ("Αθηνά", "Αθηνά"),
        ("Дмитрий", "Дмитрий"),
        ("שרה", "שרה"),
        ("x" * 32, "x" * 32),
        ("é" * 32, "é" * 32),
        ("a@b", "a@b"),
    ],
)
def test_a_nickname_has_one_spelling(typed: str, shown: str) -> None:
    assert nick(typed) == shown


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("\u00a0\u3000", "empty"),
        ("x" * 33, "too-long"),
        ("é" * 33, "too-long"),
        ("日" * 33, "too-long"),
        ("😀" * 25, "too-long"),
        ("é" * 100_000, "too-long"),
        ("@ada", "reserved"),
        ("#ada", "reserved"),
        (" /ada", "reserved"),
        ("＠ada", "reserved"),
        ("a\nb", "characters"),
        ("a\tb", "characters"),
        ("a\0", "characters"),
        ("a\x1b[2J", "characters"),
        ("a\x85b", "characters"),
        ("é\n", "characters"),
        ("a\u200bb", "characters"),
        ("a\u200db", "characters"),
        ("a\u202eb", "characters"),
        ("\u2066a", "characters"),
        ("\u2800", "characters"),
        ("\u3164", "characters"),
        ("\ufffd", "characters"),
        ("\ue000", "characters"),
        (chr(0xD800), "characters"),
        ("\u0301a", "characters"),
        ("a" + "\u0335" * 5, "characters"),
        ("pаypal", "mixed-scripts"),  # a Cyrillic а
        ("αda", "mixed-scripts"),
        ("李Дми", "mixed-scripts"),
        ("たな김", "mixed-scripts"),
    ],
)
def test_what_cannot_be_a_nickname(text: str, reason: str) -> None:
    error = refused(nick, text)
    assert (error.code, error.reason) == ("bad-nick", reason)


@pytest.mark.parametrize(
    "text",
    ["server", "SERVER", " server ", "adm1n", "Adrnin", "r00t", "ＲＯＯＴ", "me", "All", "Système",
     "syste\u0300me", "systeme", "MODÉRATEUR", "ici"],
)  # fmt: skip
def test_row_42_nobody_bears_a_name_that_speaks_for_the_server_or_for_all(text: str) -> None:
    error = refused(nick, text)
    assert (error.code, error.reason) == ("bad-nick", "reserved")


@pytest.mark.parametrize("text", ["Ali", "server-2", "adminah", "Here be Ada", "Mé", "root ada"])
def test_a_name_that_holds_a_reserved_one_is_free(text: str) -> None:
    assert nick(text) == text


def test_mixed_scripts_are_named() -> None:
    assert "CYRILLIC, LATIN" in refused(nick, "pаypal").why


@given(st.text(max_size=50))
@example("0 ¯")  # NFKC turns a macron into a space and a mark
def test_a_nickname_is_stable_and_safe(text: str) -> None:
    try:
        shown = nick(text)
    except BadName:
        return
    assert nick(shown) == shown
    assert nick_key(shown) == nick_key(text)
    assert 1 <= len(shown) <= 32
    assert len(shown.encode()) <= 96
    assert shown[0] not in "@#/ "
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")]


@given(ASCII)
def test_the_fast_path_for_ascii_says_what_the_tables_say(text: str) -> None:
    def by(path: object) -> str:
        assert callable(path)
        try:
            return str(path(text))
        except BadName as error:
            return f"refused: {error.reason}"

    assert by(names._ascii_nick) == by(names._unicode_nick)


@given(VISIBLE_ASCII)
def test_the_fast_key_for_ascii_is_the_one_of_the_tables(text: str) -> None:
    folded = unicodedata.normalize("NFKC", text).casefold()
    assert lookalikes.ascii_skeleton(folded) == lookalikes.skeleton(folded)


def test_ascii_names_load_no_table() -> None:
    program = (
        "import sys; from common.protocol.names import *; nick('Ada L'); nick_key('Ada L');"
        "room_name('général'); print([m for m in sys.modules if 'precis' in m or 'confus' in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


# Collisions


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada", "aDA"),
        ("Ａｄａ", "ada"),
        ("ada  l", "Ada L"),
        ("Ada\u00a0L", "ada l"),
        ("STRASSE", "straße"),
        ("aca", "аса"),  # Cyrillic
        ("BOBA", "ВОВА"),
        ("boba", "вова"),  # whose capitals look so
        ("Bob", "B0b"),
        ("lan", "Ian"),
        ("lan", "1an"),
        ("lan", "|an"),
        ("Tom", "Torn"),
        ("poppo", "ρορρο"),  # Greek
        ("E\u0301a", "éa"),
        ("c", "\u217d"),  # a Roman numeral
        ("ı", "i"),
        ("O'Neil", "O’Neil"),
        ("ada", "ɑdɑ"),
        ("ø", "o\u0338"),  # whose stroke has an image of its own
        ("Σας", "σασ"),
    ],
)
def test_row_42_look_alikes_collide(one: str, other: str) -> None:
    assert nick_key(one) == nick_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Léa", "Lea"), ("ada", "adam"), ("Tom", "Rom"), ("Nina", "Vina"), ("a b", "ab"), ("5a", "sa"),
     ("😀", "😁"), ("Eva", "7va"), ("李", "明"), ("ada-2", "ada-3"), ("ada", "bob")],
)  # fmt: skip
def test_names_that_differ_stay_different(one: str, other: str) -> None:
    assert nick_key(one) != nick_key(other)


def test_no_two_ascii_characters_meet_but_the_known_ones() -> None:
    classes: dict[str, set[str]] = {}
    for character in map(chr, range(33, 127)):
        classes.setdefault(nick_key(character), set()).add(character.lower())
    met = sorted("".join(sorted(found)) for found in classes.values() if len(found) > 1)
    assert met == ["'`", "0o", "1il|"]


def test_the_ascii_table_is_what_unicode_says() -> None:
    for character in PRINTABLE:
        if character == "%":  # a ring above, a fraction slash, a ring below: nobody reads it so
            continue
        prototype = lookalikes._prototype(character)
        if prototype.isascii() and prototype != character:
            assert nick_key(character) == nick_key(prototype)


@given(st.text(max_size=20))
def test_the_key_ignores_case_and_is_stable(text: str) -> None:
    key = nick_key(text)
    assert nick_key(text.casefold()) == key
    assert nick_key(unicodedata.normalize("NFD", text)) == key


def test_no_letter_changes_its_key_with_its_case() -> None:
    for code in range(0x110000):
        character = chr(code)
        if unicodedata.category(character) in ("Lu", "Lt"):
            assert nick_key(character) == nick_key(character.casefold()), hex(code)


def test_capitals_that_look_like_ascii_collide_save_the_known_ten() -> None:
    """The price of the single image (see lookalikes): it may grow with Unicode, not by a change."""
    from confusable_homoglyphs.confusables import confusables_data

    missed = set()
    for prototype in PRINTABLE:
        for entry in confusables_data.get(prototype, []):
            source = entry["c"].replace("\u200e", "")
            if unicodedata.normalize("NFKC", source) != source or source.isascii():
                continue
            if nick_key(source) != nick_key(prototype):
                missed.add(source)
    assert {unicodedata.name(character).split()[0] for character in missed} <= {
        "LATIN",
        "GREEK",
        "CHEROKEE",
        "WARANG",
    }
    assert len(missed) <= 10
