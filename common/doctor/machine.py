"""This machine's own obstacles: rights on files, room on the disk, file descriptors.

Owns what the system tells of them; changes nothing but one small file that it writes and removes
where it is told to try (`try_to_write`). Must not judge.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import socket
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from common.addresses import EVERYWHERE
from common.endpoints import host_and_port

_TRIED: Final = 64 << 10


@dataclass(frozen=True)
class Rights:
    """Of a file or a directory."""

    path: Path
    exists: bool
    why: str = ""
    """What keeps this account from using it, in the system's words."""
    mode: int = 0
    """Its permissions, where the platform has them."""
    owner: str = ""
    own: bool = True
    """Whether it belongs to this account."""

    @property
    def open_to(self) -> int:
        """The permissions of others, group and world, 0 where they have none."""
        return self.mode & 0o077 if os.name == "posix" else 0

    @property
    def written(self) -> str:
        return f"{self.mode:04o}"


def rights(path: Path, *, write: bool = False, directory: bool = False) -> Rights:
    """Look at the rights on `path`; `directory`: it must be one. Raises nothing."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return Rights(path, exists=False)
    except OSError as error:
        return Rights(path, exists=True, why=error.strerror or str(error))
    if directory and not path.is_dir():
        return Rights(path, exists=True, why=os.strerror(errno.ENOTDIR))
    wanted = os.R_OK | (os.W_OK if write else 0) | (os.X_OK if path.is_dir() else 0)
    why = "" if os.access(path, wanted) else os.strerror(errno.EACCES)
    mode = stat.S_IMODE(found.st_mode)
    if os.name != "posix":
        return Rights(path, exists=True, why=why)
    own = found.st_uid == os.geteuid()
    return Rights(path, True, why, mode, account(found.st_uid), own)


def account(uid: int) -> str:
    """The name of an account, or its number."""
    try:
        import pwd

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        return str(uid)


def try_to_write(directory: Path) -> OSError | None:
    """Write a small file, have it synced, and remove it: what free space and rights promise may
    not hold (a quota, a read-only file system, a failing disk). Answers what went wrong."""
    path = directory / f".doctor-{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(bytes(_TRIED))
                file.flush()
                os.fsync(file.fileno())
        finally:
            with contextlib.suppress(OSError):
                path.unlink()
    except OSError as error:
        return error
    return None


def nearest(path: Path) -> Path:
    """`path`, or the directory above it that exists."""
    here = path
    while not here.exists() and here != here.parent:
        here = here.parent
    return here


def free_space(path: Path) -> int | None:
    """Bytes that this account may still write where `path` is; None where nobody tells."""
    try:
        return shutil.disk_usage(nearest(path)).free
    except OSError:
        return None


def free_names(path: Path) -> int | None:
    """Files that may still be made there (inodes); None where there is no such limit."""
    try:
        found = os.statvfs(nearest(path))
    except (OSError, AttributeError):
        return None
    return found.f_favail if found.f_files else None


def descriptors() -> tuple[int, int] | None:
    """How many files this process may have open, and has; None where the platform has no limit."""
    try:
        import resource
    except ImportError:
        return None
    limit, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if limit == resource.RLIM_INFINITY else (limit, open_files("self"))


def open_files(process: int | str) -> int:
    """How many files a process has open; 0 where nobody tells (another account's, not Linux)."""
    for place in (f"/proc/{process}/fd", "/dev/fd" if process == "self" else ""):
        with contextlib.suppress(OSError):
            if place:
                return sum(1 for _one in Path(place).iterdir())
    return 0


def limit_of(process: int) -> int | None:
    """How many files a process may have open (Linux)."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{process}/limits").read_text("ascii").splitlines():
            if line.startswith("Max open files"):
                return int(line.split()[3])
    return None


def lock_holder(lock: Path) -> int | None:
    """The process that holds the lock on a file, 0 where nobody tells which one; None for nobody.

    Takes no lock where the system tells (Linux): whoever starts meanwhile would find it taken.
    """
    try:
        inode = lock.stat().st_ino
        table = Path("/proc/locks").read_text("ascii")
    except FileNotFoundError:
        return _try_lock(lock) if lock.exists() else None
    except (OSError, ValueError):
        return None
    for line in table.splitlines():
        words = line.split()
        if len(words) >= 6 and words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(inode):
            return max(0, int(words[4]))
    return None


def knows_locks() -> bool:
    """Whether `lock_holder` knows that nobody holds a lock."""
    return Path("/proc/locks").exists()


def _try_lock(lock: Path) -> int | None:
    try:
        import fcntl
    except ImportError:
        return None
    with contextlib.suppress(OSError), lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
    return None


def cannot_bind(zmq_address: str) -> OSError | None:
    """What would keep a TCP port from being served; nothing is served to find out."""
    place = host_and_port(zmq_address)
    if place is None:
        return None
    host = "" if place[0] in EVERYWHERE else place[0]
    try:
        family, _kind, _protocol, _name, where = socket.getaddrinfo(
            host or None, place[1], type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, socket.SOCK_STREAM) as made:
            if os.name == "posix":  # as libzmq does: what was closed a moment ago is free
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(where)
    except OSError as error:
        return error
    return None


def shares_network(process: int) -> bool:
    """Whether a process lives in this one's network, and not in a container's."""
    try:
        return _network(process) == _network("self")
    except OSError:
        return True


def _network(process: int | str) -> str:
    return str(Path(f"/proc/{process}/ns/net").readlink())


def started_with(process: int, word: str) -> bool:
    """Whether a word stands on a process's command line, as far as that is told."""
    with contextlib.suppress(OSError):
        return word.encode() in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    return False
