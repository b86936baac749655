"""The documentation says what the programs do: every verb, option and code is documented, and
what is documented exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.arguments import Program, options_of
from common.broker.commandline import program as broker_program
from common.cli.verbs import program as cli_program
from common.client.joining import client_options, status_of
from common.explain import CODES
from common.gui.options import program as gui_program
from common.settings import KNOWN
from common.web.options import program as web_program
from tests.support.programs import ROOT

README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
BOTS = (ROOT / "docs" / "bots.md").read_text("utf-8")
PROGRAMS = {
    "client_cli.py": cli_program(),
    "client_gui.py": gui_program(),
    "client_web.py": web_program(),
    "broker.py": broker_program(),
}
ALWAYS = {"help", "version"}

# A command in the documentation: the program, and words up to what ends a command in a shell.
COMMAND = re.compile(r"(client_(?:cli|gui|web)\.py|broker\.py)((?: +[^\s|;#`)\\]+)*)")


def documentation() -> list[Path]:
    return [path for path in (README, ROOT / "README.fr.md") if path.exists()] + DOCS


def commands() -> Iterator[tuple[Path, Program, list[str]]]:
    for path in documentation():
        for match in COMMAND.finditer(path.read_text("utf-8")):
            yield path, PROGRAMS[match[1]], match[2].split()


def test_every_option_in_a_documented_command_exists() -> None:
    for path, program, words in commands():
        for word in words:
            option = re.fullmatch(r"\[?--([a-z][a-z-]*)(?:=.*)?\]?", word)
            if option and word != "--":
                names = program.names() | ALWAYS
                assert option[1] in names, f"{path.name}: {program.name} has no --{option[1]}"


def test_every_verb_in_a_documented_command_exists() -> None:
    for path, program, words in commands():
        if len(program.verbs) > 1 and words and re.fullmatch(r"[a-z]+", words[0]):
            names = {verb.name for verb in program.verbs}
            assert words[0] in names, f"{path.name}: {program.name} has no verb {words[0]}"


def words_of(pages: list[Path]) -> str:
    return "\n".join(page.read_text("utf-8") for page in pages)


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_every_verb_and_option_is_documented(name: str) -> None:
    if not README.exists():
        # Without the page that everything is documented on, only the bots' own can be asked of.
        text = BOTS
        wanted = {o.name for v in ("bot", "listen") for o in cli_program().verb(v).options}
    else:
        text = words_of([README, *DOCS])
        program = PROGRAMS[name]
        shown = [verb for verb in program.verbs if not verb.hidden]
        for verb in shown:
            assert re.search(rf"\b{verb.name}\b", text), f"{name} {verb.name}"
        wanted = {
            option.name
            for verb in shown or program.verbs
            for option in options_of(program, verb.name)
        }
    for option in sorted(wanted):
        assert f"--{option}" in text, f"{name} --{option} is not documented"


def section(title: str) -> str:
    return BOTS.split(f"## {title}\n")[1].split("\n## ")[0]


def first_cells(table: str) -> list[str]:
    return re.findall(r"^\| `?([a-z0-9-]+)`?(?:, `[a-z]+`)* \|", table, re.MULTILINE)


def test_every_error_code_is_documented_and_every_documented_one_exists() -> None:
    listed = [code for code in first_cells(section("Error codes")) if code != "code"]
    assert sorted(listed) == sorted(set(listed))
    assert set(listed) == CODES


def test_the_exit_statuses_are_documented() -> None:
    statuses = {int(cell) for cell in first_cells(section("Exit statuses")) if cell.isdigit()}
    assert statuses == {0, 1, 2, 69, 77, 78, 124, 130, 143}
    assert {status_of(code) for code in CODES} <= statuses


def test_the_requests_of_a_bot_are_documented() -> None:
    from common.cli import requests

    text = section("JSON lines: `client_cli.py bot`")
    for name, shape in requests.TYPES.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        for field in shape.__struct_fields__:
            assert field == "id" or f"`{field}`" in row, f"{name}: {field}"


def test_the_configuration_knows_every_option() -> None:
    for program in PROGRAMS.values():
        options = {*program.options, *(o for verb in program.verbs for o in verb.options)}
        # The others belong to one deed, and are typed with it.
        assert {option.name for option in options if option.env} - {"config"} <= KNOWN
    assert {option.name for option in client_options()} - {"config"} <= KNOWN
