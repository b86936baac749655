"""One run of `broker.py doctor`: where its lines go, and the exit status.

Owns the verb's options too, for the table of `broker.py`; what does the work is imported when it is
asked for.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.arguments import Verb, switch
from common.i18n import _


@dataclass(frozen=True)
class Wanted:
    """What the configuration has a broker serve."""

    pull: Sequence[str]
    pub: Sequence[str]
    card: str | None
    lan: bool = False


def verb() -> Verb:
    """The verb and its options, for the table of `broker.py`."""
    return Verb(
        "doctor",
        _("find out why others cannot join, and what to do"),
        (switch("deep", _("check every record of the database too"), env=False),),
        details=_(
            "Works while the server runs and while it does not. As root it also tries the ports"
            " from a network of its own beside this machine. 0: nothing is wrong."
        ),
    )


def run(
    data: Path, wanted: Wanted, *, deep: bool, as_json: bool, env: Mapping[str, str] | None = None
) -> int:
    """Look, tell, and answer the exit status; `data` is the data directory's root."""
    from common.doctor.broker_side import examine
    from common.doctor.phrases_server import WORDING
    from common.doctor.report import Screen, tell
    from common.terminal import wants_colour

    out = sys.stdout
    columns = shutil.get_terminal_size().columns if out.isatty() else 0
    colour = wants_colour(out, os.environ if env is None else env, no_color=False)
    return tell(
        "broker",
        examine(data, wanted, deep=deep),
        lambda line: print(line, flush=True),
        as_json=as_json,
        screen=Screen(columns, colour, out.encoding or "utf-8"),
        wording=WORDING,
    )
