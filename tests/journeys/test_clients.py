"""Programs that people really use read the service: GDAL, OWSLib, and a validator of schemas."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from owslib.wmts import WebMapTileService

from tests.journeys.conftest import CAPABILITIES
from tests.journeys.noise import GRIDS, SIDE_PX, Grid, noise
from tests.journeys.pictures import compare, decode, gdalwarp, picture
from tests.journeys.published import Bounds, Capabilities
from tests.journeys.running import Server
from tests.protocols.schemas import assert_valid


def translate(server: Server, layer: str, folder: Path, *arguments: str, via: str) -> Path:
    """Let GDAL's WMTS driver read a layer, and write what it gets into a GeoTIFF."""
    target = folder / "read.tif"
    run = subprocess.run(
        ["gdal_translate", "-q", *arguments, f"WMTS:{server.url}{via},{layer}", target],
        env={**os.environ, "GDAL_DEFAULT_WMS_CACHE_PATH": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    return target


@pytest.mark.gdal
@pytest.mark.usefixtures("gdal")
@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: grid.name)
def test_gdal_reads_every_pixel_where_it_is(
    noise_server: Server, tmp_path: Path, grid: Grid
) -> None:
    """Corners or limits that clients read otherwise than we write them, in any axis order."""
    layer = f"layer={grid.name},tilematrixset={grid.name}"
    target = translate(noise_server, layer, tmp_path, via=CAPABILITIES)
    with rasterio.open(target) as dataset:
        assert (dataset.width, dataset.height) == (SIDE_PX, SIDE_PX)
        assert dataset.bounds == pytest.approx(grid.extent, abs=1e-6 * grid.cell)
        assert (
            pyproj.CRS(dataset.crs.to_wkt()).equals(pyproj.CRS(grid.crs), ignore_axis_order=True)
            or grid.crs == f"EPSG:{dataset.crs.to_epsg()}"
        )
        assert np.array_equal(dataset.read([1, 2, 3]), noise(grid))
        assert (dataset.read(4) == 255).all()


@pytest.mark.gdal
@pytest.mark.usefixtures("gdal")
def test_gdal_reads_by_kvp_as_by_rest(noise_server: Server, tmp_path: Path) -> None:
    """A capabilities document that leads to other tiles when it is had by KVP."""
    grid = GRIDS[2]
    layer = f"layer={grid.name},tilematrixset={grid.name}"
    via = "/wmts?service=WMTS&request=GetCapabilities"
    with rasterio.open(translate(noise_server, layer, tmp_path, via=via)) as dataset:
        assert np.array_equal(dataset.read([1, 2, 3]), noise(grid))


@pytest.mark.gdal
@pytest.mark.usefixtures("gdal")
@pytest.mark.parametrize(
    ("layer", "matrix_set", "file", "crs", "bounds"),
    [
        # Limits that begin in the middle of the matrices, northing first.
        ("sheets", "EuropeanETRS89_LAEAQuad", "sheets/sheet_b3.tif", "EPSG:3035",
         Bounds(4.9e6, 3.2e6, 5.1e6, 3.4e6)),
        ("france", "LAMB93", "france_utm31n.tif", "EPSG:2154", Bounds(5e5, 6.5e6, 7e5, 6.7e6)),
        ("bering", "bering", "bering_strait.tif", "EPSG:3571", Bounds(0, -3e6, 4e5, -2.6e6)),
    ],
)  # fmt: skip
def test_gdal_reads_a_part_of_the_demo(
    demo_server: Server,
    demo: Path,
    tmp_path: Path,
    layer: str,
    matrix_set: str,
    file: str,
    crs: str,
    bounds: Bounds,
) -> None:
    """Limits that cut off data, or matrices that clients count otherwise."""
    size = (256, 256)
    window = [bounds.left, bounds.top, bounds.right, bounds.bottom]
    target = translate(
        demo_server,
        f"layer={layer},tilematrixset={matrix_set}",
        tmp_path,
        *("-projwin", *map(repr, window), "-outsize", *map(str, size), "-r", "bilinear"),
        via=CAPABILITIES,
    )
    with rasterio.open(target) as dataset:
        bands = dataset.read()
        assert dataset.bounds == pytest.approx(bounds, abs=1e-3)
    ours = picture(bands[:3], bands[3] > 127)
    theirs = picture(*gdalwarp(demo / "data" / file, crs, bounds, size, "bilinear"))
    found = compare(ours, theirs, 24)
    assert found.common > 0.4
    assert found.mean < 3
    assert found.off < 0.02
    assert np.abs(found.shift).max() < 0.25


def test_owslib_lists_layers_and_gets_tiles(demo_server: Server) -> None:
    """Metadata that the common Python client cannot read, or addresses that it builds in vain."""
    service = WebMapTileService(f"{demo_server.url}/wmts")
    assert service.identification.title == "Tuilerie demo"
    assert service.provider.contact.email == "maps@example.org"
    assert list(service.contents)[:3] == ["world", "relief", "sheets"]
    world = service["world"]
    assert world.boundingBoxWGS84 == (-180, -90, 180, 90)
    assert set(world.tilematrixsetlinks) == {
        "WebMercatorQuad", "WorldCRS84Quad", "GoogleMapsCompatible", "arctic",
    }  # fmt: skip
    assert service.tilematrixsets["arctic"].crs.endswith(":3413")
    for kind, size in (("WebMercatorQuad", 256), ("arctic", 512)):
        tile = service.gettile(
            layer="world", tilematrixset=kind, tilematrix="1", row=0, column=0, format="image/png"
        )
        assert tile.info()["Content-Type"] == "image/png"
        assert decode(tile.read(), (size, size)).seen.any()


def test_owslib_gets_tiles_by_rest(demo_server: Server) -> None:
    """A template that is not where clients look for it."""
    service = WebMapTileService(f"{demo_server.url}{CAPABILITIES}")
    address = service.buildTileResource(
        layer="bering", tilematrixset="bering", tilematrix="region", row=2, column=2,
        format="image/png",
    )  # fmt: skip
    assert demo_server.get(address.removeprefix(demo_server.url)).type == "image/png"


@pytest.mark.parametrize("which", ["demo_server", "noise_server"])
@pytest.mark.parametrize(
    "target",
    [
        CAPABILITIES,
        "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities",
        "/wmts?service=WMTS&request=GetCapabilities&sections=Contents",
        "/wmts?service=WMTS&request=GetCapabilities&sections=ServiceProvider,OperationsMetadata",
    ],
)
def test_capabilities_are_valid(request: pytest.FixtureRequest, which: str, target: str) -> None:
    """A document that validating clients refuse, odd titles and identifiers included."""
    server = request.getfixturevalue(which)
    answer = server.get(target)
    assert (answer.status, answer.type) == (200, "application/xml")
    assert_valid(answer.body)


@pytest.mark.parametrize(
    ("host", "known_as"),
    [
        ("maps.example.org", "http://maps.example.org"),
        ("maps.example.org:8443", "http://maps.example.org:8443"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("maps.example.org:80", "http://maps.example.org"),
    ],
)
def test_addresses_follow_the_host_that_was_asked(
    demo_server: Server, host: str, known_as: str
) -> None:
    """Capabilities that lead clients behind a name or a port to another one."""
    body = demo_server.get(CAPABILITIES, {"Host": host}).body.decode()
    addresses = re.findall(r'(?:xlink:href|template)="([^"]*)/wmts[^"]*"', body)
    assert len(addresses) > 20
    assert set(addresses) == {known_as}


def test_languages_come_in_the_order_that_is_wanted(
    demo_server: Server, demo_capabilities: Capabilities
) -> None:
    """A French client that gets English titles first, or none of the other language."""
    body = demo_server.get(CAPABILITIES, {"Accept-Language": "fr-CA, en;q=0.5"}).body
    assert body.index(b"Le monde en vraies couleurs") < body.index(b"The world in true colours")
    assert demo_capabilities.layers["world"].titles[0] == "The world in true colours"
