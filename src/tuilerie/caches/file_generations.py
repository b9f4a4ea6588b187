"""The slow goodbye to old generations of a file cache, a few files with every write.

Each generation's folder has a file `.used`, whose time says when a process last began to write
there. A generation is superseded by a neighbour that was taken into use later.
"""

# Paths are text here, as in file_store.
# ruff: noqa: PTH110, PTH116

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from tuilerie.caches.faults import Faults
from tuilerie.caches.file_store import remove_some, write_file

__all__ = ["Superseded"]

_USED = ".used"
_FILES_A_STEP = 64


class Superseded:
    """What this process knows of the generations beside those that it writes.

    Args:
        keep_s: how long a superseded generation is kept.
        clock: seconds since the epoch.
    """

    def __init__(self, *, faults: Faults, keep_s: float, clock: Callable[[], float]) -> None:
        self._faults = faults
        self._keep_s = keep_s
        self._clock = clock
        self._claimed: dict[str, float] = {}
        self._others: dict[str, list[str]] = {}

    def claim(self, tileset: str) -> None:
        """Say, once per process, that a generation's folder is in use. Raises: OSError."""
        if tileset not in self._claimed:
            now = int(self._clock())
            write_file(f"{tileset}/{_USED}", b"", now)
            self._claimed[tileset] = now
            others = list(_neighbours(tileset))
            if others:
                self._others[tileset] = others

    def clean_step(self, tileset: str) -> None:
        """Remove a few files of a superseded neighbour; failing is counted, not raised."""
        others = self._others.get(tileset)
        if not others or self._clock() < self._claimed[tileset] + self._keep_s:
            return
        other = others[-1]
        try:
            in_use = _used(other) > self._claimed[tileset]
            if in_use or remove_some(other, _FILES_A_STEP) < _FILES_A_STEP:
                others.pop()
        except FileNotFoundError:
            # Another process is removing it too.
            others.pop()
        except OSError as error:
            others.pop()
            self._faults.note("cleanup", f"{other}: {error}")


def _neighbours(tileset: str) -> Iterator[str]:
    with os.scandir(Path(tileset).parent) as entries:
        for entry in entries:
            if entry.path != tileset and os.path.exists(f"{entry.path}/{_USED}"):
                yield entry.path


def _used(tileset: str) -> float:
    try:
        return os.stat(f"{tileset}/{_USED}").st_mtime
    except FileNotFoundError:
        # Its removal has begun.
        return 0.0
