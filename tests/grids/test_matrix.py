"""Tiles in their matrices: Annex H.2, metatiles, and what lies outside."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.grids.strategies import matrix_sets, sets_with_index
from tuilerie.errors import InvalidParameter, TileOutOfRange
from tuilerie.grids import TileIndex, TileMatrixSet, named_matrix_set

CRS84 = "GlobalCRS84Scale"


@given(sets_with_index())
def test_bounds_are_those_of_annex_h2(drawn: tuple[TileMatrixSet, TileIndex]) -> None:
    """A tile would be drawn elsewhere than where clients expect it."""
    tms, index = drawn
    matrix = tms.matrix(index.matrix)
    span_x = matrix.tile_width * matrix.cell_size
    span_y = matrix.tile_height * matrix.cell_size
    assert tms.bounds(index) == (
        index.col * span_x + matrix.left,
        matrix.top - (index.row + 1) * span_y,
        (index.col + 1) * span_x + matrix.left,
        matrix.top - index.row * span_y,
    )


@given(sets_with_index())
def test_neighbours_share_exact_edges(drawn: tuple[TileMatrixSet, TileIndex]) -> None:
    """A rounding gap between tiles would show as a hairline."""
    tms, index = drawn
    matrix = tms.matrix(index.matrix)
    here = tms.bounds(index)
    if index.col + 1 < matrix.matrix_width:
        assert tms.bounds(index._replace(col=index.col + 1)).left == here.right
    else:
        assert here.right == matrix.bounds.right
    if index.row + 1 < matrix.matrix_height:
        assert tms.bounds(index._replace(row=index.row + 1)).top == here.bottom
    else:
        assert here.bottom == matrix.bounds.bottom


@given(matrix_sets())
def test_identifiers_of_any_characters_are_found(tms: TileMatrixSet) -> None:
    """A matrix called `EPSG:4326:0`, `1/2` or `５` could not be asked for."""
    for n, matrix in enumerate(tms.matrices):
        assert tms.matrix(matrix.identifier) is matrix
        assert tms.ordinal(matrix.identifier) == n
        assert tms.cell_size(matrix.identifier) == matrix.cell_size


@pytest.mark.parametrize("identifier", ["", "21", "-1", "0 ", "00", "０", "x" * 100_000])
def test_a_matrix_that_is_not_there_is_an_invalid_parameter(identifier: str) -> None:
    """The client would get a 500, or its own megabyte echoed."""
    tms = named_matrix_set(CRS84)
    for ask in (tms.matrix, tms.ordinal, tms.cell_size, tms.matrix_bounds):
        with pytest.raises(InvalidParameter) as caught:
            ask(identifier)
        assert caught.value.locator == "TileMatrix"
        assert len(caught.value.message) < 200
    with pytest.raises(InvalidParameter):
        tms.bounds(TileIndex(identifier, 0, 0))


@pytest.mark.parametrize(
    ("col", "row", "locator"),
    [
        (-1, 0, "TileCol"),
        (2, 0, "TileCol"),
        (0, -1, "TileRow"),
        (0, 1, "TileRow"),
        (2, 1, "TileRow"),
        (10**400, 0, "TileCol"),
        (0, -(10**400), "TileRow"),
    ],
)
def test_outside_raises_and_never_clamps(col: int, row: int, locator: str) -> None:
    """A client would see the map's edge repeated instead of an error."""
    tms = named_matrix_set(CRS84)
    for ask in (tms.check, tms.bounds, lambda index: tms.metatile(index, 4, 4, 0)):
        with pytest.raises(TileOutOfRange) as caught:
            ask(TileIndex("0", col, row))
        assert caught.value.locator == locator
        assert len(caught.value.message) < 200


@given(sets_with_index(), st.integers(1, 9), st.integers(1, 9), st.integers(0, 64))
def test_metatiles_tile_the_matrix(
    drawn: tuple[TileMatrixSet, TileIndex], cols: int, rows: int, buffer_px: int
) -> None:
    """A tile would be made in two metatiles, or in none."""
    tms, index = drawn
    matrix = tms.matrix(index.matrix)
    metatile = tms.metatile(index, cols, rows, buffer_px)
    members = list(metatile.indices())
    assert index in members
    assert len(set(members)) == len(members) == metatile.cols * metatile.rows
    for member in (members[0], members[-1]):
        tms.check(member)
        assert tms.metatile(member, cols, rows, buffer_px) == metatile
    assert metatile.col % cols == 0
    assert metatile.row % rows == 0
    assert metatile.cols == cols or metatile.col + metatile.cols == matrix.matrix_width
    assert metatile.rows == rows or metatile.row + metatile.rows == matrix.matrix_height


@given(sets_with_index(), st.integers(1, 9), st.integers(0, 64))
def test_metatile_bounds_and_size_agree(
    drawn: tuple[TileMatrixSet, TileIndex], tiles: int, buffer_px: int
) -> None:
    """Pixels of a metatile would not be square, and its tiles shifted against single ones."""
    tms, index = drawn
    metatile = tms.metatile(index, tiles, tiles, buffer_px)
    bounds = tms.metatile_bounds(metatile)
    width, height = tms.metatile_size(metatile)
    cell_size = tms.cell_size(index.matrix)
    assert bounds.width / width == pytest.approx(cell_size, rel=1e-6)
    assert bounds.height / height == pytest.approx(cell_size, rel=1e-6)
    first, last = tms.bounds(next(metatile.indices())), tms.bounds(list(metatile.indices())[-1])
    assert bounds.left == first.left - buffer_px * cell_size
    assert bounds.top == first.top + buffer_px * cell_size
    assert bounds.right == last.right + buffer_px * cell_size
    assert bounds.bottom == last.bottom - buffer_px * cell_size


@pytest.mark.parametrize(("cols", "rows", "buffer_px"), [(0, 1, 0), (1, 0, 0), (1, 1, -1)])
def test_a_metatile_of_nothing_is_refused(cols: int, rows: int, buffer_px: int) -> None:
    """A configuration of 0 tiles would divide by zero in the middle of a request."""
    with pytest.raises(ValueError, match="no metatile"):
        named_matrix_set(CRS84).metatile(TileIndex("0", 0, 0), cols, rows, buffer_px)


def test_a_set_is_frozen_hashable_by_identity_and_picklable() -> None:
    """Published states could be changed, or not be sent to a worker process."""
    tms = named_matrix_set("GoogleMapsCompatible")
    with pytest.raises(AttributeError):
        tms.title = "other"
    copy = pickle.loads(pickle.dumps(tms))
    assert copy is not tms
    assert copy != tms
    assert hash(tms) == hash(named_matrix_set("GoogleMapsCompatible"))
    assert (copy.identifier, copy.crs, copy.matrices) == (tms.identifier, tms.crs, tms.matrices)
    assert copy.supported_crs == tms.supported_crs
    assert copy.ordinal("18") == 18
