"""From what a person gave to what a `Client` needs: which broker, which identity, whom to trust.

Owns: the options that all clients share, and the order in which a broker is looked for. The rules
of trust are meeting.py's, those for servers found on the network nearby.py's. Must not print, ask
or know a screen: a person is asked through a callback.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common import keys, paths
from common.client import target as targets
from common.client.meeting import (
    RETRY,
    CannotJoin,
    Confirm,
    NewBroker,
    Waiting,
    disk_trouble,
    files_of,
    meet,
    status_of,
    today,
)
from common.client.pins import Pins, Trust
from common.client.places import place
from common.client.profile import BadProfile, Profile, ProfileFull, profile_path
from common.client.target import BadTarget, NotRunning, Target
from common.explain import explain
from common.i18n import _
from common.protocol.names import BadName, nick
from common.settings import SWITCH, TEXT, Option, Settings, choice

if TYPE_CHECKING:
    from common.client.nearby import Choice

__all__ = [
    "JOIN_TIMEOUT",
    "CannotJoin",
    "Confirm",
    "Entry",
    "NewBroker",
    "Waiting",
    "account_nick",
    "client_options",
    "disk_trouble",
    "find",
    "follows",
    "given",
    "load_identity",
    "met_again",
    "nickname_of",
    "open_profile",
    "prepare",
    "remember",
    "rooms_of",
    "status_of",
]

JOIN_TIMEOUT: Final = 10.0
"""Seconds in which the broker must be reached."""


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
    """The key came in a join link or an announcement; see `remember`."""

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
        Option("no-discovery", SWITCH, _("look for no servers on the network"), default=False),
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
    chosen: Choice | None = None,
) -> Entry:
    """Find the broker, settle whether to trust it, and load the identity.

    `confirm` asks a person about an unknown broker; without it only `--trust-first` lets one in.
    `chosen` is a broker of the network that a person chose, whatever the settings
    say. A broker that does not answer is tried for `timeout` seconds, and `waiting` is told once
    why.
    Blocking. Raises BadSetting, CannotJoin.
    """
    data_dir = paths.data_dir(settings.text("data-dir"))
    nickname, fallback = nickname_of(settings)
    key_file = settings.text("key-file")
    pair = load_identity(
        Path(key_file).expanduser() if key_file else keys.client_key_file(data_dir, nickname)
    )
    if chosen is None:
        target, trusted, by_link = find(settings, confirm, timeout, waiting)
    else:
        from common.client import nearby

        first = settings.switch("trust-first")
        target, trusted = nearby.find(
            chosen, data_dir, confirm, timeout, waiting, trust_first=first
        )
        by_link = True
    target = targets.claimed(target, data_dir)
    if code := _code_of(settings):
        target = replace(target, code=code)
    return Entry(target, pair, nickname, fallback, data_dir, trusted, by_link)


def find(
    settings: Settings,
    confirm: Confirm | None = None,
    timeout: float = JOIN_TIMEOUT,
    waiting: Waiting | None = None,
) -> tuple[Target, NewBroker | None, bool]:
    """The part of `prepare` that needs no identity: the broker, whether it was pinned just now (as
    what), and whether its key is to be remembered once it is proved (see `remember`). Blocking.
    Raises BadSetting, CannotJoin."""
    data_dir = paths.data_dir(settings.text("data-dir"))
    deadline = time.monotonic() + timeout
    target = _named(settings, data_dir, deadline, waiting)
    if target.plain is None:
        with files_of(data_dir):
            met = meet(
                target,
                data_dir,
                confirm,
                deadline,
                waiting,
                trust_first=settings.switch("trust-first"),
                elsewhere=follows(settings),
            )
        return met.target, met.trusted_now, met.moved
    link = (settings.text("server") or "").lower().startswith(targets.SCHEME)
    return target, None, link and target.key is not None and target.card is not None


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


# --- which broker ------------------------------------------------------------------------------


def given(settings: Settings, data_dir: Path) -> Target:
    """The broker that was typed or configured, else the one of this machine, as far as that is
    known without asking anybody. Raises BadSetting, CannotJoin, NotRunning."""
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
    try:
        return targets.parse_server(server, data_dir)
    except BadTarget as error:
        if server is None:
            values = {"path": error.value, "why": error.why}
            raise CannotJoin("profile-damaged", values) from error
        raise settings.bad("server", _wrong(error)) from error


def _named(settings: Settings, data_dir: Path, deadline: float, waiting: Waiting | None) -> Target:
    told = False
    while True:
        try:
            return given(settings, data_dir)
        except NotRunning as error:
            if time.monotonic() + RETRY > deadline:
                raise CannotJoin("no-broker", {"path": str(error.data_dir)}) from error
            if waiting and not told:
                told = True
                waiting("no-broker", {})
            time.sleep(RETRY)


def _code_of(settings: Settings) -> str:
    try:
        return targets.code_of(settings.text("invite") or "") if settings.text("invite") else ""
    except BadTarget as error:
        raise settings.bad("invite", _wrong(error)) from error


def _wrong(error: BadTarget) -> str:
    return explain(error.code, {"value": error.value, "reason": error.reason})


def follows(settings: Settings) -> bool:
    """Whether a broker that is away may be looked for on the network."""
    return not settings.switch("no-discovery")


def met_again(entry: Entry, target: Target) -> None:
    """The broker of an entry proved its key at another address: it is known there from now on. A
    pin that cannot be kept is asked for again next time."""
    with contextlib.suppress(CannotJoin):
        remember(replace(entry, target=target, by_link=True))


def remember(entry: Entry) -> None:
    """Pin the key of a join link or of an announcement, once the broker has proved to hold it.

    So a person who was handed a link may type the bare address later. Raises CannotJoin.
    """
    if entry.by_link:
        with files_of(entry.data_dir):
            pins = Pins.of(entry.data_dir)
            if pins.check(entry.target.label, entry.target.key) is not Trust.KNOWN:
                pins.pin(entry.target.label, entry.target.key, entry.target.name or "", today())
