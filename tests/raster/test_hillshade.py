"""Hillshade against gdaldem, and slopes where pixels are not as large as they seem."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
import rasterio

from tests.raster.making import needs_gdal, raster, write
from tuilerie.grids import BoundingBox, Crs
from tuilerie.raster.colour import Hillshade, colour
from tuilerie.raster.ground import ground_cell

SIZE = 120
BOUNDS = (400000.0, 4400000.0, 400000 + 30.0 * SIZE, 4400000 + 30.0 * SIZE)


def mountains(seed=1):
    rng = np.random.default_rng(seed)
    rough = np.cumsum(np.cumsum(rng.normal(0, 1, (SIZE, SIZE)), 0), 1)
    return (1500 + rough * 6).astype(np.float32)


def gdaldem(tmp_path, made, *options, nodata=None):
    path = write(tmp_path / "dem.tif", made, nodata)
    out = tmp_path / "shade.tif"
    subprocess.run(
        ["gdaldem", "hillshade", "-q", "-compute_edges", *options, str(path), str(out)],
        check=True, capture_output=True,
    )  # fmt: skip
    with rasterio.open(out) as file:
        return file.read(1)


CASES = [
    (["-az", "315", "-alt", "45"], Hillshade(cell_size=(30, 30))),
    (["-az", "120", "-alt", "30", "-z", "2.5"], Hillshade(120, 30, 2.5, cell_size=(30, 30))),
    (["-multidirectional"], Hillshade(cell_size=(30, 30), multidirectional=True)),
    (["-multidirectional", "-alt", "60", "-z", "3"],
     Hillshade(altitude=60, z_factor=3, cell_size=(30, 30), multidirectional=True)),
]  # fmt: skip


@needs_gdal
@pytest.mark.gdal
@pytest.mark.parametrize(("options", "how"), CASES)
def test_shade_is_gdaldems(tmp_path, options, how):
    """A wrong sign lights the valleys; a wrong weight is off by more than one level."""
    made = raster(mountains(), BOUNDS, "EPSG:32612")
    theirs = gdaldem(tmp_path, made, *options).astype(int)
    ours = colour(made, how).array[0].astype(int)
    difference = np.abs(ours - theirs)
    difference[:: SIZE - 1, :: SIZE - 1] = 0  # the corners, which both guess
    assert difference.max() <= 1
    assert theirs.std() > 20


@needs_gdal
@pytest.mark.gdal
def test_shade_beside_holes_is_gdaldems(tmp_path):
    """A hole must not cast a cliff of -9999 m around itself."""
    values = mountains()
    mask = np.full((SIZE, SIZE), 255, np.uint8)
    mask[30:50, 40:45] = 0
    mask[80, 80] = 0
    values[mask == 0] = -9999
    made = raster(values, BOUNDS, "EPSG:32612", mask)
    theirs = gdaldem(tmp_path, made, nodata=-9999).astype(int)
    got = colour(made, Hillshade(cell_size=(30, 30)))
    np.testing.assert_array_equal(got.mask, mask)
    inner = (mask != 0)[1:-1, 1:-1]
    assert np.abs(got.array[0].astype(int) - theirs)[1:-1, 1:-1][inner].max() <= 1


def test_projected_cells_are_measured(tmp_path):
    """UTM's scale is within 0.1 % of the ground's."""
    made = raster(mountains(), BOUNDS, "EPSG:32612")
    measured = colour(made, Hillshade()).array.astype(int)
    given = colour(made, Hillshade(cell_size=(30, 30))).array.astype(int)
    assert np.abs(measured - given).max() <= 1


@pytest.mark.parametrize("latitude", [0, 45, -60, 75])
def test_degrees_and_mercator_have_the_ground_s_slopes(latitude):
    """At 60° a degree of longitude is half as long, and so is a metre of Mercator."""
    radius = 6378137.0
    squared = 0.00669437999014
    sin = np.sin(np.radians(latitude))
    east = np.pi / 180 * radius * np.cos(np.radians(latitude)) / np.sqrt(1 - squared * sin**2)
    north = np.pi / 180 * radius * (1 - squared) / (1 - squared * sin**2) ** 1.5
    bounds = BoundingBox(10.0, latitude - 0.01, 10.02, latitude + 0.01)
    x, y = ground_cell(bounds, Crs.parse("EPSG:4326"), 20, 20)
    np.testing.assert_allclose(x, east * 0.001, rtol=1e-3)
    np.testing.assert_allclose(y, north * 0.001, rtol=1e-3)
    top = radius * np.arctanh(sin)
    web = BoundingBox(1e6, top - 1000, 1e6 + 2000, top + 1000)
    x, y = ground_cell(web, Crs.parse("EPSG:3857"), 20, 20)
    np.testing.assert_allclose(x, 100 * np.cos(np.radians(latitude)), rtol=0.01)
    np.testing.assert_allclose(y, 100 * np.cos(np.radians(latitude)), rtol=0.01)


def test_beyond_the_poles_the_unit_counts():
    """The buffer of a tile may reach beyond 90°: the shade must still be made."""
    x, y = ground_cell(BoundingBox(0, 89, 1, 91), Crs.parse("EPSG:4326"), 4, 8)
    assert np.isfinite(x).all()
    assert np.isfinite(y).all()
    assert (y > 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (2, 2)])
def test_the_smallest_rasters(shape):
    """One pixel is level."""
    made = raster(np.full(shape, 7, np.int16), (0, 0, 10, 10), "EPSG:2154")
    got = colour(made, Hillshade(cell_size=(1, 1)))
    assert (got.array == 181).all()


def test_nan_is_masked():
    """A hole without a mask."""
    values = mountains()
    values[5, 5] = np.nan
    got = colour(raster(values, BOUNDS, "EPSG:32612"), Hillshade())
    assert got.mask is not None
    assert got.mask[5, 5] == 0
    assert got.array[0, 5, 6] > 0
