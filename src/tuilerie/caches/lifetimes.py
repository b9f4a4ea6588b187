"""Until when stored tiles are good, where the server that they come from says so.

Beside the caches, not in them: a tile that was found unchanged is good for longer without being
written again, and any kind of cache will do. What is lost here costs a question to a remote or
leaves a tile as old as its layer lets it become, never an answer: so nothing is synced, and
faults are misses.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

from tuilerie.catalogue.address import TileAddress

__all__ = ["Life", "Lifetimes"]

_WAITS_S: Final = 0.05
"""For another process that writes; it is waited for on the event loop."""
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS life (key BLOB PRIMARY KEY, tile TEXT NOT NULL,"
    " until REAL NOT NULL, since REAL NOT NULL, etag TEXT NOT NULL, modified REAL) WITHOUT ROWID"
)

_FIND: Final = "SELECT tile, until, since, etag, modified FROM life WHERE key = ?"
_PUT: Final = "INSERT OR REPLACE INTO life VALUES (?, ?, ?, ?, ?, ?)"


class Life(NamedTuple):
    """What a remote said of a tile's age; times are seconds since the epoch.

    Attributes:
        until: when it is to be asked again.
        since: when it said so; where that is not before `until`, each use wants a question.
        etag, modified: of the remote's tile, for conditional requests; "" and None = not said,
            or the tile is not the remote's own.
    """

    until: float
    since: float
    etag: str = ""
    modified: float | None = None


class Lifetimes:
    """The lives of all stored tiles of a data directory, shared by its processes.

    Args:
        path: an SQLite file, made when the first life is put down.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._process = 0

    def get(self, address: TileAddress, etag: str) -> Life | None:
        """Return the life of a stored tile; None if nothing is known, or of another tile only.

        Args:
            etag: of the stored tile, as the cache has it.
        """
        connection = self._opened(make=False)
        if connection is None:
            return None
        try:
            found = connection.execute(_FIND, (_key(address),)).fetchone()
        except sqlite3.Error:
            return None
        return Life(*found[1:]) if found is not None and found[0] == etag else None

    def put(self, lives: Iterable[tuple[TileAddress, str, Life]]) -> None:
        """Keep the lives of stored tiles: address, the stored tile's ETag, life."""
        rows = [(_key(address), etag, *life) for address, etag, life in lives]
        connection = self._opened(make=True) if rows else None
        if connection is None:
            return
        try:
            with connection:
                connection.executemany(_PUT, rows)
        except sqlite3.Error:
            return

    def close(self) -> None:
        """Close the file; idempotent."""
        if self._connection is not None and self._process == os.getpid():
            self._connection.close()
        self._connection = None

    def _opened(self, *, make: bool) -> sqlite3.Connection | None:
        if self._connection is not None and self._process == os.getpid():
            return self._connection
        if not make and not self._path.exists():
            return None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=_WAITS_S, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(_SCHEMA)
        except (sqlite3.Error, OSError):
            return None
        self._connection, self._process = connection, os.getpid()
        return connection


def _key(address: TileAddress) -> bytes:
    layer, style, image_format, matrix_set, index, dimensions = address
    text = repr((layer, style, image_format.extension, matrix_set, tuple(index), dimensions))
    return blake2b(text.encode(), digest_size=16).digest()
