"""The one that decides between the cache and the producer, for one layer."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol

from tuilerie.caches.base import (
    InlineTileCache,
    LockingCache,
    TileCache,
    TilesetCache,
    TilesetRead,
)
from tuilerie.caches.lifetimes import Life, Lifetimes
from tuilerie.catalogue.address import TileAddress, TilesetKey
from tuilerie.catalogue.model import Layer
from tuilerie.errors import CacheError, RenderError, UpstreamError
from tuilerie.flight import SingleFlight
from tuilerie.formats import EncodedTile, PassingTile, StoredTile, stored_now
from tuilerie.grids import TileIndex
from tuilerie.tiles.freshness import is_fresh
from tuilerie.tiles.incomplete import IncompleteTiles
from tuilerie.tiles.lasting import LastingTile

__all__ = ["CacheFault", "Producer", "TileManager"]

CacheFault = Callable[[CacheError], None]
"""Told of every cache error that did not keep a tile from being served."""


class Producer(Protocol):
    """Makes tiles, a metatile at a time."""

    def batch_key(self, address: TileAddress) -> TileAddress:
        """Name the work that makes this tile: equal for tiles that are made together."""
        ...

    async def renew(
        self, address: TileAddress, stored: StoredTile, life: Life
    ) -> EncodedTile | None:
        """Ask again for one stored tile; None where it must be made anew.

        Raises: RenderError, UpstreamError.
        """
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
        lifetimes: until when the tiles of remote servers are good; None = only the layer says.
        clock: seconds since the epoch.
    """

    __slots__ = (
        "_cache",
        "_clock",
        "_expire_after_s",
        "_flight",
        "_inline",
        "_lasting",
        "_lifetimes",
        "_locking",
        "_on_cache_fault",
        "_producer",
        "_spare",
        "_stale_s",
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
        lifetimes: Lifetimes | None = None,
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
        self._lifetimes = lifetimes
        self._stale_s = layer.stale_while_revalidate_s
        self._lasting = self._expire_after_s is None and lifetimes is None

    def cached(self, address: TileAddress) -> StoredTile | None:
        """Return a fresh tile from a cache that can be read at once; None = ask get_tile."""
        if self._inline is None:
            return None
        try:
            stored = self._inline.read(address)
        except CacheError as fault:
            self._on_cache_fault(fault)
            return None
        if stored is None or not (self._lasting or self._fresh(address, stored)):
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
        if self._lasting:
            return read
        layer, style, image_format, matrix_set, dimensions = tileset

        def fresh(index: TileIndex) -> StoredTile | None:
            stored = read(index)
            if stored is None:
                return None
            address = TileAddress(layer, style, image_format, matrix_set, index, dimensions)
            return stored if self._fresh(address, stored) else None

        return fresh

    async def get_tile(self, address: TileAddress) -> StoredTile | None:
        """Return the tile from the cache, or make it; None where the layer has nothing there.

        A tile that is too old is made anew; if that fails the old one is served. One that could
        be made in part is returned as a `PassingTile`, where the layer wants that.
        Raises: RenderError, UpstreamError if there is nothing at all to serve.
        """
        stored = await self._look(address)
        if stored is not None and self._fresh(address, stored):
            return stored
        try:
            if stored is not None and self._may_wait(address, stored):
                self._flight.start(self._producer.batch_key(address), self._filling(address))
                return stored
            return await self._make(address)
        except (RenderError, UpstreamError) as error:
            if stored is not None:
                return stored
            if isinstance(error, IncompleteTiles) and address in error.tiles:
                return PassingTile(*stored_now(error.tiles[address], self._clock()))
            raise

    async def _make(self, address: TileAddress) -> StoredTile | None:
        key = self._producer.batch_key(address)
        made = await self._flight.do(key, self._filling(address))
        # Nothing in hand: another process made the metatile while we waited for its lock.
        return made.get(address) or await self._look(address)

    def _filling(
        self, address: TileAddress
    ) -> Callable[[], Awaitable[Mapping[TileAddress, StoredTile]]]:
        return lambda: self._fill(self._producer.batch_key(address), address)

    async def _fill(
        self, key: TileAddress, address: TileAddress
    ) -> Mapping[TileAddress, StoredTile]:
        async with self._lock(key):
            again = self._locking is not None or self._lifetimes is not None
            stored = await self._look(address) if again else None
            if stored is not None and self._fresh(address, stored):
                return {}
            renewed = None if stored is None else await self._renewed(address, stored)
            return renewed or await self._keep(await self._producer.produce(address))

    async def _renewed(
        self, address: TileAddress, stored: StoredTile
    ) -> Mapping[TileAddress, StoredTile] | None:
        """Ask the remote whether a stored tile is still good; None where it must be made."""
        life = None if self._lifetimes is None else self._lifetimes.get(address, stored.etag)
        if life is None or self._lifetimes is None:
            return None
        tile = await self._producer.renew(address, stored, life)
        if tile is None:
            return None
        if tile.data is not stored.data:
            return await self._keep({address: tile})
        if isinstance(tile, LastingTile):
            self._lifetimes.put([(address, stored.etag, tile.life)])
        return {address: stored}

    async def _keep(
        self, made: Mapping[TileAddress, EncodedTile]
    ) -> Mapping[TileAddress, StoredTile]:
        if self._cache is not None:
            try:
                kept = await self._cache.put_many(made.items())
            except CacheError as fault:
                self._on_cache_fault(fault)
                kept = await self._spare.put_many(made.items())
            if self._lifetimes is not None:
                self._lifetimes.put(
                    (address, kept[address].etag, tile.life)
                    for address, tile in made.items()
                    if isinstance(tile, LastingTile) and address in kept
                )
            return kept
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

    def _fresh(self, address: TileAddress, stored: StoredTile) -> bool:
        now = self._clock()
        if self._lifetimes is not None:
            life = self._lifetimes.get(address, stored.etag)
            if life is not None:
                return now < life.until
        return is_fresh(stored, self._expire_after_s, now)

    def _may_wait(self, address: TileAddress, stored: StoredTile) -> bool:
        """Return whether a tile that is too old may be served while it is renewed behind."""
        if not self._stale_s:
            return False
        until: float | None = None
        life = None if self._lifetimes is None else self._lifetimes.get(address, stored.etag)
        if life is not None:
            # What was never good for any time must be asked about each time.
            until = life.until if life.until > life.since else None
        elif self._expire_after_s is not None:
            until = stored.created + self._expire_after_s
        return until is not None and self._clock() < until + self._stale_s

    def _lock(self, key: TileAddress) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self._locking is None else self._locking.lock(key)
