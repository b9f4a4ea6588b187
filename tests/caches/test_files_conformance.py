"""The cache of plain files passes the examination of caches, in each of its layouts."""

from __future__ import annotations

import time
from typing import ClassVar

from tuilerie.caches.conformance import TileCacheTests, first_generation
from tuilerie.caches.files import FileTileCache


class TestFiles(TileCacheTests):
    """Tiles of a call appear one by one."""

    lacking: ClassVar = {"batches": "a file system renames one file at a time"}

    def open(self, directory, *, generation=first_generation, clock=time.time):
        """Open a cache."""
        return FileTileCache(directory, generation=generation, clock=clock)
