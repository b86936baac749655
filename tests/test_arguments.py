"""Options anywhere, repeated ones adding up, and errors that say what to type."""

import pytest

from common.arguments import Parsed, Program, UsageError, Verb, help_text, parse, peek
from common.settings import SWITCH, Option

PROGRAM = Program(
    name="prog",
    about="Does things.",
    version="1",
    options=(
        Option("nick", short="n", help="your 100% name"),
        Option("room", short="r", repeatable=True),
        Option("quiet", SWITCH, short="q"),
        Option("verbose", SWITCH, short="v", repeatable=True),
    ),
    verbs=(
        Verb("chat", "talk"),
        Verb("send", "say", (Option("timeout"),), operands="[TEXT...]"),
        Verb("listen", "hear", (Option("timeout"), Option("count"))),
    ),
    default="chat",
)
BARE = Program("door", "A door.", "1", (), (Verb("open", operands="[SERVER]"),), "open", bare=True)


def taken(*words: str) -> Parsed:
    return parse(PROGRAM, words)


def refusal(*words: str, program: Program = PROGRAM) -> str:
    with pytest.raises(UsageError) as caught:
        parse(program, words)
    assert "\n" not in caught.value.line
    assert caught.value.status == 2
    return caught.value.line


@pytest.mark.parametrize(
    "words",
    [
        ("-n", "ada", "send", "-r", "a", "hi", "you"),
        ("send", "hi", "-n", "ada", "you", "-r", "a"),
        ("send", "hi", "you", "--room=a", "--nick", "ada"),
        ("-ra", "-nada", "send", "hi", "you"),
        ("--nick=ada", "send", "--room", "a", "--", "hi", "you"),
    ],
)
def test_options_stand_anywhere(words: tuple[str, ...]) -> None:
    parsed = taken(*words)
    assert (parsed.verb, parsed.words) == ("send", ["hi", "you"])
    assert parsed.given == {"nick": ["ada"], "room": ["a"]}


def test_repeated_options_add_up_across_the_verb() -> None:
    assert taken("-r", "a", "listen", "-r", "b", "-r", "c").given["room"] == ["a", "b", "c"]
    assert taken("-v", "listen", "-vv").given["verbose"] == ["true"] * 3


def test_a_double_dash_ends_the_options() -> None:
    parsed = taken("send", "-n", "ada", "--", "-n", "--", "x")
    assert parsed.words == ["-n", "--", "x"]
    assert parsed.given == {"nick": ["ada"]}


def test_what_follows_a_double_dash_is_no_verb() -> None:
    assert "send" in refusal("--", "send")


def test_a_lone_dash_is_an_operand() -> None:
    assert taken("send", "-").words == ["-"]


def test_an_empty_operand_is_an_operand() -> None:
    assert taken("send", "", "x").words == ["", "x"]


def test_no_verb_is_the_default_one() -> None:
    parsed = taken("-n", "ada")
    assert (parsed.verb, parsed.named) == ("chat", False)


def test_a_bare_program_takes_operands_without_a_verb() -> None:
    assert parse(BARE, ["host:5555"]).words == ["host:5555"]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("send", "--nic", "x"), "did you mean --nick"),
        (("send", "--nick"), "--nick needs a value"),
        (("send", "-n", "--room", "a"), "--nick needs a value"),
        (("send", "--quiet=yes"), "--quiet takes no value"),
        (("send", "--zzzz"), "--zzzz"),
        (("send", "-z"), "-z"),
        (("sned", "hello"), "did you mean send"),
        (("hello",), "chat, send, listen"),
        (("chat", "hello"), "chat takes no hello"),
        (("send", "--count", "3"), "--count does not go with send, only with listen"),
        (("send", "--he\x1b"), "--help"),
    ],
)
def test_errors_name_the_word_and_the_remedy(words: tuple[str, ...], wanted: str) -> None:
    line = refusal(*words)
    assert wanted in line
    assert "\x1b" not in line


def test_no_abbreviations_even_of_one_option() -> None:
    for words in (("--ver",), ("--verb",), ("send", "--time=1")):
        refusal(*words)


def test_help_and_version_win_over_other_mistakes() -> None:
    assert taken("send", "-h").help
    assert taken("--help").help
    assert taken("-V").version
    assert taken("nonsense", "--help").help


def test_help_shows_verbs_options_and_a_percent_sign() -> None:
    text = help_text(PROGRAM, taken("-h"))
    for wanted in ("send", "listen", "--nick", "-r", "100% name", "usage: prog", "Does things."):
        assert wanted in text
    verb = help_text(PROGRAM, taken("listen", "-h"))
    assert "--count" in verb
    assert "prog listen" in verb
    assert "--timeout" not in help_text(PROGRAM, taken("chat", "-h"))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--lang", "fr"], "fr"),
        (["--lang=fr", "--lang=en"], "en"),
        (["--", "--lang", "fr"], ""),
        (["--lang"], ""),
    ],
)
def test_peek(words: list[str], found: str) -> None:
    assert peek(words, "lang") == found
