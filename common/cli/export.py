"""The verb `export`: a whole conversation in a file. Owns the file and the progress.

The file appears under its name when it is complete; until then it is `NAME.part`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from common.cli.history import Gap, walk
from common.cli.joining import Run, Session, connect, enter
from common.cli.output import Stop
from common.client.joining import rooms_of
from common.client.transcript import Renderer, renderer
from common.i18n import _, number

_SUFFIXES: Final = {
    ".html": "html",
    ".htm": "html",
    ".jsonl": "jsonl",
    ".json": "jsonl",
    ".ndjson": "jsonl",
}
_TELL_EVERY: Final = 1_000

Write = Callable[[str], None]


def run(run: Run) -> int:
    """Write the rooms asked for. Raises Stop, BadSetting, CannotJoin."""
    rooms = rooms_of(run.settings)
    name = run.settings.text("output")
    suffix = Path(name).suffix.lower() if name else ""
    format = run.settings.text("format") or _SUFFIXES.get(suffix, "txt")
    session = connect(run, enter(run), visible=False)
    try:
        # Asked for before the file is touched: a room that does not exist leaves none behind.
        newest = {room: session.ask(session.client.history(room, limit=1)) for room in rooms}
        # People know a direct conversation by the nickname, programs by its lasting name.
        heads = {
            (page.room if format == "jsonl" else room): page.head for room, page in newest.items()
        }
        document = renderer(format, session.ready.server)
        if name in (None, "-"):
            _write(session, document, heads, lambda text: _to_stdout(run, text), loud=False)
        else:
            assert name is not None
            with _file(Path(name).expanduser()) as write:
                _write(session, document, heads, write, loud=_has_watcher())
    finally:
        session.close()
    return 0


def _write(
    session: Session, document: Renderer, heads: dict[str, int], write: Write, *, loud: bool
) -> None:
    total, done = sum(heads.values()), 0
    write(document.begin())
    for room, head in heads.items():
        write(document.room(room))
        for item in walk(session, room, 0, head):
            if isinstance(item, Gap):
                write(document.gap(item.first, item.last))
                done += item.last - item.first + 1
            else:
                write(document.record(*item))
                done += 1
            if loud and (done % _TELL_EVERY == 0 or done == total):
                _tell(done, total)
    write(document.end())
    if loud and total:
        sys.stderr.write("\n")


def _to_stdout(run: Run, text: str) -> None:
    if text:
        run.out.data(text.removesuffix("\n").encode())


@contextmanager
def _file(path: Path) -> Iterator[Write]:
    # A device or a pipe is written to as it is: it cannot be replaced.
    in_place = path.exists() and not path.is_file()
    target = path if in_place else path.with_name(f"{path.name}.part")
    try:
        with target.open("w", encoding="utf-8", newline="\n") as file:
            yield file.write  # type: ignore[misc]
        if not in_place:
            target.replace(path)
    except OSError as error:
        words = _("{path} cannot be written: {why}")
        raise Stop(1, words.format(path=path, why=error.strerror or error)) from error
    finally:
        if not in_place:
            target.unlink(missing_ok=True)


def _has_watcher() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _tell(done: int, total: int) -> None:
    words = _("{done} of {total} messages").format(done=number(done), total=number(total))
    sys.stderr.write(f"\r{words}")
    sys.stderr.flush()
