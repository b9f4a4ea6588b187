"""How x repeats itself around the Earth, so that the antimeridian is no edge."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tuilerie.grids import Crs, transform_points

__all__ = ["best_start", "period_of"]

_LONGITUDES = np.array([-171.0, -122.0, -64.0, -13.0, 2.0, 47.0, 89.0, 134.0, 172.0])
_LATITUDES = (-57.0, 0.0, 38.0)
_STEP = 0.25
_LINEAR = 1e-7
_GAP_RATIO = 2.0
_LEAST_GAP = 1 / 12


@lru_cache(maxsize=256)
def period_of(crs: Crs) -> float | None:
    """Return the x distance, CRS units, after which a cylindrical CRS shows the same place again.

    360 for degrees, 40075016.69 for Web Mercator; None where x does not repeat (UTM, Lambert,
    polar). Found by measuring, not from a list: x must be linear in longitude, and the same on
    every parallel.
    """
    if crs.is_geographic:
        return crs.full_turn
    geodetic = crs.horizontal.geodetic_crs
    if geodetic is None:
        return None
    try:
        base = Crs.parse(geodetic.to_wkt())
    except ValueError:
        return None
    turn = base.full_turn
    degree = turn / 360
    lon, lat = np.meshgrid(_LONGITUDES * degree, np.array(_LATITUDES) * degree)
    x, _ = transform_points(lon, lat, base, crs)
    near, _ = transform_points(lon + _STEP * degree, lat, base, crs)
    if not (np.isfinite(x).all() and np.isfinite(near).all()):
        return None
    slope = float(np.median((near - x) / (_STEP * degree)))
    period = slope * turn
    if not period > 0:
        return None
    offset = x - slope * lon
    offset -= offset[0, 0]
    misses = offset - period * np.rint(offset / period)
    return period if np.abs(misses).max() <= _LINEAR * period else None


def best_start(x: NDArray[np.float64], period: float) -> float | None:
    """Return where to begin counting x so that the places lie side by side.

    Takes at least one position, all finite.

    Returns: the middle of the widest gap between the positions on the circle: count each x
        from there upward, by `start + (x - start) % period`. None if the positions are best as
        they are (no seam among them, or spread around the whole circle).
    """
    low, high = float(x.min()), float(x.max())
    if high - low <= period / 2:
        return None
    ordered = np.unique(x)
    gaps = np.diff(ordered)
    widest = int(gaps.argmax())
    gap = float(gaps[widest])
    outside = max(period - (high - low), 0.0)
    if gap <= _GAP_RATIO * outside or gap < _LEAST_GAP * period:
        return None
    start = float(ordered[widest]) + gap / 2
    # The window [start, start + period] is as good as any other turn; stay where x mostly is.
    return start - period if start > (low + high) / 2 + period / 2 else start
