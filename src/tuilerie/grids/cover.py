"""From a rectangle to the tiles that cover it (OGC 07-057r7, Annex H.1)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import NamedTuple

from tuilerie.grids.bounds import BoundingBox, TileIndex
from tuilerie.grids.matrix import TileMatrix, TileMatrixSet

__all__ = ["TileRange", "closest_matrix", "tile_range", "tiles_covering"]

EPSILON = 1e-6
"""Tiles; what floating point may add or lose. Source: OGC 07-057r7, Annex H.1."""


class TileRange(NamedTuple):
    """A block of tiles of one matrix; all four numbers inclusive, row 0 at the top."""

    min_col: int
    max_col: int
    min_row: int
    max_row: int


def tile_range(tms: TileMatrixSet, matrix: str, bbox: BoundingBox) -> TileRange | None:
    """Return the tiles of a matrix that a rectangle covers, None if it lies outside.

    A shared edge is not coverage (epsilon 1e-6 of a tile). A rectangle smaller than that
    epsilon is covered by the tile in which its middle lies: the annex would lose it where it
    straddles an edge.

    `bbox` is in the units of `tms.crs`, x first; its edges may be infinite.

    Raises: InvalidParameter: no such matrix (locator "TileMatrix"); ValueError: `bbox` is upside
        down or not a number.
    Source: OGC 07-057r7, Annex H.1.
    """
    if not (bbox.left <= bbox.right and bbox.bottom <= bbox.top):
        raise ValueError(f"no rectangle has these edges: {tuple(bbox)}")
    grid = tms.matrix(matrix)
    cols = _covered(
        (bbox.left - grid.left) / grid.span_x,
        (bbox.right - grid.left) / grid.span_x,
        grid.matrix_width,
    )
    rows = _covered(
        (grid.top - bbox.top) / grid.span_y,
        (grid.top - bbox.bottom) / grid.span_y,
        grid.matrix_height,
    )
    if cols is None or rows is None:
        return None
    return TileRange(*cols, *rows)


def _covered(start: float, end: float, size: int) -> tuple[int, int] | None:
    """Return the first and last of `size` unit intervals that start..end covers."""
    # Cut before floor(): infinity has none, and one interval more on each side says "outside".
    first = math.floor(min(max(start + EPSILON, -1.0), float(size)))
    last = math.floor(min(max(end - EPSILON, -1.0), float(size)))
    if last < first and end - start <= 2 * EPSILON:
        first = last = math.floor(min(max((start + end) / 2, -1.0), float(size)))
    first, last = max(first, 0), min(last, size - 1)
    return (first, last) if first <= last else None


def tiles_covering(tms: TileMatrixSet, matrix: str, bbox: BoundingBox) -> Iterator[TileIndex]:
    """Yield the tiles of one matrix that a rectangle covers, row by row from the top.

    Arguments and errors as in `tile_range`; nothing if the rectangle lies outside.

    Source: OGC 07-057r7, Annex H.1.
    """
    covered = tile_range(tms, matrix, bbox)
    if covered is None:
        return
    for row in range(covered.min_row, covered.max_row + 1):
        for col in range(covered.min_col, covered.max_col + 1):
            yield TileIndex(matrix, col, row)


def closest_matrix(
    tms: TileMatrixSet, cell_size: float, *, among: Collection[str] | None = None
) -> TileMatrix:
    """Return the matrix whose cell size has the smallest ratio to the one wanted.

    2.1 m is as far from 1 m as 0.476 m is: ratios are compared, not differences. Of two
    equally near the finer one is taken.

    `cell_size` is in CRS units per pixel, `among` are identifiers to choose from (None = all).

    Raises: ValueError: `cell_size` is not positive and finite, or `among` names no matrix.
    """
    if not 0 < cell_size < math.inf:
        raise ValueError(f"a cell size must be positive and finite, not {cell_size}")
    candidates = [m for m in tms.matrices if among is None or m.identifier in among]
    if not candidates:
        raise ValueError(f"none of the matrices to choose from is in {tms.identifier}")
    # Logarithms of equal ratios differ by rounding: a tie must not depend on it.
    return min(
        candidates,
        key=lambda m: (round(abs(math.log(m.cell_size / cell_size)), 9), m.cell_size),
    )
