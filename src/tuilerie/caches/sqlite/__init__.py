"""A tile cache of SQLite files."""

from tuilerie.caches.sqlite.cache import SqliteTileCache

__all__ = ["SqliteTileCache"]
