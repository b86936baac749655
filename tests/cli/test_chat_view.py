"""Which rows are seen: the reading position holds whatever arrives above and below."""

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.cli.chat.cells import Row, row_width
from common.cli.chat.chrome import bar, header, hints, prompt, rule, status
from common.cli.chat.paint import Painter
from common.cli.chat.signs import ASCII, FULL
from common.cli.chat.view import View
from common.client import events as ev
from common.client.conversation import Conversation
from tests.cli.chatting import NOW, messages, ready, record

TODAY = datetime.date(2025, 11, 20)


def viewed(*heads: Any, **more: Any) -> tuple[Conversation, View]:
    conversation = Conversation("Léa")
    conversation.handle(ready(), NOW)
    return conversation, View(conversation, Painter(FULL, today=lambda: TODAY))


def lines(rows: list[Row]) -> list[str]:
    return ["".join(text for _style, text in row).rstrip() for row in rows]


def test_a_conversation_as_in_the_picture() -> None:
    conversation, view = viewed()
    conversation.handle(
        messages(
            "general",
            record(1, "Bonsoir ! Elle renvoie **85 °C**", nick="Inès", ts=NOW),
            record(2, "attendre :\n```\nsonde.convertir()\n```", "marc", ts=NOW + 60_000),
            record(3, "Merci, `ok`", "me", nick="Léa", ts=NOW + 120_000),
            record(4, "waves", "marc", me=True, ts=NOW + 180_000),
        ),
        NOW,
    )
    for nick in ("Noé", "Tom"):
        conversation.handle(
            ev.Presence(kind="joined", room="general", user=nick, nick=nick, people=4),
            NOW + 240_000,
        )
    conversation.handle(
        ev.Progress(n=1, room="general", state="refused", text="no", code="storage-full"),
        NOW + 240_000,
    )
    got = lines(view.rows(80, 30))
    assert [line[6:] for line in got[1:]] == [
        "  Inès       Bonsoir ! Elle renvoie 85 °C",
        "  Marc       attendre :",
        "             │ sonde.convertir()",
        "  Léa        Merci, ok",
        "             ✓ no. 3 · stored",
        "  *          Marc waves",
        "  —          Noé joined the room",
        "  —          Tom joined the room",
        "  Léa        no",
        "             ! refused: the server's disk is full, and nothing was",
        "             stored. /resend or /edit",
    ]
    assert "Thursday 20 November" in got[0]


def test_narrow_terminals_put_the_name_above() -> None:
    conversation, view = viewed()
    conversation.handle(
        messages("general", record(1, "one two three", nick="Inès"), record(2, "waves", me=True)),
        NOW,
    )
    got = lines(view.rows(40, 30))
    assert got[1].endswith(" Inès")
    assert got[2] == "   one two three"
    assert got[3].endswith("* Ines waves")


def test_an_empty_room_says_what_to_do() -> None:
    conversation, view = viewed()
    conversation.rooms["general"].complete = True
    got = lines(view.rows(60, 10))
    assert len(got) == 10
    assert any("It is quiet here." in line for line in got)


def test_code_keeps_its_marks_where_there_is_no_ground() -> None:
    conversation, _view = viewed()
    view = View(conversation, Painter(ASCII, ground=False, today=lambda: TODAY))
    conversation.handle(messages("general", record(1, "see `x`")), NOW)
    assert lines(view.rows(80, 5))[1].endswith("see `x`")


@given(st.data())
def test_nothing_moves_while_somebody_reads(data: st.DataObject) -> None:
    conversation, view = viewed()
    room = conversation.rooms["general"]
    width, height = data.draw(st.sampled_from([(40, 7), (80, 10), (120, 20)]))
    start = 200
    conversation.handle(
        messages(
            "general", *(record(seq, f"text {seq} " * (seq % 9 + 1)) for seq in range(start, 360))
        ),
        NOW,
    )
    view.rows(width, height)
    for _page in range(data.draw(st.integers(1, 4))):
        view.up()
        view.rows(width, height)
    before = lines(view.rows(width, height))
    newest = 360
    for _step in range(data.draw(st.integers(1, 4))):
        if data.draw(st.booleans()):
            conversation.handle(messages("general", record(newest, "new")), NOW)
            newest += 1
        else:
            page = [record(seq, f"old {seq}") for seq in range(start - 10, start)]
            start -= 10
            room.add_history(page, more=True)
            view.older_came()
        assert lines(view.rows(width, height)) == before
    assert room.unread == newest - 360
    view.to_end()
    assert lines(view.rows(width, height))[-1].endswith("new") or newest == 360
    assert room.unread == 0


def test_up_and_down_come_back_to_the_same_place() -> None:
    conversation, view = viewed()
    conversation.handle(
        messages("general", *(record(seq, f"text {seq}") for seq in range(1, 101))), NOW
    )
    at_end = lines(view.rows(80, 10))
    pages = [at_end]
    while not view.up():
        pages.append(lines(view.rows(80, 10)))
    assert lines(view.rows(80, 10))[1].endswith("text 1")
    assert len(pages) > 9
    while not view.following:
        view.down()
        view.rows(80, 10)
    assert lines(view.rows(80, 10)) == at_end


@given(st.integers(10, 200), st.integers(1, 60), st.text(max_size=60), st.text(max_size=20))
def test_no_row_is_wider_than_the_terminal(width: int, height: int, text: str, nick: str) -> None:
    conversation, view = viewed()
    conversation.handle(
        messages(
            "general",
            record(1, f"léa {text}", nick=nick or "x"),
            record(2, f"```\n{text}\n```\n> {text}", nick=nick or "x"),
        ),
        NOW,
    )
    conversation.handle(ev.Progress(n=1, room="general", state="queued", text=text), NOW)
    conversation.rooms["general"].notice([f"{nick}\t{text}", text], NOW)
    rows = view.rows(width, height)
    assert len(rows) <= height
    for row in rows:
        assert row_width(row) <= max(width, 12)


@pytest.mark.parametrize("width", [20, 30, 40, 60, 80, 120])
def test_what_stands_around_fits(width: int) -> None:
    conversation = Conversation("Léa")
    conversation.handle(ready(general=0, soutenances=0, bots=0), NOW)
    conversation.handle(ev.People(room="general", people=7), NOW)
    conversation.handle(messages("soutenances", record(1, "léa"), record(2, "léa")), NOW)
    conversation.handle(messages("bots", *(record(seq) for seq in range(1, 150))), NOW)
    top = header(conversation, FULL, width)
    words = "".join(text for _style, text in top)
    assert row_width(top) == width
    assert "#general" in words
    if width >= 40:
        assert "@2 soutenances" in words
    if width >= 120:
        assert "99+ bots" in words
        assert words.endswith("7 here ")
    conversation.handle(ev.LinkDown(code="wrong-key", reason="", retry_in=3), NOW)
    down = bar(conversation, FULL, width, NOW)
    assert down is not None
    assert row_width(down) == width
    for row in (
        rule(conversation, FULL, width, False),
        rule(conversation, FULL, width, True),
        prompt(conversation, FULL, width),
        hints(FULL, width, False),
        status("x" * 300, FULL, width),
    ):
        assert row_width(row) <= width
