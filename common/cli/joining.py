"""From options to a session that is in. Owns the question to a person and the words of failure.

Must not know any verb. The rules of trust are the library's (`common.client.joining`).
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from dataclasses import dataclass, field
from functools import partial
from queue import Empty
from typing import TYPE_CHECKING, Final, TypeVar

from common import paths
from common.cli.output import Output, Stop
from common.client import joining
from common.client import target as targets
from common.client.events import Event, Failed, LinkDown, Ready, Refused
from common.client.joining import JOIN_TIMEOUT, CannotJoin, Entry, NewBroker
from common.client.target import BadTarget
from common.endpoints import place
from common.explain import explain
from common.i18n import _, current
from common.lan.permission import allowed
from common.safe import one_line
from common.settings import Settings

if TYPE_CHECKING:
    from common.client.client import Client
    from common.client.profile import AnyProfile

T = TypeVar("T")

_EXAMINED: Final = {
    "unreachable-name", "unreachable-refused", "unreachable-silent", "no-answer", "not-causette",
    "no-broker",
}  # fmt: skip
"""Causes that the doctor looks further into."""
ANSWER_TIMEOUT: Final = 30.0
"""Seconds for one answer of a broker that was reached; a link that is cut comes back in less."""


@dataclass
class Run:
    """One run of the program: what a verb is given."""

    verb: str
    words: list[str]
    settings: Settings
    out: Output
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Session:
    """A session that is in."""

    client: Client
    entry: Entry
    ready: Ready
    profile: AnyProfile | None
    early: deque[Event] = field(default_factory=deque)
    """What came before `ready`: pages of history may."""

    def get(self, timeout: float | None = None) -> Event | None:
        """The next event, as `Client.get`."""
        return self.early.popleft() if self.early else self.client.get(timeout)

    def failed(self, event: Failed) -> Stop:
        """The end of a run whose session has failed for good."""
        return _failed(event, self.entry)

    def ask(self, future: Future[T], timeout: float = ANSWER_TIMEOUT) -> T:
        """The reply to a request. Raises Stop where it is refused or does not come."""
        try:
            return future.result(timeout)
        except Refused as refused:
            raise Stop(joining.status_of(refused.code), reason(refused)) from refused
        except NoAnswer as error:
            raise Stop(124, explain("timeout", {"seconds": timeout})) from error

    def close(self) -> None:
        """Ends it; nothing that is unsent will be sent later."""
        self.client.drop_unsent()
        self.client.close()
        if self.profile is not None:
            self.profile.close()


def reason(refused: Refused) -> str:
    """A refusal in the person's language."""
    return explain(refused.code, {"value": refused.text, **refused.values}, refused.text)


def enter(run: Run, timeout: float = JOIN_TIMEOUT) -> Entry:
    """Find the broker and the identity, asking a person where one is there. Raises as `prepare`."""
    entry = _prepare(run, timeout)
    typed = run.settings.text("server") or ""
    if entry.by_link and typed and not typed.lower().startswith(targets.SCHEME):
        words = _("The server has moved: it is at {address} now.")
        run.out.note(words.format(address=entry.target.label))
    if entry.trusted_now is not None:
        run.out.note(_describe(entry.trusted_now, _("trusted from now on")))
    if entry.target.plain:
        run.out.note(_("This server does not encrypt: whoever is on the network can read along."))
    return entry


def _prepare(run: Run, timeout: float) -> Entry:
    confirm = _ask if _somebody_is_there() else None
    waiting = _tell_waiting(run.out)
    if not _is_open(run.settings):
        return joining.prepare(run.settings, confirm, timeout, waiting)
    # Only here: to look around the network takes modules that few runs need.
    from common.cli import choosing

    if confirm and run.verb == "chat":
        chosen = choosing.choose(run.settings, run.out)
        return joining.prepare(run.settings, confirm, timeout, waiting, chosen)
    with choosing.named_on_failure(run.out):
        return joining.prepare(run.settings, confirm, timeout, waiting)


def _is_open(settings: Settings) -> bool:
    """Whether nobody said which server, none runs here, and one may be looked for."""
    if any(settings.text(name) for name in ("server", "push", "sub")):
        return False
    try:
        here = targets.read_ready(paths.data_dir(settings.text("data-dir")))
    except BadTarget:
        return False  # joining tells what is wrong with it
    return here is None and joining.follows(settings) and allowed()


def connect(
    run: Run,
    entry: Entry,
    *,
    rooms: list[str] | None = None,
    since: dict[str, int] | None = None,
    resume: bool = False,
    visible: bool = True,
    roster: bool = False,
    direct: bool = False,
    profile: AnyProfile | None = None,
    timeout: float = JOIN_TIMEOUT,
) -> Session:
    """Join; returns when the session is in. `direct`: and in its direct conversations.

    Raises Stop with the cause and the exit status, also where one of `rooms` may not be entered.
    """
    from common.client.client import Client, Options

    options = Options(
        nick=entry.nick,
        fallback=entry.fallback,
        rooms=rooms or [],
        since=since or {},
        resume=resume,
        visible=visible,
        roster=roster,
        direct=direct,
        app=f"causette-cli/{run.verb}",
        lang=current().lang,
        join_timeout=timeout,
        follow=joining.follows(run.settings),
        moved=partial(joining.met_again, entry),
    )
    client = Client(entry.target, entry.keys, options, profile)
    client.start()
    try:
        ready, early = _wait_until_ready(client.get, run.out, entry, timeout)
        joining.remember(entry)
        session = Session(client, entry, ready, profile, early)
        for room in ready.refused:
            # Why it is not to be had is the answer to who asks for it by itself.
            session.ask(client.join(room))
    except BaseException:
        client.drop_unsent()
        client.close()
        if profile is not None:
            profile.close()
        raise
    if entry.fallback and ready.nick != entry.nick and run.verb not in ("send", "history"):
        run.out.note(_("You are {nick} here.").format(nick=ready.nick))
    return session


def _wait_until_ready(
    get: Callable[[float], Event | None], out: Output, entry: Entry, timeout: float
) -> tuple[Ready, deque[Event]]:
    # The library ends its tries by itself; the margin is for a thread that died without a word.
    deadline = time.monotonic() + timeout + 5.0
    early: deque[Event] = deque()
    told = False
    while True:
        try:
            event = get(max(0.05, deadline - time.monotonic()))
        except Empty:
            raise Stop(69, explain("no-answer")) from None
        if event is None:
            raise Stop(69, explain("no-answer"))
        if isinstance(event, Ready):
            return event, early
        if isinstance(event, Failed):
            raise _failed(event, entry)
        if not isinstance(event, LinkDown):
            early.append(event)
        elif not told and _is_terminal(sys.stderr):
            told = True
            out.note(explain(event.code, entry.values, event.reason))


def _failed(event: Failed, entry: Entry) -> Stop:
    values = {**entry.values, **event.values}
    line = explain(event.code, values, event.text) + _doctor(event.code, values)
    return Stop(joining.status_of(event.code), line)


def cannot_join(error: CannotJoin) -> Stop:
    """The same for what failed before there was a session; loud where a key has changed."""
    line = explain(error.code, error.values)
    if error.code == "key-changed":
        words = _("{host} shows {key}; {expected} was trusted.")
        line += " " + words.format(
            host=error.values.get("host", ""),
            key=error.values.get("key") or _("no key"),
            expected=error.values.get("expected") or _("no key"),
        )
    return Stop(error.status, line + _doctor(error.code, error.values))


def _doctor(code: str, values: Mapping[str, str | int | float]) -> str:
    """Where to hear more, for what has many causes."""
    if code not in _EXAMINED:
        return ""
    where = f" {place(str(values['host']), int(values['port']))}" if "port" in values else ""
    return " " + _("To find out why: {command}").format(command=f"client_cli.py doctor{where}")


# --- a person -------------------------------------------------------------------------------------


def _is_terminal(stream: object) -> bool:
    return stream is not None and bool(getattr(stream, "isatty", bool)())


def _somebody_is_there() -> bool:
    return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)


def _describe(broker: NewBroker, verdict: str) -> str:
    name = f"{broker.name} ({broker.label})" if broker.name else broker.label
    return f"{name}: {broker.fingerprint or _('no key, no encryption')}: {verdict}"


def _ask(broker: NewBroker) -> bool:
    """Show a fingerprint and wait for a yes. Anything else, the end of input too, is a no."""
    sys.stderr.write(one_line(_describe(broker, _("not known yet"))) + "\n")
    sys.stderr.write(_("Compare this with whoever runs the server. Trust it? (yes/no) "))
    sys.stderr.flush()
    answer = sys.stdin.readline().strip().lower()
    return answer in {"yes", "y", _("yes"), _("y")}


def _tell_waiting(out: Output) -> joining.Waiting | None:
    if not _is_terminal(sys.stderr):
        return None

    def tell(code: str, values: Mapping[str, str | int | float]) -> None:
        out.note(explain(code, values) + " " + _("Trying for a while; Ctrl+C stops."))

    return tell
