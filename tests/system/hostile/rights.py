"""People with and without rights, by raw sockets: what the tests of rights share.

Owns the few words by which hostile and honest peers ask for deeds. Knows the wire alone.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from common.protocol.identity import user_of_key
from tests.support.programs import BrokerProgram
from tests.system.hostile.conftest import Scene
from tests.system.hostile.raw import Line, Peer

QUESTIONS: list[Line] = [
    {"type": "history"}, {"type": "history", "after": 0}, {"type": "history", "before": 5},
    {"type": "history", "since": 0}, {"type": "who"}, {"type": "join"}, {"type": "leave"},
    {"type": "list", "what": "members"}, {"type": "list", "what": "sanctions"},
    {"type": "delete", "seq": 1}, {"type": "set", "readonly": True}, {"type": "set", "slow": 5},
    {"type": "invite", "nick": "ada"}, {"type": "remove", "nick": "ada"},
    {"type": "mute", "nick": "ada"}, {"type": "unmute", "nick": "ada"},
    {"type": "kick", "nick": "ada"}, {"type": "role", "nick": "ada", "role": "moderator"},
    {"type": "role", "nick": "ada", "role": "member"},
]  # fmt: skip
"""Everything that may be asked about a room, but for what makes it."""


def claim(broker: BrokerProgram) -> str:
    """The code of a broker's first owner."""
    ready = json.loads((broker.data_dir / "broker" / "ready.json").read_text("utf-8"))
    return str(ready["claim"])


def owner_of(scene: Scene, nick: str = "olga") -> Peer:
    """Somebody with all rights of a person."""
    owner = scene.stranger()
    welcome = owner.come_in(nick, code=claim(scene.broker))
    assert welcome["role"] == "owner"
    return owner


def couple(scene: Scene) -> tuple[Peer, Peer]:
    """Two ordinary people, who may be in more rooms than a bystander."""
    return scene.enter("anna"), scene.enter("ben")


def ask(peer: Peer, type: str, **fields: Any) -> Line:
    """One request, and what answers it."""
    word = secrets.token_hex(4)
    peer.frame({"type": type, "id": word, **fields})
    return peer.expect(id=word)


def do(peer: Peer, type: str, **fields: Any) -> Line:
    """One request that must be granted."""
    answer = ask(peer, type, **fields)
    assert answer["type"] != "error", answer
    return answer


def refused(peer: Peer, code: str, type: str, **fields: Any) -> Line:
    """One request that must be refused so."""
    answer = ask(peer, type, **fields)
    assert (answer["type"], answer.get("code")) == ("error", code), answer
    return answer


def go_in(peer: Peer, room: str) -> bytes:
    """Joins a room and hears it; answers its topic."""
    topic = str(do(peer, "join", room=room)["state"]["topic"]).encode()
    peer.listen(topic)
    return topic


def follow(*peers: Peer) -> None:
    """Somebody was put out, and the rooms that they were in have other topics."""
    for peer in peers:
        go_in(peer, "general")


def private_room(maker: Peer, room: str, *members: Peer, newcomers: str = "all") -> bytes:
    """A private room with people in it, who all hear it; answers its topic."""
    do(maker, "create", room=room, private=True, newcomers=newcomers)
    for member in members:
        do(maker, "invite", room=room, user=user_of(member))
    for member in (maker, *members):
        topic = go_in(member, room)
    return topic


def user_of(peer: Peer) -> str:
    """Who somebody is."""
    return user_of_key(peer.key)


def ear_of(scene: Scene, peer: Peer) -> Peer:
    """A further connection under the same key, which never says who it is."""
    return scene.stranger(pair=peer.pair)


def said(peer: Peer, room: str, *texts: str) -> list[int]:
    """Says things in a room where that may be done; their numbers, whether they are heard or not:
    a repeat is answered."""
    first = peer.n + 1
    peer.say(*texts, room=room)
    numbers = []
    for n, text in enumerate(texts, first):
        peer.frame({"type": "say", "n": n, "room": room, "text": text})
        answer = peer.expect(type="stored", n=n)
        peer.inbox = [line for line in peer.inbox if (line["type"], line.get("n")) != ("stored", n)]
        numbers.append(int(answer["seq"]))
    return numbers
