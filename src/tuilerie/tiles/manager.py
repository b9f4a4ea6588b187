"""The one that decides between the cache and the producer, for one layer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol

from tuilerie.caches.base import (
    InlineTileCache,
    LockingCache,
    TileCache,
    TilesetCache,
    TilesetRead,
)
from tuilerie.catalogue.address import TileAddress, TilesetKey
from tuilerie.catalogue.model import Layer
from tuilerie.errors import CacheError, RenderError, UpstreamError
from tuilerie.flight import SingleFlight
from tuilerie.formats import EncodedTile, PassingTile, StoredTile, stored_now
from tuilerie.grids import TileIndex
from tuilerie.tiles.freshness import is_fresh
from tuilerie.tiles.incomplete import IncompleteTiles

__all__ = ["CacheFault", "Producer", "TileManager"]

CacheFault = Callable[[CacheError], None]
"""Told of every cache error that did not keep a tile from being served."""


class Producer(Protocol):
    """Makes tiles, a metatile at a time."""

    def batch_key(self, address: TileAddress) -> TileAddress:
        """Name the work that makes this tile: equal for tiles that are made together."""
        ...

    async def produce(self, address: TileAddress) -> Mapping[TileAddress, EncodedTile]:
        """Make the tile and its neighbours. Raises: RenderError, UpstreamError."""
        ...


class TileManager:
    """Serves one layer's tiles from its cache, else makes them once and keeps them.

    Args:
        cache: where tiles rest; None = made on every request.
        spare: in memory, for tiles that the cache could not keep: a metatile that was made for
            one of its tiles need not be made again for the others.
        flight: shared by all managers of a service, since a batch key names its layer.
        on_cache_fault: told of cache errors; they never keep a tile from being served.
        clock: seconds since the epoch.
    """

    __slots__ = (
        "_cache",
        "_clock",
        "_expire_after_s",
        "_flight",
        "_inline",
        "_locking",
        "_on_cache_fault",
        "_producer",
        "_spare",
        "_tilesets",
    )

    def __init__(
        self,
        layer: Layer,
        cache: TileCache | None,
        producer: Producer,
        *,
        flight: SingleFlight[Mapping[TileAddress, StoredTile]],
        spare: TileCache,
        on_cache_fault: CacheFault,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._cache = cache
        self._inline = cache if isinstance(cache, InlineTileCache) else None
        self._tilesets = cache if isinstance(cache, TilesetCache) else None
        self._locking = cache if isinstance(cache, LockingCache) else None
        self._producer = producer
        self._expire_after_s = layer.expire_after_s
        self._on_cache_fault = on_cache_fault
        self._clock = clock
        self._flight = flight
        self._spare = spare

    def cached(self, address: TileAddress) -> StoredTile | None:
        """Return a fresh tile from a cache that can be read at once; None = ask get_tile."""
        if self._inline is None:
            return None
        try:
            stored = self._inline.read(address)
        except CacheError as fault:
            self._on_cache_fault(fault)
            return None
        if stored is None or (self._expire_after_s is not None and not self._fresh(stored)):
            return None
        return stored

    def cached_in(self, tileset: TilesetKey) -> TilesetRead:
        """Return what does as `cached` for the tiles of one tileset, with less to look up."""
        if self._tilesets is None:
            layer, style, image_format, matrix_set, dimensions = tileset
            return lambda index: self.cached(
                TileAddress(layer, style, image_format, matrix_set, index, dimensions)
            )
        read = self._tilesets.reader(tileset)
        if self._expire_after_s is None:
            return read

        def fresh(index: TileIndex) -> StoredTile | None:
            stored = read(index)
            return stored if stored is not None and self._fresh(stored) else None

        return fresh

    async def get_tile(self, address: TileAddress) -> StoredTile | None:
        """Return the tile from the cache, or make it; None where the layer has nothing there.

        A tile that is too old is made anew; if that fails the old one is served. One that could
        be made in part is returned as a `PassingTile`, where the layer wants that.
        Raises: RenderError, UpstreamError if there is nothing at all to serve.
        """
        stored = await self._look(address)
        if stored is not None and self._fresh(stored):
            return stored
        try:
            return await self._make(address)
        except (RenderError, UpstreamError) as error:
            if stored is not None:
                return stored
            if isinstance(error, IncompleteTiles) and address in error.tiles:
                return PassingTile(*stored_now(error.tiles[address], self._clock()))
            raise

    async def _make(self, address: TileAddress) -> StoredTile | None:
        key = self._producer.batch_key(address)
        made = await self._flight.do(key, lambda: self._fill(key, address))
        # Nothing in hand: another process made the metatile while we waited for its lock.
        return made.get(address) or await self._look(address)

    async def _fill(
        self, key: TileAddress, address: TileAddress
    ) -> Mapping[TileAddress, StoredTile]:
        async with self._lock(key):
            stored = await self._look(address) if self._locking is not None else None
            if stored is not None and self._fresh(stored):
                return {}
            return await self._keep(await self._producer.produce(address))

    async def _keep(
        self, made: Mapping[TileAddress, EncodedTile]
    ) -> Mapping[TileAddress, StoredTile]:
        if self._cache is not None:
            try:
                return await self._cache.put_many(made.items())
            except CacheError as fault:
                self._on_cache_fault(fault)
                return await self._spare.put_many(made.items())
        return {address: stored_now(tile, self._clock()) for address, tile in made.items()}

    async def _look(self, address: TileAddress) -> StoredTile | None:
        if self._cache is None:
            return None
        try:
            stored = await self._cache.get(address)
        except CacheError as fault:
            self._on_cache_fault(fault)
            stored = None
        return stored or await self._spare.get(address)

    def _fresh(self, stored: StoredTile) -> bool:
        return is_fresh(stored, self._expire_after_s, self._clock())

    def _lock(self, key: TileAddress) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self._locking is None else self._locking.lock(key)
