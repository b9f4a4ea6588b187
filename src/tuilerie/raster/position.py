"""The exact place in the source of any target pixel: the slow truth that tables approximate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuilerie.grids import BoundingBox, Crs, transform_points
from tuilerie.raster.around import best_start, period_of

__all__ = ["Floats", "TargetPixels", "target_pixels"]

Floats = NDArray[np.float64]

_FOLD_M = 10_000.0
"""How far the way back may miss: shifts of datum do by hundreds of metres, folds by far more."""


@dataclass(frozen=True, slots=True, eq=False)
class TargetPixels:
    """A target picture, and the way from its pixels into the source's CRS.

    Attributes:
        bounds: outer edges, units of `crs`, x first.
        width, height: pixels.
        period: see `period_of`, of the source's CRS.
        start: where source x is counted from, None = as PROJ gives it.
    """

    bounds: BoundingBox
    crs: Crs
    width: int
    height: int
    source_crs: Crs
    period: float | None = None
    start: float | None = None

    def x(self, cols: Floats) -> Floats:
        """Return the target x of columns; column 0 has its centre half a pixel from the left."""
        return self.bounds.left + (cols + 0.5) * (self.bounds.width / self.width)

    def y(self, rows: Floats) -> Floats:
        """Return the target y of rows; row 0 is at the top."""
        return self.bounds.top - (rows + 0.5) * (self.bounds.height / self.height)

    def counted(self, x: Floats) -> Floats:
        """Return source x counted from `start`."""
        if self.start is None or self.period is None:
            return x
        return self.start + np.mod(x - self.start, self.period)

    def source_positions(self, cols: Floats, rows: Floats) -> tuple[Floats, Floats]:
        """Return source coordinates of pixel centres, arrays shaped alike; NaN where impossible.

        Impossible is also what lies outside the map of the target's projection (a corner beside
        the globe): PROJ's inverse wraps around there, and the way back leads elsewhere.
        """
        x, y = self.x(cols), self.y(rows)
        if self.crs == self.source_crs:
            return self.counted(x), y
        u, v = transform_points(x, y, self.crs, self.source_crs)
        good = np.isfinite(u) & np.isfinite(v)
        if good.any():
            good &= self._returns(x, y, u, v)
        return np.where(good, self.counted(u), np.nan), np.where(good, v, np.nan)

    def _returns(self, x: Floats, y: Floats, u: Floats, v: Floats) -> NDArray[np.bool_]:
        back_x, back_y = transform_points(u, v, self.source_crs, self.crs)
        with np.errstate(invalid="ignore"):
            dx, dy = back_x - x, back_y - y
            period = period_of(self.crs)
            if period is not None:
                dx = dx - period * np.rint(dx / period)
            if self.crs.is_geographic:  # at the pole every longitude is the same place
                dx = dx * np.cos(y * (2 * np.pi / self.crs.full_turn))
            reach = _FOLD_M / self.crs.metres_per_unit
            found: NDArray[np.bool_] = (np.abs(dx) <= reach) & (np.abs(dy) <= reach)
        return found


def target_pixels(
    bounds: BoundingBox, crs: Crs, width: int, height: int, source_crs: Crs
) -> TargetPixels:
    """Return the target with source x counted so that the antimeridian is no jump, if possible."""
    period = period_of(source_crs)
    target = TargetPixels(bounds, crs, width, height, source_crs, period)
    if period is None or crs == source_crs:
        return target
    cols, rows = np.meshgrid(_spread(width), _spread(height))
    x, _ = target.source_positions(cols, rows)
    x = x[np.isfinite(x)]
    start = best_start(x, period) if x.size else None
    return TargetPixels(bounds, crs, width, height, source_crs, period, start)


def _spread(count: int) -> Floats:
    return np.linspace(0.0, count - 1.0, min(count, 33))
