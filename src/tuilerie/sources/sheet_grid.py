"""The grid on which sheets are put together, such that their edges are edges of its pixels.

Sheets of one production lie on a lattice: all edges are whole multiples of some number of pixels
apart. Where a map is coarser than they are, the pixels of the grid are a fraction of that number,
nearly 2, 4, 8… times the sheets' own: with exactly so many, an edge would come to lie inside of
a pixel, and a gap or a joint be drawn up to half a pixel from where it is, here to the left and,
counted from another sheet, there to the right. Sheets that lie on no such lattice are put on the
finest one's own; what a pixel has of a sheet is read from that part of it alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from tuilerie.grids import BoundingBox
from tuilerie.sources.control_points import apply
from tuilerie.sources.facts import RasterFacts
from tuilerie.sources.sheet_index import Sheet

__all__ = ["SheetGrid", "Span", "grid_for", "place_of", "spans_of", "window_of"]

_SLACK = 1.01
_ROUNDING_PX = 1e-4
_LATTICE_PX = 0.01
"""Edges that are so near to whole pixels are meant to be there."""


@dataclass(frozen=True, slots=True)
class SheetGrid:
    """A canvas: outer edges from (left, top), cells of CRS units, rows downwards."""

    left: float
    top: float
    cell_x: float
    cell_y: float
    width: int
    height: int

    @property
    def pixels(self) -> int:
        """Return how many it has."""
        return self.width * self.height

    @property
    def bounds(self) -> BoundingBox:
        """Return its outer edges, CRS units."""
        return BoundingBox(
            self.left,
            self.top - self.height * self.cell_y,
            self.left + self.width * self.cell_x,
            self.top,
        )


@dataclass(frozen=True, slots=True)
class Span:
    """So many canvas columns (or rows), and the part of them that a sheet covers.

    `low` and `high` are canvas columns that need not be whole.
    """

    count: int
    low: float
    high: float


Place = tuple[int, int, int, int]
"""Row, column, rows and columns of a canvas."""


def grid_for(
    area: BoundingBox,
    cell: tuple[float, float],
    reach_px: int,
    sheets: Sequence[tuple[Sheet, float]],
) -> SheetGrid:
    """Return the canvas for an area: aligned to the finest sheet, cut to where sheets are.

    Args:
        area: CRS units.
        cell: CRS units of a map pixel in x and y; the canvas is no coarser.
        reach_px: canvas pixels beyond the area that are wanted too.
        sheets: those that the area touches, with the shift in x that brings them there.
    """
    finest, shift = min(sheets, key=lambda found: found[0].cell_sizes)
    origin_x, origin_y = finest.bounds.left + shift, finest.bounds.top
    edges: NDArray[np.float64] = np.array([(*s.bounds, by) for s, by in sheets], np.float64)
    lefts, rights = edges[:, 0] + edges[:, 4], edges[:, 2] + edges[:, 4]
    bottoms, tops = edges[:, 1], edges[:, 3]
    cell_x = _cell(finest.cell_sizes[0], cell[0], np.concatenate([lefts, rights]) - origin_x)
    cell_y = _cell(finest.cell_sizes[1], cell[1], np.concatenate([bottoms, tops]) - origin_y)
    left = max(area.left - reach_px * cell_x, float(lefts.min()))
    right = min(area.right + reach_px * cell_x, float(rights.max()))
    bottom = max(area.bottom - reach_px * cell_y, float(bottoms.min()))
    top = min(area.top + reach_px * cell_y, float(tops.max()))
    first_col = math.floor((left - origin_x) / cell_x + _ROUNDING_PX)
    first_row = math.floor((origin_y - top) / cell_y + _ROUNDING_PX)
    last_col = max(first_col + 1, math.ceil((right - origin_x) / cell_x - _ROUNDING_PX))
    last_row = max(first_row + 1, math.ceil((origin_y - bottom) / cell_y - _ROUNDING_PX))
    return SheetGrid(
        origin_x + first_col * cell_x,
        origin_y - first_row * cell_y,
        cell_x,
        cell_y,
        last_col - first_col,
        last_row - first_row,
    )


def _cell(finest: float, wanted: float, edges: NDArray[np.float64]) -> float:
    """Return about the largest of 1, 2, 4… times the finest cell that is no larger than wanted.

    Not quite, where that lets all edges (CRS units from the grid's origin) be edges of cells;
    never finer than half of it.
    """
    factor: int = 2 ** max(0, math.floor(math.log2(max(1.0, wanted * _SLACK / finest))))
    places = edges / finest
    whole = np.rint(places)
    if factor == 1 or np.abs(places - whole).max() > _LATTICE_PX:
        return finest * factor
    pitch = int(np.gcd.reduce(whole.astype(np.int64)))
    if pitch * 2 < factor:
        return finest * factor
    return finest * pitch / math.ceil(pitch / factor)


def place_of(facts: RasterFacts, shift: float, grid: SheetGrid) -> Place | None:
    """Return the canvas pixels whose centres a sheet holds, None if there are none."""
    (low_x, high_x), (low_y, high_y) = _covered(facts, shift, grid)
    left, right = max(0, _first_centre(low_x)), min(grid.width, _first_centre(high_x))
    top, bottom = max(0, _first_centre(low_y)), min(grid.height, _first_centre(high_y))
    if left >= right or top >= bottom:
        return None
    return top, left, bottom - top, right - left


def _covered(
    facts: RasterFacts, shift: float, grid: SheetGrid
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return between which columns, and rows, of the canvas a sheet lies."""
    bounds = facts.bounds
    return (
        (
            (bounds.left + shift - grid.left) / grid.cell_x,
            (bounds.right + shift - grid.left) / grid.cell_x,
        ),
        ((grid.top - bounds.top) / grid.cell_y, (grid.top - bounds.bottom) / grid.cell_y),
    )


def _first_centre(edge: float) -> int:
    return math.ceil(edge - 0.5 - _ROUNDING_PX)


def spans_of(
    facts: RasterFacts, shift: float, grid: SheetGrid, place: Place
) -> tuple[list[Span], list[Span]]:
    """Return a place's columns and rows in parts that are read on their own.

    One where the sheet covers all of them whole; else the pixels that an edge of the sheet cuts
    are parts too, since read together with the others they would push them aside.
    """
    top, left, rows, cols = place
    across, down = _covered(facts, shift, grid)
    return _spans(left, cols, *across), _spans(top, rows, *down)


def _spans(first: int, count: int, low: float, high: float) -> list[Span]:
    last = first + count
    cut_low, cut_high = low > first + _ROUNDING_PX, high < last - _ROUNDING_PX
    if count == 1 or not (cut_low or cut_high):
        return [Span(count, max(low, first), min(high, last))]
    inner_first, inner_last = first + cut_low, last - cut_high
    spans = [Span(1, low, first + 1.0)] if cut_low else []
    if inner_first < inner_last:
        spans.append(Span(inner_last - inner_first, float(inner_first), float(inner_last)))
    return [*spans, Span(1, last - 1.0, high)] if cut_high else spans


def window_of(
    facts: RasterFacts, shift: float, grid: SheetGrid, spans: tuple[Span, Span]
) -> Window:
    """Return the part of a sheet under some rows and columns, in its columns and rows."""
    down, across = spans
    inverse = ~facts.affine
    corners = [
        apply(inverse, grid.left - shift + col * grid.cell_x, grid.top - row * grid.cell_y)
        for col, row in ((across.low, down.low), (across.high, down.high))
    ]
    (x0, y0), (x1, y1) = corners
    first_col, last_col = _inside(x0, x1, facts.width)
    first_row, last_row = _inside(y0, y1, facts.height)
    return Window(first_col, first_row, last_col - first_col, last_row - first_row)


def _inside(one: float, other: float, size: int) -> tuple[float, float]:
    """Return two places in order, whole where they are all but whole, within the raster."""
    ends = []
    for place in sorted((one, other)):
        whole = round(place)
        near = abs(place - whole) <= _ROUNDING_PX
        ends.append(min(float(size), max(0.0, float(whole) if near else place)))
    return ends[0], ends[1]
