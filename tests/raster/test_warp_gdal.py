"""Warped pixels against gdalwarp with its exact transformer, projection by projection."""

from __future__ import annotations

import numpy as np
import pytest

from tests.raster.making import GEOSTATIONARY, gdalwarp, needs_gdal, raster, smooth, write
from tuilerie.grids import BoundingBox, Crs
from tuilerie.raster.coordinates import plan_warp
from tuilerie.raster.lattice import Lattice
from tuilerie.raster.warp import warp

pytestmark = [needs_gdal, pytest.mark.gdal]

W = 20037508.342789244
SIZE = 256
GDAL_NAMES = {"nearest": "near", "bilinear": "bilinear", "cubic": "cubic"}

# name: source CRS and bounds, target CRS and bounds, whether the separable form is expected
CASES = {
    "degrees to mercator": (
        "EPSG:4326", (-20.0, 30.0, 30.0, 70.0), "EPSG:3857", (-1e6, 4.5e6, 2.5e6, 8e6), True),
    "mercator to degrees": (
        "EPSG:3857", (-2e6, 4e6, 3e6, 9e6), "EPSG:4326", (-10.0, 40.0, 15.0, 60.0), True),
    "ellipsoidal to web mercator": (
        "EPSG:3395", (-2e6, 4e6, 3e6, 9e6), "EPSG:3857", (-1e6, 4.5e6, 2.5e6, 8e6), True),
    "utm to mercator": (
        "EPSG:32631", (2e5, 4.6e6, 8e5, 5.2e6), "EPSG:3857", (2e5, 5.2e6, 6e5, 5.6e6), False),
    "southern utm to mercator": (
        "EPSG:32733", (2e5, 6e6, 8e5, 6.6e6), "EPSG:3857", (1.5e6, -4.3e6, 1.9e6, -3.9e6), False),
    "polar to mercator": (
        "EPSG:3413", (-3e6, -3e6, 3e6, 3e6), "EPSG:3857", (-9e6, 9e6, -3e6, 15e6), False),
    "mercator to lambert 93": (
        "EPSG:3857", (-1e6, 4.8e6, 1.5e6, 7e6), "EPSG:2154", (1e5, 6.1e6, 1.1e6, 7.1e6), False),
    "geostationary to mercator": (
        GEOSTATIONARY, (-5.4e6, -5.4e6, 5.4e6, 5.4e6),
        "EPSG:3857", (-1.2e7, -4e6, -4e6, 4e6), False),
    "degrees to polar across the antimeridian and the pole": (
        "EPSG:4326", (-180.0, -90.0, 180.0, 90.0), "EPSG:3413", (-3e6, -3e6, 3e6, 3e6), False),
}  # fmt: skip


def compared(tmp_path, case, resampling, dtype=np.float32):
    source_crs, source_bounds, crs, bounds, separable = CASES[case]
    surface = smooth(BoundingBox(*source_bounds), 700, 650)
    if case.startswith("degrees to polar"):  # the same at both ends of the world
        lon = np.linspace(-np.pi, np.pi, 701)[:-1] + np.pi / 700
        lat = np.linspace(1, 0, 650)
        surface = (125 + 80 * np.sin(3 * lon)[None] * np.sin(np.pi * lat)[:, None]).astype("f4")
    made = raster(np.rint(surface).astype(dtype) if dtype != np.float32 else surface,
                  source_bounds, source_crs)  # fmt: skip
    grid = plan_warp(
        bounds=BoundingBox(*bounds),
        crs=Crs.parse(crs),
        width=SIZE,
        height=SIZE,
        source_crs=Crs.parse(source_crs),
    )
    assert isinstance(grid.form, Lattice) != separable
    ours = warp(made, grid, resampling=resampling)
    path = write(tmp_path / "source.tif", made)
    theirs = gdalwarp(
        path, tmp_path / "out.tif", grid.bounds, crs, (SIZE, SIZE), GDAL_NAMES[resampling],
        "-dstnodata", "0", "-wo", "XSCALE=1", "-wo", "YSCALE=1", "-wo", "SAMPLE_GRID=YES",
    )  # fmt: skip
    return ours, theirs[0]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("resampling", ["bilinear", "cubic"])
def test_smooth_values_are_gdalwarps(tmp_path, case, resampling):
    """A wrong transform, kernel or half pixel: the waves have slopes of 1 to 3 per pixel."""
    ours, theirs = compared(tmp_path, case, resampling)
    valid = np.ones_like(theirs, bool) if ours.mask is None else ours.mask != 0
    there = theirs != 0
    assert (valid != there).mean() < 0.001
    inner = valid & there
    assert inner.mean() > 0.3
    difference = np.abs(ours.array[0] - theirs)[inner]
    assert np.percentile(difference, 99.5) < 0.12
    assert difference.mean() < 0.03


@pytest.mark.parametrize("case", CASES)
def test_nearest_takes_gdalwarps_pixel(tmp_path, case):
    """Nearest must choose the same source pixel, but for positions on the line between two."""
    ours, theirs = compared(tmp_path, case, "nearest", np.int16)
    valid = np.ones_like(theirs, bool) if ours.mask is None else ours.mask != 0
    inner = valid & (theirs != 0)
    assert inner.mean() > 0.3
    assert (ours.array[0] != theirs)[inner].mean() < 0.02
