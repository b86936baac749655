"""Widths, cuts and line breaks on a terminal."""

from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth

from common.cli.chat import cells
from common.cli.chat.cells import cut, fill, pad, row_width, steady, wrap
from common.cli.chat.signs import ASCII, FULL, columns, signs, spelt


def _texts(rows: list[cells.Row]) -> list[str]:
    return ["".join(text for _style, text in row) for row in rows]


def test_lines_break_at_blanks() -> None:
    assert _texts(wrap([("", "one two three four")], 9)) == ["one two", "three", "four"]
    assert _texts(wrap([("a", "one t"), ("b", "wo")], 5)) == ["one", "two"]
    assert wrap([("a", "one t"), ("b", "wo")], 5)[1] == [("a", "t"), ("b", "wo")]
    assert _texts(wrap([("", "")], 5)) == [""]
    assert _texts(wrap([("", "12345 789")], 5)) == ["12345", "789"]


def test_long_words_break_anywhere_and_indents_stay() -> None:
    assert _texts(wrap([("", "abcdefghij")], 4)) == ["abcd", "efgh", "ij"]
    assert _texts(wrap([("", "    return x")], 8)) == ["    retu", "rn x"]
    assert _texts(wrap([("", "salut\u202f! oui")], 8)) == ["salut\u202f!", "oui"]


def test_wide_characters_take_two_cells() -> None:
    assert _texts(wrap([("", "漢字漢字")], 5)) == ["漢字", "漢字"]
    assert cut("漢字漢字", 5) == "漢字…"
    assert cut("漢字", 4) == "漢字"
    assert cut("abc", 0) == ""
    assert pad("漢", 4) == "漢  "
    assert row_width(fill([("", "漢")], 5, "x")) == 5


def test_pictures_of_several_characters_are_shown_apart() -> None:
    """What a terminal makes of them differs; the columns behind must not."""
    assert steady("👩\u200d💻 ❤\ufe0f 👍🏽 🇫🇷 é") == "👩💻 ❤ 👍 FR é"


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=80), st.integers(2, 30)
)
def test_no_row_is_wider_than_allowed_and_nothing_is_lost(text: str, width: int) -> None:
    rows = wrap([("a", text[:20]), ("b", text[20:])], width)
    assert rows
    for line in _texts(rows):
        assert get_cwidth(line) <= width
    assert "".join(_texts(rows)).replace(" ", "") == text.replace(" ", "")


@given(st.text(max_size=40), st.integers(1, 30))
def test_a_cut_text_fits(text: str, width: int) -> None:
    assert get_cwidth(cut(text, width)) <= width
    assert get_cwidth(cut(text, width, "..")) <= max(width, 0)


@given(st.integers(1, 400))
def test_there_is_always_room_for_text(width: int) -> None:
    got = columns(width)
    assert got.room >= 8
    if width >= 20:
        assert got.text + got.room <= width


def test_the_locale_decides_about_signs() -> None:
    assert signs({"LANG": "fr_FR.UTF-8"}, "linux") is FULL
    assert signs({"LC_ALL": "C.utf8"}, "linux") is FULL
    assert signs({"LC_ALL": "C", "LANG": "fr_FR.UTF-8"}, "linux") is ASCII
    assert signs({}, "linux") is ASCII
    assert signs({}, "darwin") is FULL
    assert signs({}, "win32") is FULL
    assert spelt("« a » · b…", ASCII) == '" a " - b..'
    assert spelt("« a »", FULL) == "« a »"
