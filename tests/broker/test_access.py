"""Who may come in: the claim, invitations, the waiting list."""

from collections.abc import Callable

import pytest

from common.broker import codes, waitinglist
from common.broker.access import WAIT_RETRY
from common.protocol import deeds as d
from common.protocol import messages as m
from common.protocol.codec import encode
from common.protocol.identity import user_of_key
from common.protocol.limits import WIRE
from tests.broker.desk import ADA, BOB, INBOX, ONE, THREE, TWO, Desk, session
from tests.broker.staff import CLAIM, EVE, come, invited, listed, owned

MINUTE = 60


# The claim


def test_the_first_to_give_the_claim_owns_the_server_and_nobody_after() -> None:
    desk = owned(access="open")
    assert desk.core.claimed
    assert not desk.core.settings.claim
    assert come(desk, TWO, BOB, "bob", code=CLAIM).get("role") is None
    assert [entry["nick"] for entry in listed(desk, "roles")] == ["ada"]
    assert "owner-claimed" in [record.type for record in desk.disk.room("")]


def test_two_claims_in_one_turn_make_one_owner() -> None:
    desk = Desk(access="invite", claim=CLAIM)
    for one, key in ((ONE, ADA), (TWO, BOB)):
        desk.open(one, key)
        hello = m.Hello(protocol=1, nick=key[:3], stream=key[:16], code=CLAIM)
        desk.core.receive(one + b"\n" + encode(hello), key)
    told = desk.turn()
    assert told[INBOX[ONE]][1]["role"] == "owner"
    assert told[INBOX[TWO]][-1]["code"] == "not-invited"


def test_a_claim_that_the_disk_did_not_take_can_be_made_again() -> None:
    desk = Desk(access="invite", claim=CLAIM)
    desk.disk.full = True
    assert come(desk, ONE, ADA, "ada", code=CLAIM)["code"] == "storage-full"
    assert not desk.core.claimed
    desk.disk.full = False
    assert come(desk, ONE, ADA, "ada", code=CLAIM)["role"] == "owner"


def test_a_wrong_claim_is_as_no_code() -> None:
    desk = Desk(claim=CLAIM)
    welcome = come(desk, ONE, ADA, "ada", code="claim-fedcba9876543210")
    assert (welcome["type"], welcome.get("role")) == ("welcome", None)
    desk = Desk(claim=CLAIM, access="invite")
    assert come(desk, ONE, ADA, "ada", code="claim-x")["code"] == "not-invited"


def test_whoever_claimed_comes_in_again_without_it_after_a_restart() -> None:
    desk = Desk(owned().disk, access="invite")
    assert come(desk, ONE, ADA, "ada")["role"] == "owner"


# Invitations


def test_a_code_admits_a_key_for_good_and_as_often_as_it_says() -> None:
    desk = owned()
    code = invited(desk, uses=2)
    assert come(desk, TWO, BOB, "bob", code=code)["type"] == "welcome"
    assert listed(desk, "invitations")[0]["uses"] == 1
    assert come(desk, session(4), BOB, "bob", code=code)["type"] == "welcome"
    assert listed(desk, "invitations")[0]["uses"] == 1, "an admitted key left it unused"
    assert come(desk, THREE, EVE, code=code)["type"] == "welcome"
    assert not listed(desk, "invitations")
    assert come(desk, session(5), "f" * 64, "fay", code=code)["code"] == "bad-invitation"
    desk = Desk(desk.disk, access="invite")
    assert come(desk, TWO, BOB, "bob")["type"] == "welcome"


@pytest.mark.parametrize(
    "form",
    [
        str.lower,
        lambda code: code.replace("-", " "),
        lambda code: f" {code.replace('-', '')} ",
        lambda code: code.replace("0", "o").replace("1", "I"),
        lambda code: code.replace("0", "O").replace("1", "l"),
    ],
)
def test_a_code_may_be_typed_as_it_was_written_down(form: Callable[[str], str]) -> None:
    desk = owned()
    code = next(code for code in (invited(desk) for _ in range(60)) if {"0", "1"} <= set(code))
    assert len(code) == 14
    assert come(desk, TWO, BOB, "bob", code=form(code))["type"] == "welcome"


def test_no_code_is_kept_in_the_file() -> None:
    desk = owned()
    code = invited(desk)
    stored = b"".join(value for _, _, value in desk.disk.facts())
    log = repr(desk.disk.room(""))
    for secret in (code, codes.canonical(code)):
        assert secret.encode() not in stored
        assert secret not in log


def test_a_code_is_used_up_within_one_turn() -> None:
    desk = owned()
    code = invited(desk)
    for one, key in ((TWO, BOB), (THREE, EVE)):
        desk.open(one, key)
        hello = m.Hello(protocol=1, nick=key[:3], stream=key[:16], code=code)
        desk.core.receive(one + b"\n" + encode(hello), key)
    told = desk.turn()
    assert told[INBOX[TWO]][-1]["type"] == "welcome"
    assert told[INBOX[THREE]][-1]["code"] == "bad-invitation"


def test_a_use_that_the_disk_did_not_take_is_not_used() -> None:
    desk = owned()
    code = invited(desk)
    desk.disk.full = True
    assert come(desk, TWO, BOB, "bob", code=code)["code"] == "storage-full"
    desk.disk.full = False
    assert come(desk, TWO, BOB, "bob", code=code)["type"] == "welcome"


def test_a_code_whose_holder_was_refused_a_nickname_is_still_good() -> None:
    desk = owned()
    code = invited(desk)
    assert come(desk, TWO, BOB, "ada", code=code)["code"] == "nick-taken"
    assert come(desk, TWO, BOB, "bob", code=code)["type"] == "welcome"


def test_an_invitation_ends_by_its_time_or_by_being_withdrawn() -> None:
    desk = owned()
    soon = invited(desk, seconds=60)
    other = desk.ask(ONE, d.MakeInvitation(id="i", note="for bob"))
    (entry,) = [one for one in listed(desk, "invitations") if one["name"] == other["name"]]
    assert (entry["by"], entry["reason"]) == ("ada", "for bob")
    assert desk.ask(ONE, d.Withdraw(id="w", name=other["name"]))["type"] == "done"
    assert come(desk, TWO, BOB, "bob", code=other["code"])["code"] == "bad-invitation"
    assert desk.ask(ONE, d.Withdraw(id="w", name=other["name"]))["code"] == "bad-invitation"
    desk.turn(61)
    assert not listed(desk, "invitations")
    assert come(desk, TWO, BOB, "bob", code=soon)["code"] == "bad-invitation"
    invited(desk)
    kept = [key for kind, key, _ in desk.disk.facts() if kind == "invitation"]
    assert len(kept) == 1, "what is over is cleared away"


def test_a_code_works_where_everybody_may_come_in_and_holds_once_they_may_not() -> None:
    desk = owned(access="open")
    code = invited(desk)
    assert come(desk, TWO, BOB, "bob", code=code)["type"] == "welcome"
    assert come(desk, THREE, EVE)["type"] == "welcome"
    desk.core.configure(desk.core.settings.__class__(access="invite"))
    assert come(desk, session(4), BOB, "bob")["type"] == "welcome"
    assert come(desk, session(5), EVE)["code"] == "not-invited"


@pytest.mark.parametrize("code", ["XXXX-XXXX-XXXX", "XXXX-XXXX", "nonsense", "U" * 12, "é" * 12])
def test_a_wrong_code_is_said_so(code: str) -> None:
    for access in ("open", "invite"):
        desk = Desk(access=access)
        assert come(desk, ONE, ADA, "ada", code=code)["code"] == "bad-invitation"


def test_guesses_are_limited_for_a_key_and_for_all_keys_together() -> None:
    desk = owned()
    code = invited(desk)
    burst = int(codes.OWN_GUESSES[1])
    wrong = m.Hello(protocol=1, nick="bob", stream="b" * 16, code="XXXX-XXXX-XXXX")
    desk.open(TWO, BOB)
    answers = [desk.push(TWO, wrong, key=BOB)[INBOX[TWO]][-1] for _ in range(burst + 1)]
    assert [answer["code"] for answer in answers[:-1]] == ["bad-invitation"] * burst
    assert (answers[-1]["code"], answers[-1]["retry"] > 0) == ("rate-limited", True)
    right = come(desk, TWO, BOB, "bob", code=code)
    assert right["code"] == "rate-limited", "or the right one would be told from the wrong ones"
    many = int(codes.GUESSES[1])
    refused = [
        come(desk, session(100 + n), f"{n:064x}", f"n{n}", code="XXXX-XXXX-XXXX")["code"]
        for n in range(many)
    ]
    assert "rate-limited" in refused
    desk.turn(MINUTE)
    assert come(desk, TWO, BOB, "bob", code=code)["type"] == "welcome"


def test_only_administrators_make_and_see_invitations() -> None:
    desk = owned(access="open")
    come(desk, TWO, BOB, "bob")
    requests: list[d.Deed] = [
        d.MakeInvitation(id="x"),
        d.Withdraw(id="x", name="a"),
        d.Approve(id="x", key=EVE),
        *(d.AskList(id="x", what=what) for what in ("invitations", "waiting", "roles", "nicks")),
        d.AskList(id="x", what="sanctions"),
        d.Audit(id="x"),
    ]
    for request in requests:
        assert desk.ask(TWO, request, BOB)["code"] == "not-permitted", request


# Waiting


def test_whoever_was_not_invited_waits_is_shown_and_comes_in_once_approved() -> None:
    desk = owned()
    desk.open(TWO, BOB)
    hello = m.Hello(protocol=1, nick="bob", stream="b" * 16)
    told = desk.push(TWO, hello, key=BOB)
    (refusal,) = [line for line in told[INBOX[TWO]] if line["type"] == "error"]
    assert (refusal["code"], refusal["retry"]) == ("not-invited", WAIT_RETRY)
    (notice,) = told[INBOX[ONE]]
    assert (notice["what"], notice["key"]) == ("waiting", BOB)
    assert (notice["subject"], notice["address"]) == ("bob", "here")
    (entry,) = listed(desk, "waiting")
    assert (entry["key"], entry["nick"], entry["here"]) == (BOB, "bob", True)
    assert desk.ask(ONE, d.Approve(id="a", key=BOB))["type"] == "done"
    assert not listed(desk, "waiting")
    assert desk.push(TWO, hello, key=BOB)[INBOX[TWO]][-1]["type"] == "welcome"
    assert desk.disk.room("")[-2].type == "approved"


def test_nothing_of_the_server_reaches_whoever_waits() -> None:
    desk = owned()
    topic = desk.ask(ONE, m.Join("general", "j"))["state"]["topic"].encode()
    come(desk, TWO, BOB, "bob", rooms=("general",))
    assert not desk.core.subscribed(topic, BOB, 2, "here")
    asked = [m.Join("general", "j"), m.Say(1, "general", "x"), m.Who("general", "w")]
    assert not desk.push(TWO, *asked, m.History("general", "h"), key=BOB)[INBOX[TWO]]
    assert not desk.disk.room("general")
    assert user_of_key(BOB) not in desk.core.ledger.people


def test_administrators_hear_of_a_key_once_in_ten_minutes() -> None:
    desk = owned()
    desk.open(TWO, BOB)
    hello = m.Hello(protocol=1, nick="bob", stream="b" * 16)
    assert len(desk.push(TWO, hello, key=BOB)[INBOX[ONE]]) == 1
    assert not desk.push(TWO, hello, key=BOB)[INBOX[ONE]]
    desk.turn(waitinglist.TOLD_AGAIN)
    assert len(desk.push(TWO, hello, key=BOB)[INBOX[ONE]]) == 1


def test_the_waiting_list_and_its_notices_are_bounded() -> None:
    desk = owned()
    notices = 0
    for n in range(waitinglist.WAITING + 5):
        key = f"{n:064x}"
        desk.open(session(1_000 + n), key)
        hello = m.Hello(protocol=1, nick=f"n{n}", stream="b" * 16)
        notices += len(desk.push(session(1_000 + n), hello, key=key)[INBOX[ONE]])
    assert notices == waitinglist.NOTICES[1]
    waiting = desk.core._access.waiting()
    assert len(waiting) == waitinglist.WAITING
    assert f"{0:064x}" not in {entry.key for entry in waiting}, "the newest are kept"


def test_a_key_may_be_approved_before_it_comes() -> None:
    desk = owned()
    assert desk.ask(ONE, d.Approve(id="a", key=BOB.upper()))["type"] == "done"
    records = len(desk.disk.room(""))
    assert desk.ask(ONE, d.Approve(id="a", key=BOB))["type"] == "done"
    assert len(desk.disk.room("")) == records, "said twice, done once"
    assert come(desk, TWO, BOB, "bob")["type"] == "welcome"
    assert desk.ask(ONE, d.Approve(id="a", key="12ab"))["code"] == "bad-request"


# Without encryption


def test_without_encryption_there_are_neither_codes_nor_deeds() -> None:
    desk = Desk(plain=True)
    assert desk.enter(ONE, None, secret="s" * 16, code="X" * 12)["code"] == "needs-encryption"
    assert desk.enter(ONE, None, secret="s" * 16, code="claim-x")["type"] == "welcome"
    for deed in (d.MakeInvitation(id="x"), d.MakeDeviceCode(id="x"), d.Audit(id="x")):
        assert desk.ask(ONE, deed, None)["code"] == "needs-encryption"


def test_a_list_of_many_comes_in_pages_that_fit_a_line() -> None:
    desk = owned()
    for n in range(60):
        desk.ask(ONE, d.MakeInvitation(id="i", note=f"{n}" + "é" * 490))
        desk.turn(MINUTE)
    seen: list[str] = []
    after, pages = "", 0
    while True:
        told = desk.push(ONE, d.AskList(id="l", what="invitations", after=after))[INBOX[ONE]]
        assert len(str(told).encode()) < WIRE.line
        seen += [entry["name"] for entry in told[0]["entries"]]
        pages += 1
        if not told[0].get("more"):
            break
        after = seen[-1]
    assert len(set(seen)) == len(seen) == 60
    assert pages > 1
