"""Which tiles of a matrix set have data, worked out when asked and kept nowhere.

A catalogue of thousands of layers would spend most of its memory on limits that are read once;
what is kept for a layer is the rectangle of its data in the matrix set's CRS, and that only after
the first question. Layers over the same ground share one object.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tuilerie.catalogue.model import MatrixLimits
from tuilerie.grids import (
    BoundingBox,
    Crs,
    TileMatrix,
    TileMatrixSet,
    tile_range,
    transform_bounds,
    transform_points,
)

__all__ = ["Coverage", "covers", "local_cell_size"]

_AS_FINE = 1.001
"""A matrix is fine enough for data whose cells are this much smaller: a rounding, not a pixel."""


class _Reach(NamedTuple):
    """What a coverage works out at the first question: a rectangle, first and last matrix."""

    box: BoundingBox | None
    matrices: tuple[TileMatrix, ...]


class Coverage(Mapping[str, MatrixLimits]):
    """The limits of one rectangle of data in a matrix set, per matrix, from the coarsest.

    Only matrices that the data touches are in it. Safe to share between threads: working the
    same thing out twice gives the same.

    Args:
        bounds: of the data, CRS units of `crs`, x first.
        crs: as `grids.crs.Crs.parse` reads it.
        cell_size: of the data, units of `crs` per pixel.
        ends: identifiers of the coarsest and finest matrix served; None = from the coarsest to
            the first that is as fine as the data.

    Source: OGC 07-057r7, 7.1.1.2.2, Tables 11 and 12.
    """

    __slots__ = ("_reached", "bounds", "cell_size", "crs", "ends", "tms")

    def __init__(
        self,
        tms: TileMatrixSet,
        bounds: BoundingBox,
        crs: str,
        cell_size: float,
        ends: tuple[str, str] | None = None,
    ) -> None:
        self.tms = tms
        self.bounds = bounds
        self.crs = crs
        self.cell_size = cell_size
        self.ends = ends
        self._reached: _Reach | None = None

    def __getitem__(self, matrix: str) -> MatrixLimits:
        reach = self._reach()
        if any(each.identifier == matrix for each in reach.matrices):
            limits = self._limits(matrix, reach.box)
            if limits is not None:
                return limits
        raise KeyError(matrix)

    def __iter__(self) -> Iterator[str]:
        reach = self._reach()
        for matrix in reach.matrices:
            if self._limits(matrix.identifier, reach.box) is not None:
                yield matrix.identifier

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __reduce__(self) -> tuple[object, ...]:
        return Coverage, (self.tms, self.bounds, self.crs, self.cell_size, self.ends)

    def __repr__(self) -> str:
        return f"<Coverage of {tuple(self.bounds)} {self.crs[:40]} in {self.tms.identifier}>"

    def _limits(self, matrix: str, box: BoundingBox | None) -> MatrixLimits | None:
        covered = tile_range(self.tms, matrix, box) if box is not None else None
        return MatrixLimits(*covered) if covered is not None else None

    def _reach(self) -> _Reach:
        if self._reached is None:
            self._reached = self._work_out()
        return self._reached

    def _work_out(self) -> _Reach:
        crs = Crs.parse(self.crs)
        try:
            box = transform_bounds(self.bounds, crs, self.tms.crs)
        except ValueError:
            return _Reach(None, ())  # nothing of the data has a place in the set's CRS
        matrices = self.tms.matrices
        if self.ends is not None:
            first, last = (self.tms.ordinal(end) for end in self.ends)
            return _Reach(box, matrices[first : last + 1])
        wanted = local_cell_size(self.bounds, crs, self.cell_size, self.tms.crs)
        fine = (n for n, each in enumerate(matrices) if each.cell_size <= wanted * _AS_FINE)
        return _Reach(box, matrices[: next(fine, len(matrices)) + 1])


def local_cell_size(bounds: BoundingBox, crs: Crs, cell_size: float, target: Crs) -> float:
    """Return how large the data's cells are in another CRS, at its centre, the finer axis.

    Where the centre has no place in the other CRS (a pole in Mercator), a point half way to a
    corner is taken; where none has, 0: everything is too coarse.

    Args:
        bounds: of the data, units of `crs`, x first.
        crs: the data's.
        cell_size: units of `crs` per pixel.
        target: the CRS in whose units the answer is.

    Returns: units of `target` per pixel.
    """
    if crs == target:
        return cell_size
    # A step that floating point still resolves far from the origin.
    step = max(cell_size, bounds.width * 1e-6, bounds.height * 1e-6)
    for across, up in ((0.5, 0.5), (0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)):
        x = bounds.left + across * bounds.width
        y = bounds.bottom + up * bounds.height
        found = _finer_axis(x, y, step, crs, target)
        if found is not None:
            return found / step * cell_size
    return 0.0


def _finer_axis(x: float, y: float, step: float, crs: Crs, target: Crs) -> float | None:
    """Return the shortest image of four steps around a point; None if that cannot be told.

    Of the two steps along an axis the shorter one counts, for the other may cross the
    antimeridian.
    """
    xs, ys = transform_points(
        [x, x + step, x - step, x, x], [y, y, y, y + step, y - step], crs, target
    )
    lengths = [
        math.hypot(after - xs[0], up - ys[0]) for after, up in zip(xs[1:], ys[1:], strict=True)
    ]
    usable = [length for length in lengths if math.isfinite(length) and length > 0]
    return min(usable) if usable and math.isfinite(xs[0]) and math.isfinite(ys[0]) else None


def covers(coverage: Coverage) -> bool:
    """Return whether any tile at all has data."""
    return next(iter(coverage), None) is not None
