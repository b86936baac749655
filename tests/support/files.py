"""What a broker left on disk, read without it; and ways to spoil that.

Owns copies: nothing here changes the files that a broker would open, except what says so.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from common.broker.migrations import SHIFT
from common.protocol.codec import decode_records
from common.protocol.messages import Record


def database(data_dir: Path) -> Path:
    """Where the broker of `data_dir` keeps its log."""
    return data_dir / "broker" / "causette.db"


def stored(data_dir: Path, room: str = "general") -> list[Record]:
    """The committed records of a room, read from a copy as the next start would find them."""
    path = database(data_dir)
    with tempfile.TemporaryDirectory() as folder:
        for name in (path.name, path.name + "-wal"):
            if (path.parent / name).exists():
                shutil.copy(path.parent / name, folder)
        with closing(sqlite3.connect(Path(folder) / path.name)) as connection:
            rows = connection.execute(
                "SELECT body FROM log JOIN room ON room.room = log.id >> ? WHERE room.name = ?"
                " ORDER BY log.id",
                (SHIFT, room),
            ).fetchall()
    return [record for (body,) in rows for record in decode_records(body)]


def restore(data_dir: Path, copy: Path) -> None:
    """Put an older copy of the broker's directory in the place of the present one."""
    shutil.rmtree(data_dir / "broker")
    shutil.copytree(copy, data_dir / "broker")


def overwrite(path: Path, old: bytes, new: bytes) -> int:
    """Replace bytes in a file, in place and of the same length: damage. Returns how often."""
    assert len(old) == len(new)
    content = path.read_bytes()
    path.write_bytes(content.replace(old, new))
    return content.count(old)
