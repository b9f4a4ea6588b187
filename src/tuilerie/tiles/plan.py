"""Decide what to do for a missing tile: pure, so that every rule is tested without a pixel.

Where a source has the very tiles that are asked for, in the format that is asked for and as they
are to be shown, they are relayed untouched. Otherwise pixels are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tuilerie.catalogue.address import TileAddress
from tuilerie.catalogue.model import Layer, StylePlan
from tuilerie.formats import JPEG, MIXED, PNG, ImageFormat
from tuilerie.grids import (
    BoundingBox,
    MetaTile,
    Shift,
    TileIndex,
    TileMatrix,
    TileMatrixSet,
    tile_shift,
)
from tuilerie.sources.base import TileOffer

__all__ = ["MAX_METATILE_PX", "Relay", "Render", "batch_key", "plan"]


MAX_METATILE_PX = 4096
"""Width and height that no metatile of several tiles exceeds, whatever the catalogue says: what
is rendered at once takes some twenty bytes of memory a pixel."""

_ABOUT = 1e-6
"""Relative difference of cell sizes above which two matrices need not be compared at all."""


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


@dataclass(frozen=True, slots=True)
class Relay:
    """Pass the bytes of tiles that the source has.

    Attributes:
        offer: which of the source's tiles.
        tiles: from our index to the source's.
        formats: what the bytes may be without being made anew.
    """

    offer: TileOffer
    tiles: Mapping[TileIndex, TileIndex]
    formats: frozenset[ImageFormat]


def plan(
    address: TileAddress,
    layer: Layer,
    tms: TileMatrixSet,
    offers: Sequence[TileOffer] = (),
    *,
    untouched: bool = True,
) -> Relay | Render:
    """Return how the metatile around an address is made.

    Args:
        address: a resolved address of `layer`, so inside the limits.
        tms: the matrix set that the address names.
        offers: the tiles that the layer's source has, if it has any; those preferred first.
        untouched: whether tiles may be relayed; else they are made, the same ones at once.
    """
    # Where tiles are there in several formats, those that are wanted come first.
    fitting = sorted(offers, key=lambda offer: not _relayed(address.format, offer))
    same = _same_tiles(address.index.matrix, tms, fitting)
    metatile = _metatile(address, layer, tms, same is not None)
    style = next(style for style in layer.styles if style.identifier == address.style)
    if untouched and same is not None:
        offer, matrix, shift = same
        formats = _relayed(address.format, offer)
        if formats and style.kind == "default":
            return Relay(
                offer,
                {
                    index: TileIndex(matrix, index.col + shift.cols, index.row + shift.rows)
                    for index in metatile.indices()
                },
                formats,
            )
    width, height = tms.metatile_size(metatile)
    return Render(
        metatile=metatile,
        bounds=tms.metatile_bounds(metatile),
        crs=tms.crs.text,
        width=width,
        height=height,
        style=style,
        bands=_bands(style),
    )


def batch_key(
    address: TileAddress,
    layer: Layer,
    tms: TileMatrixSet,
    offers: Sequence[TileOffer] = (),
) -> TileAddress:
    """Return the address of the metatile's first tile: the work's name in locks and flights."""
    same = _same_tiles(address.index.matrix, tms, offers) is not None
    metatile = _metatile(address, layer, tms, same)
    index = address.index._replace(col=metatile.col, row=metatile.row)
    return address._replace(index=index)


def _same_tiles(
    matrix: str, tms: TileMatrixSet, offers: Sequence[TileOffer]
) -> tuple[TileOffer, str, Shift] | None:
    """Return the first offer that has the tiles of a matrix, what it calls it, and the shift."""
    if not offers:
        return None
    ours = tms.matrix(matrix)
    for offer in offers:
        if offer.matrix_set.crs != tms.crs:
            continue
        for theirs in _about_as_large(ours, offer):
            shift = tile_shift(ours, theirs, offer.tolerance_px)
            if shift is not None:
                return offer, theirs.identifier, shift
    return None


def _about_as_large(ours: TileMatrix, offer: TileOffer) -> Sequence[TileMatrix]:
    return [
        theirs
        for theirs in offer.matrix_set.matrices
        if abs(theirs.cell_size / ours.cell_size - 1) < _ABOUT and theirs.identifier in offer.limits
    ]


def _relayed(wanted: ImageFormat, offer: TileOffer) -> frozenset[ImageFormat]:
    """Return the formats whose bytes answer a request for a format; none if they cannot."""
    if wanted is MIXED:
        return frozenset({JPEG, PNG}).intersection(offer.formats)
    return frozenset({wanted}).intersection(offer.formats)


def _metatile(address: TileAddress, layer: Layer, tms: TileMatrixSet, same_tiles: bool) -> MetaTile:
    """The aligned block around a tile, cut to the tiles that the layer serves.

    Where the source has the same tiles, one is made of one: more are only fetched where the
    operator wants them fetched.
    """
    matrix = tms.matrix(address.index.matrix)
    cols, rows, buffer_px = layer.metatile_cols, layer.metatile_rows, layer.buffer_px
    if same_tiles:
        (cols, rows), buffer_px = layer.relay_metatile, 0
    block = tms.metatile(
        address.index,
        min(cols, max(1, MAX_METATILE_PX // matrix.tile_width)),
        min(rows, max(1, MAX_METATILE_PX // matrix.tile_height)),
        buffer_px,
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
