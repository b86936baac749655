"""Row 32: a client of before there were rights chats on, while they are in use all around it.

It sends the fields of then, skips types and fields that it does not know, and takes a `room` that
it did not ask for as it takes the answer to `join`.
"""

from __future__ import annotations

import secrets
from typing import Any

from tests.system.hostile.conftest import Scene
from tests.system.hostile.raw import Line, Peer
from tests.system.hostile.rights import do, go_in, owner_of, private_room, said

KNOWN: dict[str, set[str]] = {
    "greet": {"type", "protocol", "server", "epoch", "time", "plain", "limits"},
    "welcome": {"type", "user", "nick", "last", "rooms"},
    "room": {"type", "id", "state"},
    "stored": {"type", "n", "room", "seq", "ts", "id"},
    "page": {"type", "id", "room", "count", "more", "head"},
    "people": {"type", "id", "room", "people", "total", "rev"},
    "rooms": {"type", "id", "rooms"},
    "pong": {"type", "id", "time"},
    "done": {"type", "id"},
    "error": {"type", "code", "text"},
    "message": {"type", "seq", "id", "user", "nick", "ts", "text"},
}
"""What each line of then always held."""
STATE = {"room", "topic", "head", "people", "rev"}


class Older:
    """A program that was written then."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.topics: dict[str, str] = {}
        self.shown: dict[int, str] = {}
        self.unknown: set[str] = set()
        self.errors: list[Line] = []

    def come_in(self, nick: str) -> None:
        self.peer.knock()
        stream = self.peer.stream
        hello = {"type": "hello", "protocol": 1, "nick": nick, "stream": stream, "app": "older"}
        self.peer.frame({**hello, "lang": "fr", "rooms": ["general"], "fallback": True})
        self.wait("welcome")

    def ask(self, type: str, **fields: Any) -> Line:
        id = secrets.token_hex(4)
        self.peer.frame({"type": type, "id": id, **fields})
        return self.wait(id)

    def say(self, text: str) -> None:
        """Until it is shown, as a repeat or live."""
        self.peer.say(text)
        self.peer.ping()
        self.catch_up()
        assert text in self.shown.values()

    def catch_up(self) -> None:
        """Asks for what is missing behind the last that was shown."""
        more = True
        while more:
            page = self.ask("history", room="general", after=max(self.shown, default=0))
            more = page["more"]

    def wait(self, what: str) -> Line:
        """The first line of this type or id; everything before it is taken in."""
        fields: Any = {"type": what} if what in KNOWN else {"id": what}
        line = self.peer.expect(**fields)
        self.take(line)
        for other in (*self.peer.inbox, *self.peer.room):
            self.take(other)
        self.peer.inbox.clear()
        self.peer.room.clear()
        return line

    def take(self, line: Line) -> None:
        type = line["type"]
        if line.get("seq"):
            if type == "message":
                assert KNOWN[type] <= line.keys()
            if line["seq"] == max(self.shown, default=0) + 1:
                self.shown[line["seq"]] = line.get("text", "")
            return
        if type not in KNOWN:
            self.unknown.add(type)
            return
        assert KNOWN[type] <= line.keys(), line
        if type == "error":
            self.errors.append(line)
        states = line["rooms"] if type == "welcome" else [line["state"]] if type == "room" else []
        for state in states:
            assert state.keys() >= STATE
            if self.topics.get(state["room"]) != state["topic"]:
                self.topics[state["room"]] = state["topic"]
                self.peer.listen(state["topic"].encode())


def test_32_an_older_client_among_rights(scene: Scene) -> None:
    olga = owner_of(scene)
    anna, ben, bad = scene.enter("anna"), scene.enter("ben"), scene.enter("mallory")
    one, two = Older(scene.stranger()), Older(scene.stranger())
    one.come_in("elder")
    two.come_in("elders")
    everybody = (one, two)

    def talk(word: str) -> None:
        for older in everybody:
            older.say(f"{word} by {older.peer.session.decode()}")
        for older in everybody:
            older.catch_up()
        first, second = (sorted(older.shown.items()) for older in everybody)
        assert first == second
        assert sum(text.startswith(word) for _, text in first) == 2

    talk("at rest")
    private_room(anna, "vault", ben)
    do(anna, "invite", room="vault", nick="elder", reason="come in")
    do(anna, "join", room="@elder")
    said(anna, "@elder", "do you hear me?")
    talk("invited")
    do(olga, "mute", nick="mallory", room="general", reason="enough")
    do(olga, "set", room="general", slow=0, readonly=False)
    do(olga, "set", room="general", keep=86_400)
    talk("muted")
    do(olga, "kick", nick="ben", room="general", seconds=30)
    ben.expect(type="notice", what="kicked")
    talk("kicked")
    do(olga, "ban", nick="mallory")
    bad.expect(type="notice", what="banned")
    talk("banned")
    go_in(olga, "general")
    (seq,) = said(olga, "general", "to be deleted")
    talk("before it is deleted")
    do(olga, "delete", room="general", seq=seq, reason="a slip")
    talk("deleted")
    assert one.ask("nick", nick="elder-one")["nick"] == "elder-one"
    assert {p["nick"] for p in one.ask("who", room="general")["people"]} >= {"elder-one", "olga"}
    listed = {room["room"] for room in one.ask("rooms")["rooms"]}
    assert {"general", "vault"} <= listed
    assert "vault" not in {room["room"] for room in two.ask("rooms")["rooms"]}
    assert two.ask("join", room="vault")["code"] == "no-such-room"
    state = one.ask("join", room="vault")["state"]
    assert one.ask("leave", room="vault")["type"] == "done"
    assert state["room"] == "vault"
    do(olga, "role", nick="elder-one", role="admin")
    talk("an administrator")
    assert "notice" in one.unknown
    assert one.errors == []
    assert [error["code"] for error in two.errors] == ["no-such-room"]
