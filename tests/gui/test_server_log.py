"""The broker's log as people read it, and what it tells about who is where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from common import i18n
from common.gui.server_log import (
    OWN_APP,
    Connected,
    Fact,
    Parted,
    Renamed,
    RoomMade,
    read,
)


def line(message: str, level: str = "INFO") -> str:
    return f"2026-11-20 08:07:40,123 {level} {message}"


@pytest.mark.parametrize(
    ("message", "words", "fact"),
    [
        ("Noé connected from 192.168.1.32", "Noé connected from 192.168.1.32.",
         Connected("Noé", "", "192.168.1.32")),
        ("Noé connected from 192.168.1.32:51234", "Noé connected from 192.168.1.32.",
         Connected("Noé", "", "192.168.1.32")),
        ("Noé connected from [fd00::2]:51234", "Noé connected from fd00::2.",
         Connected("Noé", "", "fd00::2")),
        ("Noé (causette-cli/chat) connected from ::1", "Noé connected from ::1.",
         Connected("Noé", "causette-cli/chat", "::1")),
        ("Noé (causette-cli/chat) left", "Noé left.", Parted("Noé", "causette-cli/chat", False)),
        ("lost the link with Noé (x)", "The link with Noé was lost.", Parted("Noé", "x", True)),
        ("Noé is now Léa", "Noé is now called Léa.", Renamed("Noé", "Léa")),
        ("room thé created by Léa", "Léa created the room thé.", RoomMade("thé")),
        ("refused Léa (x): nick-taken: it is Bob's",
         "Refused to Léa: the nickname is somebody else's (nick-taken).", None),
        ("refused Léa: no-such-code: some detail", "Refused to Léa: some detail (no-such-code).",
         None),
        ("Ada: banned Bob: noise", "Ada banned Bob: noise.", None),
        ("Ada: unbanned Bob", "Ada let Bob in again.", None),
        ("Ada: whistles at Bob", "Ada: whistles at Bob", None),
        ("announced on the network: 192.168.1.20:5555",
         "Announced on the network: 192.168.1.20:5555.", None),
        ("dropped 12 old records, 0.1 MB: they were not to be kept any longer",
         "12 old messages went: they were not to be kept any longer.", None),
        ("threw out 10.0.0.9 (key None): mute", "The connection from 10.0.0.9 was closed: mute.",
         None),
        ("left out 2 more lines like these", "2 more lines like these.", None),
        ("something that is not known yet", "something that is not known yet", None),
    ],
)  # fmt: skip
def test_what_a_line_says(message: str, words: str, fact: Fact | None) -> None:
    found = read(line(message))
    assert found is not None
    assert (found.time, found.level, found.words, found.fact) == ("08:07:40", "info", words, fact)


def test_levels_and_lines_without_one() -> None:
    found = [read(line("x", level)) for level in ("WARNING", "ERROR", "CRITICAL", "DEBUG")]
    assert [one.level for one in found if one] == ["warning", "error", "error", "info"]
    last = read("broker.py: the port is used\n")
    assert last is not None
    assert (last.time, last.level, last.words) == ("", "error", "the port is used")
    assert read("  \n") is None


def test_the_windows_own_listener_is_not_told() -> None:
    assert read(line(f"server ({OWN_APP}) connected from 127.0.0.1")) is None
    assert read(line(f"refused server ({OWN_APP}): too-many: no", "WARNING")) is None


def test_a_nickname_cannot_say_where_it_comes_from() -> None:
    found = read(line("eve connected from 10.9.9.9 (x) connected from 192.168.1.5"))
    assert found is not None
    assert isinstance(found.fact, Connected)
    assert found.fact.address == "192.168.1.5"


def test_nothing_in_a_line_recolours_or_breaks_it() -> None:
    found = read(line("\x1b[31mred\u202e connected from 10.0.0.1"))
    assert found is not None
    assert "\x1b" not in found.words
    assert "\u202e" not in found.words


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Noé connected from 192.168.1.32", "Connexion de Noé depuis 192.168.1.32."),
        ("refused Noé (x): not-invited: this server lets in who was invited",
         "Refusé à Noé : pas d’invitation (not-invited)."),
        ("Ada: muted Bob: bruit", "Ada a retiré la parole à Bob : bruit."),
    ],
)  # fmt: skip
def test_french(message: str, words: str) -> None:
    i18n.setup("fr", {})
    try:
        found = read(line(message))
    finally:
        i18n.setup("en", {})
    assert found is not None
    assert found.words.replace("\u202f", " ") == words


def test_every_reason_that_the_broker_refuses_for_has_words() -> None:
    root = Path(__file__).resolve().parents[2] / "common" / "broker"
    found = {
        code
        for file in root.glob("*.py")
        for code in re.findall(r'Refusal\(\s*"([a-z-]+)"', file.read_text("utf-8"))
    }
    assert len(found) > 15
    for code in found:
        said = read(line(f"refused Léa: {code}: some detail"))
        assert said is not None
        assert "some detail" not in said.words, code
