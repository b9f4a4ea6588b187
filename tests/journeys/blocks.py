"""Blocks of neighbouring tiles, chosen so that the joints between metatiles run through them."""

from __future__ import annotations

from typing import NamedTuple

import pyproj

from tests.journeys.pictures import Picture, join
from tests.journeys.published import Bounds, Capabilities, Matrix, MatrixSet, PublishedLayer
from tests.journeys.running import Server

__all__ = ["Block", "block_near", "fetch"]


class Block(NamedTuple):
    """Tiles of one matrix, side by side."""

    layer: PublishedLayer
    matrix_set: MatrixSet
    matrix: Matrix
    col: int
    row: int
    cols: int
    rows: int

    @property
    def bounds(self) -> Bounds:
        """Outer edges, x first."""
        return self.matrix.bounds(self.col, self.row, self.cols, self.rows)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of pixels."""
        return self.cols * self.matrix.tile_width, self.rows * self.matrix.tile_height


def block_near(
    capabilities: Capabilities,
    layer: str,
    matrix_set: str,
    matrix: str,
    lon: float,
    lat: float,
    *,
    every: int = 4,
    side: int = 2,
) -> Block:
    """Return tiles around the corner that is nearest to a place.

    Args:
        every: how many tiles corners are apart: by default they are those of metatiles.
        side: columns and rows, as far as the matrix has them; 1 = the tile above and to the left.
    """
    found = capabilities.matrix_sets[matrix_set]
    grid = found.matrices[matrix]
    to_set = pyproj.Transformer.from_crs("OGC:CRS84", found.crs, always_xy=True)
    x, y = to_set.transform(lon, lat)
    col = (x - grid.left) / (grid.cell_size * grid.tile_width)
    row = (grid.top - y) / (grid.cell_size * grid.tile_height)
    first_col = max(0, min(grid.width - side, round(col / every) * every - 1))
    first_row = max(0, min(grid.height - side, round(row / every) * every - 1))
    return Block(
        capabilities.layers[layer],
        found,
        grid,
        first_col,
        first_row,
        min(side, grid.width - first_col),
        min(side, grid.height - first_row),
    )


def fetch(server: Server, block: Block, style: str = "", media_type: str = "image/png") -> Picture:
    """Return a block as the server draws it; tiles that it does not have are empty."""
    rows = range(block.row, block.row + block.rows)
    cols = range(block.col, block.col + block.cols)
    identifiers = block.matrix_set.identifier, block.matrix.identifier
    addresses = [
        block.layer.resource(media_type, *identifiers, row, col, style)
        for row in rows
        for col in cols
    ]
    answers = server.get_all([address.removeprefix(server.url) for address in addresses])
    for address, answer in zip(addresses, answers, strict=True):
        assert answer.status in (200, 404), f"{address}: {answer.status} {answer.body[:300]!r}"
    assert any(answer.status == 200 for answer in answers), f"nothing at {addresses}"
    bodies = [answer.body if answer.status == 200 else b"" for answer in answers]
    size = block.matrix.tile_width, block.matrix.tile_height
    return join(
        [bodies[start : start + block.cols] for start in range(0, len(bodies), block.cols)], size
    )
