"""The core's rights against a plain model: whatever people ask, in whatever order within a turn,
nobody hears what they may not, and whoever may read obtains it all.

The model is `rights_model`, the judge of each line `rights_stage`.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from common.broker.core import GRACE
from common.protocol.limits import WIRE
from tests.broker.rights_model import ALLOWED, HIDDEN, Codes, Line
from tests.broker.rights_seats import CLAIM, KEYS, NICK, OWNERS, USER, Seat
from tests.broker.rights_stage import Stage

PUBLIC = ("general", "hall")
PRIVATE = ("vault", "cellar")
NOBODY = "nowhere"
NAMES = st.sampled_from(["vault", "vault", "vault", "general", "hall", "cellar"])
SECRETS = st.sampled_from(["vault", "vault", "vault", "cellar"])
PLACES = st.integers(0, 9)
PEOPLE = st.sampled_from(sorted(USER.values()))
ANY_KEY = st.sampled_from([key for keys in KEYS.values() for key in keys])
TIME = st.sampled_from([0, 60])
MORE = st.booleans()
"""Whether the turn goes on: what follows reaches the core within the same one."""


class RightsMachine(RuleBasedStateMachine):
    """Four people, two of them with two keys, two public rooms and two private ones."""

    @initialize(newcomers=st.sampled_from(["all", "new"]))
    def begin(self, newcomers: str = "all") -> None:
        self.stage = Stage()
        stage = self.stage
        for nick, keys in KEYS.items():
            stage.model.owners[keys[0]] = USER[nick]
            stage.model.ranks[USER[nick]] = 2 * (nick == "ada")
            stage.come(keys[0], ["general", "hall"], code=CLAIM if nick == "ada" else "")
        stage.quiet()
        for nick, keys in KEYS.items():
            for second in keys[1:]:
                first = next(seat for seat in stage.seats if seat.key == keys[0])
                stage.send(first, {"type": "device-code"}, ALLOWED)
                code = stage.code(first)
                stage.model.owners[second] = USER[nick]
                stage.come(second, ["general"], code=code, direct=True)
                stage.quiet()
        ada, vault = stage.seats[0], {"type": "create", "room": "vault", "private": True}
        codes = stage.model.create(USER["ada"], "vault", True, newcomers)
        stage.send(ada, {**vault, "newcomers": newcomers}, codes)
        codes = stage.model.invite(USER["ada"], "vault", USER["bob"])
        stage.send(ada, {"type": "invite", "room": "vault", "user": USER["bob"]}, codes)
        stage.quiet()

    # --- helpers ---

    def seat(self, place: int) -> Seat | None:
        """One of those who are in."""
        there = self.stage.live()
        return there[place % len(there)] if there else None

    def deciding(self, place: int, name: str) -> tuple[Seat, str] | None:
        """Mostly somebody who moderates the room, else anybody."""
        place_of, user = self.stage.model.places.get(name), self.stage.user
        fit = [
            seat
            for seat in self.stage.live()
            if place_of and self.stage.model.moderates(user(seat.key), place_of)
        ]
        if place % 4 and fit:
            seat = fit[place % len(fit)]
            return seat, user(seat.key)
        return self.known(place)

    def inside(self, place: int, name: str) -> tuple[Seat, str] | None:
        """Mostly somebody for whom the room exists, else anybody."""
        room, user = self.stage.model.places.get(name), self.stage.user
        fit = [
            seat
            for seat in self.stage.live()
            if room and self.stage.model.sees(user(seat.key), room)
        ]
        if place % 4 and fit:
            seat = fit[place % len(fit)]
            return seat, user(seat.key)
        return self.known(place)

    def may_ask(self) -> bool:
        """Whether nobody has as many questions under way as a person may."""
        asked = [one for one in self.stage.asked if one.line["type"] in ("history", "delete")]
        return len(self.stage.reads) + len(asked) < WIRE.reads - 1

    def ask(self, seat: Seat, line: dict[str, Any], codes: Codes | None, more: bool) -> None:
        self.stage.send(seat, line, codes)
        self.go_on(more)

    def go_on(self, more: bool) -> None:
        if not more:
            self.stage.turn()

    def known(self, place: int) -> tuple[Seat, str] | None:
        seat = self.seat(place)
        return (seat, self.stage.user(seat.key)) if seat else None

    # --- coming and going ---

    @rule(key=ANY_KEY, rooms=st.sets(NAMES), direct=st.booleans(), more=MORE)
    def come(self, key: str, rooms: set[str], direct: bool, more: bool) -> None:
        if len(self.stage.seats) < 10:
            public = {name for name in rooms if name in PUBLIC or name in self.stage.model.places}
            self.stage.come(key, sorted(public), direct=direct)
            self.go_on(more)

    @rule(place=PLACES, more=MORE)
    def vanish(self, place: int, more: bool) -> None:
        if (seat := self.seat(place)) is not None:
            self.stage.vanish(seat)
            self.go_on(more)

    @rule(place=PLACES, more=MORE)
    def bye(self, place: int, more: bool) -> None:
        if (seat := self.seat(place)) is not None:
            self.stage.send(seat, {"type": "bye"}, None)
            seat.welcomed = False
            seat.rooms = {}
            self.go_on(more)

    @rule(wait=st.sampled_from([0.01, GRACE, 20.0, 100.0]))
    def time_passes(self, wait: float) -> None:
        self.stage.turn()
        self.stage.begin(wait)
        self.stage.turn()

    @rule()
    def see_out(self) -> None:
        self.stage.see_out()

    @rule(full=st.booleans())
    def disk(self, full: bool) -> None:
        self.stage.turn()
        self.stage.disk.full = full

    @precondition(lambda self: not self.stage.disk.full)
    @rule()
    def restart(self) -> None:
        self.stage.turn()
        self.stage.restart()

    # --- eavesdropping ---

    @rule(key=ANY_KEY, wish=st.integers(0, 200), place=PLACES, cut=st.sampled_from([0, 0, 0, 1, 8]))
    def listen(self, key: str, wish: int, place: int, cut: int) -> None:
        """Any topic that anybody was ever told, on a connection without a session, or on one
        that has one."""
        stage = self.stage
        mine = [c for c in stage.connections if c.key == key and c not in stage.leaving]
        connection = mine[place % len(mine)] if mine and place % 2 else stage.connect(key)
        if len(stage.connections) < 30 and stage.topics:
            topic = sorted(stage.topics)[wish % len(stage.topics)]
            stage.subscribe(connection, topic[: len(topic) - cut])

    @rule(key=ANY_KEY, place=PLACES)
    def listen_at_an_inbox(self, key: str, place: int) -> None:
        stage = self.stage
        seat = self.seat(place)
        if seat is not None and seat.key != key:
            topic = b"inbox/" + seat.id + b"/"
            assert not stage.subscribe(stage.connect(key), topic), "another's inbox was granted"

    @rule(key=ANY_KEY)
    def listen_to_everything_at_once(self, key: str) -> None:
        stage = self.stage
        connection = stage.connect(key)
        for topic in sorted(stage.topics):
            stage.subscribe(connection, topic)

    # --- speaking and reading ---

    @rule(place=PLACES, name=NAMES, more=MORE)
    def say(self, place: int, name: str, more: bool) -> None:
        known = self.inside(place, name)
        if known is not None and (name in PUBLIC or name in self.stage.model.places):
            self.stage.say(known[0], name)
            self.go_on(more)

    @rule(place=PLACES, peer=PEOPLE, more=MORE)
    def say_to(self, place: int, peer: str, more: bool) -> None:
        seat = self.seat(place)
        if seat is not None and self.stage.user(seat.key) != peer:
            self.stage.say(seat, "", peer)
            self.go_on(more)

    @rule(place=PLACES, pick=PLACES, more=MORE)
    def who(self, place: int, pick: int, more: bool) -> None:
        """About any room that there is, by its own name."""
        if (known := self.known(place)) is not None:
            names = [*self.stage.model.places, NOBODY]
            name = names[pick % len(names)]
            codes = self.stage.model.look(known[1], name)
            told = codes if codes in (HIDDEN, ALLOWED) else None
            self.ask(known[0], {"type": "who", "room": name}, told, more)

    @rule(place=PLACES, name=NAMES, pick=PLACES, more=MORE)
    def history(self, place: int, name: str, pick: int, more: bool) -> None:
        """The page comes later; mostly of a room that they may read."""
        if not pick:
            names = [*self.stage.model.places, NOBODY]
            name = names[place % len(names)]
        known = self.inside(place, name)
        if known is not None and self.may_ask():
            codes = self.stage.model.look(known[1], name)
            self.ask(known[0], {"type": "history", "room": name, "after": 0}, codes, more)

    @rule(place=PLACES, name=NAMES, more=MORE)
    def list_members(self, place: int, name: str, more: bool) -> None:
        if (known := self.known(place)) is not None:
            seat, user = known
            codes = self.stage.model.look(user, name)
            told = codes if codes == HIDDEN else None
            self.ask(seat, {"type": "list", "what": "members", "room": name}, told, more)

    @rule(place=PLACES, more=MORE)
    def rooms(self, place: int, more: bool) -> None:
        if (seat := self.seat(place)) is not None:
            self.ask(seat, {"type": "rooms"}, ALLOWED, more)

    @rule(count=st.integers(1, 3), place=PLACES)
    def pages_come(self, count: int, place: int) -> None:
        """The reader's answers, late."""
        for _ in range(count):
            if self.stage.reads:
                self.stage.answer_read(place % len(self.stage.reads))

    # --- rooms ---

    @rule(place=PLACES, name=NAMES, newcomers=st.sampled_from(["all", "new"]), more=MORE)
    def create(self, place: int, name: str, newcomers: str, more: bool) -> None:
        if (known := self.known(place)) is not None:
            seat, user = known
            private = name in PRIVATE
            codes = self.stage.model.create(user, name, private, newcomers)
            line = {"type": "create", "room": name, "private": private, "newcomers": newcomers}
            self.ask(seat, line, codes, more)

    @rule(place=PLACES, name=NAMES, more=MORE)
    def join(self, place: int, name: str, more: bool) -> None:
        if (known := self.inside(place, name)) is not None:
            seat, user = known
            if name in PUBLIC or name in self.stage.model.places:
                codes = self.stage.model.join(user, name)
                self.ask(seat, {"type": "join", "room": name}, codes, more)

    @rule(place=PLACES, pick=PLACES, more=MORE)
    def leave(self, place: int, pick: int, more: bool) -> None:
        if (known := self.known(place)) is not None:
            seat, user = known
            names = [name for name in seat.rooms if not name.startswith("@")]
            names = [n for n in names if self.stage.model.sees(user, self.stage.model.places[n])]
            if names:
                name = names[pick % len(names)]
                if all(asked.line["type"] not in ("leave", "join") for asked in self.stage.asked):
                    self.stage.model.leave(user, name)
                    self.ask(seat, {"type": "leave", "room": name}, ALLOWED, more)

    @rule(place=PLACES, name=SECRETS, whom=PEOPLE, more=MORE)
    def invite(self, place: int, name: str, whom: str, more: bool) -> None:
        if (known := self.deciding(place, name)) is not None:
            seat, user = known
            codes = self.stage.model.invite(user, name, whom)
            self.ask(seat, {"type": "invite", "room": name, "user": whom}, codes, more)

    @rule(place=PLACES, name=SECRETS, whom=PEOPLE, more=MORE)
    def remove(self, place: int, name: str, whom: str, more: bool) -> None:
        known = self.deciding(place, name)
        if known is not None and known[1] != whom:
            seat, user = known
            codes = self.stage.model.remove(user, name, whom)
            if not codes:
                self.out_of(whom, name)
            self.ask(seat, {"type": "remove", "room": name, "user": whom}, codes, more)

    def out_of(self, whom: str, name: str) -> None:
        for seat in self.stage.seats:
            if self.stage.user(seat.key) == whom:
                seat.rooms.pop(name, None)

    @rule(place=PLACES, name=SECRETS, whom=PEOPLE, role=st.sampled_from(["moderator", "member"]),
          more=MORE)  # fmt: skip
    def moderator(self, place: int, name: str, whom: str, role: str, more: bool) -> None:
        if (known := self.deciding(place, name)) is not None and known[1] != whom:
            seat, user = known
            codes = self.stage.model.moderator(user, name, whom, role=role)
            line = {"type": "role", "room": name, "user": whom, "role": role}
            self.ask(seat, line, codes, more)

    @rule(place=PLACES, name=NAMES, more=MORE, change=st.sampled_from(
        [{"readonly": True}, {"readonly": False}, {"newcomers": "all"}, {"newcomers": "new"}]
    ))  # fmt: skip
    def set(self, place: int, name: str, change: dict[str, Any], more: bool) -> None:
        if (known := self.deciding(place, name)) is not None:
            seat, user = known
            if name in PUBLIC and "newcomers" in change:
                return
            codes = self.stage.model.rule(user, name, **change)
            self.ask(seat, {"type": "set", "room": name, **change}, codes, more)

    # --- sanctions ---

    @rule(place=PLACES, name=NAMES, whom=PEOPLE, seconds=TIME, more=MORE,
          what=st.sampled_from(["mute", "unmute", "kick"]))  # fmt: skip
    def sanction(
        self, place: int, name: str, whom: str, what: str, seconds: int, more: bool
    ) -> None:
        if (known := self.deciding(place, name)) is not None:
            seat, user = known
            codes = self.stage.model.sanction(user, name, whom, what, seconds)
            if codes is None:
                return
            if not codes and what == "kick":
                self.out_of(whom, name)
            line: Line = {"type": what, "room": name, "user": whom}
            if what != "unmute":
                line["seconds"] = seconds
            self.ask(seat, line, codes, more)

    @rule(place=PLACES, whom=PEOPLE, seconds=TIME, more=MORE,
          what=st.sampled_from(["kick", "ban", "unban", "unban"]))  # fmt: skip
    def throw_out(self, place: int, whom: str, what: str, seconds: int, more: bool) -> None:
        if (known := self.known(place)) is not None:
            seat, user = known
            model = self.stage.model
            if what == "unban" and whom not in model.banned:
                return
            codes = model.throw_out(user, whom, what, seconds)
            if not codes and what != "unban":
                for theirs in self.stage.seats:
                    theirs.ended |= self.stage.user(theirs.key) == whom
            line: Line = {"type": what, "user": whom}
            if what != "unban":
                line["seconds"] = seconds
            self.ask(seat, line, codes, more)

    @rule(whom=PEOPLE, role=st.sampled_from(["admin", "member"]), place=PLACES, more=MORE)
    def promote(self, whom: str, role: str, place: int, more: bool) -> None:
        known = self.known(place)
        if known is not None and known[1] != whom and whom != USER["ada"]:
            seat, user = known
            codes = self.stage.model.promote(user, whom, role)
            self.ask(seat, {"type": "role", "user": whom, "role": role}, codes, more)

    @rule(nick=st.sampled_from(["ada", "bob"]), more=MORE)
    def revoke(self, nick: str, more: bool) -> None:
        """The second key is lost."""
        stage = self.stage
        first, second = OWNERS[nick]
        seat = next((s for s in stage.live() if s.key == first), None)
        if seat is not None and second in stage.model.owners:
            del stage.model.owners[second]
            for theirs in stage.seats:
                theirs.ended |= theirs.key == second
            self.ask(seat, {"type": "revoke", "key": second}, ALLOWED, more)

    @rule(place=PLACES, pick=st.integers(0, 30), more=MORE)
    def delete(self, place: int, pick: int, more: bool) -> None:
        seat = self.seat(place)
        said = sorted(self.stage.where.values())
        if seat is not None and said and self.may_ask():
            name, seq = said[pick % len(said)]
            self.ask(seat, {"type": "delete", "room": name, "seq": seq}, None, more)

    # --- what must hold ---

    @rule(place=PLACES, name=NAMES)
    def everything_that_may_be_read_is_to_be_had(self, place: int, name: str) -> None:
        stage = self.stage
        stage.turn()
        known = self.inside(place, name)
        if known is not None and name in stage.model.places and self.may_ask():
            seat, user = known
            if not stage.model.look(user, name):
                got = stage.read_all(seat, name)
                wanted = stage.model.to_read(user, stage.model.places[name])
                assert got == wanted, f"{NICK[user]} in {name}"

    @invariant()
    def whoever_stays_hears(self) -> None:
        if not self.stage.asked:
            self.stage.whoever_is_in_a_room_hears_it()


RightsMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=50)
TestRights = RightsMachine.TestCase
