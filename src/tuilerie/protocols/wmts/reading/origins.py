"""Which point a TopLeftCorner is: the axis order, the corner, the CRS that the server means.

The rule is that of the CRS: "urn:ogc:def:crs:EPSG::4326" has latitude first, and so has the plain
"EPSG:4326" here. Where a set so read lies away from everything that its layers or its CRS cover,
and read otherwise lies upon it, the server means the other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from tuilerie.grids import WGS84, BoundingBox, Crs, transform_bounds
from tuilerie.protocols.reading.remarks import Remarks
from tuilerie.protocols.wmts.reading.scales import turn_of

__all__ = ["Grid", "Placing", "evidence_of", "place", "snap"]

_HALF_EQUATOR: Final = math.pi * 6_378_137.0
_KEPT: Final = 0.5
"""Share of what should be covered at which nothing else is considered."""
_GAIN: Final = 0.2
_NOTHING: Final = 0.01
_LARGE: Final = 30
"""Widths; what is larger lies upon anything, wherever its corner is."""
_SNAP_M: Final = 1.0
_SNAP_DEGREES: Final = 1e-6


class Grid(NamedTuple):
    """What of a matrix decides where it lies; `corner` as written, sizes in CRS units."""

    corner: tuple[float, float]
    width: float
    height: float


class Placing(NamedTuple):
    """One way to read a corner: coordinates swapped or not, and at the bottom or at the top."""

    swapped: bool
    bottom: bool

    def top_left(self, grid: Grid) -> tuple[float, float]:
        """Return the left and top edge of a grid, CRS units."""
        a, b = grid.corner
        x, y = (b, a) if self.swapped else (a, b)
        return x, y + (grid.height if self.bottom else 0.0)

    def bounds(self, grid: Grid) -> BoundingBox:
        """Return the outer edges of a grid."""
        left, top = self.top_left(grid)
        return BoundingBox(left, top - grid.height, left + grid.width, top)


def evidence_of(crs: Crs, layers: BoundingBox | None) -> BoundingBox | None:
    """Return where a set of this CRS must have tiles, CRS units; None if nobody says.

    `layers` are degrees: all the layers that link to the set, as far as they say where they are.
    """
    area = _in_crs(crs, crs.area_of_use)
    if layers is None:
        return area
    found = _in_crs(crs, layers)
    if found is None or area is None:
        return found or area
    return found.intersection(area) or area


def _in_crs(crs: Crs, degrees: BoundingBox | None) -> BoundingBox | None:
    if degrees is None:
        return None
    if degrees.left > degrees.right:
        degrees = BoundingBox(-180.0, degrees.bottom, 180.0, degrees.top)
    if crs.is_geographic:
        unit = crs.full_turn / 360
        return BoundingBox(*(edge * unit for edge in degrees))
    try:
        return transform_bounds(degrees, WGS84, crs)
    except ValueError:
        return None


def place(
    grids: Sequence[Grid],
    crs: Crs,
    evidence: BoundingBox | None,
    axis_order: str | None,
    remarks: Remarks,
    where: str,
) -> tuple[Placing, float]:
    """Return how the corners of a set are to be read, and the share of the evidence it covers.

    Args:
        grids: of the set's matrices, the finest last.
        crs: of the set.
        evidence: from `evidence_of`.
        axis_order: "crs", "xy" or "yx" where the operator knows, else None.
        remarks: told of "axis-order", "origin-bottom-left", "origin-contradicted".
        where: for the remarks.
    """
    if axis_order is not None:
        chosen = Placing(crs.axes_swapped if axis_order == "crs" else axis_order == "yx", False)
        return chosen, 1.0
    usual = Placing(crs.axes_swapped, False)
    if evidence is None:
        return usual, 1.0
    grid = _typical(grids)
    covered = _share(usual.bounds(grid), evidence)
    if covered >= _KEPT:
        return usual, covered
    others = []
    if remarks.may("axis-order"):
        others.append(Placing(not usual.swapped, False))
    # A country's own grid may cover little of what its CRS covers: only nothing is a sign.
    small = grid.width < _LARGE * evidence.width
    if covered < _NOTHING and small and remarks.may("origin-bottom-left"):
        others.append(Placing(usual.swapped, True))
        others.append(Placing(not usual.swapped, True))
    shares = [(_share(other.bounds(grid), evidence), other) for other in others]
    best, chosen = max(shares, key=lambda pair: pair[0], default=(0.0, usual))
    enough = _KEPT if chosen.bottom else 2 * covered + _GAIN
    if best > covered and best >= enough:
        _tell(chosen, usual, crs, remarks, where)
        return chosen, best
    if covered == 0:
        remarks.add(
            "origin-contradicted",
            "the corners were believed as they are written",
            "so read, the matrices lie outside everything that their layers and CRS cover, and "
            "no other reading is better",
            where,
        )
    return usual, covered


def _typical(grids: Sequence[Grid]) -> Grid:
    """Return the finest of the grids that have the most frequent corner."""
    corner = Counter(grid.corner for grid in grids).most_common(1)[0][0]
    return next(grid for grid in reversed(grids) if grid.corner == corner)


def _share(bounds: BoundingBox, evidence: BoundingBox) -> float:
    """Return the share of the smaller of two rectangles that lies in the larger."""
    common = bounds.intersection(evidence)
    area = min(evidence.width * evidence.height, bounds.width * bounds.height)
    if common is None or not area > 0:
        return 0.0
    return common.width * common.height / area


def _tell(chosen: Placing, usual: Placing, crs: Crs, remarks: Remarks, where: str) -> None:
    if chosen.swapped != usual.swapped:
        order = "northing or latitude first" if chosen.swapped else "easting or longitude first"
        remarks.add(
            "axis-order",
            f"TopLeftCorner was read with {order}",
            f"in the axis order of {crs.text} the matrices lie away from what they should cover",
            where,
        )
    if chosen.bottom:
        remarks.add(
            "origin-bottom-left",
            "TopLeftCorner was read as the bottom left corner",
            "as the top left one, the matrices lie away from what they should cover",
            where,
        )


def snap(left: float, top: float, crs: Crs, remarks: Remarks, where: str) -> tuple[float, float]:
    """Return a corner, exactly that of the world if it is nearly so.

    To be asked only of sets whose scales are those of the quadtree: the tiles of such servers
    are the usual ones, and what their documents print was rounded.
    """
    turn = turn_of(crs)
    if turn is None or not remarks.may("origin-rounded"):
        return left, top
    tolerance = _SNAP_DEGREES if crs.is_geographic else _SNAP_M
    edges = (0.25 * turn, 0.5 * turn) if crs.is_geographic else (0.5 * turn,)
    x = -0.5 * turn if abs(left + 0.5 * turn) < tolerance else left
    y = next((edge for edge in edges if abs(top - edge) < tolerance), top)
    off = max(abs(x - left), abs(y - top))
    if off > (1e-9 if crs.is_geographic else 0.01):
        remarks.add(
            "origin-rounded",
            "the corner of the world was taken",
            f"TopLeftCorner is {off:.2g} {crs.unit} off it",
            where,
        )
    return x, y
