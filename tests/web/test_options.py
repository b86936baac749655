"""The command line of the gateway: what is typed, what is refused, in words."""

from __future__ import annotations

from typing import Any

import pytest

from common import arguments
from common.listening import Bind, bind
from common.settings import BadSetting, Settings
from common.web import options


def settings(*words: str, **env: str) -> Settings:
    program = options.program()
    parsed = arguments.parse(program, words)
    return Settings.load(
        arguments.options_of(program, parsed.verb), parsed.given, env, program="web"
    )


@pytest.mark.parametrize(
    ("text", "read", "shown"),
    [
        ("127.0.0.1:8080", Bind("127.0.0.1", 8080), "127.0.0.1:8080"),
        ("*:80", Bind("0.0.0.0", 80), "0.0.0.0:80"),
        (":80", Bind("0.0.0.0", 80), "0.0.0.0:80"),
        ("127.0.0.1:*", Bind("127.0.0.1", 0), "127.0.0.1:*"),
        ("127.0.0.1:0", Bind("127.0.0.1", 0), "127.0.0.1:*"),
        ("[::1]:8080", Bind("::1", 8080), "[::1]:8080"),
        ("[::]:*", Bind("::", 0), "[::]:*"),
        ("localhost:1", Bind("localhost", 1), "localhost:1"),
    ],
)
def test_where_to_listen(text: str, read: Bind, shown: str) -> None:
    assert bind(text) == read
    assert str(read) == shown
    assert bind(shown) == read


@pytest.mark.parametrize(
    "text", ["", "8080", "h:99999", "::1:80", "1.2.3.4:80/x", "[zz]:1", "a b:1", "h:-1"]
)
def test_what_is_no_place_to_listen_at(text: str) -> None:
    with pytest.raises(ValueError):
        bind(text)


def test_usual_is_this_machine_alone() -> None:
    given = settings()
    assert given.texts("bind") == ["127.0.0.1:8080"]
    assert not given.switch("metrics-open")


def test_places_add_up_and_come_from_anywhere() -> None:
    assert settings("--bind", "127.0.0.1:1", "--bind", "[::1]:1").texts("bind") == [
        "127.0.0.1:1",
        "[::1]:1",
    ]
    assert settings(CAUSETTE_BIND="127.0.0.1:1,*:2").texts("bind") == ["127.0.0.1:1", "0.0.0.0:2"]


@pytest.mark.parametrize(
    ("words", "expects"),
    [
        (["--bind", "8080"], "--bind 8080: give an address and a port"),
        (["--proxy", "router"], "--proxy router: give an address"),
    ],
)
def test_what_is_wrong_is_named(words: list[str], expects: str) -> None:
    with pytest.raises(BadSetting) as told:
        settings(*words)
    assert expects in told.value.line
    assert told.value.status == 2


@pytest.mark.parametrize(
    ("words", "verb", "rest"),
    [
        ([], "serve", []),
        (["192.168.1.20"], "serve", ["192.168.1.20"]),
        (["serve"], "serve", []),
        (["hook", "add", "builds"], "hook", ["add", "builds"]),
        (["--bind", "*:1", "host:5555", "-v"], "serve", ["host:5555"]),
    ],
)
def test_verbs_and_the_server(words: list[str], verb: str, rest: list[str]) -> None:
    parsed = arguments.parse(options.program(), words)
    assert (parsed.verb, parsed.words) == (verb, rest)


def test_a_gateway_has_no_nickname_of_its_own() -> None:
    for word in ("--nick", "--room", "--key-file"):
        with pytest.raises(arguments.UsageError):
            arguments.parse(options.program(), [word, "x"])


def test_help_is_in_both_languages() -> None:
    from common import i18n

    try:
        for lang, words in (("en", "browsers"), ("fr", "navigateurs")):
            i18n.setup(lang, {})
            program = options.program()
            text: Any = arguments.help_text(program, arguments.parse(program, []))
            assert words in text
    finally:
        i18n.setup("en", {})
