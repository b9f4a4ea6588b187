"""Maps drawn from a source that has tiles: the best matrix, its tiles side by side, one warp.

A map is planned first, without a pixel: where does it lie in the source, which matrix is nearest
in cell size, which tiles are needed. These are fetched together and decoded as they arrive; then
the same plan is drawn with them. All that waiting is one round, however many tiles it takes (as
far as the source lets so many be fetched at once).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from tuilerie.catalogue.address import Dimensions
from tuilerie.errors import RenderError, UpstreamError
from tuilerie.grids import BoundingBox, Crs, TileIndex
from tuilerie.raster.coordinates import CoordinateGrid
from tuilerie.raster.decode import decode
from tuilerie.raster.image import Raster
from tuilerie.raster.picture import Picture, picture_of
from tuilerie.sources.base import FetchedTile, MapRequest, TileOffer
from tuilerie.sources.drawing import MapFrame, Patch, draw, plan_frame
from tuilerie.sources.matrix_choice import MatrixRule
from tuilerie.sources.picture_memory import PictureMemory
from tuilerie.sources.tile_fetching import TileFetcher
from tuilerie.sources.tile_window import TileWindow, window_for

__all__ = ["MAX_PIXELS", "OnError", "TiledSource", "TilingRules"]

OnError = Literal["fail", "blank"]

MAX_PIXELS: Final = 64_000_000
"""Pixels of tiles that one map may be drawn from, whatever the catalogue says."""
_SHRUNK: Final = 2.0
"""From this ratio of cell sizes on, every pixel of the tiles counts by its area."""
_OPAQUE: Final = np.uint8(255)


@dataclass(frozen=True, slots=True)
class TilingRules:
    """How maps are drawn from tiles.

    Attributes:
        matrix: how the matrix is chosen.
        max_tiles: that one map (a metatile) may be drawn from.
        on_error: what a tile that cannot be had means: fail = no map; blank = a gap in the map,
            which is then not to be kept.
    """

    matrix: MatrixRule = field(default_factory=MatrixRule)
    max_tiles: int = 256
    on_error: OnError = "fail"


class TiledSource:
    """Draws maps from tiles, and relays the tiles themselves.

    Args:
        fetcher: of the source's tiles.
        rules: what the catalogue says.
        executor: threads in which pixels are made; None = the event loop's own.
    """

    def __init__(
        self,
        fetcher: TileFetcher,
        rules: TilingRules | None = None,
        *,
        executor: Executor | None = None,
    ) -> None:
        self._fetcher = fetcher
        self._rules = rules or TilingRules()
        self._executor = executor
        self._pictures = PictureMemory()

    @property
    def offers(self) -> tuple[TileOffer, ...]:
        """Return the source's tiles."""
        return (self._fetcher.offer,)

    @property
    def has_alternative(self) -> bool:
        """Return whether a map with a gap is wanted where a tile cannot be had."""
        return self._rules.on_error == "blank"

    async def relay(
        self, offer: TileOffer, index: TileIndex, *, style: str, dimensions: Dimensions
    ) -> FetchedTile | None:
        """Return a tile untouched. Raises: UpstreamError, RenderError."""
        return await self._fetcher.fetch(index, style=style, dimensions=dimensions)

    async def read(self, request: MapRequest) -> Raster | None:
        """Return exactly the rectangle asked; None if no tile has anything in it.

        Raises: UpstreamError, RenderError: a tile could not be had or read, or too many would
            be needed.
        """
        loop = asyncio.get_running_loop()
        offer = self._fetcher.offer
        planned = await loop.run_in_executor(self._executor, _planned, offer, self._rules, request)
        wanted = dict.fromkeys(place.index for window in planned.windows for place in window.places)
        deadlines: list[float] = []
        found = await asyncio.gather(
            *(self._picture(index, request, deadlines) for index in wanted)
        )
        pictures = {
            index: picture
            for index, picture in zip(wanted, found, strict=True)
            if isinstance(picture, Picture)
        }
        drawn = None
        if pictures:
            drawn = await loop.run_in_executor(
                self._executor, _drawn, offer, self._rules, planned, pictures
            )
        if any(isinstance(each, Exception) for each in found):
            return _incomplete(drawn, request)
        return replace(drawn, expires=min(deadlines)) if drawn and deadlines else drawn

    async def close(self) -> None:
        """Release the source's files and connections; idempotent."""
        await self._pictures.close()
        await self._fetcher.close()

    async def _picture(
        self, index: TileIndex, request: MapRequest, deadlines: list[float]
    ) -> Picture | RenderError | UpstreamError | None:
        """Return the pixels of a tile; what went wrong, where the rules want a gap for that."""
        try:
            tile = await self._fetcher.fetch(
                index, style=request.style, dimensions=request.dimensions
            )
            if tile is None:
                return None
            if tile.expires is not None:
                deadlines.append(tile.expires)
            key = (index, request.style, request.dimensions)
            return await self._pictures.picture(key, tile, lambda: self._read_tile(tile))
        except (RenderError, UpstreamError) as error:
            if self._rules.on_error == "fail":
                raise
            return error

    async def _read_tile(self, tile: FetchedTile) -> Picture:
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, _decoded, tile, self._fetcher.offer
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Planned:
    """A map before anything is fetched for it."""

    frame: MapFrame
    grid: CoordinateGrid
    windows: tuple[TileWindow, ...]


class _Surveyor:
    """Is asked for areas as a reader of pixels is, has none, and notes what they would need."""

    def __init__(self, offer: TileOffer, rules: TilingRules, crs: Crs) -> None:
        self.windows: list[TileWindow] = []
        self.crs = offer.matrix_set.crs
        self.cell_size = _finest(offer)
        self._offer = offer
        self._rules = rules
        self._same_crs = crs == self.crs

    def exact_pixels(self, area: BoundingBox, cell: tuple[float, float], reach_px: int) -> int:
        """Return 0: a coarser matrix is as good."""
        return 0

    def read_area(self, area: BoundingBox, cell: tuple[float, float], reach_px: int) -> None:
        window = window_for(
            self._offer, self._rules.matrix, area, cell, reach_px, same_crs=self._same_crs
        )
        if window is not None:
            self.windows.append(window)
            _check_budget(self.windows, self._offer, self._rules)


class _TileReader:
    """Reads areas from tiles that are there."""

    def __init__(
        self, offer: TileOffer, rules: TilingRules, crs: Crs, pictures: Mapping[TileIndex, Picture]
    ) -> None:
        self.crs = offer.matrix_set.crs
        self.cell_size = _finest(offer)
        self._offer = offer
        self._rules = rules
        self._same_crs = crs == self.crs
        self._pictures = pictures
        self._alpha = any(picture.alpha is not None for picture in pictures.values())

    def exact_pixels(self, area: BoundingBox, cell: tuple[float, float], reach_px: int) -> int:
        """Return 0: a coarser matrix is as good."""
        return 0

    def read_area(
        self, area: BoundingBox, cell: tuple[float, float], reach_px: int
    ) -> Patch | None:
        window = window_for(
            self._offer, self._rules.matrix, area, cell, reach_px, same_crs=self._same_crs
        )
        if window is None:
            return None
        array, mask = _pasted(window, self._pictures, 4 if self._alpha else 3)
        if not mask.any():
            return None
        raster = Raster(array, None if mask.all() else mask, area, self.crs.text)
        return Patch(raster, window.transform, self._alpha)


def _planned(offer: TileOffer, rules: TilingRules, request: MapRequest) -> _Planned:
    crs = Crs.parse(request.crs)
    frame = MapFrame(request.bounds, crs, request.width, request.height, request.resampling)
    surveyor = _Surveyor(offer, rules, crs)
    try:
        grid = plan_frame(surveyor, frame)
        draw(surveyor, frame, grid)
    except ValueError as error:
        raise RenderError(f"source {offer.source!r} has no place in the map: {error}") from error
    if any(window.ratio >= _SHRUNK for window in surveyor.windows):
        frame = replace(frame, resampling="average")
    return _Planned(frame, grid, tuple(surveyor.windows))


def _drawn(
    offer: TileOffer, rules: TilingRules, planned: _Planned, pictures: Mapping[TileIndex, Picture]
) -> Raster | None:
    reader = _TileReader(offer, rules, planned.frame.crs, pictures)
    return draw(reader, planned.frame, planned.grid)


def _check_budget(windows: Iterable[TileWindow], offer: TileOffer, rules: TilingRules) -> None:
    tiles = {place.index for window in windows for place in window.places}
    pixels = sum(window.width * window.height for window in windows)
    if len(tiles) <= rules.max_tiles and pixels <= MAX_PIXELS:
        return
    matrix = max((window.matrix for window in windows), key=lambda each: -each.cell_size)
    much = (
        f"more than {rules.max_tiles} tiles (max_tiles)"
        if len(tiles) > rules.max_tiles
        else f"more than {MAX_PIXELS} pixels"
    )
    raise RenderError(
        f"source {offer.source!r}: a metatile takes {much} of matrix {matrix.identifier!r}: leave "
        "the coarsest matrices out of the layer's matrix_sets, set a smaller metatile, a larger "
        "cell_size_factor or max_tiles"
    )


def _decoded(tile: FetchedTile, offer: TileOffer) -> Picture:
    """Return a tile's planes; its place is the window's matter."""
    try:
        return picture_of(decode(tile.data, BoundingBox(0.0, 0.0, 1.0, 1.0), ""))
    except RenderError as error:
        raise offer.fault(str(error)) from error


def _pasted(
    window: TileWindow, pictures: Mapping[TileIndex, Picture], bands: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the window's pixels, and where there are any."""
    array = np.zeros((bands, window.height, window.width), np.uint8)
    mask = np.zeros((window.height, window.width), np.uint8)
    for place in window.places:
        picture = pictures.get(place.index)
        if picture is None:
            continue
        rows, cols = picture.shape
        left, right = max(place.col_px, 0), min(place.col_px + cols, window.width)
        top, bottom = max(place.row_px, 0), min(place.row_px + rows, window.height)
        if left >= right or top >= bottom:
            continue
        inner = (
            slice(top - place.row_px, bottom - place.row_px),
            slice(left - place.col_px, right - place.col_px),
        )
        outer = (slice(top, bottom), slice(left, right))
        colours = picture.colours if len(picture.colours) > 1 else picture.colours * 3
        for band, plane in enumerate(colours):
            array[band][outer] = plane[inner]
        if bands > len(colours):
            array[-1][outer] = _OPAQUE if picture.alpha is None else picture.alpha[inner]
        mask[outer] = _OPAQUE
    return array, mask


def _incomplete(drawn: Raster | None, request: MapRequest) -> Raster:
    """Return the map with its gaps, marked as not worth keeping."""
    if drawn is not None:
        return replace(drawn, complete=False)
    shape = (request.height, request.width)
    return Raster(
        np.zeros((3, *shape), np.uint8),
        np.zeros(shape, np.uint8),
        request.bounds,
        request.crs,
        complete=False,
    )


def _finest(offer: TileOffer) -> float:
    return min(
        (m.cell_size for m in offer.matrix_set.matrices if m.identifier in offer.limits),
        default=offer.matrix_set.matrices[-1].cell_size,
    )
