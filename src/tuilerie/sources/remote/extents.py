"""Where a remote's picture lies, from what its document says in several places."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from tuilerie.catalogue.model import BandDescription, MatrixLimits, SourceDescription
from tuilerie.formats import ImageFormat
from tuilerie.grids import (
    WGS84,
    BoundingBox,
    Crs,
    TileIndex,
    TileMatrixSet,
    transform_bounds,
    wgs84_bounds,
)

__all__ = ["WORLD", "degrees_in", "extent_of_limits", "picture_description", "projected"]

WORLD = BoundingBox(-180.0, -90.0, 180.0, 90.0)


def projected(box: BoundingBox | None, source: Crs, target: Crs) -> BoundingBox | None:
    """Return a rectangle in another CRS; None where it has no place there."""
    if box is None or box.left >= box.right or box.bottom >= box.top:
        return None
    if source == target:
        return box
    try:
        return transform_bounds(box, source, target)
    except ValueError:
        return None


def extent_of_limits(tms: TileMatrixSet, limits: Mapping[str, MatrixLimits]) -> BoundingBox:
    """Return the outer edges of the tiles of the finest matrix that has any."""
    finest = [matrix.identifier for matrix in tms.matrices if matrix.identifier in limits][-1]
    left, right, top, bottom = limits[finest]
    corners = (TileIndex(finest, left, top), TileIndex(finest, right, bottom))
    return reduce(BoundingBox.union, map(tms.bounds, corners))


def picture_description(
    crs: Crs,
    bounds: BoundingBox,
    cell_size: float,
    *,
    degrees: BoundingBox | None,
    transparent: bool,
    fingerprint: str,
    tile_formats: tuple[ImageFormat, ...] = (),
) -> SourceDescription:
    """Return the description of a picture of 8 bits.

    Args:
        bounds, cell_size: in units of `crs`.
        degrees: where it lies, longitude first; None = by `bounds`.
    """
    return SourceDescription(
        kind="picture",
        crs=crs.text,
        bounds=bounds,
        wgs84_bounds=(degrees and degrees.intersection(WORLD)) or wgs84_bounds(bounds, crs),
        cell_size=cell_size,
        width=max(1, round(bounds.width / cell_size)),
        height=max(1, round(bounds.height / cell_size)),
        bands=(BandDescription("uint8"),) * (4 if transparent else 3),
        transparent=transparent,
        fingerprint=fingerprint,
        tells=False,
        tile_formats=tile_formats,
    )


def degrees_in(box: BoundingBox | None, crs: Crs) -> BoundingBox | None:
    """Return a rectangle in degrees in a CRS, cut to the Earth."""
    return projected(None if box is None else box.intersection(WORLD), WGS84, crs)
