"""Which rectangles are asked of a map server for one map: not too large, within one turn: pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tuilerie.grids import BoundingBox

__all__ = ["MapPiece", "MapWindow", "pieces_of", "window_around"]


@dataclass(frozen=True, slots=True)
class MapWindow:
    """A rectangle of pixels: outer edges in CRS units, x first; size in pixels."""

    bounds: BoundingBox
    width: int
    height: int

    @property
    def cell(self) -> tuple[float, float]:
        """Return the CRS units of a pixel in x and y."""
        return self.bounds.width / self.width, self.bounds.height / self.height


@dataclass(frozen=True, slots=True)
class MapPiece:
    """A part of a window that is asked for at once, and where its top left pixel belongs."""

    bounds: BoundingBox
    width: int
    height: int
    col_px: int
    row_px: int


def window_around(area: BoundingBox, cell: tuple[float, float], reach_px: int) -> MapWindow:
    """Return what must be asked for to show an area.

    Args:
        area: around the centres of pixels, CRS units.
        cell: units of the CRS that a pixel spans in x and y.
        reach_px: pixels beyond that the interpolation looks at.
    """
    x, y = cell
    left, right = area.left - (reach_px + 0.5) * x, area.right + (reach_px + 0.5) * x
    bottom, top = area.bottom - (reach_px + 0.5) * y, area.top + (reach_px + 0.5) * y
    width, height = math.ceil((right - left) / x), math.ceil((top - bottom) / y)
    return MapWindow(BoundingBox(left, top - height * y, left + width * x, top), width, height)


def pieces_of(window: MapWindow, max_px: int, period: float | None) -> Iterator[MapPiece]:
    """Yield the parts of a window, of about equal size.

    Args:
        max_px: width and height of a part.
        period: the x after which the same place comes again; parts are asked for within half of
            it on both sides of 0, wherever they belong. None = x does not repeat.
    """
    cell_x, cell_y = window.cell
    rows = _shares(0, window.height, max_px)
    for first, last, turn in _turns(window, period):
        shift = 0.0 if period is None else turn * period
        for col, width in _shares(first, last, max_px):
            left = window.bounds.left + col * cell_x - shift
            right = window.bounds.left + (col + width) * cell_x - shift
            for row, height in rows:
                top = window.bounds.top - row * cell_y
                bottom = window.bounds.top - (row + height) * cell_y
                yield MapPiece(BoundingBox(left, bottom, right, top), width, height, col, row)


def _turns(window: MapWindow, period: float | None) -> Iterator[tuple[int, int, int]]:
    """Yield first and last column (exclusive) of the parts within one turn, and which one."""
    if period is None:
        yield 0, window.width, 0
        return
    cell_x, _ = window.cell
    left = window.bounds.left
    # A pixel belongs to the turn that its centre is in.
    turn = math.floor((left + cell_x / 2) / period + 0.5)
    first = 0
    while first < window.width:
        edge = (turn + 0.5) * period
        last = min(window.width, max(first + 1, math.ceil((edge - left) / cell_x - 0.5)))
        yield first, last, turn
        first, turn = last, turn + 1


def _shares(first: int, last: int, most: int) -> list[tuple[int, int]]:
    """Cut a range into as few parts as are needed, as equal as can be: (start, length)."""
    length = last - first
    count = max(1, -(-length // most))
    edges = [first + length * n // count for n in range(count + 1)]
    return [(start, end - start) for start, end in pairwise(edges)]
