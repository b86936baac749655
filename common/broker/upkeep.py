"""The operator's verbs `backup`, `restore` and `verify`: words, JSON and exit statuses.

Owns what is told of each outcome. What a backup is, and what sound means, is `backup`'s and
`verify`'s to know.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from common import paths
from common.broker import backup, checkup
from common.broker.database import NewerDatabase, StorageError
from common.broker.verify import Summary, summary, verify
from common.explain import explain
from common.i18n import N_, _, number
from common.safe import one_line

FAILED: Final = 1
NOT_PERMITTED: Final = 77

# Labels, since three numbers in one sentence would need the plurals of three.
_HOLDS: Final = N_("rooms: {rooms}, records: {records}, people: {people}, {size} MB")


def run_backup(data: Path, file: str, *, force: bool, as_json: bool) -> int:
    """`broker.py backup FILE`; `data` is the root that holds `broker/`. Answers the exit status."""

    def act() -> int:
        target = Path(file).expanduser().absolute()
        found = backup.backup(_database(data), target, force=force)
        checkup.note_backup(data / "broker", target)
        said = _("{path} is written and checked ({holds})")
        line = said.format(path=target, holds=_holds(found))
        _tell(line, {"type": "backup", "path": str(target), **found._asdict()}, as_json)
        return 0

    return _telling(act, as_json)


def run_restore(data: Path, file: str, *, force: bool, as_json: bool) -> int:
    """`broker.py restore FILE`."""

    def act() -> int:
        source = Path(file).expanduser().absolute()
        found, kept = backup.restore(source, data / "broker", force=force)
        said = _("{path} is restored ({holds}); people will read that history was rolled back")
        line = said.format(path=source, holds=_holds(found))
        if kept is not None:
            line += "\n" + _("What was there before is kept as {path}").format(path=kept)
        told = {"type": "restore", "path": str(source), "kept": str(kept) if kept else None}
        _tell(line, {**told, **found._asdict()}, as_json)
        return 0

    return _telling(act, as_json)


def run_verify(data: Path, file: str | None, *, as_json: bool) -> int:
    """`broker.py verify [FILE]`; without a file, the broker's own database."""

    def act() -> int:
        path = Path(file).expanduser().absolute() if file else _database(data)
        if not path.exists():
            raise backup.Missing(path)
        problems = verify(path)
        for problem in problems:
            _tell(problem, {"type": "problem", "text": problem}, as_json)
        if problems:
            return FAILED
        found = summary(path)
        line = _("{path} is sound ({holds})").format(path=path, holds=_holds(found))
        _tell(line, {"type": "sound", "path": str(path), **found._asdict()}, as_json)
        return 0

    return _telling(act, as_json)


def _database(data: Path) -> Path:
    return data / "broker" / backup.DATABASE


def _holds(found: Summary) -> str:
    return _(_HOLDS).format(
        rooms=number(found.rooms),
        records=number(found.records),
        people=number(found.people),
        size=number(found.bytes / 1_000_000, 1),
    )


def _tell(line: str, fields: dict[str, Any], as_json: bool) -> None:
    print(json.dumps(fields, ensure_ascii=False) if as_json else line)


def _telling(act: Callable[[], int], as_json: bool) -> int:
    """Does something; what stands in the way is told in one line."""
    status = FAILED
    try:
        return act()
    except backup.Missing as fault:
        code, line = "missing", _("there is no file {path}").format(path=fault.path)
    except backup.Exists as fault:
        line = _("{path} exists already; choose another name, or add --force to replace it")
        code, line = "exists", line.format(path=fault.path)
    except backup.SameFile as fault:
        line = _("{path} is the server's own database; choose another file")
        code, line = "same-file", line.format(path=fault.path)
    except backup.Unsound as fault:
        line = _("{path} is damaged ({why}); nothing was changed. See {command}")
        command = f"broker.py verify {fault.path}"
        line = line.format(path=fault.path, why=fault.problems[0], command=command)
        code = "damaged"
    except paths.Locked as fault:
        line = _("a broker serves {path}; stop it first")
        code, line = "locked", line.format(path=fault.path)
    except NewerDatabase as fault:
        code = "newer-database"
        line = explain(code, {"path": str(fault.path)}, str(fault))
    except StorageError as fault:
        code, line = "storage", str(fault)
    except PermissionError as fault:
        line = _("{path} may not be written by this account; choose another place")
        code, line = "not-permitted", line.format(path=fault.filename)
        status = NOT_PERMITTED
    except OSError as fault:
        line = _("{path} cannot be used: {why}")
        code, line = "system", line.format(path=fault.filename, why=fault.strerror)
    if as_json:
        _tell("", {"type": "error", "code": code, "text": line}, as_json=True)
    print(f"broker.py: {one_line(line)}", file=sys.stderr)
    return status
