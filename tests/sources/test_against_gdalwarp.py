"""Every shared raster, in two worldwide matrix sets and its own CRS, is what gdalwarp makes of it.

Tolerances, in 255ths of the picture's range: 1 where all of the map is as fine as the raster or
finer (the same interpolation, but for GDAL's rounding and our planning within 0.125 px); 3.5 where
it is coarser, between averages, after both are blurred (GDAL averages exactly the pixels below; we
read the next finer size, made of the same averages, and interpolate), and where it is both. Valid
pixels agree to 99 % with those whose centre GDAL finds valid; to 98.5 % on coarse maps, whose
gaps come from overviews.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from tests.sources.oracle import difference, gdalwarp, ratios, unit, valid
from tuilerie.grids import (
    BoundingBox,
    Crs,
    TileIndex,
    closest_matrix,
    named_matrix_set,
    tile_range,
    transform_bounds,
    transform_points,
)
from tuilerie.sources.base import MapRequest
from tuilerie.sources.describe import describe_file
from tuilerie.sources.inspect import cell_size_in, inspect_file
from tuilerie.sources.rasterfile import RasterFileSource
from tuilerie.sources.settings import RasterFile

pytestmark = [pytest.mark.shared, pytest.mark.gdal]

SIZE = 256
FINE, COARSE = 1.0, 3.5
AGREEMENT, COARSE_AGREEMENT = 0.99, 0.985
RASTERS = [
    "dem_oregon_7arcsec_epsg4269_float32.tif",
    "dem_utah_30m_epsg26912_float32.tif",
    "goes_geostationary_rgb.tif",
    "landcover_alaska_epsg2964_palette.tif",
    "landsat_uint16_utm21n_nodata1_cog.tif",
    "polar/arctic_modis_truecolor_epsg3413.tif",
    "rgb_landsat7_bahamas_utm18n_nodata0.tif",
    "rgb_sentinel2_tci_utm34n_nodata0_cog.tif",
    "rgba_naip_epsg3857_cog.tif",
    "time/sst_climatology_m01_2deg.tif",
    "world_aerosol_modis_2014277_palette.png",
    "world_bluemarble_5400x2700.jpg",
    "world_shadedrelief_10800x5400.jpg",
]


def maps(path: Path) -> list[tuple[Crs, BoundingBox]]:
    """Return tiles at the raster's own fineness and four times coarser, and views in its CRS."""
    description = describe_file(path)
    found = []
    own = Crs.parse(description.crs)
    for identifier in ("WebMercatorQuad", "WorldCRS84Quad"):
        tms = named_matrix_set(identifier)
        bounds = transform_bounds(description.bounds, own, tms.crs)
        last = tms.ordinal(closest_matrix(tms, cell_size_in(tms.crs, own, description)).identifier)
        for ordinal in dict.fromkeys([last, max(0, last - 2)]):
            matrix = tms.matrices[ordinal].identifier
            tiles = tile_range(tms, matrix, bounds)
            middle = (tiles.min_col + tiles.max_col) // 2, (tiles.min_row + tiles.max_row) // 2
            corner = (tiles.min_col, tiles.max_row) if ordinal == last else middle
            found += [
                (tms.crs, tms.bounds(TileIndex(matrix, col, row)))
                for col, row in dict.fromkeys([middle, corner])
            ]
    left, bottom, right, top = description.bounds
    for share in (0.9, 3.0):
        if own.is_geographic and description.cell_size * share > 0.5:
            continue  # the view would be larger than the world
        half = SIZE / 2 * description.cell_size * share
        x, y = (left + right) / 2, (bottom + top) / 2
        found.append(
            (Crs.parse(description.crs), BoundingBox(x - half, y - half, x + half, y + half))
        )
    return found


@pytest.mark.parametrize("name", RASTERS)
def test_shared_raster(shared: Path, tmp_path: Path, name: str) -> None:
    """A wrong half pixel, a lost nodata, a wrong overview or CRS shows here."""
    path = shared / "data" / name
    description = describe_file(path)
    source_crs = Crs.parse(description.crs)
    source = RasterFileSource(RasterFile(path))
    for crs, bounds in maps(path):
        drawn = source.read_sync(MapRequest(bounds, crs.text, SIZE, SIZE))
        place = f"{name} at {tuple(bounds)} in {crs.text[:12]}"
        least, most = ratios(description, crs, bounds, SIZE)
        simple = "bilinear" if most <= 1.0 and description.kind != "palette" else "near"
        theirs, there = gdalwarp(path, source_crs, crs, bounds, SIZE, simple, tmp_path)
        here = valid(drawn, SIZE)
        agreement = (here == there).mean()
        enough = AGREEMENT if most <= 1.0 else COARSE_AGREEMENT
        assert agreement >= enough, f"{place}: {agreement:.4f} of the masks agree"
        if drawn is None:
            continue
        ours = drawn.array[: len(theirs)]
        if description.kind == "palette":
            equal = (ours == theirs)[0][here & there]
            assert not equal.size or equal.mean() >= AGREEMENT, f"{place}: {equal.mean():.4f} equal"
            continue
        blur, tolerance = (0, FINE) if most <= 1.0 else (5, COARSE)
        if simple == "near":
            how = "average" if least > 1.0 else "bilinear"
            theirs, there = gdalwarp(path, source_crs, crs, bounds, SIZE, how, tmp_path)
        found = difference(ours, theirs[: len(ours)], here & there, blur=blur)
        assert found <= tolerance * unit(description), f"{place}: {found:.2f}"


def test_the_pacific_is_in_one_piece(shared: Path) -> None:
    """A map centred on the antimeridian has no seam, though the raster ends there."""
    path = shared / "data" / "world_bluemarble_5400x2700.jpg"
    fiji = Crs.parse("EPSG:3460")  # Fiji Map Grid, whose false origin lies at 178.75° east
    bounds = BoundingBox(1_500_000, 3_500_000, 2_800_000, 4_800_000)
    request = MapRequest(bounds, fiji.text, SIZE, SIZE, resampling="nearest")
    drawn = RasterFileSource(RasterFile(path)).read_sync(request)
    assert drawn is not None
    assert drawn.mask is None
    # Computed here: gdalwarp smears, or takes every fourth pixel, across the antimeridian.
    cell = bounds.width / SIZE
    x, y = np.meshgrid(
        bounds.left + (np.arange(SIZE) + 0.5) * cell, bounds.top - (np.arange(SIZE) + 0.5) * cell
    )
    lon, lat = transform_points(x, y, fiji, Crs.parse("EPSG:4326"))
    with rasterio.open(path) as dataset:
        pixels = dataset.read()
    wanted = pixels[
        :, np.floor((90 - lat) * 15).astype(int), np.floor((lon + 180) * 15).astype(int)
    ]
    assert (drawn.array == wanted).mean() >= AGREEMENT


def test_the_pole_is_in_one_piece(shared: Path) -> None:
    """A polar map of a geographic raster has neither a hole at the pole nor rays towards it."""
    path = shared / "data" / "world_bluemarble_5400x2700.jpg"
    bounds = BoundingBox(-2e6, -2e6, 2e6, 2e6)
    drawn = RasterFileSource(RasterFile(path)).read_sync(
        MapRequest(bounds, "EPSG:3413", SIZE, SIZE)
    )
    assert drawn is not None
    assert drawn.mask is None
    # White ice and dark sea: no pixel may be out of all proportion to its neighbours' median.
    grey = drawn.array.mean(axis=0)
    middle = grey[SIZE // 2 - 8 : SIZE // 2 + 8, SIZE // 2 - 8 : SIZE // 2 + 8]
    assert np.ptp(middle) < 60


def test_matrix_sets_meet_at_the_closest_matrix(shared: Path) -> None:
    """What `inspect` calls the last matrix is the one nearest to the raster's own fineness."""
    found = inspect_file(shared / "data" / "rgba_naip_epsg3857_cog.tif").matrix_sets[0]
    tms = named_matrix_set(found.identifier)
    assert found.own_crs
    assert closest_matrix(tms, 0.5971642834779395).identifier == found.last == "18"
