"""Opening cache files: what is ours, what is damaged, what is another's, what SQLite meant.

A file of this process is never opened but by SQLite: closing any other descriptor of it would
drop the locks that SQLite holds (POSIX locks belong to the process and the file).
"""

# Paths are text here, as SQLite's are.
# ruff: noqa: PTH105, PTH110, PTH116

from __future__ import annotations

import errno
import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from tuilerie.caches.sqlite.schema import create_schema, is_empty, verify_schema
from tuilerie.errors import CacheError

__all__ = [
    "FileIdentity",
    "cache_error",
    "file_identity",
    "is_damage",
    "open_reader",
    "open_writer",
    "restart_wal",
    "set_aside",
    "wal_bytes",
]

FileIdentity = tuple[int, int]
"""Device and inode: tells a file from one that took its name."""

_PAGE_BYTES = 8192
"""A tile of common size takes two pages, not three or four."""

_WAL_BYTES = 16 * 2**20
_READER_WAITS_S = 0.1
_RESTART_WAITS_MS = 50
_RESTART_ATTEMPTS = 12
"""In all longer than any snapshot of ours lasts, used or not."""

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SENTENCES = {
    sqlite3.SQLITE_FULL: "no space left for {path}",
    sqlite3.SQLITE_READONLY: "{path} is read-only",
    sqlite3.SQLITE_CANTOPEN: "{path} cannot be opened",
    sqlite3.SQLITE_IOERR: "{path} cannot be read or written",
    sqlite3.SQLITE_BUSY: "{path} is kept busy by another process",
    sqlite3.SQLITE_PERM: "no permission for {path}",
}

_NUMBERS = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_PERM: errno.EACCES,
}
_VAGUE = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR})


def file_identity(path: str) -> FileIdentity | None:
    """Return which file bears the name now, or None if none does.

    Raises: CacheError: the directory cannot be searched.
    """
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CacheError(f"{path}: {error.strerror}") from error
    return found.st_dev, found.st_ino


def open_reader(
    path: str, layer: str, matrix_set: str, *, mmap_bytes: int
) -> sqlite3.Connection | None:
    """Open a file for reading only, or return None if nothing is in it yet.

    Raises:
        sqlite3.Error: see `is_damage` and `cache_error`.
        RefusedFileError: the file is another's.
    """
    connection = _connect_reader(path)
    try:
        if is_empty(connection):
            connection.close()
            return None
        verify_schema(connection, path, layer, matrix_set)
        connection.execute(f"PRAGMA mmap_size = {mmap_bytes}")
        connection.execute("PRAGMA cache_size = -512")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_reader(path: str) -> sqlite3.Connection:
    try:
        return _connect(path, "mode=ro", timeout_s=_READER_WAITS_S)
    except sqlite3.OperationalError as error:
        # A read-only directory has no room for the shared memory of a WAL. Without a WAL
        # nothing is missing from the file itself, and it may be read as it is.
        if _primary(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
        if not _is_readable_alone(path):
            raise
    return _connect(path, "mode=ro&immutable=1", timeout_s=_READER_WAITS_S)


def _is_readable_alone(path: str) -> bool:
    wal = Path(f"{path}-wal")
    return os.access(path, os.R_OK) and not (wal.exists() and wal.stat().st_size)


def open_writer(
    path: str, layer: str, matrix_set: str, *, busy_timeout_s: float
) -> sqlite3.Connection:
    """Open a file for writing, made if it is not there or empty.

    The caller keeps other processes from doing the same at the same moment.

    Raises: as `open_reader`.
    """
    connection = _connect(path, "mode=rwc", timeout_s=busy_timeout_s)
    try:
        # A power cut may cost the latest tiles and never the file: the WAL is synced before
        # it is copied into the file.
        connection.execute("PRAGMA synchronous = NORMAL")
        if is_empty(connection):
            connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            create_schema(connection, layer, matrix_set)
            connection.execute("COMMIT")
        else:
            verify_schema(connection, path, layer, matrix_set)
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("PRAGMA cache_size = -4096")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_BYTES // _PAGE_BYTES}")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def wal_bytes(path: str) -> int:
    """Return the size of a file's WAL; 0 if there is none."""
    try:
        return os.stat(f"{path}-wal").st_size
    except OSError:
        return 0


def restart_wal(connection: sqlite3.Connection) -> bool:
    """Copy the WAL into the file and have the next writer begin it anew; tell whether it will.

    Waits a moment for readers to move on; writers wait for us. Nothing is lost if it fails.
    """
    [before] = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {_RESTART_WAITS_MS}")
    try:
        # Many short attempts: one attempt waits for the place in which it found a reader, and a
        # reader that moves on takes the same place again.
        return any(_restarted(connection) for _ in range(_RESTART_ATTEMPTS))
    except sqlite3.Error:
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {before}")


def _restarted(connection: sqlite3.Connection) -> bool:
    [busy, *_] = connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
    return not busy


def _connect(path: str, mode: str, *, timeout_s: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{Path(path).absolute().as_uri()}?{mode}",
        uri=True,
        timeout=timeout_s,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        # SQLite opens nothing before it is asked something.
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def set_aside(path: str, damaged: FileIdentity) -> Path | None:
    """Rename a damaged file and its WAL out of the way; return the new name.

    Returns None if another process has done so already. The caller holds the file's lock, so
    that nobody makes a new file while the old WAL still bears the name. The WAL goes second:
    if we die between, SQLite throws away a WAL that stands beside an empty file.

    Raises: CacheError: the directory does not allow it.
    """
    if file_identity(path) != damaged:
        return None
    aside = Path(f"{path}.damaged-{int(time.time())}-{damaged[1]}")
    try:
        os.replace(path, aside)
        for suffix in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.replace(f"{path}{suffix}", f"{aside}{suffix}")
    except OSError as error:
        raise CacheError(f"{path} is damaged and cannot be set aside: {error}") from error
    return aside


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether SQLite says that the file is not what it should be."""
    return _primary(error) in _DAMAGED


def cache_error(error: sqlite3.Error, path: str) -> CacheError:
    """Return what SQLite said as a sentence for the operator, with the system's number for it."""
    primary = _primary(error)
    sentence = _SENTENCES.get(primary, "{path}")
    number = _NUMBERS.get(primary, 0)
    why = ""
    if primary in _VAGUE:
        number = _what_ails(path)
        why = f" ({os.strerror(number)})" if number else ""
    return CacheError(f"{sentence.format(path=path)}: {error}{why}", number)


def _what_ails(path: str) -> int:
    """Find the system's number for what keeps a file from being opened or written; 0 = unknown.

    SQLite knows it and Python's binding does not tell.
    """
    directory = Path(path).parent
    try:
        disk = os.statvfs(directory)
    except OSError as error:
        return error.errno or 0
    if disk.f_flag & os.ST_RDONLY:
        return errno.EROFS
    if disk.f_bavail * disk.f_frsize < _PAGE_BYTES or (disk.f_files and not disk.f_favail):
        return errno.ENOSPC
    writable = os.access(directory, os.W_OK | os.X_OK)
    return (
        0 if writable and (not os.path.exists(path) or os.access(path, os.W_OK)) else errno.EACCES
    )


def _primary(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
