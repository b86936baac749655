"""What the window remembers between its runs: `DATA/client/window.json`, for its owner alone.

Owns the file and its shape. A file that is damaged, or of a newer version, is put aside and never
keeps the window from opening. Must not know a widget.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from common import paths

_LOG = logging.getLogger(__name__)

_VERSION: Final = 1
MOST_SERVERS: Final = 12

Percent = Annotated[int, msgspec.Meta(ge=80, le=200)]


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A server that this person was on, the last one first."""

    server: str
    """As `--server` reads it: HOST:PORT or a join link; "" is the one of this machine."""
    name: str = ""
    nick: str = ""


class Remembered(msgspec.Struct, kw_only=True):
    """What was chosen. Changed in place; `Keeper.save` writes it."""

    version: int = _VERSION
    servers: list[Known] = msgspec.field(default_factory=list)
    nick: str = ""
    at_once: bool = False
    """Connect to the last server without asking."""
    theme: Literal["system", "light", "dark"] = "system"
    text_size: Percent = 100
    lang: Literal["", "en", "fr"] = ""
    geometry: str = ""
    """Of the window, as Tk writes it."""
    folded: list[str] = msgspec.field(default_factory=list)
    """Names of the panes of the chat that are folded away."""
    notify: bool = True
    sound: bool = True

    @property
    def last(self) -> Known | None:
        """The server that this person was on last."""
        return self.servers[0] if self.servers else None

    def was_on(self, known: Known) -> None:
        """Put a server first among those known."""
        others = [one for one in self.servers if one.server != known.server]
        self.servers = [known, *others][:MOST_SERVERS]
        self.nick = known.nick


class Keeper:
    """Reads and writes the file of one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "client" / "window.json"
        self.damaged: Path | None = None
        """Where a file that could not be read was put aside; it is told once."""
        self.remembered = self._read()
        self._written = msgspec.json.encode(self.remembered)

    def save(self) -> None:
        """Write what changed. A disk that refuses is logged: nothing here is worth a question."""
        data = msgspec.json.encode(self.remembered)
        if data == self._written:
            return
        try:
            paths.write_private(self.path, msgspec.json.format(data) + b"\n")
        except OSError as error:
            _LOG.warning("%s could not be written: %s", self.path, error)
        else:
            self._written = data

    def _read(self) -> Remembered:
        try:
            found = msgspec.json.decode(self.path.read_bytes(), type=Remembered)
            if found.version != _VERSION:
                raise msgspec.ValidationError(f"version {found.version}")
        except FileNotFoundError:
            pass
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            _LOG.warning("%s is put aside: %s", self.path, error)
            self._put_aside()
        except OSError as error:
            _LOG.warning("%s could not be read: %s", self.path, error)
        else:
            return found
        return Remembered()

    def _put_aside(self) -> None:
        aside = self.path.with_suffix(".damaged.json")
        try:
            self.path.replace(aside)
        except OSError as error:
            _LOG.warning("%s stays where it is: %s", self.path, error)
        else:
            self.damaged = aside
