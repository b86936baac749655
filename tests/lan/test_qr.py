"""The code to scan: its modules in half blocks, and where there is none."""

from __future__ import annotations

import sys

import pytest
import segno

from common.lan import qr

LINK = "causette://" + "ab" * 32 + "@192.168.1.20:5555"
DARK_ABOVE, DARK_BELOW = "▀█", "▄█"


def modules_of(lines: list[str], colour: bool) -> list[list[int]]:
    """The modules that a phone would see: 1 is dark."""
    seen = []
    for line in lines:
        row = line.removeprefix("\x1b[38;5;16;48;5;231m").removesuffix("\x1b[0m")
        for blocks in (DARK_ABOVE, DARK_BELOW):
            seen.append([int((character in blocks) is colour) for character in row])
    return seen


@pytest.mark.parametrize("colour", [True, False], ids=["colour", "no colour"])
@pytest.mark.parametrize("text", [LINK, "http://10.0.0.1:8080/"])
def test_what_is_drawn_is_the_code(text: str, colour: bool) -> None:
    lines = qr.lines(text, columns=80, encoding="UTF-8", colour=colour)
    code = [list(row) for row in segno.make(text, error="l", micro=False).matrix_iter(border=2)]
    seen = modules_of(lines, colour)
    assert [row[: len(code[0])] for row in seen[: len(code)]] == [
        [int(bool(module)) for module in row] for row in code
    ]
    # An odd number of rows: the half that is left over is light, or not drawn at all.
    assert all(len(row) == len(code[0]) for row in seen)
    if colour:
        assert seen[len(code) :] in ([], [[0] * len(code[0])])


def test_in_colour_no_theme_matters() -> None:
    for line in qr.lines(LINK, columns=80, encoding="utf8", colour=True):
        assert line.startswith("\x1b[38;5;16;48;5;231m")
        assert line.endswith("\x1b[0m")


def test_a_join_link_fits_80_by_24() -> None:
    lines = qr.lines(LINK, columns=80, encoding="utf-8", colour=False)
    assert 0 < len(lines) <= 22
    assert len(lines[0]) <= 80


def test_nothing_where_it_cannot_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert qr.lines(LINK, columns=30, encoding="utf-8", colour=True) == []
    assert qr.lines(LINK, columns=80, encoding="iso-8859-1", colour=True) == []
    assert qr.lines(LINK, columns=80, encoding=None, colour=True) == []
    assert qr.lines("x" * 5_000, columns=1_000, encoding="utf-8", colour=True) == []
    assert qr.drawn([], columns=80, colour=True) == []
    monkeypatch.setitem(sys.modules, "segno", None)
    assert qr.lines(LINK, columns=80, encoding="utf-8", colour=True) == []
