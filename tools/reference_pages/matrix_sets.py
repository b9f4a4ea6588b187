"""The page of the matrix sets that need no entry in a catalogue."""

from __future__ import annotations

import re

from reference_pages.markdown import NOTE, code, page, table
from tuilerie.grids import TileMatrixSet, named_matrix_set, named_matrix_sets

__all__ = ["matrix_sets_page"]

_HEADS = (
    *("identifier", "title", "CRS", "matrices", "first cell", "last cell", "unit"),
    *("origin", "tile", "well-known scale set"),
)
_ZONE = re.compile(r"UTM\d\dWGS84Quad(South)?")


def matrix_sets_page() -> str:
    """Return the page."""
    every = [named_matrix_set(name) for name in named_matrix_sets()]
    zones = [tms for tms in every if _ZONE.fullmatch(tms.identifier)]
    return page(
        [
            "# Matrix sets",
            NOTE,
            f"""\
These {len(every)} tile matrix sets, {len(zones)} of them zones of UTM, are known by name: a
catalogue only names them. Others are [written in it](../how-to/own-matrix-sets.md).

*Cells* are CRS units per pixel. *Origin* is the top left corner of the first matrix, x first.
*Matrices* are counted, with the identifiers of the first (coarsest) and the last. Only the sets of
OGC 07-057r7, Annex E claim a well-known scale set;
[decision 003](../decisions/003-scale-sets.md) says why.""",
            "## Common and national sets",
            table(_HEADS, [_row(tms) for tms in every if tms not in zones]),
            "## Zones of UTM",
            """\
The northern zones follow the OGC registry's UTM31WGS84Quad. The southern ones (`…South`) have
their origin 10,000 km further north, by the false northing, so that their tiles cover the same
ground.""",
            table(_HEADS[:-1], [_row(tms)[:-1] for tms in zones]),
        ]
    )


def _row(tms: TileMatrixSet) -> tuple[str, ...]:
    first, last = tms.matrices[0], tms.matrices[-1]
    sizes = sorted({(matrix.tile_width, matrix.tile_height) for matrix in tms.matrices})
    return (
        code(tms.identifier),
        tms.title,
        code(tms.crs.text),
        f"{len(tms.matrices)}: {code(first.identifier)} – {code(last.identifier)}",
        f"{first.cell_size:.10g}",
        f"{last.cell_size:.10g}",
        tms.crs.unit,
        f"{first.left:.12g}, {first.top:.12g}",
        ", ".join(f"{width} × {height}" for width, height in sizes),
        code(tms.well_known_scale_set),
    )
