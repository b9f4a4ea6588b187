"""Whether bytes are the tile that they are said to be, told from their header."""

from __future__ import annotations

from typing import Final

from tuilerie.formats import sniff
from tuilerie.raster.measure import measure
from tuilerie.sources.base import FetchedTile, TileOffer

__all__ = ["MAX_TILE_BYTES", "check_tile"]

MAX_TILE_BYTES: Final = 16 * 2**20
"""Larger tiles are refused, whatever they hold."""


def check_tile(tile: FetchedTile, offer: TileOffer, matrix: str) -> FetchedTile:
    """Return the tile with the format that its bytes really have.

    Some thousand archives and servers mix JPEG and PNG in one pyramid, so another format of the
    house is no fault: whoever relays compares it with what was asked. Another size is one, since
    the tile would be shown in a wrong place.

    Raises: RenderError, UpstreamError: no image, one that is cut short, or of another size.
    """
    data = tile.data
    if len(data) > MAX_TILE_BYTES:
        raise offer.fault(f"a tile of {len(data)} bytes is larger than {MAX_TILE_BYTES}")
    found, really = measure(data), sniff(data)
    if found is None or really is None:
        raise offer.fault(f"a tile of {len(data)} bytes is no PNG, JPEG, WebP or AVIF")
    if not found.complete:
        raise offer.fault(f"a tile ends too early ({found.media_type}, {len(data)} bytes)")
    grid = offer.matrix_set.matrix(matrix)
    if (found.width, found.height) != (grid.tile_width, grid.tile_height):
        raise offer.fault(
            f"a tile of matrix {matrix} has {found.width} × {found.height} pixels instead of "
            f"{grid.tile_width} × {grid.tile_height}"
        )
    return tile if tile.format is really else tile._replace(format=really)
