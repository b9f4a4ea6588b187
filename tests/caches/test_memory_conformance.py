"""The cache in memory passes the examination of caches, but for what memory cannot do."""

from __future__ import annotations

import time
from typing import ClassVar

from tuilerie.caches.conformance import TileCacheTests, first_generation
from tuilerie.caches.memory import MemoryTileCache


class TestMemory(TileCacheTests):
    """Nothing outlives the object."""

    lacking: ClassVar = {
        "persistence": "memory ends with its process",
        "processes": "memory is not shared",
        "generations": "a new service has a new memory",
        "sharing": "nothing is measured on a disk",
        "locks": "there is no other process to keep away",
    }

    def open(self, directory, *, generation=first_generation, clock=time.time):
        """Open a cache."""
        return MemoryTileCache(64 * 2**20, clock=clock)
