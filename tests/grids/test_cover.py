"""From rectangles to tiles: Annex H.1, forth and back."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.grids.strategies import matrix_sets, sets_with_index
from tuilerie.errors import InvalidParameter
from tuilerie.grids import (
    BoundingBox,
    TileIndex,
    TileMatrixSet,
    TileRange,
    closest_matrix,
    named_matrix_set,
    tile_range,
    tiles_covering,
)


def one_tile(index: TileIndex) -> TileRange:
    return TileRange(index.col, index.col, index.row, index.row)


@given(sets_with_index())
def test_the_bounds_of_a_tile_are_covered_by_that_tile_alone(
    drawn: tuple[TileMatrixSet, TileIndex],
) -> None:
    """Annex H.2 and then H.1 would not lead back; limits would be one too large everywhere."""
    tms, index = drawn
    bounds = tms.bounds(index)
    assert tile_range(tms, index.matrix, bounds) == one_tile(index)
    assert list(tiles_covering(tms, index.matrix, bounds)) == [index]


@given(sets_with_index(), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_point_lies_in_the_tile_whose_bounds_hold_it(
    drawn: tuple[TileMatrixSet, TileIndex], right: float, up: float
) -> None:
    """A source smaller than a pixel would vanish at coarse matrices."""
    tms, index = drawn
    left, bottom, width, height = (*tms.bounds(index)[:2], *_size(tms.bounds(index)))
    x, y = left + right * width, bottom + up * height
    assert tile_range(tms, index.matrix, BoundingBox(x, y, x, y)) == one_tile(index)


def _size(box: BoundingBox) -> tuple[float, float]:
    return box.width, box.height


@st.composite
def sets_with_rectangle(draw: st.DrawFn) -> tuple[TileMatrixSet, str, BoundingBox]:
    """A rectangle somewhere around one of a set's matrices, edges anywhere between tile edges."""
    tms = draw(matrix_sets())
    matrix = draw(st.sampled_from(tms.matrices))
    position = st.integers(-3000, (min(matrix.matrix_width, 10) + 3) * 1000)
    xs, ys = sorted((draw(position), draw(position))), sorted((draw(position), draw(position)))
    assume(xs[0] < xs[1] and ys[0] < ys[1])
    return (
        tms,
        matrix.identifier,
        BoundingBox(
            matrix.left + xs[0] / 1000 * matrix.span_x,
            matrix.top - ys[1] / 1000 * matrix.span_y,
            matrix.left + xs[1] / 1000 * matrix.span_x,
            matrix.top - ys[0] / 1000 * matrix.span_y,
        ),
    )


@given(sets_with_rectangle())
def test_a_tile_is_in_the_range_if_and_only_if_it_shares_an_area(
    drawn: tuple[TileMatrixSet, str, BoundingBox],
) -> None:
    """Tiles with data would be out of range, or empty ones offered."""
    tms, identifier, box = drawn
    matrix = tms.matrix(identifier)
    covered = set(tiles_covering(tms, identifier, box))
    epsilon_x, epsilon_y = matrix.span_x * 2e-6, matrix.span_y * 2e-6
    for row in range(min(matrix.matrix_height, 15)):
        for col in range(min(matrix.matrix_width, 15)):
            index = TileIndex(identifier, col, row)
            tile = tms.bounds(index)
            if index in covered:
                assert box.intersects(tile.expanded(epsilon_x, epsilon_y))
            else:
                assert not box.intersects(tile.expanded(-epsilon_x, -epsilon_y))
    assert covered == {
        index for index in covered if index.col < matrix.matrix_width and index.row >= 0
    }


@given(sets_with_rectangle())
def test_tiles_come_row_by_row_from_the_top(
    drawn: tuple[TileMatrixSet, str, BoundingBox],
) -> None:
    """A seed could not be resumed by position."""
    tms, identifier, box = drawn
    tiles = list(tiles_covering(tms, identifier, box))
    assert tiles == sorted(tiles, key=lambda index: (index.row, index.col))
    assert bool(tiles) == (tile_range(tms, identifier, box) is not None)


def test_a_shared_edge_is_no_coverage() -> None:
    """Every layer would offer a ring of empty tiles."""
    tms = named_matrix_set("GoogleMapsCompatible")
    tile = tms.bounds(TileIndex("5", 3, 7))
    above = BoundingBox(tile.left, tile.top, tile.right, tile.top + tile.height)
    assert tile_range(tms, "5", above) == (3, 3, 6, 6)
    world = tms.matrix_bounds("5")
    outside = BoundingBox(world.right, world.bottom, world.right + 1e6, world.top)
    assert tile_range(tms, "5", outside) is None
    assert list(tiles_covering(tms, "5", outside)) == []


@pytest.mark.parametrize("size", [1e-9, 1e-3, 10.0, 30.0])
def test_a_tiny_rectangle_across_an_edge_is_not_lost(size: float) -> None:
    """A 10 m data set on the Greenwich meridian would not exist at matrices 0 to 3."""
    tms = named_matrix_set("GoogleMapsCompatible")
    for n in range(1, 19):
        assert tile_range(tms, str(n), BoundingBox(-size, -size, size, size)) is not None


def test_infinite_edges_mean_everything_and_nan_is_refused() -> None:
    """An unbounded request would overflow."""
    tms = named_matrix_set("GoogleMapsCompatible")
    inf = math.inf
    assert tile_range(tms, "3", BoundingBox(-inf, -inf, inf, inf)) == (0, 7, 0, 7)
    assert tile_range(tms, "3", BoundingBox(0.5, -1e300, 1e300, -0.5)) == (4, 7, 4, 7)
    assert tile_range(tms, "3", BoundingBox(inf, 0, inf, 1)) is None
    for box in ((math.nan, 0, 1, 1), (0, 0, 1, math.nan), (1, 0, 0, 1), (0, 1, 1, 0)):
        with pytest.raises(ValueError, match="no rectangle"):
            tile_range(tms, "3", BoundingBox(*box))


def test_an_unknown_matrix_is_an_invalid_parameter() -> None:
    """A KeyError would become a 500."""
    with pytest.raises(InvalidParameter):
        tile_range(named_matrix_set("GoogleMapsCompatible"), "x", BoundingBox(0, 0, 1, 1))


def test_closest_matrix_compares_ratios() -> None:
    """Cascades would fetch four times the tiles, or blurred ones."""
    tms = named_matrix_set("GoogleMapsCompatible")
    at = tms.cell_size
    assert closest_matrix(tms, at("7")).identifier == "7"
    assert closest_matrix(tms, at("7") * 1.41).identifier == "7"
    assert closest_matrix(tms, at("7") * 1.42).identifier == "6"
    assert closest_matrix(tms, at("7") * math.sqrt(2)).identifier == "7", "a tie: the finer"
    assert closest_matrix(tms, 1e-9).identifier == "18"
    assert closest_matrix(tms, 1e9).identifier == "0"
    assert closest_matrix(tms, 1e-9, among=["3", "4", "99"]).identifier == "4"


@pytest.mark.parametrize("cell_size", [0.0, -1.0, math.inf, math.nan])
def test_closest_matrix_refuses_what_is_no_size(cell_size: float) -> None:
    """A division by a zero-width picture would choose some matrix silently."""
    with pytest.raises(ValueError, match="positive and finite"):
        closest_matrix(named_matrix_set("GoogleMapsCompatible"), cell_size)


def test_closest_matrix_needs_something_to_choose_from() -> None:
    """min() of nothing says nothing to an operator."""
    with pytest.raises(ValueError, match="none of the matrices"):
        closest_matrix(named_matrix_set("GoogleMapsCompatible"), 1.0, among=[])
