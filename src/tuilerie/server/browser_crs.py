"""CRS definitions as the map in the browser computes them: proj4 strings with their datum's shift.

A PROJ string made of a national CRS says its ellipsoid and not where that ellipsoid lies: the
degrees that the map shows would be off by up to some hundred metres. The shift is found here by
asking PROJ for one point in the middle of the area of use; it holds within a few metres in a
country, and less well across a continent (NAD27).
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

from tuilerie.grids import WGS84, Crs, transform_points

__all__ = ["browser_definition"]

_WGS84_AXIS_M = 6378137.0
_WGS84_FLATTENING = 1 / 298.257223563
_NO_SHIFT_M = 0.5
_TOLD = ("+datum=WGS84", "+datum=NAD83", "+towgs84=", "+nadgrids=", "+R=")


@lru_cache(maxsize=512)
def browser_definition(crs: Crs) -> str:
    """Return a PROJ string for proj4js, "" if the CRS has none.

    A shift to WGS 84 of three parameters (+towgs84, metres) is added where PROJ knows one and
    the definition does not say it itself.
    """
    definition = crs.proj4
    area = crs.area_of_use
    told = any(word in definition for word in _TOLD)
    geodetic = crs.pyproj.geodetic_crs
    if not definition or told or area is None or geodetic is None or geodetic.ellipsoid is None:
        return definition
    turn = 360 if area.left > area.right else 0
    point = ((area.left + area.right + turn) / 2, (area.bottom + area.top) / 2)
    shift = _shift(point, geodetic)
    if shift is None or math.hypot(*shift) < _NO_SHIFT_M:
        return definition
    ellipsoid = geodetic.ellipsoid
    figure = f" +a={ellipsoid.semi_major_metre!r} +rf={ellipsoid.inverse_flattening!r}"
    # A datum's name (NAD27) stands for grids of shifts, which no browser has.
    definition = re.sub(r" \+datum=\S+", figure, definition)
    words = "+towgs84=" + ",".join(f"{metres:.3f}" for metres in shift)
    head, mark, tail = definition.partition(" +units=")
    return f"{head} {words}{mark}{tail}" if mark else f"{definition} {words}"


def _shift(point: tuple[float, float], geodetic: Any) -> tuple[float, float, float] | None:
    """Return from where to where the datum's centre must be moved to be that of WGS 84, metres."""
    try:
        xs, ys = transform_points([point[0]], [point[1]], WGS84, Crs.parse(geodetic.to_wkt()))
    except ValueError:
        return None
    radians = geodetic.axis_info[0].unit_conversion_factor
    meridian = geodetic.prime_meridian
    lon = xs[0] * radians + meridian.longitude * meridian.unit_conversion_factor
    lat = ys[0] * radians
    ellipsoid = geodetic.ellipsoid
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return None
    flattening = 1 / ellipsoid.inverse_flattening if ellipsoid.inverse_flattening else 0.0
    local = _geocentric(lon, lat, ellipsoid.semi_major_metre, flattening)
    true = _geocentric(
        math.radians(point[0]), math.radians(point[1]), _WGS84_AXIS_M, _WGS84_FLATTENING
    )
    return (true[0] - local[0], true[1] - local[1], true[2] - local[2])


def _geocentric(
    lon: float, lat: float, axis_m: float, flattening: float
) -> tuple[float, float, float]:
    """Return the geocentric position of a point on an ellipsoid; angles in radians."""
    squared = flattening * (2 - flattening)
    radius = axis_m / math.sqrt(1 - squared * math.sin(lat) ** 2)
    return (
        radius * math.cos(lat) * math.cos(lon),
        radius * math.cos(lat) * math.sin(lon),
        radius * (1 - squared) * math.sin(lat),
    )
