"""The broker's options: what the example says, what is printed, and what a restart is for."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from common import arguments
from common.broker import commandline
from common.broker.limits import CoreSettings
from common.settings import KNOWN, BadSetting, Settings
from tests.support.programs import ROOT

EXAMPLE = (ROOT / "docs" / "broker.toml").read_text("utf-8")
COMMAND = commandline.program()
SERVING = arguments.options_of(COMMAND, "serve")
CONFIGURABLE = {option.name for option in SERVING} - set(commandline._OF_ONE_RUN)


def settings(path: Path | None = None, /, **given: str) -> Settings:
    texts = {name.replace("_", "-"): [text] for name, text in given.items()}
    return Settings.load(SERVING, texts, {}, path, program="broker", known=KNOWN)


def uncommented() -> str:
    return re.sub(r"^#(?=[a-z-]+ = )", "", EXAMPLE, flags=re.MULTILINE)


def test_the_example_has_every_option_and_no_other() -> None:
    keys = tomllib.loads(uncommented())["broker"]
    assert set(keys) == CONFIGURABLE


def test_the_example_as_it_stands_changes_nothing() -> None:
    assert tomllib.loads(EXAMPLE) == {"broker": {}}


def test_the_example_says_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(uncommented(), "utf-8")
    said, default = settings(path), settings()
    places = {"pub", "card", "data-dir", "lang", "web"}  # where there is no default, an example
    for name in CONFIGURABLE - places:
        shown = list(said[name]) if name == "pull" else said[name]
        assert shown == (list(default[name]) if name == "pull" else default[name]), name


def test_the_example_marks_what_needs_no_restart() -> None:
    marked = set()
    for block in EXAMPLE.split("\n\n"):
        if "(reload)" in block:
            marked.update(re.findall(r"^#([a-z-]+) = ", block, flags=re.MULTILINE))
    assert marked == set(commandline.RELOADED)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"name": 'a "quoted" \\ name\x7f é \u2028', "access": "invite", "keep": "30d"},
        {"keep_bytes": "500M", "read_rate": "64k", "rate": "0.5", "plain": "true"},
    ],
)
def test_what_is_printed_is_read_back(tmp_path: Path, given: dict[str, str]) -> None:
    before = settings(None, **given)
    path = tmp_path / "config.toml"
    path.write_text(commandline.as_toml(before), "utf-8")
    after = settings(path)
    assert commandline.core_settings(after) == commandline.core_settings(before)
    assert commandline.as_toml(after) == commandline.as_toml(before)
    lines = commandline.as_toml(before).split("\n")[1:]
    assert {line.lstrip("# ").split(" =")[0] for line in lines} == CONFIGURABLE


def test_the_core_is_told_everything_that_is_configured() -> None:
    told = commandline.core_settings(
        settings(
            name="x", access="invite", rate="1", burst="2", rooms_per_hour="3", read_rate="4",
            sessions="5", subscriptions="600", keep="7", keep_bytes="8",
        )
    )  # fmt: skip
    default = CoreSettings()
    same = {
        field.name
        for field in fields(CoreSettings)
        if getattr(told, field.name) == getattr(default, field.name)
    }
    assert same == {"plain", "console", "claim"}


def test_what_changed_is_told_with_what_was() -> None:
    old, new = settings(), settings(rate="10", pull="tcp://127.0.0.1:1")
    assert dict(commandline.changes(old, new)) == {
        "pull": 'pull = ["tcp://127.0.0.1:1"] (was ["tcp://127.0.0.1:5555"])',
        "rate": "rate = 10.0 (was 50.0)",
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [("subscriptions", "255"), ("sessions", "0"), ("read_rate", "0"), ("access", "closed"),
     ("keep", "soon"), ("keep_bytes", "-1"), ("rooms_per_hour", "0")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(name: str, text: str) -> None:
    with pytest.raises(BadSetting):
        settings(None, **{name: text})
