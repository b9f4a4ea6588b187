"""Custom sets: what operators may write, and with which sentences contradictions are refused."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.grids.strategies import identifiers
from tuilerie.grids import (
    BoundingBox,
    Crs,
    TileIndex,
    TileMatrix,
    cell_size_of,
    from_matrices,
    pyramid,
    scale_denominator_of,
)

LAMBERT_93 = Crs("EPSG:2154")
ALASKA = Crs("EPSG:2964")
EXTENT = BoundingBox(100_000, 6_000_000, 1_300_000, 7_200_000)


def matrix(identifier: str = "a", cell_size: float = 10.0, **changes: object) -> TileMatrix:
    made = TileMatrix(
        identifier,
        scale_denominator_of(cell_size, LAMBERT_93),
        cell_size,
        left=0.0,
        top=12e6,
        tile_width=256,
        tile_height=256,
        matrix_width=7,
        matrix_height=9,
    )
    return replace(made, **changes)


def test_scale_and_cell_size_are_one_number() -> None:
    """The scale that documents print would not be the geometry that is served (6.1)."""
    assert scale_denominator_of(1.0, LAMBERT_93) == pytest.approx(1 / 0.00028)
    assert cell_size_of(1 / 0.00028, LAMBERT_93) == pytest.approx(1.0)
    assert scale_denominator_of(1.0, ALASKA) == pytest.approx(1200 / 3937 / 0.00028)
    assert cell_size_of(scale_denominator_of(3.7, ALASKA), ALASKA) == pytest.approx(3.7, rel=1e-15)
    assert cell_size_of(559082264.0287178, Crs("OGC:CRS84")) == pytest.approx(1.40625, rel=1e-14)


def test_a_pyramid_from_an_extent() -> None:
    """Data at the right or lower edge of the extent would have no tile."""
    tms = pyramid(
        "local",
        LAMBERT_93,
        origin=(0, 7_200_000),
        cell_sizes=[2000, 1000, 500],
        extent=EXTENT,
        tile_width=512,
        title="Local",
    )
    assert [m.identifier for m in tms.matrices] == ["0", "1", "2"]
    assert [(m.matrix_width, m.matrix_height) for m in tms.matrices] == [(2, 3), (3, 5), (6, 10)]
    assert tms.title == "Local"
    assert tms.supported_crs == "urn:ogc:def:crs:EPSG::2154"
    assert tms.well_known_scale_set == ""


def test_an_extent_that_ends_on_an_edge_needs_no_further_tile() -> None:
    """Rounding would add a row and a column of empty tiles."""
    tms = pyramid(
        "local",
        LAMBERT_93,
        origin=(0.1, 0.7),
        cell_sizes=[0.1],
        extent=BoundingBox(0.1, 0.7 - 3 * 25.6, 0.1 + 7 * 25.6, 0.7),
    )
    assert (tms.matrices[0].matrix_width, tms.matrices[0].matrix_height) == (7, 3)


def test_bottom_left_origin_is_shared_while_tops_differ() -> None:
    """Pyramids of TMS kind would drift upwards from level to level."""
    tms = pyramid(
        "tms",
        LAMBERT_93,
        origin=(100_000, 6_000_000),
        corner="bottom-left",
        cell_sizes=[2000, 1000, 500],
        extent=EXTENT,
    )
    assert [m.bounds.bottom for m in tms.matrices] == [6_000_000] * 3
    assert [m.top for m in tms.matrices] == [7_536_000, 7_280_000, 7_280_000]
    assert tms.bounds(TileIndex("0", 0, 2)).bottom == 6_000_000


def test_a_pyramid_of_given_sizes_and_names() -> None:
    """Grids that no power of two describes could not be served."""
    tms = pyramid(
        "odd",
        ALASKA,
        origin=(-1.5, 2.5),
        cell_sizes=[7.5, 7.0, 0.3],
        matrix_sizes=[(1, 2), (3, 4), (2**31 - 1, 1)],
        identifiers=["EPSG:2964:0", "1/2 ü", "<&>"],
        tile_width=100,
        tile_height=7,
    )
    assert tms.bounds(TileIndex("1/2 ü", 2, 3)) == (1398.5, -193.5, 2098.5, -144.5)
    assert tms.matrices[2].matrix_width == 2**31 - 1


def test_matrices_in_any_order_come_coarsest_first() -> None:
    """A document in ascending order would be read upside down."""
    tms = from_matrices(
        "x", LAMBERT_93, [matrix("fine", 1.0), matrix("coarse", 100.0), matrix("mid")]
    )
    assert [m.identifier for m in tms.matrices] == ["coarse", "mid", "fine"]
    assert tms.ordinal("fine") == 2


def test_each_matrix_has_its_own_origin_and_tiles() -> None:
    """6.1 allows it; a set of scanned series needs it."""
    own = matrix("b", 1.0, left=-5.0, top=3.0, tile_width=100, tile_height=50)
    tms = from_matrices("x", LAMBERT_93, [matrix(), own])
    assert tms.bounds(TileIndex("b", 1, 0)) == (95, -47, 195, 3)
    assert tms.matrices[1] == own


def test_a_rounded_scale_is_computed_anew() -> None:
    """Clients would derive a cell size of 1999.9999992 m and drift by a pixel."""
    tms = from_matrices("x", LAMBERT_93, [matrix(cell_size=2000.0, scale_denominator=7142857.14)])
    assert tms.matrices[0].scale_denominator == pytest.approx(2000 / 0.00028, rel=1e-15)
    assert tms.matrices[0].cell_size == 2000.0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"scale_denominator": 34_000.0}, "leave one of the two out"),
        ({"scale_denominator": 0.0}, "scale denominator must be positive"),
        ({"cell_size": 0.0}, "cell size must be positive and finite, not 0.0"),
        ({"cell_size": -1.0}, "cell size must be positive"),
        ({"cell_size": math.inf}, "positive and finite"),
        ({"cell_size": math.nan}, "positive and finite"),
        ({"left": math.nan}, "corner must be finite"),
        ({"top": -math.inf}, "corner must be finite"),
        ({"left": 1e300}, "too small for coordinates"),
        ({"tile_width": 0}, "tile width must be between 1 and 16384, not 0"),
        ({"tile_height": 16385}, "tile height"),
        ({"tile_width": 256.0}, "tile width"),
        ({"tile_width": True}, "tile width"),
        ({"matrix_width": 0}, "matrix width"),
        ({"matrix_height": -3}, "matrix height"),
        ({"matrix_width": 2**31}, "matrix width must be between 1 and 2147483647"),
        ({"identifier": ""}, "needs an identifier"),
        ({"identifier": " a"}, "blanks at its ends"),
        ({"identifier": "a\x07"}, "XML has no such characters"),
        ({"identifier": "\ud800"}, "XML has no such characters"),
    ],
)
def test_a_contradictory_matrix_is_refused(changes: dict[str, object], sentence: str) -> None:
    """A wrong number in a catalogue would be served, or fail in the first request."""
    with pytest.raises(ValueError, match=sentence):
        from_matrices("x", LAMBERT_93, [matrix("z", 1000.0), matrix(**changes)])


def test_a_cell_size_beyond_double_precision_is_refused() -> None:
    """Tile edges would jump by pixels."""
    with pytest.raises(ValueError, match="too small for coordinates"):
        from_matrices("x", LAMBERT_93, [matrix(cell_size=1e-8)])


def test_duplicates_and_emptiness_are_refused() -> None:
    """One of two equal matrices could never be asked for."""
    with pytest.raises(ValueError, match="two tile matrices are called 'a'"):
        from_matrices("x", LAMBERT_93, [matrix("a", 1.0), matrix("a", 2.0)])
    with pytest.raises(ValueError, match="'b' and 'a' have the same scale"):
        from_matrices("x", LAMBERT_93, [matrix("a"), matrix("b", 10.0 * (1 + 1e-9))])
    with pytest.raises(ValueError, match="at least one tile matrix"):
        from_matrices("x", LAMBERT_93, [])
    with pytest.raises(ValueError, match="too many"):
        from_matrices("x", LAMBERT_93, [matrix(str(n), n + 1.0) for n in range(1001)])
    with pytest.raises(ValueError, match="needs an identifier"):
        from_matrices("", LAMBERT_93, [matrix()])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"cell_sizes": [1000, 2000]}, "from the coarsest to the finest"),
        ({"cell_sizes": [2000, 2000]}, "from the coarsest to the finest"),
        ({"cell_sizes": [2000, math.nan]}, "from the coarsest to the finest"),
        ({"cell_sizes": [math.inf, 2000]}, "positive and finite"),
        ({"cell_sizes": [2000, 0]}, "positive and finite"),
        ({"cell_sizes": []}, "at least one tile matrix"),
        ({"identifiers": ["a"]}, "1 identifiers for 2 cell sizes"),
        ({"matrix_sizes": [(1, 1), (2, 2)]}, "either matrix sizes or an extent"),
        ({"extent": None}, "either matrix sizes or an extent"),
        ({"extent": None, "matrix_sizes": [(1, 1)]}, "1 matrix sizes for 2 cell sizes"),
        ({"extent": BoundingBox(5, 5, 5, 6)}, "extent is \\[left, bottom, right, top\\]"),
        ({"extent": BoundingBox(0, 0, math.inf, 1)}, "extent must be finite"),
        ({"extent": BoundingBox(-5000, 0, 1, 1)}, "reaches beyond the top-left corner"),
        ({"extent": BoundingBox(0, 0, 1, 8_000_000)}, "reaches beyond the top-left corner"),
        ({"corner": "bottom-left"}, "reaches beyond the bottom-left corner"),
        ({"corner": "centre"}, "top-left or bottom-left"),
        ({"origin": (math.nan, 0)}, "origin must be finite"),
        ({"tile_width": 0}, "tile width"),
        ({"cell_sizes": [2000, 1e-6]}, "matrix width must be between"),
        ({"cell_sizes": [2000, 5e-324]}, "matrix width must be between"),
    ],
)
def test_a_contradictory_pyramid_is_refused(changes: dict[str, object], sentence: str) -> None:
    """The operator would not learn which number is wrong."""
    arguments: dict[str, object] = {
        "origin": (0, 7_200_000),
        "cell_sizes": [2000, 1000],
        "extent": EXTENT,
    }
    with pytest.raises(ValueError, match=sentence):
        pyramid("x", LAMBERT_93, **(arguments | changes))


@given(
    st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7)),
    st.sampled_from(["top-left", "bottom-left"]),
    st.lists(st.floats(0.1, 1e4), min_size=1, max_size=5, unique_by=lambda size: round(size, 2)),
    st.tuples(st.floats(1, 1e6), st.floats(1, 1e6)),
    st.data(),
)
def test_a_pyramid_covers_its_extent_and_no_tile_more(
    origin: tuple[float, float],
    corner: str,
    cell_sizes: list[float],
    size: tuple[float, float],
    data: st.DataObject,
) -> None:
    """Data would be out of reach, or matrices have rows that can never have data."""
    left, y = origin
    bottom, top = (y - size[1], y) if corner == "top-left" else (y, y + size[1])
    names = data.draw(
        st.lists(identifiers, min_size=len(cell_sizes), max_size=len(cell_sizes), unique=True)
    )
    tms = pyramid(
        "x",
        LAMBERT_93,
        origin=origin,
        corner=corner,
        cell_sizes=sorted(cell_sizes, reverse=True),
        extent=BoundingBox(left, bottom, left + size[0], top),
        identifiers=names,
    )
    for made in tms.matrices:
        bounds, slack = made.bounds, made.span_x * 2e-6
        assert bounds.left == left
        assert bounds.right >= left + size[0] - slack > bounds.right - made.span_x - 2 * slack
        if corner == "top-left":
            assert bounds.top == top
            assert bounds.bottom <= bottom + slack < bounds.bottom + made.span_y + 2 * slack
        else:
            assert bounds.bottom == pytest.approx(bottom, abs=1e-6)
            assert bounds.top >= top - slack > bounds.top - made.span_y - 2 * slack
