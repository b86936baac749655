"""What `--server` may say, join links, and the broker of this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.client import target as targets
from common.client.target import BadTarget, NotRunning, Target, explicit, join_link, parse_server

KEY = "ab" * 32
NOWHERE = Path("/nonexistent")


def parse(text: str) -> Target:
    return parse_server(text, NOWHERE)


@pytest.mark.parametrize(
    ("text", "push", "label"),
    [
        ("box", "tcp://box:5555", "box:5555"),
        (" box ", "tcp://box:5555", "box:5555"),
        ("box:7000", "tcp://box:7000", "box:7000"),
        ("192.168.1.20:7000", "tcp://192.168.1.20:7000", "192.168.1.20:7000"),
        ("my_box.local", "tcp://my_box.local:5555", "my_box.local:5555"),
        ("::1", "tcp://[::1]:5555", "[::1]:5555"),
        ("[::1]", "tcp://[::1]:5555", "[::1]:5555"),
        ("[::1]:7000", "tcp://[::1]:7000", "[::1]:7000"),
        ("fe80::1%eth0", "tcp://[fe80::1%eth0]:5555", "[fe80::1%eth0]:5555"),
        ("tcp://box:7000", "tcp://box:7000", "box:7000"),
        ("école.lan", "tcp://xn--cole-9oa.lan:5555", "école.lan:5555"),
    ],
)
def test_a_typed_address(text: str, push: str, label: str) -> None:
    target = parse(text)
    assert (target.push, target.label) == (push, label)
    place = targets.host_and_port(push)
    assert place is not None
    assert targets.host_and_port(target.sub) == (place[0], place[1] + 1)
    assert target.card is not None
    assert targets.host_and_port(target.card) == (place[0], place[1] + 2)
    assert (target.key, target.plain, target.name) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "push", "sub", "card"),
    [
        (f"causette://{KEY}@box:7000", 7000, 7001, 7002),
        (f"CAUSETTE://{KEY.upper()}@box:7000/", 7000, 7001, 7002),
        (f"causette://{KEY}@box", 5555, 5556, 5557),
        (f"causette://{KEY}@box:7000/9000", 7000, 9000, 9001),
        (f"causette://{KEY}@box:65535/65535", 65535, 65535, None),
    ],
)
def test_a_join_link(text: str, push: int, sub: int, card: int | None) -> None:
    target = parse(text)
    assert target == Target(
        push=f"tcp://box:{push}",
        sub=f"tcp://box:{sub}",
        card=f"tcp://box:{card}" if card else None,
        key=KEY,
        name=None,
        plain=False,
        label=f"box:{push}",
    )


@given(
    st.sampled_from(["box", "10.0.0.1", "::1", "a.b-c.example"]),
    st.integers(1, 65_534),
    st.one_of(st.none(), st.integers(1, 65_535)),
)
def test_a_link_leads_back_to_its_broker(host: str, port: int, pub: int | None) -> None:
    target = parse(join_link(KEY, host, port, pub))
    assert targets.host_and_port(target.push) == (host, port)
    assert targets.host_and_port(target.sub) == (host, pub or port + 1)
    assert target.key == KEY


def test_a_link_is_as_short_as_it_can_be() -> None:
    assert join_link(KEY, "box", 7000) == f"causette://{KEY}@box:7000"
    assert join_link(KEY, "box", 7000, 7001) == f"causette://{KEY}@box:7000"
    assert join_link(KEY, "::1", 7000, 9) == f"causette://{KEY}@[::1]:7000/9"
    with pytest.raises(ValueError):
        join_link("", "box", 7000)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("box:", "port"),
        ("box:0", "port"),
        ("box:65536", "port"),
        ("box:65534", "port"),
        ("box:port", "port"),
        ("box:٣", "port"),
        ("box:-1", "port"),
        ("box:" + "9" * 5000, "port"),
        ("[::1]:x", "port"),
        (":7000", "address"),
        ("a b", "address"),
        ("a@b", "address"),
        ("box/path", "address"),
        ("http://box:8080", "address"),
        ("[::1", "address"),
        ("[::1]7000", "address"),
        ("[box]:7000", "address"),
        ("1:2:3", "address"),
        ("é" * 300, "address"),
        ("\x1b[2J", "address"),
        ("causette://box:7000", "key"),
        (f"causette://{KEY[:-1]}@box", "key"),
        (f"causette://{KEY}@", "address"),
        (f"causette://{KEY}@box:65535", "port"),
        (f"causette://{KEY}@box:7000/x", "port"),
        (f"causette://{KEY}@box:7000/1/2", "port"),
    ],
)
def test_what_is_no_address(text: str, reason: str) -> None:
    with pytest.raises(BadTarget) as caught:
        parse(text)
    assert (caught.value.code, caught.value.reason) == ("bad-server", reason)
    assert caught.value.why


@given(st.text(min_size=1).filter(lambda text: text.strip() != ""))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        target = parse(text)
    except BadTarget:
        return
    assert targets.host_and_port(target.push)
    assert target.push.isascii()


def test_by_hand() -> None:
    target = explicit("tcp://box:1", "tcp://box:9", KEY.upper())
    assert target == Target("tcp://box:1", "tcp://box:9", None, KEY, None, False, "box:1")
    assert explicit("ipc:///run/in", "ipc:///run/out", None).plain is True
    for push, sub, key in [("box:1", "tcp://b:2", KEY), ("tcp://b:2", "", KEY)]:
        with pytest.raises(BadTarget):
            explicit(push, sub, key)
    with pytest.raises(BadTarget):
        explicit("tcp://box:1", "tcp://box:2", "12")


@pytest.mark.parametrize("text", ["ipc:///run/x", "tcp://box", "tcp://box:0", "tcp://box:99999"])
def test_what_has_no_host_and_port(text: str) -> None:
    assert targets.host_and_port(text) is None


# The broker of this machine


def write_ready(data_dir: Path, **changes: Any) -> None:
    ready = {
        "type": "ready",
        "name": "Atelier",
        "pull": ["tcp://127.0.0.1:5555"],
        "pub": ["tcp://127.0.0.1:5556"],
        "card": "tcp://127.0.0.1:5557",
        "key": KEY,
        "pid": os.getpid(),
        "version": "0.1.0",
        **changes,
    }
    (data_dir / "broker").mkdir(exist_ok=True)
    (data_dir / "broker" / "ready.json").write_text(json.dumps(ready), encoding="utf-8")


@pytest.mark.parametrize("text", [None, "", "  "])
def test_nothing_is_the_broker_of_this_machine(tmp_path: Path, text: str | None) -> None:
    write_ready(tmp_path)
    assert parse_server(text, tmp_path) == Target(
        push="tcp://127.0.0.1:5555",
        sub="tcp://127.0.0.1:5556",
        card="tcp://127.0.0.1:5557",
        key=KEY,
        name="Atelier",
        plain=False,
        label="127.0.0.1:5555",
    )


@pytest.mark.parametrize(
    ("bound", "reached"),
    [
        ("tcp://*:5555", "tcp://127.0.0.1:5555"),
        ("tcp://0.0.0.0:5555", "tcp://127.0.0.1:5555"),
        ("tcp://[::]:5555", "tcp://127.0.0.1:5555"),
        ("tcp://192.168.1.2:5555", "tcp://192.168.1.2:5555"),
        ("ipc:///run/in", "ipc:///run/in"),
    ],
)
def test_every_interface_is_reached_by_the_loopback(
    tmp_path: Path, bound: str, reached: str
) -> None:
    write_ready(tmp_path, pull=[bound, "tcp://127.0.0.1:1"], card=None, key=None)
    target = parse_server(None, tmp_path)
    assert (target.push, target.card, target.plain) == (reached, None, True)


def test_no_broker_runs_where_there_is_no_file(tmp_path: Path) -> None:
    assert targets.read_ready(tmp_path) is None
    with pytest.raises(NotRunning) as caught:
        parse_server(None, tmp_path)
    assert caught.value.data_dir == tmp_path


def test_a_file_whose_broker_died_is_stale(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    write_ready(tmp_path, pid=child.pid)
    assert targets.read_ready(tmp_path) is None
    for pid in (0, -1, 1 << 70):
        write_ready(tmp_path, pid=pid)
        assert targets.read_ready(tmp_path) is None


@pytest.mark.parametrize(
    "changes", [{"pull": []}, {"pub": "x"}, {"key": "12"}, {"pid": "1"}, {"name": None}]
)
def test_a_damaged_file_is_told(tmp_path: Path, changes: dict[str, Any]) -> None:
    write_ready(tmp_path, **changes)
    with pytest.raises(BadTarget, match="damaged"):
        targets.read_ready(tmp_path)


def test_a_file_that_is_no_json_is_told(tmp_path: Path) -> None:
    write_ready(tmp_path)
    file = tmp_path / "broker" / "ready.json"
    for content in (b"", b"\xff", b"[" * 100_000):
        file.write_bytes(content)
        with pytest.raises(BadTarget):
            targets.read_ready(tmp_path)


# Invitations, and who owns the broker of this machine


@pytest.mark.parametrize("pub", [None, 9000])
def test_a_link_may_hold_an_invitation(pub: int | None) -> None:
    link = join_link(KEY, "box", 7000, pub, invite="7k3m-q9tx 4pwd")
    assert link.endswith("?invite=7K3M-Q9TX4PWD")
    target = parse(link)
    assert target.code == "7K3M-Q9TX4PWD"
    assert target.sub == f"tcp://box:{pub or 7001}"
    assert target.label == "box:7000"
    assert "7K3M" not in repr(target)
    assert parse(link.replace("7K3M", "7k3m")) == target


@pytest.mark.parametrize("code", ["", "a b", "x" * 3 + "/", "é"])
def test_an_invitation_that_is_none(code: str) -> None:
    link = f"causette://{KEY}@box:7000?invite={code}"
    if not code:
        assert parse(link).code == ""
    elif code == "a b":
        assert parse(link).code == "AB"
    else:
        with pytest.raises(BadTarget) as caught:
            parse(link)
        assert caught.value.reason == "code"


def ready(data_dir: Path, **more: Any) -> None:
    file = data_dir / "broker" / "ready.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    told = {"name": "s", "pull": ["tcp://*:1"], "pub": ["tcp://*:2"], "key": KEY}
    file.write_text(json.dumps({**told, "pid": os.getpid(), **more}))


def test_the_claim_is_for_the_broker_of_this_machine_alone(tmp_path: Path) -> None:
    ready(tmp_path, claim="claim-1")
    link, other = join_link(KEY, "192.168.1.20", 7000), join_link("cd" * 32, "box", 7000)
    assert targets.claimed(parse_server(None, tmp_path), tmp_path).claim == "claim-1"
    assert targets.claimed(parse(link.upper().replace("CAUSETTE", "causette")), tmp_path).claim
    assert targets.claimed(parse(other), tmp_path).claim == ""
    assert targets.claimed(parse("box"), tmp_path).claim == ""
    ready(tmp_path)
    assert targets.claimed(parse(link), tmp_path).claim == ""


def test_a_damaged_file_claims_nothing(tmp_path: Path) -> None:
    ready(tmp_path, claim="claim-1", pull=[])
    assert targets.claimed(parse(join_link(KEY, "box", 7000)), tmp_path).claim == ""
