"""What somebody decides about somebody else: for how long, and why. Muting, putting out, banning,
removing, deleting a message, taking a nickname.

Owns the words of each question, and which deed its answer is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from common.gui.desk import Desk
from common.gui.dialogs.asking import Asking
from common.i18n import N_, _
from common.protocol import deeds


@dataclass(frozen=True)
class _Kind:
    title: str
    words: str
    button: str
    timed: bool = False
    seconds: int = 0
    at_once: str = ""
    """Words for no time at all."""


_KINDS: Final = {
    "mute": _Kind(
        N_("Mute {nick} in {room}?"),
        N_("They go on reading and cannot write here."),
        N_("Mute"),
        timed=True,
        seconds=600,
    ),
    "kick": _Kind(
        N_("Remove {nick} from {room}?"),
        N_("They are told why."),
        N_("Remove from the room"),
        timed=True,
        at_once=N_("may come back at once"),
    ),
    "remove": _Kind(
        N_("Remove {nick} from {room}?"),
        N_("Only an invitation brings them back."),
        N_("Remove from the room"),
    ),
    "disconnect": _Kind(
        N_("Close the connections of {nick}?"),
        N_("They may come back after a moment."),
        N_("Disconnect them"),
        timed=True,
        at_once=N_("may come back at once"),
    ),
    "ban": _Kind(
        N_("Ban {nick} from this server?"),
        N_("Their connections are closed, and their key is not let in any more."),
        N_("Ban"),
        timed=True,
    ),
    "free": _Kind(
        N_("Take the nickname {nick} from whoever holds it?"),
        N_("They get another one until they choose."),
        N_("Take the nickname"),
    ),
    "delete": _Kind(
        N_("Delete message no. {seq}?"),
        N_("Its text is taken away for good, for everybody; a numbered trace stays."),
        N_("Delete"),
    ),
}


class Decide(Asking):
    """Presented at once."""

    def __init__(
        self,
        desk: Desk,
        kind: str,
        nick: str = "",
        user: str = "",
        room: str = "",
        *,
        seq: int = 0,
        done: Callable[[], object] | None = None,
    ) -> None:
        """`kind`: mute, kick, remove, disconnect, ban, free or delete."""
        chosen = _KINDS[kind]
        known = desk.talk.rooms.get(room)
        title = known.title if known is not None else ""
        words = _(chosen.title).format(nick=nick, room=title, seq=seq)
        super().__init__(desk.over, words)
        self._desk, self._kind = desk, kind
        self._nick, self._user, self._room, self._seq = nick, user, room, seq
        self._after = done
        self.words(_(chosen.words))
        self.time = None
        if chosen.timed:
            good = _(chosen.at_once) if chosen.at_once else ""
            self.time = self.span(_("For how long"), chosen.seconds, good=good)
        self.why = self.field(_("Reason, which they read"))
        self.answer(_(chosen.button), self._answer, danger=True)
        self.present(self.why.text)

    def _answer(self) -> None:
        self.wait()
        self._desk.do(self._deed(), "", self._done, self.failed)

    def _done(self) -> None:
        self.done()
        if self._after is not None:
            self._after()

    def _deed(self) -> deeds.Deed:
        why = self.why.value.strip()
        seconds = int(self.time.value) if self.time is not None else 0
        who = {"user": self._user} if self._user else {"nick": self._nick}
        match self._kind:
            case "mute":
                return deeds.Mute(room=self._room, seconds=seconds, reason=why, **who)
            case "kick":
                return deeds.Kick(room=self._room, seconds=seconds, reason=why, **who)
            case "disconnect":
                return deeds.Kick(seconds=seconds, reason=why, **who)
            case "remove":
                return deeds.Remove(room=self._room, reason=why, **who)
            case "ban":
                return deeds.Ban(seconds=seconds, reason=why, **who)
            case "free":
                return deeds.Free(nick=self._nick, reason=why)
            case _:
                return deeds.Delete(room=self._room, seq=self._seq, reason=why)
