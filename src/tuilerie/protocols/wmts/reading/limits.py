"""TileMatrixSetLimits: which tiles of a matrix set a layer has (Tables 13 to 15)."""

from __future__ import annotations

from lxml import etree

from tuilerie.grids import TileMatrix, TileMatrixSet, TileRange
from tuilerie.protocols.reading.elements import child, children, text_of
from tuilerie.protocols.reading.numbers import whole
from tuilerie.protocols.reading.remarks import Remarks

__all__ = ["read_limits"]


def read_limits(
    link: etree._Element, tms: TileMatrixSet, remarks: Remarks, where: str
) -> tuple[dict[str, TileRange], bool]:
    """Return the limits of a layer by matrix, and whether only these matrices have tiles.

    They lie within their matrices. Told are "limits-left-out", "limits-renamed",
    "limits-senseless", "limits-outside".
    """
    holder = child(link, "TileMatrixSetLimits")
    if holder is None:
        return {}, False
    known = {matrix.identifier: matrix for matrix in tms.matrices}
    by_suffix = {name.rpartition(":")[2]: name for name in known}
    found: dict[str, TileRange] = {}
    for element in children(holder, "TileMatrixLimits"):
        written = text_of(element, "TileMatrix")
        # Prefixes of software stand in the set and not here, or here and not in the set.
        name = written if written in known else by_suffix.get(written.rpartition(":")[2], "")
        if not name or name in found:
            remarks.add(
                "limits-left-out", "limits were left out", f"no matrix {written[:40]!r}", where
            )
            continue
        if name != written:
            remarks.add(
                "limits-renamed",
                "limits were read as those of the matrices whose names end alike",
                "limits and matrices have different prefixes",
                where,
            )
        found[name] = _limits(element, known[name], remarks, where)
    # A server that lists limits lists them for every matrix that has tiles.
    return found, bool(found)


def _limits(element: etree._Element, matrix: TileMatrix, remarks: Remarks, where: str) -> TileRange:
    """Return the limits within a matrix; the whole of it where they make no sense."""
    cols = _range(element, "Col", matrix.matrix_width)
    rows = _range(element, "Row", matrix.matrix_height)
    if cols is None or rows is None:
        remarks.add(
            "limits-senseless",
            "the whole matrix was taken",
            "limits are no numbers, end before they begin or lie outside, in one matrix at least",
            where,
        )
        return TileRange(0, matrix.matrix_width - 1, 0, matrix.matrix_height - 1)
    written = TileRange(*cols, *rows)
    if _is_inside(written, matrix):
        return written
    # Such limits are off by one as often as not: old GeoWebCache counts rows from 1.
    remarks.add(
        "limits-outside",
        "limits were made larger by one tile and cut to the matrix",
        "they reach beyond it, in one matrix at least",
        where,
    )
    return TileRange(
        max(written.min_col - 1, 0),
        min(written.max_col + 1, matrix.matrix_width - 1),
        max(written.min_row - 1, 0),
        min(written.max_row + 1, matrix.matrix_height - 1),
    )


def _range(element: etree._Element, axis: str, size: int) -> tuple[int, int] | None:
    """Return the first and last of an axis, None where that is no range near the matrix."""
    low = whole(text_of(element, f"MinTile{axis}"))
    high = whole(text_of(element, f"MaxTile{axis}"))
    if low is None or high is None or low > high or low > size or high < -1:
        return None
    return low, high


def _is_inside(limits: TileRange, matrix: TileMatrix) -> bool:
    return (
        limits.min_col >= 0
        and limits.min_row >= 0
        and limits.max_col < matrix.matrix_width
        and limits.max_row < matrix.matrix_height
    )
