"""From what a person gave to what a `Client` needs: which broker, which identity, whom to trust.

Owns: the options that all clients share, the rules of trust on first use, the exit status of each
way in which joining fails. Must not print, ask or know a screen: a person is asked through a
callback.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from common import keys, paths
from common.client import target as targets
from common.client.pins import BadPins, Pins, Trust
from common.client.places import place
from common.client.probe import CODE_OF, probe
from common.client.profile import BadProfile, Profile, ProfileFull, profile_path
from common.client.target import BadTarget, NotRunning, Target
from common.explain import explain
from common.i18n import _
from common.protocol.messages import Card
from common.protocol.names import BadName, nick
from common.settings import SWITCH, TEXT, Option, Settings, choice

JOIN_TIMEOUT: Final = 10.0
"""Seconds in which the broker must be reached."""

_RETRY: Final = 0.25
_CARD_TIMEOUT: Final = 3.0
_PROBE_TIMEOUT: Final = 1.5

_STATUS: Final = {
    "unreachable-name": 69,
    "unreachable-refused": 69,
    "unreachable-silent": 69,
    "no-answer": 69,
    "no-broker": 69,
    "not-causette": 69,
    "timeout": 69,
    "stopping": 69,
    "key-unknown": 77,
    "key-changed": 77,
    "wrong-key": 77,
    "plain-mismatch": 77,
    "not-permitted": 77,
    "not-invited": 77,
    "bad-invitation": 77,
    "banned": 77,
    "kicked": 77,
    "revoked": 77,
    "data-dir": 77,
    "bad-config": 78,
    "key-file": 78,
    "profile-damaged": 78,
}


def status_of(code: str) -> int:
    """The exit status of a program that could not join because of `code`."""
    return _STATUS.get(code, 1)


class CannotJoin(Exception):
    """Joining is not possible; `code` and `values` are for `common.explain`."""

    def __init__(self, code: str, values: Mapping[str, str | int | float] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.values = dict(values or {})
        self.status = status_of(code)


@dataclass(frozen=True)
class NewBroker:
    """A broker whose key was never seen: what a person is asked about."""

    label: str
    name: str
    key: str | None
    """None: it does not encrypt."""

    @property
    def fingerprint(self) -> str:
        return keys.fingerprint(self.key) if self.key else ""


Confirm = Callable[[NewBroker], bool]
Waiting = Callable[[str, Mapping[str, str | int | float]], None]


@dataclass(frozen=True)
class Entry:
    """All that a session needs to begin."""

    target: Target
    keys: keys.KeyPair
    nick: str
    fallback: bool
    """The nickname was nobody's choice: the broker may add -2."""
    data_dir: Path
    trusted_now: NewBroker | None = None
    """The broker that was pinned just now, if it was."""
    by_link: bool = False
    """The key came in a join link; see `remember`."""

    @property
    def profile_path(self) -> Path:
        return profile_path(self.data_dir, self.nick, self.target.key or self.target.label)

    @property
    def values(self) -> dict[str, str | int | float]:
        """What sentences about joining may name."""
        values: dict[str, str | int | float] = {"nick": self.nick, "address": self.target.push}
        if not self.target.plain:
            # What an administrator compares before letting somebody in.
            values["key"] = keys.fingerprint(self.keys.public)
        place = targets.host_and_port(self.target.push)
        if place is not None:
            values |= {"host": place[0], "port": place[1]}
        return values


def client_options() -> tuple[Option, ...]:
    """The options that all clients share, in the language of the moment."""
    return (
        Option(
            "server",
            TEXT,
            _("the server: HOST, HOST:PORT or a join link; without it, the one of this machine"),
            "s",
            "SERVER",
        ),
        Option("push", TEXT, _("by hand: the address that takes messages"), metavar="ADDR"),
        Option("sub", TEXT, _("by hand: the address that publishes"), metavar="ADDR"),
        Option(
            "server-key",
            TEXT,
            _("by hand: the server's key; without it nothing is encrypted"),
            metavar="KEY",
        ),
        Option(
            "invite",
            TEXT,
            _("the code of an invitation, or the one that your other device shows"),
            metavar="CODE",
        ),
        Option("trust-first", SWITCH, _("trust an unknown server without asking"), default=False),
        Option("nick", TEXT, _("nickname; without it, the account's name"), "n", "NICK"),
        Option(
            "room",
            TEXT,
            _("room; without it, general"),
            "r",
            "ROOM",
            default=("general",),
            repeatable=True,
        ),
        Option("key-file", TEXT, _("file of the identity's key"), metavar="FILE"),
        Option("data-dir", TEXT, _("directory of keys, profiles and pins"), metavar="DIR"),
        Option("config", TEXT, _("configuration file"), "c", "FILE", env=False),
        Option("lang", choice("en", "fr"), _("language: fr or en"), metavar="fr|en"),
        Option("no-color", SWITCH, _("no colours"), default=False),
    )


def rooms_of(settings: Settings) -> list[str]:
    """The rooms asked for, canonical, each once; `@NICK` is one too. Raises BadSetting."""
    try:
        return list(dict.fromkeys(place(room) for room in settings.texts("room")))
    except BadName as error:
        values = {"value": error.value, "reason": error.reason}
        raise settings.bad("room", explain(error.code, values)) from error


def nickname_of(settings: Settings) -> tuple[str, bool]:
    """The nickname, and whether another may be taken in its place. Raises BadSetting."""
    chosen = settings.text("nick")
    if chosen is None:
        return account_nick(), True
    try:
        return nick(chosen), False
    except BadName as error:
        values = {"value": error.value, "reason": error.reason}
        raise settings.bad("nick", explain(error.code, values)) from error


def account_nick() -> str:
    """The account's name as a nickname, as much of it as can be one; else `guest`."""
    import getpass

    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):
        name = ""
    # Windows: DOMAIN\name.
    name = name.rpartition("\\")[2].lstrip("@#/")
    kept = "".join(c for c in name if c.isascii() and (c.isalnum() or c in "._-"))
    for some in (name[:32], kept[:32]):
        with contextlib.suppress(BadName):
            return nick(some)
    return "guest"


def prepare(
    settings: Settings,
    confirm: Confirm | None = None,
    timeout: float = JOIN_TIMEOUT,
    waiting: Waiting | None = None,
) -> Entry:
    """Find the broker, settle whether to trust it, and load the identity.

    `confirm` asks a person about an unknown broker; without it only `--trust-first` lets one in.
    A broker that does not answer is tried for `timeout` seconds, and `waiting` is told once why.
    Blocking. Raises BadSetting, CannotJoin.
    """
    data_dir = paths.data_dir(settings.text("data-dir"))
    nickname, fallback = nickname_of(settings)
    key_file = settings.text("key-file")
    pair = load_identity(
        Path(key_file).expanduser() if key_file else keys.client_key_file(data_dir, nickname)
    )
    deadline = time.monotonic() + timeout
    target = _named(settings, data_dir, deadline, waiting)
    trusted = None
    if target.plain is None:
        with _files_of(data_dir):
            pins = Pins.of(data_dir)
            target, trusted = _meet(settings, target, pins, confirm, deadline, waiting)
    target = targets.claimed(target, data_dir)
    if code := _code_of(settings):
        target = replace(target, code=code)
    link = (settings.text("server") or "").lower().startswith(targets.SCHEME)
    by_link = link and target.key is not None and target.card is not None
    return Entry(target, pair, nickname, fallback, data_dir, trusted, by_link)


def load_identity(path: Path) -> keys.KeyPair:
    """The key pair in `path`, made at its first use. Raises CannotJoin."""
    try:
        return keys.load_or_create(path)
    except keys.BadKeyFile as error:
        raise CannotJoin("key-file", {"path": str(error.path), "why": error.why}) from error
    except OSError as error:
        raise disk_trouble(path, error) from error


def open_profile(path: Path) -> Profile:
    """The profile kept at `path`. Raises paths.Locked and CannotJoin."""
    try:
        return Profile.open(path)
    except BadProfile as error:
        values = {"path": str(error.path), "why": error.why}
        raise CannotJoin("profile-damaged", values) from error
    except ProfileFull as error:
        raise CannotJoin("disk-full", {"path": str(error.path)}) from error
    except OSError as error:
        raise disk_trouble(path, error) from error


def disk_trouble(path: Path, error: OSError) -> CannotJoin:
    """What to tell where `path` cannot be read or written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO)
    why = error.strerror or str(error)
    return CannotJoin("disk-full" if full else "data-dir", {"path": str(path), "why": why})


# --- which broker ------------------------------------------------------------------------------


def _named(settings: Settings, data_dir: Path, deadline: float, waiting: Waiting | None) -> Target:
    push, sub, server = (settings.text(name) for name in ("push", "sub", "server"))
    by_hand = [name for name in ("push", "sub", "server-key") if settings.text(name)]
    if by_hand and server:
        # What was typed wins over what was configured; of two that were typed, neither does.
        typed = [name for name in by_hand if settings.where(name).startswith("--")]
        if not settings.where("server").startswith("--"):
            server = None
        elif typed:
            why = _("give either --server, or --push, --sub and --server-key")
            raise settings.bad("server", why)
        else:
            by_hand = []
    if by_hand:
        if push is None or sub is None:
            raise settings.bad(by_hand[0], _("--push and --sub go together: give both"))
        try:
            return targets.explicit(push, sub, settings.text("server-key"))
        except BadTarget as error:
            name = {push: "push", sub: "sub"}.get(error.value, "server-key")
            raise settings.bad(name, _wrong(error)) from error
    told = False
    while True:
        try:
            return targets.parse_server(server, data_dir)
        except BadTarget as error:
            if server is None:
                values = {"path": error.value, "why": error.why}
                raise CannotJoin("profile-damaged", values) from error
            raise settings.bad("server", _wrong(error)) from error
        except NotRunning as error:
            if time.monotonic() + _RETRY > deadline:
                raise CannotJoin("no-broker", {"path": str(error.data_dir)}) from error
            if waiting and not told:
                told = True
                waiting("no-broker", {})
            time.sleep(_RETRY)


def _code_of(settings: Settings) -> str:
    try:
        return targets.code_of(settings.text("invite") or "") if settings.text("invite") else ""
    except BadTarget as error:
        raise settings.bad("invite", _wrong(error)) from error


def _wrong(error: BadTarget) -> str:
    return explain(error.code, {"value": error.value, "reason": error.reason})


# --- whom to trust -----------------------------------------------------------------------------


def _meet(
    settings: Settings,
    target: Target,
    pins: Pins,
    confirm: Confirm | None,
    deadline: float,
    waiting: Waiting | None,
) -> tuple[Target, NewBroker | None]:
    from common.client import card as cards

    known = pins.get(target.label)
    card = _ask_for_card(target, deadline, waiting, give_up=known is not None)
    if card is None:
        assert known is not None
        # Somebody closed the card's port; the pinned key still tells the broker from others.
        return replace(target, key=known.key, plain=known.key is None, name=known.name), None
    shown = NewBroker(target.label, card.name, card.key)
    trust = pins.check(target.label, card.key)
    if trust is Trust.CHANGED:
        values = {"host": target.label, "key": shown.fingerprint}
        if known is not None and known.key:
            values["expected"] = keys.fingerprint(known.key)
        raise CannotJoin("key-changed", values)
    completed = cards.complete(target, card)
    if trust is Trust.KNOWN:
        return completed, None
    if not settings.switch("trust-first") and not (confirm and confirm(shown)):
        raise CannotJoin("key-unknown", {"host": target.label, "key": shown.fingerprint})
    pins.pin(target.label, card.key, card.name, _today())
    return completed, shown


def _ask_for_card(
    target: Target, deadline: float, waiting: Waiting | None, *, give_up: bool
) -> Card | None:
    """The card, asked for until `deadline`; None where the broker is there but tells nobody its
    card, if `give_up`. Raises CannotJoin with the likely cause."""
    from common.client import card as cards

    assert target.card is not None
    place = targets.host_and_port(target.push) or (target.label, 0)
    told = False
    while True:
        left = deadline - time.monotonic()
        code = _knock(target.card, min(_PROBE_TIMEOUT, max(left, 0.1)))
        if code == "no-answer":
            try:
                return cards.fetch(target.card, min(_CARD_TIMEOUT, max(left, 0.2)))
            except cards.NoCard as error:
                code = error.reason
        elif code != "unreachable-name":
            # The card's port may be closed where the broker's own is open.
            code = _knock(target.push, min(_PROBE_TIMEOUT, max(left, 0.1)))
            if code == "no-answer" and give_up:
                return None
        values: dict[str, str | int | float] = {"host": place[0], "port": place[1]}
        if time.monotonic() + _RETRY > deadline:
            raise CannotJoin(code, values)
        if waiting and not told:
            told = True
            waiting(code, values)
        time.sleep(_RETRY)


def _knock(address: str, timeout: float) -> str:
    host, port = targets.host_and_port(address) or ("", 0)
    return CODE_OF[probe(host, port, timeout)]


@contextlib.contextmanager
def _files_of(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except BadPins as error:
        raise CannotJoin("profile-damaged", {"path": str(error.path), "why": error.why}) from error
    except OSError as error:
        raise disk_trouble(Path(error.filename or data_dir), error) from error


def _today() -> datetime.date:
    return datetime.datetime.now(tz=datetime.UTC).date()


def remember(entry: Entry) -> None:
    """Pin the key of a join link, once the broker behind it has proved to hold it.

    So a person who was handed a link may type the bare address later. Raises CannotJoin.
    """
    if entry.by_link:
        with _files_of(entry.data_dir):
            pins = Pins.of(entry.data_dir)
            if pins.check(entry.target.label, entry.target.key) is not Trust.KNOWN:
                pins.pin(entry.target.label, entry.target.key, entry.target.name or "", _today())
