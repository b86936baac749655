"""What may be written to a terminal: colour, as its owner wishes. Knows no program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO


def wants_colour(stream: IO[str] | None, env: Mapping[str, str], no_color: bool) -> bool:
    """Whether to colour what goes to `stream`: on a terminal, as NO_COLOR, FORCE_COLOR, TERM say.

    https://no-color.org and https://force-color.org: set and not empty counts; NO_COLOR wins.
    """
    if no_color or env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR"):
        return env["FORCE_COLOR"] != "0"
    return stream is not None and stream.isatty() and env.get("TERM") != "dumb"
