"""The SQLite cache passes the examination of caches."""

from __future__ import annotations

import time

from tuilerie.caches.conformance import TileCacheTests, first_generation
from tuilerie.caches.sqlite import SqliteTileCache


class TestSqlite(TileCacheTests):
    """Nothing is lacking."""

    def open(self, directory, *, generation=first_generation, clock=time.time):
        """Open a cache."""
        return SqliteTileCache(directory, generation=generation, clock=clock)
