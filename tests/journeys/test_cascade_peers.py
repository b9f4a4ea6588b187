"""Real servers as sources: ourselves by KVP and REST, MapServer as a WMS; GDAL reads them too."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from bench.peers import mapserver

from tests.journeys.cascading import Cascade
from tests.journeys.read_by_gdal import off_from_gdal
from tests.journeys.running import Server, serving

ORIGIN = """tuilerie: 1
sources: {{w: {{kind: raster, path: "{raster}"}}}}
layers:
  world:
    source: w
    attribution: © Example agency
    matrix_sets: [{{id: WebMercatorQuad, matrices: [0, 5]}}, WorldCRS84Quad]
    formats: [image/png, image/jpeg]
"""


@pytest.fixture(scope="module")
def raster(shared: Path) -> Path:
    return shared / "data/world_bluemarble_5400x2700.jpg"


@pytest.fixture(scope="module")
def origin(raster: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Our own server in front of a map of the world."""
    folder = tmp_path_factory.mktemp("origin")
    (folder / "origin.yaml").write_text(ORIGIN.format(raster=raster))
    with serving(folder, folder / "origin.yaml") as server:
        yield server


@pytest.fixture(scope="module")
def wms(raster: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """MapServer in front of the same."""
    needed = ("spawn-fcgi", "nginx")
    found = all(shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin") for name in needed)
    if not found or not Path("/usr/lib/cgi-bin/mapserv").exists():
        pytest.skip("MapServer is not installed: tools/install-system-packages test")
    folder = tmp_path_factory.mktemp("mapserver")
    with mapserver.over_raster(folder, raster, processes=1) as address:
        yield address


@pytest.mark.parametrize("encoding", ["kvp", "rest"])
async def test_our_own_tiles_pass_untouched(tmp_path: Path, origin: Server, encoding: str) -> None:
    """In each format and each matrix set that the remote has."""
    cascade = await Cascade.of(
        tmp_path,
        f"""
sources:
  far: {{kind: wmts, url: "{origin.url}/wmts?request=getcapabilities", encoding: {encoding}}}
layers: {{near: {{source: far, formats: [png, jpeg]}}}}
""",
    )
    layer = cascade.catalogue.layers["near"]
    assert layer.attribution.best()
    for extension in ("png", "jpg"):
        for tms, matrix, col, row in [("WebMercatorQuad", 3, 4, 2), ("WorldCRS84Quad", 2, 4, 1)]:
            path = f"/wmts/1.0.0/world/default/{tms}/{matrix}/{row}/{col}.{extension}"
            query = f"near/{tms}/{matrix}/{col}/{row}.{extension}"
            assert await cascade.tile(query) == origin.get(path).body
    # What the remote tells of a place is passed on as it stands.
    info = "/wmts/1.0.0/world/default/WebMercatorQuad/3/2/4/100/200.json"
    assert origin.get(info).status == 200
    answer = await _info(cascade, "near", "WebMercatorQuad", "3", 4, 2, 200, 100)
    assert answer == origin.get(info).body
    await cascade.close()


async def _info(
    cascade: Cascade, layer: str, tms: str, matrix: str, col: int, row: int, i: int, j: int
) -> bytes:
    from tuilerie.catalogue.info import JSON
    from tuilerie.catalogue.resolve_info import InfoAddress

    tile = cascade.address(f"{layer}/{tms}/{matrix}/{col}/{row}.png")
    address = InfoAddress(tile, i, j, JSON)
    data: bytes = await cascade.service.get_feature_info(
        address, base_url="http://here.example", languages=()
    )
    return data


async def test_a_reprojected_wmts_is_what_gdal_reads_of_it(tmp_path: Path, origin: Server) -> None:
    """In Lambert's equal-area projection of Europe, from Web Mercator's tiles."""
    cascade = await Cascade.of(
        tmp_path,
        f"""
sources:
  far: {{kind: wmts, url: "{origin.url}/wmts", matrix_set: WebMercatorQuad, layer: world}}
layers: {{near: {{source: far, matrix_sets: [EuropeanETRS89_LAEAQuad]}}}}
""",
    )
    query = "near/EuropeanETRS89_LAEAQuad/1/1/1.png"
    where = (
        f"WMTS:{origin.url}/wmts/1.0.0/WMTSCapabilities.xml,layer=world,"
        "tilematrixset=WebMercatorQuad,tilematrix=4"
    )
    difference = await off_from_gdal(cascade, query, tmp_path, where)
    await cascade.close()
    assert difference.mean() < 3
    assert np.quantile(difference, 0.99) < 25


@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
async def test_a_wms_is_asked_as_gdal_asks_it(tmp_path: Path, wms: str, version: str) -> None:
    """In the asked CRS where it is offered, cut in parts; else warped. Axes by the version."""
    cascade = await Cascade.of(
        tmp_path,
        f"""
sources:
  far: {{kind: wms, url: "{wms}", layers: [world], version: {version}, max_size: 300,
         format: image/png, crs: ["EPSG:4326"], transparent: false}}
layers:
  near: {{source: far, matrix_sets: [WGS1984Quad, EuropeanETRS89_LAEAQuad], metatile: 2,
          buffer_px: 0, resampling: cubic}}
""",
    )
    for query in ("near/WGS1984Quad/3/8/1.png", "near/EuropeanETRS89_LAEAQuad/1/1/1.png"):
        where = (
            f"WMS:{wms}SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=world&SRS=EPSG:4326"
            "&BBOX=-180,-90,180,90&FORMAT=image/png"
        )
        # Both ask for what suits them, and MapServer interpolates it: the same land, not bytes.
        assert (await off_from_gdal(cascade, query, tmp_path, where)).mean() < 6
    await cascade.close()
