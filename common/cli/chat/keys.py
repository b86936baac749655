"""The keys of the full-screen chat: one table. Owns which key does what; knows no meaning of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.filters import Condition, has_completions
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from common.i18n import _

if TYPE_CHECKING:
    from common.cli.chat.screen import Screen


def bindings(screen: Screen) -> KeyBindings:
    """The keys that differ from those of any line of text."""
    keys = KeyBindings()
    _typing(screen, keys)
    _moving(screen, keys)
    _rooms(screen, keys)
    return keys


def _typing(screen: Screen, keys: KeyBindings) -> None:
    add = keys.add

    @add("enter")
    def _enter(event: KeyPressEvent) -> None:
        state = screen.input.complete_state
        if state is not None and state.current_completion is not None:
            screen.input.complete_state = None
            return
        screen.entered()

    @add("escape", "enter")
    @add("c-j")
    def _newline(event: KeyPressEvent) -> None:
        screen.input.insert_text("\n")

    @add("tab")
    def _complete(event: KeyPressEvent) -> None:
        screen.complete()

    @add("s-tab")
    def _complete_back(event: KeyPressEvent) -> None:
        if screen.input.complete_state is not None:
            screen.input.complete_previous()

    @add("escape", filter=has_completions)
    def _close_menu(event: KeyPressEvent) -> None:
        screen.input.cancel_completion()

    @add("c-d")
    def _leave(event: KeyPressEvent) -> None:
        if screen.input.text:
            screen.input.delete()
        else:
            screen.quit()

    @add("c-c")
    def _interrupt(event: KeyPressEvent) -> None:
        screen.interrupt()

    @add("c-l")
    def _redraw(event: KeyPressEvent) -> None:
        event.app.renderer.clear()

    @add("c-z")
    def _suspend(event: KeyPressEvent) -> None:
        event.app.suspend_to_background()


def _moving(screen: Screen, keys: KeyBindings) -> None:
    add = keys.add
    empty = Condition(lambda: not screen.input.text)

    def up(rows: int | None) -> None:
        if screen.view.up(rows):
            screen.controller.older()

    def down(rows: int | None) -> None:
        screen.view.down(rows)
        screen.controller.mark_seen()

    @add("pageup")
    def _page_up(event: KeyPressEvent) -> None:
        up(None)

    @add("pagedown")
    def _page_down(event: KeyPressEvent) -> None:
        down(None)

    @add("c-up")
    @add("s-up")
    def _line_up(event: KeyPressEvent) -> None:
        up(1)

    @add("c-down")
    @add("s-down")
    def _line_down(event: KeyPressEvent) -> None:
        down(1)

    @add("c-home")
    def _start(event: KeyPressEvent) -> None:
        if screen.view.to_start():
            screen.controller.older()

    @add("c-end")
    @add("end", filter=empty)
    def _end(event: KeyPressEvent) -> None:
        screen.view.to_end()
        screen.controller.mark_seen()

    @add("escape", "u")
    def _unread(event: KeyPressEvent) -> None:
        if not screen.view.to_unread():
            screen.say(_("Nothing came while you were away."))


def _rooms(screen: Screen, keys: KeyBindings) -> None:
    add = keys.add

    @add("c-n")
    def _next(event: KeyPressEvent) -> None:
        screen.controller.open(screen.conversation.step(1))

    @add("c-p")
    def _previous(event: KeyPressEvent) -> None:
        screen.controller.open(screen.conversation.step(-1))

    for digit in "123456789":

        @add("escape", digit)
        def _room(event: KeyPressEvent, place: int = int(digit) - 1) -> None:
            names = list(screen.conversation.rooms)
            if place < len(names):
                screen.controller.open(names[place])
