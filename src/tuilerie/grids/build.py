"""Tile matrix sets made from numbers that people wrote, which may contradict each other.

Every refusal is a ValueError whose text is a sentence with the offending value. What passes can
be served: 6.1's formulas hold, and doubles can carry every tile's edge.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

from tuilerie.grids.bounds import BoundingBox
from tuilerie.grids.crs import Crs
from tuilerie.grids.matrix import PIXEL_M, TileMatrix, TileMatrixSet

__all__ = ["cell_size_of", "from_matrices", "pyramid", "scale_denominator_of"]

_LARGEST_TILE_PX = 16384
_LARGEST_MATRIX = 2**31 - 1
_MOST_MATRICES = 1000
_TOLERANCE = 1e-6
"""Relative difference of scale denominator and cell size that rounding may explain."""
_EPSILON = 1e-6
"""Tiles by which an extent may overhang without needing one more (Annex H.1's epsilon)."""
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def scale_denominator_of(cell_size: float, crs: Crs) -> float:
    """Return the scale denominator of a cell size in CRS units per pixel.

    Source: OGC 07-057r7, 6.1.
    """
    return cell_size * crs.metres_per_unit / PIXEL_M


def cell_size_of(scale_denominator: float, crs: Crs) -> float:
    """Return the CRS units per pixel of a scale denominator (pixelSpan).

    Source: OGC 07-057r7, 6.1.
    """
    return scale_denominator * PIXEL_M / crs.metres_per_unit


def pyramid(
    identifier: str,
    crs: Crs,
    *,
    origin: tuple[float, float],
    corner: Literal["top-left", "bottom-left"] = "top-left",
    cell_sizes: Sequence[float],
    matrix_sizes: Sequence[tuple[int, int]] | None = None,
    extent: BoundingBox | None = None,
    tile_width: int = 256,
    tile_height: int = 256,
    identifiers: Sequence[str] | None = None,
    title: str = "",
) -> TileMatrixSet:
    """Return a set whose matrices share their origin and tile size.

    `origin` is x first, in CRS units, and is the given corner of every matrix. Rows count from
    the top in any case. `cell_sizes` go from the coarsest to the finest, since they are numbered
    "0", "1"… in that order unless there are `identifiers`. The matrices are as large as
    `matrix_sizes` (width, height in tiles) says, or as the `extent` needs; one of the two.

    Raises: ValueError.
    """
    count = len(cell_sizes)
    if (matrix_sizes is None) == (extent is None):
        raise ValueError(f"{identifier}: either matrix sizes or an extent must be given, not both")
    if any(not fine < coarse for coarse, fine in pairwise(cell_sizes)):
        raise ValueError(
            f"{identifier}: cell sizes must go from the coarsest to the finest, each smaller than "
            f"the one before: {_listed(cell_sizes)}"
        )
    names = [str(n) for n in range(count)] if identifiers is None else list(identifiers)
    if len(names) != count:
        raise ValueError(f"{identifier}: {len(names)} identifiers for {count} cell sizes")
    if matrix_sizes is not None and len(matrix_sizes) != count:
        raise ValueError(f"{identifier}: {len(matrix_sizes)} matrix sizes for {count} cell sizes")
    if corner not in ("top-left", "bottom-left"):
        raise ValueError(f"{identifier}: the corner is top-left or bottom-left, not {corner!r}")
    _require_finite(identifier, "origin", *origin)
    matrices = []
    for n, cell_size in enumerate(cell_sizes):
        _require_positive(f"{identifier}, matrix {names[n]}", "cell size", cell_size)
        _require_count(identifier, "tile width", tile_width, _LARGEST_TILE_PX)
        _require_count(identifier, "tile height", tile_height, _LARGEST_TILE_PX)
        span_y = tile_height * cell_size
        if extent is None:
            width, height = (matrix_sizes or [])[n]
        else:
            spans = (tile_width * cell_size, span_y)
            width, height = _tiles_needed(identifier, origin, corner, extent, spans)
        matrices.append(
            TileMatrix(
                identifier=names[n],
                scale_denominator=scale_denominator_of(cell_size, crs),
                cell_size=cell_size,
                left=origin[0],
                top=origin[1] + (height * span_y if corner == "bottom-left" else 0.0),
                tile_width=tile_width,
                tile_height=tile_height,
                matrix_width=width,
                matrix_height=height,
            )
        )
    return from_matrices(identifier, crs, matrices, title)


def from_matrices(
    identifier: str,
    crs: Crs,
    matrices: Sequence[TileMatrix],
    title: str = "",
    *,
    well_known_scale_set: str = "",
    supported_crs: str = "",
    uri: str = "",
) -> TileMatrixSet:
    """Return a set of matrices in any order, each with its own origin and tile size.

    They are put in order, coarsest first: which tile is meant is said by identifiers, not by
    places in a list. Where scale denominator and cell size agree but for rounding, the scale
    denominator is computed anew from the cell size: clients derive the geometry from what we
    print, and it has to be ours.

    Raises: ValueError.
    """
    _require_text("tile matrix set", identifier)
    if not matrices:
        raise ValueError(f"{identifier}: a tile matrix set has at least one tile matrix")
    if len(matrices) > _MOST_MATRICES:
        raise ValueError(f"{identifier}: {len(matrices)} tile matrices are too many")
    checked = [_checked(identifier, crs, matrix) for matrix in matrices]
    checked.sort(key=lambda matrix: -matrix.scale_denominator)
    seen: set[str] = set()
    for matrix in checked:
        if matrix.identifier in seen:
            raise ValueError(f"{identifier}: two tile matrices are called {matrix.identifier!r}")
        seen.add(matrix.identifier)
    for coarse, fine in pairwise(checked):
        if not fine.scale_denominator < coarse.scale_denominator * (1 - _TOLERANCE):
            raise ValueError(
                f"{identifier}: the tile matrices {coarse.identifier!r} and {fine.identifier!r} "
                f"have the same scale, 1:{fine.scale_denominator!r}"
            )
    return TileMatrixSet(
        identifier, title, crs, tuple(checked), well_known_scale_set, supported_crs, uri
    )


def _checked(set_identifier: str, crs: Crs, matrix: TileMatrix) -> TileMatrix:
    _require_text(f"{set_identifier}: a tile matrix", matrix.identifier)
    where = f"{set_identifier}, matrix {matrix.identifier}"
    _require_positive(where, "cell size", matrix.cell_size)
    _require_positive(where, "scale denominator", matrix.scale_denominator)
    _require_finite(where, "corner", matrix.left, matrix.top)
    _require_count(where, "tile width", matrix.tile_width, _LARGEST_TILE_PX)
    _require_count(where, "tile height", matrix.tile_height, _LARGEST_TILE_PX)
    _require_count(where, "matrix width", matrix.matrix_width, _LARGEST_MATRIX)
    _require_count(where, "matrix height", matrix.matrix_height, _LARGEST_MATRIX)
    expected = scale_denominator_of(matrix.cell_size, crs)
    if not math.isclose(matrix.scale_denominator, expected, rel_tol=_TOLERANCE):
        raise ValueError(
            f"{where}: a cell size of {matrix.cell_size!r} {crs.unit} is a scale of "
            f"1:{expected!r}, not 1:{matrix.scale_denominator!r}; leave one of the two out"
        )
    # The last bits of a coordinate must be worth far less than a pixel.
    farthest = max(map(abs, matrix.bounds))
    if not math.ulp(farthest) < matrix.cell_size / 1000:
        raise ValueError(
            f"{where}: a cell size of {matrix.cell_size!r} {crs.unit} is too small for "
            f"coordinates as large as {farthest!r}"
        )
    if math.isclose(matrix.scale_denominator, expected, rel_tol=1e-12):
        return matrix
    return replace(matrix, scale_denominator=expected)


def _tiles_needed(
    identifier: str,
    origin: tuple[float, float],
    corner: str,
    extent: BoundingBox,
    spans: tuple[float, float],
) -> tuple[int, int]:
    _require_finite(identifier, "extent", *extent)
    if not (extent.left < extent.right and extent.bottom < extent.top):
        raise ValueError(
            f"{identifier}: an extent is [left, bottom, right, top], not {list(extent)}"
        )
    down = corner == "top-left"
    beyond_x = origin[0] - extent.left
    beyond_y = extent.top - origin[1] if down else origin[1] - extent.bottom
    if beyond_x > _EPSILON * spans[0] or beyond_y > _EPSILON * spans[1]:
        raise ValueError(
            f"{identifier}: the extent {list(extent)} reaches beyond the {corner} corner "
            f"{list(origin)}"
        )
    reach_x = extent.right - origin[0]
    reach_y = origin[1] - extent.bottom if down else extent.top - origin[1]
    return _tiles_along(reach_x, spans[0]), _tiles_along(reach_y, spans[1])


def _tiles_along(reach: float, span: float) -> int:
    # Absurdly many are as good as infinitely many, of which there is no whole number.
    tiles = reach / span if span > 0 else math.inf
    return max(1, math.ceil(min(tiles, 2.0 * _LARGEST_MATRIX) - _EPSILON))


def _require_text(what: str, identifier: str) -> None:
    if not identifier or identifier != identifier.strip():
        raise ValueError(
            f"{what} needs an identifier without blanks at its ends, not {identifier!r}"
        )
    if _UNPRINTABLE.search(identifier):
        raise ValueError(f"{what} cannot be called {identifier!r}: XML has no such characters")


def _require_positive(where: str, what: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"{where}: the {what} must be positive and finite, not {value!r}")


def _require_finite(where: str, what: str, *values: float) -> None:
    if not all(map(math.isfinite, values)):
        raise ValueError(f"{where}: the {what} must be finite, not {_listed(values)}")


def _require_count(where: str, what: str, value: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ValueError(f"{where}: the {what} must be between 1 and {most}, not {value!r}")


def _listed(values: Sequence[float]) -> str:
    shown = ", ".join(repr(value) for value in values[:8])
    return f"[{shown}, …]" if len(values) > 8 else f"[{shown}]"
