"""The full-screen chat: layout and keys. Owns the prompt_toolkit application.

Must not know what lines and events mean: the controller does. Everything here runs in the loop's
thread; other threads post into it.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import Input
from prompt_toolkit.layout import (
    ConditionalContainer,
    Dimension,
    Float,
    FloatContainer,
    HSplit,
    Layout,
    Window,
)
from prompt_toolkit.layout.controls import BufferControl, UIContent, UIControl
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.output import Output

from common.cli.chat import chrome
from common.cli.chat.cells import Row, cut, row_width
from common.cli.chat.inputs import Inputs
from common.cli.chat.keys import bindings
from common.cli.chat.paint import Painter
from common.cli.chat.signs import Signs, signs, spelt
from common.cli.chat.style import depth, has_grounds, style, theme
from common.cli.chat.view import View
from common.client import completion
from common.client.conversation import Conversation
from common.client.events import Event
from common.client.timeline import Draft, Said, Timeline
from common.i18n import _
from common.safe import one_line
from common.talk.controller import Controller, now_ms
from common.talk.pump import Pump
from common.talk.setup import ChatSetup

TOLD_FOR: Final = 5.0
"""Seconds for which something is said in place of the hints."""
TWICE: Final = 2.0
"""Seconds within which Ctrl+C has to come again to end the chat."""
_INPUT_ROWS: Final = 6
_RECENT: Final = 100
"""Lines among which a message's number is offered."""
_SIGNALS: Final = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}
"""Exit statuses. Ctrl+C is a key here: a SIGINT comes from another program."""


class Rows(UIControl):
    """A part of the screen that is drawn row by row, and only what is visible."""

    def __init__(self, rows: Callable[[int, int], list[Row]], signs: Signs) -> None:
        self._rows = rows
        self._signs = signs

    def create_content(self, width: int, height: int) -> UIContent:
        rows: list[StyleAndTextTuples] = [
            [(style, spelt(text, self._signs)) for style, text in row]
            for row in self._rows(width, height)
        ]
        return UIContent(lambda line: rows[line], max(len(rows), 1) if rows else 0)

    def is_focusable(self) -> bool:
        return False


class Words(Completer):
    """What the word being typed may become."""

    def __init__(self, conversation: Conversation, emoji: bool) -> None:
        self._conversation = conversation
        self._emoji = emoji
        self.put_back = ""
        """A line that was refused and stands there again: no menu over what is said about it."""

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        if document.text == self.put_back and not complete_event.completion_requested:
            return
        for one in candidates(
            self._conversation, document, complete_event.completion_requested, self._emoji
        ):
            yield Completion(one.insert, -one.replaced, display=one.shown, display_meta=one.about)


def candidates(
    conversation: Conversation, document: Document, asked: bool, emoji: bool
) -> list[completion.Candidate]:
    """What fits before the cursor, from the rooms and people of this conversation."""
    room = conversation.room
    return completion.candidates(
        document.text_before_cursor,
        [one.title.removeprefix("#") for one in conversation.rooms.values()],
        room.nicks() if room else [],
        recent=recent(room) if room else (),
        asked=asked,
        emoji=emoji,
    )


def recent(room: Timeline) -> list[tuple[int, str]]:
    """The newest messages that are here, the newest first: their numbers, and what they say."""
    found = []
    for place in range(room.size - 1, max(room.size - _RECENT, 0) - 1, -1):
        entry = room.entry(place)
        if isinstance(entry, Said) and not entry.deleted:
            found.append((entry.seq, cut(one_line(f"{entry.nick}: {entry.text}"), 50)))
    return found


class Screen:
    """The chat on a terminal. `run` returns the exit status."""

    def __init__(
        self, setup: ChatSetup, terminal: Input | None = None, output: Output | None = None
    ) -> None:
        self._setup = setup
        self.signs = signs(setup.env)
        self.conversation = Conversation(setup.nick, setup.ignored, setup.silenced)
        self.conversation.encrypted = setup.encrypted
        self.conversation.server = setup.label
        colours = depth(setup.colour, setup.env)
        look = theme(setup.theme, setup.env)
        self._painter = Painter(self.signs, ground=has_grounds(colours))
        self.view = View(self.conversation, self._painter, setup.fingerprint)
        self.controller = Controller(setup, self.conversation, self, self._post)
        self._pump = Pump(setup.client, self._deliver)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told: tuple[str, float] = ("", 0.0)
        self._interrupted = -TWICE
        self._error: BaseException | None = None
        self._words = Words(self.conversation, self.signs.emoji)
        self.input = Buffer(
            completer=self._words,
            complete_while_typing=True,
            history=Inputs(setup.data_dir / "chat-lines.jsonl"),
            multiline=True,
            name="line",
        )
        self.app: Application[int] = Application(
            layout=self._layout(),
            key_bindings=bindings(self),
            style=style(look, colours),
            full_screen=True,
            color_depth=colours,
            enable_page_navigation_bindings=False,
            include_default_pygments_style=False,
            mouse_support=False,
            input=terminal,
            output=output,
            before_render=lambda _app: self._before_render(),
        )
        self.app.ttimeoutlen = 0.05

    # --- running -------------------------------------------------------------------------------

    def run(self) -> int:
        """Shows the chat until the person goes or the session fails; returns the exit status."""
        return asyncio.run(self._run())

    async def _run(self) -> int:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._went_wrong)
        with self._signals(self._loop):
            ticking = asyncio.ensure_future(self._tick())
            try:
                # Its own handler would print a traceback into the screen and wait for a key.
                status = await self.app.run_async(
                    pre_run=self._started, set_exception_handler=False, handle_sigint=False
                )
            finally:
                ticking.cancel()
                self._pump.stop()
        if self._error is not None:
            raise self._error
        return status

    def _started(self) -> None:
        self._setup.client.start()
        self._pump.start()

    @contextlib.contextmanager
    def _signals(self, loop: asyncio.AbstractEventLoop) -> Any:
        """The signals that end a program end the chat, so that the terminal is restored."""
        former = {}
        for name, status in _SIGNALS.items():
            number = getattr(signal, name, None)
            if number is not None:
                with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                    former[number] = signal.getsignal(number)
                    loop.add_signal_handler(number, self._exit, status)
        try:
            yield
        finally:
            for number, handler in former.items():
                with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                    loop.remove_signal_handler(number)
                    # asyncio leaves the default behind, not what was there.
                    signal.signal(number, handler)

    def _went_wrong(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception") or RuntimeError(context.get("message"))
        self._error = self._error or error
        self._exit(1)

    def _exit(self, status: int) -> None:
        with contextlib.suppress(Exception):
            # It raises where the application is on its way out already.
            self.app.exit(result=status)

    async def _tick(self) -> None:
        """Draws anew each second while something on the screen counts seconds."""
        while True:
            await asyncio.sleep(1 - time.time() % 1 + 0.01)
            link = self.conversation.link
            counting = link.state == "down" or link.code or link.back_until > now_ms() - 2_000
            if counting or self._told[0]:
                self.app.invalidate()

    def _post(self, action: Callable[[], None]) -> None:
        loop = self._loop
        if loop is not None:
            # Once the loop is closed nobody waits for the answer any more.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(action)

    def _deliver(self, batch: list[Event] | None) -> None:
        if self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._take, batch)

    def _take(self, batch: list[Event] | None) -> None:
        try:
            if batch is None:
                self._exit(0)
                return
            self.controller.take(batch)
            failure = self.conversation.failure
            if failure is not None:
                self._exit(self._setup.exit_status(failure.code))
        finally:
            self._pump.done()

    # --- the controller's face -------------------------------------------------------------------

    def changed(self) -> None:
        self.app.invalidate()

    def say(self, text: str) -> None:
        self._told = (text, time.monotonic() + TOLD_FOR)
        self.app.invalidate()

    def compose(self, text: str) -> None:
        self._line(text, len(text))

    def opened(self, left: str) -> None:
        room = self.conversation.rooms.get(left)
        if room is not None:
            room.draft = Draft(self.input.text, self.input.cursor_position)
        self.view.to_end()
        new = self.conversation.room
        draft = new.draft if new is not None else Draft()
        self._line(draft.text, draft.cursor)

    def older_came(self) -> None:
        self.view.older_came()

    def cleared(self) -> None:
        self.view.to_end()

    def quit(self) -> None:
        self._exit(0)

    # --- layout ----------------------------------------------------------------------------------

    def _layout(self) -> Layout:
        def line(rows: Callable[[int], Row]) -> Window:
            return Window(Rows(lambda width, _height: [rows(width)], self.signs), height=1)

        tall = Condition(lambda: self.app.output.get_size().rows >= 8)
        barred = Condition(lambda: self._bar(80) is not None)
        typed = Window(
            BufferControl(self.input),
            height=Dimension(min=1, max=_INPUT_ROWS),
            dont_extend_height=True,
            wrap_lines=True,
            get_line_prefix=self._line_prefix,
        )
        body = HSplit(
            [
                line(lambda width: chrome.header(self.conversation, self.signs, width)),
                ConditionalContainer(line(lambda width: self._bar(width) or []), barred),
                Window(Rows(self._conversation_rows, self.signs), height=Dimension(min=1)),
                line(self._rule),
                typed,
                ConditionalContainer(line(self._bottom), tall),
            ]
        )
        menu = CompletionsMenu(max_height=8, scroll_offset=1)
        floats = [Float(menu, xcursor=True, ycursor=True)]
        return Layout(FloatContainer(body, floats), focused_element=typed)

    def _bar(self, width: int) -> Row | None:
        return chrome.bar(self.conversation, self.signs, width, now_ms())

    def _conversation_rows(self, width: int, height: int) -> list[Row]:
        rows = self.view.rows(width, height)
        # The newest line stands next to the one being typed, also while there are few.
        empty: list[Row] = [[] for _row in range(height - len(rows))]
        return empty + rows

    def _rule(self, width: int) -> Row:
        return chrome.rule(self.conversation, self.signs, width, self.view.following)

    def _bottom(self, width: int) -> Row:
        text, until = self._told
        if text and time.monotonic() < until:
            return chrome.status(text, self.signs, width)
        self._told = ("", 0.0)
        return chrome.hints(self.signs, width, not self.view.following)

    def _line_prefix(self, line: int, wrapped: int) -> StyleAndTextTuples:
        prompt = chrome.prompt(self.conversation, self.signs, self.app.output.get_size().columns)
        if line or wrapped:
            return [("", " " * row_width(prompt))]
        return [*prompt]

    def _before_render(self) -> None:
        self._painter.link_down = self.conversation.link.state == "down"

    # --- what the keys do ------------------------------------------------------------------------

    def entered(self) -> None:
        """The line is finished. One that cannot be used stays, to be changed."""
        text, cursor = self.input.text, self.input.cursor_position
        if not text.strip():
            return
        self.input.append_to_history()
        self._line()
        self._told = ("", 0.0)
        wrong = self.controller.enter(text)
        self._words.put_back = "" if wrong is None else text
        if wrong is not None:
            self._line(text, cursor)
            self.say(wrong.text)
        elif not text.startswith("/") and not self.view.following:
            self.view.to_end()

    def _line(self, text: str = "", cursor: int = 0) -> None:
        """Puts a text where lines are typed; former lines are within reach at once."""
        self.input.reset(Document(text, min(cursor, len(text))))
        self.input.load_history_if_not_yet_loaded()

    def complete(self) -> None:
        """Completes the word before the cursor: at once where only one thing fits."""
        if self.input.complete_state is not None:
            self.input.complete_next()
            return
        fits = candidates(self.conversation, self.input.document, True, self.signs.emoji)
        if len(fits) == 1:
            self.input.delete_before_cursor(fits[0].replaced)
            self.input.insert_text(fits[0].insert)
        elif fits:
            asked = CompleteEvent(completion_requested=True)
            self.input.start_completion(select_first=True, complete_event=asked)

    def interrupt(self) -> None:
        """Ctrl+C: clears the line; twice on an empty one ends the chat."""
        if self.input.text:
            self.input.append_to_history()
            self._line()
            return
        now = time.monotonic()
        if now - self._interrupted < TWICE:
            self.quit()
        self._interrupted = now
        self.say(_("Ctrl+C once more quits."))
