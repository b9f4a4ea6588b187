"""Sheets put side by side in their own CRS, so that the interpolation sees no joint.

If each sheet were warped on its own, pixels at its edge would be interpolated with nothing on the
other side, and an enlarged map would show every joint. So the part that a map needs is first put
together on one grid, that of the finest sheet in it (or every second, fourth… of its pixels): for
sheets of one production this copies pixels as they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rasterio.enums import Resampling as GdalResampling
from rasterio.errors import RasterioIOError
from rasterio.windows import Window

from tuilerie.errors import RenderError
from tuilerie.grids import BoundingBox, Crs
from tuilerie.raster.coordinates import north_up
from tuilerie.raster.image import Raster
from tuilerie.sources.control_points import apply
from tuilerie.sources.datasets import DatasetPool
from tuilerie.sources.drawing import Patch
from tuilerie.sources.facts import RasterFacts
from tuilerie.sources.reading import Choice, Pixels, read_window
from tuilerie.sources.sheet_index import Sheet, SheetLookup

__all__ = ["SheetReader"]

_SLACK = 1.01
_ROUNDING_PX = 1e-4
_MOST_EXACT_PX = 4_000_000


@dataclass(frozen=True, slots=True)
class _Grid:
    """A canvas: outer edges from (left, top), cells of CRS units, rows downwards."""

    left: float
    top: float
    cell_x: float
    cell_y: float
    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height

    @property
    def bounds(self) -> BoundingBox:
        return BoundingBox(
            self.left,
            self.top - self.height * self.cell_y,
            self.left + self.width * self.cell_x,
            self.top,
        )


@dataclass(frozen=True, slots=True)
class SheetReader:
    """Reads patches of the upright sheets of one CRS.

    Attributes:
        bands: 1-based, of every sheet; () = those that each shows by default.
        alpha: whether patches have a band of transparency.
    """

    lookup: SheetLookup
    pool: DatasetPool
    crs: Crs
    cell_size: float
    bands: tuple[int, ...]
    alpha: bool
    reduction: GdalResampling

    def read_area(
        self, area: BoundingBox, cell: tuple[float, float], reach_px: int
    ) -> Patch | None:
        """Return the pixels that show an area, None if no sheet reaches into it.

        Raises: RenderError: a sheet is damaged; a sheet that is gone is not missed.
        """
        # Sheets just beyond the area still show through the kernel.
        margin_x, margin_y = reach_px * cell[0], reach_px * cell[1]
        sheets = self.lookup.touching(area.expanded(margin_x, margin_y))
        if not sheets:
            return None
        grid = _grid(area, self._shrunk(cell), reach_px, sheets)
        if self.reduction is GdalResampling.nearest and grid.pixels > _MOST_EXACT_PX:
            grid = _grid(area, cell, reach_px, sheets)
        array = None
        mask = np.zeros((grid.height, grid.width), np.uint8)
        for sheet, shift in sheets:
            part = self._read_sheet(sheet, shift, grid)
            if part is None:
                continue
            (top, left), pixels = part
            bands, rows, cols = pixels.array.shape
            if array is None:
                array = np.zeros((bands, grid.height, grid.width), pixels.array.dtype)
            place = slice(top, top + rows), slice(left, left + cols)
            if pixels.mask is None:
                array[:, place[0], place[1]] = pixels.array
                mask[place] = 255
            else:
                valid = pixels.mask > 0
                np.copyto(array[:, place[0], place[1]], pixels.array, where=valid)
                mask[place] |= pixels.mask
        if array is None:
            return None
        whole = None if mask.all() else mask
        raster = Raster(array, whole, grid.bounds, self.crs.text)
        return Patch(raster, north_up(grid.bounds, grid.width, grid.height), self.alpha)

    def _shrunk(self, cell: tuple[float, float]) -> tuple[float, float]:
        """Return the cell size to read at: the finest where the nearest pixel is wanted.

        The nearest of every second pixel is not the nearest pixel.
        """
        if self.reduction is GdalResampling.nearest:
            return self.cell_size, self.cell_size
        return cell

    def _read_sheet(
        self, sheet: Sheet, shift: float, grid: _Grid
    ) -> tuple[tuple[int, int], Pixels] | None:
        """Return a sheet's pixels on the grid, and the row and column where they begin."""
        try:
            with self.pool.borrow(sheet.file) as handle:
                facts = handle.facts
                place = _place(facts, shift, grid)
                if place is None:
                    return None
                top, left, rows, cols = place
                window = _window(facts, shift, grid, place)
                bands = self.bands or facts.shown
                if max(bands) > facts.count or facts.crs != self.crs:
                    raise RenderError(f"sheet {sheet.name!r} has changed; load the catalogue anew")
                choice = Choice(bands, self.alpha and bool(facts.alpha), self.reduction)
                pixels = read_window(handle, window, (rows, cols), choice)
                return (top, left), self._finished(pixels, facts)
        except FileNotFoundError:
            return None
        except RasterioIOError as error:
            raise RenderError(f"sheet {sheet.name!r} is damaged") from error

    def _finished(self, pixels: Pixels, facts: RasterFacts) -> Pixels:
        """Turn rows and columns to run down and to the right, and add an alpha if others have."""
        array, mask = pixels.array, pixels.mask
        step_y = -1 if facts.affine.e > 0 else 1
        step_x = -1 if facts.affine.a < 0 else 1
        array = array[:, ::step_y, ::step_x]
        mask = None if mask is None else mask[::step_y, ::step_x]
        if self.alpha and not facts.alpha:
            opaque = np.full((1, *array.shape[1:]), 255, array.dtype)
            array = np.concatenate([array, opaque])
        return Pixels(array, mask)


def _grid(
    area: BoundingBox,
    cell: tuple[float, float],
    reach_px: int,
    sheets: Sequence[tuple[Sheet, float]],
) -> _Grid:
    """Return the canvas for an area: aligned to the finest sheet, cut to where sheets are."""
    finest, shift = min(sheets, key=lambda found: found[0].cell_sizes)
    cell_x = _decimated(finest.cell_sizes[0], cell[0])
    cell_y = _decimated(finest.cell_sizes[1], cell[1])
    left = max(area.left - reach_px * cell_x, min(s.bounds.left + by for s, by in sheets))
    right = min(area.right + reach_px * cell_x, max(s.bounds.right + by for s, by in sheets))
    bottom = max(area.bottom - reach_px * cell_y, min(s.bounds.bottom for s, _ in sheets))
    top = min(area.top + reach_px * cell_y, max(s.bounds.top for s, _ in sheets))
    origin_x, origin_y = finest.bounds.left + shift, finest.bounds.top
    first_col = math.floor((left - origin_x) / cell_x + _ROUNDING_PX)
    first_row = math.floor((origin_y - top) / cell_y + _ROUNDING_PX)
    last_col = max(first_col + 1, math.ceil((right - origin_x) / cell_x - _ROUNDING_PX))
    last_row = max(first_row + 1, math.ceil((origin_y - bottom) / cell_y - _ROUNDING_PX))
    return _Grid(
        origin_x + first_col * cell_x,
        origin_y - first_row * cell_y,
        cell_x,
        cell_y,
        last_col - first_col,
        last_row - first_row,
    )


def _decimated(finest: float, wanted: float) -> float:
    """Return the largest of 1, 2, 4… times the finest cell that is no larger than wanted."""
    return finest * 2.0 ** max(0, math.floor(math.log2(max(1.0, wanted * _SLACK / finest))))


def _place(facts: RasterFacts, shift: float, grid: _Grid) -> tuple[int, int, int, int] | None:
    """Return row, column, rows and columns of the canvas pixels whose centres a sheet holds."""
    bounds = facts.bounds
    left = _first_centre((bounds.left + shift - grid.left) / grid.cell_x)
    right = _first_centre((bounds.right + shift - grid.left) / grid.cell_x)
    top = _first_centre((grid.top - bounds.top) / grid.cell_y)
    bottom = _first_centre((grid.top - bounds.bottom) / grid.cell_y)
    left, right = max(0, left), min(grid.width, right)
    top, bottom = max(0, top), min(grid.height, bottom)
    if left >= right or top >= bottom:
        return None
    return top, left, bottom - top, right - left


def _first_centre(edge: float) -> int:
    return math.ceil(edge - 0.5 - _ROUNDING_PX)


def _window(
    facts: RasterFacts, shift: float, grid: _Grid, place: tuple[int, int, int, int]
) -> Window:
    """Return the part of a sheet under some canvas pixels, in its columns and rows."""
    top, left, rows, cols = place
    inverse = ~facts.affine
    corners = [
        apply(inverse, grid.left - shift + col * grid.cell_x, grid.top - row * grid.cell_y)
        for col, row in ((left, top), (left + cols, top + rows))
    ]
    (x0, y0), (x1, y1) = corners
    first_col, last_col = _inside(x0, x1, facts.width)
    first_row, last_row = _inside(y0, y1, facts.height)
    return Window(first_col, first_row, last_col - first_col, last_row - first_row)


def _inside(one: float, other: float, size: int) -> tuple[float, float]:
    """Return two places in order, whole where they are all but whole, within the raster."""
    ends = []
    for place in sorted((one, other)):
        whole = round(place)
        near = abs(place - whole) <= _ROUNDING_PX
        ends.append(min(float(size), max(0.0, float(whole) if near else place)))
    return ends[0], ends[1]
