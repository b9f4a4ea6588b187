"""Sheets put side by side in their own CRS, so that the interpolation sees no joint.

If each sheet were warped on its own, pixels at its edge would be interpolated with nothing on the
other side, and an enlarged map would show every joint. So the part that a map needs is first put
together on one grid, that of the finest sheet in it (or every second, fourth… of its pixels): for
sheets of one production this copies pixels as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rasterio.enums import Resampling as GdalResampling
from rasterio.errors import RasterioIOError

from tuilerie.errors import RenderError
from tuilerie.grids import BoundingBox, Crs
from tuilerie.raster.coordinates import north_up
from tuilerie.raster.image import Raster
from tuilerie.sources.datasets import DatasetPool
from tuilerie.sources.drawing import Patch
from tuilerie.sources.facts import RasterFacts
from tuilerie.sources.reading import Choice, Pixels, join_across, join_down, read_window
from tuilerie.sources.sheet_grid import SheetGrid, grid_for, place_of, spans_of, window_of
from tuilerie.sources.sheet_index import Sheet, SheetLookup
from tuilerie.sources.window import MOST_EXACT_PX

__all__ = ["SheetReader"]


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

    def exact_pixels(self, area: BoundingBox, cell: tuple[float, float], reach_px: int) -> int:
        """Return how many pixels of its own size show an area; 0 where a coarser one will do."""
        if self.reduction is not GdalResampling.nearest:
            return 0
        sheets = self.lookup.touching(area)
        return grid_for(area, self._shrunk(cell), reach_px, sheets).pixels if sheets else 0

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
        grid = grid_for(area, self._shrunk(cell), reach_px, sheets)
        if self.reduction is GdalResampling.nearest and grid.pixels > MOST_EXACT_PX:
            grid = grid_for(area, cell, reach_px, sheets)
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
        self, sheet: Sheet, shift: float, grid: SheetGrid
    ) -> tuple[tuple[int, int], Pixels] | None:
        """Return a sheet's pixels on the grid, and the row and column where they begin."""
        try:
            with self.pool.borrow(sheet.file) as handle:
                facts = handle.facts
                place = place_of(facts, shift, grid)
                if place is None:
                    return None
                top, left, *_ = place
                bands = self.bands or facts.shown
                if max(bands) > facts.count or facts.crs != self.crs:
                    raise RenderError(f"sheet {sheet.name!r} has changed; load the catalogue anew")
                choice = Choice(bands, self.alpha and bool(facts.alpha), self.reduction)
                cols, rows = spans_of(facts, shift, grid, place)
                # In one piece as a rule; at an edge that cuts canvas pixels, these on their own.
                pixels = join_down(
                    [
                        join_across(
                            [
                                self._finished(
                                    read_window(
                                        handle,
                                        window_of(facts, shift, grid, (row, col)),
                                        (row.count, col.count),
                                        choice,
                                    ),
                                    facts,
                                )
                                for col in cols
                            ]
                        )
                        for row in rows
                    ]
                )
                return (top, left), pixels
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
