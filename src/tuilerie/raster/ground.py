"""How many metres on the ground a pixel spans: what a slope must be measured in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tuilerie.grids import WGS84, BoundingBox, Crs, transform_points

__all__ = ["ground_cell"]

_SAMPLES = 9
_MAJOR_M = 6378137.0
_SQUARED_ECCENTRICITY = 0.00669437999014


def ground_cell(
    bounds: BoundingBox, crs: Crs, width: int, height: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the metres that a pixel of each row spans in x and in y, on the ellipsoid WGS 84.

    Measured in the middle column. Right in any CRS: in degrees x shrinks with the cosine of the
    latitude, in Mercator both do. Where the CRS has no place on the Earth, its own unit counts.
    """
    cell_x, cell_y = bounds.width / width, bounds.height / height
    rows = np.linspace(0.5, height - 0.5, min(_SAMPLES, height))
    x = np.full_like(rows, (bounds.left + bounds.right) / 2)
    y = bounds.top - rows * cell_y
    spans = []
    for dx, dy in ((cell_x, 0.0), (0.0, cell_y)):
        ends = [
            transform_points(x + sign * dx / 2, y + sign * dy / 2, crs, WGS84) for sign in (-1, 1)
        ]
        spans.append(_metres(ends[0], ends[1]))
    fallback = (cell_x * crs.metres_per_unit, cell_y * crs.metres_per_unit)
    at = np.arange(height) + 0.5
    across, down = (
        np.interp(at, rows, np.where(np.isfinite(span) & (span > 0), span, spare))
        for span, spare in zip(spans, fallback, strict=True)
    )
    return across.astype(np.float32), down.astype(np.float32)


def _metres(
    one: tuple[NDArray[np.float64], NDArray[np.float64]],
    other: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Return the distance of near places by the ellipsoid's radii of curvature between them."""
    with np.errstate(invalid="ignore"):
        turn = (other[0] - one[0] + 180) % 360 - 180
        middle = np.radians((one[1] + other[1]) / 2)
        flat = 1 - _SQUARED_ECCENTRICITY * np.sin(middle) ** 2
        east = np.radians(turn) * np.cos(middle) * _MAJOR_M / np.sqrt(flat)
        north = np.radians(other[1] - one[1]) * _MAJOR_M * (1 - _SQUARED_ECCENTRICITY) / flat**1.5
        distance: NDArray[np.float64] = np.hypot(east, north)
    return distance
