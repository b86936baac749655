"""Writing, with real keys: accents, emoji, lines, what was sent, completion, what is wrong."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

import pytest

from common import i18n
from common.client.completion import Candidate, candidates
from common.client.timeline import Draft
from common.gui.composer import Composer
from common.gui.theme import Theme
from common.protocol.limits import WIRE
from tests.support import wait_until
from tests.support.display import Keyboard


class Desk:
    """A composer on the screen, and what was sent."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self.root = root
        self.sent: list[str] = []
        self.wrong = ""
        self.composer = Composer(
            root, theme, on_send=self._send, complete=self._complete, on_menu=lambda _button: None
        )
        self.composer.place_in("#general")
        self.composer.pack(side="bottom", fill="x")
        self.composer.history = self.sent
        root.update()
        root.focus_force()
        self.composer.focus_set()
        self.has_focus(self.composer.text)

    def has_focus(self, widget: tk.Misc) -> None:
        def there() -> bool:
            self.root.update()
            return self.root.focus_get() is widget

        wait_until(there, f"the focus on {widget}", saw=self.root.focus_get)

    def _send(self, text: str) -> str | None:
        if text.startswith("/no"):
            return "There is no command /no."
        self.sent.append(text)
        return None

    @staticmethod
    def _complete(before: str, asked: bool) -> Sequence[Candidate]:
        return candidates(before, ["general"], ["Inès", "Ivo", "Marc"], asked=asked)

    def holds(self, words: str) -> None:
        def same() -> bool:
            self.root.update()
            return self.composer.value == words

        wait_until(same, f"{words!r} to be typed", saw=lambda: self.composer.value)

    def says(self, words: str) -> bool:
        self.root.update()
        labels = [each for each in self.composer._foot.winfo_children() if each.winfo_manager()]
        return any(words in str(each.cget("text")) for each in labels)

    @property
    def popup(self) -> list[str]:
        self.root.update()
        popup = self.composer._popup
        return [one.shown for one in popup._candidates]


@pytest.fixture
def desk(root: tk.Tk, theme: Theme) -> Desk:
    return Desk(root, theme)


def test_dead_keys_and_pasted_emoji_are_sent_as_they_were_meant(
    desk: Desk, keyboard: Keyboard
) -> None:
    keyboard.press("dead_acute", "e")
    desk.holds("é")
    desk.root.clipboard_clear()
    desk.root.clipboard_append(" salut 😀")
    keyboard.press("ctrl+v")
    desk.holds("é salut 😀")
    keyboard.press("BackSpace")
    keyboard.type("xy")
    desk.holds("é salut xy")
    keyboard.press("ctrl+v", "Return")
    desk.holds("")
    assert desk.sent == ["é salut xy salut 😀"]


def test_enter_sends_and_with_shift_it_breaks_the_line(desk: Desk, keyboard: Keyboard) -> None:
    one = desk.composer.text.winfo_height()
    keyboard.type("one")
    keyboard.press("shift+Return")
    keyboard.type("two")
    keyboard.press("ctrl+Return")
    desk.holds("one\ntwo\n")
    assert desk.composer.text.winfo_height() >= 3 * one - 4
    keyboard.press("alt+Return", "shift+Return", "shift+Return", "shift+Return", "shift+Return")
    desk.root.update()
    assert int(desk.composer.text.cget("height")) == 6
    keyboard.press("Return")
    desk.holds("")
    assert desk.composer.text.winfo_height() == one
    keyboard.press("Return")
    assert desk.sent == ["one\ntwo\n" + "\n" * 5]


def test_up_and_down_go_through_what_was_sent_and_keep_what_was_typed(
    desk: Desk, keyboard: Keyboard
) -> None:
    desk.sent += ["first", "second\nwith two lines"]
    keyboard.type("draft")
    keyboard.press("Up")
    desk.holds("second\nwith two lines")
    keyboard.press("Up")
    desk.holds("second\nwith two lines")
    keyboard.press("Up")
    desk.holds("first")
    keyboard.press("Up")
    desk.holds("first")
    keyboard.press("Down", "Down", "Down")
    desk.holds("draft")
    keyboard.press("ctrl+z", "ctrl+z", "ctrl+z", "ctrl+z", "ctrl+z")
    keyboard.type("x")
    assert desk.composer.value


def test_a_name_is_offered_while_it_is_typed_and_taken_by_tab(
    desk: Desk, keyboard: Keyboard
) -> None:
    keyboard.type("😀 @i")
    assert desk.popup == ["@Inès", "@Ivo"]
    keyboard.press("Down", "Tab")
    desk.holds("😀 @Ivo ")
    assert desk.popup == []
    keyboard.type(":thumbsu")
    assert len(desk.popup) == 1
    keyboard.press("Return")
    desk.holds("😀 @Ivo 👍 ")
    keyboard.type("mar")
    keyboard.press("Tab")
    desk.holds("😀 @Ivo 👍 Marc ")
    assert desk.sent == []


def test_commands_are_offered_with_their_help_and_escape_puts_them_away(
    desk: Desk, keyboard: Keyboard
) -> None:
    keyboard.type("/")
    assert "/help" in desk.popup
    keyboard.press("Escape")
    assert desk.popup == []
    keyboard.type("help")
    keyboard.press("Return")
    desk.holds("")
    assert desk.sent == ["/help"]


def test_what_is_wrong_stands_under_the_text_which_stays(desk: Desk, keyboard: Keyboard) -> None:
    keyboard.type("/no")
    keyboard.press("Escape", "Return")
    assert desk.says("There is no command /no.")
    desk.holds("/no")
    keyboard.press("BackSpace")
    desk.holds("/n")
    assert not desk.says("There is no command")


def test_a_draft_comes_back_with_its_caret(desk: Desk, keyboard: Keyboard) -> None:
    draft = Draft("a😀b\nc", 2)
    desk.composer.draft = draft
    assert desk.composer.draft == draft
    keyboard.type("X")
    desk.holds("a😀Xb\nc")
    assert desk.composer.draft == Draft("a😀Xb\nc", 3)


def test_the_size_is_told_near_the_limit_and_too_much_is_not_pasted(desk: Desk) -> None:
    desk.composer.draft = Draft("é" * (WIRE.text // 2 - 50))
    assert desk.says("100 bytes left")
    desk.composer.draft = Draft("x" * (WIRE.text + 3))
    assert desk.says("3 bytes too long")
    desk.composer.draft = Draft("kept")
    assert not desk.says("bytes")
    desk.root.clipboard_clear()
    desk.root.clipboard_append("x" * 5 * WIRE.text)
    desk.composer.text.event_generate("<<Paste>>")
    assert desk.says("too long to be pasted")
    assert desk.composer.value == "kept"


def test_the_picker_finds_an_emoji_by_name_and_gives_the_focus_back(
    desk: Desk, keyboard: Keyboard
) -> None:
    desk.root.geometry("720x560")
    keyboard.type("a")
    desk.composer._smile.invoke()
    desk.has_focus(desk.composer._picker._field.text)
    keyboard.type("rocke")
    keyboard.press("Return")
    desk.holds("a🚀")
    keyboard.type("b")
    desk.holds("a🚀b")
    desk.composer._smile.invoke()
    desk.has_focus(desk.composer._picker._field.text)
    keyboard.press("Right", "Escape")
    desk.has_focus(desk.composer.text)
    keyboard.type("c")
    desk.holds("a🚀bc")


def test_without_safe_emoji_names_stand_for_them(
    desk: Desk, theme: Theme, keyboard: Keyboard
) -> None:
    theme.emoji_safe = False
    desk.composer.insert("hi 🚀")
    assert desk.composer.text.get("1.0", "end-1c") == "hi :rocket:"
    keyboard.press("Return")
    desk.holds("")
    assert desk.sent == ["hi 🚀"]


def test_a_small_window_has_an_arrow(desk: Desk) -> None:
    assert desk.says("Enter sends")
    desk.composer.compact(True)
    assert not desk.says("Enter sends")
    assert desk.composer._send_icon.winfo_manager()
    assert not desk.composer._send_words.winfo_manager()


def test_nothing_of_it_stays_in_the_window_without_it(desk: Desk, keyboard: Keyboard) -> None:
    before = len(desk.root.winfo_children())
    keyboard.type("@i")
    assert desk.popup
    desk.composer._smile.invoke()
    desk.root.update()
    desk.composer.destroy()
    desk.root.update()
    assert len(desk.root.winfo_children()) == before - 2


def test_a_command_that_is_typed_whole_is_sent_with_or_without_its_accents(
    desk: Desk, keyboard: Keyboard
) -> None:
    i18n.setup("fr", {})
    try:
        keyboard.type("/creer staff prive")
        assert desk.popup == ["privé"]
        keyboard.press("Return")
        desk.holds("")
        assert desk.sent == ["/creer staff prive"]
    finally:
        i18n.setup("en", {})


def test_a_small_window_has_no_empty_strip_under_the_text(desk: Desk) -> None:
    composer = desk.composer
    desk.root.update()
    tall = composer.winfo_reqheight()
    composer.compact(True)
    desk.root.update()
    assert composer.winfo_reqheight() <= tall - composer._under.winfo_reqheight()
    composer.wrong("No.")
    assert desk.says("No.")
    composer.insert("x")
    desk.root.update()
    assert not composer._foot.winfo_manager()
    composer.compact(False)
    assert desk.says("Enter sends")
