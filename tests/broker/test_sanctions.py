"""What administrators do on the whole server: mute, kick, ban, ranks, nicknames, lists, the log."""

from typing import Any

import pytest

from common.broker.sanctions import SHORTEST_KICK
from common.protocol import deeds as d
from common.protocol import messages as m
from common.protocol import topics
from common.protocol.identity import user_of_key
from tests.broker import staff
from tests.broker.desk import ADA, BOB, INBOX, ONE, THREE, TWO, Desk, session, topic_of
from tests.broker.staff import CLAIM, CONSOLE, EVE, come

FOUR = session(4)
HOUR = 3_600


def staffed(**settings: Any) -> Desk:
    """ADA owns the server (ONE), BOB is an administrator (TWO), EVE nobody (THREE)."""
    desk = Desk(claim=CLAIM, console=CONSOLE, **settings)
    come(desk, ONE, ADA, "ada", code=CLAIM)
    come(desk, TWO, BOB, "bob")
    come(desk, THREE, EVE, "eve")
    assert desk.ask(ONE, d.Role(id="r", nick="bob", role="admin"))["type"] == "done"
    return desk


def listed(desk: Desk, what: Any) -> list[dict[str, Any]]:
    """What BOB gets to see."""
    return staff.listed(desk, what, TWO, BOB)


def last_deed(desk: Desk) -> Any:
    return desk.disk.room("")[-1]


# Mute


def test_who_is_muted_everywhere_reads_why_and_speaks_again_when_it_is_over() -> None:
    desk = staffed()
    told = desk.push(TWO, d.Mute(id="m", nick="Eve", seconds=60, reason="caps"), key=BOB)
    until = desk.wall + 60_000
    (notice,) = told[INBOX[THREE]]
    assert (notice["what"], notice["reason"], notice["until"]) == ("muted", "caps", until)
    assert notice["nick"] == "bob"
    (error,) = desk.push(THREE, m.Say(1, "general", "HEY"), key=EVE)[INBOX[THREE]]
    assert (error["code"], error["reason"], error["until"]) == ("muted", "caps", until)
    assert [one["what"] for one in listed(desk, "sanctions")] == ["mute"]
    desk.turn(60)
    assert not listed(desk, "sanctions")
    desk.push(THREE, m.Say(2, "general", "hey"), key=EVE)
    assert [record.text for record in desk.disk.room("general")] == ["hey"]


def test_a_mute_outlives_the_broker_and_ends_by_an_unmute() -> None:
    desk = staffed()
    desk.ask(TWO, d.Mute(id="m", user=user_of_key(EVE)), BOB)
    desk = Desk(desk.disk, console=CONSOLE)
    come(desk, TWO, BOB, "bob")
    come(desk, THREE, EVE, "eve")
    assert desk.push(THREE, m.Say(1, "new", "x"), key=EVE)[INBOX[THREE]][0]["code"] == "muted"
    told = desk.push(TWO, d.Unmute(id="u", nick="eve"), key=BOB)
    assert told[INBOX[THREE]][0]["what"] == "unmuted"
    records = len(desk.disk.room(""))
    assert desk.ask(TWO, d.Unmute(id="u", nick="eve"), BOB)["type"] == "done"
    assert len(desk.disk.room("")) == records, "said twice, done once"
    desk.push(THREE, m.Say(2, "general", "x"), key=EVE)
    assert len(desk.disk.room("general")) == 1


# Kick


def test_who_is_kicked_is_out_on_the_spot_and_told_how_long() -> None:
    desk = staffed()
    topic = topic_of(come(desk, FOUR, EVE, "eve", rooms=("general",)))
    desk.expelled.clear()
    told = desk.push(TWO, d.Kick(id="k", nick="eve", reason="enough"), key=BOB)
    until = desk.wall + SHORTEST_KICK * 1_000
    for one in (THREE, FOUR):
        (notice,) = told[topics.inbox(one)]
        assert (notice["what"], notice["reason"], notice["until"]) == ("kicked", "enough", until)
    assert sorted(desk.expelled) == [(3, "here"), (4, "here")]
    assert desk.core.outcasts == {EVE}
    assert not desk.core.subscribed(topic, EVE, 4, "here")
    desk.turn(4)
    error = come(desk, session(5), EVE, "eve")
    assert (error["code"], error["reason"], error["until"]) == ("kicked", "enough", until)
    assert error["retry"] == SHORTEST_KICK - 4
    assert desk.expelled[-1] == (5, "here")
    desk.turn(error["retry"])
    assert desk.core.outcasts == {EVE}
    assert come(desk, session(6), EVE, "eve")["type"] == "welcome"
    assert not desk.core.outcasts


def test_a_kick_may_last_longer() -> None:
    desk = staffed()
    desk.ask(TWO, d.Kick(id="k", nick="eve", seconds=HOUR), BOB)
    assert come(desk, FOUR, EVE, "eve")["retry"] == HOUR


# Ban


def test_who_is_banned_is_out_and_stays_out_until_unbanned() -> None:
    desk = staffed()
    told = desk.push(TWO, d.Ban(id="b", nick="eve", reason="spam"), key=BOB)
    (notice,) = told[INBOX[THREE]]
    assert (notice["what"], notice["reason"], notice.get("until", 0)) == ("banned", "spam", 0)
    assert desk.core.outcasts == {EVE}
    desk = Desk(desk.disk, console=CONSOLE)
    error = come(desk, THREE, EVE, "eve")
    assert (error["code"], error["reason"], error.get("retry", 0)) == ("banned", "spam", 0)
    come(desk, TWO, BOB, "bob")
    (entry,) = listed(desk, "sanctions")
    assert (entry["what"], entry["nick"], entry["by"]) == ("ban", "eve", "bob")
    assert desk.ask(TWO, d.Unban(id="u", nick="eve"), BOB)["type"] == "done"
    assert not listed(desk, "sanctions")
    assert come(desk, FOUR, EVE, "eve")["type"] == "welcome"


def test_a_ban_may_end_by_itself() -> None:
    desk = staffed()
    desk.ask(TWO, d.Ban(id="b", nick="eve", seconds=HOUR), BOB)
    error = come(desk, FOUR, EVE, "eve")
    assert error["until"] == desk.wall + HOUR * 1_000
    desk.turn(HOUR)
    assert come(desk, FOUR, EVE, "eve")["type"] == "welcome"


def test_a_key_can_be_banned_that_nobody_has_seen() -> None:
    desk = staffed()
    new = "9" * 64
    assert desk.ask(TWO, d.Ban(id="b", key=new.upper()), BOB)["type"] == "done"
    assert listed(desk, "sanctions")[0]["key"] == new
    assert come(desk, FOUR, new, "new")["code"] == "banned"
    assert desk.ask(TWO, d.Unban(id="u", key=new), BOB)["type"] == "done"
    assert come(desk, FOUR, new, "new")["type"] == "welcome"
    assert desk.ask(TWO, d.Ban(id="b", key="short"), BOB)["code"] == "bad-request"


def test_a_ban_is_of_all_the_keys_of_a_person_whichever_was_named() -> None:
    desk = staffed()
    code = desk.ask(THREE, d.MakeDeviceCode(id="c"), EVE)["code"]
    phone, other = "7" * 64, "8" * 64
    come(desk, FOUR, phone, "x", code=code)
    code = desk.ask(THREE, d.MakeDeviceCode(id="c"), EVE)["code"]
    told = desk.push(TWO, d.Ban(id="b", key=phone), key=BOB)
    assert told[INBOX[THREE]][0]["what"] == "banned"
    assert told[topics.inbox(FOUR)][0]["what"] == "banned"
    assert desk.core.outcasts == {EVE, phone}
    assert come(desk, session(5), EVE, "eve")["code"] == "banned"
    assert come(desk, session(6), phone, "eve")["code"] == "banned"
    assert come(desk, session(7), other, "x", code=code)["code"] == "bad-invitation"


def test_after_a_ban_what_they_heard_is_said_elsewhere() -> None:
    desk = staffed()
    desk.ask(ONE, d.Create(id="c", room="den", private=True))
    topic = desk.ask(ONE, m.Join("den", "j"))["state"]["topic"]
    desk.ask(ONE, d.Invite(id="i", room="den", nick="eve"))
    assert desk.ask(THREE, m.Join("den", "j"), EVE)["state"]["topic"] == topic
    assert desk.core.subscribed(topic.encode(), EVE, 3, "here")
    told = desk.push(TWO, d.Ban(id="b", nick="eve"), key=BOB)
    (moved,) = [line for line in told[INBOX[ONE]] if line["type"] == "room"]
    assert moved["state"]["topic"] != topic
    told = desk.push(ONE, m.Say(1, "den", "they are gone"))
    assert topic.encode() not in told
    desk.ask(TWO, d.Unban(id="u", nick="eve"), BOB)
    come(desk, FOUR, EVE, "eve")
    assert desk.ask(FOUR, m.Join("den", "j"), EVE)["type"] == "room", "still a member"


def test_what_a_device_heard_before_it_was_theirs_is_said_elsewhere_too() -> None:
    desk = staffed()
    phone = "7" * 64
    topic = desk.ask(TWO, m.Join("general", "j"), BOB)["state"]["topic"]
    come(desk, FOUR, phone, "phone", rooms=("general",))
    assert desk.core.subscribed(topic.encode(), phone, 99, "a connection without a session")
    desk.push(FOUR, m.Bye(), key=phone)
    code = desk.ask(THREE, d.MakeDeviceCode(id="c"), EVE)["code"]
    assert come(desk, session(5), phone, "x", code=code)["nick"] == "eve"
    desk.ask(TWO, d.Ban(id="b", nick="eve"), BOB)
    assert topic.encode() not in desk.push(TWO, m.Say(1, "general", "gone?"), key=BOB)


def test_who_is_banned_while_coming_in_hears_it_once_and_is_no_outcast_before() -> None:
    """A new inbox was granted in the turn of the ban: its `hello` is to be answered."""
    desk = staffed()
    desk.core.receive(TWO + b'\n{"type":"ban","id":"b","nick":"eve"}', BOB)
    desk.open(FOUR, EVE, fd=4)
    desk.turn()
    assert not desk.core.outcasts
    error = come(desk, FOUR, EVE, "eve")
    assert error["code"] == "banned"
    assert desk.core.outcasts == {EVE}


def test_a_ban_that_the_disk_did_not_take_harms_nobody() -> None:
    desk = staffed()
    desk.expelled.clear()
    desk.disk.full = True
    told = desk.push(TWO, d.Ban(id="b", nick="eve"), key=BOB)
    assert [line["code"] for line in told[INBOX[TWO]]] == ["storage-full"]
    assert not told[INBOX[THREE]]
    desk.disk.full = False
    assert not desk.expelled
    assert not desk.core.outcasts
    assert desk.ask(THREE, m.Ping("p"), EVE)["type"] == "pong"
    assert come(desk, FOUR, EVE, "eve")["type"] == "welcome"


# Who outranks whom


@pytest.mark.parametrize(
    "deed",
    [d.Mute, d.Unmute, d.Kick, d.Ban, d.Unban],
)
def test_nobody_acts_on_an_equal_or_on_somebody_above_or_without_a_rank(deed: Any) -> None:
    desk = staffed()
    assert desk.ask(THREE, deed(id="x", nick="bob"), EVE)["code"] == "not-permitted"
    assert desk.ask(TWO, deed(id="x", nick="ada"), BOB)["code"] == "not-permitted"
    assert desk.ask(TWO, deed(id="x", nick="bob"), BOB)["code"] == "not-permitted"
    assert desk.ask(ONE, deed(id="x", nick="ada"))["code"] == "not-permitted"
    assert desk.ask(TWO, deed(id="x", nick="nobody"), BOB)["code"] == "no-such-person"
    assert desk.ask(ONE, deed(id="x", nick="bob"))["type"] == "done"


def test_a_ban_by_key_is_no_way_round_a_rank() -> None:
    desk = staffed()
    assert desk.ask(TWO, d.Ban(id="x", key=ADA), BOB)["code"] == "not-permitted"
    assert desk.ask(TWO, d.Ban(id="x", key=CONSOLE), BOB)["code"] == "not-permitted"


# Ranks


def test_owners_give_and_take_ranks_and_everybody_concerned_hears_of_it() -> None:
    desk = staffed()
    assert desk.ask(TWO, d.Role(id="r", nick="eve", role="admin"), BOB)["code"] == "not-permitted"
    told = desk.push(ONE, d.Role(id="r", nick="eve", role="owner", reason="holidays"))
    (notice,) = told[INBOX[THREE]]
    assert (notice["what"], notice["role"], notice["reason"]) == ("role", "owner", "holidays")
    assert {one["nick"]: one["role"] for one in listed(desk, "roles")} == {
        "ada": "owner",
        "bob": "admin",
        "eve": "owner",
    }
    assert desk.ask(THREE, d.Role(id="r", nick="ada", role="member"), EVE)["type"] == "done"
    assert desk.ask(ONE, d.Role(id="r", nick="ada", role="owner"))["code"] == "not-permitted"
    desk = Desk(desk.disk, console=CONSOLE)
    assert come(desk, THREE, EVE, "eve")["role"] == "owner"
    assert "role" not in come(desk, ONE, ADA, "ada")


def test_the_last_owner_stays_but_for_the_console() -> None:
    desk = staffed()
    assert desk.ask(ONE, d.Role(id="r", nick="ada", role="admin"))["code"] == "not-permitted"
    come(desk, FOUR, CONSOLE, "x")
    role = d.Role(id="r", nick="ada", role="admin")
    assert desk.ask(FOUR, role, CONSOLE)["type"] == "done"
    assert [one["role"] for one in listed(desk, "roles")] == ["admin", "admin"]


def test_a_rank_can_be_given_to_a_key_that_was_never_here() -> None:
    desk = staffed(access="open")
    new = "9" * 64
    role = d.Role(id="r", user=user_of_key(new), role="admin")
    assert desk.ask(ONE, role)["type"] == "done"
    desk = Desk(desk.disk, access="invite")
    assert come(desk, FOUR, new, "new")["role"] == "admin"
    desk = staffed()
    assert desk.ask(ONE, d.Role(id="r", user="x" * 16, role="admin"))["code"] == "no-such-person"
    assert desk.ask(ONE, d.Role(id="r", nick="eve", role="moderator"))["code"] == "bad-request"


# Nicknames


def test_a_former_nickname_is_somebody_elses_only_once_it_is_freed() -> None:
    desk = staffed()
    desk.ask(THREE, m.Nick("evelyn", "n"), EVE)
    assert come(desk, FOUR, "9" * 64, "eve")["code"] == "nick-taken"
    (held,) = listed(desk, "nicks")
    assert (held["nick"], held["user"]) == ("eve", user_of_key(EVE))
    told = desk.push(TWO, d.Free(id="f", nick="EVE", reason="no use"), key=BOB)
    (notice,) = told[INBOX[THREE]]
    assert (notice["what"], notice["reason"]) == ("freed", "no use")
    assert not listed(desk, "nicks")
    assert come(desk, FOUR, "9" * 64, "eve")["nick"] == "eve"
    assert desk.ask(THREE, m.Nick("eve", "n"), EVE)["code"] == "nick-taken"


def test_whose_present_nickname_is_freed_is_called_something_else() -> None:
    desk = staffed()
    topic = topic_of(come(desk, FOUR, EVE, "eve", rooms=("general",)))
    told = desk.push(TWO, d.Free(id="f", nick="eve"), key=BOB)
    (notice,) = told[INBOX[THREE]]
    assert notice["subject"].startswith("guest-")
    (line,) = [line for line in told[topic] if line["type"] == "nick"]
    assert line["nick"] == notice["subject"]
    assert not listed(desk, "nicks"), "it is not held either"
    assert come(desk, session(5), "9" * 64, "eve")["nick"] == "eve"
    desk = Desk(desk.disk)
    assert come(desk, THREE, EVE, "eve", again=True)["nick"] == notice["subject"]


def test_who_may_free_which_nickname() -> None:
    desk = staffed()
    assert desk.ask(THREE, d.Free(id="f", nick="bob"), EVE)["code"] == "not-permitted"
    assert desk.ask(TWO, d.Free(id="f", nick="ada"), BOB)["code"] == "not-permitted"
    assert desk.ask(TWO, d.Free(id="f", nick="nobody"), BOB)["code"] == "no-such-person"
    desk.ask(TWO, m.Nick("robert", "n"), BOB)
    assert desk.ask(TWO, d.Free(id="f", nick="bob"), BOB)["type"] == "done", "one's own"


# The log


def test_every_deed_is_in_the_log_with_who_whom_and_why() -> None:
    desk = staffed()
    for deed, type in (
        (d.Mute(id="x", nick="eve", seconds=60, reason="caps"), "muted"),
        (d.Unmute(id="x", nick="eve", reason="caps"), "unmuted"),
        (d.Kick(id="x", nick="eve", reason="caps"), "kicked"),
        (d.Ban(id="x", nick="eve", seconds=60, reason="caps"), "banned"),
        (d.Unban(id="x", nick="eve", reason="caps"), "unbanned"),
    ):
        desk.ask(TWO, deed, BOB)
        told = desk.push(TWO, d.Audit(id="a", limit=1), key=BOB)[INBOX[TWO]]
        page, entry = told
        assert (page["type"], page["room"], page["count"]) == ("page", "", 1)
        assert (entry["type"], entry["nick"], entry["subject_nick"]) == (type, "bob", "eve")
        assert entry["text"] == "caps"
        assert (entry.get("until", 0) > 0) == (type in ("muted", "kicked", "banned"))
    desk.ask(ONE, d.Role(id="r", nick="eve", role="admin"))
    (kind, key, value) = desk.push(TWO, d.Audit(id="a", limit=1), key=BOB)[INBOX[TWO]][1]["facts"][
        0
    ]
    assert (kind, key, value["role"]) == ("rank", user_of_key(EVE), "admin")


def test_the_log_is_read_in_pages_and_no_more_than_others_read() -> None:
    desk = staffed()
    page, *entries = desk.push(TWO, d.Audit(id="a", after=0, limit=2), key=BOB)[INBOX[TWO]]
    assert ([one["seq"] for one in entries], page["more"]) == ([1, 2], True)
    page, *entries = desk.push(TWO, d.Audit(id="a", before=3), key=BOB)[INBOX[TWO]]
    assert [one["seq"] for one in entries] == [1, 2]
    asks = [d.Audit(id=f"{n}") for n in range(9)]
    answers = desk.push(TWO, *asks, key=BOB)[INBOX[TWO]]
    assert [line["id"] for line in answers if line.get("code") == "rate-limited"] == ["8"]


def test_what_the_console_does_is_the_servers_deed() -> None:
    desk = staffed()
    come(desk, FOUR, CONSOLE, "x")
    assert desk.ask(FOUR, d.Ban(id="b", nick="ada"), CONSOLE)["type"] == "done"
    record = last_deed(desk)
    assert (record.type, record.nick, record.user) == ("banned", "server", user_of_key(CONSOLE))
