"""Where a projection is believed: its CRS's area of use and a generous margin around it.

Far away from where it is meant, a projection yields numbers without sense: Lambert 93 puts the
South Pole at some ten thousand million metres, Mercator its poles nowhere. Data do reach beyond
the area of use, however (a UTM file may span three zones; Landsat writes the southern hemisphere
in northern zones), so the margin is as large as the area itself and at least 30 degrees.
"""

from __future__ import annotations

from typing import NamedTuple

from tuilerie.grids.arcs import counted_from
from tuilerie.grids.crs import Crs

__all__ = ["Guard", "guard_of"]

_MARGIN_DEG = 30.0
_POLAR_MARGIN_DEG = 90.0
_MERCATOR_LIMIT_DEG = 85.1
"""A little beyond where the square of Web Mercator, and the one of World Mercator, end. No margin
reaches further: a cylinder has no poles."""


class Guard(NamedTuple):
    """A range of longitudes (from `west` on eastward) and of latitudes, degrees."""

    west: float
    width: float
    south: float
    north: float

    def holds(self, longitude: float, latitude: float) -> bool:
        """Return whether a position lies inside; NaN and infinity do not."""
        return (
            self.south <= latitude <= self.north
            and counted_from(self.west, longitude, 360.0) <= self.width
        )


def guard_of(crs: Crs) -> Guard | None:
    """Return where a projected CRS is believed; None if that is everywhere or not known."""
    area = crs.area_of_use
    if area is None:
        return None
    width = area.width if area.width > 0 else area.width + 360.0
    height = area.height
    around = width >= 360.0
    if around and height >= 180.0:
        return None
    polar = around and (area.bottom <= -90.0 or area.top >= 90.0)
    margin = _POLAR_MARGIN_DEG if polar else max(_MARGIN_DEG, height)
    south, north = area.bottom - margin, area.top + margin
    if area.bottom > -_MERCATOR_LIMIT_DEG:
        south = max(south, -_MERCATOR_LIMIT_DEG)
    if area.top < _MERCATOR_LIMIT_DEG:
        north = min(north, _MERCATOR_LIMIT_DEG)
    side = max(_MARGIN_DEG, width)
    if width + 2 * side >= 360.0:
        return Guard(-180.0, 360.0, south, north)
    return Guard(area.left - side, width + 2 * side, south, north)
