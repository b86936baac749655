"""The marks inside a message."""

import re
import sys

from hypothesis import given
from hypothesis import strategies as st

from common.client.markup import Line, Span, may_name, name_pattern, parse


def _spans(text: str, nick: str = "Léa", nicks: tuple[str, ...] = ("inès", "léa")) -> list[str]:
    (line,) = parse(text, name_pattern(nick), nicks)
    return [f"{one.style}:{one.text}" for one in line.spans]


def test_code_bold_and_links() -> None:
    assert _spans("run `ls -l` **now**") == ["text:run ", "code:ls -l", "text: ", "bold:now"]
    assert _spans("see http://a.b/c.") == ["text:see ", "link:http://a.b/c", "text:."]
    assert _spans("(https://x.y/z_(w))") == ["text:(", "link:https://x.y/z_(w)", "text:)"]
    assert _spans("causette://AB@h:1!")[0] == "link:causette://AB@h:1"


def test_what_is_no_mark_stays_as_it_was_written() -> None:
    for text in (
        "2 * 3 ** 4 ** 5",
        "a ` b",
        "``",
        "** x **",
        "http://",
        "@nobody",
        "a@inès.fr",
        "*",
    ):
        assert _spans(text) == [f"text:{text}"], text


def test_mentions_of_oneself_and_of_others() -> None:
    assert _spans("@Inès, ask léa.") == ["mention:@Inès", "text:, ask ", "you:léa", "text:."]
    assert _spans("@Léa!") == ["you:@Léa", "text:!"]
    assert _spans("ask @inès.") == ["text:ask ", "mention:@inès", "text:."]
    assert _spans("**léa** `léa`") == ["you:léa", "text: ", "code:léa"]


def test_blocks() -> None:
    lines = parse("before\n```py\nx = `1`\n\n```\n> said\nafter")
    assert [line.block for line in lines] == ["text", "code", "code", "quote", "text"]
    assert lines[1] == Line("code", (Span("code", "x = `1`"),))
    assert parse("```one line```") == [Line("code", (Span("code", "one line"),))]
    assert [line.block for line in parse("```\nnever closed")] == ["code"]
    assert parse("```") == [Line("text", (Span("text", "```"),))]


@given(st.text("ab `*>@Léa\n.()http:/", max_size=60))
def test_nothing_but_marks_is_lost(text: str) -> None:
    lines = parse(text, name_pattern("Léa"))
    if lines == [Line("text", (Span("text", text),))]:
        return
    shown = "".join(span.text for line in lines for span in line.spans)
    marks = set("`*> \n")
    text = re.sub(r"(?m)^[ ]*```[\w+#-]{1,20}[ ]*$", "", text)  # a language behind a fence
    assert [one for one in shown if one not in marks] == [one for one in text if one not in marks]


def test_long_lines_take_no_time() -> None:
    for text in ("`" * 16_000, "**a" * 5_000, "http://" + ")" * 16_000, "@" * 16_000, ">" * 16_000):
        assert parse(text, name_pattern("Léa"))


def test_a_cheap_look_for_a_name_never_misses_one() -> None:
    """Every pair of letters that the `re` module takes for the same is the same for it."""
    letters = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if len({chr(code), chr(code).lower(), chr(code).upper(), chr(code).title()}) > 1
    ]
    everything = " ".join(letters)
    for letter in letters:
        nick = f"k{letter}m"
        for other in re.findall(re.escape(letter), everything, re.IGNORECASE):
            assert may_name(nick, f"hi @K{other}M!"), (letter, other)
    assert len(letters) > 2_500


@given(st.text(max_size=6), st.text(max_size=30))
def test_what_holds_a_name_may_hold_it(nick: str, text: str) -> None:
    for one in (text, f"{text} {nick.upper()} {text}", f"{text}@{nick.swapcase()}"):
        if name_pattern(nick).search(one):
            assert may_name(nick, one)
