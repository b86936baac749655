"""What firewalls' own tools say, read; and the commands that let ports in."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from common.doctor import firewall
from common.doctor.firewall import Firewall, command, of_iptables, of_nftables


def chain(policy: str = "accept", hook: str = "input", kind: str = "filter") -> dict[str, Any]:
    place = {"family": "inet", "table": "filter", "name": "in"}
    return {"chain": {**place, "hook": hook, "type": kind, "policy": policy}}


def rule(*expressions: dict[str, Any]) -> dict[str, Any]:
    return {"rule": {"family": "inet", "table": "filter", "chain": "in", "expr": list(expressions)}}


MATCH = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}
COUNTER = {"counter": {"packets": 0, "bytes": 0}}


@pytest.mark.parametrize(
    ("entries", "closes"),
    [
        ([], False),
        ([chain()], False),
        ([chain("drop")], True),
        ([chain("drop", hook="forward")], False),
        ([chain("drop", kind="nat")], False),
        ([chain(), rule(MATCH, {"accept": None})], False),
        ([chain(), rule(MATCH, {"drop": None})], False),
        ([chain(), rule(MATCH, {"accept": None}), rule(COUNTER, {"drop": None})], True),
        ([chain(), rule({"reject": {"type": "icmpx", "expr": "admin-prohibited"}})], True),
    ],
)
def test_nftables(entries: list[dict[str, Any]], closes: bool) -> None:
    found = of_nftables(json.dumps({"nftables": [{"metainfo": {}}, *entries]}))
    assert found.closes is closes
    assert found.chain == ("inet filter in" if closes else "")


@pytest.mark.parametrize("said", ["", "{}", "[]", '{"nftables": [1]}'])
def test_nftables_that_cannot_be_read(said: str) -> None:
    assert not of_nftables(said).closes


@pytest.mark.parametrize(
    ("said", "closes"),
    [
        ("-P INPUT ACCEPT\n", False),
        ("-P INPUT DROP\n-A INPUT -i lo -j ACCEPT\n", True),
        ("-P INPUT ACCEPT\n-A INPUT -i lo -j ACCEPT\n-A INPUT -j REJECT --reject-with x\n", True),
        ("-P INPUT ACCEPT\n-A INPUT -s 10.0.0.0/8 -j DROP\n", False),
    ],
)
def test_iptables(said: str, closes: bool) -> None:
    assert of_iptables(said).closes is closes


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Firewall("ufw", True), "ufw allow 5555,5556/tcp"),
        (
            Firewall("firewalld", True),
            "firewall-cmd --permanent --add-port=5555/tcp --add-port=5556/tcp"
            " && firewall-cmd --reload",
        ),
        (
            Firewall("nftables", True, "inet filter in"),
            "nft insert rule inet filter in tcp dport '{ 5555,5556 }' accept",
        ),
        (
            Firewall("iptables", True),
            "iptables -I INPUT -p tcp -m multiport --dports 5555,5556 -j ACCEPT",
        ),
        (Firewall(), ""),
    ],
)
def test_the_command_that_lets_ports_in(found: Firewall, words: str) -> None:
    assert command(found, [5556, 5555, 5556]) == words
    assert command(found, []) == ""


@pytest.mark.skipif(os.name != "posix", reason="scripts of a shell")
@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        ({"ufw": "echo Status: active", "nft": "exit 1"}, Firewall("ufw", True)),
        ({"ufw": "echo Status: inactive", "iptables": "echo -P INPUT DROP"},
         Firewall("iptables", True)),
        ({"firewall-cmd": "echo running"}, Firewall("firewalld", True)),
        ({"firewall-cmd": "echo not running; exit 252", "nft": "echo '{\"nftables\": []}'"},
         Firewall("nftables", closes=False)),
        ({"nft": "exit 1", "iptables": "exit 4"}, Firewall(closes=None)),
        ({}, Firewall(closes=False)),
    ],
)  # fmt: skip
def test_which_tool_is_there(
    tools: dict[str, str], expected: Firewall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, script in tools.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(firewall, "_ELSEWHERE", str(tmp_path))
    monkeypatch.setattr(firewall, "_UFW", tmp_path / "ufw.conf")
    assert firewall.read() == expected


@pytest.mark.skipif(os.name != "posix", reason="scripts of a shell")
def test_ufw_is_known_by_its_file_where_only_root_may_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ufw").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "ufw").chmod(0o755)
    (tmp_path / "ufw.conf").write_text("ENABLED=yes\nLOGLEVEL=low\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(firewall, "_ELSEWHERE", str(tmp_path))
    monkeypatch.setattr(firewall, "_UFW", tmp_path / "ufw.conf")
    assert firewall.read() == Firewall("ufw", True)
