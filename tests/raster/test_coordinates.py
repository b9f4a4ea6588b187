"""Where pixels lie: the checked bound, the right form, and the edges of projections."""

from __future__ import annotations

import numpy as np
import pytest

from tests.raster.making import GEOSTATIONARY
from tuilerie.grids import BoundingBox, Crs, transform_points
from tuilerie.raster.around import best_start, period_of
from tuilerie.raster.coordinates import Tables, north_up, plan_warp
from tuilerie.raster.lattice import Lattice
from tuilerie.raster.position import target_pixels

W = 20037508.342789244
ROBINSON = "+proj=robin +datum=WGS84"


def plan(bounds, crs, source_crs, size=(500, 500)):
    return plan_warp(
        bounds=BoundingBox(*bounds),
        crs=Crs.parse(crs),
        width=size[0],
        height=size[1],
        source_crs=Crs.parse(source_crs),
    )


def error_px(grid, samples=3000):
    """Return the largest error in target pixels, and how many pixels are wrongly (im)possible."""
    width, height = grid.width, grid.height
    target = target_pixels(grid.bounds, grid.crs, width, height, grid.source_crs)
    rng = np.random.default_rng(0)
    col, row = rng.integers(0, width, samples), rng.integers(0, height, samples)
    x, y = target.source_positions(col.astype(float), row.astype(float))
    map_x, map_y = grid.with_pixels((1.0, 0.0, 0.5, 0.0, 1.0, 0.5))
    got_x, got_y = map_x[row, col].astype(float) + 1, map_y[row, col].astype(float) + 1
    void = np.isnan(x) != np.isnan(got_x)
    # The size of a target pixel there, in the source.
    right = target.source_positions(col + 1.0, row.astype(float))
    below = target.source_positions(col.astype(float), row + 1.0)
    size = np.minimum(np.hypot(right[0] - x, right[1] - y), np.hypot(below[0] - x, below[1] - y))
    error = np.hypot(got_x - x, got_y - y) / size
    return float(np.nanmax(error)) if np.isfinite(error).any() else 0.0, int(void.sum())


PAIRS = {
    "utm": ((2e5, 5.2e6, 6e5, 5.6e6), "EPSG:3857", "EPSG:32631", False),
    "one utm zone in the next": ((2e5, 5.2e6, 6e5, 5.6e6), "EPSG:32632", "EPSG:32631", False),
    "polar": ((-9e6, 6e6, 0, 15e6), "EPSG:3857", "EPSG:3413", False),
    "lambert": ((1e5, 6.1e6, 1.1e6, 7.1e6), "EPSG:2154", "EPSG:3857", False),
    "the pole": ((-4e6, -4e6, 4e6, 4e6), "EPSG:3413", "EPSG:4326", False),
    "limb of the earth": ((-W, -1.2e7, W, 1.2e7), "EPSG:3857", GEOSTATIONARY, False),
    "corners beside the globe": ((-1.7e7, -9e6, 1.7e7, 9e6), ROBINSON, "EPSG:4326", False),
    "web mercator": ((-W, -W, W, W), "EPSG:3857", "EPSG:4326", True),
    "two spellings": ((-180, -90, 180, 90), "EPSG:4326", "OGC:CRS84", True),
    "same": ((-1e6, 1e6, 2e6, 4e6), "EPSG:2154", "EPSG:2154", True),
}


@pytest.mark.parametrize("name", PAIRS)
def test_error_is_within_the_bound(name):
    """The stated bound of 0.125 target pixels must hold against the exact transform."""
    bounds, crs, source_crs, separable = PAIRS[name]
    grid = plan(bounds, crs, source_crs)
    assert isinstance(grid.form, Tables) == separable
    worst, void = error_px(grid)
    assert worst <= 0.125
    assert void == 0


def test_a_coarse_start_is_refined():
    """Bounds as wide as the world need a finer lattice than a city, not a larger error."""
    city = plan((2e5, 5.2e6, 2.1e5, 5.21e6), "EPSG:3857", "EPSG:32631").form
    half = plan((-1e7, 0, 0, 1e7), "EPSG:3857", "EPSG:3413").form
    assert isinstance(city, Lattice)
    assert isinstance(half, Lattice)
    assert city.x.size < half.x.size
    assert city.at.size == 0


def test_beside_the_globe_is_nowhere():
    """PROJ's inverse wraps around outside the map: the corner would show the far side again."""
    form = plan((-1.7e7, -9e6, 1.7e7, 9e6), ROBINSON, "EPSG:4326", (300, 160))
    x, _ = form.with_pixels(north_up(BoundingBox(-180, -90, 180, 90), 360, 180))
    assert np.isnan(x[0, 0])
    assert np.isnan(x[-1, -1])
    assert np.isfinite(x[80, 150])


def test_off_the_earth_is_nowhere():
    """A tile of the wrong side of the Earth has no source: the caller must not read anything."""
    grid = plan((1e7, -1e6, 1.2e7, 1e6), "EPSG:3857", GEOSTATIONARY)
    assert grid.source_bounds() is None
    assert grid.source_cell() == (0.0, 0.0)
    x, y = grid.with_pixels((1.0, 0.0, 0.0, 0.0, -1.0, 0.0))
    assert np.isnan(x).all()
    assert np.isnan(y).all()


@pytest.mark.parametrize(
    ("bounds", "crs", "low", "high"),
    [
        ((W - 1e5, -1e5, W + 1e5, 1e5), "EPSG:3857", 179, 181),
        ((7e5, 5e6, 9e5, 5.2e6), "EPSG:32660", 179, 183),
        ((-1e6, -3e6, 1e6, -1e6), "EPSG:3571", 130, 230),
    ],
)
def test_across_the_antimeridian_the_window_is_narrow(bounds, crs, low, high):
    """Counted from -180 to 180 the window would be the whole world."""
    found = plan(bounds, crs, "EPSG:4326").source_bounds()
    assert found is not None
    turns = 0 if found.left > 0 else 360
    assert low < found.left + turns < found.right + turns < high
    projected = plan(bounds, crs, "EPSG:3857").source_bounds()
    if crs != "EPSG:3857":
        assert projected is not None
        assert projected.width < 2 * W / 4


@pytest.mark.parametrize(
    ("crs", "period"),
    [
        ("EPSG:4326", 360.0),
        ("EPSG:4807", 400.0),
        ("EPSG:3857", 2 * W),
        ("EPSG:3395", 2 * W),
        ("EPSG:3832", 2 * W),
        ("EPSG:32631", None),
        ("EPSG:2154", None),
        ("EPSG:3413", None),
        (ROBINSON, None),
    ],
)
def test_period(crs, period):
    """Wrapping a Lambert raster, or not wrapping a Pacific Mercator, would show land twice."""
    found = period_of(Crs.parse(crs))
    assert found == (None if period is None else pytest.approx(period, rel=1e-9))


def test_best_start_is_the_widest_gap():
    """A window that is best as it is must not be turned: sources would read it in two parts."""
    assert best_start(np.array([170.0, 175.0, -178.0, -170.0]), 360) is not None
    assert best_start(np.array([-20.0, 30.0]), 360) is None
    assert best_start(np.linspace(-180, 179, 60), 360) is None


def test_source_cell_is_the_step_of_a_pixel():
    """A wrong size chooses the wrong overview: blurred, or slow."""
    assert plan((0, 0, 1000, 500), "EPSG:2154", "EPSG:2154", (100, 100)).source_cell() == (10, 5)
    assert plan((0, 0, 1000, 500), "EPSG:2154", "EPSG:2154", (1, 1)).source_cell() == (1000, 500)
    x, y = plan((3e5, 5e6, 3.1e5, 5.01e6), "EPSG:32631", "EPSG:32632").source_cell()
    assert x == pytest.approx(20, rel=0.02)
    assert y == pytest.approx(20, rel=0.02)


def test_pixel_coordinates_count_from_the_centre():
    """The outer corner of the first pixel is -0.5, as in GDAL's half-pixel convention."""
    grid = plan((0, 0, 10, 10), "EPSG:3857", "EPSG:3857", (10, 10))
    x, y = grid.with_pixels(north_up(BoundingBox(0, 0, 10, 10), 10, 10))
    np.testing.assert_allclose(x[0], np.arange(10))
    np.testing.assert_allclose(y[:, 0], np.arange(10))
    x, _ = grid.with_pixels(north_up(BoundingBox(0, 0, 10, 10), 20, 20))
    np.testing.assert_allclose(x[0], 2 * np.arange(10) + 0.5)


def test_rotation_agrees_with_the_affine():
    """A rotated source must be found by the inverse of its transform."""
    grid = plan((2e5, 5.2e6, 2.1e5, 5.21e6), "EPSG:3857", "EPSG:32631", (60, 50))
    bounds = grid.source_bounds()
    assert bounds is not None
    transform = (30.0, 12.0, bounds.left, 9.0, -28.0, bounds.top)
    x, y = grid.with_pixels(transform)
    a, b, c, d, e, f = transform
    source_x, source_y = transform_points(
        grid.bounds.left + 20.5 * grid.bounds.width / 60,
        grid.bounds.top - 30.5 * grid.bounds.height / 50,
        grid.crs,
        grid.source_crs,
    )
    col, row = x[30, 20] + 0.5, y[30, 20] + 0.5
    assert a * col + b * row + c == pytest.approx(source_x, abs=5)
    assert d * col + e * row + f == pytest.approx(source_y, abs=5)


@pytest.mark.parametrize(
    ("bounds", "size"),
    [
        ((0, 0, 0, 10), (10, 10)),
        ((0, 0, 10, 10), (0, 10)),
        ((0, 0, float("inf"), 10), (10, 10)),
        ((10, 0, 0, 10), (10, 10)),
    ],
)
def test_targets_without_pixels_are_refused(bounds, size):
    """Nonsense must not become an endless loop or a division by zero."""
    with pytest.raises(ValueError, match="target"):
        plan(bounds, "EPSG:3857", "EPSG:4326", size)


def test_a_flat_transform_is_refused():
    """A raster without area cannot be looked into."""
    with pytest.raises(ValueError, match="area"):
        plan((0, 0, 1, 1), "EPSG:3857", "EPSG:3857").with_pixels((0, 0, 0, 0, 0, 0))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 2), (3, 65)])
def test_tiny_targets(size):
    """One row or column has no neighbour to take a slope from."""
    grid = plan((2e5, 5.2e6, 6e5, 5.6e6), "EPSG:3857", "EPSG:32631", size)
    x, y = grid.with_pixels((100.0, 0.0, 0.0, 0.0, -100.0, 0.0))
    assert x.shape == y.shape == (size[1], size[0])
    assert np.isfinite(x).all()
