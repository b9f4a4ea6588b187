"""A source of tiles that does what it is told: waits, lacks tiles, fails, sends wrong bytes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.sources.archives import Tiles
from tuilerie.catalogue.model import MatrixLimits
from tuilerie.errors import UpstreamError
from tuilerie.formats import PNG, ImageFormat
from tuilerie.grids import TileIndex, TileMatrixSet, named_matrix_set
from tuilerie.sources.base import FetchedTile, TileOffer


class FakeTiles:
    """Tiles of a dictionary, or made by a function of level, column and row.

    `gate` is waited for by every fetch, if there is one; `waiting` are those that do.
    """

    def __init__(
        self,
        tiles: Tiles | Callable[[int, int, int], bytes | None],
        *,
        last: int = 5,
        first: int = 0,
        tms: TileMatrixSet | None = None,
        formats: tuple[ImageFormat, ...] = (PNG,),
        side_by_side: int = 1000,
    ) -> None:
        self._tiles = tiles
        self._formats = formats
        grid = tms or named_matrix_set("WebMercatorQuad")
        limits = {
            matrix.identifier: MatrixLimits(0, matrix.matrix_width - 1, 0, matrix.matrix_height - 1)
            for matrix in grid.matrices[first : last + 1]
        }
        self.offer = TileOffer("far", grid, formats, limits, side_by_side, remote=True)
        self.fetched: Counter[TileIndex] = Counter()
        self.failing: set[TileIndex] = set()
        self.gate: asyncio.Event | None = None
        self.waiting = 0
        self.closed = False

    async def fetch(self, index: TileIndex, *, style: str, dimensions: Any) -> FetchedTile | None:
        self.fetched[index] += 1
        if self.gate is not None:
            self.waiting += 1
            await self.gate.wait()
            self.waiting -= 1
        if index in self.failing:
            raise UpstreamError(f"source 'far': no answer for {index}", "far")
        place = (int(index.matrix), index.col, index.row)
        data = self._tiles(*place) if callable(self._tiles) else self._tiles.get(place)
        return None if data is None else FetchedTile(data, self._formats[0])

    async def close(self) -> None:
        self.closed = True

    async def until_waiting(self, count: int) -> None:
        """Return when so many fetches wait for the gate."""
        async with asyncio.timeout(20):
            while self.waiting < count:
                await asyncio.sleep(0.001)

    async def until_begun(self, count: int) -> None:
        """Return when so many fetches were ever begun."""
        async with asyncio.timeout(20):
            while self.fetched.total() < count:
                await asyncio.sleep(0.001)
