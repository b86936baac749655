"""What it takes to keep somebody out from an instant on: out of a room, or of the server. Pure.

Owns the order of it: sessions leave, the topic is renewed, whoever stays is told the new one.
Must not know why, nor who decided it. All of it runs after the deed's commit (`Turn.then`), before
anything of the turn is told: so what was said since the deed is on the new topic, which the one who
was put out was never told.
"""

from collections.abc import Iterable

from common.broker.ledger import Person, Room
from common.broker.lobby import Lobby
from common.broker.sessions import Session, Sessions
from common.broker.turn import Turn
from common.protocol import deeds as d
from common.protocol import messages as m


class PuttingOut:
    """See the module. Each method is for `Turn.then`."""

    def __init__(self, turn: Turn, sessions: Sessions, lobby: Lobby) -> None:
        self._turn = turn
        self._sessions = sessions
        self._lobby = lobby

    def tell(self, user: str, answer: m.Answer) -> None:
        """Tells each session of a person."""
        for session in self._sessions.of_user(user):
            self._turn.tell(session, answer)

    def leave_room(self, user: str, room: Room) -> None:
        """All sessions of a person leave a room, and its topic is renewed."""
        for session in self._sessions.of_user(user):
            if room.name in session.rooms:
                self._lobby.exit(session, room.name)
        self.renew(room)

    def end_sessions(
        self, sessions: Iterable[Session], user: str, notice: m.Answer | None = None
    ) -> None:
        """Ends sessions of one person without a grace and closes their connections; whatever they
        might go on hearing has another topic from then on. Their last words take a moment, and
        further connections of theirs are nobody's session: so public rooms are no exception."""
        names = set(self._sessions.heard_by(user))
        for session in sessions:
            if self._sessions.get(session.id) is not session:
                continue
            if notice is not None:
                self._turn.tell(session, notice)
            names.update(session.rooms)
            self.end(session)
            self._turn.ledger.batch.expel.append((session.fd, session.address))
        for name in sorted(names):
            self.renew(self._turn.ledger.rooms[name])

    def end(self, session: Session) -> None:
        """A session is no more."""
        self._lobby.withdraw(session)
        stream = self._sessions.close(session)
        if stream is not None:
            self._turn.ledger.forget_stream(stream)

    def renew(self, room: Room) -> None:
        """Gives a room a new topic and tells it to those who are in the room."""
        former = room.topic
        self._turn.ledger.renew_topic(room)
        self._sessions.renewed(room.name, former, room.topic)
        self._lobby.tell_state(room)


def notice_of(
    what: str,
    by: Person,
    reason: str,
    *,
    room: str = "",
    until: int = 0,
    role: str = "",
    seq: int = 0,
    subject: str = "",
) -> d.Notice:
    """What the person concerned is told."""
    return d.Notice(
        what=what,
        room=room,
        user=by.user,
        nick=by.nick,
        reason=reason,
        until=until,
        role=role,
        seq=seq,
        subject=subject,
    )
