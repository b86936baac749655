"""`client_cli.py doctor`: what stands between this machine and a server, from the near to the far.

Owns the order of the looks, by which the first thing that is wrong is the cause of the rest. Judges
nothing (`judging`) and says nothing (`phrases`). It does what joining does, and less: it is
invisible, enters no room, says nothing, pins no key and uses up no invitation. The identity's key
is made where a server is there and the nickname has none yet.
"""

from __future__ import annotations

import time
from typing import Final

from common import paths
from common.client.joining import CannotJoin, given, nickname_of
from common.client.target import NotRunning
from common.doctor import client_near, client_talk, client_way
from common.doctor.case import Case
from common.doctor.findings import Finding
from common.doctor.runner import Findings, look
from common.settings import Settings

TIMEOUT: Final = 10.0
"""Seconds for all that a server must answer."""


def examine(settings: Settings, timeout: float = TIMEOUT) -> Findings:
    """Look at one thing after the other. Raises BadSetting for what was typed or configured
    wrongly, before the first finding."""
    nick, fallback = nickname_of(settings)
    data_dir = paths.data_dir(settings.text("data-dir"))
    case = Case(settings, nick, fallback, data_dir, time.monotonic() + timeout)
    trouble: Finding | None = None
    try:
        case.target = given(settings, data_dir)
    except NotRunning:
        case.target = None
    except CannotJoin as error:
        trouble = Finding("server", error.code, "wrong", "", error.values, error.status)
    return _looks(case, trouble)


def _looks(case: Case, trouble: Finding | None) -> Findings:
    near = (client_near.data, client_near.disk, client_near.files, client_near.identity)
    yield from look(near, case)
    if case.over:
        return
    if trouble is not None:
        yield trouble
        return
    way = (client_way.server, client_way.networks, client_way.name, client_way.ports)
    talk = (client_talk.program, client_talk.card, client_talk.key, client_talk.session)
    yield from look((*way, *talk, client_talk.discovery), case)
