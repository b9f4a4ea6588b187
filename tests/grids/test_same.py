"""When two matrices have the same tiles."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilerie.grids import Crs, Shift, named_matrix_set, pyramid, tile_shift


def test_web_mercator_has_the_same_tiles_under_all_its_names():
    ours, other = named_matrix_set("WebMercatorQuad"), named_matrix_set("GoogleMapsCompatible")
    for theirs in other.matrices:
        assert tile_shift(ours.matrix(theirs.identifier), theirs) == Shift(0, 0)


def test_sets_that_only_look_alike_do_not():
    """The next matrix is another; a square of the world has the same tiles, rows further down."""
    quad = named_matrix_set("WorldCRS84Quad")
    google = named_matrix_set("GoogleCRS84Quad")
    assert tile_shift(quad.matrices[3], quad.matrices[4]) is None
    shifts = [tile_shift(quad.matrices[n], google.matrices[n + 1]) for n in range(2, 6)]
    assert shifts == [Shift(0, 2**n // 2) for n in range(2, 6)]


@given(
    cols=st.integers(-1000, 1000),
    rows=st.integers(-1000, 1000),
    height=st.integers(1, 1000),
    cell=st.sampled_from([0.1, 1 / 3, 2.5, 38.21851414258813]),
)
def test_whole_tiles_apart_is_a_shift(cols: int, rows: int, height: int, cell: float):
    one = pyramid(
        "one",
        Crs("EPSG:2154"),
        origin=(100_000.0, 7_000_000.0),
        cell_sizes=[cell],
        matrix_sizes=[(500, height)],
    ).matrices[0]
    span = 256 * cell
    other = replace(one, left=one.left - cols * span, top=one.top + rows * span)
    assert tile_shift(one, other) == Shift(cols, rows)
    assert tile_shift(one, replace(other, left=other.left + span / 2)) is None


def test_rows_from_the_bottom_of_another_height_are_a_shift():
    def made(height: int):
        return pyramid(
            "lambert",
            Crs("EPSG:2154"),
            origin=(0.0, 6_000_000.0),
            corner="bottom-left",
            cell_sizes=[100.0],
            matrix_sizes=[(40, height)],
        ).matrices[0]

    assert tile_shift(made(10), made(25)) == Shift(0, 15)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"cell_size": 1 + 1e-12}, False),
        ({"cell_size": 1 + 1e-15}, True),
        ({"left": 1e-3}, False),
        ({"left": 1e-9}, True),
        ({"tile_width": 512}, False),
    ],
)
def test_a_millionth_of_a_pixel_counts_over_the_whole_matrix(change, same):
    """2^26 pixels of a cell size that is a billionth off end a tenth of a pixel away."""
    one = named_matrix_set("WebMercatorQuad").matrix("18")
    name, value = next(iter(change.items()))
    written = {
        "cell_size": one.cell_size * value,
        "left": one.left + value * one.cell_size,
        "tile_width": value,
    }[name]
    assert (tile_shift(one, replace(one, **{name: written})) is not None) == same
