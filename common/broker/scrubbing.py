"""Takes the copies of moved rows out of the unused middle of the log's pages.

SQLite's `secure_delete` overwrites a row where it lay last. Where a page was split before, what lay
below its rows stays between them and the page's index, until that room is needed (measured with
SQLite 3.40.1: of 10,785 texts that were deleted from five rooms that had grown side by side, 38
could still be read there). A row that grows until its page is full, and shrinks again, leaves zeros
there.

Owns what a page of a table looks like: https://www.sqlite.org/fileformat2.html, section 1.6. Reads
the file beside SQLite, and writes through SQLite alone. Must not know what a record is, nor when
this is worth while.
"""

import io
import sqlite3
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

_LEAF: Final = 13
_INNER: Final = 5
_MARGIN: Final = 8
"""Bytes in which SQLite leaves the size of what it freed last, and to which a row may not come
nearer, since its own length is written in one byte or in two."""
_MARGIN_OF_ONE: Final = 30
"""The same in a page of a single row, which cannot grow over all of it: where the index of a page
with more rows is."""
PAGES: Final = 16
"""Pages that are rewritten in one transaction: about 5 ms, and 256 kB of WAL."""

_BODY: Final = "SELECT body FROM log WHERE id = ?"
_WRITE: Final = "UPDATE log SET body = ? WHERE id = ?"
_GROW: Final = "UPDATE log SET body = zeroblob(?) WHERE id = ?"


class _Cell(NamedTuple):
    id: int
    payload: int
    """Bytes of the row, those on overflow pages included."""
    size: int
    """Bytes of the cell on its page."""


class _Dirty(NamedTuple):
    cell: _Cell
    """The smallest row of the page."""
    free: int
    """Bytes that no row of the page takes."""


class Scrubber:
    """See the module. For the writing connection's thread, outside transactions, while the WAL is
    empty or wholly moved into the file. Methods raise sqlite3.Error, OSError."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Close the connection before this: to close a file drops SQLite's locks on it."""
        self._path = path
        self._connection = connection
        self._file: io.FileIO | None = None
        self._leaves: Iterator[int] | None = None
        self._page_size = 0
        self._usable = 0

    def begin(self) -> None:
        """The next `step` is the first."""
        self._leaves = None

    def step(self, seconds: float) -> bool:
        """Goes on for about so long; tells whether all pages have been seen to since `begin`."""
        if self._leaves is None:
            self._leaves = self._all_leaves()
        until = time.perf_counter() + seconds
        dirty = []
        done = True
        for number in self._leaves:
            found = self._look(self._read(number))
            if found is not None:
                dirty.append(found)
            if len(dirty) == PAGES or time.perf_counter() > until:
                done = False
                break
        if dirty:
            self._clean(dirty)
        return done

    def close(self) -> None:
        """See `__init__`."""
        if self._file is not None:
            self._file.close()

    def _all_leaves(self) -> Iterator[int]:
        """The pages of the log that hold rows, in order."""
        (self._page_size,) = self._connection.execute("PRAGMA page_size").fetchone()
        self._usable = self._page_size - self._read(1)[20]
        query = "SELECT rootpage FROM sqlite_schema WHERE name = 'log'"
        yield from self._below(self._connection.execute(query).fetchone()[0])

    def _below(self, number: int) -> Iterator[int]:
        page = self._read(number)
        if page[:1] == bytes([_LEAF]):
            yield number
        elif page[:1] == bytes([_INNER]):
            for at in _pointers(page, 12):
                yield from self._below(_integer(page, at, 4))
            yield from self._below(_integer(page, 8, 4))

    def _read(self, number: int) -> bytes:
        if self._file is None:
            self._file = io.FileIO(self._path)
        self._file.seek((number - 1) * self._page_size)
        return self._file.read(self._page_size)

    def _look(self, page: bytes) -> _Dirty | None:
        """What is to be done about a page; None where nothing is."""
        if len(page) < self._page_size or page[0] != _LEAF:
            return None  # the tree has changed since it was read
        cells = _pointers(page, 8)
        low = 8 + 2 * len(cells)
        high = _integer(page, 5, 2) or 65_536
        margin = _MARGIN if len(cells) > 1 else _MARGIN_OF_ONE
        unused = page[low + margin : high]
        if not cells or unused == bytes(len(unused)):
            return None
        free = high - low + page[7]
        block = _integer(page, 1, 2)
        while block:
            free += _integer(page, block + 2, 2)
            block = _integer(page, block, 2)
        smallest = min((self._cell(page, at) for at in cells), key=lambda cell: cell.size)
        return _Dirty(smallest, free)

    def _cell(self, page: bytes, at: int) -> _Cell:
        payload, start = _varint(page, at)
        id, start = _varint(page, start)
        local = payload
        if payload > self._usable - 35:
            least = (self._usable - 12) * 32 // 255 - 23
            local = least + (payload - least) % (self._usable - 4)
            local = (local if local <= self._usable - 35 else least) + 4
        return _Cell(id, payload, start - at + local)

    def _clean(self, pages: list[_Dirty]) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            for cell, free in pages:
                row = execute(_BODY, (cell.id,)).fetchone()
                if row is None:
                    continue  # the tree has changed since it was read
                execute(_GROW, (self._length(cell, len(row[0]), cell.size + free), cell.id))
                execute(_WRITE, (row[0], cell.id))
            execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise

    def _length(self, cell: _Cell, body: int, room: int) -> int:
        """The length of body with which a row, now with one of `body` bytes, takes `room` bytes of
        its page, or as many as it can."""
        rest = cell.payload - body - _width(12 + 2 * body)
        length = room
        while True:
            payload = rest + length + _width(12 + 2 * length)
            excess = max(
                _width(payload) + _width(cell.id) + payload - room, payload - (self._usable - 35)
            )
            if excess <= 0:
                return length
            length -= excess


def _integer(page: bytes, at: int, size: int) -> int:
    return int.from_bytes(page[at : at + size], "big")


def _pointers(page: bytes, at: int) -> list[int]:
    """Where the cells of a page are; `at` is the size of its header."""
    count = _integer(page, 3, 2)
    return list(struct.unpack_from(f">{count}H", page, at))


def _varint(page: bytes, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    value = 0
    for place in range(at, at + 8):
        value = value << 7 | page[place] & 0x7F
        if page[place] < 0x80:
            return value, place + 1
    return value << 8 | page[at + 8], at + 9


def _width(value: int) -> int:
    """Bytes of a number's varint."""
    return min(max((value.bit_length() + 6) // 7, 1), 9)
