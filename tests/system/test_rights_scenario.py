"""Who may do what, from the first owner to a backup restored: one story, with real processes.

The people are bots and a chat, the operator is `broker.py`, the eavesdropper is made of raw
sockets.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import zmq

from common import keys
from tests.conftest import BrokerFactory
from tests.support import wait_until
from tests.support.people import Operator, Person
from tests.support.programs import ROOT, BrokerProgram, Finished, Program, run_cli, same_place
from tests.system.hostile.raw import Peer, context

PRIVATE = "plans"
SECRET = "the treasure is under the oak"
ASIDE = "meet me at the mill"
REASON = "enough for today"
REFUSED = 77


class Story:
    """Who is there, and where."""

    def __init__(self, tmp: Path, factory: BrokerFactory, there: ExitStack) -> None:
        self.tmp = tmp
        self.factory = factory
        self.there = there
        self.sockets: zmq.Context[Any] = there.enter_context(context())
        self.data = tmp / "data"
        self.broker: BrokerProgram = factory("--access", "invite", data_dir=self.data)
        self.operator = Operator(self.data)

    def person(self, nick: str, *words: str, home: Path | None = None) -> Person:
        """Somebody new, who is in; on a machine of their own unless `home` says which."""
        person = Person(home or self.tmp / nick, nick, *words)
        self.there.enter_context(person).ready()
        return person

    def guest(self, nick: str, *words: str) -> Person:
        """The same, by the bare link."""
        return self.person(nick, "--server", self.broker.link, *words)

    def tries(self, nick: str, *words: str, lang: str = "en") -> Finished:
        """Somebody tries to say one thing."""
        place = ("--data-dir", self.tmp / nick, "-n", nick, "--lang", lang)
        return run_cli(*place, "--server", self.broker.link, *words, "send", "hello")

    def chat(self, nick: str, lang: str) -> Program:
        """Somebody's chat, line by line."""
        words: list[str | Path] = ["--data-dir", self.tmp / nick, "-n", nick, "--lang", lang]
        words += ["--server", self.broker.link, "chat"]
        return self.there.enter_context(Program([sys.executable, ROOT / "client_cli.py", *words]))

    def peer(self, pair: keys.KeyPair) -> Peer:
        """A connection by hand under somebody's key."""
        halves = keys.to_z85(pair.public), keys.to_z85(pair.secret)
        return Peer(self.sockets, self.broker, halves)


@pytest.fixture
def story(tmp_path: Path, broker_factory: BrokerFactory) -> Iterator[Story]:
    with ExitStack() as there:
        yield Story(tmp_path, broker_factory, there)


@pytest.mark.timeout(240)
def test_who_may_do_what(story: Story) -> None:
    olive = the_first_one_here_is_the_owner(story)
    nobody_comes_in_uninvited(story)
    ada, bob = two_are_invited(story)
    ears = somebody_listens_in(story)
    a_private_room(story, olive, ada, bob, ears)
    direct = two_talk_alone(story, olive, ada, bob)
    one_is_removed(story, olive, ada, bob, ears)
    one_is_muted(olive, bob)
    one_is_kicked(story, olive, bob)
    bob = one_is_banned_and_unbanned(story, olive)
    heard_nothing(ears)
    it_is_all_in_the_log(story)
    a_backup_is_restored(story, olive, ada, direct)


def the_first_one_here_is_the_owner(story: Story) -> Person:
    olive = story.person("olive", home=story.data)
    (owner,) = story.operator.do("admin", "list")
    assert (owner["nick"], owner["role"]) == ("olive", "owner")
    assert "claim" not in json.loads((story.data / "broker" / "ready.json").read_text("utf-8"))
    return olive


def nobody_comes_in_uninvited(story: Story) -> None:
    refused = story.tries("mallory")
    assert refused.code == REFUSED
    assert "invited" in refused.stderr
    refused = story.tries("mallory", lang="fr")
    assert refused.code == REFUSED
    assert "invitation" in refused.stderr
    (waiting,) = story.operator.do("admin", "waiting")
    pair = keys.load_or_create(keys.client_key_file(story.tmp / "mallory", "mallory"))
    assert (waiting["nick"], waiting["key"]) == ("mallory", pair.public)
    assert waiting["fingerprint"] == keys.fingerprint(pair.public)
    assert waiting["address"].startswith("127.0.0.1")


def two_are_invited(story: Story) -> tuple[Person, Person]:
    (one,) = story.operator.do("invite", "--uses", "1", "--expires", "2d")
    ada = story.person("ada", "--server", one["links"][0])
    (two,) = story.operator.do("invite")
    # As it is read from a piece of paper.
    typed = two["code"].lower().replace("-", "").replace("0", "o").replace("1", "l")
    bob = story.guest("bob", "--invite", typed)
    assert story.tries("mallory", "--invite", one["code"]).code == REFUSED, "it was for one"
    assert story.operator.do("invite", "--list") == []
    # Who was let in once needs no code any more.
    assert story.tries("ada").code == 0
    return ada, bob


def somebody_listens_in(story: Story) -> list[Peer]:
    """Eve was let in, and has three connections: one that knows its way, two that never say who
    they are. Each asks for everything."""
    pair = keys.generate()
    story.operator.do("admin", "approve", pair.public)
    eve, *mute = (story.peer(pair) for _ in range(3))
    eve.come_in("eve")
    for ear in (eve, *mute):
        everything(ear)
    return [eve, *mute]


def everything(ear: Peer) -> None:
    """Subscribe to all that could be a topic, or the beginning of one."""
    digits = "0123456789abcdef"
    for start in ("", "room", "inbox", "/"):
        ear.ask(start.encode())
    for one, two in itertools.product(("room/", "inbox/"), ("", *digits)):
        ear.ask((one + two).encode())
    for topic in set(ear.topics):
        ear.ask(topic)
        ear.ask(topic[:-1])
    ear.ask(f"room/{PRIVATE}/".encode())
    ear.ask(b"room/2/")


def a_private_room(story: Story, olive: Person, ada: Person, bob: Person, ears: list[Peer]) -> None:
    ada.do("create", room=PRIVATE, private=True)
    ada.do("join", room=PRIVATE)
    for guest in (olive, bob):
        guest.refused("no-such-room", "join", room=PRIVATE)
        ada.do("invite", room=PRIVATE, nick=guest.nick)
        guest.bot.wait_json(type="invited", room=PRIVATE)
        guest.do("join", room=PRIVATE)
    ada.say(SECRET, room=PRIVATE)
    for guest in (olive, bob):
        guest.hears(SECRET, PRIVATE)
    # Not for her, and not there at all: one answer.
    eve = ears[0]
    for request in ("join", "history", "who", "leave"):
        answers = []
        for room in (PRIVATE, "nowhere"):
            if (request, room) == ("join", "nowhere"):
                continue  # that would make it
            eve.frame({"type": request, "room": room, "id": request})
            answer = eve.expect(id=request)
            assert answer["type"] == "error"
            answers.append((answer["code"], answer["text"].replace(room, "ROOM")))
        assert len(set(answers)) == 1, answers
    eve.frame({"type": "rooms", "id": "rooms"})
    assert PRIVATE not in str(eve.expect(id="rooms"))
    for room in (rooms["room"] for rooms in bob.do("rooms")["rooms"]):
        assert room in ("general", PRIVATE)
    assert PRIVATE in {room["room"] for room in bob.do("rooms")["rooms"]}


def two_talk_alone(story: Story, olive: Person, ada: Person, bob: Person) -> str:
    stored = ada.do("say", to="bob", text=ASIDE)
    direct = str(stored["room"])
    heard = bob.hears(ASIDE, direct)
    assert heard["direct"] is True
    bob.say(ASIDE + ", at six", to="ada")
    ada.hears(ASIDE + ", at six", direct)
    # The owner of the server has no way in.
    olive.refused("no-such-room", "history", room=direct)
    olive.refused("no-such-room", "join", room=direct)
    assert ASIDE not in "\n".join(olive.bot.lines())
    return direct


def one_is_removed(story: Story, olive: Person, ada: Person, bob: Person, ears: list[Peer]) -> None:
    """Bob also listens by hand, on a connection that knows its topics and stays open; somebody
    gave them away to Eve."""
    ear = story.peer(bob.pair)
    ear.come_in("bob", ("general", PRIVATE))
    topics = set(ear.topics)
    for listener, topic in itertools.product(ears, topics):
        listener.ask(topic)
    before = [f"before {number}" for number in range(100)]
    around = [f"around {number}" for number in range(200)]
    after = [f"after {number}" for number in range(50)]
    olive.throw(PRIVATE, before)
    ear.hears(before[-1])
    olive.throw(PRIVATE, around)
    ada.do("remove", room=PRIVATE, nick="bob", reason=REASON)
    olive.throw(PRIVATE, after)
    for one in (olive, ada):
        one.hears_all([SECRET, *before, *around, *after], PRIVATE)
        numbers = one.numbers(PRIVATE)
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "nothing is missing"
    removed = bob.bot.wait_json(type="removed", room=PRIVATE)
    assert removed["reason"] == REASON
    assert removed["nick"] == "ada"
    ear.expect(type="notice", what="removed")
    for listener, topic in itertools.product((ear, *ears), topics):
        listener.ask(topic)
    ada.say("only for those who stayed", room=PRIVATE)
    olive.hears("only for those who stayed", PRIVATE)
    last = last_number_for(story, "bob")
    ear.ping()
    ear.settle()
    got = [line["seq"] for line in ear.room if line.get("text") in {*before, *around, *after}]
    assert got == list(range(got[0], got[0] + len(got)))
    assert got[-1] <= last
    assert max(bob.numbers(PRIVATE)) <= last
    assert "only for those" not in str(ear.room) + "\n".join(bob.bot.lines())
    for request in ("history", "who", "join"):
        bob.refused("no-such-room", request, room=PRIVATE)
    bob.refused("no-such-room", "say", room=PRIVATE, text="let me in")


def last_number_for(story: Story, nick: str) -> int:
    """Up to which number the log says that somebody was a member."""
    log = story.operator.do("admin", "audit", "--limit", "1000")
    entry = next(e for e in log if e["what"] == "removed" and e["subject_nick"] == nick)
    member = next(value for kind, _key, value in entry["facts"] if kind == "member")
    return int(member["spans"][-1][1])


def one_is_muted(olive: Person, bob: Person) -> None:
    olive.do("mute", nick="bob", seconds=3_600, reason=REASON)
    muted = bob.bot.wait_json(type="muted")
    assert (muted["nick"], muted["reason"]) == ("olive", REASON)
    refused = bob.refused("muted", "say", room="general", text="but")
    assert refused["reason"] == REASON
    assert refused["until"] == muted["until"]
    bob.refused("muted", "say", to="ada", text="but")
    olive.do("unmute", nick="bob")
    bob.bot.wait_json(type="unmuted")
    bob.say("at last", room="general")
    olive.hears("at last", "general")


def one_is_kicked(story: Story, olive: Person, bob: Person) -> None:
    bob.refused("not-permitted", "kick", nick="olive")
    olive.do("kick", nick="bob", seconds=3_600, reason=REASON)
    kicked = bob.bot.wait_json(type="kicked")
    assert kicked["reason"] == REASON
    assert bob.bot.wait() == REFUSED
    assert REASON in bob.bot.lines("stderr")[-1]
    refused = story.tries("bob")
    assert refused.code == REFUSED
    assert REASON in refused.stderr
    story.operator.do("admin", "unban", "bob")


def one_is_banned_and_unbanned(story: Story, olive: Person) -> Person:
    chat = story.chat("bob", "fr")
    chat.wait_line("#general", 20)
    chat.send_line("me revoilà")
    olive.hears("me revoilà", "general")
    story.operator.do("admin", "ban", "bob", "--reason", REASON)
    assert chat.wait(20) == REFUSED
    said = "\n".join([*chat.lines(), *chat.lines("stderr")])
    assert REASON in said
    assert "interdit" in said
    for lang, word in (("fr", "Ce serveur vous est interdit"), ("en", "banned")):
        refused = story.tries("bob", lang=lang)
        assert refused.code == REFUSED
        assert word in refused.stderr
        assert REASON in refused.stderr
    (ban,) = story.operator.do("admin", "sanctions")
    assert (ban["what"], ban["nick"], ban["reason"]) == ("ban", "bob", REASON)
    story.operator.do("admin", "unban", "bob")
    bob = story.guest("bob")
    bob.say("no hard feelings", room="general")
    olive.hears("no hard feelings", "general")
    return bob


def heard_nothing(ears: list[Peer]) -> None:
    """Neither what was said in private, nor who said it where, nor that there is such a place."""
    ears[0].ping()
    for ear in ears:
        ear.settle()
        heard = str([line for line in ear.room + ear.inbox if line.get("type") != "error"])
        for words in (SECRET, ASIDE, PRIVATE, "before 1", "around 1", "after 1", "stayed"):
            assert words not in heard
    assert any("at last" in str(line) for line in ears[0].room), "she does hear what she may"
    for ear in ears[1:]:
        assert set(ear.texts()) <= set(ears[0].texts()), "what her key may hear, and no more"


def it_is_all_in_the_log(story: Story) -> None:
    log = story.operator.do("admin", "audit", "--limit", "1000")
    told = [(entry["what"], entry.get("nick"), entry.get("subject_nick")) for entry in log]
    for deed in (
        ("owner-claimed", "olive", "olive"),
        ("invited", "ada", "bob"),
        ("removed", "ada", "bob"),
        ("muted", "olive", "bob"),
        ("unmuted", "olive", "bob"),
        ("kicked", "olive", "bob"),
        ("banned", "server", "bob"),
        ("unbanned", "server", "bob"),
    ):
        assert deed in told, deed
    assert all(entry["ts"] for entry in log)
    assert SECRET not in str(log)
    assert ASIDE not in str(log)


def a_backup_is_restored(story: Story, olive: Person, ada: Person, direct: str) -> None:
    file = story.tmp / "backup.db"
    story.operator.do("backup", file)
    ada.say("after the backup", room=PRIVATE)
    olive.hears("after the backup", PRIVATE)
    assert story.operator.run("restore", file, "--force").code == 1, "it is being served"
    assert story.broker.stop() == 0
    story.operator.do("restore", file, "--force")
    story.operator.do("verify")
    old = story.broker
    story.broker = wait_until(
        lambda: story.factory(
            "--access", "invite", *same_place(old), data_dir=story.data, wildcard=False
        ),
        "the broker serves at its old place",
    )
    for one in (ada, olive):
        one.bot.wait_json(30, type="restored")
        one.bot.wait_json(30, type="rolled-back", room=PRIVATE)
    ada.say("as if nothing had happened", room=PRIVATE)
    olive.hears("as if nothing had happened", PRIVATE)
    texts = [m["text"] for m in ada.do("history", room=PRIVATE, limit=10)["messages"]]
    assert "after the backup" not in texts
    assert ada.do("history", room=direct)["messages"][0]["text"] == ASIDE
    assert [line for line in old.lines("stderr") if " ERROR " in line] == []
    assert story.broker.stop() == 0
