"""`Bot`: a bot in a dozen lines of Python.

    from common.client.bot import Bot

    bot = Bot(nick="dice")

    @bot.command("roll", help="roll a die: !roll [SIDES]")
    def roll(message, sides="6"):
        return f"{message.nick} rolls {random.randint(1, int(sides))}"

    bot.run()

Owns: commands, their help, and the manners of a bot: it never answers itself, an error of a handler
ends nothing, and no room hears more than `rate` of its answers in ten seconds, so that two bots
cannot talk each other to death. Server, nickname and rooms come from arguments, environment and
configuration exactly as with `client_cli.py`; what the program itself names yields to flags alone.
Must not know a screen; everything runs in the thread that calls `run`.
"""

from __future__ import annotations

import inspect
import logging
import os
import re
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import Empty
from types import FrameType
from typing import Any, Final, TypeVar

from common import __version__, arguments, i18n, paths
from common.arguments import Program, UsageError, Verb
from common.client.client import Client, Options
from common.client.decisions import notice_words
from common.client.events import (
    Event,
    Failed,
    LinkDown,
    LinkUp,
    Messages,
    Notice,
    Ready,
    Refused,
)
from common.client.joining import (
    CannotJoin,
    Entry,
    client_options,
    follows,
    met_again,
    prepare,
    remember,
    rooms_of,
    status_of,
)
from common.client.places import is_direct
from common.explain import explain
from common.i18n import _
from common.protocol.messages import Record
from common.safe import one_line, plain
from common.settings import BadSetting, Settings

_log: Final = logging.getLogger("causette.bot")
_SPAN: Final = 10.0
_TICK: Final = 1.0

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True)
class Message:
    """Something that was said; handlers get it first."""

    room: str
    nick: str
    user: str
    """The author's identity: unlike the nickname it is never another's."""
    text: str
    seq: int
    id: str
    ts: int
    """Milliseconds since 1970, by the server's clock."""
    me: bool
    bot: Bot = field(repr=False, compare=False)
    direct: bool = False
    """It was said to this bot alone."""

    @property
    def argument(self) -> str:
        """What follows the first word, as it was typed."""
        return self.text.strip().partition(" ")[2].strip()

    def reply(self, text: str) -> None:
        """Say something in the room where this was said."""
        self.bot.say(self.room, text)


@dataclass(frozen=True)
class _Command:
    name: str
    help: str
    function: Callable[..., Any]

    def usage(self, prefix: str) -> str:
        words = [f"{prefix}{self.name}"]
        for parameter in list(inspect.signature(self.function).parameters.values())[1:]:
            name = parameter.name.upper()
            if parameter.kind is parameter.VAR_POSITIONAL:
                words.append(f"[{name}...]")
            elif parameter.kind is not parameter.KEYWORD_ONLY:
                words.append(f"[{name}]" if parameter.default is not parameter.empty else name)
        return " ".join(words)


class Bot:
    """A program that takes part in rooms; see the module's example."""

    def __init__(
        self,
        nick: str | None = None,
        rooms: Iterable[str] | None = None,
        *,
        prefix: str = "!",
        rate: int = 10,
    ) -> None:
        """`prefix` begins a command; `rate` is how many answers a room hears in ten seconds."""
        self._nick = nick
        self._rooms = None if rooms is None else list(rooms)
        self._prefix = prefix
        self._rate = rate
        self._commands: dict[str, _Command] = {}
        self._listeners: list[tuple[re.Pattern[str] | None, Callable[..., Any]]] = []
        self._said: dict[str, deque[float]] = {}
        self._client: Client | None = None
        self.user = ""
        """Who this bot is, once it runs."""
        self.nick = nick or ""

    def command(self, name: str, help: str = "") -> Callable[[Handler], Handler]:
        """Answer `!NAME WORD...` by calling the function with the message and the words.

        What it returns, a text or several, is said in the room; None says nothing.
        """

        def register(function: Handler) -> Handler:
            self._commands[name.lower()] = _Command(name.lower(), help, function)
            return function

        return register

    def on_message(self, pattern: str | None = None) -> Callable[[Handler], Handler]:
        """Call the function with every message that is no command; with `pattern`, a regular
        expression, only where it is found, and with the match as well."""
        compiled = None if pattern is None else re.compile(pattern)

        def register(function: Handler) -> Handler:
            self._listeners.append((compiled, function))
            return function

        return register

    def say(self, room: str, text: str) -> None:
        """Say something, to one person where `room` is `@NICK`; from any thread, while the bot
        runs. Refusals are logged."""
        client = self._client
        if client is None:
            raise RuntimeError("the bot does not run")
        client.say(room, text).add_done_callback(_log_refusal)

    def run(self, argv: Sequence[str] | None = None) -> None:
        """Join and serve until a signal ends it. Ends the program: raises SystemExit with the
        exit statuses of `client_cli.py`."""
        raise SystemExit(self._main(list(sys.argv[1:] if argv is None else argv)))

    # --- what was said ----------------------------------------------------------------------------

    def handle(self, message: Message) -> None:
        """Do what a message asks for. A bot's own never gets here."""
        text = message.text.strip()
        words = text[len(self._prefix) :].split() if text.startswith(self._prefix) else []
        if words:
            self._obey(message, words[0].lower(), words[1:])
            return
        for pattern, function in self._listeners:
            if pattern is None:
                self._call(message, function, [])
            elif match := pattern.search(message.text):
                self._call(message, function, [match])

    def _obey(self, message: Message, name: str, words: list[str]) -> None:
        command = self._commands.get(name)
        if command is None:
            # An unknown command is perhaps another bot's: only the common word is answered.
            if name == "help":
                self._answer(message, self.help())
            return
        try:
            inspect.signature(command.function).bind(message, *words)
        except TypeError:
            usage = _("Usage: {usage}").format(usage=command.usage(self._prefix))
            self._answer(message, usage)
            return
        self._call(message, command.function, words)

    def help(self) -> str:
        """What `!help` answers."""
        lines = [
            command.usage(self._prefix) + (f": {command.help}" if command.help else "")
            for command in sorted(self._commands.values(), key=lambda command: command.name)
        ]
        return "\n".join(lines) or _("I know no commands.")

    def _call(self, message: Message, function: Callable[..., Any], arguments: list[Any]) -> None:
        try:
            answer = function(message, *arguments)
            texts = [answer] if isinstance(answer, str) else list(answer or ())
        except Exception:  # a bot outlives the mistakes of its handlers
            trace = plain(traceback.format_exc())
            words = "%s failed on no. %d of %s\n%s"
            _log.error(words, _name(function), message.seq, message.room, trace)
            texts = [_("Sorry, that went wrong. It is in my log.")]
        for text in texts:
            self._answer(message, str(text))

    def _answer(self, message: Message, text: str) -> None:
        if not text.strip():
            return
        now = time.monotonic()
        said = self._said.setdefault(message.room, deque())
        while said and now - said[0] > _SPAN:
            said.popleft()
        if len(said) >= self._rate:
            _log.warning("more than %d answers in %s: held my tongue", self._rate, message.room)
            return
        said.append(now)
        message.reply(text)

    # --- one run ----------------------------------------------------------------------------------

    def _main(self, argv: list[str]) -> int:
        if not logging.getLogger().handlers:
            logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _terminate)
        try:
            settings = self._settings(argv)
            return 0 if settings is None else self._serve(settings)
        except (UsageError, BadSetting) as error:
            return _say_why(error.line, error.status)
        except CannotJoin as error:
            return _say_why(explain(error.code, error.values), error.status)
        except _Terminated:
            return 143
        except KeyboardInterrupt:
            return 130

    def _settings(self, argv: list[str]) -> Settings | None:
        program = Program(
            name=Path(sys.argv[0]).name or "bot",
            about=_("A bot for Causette."),
            version=__version__,
            options=client_options(),
            verbs=(Verb("run"),),
            default="run",
        )
        parsed = arguments.parse(program, argv)
        if parsed.help or parsed.version:
            text = arguments.help_text(program, parsed) if parsed.help else __version__ + "\n"
            sys.stdout.write(text)
            return None
        # A person's own nickname, configured for chatting, is not the bot's.
        if self._nick is not None:
            parsed.given.setdefault("nick", [self._nick])
        if self._rooms is not None:
            parsed.given.setdefault("room", self._rooms)
        settings = Settings.load(
            program.options, parsed.given, os.environ, paths.config_file(), program="cli"
        )
        i18n.setup(settings.text("lang"), os.environ)
        return settings

    def _serve(self, settings: Settings) -> int:
        rooms = rooms_of(settings)
        entry = prepare(settings)
        options = Options(
            nick=entry.nick,
            fallback=entry.fallback,
            rooms=rooms,
            app="causette-bot",
            direct=True,
            follow=follows(settings),
            moved=partial(met_again, entry),
        )
        self._client = client = Client(entry.target, entry.keys, options)
        client.start()
        try:
            while True:
                try:
                    event = client.get(_TICK)
                except Empty:
                    continue
                if event is None:
                    return 1
                if isinstance(event, Failed):
                    values = {"nick": entry.nick, **event.values}
                    return _say_why(explain(event.code, values, event.text), status_of(event.code))
                self._react(event, entry)
        finally:
            client.drop_unsent()
            client.close()
            self._client = None

    def _react(self, event: Event, entry: Entry) -> None:
        if isinstance(event, Ready):
            self.user, self.nick = event.user, event.nick
            remember(entry)
            _log.info("%s is in %s", event.nick, ", ".join(event.rooms))
            for room in event.refused:
                _log.warning("not let into %s", one_line(room))
        elif isinstance(event, Notice):
            _log.warning("%s", one_line(notice_words(event, event.room)))
        elif isinstance(event, LinkDown):
            _log.warning("link down: %s", one_line(event.reason))
        elif isinstance(event, LinkUp):
            _log.info("link up")
        elif isinstance(event, Messages):
            for record in event.records:
                if record.type == "message" and record.user != self.user:
                    self.handle(self._message(event.room, record))

    def _message(self, room: str, record: Record) -> Message:
        return Message(
            room,
            record.nick,
            record.user,
            record.text,
            record.seq,
            record.id,
            record.ts,
            record.me,
            self,
            is_direct(room),
        )


class _Terminated(BaseException):
    """SIGTERM came."""


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Terminated


def _say_why(line: str, status: int) -> int:
    sys.stderr.write(f"{Path(sys.argv[0]).name}: {one_line(line)}\n")
    return status


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", repr(function))


def _log_refusal(future: Future[Any]) -> None:
    error = None if future.cancelled() else future.exception()
    if isinstance(error, Refused):
        _log.warning("not said: %s: %s", error.code, one_line(error.text))
