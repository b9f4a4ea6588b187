"""Transactions on files that may be new, damaged, deleted, full or busy."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tuilerie.caches.faults import Faults
from tuilerie.caches.locks import ProcessLocks
from tuilerie.caches.sqlite.connect import (
    FileIdentity,
    cache_error,
    file_identity,
    is_damage,
    open_writer,
    restart_wal,
    set_aside,
    wal_bytes,
)
from tuilerie.caches.sqlite.readfiles import Owner, PathOf, expire
from tuilerie.caches.sqlite.rows import load_bases, new_matrix
from tuilerie.errors import CacheError

__all__ = ["Transactions", "WriteFile"]

_ATTEMPTS = 3

_WAL_MAX_BYTES = 32 * 2**20
_WAL_STEP_BYTES = 16 * 2**20


class WriteFile:
    """An open file and what its connection knows of it."""

    def __init__(
        self, path: str, identity: FileIdentity | None, connection: sqlite3.Connection
    ) -> None:
        self.path = path
        self.identity = identity
        self.connection = connection
        self.bases = load_bases(connection)
        self._restart_from = _WAL_MAX_BYTES

    def bound_wal(self) -> None:
        """Have the WAL written from its beginning again if it has grown too long.

        SQLite does so by itself when a commit finds no reader in it; constant readers would let
        it grow without end. One that does not move on (a backup) is not waited for at each
        commit, but when the WAL has grown by a step.
        """
        size = wal_bytes(self.path)
        if size < self._restart_from:
            return
        done = restart_wal(self.connection)
        self._restart_from = _WAL_MAX_BYTES if done else size + _WAL_STEP_BYTES

    def base(self, matrix: str) -> int:
        """Return a matrix's key base; a new matrix gets one in the transaction under way."""
        base = self.bases.get(matrix)
        if base is None:
            # Another process may have added it since.
            self.bases = load_bases(self.connection)
            base = self.bases.get(matrix)
        if base is None:
            base = self.bases[matrix] = new_matrix(self.connection, matrix)
        return base

    def close(self) -> None:
        """Close the connection; what SQLite could not copy from the WAL stays there."""
        with suppress(sqlite3.Error):
            self.connection.close()


class Transactions:
    """At most `max_open` files open for writing, one transaction at a time.

    Args:
        path_of: where a layer's matrix set is kept.
        locks: keep two processes from making or setting aside a file at the same moment.
        busy_timeout_s: how long to wait for other processes' transactions.
    """

    def __init__(
        self,
        path_of: PathOf,
        *,
        faults: Faults,
        locks: ProcessLocks,
        max_open: int,
        busy_timeout_s: float,
    ) -> None:
        self._path_of = path_of
        self._faults = faults
        self._locks = locks
        self._max_open = max_open
        self._busy_timeout_s = busy_timeout_s
        self._files: dict[Owner, WriteFile] = {}
        self._turn = threading.Lock()

    def __len__(self) -> int:
        return len(self._files)

    def run(self, owner: Owner, work: Callable[[WriteFile], int]) -> int:
        """Do the work in one transaction, again with a new file if the old one is damaged.

        Raises: CacheError: nothing of the work was kept.
        """
        with self._turn:
            return self._run(owner, work)

    def close(self) -> None:
        """Close all files, their WAL copied into them; a later write opens them again."""
        with self._turn:
            self._close_all()

    def before_fork(self) -> None:
        """Wait for the transaction under way, close all files and keep them closed."""
        self._turn.acquire()
        self._close_all()

    def after_fork(self) -> None:
        """Let files be opened again."""
        self._turn.release()

    def set_aside(self, path: str, damaged: FileIdentity) -> None:
        """Put a damaged file out of the way, so that the cache goes on with a new one.

        Raises: CacheError: the directory does not allow it.
        """
        with self._locks.hold_briefly(path):
            aside = set_aside(path, damaged)
        if aside is not None:
            self._faults.note("damaged", f"{path} is damaged; set aside as {aside.name}")

    def _run(self, owner: Owner, work: Callable[[WriteFile], int]) -> int:
        path = self._path_of(*owner)
        for _ in range(_ATTEMPTS):
            try:
                file = self._open(owner, path)
                with _transaction(file.connection):
                    done = work(file)
                if file.identity is not None:
                    expire(file.identity)
                file.bound_wal()
                return done
            except sqlite3.Error as error:
                failure = error
            except BaseException:
                # What the transaction told the file object is undone with the transaction.
                self._forget(owner)
                raise
            damaged = file_identity(path)
            self._forget(owner)
            if not is_damage(failure):
                break
            if damaged is not None:
                self.set_aside(path, damaged)
        raise cache_error(failure, path) from failure

    def _open(self, owner: Owner, path: str) -> WriteFile:
        """Return the open file, the one that bears the name now, made if need be."""
        file = self._files.pop(owner, None)
        if file is not None:
            if file.identity == file_identity(path):
                self._files[owner] = file
                return file
            file.close()
        while len(self._files) >= self._max_open:
            self._forget(next(iter(self._files)))
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CacheError(f"cache directory: {error}") from error
        with self._locks.hold_briefly(path):
            connection = open_writer(path, *owner, busy_timeout_s=self._busy_timeout_s)
            identity = file_identity(path)
        file = WriteFile(path, identity, connection)
        self._files[owner] = file
        return file

    def _forget(self, owner: Owner) -> None:
        file = self._files.pop(owner, None)
        if file is not None:
            file.close()

    def _close_all(self) -> None:
        for owner in list(self._files):
            self._forget(owner)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # After some errors (a full disk) SQLite has rolled back by itself.
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        raise
