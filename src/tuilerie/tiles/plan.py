"""Decide what to do for a missing tile: pure, so that every rule is tested without a pixel."""

from __future__ import annotations

from dataclasses import dataclass

from tuilerie.catalogue.address import TileAddress
from tuilerie.catalogue.model import Layer, StylePlan
from tuilerie.grids import BoundingBox, MetaTile, TileMatrixSet

__all__ = ["MAX_METATILE_PX", "Render", "batch_key", "plan"]


MAX_METATILE_PX = 4096
"""Width and height that no metatile of several tiles exceeds, whatever the catalogue says: what
is rendered at once takes some twenty bytes of memory a pixel."""


@dataclass(frozen=True, slots=True)
class Render:
    """Make the pixels of a whole metatile.

    Attributes:
        metatile: the tiles made at once, all inside the layer's limits.
        bounds: outer edges, buffer included, in `crs` units, x first.
        width, height: pixels, buffer included.
        bands: 1-based bands that the style looks at; () = what the source shows by default.
    """

    metatile: MetaTile
    bounds: BoundingBox
    crs: str
    width: int
    height: int
    style: StylePlan
    bands: tuple[int, ...]


def plan(address: TileAddress, layer: Layer, tms: TileMatrixSet) -> Render:
    """Return how the metatile around an address is made.

    Args:
        address: a resolved address of `layer`, so inside the limits.
        tms: the matrix set that the address names.
    """
    metatile = _metatile(address, layer, tms)
    width, height = tms.metatile_size(metatile)
    style = next(style for style in layer.styles if style.identifier == address.style)
    return Render(
        metatile=metatile,
        bounds=tms.metatile_bounds(metatile),
        crs=tms.crs.text,
        width=width,
        height=height,
        style=style,
        bands=_bands(style),
    )


def batch_key(address: TileAddress, layer: Layer, tms: TileMatrixSet) -> TileAddress:
    """Return the address of the metatile's first tile: the work's name in locks and flights."""
    metatile = _metatile(address, layer, tms)
    index = address.index._replace(col=metatile.col, row=metatile.row)
    return address._replace(index=index)


def _metatile(address: TileAddress, layer: Layer, tms: TileMatrixSet) -> MetaTile:
    """The aligned block around a tile, cut to the tiles that the layer serves."""
    matrix = tms.matrix(address.index.matrix)
    block = tms.metatile(
        address.index,
        min(layer.metatile_cols, max(1, MAX_METATILE_PX // matrix.tile_width)),
        min(layer.metatile_rows, max(1, MAX_METATILE_PX // matrix.tile_height)),
        layer.buffer_px,
    )
    limits = layer.links[address.matrix_set].limits[address.index.matrix]
    col, row = max(block.col, limits.min_col), max(block.row, limits.min_row)
    return MetaTile(
        matrix=block.matrix,
        col=col,
        row=row,
        cols=min(block.col + block.cols - 1, limits.max_col) - col + 1,
        rows=min(block.row + block.rows - 1, limits.max_row) - row + 1,
        buffer_px=block.buffer_px,
    )


def _bands(style: StylePlan) -> tuple[int, ...]:
    """The bands that a style names, in its order."""
    if "bands" in style.parameters:
        return tuple(style.parameters["bands"])
    if "band" in style.parameters:
        return (style.parameters["band"],)
    return ()
