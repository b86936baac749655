"""The judge of the rights can convict: each defence is taken out once, and somebody hears what they
may not, or whoever stays hears nothing.

A defence that could be taken out unnoticed would be one that nothing tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from common.broker.core import Core
from common.broker.ledger import Ledger, Room
from common.broker.lobby import Lobby
from common.broker.putting_out import PuttingOut
from common.broker.rights import Rights
from common.broker.roomnames import RoomNames
from common.broker.sessions import Sessions
from common.broker.turn import Turn
from tests.broker.rights_model import ALLOWED, HIDDEN, Codes
from tests.broker.rights_seats import KEYS, USER, Seat
from tests.broker.rights_stage import Stage
from tests.broker.test_rights_machine import RightsMachine

ADA, BOB, CID, DAN = (USER[nick] for nick in ("ada", "bob", "cid", "dan"))


class Scene:
    """Four people on a stage; ada's private room with bob in it, and an ear of bob's."""

    def __init__(self) -> None:
        machine = RightsMachine()
        machine.begin()
        self.stage: Stage = machine.stage
        self.model = self.stage.model
        live = self.stage.live()
        self.ada, self.bob, self.cid, self.dan = (
            next(seat for seat in live if seat.key == KEYS[nick][0])
            for nick in ("ada", "bob", "cid", "dan")
        )

    def do(self, seat: Seat, codes: Codes, turn: bool = True, **line: Any) -> None:
        self.stage.send(seat, line, codes)
        if turn:
            self.turn()

    def turn(self) -> None:
        self.stage.turn()
        self.stage.whoever_is_in_a_room_hears_it()

    def crypt(self, newcomers: str = "all") -> None:
        codes = self.stage.model.create(ADA, "crypt", True, newcomers)
        self.do(self.ada, codes, type="create", room="crypt", private=True, newcomers=newcomers)
        self.join(self.ada, "crypt")

    def invite(self, whom: str, turn: bool = True) -> None:
        codes = self.stage.model.invite(ADA, "crypt", whom)
        self.do(self.ada, codes, turn, type="invite", room="crypt", user=whom)

    def remove(self, whom: str, turn: bool = True) -> None:
        codes = self.stage.model.remove(ADA, "crypt", whom)
        self.do(self.ada, codes, turn, type="remove", room="crypt", user=whom)

    def join(self, seat: Seat, name: str, turn: bool = True) -> None:
        codes = self.stage.model.join(self.stage.user(seat.key), name)
        self.do(seat, codes, turn, type="join", room=name)

    def say(self, seat: Seat, name: str, turn: bool = True) -> None:
        self.stage.say(seat, name)
        if turn:
            self.turn()

    def ban(self, whom: str) -> None:
        codes = self.stage.model.throw_out(ADA, whom, "ban", 0)
        self.do(self.ada, codes, type="ban", user=whom)

    def listen(self, seat: Seat, name: str, *, ear: bool = False) -> None:
        """To the room's topic as it is now."""
        connection = self.stage.connect(seat.key) if ear else seat.connection
        self.stage.subscribe(connection, self.stage.core.ledger.rooms[name].topic)

    def read(self, seat: Seat, name: str) -> None:
        got = self.stage.read_all(seat, name)
        assert got == self.model_of(seat, name)

    def model_of(self, seat: Seat, name: str) -> list[int]:
        model = self.stage.model
        return model.to_read(self.stage.user(seat.key), model.places[name])


# --- what happens ------------------------------------------------------------------------------


def a_member_is_removed_between_two_lines(scene: Scene) -> None:
    scene.crypt()
    scene.invite(BOB)
    scene.join(scene.bob, "crypt")
    scene.listen(scene.bob, "crypt")
    scene.listen(scene.bob, "crypt", ear=True)
    scene.say(scene.ada, "crypt", turn=False)
    scene.remove(BOB, turn=False)
    scene.say(scene.ada, "crypt")
    scene.say(scene.ada, "crypt")


def a_stranger_listens(scene: Scene) -> None:
    scene.crypt()
    scene.listen(scene.dan, "crypt")
    scene.say(scene.ada, "crypt")


def a_newcomer_reads(scene: Scene) -> None:
    scene.crypt("new")
    scene.say(scene.ada, "crypt")
    scene.invite(BOB)
    scene.say(scene.ada, "crypt")
    scene.read(scene.bob, "crypt")


def somebody_is_invited_again(scene: Scene) -> None:
    scene.crypt()
    scene.say(scene.ada, "crypt")
    scene.invite(BOB)
    scene.remove(BOB)
    scene.do(scene.bob, HIDDEN, type="history", room="crypt", after=0)
    scene.say(scene.ada, "crypt")
    scene.invite(BOB)
    scene.say(scene.ada, "crypt")
    scene.read(scene.bob, "crypt")


def a_third_asks_for_a_conversation_of_two(scene: Scene) -> None:
    scene.stage.say(scene.ada, "", BOB)
    scene.turn()
    name = "@" + "-".join(sorted((ADA, BOB)))
    scene.do(scene.dan, HIDDEN, type="history", room=name, after=0)
    while scene.stage.reads:
        scene.stage.answer_read()


def somebody_is_banned(scene: Scene) -> None:
    """While their connection still stands, and another one of theirs listens in a room that they
    left."""
    scene.join(scene.bob, "hall")
    scene.listen(scene.bob, "hall", ear=True)
    scene.do(scene.bob, ALLOWED, type="leave", room="hall")
    scene.ban(BOB)
    scene.say(scene.ada, "hall")


def somebody_is_banned_who_listens(scene: Scene) -> None:
    scene.listen(scene.bob, "general")
    scene.ban(BOB)
    scene.say(scene.ada, "general")


def a_page_comes_late(scene: Scene) -> None:
    scene.crypt()
    scene.invite(BOB)
    scene.do(scene.bob, ALLOWED, type="history", room="crypt", after=0)
    scene.remove(BOB)
    scene.say(scene.ada, "crypt")
    scene.stage.answer_read()


def somebody_who_was_kicked_comes_back(scene: Scene) -> None:
    codes = scene.stage.model.sanction(ADA, "hall", DAN, "kick", 60)
    assert codes == ALLOWED
    scene.do(scene.ada, codes, type="kick", room="hall", user=DAN, seconds=60)
    scene.do(scene.dan, frozenset({"kicked"}), type="history", room="hall", after=0)
    scene.join(scene.dan, "hall")


def a_removal_finds_the_disk_full(scene: Scene) -> None:
    scene.crypt()
    scene.invite(BOB)
    scene.join(scene.bob, "crypt")
    scene.listen(scene.bob, "crypt")
    scene.stage.disk.full = True
    scene.remove(BOB)
    scene.stage.disk.full = False
    scene.turn()
    scene.say(scene.ada, "crypt")
    scene.read(scene.bob, "crypt")


def an_invitation_finds_the_disk_full(scene: Scene) -> None:
    """Who came in by it in the same turn is in no room; another's removal would tell them of it."""
    scene.crypt()
    scene.invite(BOB)
    scene.stage.disk.full = True
    scene.invite(CID, turn=False)
    scene.join(scene.cid, "crypt")
    scene.stage.disk.full = False
    scene.listen(scene.cid, "crypt")
    scene.say(scene.ada, "crypt")
    scene.remove(BOB)
    scene.listen(scene.cid, "crypt")
    scene.say(scene.ada, "crypt")


def somebody_leaves_and_is_back_within_a_turn(scene: Scene) -> None:
    """What they heard it by is another topic, and they are told which."""
    scene.crypt()
    scene.invite(BOB)
    scene.join(scene.bob, "crypt")
    scene.listen(scene.bob, "crypt")
    scene.stage.model.leave(BOB, "crypt")
    scene.do(scene.bob, ALLOWED, turn=False, type="leave", room="crypt")
    scene.say(scene.ada, "crypt", turn=False)
    scene.invite(BOB, turn=False)
    scene.join(scene.bob, "crypt")
    scene.say(scene.ada, "crypt")
    scene.read(scene.bob, "crypt")


def somebody_who_is_not_there_is_muted(scene: Scene) -> None:
    scene.crypt()
    codes = scene.stage.model.sanction(ADA, "crypt", DAN, "mute", 60)
    assert codes == ALLOWED
    scene.do(scene.ada, codes, type="mute", room="crypt", user=DAN, seconds=60)


STORIES = [
    a_member_is_removed_between_two_lines,
    a_stranger_listens,
    a_newcomer_reads,
    somebody_is_invited_again,
    a_third_asks_for_a_conversation_of_two,
    somebody_is_banned,
    somebody_is_banned_who_listens,
    a_page_comes_late,
    somebody_who_was_kicked_comes_back,
    a_removal_finds_the_disk_full,
    an_invitation_finds_the_disk_full,
    somebody_leaves_and_is_back_within_a_turn,
    somebody_who_is_not_there_is_muted,
]


@pytest.mark.parametrize("story", STORIES)
def test_nobody_hears_what_they_may_not(story: Callable[[Scene], None]) -> None:
    story(Scene())


# --- without ------------------------------------------------------------------------------------

Patch = pytest.MonkeyPatch
Story = Callable[[Scene], None]


def no_new_topic(patch: Patch) -> Story:
    patch.setattr(PuttingOut, "renew", lambda *_: None)
    return a_member_is_removed_between_two_lines


def lines_of_the_turn_stay_on_the_former_topic(patch: Patch) -> Story:
    def renew(self: Ledger, room: Room) -> None:
        room.topic = self._topic(self.token())

    patch.setattr(Ledger, "renew_topic", renew)
    return a_member_is_removed_between_two_lines


def whoever_stays_is_not_told(patch: Patch) -> Story:
    patch.setattr(Lobby, "tell_state", lambda *_: None)
    return a_member_is_removed_between_two_lines


def a_topic_is_granted_to_whoever_knows_it(patch: Patch) -> Story:
    patch.setattr(Sessions, "hears", lambda *_: True)
    return a_stranger_listens


def spans_are_not_looked_at(patch: Patch) -> Story:
    patch.setattr(Rights, "spans", lambda *_: None)
    return a_newcomer_reads


def nor_is_the_gap(patch: Patch) -> Story:
    patch.setattr(Rights, "spans", lambda *_: None)
    return somebody_is_invited_again


def who_was_a_member_is_one(patch: Patch) -> Story:
    def member(self: Rights, room: Room, user: str) -> Any:
        return self._ledger.facts.member(room.number, user)

    patch.setattr(Rights, "member", member)
    return somebody_is_invited_again


def a_conversation_of_two_is_anybody_s(patch: Patch) -> Story:
    right = Rights.may_see

    def may_see(self: Rights, room: Room, user: str) -> bool:
        return bool(room.direct) or right(self, room, user)

    patch.setattr(Rights, "may_see", may_see)
    patch.setattr(RoomNames, "_direct", lambda _self, text, _user: text)
    return a_third_asks_for_a_conversation_of_two


def sessions_go_on_after_a_ban(patch: Patch) -> Story:
    patch.setattr(PuttingOut, "end_sessions", lambda *_: None)
    return somebody_is_banned_who_listens


def public_topics_stay_after_a_ban(patch: Patch) -> Story:
    patch.setattr(Sessions, "heard_by", lambda *_: [])
    return somebody_is_banned


def pages_are_told_whatever_happened_meanwhile(patch: Patch) -> Story:
    patch.setattr(Core, "may_have", lambda *_: True)
    return a_page_comes_late


def who_was_kicked_may_read(patch: Patch) -> Story:
    patch.setattr(Rights, "kept_out", lambda *_: None)
    return somebody_who_was_kicked_comes_back


def effects_do_not_wait_for_the_commit(patch: Patch) -> Story:
    patch.setattr(Turn, "then", lambda _self, act: act())
    return a_removal_finds_the_disk_full


def who_came_in_by_what_was_rolled_back_stays(patch: Patch) -> Story:
    patch.setattr(Lobby, "rolled_back", lambda *_: None)
    return an_invitation_finds_the_disk_full


def who_is_muted_hears_of_it_wherever_it_was(patch: Patch) -> Story:
    right = Rights.may_see

    def may_see(self: Rights, room: Room, user: str) -> bool:
        return user == DAN or right(self, room, user)

    patch.setattr(Rights, "may_see", may_see)
    return somebody_who_is_not_there_is_muted


@pytest.mark.parametrize(
    "removal",
    [
        no_new_topic,
        lines_of_the_turn_stay_on_the_former_topic,
        whoever_stays_is_not_told,
        a_topic_is_granted_to_whoever_knows_it,
        spans_are_not_looked_at,
        nor_is_the_gap,
        who_was_a_member_is_one,
        a_conversation_of_two_is_anybody_s,
        sessions_go_on_after_a_ban,
        public_topics_stay_after_a_ban,
        pages_are_told_whatever_happened_meanwhile,
        who_was_kicked_may_read,
        effects_do_not_wait_for_the_commit,
        who_came_in_by_what_was_rolled_back_stays,
        who_is_muted_hears_of_it_wherever_it_was,
    ],
)
def test_without_this_defence_somebody_does(removal: Callable[[Patch], Story]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        story = removal(patch)
        with pytest.raises(AssertionError):
            story(Scene())
    story(Scene())
