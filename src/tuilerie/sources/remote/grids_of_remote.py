"""Maps and tiles from a server that has the same picture in several matrix sets and formats."""

from __future__ import annotations

from collections.abc import Sequence

from tuilerie.catalogue.address import Dimensions
from tuilerie.grids import Crs, TileIndex
from tuilerie.raster.image import Raster
from tuilerie.sources.base import FetchedTile, MapRequest, TileOffer
from tuilerie.sources.tiled import TiledSource

__all__ = ["SourceOfManyGrids"]


class SourceOfManyGrids:
    """Relays from whichever grid fits, draws from the one that needs the least warping.

    Args:
        sources: at least one; where nothing else decides, the first is drawn from.
    """

    def __init__(self, sources: Sequence[TiledSource]) -> None:
        self._sources = tuple(sources)
        self._owners = {id(offer): each for each in self._sources for offer in each.offers}
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
