"""A block of neighbouring tiles that are made at once, with a buffer around them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tuilerie.grids.bounds import TileIndex

__all__ = ["MetaTile"]


class MetaTile(NamedTuple):
    """`cols` × `rows` tiles from (`col`, `row`) on, at the top left, in one matrix.

    `buffer_px` more pixels are made on each of the four sides, also beyond the edge of the
    matrix, and cut away: labels and interpolation see the neighbourhood.
    """

    matrix: str
    col: int
    row: int
    cols: int
    rows: int
    buffer_px: int

    def indices(self) -> Iterator[TileIndex]:
        """Yield the tiles of the block, row by row from the top."""
        for row in range(self.row, self.row + self.rows):
            for col in range(self.col, self.col + self.cols):
                yield TileIndex(self.matrix, col, row)
