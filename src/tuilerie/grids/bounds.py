"""A rectangle and the index of a tile: the two values that every room passes on."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["BoundingBox", "TileIndex"]


class BoundingBox(NamedTuple):
    """A rectangle in the units of some CRS, x first; the CRS is said beside it.

    Where degrees are meant (`wgs84_bounds`, `Crs.area_of_use`) left > right says that the
    rectangle crosses the antimeridian; everywhere else left <= right and bottom <= top.
    """

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        """Return right - left."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Return top - bottom."""
        return self.top - self.bottom

    def intersects(self, other: BoundingBox) -> bool:
        """Return whether the two share an area; a shared edge or corner is none."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )

    def intersection(self, other: BoundingBox) -> BoundingBox | None:
        """Return the shared area, None if there is none."""
        if not self.intersects(other):
            return None
        return BoundingBox(
            max(self.left, other.left),
            max(self.bottom, other.bottom),
            min(self.right, other.right),
            min(self.top, other.top),
        )

    def union(self, other: BoundingBox) -> BoundingBox:
        """Return the smallest rectangle that contains both."""
        return BoundingBox(
            min(self.left, other.left),
            min(self.bottom, other.bottom),
            max(self.right, other.right),
            max(self.top, other.top),
        )

    def expanded(self, dx: float, dy: float) -> BoundingBox:
        """Return the rectangle grown by dx to the left and right, dy at the bottom and top."""
        return BoundingBox(self.left - dx, self.bottom - dy, self.right + dx, self.top + dy)


class TileIndex(NamedTuple):
    """TileMatrix, TileCol and TileRow: column 0 at the left, row 0 at the top.

    Source: OGC 07-057r7, 6.1, figure 2.
    """

    matrix: str
    col: int
    row: int
