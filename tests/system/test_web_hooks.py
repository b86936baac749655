"""Hooks: what scripts post is said once, under a name of its own, and answered once stored."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import BrokerFactory
from tests.support import wait_until
from tests.support.gateway import GATEWAY, Answer, GatewayProgram, Visitor
from tests.support.people import Operator, Person
from tests.support.programs import (
    BrokerProgram,
    Finished,
    run_cli,
    run_program,
    same_place,
)

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def gateway(broker: BrokerProgram) -> Iterator[GatewayProgram]:
    with GatewayProgram(broker.data_dir) as started:
        yield started


def hook_verb(data_dir: Path, *words: str) -> Finished:
    return run_program([*GATEWAY, "hook", *words, "--data-dir", data_dir], timeout=60)


class Hook:
    """One hook, as a script uses it."""

    def __init__(self, url: str) -> None:
        page, _, token = url.partition("/hooks/")
        self.path = f"/hooks/{token}"
        self._script = Visitor(page)

    def post(self, body: str | bytes, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._script.ask("POST", self.path, body, named)

    def say(self, text: str, **headers: str) -> Answer:
        return self.post(json.dumps({"text": text}), Content_Type="application/json", **headers)


def made(data_dir: Path, name: str, *words: str) -> Hook:
    """One made on the gateway's machine."""
    done = hook_verb(data_dir, "add", name, "--json", *words)
    assert done.code == 0, done.stderr
    return Hook(str(done.events()[0]["url"]))


def said(data_dir: Path, room: str = "general") -> list[tuple[int, str, str]]:
    """Number, nickname and text of all that was said."""
    done = run_cli("history", "--json", "-r", room, "--data-dir", data_dir, "-n", "reader")
    return [(one["seq"], one["nick"], one["text"]) for one in done.events()]


# --- what a script posts --------------------------------------------------------------------------


def test_what_is_posted_is_stored_when_it_is_answered(
    broker: BrokerProgram, gateway: GatewayProgram
) -> None:
    probe = made(broker.data_dir, "probe")
    slack = {"text": "built", "username": "someone else", "icon_emoji": ":x:", "attachments": []}
    answers = [
        probe.post(json.dumps(slack), **{"Content-Type": "application/json"}),
        probe.post("plain: é 🎉\n", Content_Type="text/plain; charset=utf-8"),
        probe.post("payload=%7B%22text%22%3A+%22old+style%22%7D",
                   Content_Type="application/x-www-form-urlencoded"),
    ]  # fmt: skip
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert [answer.json["seq"] for answer in answers] == [1, 2, 3]
    assert all(answer.json["ok"] and answer.json["room"] == "general" for answer in answers)
    assert all(answer.json["ts"] > 1_700_000_000_000 for answer in answers)
    assert said(broker.data_dir) == [
        (1, "probe", "built"),
        (2, "probe", "plain: é 🎉"),
        (3, "probe", "old style"),
    ]


def test_what_cannot_be_said_is_told_by_status_code_and_words(
    broker: BrokerProgram, gateway: GatewayProgram
) -> None:
    probe = made(broker.data_dir, "probe")
    cases: list[tuple[str | bytes, str, int, str]] = [
        ("{}", "application/json", 400, "bad-request"),
        ('{"text": ""}', "application/json", 400, "bad-request"),
        ('{"text": 7}', "application/json", 400, "bad-request"),
        ("[" * 60_000, "application/json", 400, "bad-request"),
        (b'{"text": "\xff"}', "application/json", 400, "bad-request"),
        (b"\xff\xfe", "text/plain", 400, "bad-request"),
        ("   \n", "text/plain", 400, "bad-request"),
        ("<p>hello</p>", "text/html", 415, "not-a-message"),
        ("x", "", 415, "not-a-message"),
        ("--b\r\n", "multipart/form-data; boundary=b", 415, "no-uploads"),
        ("x" * 16_001, "text/plain", 413, "too-large"),
        ("x" * 65_537, "text/plain", 413, "too-large"),
        ("payload={", "application/x-www-form-urlencoded", 400, "bad-request"),
        ("text=hello", "application/x-www-form-urlencoded", 415, "not-a-message"),
    ]
    for body, media, status, code in cases:
        answer = probe.post(body, Content_Type=media)
        assert (answer.status, answer.code) == (status, code), (body[:20], media)
        assert answer.json["error"]["text"]
    packed = probe.post(b"\x1f\x8b", Content_Type="text/plain", Content_Encoding="gzip")
    assert packed.status == 415
    french = probe.post("x" * 16_001, Content_Type="text/plain", Accept_Language="fr")
    assert "octets" in french.json["error"]["text"]
    lone = probe.post('{"text": "half \\ud83d"}', Content_Type="application/json")
    assert lone.status in (200, 400)
    assert Visitor(gateway.page).ask("GET", probe.path).status == 405
    assert len(said(broker.data_dir)) == int(lone.status == 200)


def test_a_named_request_is_said_once(broker: BrokerProgram, gateway: GatewayProgram) -> None:
    probe = made(broker.data_dir, "probe")
    first = probe.say("once", Idempotency_Key="build 7")
    with ThreadPoolExecutor(8) as pool:
        repeats = [
            pool.submit(probe.say, "at the same time", Idempotency_Key="b8") for _ in range(8)
        ]
        numbers = {repeat.result().json["seq"] for repeat in repeats}
    assert len(numbers) == 1
    again = probe.say("once", Idempotency_Key="build 7")
    assert (again.status, again.json) == (200, first.json)
    other = probe.say("something else", Idempotency_Key="build 7")
    assert (other.status, other.code) == (409, "id-conflict")
    assert probe.say("once", Idempotency_Key="k" * 201).status == 400
    assert [text for _seq, _nick, text in said(broker.data_dir)] == ["once", "at the same time"]


def test_what_was_refused_may_be_asked_for_again_under_its_name(
    broker: BrokerProgram, gateway: GatewayProgram
) -> None:
    probe = made(broker.data_dir, "probe")
    Operator(broker.data_dir).do("admin", "mute", "probe", "--reason", "too chatty")
    refused = probe.say("hush", Idempotency_Key="k")
    assert (refused.status, refused.code) == (403, "muted")
    assert "too chatty" in refused.json["error"]["text"]
    Operator(broker.data_dir).do("admin", "unmute", "probe")
    answer = probe.say("hush", Idempotency_Key="k")
    assert (answer.status, answer.json["seq"]) == (200, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process")
def test_a_named_request_is_said_once_through_the_death_of_the_gateway(
    broker: BrokerProgram, gateway: GatewayProgram
) -> None:
    """The server hangs, the gateway is killed with the message in its file: it is said all the
    same, once, and who asks again is told so."""
    probe = made(broker.data_dir, "probe")
    assert probe.say("before").json["seq"] == 1
    broker.send_signal(signal.SIGSTOP)
    late = probe.say("through it all", Idempotency_Key="k")
    assert (late.status, late.code) == (504, "timeout")
    gateway.kill()
    broker.send_signal(signal.SIGCONT)
    with GatewayProgram(broker.data_dir) as again:
        path = probe.path
        probe = Hook(again.page + path)
        answer = probe.say("through it all", Idempotency_Key="k")
        assert answer.status == 200
        assert probe.say("after").json["seq"] == 3
    assert [text for _, _, text in said(broker.data_dir)] == ["before", "through it all", "after"]


def test_too_much_at_once_is_put_off(broker: BrokerProgram, gateway: GatewayProgram) -> None:
    probe, other = made(broker.data_dir, "probe"), made(broker.data_dir, "other")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(probe.say, [f"line {n}" for n in range(120)]))
    late = [answer for answer in answers if answer.status == 429]
    assert late
    assert {answer.code for answer in late} == {"rate-limited"}
    assert all(1 <= int(answer.headers["retry-after"]) <= 3 for answer in late)
    assert other.say("not concerned").status == 200
    stored = sum(answer.status == 200 for answer in answers)
    assert stored >= 40
    assert len(said(broker.data_dir)) == stored + 1


def test_a_server_that_is_away_takes_nothing(
    broker: BrokerProgram, gateway: GatewayProgram, broker_factory: BrokerFactory
) -> None:
    probe = made(broker.data_dir, "probe")
    assert probe.say("before").status == 200
    broker.kill()
    gone = probe.say("while it is away", Idempotency_Key="k")
    assert gone.status == 503
    assert int(gone.headers["retry-after"]) >= 1
    again = broker_factory(*same_place(broker), wildcard=False)
    answer = probe.say("while it is away", Idempotency_Key="k")
    assert (answer.status, answer.json["seq"]) == (200, 2)
    assert len(said(again.data_dir)) == 2


# --- who makes them -------------------------------------------------------------------------------


def test_on_the_machine_they_are_made_listed_and_ended(
    broker: BrokerProgram, gateway: GatewayProgram
) -> None:
    data = broker.data_dir
    done = hook_verb(data, "add", "builds", "-r", "Lab")
    (url,) = done.lines()
    assert url.startswith(f"{gateway.page}/hooks/")
    assert "#lab" in done.stderr
    builds = Hook(url)
    assert builds.say("green").json["room"] == "lab"
    assert hook_verb(data, "add", "builds").code == 1
    wrong = hook_verb(data, "add", "@x", "--lang", "fr")
    assert (wrong.code, wrong.stdout) == (1, "")
    assert "ne peut pas être un pseudo" in wrong.stderr
    made(data, "probe")
    assert [line.split("\t")[:2] for line in hook_verb(data, "list").lines()] == [
        ["builds", "#lab"],
        ["probe", "#general"],
    ]
    ended = hook_verb(data, "revoke", "builds")
    assert (ended.code, ended.stdout) == (0, "")
    assert "broker.py admin free builds" in ended.stderr
    gone = builds.say("is anybody there?")
    assert (gone.status, gone.code) == (404, "unknown-hook")
    assert hook_verb(data, "revoke", "builds").code == 1
    assert hook_verb(data, "ad", "builds").code == 2
    listed = hook_verb(data, "list", "--json").events()
    assert [(one["type"], one["name"], one["room"]) for one in listed] == [
        ("hook", "probe", "general")
    ]
    Operator(data).do("admin", "free", "builds")
    assert made(data, "builds", "-r", "lab").say("again").status == 200


def test_without_a_gateway_the_verb_does_it_by_itself(broker: BrokerProgram) -> None:
    done = hook_verb(broker.data_dir, "add", "probe")
    (path,) = done.lines()
    assert path.startswith("/hooks/")
    assert "Put the address of the page before it" in done.stderr
    with GatewayProgram(broker.data_dir) as gateway:
        assert Hook(gateway.page + path).say("hello").json["seq"] == 1
    assert hook_verb(broker.data_dir, "revoke", "probe").code == 0
    assert hook_verb(broker.data_dir, "list").stderr.strip().endswith("There is no hook.")
    broker.kill()
    away = hook_verb(broker.data_dir, "add", "probe")
    assert (away.code, away.stdout) == (69, "")


def test_a_strangers_order_is_not_obeyed(broker: BrokerProgram, gateway: GatewayProgram) -> None:
    stranger = Visitor(gateway.page)
    order = {"do": "add", "name": "evil", "room": "general"}
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer " + "0" * 64}):
        answer = stranger.ask("POST", "/control/hooks", json.dumps(order), {**JSON, **headers})
        assert answer.status == 404
    file = broker.data_dir / "web" / "ready.json"
    assert sys.platform == "win32" or file.stat().st_mode & 0o777 == 0o600
    assert hook_verb(broker.data_dir, "list").lines() == []


class Owner(Visitor):
    """Somebody in a browser who owns the server."""

    def __init__(self, gateway: GatewayProgram, data_dir: Path, **more: Any) -> None:
        super().__init__(gateway.page)
        assert self.join("Ada", **more).status == 200
        Operator(data_dir).do("admin", "owner", "Ada")
        wait_until(lambda: self.get("/api/hooks").status == 200, "the role is known")

    def add(self, name: str, room: str = "general") -> Answer:
        return self.post("/api/hooks", {"name": name, "room": room})


def test_administrators_make_them_in_the_page(
    broker: BrokerProgram, gateway: GatewayProgram
) -> None:
    bob = Visitor(gateway.page)
    bob.join("Bob")
    ada = Owner(gateway, broker.data_dir)
    refused = bob.post("/api/hooks", {"name": "probe", "room": "general"})
    assert (refused.status, refused.code) == (403, "not-permitted")
    assert Visitor(gateway.page).get("/api/hooks").status == 401
    answer = ada.add("probe")
    assert answer.status == 200
    hook = Hook(gateway.page + answer.json["url"])
    assert hook.say("hello").json["seq"] == 1
    (listed,) = ada.get("/api/hooks").json["hooks"]
    assert (listed["name"], listed["room"], listed["by"]) == ("probe", "general", "Ada")
    assert listed["ts"] > 1_700_000_000_000
    assert "url" not in listed
    taken = ada.add("Bob")
    assert (taken.status, taken.code, taken.json["error"]["field"]) == (409, "nick-taken", "name")
    bad = ada.add("x", "a room")
    assert (bad.status, bad.json["error"]["field"]) == (400, "room")
    assert bob.post("/api/hooks/revoke", {"id": listed["id"]}).status == 403
    assert ada.post("/api/hooks/revoke", {"id": listed["id"]}).status == 200
    assert hook.say("gone").status == 404
    assert ada.post("/api/hooks/revoke", {"id": listed["id"]}).status == 404
    wait_until(lambda: ada.add("probe").status == 200, "the nickname is free again")


def test_where_people_must_be_invited_its_maker_invites_it(broker_factory: BrokerFactory) -> None:
    broker = broker_factory("--access", "invite")
    data = broker.data_dir
    with GatewayProgram(data) as gateway:
        code = Operator(data).do("invite")[0]["code"]
        ada = Owner(gateway, data, code=code)
        answer = ada.add("probe")
        assert answer.status == 200, answer.text
        hook = Hook(gateway.page + answer.json["url"])
        assert hook.say("hello").status == 200
        stranger = hook_verb(data, "add", "other")
        assert stranger.code == 1
        code = Operator(data).do("invite")[0]["code"]
        other = made(data, "other", "--invite", code)
        assert other.say("hello").status == 200
    left = Operator(data).do("invite", "--list")
    assert not left, "each invitation was for one"


def test_in_a_private_room_it_becomes_a_member(
    broker: BrokerProgram, gateway: GatewayProgram, tmp_path: Path
) -> None:
    ada = Owner(gateway, broker.data_dir)
    with Person(tmp_path / "bob", "bob", "-s", broker.link) as bob:
        bob.ready()
        bob.do("create", room="staff", private=True)
        bob.do("join", room="staff")
        shut = ada.add("probe", "staff")
        assert (shut.status, shut.code) == (404, "no-such-room"), "Ada is told nothing of it"
        bob.do("invite", room="staff", nick="Ada")
        bob.do("role", room="staff", nick="Ada", role="moderator")
        answer = ada.add("probe", "staff")
        assert answer.status == 200, answer.text
        assert Hook(gateway.page + answer.json["url"]).say("psst").json["room"] == "staff"
        bob.hears("psst", "staff")
