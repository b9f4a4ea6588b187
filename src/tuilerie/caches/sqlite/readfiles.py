"""The files that are open for reading: which, how many, and whether they still bear their name.

An open file holds a snapshot: a read transaction, because to begin one costs as much as to read a
tile in it. `check_at` says until when it is good; whoever writes to the file in this process puts
it to zero, and the next reader sees what was written.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any
from weakref import ref

from tuilerie.caches.sqlite.connect import (
    FileIdentity,
    cache_error,
    file_identity,
    is_damage,
    open_reader,
)
from tuilerie.caches.sqlite.schema import RefusedFileError
from tuilerie.caches.sqlite.snapshots import SnapshotWatch
from tuilerie.errors import CacheError

__all__ = ["Owner", "PathOf", "ReadFile", "ReadFiles", "expire"]

Owner = tuple[str, str]
"""Layer and matrix set: whose file it is."""

PathOf = Callable[[str, str], str]
"""From layer and matrix set to the path of their file."""

_RENEW_EVERY_S = 0.1
_REFUSED_FOR_S = 5.0

_all: dict[int, ref[ReadFiles]] = {}


def expire(identity: FileIdentity) -> None:
    """Have every reader of this process take a new snapshot of a file that was written to."""
    # Copied in one step: other threads may be adding.
    for held in list(_all.values()):
        files = held()
        if files is not None:
            files.expire(identity)


def _not_open(*_: Any) -> sqlite3.Cursor:
    raise sqlite3.ProgrammingError("the file is closed")


class ReadFile:
    """An open file. `connection` and `execute` are used and replaced only by who holds `lock`.

    Attributes:
        execute: of the one cursor that all hits use.
        bases: key base by matrix.
        check_at: until when the snapshot is good, seconds since the epoch.
        used: a snapshot was begun since the clock algorithm came by.
    """

    __slots__ = (
        "_begun",
        "bases",
        "check_at",
        "connection",
        "execute",
        "identity",
        "lock",
        "owner",
        "path",
        "used",
    )

    def __init__(
        self,
        path: str,
        owner: tuple[str, str],
        identity: FileIdentity,
        connection: sqlite3.Connection | None,
    ) -> None:
        self.path = path
        self.owner = owner
        self.identity = identity
        self.connection = connection
        self.execute: Callable[..., sqlite3.Cursor] = (
            _not_open if connection is None else connection.cursor().execute
        )
        self.lock = threading.Lock()
        self.bases: dict[str, int] = {}
        self.check_at = 0.0
        self.used = True
        self._begun = 0.0

    def renew(self, connection: sqlite3.Connection, now: float) -> None:
        """Have the next question begin a new snapshot; the caller holds `lock`."""
        # Before the snapshot begins: what is written after this moment puts it to zero again.
        # Should the clock go back, `end_if_older` ends what would now be good for long.
        self.check_at = now + _RENEW_EVERY_S
        self.used = True
        if connection.in_transaction:
            connection.execute("COMMIT")
        connection.execute("BEGIN")
        self._begun = monotonic()

    def end_if_older(self, begun_before: float) -> bool:
        """End the snapshot if it was begun before then (`monotonic`); True = there is none now."""
        with self.lock:
            if self.connection is None:
                return True
            if self._begun >= begun_before:
                return False
            self.check_at = 0.0
            with suppress(sqlite3.Error):  # the next reader meets it too, and knows what to do
                if self.connection.in_transaction:
                    self.connection.execute("COMMIT")
            return True

    def close(self) -> None:
        """Close the connection, if it is open, and with it the snapshot."""
        with self.lock:
            self.check_at = 0.0
            self.execute = _not_open
            if self.connection is not None:
                self.connection.close()
                self.connection = None


class ReadFiles:
    """At most `max_open` open files.

    The one to close is found by the clock algorithm: a hit costs one attribute instead of a list
    kept in order.

    Args:
        path_of: where a layer's matrix set is kept.
        set_aside: called with path and identity of a damaged file.
        clock: seconds since the epoch.

    Attributes:
        watch: to be told of every snapshot that is begun.
    """

    def __init__(
        self,
        path_of: PathOf,
        *,
        set_aside: Callable[[str, FileIdentity], None],
        max_open: int,
        mmap_bytes: int,
        clock: Callable[[], float],
    ) -> None:
        self._path_of = path_of
        self._set_aside = set_aside
        self._max_open = max_open
        self._mmap_bytes = mmap_bytes
        self._clock = clock
        self._files: dict[Owner, ReadFile] = {}
        self._refused: dict[str, tuple[CacheError, float]] = {}
        self._opening = threading.Lock()
        self.watch = SnapshotWatch()
        key = id(self)
        _all[key] = ref(self, lambda _: _all.pop(key, None))

    def __len__(self) -> int:
        return len(self._files)

    def open(self, owner: Owner) -> ReadFile | None:
        """Return the open file, the one that bears the name now; None if there is none.

        Raises: CacheError.
        """
        with self._opening:
            file = self._files.get(owner)
            path = self._path_of(*owner) if file is None else file.path
            identity = file_identity(path)
            if file is not None:
                if file.identity == identity:
                    return file
                self._forget(file)
            if identity is None:
                return None
            now = self._clock()
            self._raise_if_refused(path, now)
            return self._open_new(path, owner, identity, now)

    def expire(self, identity: FileIdentity) -> None:
        """Have the next read of a file that was written to begin a new snapshot."""
        for file in list(self._files.values()):
            if file.identity == identity:
                file.check_at = 0.0

    def close(self, file: ReadFile) -> None:
        """Close one file; the next `open` opens it again."""
        with self._opening:
            self._forget(file)

    def close_all(self) -> None:
        """Close all files; the next `open` opens them again."""
        with self._opening:
            self._close_all()
        self.watch.stop()

    def before_fork(self) -> None:
        """Close all files and keep them closed until after the fork."""
        self._opening.acquire()
        self._close_all()
        self.watch.stop()

    def after_fork(self, *, in_child: bool) -> None:
        """Let files be opened again."""
        if in_child:
            self.watch.after_fork()
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
                file.close()

    def _close_all(self) -> None:
        for file in list(self._files.values()):
            self._forget(file)

    def _forget(self, file: ReadFile) -> None:
        if self._files.get(file.owner) is file:
            del self._files[file.owner]
        file.close()
