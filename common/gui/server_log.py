"""The lines of a broker's log as people read them, and what they tell about who comes and goes.

Owns the reading of stderr: the log itself is English and one line each. What is not known here is
shown as it stands. Pure: knows no process and no widget.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from common.client.entries import DEEDS, log_words
from common.i18n import N_, _, n_, number
from common.protocol.deeds import LogEntry
from common.safe import one_line

Level = Literal["info", "warning", "error"]

OWN_APP: Final = "causette-broker/window"
"""What the window's own listener calls itself: it is nobody that people would ask about."""
_LONGEST: Final = 2_000
"""Characters of one line."""

_LINE: Final = re.compile(
    r"\d{4}-\d\d-\d\d (\d\d:\d\d:\d\d)(?:[,.]\d+)? (DEBUG|INFO|WARNING|ERROR|CRITICAL) (.*)"
)
_LEVELS: Final[dict[str, Level]] = {
    "DEBUG": "info",
    "INFO": "info",
    "WARNING": "warning",
    "ERROR": "error",
    "CRITICAL": "error",
}


@dataclass(frozen=True, slots=True)
class Connected:
    """Somebody came, from an address."""

    nick: str
    app: str
    address: str


@dataclass(frozen=True, slots=True)
class Parted:
    """A program of somebody's went, or its link was lost."""

    nick: str
    app: str
    lost: bool


@dataclass(frozen=True, slots=True)
class Renamed:
    """Somebody has another nickname."""

    old: str
    nick: str


@dataclass(frozen=True, slots=True)
class RoomMade:
    """A room began; whether it is a private one, the log does not tell."""

    room: str


Fact = Connected | Parted | Renamed | RoomMade


@dataclass(frozen=True, slots=True)
class Logged:
    """One line, for people."""

    time: str
    """HH:MM:SS; empty where the line has none."""
    level: Level
    words: str
    fact: Fact | None = None


# Where a nickname could imitate the rest of its line, the last word is what cannot hold a blank.
_WHO: Final = r"(?P<who>.+?)(?: \((?P<app>[^()]{1,40})\))?"
_CONNECTED: Final = re.compile(rf"{_WHO} connected from (?P<address>\S+)")
_LEFT: Final = re.compile(rf"{_WHO} left")
_LOST: Final = re.compile(rf"lost the link with {_WHO}")
_RENAMED: Final = re.compile(r"(?P<old>.+?) is now (?P<who>.+)")
_ROOM: Final = re.compile(r"room (?P<room>\S+) created by (?P<who>.+)")
_REFUSED: Final = re.compile(rf"refused {_WHO}: (?P<code>[a-z-]+): (?P<why>.*)")
_DECIDED: Final = re.compile(r"(?P<by>.+?): (?P<type>[a-z-]+) (?P<whom>.+?)(?:: (?P<why>.*))?")
_REASONS: Final = {
    "bad-frame": N_("what came could not be read"),
    "bad-invitation": N_("the invitation is wrong, used up or too old"),
    "bad-nick": N_("that cannot be a nickname"),
    "bad-request": N_("the request was not well formed"),
    "bad-room": N_("that cannot be the name of a room"),
    "banned": N_("they are banned"),
    "forged-sender": N_("they spoke in another's name"),
    "id-conflict": N_("an identifier served twice"),
    "kicked": N_("they were removed for a while"),
    "muted": N_("they may not write there"),
    "needs-encryption": N_("that needs encryption, which this server does without"),
    "nick-taken": N_("the nickname is somebody else's"),
    "no-such-message": N_("there is no such message"),
    "no-such-person": N_("nobody is called so"),
    "no-such-room": N_("there is no such room"),
    "not-invited": N_("they are not invited"),
    "not-joined": N_("they are not in that room"),
    "not-permitted": N_("they may not do that"),
    "protocol-version": N_("their program speaks another version"),
    "rate-limited": N_("that was too much at once"),
    "read-only": N_("only moderators write there"),
    "revoked": N_("the key was revoked"),
    "room-exists": N_("there is a room of that name already"),
    "slow-mode": N_("the room asks for a pause between two messages"),
    "storage-full": N_("the disk is full"),
    "stream-taken": N_("another of their programs sends in its place"),
    "too-large": N_("that was too long"),
    "too-many": N_("that was more than is allowed"),
    "unknown-type": N_("this server does not know such a request"),
    "unsupported": N_("this server does not offer that"),
}
"""Why something was refused, as whoever runs the server reads it: what the person concerned was
told speaks to them."""

_SAID: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (_CONNECTED, N_("{who} connected from {address}.")),
    (_LEFT, N_("{who} left.")),
    (_LOST, N_("The link with {who} was lost.")),
    (_ROOM, N_("{who} created the room {room}.")),
    (_REFUSED, N_("Refused to {who}: {why} ({code}).")),
    (
        re.compile(r"(?P<who>.+) waits to be let in, from (?P<address>\S+)"),
        N_("{who} asks to be let in, from {address}."),
    ),
    (re.compile(r"(?P<who>.+) owns this server from now on"), N_("{who} owns this server now.")),
    (re.compile(r"(?P<who>.+?) has another device: .*"), N_("{who} has one more device.")),
    (
        re.compile(r"threw out (?P<address>\S+?)(?: \(.*?\))?: (?P<why>.*)"),
        N_("The connection from {address} was closed: {why}."),
    ),
    (
        re.compile(r"too many sessions of key \S+ from (?P<address>\S+)"),
        N_("Too many connections of one person from {address}."),
    ),
    (
        re.compile(r"refused another's inbox to (?P<address>\S+)"),
        N_("Somebody at {address} tried to read what is another's."),
    ),
    (
        re.compile(r"refused a forged sender: .*"),
        N_("Somebody tried to speak in another's name, and was refused."),
    ),
    (
        re.compile(r"the disk is full: nothing was stored; reading goes on"),
        N_("The disk is full: nothing is stored any more. Free some space."),
    ),
    (
        re.compile(r"without encryption: everybody on the network can read along"),
        N_("Without encryption: everybody on the network can read along."),
    ),
    (re.compile(r"stopped"), N_("Stopped. What was said is kept.")),
    (
        re.compile(r"announced on the network: (?P<what>.*)"),
        N_("Announced on the network: {what}."),
    ),
    (
        re.compile(r"announced anew, others reach it now by (?P<what>.*)"),
        N_("The network has changed; others come by {what} now."),
    ),
    (
        re.compile(r"not announced: .*"),
        N_("The network is not told of this server: others type its address, or use its link."),
    ),
    (
        re.compile(r"there is no network: announced on this machine alone"),
        N_("There is no network: only this machine finds the server."),
    ),
    (
        re.compile(r"the configuration was read again: (?P<what>.*)"),
        N_("The configuration was read again: {what}."),
    ),
    (
        re.compile(r"dropped (?P<what>\d+) old records, .*"),
        N_("{what} old messages went: they were not to be kept any longer."),
    ),
    (_RENAMED, N_("{old} is now called {who}.")),
)  # fmt: skip
"""What a line says and what people read; the first that fits. `is now` may stand in any nickname,
so it comes last."""

_LEFT_OUT: Final = re.compile(r"left out (\d+) more lines like these")


def read(line: str) -> Logged | None:
    """One line of stderr; `None` for one that tells of the window's own listener, or nothing."""
    text = line.rstrip("\r\n")[:_LONGEST]
    if not text.strip():
        return None
    match = _LINE.fullmatch(text)
    if match is None:
        return Logged("", "error", one_line(text.removeprefix("broker.py: ")))
    time, level, message = match[1], _LEVELS[match[2]], match[3]
    if f"({OWN_APP})" in message:
        return None
    left_out = _LEFT_OUT.fullmatch(message)
    if left_out is not None:
        count = int(left_out[1])
        words = n_("{n} more line like this one.", "{n} more lines like these.", count)
        return Logged(time, level, words.format(n=number(count)))
    for pattern, sentence in _SAID:
        found = pattern.fullmatch(message)
        if found is not None:
            values = {name: value or "" for name, value in found.groupdict().items()}
            if pattern is _REFUSED:
                values["why"] = _reason(values["code"], values["why"])
            if "address" in values:
                values["address"] = _host(values["address"])
            fact = _FACTS.get(pattern, _no_fact)(values)
            return Logged(time, level, one_line(_(sentence).format(**values)), fact)
    decided = _DECIDED.fullmatch(message)
    if decided is not None and decided["type"] in DEEDS:
        return Logged(time, level, _sentence(log_words(_deed(decided))))
    return Logged(time, level, one_line(message))


def _reason(code: str, why: str) -> str:
    """Why something was refused; what is not known here is said as the log has it."""
    return _(_REASONS[code]) if code in _REASONS else why


def _deed(decided: re.Match[str]) -> LogEntry:
    """What the server's own log holds of a decision, as far as a line tells of it."""
    by, whom, why = decided["by"], decided["whom"], decided["why"] or ""
    return LogEntry(
        type=decided["type"], seq=0, id="", user="", nick=by, ts=0, text=why, subject_nick=whom
    )


def _sentence(words: str) -> str:
    return f"{one_line(words).removesuffix('.')}."


def _host(address: str) -> str:
    """The address without its port, which differs for each connection."""
    match = re.fullmatch(r"\[(.+)\]:\d+|([^:]+):\d+", address)
    return (match[1] or match[2]) if match else address


def _no_fact(_values: dict[str, str]) -> Fact | None:
    return None


_FACTS: Final[dict[re.Pattern[str], Callable[[dict[str, str]], Fact | None]]] = {
    _CONNECTED: lambda v: Connected(v["who"], v["app"], v["address"]),
    _LEFT: lambda v: Parted(v["who"], v["app"], lost=False),
    _LOST: lambda v: Parted(v["who"], v["app"], lost=True),
    _RENAMED: lambda v: Renamed(v["old"], v["who"]),
    _ROOM: lambda v: RoomMade(v["room"]),
}
