"""A session on an asyncio loop, as the gateway's browsers have one, on a host of a test's network.

    python -m tests.system.lan.on_a_loop LINK NICK

Says each line of its input in `general`; prints what was said there, and where the server was met.
Ends with its input.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from common import keys
from common.client import events as ev
from common.client.client import Options
from common.client.target import Target, parse_server
from tests.support.looped import Looped, LoopedClient


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def hear(client: LoopedClient) -> None:
    while (event := client.get(3_600)) is not None:
        if isinstance(event, ev.Messages):
            for record in event.records:
                if record.type == "message":
                    say(seq=record.seq, text=record.text)
        elif isinstance(event, ev.Ready | ev.LinkUp | ev.LinkDown | ev.Failed):
            say(event=type(event).__name__)


def main(link: str, nick: str) -> None:
    def moved(target: Target) -> None:
        say(moved=target.label)

    options = Options(nick=nick, rooms=["general"], moved=moved)
    with Looped() as loop:
        client = loop.client(parse_server(link, Path()), keys.generate(), options, None)
        client.start()
        threading.Thread(target=hear, args=(client,), daemon=True).start()
        for line in sys.stdin:
            client.say("general", line.strip())


if __name__ == "__main__":
    main(*sys.argv[1:3])
