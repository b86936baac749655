"""*Host here*: a server of this window's own, and what becomes of it."""

from __future__ import annotations

import os
import signal
import threading
import tkinter as tk
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.client.target import read_ready
from common.gui import hosting
from common.gui.sheet import Sheet
from tests.gui.opening import Opened
from tests.support import wait_until
from tests.support.programs import BrokerProgram


@pytest.fixture
def hosted(root: tk.Tk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """A window on a machine on which nothing is served; what it started is ended."""
    monkeypatch.setattr(hosting, "_free", lambda _reach: False)
    one = Opened(root, tmp_path)
    yield one
    one.window.leave()
    ready = read_ready(tmp_path)
    if ready is not None:
        os.kill(ready.pid, signal.SIGKILL)


def host(one: Opened) -> int:
    """Host for this machine alone and be in; the server's process."""
    one.write(nick="Léa")
    one.press("Host here")
    one.press("This machine only")
    one.until_in()
    ready = read_ready(one.window.data_dir)
    assert ready is not None
    assert ready.pull[0].startswith("tcp://127.0.0.1:")
    return ready.pid


def gone(one: Opened) -> bool:
    return read_ready(one.window.data_dir) is None


def test_a_server_nobody_else_is_on_ends_with_the_window(hosted: Opened) -> None:
    host(hosted)
    assert hosted.chat.joined.entry.target.claim or hosted.chat.joined.ready.role == "owner"
    hosted.window.quit()
    assert gone(hosted)


def test_who_would_be_cut_off_is_asked_about(hosted: Opened) -> None:
    pid = host(hosted)
    hosted.chat.people = 7
    hosted.window.quit()
    sheet = next(one for one in hosted.root.winfo_children() if isinstance(one, Sheet))
    assert "7 people will be cut off" in said(sheet)
    hosted.press("Cancel")
    assert hosted.chat.winfo_exists()
    hosted.window.quit()
    hosted.press("Leave it running")
    ready = read_ready(hosted.window.data_dir)
    assert ready is not None
    assert ready.pid == pid


def test_a_server_that_others_use_outlives_a_signal(hosted: Opened) -> None:
    host(hosted)
    hosted.chat.people = 1
    hosted.window.told_to_end()
    assert not gone(hosted)


def test_who_is_on_it_is_not_forgotten_by_disconnecting(hosted: Opened) -> None:
    host(hosted)
    hosted.chat.people = 2
    hosted.window.disconnect()
    hosted.window.quit()
    hosted.press("Leave it running")
    assert not gone(hosted)


def test_stopping_it_is_one_answer(hosted: Opened) -> None:
    host(hosted)
    hosted.chat.people = 1
    hosted.window.quit()
    hosted.press("Stop the server")
    wait_until(lambda: gone(hosted), "its end")


def test_one_for_this_machine_alone_is_opened_to_the_network(hosted: Opened) -> None:
    first = host(hosted)
    hosted.window.disconnect()
    hosted.press("Host here")
    assert "on this machine alone" in said(hosted.card)
    hosted.card.buttons[-1].invoke()
    assert not hosted.form.busy
    hosted.press("Host here")
    hosted.press("Open it to this network")
    hosted.until_in()
    ready = read_ready(hosted.window.data_dir)
    assert ready is not None
    assert ready.pid != first
    assert not ready.pull[0].startswith("tcp://127.")
    hosted.window.quit()
    assert gone(hosted)


def test_one_that_somebody_else_started_is_not_theirs_to_open(
    root: tk.Tk, broker: BrokerProgram
) -> None:
    one = Opened(root, broker.data_dir)
    one.write(nick="Léa")
    one.press("Host here")
    assert "broker.py --lan" in said(one.card)
    assert [button.words for button in one.card.buttons] == ["Join it as it is", "Cancel"]
    one.press("Join it as it is")
    one.until_in()
    one.window.leave()
    assert not gone(one), "it is not this window's to end"


def test_why_it_does_not_start_is_told_beside_the_button(hosted: Opened) -> None:
    place = hosted.window.data_dir / "broker"
    place.mkdir()
    (place / "causette.db").write_text("this is no database")
    hosted.write(nick="Léa")
    hosted.press("Host here")
    hosted.press("This machine only")
    hosted.until(lambda: hosted.form.said("host"), "the reason")
    assert "did not start" in hosted.form.said("host")
    assert "causette.db" in hosted.form.said("host")
    assert not hosted.form.busy


def test_cancelling_leaves_nothing_behind(hosted: Opened) -> None:
    hosted.write(nick="Léa")
    hosted.press("Host here")
    hosted.press("This machine only")
    log = hosted.window.data_dir / "broker" / "broker.log"
    hosted.until(log.exists, "that it was started")
    hosted.press("Cancel")
    assert not hosted.form.busy
    # The thread stays for as long as the process does.
    threads = threading.enumerate
    wait_until(lambda: all(one.name != "hosting" for one in threads()), "the process's end")
    assert gone(hosted)
    assert hosted.window.chat is None


def said(widget: tk.Misc) -> str:
    words = str(widget.cget("text")) if widget.winfo_class() == "TLabel" else ""
    return words + " ".join(map(said, widget.winfo_children()))
