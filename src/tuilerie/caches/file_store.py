"""Files that appear whole or not at all, and links to the blobs that tiles share."""

# Paths are text here: path objects cost more than the system calls themselves.
# ruff: noqa: PTH103, PTH105, PTH106, PTH108, PTH115, PTH123, PTH211

from __future__ import annotations

import errno
import itertools
import os
import re
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tuilerie.caches.content import BlobMemory
from tuilerie.formats import content_hash

__all__ = ["holds", "read_tile_file", "remove_some", "shared_blob", "write_file", "write_link"]

_SHARED = ".shared"
_LINK = re.compile(rf"\.\./\.\./{re.escape(_SHARED)}/([0-9a-f]{{32}})")
_NO_LINKS_HERE = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
_serial = itertools.count()


def read_tile_file(path: str, tileset: str, blobs: BlobMemory) -> tuple[bytes, int] | None:
    """Return the bytes of a tile's file and when they were made, or None if it is not there.

    A link is not followed but understood: only the hash in it counts, so that no link leads out
    of the cache, and its own time is the tile's.

    Raises: OSError.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        return _read_link(path, tileset, blobs)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return None
        return os.read(descriptor, found.st_size), int(found.st_mtime)
    finally:
        os.close(descriptor)


def _read_link(path: str, tileset: str, blobs: BlobMemory) -> tuple[bytes, int]:
    """Return what a link stands for; no bytes at all if that is gone or not what it was."""
    link = _LINK.fullmatch(os.readlink(path))
    created = int(os.lstat(path).st_mtime)
    if link is None:
        return b"", created
    digest = bytes.fromhex(link[1])
    data = blobs.get(digest)
    if data is None:
        try:
            data = Path(f"{tileset}/{_SHARED}/{link[1]}").read_bytes()
        except FileNotFoundError:
            return b"", created
        if content_hash(data) != digest:
            return b"", created
        blobs.add(digest, data)
    return data, created


def shared_blob(tileset: str, digest: str) -> str:
    """Return the path of a shared blob."""
    return f"{tileset}/{_SHARED}/{digest}"


def holds(path: str, data: bytes) -> bool:
    """Tell whether a file has exactly these bytes (a shared blob may have been damaged)."""
    try:
        return Path(path).read_bytes() == data
    except FileNotFoundError:
        return False


def write_file(path: str, data: bytes, created: int) -> None:
    """Write a file so that it is never seen in part. Raises: OSError."""

    def write(name: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with open(os.open(name, flags, 0o666), "wb", buffering=0) as file:
            written = 0
            while written < len(data):
                written += file.write(memoryview(data)[written:])
            os.utime(file.fileno(), (created, created))

    _appear(path, write)


def write_link(path: str, digest: str, created: int) -> bool:
    """Make a tile's file a link to its shared blob; False if this file system has no links."""

    def link(name: str) -> None:
        os.symlink(f"../../{_SHARED}/{digest}", name)
        os.utime(name, (created, created), follow_symlinks=False)

    try:
        _appear(path, link)
    except OSError as error:
        if error.errno not in _NO_LINKS_HERE:
            raise
        return False
    return True


def _appear(path: str, make: Callable[[str], None]) -> None:
    folder, _, name = path.rpartition("/")
    temporary = f"{folder}/.{name}.{os.getpid()}-{threading.get_ident()}-{next(_serial)}"
    try:
        try:
            make(temporary)
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
            make(temporary)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def remove_some(folder: str, limit: int) -> int:
    """Remove up to `limit` files below a folder, and folders that are empty then.

    Returns: how many files were removed; fewer than `limit` means that the folder is gone.
    Raises: OSError.
    """
    removed = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if removed >= limit:
                return removed
            if entry.is_dir(follow_symlinks=False):
                removed += remove_some(entry.path, limit - removed)
            else:
                os.unlink(entry.path)
                removed += 1
    if removed < limit:
        os.rmdir(folder)
    return removed
