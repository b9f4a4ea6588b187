"""The files that are open for reading: which, how many, and whether they still bear their name."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable

from tuilerie.caches.sqlite.connect import (
    FileIdentity,
    cache_error,
    file_identity,
    is_damage,
    open_reader,
)
from tuilerie.caches.sqlite.schema import RefusedFileError
from tuilerie.catalogue.address import TilesetKey
from tuilerie.errors import CacheError

__all__ = ["Owner", "PathOf", "ReadFile", "ReadFiles"]

Owner = tuple[str, str]
"""Layer and matrix set: whose file it is."""

PathOf = Callable[[str, str], str]
"""From layer and matrix set to the path of their file."""

_CHECK_EVERY_S = 1.0
_REFUSED_FOR_S = 5.0


class ReadFile:
    """An open file. `connection` is used, closed and replaced only by who holds `lock`."""

    __slots__ = (
        "bases",
        "check_at",
        "checked",
        "connection",
        "execute",
        "identity",
        "lock",
        "owner",
        "path",
        "tilesets",
        "used",
    )

    def __init__(
        self,
        path: str,
        owner: tuple[str, str],
        identity: FileIdentity,
        connection: sqlite3.Connection,
    ) -> None:
        self.path = path
        self.owner = owner
        self.identity = identity
        self.connection: sqlite3.Connection | None = connection
        self.execute = connection.execute
        self.lock = threading.Lock()
        self.bases: dict[str, int] = {}
        self.tilesets: set[TilesetKey] = set()
        self.checked = 0.0
        self.check_at = 0.0
        self.used = True


class ReadFiles:
    """At most `max_open` open files.

    The one to close is found by the clock algorithm: a hit costs one attribute instead of a list
    kept in order.

    Args:
        path_of: where a layer's matrix set is kept.
        set_aside: called with path and identity of a damaged file.
        on_close: called, its lock held, with each file that is closed.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        path_of: PathOf,
        *,
        set_aside: Callable[[str, FileIdentity], None],
        on_close: Callable[[ReadFile], None],
        max_open: int,
        mmap_bytes: int,
        clock: Callable[[], float],
    ) -> None:
        self._path_of = path_of
        self._set_aside = set_aside
        self._on_close = on_close
        self._max_open = max_open
        self._mmap_bytes = mmap_bytes
        self._clock = clock
        self._files: dict[Owner, ReadFile] = {}
        self._refused: dict[str, tuple[CacheError, float]] = {}
        self._opening = threading.Lock()

    def __len__(self) -> int:
        return len(self._files)

    def open(self, owner: Owner) -> ReadFile | None:
        """Return the open file, the one that bears the name now; None if there is none.

        Raises: CacheError.
        """
        with self._opening:
            file = self._files.get(owner)
            path = self._path_of(*owner) if file is None else file.path
            now = self._clock()
            identity = file_identity(path)
            if file is not None:
                if file.identity == identity:
                    file.checked, file.check_at = now, now + _CHECK_EVERY_S
                    return file
                self._forget(file)
            if identity is None:
                return None
            self._raise_if_refused(path, now)
            return self._open_new(path, owner, identity, now)

    def close(self, file: ReadFile) -> None:
        """Close one file; the next `open` opens it again."""
        with self._opening:
            self._forget(file)

    def close_all(self) -> None:
        """Close all files; the next `open` opens them again."""
        with self._opening:
            self._close_all()

    def before_fork(self) -> None:
        """Close all files and keep them closed until after the fork."""
        self._opening.acquire()
        self._close_all()

    def after_fork(self) -> None:
        """Let files be opened again."""
        self._opening.release()

    def _open_new(
        self, path: str, owner: tuple[str, str], identity: FileIdentity, now: float
    ) -> ReadFile | None:
        try:
            connection = open_reader(path, *owner, mmap_bytes=self._mmap_bytes)
        except RefusedFileError as error:
            self._refused[path] = (error, now)
            raise
        except sqlite3.Error as error:
            if file_identity(path) != identity:
                return None
            if is_damage(error):
                self._set_aside(path, identity)
                return None
            raise cache_error(error, path) from error
        if connection is None:
            return None
        if file_identity(path) != identity:
            # Replaced while SQLite opened it: it may have met the WAL of the other file.
            connection.close()
            return None
        self._make_room()
        file = ReadFile(path, owner, identity, connection)
        file.checked, file.check_at = now, now + _CHECK_EVERY_S
        self._files[owner] = file
        return file

    def _raise_if_refused(self, path: str, now: float) -> None:
        error, since = self._refused.get(path, (None, 0.0))
        if error is None:
            return
        if since <= now < since + _REFUSED_FOR_S:
            raise error
        del self._refused[path]

    def _make_room(self) -> None:
        while len(self._files) >= self._max_open:
            owner = next(iter(self._files))
            file = self._files.pop(owner)
            if file.used:
                file.used = False
                self._files[owner] = file
            else:
                self._shut(file)

    def _close_all(self) -> None:
        for file in list(self._files.values()):
            self._forget(file)

    def _forget(self, file: ReadFile) -> None:
        if self._files.get(file.owner) is file:
            del self._files[file.owner]
        self._shut(file)

    def _shut(self, file: ReadFile) -> None:
        with file.lock:
            if file.connection is not None:
                file.connection.close()
                file.connection = None
                self._on_close(file)
