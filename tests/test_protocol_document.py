"""`docs/PROTOCOL.md` against the broker: its worked exchange is replayed byte for byte, and its
tables of limits and error codes are those of the code."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq

from common.protocol.limits import WIRE
from tests.conftest import BrokerFactory

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "PROTOCOL.md").read_text("utf-8")
SECONDS = 10


def _exchange() -> list[tuple[str, str]]:
    block = PAGE.split("```exchange\n", 1)[1].split("```", 1)[0]
    return [(line[:4], line[5:]) for line in block.splitlines()]


class Replay:
    """Plays one side of the page. Names in «» are learnt at their first sight."""

    def __init__(self, ready: dict[str, Any], context: "zmq.Context[Any]") -> None:
        self.known: dict[str, str] = {}
        self.push = context.socket(zmq.PUSH)
        self.sub = context.socket(zmq.SUB)
        self.push.connect(ready["pull"][0])
        self.sub.connect(ready["pub"][0])

    def play(self, verb: str, line: str) -> None:
        for name, value in self.known.items():
            line = line.replace(f"«{name}»", value)
        if verb == "SUB+":
            self.sub.subscribe(line.encode())
        elif verb == "PUSH":
            self.push.send(line.replace("⏎", "\n").encode())
        else:
            self.receive(line)

    def receive(self, line: str) -> None:
        said = self.next_frame(line)
        while '"type":"head"' in said and '"type":"head"' not in line:
            said = self.next_frame(line)  # a head is repeated by the clock, at any point
        pattern = re.sub(r"«(\w+)»", r"(?P<\1>[\\w./]+)", re.escape(line))
        match = re.fullmatch(pattern, said)
        assert match, f"\nthe page says   {line}\nthe broker says {said}"
        self.known.update(match.groupdict())

    def next_frame(self, expected: str) -> str:
        assert self.sub.poll(SECONDS * 1_000), f"nothing came; the page says {expected}"
        topic, body = (part.decode() for part in self.sub.recv_multipart())
        return f"{topic} {body}".replace("\n", "⏎")

    def close(self) -> None:
        self.push.close(0)
        self.sub.close(0)


def test_the_worked_exchange_is_what_the_broker_does(broker_factory: BrokerFactory) -> None:
    broker = broker_factory("--plain", "--name", "Lab")
    context: zmq.Context[Any] = zmq.Context()
    replay = Replay(broker.ready, context)
    try:
        for verb, line in _exchange():
            replay.play(verb, line)
    finally:
        replay.close()
        context.term()


def test_the_page_s_limits_are_those_announced() -> None:
    table = PAGE.split("## 10. Limits", 1)[1].split("## 11.", 1)[0]
    told = {
        name: int(size)
        for name, size in re.findall(r"^\| `(\w+)` \| (\d+) \|", table, re.MULTILINE)
    }
    assert told == msgspec.to_builtins(WIRE)


def test_the_page_s_error_codes_are_those_that_the_broker_sends() -> None:
    table = PAGE.split("## 9. Errors", 1)[1].split("## 10.", 1)[0]
    told = set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE))
    sources = list((ROOT / "common" / "broker").glob("*.py"))
    sources.append(ROOT / "common" / "protocol" / "codec.py")
    text = "\n".join(source.read_text("utf-8") for source in sources)
    raised = re.findall(r'(?:Refusal|DecodeError|ShutOut|sanctioned)\(\s*"([a-z-]+)"', text)
    raised += re.findall(r'code="([a-z-]+)"', text)
    raised += re.findall(r'"([a-z-]+)" if size else "([a-z-]+)"', text)[0]
    raised += re.findall(r'_refusal\(read, "([a-z-]+)"', text)
    raised += re.findall(r'_refuse_number\(session, n, "([a-z-]+)"', text)
    assert told == set(raised)


@pytest.mark.parametrize("word", ["greet", "welcome", "resend", "closing", "head", "joined"])
def test_every_kind_of_answer_is_explained(word: str) -> None:
    assert word in PAGE
