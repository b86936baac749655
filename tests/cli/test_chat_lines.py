"""Line mode, and the way out of every chat: what is said, what is kept, which status."""

import io
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common import i18n
from common.cli import chat
from common.cli.chat import ChatSetup
from common.cli.chat.linemode import LineMode
from common.client import events as ev
from common.protocol.messages import Person
from tests.cli.chatting import FakeClient, messages, ready, record
from tests.support import scaled, wait_until


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.setup("en", {})
    yield
    i18n.setup("en", {})


class _Lines:
    """stdin: a line when the test says one."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._change = threading.Condition()
        self._closed = False

    def say(self, line: str) -> None:
        with self._change:
            self._lines.append(line + "\n")
            self._change.notify_all()

    def close(self) -> None:
        with self._change:
            self._closed = True
            self._change.notify_all()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        with self._change:
            self._change.wait_for(lambda: self._lines or self._closed)
            if not self._lines:
                raise StopIteration
            return self._lines.pop(0)


class _Talk:
    def __init__(self, tmp_path: Path, **more: Any) -> None:
        self.client = FakeClient()
        self.typed = _Lines()
        self.out = io.StringIO()
        self.status: int | None = None
        setup = ChatSetup(
            client=self.client,
            nick="Léa",
            rooms=["general"],
            data_dir=tmp_path,
            env={"LANG": "C.UTF-8"},
            **more,
        )
        self.mode = LineMode(setup, self.typed, self.out)  # type: ignore[arg-type]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self.status = self.mode.run()

    def wait(self, text: str) -> str:
        wait_until(lambda: text in self.out.getvalue(), text, saw=self.out.getvalue)
        return self.out.getvalue()

    def ended(self) -> int | None:
        self._thread.join(scaled(10))
        assert not self._thread.is_alive()
        self.client.close()
        return self.status


def _open(talk: _Talk, *history: Any, **heads: int) -> None:
    rooms = list(heads) or ["general"]
    talk.client.emit(ready(**heads), *(ev.CaughtUp(room=room, fetched=0) for room in rooms))
    talk.client.wait_asked("history", len(rooms))
    for values, future in talk.client.requests("history"):
        records = list(history) if values[0] == "general" else []
        future.set_result(ev.HistoryReply(room=values[0], records=records, more=False, head=2))


def test_a_conversation_line_by_line(tmp_path: Path) -> None:
    talk = _Talk(tmp_path)
    talk.typed.say("hello")
    _open(talk, record(1, "old"), record(2, "one\x1b[2J\ntwo"))
    text = talk.wait("    two")
    assert "Labo B204 (encrypted): #general" in text
    assert text.index("Ines: old") < text.index("Ines: one␛[2J")
    assert talk.client.wait_asked("say")[0] == ("general", "hello", False)
    talk.client.emit(
        ev.Progress(n=1, room="general", state="queued", text="hello"),
        ev.Progress(n=1, room="general", state="stored", text="hello", seq=3),
        messages("general", record(3, "hello", "me", id="stream-1"), record(4, "hi Léa")),
    )
    text = talk.wait("! Ines: hi Léa")
    assert "✓ no. 3 · stored" in text
    assert text.count("hello") == 0, "it stands above as it was typed"
    talk.typed.say("/nothing")
    talk.wait("! There is no command /nothing.")
    talk.client.emit(
        ev.LinkDown(code="stopping", reason="", retry_in=1),
        ev.LinkUp(behind=0, nick="Léa", encrypted=True),
    )
    talk.wait("Link back.")
    talk.client.wait_asked("say")[1].set_result(
        ev.StoredReply(room="general", seq=3, ts=0, id="stream-1")
    )
    talk.client.wait_asked("who")[1].set_result(ev.PeopleReply(room="general", people=[]))
    talk.typed.close()
    assert talk.ended() == 0


def test_rooms_are_named_where_there_are_several(tmp_path: Path) -> None:
    talk = _Talk(tmp_path)
    _open(talk, general=0, tea=0)
    talk.client.emit(messages("tea", record(1, "psst")))
    talk.wait("#tea Ines: psst")
    talk.client.emit(
        *[ev.Presence(kind="joined", room="tea", user=nick, nick=nick, people=4) for nick in "ab"]
    )
    talk.wait("#tea — b joined the room")
    talk.client.emit(ev.Failed(code="wrong-key", text="no"))
    assert talk.ended() == 1


def test_somebody_who_waits_to_be_let_in_is_told_with_their_key(tmp_path: Path) -> None:
    talk = _Talk(tmp_path, fingerprint="a1b2 c3d4")
    talk.client.emit(ev.Waiting())
    talk.wait("An administrator must let you in (your key: a1b2 c3d4); or give an invitation")
    _open(talk)
    talk.wait("(encrypted): #general")
    talk.client.emit(ev.Failed(code="banned", text="x"))
    assert talk.ended() == 1


def test_a_conversation_of_two_goes_by_the_nickname(tmp_path: Path) -> None:
    talk = _Talk(tmp_path)
    name = "@" + "a" * 16 + "-" + "b" * 16
    _open(talk)
    talk.client.emit(
        ev.RoomChanged(room=name, private=True, peer=Person("b" * 16, "bob")),
        ev.CaughtUp(room=name, fetched=0),
    )
    talk.client.wait_asked("history", 2)[1].set_result(
        ev.HistoryReply(room=name, records=[], more=False, head=0)
    )
    talk.client.emit(messages(name, record(1, "psst", "b" * 16, nick="bob")))
    talk.wait("@bob bob: psst")
    talk.typed.say("/room @BOB")
    talk.wait("\n@bob\n")
    talk.typed.say("yes?")
    assert talk.client.wait_asked("say")[0] == (name, "yes?", False)
    talk.client.emit(ev.Gap(room=name, first=2, last=4), messages(name, record(5, "x", "b" * 16)))
    talk.wait("messages 2 to 4 are not here")
    talk.client.emit(ev.Failed(code="banned", text="x"))
    assert talk.ended() == 1


def test_the_status_tells_that_something_was_not_stored(tmp_path: Path) -> None:
    talk = _Talk(tmp_path)
    talk.typed.say("no")
    _open(talk)
    _values, future = talk.client.wait_asked("say")
    talk.client.emit(
        ev.Progress(n=1, room="general", state="refused", text="no", code="storage-full")
    )
    talk.wait("refused: the server's disk is full")
    future.set_exception(ev.Refused("storage-full", "disk"))
    talk.client.wait_asked("who")[1].set_exception(ev.Refused("timeout", "x"))
    talk.typed.close()
    assert talk.ended() == 1


# --- the way out ---------------------------------------------------------------------------------


def _setup(tmp_path: Path, **more: Any) -> tuple[FakeClient, ChatSetup]:
    client = FakeClient()
    client.emit(ev.Failed(code="nick-taken", text="x", values={"nick": "Ada"}))
    fields: dict[str, Any] = {"nick": "x", "rooms": [], "env": {"TERM": "dumb"}} | more
    return client, ChatSetup(client=client, data_dir=tmp_path / "client", **fields)


def test_a_failure_is_told_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    client, setup = _setup(tmp_path, exit_status=lambda _code: 77)
    assert chat.run(setup) == 77
    assert "is taken" in capsys.readouterr().err
    assert client.closed


@pytest.mark.parametrize(("kept", "words"), [(True, "2 messages wait"), (False, "were not sent")])
def test_what_is_unsent_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kept: bool, words: str
) -> None:
    client, setup = _setup(tmp_path, keeps_unsent=kept)
    client.left_over = 2
    chat.run(setup)
    assert words in capsys.readouterr().err


@pytest.mark.logs_errors
def test_an_error_of_ours_is_a_line_and_a_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_setup: ChatSetup) -> Any:
        print("a library complains", file=sys.stderr)
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(chat, "_show", broken)
    client, setup = _setup(tmp_path)
    assert chat.run(setup) == 1
    said = capsys.readouterr().err
    assert said.startswith("client_cli.py: Something went wrong.")
    assert len(said.splitlines()) == 1
    log = (tmp_path / "client" / "chat.log").read_text()
    assert "ZeroDivisionError" in log
    assert "a library complains" in log
    assert client.closed


def test_a_terminal_that_is_gone_is_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_setup: ChatSetup) -> Any:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(chat, "_show", gone)
    _client, setup = _setup(tmp_path)
    assert chat.run(setup) == 129
    assert capsys.readouterr().err == ""


def test_a_screen_needs_a_terminal(tmp_path: Path) -> None:
    assert not chat.wants_screen(_setup(tmp_path)[1])
    assert not chat.wants_screen(_setup(tmp_path, env={"TERM": "xterm"})[1])
