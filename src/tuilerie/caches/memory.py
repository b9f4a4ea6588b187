"""A cache in memory, bounded in bytes: for tests, for small services, before a slow cache."""

from __future__ import annotations

import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

from tuilerie.caches.content import check_tile, etag_of
from tuilerie.caches.forks import watch_forks
from tuilerie.catalogue.address import TileAddress
from tuilerie.formats import EncodedTile, StoredTile

__all__ = ["MemoryTileCache"]

_OVERHEAD_BYTES = 900
"""What an entry takes beside its bytes: address, index, tuple, ETag, time, two hash tables."""


class MemoryTileCache:
    """The tiles used last, of at most `max_bytes` with all that goes with them; thread safe.

    An InlineTileCache. It dies with the process, and with its catalogue's service, so it has no
    generations.

    Args:
        max_bytes: what the entries may take; a tile larger than this is not kept.
        clock: seconds since the epoch.
    """

    def __init__(self, max_bytes: int, *, clock: Callable[[], float] = time.time) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._tiles: OrderedDict[TileAddress, StoredTile] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        watch_forks(self)

    def read(self, address: TileAddress) -> StoredTile | None:
        """Return the tile, or None."""
        with self._lock:
            tile = self._tiles.get(address)
            if tile is None:
                return None
            self._tiles.move_to_end(address)
        now = int(self._clock())
        return tile if tile.created <= now else tile._replace(created=now)

    async def get(self, address: TileAddress) -> StoredTile | None:
        """Return the tile, or None."""
        return self.read(address)

    async def put_many(
        self, tiles: Iterable[tuple[TileAddress, EncodedTile]]
    ) -> Mapping[TileAddress, StoredTile]:
        """Store tiles, all at once; the ones used least make room."""
        created = int(self._clock())
        stored: dict[TileAddress, StoredTile] = {}
        for address, tile in tiles:
            check_tile(address, tile)
            stored[address] = StoredTile(tile.data, tile.format, created, etag_of(tile.data))
        with self._lock:
            for address, kept in stored.items():
                self._drop(address)
                self._tiles[address] = kept
                self._bytes += _cost(address, kept)
            while self._bytes > self._max_bytes:
                self._drop(next(iter(self._tiles)))
        return stored

    async def delete_many(self, addresses: Iterable[TileAddress]) -> int:
        """Forget tiles; return how many there were."""
        with self._lock:
            return sum(self._drop(address) for address in addresses)

    async def close(self) -> None:
        """Forget everything; idempotent."""
        with self._lock:
            self._tiles.clear()
            self._bytes = 0

    def before_fork(self) -> None:
        """Let no thread be in the middle of a change."""
        self._lock.acquire()

    def after_fork(self, *, in_child: bool) -> None:
        """Go on, with a copy of the tiles in the child."""
        self._lock.release()

    def size_bytes(self) -> int:
        """Return what the entries take now, by the cache's own reckoning."""
        return self._bytes

    def _drop(self, address: TileAddress) -> bool:
        tile = self._tiles.pop(address, None)
        if tile is not None:
            self._bytes -= _cost(address, tile)
        return tile is not None


def _cost(address: TileAddress, tile: StoredTile) -> int:
    texts = sum(sys.getsizeof(text) for pair in address.dimensions for text in pair)
    return len(tile.data) + texts + _OVERHEAD_BYTES
