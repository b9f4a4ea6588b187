"""Which tiles of a matrix set have data, worked out when asked and kept nowhere.

A catalogue of thousands of layers would spend most of its memory on limits that are read once;
what is kept for a layer is the rectangle of its data in the matrix set's CRS, and that only after
the first question. Layers over the same ground share one object.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping
from typing import NamedTuple

from tuilerie.catalogue.footprint import footprint, local_cell_size
from tuilerie.catalogue.model import MatrixLimits
from tuilerie.grids import BoundingBox, Crs, TileMatrix, TileMatrixSet, tile_range

__all__ = ["Coverage", "covers"]

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
        ends: identifiers of the coarsest and finest matrix served; None = all of them, as Table
            11 wants it: clients (GDAL among them) ask for any matrix of a set that is linked,
            and get pixels enlarged where the data is coarser.

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
        return (matrix for matrix, _ in self._pairs())

    def __len__(self) -> int:
        return sum(1 for _ in self._pairs())

    def items(self) -> ItemsView[str, MatrixLimits]:
        """Return all limits, each worked out once."""
        return dict(self._pairs()).items()

    def __reduce__(self) -> tuple[object, ...]:
        return Coverage, (self.tms, self.bounds, self.crs, self.cell_size, self.ends)

    def __repr__(self) -> str:
        return f"<Coverage of {tuple(self.bounds)} {self.crs[:40]} in {self.tms.identifier}>"

    def _pairs(self) -> Iterator[tuple[str, MatrixLimits]]:
        reach = self._reach()
        for matrix in reach.matrices:
            limits = self._limits(matrix.identifier, reach.box)
            if limits is not None:
                yield matrix.identifier, limits

    @property
    def box(self) -> BoundingBox | None:
        """Return the data's rectangle in the set's CRS, cut to the set; None if it has no place."""
        reach = self._reach()
        if reach.box is None:
            return None
        return reach.box.intersection(self.tms.matrix_bounds(reach.matrices[-1].identifier))

    @property
    def native(self) -> str:
        """Return the first matrix that is as fine as the data, or the finest that is served."""
        matrices = self._reach().matrices
        if not matrices:
            return ""
        wanted = local_cell_size(self.bounds, Crs.parse(self.crs), self.cell_size, self.tms.crs)
        fine = (each for each in matrices if each.cell_size <= wanted * _AS_FINE)
        return next(fine, matrices[-1]).identifier

    def _limits(self, matrix: str, box: BoundingBox | None) -> MatrixLimits | None:
        covered = tile_range(self.tms, matrix, box) if box is not None else None
        return _sayable(MatrixLimits(*covered), self.tms.matrix(matrix)) if covered else None

    def _reach(self) -> _Reach:
        if self._reached is None:
            self._reached = self._work_out()
        return self._reached

    def _work_out(self) -> _Reach:
        crs = Crs.parse(self.crs)
        try:
            box = footprint(self.bounds, crs, self.tms.crs)
        except ValueError:
            return _Reach(None, ())  # nothing of the data has a place in the set's CRS
        if self.ends is None:
            return _Reach(box, self.tms.matrices)
        first, last = (self.tms.ordinal(end) for end in self.ends)
        return _Reach(box, self.tms.matrices[first : last + 1])


def _sayable(limits: MatrixLimits, matrix: TileMatrix) -> MatrixLimits:
    """Widen limits to what a schema-valid document can say, so that what it says is served.

    MaxTileRow and MaxTileCol are positiveInteger in the published schema: 0 cannot be written.
    """
    if matrix.matrix_width == 1 or matrix.matrix_height == 1:
        return MatrixLimits(0, matrix.matrix_width - 1, 0, matrix.matrix_height - 1)
    return limits._replace(max_col=max(limits.max_col, 1), max_row=max(limits.max_row, 1))


def covers(coverage: Coverage) -> bool:
    """Return whether any tile at all has data."""
    return next(iter(coverage), None) is not None
