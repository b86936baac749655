"""The broker's loop: the one owner of PULL, PUB, the card and the writing database connection.

Each turn reads what is waiting, lets the core decide, commits once, and only then publishes. Owns
sockets and order; knows no rule of the chat.
"""

import contextlib
import os
import secrets
import socket as system_socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import msgspec
import zmq

from common import __version__, keys, paths
from common.broker import sockets
from common.broker.admission import Admission
from common.broker.batch import Batch, DeleteRead
from common.broker.chores import Chores, Policies
from common.broker.core import Core
from common.broker.facts import Rules
from common.broker.faults import from_environment
from common.broker.gate import Gate, Peer
from common.broker.ledger import Ledger
from common.broker.limits import CoreSettings
from common.broker.logbook import Logbook
from common.broker.reader import Reader
from common.broker.store import StorageFailed, StorageFull, Store
from common.broker.watchman import Watchman
from common.protocol import messages, topics
from common.protocol.codec import ROOM_IN_FRAME, cut, encode, frames

TURN_FRAMES: Final = 4_000
TURN_BYTES: Final = 1 << 20
"""What one turn reads at most, so that a flood does not delay its own commit. A turn of 4,000
messages takes 20 ms; half as many cost 0.3 µs more for each, a quarter 1.3 µs (measured)."""
TURN_SUBSCRIPTIONS: Final = 500
LOOKED_AT: Final = 32
"""Messages of a turn that are read as `zmq.Frame`, which tells whether it was the only frame and
costs 1.1 µs more than reading bytes (measured). Under CURVE all are: it also tells who sent it."""
PARTS: Final = 64
"""Frames of a message above which its sender is thrown out."""
LAST_WORDS: Final = 0.1
"""Seconds between the words that tell somebody why, and the end of their connection: libzmq sends
from a thread of its own, and what it has not sent by then is lost."""
_NO_RULES: Final = Rules()


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """Where a broker serves, and from what."""

    data_dir: Path
    """The broker's own directory: database, key, `ready.json`."""
    pull: list[str]
    pub: list[str]
    card: str | None
    core: CoreSettings = field(default_factory=CoreSettings)


class Server:
    """One running broker. `open`, `run` until `stop`, `close`."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._context: zmq.Context[Any] = zmq.Context()
        self._context.set(zmq.MAX_SOCKETS, sockets.MAX_SOCKETS)
        self._waker, self._wakeable = system_socket.socketpair()
        self._waker.setblocking(False)
        self._stopping = False
        self._soon: deque[Callable[[], None]] = deque()
        self._leaving: deque[tuple[float, int, str]] = deque()
        """Connections to be closed: when (monotonic), descriptor and address."""
        self._fault = from_environment()
        self._opened: list[Callable[[], None]] = [self._context.term, self._close_wakers]
        self._logbook = Logbook(time.monotonic())
        self._opened.append(self._logbook.close)
        self.ready: dict[str, Any] = {}
        """What the ready line says."""
        self._page = ""

    def open(self) -> None:
        """Locks the directory, opens the log, binds. Raises what stands in the way; see `broker.py`
        for each one's words."""
        settings = self._settings
        directory = paths.private_dir(settings.data_dir)
        lock = paths.DirectoryLock(directory)
        self._opened.append(lock.release)
        pair = None
        if not settings.core.plain:
            pair = keys.load_or_create(directory / "broker.key")
        self._store = Store.open(directory / "causette.db", fault=self._fault)
        self._opened.append(self._store.close)
        loaded = self._store.load()
        self._reader = Reader(directory / "causette.db")
        self._opened.append(self._reader.close)
        ledger = Ledger(
            loaded.rooms,
            loaded.users,
            self._store.stream,
            lambda: secrets.token_hex(8),
            topics.room,
            loaded.facts,
        )
        self._ledger = ledger
        self._encrypted = pair is not None
        self._console = pair.public if pair else ""
        owned = any(rank.role == "owner" for rank in ledger.facts.ranks.values())
        self._claim = "" if owned or pair is None else f"claim-{secrets.token_hex(16)}"
        self._core = Core(
            self._completed(settings.core), ledger, loaded.epoch, time.monotonic(), _wall()
        )
        if pair is not None:
            self._admission: Admission | None = Admission(self._context, self._may_connect)
            self._opened.append(self._admission.stop)
        else:
            self._admission = None
        self._pull = self._own(sockets.make_pull(self._context, pair))
        # The class below zmq.Socket: what that adds to a call costs half a microsecond each time.
        plain: Any = super(zmq.Socket, self._pull)
        self._recv = plain.recv
        self._pub = self._own(sockets.make_pub(self._context, pair))
        self._gate = Gate(self._pub, self)
        self._gate.most = settings.core.subscriptions
        self._carry_out()  # the first start's own records are true before anybody may connect
        bound = self._bind()
        self._watchman = Watchman(bound.pull, bound.pub + bound.card, self._swamped, self._nudge)
        self._opened.append(self._watchman.close)
        self._chores = Chores(self._store, time.monotonic(), self._policies, self._note)
        self._bound = bound
        self._ready_file = directory / "ready.json"
        self._introduce()
        self._opened.append(lambda: self._ready_file.unlink(missing_ok=True))

    def run(self) -> None:
        """Serves until `stop`. Raises `StorageFailed` when a commit's outcome is unknown: nothing
        of that turn was acknowledged, and only a fresh start can tell what the file holds."""
        poller = zmq.Poller()
        watched = [self._pull, self._pub, self._wakeable.fileno(), self._reader.fileno()]
        if self._admission:
            watched.append(self._admission.zap_socket)
        if self._card_socket:
            watched.append(self._card_socket)
        for one in watched:
            poller.register(one, zmq.POLLIN)
        core, watchman = self._core, self._watchman
        logbook, chores = self._logbook, self._chores
        wait, unsettled = 0, False
        while not self._stopping:
            ready = dict(poller.poll(wait))
            now = time.monotonic()
            core.begin(now, _wall())
            if self._admission and self._admission.zap_socket in ready:
                self._admission.step()
            if self._pub in ready or unsettled:
                unsettled = self._gate.drain(TURN_SUBSCRIPTIONS) == TURN_SUBSCRIPTIONS
            read, emptied = self._drain_pull() if self._pull in ready else (0, True)
            watchman.turn(read, emptied)
            if self._wakeable.fileno() in ready:
                self._wakeable.recv(4_096)
                while self._soon:
                    self._soon.popleft()()
            if self._reader.fileno() in ready:
                self._answer_reads()
            if self._card_socket and self._card_socket in ready:
                self._answer_card()
            due = min(core.tick(), logbook.due, chores.due)
            logbook.tick(now)
            chores.tick(now, _wall())
            self._carry_out()
            due = min(due, self._store.due)
            if self._leaving:
                due = min(due, self._see_out(now))
            # Rounded up: a poll of 0 ms before a deadline would spin.
            wait = int(min(max((due - now) * 1_000 + 1, 0), 60_000))
            if unsettled:  # the gate must see the end of the queue, to trust it again
                wait = 0
        self._drain_pull()
        core.close()
        self._carry_out()

    def stop(self) -> None:
        """Ends `run` soon. For signal handlers and other threads."""
        self._stopping = True
        self._nudge()

    def soon(self, act: Callable[[], None]) -> None:
        """Has the loop do something between two turns. For signal handlers and other threads."""
        self._soon.append(act)
        self._nudge()

    def configure(self, settings: CoreSettings) -> None:
        """Goes on with other settings, and everybody who is here stays; see `Core.configure`. For
        the loop's thread: `soon`."""
        self._core.configure(self._completed(replace(settings, plain=not self._encrypted)))
        self._gate.most = settings.subscriptions
        self._introduce_anew()

    def page_is(self, address: str) -> None:
        """Browsers reach a gateway there; "": nowhere. For the loop's thread."""
        self._page = address
        self._introduce_anew()

    def close(self) -> None:
        """Gives everything back, in the reverse order of opening. Safe after a failed `open`."""
        while self._opened:
            self._opened.pop()()

    # --- what the gate asks --------------------------------------------------------------------

    def subscribed(self, topic: bytes, peer: Peer) -> bool:
        # Without encryption a peer may claim any User-Id in its handshake.
        key = peer.key if self._encrypted else None
        return self._core.subscribed(topic, key, peer.fd, peer.address)

    def unsubscribed(self, topic: bytes) -> None:
        self._core.unsubscribed(topic)

    def intruder(self, peer: Peer, why: str) -> None:
        self._note("warning", f"threw out {peer.address} (key {peer.key}): {why}")

    def _swamped(self, address: str, why: str) -> None:
        self._note("warning", f"threw out {address}: {why}")

    def _nudge(self) -> None:
        """From other threads: the loop takes a turn."""
        with contextlib.suppress(BlockingIOError):  # full: it has been rung often enough
            self._waker.send(b"\0")

    def _note(self, level: str, words: str) -> None:
        self._logbook.write(level, words, time.monotonic())

    # --- one turn ------------------------------------------------------------------------------

    def _drain_pull(self) -> tuple[int, bool]:
        """Hands the core what is waiting, up to a turn's worth. Answers how many frames were read,
        and whether that was all there were.

        Without encryption and under load, the frames of a longer message are taken as if they had
        been pushed one by one: each needs its session id, so that nothing is gained by it.
        """
        receive, recv = self._core.receive, self._recv
        noblock, encrypted = int(zmq.NOBLOCK), self._encrypted
        suspects, outcasts = self._watchman.suspects, self._core.outcasts
        count = size = 0
        try:
            while count < TURN_FRAMES and size < TURN_BYTES:
                if count >= LOOKED_AT and not encrypted and not suspects:
                    body = recv(noblock)
                    count += 1
                    receive(body, None)
                    size += len(body)
                    continue
                frame = recv(noblock, False)
                count += 1
                if suspects:
                    self._watchman.heard(frame.get(zmq.SRCFD))
                if frame.more:
                    count += self._refuse_multipart(frame)
                    continue
                body = frame.bytes
                size += len(body)
                if not encrypted:
                    receive(body, None)
                    continue
                key = str(frame.get("User-Id"))
                if key in outcasts:
                    self._watchman.throw_out(frame.get(zmq.SRCFD), "shut out")
                else:
                    receive(body, key)
        except zmq.Again:
            return count, True
        return count, False

    def _refuse_multipart(self, first: zmq.Frame) -> int:
        """Answers how many frames came behind `first`."""
        key = str(first.get("User-Id")) if self._encrypted else None
        frame, parts = first, 0
        while frame.more:  # the rest is here: libzmq delivers the parts of a message together
            frame = self._pull.recv(zmq.NOBLOCK, copy=False)
            parts += 1
            if parts == PARTS:
                self._watchman.throw_out(first.get(zmq.SRCFD), f"a message of over {PARTS} frames")
        self._core.malformed(parts + 1, key)
        return parts

    def _carry_out(self) -> None:
        """Commits the turn, then lets it be known."""
        core = self._core
        batch = core.take()
        if batch.durable:
            if self._fault:
                self._fault("received")
            try:
                self._store.commit(batch)
            except StorageFull:
                core.rolled_back()
                batch = core.take()
        core.committed()
        if batch.appends or batch.publish:
            self._publish(batch)
        for fd, address in batch.expel:
            self._leaving.append((time.monotonic() + LAST_WORDS, fd, address))
        for read in batch.reads:
            self._reader.submit(read)
        self._store.tend()
        for level, words in batch.log:
            self._note(level, words)
        if self._claim and core.claimed:
            self._claim = ""
            self._introduce_anew()

    def _see_out(self, now: float) -> float:
        """Closes the connections of those who were told why; answers when the next one is due."""
        while self._leaving and self._leaving[0][0] <= now:
            _due, fd, address = self._leaving.popleft()
            self._gate.throw_out(fd, address)
        return self._leaving[0][0] if self._leaving else float("inf")

    def _publish(self, batch: Batch) -> None:
        publish = self._gate.publish
        if self._fault and batch.appends:
            self._fault("commit")
        for append in batch.appends.values():
            if append.topic:
                for body in cut(append.joined(), ROOM_IN_FRAME):
                    publish(append.topic, body)
                if self._fault:
                    self._fault("publish")
        for topic, lines in batch.publish.items():
            for body in frames(lines):
                publish(topic, body)
        if self._fault and batch.appends:
            self._fault("published")

    def _answer_reads(self) -> None:
        for result in self._reader.results():
            self._core.read_done(result.user, len(result.lines))
            if result.trouble:
                self._note("error", result.trouble)
            if result.lines and self._core.may_have(result.read):
                self._gate.publish(topics.inbox(result.session), result.lines)
            elif isinstance(result.read, DeleteRead):
                self._core.found(result.read, *result.origin)

    def _answer_card(self) -> None:
        assert self._card_socket is not None
        for _ in range(100):
            try:
                self._card_socket.recv_multipart(zmq.NOBLOCK)
                self._card_socket.send(self._card, zmq.NOBLOCK)
            except zmq.Again:
                return

    # --- what is told about this broker --------------------------------------------------------

    def _introduce(self) -> None:
        """Makes the card and `ready.json` say what holds now."""
        settings, bound = self._core.settings, self._bound
        key = self._console or None
        self._card = encode(
            messages.Card(
                name=settings.name,
                key=key,
                pull=bound.pull,
                pub=bound.pub,
                protocol=messages.PROTOCOL,
                access=settings.access,
            )
        )
        self.ready = {
            "type": "ready",
            "name": settings.name,
            "pull": bound.pull,
            "pub": bound.pub,
            "card": bound.card[0] if bound.card else None,
            "key": key,
        }
        if self._page:
            self.ready["page"] = self._page
        said = {**self.ready, "pid": os.getpid(), "version": __version__}
        if self._claim:
            said["claim"] = self._claim
        paths.write_private(self._ready_file, msgspec.json.encode(said) + b"\n")

    def _introduce_anew(self) -> None:
        """The same while people are served: a full disk is no reason to stop."""
        try:
            self._introduce()
        except OSError as fault:
            self._note("warning", f"{self._ready_file} could not be written: {fault.strerror}")

    def _completed(self, settings: CoreSettings) -> CoreSettings:
        return replace(settings, console=self._console, claim=self._claim)

    def _policies(self) -> Policies:
        """What each room keeps, where that is not everything."""
        settings, rules = self._core.settings, self._ledger.facts.rules
        found = {}
        for room in self._ledger.rooms.values():
            own = rules.get(str(room.number), _NO_RULES)
            keep = (own.keep or settings.keep, own.keep_bytes or settings.keep_bytes)
            if any(keep):
                found[room.number] = keep
        return found

    # --- making and unmaking -------------------------------------------------------------------

    def _may_connect(self, key: str) -> bool:
        """Whoever has the broker's key may connect; whether they may come in is the core's to say,
        with the reason."""
        return bool(key)

    def _bind(self) -> sockets.Bound:
        settings = self._settings
        pull = [sockets.bind(self._pull, address) for address in settings.pull]
        wanted = settings.pub or [sockets.neighbour(address) for address in settings.pull]
        pub = [sockets.bind(self._pub, address) for address in wanted]
        card_address = settings.card
        if card_address is None and sockets.has_neighbour(wanted[0]):
            card_address = sockets.neighbour(wanted[0])
        card = []
        self._card_socket = None
        if card_address is not None:
            self._card_socket = self._own(sockets.make_card(self._context))
            card.append(sockets.bind(self._card_socket, card_address))
        return sockets.Bound(pull, pub, card)

    def _own(self, socket: sockets.Socket) -> sockets.Socket:
        self._opened.append(socket.close)
        return socket

    def _close_wakers(self) -> None:
        self._waker.close()
        self._wakeable.close()


def _wall() -> int:
    return time.time_ns() // 1_000_000


__all__ = ["Server", "ServerSettings", "StorageFailed"]
