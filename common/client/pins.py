"""The keys of brokers that were trusted once: `known.json`, as ssh's known_hosts.

Owns: the file and the verdict. Must not ask anybody: whether an unknown key is taken is for a
person to say, or for `--trust-first`. Needs no network.

The file is JSON: `{"version": 1, "brokers": {"host:port": {"key": ..., "first_seen": "2026-11-20",
"name": ...}}}`; `key` is null for a broker that was without encryption.
"""

from __future__ import annotations

import datetime
import enum
from pathlib import Path

import msgspec

from common import keys, paths

_VERSION = 1


class BadPins(Exception):
    """The file cannot be used; nothing is trusted, rather than everything."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


class Trust(enum.StrEnum):
    """What is known of a broker's key."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    CHANGED = "changed"


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """One broker, as it was when it was trusted."""

    key: str | None
    first_seen: str
    """A day, `2026-11-20`."""
    name: str = ""


class _File(msgspec.Struct, kw_only=True):
    version: int
    brokers: dict[str, Pin]


class Pins:
    """The pinned brokers of one data directory; labels are `Target.label`, `host:port`.

    Each call reads the file again, so that several programs may share it.
    """

    def __init__(self, path: Path) -> None:
        """Use the file at `path`, which is made by the first pin."""
        self._path = path

    @classmethod
    def of(cls, data_dir: Path) -> Pins:
        """Return the pins of a data directory."""
        return cls(data_dir / "client" / "known.json")

    def check(self, label: str, key: str | None) -> Trust:
        """Compare the `key` that a broker shows (None: it does not encrypt) with the pinned one.

        A broker that had a key and now has none is "changed": somebody may stand between. One that
        had none and now has a key is "unknown". Raises BadPins, OSError.
        """
        pin = self.get(label)
        if pin is None or (pin.key is None and key is not None):
            return Trust.UNKNOWN
        if key is not None:
            key = key.lower()
        return Trust.KNOWN if pin.key == key else Trust.CHANGED

    def get(self, label: str) -> Pin | None:
        """Return what is pinned under `label`. Raises BadPins, OSError."""
        return self._read().get(label)

    def all(self) -> dict[str, Pin]:
        """Return every pin by its label. Raises BadPins, OSError."""
        return self._read()

    def pin(self, label: str, key: str | None, name: str, today: datetime.date) -> None:
        """Trust `key` from now on, in place of any other. Raises ValueError, BadPins, OSError."""
        if key is not None:
            key = keys.to_raw(key).hex()
        self._change(label, Pin(key=key, first_seen=today.isoformat(), name=name))

    def forget(self, label: str) -> None:
        """Trust nothing under `label` any more. Raises BadPins, OSError."""
        self._change(label, None)

    def _change(self, label: str, pin: Pin | None) -> None:
        lock = self._path.with_name(f".{self._path.name}.lock")
        with paths.FileLock(lock, wait=True):
            brokers = self._read()
            brokers.pop(label, None)
            if pin is not None:
                brokers[label] = pin
            content = msgspec.json.encode(_File(version=_VERSION, brokers=brokers))
            paths.write_private(self._path, msgspec.json.format(content, indent=2) + b"\n")

    def _read(self) -> dict[str, Pin]:
        try:
            content = msgspec.json.decode(self._path.read_bytes(), type=_File)
        except FileNotFoundError:
            return {}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            why = f"damaged ({error}): restore it, or move it away and confirm each key again"
            raise BadPins(self._path, why) from error
        if content.version != _VERSION:
            raise BadPins(self._path, "written by a newer version of Causette: update this program")
        for label, pin in content.brokers.items():
            if pin.key is not None and not keys.is_key(pin.key):
                raise BadPins(self._path, f"damaged (the key of {label} is no key): restore it")
        return content.brokers
