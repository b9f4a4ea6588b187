"""Which tiles have data: against the patient functions of grids, and against single pixels."""

from __future__ import annotations

import math
import pickle

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tuilerie.catalogue.coverage import Coverage, covers
from tuilerie.catalogue.footprint import footprint, local_cell_size
from tuilerie.catalogue.model import MatrixLimits
from tuilerie.grids import (
    BoundingBox,
    Crs,
    named_matrix_set,
    tile_range,
    transform_bounds,
    transform_points,
)

QUAD = named_matrix_set("WebMercatorQuad")
DEGREES = Crs.parse("EPSG:4326")
MERCATOR = Crs.parse("EPSG:3857")
LAMBERT = Crs.parse("EPSG:2154")
UTM32 = Crs.parse("EPSG:32632")
POLAR = Crs.parse("EPSG:3413")

# Rectangles that lie well in each CRS: (left, right), (bottom, top) for the lower left corner.
PLACES = {
    "EPSG:4326": ((-175, 170), (-80, 78), 9.0),
    "EPSG:2154": ((100_000, 1_200_000), (6_100_000, 7_100_000), 300_000.0),
    "EPSG:32632": ((200_000, 700_000), (100_000, 8_000_000), 100_000.0),
    "EPSG:3857": ((-19e6, 18e6), (-18e6, 17e6), 2e6),
    "EPSG:3413": ((-3e6, 2e6), (-3e6, 2e6), 1e6),
}


@st.composite
def sheets(draw: st.DrawFn) -> tuple[Crs, BoundingBox]:
    text = draw(st.sampled_from(sorted(PLACES)))
    xs, ys, largest = PLACES[text]
    left, bottom = draw(st.floats(*xs)), draw(st.floats(*ys))
    width, height = draw(st.floats(largest / 1e4, largest)), draw(st.floats(largest / 1e4, largest))
    return Crs.parse(text), BoundingBox(left, bottom, left + width, bottom + height)


TARGETS = [DEGREES, MERCATOR, LAMBERT, POLAR]


@settings(max_examples=60, deadline=None)
@given(sheets(), st.sampled_from(TARGETS), st.lists(st.tuples(*[st.floats(0, 1)] * 2), max_size=40))
def test_a_footprint_contains_every_point_of_the_data(sheet, target, places):
    """Tiles at the edge of a sheet would be refused although they have data."""
    source, bounds = sheet
    try:
        box = footprint(bounds, source, target)
        exact = transform_bounds(bounds, source, target)
    except ValueError:
        return
    xs = [bounds.left + s * bounds.width for s, _ in places]
    ys = [bounds.bottom + t * bounds.height for _, t in places]
    us, vs = transform_points(xs, ys, source, target)
    slack = 1e-9 * max(map(abs, (*box, 1.0)))
    for u, v in zip(us, vs, strict=True):
        if exact.left <= u <= exact.right and exact.bottom <= v <= exact.top:
            assert box.left - slack <= u <= box.right + slack
            assert box.bottom - slack <= v <= box.top + slack


@settings(max_examples=60, deadline=None)
@given(sheets(), st.sampled_from(TARGETS))
def test_a_footprint_is_hardly_larger_than_the_truth(sheet, target):
    """Limits would promise rows of tiles that have no data."""
    source, bounds = sheet
    try:
        exact = transform_bounds(bounds, source, target)
    except ValueError:
        assume(False)
    box = footprint(bounds, source, target)
    # Far from a map's home, and near the poles in Mercator, transform_bounds leaves out what
    # nobody would show; that is compared elsewhere.
    degrees = transform_bounds(bounds, source, DEGREES)
    assume(target is not MERCATOR or max(-degrees.bottom, degrees.top) < 84)
    if target is LAMBERT or target is POLAR:
        home = target.area_of_use
        assume(home is not None and home.intersects(degrees))
    size = max(exact.width, exact.height)
    for ours, theirs in zip(box, exact, strict=True):
        assert abs(ours - theirs) <= 0.02 * size


@pytest.mark.parametrize(
    ("bounds", "crs"),
    [
        ((-180, -90, 180, 90), DEGREES),
        ((170, -20, 190, -10), DEGREES),
        ((-4_194_304, -4_194_304, 4_194_304, 4_194_304), POLAR),
        ((1e5, 7.8e6, 9e5, 8.2e6), Crs.parse("EPSG:32701")),
        ((-2e7, -2e7, 2e7, 2e7), MERCATOR),
    ],
)
def test_poles_and_the_antimeridian_are_left_to_grids(bounds, crs):
    """Data around a pole or beyond 180 degrees would be served in a strip of it only."""
    box = BoundingBox(*map(float, bounds))
    for target in (DEGREES, MERCATOR):
        if target != crs:
            found, exact = footprint(box, crs, target), transform_bounds(box, crs, target)
            assert tuple(found) == pytest.approx(tuple(exact), rel=1e-9)


def test_limits_are_those_of_annex_h():
    """Tiles with data would be refused, or tiles without promised."""
    coverage = Coverage(QUAD, BoundingBox(-10, 40, 10, 52), "EPSG:4326", 0.01)
    exact = transform_bounds(BoundingBox(-10, 40, 10, 52), DEGREES, MERCATOR)
    assert list(coverage) == [str(n) for n in range(25)]
    for matrix, limits in coverage.items():
        covered = tile_range(QUAD, matrix, exact)
        assert covered is not None
        if matrix not in ("0", "1"):  # see the next test
            assert limits == MatrixLimits(*covered)
    assert len(coverage) == 25
    with pytest.raises(KeyError):
        coverage["25"]
    assert "nope" not in coverage


def test_limits_that_a_document_cannot_say_are_widened():
    """A client that trusts the document would be refused the row or column beside the data."""
    north_west = Coverage(QUAD, BoundingBox(-100, 40, -90, 52), "EPSG:4326", 0.01)
    assert north_west["0"] == MatrixLimits(0, 0, 0, 0)
    assert north_west["1"] == MatrixLimits(0, 1, 0, 1)
    two_by_one = named_matrix_set("WorldCRS84Quad")
    west = Coverage(two_by_one, BoundingBox(-100, 40, -90, 52), "EPSG:4326", 0.01)
    assert west["0"] == MatrixLimits(0, 1, 0, 0)


@pytest.mark.parametrize(
    ("cell_size", "native"),
    [
        (156543.03392804097, "0"),  # as coarse as the coarsest
        (1e9, "0"),  # coarser
        (78271.516964, "1"),  # as fine, but for rounding
        (78271.0, "1"),
        (77000.0, "2"),
        (1e-9, "24"),  # finer than the finest
    ],
)
def test_the_native_matrix_is_the_first_as_fine_as_the_data(cell_size, native):
    """A map would stop before all the detail that there is, or long after."""
    bounds = BoundingBox(-1e7, -1e7, 1e7, 1e7)
    coverage = Coverage(QUAD, bounds, "EPSG:3857", cell_size)
    assert coverage.native == native
    assert list(coverage)[-1] == "24"


def test_the_operator_may_go_deeper_or_begin_later():
    """A printed map that wants one more matrix could not have it."""
    bounds = BoundingBox(-1e7, -1e7, 1e7, 1e7)
    coverage = Coverage(QUAD, bounds, "EPSG:3857", 1e5, ("2", "5"))
    assert list(coverage) == ["2", "3", "4", "5"]
    assert coverage.native == "2"


def test_data_outside_a_matrix_set_covers_nothing():
    """Australia would be advertised in the grid of France."""
    france = named_matrix_set("LAMB93")
    assert not covers(Coverage(france, BoundingBox(140, -40, 150, -30), "EPSG:4326", 0.1))
    assert covers(Coverage(france, BoundingBox(2, 47, 3, 48), "EPSG:4326", 0.1))


def test_a_coverage_can_be_sent_to_another_process():
    """Workers that get the catalogue by pickle would not start, or compute other limits."""
    coverage = Coverage(QUAD, BoundingBox(-10, 40, 10, 52), "EPSG:4326", 0.01)
    assert dict(pickle.loads(pickle.dumps(coverage))) == dict(coverage)


def test_cells_are_measured_at_the_centre_where_they_are_smallest():
    """Northern data would be offered two matrices too deep or too shallow."""
    degree = math.pi * 6378137 / 180
    at_60 = local_cell_size(BoundingBox(9, 59.5, 10, 60.5), DEGREES, 0.001, MERCATOR)
    assert at_60 == pytest.approx(0.001 * degree, rel=1e-4)  # x: y is stretched twofold
    back = local_cell_size(BoundingBox(1e6, 8.3e6, 1.1e6, 8.4e6), MERCATOR, 10, DEGREES)
    assert back == pytest.approx(10 / degree * math.cos(math.radians(59.9)), rel=1e-2)
    assert local_cell_size(BoundingBox(0, 0, 1, 1), DEGREES, 0.1, DEGREES) == 0.1


def test_cells_are_measured_beside_a_pole_or_the_antimeridian():
    """Polar data would be offered to the deepest matrix, data across 180° to the first only."""
    around_pole = local_cell_size(BoundingBox(-1e6, -1e6, 1e6, 1e6), POLAR, 1000, MERCATOR)
    assert 1000 < around_pole < 20_000
    degrees = local_cell_size(BoundingBox(-1e6, -1e6, 1e6, 1e6), POLAR, 1000, DEGREES)
    assert degrees == pytest.approx(1000 / 111_000, rel=0.1)
    across = local_cell_size(BoundingBox(179, 0, 181, 1), DEGREES, 0.01, MERCATOR)
    assert across == pytest.approx(0.01 * math.pi * 6378137 / 180, rel=1e-3)
