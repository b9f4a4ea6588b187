"""Maps of a WMS: asked for as they are wanted, or in another CRS and then warped."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tuilerie.errors import RenderError, UpstreamError
from tuilerie.grids import BoundingBox, Crs, transform_points
from tuilerie.protocols.wms.reading import MapQuery, map_address
from tuilerie.raster.around import period_of
from tuilerie.raster.coordinates import CoordinateGrid
from tuilerie.raster.decode import decode
from tuilerie.raster.image import Raster
from tuilerie.raster.picture import Picture, picture_of
from tuilerie.sources.base import MapRequest
from tuilerie.sources.drawing import MapFrame, Patch, draw, plan_frame
from tuilerie.sources.remote.advice import upstream_fault
from tuilerie.sources.remote.client import RemoteClient
from tuilerie.sources.remote.error_pictures import ErrorPictures
from tuilerie.sources.remote.feature_info import RemoteInfo
from tuilerie.sources.remote.legends import RemoteLegends
from tuilerie.sources.remote.map_pieces import MapPiece, MapWindow, pieces_of, window_around
from tuilerie.sources.remote.relayed_tiles import usable_picture
from tuilerie.sources.remote.telling import TellingSource
from tuilerie.sources.remote.wms import WmsPlan

__all__ = ["MAX_MAP_PIXELS", "WmsMapSource"]

MAX_MAP_PIXELS = 64_000_000
"""Pixels that one map may be drawn from."""
_FINE = 1e-9
"""A cell size below any that is asked for: a WMS has no finest one."""
_OPAQUE = np.uint8(255)


class WmsMapSource(TellingSource):
    """Draws maps out of those of a WMS: a `MapSource`.

    Args:
        plan: what is asked for.
        identifier: of the source in the catalogue.
        client: speaks to the remote; closed with this source.
        max_px: width and height of a request; larger maps are asked for in parts.
        transparent: whether what is empty is to be see-through.
        parameters: of the vendor.
        spellings: the remote's spelling of values of dimensions.
        blank_on_error: whether a part that cannot be had is a gap.
        info: asks the remote about places; None = it knows nothing of them.
        executor: threads in which pixels are made.
    """

    def __init__(
        self,
        plan: WmsPlan,
        *,
        identifier: str,
        client: RemoteClient,
        error_pictures: ErrorPictures,
        max_px: int,
        transparent: bool,
        parameters: Mapping[str, str],
        spellings: Mapping[tuple[str, str], str],
        blank_on_error: bool,
        info: RemoteInfo | None,
        legends: RemoteLegends,
        executor: Executor,
    ) -> None:
        super().__init__(info, legends)
        self._plan = plan
        self._source = identifier
        self._client = client
        self._error_pictures = error_pictures
        self._max_px = max_px
        self._transparent = transparent
        self._parameters = parameters
        self._spellings = spellings
        self._blank_on_error = blank_on_error
        self._executor = executor
        self._bounds: dict[Crs, BoundingBox | None] = {}
        self._chosen: dict[Crs, Crs] = {}

    async def read(self, request: MapRequest) -> Raster | None:
        """Return exactly the rectangle asked; None if nothing of it has data.

        Raises: UpstreamError: a part of it cannot be had; RenderError: it would be too large.
        """
        crs = Crs.parse(request.crs)
        if crs.text in self._plan.offered:
            window = MapWindow(request.bounds, request.width, request.height)
            patches, whole, expires = await self._fetched({None: window}, crs, request)
            patch = patches.get(None)
            drawn = None if patch is None else replace(patch.raster, crs=crs.text)
        else:
            drawn, whole, expires = await self._warped(request, crs)
        if whole:
            return drawn and replace(drawn, expires=expires)
        if drawn is None:
            shape = (request.height, request.width)
            drawn = Raster(
                np.zeros((3, *shape), np.uint8), np.zeros(shape, np.uint8), request.bounds, crs.text
            )
        return replace(drawn, complete=False)

    async def close(self) -> None:
        """End what is under way and close all connections; idempotent."""
        await self._client.close()

    async def _warped(
        self, request: MapRequest, crs: Crs
    ) -> tuple[Raster | None, bool, float | None]:
        """Return the map drawn from maps in another CRS; the rest as of `_fetched`."""
        loop = asyncio.get_running_loop()
        chosen = self._chosen.get(crs)
        if chosen is None:
            chosen = await loop.run_in_executor(
                self._executor, _least_warped, request, crs, self._plan.candidates
            )
            self._chosen[crs] = chosen
        frame = MapFrame(request.bounds, crs, request.width, request.height, request.resampling)
        try:
            grid, windows = await loop.run_in_executor(self._executor, _surveyed, frame, chosen)
        except ValueError as error:
            raise RenderError(
                f"source {self._source!r} has no place in the map: {error}"
            ) from error
        patches, whole, expires = await self._fetched(windows, chosen, request)
        if not patches:
            return None, whole, expires
        reader = _PatchReader(chosen, patches)
        drawn = await loop.run_in_executor(self._executor, draw, reader, frame, grid)
        return drawn, whole, expires

    async def _fetched(
        self, windows: Mapping[Area | None, MapWindow], crs: Crs, request: MapRequest
    ) -> tuple[dict[Area | None, Patch], bool, float | None]:
        """Return the pixels of windows, all their pieces asked for at once.

        With them, whether all of it could be had, and until when it is good.
        """
        if sum(each.width * each.height for each in windows.values()) > MAX_MAP_PIXELS:
            raise RenderError(
                f"source {self._source!r}: a metatile would take more than {MAX_MAP_PIXELS} "
                "pixels: leave the coarsest matrices out of the layer's matrix_sets, or set a "
                "smaller metatile"
            )
        bounds = self._bounds_in(crs)
        wanted = {
            key: [
                piece
                for piece in pieces_of(window, self._max_px, period_of(crs))
                if bounds is None or bounds.intersection(piece.bounds) is not None
            ]
            for key, window in windows.items()
        }
        jobs = [(key, piece) for key, pieces in wanted.items() for piece in pieces]
        deadlines: list[float] = []
        found = await asyncio.gather(
            *(self._piece(piece, crs, request, deadlines) for _, piece in jobs)
        )
        loop = asyncio.get_running_loop()
        patches: dict[Area | None, Patch] = {}
        for key, window in windows.items():
            parts = [
                (piece, picture)
                for (owner, piece), picture in zip(jobs, found, strict=True)
                if owner == key and isinstance(picture, Picture)
            ]
            if parts:
                patches[key] = await loop.run_in_executor(
                    self._executor, _pasted, window, parts, crs.text
                )
        whole = not any(isinstance(each, UpstreamError) for each in found)
        return patches, whole, min(deadlines, default=None)

    async def _piece(
        self, piece: MapPiece, crs: Crs, request: MapRequest, deadlines: list[float]
    ) -> Picture | UpstreamError | None:
        try:
            return await self._picture(piece, crs, request, deadlines)
        except UpstreamError as error:
            if not self._blank_on_error:
                raise
            return error

    async def _picture(
        self, piece: MapPiece, crs: Crs, request: MapRequest, deadlines: list[float]
    ) -> Picture | None:
        plan = self._plan
        query = MapQuery(
            layers=plan.layers,
            crs=crs,
            bounds=piece.bounds,
            width=piece.width,
            height=piece.height,
            format=plan.media_type,
            styles=plan.styles.get(request.style, ()),
            transparent=self._transparent,
            dimensions={
                name: self._spellings.get((name, value), value)
                for name, value in request.dimensions
            },
            parameters=self._parameters,
        )
        try:
            address = map_address(plan.service, query)
        except ValueError as error:
            raise upstream_fault(self._source, "address", str(error)) from error
        fetched = await self._client.need(address, accept=plan.media_type)
        size = (piece.width, piece.height)
        facts = await usable_picture(
            fetched, self._source, self._client, self._error_pictures, size=size
        )
        if facts is None:
            return None
        if fetched.freshness.fresh_for_s is not None:
            deadlines.append(time.time() + fetched.freshness.fresh_for_s)
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, _decoded, fetched.data, self._source
        )

    def _bounds_in(self, crs: Crs) -> BoundingBox | None:
        if crs not in self._bounds:
            self._bounds[crs] = self._plan.bounds_in(crs)
        return self._bounds[crs]


@dataclass(frozen=True, slots=True)
class Area:
    """What the drawing asks for, by which its pixels are found again."""

    area: BoundingBox
    cell: tuple[float, float]
    reach_px: int


class _Surveyor:
    """Is asked for areas as a reader of pixels is, has none, and notes what they would need."""

    cell_size = _FINE

    def __init__(self, crs: Crs) -> None:
        self.crs = crs
        self.windows: dict[Area | None, MapWindow] = {}

    def exact_pixels(self, area: BoundingBox, cell: tuple[float, float], reach_px: int) -> int:
        """Return 0: maps come at the size that is asked for."""
        return 0

    def read_area(self, area: BoundingBox, cell: tuple[float, float], reach_px: int) -> None:
        self.windows[Area(area, cell, reach_px)] = window_around(area, cell, reach_px)


class _PatchReader:
    """Reads areas from maps that are there."""

    cell_size = _FINE

    def __init__(self, crs: Crs, patches: Mapping[Area | None, Patch]) -> None:
        self.crs = crs
        self._patches = patches

    def exact_pixels(self, area: BoundingBox, cell: tuple[float, float], reach_px: int) -> int:
        """Return 0: maps come at the size that is asked for."""
        return 0

    def read_area(
        self, area: BoundingBox, cell: tuple[float, float], reach_px: int
    ) -> Patch | None:
        return self._patches.get(Area(area, cell, reach_px))


def _surveyed(frame: MapFrame, crs: Crs) -> tuple[CoordinateGrid, dict[Area | None, MapWindow]]:
    surveyor = _Surveyor(crs)
    grid = plan_frame(surveyor, frame)
    draw(surveyor, frame, grid)
    return grid, surveyor.windows


def _least_warped(request: MapRequest, crs: Crs, candidates: tuple[Crs, ...]) -> Crs:
    """Return the candidate whose pixels have the most even shape in the middle of a map."""
    bounds = request.bounds
    x, y = (bounds.left + bounds.right) / 2, (bounds.bottom + bounds.top) / 2
    dx, dy = bounds.width / request.width, bounds.height / request.height

    def unevenness(candidate: Crs) -> float:
        try:
            xs, ys = transform_points([x, x + dx, x], [y, y, y + dy], crs, candidate)
        except ValueError:
            return math.inf
        jacobian = np.array(
            [[xs[1] - xs[0], xs[2] - xs[0]], [ys[1] - ys[0], ys[2] - ys[0]]], np.float64
        )
        if not np.isfinite(jacobian).all():
            return math.inf
        longest, shortest = np.linalg.svd(jacobian, compute_uv=False)
        return math.inf if shortest <= 0 else round(float(longest / shortest), 3)

    return min(candidates, key=unevenness)


def _decoded(data: bytes, source: str) -> Picture:
    try:
        return picture_of(decode(data, BoundingBox(0.0, 0.0, 1.0, 1.0), ""))
    except RenderError as error:
        raise upstream_fault(source, "not_a_picture", str(error)) from error


def _pasted(window: MapWindow, parts: list[tuple[MapPiece, Picture]], crs: str) -> Patch:
    """Return a window's pixels out of its parts; where there is none there is no data."""
    alpha = any(picture.alpha is not None for _, picture in parts)
    array: NDArray[np.uint8] = np.zeros((4 if alpha else 3, window.height, window.width), np.uint8)
    mask: NDArray[np.uint8] = np.zeros((window.height, window.width), np.uint8)
    for piece, picture in parts:
        place = (
            slice(piece.row_px, piece.row_px + piece.height),
            slice(piece.col_px, piece.col_px + piece.width),
        )
        colours = picture.colours if len(picture.colours) > 1 else picture.colours * 3
        for band, plane in enumerate(colours):
            array[band][place] = plane
        if alpha:
            array[3][place] = _OPAQUE if picture.alpha is None else picture.alpha
        mask[place] = _OPAQUE
    raster = Raster(array, None if mask.all() else mask, window.bounds, crs)
    cell_x, cell_y = window.cell
    transform = (cell_x, 0.0, window.bounds.left, 0.0, -cell_y, window.bounds.top)
    return Patch(raster, transform, alpha)
