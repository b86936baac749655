"""Test 33: a permanent fuzz of the hole in libzmq that the gate exists for."""

import random

import zmq

from common.broker.gate import Gate
from tests.broker.test_gate import Patient, Policy, Stage


class Naive(Patient):
    """Without the defence: what libzmq does to those who trust it."""

    def _shifted(self) -> None:
        pass


def fuzz(gate: type[Gate], rounds: int, seed: int) -> tuple[int, int]:
    """Victims ask for topics that begin with their own names; attackers do too, and send junk.

    Returns how many deliveries reached somebody by another name, and how many the right one.
    """
    chance = random.Random(seed)
    stage = Stage(Policy(), gate).bind()
    wrong = right = 0
    junk = [[b"\2junk"], [b""], [b"zz"], [b"zz", b"zz"], [b"zz", b"\1nobody/"]]
    for _ in range(rounds):
        names = [b"v%d" % n for n in range(4)] + [b"a%d" % n for n in range(3)]
        peers = {name: stage.peer(zmq.XSUB, b"hello/" + name) for name in names}
        stage.policy.asked.clear()
        stage.drain_until(lambda: len(stage.policy.asked) == len(names), "everybody")  # noqa: B023
        for _ in range(14):
            name = chance.choice(names)
            if name[:1] == b"a" and chance.random() < 0.5:
                peers[name].send_multipart(chance.choice(junk))
            else:
                peers[name].send(b"\1%s/%d/" % (name, chance.randrange(3)))
            if chance.random() < 0.5:
                peers[name].poll(1)
            if chance.random() < 0.15:
                stage.gate.drain(chance.randrange(1, 4))
        stage.xpub.poll(10)
        stage.gate.drain(10_000)
        for topic in {topic for topic in stage.policy.topics if topic[:1] in b"av"}:
            stage.gate.publish(topic, b"")
        poller = zmq.Poller()
        owners = {peer: name for name, peer in peers.items()}
        for peer in owners:
            poller.register(peer, zmq.POLLIN)
        while ready := poller.poll(10):
            for peer, _ in ready:
                topic, _ = peer.recv_multipart()
                if topic.startswith(owners[peer] + b"/"):
                    right += 1
                else:
                    wrong += 1
        for peer in owners:
            stage.opened.remove(peer)
            peer.close()
        while stage.xpub.poll(8):
            stage.gate.drain(10_000)
    stage.close()
    return wrong, right


class TestJunkShift:
    def test_33_nobody_gets_what_is_another_s(self) -> None:
        wrong, right = fuzz(Gate, 60, random.randrange(1 << 30))
        assert wrong == 0
        assert right > 100

    def test_33_the_distrust_alone_suffices(self) -> None:
        wrong, right = fuzz(Patient, 40, random.randrange(1 << 30))
        assert wrong == 0
        assert right > 50

    def test_33_without_the_defence_they_do(self) -> None:
        wrong, _ = fuzz(Naive, 30, 1)
        assert wrong > 0
