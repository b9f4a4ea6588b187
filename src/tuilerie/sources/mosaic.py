"""A folder of raster files as one source of maps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from rasterio.errors import RasterioError

from tuilerie.catalogue.info import Value
from tuilerie.errors import CatalogueError, RenderError
from tuilerie.grids import BoundingBox, Crs
from tuilerie.raster.around import period_of
from tuilerie.raster.image import Raster
from tuilerie.sources.base import MapRequest, PointRequest
from tuilerie.sources.canvas import SheetReader
from tuilerie.sources.datasets import DatasetPool, shared_pool
from tuilerie.sources.drawing import MapFrame, draw
from tuilerie.sources.filereader import draw_file, interpolation_of, reduction_of
from tuilerie.sources.point import source_position, values_at
from tuilerie.sources.settings import SheetFolder
from tuilerie.sources.sheet_index import Sheet, SheetLookup, sheet_index

__all__ = ["MosaicSource"]

_EDGE = 1e-6
"""Part of a cell by which a place may lie beside a sheet and still be asked of it."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Upright sheets of one CRS, which are put together before the warp; or one rotated sheet."""

    crs: Crs
    lookup: SheetLookup
    cell_size: float
    upright: bool


class MosaicSource:
    """Draws maps from all raster files of a folder.

    Where sheets overlap, the last by name is shown (or the newest: `SheetFolder`), pixels
    without data letting the ones below through. Sheets may have different cell sizes and CRSs:
    those of one CRS are put together first and interpolated across their joints; those of
    different CRSs are drawn one CRS over the other, in the order of their first sheets.
    Half-transparent pixels hide what is below them.

    What the folder held when the source was made is what it shows: a changed folder has
    another fingerprint, and is shown by the source that is made of it then. A sheet that is
    removed meanwhile leaves a gap.

    Args:
        folder: where the files are and what the catalogue says of them.
        identifier: the source's name in the catalogue, for messages: paths stay private.
        executor: threads in which pixels are made; None = the event loop's own.
        pool: where open handles are kept; None = the one that all sources share.

    Raises: CatalogueError: no folder, or no file in it that can be served.
    """

    def __init__(
        self,
        folder: SheetFolder,
        *,
        identifier: str = "",
        executor: Executor | None = None,
        pool: DatasetPool | None = None,
    ) -> None:
        self._identifier = identifier or folder.path.name
        self._executor = executor
        self._pool = pool or shared_pool()
        index = sheet_index(folder)
        self._first = index.sheets[0]
        self._alpha = any(sheet.alpha for sheet in index.sheets)
        self._sheets = index.sheets
        self._groups = tuple(_groups(index.sheets))

    async def read(self, request: MapRequest) -> Raster | None:
        """Return exactly the rectangle asked; None if no sheet has data in it.

        Raises: RenderError: a sheet is damaged, or no raster any more.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self.read_sync, request)

    def read_sync(self, request: MapRequest) -> Raster | None:
        """Do what `read` does, in the calling thread.

        Raises: RenderError: as `read`.
        """
        try:
            drawn = [self._draw_group(group, request) for group in self._groups]
        except (RenderError, RasterioError, OSError, CatalogueError, ValueError) as error:
            raise self._fault(error) from error
        layers = [layer for layer in drawn if layer is not None]
        return _overlaid(layers) if layers else None

    async def query(self, request: PointRequest) -> tuple[Mapping[str, Value], ...]:
        """Return the values of the topmost sheet that has data at a place.

        Raises: RenderError: as `read`.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self.query_sync, request)

    def query_sync(self, request: PointRequest) -> tuple[Mapping[str, Value], ...]:
        """Do what `query` does, in the calling thread.

        Raises: RenderError: as `read`.
        """
        without: Mapping[str, Value] | None = None
        try:
            for sheet in self._sheets_at(request):
                found = self._values(sheet, request)
                if found is not None and any(value is not None for value in found.values()):
                    return (found,)
                without = found if without is None else without
        except (RenderError, RasterioError, OSError, CatalogueError, ValueError) as error:
            raise self._fault(error) from error
        return () if without is None else (without,)

    async def close(self) -> None:
        """Close the idle handles of all sheets; idempotent."""
        for sheet in self._sheets:
            self._pool.forget(sheet.file)

    def _fault(self, error: Exception) -> RenderError:
        # The message goes to clients and logs: names of sheets, never their paths.
        reason = str(error) if isinstance(error, RenderError) else type(error).__name__
        return RenderError(f"source {self._identifier!r} could not be read ({reason})")

    def _sheets_at(self, request: PointRequest) -> Iterator[Sheet]:
        """Yield the sheets around a place, in the order in which they hide each other."""
        for group in reversed(self._groups):
            place = source_position(request, group.crs)
            if place is not None:
                x, y = place
                slack = group.cell_size * _EDGE
                around = BoundingBox(x - slack, y - slack, x + slack, y + slack)
                for sheet, _ in reversed(group.lookup.touching(around)):
                    yield sheet

    def _values(self, sheet: Sheet, request: PointRequest) -> Mapping[str, Value] | None:
        try:
            with self._pool.borrow(sheet.file) as handle:
                return values_at(handle, request)
        except FileNotFoundError:
            return None

    def _draw_group(self, group: _Group, request: MapRequest) -> Raster | None:
        if not group.upright:
            return self._draw_alone(group.lookup.sheets[0], request)
        kind, dtype, _ = self._first.like
        classes = kind == "palette" and not request.bands
        reader = SheetReader(
            lookup=group.lookup,
            pool=self._pool,
            crs=group.crs,
            cell_size=group.cell_size,
            bands=request.bands,
            alpha=self._alpha and not request.bands and dtype == "uint8" and not classes,
            reduction=reduction_of(request.resampling, classes=classes),
        )
        frame = MapFrame(
            request.bounds,
            Crs.parse(request.crs),
            request.width,
            request.height,
            interpolation_of(request.resampling, classes=classes),
        )
        drawn = draw(reader, frame)
        if drawn is None or not classes:
            return drawn
        palette = np.frombuffer(self._first.palette, np.uint8).reshape(256, 4)
        return Raster(drawn.array, drawn.mask, drawn.bounds, drawn.crs, palette)

    def _draw_alone(self, sheet: Sheet, request: MapRequest) -> Raster | None:
        try:
            with self._pool.borrow(sheet.file) as handle:
                return draw_file(handle, request)
        except FileNotFoundError:
            return None


def _groups(sheets: tuple[Sheet, ...]) -> Iterator[_Group]:
    by_crs: dict[Crs, list[Sheet]] = {}
    alone: list[Sheet] = []
    for sheet in sheets:
        if sheet.upright:
            by_crs.setdefault(sheet.crs, []).append(sheet)
        else:
            alone.append(sheet)
    for crs, members in by_crs.items():
        finest = min(min(sheet.cell_sizes) for sheet in members)
        yield _Group(crs, SheetLookup(tuple(members), period_of(crs)), finest, upright=True)
    for sheet in alone:
        lookup = SheetLookup((sheet,), None)
        yield _Group(sheet.crs, lookup, min(sheet.cell_sizes), upright=False)


def _overlaid(layers: list[Raster]) -> Raster:
    """Return the layers over each other, the last on top where it has data."""
    if len(layers) == 1:
        return layers[0]
    array = layers[0].array.copy()
    mask = _mask(layers[0]).copy()
    for layer in layers[1:]:
        valid = _mask(layer)
        np.copyto(array, layer.array, where=valid > 0)
        mask |= valid
    first = layers[0]
    return Raster(array, None if mask.all() else mask, first.bounds, first.crs, first.palette)


def _mask(raster: Raster) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    if raster.mask is not None:
        return raster.mask
    return np.full(raster.array.shape[1:], 255, np.uint8)
