"""Rasters placed by ground control points: the affine that fits them, if one does."""

from __future__ import annotations

import math
from typing import Any

from affine import Affine
from rasterio.transform import from_gcps

__all__ = ["affine_of", "apply", "needs_rectifying"]

_CLOSE_ENOUGH_PX = 0.5
_FEWEST_POINTS = 3


def apply(affine: Affine, x: float, y: float) -> tuple[float, float]:
    """Return a position transformed; the operator for it differs between versions of affine."""
    return affine.a * x + affine.b * y + affine.c, affine.d * x + affine.e * y + affine.f


def affine_of(dataset: Any) -> Affine | None:
    """Return the transform (column, row) -> CRS units of a dataset, from points if need be.

    None if it has neither a transform nor control points that an affine fits to half a pixel.
    """
    # rasterio says the identity where there is no georeferencing.
    affine: Affine = dataset.transform
    if affine != Affine.identity():
        return affine
    points = dataset.gcps[0]
    if len(points) < _FEWEST_POINTS:
        return None
    affine = from_gcps(points)
    if not all(map(math.isfinite, affine)) or affine.determinant == 0:
        return None
    return affine if _largest_error_px(affine, points) <= _CLOSE_ENOUGH_PX else None


def needs_rectifying(dataset: Any) -> bool:
    """Return whether control points place a dataset in a way that no affine describes."""
    return (
        dataset.transform == Affine.identity()
        and len(dataset.gcps[0]) >= _FEWEST_POINTS
        and affine_of(dataset) is None
    )


def _largest_error_px(affine: Affine, points: list[Any]) -> float:
    inverse = ~affine
    errors = []
    for point in points:
        col, row = apply(inverse, point.x, point.y)
        errors.append(math.hypot(col - point.col, row - point.row))
    return max(errors)
