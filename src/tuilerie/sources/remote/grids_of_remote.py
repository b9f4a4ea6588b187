"""Maps and tiles from a server that has the same picture in several matrix sets and formats."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

from tuilerie.catalogue.address import Dimensions
from tuilerie.grids import Crs, TileIndex
from tuilerie.raster.image import Raster
from tuilerie.sources.base import FetchedTile, MapRequest, TileOffer
from tuilerie.sources.remote.feature_info import RemoteInfo
from tuilerie.sources.remote.legends import RemoteLegends
from tuilerie.sources.remote.relayed_tiles import RemoteTileSource
from tuilerie.sources.remote.telling import TellingSource
from tuilerie.sources.tile_check import check_tile
from tuilerie.sources.tile_fetching import KEPT_BYTES, TileFetcher
from tuilerie.sources.tiled import TiledSource, TilingRules

__all__ = ["SourceOfManyGrids"]


class SourceOfManyGrids(TellingSource):
    """Relays from whichever grid fits, draws from the one that needs the least warping.

    Args:
        tiles: of the remote, at least one; where nothing else decides, the first is drawn from.
        rules: how maps are drawn.
        executor: threads in which pixels are made.
        info: asks the remote about places; None = it knows nothing of them.
        legends: fetches those of its styles; None = they have none.
    """

    def __init__(
        self,
        tiles: Sequence[RemoteTileSource],
        rules: TilingRules,
        *,
        executor: Executor,
        info: RemoteInfo | None = None,
        legends: RemoteLegends | None = None,
    ) -> None:
        kept = KEPT_BYTES // len(tiles)
        super().__init__(info, legends)
        self._sources = tuple(
            TiledSource(TileFetcher(each, kept_bytes=kept), rules, executor=executor)
            for each in tiles
        )
        self._owners = {id(offer): each for each in self._sources for offer in each.offers}
        self._tiles = {id(each.offer): each for each in tiles}
        self._offers = tuple(offer for each in self._sources for offer in each.offers)

    @property
    def offers(self) -> tuple[TileOffer, ...]:
        """Return the tiles in all grids."""
        return self._offers

    @property
    def has_alternative(self) -> bool:
        """Return whether a map with a gap is wanted where a tile cannot be had."""
        return self._sources[0].has_alternative

    async def relay(
        self, offer: TileOffer, index: TileIndex, *, style: str, dimensions: Dimensions
    ) -> FetchedTile | None:
        """Return a tile untouched. Raises: UpstreamError, RenderError."""
        owner = self._owners[id(offer)]
        return await owner.relay(offer, index, style=style, dimensions=dimensions)

    async def renew(
        self,
        offer: TileOffer,
        index: TileIndex,
        known: FetchedTile,
        *,
        style: str,
        dimensions: Dimensions,
    ) -> FetchedTile | None:
        """Return a tile, `known`'s data if it is still the same. Raises: UpstreamError."""
        found = await self._tiles[id(offer)].refetch(
            index, known, style=style, dimensions=dimensions
        )
        if found is None or found.data is known.data:
            return found
        return check_tile(found, offer, index.matrix)

    async def read(self, request: MapRequest) -> Raster | None:
        """Return the map, drawn from the grid in its CRS if there is one, else from the first.

        Raises: UpstreamError, RenderError.
        """
        crs = Crs.parse(request.crs)
        chosen = next((s for s in self._sources if s.offers[0].matrix_set.crs == crs), None)
        return await (chosen or self._sources[0]).read(request)

    async def close(self) -> None:
        """Close all of them; idempotent."""
        for source in self._sources:
            await source.close()
