"""Tile matrix sets and rectangles for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from tuilerie.grids import Crs, TileIndex, TileMatrix, TileMatrixSet, scale_denominator_of

LAMBERT_93 = Crs("EPSG:2154")

coordinates = st.floats(-2e7, 2e7, allow_nan=False).map(lambda value: round(value, 3))
cell_sizes = st.floats(1e-2, 1e5)
# Anything that XML can carry, blanks inside and markup included.
identifiers = st.text(
    st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=12,
).filter(lambda text: text == text.strip())


@st.composite
def matrix_sets(draw: st.DrawFn) -> TileMatrixSet:
    """One to four matrices, each with its own origin, tile size and matrix size."""
    sizes = sorted(
        draw(st.lists(cell_sizes, min_size=1, max_size=4, unique_by=lambda size: round(size, 3))),
        reverse=True,
    )
    names = draw(st.lists(identifiers, min_size=len(sizes), max_size=len(sizes), unique=True))
    return TileMatrixSet(
        "drawn",
        "",
        LAMBERT_93,
        tuple(
            TileMatrix(
                identifier=name,
                scale_denominator=scale_denominator_of(size, LAMBERT_93),
                cell_size=size,
                left=draw(coordinates),
                top=draw(coordinates),
                tile_width=draw(st.integers(1, 1024)),
                tile_height=draw(st.integers(1, 1024)),
                matrix_width=draw(st.integers(1, 2**20)),
                matrix_height=draw(st.integers(1, 2**20)),
            )
            for name, size in zip(names, sizes, strict=True)
        ),
    )


@st.composite
def sets_with_index(draw: st.DrawFn) -> tuple[TileMatrixSet, TileIndex]:
    """A set and one of its tiles."""
    tms = draw(matrix_sets())
    matrix = draw(st.sampled_from(tms.matrices))
    return tms, TileIndex(
        matrix.identifier,
        draw(st.integers(0, matrix.matrix_width - 1)),
        draw(st.integers(0, matrix.matrix_height - 1)),
    )
