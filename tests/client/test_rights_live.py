"""Who may do what, through the shipped client library and a broker's own process.

Row by row: private rooms, direct conversations, moderation, admission, a backup that is restored.
"""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from common import keys
from common.client import events as ev
from common.client import target as targets
from common.client.profile import MemoryProfile
from common.protocol import deeds
from common.protocol.identity import user_of_key
from tests.support.members import Member, assert_one_history, target_of
from tests.support.programs import ROOT, BrokerProgram, Program, same_place, start_broker
from tests.support.waiting import scaled, wait_until

T = TypeVar("T")


class Town:
    """A broker, its owner Ada, and whoever comes."""

    def __init__(self, data_dir: Path, stack: ExitStack, *args: str) -> None:
        self.stack = stack
        self.data_dir = data_dir
        self.broker: BrokerProgram = stack.enter_context(start_broker(data_dir, *args))
        self.target = target_of(self.broker)
        self.ada = self.member("ada", target=targets.claimed(self.target, data_dir))
        assert self.ada.ready().role == "owner"

    def member(self, nick: str, target: targets.Target | None = None, **options: Any) -> Member:
        """Somebody who begins to join."""
        options = {"direct": True, **options}
        return self.stack.enter_context(Member(target or self.target, nick, **options))

    def inside(self, nick: str, **options: Any) -> Member:
        """Somebody who is in."""
        member = self.member(nick, **options)
        member.ready()
        return member

    def do(self, deed: deeds.Deed, by: Member | None = None) -> None:
        """Ada, or somebody else, does it."""
        answer((by or self.ada).client.do(deed))


def answer(future: "Future[T]") -> T:
    return future.result(scaled(15))


def refusal(future: "Future[Any]") -> ev.Refused:
    with pytest.raises(ev.Refused) as caught:
        answer(future)
    return caught.value


def user(member: Member) -> str:
    return user_of_key(member.pair.public)


def verb(data_dir: Path, name: str) -> None:
    """One of the operator's, about the copy beside the database."""
    copy = data_dir / "copy.db"
    with Program(
        [sys.executable, ROOT / "broker.py", name, copy, "--data-dir", data_dir]
    ) as program:
        assert program.wait(30) == 0, program.describe()


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Callable[..., Town]]:
    with ExitStack() as stack:
        yield lambda *args: Town(tmp_path, stack, *args)


def test_a_private_room_from_its_making_to_the_gap(found: Callable[..., Town]) -> None:
    town = found()
    ada, bob, eve = town.ada, town.inside("bob"), town.inside("eve")
    town.do(deeds.Create(room="den", private=True))
    answer(ada.client.join("den"))
    assert ada.wait_event(ev.RoomChanged, room="den").moderator
    assert ada.say_all("one", "two", room="den") == [1, 2]
    assert refusal(bob.client.join("den")).code == "no-such-room"
    assert refusal(bob.client.history("den")).code == "no-such-room"

    town.do(deeds.Invite(room="den", nick="bob"))
    assert bob.wait_event(ev.Notice, what="invited", room="den").nick == "ada"
    answer(bob.client.join("den", after=0))
    bob.wait_texts(["one", "two"], "den")
    members = answer(ada.client.list("members", "den")).entries
    assert sorted(one.nick for one in members) == ["ada", "bob"]

    town.do(deeds.Remove(room="den", nick="bob", reason="noise"))
    assert bob.wait_event(ev.Notice, what="removed", room="den").reason == "noise"
    bob.wait_event(ev.Left, room="den")
    ada.say_all("three", "four", room="den")
    assert refusal(bob.client.history("den")).code == "no-such-room"
    assert refusal(bob.client.say("den", "hm")).code == "no-such-room"

    town.do(deeds.Invite(room="den", user=user(bob)))
    answer(bob.client.join("den", after=2))
    gap = bob.wait_event(ev.Gap, room="den")
    assert (gap.first, gap.last) == (3, 4)
    ada.say_all("five", room="den")
    bob.wait_texts(["five"], "den")
    assert bob.texts("den") == ["one", "two", "five"]
    assert len(bob.of_kind(ev.Gap)) == 1
    assert eve.texts("den") == []
    assert "den" not in [info.room for info in answer(eve.client.rooms()).rooms]


def test_who_stays_misses_nothing_when_somebody_is_removed(found: Callable[..., Town]) -> None:
    town = found()
    people = [town.inside(nick) for nick in ("bob", "cy", "dan")]
    town.do(deeds.Create(room="den", private=True))
    answer(town.ada.client.join("den"))
    for one in people:
        town.do(deeds.Invite(room="den", nick=one.nick))
        answer(one.client.join("den", after=0))
    bob, cy, dan = people
    texts = [f"m{n}" for n in range(400)]
    said = bob.say(*texts, room="den")
    town.do(deeds.Remove(room="den", nick="cy"))
    town.do(deeds.Remove(room="den", nick="dan"))
    for future in said:
        answer(future)
    town.ada.wait_texts(texts, "den")
    bob.wait_texts(texts, "den")
    assert_one_history([town.ada, bob], texts, "den")
    for gone in (cy, dan):
        gone.wait_event(ev.Left, room="den")
        assert gone.texts("den") == texts[: len(gone.texts("den"))]


def test_a_direct_message_waits_for_whoever_is_away(found: Callable[..., Town]) -> None:
    town = found()
    ada, eve = town.ada, town.inside("eve")
    pair, profile = keys.generate(), MemoryProfile()
    bob = town.inside("bob", pair=pair, profile=profile, resume=True)
    room = answer(ada.client.say("@bob", "psst")).room
    assert room == "@" + "-".join(sorted((user(ada), user(bob))))
    bob.wait_texts(["psst"], room)
    assert bob.wait_event(ev.RoomChanged, room=room).peer is not None
    ada.wait_texts(["psst"], room)
    wait_until(lambda: profile.cursor(room) is not None, "bob's place is kept")
    bob.close()

    ada.say_all("one", "two", room=room)
    again = town.inside("bob", pair=pair, profile=profile, resume=True)
    again.wait_texts(["one", "two"], room)
    assert again.texts(room) == ["one", "two"]
    assert answer(again.client.say("@ada", "yes")).room == room
    ada.wait_texts(["yes"], room)

    assert refusal(eve.client.history(room)).code == "no-such-room"
    assert refusal(eve.client.join(room)).code == "no-such-room"
    assert refusal(eve.client.say("@nobody", "hm")).code == "no-such-person"
    assert refusal(ada.client.say("@ada", "hm")).code == "bad-request"
    assert eve.texts(room) == []


def test_muted_kicked_banned_and_let_in_again(found: Callable[..., Town]) -> None:
    town = found()
    ada, pair = town.ada, keys.generate()
    bob = town.inside("bob", pair=pair)
    town.do(deeds.Mute(nick="bob", room="general", seconds=600, reason="hush"))
    notice = bob.wait_event(ev.Notice, what="muted")
    assert (notice.room, notice.reason, notice.nick) == ("general", "hush", "ada")
    ada.wait_event(ev.News, what="muted", nick="bob")
    refused = refusal(bob.client.say("general", "but"))
    assert (refused.code, refused.values["reason"]) == ("muted", "hush")
    assert 0 < float(refused.values["seconds"]) <= 600
    town.do(deeds.Unmute(nick="bob", room="general"))
    bob.say_all("thanks")

    town.do(deeds.Kick(nick="bob", room="general", seconds=600, reason="out"))
    bob.wait_event(ev.Left, room="general")
    assert refusal(bob.client.join("general")).code == "kicked"

    town.do(deeds.Kick(nick="bob", reason="off"))
    failed = bob.wait_event(ev.Failed)
    assert (failed.code, failed.values["reason"]) == ("kicked", "off")
    again = town.member("bob", pair=pair, rooms=[])
    assert again.wait_event(ev.Failed).code == "kicked"

    town.do(deeds.Ban(nick="bob", reason="enough"))
    banned = town.member("bob", pair=pair, rooms=[])
    failed = banned.wait_event(ev.Failed)
    assert (failed.code, failed.values) == ("banned", {"reason": "enough"})
    sanctions = answer(ada.client.list("sanctions")).entries
    assert "ban" in [one.what for one in sanctions]
    log = answer(ada.client.audit()).entries
    assert {"muted", "unmuted", "kicked", "banned"} <= {one.type for one in log}
    town.do(deeds.Unban(nick="bob"))
    assert "ban" not in [one.what for one in answer(ada.client.list("sanctions")).entries]


def test_who_is_banned_while_here_does_not_come_back_by_itself(found: Callable[..., Town]) -> None:
    town = found()
    bob = town.inside("bob")
    town.do(deeds.Ban(nick="bob", reason="enough"))
    assert bob.wait_event(ev.Notice, what="banned").reason == "enough"
    assert bob.wait_event(ev.Failed).code == "banned"
    assert bob.of_kind(ev.LinkDown) == []


def test_a_deleted_message_leaves_a_trace(found: Callable[..., Town]) -> None:
    town = found()
    bob = town.inside("bob")
    (seq,) = bob.say_all("rude")
    town.do(deeds.Delete(room="general", seq=seq, reason="rude indeed"))
    assert bob.wait_event(ev.Notice, what="deleted", seq=seq).reason == "rude indeed"
    wait_until(lambda: bob.records()[-1].type == "delete", "the deletion is shown")
    last = bob.records()[-1]
    assert (last.of, last.text, last.user) == (seq, "rude indeed", user(town.ada))
    page = answer(bob.client.history("general", after=seq - 1))
    assert (page.records[0].type, page.records[0].text) == ("deleted", "")
    assert refusal(bob.client.do(deeds.Delete(room="general", seq=seq))).code == "no-such-message"


def test_only_who_was_invited_or_approved_comes_in(found: Callable[..., Town]) -> None:
    town = found("--access", "invite")
    ada = town.ada
    alone = town.member("eve")
    assert alone.wait_event(ev.Failed).code == "not-invited"

    waiter = town.member("bob", wait_admission=True)
    waiter.wait_event(ev.Waiting)
    told = ada.wait_event(ev.Notice, what="waiting", key=waiter.pair.public)
    assert told.subject == "bob"
    town.do(deeds.Approve(key=told.key))
    waiter.ready()

    made = answer(ada.client.make_code(deeds.MakeInvitation(uses=1)))
    link = targets.parse_server(f"{town.broker.link}?invite={made.code.lower()}", Path())
    town.inside("cy", target=link)
    late = town.member("dan", target=replace(town.target, code=made.code))
    assert late.wait_event(ev.Failed).code == "bad-invitation"

    code = answer(ada.client.make_code(deeds.MakeDeviceCode())).code
    second = town.member("ada", target=replace(town.target, code=code))
    assert second.ready().user == user(ada)
    keys_of_ada = [one.key for one in answer(ada.client.list("devices")).entries]
    assert sorted(keys_of_ada) == sorted([ada.pair.public, second.pair.public])
    town.do(deeds.Revoke(key=second.pair.public, reason="lost"))
    assert second.wait_event(ev.Failed).code == "revoked"


def test_a_backup_that_is_restored_is_noticed(tmp_path: Path) -> None:
    with ExitStack() as stack:
        town = Town(tmp_path, stack)
        profile = MemoryProfile()
        bob = town.inside("bob", profile=profile, resume=True)
        bob.say_all("kept")
        verb(tmp_path, "backup")
        bob.say_all("lost")
        mark = bob.mark()
        place = same_place(town.broker)
        town.broker.stop()
        verb(tmp_path, "restore")
        stack.enter_context(start_broker(tmp_path, *place, wildcard=False))
        bob.wait_event(ev.LinkUp, after=mark)
        bob.wait_event(ev.RolledBack, after=mark)
        kinds = [type(one) for one in bob.of_kind(ev.Event, mark)]
        assert kinds.count(ev.Restored) == 1
        assert kinds.index(ev.Restored) < kinds.index(ev.RolledBack)
        bob.wait_texts(["kept"])
        assert "lost" not in bob.texts()


def test_without_encryption_nobody_has_rights_and_nobody_is_kept_out(tmp_path: Path) -> None:
    with start_broker(tmp_path, "--plain") as broker:
        target = targets.claimed(target_of(broker), tmp_path)
        assert target.claim == ""
        with Member(target, "ada", direct=True) as ada:
            ada.ready()
            code = refusal(ada.client.do(deeds.Create(room="den", private=True))).code
            assert code == "needs-encryption"
        with Member(replace(target, code="7K3M-Q9TX-4PWD"), "bob") as bob:
            assert bob.wait_event(ev.Failed).code == "needs-encryption"
