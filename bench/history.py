"""How fast a client that was away reads what it missed: from the file into its callback.

Owns one run of the shipped client library against the shipped broker.
"""

import tempfile
import time
from pathlib import Path
from typing import Final

from bench import logs
from bench.report import Comparison, Plan
from bench.servers import start_broker
from bench.wire import ROOM
from common import keys
from common.client import events as ev
from common.client.client import Client, Options
from common.client.target import explicit
from common.protocol.messages import Record

PATIENCE: Final = 60.0


def history(plan: Plan) -> list[Comparison]:
    """Messages a second, of a log as it is written under load and of one written at rest."""
    figures = []
    for per_row, how in ((logs.UNDER_LOAD, "written under load"), (1, "written at rest")):
        messages = plan.scaled(1_000_000)
        with tempfile.TemporaryDirectory(dir=plan.where) as name:
            data_dir = Path(name)
            logs.write(data_dir, messages, per_row)
            rates = [_read(data_dir, messages) for _ in range(plan.repetitions)]
        figures.append(
            Comparison(
                name=f"history, {how}",
                unit="/s",
                ours=rates,
                target=400_000,
                at_least=True,
                note="CURVE",
            )
        )
    return figures


def _read(data_dir: Path, messages: int) -> float:
    """Messages a second, from the client's start to its being told that it has them all."""
    count = 0

    def callback(record: Record) -> None:
        nonlocal count
        count += 1
        if record.seq != count:
            raise RuntimeError(f"record {record.seq} comes as number {count}")

    with start_broker(data_dir, curve=True) as server:
        address = server.address
        target = explicit(address.pull, address.pub, address.key)
        options = Options(nick="reader", fallback=True, rooms=[ROOM], since={ROOM: 0})
        begin = time.perf_counter()
        with Client(target, keys.generate(), options) as client:
            while not isinstance(event := client.get(PATIENCE), ev.CaughtUp):
                if isinstance(event, ev.Messages):
                    for record in event.records:
                        callback(record)
                elif event is None or isinstance(event, ev.Failed):
                    raise RuntimeError(f"the client ended: {event}")
            seconds = time.perf_counter() - begin
    if count != messages:
        raise RuntimeError(f"{count} records of {messages}")
    return messages / seconds
