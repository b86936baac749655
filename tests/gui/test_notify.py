"""Calling somebody who looks elsewhere: what is run, and that a message is never read as code."""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Mapping

import pytest

from common.gui import notify

EVIL = '"; rm -rf ~; $(reboot) `x` <b>&amp;'


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_words_of_others_are_an_argument_or_in_the_environment(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/x")
    asked = notify.command("--help", EVIL)
    assert asked is not None
    words, env = asked
    if platform == "linux":
        assert words[2:4] == ["--", "--help"]
        assert "<b>" not in words[4]
    else:
        assert env == {"CAUSETTE_TITLE": "--help", "CAUSETTE_TEXT": EVIL}
        assert not any("rm -rf" in word for word in words)


def test_a_desktop_that_cannot_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    assert not notify.possible()


def test_a_burst_is_one_call(root: tk.Tk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "command", lambda title, text: ([title, text], {}))
    run: list[list[str]] = []

    def keep(words: list[str], _env: Mapping[str, str]) -> None:
        run.append(words)

    notifier = notify.Notifier(root, keep)
    for number in range(5):
        notifier.call("Inès", str(number), note=True, sound=True)
    assert run == [["Inès", "0"]]
    notify.Notifier(root, keep).call("Inès", "quiet", note=False, sound=False)
    assert len(run) == 1
