"""Tile matrices and sets of them: where each tile lies (OGC 07-057r7, 6.1 and Annex H.2).

A set is a value that is looked up a million times: identifiers are resolved by one dict, and
nothing here asks PROJ. Whether its numbers make sense is decided once, in `build.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tuilerie.errors import InvalidParameter, TileOutOfRange
from tuilerie.grids.bounds import BoundingBox, TileIndex
from tuilerie.grids.crs import Crs
from tuilerie.grids.metatile import MetaTile

__all__ = ["PIXEL_M", "TileMatrix", "TileMatrixSet"]

PIXEL_M = 0.00028
"""The standardised rendering pixel, metres. Source: OGC 07-057r7, 6.1 a)."""

_LONGEST_ECHO = 80


@dataclass(frozen=True, slots=True)
class TileMatrix:
    """One grid of equal tiles.

    Attributes:
        identifier: TileMatrix as requests name it; any characters.
        scale_denominator: for pixels of 0.28 mm.
        cell_size: CRS units per pixel, the same in x and y (6.1, NOTE 1).
        left, top: TopLeftCorner, CRS units, x first: the outer corner of tile 0,0.
        tile_width, tile_height: pixels.
        matrix_width, matrix_height: tiles.

    Source: OGC 07-057r7, 6.1 and Table 10.
    """

    identifier: str
    scale_denominator: float
    cell_size: float
    left: float
    top: float
    tile_width: int
    tile_height: int
    matrix_width: int
    matrix_height: int
    title: str = ""

    @property
    def span_x(self) -> float:
        """Return the width of a tile in CRS units (tileSpanX)."""
        return self.tile_width * self.cell_size

    @property
    def span_y(self) -> float:
        """Return the height of a tile in CRS units (tileSpanY)."""
        return self.tile_height * self.cell_size

    @property
    def bounds(self) -> BoundingBox:
        """Return the outer edges of the whole matrix, CRS units, x first."""
        return BoundingBox(
            self.left,
            self.top - self.matrix_height * self.span_y,
            self.left + self.matrix_width * self.span_x,
            self.top,
        )


@dataclass(frozen=True, slots=True, eq=False)
class TileMatrixSet:
    """Tile matrices of one CRS, from the coarsest to the finest; equal only to itself.

    Attributes:
        identifier: TileMatrixSet as requests name it.
        matrices: scale denominators strictly decreasing, identifiers unique.
        well_known_scale_set: URN of Annex E if the set holds to it literally, else "".
        supported_crs: the text that WMTS documents print as SupportedCRS; `crs.urn` unless
            Annex E prints another.
        uri: the definition's address in the OGC registry, "" if it is not there.

    Source: OGC 07-057r7, 6.1 and Table 9.
    """

    identifier: str
    title: str
    crs: Crs
    matrices: tuple[TileMatrix, ...]
    well_known_scale_set: str = ""
    supported_crs: str = ""
    uri: str = ""
    _ordinals: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        ordinals = {matrix.identifier: n for n, matrix in enumerate(self.matrices)}
        object.__setattr__(self, "_ordinals", ordinals)
        if not self.supported_crs:
            object.__setattr__(self, "supported_crs", self.crs.urn)

    def ordinal(self, identifier: str) -> int:
        """Return the position of a matrix, 0 = the coarsest.

        Raises: InvalidParameter (locator "TileMatrix").
        """
        try:
            return self._ordinals[identifier]
        except KeyError:
            raise InvalidParameter(
                f"TileMatrix {identifier[:_LONGEST_ECHO]!r} is not in {self.identifier}",
                "TileMatrix",
            ) from None

    def matrix(self, identifier: str) -> TileMatrix:
        """Return a matrix by its identifier.

        Raises: InvalidParameter (locator "TileMatrix").
        """
        return self.matrices[self.ordinal(identifier)]

    def cell_size(self, matrix: str) -> float:
        """Return the CRS units per pixel of a matrix.

        Raises: InvalidParameter (locator "TileMatrix").
        """
        return self.matrix(matrix).cell_size

    def check(self, index: TileIndex) -> None:
        """Return if the tile is in its matrix; never clamps.

        Raises:
            InvalidParameter: no such matrix (locator "TileMatrix").
            TileOutOfRange: locator "TileRow" or "TileCol".
        """
        matrix = self.matrix(index.matrix)
        if not 0 <= index.row < matrix.matrix_height:
            raise _out_of_range("TileRow", index.row, matrix.matrix_height)
        if not 0 <= index.col < matrix.matrix_width:
            raise _out_of_range("TileCol", index.col, matrix.matrix_width)

    def bounds(self, index: TileIndex) -> BoundingBox:
        """Return the outer edges of a tile, CRS units, x first; neighbours share exact edges.

        Raises: InvalidParameter, TileOutOfRange, as `check`.
        Source: OGC 07-057r7, Annex H.2.
        """
        self.check(index)
        return _block_bounds(self.matrix(index.matrix), index.col, index.row, 1, 1)

    def matrix_bounds(self, matrix: str) -> BoundingBox:
        """Return the outer edges of a whole matrix, CRS units, x first.

        Raises: InvalidParameter (locator "TileMatrix").
        """
        return self.matrix(matrix).bounds

    def metatile(self, index: TileIndex, cols: int, rows: int, buffer_px: int) -> MetaTile:
        """Return the block of at most cols × rows tiles that contains a tile.

        Blocks are aligned to tile 0,0, so that every tile of a block yields the same block;
        those at the right and bottom are cut at the edge of the matrix.

        Raises: InvalidParameter, TileOutOfRange, as `check`; ValueError: cols or rows < 1, or
            buffer_px < 0.
        """
        if cols < 1 or rows < 1 or buffer_px < 0:
            raise ValueError(f"no metatile has {cols} × {rows} tiles and a buffer of {buffer_px}")
        self.check(index)
        matrix = self.matrix(index.matrix)
        col = index.col - index.col % cols
        row = index.row - index.row % rows
        return MetaTile(
            index.matrix,
            col,
            row,
            min(cols, matrix.matrix_width - col),
            min(rows, matrix.matrix_height - row),
            buffer_px,
        )

    def metatile_bounds(self, metatile: MetaTile) -> BoundingBox:
        """Return the outer edges of a block with its buffer, CRS units, x first.

        Raises: InvalidParameter (locator "TileMatrix").
        """
        matrix = self.matrix(metatile.matrix)
        buffer = metatile.buffer_px * matrix.cell_size
        block = _block_bounds(matrix, metatile.col, metatile.row, metatile.cols, metatile.rows)
        return block.expanded(buffer, buffer)

    def metatile_size(self, metatile: MetaTile) -> tuple[int, int]:
        """Return the width and height of a block with its buffer, pixels.

        Raises: InvalidParameter (locator "TileMatrix").
        """
        matrix = self.matrix(metatile.matrix)
        return (
            metatile.cols * matrix.tile_width + 2 * metatile.buffer_px,
            metatile.rows * matrix.tile_height + 2 * metatile.buffer_px,
        )


def _block_bounds(matrix: TileMatrix, col: int, row: int, cols: int, rows: int) -> BoundingBox:
    # Every edge is computed from the matrix's corner: never from another edge, whose rounding
    # it would inherit.
    return BoundingBox(
        matrix.left + col * matrix.span_x,
        matrix.top - (row + rows) * matrix.span_y,
        matrix.left + (col + cols) * matrix.span_x,
        matrix.top - row * matrix.span_y,
    )


def _out_of_range(locator: str, value: int, size: int) -> TileOutOfRange:
    text = str(value) if abs(value) < 10**20 else "a number of more than 20 digits"
    return TileOutOfRange(f"{locator} {text} is not between 0 and {size - 1}", locator)
