"""What belongs to the whole window: errors, the line at its foot, text size, its place, its end."""

from __future__ import annotations

import logging
import threading
import tkinter as tk
from pathlib import Path

import pytest

from common.gui.entrance import Entrance
from common.gui.screens import Trouble
from common.gui.settings import Keeper
from tests.conftest import BrokerFactory
from tests.gui.conftest import Errors
from tests.gui.opening import Opened
from tests.support.programs import BrokerProgram


def foot(one: Opened) -> str:
    """The line at the foot of the window."""
    one.root.update()
    return " ".join(
        str(part.cget("text"))
        for pane in one.root.winfo_children()
        for part in pane.winfo_children()
        if part.winfo_class() == "TLabel" and pane.winfo_manager() == "pack"
    ).strip()


@pytest.mark.logs_errors
def test_a_part_that_fails_is_logged_and_told_in_one_line(
    root: tk.Tk, tk_errors: Errors, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = Opened(root, tmp_path, nick="Léa")
    root.report_callback_exception = one.window.failed
    root.after(1, lambda: 1 / 0)
    one.until(lambda: "Something went wrong" in foot(one), "the line")
    assert "window.log" in foot(one)
    assert "ZeroDivisionError" in caplog.text
    one.window.post(lambda: int("x"))
    one.until(lambda: "ValueError" in caplog.text, "the other one")
    assert [record.levelno for record in caplog.records].count(logging.ERROR) == 2
    one.press("Connect")
    assert one.form.said("server"), "the rest goes on"
    one.window.leave()
    assert not tk_errors.said


def test_what_is_typed_as_soon_as_the_window_is_seen_goes_into_the_form(
    root: tk.Tk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tk puts a focus off that is given to what is not on the screen, and drops keys until then."""
    seen: list[bool] = []
    begin = Entrance.begin

    def note(entrance: Entrance) -> None:
        seen.append(bool(entrance.form.field("nick").winfo_viewable()))
        begin(entrance)

    monkeypatch.setattr(Entrance, "begin", note)
    one = Opened(root, tmp_path)
    assert seen == [True]
    one.window.leave()


def test_what_was_damaged_is_told_and_the_line_can_be_closed(root: tk.Tk, tmp_path: Path) -> None:
    (tmp_path / "client").mkdir()
    (tmp_path / "client" / "window.json").write_text("{")
    one = Opened(root, tmp_path)
    assert "window.damaged.json" in foot(one)
    one.press("Close")
    assert foot(one) == ""
    one.window.leave()


def test_the_text_grows_and_shrinks_by_keys_and_is_remembered(root: tk.Tk, tmp_path: Path) -> None:
    one = Opened(root, tmp_path)
    one.root.update()
    one.root.focus_force()
    one.root.update()
    tall = one.form.winfo_height()
    for _ in range(3):
        one.root.event_generate("<Control-plus>")
    one.until(lambda: one.form.winfo_height() > tall, "larger text")
    one.root.event_generate("<Control-minus>")
    one.window.leave()
    assert Keeper(tmp_path).remembered.text_size == 120


@pytest.mark.parametrize(
    ("kept", "taken"),
    [("700x600+30+40", True), ("700x600+3000+40", False), ("9x9+0+0", False), ("rubbish", False)],
)
def test_its_place_is_remembered_where_it_can_be_seen(
    root: tk.Tk, tmp_path: Path, kept: str, taken: bool
) -> None:
    keeper = Keeper(tmp_path)
    keeper.remembered.geometry = kept
    keeper.save()
    one = Opened(root, tmp_path)
    one.root.update()
    assert (one.root.geometry() == kept) is taken
    one.window.leave()
    assert Keeper(tmp_path).remembered.geometry == one.root.geometry()


def test_a_session_that_fails_leads_back_to_the_field(root: tk.Tk, broker: BrokerProgram) -> None:
    one = Opened(root, broker.data_dir, nick="Léa")
    one.until_in()
    one.window.disconnect(Trouble("banned", {"reason": "noise"}))
    assert one.form.said("nick") == (
        'You are banned from this server: "noise". Ask whoever runs it.'
    )
    assert one.form.written.nick == "Léa"
    one.window.leave()


def test_garbage_is_collected_in_the_windows_thread_alone(root: tk.Tk, tmp_path: Path) -> None:
    where: list[int] = []

    class Cycle:
        def __init__(self) -> None:
            self.image = tk.PhotoImage(master=root, width=1, height=1)
            self.me = self

        def __del__(self) -> None:
            where.append(threading.get_ident())

    def allocate() -> None:
        for _ in range(200):
            kept: list[list[int]] = [[] for _ in range(1000)]
            del kept

    one = Opened(root, tmp_path)
    for _ in range(20):
        Cycle()
    others = [threading.Thread(target=allocate) for _ in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert where == []
    one.until(lambda: len(where) == 20, "the collection")
    assert set(where) == {threading.get_ident()}
    one.window.leave()


def test_leaving_while_joining_joins_nothing(
    root: tk.Tk, broker_factory: BrokerFactory, tmp_path: Path
) -> None:
    broker = broker_factory("--access", "invite", data_dir=tmp_path / "its")
    one = Opened(root, tmp_path / "mine", nick="Léa", server=broker.link)
    one.until(lambda: one.form.said("invite"), "that it is by invitation")
    one.window.leave()
    assert one.window.chat is None
