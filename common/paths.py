"""Where Causette's files live, and the only ways in which they are written.

Owns: the data directory, the configuration file's place, private directories and files, file names
made from what people type, and locks between processes. Must not know what the files say.

Everything written here is for its owner alone: directories 0700, files 0600 on POSIX. On Windows
the user's profile directory is already private, and the modes mean nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import sys
import unicodedata
from pathlib import Path
from types import TracebackType
from typing import Self

import platformdirs

_APPLICATION = "causette"
_PLAIN_STEM = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file : devices, with any extension.
_DEVICE = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")


class Locked(Exception):
    """Another program holds the lock on `path`."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is in use by another program")
        self.path = path


def data_dir(option: str | None = None) -> Path:
    """Return the root that holds ``broker/`` and ``client/``; creates nothing.

    `option` is what ``--data-dir`` said (``~`` is expanded); without it, the platform's place
    for a user's data (``~/.local/share/causette`` on Linux).
    """
    if option:
        return Path(option).expanduser().absolute()
    return Path(platformdirs.user_data_dir(_APPLICATION, appauthor=False))


def config_file() -> Path:
    """Return the place of the configuration file, which need not exist."""
    return Path(platformdirs.user_config_dir(_APPLICATION, appauthor=False)) / "config.toml"


def safe_stem(text: str) -> str:
    """Return a file name stem for `text` that no file system and no shell trips over.

    A short ASCII name stays itself, in lower case (file systems that ignore case would mix the
    two up). Anything else, such as accents, ``../``, ``CON`` or 300 bytes, becomes a readable slug
    and the first 8 hexadecimal digits of the SHA-256 of the whole, so that two texts never share
    a file.
    """
    folded = unicodedata.normalize("NFC", text).casefold()
    if _PLAIN_STEM.fullmatch(folded) and not _DEVICE.fullmatch(folded):
        return folded
    ascii_only = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")[:24].strip("-") or "name"
    digest = hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{slug}-{digest}"


def private_dir(path: Path) -> Path:
    """Make `path` and what is missing above it, mode 0700, and return it.

    A directory that exists already keeps its mode. Raises OSError.
    """
    missing = []
    here = path
    while not here.exists():
        missing.append(here)
        here = here.parent
    for directory in reversed(missing):
        # Path.mkdir(parents=True) gives the mode to the last one only.
        directory.mkdir(mode=0o700, exist_ok=True)
    if not path.is_dir():
        raise NotADirectoryError(20, "not a directory", str(path))
    return path


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` by `data`, mode 0600: after a crash it holds the old bytes or the new ones.

    The directory is made where it is missing. Raises OSError; then nothing has changed.
    """
    temporary = _write_temporary(path, data)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def create_private(path: Path, data: bytes) -> bool:
    """Create `path` with `data`, mode 0600, unless it exists; tell whether this call did it.

    Of several programs that try at once exactly one gets True, and nobody ever reads a part of
    the file. Raises OSError.
    """
    temporary = _write_temporary(path, data)
    try:
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            return False
        except OSError:
            # A file system without hard links (FAT, some network shares): here a reader might
            # see an empty file for a moment, which it reports as damaged.
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
            except FileExistsError:
                return False
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
    finally:
        temporary.unlink(missing_ok=True)
    sync_directory(path.parent)
    return True


_BINARY = getattr(os, "O_BINARY", 0)


def _write_temporary(path: Path, data: bytes) -> Path:
    private_dir(path.parent)
    temporary = path.parent / f".{path.name}.{secrets.token_hex(6)}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def sync_directory(directory: Path) -> None:
    """Make a rename durable; a platform that cannot open a directory (Windows) needs none."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class FileLock:
    """An exclusive lock among processes, and among objects of one process, on one file.

    The system releases it when its holder dies, however it dies; the file itself stays, for to
    remove it would let two programs hold locks on two files of the same name.
    """

    def __init__(self, file: Path, *, subject: Path | None = None, wait: bool = False) -> None:
        """Take the lock on `file`, made with its directory where missing.

        Raises Locked(`subject`, by default `file`) where another holds it, unless `wait`, which
        blocks until it is free (on Windows for about 10 s); raises OSError.
        """
        self.path = subject or file
        private_dir(file.parent)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor, wait)
        except BlockingIOError:
            os.close(descriptor)
            raise Locked(self.path) from None
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let it go; a second call does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


class DirectoryLock(FileLock):
    """The lock on a whole directory: one broker for a data directory. Raises Locked(directory)."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory / ".lock", subject=directory)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, wait: bool) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error

else:
    import fcntl

    def _lock(descriptor: int, wait: bool) -> None:
        # flock, not lockf: a POSIX record lock is lost when the process closes *any* descriptor
        # of the file, and does not exclude a second holder in the same process.
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
