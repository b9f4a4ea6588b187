"""Tile matrix sets: numbers as a server writes them to the grids that it means (Tables 9, 10)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from lxml import etree

from tuilerie.grids import (
    BoundingBox,
    Crs,
    TileMatrix,
    TileMatrixSet,
    from_matrices,
    scale_denominator_of,
)
from tuilerie.protocols.reading.crs_names import read_crs
from tuilerie.protocols.reading.elements import children, text_of
from tuilerie.protocols.reading.numbers import number, pair, whole
from tuilerie.protocols.reading.overrides import ReadingOverrides
from tuilerie.protocols.reading.remarks import Remarks
from tuilerie.protocols.wmts.reading.origins import Grid, Placing, evidence_of, place, snap
from tuilerie.protocols.wmts.reading.scales import DPI_96_M, Measured, true_cell_sizes, turn_of

__all__ = ["MAX_MATRICES", "MAX_MATRIX_SETS", "read_matrix_sets"]

MAX_MATRIX_SETS: Final = 300
MAX_MATRICES: Final = 100
"""Of one set; the finest that pixels can be are some forty."""
_LARGEST_MATRIX: Final = 2**31 - 1
_SCALES: Final = (1e-3, 1e13)
"""Between which a scale denominator is one: from atoms to the Moon's distance on a pixel."""
_SEARCHED: Final = 10
"""Sets of a document whose CRS may be named in prose: to find out costs."""
_USUAL_TILE_PX: Final = 256
_CODE_IN_NAME = re.compile(r"epsg\W{0,2}(\d{4,6})(?!\d)", re.I)
_DEGREES = {(90.0, -180.0), (-180.0, 90.0)}
_ELSEWHERE: Final = 0.05
"""Share of the evidence below which another CRS is considered."""


class _Written(NamedTuple):
    """A matrix as it is written, but for the types."""

    identifier: str
    title: str
    scale: float
    corner: tuple[float, float]
    tile_width: int
    tile_height: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class _Read:
    """A matrix set with what decided it."""

    made: TileMatrixSet
    written: tuple[_Written, ...]


def read_matrix_sets(
    elements: Sequence[etree._Element],
    linked: Mapping[str, BoundingBox | None],
    overrides: ReadingOverrides,
    remarks: Remarks,
) -> dict[str, TileMatrixSet]:
    """Return the sound sets by identifier, in the document's order.

    Args:
        elements: TileMatrixSet elements with an identifier.
        linked: where the layers lie that link to a set, degrees; None if they do not say.
        overrides: what the operator knows better.
        remarks: told of every correction, and of what is left out.
    """
    found: dict[str, _Read] = {}
    for order, element in enumerate(elements[:MAX_MATRIX_SETS]):
        identifier = text_of(element, "Identifier")
        where = f"TileMatrixSet {identifier}"
        if identifier in found:
            remarks.add(
                "matrix-set-left-out", "a matrix set was left out", "its name is taken", where
            )
            continue
        written = _written_matrices(element, remarks, where)
        if not written:
            remarks.add(
                "matrix-set-left-out", "a matrix set was left out", "it has no usable matrix", where
            )
            continue
        declared = read_crs(text_of(element, "SupportedCRS"), search=order < _SEARCHED)
        made = _made(element, declared, written, linked.get(identifier), overrides, remarks)
        if made is not None:
            found[identifier] = _Read(made, written)
    if overrides.pixel_m is None and remarks.may("scale-pixel"):
        _correct_native_sets(found, remarks)
    return {identifier: read.made for identifier, read in found.items()}


def _written_matrices(
    element: etree._Element, remarks: Remarks, where: str
) -> tuple[_Written, ...]:
    found: dict[str, _Written] = {}
    for matrix in children(element, "TileMatrix"):
        identifier = text_of(matrix, "Identifier")
        place_of = f"{where}, TileMatrix {identifier}"
        if len(found) == MAX_MATRICES:
            remarks.add(
                "matrix-left-out", "matrices were left out", f"more than {MAX_MATRICES}", where
            )
            break
        if identifier in found or not identifier:
            remarks.add(
                "matrix-left-out",
                "a matrix was left out",
                "its name is taken" if identifier else "it has no name",
                place_of,
            )
            continue
        written = _written_matrix(matrix, identifier, remarks, place_of)
        if written is not None:
            found[identifier] = written
    return tuple(sorted(found.values(), key=lambda matrix: -matrix.scale))


def _written_matrix(
    element: etree._Element, identifier: str, remarks: Remarks, where: str
) -> _Written | None:
    scale = number(text_of(element, "ScaleDenominator"))
    corner = pair(text_of(element, "TopLeftCorner"))
    width, height = whole(text_of(element, "MatrixWidth")), whole(text_of(element, "MatrixHeight"))
    tile_width = whole(text_of(element, "TileWidth"))
    tile_height = whole(text_of(element, "TileHeight"))
    if tile_width is None and tile_height is None and remarks.may("tile-size-missing"):
        tile_width = tile_height = _USUAL_TILE_PX
        remarks.add(
            "tile-size-missing",
            f"tiles of {_USUAL_TILE_PX} pixels were assumed",
            "none said",
            where,
        )
    sound = scale is not None and _SCALES[0] < scale < _SCALES[1]
    if scale is None or not sound or corner is None or not width or not height:
        missing = "ScaleDenominator, TopLeftCorner, MatrixWidth or MatrixHeight makes no sense"
        remarks.add("matrix-left-out", "a matrix was left out", missing, where)
        return None
    if not tile_width or not tile_height:
        remarks.add("matrix-left-out", "a matrix was left out", "its tiles have no size", where)
        return None
    return _Written(
        identifier,
        text_of(element, "Title"),
        scale,
        corner,
        tile_width,
        tile_height,
        min(width, _LARGEST_MATRIX),
        min(height, _LARGEST_MATRIX),
    )


def _made(
    element: etree._Element,
    declared: Crs | None,
    written: Sequence[_Written],
    layers: BoundingBox | None,
    overrides: ReadingOverrides,
    remarks: Remarks,
) -> TileMatrixSet | None:
    identifier = text_of(element, "Identifier")
    where = f"TileMatrixSet {identifier}"
    crs = _crs(element, declared, written, layers, overrides, remarks)
    if crs is None:
        remarks.add(
            "crs-unknown",
            "a matrix set was left out",
            f"nobody knows its CRS: {text_of(element, 'SupportedCRS')[:80]!r}",
            where,
        )
        return None
    sizes = true_cell_sizes(_measured(written), crs, overrides.pixel_m, remarks, where)
    written = [
        _with_true_size(matrix, size, crs, remarks, where)
        for matrix, size in zip(written, sizes, strict=True)
    ]
    grids = _grids(written, sizes)
    placing, _ = place(grids, crs, evidence_of(crs, layers), overrides.axis_order, remarks, where)
    matrices = _placed(written, sizes, grids, placing, crs, remarks, where)
    return _built(identifier, text_of(element, "Title"), crs, matrices, remarks)


def _measured(written: Sequence[_Written]) -> list[Measured]:
    return [
        Measured(m.scale, m.corner, m.width * m.tile_width, m.height * m.tile_height)
        for m in written
    ]


def _grids(written: Sequence[_Written], sizes: Sequence[float]) -> list[Grid]:
    return [
        Grid(
            matrix.corner,
            matrix.width * matrix.tile_width * size,
            matrix.height * matrix.tile_height * size,
        )
        for matrix, size in zip(written, sizes, strict=True)
    ]


def _crs(
    element: etree._Element,
    declared: Crs | None,
    written: Sequence[_Written],
    layers: BoundingBox | None,
    overrides: ReadingOverrides,
    remarks: Remarks,
) -> Crs | None:
    """Return the CRS of a set: the operator's, the document's, or that of its name."""
    identifier = text_of(element, "Identifier")
    where = f"TileMatrixSet {identifier}"
    known = overrides.crs_by_matrix_set.get(identifier) or overrides.origin_crs
    if known is not None:
        if known != declared:
            said = declared.text if declared else "none that is known"
            remarks.add(
                "crs-overridden", f"{known.text} was taken", f"the document says {said}", where
            )
        return known
    code = _CODE_IN_NAME.search(identifier)
    named = read_crs(f"EPSG:{code[1]}") if code else None
    if named is None or named == declared or not remarks.may("crs-contradicted"):
        return declared
    if declared is not None:
        # The name is believed only where the declared CRS puts the set away from its layers.
        covered = _covered(written, declared, layers, overrides)
        if covered >= _ELSEWHERE or _covered(written, named, layers, overrides) < 2 * _ELSEWHERE:
            return declared
    said = declared.text if declared else text_of(element, "SupportedCRS")[:80] or "nothing"
    remarks.add(
        "crs-contradicted",
        f"{named.text} was taken, which the set is named after",
        f"the CRS that it declares, {said}, is unknown or puts it away from its layers",
        where,
    )
    return named


def _covered(
    written: Sequence[_Written],
    crs: Crs,
    layers: BoundingBox | None,
    overrides: ReadingOverrides,
) -> float:
    silent = Remarks()
    sizes = true_cell_sizes(_measured(written), crs, overrides.pixel_m, silent, "")
    return place(
        _grids(written, sizes), crs, evidence_of(crs, layers), overrides.axis_order, silent, ""
    )[1]


def _placed(
    written: Sequence[_Written],
    sizes: Sequence[float],
    grids: Sequence[Grid],
    placing: Placing,
    crs: Crs,
    remarks: Remarks,
    where: str,
) -> list[TileMatrix]:
    turn = turn_of(crs)
    quadtree = turn is not None and all(math.log2(turn / size).is_integer() for size in sizes)
    usual = next((grid.corner for grid in grids if grid.corner not in _DEGREES), None)
    matrices = []
    for matrix, size, grid in zip(written, sizes, grids, strict=True):
        if grid.corner in _DEGREES and usual and not crs.is_geographic:
            remarks.add(
                "origin-in-degrees",
                "the corner of the other matrices was taken",
                "TopLeftCorner is in degrees, the CRS is not",
                f"{where}, TileMatrix {matrix.identifier}",
            )
            grid = grid._replace(corner=usual)
        left, top = placing.top_left(grid)
        if quadtree:
            left, top = snap(left, top, crs, remarks, where)
        matrices.append(
            TileMatrix(
                matrix.identifier,
                scale_denominator_of(size, crs),
                size,
                left,
                top,
                matrix.tile_width,
                matrix.tile_height,
                matrix.width,
                matrix.height,
                matrix.title,
            )
        )
    return matrices


def _with_true_size(
    matrix: _Written, size: float, crs: Crs, remarks: Remarks, where: str
) -> _Written:
    """Return a matrix, its width and height exchanged if it fills the Earth only so."""
    if not crs.is_geographic or not remarks.may("matrix-size-swapped"):
        return matrix
    span_x, span_y = matrix.tile_width * size, matrix.tile_height * size
    fills = math.isclose(matrix.height * span_x, crs.full_turn, rel_tol=1e-6) and math.isclose(
        matrix.width * span_y, crs.full_turn / 2, rel_tol=1e-6
    )
    if not fills or matrix.width == matrix.height:
        return matrix
    remarks.add(
        "matrix-size-swapped",
        "MatrixWidth and MatrixHeight were exchanged",
        "as they are written, the matrix reaches beyond the poles and not around the Earth",
        f"{where}, TileMatrix {matrix.identifier}",
    )
    return matrix._replace(width=matrix.height, height=matrix.width)


def _built(
    identifier: str, title: str, crs: Crs, matrices: Sequence[TileMatrix], remarks: Remarks
) -> TileMatrixSet | None:
    where = f"TileMatrixSet {identifier}"
    sound: list[TileMatrix] = []
    for matrix in matrices:
        try:
            # With its coarser neighbour, so that two of the same scale are found.
            from_matrices(identifier, crs, [*sound[-1:], matrix])
        except ValueError as error:
            remarks.add("matrix-left-out", "a matrix was left out", str(error), where)
        else:
            sound.append(matrix)
    try:
        return from_matrices(identifier, crs, sound, title)
    except ValueError as error:
        remarks.add("matrix-set-left-out", "a matrix set was left out", str(error), where)
        return None


def _correct_native_sets(found: dict[str, _Read], remarks: Remarks) -> None:
    """Mend sets that are another one again with denominators for 96 dpi, as ArcGIS writes them.

    The same corner and the same numbers of tiles cannot have different cell sizes.
    """
    for identifier, read in found.items():
        for other in found.values():
            if _is_native_of(read, other):
                remarks.add(
                    "scale-pixel",
                    "scale denominators were read as computed with 96 dpi",
                    f"the set has the tiles of {other.made.identifier}, whose scales are smaller "
                    "by just that",
                    f"TileMatrixSet {identifier}",
                )
                by_place = zip(read.made.matrices, other.made.matrices, strict=True)
                matrices = [replace(true, identifier=own.identifier) for own, true in by_place]
                made = from_matrices(identifier, read.made.crs, matrices, read.made.title)
                found[identifier] = _Read(made, read.written)
                break


def _is_native_of(read: _Read, other: _Read) -> bool:
    if len(read.written) != len(other.written) or read.made.crs != other.made.crs:
        return False
    if len(read.made.matrices) != len(other.made.matrices):
        return False
    ratio = 0.00028 / DPI_96_M
    return all(
        math.isclose(own.scale / true.scale, ratio, rel_tol=1e-4)
        and (own.width, own.height, own.corner) == (true.width, true.height, true.corner)
        for own, true in zip(read.written, other.written, strict=True)
    ) and math.isclose(
        read.made.matrices[0].cell_size / other.made.matrices[0].cell_size, ratio, rel_tol=1e-4
    )
