"""A matrix set as a layer has it, with the address of one tile of each matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tuilerie.grids import (
    WGS84,
    BoundingBox,
    TileIndex,
    TileMatrix,
    TileMatrixSet,
    TileRange,
    tile_range,
    transform_bounds,
)
from tuilerie.protocols.outline.model import MatrixOutline, MatrixSetOutline

__all__ = ["outline_matrix_set"]


def outline_matrix_set(
    tms: TileMatrixSet,
    identifier: str,
    encoding: str,
    limits: Mapping[str, TileRange],
    restricted: bool,
    wgs84_bounds: BoundingBox | None,
    address: Callable[[TileIndex], str],
) -> MatrixSetOutline:
    """Return the outline of a matrix set of a layer.

    Args:
        limits: by matrix; of a matrix without an entry everything, or nothing if `restricted`.
        wgs84_bounds: of the layer, degrees; None if unknown.
        address: of a tile; "" if it cannot be asked for.
    """
    bounds = _placed(wgs84_bounds, tms)
    matrices = tuple(
        _matrix(tms, matrix, limits.get(matrix.identifier), bounds, address)
        for matrix in tms.matrices
        if not restricted or matrix.identifier in limits
    )
    # The middle one: the first tiles of some services are empty, the last ones not everywhere.
    tile = matrices[len(matrices) // 2].tile if matrices else ""
    return MatrixSetOutline(identifier, tms.crs.text, encoding, tile, matrices)


def _placed(bounds: BoundingBox | None, tms: TileMatrixSet) -> BoundingBox | None:
    if bounds is None or bounds.left > bounds.right:
        return None
    try:
        return transform_bounds(bounds, WGS84, tms.crs)
    except ValueError:
        return None


def _matrix(
    tms: TileMatrixSet,
    matrix: TileMatrix,
    limits: TileRange | None,
    bounds: BoundingBox | None,
    address: Callable[[TileIndex], str],
) -> MatrixOutline:
    covered = None if bounds is None else tile_range(tms, matrix.identifier, bounds)
    if covered is not None and limits is not None:
        covered = _common(covered, limits)
    whole = TileRange(0, matrix.matrix_width - 1, 0, matrix.matrix_height - 1)
    block = covered or limits or whole
    col, row = (block.min_col + block.max_col) // 2, (block.min_row + block.max_row) // 2
    return MatrixOutline(
        matrix.identifier,
        matrix.scale_denominator,
        matrix.cell_size,
        matrix.left,
        matrix.top,
        matrix.tile_width,
        matrix.tile_height,
        matrix.matrix_width,
        matrix.matrix_height,
        limits,
        address(TileIndex(matrix.identifier, col, row)),
    )


def _common(a: TileRange, b: TileRange) -> TileRange | None:
    found = TileRange(
        max(a.min_col, b.min_col),
        min(a.max_col, b.max_col),
        max(a.min_row, b.min_row),
        min(a.max_row, b.max_row),
    )
    empty = found.min_col > found.max_col or found.min_row > found.max_row
    return None if empty else found
