"""Whether two tile matrices have the same tiles, whatever they are called and counted from."""

from __future__ import annotations

from typing import NamedTuple

from tuilerie.grids.matrix import TileMatrix

__all__ = ["TOLERANCE_PX", "Shift", "tile_shift"]

TOLERANCE_PX = 1e-6
"""How far the same tile may lie apart in two matrices, in pixels, anywhere in them."""
_PRINTED = 4e-15
"""Relative error of numbers that were printed with 15 digits and read again."""


class Shift(NamedTuple):
    """What to add to a tile's column and row in one matrix to find the same tile in another."""

    cols: int
    rows: int


def tile_shift(
    one: TileMatrix, other: TileMatrix, tolerance_px: float = TOLERANCE_PX
) -> Shift | None:
    """Return how tiles of `one` are counted in `other`; None if they are not the same tiles.

    Both are of one CRS. They are the same if cell size, tile size and origin agree so well that
    no tile of `one` lies more than `tolerance_px` away from its like, over the whole matrix.
    Matrices that begin whole tiles apart (limits that were cut, rows that count from the bottom
    of another height) have the same tiles, shifted.
    """
    if (one.tile_width, one.tile_height) != (other.tile_width, other.tile_height):
        return None
    cols = _shift(one.left, other.left, one, other, one.tile_width, one.matrix_width, tolerance_px)
    rows = _shift(
        -one.top, -other.top, one, other, one.tile_height, one.matrix_height, tolerance_px
    )
    return None if cols is None or rows is None else Shift(cols, rows)


def _shift(
    start: float,
    other_start: float,
    one: TileMatrix,
    other: TileMatrix,
    tile_px: int,
    count: int,
    tolerance_px: float,
) -> int | None:
    """Return the whole tiles between two origins along one axis; None if that is not what it is."""
    span = other.cell_size * tile_px
    tiles = round((start - other_start) / span)
    reach = max(abs(start), abs(other_start)) / one.cell_size + count * tile_px
    allowed = tolerance_px + _PRINTED * reach
    for position in (0, count * tile_px):
        here = start + position * one.cell_size
        there = other_start + (tiles * tile_px + position) * other.cell_size
        if abs(here - there) > allowed * one.cell_size:
            return None
    return tiles
