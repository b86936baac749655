"""Rows 52 and 53: what others wrote cannot drive a terminal or a log."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.safe import one_line, plain

BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
# Any code point, lone surrogates too; the dangerous ones often.
ANY = st.text(
    st.one_of(
        st.characters(),
        st.characters(codec=None, categories=["Cc", "Cf", "Cs", "Zl", "Zp"]),
        st.sampled_from("a\u094d\u200c\u200d\ufe0f👩💻ب#"),
    )
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Salut, ça va ?",
        "l'été\nà 1 238 €",
        "日本語",
        "שלום",
        "हिन्दी",
        "क्‍ष",  # a half form: virama, U+200D
        "می‌خواهم",  # Persian needs its U+200C
        "👩‍💻 👩🏽‍🚀 ❤️ 1️⃣ ☎︎ 🏳️‍🌈",
    ],
)
def test_what_people_write_stays(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("\x1b[2J", "␛[2J"),
        ("\x9b2J", "�2J"),
        ("a\rb", "a␍b"),
        ("a\r\nb", "a\nb"),
        ("\x7f\x00\x08", "␡␀␈"),
        ("a\tb", "a    b"),
        ("a\u2028b\u2029c\x85d", "a\nb\nc\nd"),
        ("invoice\u202efdp.exe", "invoice�fdp.exe"),
        ("\u2066x\u2069", "�x�"),
        ("ad\u200bmin\u2060\ufeff\u00ad", "admin"),
        ("a\u200db\u200cc\ufe0f", "abc"),
        ("\ud83d!", "�!"),
        ("\u200d\u200cx", "x"),
        ("ب\u200cx", "بx"),
        ("x\U000e0041", "x"),
    ],
)
def test_what_would_drive_a_terminal_is_shown_instead(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_log_line_stays_one_line() -> None:
    assert one_line("a\nb\u2028c\r\nERROR forged") == "a⏎b⏎c⏎ERROR forged"


@given(ANY)
def test_nothing_that_is_obeyed_is_left(text: str) -> None:
    shown = plain(text)
    assert not [
        c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c != "\n"
    ]
    assert not BIDI & set(shown)
    shown.encode("utf-8")
    assert plain(shown) == shown
    assert not set(one_line(text)) & set("\n\r")


@given(ANY)
def test_format_characters_are_left_only_where_they_shape_something(text: str) -> None:
    left = {c for c in plain(text) if unicodedata.category(c) == "Cf"}
    assert not {c for c in left if "\u200b" <= c <= "\u2069"} - {"\u200c", "\u200d"}
