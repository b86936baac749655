"""The parts of devtools that can be tried alone, and the waiting that all tests lean on."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devtools import environment, pips, words
from tests.support import parts, wait_until
from tests.support.programs import ROOT


def test_pip_comes_from_a_wheel_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    python = environment.python_of(bare)
    monkeypatch.setattr(pips, "base_python", lambda: str(python))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pips, "_WHEEL_PLACES", (str(tmp_path),))
    assert pips.find_pip(python) is None

    wheels = [wheel for place in (bundled(), debian()) for wheel in place.glob("pip-*.whl")]
    if not wheels:
        parts.lacking("a wheel of pip", "apt-get install python3-venv")
    (tmp_path / "pip-0.1-py3-none-any.whl").write_bytes(b"an older one, and broken")
    shutil.copy2(wheels[0], tmp_path)
    found = pips.find_pip(python)
    assert found == [str(python), f"{tmp_path / wheels[0].name}/pip", "install"]


def bundled() -> Path:
    return Path(subprocess.__file__).parent / "ensurepip" / "_bundled"


def debian() -> Path:
    return Path("/usr/share/python-wheels")


def test_both_languages_say_the_same_things() -> None:
    fields = re.compile(r"\{(\w+)\}")
    for key, (english, french) in words._TEXTS.items():
        assert sorted(fields.findall(english)) == sorted(fields.findall(french)), key


def test_every_text_is_used_and_every_used_one_exists() -> None:
    source = "".join(p.read_text() for p in (ROOT / "devtools").glob("*.py") if p.stem != "words")
    named = re.findall(r'\b(?:say|text)\(\s*"([\w-]+)"', source)
    assert set(named) <= set(words._TEXTS)
    assert [key for key in words._TEXTS if f'"{key}"' not in source] == []


@pytest.mark.parametrize(
    ("option", "variables", "language"),
    [
        (None, {"LANG": "fr_CA.UTF-8"}, "fr"),
        (None, {"LANG": "fr_FR", "LC_ALL": "C.UTF-8"}, "en"),
        (None, {"LANG": "C", "CAUSETTE_LANG": "fr"}, "fr"),
        ("en", {"LANG": "fr_FR"}, "en"),
        (None, {}, "en"),
    ],
)
def test_the_language(
    monkeypatch: pytest.MonkeyPatch,
    option: str | None,
    variables: dict[str, str],
    language: str,
) -> None:
    for name in ("CAUSETTE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert words.choose_language(option) == language
    monkeypatch.undo()
    words.choose_language("en")


def test_waiting_tells_what_it_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUSETTE_TEST_SLOWNESS", "2")
    begun = time.monotonic()
    with pytest.raises(AssertionError, match=r"not within 0.2 s: a cat; saw 'a dog'"):
        wait_until(lambda: False, "a cat", 0.1, saw=lambda: "a dog")
    assert time.monotonic() - begun >= 0.2
    assert wait_until(lambda: "cat", "a cat") == "cat"
