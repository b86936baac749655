"""What a chat shows when it shows something anew: another room, another language, another day."""

from __future__ import annotations

import tkinter as tk

import pytest

from common import i18n
from common.client.timeline import Draft
from common.gui.dialogs.preferences import Preferences
from common.gui.theme import Theme
from tests.gui.chatting import Chatting
from tests.support.display import Keyboard
from tests.support.people import Person
from tests.support.programs import BrokerProgram


@pytest.fixture(autouse=True)
def english() -> None:
    i18n.setup("en", {})


def test_each_room_opens_where_one_was_in_it(lea: Chatting, ines: Person) -> None:
    """Further up where somebody read there; with what is new, at the line about it; else at its
    end. What was not on the screen does not count as seen."""
    chat = lea.chat
    lea.root.geometry("1100x420")
    ines.throw("general", [f"general {n}" for n in range(60)])
    lea.sees("general 59")
    lea.write("/join lab")
    lea.until(lambda: chat.talk.current == "lab", "the room")
    lea.write("one word")
    lea.sees("one word")

    def go(name: str) -> None:
        chat.controller.open(name)
        lea.until(lambda: chat.view.room is chat.talk.rooms[name] and chat.view.settled, name)
        lea.root.update()

    go("general")
    assert chat.view.following
    chat.view.page_up()
    chat.view.page_up()
    lea.until(lambda: chat.view.settled, "a screen further up")
    stay = chat.view.stay
    assert stay is not None
    go("lab")
    assert chat.view.following
    ines.throw("general", [f"later {n}" for n in range(30)])
    lea.until(lambda: chat.talk.rooms["general"].unread == 30, "what came meanwhile")
    go("general")
    assert chat.view.stay == stay
    assert chat.view.new == 30
    seen = chat.talk.seen()
    assert seen is None, "its end was not on the screen"
    chat.view.to_end()
    lea.until(lambda: chat.talk.seen() is not None, "that it was seen")
    go("lab")
    ines.throw("general", [f"last {n}" for n in range(30)])
    lea.until(lambda: chat.talk.rooms["general"].unread == 30, "what came meanwhile")
    go("general")
    assert not chat.view.following
    assert chat.view.new == 30
    first = chat.view.text.search("last 0", "1.0")
    assert chat.view.text.dlineinfo(first), "the first of what is new is on the screen"
    assert not chat.view.text.dlineinfo("end-1c")
    go("lab")
    ines.throw("general", ["a", "b"])
    go("general")
    assert not chat.view.following, "they had not been at its end"


def test_what_came_while_away_opens_a_room_at_the_line_about_it(
    root: tk.Tk, theme: Theme, broker: BrokerProgram, ines: Person
) -> None:
    root.geometry("1100x420")
    with Chatting(root, broker.data_dir, broker.link) as lea:
        lea.write("before")
        lea.sees("no. 1 · stored")
    ines.throw("general", [f"away {n}" for n in range(40)])
    ines.hears("away 39", "general")
    with Chatting(root, broker.data_dir, broker.link) as lea:
        lea.until(lambda: not lea.chat.view.following, "a place further up")
        lea.until(lambda: lea.chat.view.settled, "all of it")
        text = lea.chat.view.text
        assert text.dlineinfo(text.search("since\u00a0you\u00a0left", "1.0"))
        assert not text.dlineinfo("end-1c")
        assert lea.chat.view.new == 40
        lea.write("back")
        lea.until(lambda: lea.chat.view.following, "the end, since they spoke")


def test_another_language_is_spoken_at_once_and_nothing_is_lost_by_it(
    lea: Chatting, theme: Theme, ines: Person, keyboard: Keyboard
) -> None:
    chat = lea.chat
    lea.root.geometry("1100x420")
    ines.throw("general", [f"line {n}" for n in range(60)])
    lea.sees("line 59")
    chat.view.page_up()
    lea.until(lambda: chat.view.settled, "a screen further up")
    stay = chat.view.stay
    chat.composer.insert("half a thou")
    Preferences(chat.desk)._spoken("fr")
    lea.until(lambda: "Entrée envoie" in words_of(chat), "French")
    assert chat.composer.value == "half a thou"
    assert chat.view.stay == stay
    again = lea.sheet(Preferences)
    assert again.title() == "Réglages"
    again.close()
    lea.until(lambda: lea.root.focus_lastfor() is chat.composer.text, "the caret where one writes")
    ines.do("say", room="general", text="still here")
    lea.until(lambda: chat.view.new == 1, "what comes")
    chat.composer.draft = Draft("")
    lea.write("moi aussi")
    lea.until(lambda: "enregistré" in lea.text(), "the state")
    chat.composer.text.focus_force()
    lea.root.update()
    keyboard.press("ctrl+f")
    lea.until(lambda: chat.search.is_open, "the keys")
    Preferences(chat.desk)._spoken("en")
    lea.until(lambda: "Enter sends" in words_of(chat), "English")
    lea.sheet(Preferences).close()
    # Nothing of what was there before is left to follow the theme, or to listen.
    theme.switch("dark")
    theme.zoom(120)
    lea.root.update()


def words_of(widget: tk.Misc) -> str:
    """Everything that labels say."""
    own = str(widget.cget("text")) if widget.winfo_class() in ("Label", "TLabel") else ""
    return " ".join([own, *map(words_of, widget.winfo_children())])
