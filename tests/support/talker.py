"""A small chat program for tests to kill: `python -m tests.support.talker LINK NICK DATA_DIR`.

The shipped library with a profile on disk. stdin: a JSON object a line, `{"say": TEXT}`; stdout:
the same, what was shown (`shown`), what became of own messages (`progress`), the link, a full disk.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

from common import keys
from common.client import events as ev
from common.client import target as targets
from common.client.client import Client, Options
from common.client.profile import Profile, profile_path


def main() -> int:
    """Talk until the end of stdin."""
    link, nick, data_dir = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    target = targets.parse_server(link, data_dir)
    pair = keys.load_or_create(keys.client_key_file(data_dir, nick))
    profile = Profile.open(profile_path(data_dir, nick, target.key or target.label))
    options = Options(nick=nick, rooms=["general"], resume=True, join_timeout=30)
    client = Client(target, pair, options, profile)
    client.start()
    threading.Thread(target=_read, args=(client,), daemon=True).start()
    while (event := client.get()) is not None:
        for line in _shapes(event):
            print(json.dumps(line), flush=True)
        if isinstance(event, ev.Messages):
            client.seen(event.room, event.records[-1].seq, event.records[-1].id)
    profile.close()
    return 0


def _read(client: Client) -> None:
    for line in sys.stdin:
        client.say("general", json.loads(line)["say"])
    client.close()


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
