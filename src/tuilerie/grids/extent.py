"""Rectangles from one CRS to another: not where the corners lie, but where all of it does.

`sampling.py` finds the image of a rectangle and `guard.py` says where a projection is believed;
here the image becomes a rectangle again. In a plane that is its outermost samples; on the Earth
longitudes are a circle, a pole has all of them, and the antimeridian may lie across.
"""

from __future__ import annotations

import math
from functools import lru_cache

from tuilerie.grids.arcs import widest_gap
from tuilerie.grids.bounds import BoundingBox
from tuilerie.grids.crs import WGS84, Crs
from tuilerie.grids.guard import guard_of
from tuilerie.grids.sampling import RegionImage, Sample
from tuilerie.grids.transform import transform_points

__all__ = ["transform_bounds", "wgs84_bounds"]

_DENSIFY = 21
_DENSE_LINES = 101
"""Where the usual samples all miss: a satellite that sees little in a rectangle that is large."""
_ROUNDING = 1e-12
_SAME_POINT_M = 1.0


def transform_bounds(
    bounds: BoundingBox, source: Crs, target: Crs, *, densify: int = _DENSIFY
) -> BoundingBox:
    """Return the bounds in another CRS of all of a rectangle that can be shown there.

    `bounds` is in units of `source`, x first; if that is geographic, left > right says that it
    crosses the antimeridian. `densify` is the number of samples between two edges. Where the
    target is geographic, a rectangle that crosses its antimeridian or holds a pole becomes as
    wide as the Earth. Where it is projected, only what lies in its area of use or a generous
    margin around it counts, unless nothing does (`guard.py`): the whole Earth in Web Mercator
    ends near its square, in Lambert 93 some thousand kilometres around France.

    Exact where the outermost points are corners; else to about a millionth of the size.

    Raises: ValueError: nothing of the rectangle can be shown, or it is no rectangle.
    """
    return _transformed(BoundingBox(*map(float, bounds)), source, target, densify)


# Thousands of layers have few extents: all of one source, or sheets that many themes share.
@lru_cache(maxsize=4096)
def _transformed(bounds: BoundingBox, source: Crs, target: Crs, densify: int) -> BoundingBox:
    region = _region(bounds, source)
    if source == target:
        return region
    if not target.is_geographic:
        return _planar(region, source, target, densify)
    found = _geographic(region, source, target, densify)
    if found.left > found.right:
        half = target.full_turn / 2
        return BoundingBox(-half, found.bottom, half, found.top)
    return found


def wgs84_bounds(bounds: BoundingBox, crs: Crs) -> BoundingBox:
    """Return the bounds in degrees, longitude first, for ows:WGS84BoundingBox.

    left > right where the rectangle crosses the antimeridian; with a pole inside, or all around
    the Earth, -180 to 180.

    Raises: ValueError: as `transform_bounds`.
    """
    return _wgs84(BoundingBox(*map(float, bounds)), crs)


@lru_cache(maxsize=4096)
def _wgs84(bounds: BoundingBox, crs: Crs) -> BoundingBox:
    return _geographic(_region(bounds, crs), crs, WGS84, _DENSIFY)


def _region(bounds: BoundingBox, source: Crs) -> BoundingBox:
    left, bottom, right, top = bounds
    if source.is_geographic:
        if left > right:
            right += source.full_turn
        # Rasters whose pixels are centred on the poles reach half a pixel beyond them.
        pole = source.full_turn / 4
        bottom, top = max(bottom, -pole), min(top, pole)
    if not (left <= right and bottom <= top and math.isfinite(right - left + top - bottom)):
        raise ValueError(f"no rectangle in {source.name} has the edges {tuple(bounds)}")
    return BoundingBox(left, bottom, right, top)


def _sampled(image: RegionImage, densify: int) -> list[Sample]:
    # Four lines at least: three neighbours may go half around the Earth and say no direction.
    return image.sample(max(densify + 2, 4)) or image.sample(_DENSE_LINES)


def _nothing(source: Crs, target: Crs) -> ValueError:
    return ValueError(f"nothing of the rectangle in {source.name} can be shown in {target.name}")


def _planar(region: BoundingBox, source: Crs, target: Crs, densify: int) -> BoundingBox:
    for guard in (guard_of(target), None):
        image = RegionImage(region, source, target, guard)
        samples = _sampled(image, densify)
        if samples:
            left, bottom, right, top = image.outermost(samples)
            return BoundingBox(left.u, bottom.v, right.u, top.v)
    raise _nothing(source, target)


def _geographic(region: BoundingBox, source: Crs, target: Crs, densify: int) -> BoundingBox:
    """Return the bounds in a geographic CRS, left > right across its antimeridian."""
    turn = target.full_turn
    image = RegionImage(region, source, target, None)
    samples = _sampled(image, densify)
    if not samples:
        raise _nothing(source, target)
    poles = _poles_inside(region, source, target)
    around = bool(poles) or (source.is_geographic and region.width >= source.full_turn)
    gap = None if around else widest_gap(image.arcs, turn)
    if gap is not None:
        # Longitudes are counted from the middle of what the rectangle leaves free.
        image.origin = (gap[0] + gap[1]) / 2
    left, lowest, right, highest = image.outermost(samples)
    if gap is None:
        west, east = -turn / 2, turn / 2
    else:
        width = image.across(right) - image.across(left)
        west, east = _longitudes(left.u, right.u, width, turn)
    return BoundingBox(
        west,
        -turn / 4 if -1 in poles else max(lowest.v, -turn / 4),
        east,
        turn / 4 if 1 in poles else min(highest.v, turn / 4),
    )


def _longitudes(west: float, east: float, width: float, turn: float) -> tuple[float, float]:
    """Return two longitudes between -turn/2 and turn/2, west > east only across the antimeridian.

    What is between them already stays as it is to the last bit.
    """
    half = turn / 2
    if not -half <= west < half:
        west = (west + half) % turn - half
    if half - west < turn * _ROUNDING:
        west = -half
    if west + width > half + turn * _ROUNDING:
        return west, (east + half) % turn - half
    if not -half <= east <= half:
        east = west + width
    if east < west:  # by rounding, or -180 where 180 is meant
        east = west + width
    return west, min(east, half)


def _poles_inside(region: BoundingBox, source: Crs, target: Crs) -> set[int]:
    """Return 1 and -1 for the target's North and South Pole inside the rectangle.

    Only where the source shows a pole as a point: on a cylinder or a cone cut off it is a line
    or an arc, through which nothing leads to other longitudes. A pole on an edge is not inside.
    """
    if source.is_geographic and not source.horizontal.is_derived:
        return set()
    turn = target.full_turn
    nearly = _SAME_POINT_M / source.metres_per_unit
    inside = set()
    for pole in (-1, 1):
        xs, ys = transform_points(
            [0.0, turn / 4, turn / 2, -turn / 4], [pole * turn / 4] * 4, target, source
        )
        a_point = max(xs) - min(xs) < nearly and max(ys) - min(ys) < nearly
        if (
            a_point
            and region.left + nearly < xs[0] < region.right - nearly
            and region.bottom + nearly < ys[0] < region.top - nearly
        ):
            inside.add(pole)
    return inside
