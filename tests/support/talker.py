"""A small chat program for tests to kill: `python -m tests.support.talker LINK NICK DATA_DIR`.

The shipped library with a profile on disk. stdin: a JSON object a line, `{"say": TEXT}`; stdout:
the same, what was shown (`shown`), what became of own messages (`progress`), the link, a full disk.
`--loop` behind it: the client that runs on an asyncio loop, with its profile in a gateway's file.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from common import keys
from common.client import events as ev
from common.client import target as targets
from common.client.aio import AsyncClient, LoopContext
from common.client.client import Client, Options
from common.client.profile import Profile, profile_path
from common.client.target import Target
from common.web.profile import WebProfile
from common.web.store import WebStore


def main() -> int:
    """Talk until the end of stdin."""
    link, nick, data_dir = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    target = targets.parse_server(link, data_dir)
    pair = keys.load_or_create(keys.client_key_file(data_dir, nick))
    options = Options(nick=nick, rooms=["general"], resume=True, join_timeout=30)
    if "--loop" in sys.argv[4:]:
        store = WebStore.open(data_dir / "web" / "web.sqlite")
        asyncio.run(_looped(target, pair, options, web_profile(store, nick, pair)))
        store.close()
        return 0
    profile = Profile.open(profile_path(data_dir, nick, target.key or target.label))
    client = Client(target, pair, options, profile)
    client.start()
    threading.Thread(target=_read, args=(client,), daemon=True).start()
    while (event := client.get()) is not None:
        _show([event], client.seen)
    profile.close()
    return 0


def web_profile(store: WebStore, nick: str, pair: keys.KeyPair) -> WebProfile:
    """The profile of the browser of this name, which is added where it is not known."""
    browser = store.browser(nick) or store.add_browser(
        token_hash=nick, nick=nick, keys=pair, lang="en", now=int(time.time())
    )
    return store.profile(browser.id)


async def _looped(
    target: Target, pair: keys.KeyPair, options: Options, profile: WebProfile
) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    context = LoopContext()
    client = AsyncClient(
        target,
        pair,
        options,
        profile,
        context=context,
        emit=lambda events: _show(events, client.seen),
        on_end=over.set,
    )
    client.start()

    def say(line: str) -> None:
        text = json.loads(line)["say"]
        with profile.under(f"key of {text}"):
            client.say("general", text)

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(say, line)
        loop.call_soon_threadsafe(client.close)

    threading.Thread(target=read, daemon=True).start()
    await over.wait()
    context.close()


def _read(client: Client) -> None:
    for line in sys.stdin:
        client.say("general", json.loads(line)["say"])
    client.close()


def _show(events: Iterable[ev.Event], seen: Callable[[str, int, str], None]) -> None:
    for event in events:
        for line in _shapes(event):
            print(json.dumps(line), flush=True)
        if isinstance(event, ev.Messages):
            seen(event.room, event.records[-1].seq, event.records[-1].id)


def _shapes(event: ev.Event) -> list[dict[str, Any]]:
    if isinstance(event, ev.Messages):
        return [{"type": "shown", "seq": r.seq, "text": r.text} for r in event.records]
    if isinstance(event, ev.Progress):
        shape = {"type": "progress", "state": event.state, "text": event.text, "code": event.code}
        return [shape]
    if isinstance(event, ev.Ready):
        return [{"type": "ready"}]
    if isinstance(event, ev.CaughtUp):
        return [{"type": "caught-up"}]
    if isinstance(event, ev.DiskFull):
        return [{"type": "disk-full", "reason": event.reason}]
    return []


if __name__ == "__main__":
    sys.exit(main())
