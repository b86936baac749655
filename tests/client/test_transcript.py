"""A conversation as text, HTML and JSON lines; what others wrote does no harm in any (row 54)."""

import html.parser
import json

import pytest

from common.client.transcript import json_object, renderer, text_line
from common.i18n import Translator
from common.protocol.messages import Record


def record(text: str = "hello", seq: int = 1, type: str = "message", **more: object) -> Record:
    fields: dict[str, object] = {
        "type": type,
        "seq": seq,
        "id": f"0123456789abcdef-{seq}",
        "user": "aa" * 8,
        "nick": "ada",
        "ts": 1_763_632_800_123,
        "text": text,
        **more,
    }
    return Record(**fields)  # type: ignore[arg-type]


def document(format: str, *records: Record, lang: str = "en") -> str:
    made = renderer(format, "The lab", Translator(lang))
    return "".join([made.begin(), made.room("general"), *map(made.record, records), made.end()])


HOSTILE = "<script>alert(1)</script>\x1b]52;c;x\x07 <img src=x onerror=y> javascript:z \u202egnp"


class Checker(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}


def test_html_is_inert_whatever_was_said() -> None:
    page = document("html", record(HOSTILE, nick='"><script>'), record("me", 2, me=True))
    checker = Checker()
    checker.feed(page)
    assert checker.tags == {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "time", "b", "i",
    }  # fmt: skip
    assert not any(name.startswith("on") for name in checker.attributes)
    assert not checker.attributes & {"src", "href"}
    assert "default-src 'none'" in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_html_refers_to_nothing_outside() -> None:
    assert "://" not in document("html", record())


def test_html_speaks_the_language() -> None:
    page = document("html", record(), lang="fr")
    assert '<html lang="fr">' in page
    assert "2025" in page


def test_text_is_stable_for_grep_and_harmless() -> None:
    line = text_line(record("first\nsecond \x1b[31m"))
    assert line.startswith("[2025-11-20 ")
    assert "] <ada> first\n    second " in line
    assert "\x1b" not in line
    assert text_line(record("waves", me=True)).endswith("] * ada waves")
    assert "] general <ada> hello" in text_line(record(), "general")


def test_a_message_cannot_pass_for_two() -> None:
    text = text_line(record("hi\n[2025-11-20 10:00] <bob> I quit"))
    assert all(line.startswith(("[", "    ")) for line in text.split("\n"))
    assert sum(line.startswith("[") for line in text.split("\n")) == 1
    assert "\n" not in text_line(record("x", nick="a\nb"))


def test_a_type_to_come_is_shown_as_far_as_it_is_understood() -> None:
    assert text_line(record("", type="poll")).endswith("(poll) <ada>")
    assert "(poll)" in document("html", record("", type="poll"))


def test_text_has_a_line_for_each_day() -> None:
    day = 86_400_000
    page = document("txt", record(), record(seq=2), record(seq=3, ts=1_763_632_800_123 + day))
    assert page.count("--- ") == 2
    assert page.startswith("=== general ===\n")


def test_json_lines_are_exact() -> None:
    (line,) = document("jsonl", record(HOSTILE)).splitlines()
    assert json.loads(line) == json_object("general", record(HOSTILE))
    assert json.loads(line)["text"] == HOSTILE


def test_json_keeps_every_field_of_a_type_to_come() -> None:
    raw = b'{"type":"poll","seq":4,"id":"x-1","options":["a","b"],"ts":5,"user":"u","nick":"n"}'
    shown = json_object("general", record("", 4, "poll"), raw)
    assert shown["options"] == ["a", "b"]
    assert (shown["type"], shown["room"], shown["seq"]) == ("poll", "general", 4)


def test_a_damaged_raw_line_is_replaced_by_what_is_known() -> None:
    assert json_object("general", record("x", 4, "poll"), b"{oops")["type"] == "poll"


def test_only_what_is_said_by_me_says_so() -> None:
    assert "me" not in json_object("general", record())
    assert json_object("general", record(me=True))["me"] is True


def test_an_unknown_format() -> None:
    with pytest.raises(KeyError):
        renderer("pdf")
