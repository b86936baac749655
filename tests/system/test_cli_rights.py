"""Private rooms, direct conversations and moderation as scripts and bots see them, with real
processes: the contract of `bot`, the one-shot verbs, and the exit statuses."""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.cli.starting import run, start, start_bot
from tests.conftest import BrokerFactory
from tests.support.programs import BrokerProgram, Event, Program

KEY = "ab" * 32


def ask(bot: Program, **request: object) -> Event:
    """Write a request and return its answer."""
    mark = bot.position()
    bot.send_line(request)
    return bot.wait_json(after=mark, id=request["id"])


def done(bot: Program, **request: object) -> None:
    answer = ask(bot, **request)
    assert answer == {"type": "done", "id": request["id"]}


def refused(bot: Program, code: str, **request: object) -> Event:
    answer = ask(bot, **request)
    assert answer["type"] == "error", answer
    assert answer["code"] == code
    return answer


def test_a_private_room_from_its_making_to_a_removal(broker: BrokerProgram) -> None:
    with start_bot(broker, nick="ada") as ada, start_bot(broker, nick="bob") as bob:
        done(ada, type="create", room="staff", private=True, id="my-5")
        refused(bob, "no-such-room", type="join", room="staff", id=1)
        refused(bob, "no-such-room", type="history", room="staff", id=2)
        refused(bob, "no-such-room", type="list", what="members", room="staff", id=3)
        refused(ada, "room-exists", type="create", room="staff", id="again")
        done(ada, type="join", room="staff", id="in")
        assert ask(ada, type="say", room="staff", text="first", id="s1")["seq"] == 1
        done(ada, type="invite", room="staff", nick="bob", id="my-6")
        invited = bob.wait_json(type="invited")
        assert (invited["room"], invited["nick"]) == ("staff", "ada")
        done(bob, type="join", room="staff", after=0, id=4)
        assert bob.wait_json(room="staff", type="message")["text"] == "first"
        members = ask(bob, type="list", what="members", room="staff", id=5)
        assert {one["nick"]: one.get("role", "") for one in members["entries"]} == {
            "ada": "moderator",
            "bob": "",
        }
        done(ada, type="remove", room="staff", nick="bob", reason="over", id="out")
        removed = bob.wait_json(type="removed")
        assert (removed["room"], removed["nick"], removed["reason"]) == ("staff", "ada", "over")
        mark = bob.position()
        ask(ada, type="say", room="staff", text="between us", id="s2")
        refused(bob, "no-such-room", type="say", room="staff", text="and I?", id=6)
        refused(bob, "no-such-room", type="history", room="staff", id=7)
        assert "between us" not in "\n".join(bob.lines(after=mark))
        news = ada.wait_json(type="news", what="removed")
        assert (news["nick"], news["by"], news["reason"]) == ("bob", "ada", "over")


def test_listening_ends_with_the_last_room(broker: BrokerProgram) -> None:
    with start_bot(broker, nick="ada") as ada, start_bot(broker, nick="bob"):
        done(ada, type="create", room="staff", private=True, id=1)
        done(ada, type="invite", room="staff", nick="bob", id=2)
        with start(broker, "listen", "-r", "staff", "--since", "0", nick="bob") as ear:
            ask(ada, type="say", room="staff", text="hello", id=3)
            ear.wait_line("hello")
            done(ada, type="remove", room="staff", nick="bob", reason="over", id=4)
            assert ear.wait() == 77
            assert "ada removed you from #staff: over" in ear.lines("stderr")[-2]
            assert "You are out of #staff." in ear.lines("stderr")[-1]


def test_what_was_said_while_somebody_was_out_is_a_gap(broker: BrokerProgram) -> None:
    with start_bot(broker, nick="ada") as ada, start_bot(broker, nick="bob") as bob:
        done(ada, type="create", room="staff", private=True, id=1)
        done(ada, type="invite", room="staff", nick="bob", id=2)
        ask(ada, type="say", room="staff", text="before", id=3)
        done(ada, type="remove", room="staff", nick="bob", id=4)
        ask(ada, type="say", room="staff", text="meanwhile", id=5)
        done(ada, type="invite", room="staff", nick="bob", id=6)
        ask(ada, type="say", room="staff", text="after", id=7)
        done(bob, type="join", room="staff", after=0, id=8)
        bob.wait_json(type="message", text="after")
        told = [e for e in bob.events() if e.get("room") == "staff" and e["type"] != "invited"]
        read = [(e["type"], e.get("text", e.get("first"))) for e in told if e["type"] != "room"]
        assert [one for one in read if one[0] in ("message", "gap")] == [
            ("message", "before"),
            ("gap", 2),
            ("message", "after"),
        ]
        history = run(broker, "history", "-r", "staff", "--since", "0", nick="bob")
        assert [line.partition("> ")[2] for line in history.lines() if "<ada>" in line] == [
            "before",
            "after",
        ]
        assert "--- message 2 is not here" in history.stdout
        as_json = run(broker, "history", "-r", "staff", "--since", "0", "--json", nick="bob")
        assert as_json.events()[1] == {"type": "gap", "room": "staff", "first": 2, "last": 2}
        exported = run(broker, "export", "-r", "staff", nick="bob")
        assert "message 2 is not here" in exported.stdout
        assert "meanwhile" not in exported.stdout


def test_a_message_to_one_person(broker: BrokerProgram) -> None:
    with start_bot(broker, nick="ada") as ada, start_bot(broker, nick="bob") as bob:
        stored = ask(ada, type="say", to="bob", text="psst", id="my-7")
        assert (stored["type"], stored["seq"]) == ("stored", 1)
        said = bob.wait_json(type="message")
        assert (said["direct"], said["nick"], said["text"]) == (True, "ada", "psst")
        assert said["room"] == stored["room"]
        begun = bob.wait_json(type="room", room=said["room"])
        assert begun["peer"]["nick"] == "ada"
        again = ask(bob, type="say", to="Ada", text="yes?", id=1)
        assert (again["room"], again["seq"]) == (said["room"], 2)
        assert ask(bob, type="say", room=said["room"], text="there", id=2)["seq"] == 3
        ada.wait_json(type="message", text="there")
        refused(bob, "no-such-person", type="say", to="nobody", text="x", id=3)
        rooms = ask(bob, type="rooms", id=4)["rooms"]
        assert [one["peer"]["nick"] for one in rooms if one.get("direct")] == ["ada"]
    assert "psst" not in run(broker, "export", nick="eve").stdout
    gone = run(broker, "history", "-r", said["room"], nick="eve")
    assert (gone.code, gone.stdout) == (1, "")


def test_a_message_waits_for_whom_it_is_for(broker: BrokerProgram) -> None:
    assert run(broker, "send", "-r", "general", "hello", nick="bob").code == 0
    assert run(broker, "send", "-r", "@bob", "psst").code == 0
    assert run(broker, "send", "-r", "@nobody", "psst").code == 1
    read = run(broker, "history", "-r", "@ada", nick="bob")
    assert read.lines()[0].endswith("<ada> psst")
    (said,) = run(broker, "history", "-r", "@ada", "--json", nick="bob").events()
    assert said["direct"] is True
    listed = run(broker, "rooms", nick="bob")
    assert any(line.startswith("@ada\t") for line in listed.lines())
    assert "=== @ada ===" in run(broker, "export", "-r", "@ada", nick="bob").stdout
    with start(broker, "listen", "-r", "@ada", "--since", "0", "--count", "2", nick="bob") as ear:
        ear.wait_line("psst")
        assert run(broker, "send", "-r", "@bob", "again").code == 0
        ear.wait_line("again")
        assert ear.wait() == 0


def test_somebody_is_muted_and_may_speak_again(broker: BrokerProgram) -> None:
    with start_bot(broker, nick="ada") as ada, start_bot(broker, nick="bob") as bob:
        done(ada, type="mute", room="general", nick="bob", seconds=600, reason="spam", id=1)
        notice = bob.wait_json(type="muted")
        assert (notice["room"], notice["nick"], notice["reason"]) == ("general", "ada", "spam")
        error = refused(bob, "muted", type="say", room="general", text="hello?", id=1)
        assert (error["reason"], error["until"]) == ("spam", notice["until"])
        said = run(broker, "send", "hello?", nick="bob")
        assert said.code == 1
        assert "You may not write here until " in said.stderr
        assert '"spam"' in said.stderr
        french = run(broker, "--lang", "fr", "send", "hello?", nick="bob")
        assert "Vous n’avez pas la parole ici jusqu’" in french.stderr
        done(ada, type="unmute", room="general", nick="bob", id=2)
        bob.wait_json(type="unmuted")
        assert ask(bob, type="say", room="general", text="thanks", id=2)["type"] == "stored"


def test_rules_of_a_room(broker: BrokerProgram) -> None:
    with start_bot(broker, nick="ada") as ada, start_bot(broker, nick="bob") as bob:
        done(ada, type="set", room="general", readonly=True, id=1)
        assert bob.wait_json(type="room", room="general")["readonly"] is True
        assert bob.wait_json(type="news", what="set")["by"] == "ada"
        refused(bob, "read-only", type="say", room="general", text="x", id=1)
        done(ada, type="set", room="general", readonly=False, slow=60, id=2)
        assert ask(bob, type="say", room="general", text="one", id=2)["type"] == "stored"
        error = refused(bob, "slow-mode", type="say", room="general", text="two", id=3)
        assert error["until"] > 0
        assert ask(ada, type="say", room="general", text="free", id=3)["type"] == "stored"


def test_a_message_is_deleted_for_everybody(broker: BrokerProgram) -> None:
    with start_bot(broker, nick="ada") as ada, start_bot(broker, nick="bob") as bob:
        ask(bob, type="say", room="general", text="my password is hunter2", id=1)
        done(ada, type="delete", room="general", seq=1, reason="a secret", id=1)
        told = bob.wait_json(type="deleted")
        assert (told["room"], told["of"], told["reason"]) == ("general", 1, "a secret")
        assert "seq" not in told
        trace = ada.wait_json(type="delete")
        assert (trace["of"], trace["seq"], trace["text"]) == (1, 2, "a secret")
        refused(ada, "no-such-message", type="delete", room="general", seq=1, id=2)
    history = run(broker, "history", "--json")
    assert "hunter2" not in history.stdout
    assert [event["type"] for event in history.events()] == ["deleted", "delete"]


def test_one_who_is_kicked_off_the_server_reads_why_and_ends_with_77(broker: BrokerProgram) -> None:
    with (
        start_bot(broker, nick="ada") as ada,
        start_bot(broker, nick="bob") as bob,
        start(broker, "listen", nick="bob") as ear,
    ):
        ada.wait_json(type="joined", nick="bob")
        done(ada, type="kick", nick="bob", seconds=600, reason="calm down", id=1)
        notice = bob.wait_json(type="kicked")
        assert (notice["nick"], notice["reason"]) == ("ada", "calm down")
        assert bob.wait() == 77
        assert ear.wait() == 77
        assert "You were removed until " in ear.lines("stderr")[-1]
        assert '"calm down"' in ear.lines("stderr")[-1]
        assert run(broker, "send", "hello", nick="bob").code == 77
        done(ada, type="unban", nick="bob", id=2)
        assert run(broker, "send", "hello", nick="bob").code == 0


def test_one_who_is_banned_stays_out_until_unbanned(broker: BrokerProgram) -> None:
    with start_bot(broker, nick="ada") as ada:
        assert run(broker, "send", "hello", nick="bob").code == 0
        done(ada, type="ban", nick="bob", reason="spam", id=1)
        out = run(broker, "send", "hello", nick="bob")
        assert out.code == 77
        assert 'You are banned from this server: "spam".' in out.stderr
        french = run(broker, "history", "--lang", "fr", nick="bob")
        assert french.code == 77
        assert "Ce serveur vous est interdit" in french.stderr
        sanctions = ask(ada, type="list", what="sanctions", id=2)["entries"]
        assert [(one["nick"], one["what"], one["by"]) for one in sanctions] == [
            ("bob", "ban", "ada")
        ]
        done(ada, type="unban", nick="bob", id=3)
        assert run(broker, "send", "hello", nick="bob").code == 0
        deeds = [one["type"] for one in ask(ada, type="audit", id=4)["entries"]]
        assert deeds[-2:] == ["banned", "unbanned"]


def test_who_was_not_invited_is_told_so(broker_factory: BrokerFactory) -> None:
    broker = broker_factory("--access", "invite")
    with start_bot(broker, nick="ada") as ada:
        out = run(broker, "send", "hello", nick="bob")
        assert out.code == 77
        assert "--invite CODE" in out.stderr
        waiting = ada.wait_json(type="waiting")
        assert waiting["subject"] == "bob"
        code = ask(ada, type="invitation", uses=1, seconds=3600, note="bob", id=1)
        assert code["uses"] == 1
        wrong = run(broker, "send", "hello", "--invite", "0000-0000-0000", nick="bob")
        assert wrong.code == 77
        assert 'The invitation "0000-0000-0000" is wrong' in wrong.stderr
        assert run(broker, "send", "hello", "--invite", code["code"], nick="bob").code == 0
        assert run(broker, "send", "hello", nick="bob").code == 0
        assert run(broker, "send", "x", "--invite", code["code"], nick="eve").code == 77
        assert run(broker, "send", "x", nick="eve").code == 77
        key = ada.wait_json(type="waiting", subject="eve")["key"]
        done(ada, type="approve", key=key, id=2)
        assert run(broker, "send", "hello", nick="eve").code == 0


def test_a_second_device_is_the_same_person(broker: BrokerProgram) -> None:
    with start_bot(broker, nick="ada") as ada:
        me = ada.wait_json(type="ready")["user"]
        code = ask(ada, type="device-code", id=1)["code"]
        key_file = broker.data_dir / "second.key"
        words = ("--key-file", key_file, "--invite", code)
        with start_bot(broker, *words, nick="ada") as second:
            ready = second.wait_json(type="ready")
            assert (ready["user"], ready["nick"]) == (me, "ada")
            devices = ask(ada, type="list", what="devices", id=2)["entries"]
            other = next(one["key"] for one in devices if one.get("what"))
            done(ada, type="revoke", key=other, reason="lost", id=3)
            assert second.wait_json(type="revoked")["reason"] == "lost"
            assert second.wait() == 77


def test_a_room_that_is_not_for_them_does_not_exist(broker: BrokerProgram) -> None:
    with start_bot(broker, nick="ada") as ada:
        done(ada, type="create", room="staff", private=True, id=1)
    for verb in ("history", "who", "export"):
        private = run(broker, verb, "-r", "staff", nick="bob")
        missing = run(broker, verb, "-r", "stuff", nick="bob")
        assert private.code == missing.code == 1
        assert private.stderr.replace("staff", "stuff") == missing.stderr
    assert "staff" not in run(broker, "rooms", nick="bob").stdout
    for verb in ("listen", "bot"):
        out = run(broker, verb, "-r", "staff", nick="bob")
        assert (out.code, out.stdout) == (1, "")
        assert 'There is no room "staff".' in out.stderr
    said = run(broker, "send", "-r", "staff", "let me in", nick="bob")
    assert said.code == 1
    assert 'There is no room "staff".' in said.stderr


@pytest.mark.parametrize(
    "request_",
    [
        {"type": "create", "room": "staff", "private": True},
        {"type": "mute", "nick": "bob"},
        {"type": "say", "to": "bob", "text": "psst"},
        {"type": "list", "what": "roles"},
    ],
)
def test_without_encryption_there_are_no_rights(
    broker_factory: BrokerFactory, request_: dict[str, object]
) -> None:
    broker = broker_factory("--plain")
    given = json.dumps({**request_, "id": 1}) + "\n"
    ended = run(broker, "bot", input=given)
    assert [e["code"] for e in ended.events() if e.get("id") == 1] == ["needs-encryption"]


def test_in_the_line_chat_one_reads_what_was_decided(broker: BrokerProgram) -> None:
    calm = {"TERM": "dumb"}
    with contextlib.ExitStack() as programs:
        ada = programs.enter_context(start(broker, "chat", nick="ada", env=calm))
        ada.wait_line("(encrypted): #general")  # the first of the two is the owner
        lea = programs.enter_context(start(broker, "--lang", "fr", "chat", nick="léa", env=calm))
        lea.wait_line("#general")
        ada.send_line("/create staff private")
        ada.wait_line("Nobody else sees it")
        ada.send_line("/invite léa")
        ada.wait_line("Done.")
        lea.wait_line("ada vous invite dans #staff. Tapez /rejoindre staff pour y aller.")
        lea.send_line("/rejoindre staff")
        lea.wait_line(lambda line: line == "#staff")
        lea.send_line("bonjour")
        ada.wait_line("léa: bonjour")
        ada.send_line("/msg léa psst")
        ada.wait_line(lambda line: line == "@léa")
        lea.wait_line("@ada")
        lea.wait_line("psst")
        ada.send_line("/room staff")
        ada.wait_line(lambda line: line == "#staff")
        ada.send_line("/remove léa c’est fini")
        lea.wait_line("ada vous a fait sortir de #staff\u202f: c’est fini")
        ada.send_line("/ban léa 2h assez")
        assert lea.wait() == 77
        last = lea.lines("stderr")[-1]
        assert "Ce serveur vous est interdit jusqu’" in last
        assert "«\u202fassez\u202f»" in last
        assert KEY not in last
