"""Every finding has its words, in both languages, and they are documented by their ids."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

import pytest

from common import i18n
from common.doctor import phrases, phrases_server
from common.doctor.findings import Diagnosis, Finding
from common.doctor.words import Phrases, Wording, length, size, written
from common.explain import CODES
from tests.support.programs import ROOT

NARROW = "\u202f"
BOTH = [("client", phrases.WORDING), ("broker", phrases_server.WORDING)]
ALL = [(name, id, reason) for name, wording in BOTH for id, reason in sorted(wording.phrases)]
DOCUMENT = (ROOT / "docs" / "doctor.md").read_text("utf-8")
SOURCES = "\n".join(
    path.read_text("utf-8")
    for path in (ROOT / "common" / "doctor").glob("*.py")
    if not path.name.startswith("phrases")
)


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    i18n.setup("en", {})


def fields(sentence: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(sentence) if name}


def of(name: str) -> Wording:
    return dict(BOTH)[name]


@pytest.mark.parametrize(("name", "id", "reason"), ALL)
def test_each_finding_speaks_both_languages(name: str, id: str, reason: str) -> None:
    wording = of(name)
    for sentences in wording.phrases[id, reason]:
        for sentence in sentences:
            # Numbers for what is measured, else the name in angle brackets.
            values = {
                field: 90 if field.endswith(("seconds", "bytes", "ms")) else f"<{field}>"
                for field in fields(sentence)
            }
            single: Phrases = {(id, reason): ((sentence,), ())}
            told = Finding("x", id, "wrong", reason, values)
            said = {}
            for lang in i18n.LANGUAGES:
                i18n.setup(lang, {})
                said[lang] = Wording(single, {}, "").sentence(told)
                for field, value in values.items():
                    assert value == 90 or str(value) in said[lang], (lang, field)
                assert "{" not in said[lang].replace("'{ ", "")
            if re.search("[a-z]{4}", re.sub("<[^>]*>", "", said["en"])):
                assert said["en"] != said["fr"], sentence


@pytest.mark.parametrize(("name", "id", "reason"), ALL)
def test_what_is_not_well_has_a_remedy(name: str, id: str, reason: str) -> None:
    """A sentence (with a full stop) tells of something to be done; a phrase tells that it is so."""
    sentences, remedies = of(name).phrases[id, reason]
    assert sentences
    lone = {"joined", "addresses-ok"}
    if sentences[-1].rstrip().endswith(".") and id not in lone:
        assert remedies, (id, reason)
    if remedies:
        assert not fields(remedies[-1]) or id != "doctor-failed"


@pytest.mark.parametrize(("name", "id", "reason"), ALL)
def test_no_words_for_what_is_never_found(name: str, id: str, reason: str) -> None:
    quoted = re.findall(r'"([a-z-]+)"', SOURCES)
    made = {"key", "server", "firewall", "unreachable"}
    known = id in quoted or id in CODES or id.partition("-")[0] in made
    assert known, f"{id} has words, and nothing finds it"


def documented() -> set[str]:
    return set(re.findall(r"^\| `([a-z-]+)` \|", DOCUMENT, re.MULTILINE))


def test_every_id_is_documented_and_every_documented_one_exists() -> None:
    ids = {id for _name, id, _reason in ALL}
    assert ids - documented() == set()
    assert documented() - ids - CODES == set()


def test_every_reason_is_documented() -> None:
    for _name, id, reason in ALL:
        if reason:
            rows = re.findall(rf"^\| `{id}` \|.*$", DOCUMENT, re.MULTILINE)
            assert any(f"`{reason}`" in row for row in rows), (id, reason)


def test_every_check_is_documented() -> None:
    for _name, wording in BOTH:
        for check in wording.label_of:
            assert f"`{check}`" in DOCUMENT, check


def test_a_finding_without_words_of_its_own_is_explained() -> None:
    banned = Finding("session", "banned", "wrong", "", {"reason": "spam"})
    assert phrases.WORDING.sentence(banned).endswith('"spam". Ask whoever runs it.')
    assert phrases.WORDING.remedy(banned) == ""
    moon = Finding("session", "moon-phase", "wrong", "", {"text": "the moon is full"})
    assert "the moon is full" in phrases.WORDING.sentence(moon)


def test_an_unknown_reason_falls_back_to_the_id() -> None:
    told = Finding("ports", "unreachable-refused", "wrong", "to-come", {"host": "h", "port": 1})
    assert "refuses port 1" in phrases.WORDING.sentence(told)


def test_values_as_people_write_them() -> None:
    assert written("port", 5555) == "5555"
    assert written("ports", [5555, 5556]) == "5555, 5556"
    assert written("records", 1_234_567) == "1,234,567"
    assert written("rooms", 12) == "12", "no milliseconds"
    assert written("ms", 0.42) == "0.4 ms"
    assert written("ms", 1_250.0) == "1,250 ms"
    assert written("free_bytes", 80_700_000_000) == "80.7 GB"
    assert written("names", ["a", "b"]) == "a, b"
    assert written("states", {"pull": "open"}) == "pull open"
    assert size(350_000_000) == "350 MB"
    assert size(2_000) == "2 kB"
    i18n.setup("fr", {})
    assert written("records", 1_234_567) == f"1{NARROW}234{NARROW}567"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 seconds"),
        (8.2, "8 seconds"),
        (119, "119 seconds"),
        (121, "2 minutes"),
        (3_500, "58 minutes"),
        (7_300, "2 hours"),
        (86_400, "1 day"),
        (3.4 * 86_400, "3 days"),
    ],
)
def test_lengths_are_rounded_to_where_nobody_minds(seconds: float, words: str) -> None:
    assert length(seconds) == words


def test_the_summary() -> None:
    joined = Finding("session", "joined", "ok", "", {"nick": "ada", "server": "Lab"})
    warned = Finding("key", "key-unknown", "warning", "", {"key": "1234"})
    say = phrases.WORDING.summary
    assert say(Diagnosis("client", [joined])) == 'All is well. You would be ada on "Lab".'
    assert say(Diagnosis("client", [warned, joined])).startswith("Nothing is wrong; there is 1")
    assert "2 remarks" in say(Diagnosis("client", [warned, warned]))
