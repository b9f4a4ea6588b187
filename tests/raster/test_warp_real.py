"""The shared sample data against gdalwarp: nodata, palettes, feet, polar and satellite views."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio

from tests.raster.making import gdalwarp, needs_gdal
from tuilerie.grids import BoundingBox, Crs, transform_bounds
from tuilerie.raster.coordinates import plan_warp
from tuilerie.raster.image import Raster
from tuilerie.raster.warp import warp

pytestmark = [needs_gdal, pytest.mark.gdal, pytest.mark.shared]

SIZE = 300
FILES = [
    ("rgb_landsat7_bahamas_utm18n_nodata0.tif", "EPSG:3857"),
    ("rgb_sentinel2_tci_utm34n_nodata0_cog.tif", "EPSG:3857"),
    ("rgb_sentinel2_tci_utm34n_nodata0_cog.tif", "EPSG:4326"),
    ("landcover_alaska_epsg2964_palette.tif", "EPSG:3857"),
    ("landsat_uint16_utm21n_nodata1_cog.tif", "EPSG:3413"),
    ("dem_utah_30m_epsg26912_float32.tif", "EPSG:3857"),
    ("dem_oregon_7arcsec_epsg4269_float32.tif", "EPSG:3857"),
    ("polar/arctic_modis_truecolor_epsg3413.tif", "EPSG:3857"),
    ("polar/arctic_modis_truecolor_epsg3413.tif", "EPSG:3575"),
    ("goes_geostationary_rgb.tif", "EPSG:3857"),
    ("goes_geostationary_rgb.tif", "EPSG:4326"),
]


def read(path):
    with rasterio.open(path) as file:
        mask = file.dataset_mask()
        indexed = file.colorinterp[0].name == "palette"
        palette = np.zeros((256, 4), np.uint8) if indexed else None
        return Raster(
            file.read(),
            None if mask.all() else mask,
            BoundingBox(*file.bounds),
            Crs.parse(file.crs.to_wkt()).text,
            palette,
        )


BOXES = {
    ("landcover_alaska_epsg2964_palette.tif", "EPSG:3857"): (-1.9e7, 7.2e6, -1.45e7, 1.1e7),
    ("polar/arctic_modis_truecolor_epsg3413.tif", "EPSG:3857"): (-4e6, 1e7, 2e6, 1.6e7),
    ("polar/arctic_modis_truecolor_epsg3413.tif", "EPSG:3575"): (-1e6, -1.5e6, 2e6, 1.5e6),
    ("goes_geostationary_rgb.tif", "EPSG:3857"): (-1.06e7, -2.2e6, -6.7e6, 1.7e6),
    ("goes_geostationary_rgb.tif", "EPSG:4326"): (-95.0, -20.0, -60.0, 15.0),
}


@pytest.mark.parametrize(("name", "crs"), FILES)
@pytest.mark.parametrize("resampling", ["nearest", "bilinear"])
def test_real_data_are_gdalwarps(shared, tmp_path, name, crs, resampling):
    """Where data begin and end, and what they are, must be GDAL's answer too."""
    path = shared / "data" / name
    made = read(path)
    box = BOXES.get((name, crs))
    whole = transform_bounds(made.bounds, Crs.parse(made.crs), Crs.parse(crs))
    bounds = whole if box is None else BoundingBox(*box)
    grid = plan_warp(
        bounds=bounds, crs=Crs.parse(crs), width=SIZE, height=SIZE,
        source_crs=Crs.parse(made.crs),
    )  # fmt: skip
    ours = warp(made, grid, resampling=resampling)
    kernel = "nearest" if made.palette is not None else resampling
    extra = ["-wo", "XSCALE=1", "-wo", "YSCALE=1", "-dstalpha", "-ovr", "NONE",
             "-wo", "UNIFIED_SRC_NODATA=YES"]  # fmt: skip
    theirs = gdalwarp(
        path, tmp_path / "out.tif", bounds, crs, (SIZE, SIZE),
        {"nearest": "near"}.get(kernel, kernel), *extra,
    )  # fmt: skip
    valid = np.ones((SIZE, SIZE), bool) if ours.mask is None else ours.mask != 0
    there = theirs[-1] != 0
    assert (valid != there).mean() < 0.02
    both = valid & there
    assert both.mean() > 0.2
    difference = np.abs(ours.array.astype(float) - theirs[:-1])[:, both]
    scale = max(np.ptp(made.array[:, made.mask != 0] if made.mask is not None else made.array), 1)
    if kernel == "nearest":
        # GDAL's libjpeg and rasterio's round differently, by one or two levels.
        level = 0 if made.palette is not None else 2
        assert (difference > level).mean() < 0.02
    else:
        assert difference.mean() < 0.004 * scale
