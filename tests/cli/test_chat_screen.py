"""The full-screen chat: what keys do and what is seen, with a played client."""

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from common import i18n
from common.client import events as ev
from common.protocol.messages import Person, RoomInfo
from tests.cli.chatting import Chat, messages, ready, record
from tests.support import wait_until

ENTER, PAGE_UP, PAGE_DOWN = "\r", "\x1b[5~", "\x1b[6~"
FEW = 600
"""Messages that may be taken in before a key is: four batches."""


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.setup("en", {})
    yield
    i18n.setup("en", {})


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    with Chat(tmp_path) as chat:
        yield chat


def _history(chat: Chat, *records: object, more: bool = False, count: int = 1) -> None:
    _values, future = chat.client.wait_asked("history", count)
    future.set_result(
        ev.HistoryReply(room="general", records=list(records), more=more, head=0)  # type: ignore[arg-type]
    )


def test_a_line_is_said_and_shown_with_its_state(chat: Chat) -> None:
    chat.type("hello there" + ENTER)
    values, _future = chat.client.wait_asked("say")
    assert values == ("general", "hello there", False)
    chat.client.emit(ev.Progress(n=1, room="general", state="queued", text="hello there"))
    assert "hello there" in chat.wait("… queued")
    assert "class:muted" in chat.style("hello there")
    chat.client.emit(
        ev.Progress(n=1, room="general", state="stored", text="hello there", seq=1),
        messages("general", record(1, "hello there", "me", id="stream-1", nick="Léa")),
    )
    chat.wait("✓ no. 1 · stored")
    assert "muted" not in chat.style("hello there")
    assert chat.screen.input.text == ""


def test_the_header_tells_where_one_is(chat: Chat) -> None:
    chat.client.emit(ev.People(room="general", people=7))
    first = chat.wait("7").splitlines()[0]
    assert first.startswith(" Causette  #general  Labo B204 · encrypted")


def test_nothing_breaks_the_line_being_typed(chat: Chat) -> None:
    chat.type("half a sen")
    chat.wait("half a sen")
    chat.client.emit(messages("general", *(record(seq) for seq in range(1, 60))))
    wait_until(lambda: chat.text().count("hi") > 10, "messages", saw=chat.text)
    assert " #general › half a sen" in chat.rows()


def test_enter_sends_and_alt_enter_and_ctrl_j_make_lines(chat: Chat) -> None:
    chat.type("one\x1b\rtwo\x0athree")
    wait_until(lambda: chat.screen.input.text == "one\ntwo\nthree", "three lines")
    chat.type(ENTER)
    assert chat.client.wait_asked("say")[0][1] == "one\ntwo\nthree"


def test_a_paste_of_several_lines_is_one_message(chat: Chat) -> None:
    chat.type("\x1b[200~one\r\ntwo\n/quit\x1b[201~")
    wait_until(lambda: chat.screen.input.text == "one\ntwo\n/quit", "the paste")
    chat.type(ENTER)
    assert chat.client.wait_asked("say")[0][1] == "one\ntwo\n/quit"


def test_what_cannot_be_used_stays_in_the_line(chat: Chat) -> None:
    chat.type("/jion tea" + ENTER)
    chat.wait("Did you mean /join?")
    assert chat.screen.input.text == "/jion tea"
    assert not chat.client.requests("say")


def test_former_lines_come_back_and_are_kept_privately(chat: Chat, tmp_path: Path) -> None:
    for number, line in enumerate(("first", "second")):
        chat.type(line + ENTER)
        chat.client.wait_asked("say", number + 1)
    chat.type("\x1b[A\x1b[A")
    wait_until(lambda: chat.screen.input.text == "first", "the line before the last")
    kept = tmp_path / "chat-lines.jsonl"
    assert kept.read_text() == '"first"\n"second"\n'
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_tab_completes_a_nickname_a_command_and_an_emoji(chat: Chat) -> None:
    chat.client.emit(messages("general", record(1, "yo", "ines", nick="Inès")))
    chat.wait("yo")
    chat.type("in\t")
    wait_until(lambda: chat.screen.input.text == "Inès, ", "the nickname")
    chat.type(":tada\t")
    wait_until(lambda: chat.screen.input.text == "Inès, 🎉 ", "the emoji")
    chat.type("\x03/hist\t")
    wait_until(lambda: chat.screen.input.text == "/history ", "the command")


def test_a_menu_opens_while_a_command_is_typed(chat: Chat) -> None:
    chat.type("/r")
    assert "go to a room that you are in" in chat.wait("which rooms there are")
    chat.type("\t\t" + ENTER)
    wait_until(lambda: chat.screen.input.complete_state is None, "a closed menu")
    assert chat.screen.input.text.startswith("/r")
    assert not chat.client.requests("say")


def test_a_mention_has_a_ground_and_a_bold_name(chat: Chat) -> None:
    chat.client.emit(messages("general", record(1, "hey léa, look"), record(2, "others")))
    chat.wait("others")
    assert "class:mention-row" in chat.style("hey")
    assert "class:you" in chat.style("léa")
    assert "mention-row" not in chat.style("others")


def test_rooms_with_unread_lines_stand_in_the_header(tmp_path: Path) -> None:
    with Chat(tmp_path, rooms=["general", "tea", "bots"]) as chat:
        chat.client.emit(
            messages("tea", record(1, "@léa psst")),
            messages("bots", record(1, "beep")),
            messages("general", record(1, "hello")),
        )
        assert "@1 tea  1 bots" in chat.wait("hello").splitlines()[0]
        chat.type("\x1b2")
        chat.wait("psst")
        assert "tea  1 bots" not in chat.rows()[0]
        chat.type("\x0e")
        chat.wait("beep")
        chat.type("\x10\x10")
        chat.wait("hello")


def test_each_room_keeps_its_draft(tmp_path: Path) -> None:
    with Chat(tmp_path) as chat:
        chat.client.emit(messages("tea", record(1)))
        chat.wait("1 tea")
        chat.type("a draft\x0e")
        chat.wait("#tea ›")
        assert chat.screen.input.text == ""
        chat.type("another\x10")
        chat.wait("#general › a draft")
        chat.type("\x0e")
        chat.wait("#tea › another")


def test_scrolling_up_holds_still_and_counts_what_is_new(chat: Chat) -> None:
    chat.client.emit(messages("general", *(record(seq, f"line {seq}") for seq in range(1, 101))))
    chat.wait("line 100")
    assert chat.client.seen_marks[-1] == ("general", 100, "ines-100")
    chat.type(PAGE_UP + PAGE_UP)
    chat.wait("Older messages")
    before = chat.rows()[1:-3]
    chat.client.emit(messages("general", *(record(seq, f"line {seq}") for seq in range(101, 106))))
    chat.wait("5 new messages")
    assert chat.rows()[1:-3] == before
    assert chat.client.seen_marks[-1] == ("general", 100, "ines-100")
    chat.type(PAGE_DOWN * 3)
    chat.wait("line 105")
    chat.wait_gone("new messages")
    wait_until(lambda: chat.client.seen_marks[-1][1] == 105, "seen")


def test_page_up_at_the_top_fetches_history(chat: Chat) -> None:
    chat.client.emit(messages("general", *(record(seq, f"line {seq}") for seq in range(50, 61))))
    chat.wait("line 60")
    chat.type(PAGE_UP)
    values, future = chat.client.wait_asked("history")
    assert values == ("general", 50, 100)
    older = [record(seq, f"line {seq}") for seq in range(1, 50)]
    future.set_result(ev.HistoryReply(room="general", records=older, more=False, head=60))
    chat.wait("line 40")
    chat.wait_gone("line 60")


def test_since_you_left_is_marked_and_can_be_gone_to(tmp_path: Path) -> None:
    with Chat(tmp_path, begin=ready(general=60)) as chat:
        chat.client.emit(messages("general", *(record(seq, f"l{seq}") for seq in range(30, 61))))
        chat.client.emit(ev.CaughtUp(room="general", fetched=31))
        chat.wait("l60")
        chat.client.wait_asked("history")[1].set_result(
            ev.HistoryReply(room="general", records=[record(29, "l29")], more=True, head=60)
        )
        chat.type("\x1bu")
        chat.wait("since you left")
        chat.wait_gone("l60")
        assert chat.rows()[2].endswith("l30")


def test_in_no_room_at_all(chat: Chat) -> None:
    chat.client.emit(ev.Left(room="general"))
    chat.wait("You are in no room.")
    chat.type("lost" + ENTER)
    chat.wait("You are in no room. /join ROOM")
    assert chat.screen.input.text == "lost"


def test_a_refused_message_is_sent_again_or_taken_back(chat: Chat) -> None:
    refused = ev.Progress(
        n=1, room="general", state="refused", text="mine", code="storage-full", reason="disk"
    )
    chat.client.emit(refused)
    assert "/resend or /edit" in chat.wait("refused: the server's disk is full")
    chat.type("/resend" + ENTER)
    assert chat.client.wait_asked("say")[0] == ("general", "mine", False)
    chat.wait_gone("refused")
    chat.client.emit(refused)
    chat.wait("refused")
    chat.type("/edit" + ENTER)
    wait_until(lambda: chat.screen.input.text == "mine", "the text in the line")
    chat.wait_gone("refused")


def test_what_can_never_be_stored_is_not_sent_again(chat: Chat) -> None:
    chat.client.emit(
        ev.Progress(n=1, room="general", state="refused", text="mine", code="too-large")
    )
    assert "/resend" not in chat.wait("/edit")
    chat.type("/resend" + ENTER)
    chat.wait("/edit lets you change it")


def test_a_cut_shows_a_bar_with_a_countdown(chat: Chat) -> None:
    chat.client.emit(
        ev.People(room="general", people=4),
        ev.LinkDown(code="unreachable-refused", reason="x", retry_in=30),
    )
    text = chat.wait("Link down.")
    assert "Your messages wait." in text
    assert "Next try in" in text
    assert "4 before the cut" in text
    chat.wait("Next try in 29 s.")
    chat.client.emit(
        ev.Progress(n=1, room="general", state="queued", text="later"),
        ev.LinkUp(behind=2, nick="Léa", encrypted=True),
        ev.CaughtUp(room="general", fetched=14),
    )
    chat.wait("Link back. 14 messages caught up, no gap.")


def test_no_encryption_is_loud(tmp_path: Path) -> None:
    with Chat(tmp_path, encrypted=False) as chat:
        chat.client.emit(ev.LinkUp(behind=0, nick="Léa", encrypted=False))
        chat.wait("! not encrypted")
        assert "class:loud" in chat.style("not encrypted")


def test_commands_answer_in_the_room(chat: Chat) -> None:
    chat.type("/who" + ENTER)
    _values, future = chat.client.wait_asked("who", 2)
    future.set_result(ev.PeopleReply(room="general", people=[Person("a", "Ada\x1b[1m")]))
    chat.wait("Ada␛[1m")
    chat.type("/rooms" + ENTER)
    chat.client.wait_asked("rooms")[1].set_result(ev.RoomsReply(rooms=[RoomInfo("tea", 1238, 2)]))
    assert "1,238 messages" in chat.wait("#tea")
    chat.type("/nick Léonie" + ENTER)
    chat.client.wait_asked("nick")[1].set_result(ev.DoneReply())
    chat.wait("You are Léonie here.")
    chat.type("/join tea" + ENTER)
    chat.client.wait_asked("join")[1].set_result(ev.JoinedReply(room="tea", head=0, people=1))
    chat.wait("#tea ›")
    chat.type("/leave" + ENTER)
    chat.client.wait_asked("leave")[1].set_result(ev.DoneReply())
    chat.wait("#general ›")
    chat.type("/clear" + ENTER)
    chat.wait_gone("Léonie here")


def test_a_limit_says_how_long_it_lasts(chat: Chat) -> None:
    chat.client.emit(ev.Paused(seconds=2.4))
    chat.wait("The rest can leave in 3 s.")


def test_a_refused_command_says_why(chat: Chat) -> None:
    chat.type("/nick Ada" + ENTER)
    chat.client.wait_asked("nick")[1].set_exception(ev.Refused("nick-taken", "x", {"nick": "Ada"}))
    chat.wait("is taken. Try")


def test_the_conversation_is_saved(
    chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    chat.client.emit(messages("general", record(1, "one\x1b[2J\ntwo")))
    chat.wait("two")
    chat.type("/save talk.txt" + ENTER)
    chat.wait("1 message saved in")
    saved = (tmp_path / "talk.txt").read_text()
    assert "one␛[2J" in saved
    chat.type("/save talk.txt" + ENTER)
    chat.wait("exists already")
    assert chat.screen.input.text == "/save talk.txt"
    chat.type("\x03/save talk.html" + ENTER)
    chat.wait("talk.html")
    assert (tmp_path / "talk.html").read_text().startswith("<!DOCTYPE html>")
    chat.type("/save" + ENTER)
    wait_until(lambda: list(tmp_path.glob("causette-general-*.txt")), "the file")


def test_escapes_of_others_reach_no_terminal(chat: Chat) -> None:
    """Row 53: OSC 52, CSI and CR are shown, not obeyed; row 52: bidi, NUL."""
    evil = "\x1b]52;c;aGk=\x07\x1b[2Jx\ry\u202ez\x00\x9b1m"
    chat.client.emit(
        messages("general", record(1, evil, nick="Eve\x1b[31m")),
        ev.Presence(kind="joined", room="general", user="b", nick="B\x1b]0;t\x07", people=2),
    )
    chat.wait("␛]52;c;aGk=␇␛[2Jx␍y")
    chat.wait("B␛]0;t␇ joined the room")
    written = chat.written.getvalue()
    assert "\x1b]52" not in written
    assert "\x1b]0;t" not in written
    assert "\u202e" not in written
    assert "\x9b" not in written


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_every_width_shows_name_and_text(tmp_path: Path, columns: int) -> None:
    with Chat(tmp_path, rows=15, columns=columns) as chat:
        words = " ".join(f"word{number}" for number in range(20))
        chat.client.emit(messages("general", record(1, f"漢字 👩‍💻 {words}", nick="Inès")))
        text = chat.wait("word19")
        assert "Inès" in text
        assert all(f"word{number}" in text for number in range(20))


def test_resizing_draws_anew(chat: Chat) -> None:
    chat.client.emit(messages("general", record(1, "word " * 10 + "end")))
    chat.wait("word end")
    chat.resize(12, 40)
    wait_until(lambda: chat.text().count("word word word") > 1, "broken lines", saw=chat.text)
    assert "end" in chat.text()


def test_it_speaks_french(tmp_path: Path) -> None:
    i18n.setup("fr", {})
    with Chat(tmp_path) as chat:
        chat.client.emit(
            messages("general", record(1, "salut", "me", nick="Léa")),
            ev.Presence(kind="joined", room="general", user="n", nick="Noé", people=2),
        )
        text = chat.wait("Noé a rejoint le salon")
        assert "✓ n° 1 · enregistré" in text
        assert "chiffré" in text
        chat.type("/aide" + ENTER)
        chat.wait("/renvoyer")


def test_without_utf_8_signs_are_words(tmp_path: Path) -> None:
    with Chat(tmp_path, env={"TERM": "xterm", "LC_ALL": "C"}) as chat:
        chat.client.emit(
            messages("general", record(1, "mine", "me", nick="Lea")),
            ev.Progress(n=1, room="general", state="queued", text="later"),
        )
        text = chat.wait(".. queued")
        assert "ok no. 1" in text
        assert set(text) & set("✓…─│▲›·—") == set()


def test_keys_are_handled_between_the_batches_of_ten_thousand_messages(chat: Chat) -> None:
    """A key waits for a few batches at most, not for the flood; how long that is, `bench` tells."""
    room = chat.screen.conversation.rooms["general"]
    handled: list[int] = []
    sent: list[int] = []
    chat.screen.input.on_text_changed += lambda _buffer: handled.append(room.last[0])
    text = "message {} with **marks** and `code` " * 3
    lines = [record(seq, text.format(seq, seq, seq)) for seq in range(1, 10_001)]
    done = threading.Event()

    def typist() -> None:
        while not done.wait(0.01):
            sent.append(room.last[0])
            chat.type("x")

    person = threading.Thread(target=typist)
    person.start()
    chat.client.emit(messages("general", *lines))
    wait_until(lambda: room.last[0] == 10_000, "all messages", 30)
    done.set()
    person.join()
    wait_until(lambda: len(handled) >= len(sent), "all keys")
    waited = sorted(after - before for before, after in zip(sent, handled, strict=True))
    assert len([one for one in sent if one < 10_000]) > 5
    # The typist may be held up between looking and typing: not each of them counts.
    assert waited[int(len(waited) * 0.9)] <= FEW, f"the longest: {waited[-5:]}"
