"""The tiles of one of our own layers as a source for another: its cache is used and filled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tuilerie.catalogue.address import Dimensions, TileAddress
from tuilerie.catalogue.model import Layer
from tuilerie.formats import JPEG, MIXED, PNG, PNG8, ImageFormat, StoredTile
from tuilerie.grids import TileIndex, TileMatrixSet
from tuilerie.sources.base import FetchedTile, TileOffer

__all__ = ["GetTile", "LayerTileSource"]

GetTile = Callable[[TileAddress], Awaitable[StoredTile | None]]
"""Serves a tile of any layer. Raises: RenderError, UpstreamError."""

_SIDE_BY_SIDE = 64
"""What is made is bounded by the threads that make it, and what is cached costs nothing."""


class LayerTileSource:
    """Fetches tiles of a layer, in one of its styles and formats.

    Args:
        identifier: the source's name in the catalogue.
        style, image_format: of the layer.
        tms: a matrix set that the layer links to.
        get_tile: serves the layer's tiles from its cache, or makes them.
    """

    def __init__(
        self,
        layer: Layer,
        *,
        identifier: str,
        style: str,
        image_format: ImageFormat,
        tms: TileMatrixSet,
        get_tile: GetTile,
    ) -> None:
        self._address = TileAddress(
            layer.identifier, style, image_format, tms.identifier, TileIndex("", 0, 0)
        )
        self._get_tile = get_tile
        self._offer = TileOffer(
            identifier,
            tms,
            _formats(image_format),
            dict(layer.links[tms.identifier].limits.items()),
            side_by_side=_SIDE_BY_SIDE,
        )

    @property
    def offer(self) -> TileOffer:
        """Return what the layer has."""
        return self._offer

    async def fetch(
        self, index: TileIndex, *, style: str, dimensions: Dimensions
    ) -> FetchedTile | None:
        """Return a tile. Raises: RenderError, UpstreamError: as the layer's own requests."""
        found = await self._get_tile(self._address._replace(index=index, dimensions=dimensions))
        if found is None:
            return None
        return FetchedTile(found.data, found.format, found.etag, float(found.created))

    async def close(self) -> None:
        """Do nothing: the layer is closed by who made it."""


def _formats(image_format: ImageFormat) -> tuple[ImageFormat, ...]:
    """Return what the tiles of a format may really be."""
    if image_format is MIXED:
        return (JPEG, PNG)
    return (PNG,) if image_format is PNG8 else (image_format,)
