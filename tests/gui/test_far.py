"""A message that is not loaded: found by the search, shown where it stands, and the way back."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

import pytest

from common import i18n
from common.gui.theme import Theme
from tests.gui.chatting import Chatting
from tests.support.people import Person
from tests.support.programs import BrokerProgram

COUNT = 700
NEEDLE = 300
"""Number of the message that holds the word; the last fifty are loaded."""


@pytest.fixture(autouse=True)
def english() -> None:
    i18n.setup("en", {})


@pytest.fixture
def away(root: tk.Tk, theme: Theme, broker: BrokerProgram, ines: Person) -> Iterator[Chatting]:
    """Somebody who looked for a word in a long room, and is where it was said."""
    root.geometry("900x500+0+0")
    texts = ["a needle" if n == NEEDLE else f"line {n}" for n in range(1, COUNT + 1)]
    ines.throw("general", texts)
    ines.hears_all(texts[-1:], "general")
    with Chatting(root, broker.data_dir, broker.link) as lea:
        lea.sees(f"line {COUNT}")
        find(lea)
        yield lea


def find(lea: Chatting) -> None:
    chat = lea.chat
    chat.parts.open_search()
    chat.search.field.value = "needle"
    lea.until(lambda: "Nothing for" in chat.search.says, "that it is not loaded")
    chat.search.older()
    lea.until(lambda: chat.parts.far.away and chat.view.settled, "the part where it was said")


def pill(lea: Chatting) -> str:
    """What the pill over the foot of the conversation says, "" where there is none."""
    lea.root.update()
    shown = lea.chat.view._where.pill
    return str(shown.cget("text")) if shown.winfo_ismapped() else ""


def test_it_is_shown_with_what_stands_around_it(away: Chatting) -> None:
    chat = away.chat
    text = chat.view.text
    assert text.dlineinfo(text.search("a needle", "1.0")), "it is on the screen"
    assert text.tag_ranges("found-now"), "and marked"
    assert f"line {NEEDLE - 1}\n" in away.text()
    assert f"line {NEEDLE + 1}\n" in away.text()
    assert f"line {COUNT}\n" not in away.text()
    assert pill(away) == "To the newest messages"
    assert chat.talk.seen() is None


def test_what_comes_meanwhile_is_unread_until_one_is_back(away: Chatting, ines: Person) -> None:
    chat = away.chat
    ines.do("say", room="general", text="something new")
    away.until(lambda: away.titles[-1].startswith("(1) #general"), "a count in the title")
    assert "something new" not in away.text()
    chat.view.to_end()
    away.sees("something new")
    assert not chat.parts.far.away
    assert chat.view.following
    away.until(lambda: away.titles[-1].startswith("#general"), "no count")
    assert pill(away) == ""


def test_scrolling_down_leads_to_the_newest_without_a_hole(away: Chatting) -> None:
    chat = away.chat

    def arrived() -> bool:
        chat.view.page_down()
        return not chat.parts.far.away

    away.until(arrived, "the room itself", 30)
    room = chat.talk.rooms["general"]
    assert chat.view.room is room
    assert not chat.view.following
    held = [n for n in range(room.first, COUNT + 1) if room.get((n, 0)) is not None]
    assert room.first < NEEDLE
    assert held == list(range(room.first, COUNT + 1))
    away.until(lambda: chat.view.settled, "all of it")
    assert pill(away) == "", "nothing is new"

    def at_the_end() -> bool:
        chat.view.page_down()
        return chat.view.following

    away.until(at_the_end, "the end", 30)
    away.sees(f"line {COUNT}")
    away.until(lambda: chat.talk.seen() is not None, "that it was seen")


def test_scrolling_up_goes_on_to_the_beginning(away: Chatting) -> None:
    chat = away.chat

    def at_the_beginning() -> bool:
        chat.view.page_up()
        return "line 1\n" in away.text()

    away.until(at_the_beginning, "the beginning", 30)
    assert chat.parts.far.away
    shown = chat.view.room
    assert shown is not None
    assert shown.complete


def test_writing_leads_back(away: Chatting) -> None:
    away.write("here I am")
    away.sees("here I am")
    assert not away.chat.parts.far.away
    assert away.chat.view.following


def test_a_text_that_is_taken_away_goes_there_too(away: Chatting, ines: Person) -> None:
    ines.do("delete", room="general", seq=NEEDLE)
    away.sees("message deleted by its author")
    assert away.chat.parts.far.away
    assert "a needle" not in away.text()


def test_another_room_and_back_is_at_the_end(away: Chatting) -> None:
    chat = away.chat
    away.write("/join lab")
    away.until(lambda: chat.talk.current == "lab", "the room")
    chat.controller.open("general")
    away.sees(f"line {COUNT}")
    assert chat.view.following
    find(away)
    assert "a needle" in away.text()
