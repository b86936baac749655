"""Colour, and words that stay on one line."""

import io

import pytest

from common.cli.output import Stop, note
from common.terminal import wants_colour


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("terminal", "env", "no_color", "wanted"),
    [
        (True, {}, False, True),
        (False, {}, False, False),
        (True, {"TERM": "dumb"}, False, False),
        (True, {"NO_COLOR": "1"}, False, False),
        (True, {"NO_COLOR": ""}, False, True),
        (False, {"FORCE_COLOR": "1"}, False, True),
        (False, {"FORCE_COLOR": "0"}, False, False),
        (True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        (True, {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour(terminal: bool, env: dict[str, str], no_color: bool, wanted: bool) -> None:
    stream = Terminal() if terminal else io.StringIO()
    assert wants_colour(stream, env, no_color) is wanted


def test_a_closed_stream_has_no_colour() -> None:
    assert wants_colour(None, {}, False) is False


def test_notes_stay_on_one_line_and_harmless(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    note("a\x1b[31mred\nline")
    said = capfdbinary.readouterr().err
    assert said.startswith(b"client_cli.py: ")
    assert b"\x1b" not in said
    assert said.count(b"\n") == 1


def test_a_stop_carries_its_status() -> None:
    assert (Stop(69, "x").status, Stop(69, "x").line) == (69, "x")
