"""Pages of what is stored: the history of rooms, and the server's own log. Pure.

Owns how much one person may have read, and what of a room is theirs to read; the reading itself is
the reader's.
"""

from collections.abc import Callable
from typing import Final

from common.broker.batch import PageRead
from common.broker.ledger import SERVER_LOG
from common.broker.limits import Allowance
from common.broker.rights import ADMIN, Rights, user_of
from common.broker.roomnames import RoomNames
from common.broker.sessions import Session, Sessions
from common.broker.turn import Refusal, Turn
from common.protocol import deeds as d
from common.protocol import messages as m
from common.protocol.limits import WIRE

READ_RETRY: Final = 0.5
"""Seconds to wait at least once too much was read: a page would be asked for twice."""


class Asking:
    """Each request raises `Refusal`."""

    def __init__(
        self,
        turn: Turn,
        sessions: Sessions,
        rights: Rights,
        names: RoomNames,
        allowance_of: Callable[[str], Allowance],
    ) -> None:
        self._turn = turn
        self._sessions = sessions
        self._rights = rights
        self._names = names
        self._allowance_of = allowance_of

    def history(self, session: Session, ask: m.History) -> None:
        user = user_of(session)
        room = self._names.existing(ask.room, user)
        if (kept_out := self._rights.kept_out(room, user, self._turn.wall)) is not None:
            raise kept_out
        self._charge(user)
        limit = min(max(ask.limit, 1), WIRE.page)
        self._turn.read(
            PageRead(
                session.id, user, ask.id, room.number, room.name, room.committed,
                ask.after, ask.before, ask.since, limit, self._rights.spans(room, user),
            )
        )  # fmt: skip

    def audit(self, session: Session, ask: d.Audit) -> None:
        self._rights.require_rank(session, ADMIN)
        user = user_of(session)
        self._charge(user)
        limit = min(max(ask.limit, 1), WIRE.page)
        self._turn.read(
            PageRead(
                session.id, user, ask.id, SERVER_LOG, "", self._turn.ledger.log_head,
                ask.after, ask.before, None, limit, audit=True,
            )
        )  # fmt: skip

    def holds(self, read: PageRead) -> bool:
        """Whether a person may read now what they might when they asked, for what was said since
        may be in the page. Where they may not, they are told to ask again."""
        session = self._sessions.get(read.session)
        if session is None or session.person is None or session.person.user != read.user:
            return False  # put out meanwhile, or somebody else by now
        room = self._turn.ledger.rooms.get(read.name)
        if read.audit:
            holds = self._rights.rank(read.user) >= ADMIN
        else:
            holds = room is not None and (
                self._rights.may_see(room, read.user)
                and self._rights.spans(room, read.user) == read.spans
                and self._rights.kept_out(room, read.user, self._turn.wall) is None
            )
        if not holds:
            words = "what this person may read has changed meanwhile"
            self._turn.error(session, Refusal("rate-limited", words, READ_RETRY), read.id)
        return holds

    def _charge(self, user: str) -> None:
        """Raises `Refusal` while somebody has read more than they may; what a page weighs is known
        only once it was read."""
        if self._turn.reading(user) >= WIRE.reads:
            words = f"more than {WIRE.reads} pages asked for at once"
            raise Refusal("rate-limited", words, 0.1)
        reads = self._allowance_of(user).reads
        if wait := reads.wait(self._turn.now, 0.0):
            words = f"more than {reads.rate:.0f} bytes of history a second"
            raise Refusal("rate-limited", words, max(wait, READ_RETRY))
