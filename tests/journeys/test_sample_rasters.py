"""Every raster of the shared sample data, served from the command line without configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import rasterio
from typer.testing import CliRunner

from tests.journeys import published
from tests.journeys.blocks import Block, block_near, fetch
from tests.journeys.conftest import CAPABILITIES
from tests.journeys.pictures import (
    Picture,
    compare,
    expand,
    gdalwarp,
    mean_of_gdal,
    picture,
    stretch,
)
from tests.journeys.published import Capabilities
from tests.journeys.running import Server, serving
from tuilerie.cli.main import app

pytestmark = [pytest.mark.gdal, pytest.mark.shared, pytest.mark.usefixtures("gdal")]


class Sample(NamedTuple):
    """A file, a place in it, and matrices about as fine as it and coarser ("" = none).

    `coarse_by` is how the coarser one is judged: by the mean of all that its pixels cover; where
    the file has overviews that were not made so, by what GDAL averages from these; and of
    classes by those that GDAL chooses.
    """

    file: str
    lon: float
    lat: float
    fine: str
    coarse: str
    matrix_set: str = "WebMercatorQuad"
    coarse_by: str = "mean"

    def __str__(self) -> str:
        return f"{Path(self.file).stem}-{self.lat:g}"


SAMPLES = [
    Sample("dem_oregon_7arcsec_epsg4269_float32.tif", -120.5, 45.5, "10", "8"),
    Sample("dem_utah_30m_epsg26912_float32.tif", -111.56, 40.06, "13", "11"),
    Sample("goes_geostationary_rgb.tif", -75, 0, "4", ""),
    # The limb: beyond it lies no Earth.
    Sample("goes_geostationary_rgb.tif", -75, 75, "4", "2"),
    Sample("landcover_alaska_epsg2964_palette.tif", -152, 62, "7", "5", coarse_by="near"),
    Sample("landsat_uint16_utm21n_nodata1_cog.tif", -57, 73.5, "9", "7", coarse_by="average"),
    Sample("polar/arctic_modis_truecolor_epsg3413.tif", 10, 75, "4", "2"),
    Sample("polar/arctic_modis_truecolor_epsg3413.tif", 10, 89, "3", "", "WorldCRS84Quad"),
    Sample("rgb_landsat7_bahamas_utm18n_nodata0.tif", -77.8, 24.5, "9", "7"),
    Sample("rgb_sentinel2_tci_utm34n_nodata0_cog.tif", 23.7, 32, "10", "8", coarse_by="average"),
    Sample("rgba_naip_epsg3857_cog.tif", -121.347, 41.968, "18", "16"),
    Sample("time/sst_climatology_m01_2deg.tif", 20, 10, "2", "1"),
    Sample("time/sst_climatology_m08_2deg.tif", 20, 10, "2", ""),
    Sample("world_aerosol_modis_2014277_palette.png", 20, 10, "4", "2", coarse_by="near"),
    Sample("world_bluemarble_5400x2700.jpg", 20, 10, "5", "3"),
    Sample("world_shadedrelief_10800x5400.jpg", 10, 46, "6", "4"),
]
MONTHS = [f"time/sst_climatology_m{month:02d}_2deg.tif" for month in range(1, 13)]


@pytest.fixture(scope="module")
def server(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`tuilerie serve` with all rasters as arguments."""
    files = dict.fromkeys([*(sample.file for sample in SAMPLES), *MONTHS])
    folder = tmp_path_factory.mktemp("samples")
    with serving(folder, *(shared / "data" / file for file in files)) as running:
        yield running


@pytest.fixture(scope="module")
def capabilities(server: Server) -> Capabilities:
    """What it publishes."""
    return published.read(server.get(CAPABILITIES).body)


@cache
def limits_of(source: Path) -> tuple[float, float]:
    """Return the values that are shown black and white, as `tuilerie inspect` says."""
    run = CliRunner().invoke(app, ["inspect", "--json", str(source)])
    assert run.exit_code == 0
    band: dict[str, Any] = json.loads(run.stdout)["description"]["bands"][0]
    low, high = band["percentile_2"], band["percentile_98"]
    with rasterio.open(source) as dataset:
        values = dataset.read(1, masked=True).compressed()
    true_low, true_high = np.percentile(values, (2, 98))
    assert abs(low - true_low) + abs(high - true_high) < 0.02 * (true_high - true_low)
    return low, high


def drawn_by_gdal(source: Path, block: Block, how: str) -> Picture:
    """Draw what the server should: classes in their colours, values stretched, pictures as is."""
    where = source, block.matrix_set.crs, block.bounds, block.size
    bands, seen = mean_of_gdal(*where) if how == "mean" else gdalwarp(*where, how)
    with rasterio.open(source) as dataset:
        if dataset.colorinterp[0].name == "palette":
            drawn = expand(bands, source)
            return drawn._replace(seen=drawn.seen & seen)
        if dataset.dtypes[0] != "uint8":
            bands = stretch(bands, *limits_of(source))
    return picture(bands[:3], seen)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_sample_is_drawn_as_gdal_draws_it(
    server: Server, capabilities: Capabilities, shared: Path, sample: Sample
) -> None:
    """A kind of raster that comes out wrong without configuration."""
    source = shared / "data" / sample.file
    classes = sample.coarse_by == "near"
    for matrix in filter(None, (sample.fine, sample.coarse)):
        block = block_near(
            capabilities, source.stem, sample.matrix_set, matrix, sample.lon, sample.lat, every=1
        )
        ours = fetch(server, block)
        if matrix == sample.fine:
            found = compare(
                ours, drawn_by_gdal(source, block, "near" if classes else "bilinear"), 12
            )
            assert found.agreeing > 0.99
            assert found.mean < 0.6
            assert found.off < 0.002
            # Where nearly nothing differs, or all is of one colour, a shift cannot be measured.
            assert np.abs(found.shift).max() < 0.02 or found.mean < 0.1
        else:
            found = compare(ours, drawn_by_gdal(source, block, sample.coarse_by), 12)
            # Which of many pixels stands for all is a matter of taste, but not much of one.
            assert found.agreeing > (0.95 if classes else 0.99)
            assert found.off < (0.2 if classes else 0.12)
            assert found.mean < (12.0 if classes else 4.5)
            assert np.abs(found.shift).max() < 0.05 or classes


def test_months_are_twelve_different_maps(server: Server, capabilities: Capabilities) -> None:
    """One month shown for another, as soon as they share a grid."""
    addresses = [
        capabilities.layers[Path(file).stem].resource("image/png", "WorldCRS84Quad", "0", 0, 1)
        for file in MONTHS
    ]
    answers = server.get_all([address.removeprefix(server.url) for address in addresses])
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == len(MONTHS)
