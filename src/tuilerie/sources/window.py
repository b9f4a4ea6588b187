"""Which pixels of a raster, at which size, a part of a map needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from affine import Affine

from tuilerie.grids import BoundingBox
from tuilerie.sources.control_points import apply
from tuilerie.sources.facts import RasterFacts
from tuilerie.sources.levels import Level

__all__ = ["MOST_EXACT_PX", "Rectangle", "exact_rectangle", "rectangle_for"]

MOST_EXACT_PX = 4_000_000
"""Pixels that are read at once of a size that is in the file, where no coarser one will do."""
_SLACK = 1.01
"""A level that is finer than wanted by one percent is fine enough: grids agree by rounding only."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Pixels of one level: columns and rows of that level, the last ones exclusive.

    Where the raster goes once around the Earth, columns may lie beyond its width.
    """

    level: Level
    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Return the columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Return the rows."""
        return self.bottom - self.top

    def transform(self, facts: RasterFacts) -> Affine:
        """Return (column, row) of the rectangle -> CRS units."""
        scale_x = facts.width / self.level.width
        scale_y = facts.height / self.level.height
        origin = apply(facts.affine, self.left * scale_x, self.top * scale_y)
        a, b, _, d, e, _, *_ = facts.affine
        return Affine(a * scale_x, b * scale_y, origin[0], d * scale_x, e * scale_y, origin[1])


def rectangle_for(
    facts: RasterFacts,
    area: BoundingBox,
    cell: tuple[float, float],
    reach_px: int,
    *,
    exact: bool = False,
) -> Rectangle | None:
    """Return the pixels that show an area, at the size that is nearest above the one wanted.

    What is left to shrink is a factor from 1 to 2 (what the warp does well), along each axis on
    its own: in high latitudes, Mercator wants more of the rows than of the columns.

    Args:
        facts: of the raster.
        area: CRS units; where x repeats, data that lie whole periods away are meant too.
        cell: CRS units of a map pixel in x and y.
        reach_px: pixels beyond the area that the interpolation looks at.
        exact: whether to take only sizes that are in the file, if that is not too much: the
            nearest pixel of a size made by taking every second pixel is not the nearest one.

    Returns: None if the raster does not reach into the area.
    """
    inverse = ~facts.affine
    ratios = _ratios(inverse, cell)
    if exact:
        found = exact_rectangle(facts, area, cell, reach_px)
        if found is None or found.width * found.height <= MOST_EXACT_PX:
            return found
    return _rectangle(facts, inverse, area, _level(facts, facts.levels, ratios), reach_px)


def exact_rectangle(
    facts: RasterFacts, area: BoundingBox, cell: tuple[float, float], reach_px: int
) -> Rectangle | None:
    """Return the pixels that show an area at a size that is in the file, however many they are."""
    inverse = ~facts.affine
    stored = [level for level in facts.levels if level.stored]
    level = _level(facts, stored, _ratios(inverse, cell))
    return _rectangle(facts, inverse, area, level, reach_px)


def _ratios(inverse: Affine, cell: tuple[float, float]) -> tuple[float, float]:
    """Return how many columns and rows a map pixel spans."""
    return (
        math.hypot(inverse.a * cell[0], inverse.b * cell[1]),
        math.hypot(inverse.d * cell[0], inverse.e * cell[1]),
    )


def _rectangle(
    facts: RasterFacts, inverse: Affine, area: BoundingBox, level: Level, reach_px: int
) -> Rectangle | None:
    corners = [
        apply(inverse, x, y) for x in (area.left, area.right) for y in (area.bottom, area.top)
    ]
    to_x, to_y = level.width / facts.width, level.height / facts.height
    cols, rows = zip(*corners, strict=True)
    across = _across(facts, level, min(cols) * to_x - reach_px, max(cols) * to_x + reach_px)
    top = max(0, math.floor(min(rows) * to_y - reach_px))
    bottom = min(level.height, math.ceil(max(rows) * to_y + reach_px))
    if across is None or top >= bottom:
        return None
    return Rectangle(level, across[0], top, across[1], bottom)


def _level(facts: RasterFacts, levels: Sequence[Level], ratios: tuple[float, float]) -> Level:
    """Return the smallest size with at least as many columns, and rows, as are wanted."""
    across = _coarsest([facts.width / level.width for level in levels], ratios[0])
    down = _coarsest([facts.height / level.height for level in levels], ratios[1])
    if across == down:
        return levels[across]
    return Level(levels[across].width, levels[down].height, stored=False)


def _coarsest(factors: list[float], ratio: float) -> int:
    return max(
        (at for at, factor in enumerate(factors) if factor <= ratio * _SLACK),
        default=0,
    )


def _across(facts: RasterFacts, level: Level, low: float, high: float) -> tuple[int, int] | None:
    """Return the columns between two places, counted so that they follow each other."""
    if facts.turn_px:
        turn = facts.turn_at(level)
        if high - low >= turn - 1:
            return 0, turn
        left = math.floor(low)
        start = left % turn
        return start, start + math.ceil(high) - left
    if facts.period_px:
        period = facts.period_px * level.width / facts.width
        first = math.floor((0 - high) / period)
        spans = [
            (max(0, math.floor(low + n * period)), min(level.width, math.ceil(high + n * period)))
            for n in range(first, first + math.ceil((level.width + high - low) / period) + 2)
        ]
        spans = [span for span in spans if span[0] < span[1]]
        if not spans:
            return None
        return min(left for left, _ in spans), max(right for _, right in spans)
    left, right = max(0, math.floor(low)), min(level.width, math.ceil(high))
    return (left, right) if left < right else None
