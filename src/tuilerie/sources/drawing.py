"""From pixels in their own CRS to exactly the rectangle that was asked for.

A map is planned (where does each of its pixels lie in the source?), the pixels that this needs
are read once at the size that fits, and interpolated once. Where one size does not fit all of the
map, because a pixel near the pole covers ten times what one at the equator does, or because the
source is torn apart in it, the map is cut in halves, each drawn on its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tuilerie.catalogue.model import Resampling
from tuilerie.grids import BoundingBox, Crs
from tuilerie.raster.coordinates import CoordinateGrid, Transform, plan_warp
from tuilerie.raster.image import Raster
from tuilerie.raster.warp import margin_px, warp
from tuilerie.sources.cutting import Place, halves, steps
from tuilerie.sources.window import MOST_EXACT_PX

__all__ = ["MapFrame", "Patch", "PixelReader", "draw", "plan_frame"]

_UNEVEN = 2.0
_SMALLEST_SIDE_PX = 64
_LOW = 0.1
_SPARE_PX = 1 << 16
_MOST_SOURCE_PER_MAP_PX = 6


@dataclass(frozen=True, slots=True)
class MapFrame:
    """The rectangle to draw: outer edges in units of `crs`, x first; size in pixels."""

    bounds: BoundingBox
    crs: Crs
    width: int
    height: int
    resampling: Resampling


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """Pixels of the source.

    Attributes:
        transform: (column, row) -> CRS units, for rasters along the axes and others.
        alpha: whether the last band is transparency.
    """

    raster: Raster
    transform: Transform
    alpha: bool


class PixelReader(Protocol):
    """Something that has pixels in one CRS."""

    @property
    def crs(self) -> Crs:
        """Return the CRS of the areas that it reads."""
        ...

    @property
    def cell_size(self) -> float:
        """Return the finest cell size that it has, CRS units."""
        ...

    def exact_pixels(self, area: BoundingBox, cell: tuple[float, float], reach_px: int) -> int:
        """Return how many pixels must be read at once to show an area without a coarser copy.

        0 where a coarser copy is as good.
        """
        ...

    def read_area(
        self, area: BoundingBox, cell: tuple[float, float], reach_px: int
    ) -> Patch | None:
        """Return the pixels that show an area; see `window.rectangle_for`."""
        ...


def plan_frame(reader: PixelReader, frame: MapFrame) -> CoordinateGrid:
    """Return where in the reader's CRS the pixels of a frame lie.

    Raises: ValueError: no way leads from the one CRS to the other.
    """
    return plan_warp(
        bounds=frame.bounds,
        crs=frame.crs,
        width=frame.width,
        height=frame.height,
        source_crs=reader.crs,
    )


def draw(reader: PixelReader, frame: MapFrame, grid: CoordinateGrid | None = None) -> Raster | None:
    """Return the frame's rectangle, in its CRS and size; None if nothing in it has data.

    `grid` is what `plan_frame` returned, where it was asked before.

    Raises: what the reader raises; ValueError: no way leads from the one CRS to the other.
    """
    grid = grid or plan_frame(reader, frame)
    parts = list(_drawn_parts(reader, grid, frame.resampling, (0, 0)))
    if not parts:
        return None
    if len(parts) == 1 and parts[0][1].array.shape[1:] == (frame.height, frame.width):
        return parts[0][1]
    return _assembled(parts, frame)


def _drawn_parts(
    reader: PixelReader, grid: CoordinateGrid, resampling: Resampling, place: Place
) -> Iterator[tuple[Place, Raster]]:
    """Draw a plan in as many parts as it takes; parts without data are left out."""
    area = grid.source_bounds()
    if area is None:
        return
    if _one_size_fits(grid, area, reader.cell_size) and not _better_cut(
        reader, grid, area, resampling
    ):
        drawn = _draw_whole(reader, grid, area, resampling)
        if drawn is not None:
            yield place, drawn
        return
    for (col, row), half in halves(grid):
        yield from _drawn_parts(reader, half, resampling, (place[0] + col, place[1] + row))


def _draw_whole(
    reader: PixelReader, grid: CoordinateGrid, area: BoundingBox, resampling: Resampling
) -> Raster | None:
    patch = reader.read_area(area, _cell(grid, reader.cell_size), margin_px(resampling))
    if patch is None:
        return None
    drawn = warp(
        _smooth(patch.raster, resampling),
        grid,
        resampling=resampling,
        transform=patch.transform,
        alpha=patch.alpha,
    )
    return drawn if drawn.mask is None or drawn.mask.any() else None


def _smooth(raster: Raster, resampling: Resampling) -> Raster:
    """Return integer measurements as floats where they are interpolated.

    Rounded between the measurements, an enlarged elevation would be a staircase, and its shading
    would show every step. 8-bit pictures stay what they are.
    """
    dtype = raster.array.dtype
    if resampling == "nearest" or raster.palette is not None:
        return raster
    if dtype.kind not in "iu" or dtype == np.uint8:
        return raster
    wide = np.float32 if dtype.itemsize <= 2 else np.float64
    return replace(raster, array=raster.array.astype(wide))


def _assembled(parts: list[tuple[Place, Raster]], frame: MapFrame) -> Raster:
    first = parts[0][1]
    array = np.zeros((len(first.array), frame.height, frame.width), first.array.dtype)
    mask = np.zeros((frame.height, frame.width), np.uint8)
    for (col, row), part in parts:
        _, height, width = part.array.shape
        place = slice(row, row + height), slice(col, col + width)
        array[:, place[0], place[1]] = part.array
        mask[place] = 255 if part.mask is None else part.mask
    return Raster(array, None if mask.all() else mask, frame.bounds, frame.crs.text, first.palette)


def _one_size_fits(grid: CoordinateGrid, area: BoundingBox, finest: float) -> bool:
    """Return whether one reading serves the whole plan well, or it is too small to be cut."""
    if max(grid.width, grid.height) < 2 * _SMALLEST_SIDE_PX:
        return True
    needed = 1.0
    for length, cell in zip((area.width, area.height), grid.source_cell(), strict=True):
        needed *= max(1.0, length / max(cell, finest))
    if needed > _MOST_SOURCE_PER_MAP_PX * grid.width * grid.height + _SPARE_PX:
        return False
    return not any(_uneven(part, finest) for part in steps(grid))


def _better_cut(
    reader: PixelReader, grid: CoordinateGrid, area: BoundingBox, resampling: Resampling
) -> bool:
    """Return whether the pixels nearest to the map's can be read of smaller parts, not of all.

    Of a coarser copy the nearest pixel is another one. Where a map pixel covers so many that not
    even the smallest part could be read as it is, the coarser copy has to do.
    """
    if max(grid.width, grid.height) < 2 * _SMALLEST_SIDE_PX:
        return False
    cell = _cell(grid, reader.cell_size)
    exact = reader.exact_pixels(area, cell, margin_px(resampling))
    each = exact / (grid.width * grid.height)
    return exact > MOST_EXACT_PX >= each * (2 * _SMALLEST_SIDE_PX) ** 2


def _cell(grid: CoordinateGrid, finest: float) -> tuple[float, float]:
    """Return the source units that a map pixel spans: the usual, or where uneven a small one.

    What remains uneven is small, or torn; too many source pixels are better there than too few.
    """
    x, y = steps(grid)
    usual = grid.source_cell()
    return (
        _low(x) if _uneven(x, finest) else usual[0],
        _low(y) if _uneven(y, finest) else usual[1],
    )


def _low(sizes: NDArray[np.float64]) -> float:
    return float(np.quantile(sizes[np.isfinite(sizes)], _LOW))


def _uneven(sizes: NDArray[np.float64], finest: float) -> bool:
    """Return whether what a pixel covers varies so much that one size must be wrong somewhere."""
    sizes = sizes[np.isfinite(sizes)]
    if not sizes.size:
        return False
    low, high = np.quantile(sizes, (_LOW, 1 - _LOW))
    # Where pixels are finer than the source's, all of them are read at its full size.
    return bool(high > 2 * finest and high > _UNEVEN * max(low, finest))
