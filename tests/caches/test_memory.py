"""The cache in memory keeps its bound."""

from __future__ import annotations

import gc
import tracemalloc

from tuilerie.caches.base import InlineTileCache
from tuilerie.caches.conformance.samples import address, image
from tuilerie.caches.memory import MemoryTileCache
from tuilerie.catalogue.address import TileAddress
from tuilerie.formats import PNG, EncodedTile
from tuilerie.grids import TileIndex


async def test_the_bound_is_kept_and_the_latest_used_stay():
    """A bound that only counts pictures is broken by a million blank tiles."""
    cache = MemoryTileCache(100_000)
    assert isinstance(cache, InlineTileCache)
    for n in range(50):
        await cache.put_many([(address(n), image(n))])
        assert cache.size_bytes() <= 100_000
        assert cache.read(address(0)) is not None
    assert cache.read(address(1)) is None
    assert cache.read(address(49)) is not None
    await cache.put_many([(address(99), image(99, 200_000))])
    assert cache.read(address(99)) is None
    assert cache.size_bytes() <= 100_000


async def test_the_reckoning_is_not_below_the_truth():
    """What the cache says that it takes covers what Python really allocates."""
    blank = image(1, 90).data
    tracemalloc.start()
    try:
        cache = MemoryTileCache(2**30)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for n in range(2000):
            index = TileIndex(f"{1000 + n}", 10**6 + n, 10**6 + n)
            dimensions = (("time", f"2020-01-{n}"),)
            place = TileAddress("world", "default", PNG, "WebMercatorQuad", index, dimensions)
            await cache.put_many([(place, EncodedTile(bytes(bytearray(blank)), PNG))])
        del place, index, dimensions
        gc.collect()
        used = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert used < cache.size_bytes() < 2 * used
