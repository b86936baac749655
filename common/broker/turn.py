"""One turn of the core as its parts share it: the time, the ledger, and what is to be said.

Owns who asked for something durable this turn, so that a full disk can be told to them, and what
is to happen to sessions once it is in the file. Knows no rule of the chat.
"""

from collections.abc import Callable
from math import ceil
from typing import Final

import msgspec

from common.broker.batch import Read
from common.broker.ledger import Ledger, Room
from common.broker.limits import Bucket
from common.broker.sessions import Session
from common.protocol import messages as m
from common.protocol.codec import encode

FULL_DISK_RETRY: Final = 5.0
"""Seconds after which a client may try again where the disk was full."""


class Refusal(Exception):
    """A request that is answered with an `error`. `retry` in seconds; 0: not by waiting.

    `reason` is what whoever decided it wrote, `until` (ms of wall time) when it ends by itself.
    """

    def __init__(
        self, code: str, text: str, retry: float = 0.0, *, reason: str = "", until: int = 0
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.retry = retry
        self.reason = reason
        self.until = until


class Turn:
    """`now` is monotonic seconds, `wall` milliseconds since 1970: set by the shell."""

    def __init__(self, ledger: Ledger, now: float, wall: int) -> None:
        self.ledger = ledger
        self.now = now
        self.wall = wall
        self._asked: list[tuple[Session, int, str | None]] = []
        self._reading: dict[str, int] = {}
        self._then: list[Callable[[], None]] = []

    def then(self, act: Callable[[], None]) -> None:
        """What a deed does to sessions: done once the turn is in the file and before it is told,
        so that a full disk has nothing to take back. `act` may tell, publish and expel."""
        self._then.append(act)

    def asked(self, session: Session, n: int = 0, id: str | None = None) -> None:
        """A request of this session becomes true with this turn's commit: a message (`n`), one with
        an `id` that may be '', or with neither its `hello`."""
        self._asked.append((session, n, id))

    def publish(self, room: Room, line: bytes) -> None:
        """Says a line that is no record on a room's topic."""
        self.ledger.batch.publish.setdefault(room.topic, []).append(line)

    def tell(self, session: Session, answer: m.Answer) -> None:
        """Answers one session in its inbox."""
        self.ledger.batch.publish.setdefault(session.inbox, []).append(encode(answer))

    def charge(self, bucket: Bucket, what: str, tokens: int = 1) -> None:
        """Takes so many tokens, or raises `Refusal`."""
        if wait := bucket.wait(self.now, tokens):
            often = f"{bucket.rate:g} {what} a second"
            if bucket.rate < 1:
                often = f"{bucket.rate * 3_600:g} {what} an hour"
            raise Refusal("rate-limited", f"more than {often}", wait)

    def charge_deed(self, session: Session) -> None:
        """Takes a token for what is told to a whole room, or raises `Refusal`."""
        assert session.allowance is not None
        self.charge(session.allowance.deeds, "decisions")

    def error(self, session: Session, refusal: Refusal, id: str = "", n: int = 0) -> None:
        """Refuses a request, to the one who sent it alone."""
        reason, until = refusal.reason, refusal.until
        error = m.Error(
            code=refusal.code, text=refusal.text, id=id, n=n, reason=reason, until=until
        )
        if refusal.retry:
            # Rounded up: 0 would mean that waiting does not help.
            error = msgspec.structs.replace(error, retry=ceil(refusal.retry * 1_000) / 1_000)
        self.tell(session, error)
        if not refusal.retry:
            who = session.label if session.person else session.address
            self.note("warning", f"refused {who}: {refusal.code}: {refusal.text}")

    def note(self, level: str, words: str) -> None:
        """A line of the operator's log."""
        self.ledger.batch.log.append((level, words))

    def read(self, read: Read) -> None:
        """Has the reader look something up, once the turn is committed."""
        self._reading[read.user] = self._reading.get(read.user, 0) + 1
        self.ledger.batch.reads.append(read)

    def reading(self, user: str) -> int:
        """How many look-ups this person has under way."""
        return self._reading.get(user, 0)

    def read_done(self, user: str) -> None:
        """The reader has answered one of this person's questions."""
        left = self._reading.get(user, 1) - 1
        if left:
            self._reading[user] = left
        else:
            self._reading.pop(user, None)

    def committed(self) -> None:
        """The turn is in the file."""
        self._asked.clear()
        acts, self._then = self._then, []
        for act in acts:
            act()
        self.ledger.committed()

    def rolled_back(self) -> list[Session]:
        """The disk is full: nothing of the turn happened, and whoever asked is told so.

        A stream's first number that was not stored is enough: its tail waits with it. Answers the
        sessions whose `hello` it was.
        """
        asked, self._asked = self._asked, []
        self._then.clear()
        for read in self.ledger.batch.reads:
            self.read_done(read.user)
        self.ledger.rolled_back()
        self.note("error", "the disk is full: nothing was stored; reading goes on")
        held: set[bytes] = set()
        for session, n, id in asked:
            if session.person is None:
                continue  # said goodbye within the same turn
            if n:
                if session.id in held:
                    continue
                held.add(session.id)
                session.held = True
            words = "the server's disk is full"
            self.error(session, Refusal("storage-full", words, FULL_DISK_RETRY), id or "", n)
        return [session for session, n, id in asked if not n and id is None]
