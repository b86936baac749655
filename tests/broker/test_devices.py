"""Several keys of one person: device codes, and keys that were lost."""

from common.broker import codes
from common.broker.access import DEVICES
from common.protocol import deeds as d
from common.protocol import messages as m
from common.protocol.identity import user_of_key
from tests.broker.desk import ADA, BOB, INBOX, ONE, THREE, TWO, Desk, session
from tests.broker.staff import EVE, come, device_code, listed, owned


def test_a_second_device_is_the_same_person_after_a_restart_too() -> None:
    desk = owned()
    answer = desk.ask(ONE, d.MakeDeviceCode(id="c"))
    assert len(answer["code"]) == 9
    assert answer["expires"] == desk.wall + 600_000
    welcome = come(desk, TWO, BOB, "laptop", code=answer["code"], app="chat")
    assert (welcome["user"], welcome["nick"]) == (user_of_key(ADA), "ada")
    devices = {entry["key"]: entry for entry in listed(desk, "devices", TWO, BOB)}
    assert set(devices) == {ADA, BOB}
    assert (devices[BOB]["what"], devices[BOB]["here"]) == ("chat", True)
    desk.push(TWO, m.Say(1, "general", "from the laptop"), key=BOB)
    assert desk.disk.room("general")[0].user == user_of_key(ADA)
    desk = Desk(desk.disk, access="invite")
    again = come(desk, TWO, BOB, "ada", code=answer["code"])
    assert again["user"] == user_of_key(ADA), "a used code in its options does no harm"


def test_a_device_code_is_good_once_for_ten_minutes() -> None:
    desk = owned()
    code = device_code(desk)
    assert come(desk, TWO, BOB, "bob", code=code)["type"] == "welcome"
    assert come(desk, THREE, EVE, code=code)["code"] == "bad-invitation"
    code = device_code(desk)
    desk.turn(codes.DEVICE_CODE_LASTS)
    assert come(desk, THREE, EVE, code=code)["code"] == "bad-invitation"
    first, second = device_code(desk), device_code(desk)
    assert come(desk, THREE, EVE, code=first)["code"] == "bad-invitation", "a newer one was made"
    assert come(desk, THREE, EVE, code=second)["user"] == user_of_key(ADA)


def test_a_device_code_that_the_disk_did_not_take_is_still_good() -> None:
    desk = owned()
    code = device_code(desk)
    desk.disk.full = True
    assert come(desk, TWO, BOB, "bob", code=code)["code"] == "storage-full"
    desk.disk.full = False
    assert come(desk, TWO, BOB, "bob", code=code)["user"] == user_of_key(ADA)


def test_who_is_somebody_already_becomes_nobody_else_unawares() -> None:
    desk = owned(access="open")
    come(desk, TWO, BOB, "bob")
    code = device_code(desk, TWO, BOB)
    assert come(desk, session(4), ADA, "ada", code=code)["code"] == "not-permitted", "has a rank"
    come(desk, THREE, EVE)
    refused = come(desk, session(5), EVE, code=code)
    assert refused["code"] == "not-permitted", "is in as somebody else"
    desk.push(THREE, m.Bye(), key=EVE)
    assert come(desk, session(6), EVE, code=code)["user"] == user_of_key(BOB)
    own = device_code(desk, TWO, BOB)
    assert come(desk, session(7), BOB, "bob", code=own)["user"] == user_of_key(BOB)


def test_a_person_has_a_bounded_number_of_devices() -> None:
    desk = owned()
    for n in range(DEVICES):
        key = f"{n:064x}"
        one = session(100 + n)
        assert come(desk, one, key, "x", code=device_code(desk))["type"] == "welcome"
        desk.push(one, m.Bye(), key=key)
        desk.turn(10)
    assert come(desk, TWO, BOB, "bob", code=device_code(desk))["code"] == "too-many"


def test_sessions_are_counted_over_all_devices_of_a_person() -> None:
    desk = owned(sessions=2)
    come(desk, TWO, BOB, "x", code=device_code(desk))
    assert come(desk, THREE, BOB, "ada")["code"] == "too-many"
    assert come(desk, session(4), ADA, "ada")["code"] == "too-many"


def test_row_38_a_revoked_device_is_thrown_out_and_refused_with_the_reason() -> None:
    desk = owned()
    come(desk, TWO, BOB, "x", code=device_code(desk), rooms=("general",))
    desk.expelled.clear()
    told = desk.push(ONE, d.Revoke(id="r", key=BOB, reason="lost on a train"))
    assert [line["type"] for line in told[INBOX[ONE]]] == ["done"]
    (notice,) = told[INBOX[TWO]]
    assert (notice["what"], notice["reason"]) == ("revoked", "lost on a train")
    assert desk.expelled == [(2, "here")]
    assert desk.core.outcasts == {BOB}
    assert not desk.push(TWO, m.Say(1, "general", "still me"), key=BOB)
    assert not desk.disk.room("general")
    for restarted in (False, True):
        desk = Desk(desk.disk, access="invite") if restarted else desk
        desk.expelled.clear()
        error = come(desk, THREE, BOB, "x")
        assert (error["code"], error["reason"]) == ("revoked", "lost on a train")
        assert desk.expelled == [(3, "here")]
        assert desk.core.outcasts == {BOB}
        assert not desk.push(THREE, m.Ping("p"), key=BOB)
    assert come(desk, ONE, ADA, "ada")["type"] == "welcome"


def test_row_38_the_first_key_too_may_be_lost() -> None:
    desk = owned()
    come(desk, TWO, BOB, "x", code=device_code(desk))
    told = desk.push(TWO, d.Revoke(id="r", key=ADA), key=BOB)
    assert told[INBOX[ONE]][-1]["what"] == "revoked"
    assert come(desk, THREE, ADA, "ada")["code"] == "revoked"
    welcome = come(desk, session(4), BOB, "ada")
    assert (welcome["user"], welcome["role"]) == (user_of_key(ADA), "owner")


def test_a_code_that_a_lost_device_shows_is_void() -> None:
    desk = owned()
    come(desk, TWO, BOB, "x", code=device_code(desk))
    code = device_code(desk, TWO, BOB)
    desk.ask(ONE, d.Revoke(id="r", key=BOB))
    assert come(desk, THREE, EVE, code=code)["code"] == "bad-invitation"


def test_who_may_revoke_which_key() -> None:
    desk = owned(access="open")
    come(desk, TWO, BOB, "bob")
    come(desk, THREE, EVE)
    assert desk.ask(ONE, d.Revoke(id="r", key=ADA))["code"] == "bad-request", "the one in use"
    assert desk.ask(TWO, d.Revoke(id="r", key=EVE), BOB)["code"] == "not-permitted"
    assert desk.ask(TWO, d.Revoke(id="r", key="1" * 64), BOB)["code"] == "not-permitted"
    assert desk.ask(ONE, d.Revoke(id="r", key="1" * 64))["code"] == "no-such-person"
    assert desk.ask(ONE, d.Revoke(id="r", key=EVE))["type"] == "done"
    desk.ask(ONE, d.Role(id="o", nick="bob", role="admin"))
    assert desk.ask(TWO, d.Revoke(id="r", key=ADA), BOB)["code"] == "not-permitted", "outranked"


def test_a_revocation_that_the_disk_did_not_take_throws_nobody_out() -> None:
    desk = owned(access="open")
    come(desk, TWO, BOB, "bob")
    desk.expelled.clear()
    desk.disk.full = True
    told = desk.push(ONE, d.Revoke(id="r", key=BOB))
    assert [line.get("code") for line in told[INBOX[ONE]]] == ["storage-full"]
    assert not told[INBOX[TWO]]
    assert not desk.expelled
    desk.disk.full = False
    assert desk.ask(TWO, m.Ping("p"), BOB)["type"] == "pong"
