"""Precedence, origins and the errors that name them."""

from pathlib import Path

import pytest

from common.settings import (
    DURATION,
    POSITIVE,
    SECONDS,
    SWITCH,
    BadSetting,
    Option,
    Settings,
    choice,
    duration,
    size,
    whole,
)

OPTIONS = (
    Option("nick", default="somebody"),
    Option("room", repeatable=True, default=("general",)),
    Option("count", POSITIVE),
    Option("timeout", SECONDS, default=10.0),
    Option("json", SWITCH, default=False),
    Option("verbose", SWITCH, repeatable=True, default=0),
    Option("format", choice("txt", "html")),
    Option("config", env=False),
)


def load(
    given: dict[str, list[str]] | None = None,
    env: dict[str, str] | None = None,
    path: Path | None = None,
    program: str = "cli",
) -> Settings:
    return Settings.load(OPTIONS, given or {}, env or {}, path, program=program)


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    return path


def refusal(**arguments: object) -> BadSetting:
    with pytest.raises(BadSetting) as caught:
        load(**arguments)  # type: ignore[arg-type]
    return caught.value


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    path = write(tmp_path, 'nick = "filed"\n')
    env = {"CAUSETTE_NICK": "environed"}
    assert load({"nick": ["flagged"]}, env, path)["nick"] == "flagged"
    assert load({}, env, path)["nick"] == "environed"
    assert load({}, {}, path)["nick"] == "filed"
    assert load({}, {}, None)["nick"] == "somebody"


def test_every_value_remembers_where_it_came_from(tmp_path: Path) -> None:
    path = write(tmp_path, 'nick = "filed"\n')
    assert load({"nick": ["ada"]}).where("nick") == "--nick ada"
    assert load({}, {"CAUSETTE_NICK": "ada"}).where("nick") == "CAUSETTE_NICK=ada"
    assert load({}, {}, path).where("nick") == f'{path}: nick = "filed"'
    assert not load().explicit("nick")
    assert load({}, {}, path).explicit("nick")


def test_repeatable_values_add_up_within_one_place_and_never_between_places(tmp_path: Path) -> None:
    path = write(tmp_path, 'room = ["a", "b"]\n')
    assert load({"room": ["x", "y"]}, {"CAUSETTE_ROOM": "e"}, path).texts("room") == ["x", "y"]
    assert load({}, {"CAUSETTE_ROOM": "e,f"}, path).texts("room") == ["e", "f"]
    assert load({}, {}, path).texts("room") == ["a", "b"]
    assert load({}, {}, write(tmp_path, 'room = "one"')).texts("room") == ["one"]
    assert load().texts("room") == ["general"]


def test_a_repeated_switch_counts() -> None:
    assert load({"verbose": ["true", "true"]})["verbose"] == 2


@pytest.mark.parametrize(
    ("word", "value"), [("1", True), ("yes", True), ("off", False), ("FALSE", False)]
)
def test_switches_in_the_environment(word: str, value: bool) -> None:
    assert load({}, {"CAUSETTE_JSON": word}).switch("json") is value


def test_an_empty_variable_is_no_variable() -> None:
    assert load({}, {"CAUSETTE_NICK": ""})["nick"] == "somebody"


@pytest.mark.parametrize(
    ("given", "env", "named", "status"),
    [
        ({"timeout": ["soon"]}, {}, "--timeout soon", 2),
        ({"timeout": ["nan"]}, {}, "--timeout nan", 2),
        ({"timeout": ["-1"]}, {}, "--timeout -1", 2),
        ({"count": ["0"]}, {}, "--count 0", 2),
        ({"format": ["pdf"]}, {}, "--format pdf", 2),
        ({"nick": [" "]}, {}, "--nick", 2),
        ({}, {"CAUSETTE_TIMEOUT": "soon"}, "CAUSETTE_TIMEOUT=soon", 78),
        ({}, {"CAUSETTE_JSON": "maybe"}, "CAUSETTE_JSON=maybe", 78),
        ({}, {"CAUSETTE_CONFIG": "/nowhere/at.all"}, "CAUSETTE_CONFIG=/nowhere/at.all", 78),
        ({"config": ["/nowhere/at.all"]}, {}, "--config /nowhere/at.all", 78),
    ],
)
def test_a_wrong_value_is_named_with_its_place(
    given: dict[str, list[str]], env: dict[str, str], named: str, status: int
) -> None:
    error = refusal(given=given, env=env)
    assert error.line.startswith(named)
    assert error.status == status
    assert "\n" not in error.line


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("nick = [", "TOML"),
        ("nick = 3", "nick = 3"),
        ("json = 1", "json = 1"),
        ("count = true", "count = true"),
        ('count = "many"', 'count = "many"'),
        ("timeout = -1.5", "timeout = -1.5"),
        ("nik = 'ada'", "did you mean nick"),
        ("[cli]\nrooom = 'x'", "cli.rooom"),
        ("[kitchen]\nnick = 'x'", "kitchen"),
        ("\x00", "TOML"),
    ],
)
def test_a_bad_file_is_named_with_key_value_and_remedy(
    tmp_path: Path, text: str, wanted: str
) -> None:
    path = write(tmp_path, text)
    error = refusal(path=path)
    assert str(path) in error.line
    assert wanted in error.line
    assert error.status == 78
    assert "\n" not in error.line


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"nick = '\xff'")
    assert "TOML" in refusal(path=path).line


def test_a_directory_in_place_of_the_file(tmp_path: Path) -> None:
    assert refusal(path=tmp_path).status == 78


def test_a_missing_default_file_is_no_error(tmp_path: Path) -> None:
    settings = load(path=tmp_path / "none.toml")
    assert settings.config is None


def test_a_programs_table_wins_and_other_programs_are_passed_over(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'nick = "shared"\npull = "tcp://*:1"\n[cli]\nnick = "mine"\n[broker]\nname = "x"\n',
    )
    assert load(path=path)["nick"] == "mine"
    assert load(path=path, program="gui")["nick"] == "shared"


def test_a_program_can_call_a_value_wrong_after_all() -> None:
    error = load({"nick": ["@x"]}).bad("nick", "begins with @")
    assert (error.line, error.status) == ("--nick @x: begins with @", 2)
    assert load({}, {"CAUSETTE_NICK": "@x"}).bad("nick", "no").status == 78


def test_terminal_escapes_in_a_value_are_neutralised() -> None:
    assert "\x1b" not in refusal(given={"timeout": ["\x1b[2J"]}).line


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10m", 600), ("2h", 7200), ("7d", 604_800), ("1.5s", 1.5)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["10", "m", "1y", "-1m", "1 m", "1m2s", ""])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError):
        duration(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("1", 1), ("500k", 512_000), ("1.5M", 1_572_864), ("2G", 2 << 30), ("1T", 1 << 40)],
)
def test_sizes(text: str, number: int) -> None:
    assert size(0).parse(text) == number


@pytest.mark.parametrize("text", ["", "M", "-1", "1m", "1 M", "1MB", "1e3", "0x10", "inf"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError):
        size(0).parse(text)


def test_a_number_may_have_a_least_that_is_told() -> None:
    assert whole(256).parse("256") == 256
    for kind, text in ((whole(256), "255"), (size(1), "0")):
        with pytest.raises(ValueError):
            kind.parse(text)
    assert "256" in whole(256).expects()


@pytest.mark.parametrize(("text", "seconds"), [("30d", 2_592_000.0), ("90", 90.0), ("0", 0.0)])
def test_a_time_may_be_given_in_seconds_too(text: str, seconds: float) -> None:
    assert DURATION.parse(text) == seconds
