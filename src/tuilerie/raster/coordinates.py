"""Where each pixel of a target picture lies in the source: planned once, used for every band.

Three forms, the cheapest that is right: two one-dimensional tables where x depends on the column
alone and y on the row alone (any two cylindrical CRS, or the same CRS; found by measuring, not
from a list); a coarse grid with bilinear interpolation, checked; exact pixel by pixel where the
grid does not help (`lattice.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tuilerie.grids import BoundingBox, Crs
from tuilerie.raster.lattice import Inverse, Lattice, make_lattice
from tuilerie.raster.position import Floats, TargetPixels, target_pixels

__all__ = ["CoordinateGrid", "PixelMaps", "Transform", "north_up", "plan_warp"]

Transform = tuple[float, float, float, float, float, float]
"""Six numbers as rasterio's Affine has them: x = a·col + b·row + c, y = d·col + e·row + f, where
col, row count pixels from the outer corner of the top left one (its centre is 0.5, 0.5)."""

_SAMPLES = 9
_SEPARABLE_PX = 0.02
"""How far two rows may differ in their x, or columns in their y, to share one table."""


class PixelMaps(NamedTuple):
    """Source pixel coordinates for every target pixel; 0 is the centre of the first pixel.

    Either both one-dimensional float64 (x by column, y by row), or both float32 (rows, columns).
    NaN where the target pixel has no place in the source's CRS.
    """

    x: NDArray[np.floating]
    y: NDArray[np.floating]

    @property
    def separable(self) -> bool:
        """Return whether the maps are one-dimensional."""
        return self.x.ndim == 1

    @property
    def shape(self) -> tuple[int, int]:
        """Return (rows, columns) of the target."""
        return len(self.y), self.x.shape[-1]

    def full(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return both as contiguous float32 (rows, columns), as cv2.remap wants them."""
        if not self.separable:
            return np.asarray(self.x, np.float32), np.asarray(self.y, np.float32)
        # Narrowed before they are spread: a cast for each pixel costs more than the remap.
        x, y = np.empty(self.shape, np.float32), np.empty(self.shape, np.float32)
        x[:] = self.x.astype(np.float32)
        y[:] = self.y.astype(np.float32)[:, None]
        return x, y


class Tables(NamedTuple):
    """Source x of every column and source y of every row; NaN where impossible."""

    x: Floats
    y: Floats


@dataclass(frozen=True, slots=True, eq=False)
class CoordinateGrid:
    """The source-CRS coordinates of the centres of a target's pixels.

    Attributes:
        bounds: outer edges of the target, units of `crs`, x first.
        width, height: of the target, pixels.
        period: the source x after which the same place comes again, units of `source_crs`
            (360 for degrees, 40075016.69 for Web Mercator); None where x does not repeat. Source
            x may exceed the data's by a whole number of periods: see `source_bounds`.
        form: how the coordinates are kept.
    """

    bounds: BoundingBox
    crs: Crs
    source_crs: Crs
    width: int
    height: int
    period: float | None
    form: Tables | Lattice

    def source_bounds(self) -> BoundingBox | None:
        """Return the rectangle of the source that the pixel centres lie in; None if nowhere.

        Units of the source's CRS. Grow it by half of `source_cell` and by the reach of the
        kernel (`margin_px`) before reading. Where x repeats, the rectangle is counted so that it
        is narrow: at the antimeridian it is e.g. 170…190, never -180…180; data that lie a
        period away are meant too.
        """
        xs, ys = [self.form.x], [self.form.y]
        if isinstance(self.form, Lattice):
            xs.append(self.form.at_x)
            ys.append(self.form.at_y)
        x = np.concatenate([part.reshape(-1) for part in xs])
        y = np.concatenate([part.reshape(-1) for part in ys])
        x, y = x[np.isfinite(x)], y[np.isfinite(y)]
        if not (x.size and y.size):
            return None
        return BoundingBox(float(x.min()), float(y.min()), float(x.max()), float(y.max()))

    def source_cell(self) -> tuple[float, float]:
        """Return how many source units a target pixel spans in x and in y: the median over it.

        To choose the overview or decimation. (0, 0) if nothing has a place in the source.
        """
        if isinstance(self.form, Lattice):
            x, y = self.form.steps()
        else:
            x, y = np.abs(np.diff(self.form.x)), np.abs(np.diff(self.form.y))
            if self.crs == self.source_crs:  # exact, also for a single row or column
                x = np.array([self.bounds.width / self.width])
                y = np.array([self.bounds.height / self.height])
        return _median(x), _median(y)

    def pixel_maps(self, transform: Transform) -> PixelMaps:
        """Return the target pixels' places in a raster, in its pixels.

        Args:
            transform: of the raster, see `Transform`; rotated and sheared ones too.

        Raises: ValueError: the transform is not invertible.
        """
        inverse = _inverse(transform)
        a, b, c, d, e, f = inverse
        if isinstance(self.form, Lattice):
            return PixelMaps(*self.form.expand(inverse))
        x, y = self.form
        if b == 0 and d == 0:
            return PixelMaps(a * x + c, e * y + f)
        return PixelMaps(
            np.add.outer(b * y, a * x + c).astype(np.float32),
            np.add.outer(e * y, d * x + f).astype(np.float32),
        )

    def with_pixels(self, transform: Transform) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return `pixel_maps` as two float32 arrays (rows, columns), for cv2.remap."""
        return self.pixel_maps(transform).full()


def north_up(bounds: BoundingBox, width: int, height: int) -> Transform:
    """Return the transform of a raster whose rows and columns follow the axes, row 0 at the top."""
    return (bounds.width / width, 0.0, bounds.left, 0.0, -bounds.height / height, bounds.top)


def plan_warp(
    *,
    bounds: BoundingBox,
    crs: Crs,
    width: int,
    height: int,
    source_crs: Crs,
    max_error_px: float = 0.125,
) -> CoordinateGrid:
    """Find where in the source the pixels of a target lie.

    Args:
        bounds: outer edges of the target, units of `crs`, x first.
        crs: of the target.
        width: of the target, pixels.
        height: of the target, pixels.
        source_crs: in which the coordinates are wanted.
        max_error_px: bound of the error where it was checked, in target pixels.

    Raises: ValueError: a target without area or pixels, or PROJ knows no way between the CRSs.
    """
    if width < 1 or height < 1 or not (bounds.width > 0 and bounds.height > 0):
        raise ValueError(f"a target of {width} × {height} pixels in {tuple(bounds)} has no pixels")
    if not all(math.isfinite(edge) for edge in bounds):
        raise ValueError(f"a target cannot have the bounds {tuple(bounds)}")
    target = target_pixels(bounds, crs, width, height, source_crs)
    form = _tables(target) or make_lattice(target, max_error_px)
    return CoordinateGrid(bounds, crs, source_crs, width, height, target.period, form)


def _tables(target: TargetPixels) -> Tables | None:
    """Return the separable form, None if samples show that there is none."""
    cols = np.arange(target.width, dtype=np.float64)
    rows = np.arange(target.height, dtype=np.float64)
    if target.crs == target.source_crs:
        return Tables(target.x(cols), target.y(rows))
    at_cols = np.rint(np.linspace(0, target.width - 1, min(_SAMPLES, target.width)))
    at_rows = np.rint(np.linspace(0, target.height - 1, min(_SAMPLES, target.height)))
    grid_cols, grid_rows = np.meshgrid(at_cols, at_rows)
    x, y = target.source_positions(grid_cols, grid_rows)
    finite = np.isfinite(x)
    good_rows, good_cols = finite.any(axis=1), finite.any(axis=0)
    if not finite.any() or (np.outer(good_rows, good_cols) != finite).any():
        return None
    x, y = x[good_rows][:, good_cols], y[good_rows][:, good_cols]
    apart_x, apart_y = np.ptp(x, axis=0).max(), np.ptp(y, axis=1).max()
    if _far_apart(apart_x, x, at_cols[good_cols], 1) or _far_apart(
        apart_y, y, at_rows[good_rows], 0
    ):
        return None
    row = float(at_rows[good_rows][good_rows.sum() // 2])
    col = float(at_cols[good_cols][good_cols.sum() // 2])
    table_x, _ = target.source_positions(cols, np.full_like(cols, row))
    _, table_y = target.source_positions(np.full_like(rows, col), rows)
    step_x, step_y = _median(np.abs(np.diff(table_x))), _median(np.abs(np.diff(table_y)))
    if apart_x > _SEPARABLE_PX * step_x or apart_y > _SEPARABLE_PX * step_y:
        return None
    return Tables(table_x, table_y)


def _far_apart(apart: float, values: Floats, places: Floats, axis: int) -> bool:
    """Return whether samples alone show that one table cannot do, so that none need be made."""
    if len(places) < 2:
        return False
    between = np.diff(places).reshape((-1, 1) if axis == 0 else (1, -1))
    largest = float((np.abs(np.diff(values, axis=axis)) / between).max())
    return apart > _SEPARABLE_PX * largest > 0


def _median(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else 0.0


def _inverse(transform: Transform) -> Inverse:
    """Return the way from CRS coordinates to pixel coordinates that are 0 at a pixel's centre."""
    a, b, c, d, e, f = transform
    determinant = a * e - b * d
    if determinant == 0 or not math.isfinite(determinant):
        raise ValueError(f"the transform {transform} gives a raster no area")
    ia, ib, id_, ie = e / determinant, -b / determinant, -d / determinant, a / determinant
    return (ia, ib, -(ia * c + ib * f) - 0.5, id_, ie, -(id_ * c + ie * f) - 0.5)
