"""The ways out of the full-screen chat: each leaves the terminal as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from common import i18n
from common.client import events as ev
from tests.cli.chatting import Chat, messages, record
from tests.support import wait_until

ENTER = "\r"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.setup("en", {})
    yield
    i18n.setup("en", {})


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    with Chat(tmp_path) as chat:
        yield chat


def test_quitting_with_ctrl_d_on_an_empty_line(chat: Chat) -> None:
    chat.type("x\x04")
    chat.wait("› x")
    chat.type("\x7f")
    wait_until(lambda: chat.screen.input.text == "", "an empty line")
    chat.type("\x04")
    assert chat.ended() == 0
    assert "\x1b[?1049l" in chat.written.getvalue(), "the terminal's own screen is back"


def test_ctrl_c_clears_the_line_and_twice_quits(chat: Chat) -> None:
    chat.type("something\x03")
    wait_until(lambda: chat.screen.input.text == "", "an empty line")
    chat.type("\x03")
    chat.wait("Ctrl+C once more quits.")
    chat.type("\x03")
    assert chat.ended() == 0


def test_quitting_by_command(chat: Chat) -> None:
    chat.type("/quit" + ENTER)
    assert chat.ended() == 0


def test_a_session_that_fails_ends_the_chat(tmp_path: Path) -> None:
    with Chat(tmp_path, exit_status=lambda code: 77 if code == "wrong-key" else 1) as chat:
        chat.client.emit(ev.Failed(code="wrong-key", text="no"))
        assert chat.ended() == 77


def test_an_error_of_ours_ends_the_chat_and_restores_the_terminal(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_values: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(chat.screen.conversation, "handle", broken)
    chat.client.emit(messages("general", record(1)))
    with pytest.raises(ZeroDivisionError):
        chat.ended()
    assert "\x1b[?1049l" in chat.written.getvalue()
    assert "Traceback" not in chat.written.getvalue()


def test_an_error_while_drawing_ends_the_chat_too(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_values: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(chat.screen.view, "rows", broken)
    chat.screen.app.invalidate()
    with pytest.raises(ZeroDivisionError):
        chat.ended()
    assert "\x1b[?1049l" in chat.written.getvalue()
