"""Rows 36, 39, 40 and 42: who one is says the key, and nothing else does."""

from __future__ import annotations

import contextlib
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from tests.support import scaled, wait_until
from tests.support.programs import ROOT, BrokerProgram
from tests.system.hostile.conftest import Scene
from tests.system.hostile.raw import Peer, context, dump, echo_times

SHUT = 700
"""Milliseconds within which an honest peer is greeted many times over."""


# --- 36: a forged sender -----------------------------------------------------------------------


def test_36_a_frame_under_another_s_session_is_refused_to_its_sender_alone(scene: Scene) -> None:
    victim, bad = scene.enter("victim"), scene.enter("mallory")
    forged = {"type": "say", "n": 1, "room": "general", "text": "I am victim"}
    bad.push.send(victim.session + b"\n" + dump(forged))
    assert bad.expect(type="error")["code"] == "forged-sender"
    bad.push.send(victim.session + b"\n" + dump({"type": "bye"}))
    bad.expect(code="forged-sender")
    victim.say("still here")
    victim.hears("still here")
    assert victim.errors() == []
    assert "I am victim" not in [line["text"] for line in victim.history()]
    assert any("forged sender" in line and bad.key in line for line in scene.log())
    scene.unharmed()


@pytest.mark.parametrize("claim", [{"user": "0123456789abcdef"}, {"nick": "ada"}, {"user": ""}])
def test_36_a_say_that_claims_an_identity_is_refused_for_good(
    scene: Scene, claim: dict[str, str]
) -> None:
    bad = scene.enter("mallory")
    bad.frame({"type": "say", "n": 1, "room": "general", "text": "as another", **claim})
    assert bad.expect(type="error", n=1)["code"] == "forged-sender"
    bad.n = 1
    bad.say("as myself")
    bad.hears("as myself")
    assert [line["text"] for line in bad.history()] == ["as myself"]
    scene.unharmed()


def test_36_a_hello_that_claims_an_identity_is_refused(scene: Scene) -> None:
    bad = scene.stranger()
    bad.knock()
    bad.frame(bad.hello("mallory", user="0123456789abcdef"))
    assert bad.expect(type="error")["code"] == "forged-sender"
    assert bad.come_in("mallory")["nick"] == "mallory"
    scene.unharmed()


def test_36_a_stream_is_one_key_s_for_ever(scene: Scene) -> None:
    ada, _ = scene.bystanders
    ada.say("mine")
    ada.hears("mine")
    bad = scene.stranger()
    bad.knock()
    bad.frame(bad.hello("mallory", stream=ada.stream))
    assert bad.expect(type="error")["code"] == "stream-taken"
    scene.unharmed()


def test_36_without_encryption_a_claimed_user_id_is_nothing(plain: Scene) -> None:
    """Any property may stand in the handshake of the NULL mechanism, in any bytes."""
    for value in (b"0" * 64, b"\xff\xfe", b"\x1b]52;c;eA==\x07", b""):
        wire = plain.wire(plain.broker.pub)
        wire.shake(b"SUB", (b"User-Id", value), (b"Peer-Address", b"\x1b[2J"))
        wire.subscribe(b"inbox/" + b"0" * 32 + b"/")
        wire.subscribe(b"\xff")
        wait_until(wire.junked, "thrown out for the junk")
    plain.unharmed()
    assert not any("\x1b" in line for line in plain.log())


# --- 39, 40: admission -------------------------------------------------------------------------


def _greeted(peer: Peer) -> bool:
    peer.ask(b"inbox/" + peer.session + b"/")
    with contextlib.suppress(zmq.Again):  # where there is no connection any more
        peer.push.send(peer.session + b"\n" + dump(peer.hello("mallory")), zmq.NOBLOCK)
    peer.read(SHUT)
    return bool(peer.topics)


def _broker_with(tmp_path: Path, change: str) -> BrokerProgram:
    """The shipped broker, whose admission was changed."""
    script = tmp_path / "broken.py"
    script.write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from common.broker import app, server\n"
        "from common.broker.admission import Admission\n"
        f"{textwrap.dedent(change)}\nsys.exit(app.main())\n"
    )
    command: list[str | Path] = [sys.executable, script, "--json", "--data-dir", tmp_path / "data"]
    command += ["--pull", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*"]
    broker = BrokerProgram(command, tmp_path / "data")
    broker.ready = broker.wait_json(type="ready")
    return broker


@pytest.fixture
def made() -> Iterator[zmq.Context[Any]]:
    with context() as made:
        yield made


def test_39_without_a_zap_handler_nobody_comes_in(tmp_path: Path, made: zmq.Context[Any]) -> None:
    """libzmq's own default is to let everybody in."""
    change = """
        right = Admission.start
        def start(self):
            right(self)
            self.zap_socket.unbind(self.zap_socket.last_endpoint)
        Admission.start = start
    """
    with _broker_with(tmp_path, change) as broker:
        assert not _greeted(Peer(made, broker))
        assert broker.process.poll() is None


def test_39_a_handler_that_raises_refuses_and_goes_on(
    tmp_path: Path, made: zmq.Context[Any]
) -> None:
    change = """
        keys = []
        def judge(self, key):
            keys.append(key) if key not in keys else None
            if keys.index(key) == 1:
                raise RuntimeError("judged badly")
            return True
        server.Server._may_connect = judge
    """
    with _broker_with(tmp_path, change) as broker:
        first = Peer(made, broker)
        first.come_in("first")
        assert not _greeted(Peer(made, broker))
        third = Peer(made, broker)
        third.come_in("third")
        third.say("after the fault")
        first.hears("after the fault")
        broker.wait_line("could not be judged", stream="stderr")


def test_40_no_curve_and_wrong_keys_are_refused(scene: Scene) -> None:
    broker = scene.broker
    wrong = Peer(scene.context, broker, server_key=zmq.curve_keypair()[0])
    naked = Peer(scene.context, _without_key(broker))
    odd = Peer(scene.context, broker)
    for socket in (odd.push, odd.sub):
        with pytest.raises(zmq.ZMQError):
            socket.curve_publickey = b"not a key"
    mixed_up = (zmq.curve_keypair()[0], zmq.curve_keypair()[1])  # halves of different pairs
    halves = Peer(scene.context, broker, mixed_up)
    for peer in (wrong, naked, halves):
        assert not _greeted(peer)
    scene.unharmed()


def test_40_a_client_with_encryption_gets_nothing_from_a_broker_without(plain: Scene) -> None:
    assert not _greeted(Peer(plain.context, plain.broker, server_key=zmq.curve_keypair()[0]))
    plain.unharmed()


def _without_key(broker: BrokerProgram) -> BrokerProgram:
    """The same broker as a client sees it that knows of no encryption."""
    naked = object.__new__(BrokerProgram)
    naked.ready = {**broker.ready, "key": None}
    return naked


# --- 42: nicknames that are taken --------------------------------------------------------------

ALIKE = [
    "Ada Lovelace", "ADA LOVELACE", "ada  lovelace", " ada lovelace ", "аda lovelace",
    "аdа lоvеlасе", "ａｄａ ｌｏｖｅｌａｃｅ", "ada love\u200blace", "ada\u00a0lovelace",
    "ada lovelace\u200d", "𝐚𝐝𝐚 𝐥𝐨𝐯𝐞𝐥𝐚𝐜𝐞", "ada 1ovelace", "ada Iovelace", "a\u00adda lovelace",
    "\u202eada lovelace",
]  # fmt: skip


def test_42_no_nickname_that_looks_like_a_taken_one(scene: Scene) -> None:
    owner = scene.enter("ada lovelace")
    bad = scene.enter("mallory")
    for number, nick in enumerate(ALIKE):
        bad.frame({"type": "nick", "nick": nick, "id": str(number)})
        answer = bad.expect(id=str(number))
        assert (answer["type"], answer["code"]) in (("error", "nick-taken"), ("error", "bad-nick"))
    newcomer = scene.stranger()
    newcomer.knock()
    for nick in ALIKE[:8]:
        newcomer.frame(newcomer.hello(nick))
        assert newcomer.expect(type="error")["code"] in ("nick-taken", "bad-nick")
    assert newcomer.come_in("Ada Lovelace", fallback=True)["nick"] == "Ada Lovelace-2"
    owner.say("it is me")
    bad.hears("it is me")
    record = next(line for line in bad.room if line.get("text") == "it is me")
    assert record["nick"] == "ada lovelace"
    assert owner.errors() == []
    scene.unharmed()


def test_42_long_nicknames_cost_the_broker_little(scene: Scene) -> None:
    """One character that becomes eighteen, a thousand times: 0.1 s each without a limit."""
    ada, _ = scene.bystanders
    bad = scene.enter("mallory")
    for nick in ("\ufdfa" * 1_000, "\ufdfa" * 200, "a\u0300" * 500, "\u3000" * 999, "é" * 999):
        bad.frame(*[{"type": "nick", "nick": nick}] * min(100, 32_000 // len(nick.encode())))
        assert echo_times(ada, 1)[-1] < scaled(0.5)
    bad.ping()
    assert {error["code"] for error in bad.errors()} == {"bad-nick"}
    scene.unharmed()
