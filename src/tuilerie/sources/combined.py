"""Several sources as one: the next where one fails, or one for each range of cell sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tuilerie.catalogue.address import Dimensions
from tuilerie.errors import RenderError, UpstreamError
from tuilerie.grids import BoundingBox, Crs, TileIndex, transform_points
from tuilerie.raster.image import Raster
from tuilerie.sources.base import FetchedTile, MapRequest, MapSource, RelaySource, TileOffer

__all__ = ["CellSizePart", "FallbackSource", "NextOn", "SourceByCellSize"]

NextOn = Literal["failure", "nothing"]


class FallbackSource:
    """Asks sources in order until one answers.

    Tiles are relayed from the first that has any; where that does not work, a map is drawn from
    whichever source can.

    Args:
        sources: at least one; closed by who made them.
        next_on: what leads to the next source: a failure, that there is nothing, or both.
    """

    def __init__(self, sources: Sequence[MapSource], next_on: frozenset[NextOn]) -> None:
        self._sources = tuple(sources)
        self._next_on = next_on
        first = self._sources[0]
        self._relayed = first if isinstance(first, RelaySource) else None

    @property
    def offers(self) -> tuple[TileOffer, ...]:
        """Return the first source's tiles."""
        return () if self._relayed is None else self._relayed.offers

    @property
    def has_alternative(self) -> bool:
        """Return True: the other sources."""
        return True

    async def relay(
        self, offer: TileOffer, index: TileIndex, *, style: str, dimensions: Dimensions
    ) -> FetchedTile | None:
        """Return a tile of the first source. Raises: UpstreamError, RenderError."""
        if self._relayed is None:
            return None
        return await self._relayed.relay(offer, index, style=style, dimensions=dimensions)

    async def read(self, request: MapRequest) -> Raster | None:
        """Return what the first source shows that shows anything.

        Raises: UpstreamError, RenderError: of the first source that failed, if none answered.
        """
        failure: RenderError | UpstreamError | None = None
        partial: Raster | None = None
        for source in self._sources:
            try:
                drawn = await source.read(request)
            except (RenderError, UpstreamError) as error:
                if "failure" not in self._next_on:
                    raise
                failure = failure or error
                continue
            if drawn is not None and drawn.complete:
                return drawn
            if drawn is not None:
                partial = partial or drawn
                if "failure" not in self._next_on:
                    return drawn
            elif "nothing" not in self._next_on:
                return None
        if partial is None and failure is not None:
            raise failure
        return partial

    async def close(self) -> None:
        """Do nothing: each source is closed by who made it."""


@dataclass(frozen=True, slots=True)
class CellSizePart:
    """A source, and for which maps it is.

    Attributes:
        above: cell sizes larger than this are this source's, CRS units of the parts' CRS.
        below: and not larger than this.
    """

    source: MapSource
    above: float
    below: float


class SourceByCellSize:
    """Asks the source that is for a map's cell size.

    Args:
        parts: from the coarsest to the finest; where none is for a cell size, the nearest is.
        crs: in which the cell sizes are meant.
    """

    def __init__(self, parts: Sequence[CellSizePart], crs: Crs) -> None:
        self._parts = tuple(parts)
        self._crs = crs
        offers = []
        owners: dict[int, tuple[RelaySource, TileOffer]] = {}
        for part in self._parts:
            source = part.source
            if not isinstance(source, RelaySource):
                continue
            for theirs in source.offers:
                ours = _narrowed(theirs, part) if theirs.matrix_set.crs == crs else None
                if ours is not None:
                    offers.append(ours)
                    owners[id(ours)] = (source, theirs)
        self._offers = tuple(offers)
        self._owners = owners

    @property
    def offers(self) -> tuple[TileOffer, ...]:
        """Return the tiles of each part in its own range."""
        return self._offers

    @property
    def has_alternative(self) -> bool:
        """Return whether some part has one."""
        return any(source.has_alternative for source, _ in self._owners.values())

    async def relay(
        self, offer: TileOffer, index: TileIndex, *, style: str, dimensions: Dimensions
    ) -> FetchedTile | None:
        """Return a tile of the part that made the offer. Raises: UpstreamError, RenderError."""
        source, theirs = self._owners[id(offer)]
        return await source.relay(theirs, index, style=style, dimensions=dimensions)

    async def read(self, request: MapRequest) -> Raster | None:
        """Return what the part for the map's cell size shows.

        Raises: UpstreamError, RenderError: as that part.
        """
        cell_size = _cell_size(request, self._crs)
        part = min(self._parts, key=lambda each: _distance(each, cell_size))
        return await part.source.read(request)

    async def close(self) -> None:
        """Do nothing: each source is closed by who made it."""


def _narrowed(offer: TileOffer, part: CellSizePart) -> TileOffer | None:
    limits = {
        matrix.identifier: offer.limits[matrix.identifier]
        for matrix in offer.matrix_set.matrices
        if matrix.identifier in offer.limits and part.above < matrix.cell_size <= part.below
    }
    return replace(offer, limits=limits) if limits else None


def _distance(part: CellSizePart, cell_size: float) -> float:
    """Return how many times a cell size is outside a part's range, as a logarithm; 0 inside."""
    if cell_size > part.below:
        return math.log(cell_size / part.below)
    if cell_size <= part.above:
        return math.log(part.above / cell_size) + 1e-12
    return 0.0


def _cell_size(request: MapRequest, crs: Crs) -> float:
    """Return the cell size of a map at its centre, in another CRS: of a pixel of equal area."""
    bounds: BoundingBox = request.bounds
    dx, dy = bounds.width / request.width, bounds.height / request.height
    x, y = (bounds.left + bounds.right) / 2, (bounds.bottom + bounds.top) / 2
    xs, ys = transform_points([x, x + dx, x], [y, y, y + dy], Crs.parse(request.crs), crs)
    area = abs((xs[1] - xs[0]) * (ys[2] - ys[0]) - (xs[2] - xs[0]) * (ys[1] - ys[0]))
    return math.sqrt(area) if 0 < area < math.inf else math.sqrt(dx * dy)
