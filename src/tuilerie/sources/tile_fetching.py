"""Tiles of one source, each fetched once however many ask, so many side by side, kept for a while.

Neighbouring metatiles look at the same tiles of their source along their common edge, and two
layers may show one source: what was fetched is kept as bytes in a small memory, which is bounded
in size and in age.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from tuilerie.catalogue.address import Dimensions
from tuilerie.flight import SingleFlight
from tuilerie.grids import TileIndex
from tuilerie.sources.base import FetchedTile, TileOffer, TileSource
from tuilerie.sources.tile_check import check_tile

__all__ = ["KEPT_BYTES", "KEPT_S", "TileFetcher"]

KEPT_BYTES: Final = 32 * 2**20
"""Bytes of fetched tiles that are kept for each source."""
KEPT_S: Final = 60.0
"""Seconds after which a kept tile is fetched again."""
_NOTHING_BYTES: Final = 200
"""What it costs to remember that there is no tile."""


class TileFetcher:
    """Fetches and checks the tiles of one source.

    Args:
        clock: seconds, of any origin.
        wall_clock: seconds since the epoch.
    """

    def __init__(
        self,
        source: TileSource,
        *,
        kept_bytes: int = KEPT_BYTES,
        kept_s: float = KEPT_S,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._kept_bytes = kept_bytes
        self._kept_s = kept_s
        self._clock = clock
        self._time = wall_clock
        self._flight: SingleFlight[FetchedTile | None] = SingleFlight()
        self._places = asyncio.Semaphore(source.offer.side_by_side)
        self._kept: OrderedDict[Hashable, tuple[float, FetchedTile | None]] = OrderedDict()
        self._bytes = 0

    @property
    def offer(self) -> TileOffer:
        """Return what the source has."""
        return self._source.offer

    async def fetch(
        self, index: TileIndex, *, style: str, dimensions: Dimensions
    ) -> FetchedTile | None:
        """Return a tile, looked at; None where the source has none.

        Raises: UpstreamError, RenderError: to all who asked for the tile meanwhile.
        """
        if not self.offer.has(index):
            return None
        key = (index, style, dimensions)
        kept = self._kept.get(key)
        if kept is not None and self._clock() < kept[0]:
            self._kept.move_to_end(key)
            return kept[1]
        return await self._flight.do(key, lambda: self._fetch(key, index, style, dimensions))

    async def close(self) -> None:
        """Finish what is under way, and close the source; idempotent."""
        await self._flight.drain()
        self._kept.clear()
        self._bytes = 0
        await self._source.close()

    async def _fetch(
        self, key: Hashable, index: TileIndex, style: str, dimensions: Dimensions
    ) -> FetchedTile | None:
        async with self._places:
            tile = await self._source.fetch(index, style=style, dimensions=dimensions)
        if tile is not None:
            tile = check_tile(tile, self.offer, index.matrix)
        self._keep(key, tile)
        return tile

    def _keep(self, key: Hashable, tile: FetchedTile | None) -> None:
        self._forget(key)
        good_s = self._kept_s
        if tile is not None and tile.expires is not None:
            good_s = min(good_s, tile.expires - self._time())
        self._kept[key] = (self._clock() + good_s, tile)
        self._bytes += _weight(tile)
        while self._bytes > self._kept_bytes:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Hashable) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= _weight(kept[1])


def _weight(tile: FetchedTile | None) -> int:
    return _NOTHING_BYTES + (0 if tile is None else len(tile.data))
