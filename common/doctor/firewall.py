"""Which firewall this machine has, and whether it keeps out what nobody allowed. Only reads.

Owns the tools that are asked (nft, iptables, ufw, firewalld) and the reading of their answers,
which is pure; the command by which each of them lets ports in. Must not judge: what is let in is
tried from outside, see `outside`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

Tool: TypeAlias = Literal["ufw", "firewalld", "nftables", "iptables"]

_PATIENCE: Final = 5.0
_ELSEWHERE: Final = "/usr/sbin:/sbin:/usr/local/sbin"
"""Where such tools are, also when that is not on the account's path."""
_UFW: Final = Path("/etc/ufw/ufw.conf")


@dataclass(frozen=True)
class Firewall:
    """What was found."""

    tool: Tool | None = None
    """Whose rules they are; None: there is no firewall, or nobody tells."""
    closes: bool | None = None
    """Whether what no rule lets in is kept out; None: that cannot be read here."""
    chain: str = ""
    """Of nftables: the chain that does, as its command names it."""


def read() -> Firewall:
    """Look at this machine's firewall. Raises nothing."""
    firewalld = _ask("firewall-cmd", "--state")
    if firewalld is not None and firewalld.strip() == "running":
        return Firewall("firewalld", True)
    ufw = _ask("ufw", "status")
    if (ufw is None and _is_ufw_enabled()) or (ufw is not None and "Status: active" in ufw):
        return Firewall("ufw", True)
    ruleset = _ask("nft", "-j", "list", "ruleset")
    if ruleset is not None:
        found = of_nftables(ruleset)
        if found.closes:
            return found
    listed = _ask("iptables", "-S", "INPUT")
    if listed is not None:
        old = of_iptables(listed)
        if old.closes:
            return old
    if ruleset is None and listed is None:
        return Firewall(closes=False if _lacks_tools() else None)
    return Firewall("nftables" if ruleset else None, closes=False)


def of_nftables(ruleset: str) -> Firewall:
    """What `nft -j list ruleset` says: the first chain on the way in that ends with a no."""
    try:
        entries = json.loads(ruleset)["nftables"]
    except (ValueError, KeyError, TypeError):
        return Firewall("nftables")
    chains = [one["chain"] for one in entries if isinstance(one, dict) and "chain" in one]
    for chain in chains:
        if chain.get("type") != "filter" or chain.get("hook") != "input":
            continue
        rules = [
            one["rule"]
            for one in entries
            if isinstance(one, dict) and "rule" in one and _is_of(one["rule"], chain)
        ]
        if chain.get("policy") == "drop" or (rules and _is_a_no(rules[-1].get("expr", []))):
            name = " ".join(str(chain.get(part, "")) for part in ("family", "table", "name"))
            return Firewall("nftables", True, name)
    return Firewall("nftables", False)


def _is_of(rule: dict[str, Any], chain: dict[str, Any]) -> bool:
    return (rule.get("family"), rule.get("table"), rule.get("chain")) == (
        chain.get("family"),
        chain.get("table"),
        chain.get("name"),
    )


def _is_a_no(expressions: Sequence[Any]) -> bool:
    """Whether a rule keeps out everything: a verdict without a condition."""
    verdicts = [one for one in expressions if isinstance(one, dict)]
    conditions = [one for one in verdicts if "match" in one]
    return not conditions and any("drop" in one or "reject" in one for one in verdicts)


def of_iptables(listed: str) -> Firewall:
    """What `iptables -S INPUT` says."""
    lines = [line.split() for line in listed.splitlines() if line.startswith("-")]
    policy = next((line[2] for line in lines if line[:2] == ["-P", "INPUT"] and len(line) > 2), "")
    last = lines[-1] if lines else []
    no = last[:3] == ["-A", "INPUT", "-j"] and last[3:4] in (["DROP"], ["REJECT"])
    return Firewall("iptables", policy == "DROP" or no)


def command(firewall: Firewall, ports: Sequence[int]) -> str:
    """What lets TCP ports in; "" where that depends on more than is known."""
    wanted = sorted(set(ports))
    if not wanted:
        return ""
    listed = ",".join(map(str, wanted))
    match firewall.tool:
        case "ufw":
            return f"ufw allow {listed}/tcp"
        case "firewalld":
            each = " ".join(f"--add-port={port}/tcp" for port in wanted)
            return f"firewall-cmd --permanent {each} && firewall-cmd --reload"
        case "nftables" if firewall.chain:
            return f"nft insert rule {firewall.chain} tcp dport '{{ {listed} }}' accept"
        case "iptables":
            return f"iptables -I INPUT -p tcp -m multiport --dports {listed} -j ACCEPT"
    return ""


def _lacks_tools() -> bool:
    return not any(_find(tool) for tool in ("nft", "iptables", "ufw", "firewall-cmd"))


def _is_ufw_enabled() -> bool:
    with contextlib.suppress(OSError):
        return "ENABLED=yes" in _UFW.read_text("utf-8", "replace") and _find("ufw") is not None
    return False


def _find(tool: str) -> str | None:
    return shutil.which(tool) or shutil.which(tool, path=_ELSEWHERE)


def _ask(*words: str) -> str | None:
    """What a tool says; None where it is missing, refuses (it wants root), or takes too long."""
    path = _find(words[0])
    if path is None:
        return None
    try:
        done = subprocess.run(
            [path, *words[1:]],
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
