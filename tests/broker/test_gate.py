"""The gate against real sockets: nobody gets what was not granted (tests 33, 34, 45, 58)."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq
from zmq.utils import z85
from zmq.utils.monitor import recv_monitor_message

from common.broker.admission import DOMAIN, Admission
from common.broker.gate import SUBSCRIPTIONS, Gate, Peer
from tests.support import wait_until

Socket = zmq.Socket[bytes]
QUIET = 40
"""Milliseconds without a message on loopback after which none is under way."""


class Policy:
    """Grants what `grants` says: topics, or (key, topic) pairs; None grants everything."""

    def __init__(self, grants: set[Any] | None = None) -> None:
        self.grants = grants
        self.asked: list[tuple[bytes, Peer]] = []
        self.ended: list[bytes] = []
        self.intruders: list[tuple[Peer, str]] = []

    def subscribed(self, topic: bytes, peer: Peer) -> bool:
        self.asked.append((topic, peer))
        return self.grants is None or topic in self.grants or (peer.key, topic) in self.grants

    def unsubscribed(self, topic: bytes) -> None:
        self.ended.append(topic)

    def intruder(self, peer: Peer, why: str) -> None:
        self.intruders.append((peer, why))

    def summary(self) -> str:
        counts = f"{len(self.asked)} asked, {len(self.ended)} ended"
        return f"{counts}, of late {self.asked[-3:]} {self.ended[-3:]}; {self.intruders[:3]}"

    @property
    def topics(self) -> list[bytes]:
        return [topic for topic, _ in self.asked]


class Stage:
    """An XPUB with its gate, and whoever comes to it."""

    def __init__(self, policy: Policy | None = None, gate: type[Gate] = Gate) -> None:
        self.context: zmq.Context[Any] = zmq.Context()
        self.policy = policy or Policy()
        self.xpub = self.context.socket(zmq.XPUB)
        self.xpub.linger = 0
        self.xpub.setsockopt(zmq.XPUB_MANUAL, 1)
        self.xpub.setsockopt(zmq.XPUB_VERBOSER, 1)
        self.gate = gate(self.xpub, self.policy)
        self.endpoint = ""
        self.opened: list[Socket] = [self.xpub]

    def bind(self, endpoint: str = "tcp://127.0.0.1:*") -> "Stage":
        self.xpub.bind(endpoint)
        self.endpoint = self.xpub.getsockopt_string(zmq.LAST_ENDPOINT)
        return self

    def peer(self, kind: int = zmq.XSUB, *topics: bytes) -> Socket:
        """XSUB by default: it filters nothing, so what reaches it is what the broker sent it."""
        peer: Socket = self.context.socket(kind)
        self.opened.append(peer)
        peer.linger = 0
        peer.reconnect_ivl = -1
        peer.sndhwm = 0  # an XSUB drops what is above it, subscriptions too
        self.dress(peer)
        peer.connect(self.endpoint)
        for topic in topics:
            peer.send(b"\1" + topic)
        return peer

    def dress(self, peer: Socket) -> None:
        """For a stage with encryption."""

    def admit(self) -> None:
        """For a stage with encryption."""

    def drain_until(self, seen: Any, what: str) -> None:
        def step() -> bool:
            self.admit()
            self.xpub.poll(10)
            self.gate.drain(10_000)
            return bool(seen())

        wait_until(step, what, saw=self.policy.summary)

    def settle(self) -> None:
        while self.xpub.poll(QUIET):
            self.gate.drain(10_000)

    def close(self) -> None:
        for socket in self.opened:
            socket.close(linger=0)
        self.context.term()


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage().bind()
    yield stage
    stage.close()


class Patient(Gate):
    """Distrusts, and throws nobody out."""

    def _refuse(self, peer: Peer, alive: bool, why: str) -> None:
        pass


def received(peer: Socket, wait: int = QUIET) -> list[list[bytes]]:
    messages = []
    while peer.poll(wait):
        messages.append(peer.recv_multipart())
    return messages


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


class TestGranting:
    def test_a_granted_topic_arrives_in_two_frames(self, stage: Stage) -> None:
        peer = stage.peer(zmq.XSUB, b"room/a/")
        stage.drain_until(lambda: stage.policy.asked, "the subscription")
        body = b"x" * 65_000
        stage.gate.publish(b"room/a/", body)
        assert received(peer) == [[b"room/a/", body]]

    def test_a_refused_topic_does_not_arrive(self, stage: Stage) -> None:
        stage.policy.grants = {b"room/b/"}
        peer = stage.peer(zmq.XSUB, b"room/a/", b"room/b/")
        stage.drain_until(lambda: len(stage.policy.asked) == 2, "both subscriptions")
        stage.gate.publish(b"room/a/", b"no")
        stage.gate.publish(b"room/b/", b"yes")
        assert received(peer) == [[b"room/b/", b"yes"]]

    @pytest.mark.parametrize(
        "asked", [b"", b"room/", b"room/a", b"room/a\0", b"room/a//", b"inbox/", b"\xff/"]
    )
    def test_34_only_exact_topics_are_granted(self, stage: Stage, asked: bytes) -> None:
        stage.policy.grants = {b"room/a/"}
        peer = stage.peer(zmq.XSUB, asked)
        stage.drain_until(lambda: stage.policy.asked, "the subscription")
        assert stage.policy.topics == [asked]
        stage.gate.publish(b"room/a/", b"secret")
        stage.gate.publish(b"room/a\0/", b"secret")
        assert received(peer) == []

    def test_34_a_name_that_begins_with_a_granted_one_is_not_granted(self, stage: Stage) -> None:
        peer = stage.peer(zmq.XSUB, b"room/")
        other = stage.peer(zmq.XSUB, b"room2/")
        stage.drain_until(lambda: len(stage.policy.asked) == 2, "both subscriptions")
        stage.gate.publish(b"room2/", b"x")
        assert received(other) == [[b"room2/", b"x"]]
        assert received(peer) == []

    def test_no_subscription_survives_being_taken_back(self, stage: Stage) -> None:
        peer = stage.peer(zmq.XSUB, b"room/a/", b"room/b/")
        stage.drain_until(lambda: len(stage.policy.asked) == 2, "both subscriptions")
        peer.send(b"\0room/a/")
        stage.drain_until(lambda: stage.policy.ended == [b"room/a/"], "the end of one")
        stage.gate.publish(b"room/a/", b"no")
        stage.gate.publish(b"room/b/", b"yes")
        assert received(peer) == [[b"room/b/", b"yes"]]

    def test_a_lost_connection_ends_each_subscription_refused_ones_too(self, stage: Stage) -> None:
        stage.policy.grants = {b"room/a/"}
        peer = stage.peer(zmq.XSUB, b"room/a/", b"room/b/")
        stage.drain_until(lambda: len(stage.policy.asked) == 2, "both subscriptions")
        peer.close()
        stage.drain_until(lambda: len(stage.policy.ended) == 2, "the ends")
        assert sorted(stage.policy.ended) == [b"room/a/", b"room/b/"]

    @pytest.mark.skipif(os.name == "nt", reason="a Windows socket is no descriptor")
    def test_nothing_is_granted_to_who_is_gone_already(self, stage: Stage) -> None:
        """Its pipe may be a newcomer's by now."""
        monitor = stage.xpub.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        stage.opened.append(monitor)
        peer = stage.peer(zmq.XSUB, b"room/a/")
        assert stage.xpub.poll(5_000)
        peer.close()
        assert monitor.poll(5_000)
        fd = int(recv_monitor_message(monitor)["value"])
        wait_until(lambda: not is_open(fd), "the descriptor's end")
        stage.drain_until(lambda: stage.policy.ended, "the end")
        assert stage.policy.asked == []

    def test_drain_tells_how_much_it_read(self, stage: Stage) -> None:
        assert stage.gate.drain(5) == 0
        stage.peer(zmq.XSUB, *(b"room/%d/" % n for n in range(7)))
        read: list[int] = []

        def all_read() -> bool:
            read.append(stage.gate.drain(5))
            return sum(read) == 7

        wait_until(all_read, "all of them")
        assert max(read) <= 5
        assert stage.gate.drain(5) == 0

    @pytest.mark.skipif(not zmq.has("ipc") or os.name == "nt", reason="needs ipc: POSIX alone")
    def test_over_ipc(self, tmp_path: Path) -> None:
        stage = Stage()
        stage.bind(f"ipc://{tmp_path}/pub")
        peer = stage.peer(zmq.XSUB, b"room/a/")
        stage.drain_until(lambda: stage.policy.asked, "the subscription")
        stage.gate.publish(b"room/a/", b"x")
        assert received(peer) == [[b"room/a/", b"x"]]
        who = stage.policy.asked[0][1]
        assert stage.gate.throw_out(who.fd, who.address)
        stage.drain_until(lambda: stage.policy.ended, "the end")
        stage.close()

    def test_over_ipv6(self) -> None:
        stage = Stage()
        stage.xpub.ipv6 = True
        try:
            stage.bind("tcp://[::1]:*")
        except zmq.ZMQError:
            stage.close()
            pytest.skip("no IPv6 on this machine's loopback")
        stage.context.setsockopt(zmq.IPV6, 1)
        stage.peer(zmq.XSUB, b"room/a/")
        stage.drain_until(lambda: stage.policy.asked, "the subscription")
        assert stage.policy.asked[0][1].address.startswith("[::1]:")
        stage.close()


class EncryptedStage(Stage):
    """With CURVE, and ZAP that gives each key its own hexadecimal form as `User-Id`."""

    def __init__(self, policy: Policy | None = None) -> None:
        super().__init__(policy)
        self.admission = Admission(self.context, lambda _: True)
        self.public, secret = zmq.curve_keypair()
        self.xpub.curve_server = True
        self.xpub.curve_secretkey = secret
        self.xpub.zap_domain = DOMAIN.encode()
        self.keys: list[str] = []

    def dress(self, peer: Socket) -> None:
        public, secret = zmq.curve_keypair()
        peer.curve_serverkey = self.public
        peer.curve_publickey, peer.curve_secretkey = public, secret
        self.keys.append(z85.decode(public).hex())

    def admit(self) -> None:
        self.admission.step()

    def close(self) -> None:
        self.admission.stop()
        super().close()


class TestWithEncryption:
    def test_a_topic_is_granted_to_a_key_and_no_other(self) -> None:
        stage = EncryptedStage()
        stage.bind()
        ada, bob = stage.peer(), stage.peer()
        stage.policy.grants = {(stage.keys[0], b"room/a/"), (stage.keys[1], b"room/b/")}
        for peer in (bob, ada):
            peer.send(b"\1room/a/")
            peer.send(b"\1room/b/")
        stage.drain_until(lambda: len(stage.policy.asked) == 4, "four subscriptions")
        assert {peer.key for _, peer in stage.policy.asked} == set(stage.keys)
        stage.gate.publish(b"room/a/", b"for ada")
        stage.gate.publish(b"room/b/", b"for bob")
        assert received(ada) == [[b"room/a/", b"for ada"]]
        assert received(bob) == [[b"room/b/", b"for bob"]]
        stage.close()


class TestIntruders:
    @pytest.mark.parametrize(
        "junk", [[b"\2junk"], [b""], [b"zz", b"\1room/a/"], [b"zz", b""], [b"\2"] * 50]
    )
    def test_what_is_no_subscription_ends_its_connection_alone(
        self, stage: Stage, junk: list[bytes]
    ) -> None:
        good = stage.peer(zmq.XSUB, b"room/a/")
        bad = stage.peer(zmq.XSUB, b"room/b/")
        stage.drain_until(lambda: len(stage.policy.asked) == 2, "both subscriptions")
        bad.send_multipart(junk)
        stage.drain_until(lambda: b"room/b/" in stage.policy.ended, "the intruder's end")
        ((peer, why),) = stage.policy.intruders
        assert "no subscription" in why
        assert (b"room/b/", peer) in stage.policy.asked
        stage.gate.publish(b"room/a/", b"still here")
        assert received(good) == [[b"room/a/", b"still here"]]
        good.send(b"\1room/c/")
        stage.drain_until(lambda: b"room/c/" in stage.policy.topics, "a grant afterwards")

    def test_33_the_distrust_outlives_a_drain_that_stops_at_its_limit(self) -> None:
        stage = Stage(gate=Patient).bind()
        peer = stage.peer()
        peer.send(b"\2junk")
        peer.send(b"\1room/a/")
        for _ in range(2):
            assert stage.xpub.poll(5_000)
            assert stage.gate.drain(1) == 1
        assert stage.policy.asked == []
        assert stage.gate.drain(1) == 0
        peer.send(b"\1room/b/")
        stage.drain_until(lambda: stage.policy.topics == [b"room/b/"], "a grant afterwards")
        stage.gate.publish(b"room/a/", b"x")
        assert received(peer) == []
        stage.close()

    def test_58_another_limit_holds_from_the_next_subscription_on(self, stage: Stage) -> None:
        peer = stage.peer(zmq.XSUB, *(b"room/%d/" % number for number in range(10)))
        stage.drain_until(lambda: len(stage.policy.asked) == 10, "ten of them")
        stage.gate.most = 10
        peer.send(b"\1room/0/")  # one that it has
        stage.drain_until(lambda: len(stage.policy.asked) == 11, "one of the ten")
        assert stage.policy.intruders == []
        stage.gate.publish(b"room/9/", b"still here")
        assert received(peer) == [[b"room/9/", b"still here"]]
        peer.send(b"\1room/10/")
        stage.drain_until(lambda: stage.policy.intruders, "one more")
        assert stage.policy.intruders[0][1] == "asked for more than 10 topics"

    def test_58_a_flood_of_subscriptions_is_thrown_out(self, stage: Stage) -> None:
        good = stage.peer(zmq.XSUB, b"room/a/")
        bad = stage.peer()
        for number in range(SUBSCRIPTIONS * 2):
            bad.send(b"\1flood/%d/" % number)
        stage.drain_until(lambda: stage.policy.intruders, "the intruder")
        stage.settle()
        ((_, why),) = stage.policy.intruders
        assert str(SUBSCRIPTIONS) in why
        assert len(stage.policy.asked) == SUBSCRIPTIONS + 1
        stage.gate.publish(b"room/a/", b"still here")
        assert received(good) == [[b"room/a/", b"still here"]]

    def test_58_taking_back_does_not_hide_a_flood(self, stage: Stage) -> None:
        bad = stage.peer()
        for number in range(SUBSCRIPTIONS * 2):
            bad.send(b"\1flood/%d/" % number)
            bad.send(b"\0never-had/")
        stage.drain_until(lambda: stage.policy.intruders, "the intruder")

    def test_asking_again_and_changing_rooms_is_no_flood(self, stage: Stage) -> None:
        peer = stage.peer()
        for number in range(SUBSCRIPTIONS * 2):
            peer.send(b"\1room/same/")
            peer.send(b"\1room/%d/" % number)
            peer.send(b"\0room/%d/" % number)
        stage.drain_until(lambda: len(stage.policy.ended) == SUBSCRIPTIONS * 2, "all of it")
        assert stage.policy.intruders == []

    def test_topics_of_former_connections_do_not_count(self, stage: Stage) -> None:
        """The system gives a descriptor's number again at once."""
        seen = set()
        for turn in range(3):
            peer = stage.peer(
                zmq.XSUB, *(b"%d/%d/" % (turn, n) for n in range(SUBSCRIPTIONS // 2 + 1))
            )
            last = b"%d/%d/" % (turn, SUBSCRIPTIONS // 2)
            stage.drain_until(lambda last=last: last in stage.policy.topics, "the last one")
            seen.add(stage.policy.asked[-1][1].fd)
            peer.close()
            stage.drain_until(lambda last=last: last in stage.policy.ended, "its end")
        assert len(seen) < 3 or sys.platform == "win32"
        assert stage.policy.intruders == []


class TestThrowingOut:
    def test_only_the_connection_that_is_meant(self, stage: Stage) -> None:
        kim = stage.peer(zmq.XSUB, b"room/kim/")
        stage.drain_until(lambda: stage.policy.asked, "kim")
        hal = stage.peer(zmq.XSUB, b"room/hal/")
        stage.drain_until(lambda: len(stage.policy.asked) == 2, "hal")
        (_, one), (_, two) = stage.policy.asked
        assert not stage.gate.throw_out(one.fd, two.address)
        assert not stage.gate.throw_out(999_999, one.address)
        assert stage.gate.throw_out(one.fd, one.address)
        stage.drain_until(lambda: stage.policy.ended == [b"room/kim/"], "kim's end")
        stage.gate.publish(b"room/kim/", b"no")
        stage.gate.publish(b"room/hal/", b"yes")
        assert received(hal) == [[b"room/hal/", b"yes"]]
        assert received(kim) == []

    def test_what_the_thrown_out_sent_before_is_refused(self, stage: Stage) -> None:
        peer = stage.peer(zmq.XSUB, b"room/a/")
        stage.drain_until(lambda: stage.policy.asked, "the subscription")
        who = stage.policy.asked[0][1]
        peer.send(b"\1room/b/")
        assert stage.xpub.poll(5_000)
        assert stage.gate.throw_out(who.fd, who.address)
        stage.drain_until(lambda: b"room/b/" in stage.policy.ended, "the end")
        assert stage.policy.topics == [b"room/a/"]
