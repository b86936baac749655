"""What answers look like: languages, errors in words, the names of files."""

from __future__ import annotations

import pytest

from common.i18n import speaking
from common.web import answers
from common.web.answers import STATUS, Fault, language
from common.web.assets import load
from common.web.gateway import disposition


@pytest.mark.parametrize(
    ("accepts", "lang"),
    [
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("de-DE,de;q=0.9,fr;q=0.4,en;q=0.3", "fr"),
        ("en;q=0, fr;q=0.1", "fr"),
        ("de", "en"),
        ("", "en"),
        ("fr;q=nonsense", "en"),
        (",;=,q=1;", "en"),
    ],
)
def test_the_language_is_the_one_that_the_browser_prefers(accepts: str, lang: str) -> None:
    assert language(accepts, "en") == lang


def test_an_error_is_a_code_for_programs_and_words_for_people() -> None:
    fault = Fault("nick-taken", {"nick": "Ada"}, field="nick")
    with speaking("fr"):
        answer = fault.answer(as_json=True)
    assert answer.status == 409
    body = answer.body
    assert isinstance(body, bytes)
    assert b'"code":"nick-taken"' in body
    assert b'"field":"nick"' in body
    assert "déjà pris" in body.decode()
    with speaking("en"):
        assert "is taken" in fault.words


def test_who_sits_before_a_page_is_not_told_what_to_type_in_a_terminal() -> None:
    for code in ("not-invited", "no-broker", "unreachable-refused", "no-answer", "key-changed"):
        for lang in ("en", "fr"):
            with speaking(lang):
                assert "--" not in Fault(code).words, code


def test_every_code_has_words_and_a_status_that_fits() -> None:
    values: dict[str, str | int | float | None] = {"host": "h", "method": "PUT", "value": "v"}
    for code in STATUS:
        fault = Fault(code, values)
        assert 400 <= fault.status < 600
        assert fault.words
        assert not fault.words.startswith("Refused by the server"), code
    assert Fault("something-new", text="in its words").status == answers.BEHIND
    assert "in its words" in Fault("something-new", text="in its words").words


def test_a_wait_is_told_in_whole_seconds() -> None:
    assert Fault("rate-limited", retry=0.2).answer(as_json=True).headers["Retry-After"] == "1"
    assert Fault("rate-limited", retry=6.2).answer(as_json=False).headers["Retry-After"] == "7"
    assert "Retry-After" not in Fault("not-in").answer(as_json=True).headers


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("causette-general-2026-11-20.txt", "causette-general-2026-11-20.txt"),
        ("causette-été.html", "causette-_t_.html"),
        ('"; filename=evil.exe; x="', "___filename_evil.exe__x__"),
        ("a\r\nSet-Cookie: x=1", "a__Set-Cookie__x_1"),
        ("../../etc/passwd", ".._.._etc_passwd"),
    ],
)
def test_a_files_name_cannot_say_anything_else(name: str, plain: str) -> None:
    said = disposition(name)
    assert f'filename="{plain}";' in said
    assert "\r" not in said
    assert "\n" not in said
    assert said.count('"') == 2
    assert "/" not in said


def test_the_pages_files_are_all_there_before_anybody_asks() -> None:
    assert load() is load()
