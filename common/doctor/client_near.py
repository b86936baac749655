"""What of this machine may keep a person out: files, room, descriptors, the identity's key.

Owns those looks of `client_side`.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any, Final

from common import keys
from common.client.joining import disk_trouble
from common.doctor import judging, machine
from common.doctor.case import Case
from common.doctor.findings import Finding
from common.doctor.judging import BAD_CONFIGURATION, NOT_PERMITTED
from common.doctor.runner import Findings

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def data(case: Case) -> Findings:
    here = case.client_dir
    found = machine.rights(here, write=True, directory=True)
    if not found.exists:
        above = machine.nearest(here)
        why = machine.rights(above, write=True, directory=True).why
        if why:
            yield _unusable("data", here, why)
        else:
            yield Finding("data", "data-new", "ok", "", {"path": str(here)})
        return
    if found.why:
        yield _unusable("data", here, found.why)
        return
    loose = False
    for directory in (here, here / "keys", here / "profiles"):
        rights = machine.rights(directory)
        if rights.exists and rights.open_to:
            loose = True
            values = {"path": str(directory), "mode": rights.written}
            yield Finding("data", "data-loose", "warning", "", values)
    if not loose:
        yield Finding("data", "data-ok", "ok", "", {"path": str(here)})


def _unusable(check: str, path: Path, why: str) -> Finding:
    values = {"path": str(path), "why": why}
    return Finding(check, "data-dir", "wrong", "", values, NOT_PERMITTED)


def disk(case: Case) -> Findings:
    here = case.client_dir
    full = False
    if here.is_dir() and not machine.rights(here, write=True).why:
        error = machine.try_to_write(here)
        full = error is not None and error.errno in _FULL
        if error is not None and not full:
            trouble = disk_trouble(here, error)
            values = {**trouble.values, "why": error.strerror or str(error)}
            yield Finding("disk", trouble.code, "wrong", "", values, trouble.status)
            return
    free, names = machine.free_space(here), machine.free_names(here)
    finding = judging.disk("disk", str(here), free, names, full)
    if finding is not None:
        yield finding


def files(case: Case) -> Findings:
    from common.runtime import raise_descriptor_limit

    raise_descriptor_limit()  # as every client does
    counted = machine.descriptors()
    if counted is not None:
        finding = judging.files(*counted)
        case.over = finding.level == "wrong"  # libzmq would end the whole process
        yield finding


def identity(case: Case) -> Findings:
    path = case.key_path
    rights = machine.rights(path)
    values: dict[str, Any] = {"path": str(path), "nick": case.nick}
    if not rights.exists:
        case.key_wrong = bool(machine.rights(machine.nearest(path), write=True).why)
        yield Finding("identity", "identity-new", "ok", "", values)
        return
    if not rights.why and rights.open_to:
        case.key_wrong = True
        values["mode"] = rights.written
        yield Finding("identity", "key-file", "wrong", "loose", values, BAD_CONFIGURATION)
        return
    try:
        pair = keys.load(path)
    except (keys.BadKeyFile, OSError) as error:
        case.key_wrong = True
        why = error.why if isinstance(error, keys.BadKeyFile) else error.strerror or str(error)
        values["why"] = why
        yield Finding("identity", "key-file", "wrong", "", values, BAD_CONFIGURATION)
        return
    values["key"] = keys.fingerprint(pair.public)
    yield Finding("identity", "identity-ok", "ok", "", values)
