"""The operator's log: bounded, harmless, and honest about what it left out."""

from __future__ import annotations

import logging

import pytest

from common.broker.logbook import BURST, RATE, SUMMARY, Logbook


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "causette.broker")
    return caplog


def test_each_level_has_its_own_measure(said: pytest.LogCaptureFixture) -> None:
    book = Logbook(0.0)
    for _ in range(int(BURST) + 7):
        book.write("warning", "again", 0.0)
    book.write("info", "ada connected", 0.0)
    assert said.messages.count("again") == BURST
    assert said.messages[-1] == "ada connected"


def test_what_was_left_out_is_counted(said: pytest.LogCaptureFixture) -> None:
    book = Logbook(0.0)
    assert book.due == float("inf")
    for _ in range(int(BURST) + 7):
        book.write("warning", "again", 0.0)
    assert book.due == SUMMARY
    book.tick(SUMMARY - 0.1)
    assert said.messages[-1] == "again"
    book.tick(SUMMARY)
    assert said.messages[-1] == "left out 7 more lines like these"
    assert said.records[-1].levelno == logging.WARNING
    assert book.due == float("inf")
    for _ in range(int(RATE * SUMMARY) + 1):
        book.write("warning", "again", SUMMARY)
    book.close()
    assert said.messages[-1] == "left out 1 more lines like these"


def test_no_line_is_two_and_none_commands(said: pytest.LogCaptureFixture) -> None:
    Logbook(0.0).write("info", "a\nb\x1b[2J\rc\u202e%s", 0.0)
    (line,) = said.messages
    assert line == "a⏎b␛[2J␍c\ufffd%s"
