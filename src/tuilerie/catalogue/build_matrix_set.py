"""From the matrix set that an operator described to a grid."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tuilerie.catalogue.matrix_sets import (
    ExplicitMatrixSet,
    FileMatrixSet,
    MatrixSettings,
    PyramidMatrixSet,
)
from tuilerie.grids import (
    BoundingBox,
    Crs,
    TileMatrix,
    TileMatrixSet,
    cell_size_of,
    from_json,
    from_matrices,
    pyramid,
    scale_denominator_of,
)

__all__ = ["build_matrix_set"]

_MAX_FILE_BYTES = 4_000_000


def build_matrix_set(
    identifier: str,
    settings: PyramidMatrixSet | ExplicitMatrixSet | FileMatrixSet,
    base: Path,
) -> TileMatrixSet:
    """Make the grid that an operator described.

    Args:
        identifier: what the operator calls the set.
        settings: the operator's description.
        base: the folder from which a relative file is meant.

    Raises: ValueError with a sentence, where numbers contradict each other or a file is no
        matrix set.
    """
    match settings:
        case PyramidMatrixSet():
            return _pyramid(identifier, settings)
        case ExplicitMatrixSet():
            return _explicit(identifier, settings)
        case FileMatrixSet():
            return _from_file(identifier, settings, base / settings.file)


def _pyramid(identifier: str, settings: PyramidMatrixSet) -> TileMatrixSet:
    crs = Crs.parse(settings.crs)
    extent = BoundingBox(*settings.extent)
    edge = extent.top if settings.corner == "top-left" else extent.bottom
    return pyramid(
        identifier,
        crs,
        origin=settings.origin or (extent.left, edge),
        corner=settings.corner,
        cell_sizes=_cell_sizes(settings, crs),
        extent=extent,
        tile_width=settings.tile_size[0],
        tile_height=settings.tile_size[1],
        identifiers=settings.identifiers,
        title=settings.title.best() or identifier,
    )


def _cell_sizes(settings: PyramidMatrixSet, crs: Crs) -> Sequence[float]:
    if settings.cell_sizes is not None:
        return settings.cell_sizes
    if settings.scale_denominators is not None:
        return [cell_size_of(scale, crs) for scale in settings.scale_denominators]
    first, levels = settings.first_cell_size or 0.0, settings.levels or 0
    return [first / 2**level for level in range(levels)]


def _explicit(identifier: str, settings: ExplicitMatrixSet) -> TileMatrixSet:
    crs = Crs.parse(settings.crs)
    return from_matrices(
        identifier,
        crs,
        [_matrix(matrix, crs) for matrix in settings.matrices],
        title=settings.title.best() or identifier,
    )


def _matrix(settings: MatrixSettings, crs: Crs) -> TileMatrix:
    cell_size = settings.cell_size
    if cell_size is None:
        cell_size = cell_size_of(settings.scale_denominator or 0.0, crs)
    tile_width, tile_height = settings.tile_size
    matrix_width, matrix_height = settings.matrix_size
    left, top = settings.top_left or settings.bottom_left or (0.0, 0.0)
    if settings.top_left is None:
        top += matrix_height * tile_height * cell_size
    return TileMatrix(
        identifier=settings.identifier,
        scale_denominator=settings.scale_denominator or scale_denominator_of(cell_size, crs),
        cell_size=cell_size,
        left=left,
        top=top,
        tile_width=tile_width,
        tile_height=tile_height,
        matrix_width=matrix_width,
        matrix_height=matrix_height,
    )


def _from_file(identifier: str, settings: FileMatrixSet, path: Path) -> TileMatrixSet:
    """Read a matrix set; the catalogue's identifier and title win over the file's."""
    try:
        with path.open("rb") as handle:
            data = handle.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > _MAX_FILE_BYTES:
        raise ValueError(f"{path} is larger than {_MAX_FILE_BYTES} bytes: no matrix set is")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ValueError(f"{path} is not a tile matrix set: it holds no JSON object")
    built = from_json(document)
    return from_matrices(
        identifier,
        built.crs,
        built.matrices,
        title=settings.title.best() or built.title or identifier,
    )
