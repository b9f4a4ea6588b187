"""Open GDAL handles, lent to one thread at a time and kept open between readings.

Opening a file costs as much as reading a tile from it, and a GDAL handle must not be used by two
threads at once. So a thread borrows a handle for itself, gives it back, and the next thread that
needs the file takes it: as many handles of a file exist as threads ever read it side by side.
All files of a process share one bound, and the handles longest unused are closed first. A file
that was replaced or rewritten (or whose sidecars were) is opened anew at the next reading.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tuilerie.sources.facts import RasterFacts, read_facts
from tuilerie.sources.opening import open_raster
from tuilerie.sources.settings import RasterFile

__all__ = ["DatasetPool", "Handle", "shared_pool"]

_SIDECARS = (".ovr", ".msk", ".aux.xml")

Identity = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Handle:
    """An open raster and what is known of it; for the thread that borrowed it."""

    file: RasterFile
    identity: Identity
    dataset: Any
    facts: RasterFacts


class DatasetPool:
    """Lends open rasters.

    Args:
        max_open: handles kept open, of all files together. Threads that read at the same time
            are never refused one; what exceeds the bound is closed as soon as it comes back.
    """

    def __init__(self, max_open: int = 64) -> None:
        self._max_open = max_open
        self._lock = threading.Lock()
        self._idle: OrderedDict[int, Handle] = OrderedDict()
        self._idle_of: dict[RasterFile, list[Handle]] = {}
        self._lent = 0
        self._process = os.getpid()

    @property
    def open_count(self) -> int:
        """Return how many handles are open, lent ones included."""
        with self._lock:
            return len(self._idle) + self._lent

    @contextmanager
    def borrow(self, file: RasterFile) -> Iterator[Handle]:
        """Lend a handle of the file as it is now; do not keep it, nor arrays that refer to it.

        Raises: CatalogueError: the file cannot be a map. OSError (rasterio's errors are some):
            the file is gone or not a raster.
        """
        identity = _identity(file.path)
        handle, surplus = self._take(file, identity)
        for old in surplus:
            old.dataset.close()
        try:
            if handle is None:
                handle = _open(file, identity)
            yield handle
        except BaseException:
            # What went wrong may have left GDAL's handle in an odd state: start afresh.
            self._give_back(None)
            if handle is not None:
                handle.dataset.close()
            raise
        for old in self._give_back(handle):
            old.dataset.close()

    def forget(self, file: RasterFile) -> None:
        """Close the idle handles of a file."""
        with self._lock:
            handles = self._idle_of.pop(file, [])
            for handle in handles:
                del self._idle[id(handle)]
        for handle in handles:
            handle.dataset.close()

    def close(self) -> None:
        """Close all idle handles; the pool may be used again."""
        with self._lock:
            handles = list(self._idle.values())
            self._idle.clear()
            self._idle_of.clear()
        for handle in handles:
            handle.dataset.close()

    def _take(self, file: RasterFile, identity: Identity) -> tuple[Handle | None, list[Handle]]:
        """Take an idle handle of the file; hand out the ones to be closed."""
        with self._lock:
            if self._process != os.getpid():
                self._leave_to_parent()
            self._lent += 1
            idle = self._idle_of.get(file, [])
            surplus = [handle for handle in idle if handle.identity != identity]
            for handle in surplus:
                self._drop(handle)
            if idle:
                handle = idle[-1]
                self._drop(handle)
                return handle, surplus
            return None, surplus + self._over_bound()

    def _give_back(self, handle: Handle | None) -> list[Handle]:
        with self._lock:
            self._lent -= 1
            if handle is None:
                return []
            self._idle[id(handle)] = handle
            self._idle_of.setdefault(handle.file, []).append(handle)
            return self._over_bound()

    def _over_bound(self) -> list[Handle]:
        """Take out the handles longest idle until the bound holds."""
        surplus = []
        while self._idle and len(self._idle) + self._lent > self._max_open:
            handle = next(iter(self._idle.values()))
            self._drop(handle)
            surplus.append(handle)
        return surplus

    def _drop(self, handle: Handle) -> None:
        del self._idle[id(handle)]
        same = self._idle_of[handle.file]
        same.remove(handle)
        if not same:
            del self._idle_of[handle.file]

    def _leave_to_parent(self) -> None:
        # After a fork the handles share their file positions with the parent's: neither
        # reading nor closing them is safe here.
        _inherited.extend(self._idle.values())
        self._idle.clear()
        self._idle_of.clear()
        self._lent = 0
        self._process = os.getpid()


_inherited: list[Handle] = []


@lru_cache(maxsize=1)
def shared_pool() -> DatasetPool:
    """Return the pool that all sources of the process share unless given another."""
    return DatasetPool()


def _open(file: RasterFile, identity: Identity) -> Handle:
    dataset = open_raster(file)
    try:
        return Handle(file, identity, dataset, read_facts(dataset, file))
    except BaseException:
        dataset.close()
        raise


def _identity(path: Path) -> Identity:
    """Return what changes when a file or one of its sidecars is rewritten or replaced."""
    name = str(path)
    found = path.stat()
    own = (found.st_mtime_ns, found.st_size, found.st_ino)
    return (own, *(_stat(name + suffix) for suffix in _SIDECARS))


def _stat(name: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(name)  # noqa: PTH116 - on every reading: a Path costs three times as much
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)
