"""The words of the page: the list that the catalogues know is the one that the page says."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

from common.i18n import translator
from common.web import words
from common.web.assets import STATIC

STRING = r'"((?:[^"\\]|\\.)*)"'
ONE = re.compile(rf"(?<![\w$.])_\(\s*{STRING}")
MANY = re.compile(rf"(?<![\w$.])n_\(\s*{STRING}\s*,\s*{STRING}")
IN_HTML = re.compile(r'data-word(?:-[a-z]+)?="([^"]*)"')
NOT_A_STRING = re.compile(r"(?<![\w$.])n?_\(\s*[^\s\"]")


def scripts() -> Iterator[tuple[str, str]]:
    for file in sorted(STATIC.rglob("*.js")):
        yield file.name, file.read_text("utf-8")


def said() -> set[str]:
    found = {json.loads(f'"{text}"') for _, source in scripts() for text in ONE.findall(source)}
    for file in STATIC.rglob("*.html"):
        found |= {html.unescape(text) for text in IN_HTML.findall(file.read_text("utf-8"))}
    return found


def counted() -> set[tuple[str, str]]:
    pairs = {pair for _, source in scripts() for pair in MANY.findall(source)}
    return {(json.loads(f'"{one}"'), json.loads(f'"{many}"')) for one, many in pairs}


def test_the_list_is_what_the_page_says() -> None:
    assert set(words.SENTENCES) - said() == set(), "no page says these any more"
    assert said() - set(words.SENTENCES) == set(), "add these to common/web/words.py"
    assert set(words.PLURALS) == counted()
    assert len(words.SENTENCES) == len(set(words.SENTENCES))


def test_words_are_marked_where_they_stand() -> None:
    """A call with anything else than a string would say what no catalogue knows."""
    for name, source in scripts():
        for line in source.splitlines():
            declared = line.lstrip().startswith(("export function", "//", "*", "/**"))
            if not declared and NOT_A_STRING.search(line):
                assert "dataset" in line, f"{name}: {line.strip()}"


def test_french_has_every_word_and_english_needs_none() -> None:
    tables = {lang: json.loads(body) for lang, body in words.tables().items()}
    assert tables["en"] == {}
    french = translator("fr")
    for sentence in words.SENTENCES:
        assert tables["fr"].get(sentence, sentence) == french.gettext(sentence)
    for one, many in words.PLURALS:
        assert tables["fr"][f"{one}|{many}"] == [
            french.ngettext(one, many, 1),
            french.ngettext(one, many, 2),
        ]


def test_placeholders_are_the_same_in_both_languages() -> None:
    for sentence, shown in json.loads(words.tables()["fr"]).items():
        for one in shown if isinstance(shown, list) else [shown]:
            source = sentence.split("|")[-1] if isinstance(shown, list) else sentence
            names = set(re.findall(r"\{(\w+)\}", one))
            assert names <= set(re.findall(r"\{(\w+)\}", source)), sentence
