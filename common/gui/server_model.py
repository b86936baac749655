"""The server's window without a window: what it shows, what can be pressed, what changes when.

Owns the state of the server as people see it and every sentence about it. Pure: it is told the time
(monotonic seconds, called `now`), what the process says and what was heard, and starts nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from common.gui import server_log
from common.gui.server_log import Connected, Fact, Logged, Parted, Renamed, RoomMade
from common.gui.server_place import AS_GIVEN, BadPort, Place, Way, port_of, wrong_address
from common.gui.server_shapes import Counter, Heard, Here, Passed, Tail, size_words
from common.i18n import _, n_, number
from common.safe import one_line

RATE_WINDOW: Final = 10.0
"""Seconds over which messages a second are counted."""
_CONSOLE: Final = "causette-broker/"
"""How the operator's own programs call themselves: nobody that people would ask about."""
_MOST_NAMES: Final = 2_000
"""Nicknames of which it is known where they are."""
_LAST_WORDS: Final = 3

Phase = Literal["stopped", "starting", "running", "stopping", "died"]
Fault = Literal["", "address", "port", "server"]
"""Beside which field an obstacle is told; `server`: none of them."""
Filter = Literal["all", "warnings", "errors"]


class ServerModel:
    """Everything that the window shows. Its methods say what happened; the rest is asked."""

    def __init__(
        self, name: str, place: Place, *, plain: bool = False, access: str = "open"
    ) -> None:
        self.name = one_line(name)
        self.place = place
        self._plain = plain
        self.by_invitation = access == "invite"
        """It lets in who is invited."""
        self.phase: Phase = "stopped"
        self.fault: Fault = ""
        self.fault_words = ""
        self.ways: list[Way] = []
        """The ways in while it runs, the likeliest first."""
        self.passed: Tail[Passed] = Tail()
        self.log: dict[Filter, Tail[Logged]] = {
            "all": Tail(),
            "warnings": Tail(),
            "errors": Tail(),
        }
        self.people: list[Here] = []
        self.stored: int | None = None
        """Messages of the public rooms; None until a server has told."""
        self.disk = 0
        """Bytes."""
        self._since = 0.0
        self._status = ""
        self._users: dict[str, str] = {}
        self._met: dict[str, str] = {}
        """Nickname to user, of everybody who was seen: faces keep their colours over a restart."""
        self._where: dict[str, tuple[str, str]] = {}
        """Nickname to program and address, of whom the log told, as they came."""
        self._gone: set[str] = set()
        """Those of them of whom a program went since: where they are in no public room, nothing is
        left of them."""
        self._counts: deque[tuple[float, int]] = deque()
        self._rate_from = 0.0
        self._obstacle: Mapping[str, Any] | None = None
        self._last_words: deque[str] = deque(maxlen=_LAST_WORDS)

    # --- what happens --------------------------------------------------------------------------

    def choose(self, address: str, port: str) -> Place | None:
        """Somebody wants to serve there. The place; `None` where the port is none, and is said."""
        if address == AS_GIVEN:
            self.place = Place(AS_GIVEN, self.place.port)
            return self.place
        try:
            self.place = Place(address, port_of(port))
        except BadPort as fault:
            self.fault, self.fault_words = "port", str(fault)
            return None
        return self.place

    def edited(self, what: Fault) -> None:
        """Somebody corrects a field: what was said about it is no more."""
        if self.fault == what:
            self.fault, self.fault_words = "", ""

    def starting(self) -> None:
        """The broker's process begins."""
        self.phase = "starting"
        self.fault, self.fault_words = "", ""
        self._obstacle = None
        self._last_words.clear()
        self._status = ""

    def ready(self, said: Mapping[str, Any], ways: Sequence[Way], now: float) -> None:
        """It serves."""
        self.phase = "running"
        self.name = one_line(str(said["name"]))
        self.ways = list(ways)
        self._since = self._rate_from = now
        self._counts.clear()

    def obstacle(self, said: Mapping[str, Any]) -> None:
        """It says why it cannot serve, and is about to end."""
        self._obstacle = said

    def logged(self, line: str, time: str = "") -> Fact | None:
        """A line of its log; what it tells. `time`, HH:MM:SS, is that of a line without one."""
        read = server_log.read(line)
        if read is None:
            return None
        if not read.time:
            if read.level != "info":
                self._last_words.append(read.words)
            read = replace(read, time=time)
        self.log["all"].add(read)
        if read.level != "info":
            self.log["warnings"].add(read)
        if read.level == "error":
            self.log["errors"].add(read)
        if read.fact is not None:
            self._learn(read.fact)
        return read.fact

    def note(self, time: str, words: str) -> None:
        """A line of the log that the window itself says; `time` is HH:MM:SS."""
        self.log["all"].add(Logged(time, "info", one_line(words)))

    def stopping(self) -> None:
        """It was told to stop."""
        self.phase = "stopping"

    def ended(self, status: int) -> None:
        """Its process is gone."""
        wanted, was = self.phase == "stopping", self.phase
        self.phase = "stopped" if wanted else "died"
        self.ways = []
        self._users, self._where, self._gone = {}, {}, set()
        self._status = ""
        self._counts.clear()
        self._list_people()
        if wanted:
            return
        if self._obstacle is not None:
            self.phase = "stopped"
            said = self._obstacle
            told = wrong_address(str(said.get("code")), str(said.get("address", "")), self.place)
            field_at_fault, words = told or ("server", str(said.get("text", "")))
            if said.get("code") == "data-dir-locked":
                # The broker's own words name an option, which nobody sees here.
                words = _("Another server already uses {path}. Stop that one, then start this one.")
                words = words.format(path=said.get("path", ""))
            self.fault = (
                "port"
                if field_at_fault == "port"
                else ("address" if field_at_fault == "address" else "server")
            )
            self.fault_words = one_line(words)
            return
        self.fault = "server"
        last = self._last_words[-1] if self._last_words else ""
        if was == "starting":
            words = _("The server could not be started (exit status {status}).")
        else:
            words = _(
                "The server stopped by itself (exit status {status}). What it stored is kept."
            )
        self.fault_words = words.format(status=status)
        if last:
            self.fault_words += " " + _("Its last words: {words}").format(words=one_line(last))

    def heard(self, heard: Heard, now: float, time: str = "") -> None:
        """What passed, and who is here; `time` is HH:MM:SS."""
        for passed in heard.passed:
            self.passed.add(passed)
        for room, seq in heard.deleted:
            self._delete(room, seq)
        if heard.count:
            self._counts.append((now, heard.count))
        self.stored = self.stored if heard.stored is None else heard.stored
        if heard.people is not None and heard.people != self._users:
            self._users = dict(heard.people)
            self._met.update((one_line(nick), user) for user, nick in self._users.items())
            self._list_people()
        if heard.trouble:
            line = Logged(time, "warning", one_line(heard.trouble))
            self.log["all"].add(line)
            self.log["warnings"].add(line)

    def tick(self, now: float) -> None:
        """Time passes."""
        while self._counts and self._counts[0][0] < now - RATE_WINDOW:
            self._counts.popleft()

    # --- what is shown -------------------------------------------------------------------------

    @property
    def can_start(self) -> bool:
        return self.phase in ("stopped", "died")

    @property
    def can_stop(self) -> bool:
        return self.phase in ("starting", "running")

    @property
    def locked_words(self) -> str:
        """Why address and port cannot be changed now; empty where they can."""
        if self.phase in ("starting", "running"):
            return _("Stop the server to change them.")
        if self.place.address == AS_GIVEN:
            return _("As given on the command line.")
        return ""

    @property
    def state_tone(self) -> str:
        """The colour of the dot beside the state."""
        return {"running": "success", "died": "danger"}.get(self.phase, "muted")

    def state(self, now: float) -> str:
        """One line about the server: whether it runs, and for whom."""
        words = {
            "stopped": _("Stopped"),
            "starting": _("Starting…"),
            "stopping": _("Stopping…"),
            "died": _("Stopped by itself"),
            "running": "",
        }[self.phase]
        if self.phase != "running":
            return words
        parts = [_running_for(max(0.0, now - self._since))]
        parts.append(_("not encrypted") if self._plain else _("encrypted"))
        parts.append(self._open_to())
        return " · ".join(parts)

    @property
    def status(self) -> str:
        """What the server waits for, or what happened last."""
        if self.phase == "starting":
            return _("The server is starting.")
        if self.phase == "stopping":
            return _("The server is stopping; everything is being stored.")
        if self.phase != "running":
            return _("Nobody can connect. Start the server to let people in.")
        if self._status:
            return self._status
        if self.ways:
            words = _("Waiting for a connection on port {port}.")
            return words.format(port=self.ways[0].port)
        return _("Waiting for a connection.")

    def rate(self, now: float) -> float:
        """Messages a second, over the last seconds."""
        lately = sum(count for when, count in self._counts if when >= now - RATE_WINDOW)
        return lately / max(1.0, min(RATE_WINDOW, now - self._rate_from))

    def counters(self, now: float) -> list[Counter]:
        """What is counted."""
        rate = self.rate(now)
        people = len(self.people)
        return [
            Counter(
                number(people),
                n_("person connected", "people connected", people),
                _("Everybody who is connected, programs too; who is connected twice counts once."),
            ),
            Counter(
                "–" if self.stored is None else number(self.stored),
                _("public messages"),
                _(
                    "Those of the public rooms. What is said in private rooms and to one person"
                    " alone is told to nobody else."
                ),
            ),
            Counter(
                number(rate, 0 if rate >= 100 else 1),
                _("per second"),
                _("Public messages, over the last ten seconds."),
            ),
            Counter(
                size_words(self.disk),
                _("on disk"),
                _("Everything that is kept: all rooms, private ones and what was decided."),
            ),
        ]

    def title(self) -> str:
        """Of the window."""
        if self.phase != "running":
            return f"{self.name} – {_('server stopped')}"
        count = len(self.people)
        return f"{self.name} – " + n_("{n} person", "{n} people", count).format(n=number(count))

    def closing_question(self) -> str:
        """What closing the window asks; empty where nobody is harmed by it."""
        if not self.can_stop:
            return ""
        count = len(self.people)
        if not count:
            return _("Stop the server? Nobody is connected; the messages stay.")
        words = n_(
            "Stop the server? {n} person will be cut off; the messages stay.",
            "Stop the server? {n} people will be cut off; the messages stay.",
            count,
        )
        return words.format(n=number(count))

    # --- how it is done ------------------------------------------------------------------------

    def _open_to(self) -> str:
        if self.by_invitation:
            return _("open to whoever was invited")
        if self.ways and all(way.here_only for way in self.ways):
            return _("open to this machine only")
        return _("open to everybody on the network")

    def _learn(self, fact: Fact) -> None:
        match fact:
            case Connected(_nick, app, _address) if app.startswith(_CONSOLE):
                return
            case Parted(_nick, app, _lost) if app.startswith(_CONSOLE):
                return
            case Connected(nick, app, address):
                self._gone.discard(nick)
                self._where.pop(nick, None)
                self._where[nick] = (app, address)
                while len(self._where) > _MOST_NAMES:
                    oldest = next(iter(self._where))
                    self._where.pop(oldest)
                    self._gone.discard(oldest)
                words = _("Connection established with {address} ({nick}).")
                self._status = one_line(words.format(address=address, nick=nick))
            case Parted(nick, _app, lost):
                self._gone.add(nick)
                words = _("The link with {who} was lost.") if lost else _("{who} left.")
                self._status = one_line(words.format(who=nick))
            case Renamed(old, nick):
                if old in self._where:
                    self._where[nick] = self._where.pop(old)
                self._gone.discard(old)
            case RoomMade():
                return
        self._list_people()

    def _list_people(self) -> None:
        had = bool(self.people)
        seen = {one_line(nick) for nick in self._users.values()}
        # Nobody sees who is in private rooms alone; the log tells that they are connected.
        hidden = [nick for nick in self._where if nick not in seen | self._gone]
        unseen = {self._user_of(nick): nick for nick in hidden}
        here = [
            self._person(user, nick)
            for user, nick in sorted(
                (self._users | unseen).items(), key=lambda one: one[1].casefold()
            )
        ]
        self.people = here
        if had and not here:
            self._status = ""

    def _user_of(self, nick: str) -> str:
        user = self._met.get(one_line(nick), nick)
        return nick if user in self._users else user

    def _person(self, user: str, nick: str) -> Here:
        app, address = self._where.get(nick, ("", ""))
        kind = _kind(app)
        where = _("this machine") if address.startswith(("127.", "::1")) else address
        note = " · ".join(filter(None, (kind, where)))
        return Here(user, one_line(nick), "bot" in app, note)

    def _delete(self, room: str, seq: int) -> None:
        for place, line in enumerate(self.passed.lines()):
            if line.room == room and line.seq == seq and not line.deleted:
                self.passed.change(place, replace(line, text="", deleted=True))
                return


def _kind(app: str) -> str:
    """The program that somebody uses, in a word; the window, which most people use, has none."""
    if "bot" in app:
        return _("bot")
    if "web" in app:
        return _("browser")
    return _("terminal") if "cli" in app else ""


def _running_for(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 1:
        return _("Running for less than a minute")
    if minutes < 60:
        return _("Running for {minutes} min").format(minutes=minutes)
    hours = minutes // 60
    if hours < 24:
        words = _("Running for {hours} h {minutes} min")
        return words.format(hours=hours, minutes=f"{minutes % 60:02}")
    days = n_("Running for {n} day", "Running for {n} days", hours // 24)
    return days.format(n=number(hours // 24))
