"""Which tiles of which matrix show an area, and where their pixels belong: pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tuilerie.grids import BoundingBox, Crs, TileIndex, TileMatrix
from tuilerie.raster.around import period_of
from tuilerie.raster.coordinates import Transform
from tuilerie.sources.base import TileOffer
from tuilerie.sources.matrix_choice import MatrixRule, choose_matrix

__all__ = ["TilePlace", "TileWindow", "window_for"]

_ALIGNED_PX = 1 / 512
"""Pixels that lie so near to each other are copied, as the warp does."""


@dataclass(frozen=True, slots=True)
class TilePlace:
    """A tile, and where its top left pixel belongs in a window."""

    index: TileIndex
    col_px: int
    row_px: int


@dataclass(frozen=True, slots=True)
class TileWindow:
    """Pixels of one matrix around an area, and the tiles that they are in.

    Attributes:
        left, top: outer corner, units of the source's CRS; x may lie whole turns away.
        width, height: pixels.
        ratio: the map's cell size to the matrix's; above 1 the tiles are shrunk.
        places: the tiles that may exist.
    """

    matrix: TileMatrix
    left: float
    top: float
    width: int
    height: int
    ratio: float
    places: tuple[TilePlace, ...]

    @property
    def transform(self) -> Transform:
        """Return (column, row) of the window -> CRS units."""
        cell = self.matrix.cell_size
        return (cell, 0.0, self.left, 0.0, -cell, self.top)


def window_for(
    offer: TileOffer,
    rule: MatrixRule,
    area: BoundingBox,
    cell: tuple[float, float],
    reach_px: int,
    *,
    same_crs: bool,
) -> TileWindow | None:
    """Return what shows an area; None if no tile may exist there.

    Args:
        offer: the source's tiles.
        rule: how the matrix is chosen; between the cell sizes of the two axes their geometric
            mean counts, which is what areas are measured by.
        area: around the centres of the map's pixels, units of the source's CRS; where x repeats,
            tiles that lie whole turns away are meant too.
        cell: units of the source's CRS that a map pixel spans in x and y.
        reach_px: pixels beyond the area that the interpolation looks at; where the map's pixels
            are the matrix's own, none are.
        same_crs: whether the map is in the source's CRS.
    """
    wanted = math.sqrt(cell[0] * cell[1])
    among = offer.limits.keys()
    if not among or not 0 < wanted < math.inf:
        return None
    matrix = choose_matrix(offer.matrix_set, wanted, rule, among)
    if same_crs and _is_copied(area, cell, matrix):
        reach_px = 0
    cols = _columns(area, matrix, reach_px, period_of(offer.matrix_set.crs))
    rows = (
        max(0, math.floor((matrix.top - area.top) / matrix.cell_size - reach_px)),
        min(
            matrix.matrix_height * matrix.tile_height,
            math.ceil((matrix.top - area.bottom) / matrix.cell_size + reach_px),
        ),
    )
    if cols[0] >= cols[1] or rows[0] >= rows[1]:
        return None
    places = tuple(_places(offer, matrix, cols, rows))
    if not places:
        return None
    return TileWindow(
        matrix,
        matrix.left + cols[0] * matrix.cell_size,
        matrix.top - rows[0] * matrix.cell_size,
        cols[1] - cols[0],
        rows[1] - rows[0],
        wanted / matrix.cell_size,
        places,
    )


def _is_copied(area: BoundingBox, cell: tuple[float, float], matrix: TileMatrix) -> bool:
    """Return whether the map's pixels are the matrix's, all over the area."""
    size = matrix.cell_size
    for step, length, start in (
        (cell[0], area.width, area.left - matrix.left),
        (cell[1], area.height, matrix.top - area.top),
    ):
        if abs(step / size - 1) * length > _ALIGNED_PX * size:
            return False
        off = start / size - 0.5
        if abs(off - round(off)) > _ALIGNED_PX:
            return False
    return True


def _columns(
    area: BoundingBox, matrix: TileMatrix, reach_px: int, period: float | None
) -> tuple[int, int]:
    """Return the first and the last column of pixels, the last exclusive, wherever they lie."""
    low = (area.left - matrix.left) / matrix.cell_size - reach_px
    high = (area.right - matrix.left) / matrix.cell_size + reach_px
    if period is None:
        width = matrix.matrix_width * matrix.tile_width
        return max(0, math.floor(low)), min(width, math.ceil(high))
    turn = round(period / matrix.cell_size)
    if high - low >= turn:
        return 0, turn
    return math.floor(low), math.ceil(high)


def _places(
    offer: TileOffer, matrix: TileMatrix, cols: tuple[int, int], rows: tuple[int, int]
) -> Iterator[TilePlace]:
    """Yield the tiles that a window of pixels needs, found whole turns away too."""
    limits = offer.limits[matrix.identifier]
    first_row = max(limits.min_row, rows[0] // matrix.tile_height)
    last_row = min(limits.max_row, (rows[1] - 1) // matrix.tile_height)
    for shift_px in _turns(offer.matrix_set.crs, matrix, cols):
        first = max(limits.min_col, (cols[0] - shift_px) // matrix.tile_width)
        last = min(limits.max_col, (cols[1] - 1 - shift_px) // matrix.tile_width)
        for row in range(first_row, last_row + 1):
            for col in range(first, last + 1):
                yield TilePlace(
                    TileIndex(matrix.identifier, col, row),
                    col * matrix.tile_width + shift_px - cols[0],
                    row * matrix.tile_height - rows[0],
                )


def _turns(crs: Crs, matrix: TileMatrix, cols: tuple[int, int]) -> list[int]:
    """Return by how many pixels the matrix is to be moved to reach the columns: whole turns."""
    period = period_of(crs)
    if period is None:
        return [0]
    turn = period / matrix.cell_size
    width = matrix.matrix_width * matrix.tile_width
    first = math.floor((cols[0] - width) / turn) + 1
    last = math.ceil(cols[1] / turn) - 1
    return [round(n * turn) for n in range(first, last + 1)]
