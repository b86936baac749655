"""Columns and moments of the operator's tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from common import i18n
from common.console import tables


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.setup("en", {})
    yield
    i18n.setup("en", {})


def test_columns_stand_under_one_another() -> None:
    rows = [("ada", "owner", ""), ("bernadette", "administrator", "by ada")]
    assert tables.table(rows) == ["ada         owner", "bernadette  administrator  by ada"]


def test_wide_and_combining_letters_are_measured_as_they_are_shown() -> None:
    lines = tables.table([("日本", "x"), ("e\u0301", "y"), ("abcde", "z")])
    places = [tables.width(line.split(mark)[0]) for line, mark in zip(lines, "xyz", strict=True)]
    assert places == [7, 7, 7]


def test_a_column_that_nobody_fills_takes_no_room() -> None:
    assert tables.table([("a", "", "b"), ("c", "", "d")]) == ["a  b", "c  d"]


def test_what_others_wrote_obeys_nothing() -> None:
    (line,) = tables.table([("\x1b[2Jada\n", "x")])
    assert "\x1b" not in line
    assert "\n" not in line


def test_no_rows_are_no_lines() -> None:
    assert tables.table([]) == []


def test_until_when() -> None:
    assert tables.until(0) == "for good"
    assert tables.until(1_800_000_000_000).startswith("until 2027-01-1")
    assert tables.moment(0) == ""
    i18n.setup("fr", {})
    assert tables.until(0) == "définitivement"
