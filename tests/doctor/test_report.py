"""How a diagnosis looks: columns, signs, colours, folding, JSON."""

from __future__ import annotations

import json
import re

import pytest

from common.doctor.findings import Finding
from common.doctor.report import Report, Screen, tell
from common.doctor.words import Phrases, Wording

WORDS: Phrases = {
    ("fine", ""): (("{what} is fine",), ()),
    ("odd", ""): (("{what} is odd.",), ("Look at {what}.",)),
    ("bad", ""): (("{what} is bad, and this sentence is long enough to be folded twice.",),
                  ("Mend {what}, which takes a good many words to be told as well.",)),
}  # fmt: skip
WORDING = Wording(WORDS, {"disk": "Disk", "network": "Network", "ports": "Ports"}, "disk")
FINE = Finding("disk", "fine", "ok", "", {"what": "it"})
ODD = Finding("network", "odd", "warning", "", {"what": "the net"})
BAD = Finding("ports", "bad", "wrong", "", {"what": "port 5555"}, 69)


def shown(*findings: Finding, screen: Screen | None = None, as_json: bool = False) -> list[str]:
    lines: list[str] = []
    tell(
        "client",
        iter(findings),
        lines.append,
        as_json=as_json,
        screen=screen or Screen(),
        wording=WORDING,
    )
    return lines


def test_columns_and_signs() -> None:
    assert shown(FINE, ODD, BAD) == [
        "✓ Disk     it is fine",
        "! Network  the net is odd.",
        "           → Look at the net.",
        "✗ Ports    port 5555 is bad, and this sentence is long enough to be folded twice.",
        "",
        "✗ port 5555 is bad, and this sentence is long enough to be folded twice.",
        "→ Mend port 5555, which takes a good many words to be told as well.",
    ]


def test_the_remedies_of_what_is_wrong_besides_stand_with_it() -> None:
    also = Finding("disk", "odd", "wrong", "", {"what": "the disk"})
    lines = shown(BAD, also)
    assert "           → Look at the disk." in lines
    assert lines[-1].startswith("→ Mend port 5555"), "the first one is the cause"


def test_signs_of_ascii_where_the_terminal_has_no_others() -> None:
    lines = shown(FINE, ODD, BAD, screen=Screen(encoding="ascii"))
    assert [line[:3] for line in lines if line[:1].strip()] == ["ok ", "!  ", "X  ", "X p", "-> "]
    assert lines[2] == "            -> Look at the net."
    assert all(line.isascii() for line in lines)


def test_lines_are_folded_to_the_screen_and_stay_in_their_column() -> None:
    lines = shown(FINE, BAD, screen=Screen(width=50))
    assert all(len(line) <= 50 for line in lines)
    first = lines.index(next(line for line in lines if line.startswith("✗ Ports")))
    assert lines[first + 1].startswith(" " * 11)
    assert lines[first + 1][11] != " "
    narrow = shown(BAD, screen=Screen(width=20))
    assert max(map(len, narrow)) > 20, "folded by the terminal"


def test_colours_change_nothing_else() -> None:
    plain = shown(FINE, ODD, BAD)
    coloured = shown(FINE, ODD, BAD, screen=Screen(colour=True))
    assert coloured != plain
    assert [re.sub(r"\x1b\[\d+m", "", line) for line in coloured] == plain
    assert coloured[0].startswith("\x1b[32m")
    assert coloured[3].startswith("\x1b[31m")


def test_what_others_wrote_is_harmless() -> None:
    lines = shown(Finding("disk", "fine", "ok", "", {"what": "\x1b[31mred\nline"}))
    assert lines[0] == "✓ Disk     ␛[31mred⏎line is fine"


@pytest.mark.parametrize(("findings", "status"), [([FINE], 0), ([ODD], 0), ([ODD, BAD], 69)])
def test_the_status_and_one_object_for_programs(findings: list[Finding], status: int) -> None:
    lines: list[str] = []
    given = tell(
        "client", iter(findings), lines.append, as_json=True, screen=Screen(), wording=WORDING
    )
    assert given == status
    [line] = lines
    assert json.loads(line)["status"] == status


def test_lines_come_as_things_are_found() -> None:
    """A person who waits sees how far it is."""
    lines: list[str] = []
    seen: list[int] = []

    def findings() -> object:
        for finding in (FINE, ODD):
            seen.append(len(lines))
            yield finding

    tell(
        "client",
        findings(),  # type: ignore[arg-type]
        lines.append,
        as_json=False,
        screen=Screen(),
        wording=WORDING,
    )
    assert seen == [0, 1]


def test_a_report_knows_its_labels() -> None:
    assert Report(Screen(), WORDING).finding(FINE)[0].index("it is") == 11
