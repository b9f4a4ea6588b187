"""MapProxy as a remote: its WMTS by KVP and REST, its WMS, its TMS and its XYZ tiles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.cascading import Cascade
from tests.journeys.read_by_gdal import minidriver, off_from_gdal
from tests.remote import mapproxy
from tests.sources.archives import pyramid_of_world

ANOTHER_GRID = "near/EuropeanETRS89_LAEAQuad/0/0/0.png"


@pytest.fixture(scope="module")
def tiles() -> dict[Any, bytes]:
    return pyramid_of_world(3)


@pytest.fixture(scope="module")
def remote(tiles: dict[Any, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mapproxy.over_tiles(tmp_path_factory.mktemp("mapproxy"), tiles) as origin:
        yield origin


def published(source: str, layer: str = "") -> str:
    return f"""
sources: {{far: {{{source}}}}}
layers: {{near: {{source: far, matrix_sets: [WebMercatorQuad, EuropeanETRS89_LAEAQuad]{layer}}}}}
"""


SERVICES = {
    "kvp": 'kind: wmts, url: "{}/service?REQUEST=GetCapabilities&SERVICE=WMTS", encoding: kvp',
    "kvp, bare": 'kind: wmts, url: "{}/service"',
    "rest": 'kind: wmts, url: "{}/wmts/1.0.0/WMTSCapabilities.xml"',
    "rest, bare": 'kind: wmts, url: "{}/wmts"',
    "tms": 'kind: xyz, url: "{}/tms/1.0.0/world/mercator"',
    "tms, the only one": 'kind: xyz, url: "{}/tms/1.0.0/"',
    "xyz": 'kind: xyz, url: "{}/tiles/1.0.0/world/mercator/{{z}}/{{x}}/{{y}}.png?origin=nw",'
    " max_matrix: 3",
}


@pytest.mark.parametrize("how", SERVICES)
async def test_the_address_is_enough_and_bytes_pass_untouched(
    tmp_path: Path, remote: str, tiles: dict[Any, bytes], how: str
) -> None:
    cascade = await Cascade.of(tmp_path, published(SERVICES[how].format(remote)))
    for z, x, y in [(1, 1, 0), (3, 7, 2), (3, 0, 7)]:
        assert await cascade.tile(f"near/WebMercatorQuad/{z}/{x}/{y}.png") == tiles[z, x, y]
    await cascade.close()
    # That is what MapProxy itself answers.
    path = "/wmts/world/mercator/03/7/2.png"
    async with httpx.AsyncClient() as client:
        assert (await client.get(remote + path)).content == tiles[3, 7, 2]


@pytest.mark.usefixtures("gdal")
@pytest.mark.parametrize("how", ["kvp", "rest", "tms", "xyz"])
async def test_what_is_drawn_of_its_tiles_is_what_gdal_draws_of_them(
    tmp_path: Path, remote: str, how: str
) -> None:
    """With one and the same level: GDAL reads that of the fitting cell size too."""
    where = {
        "kvp": f"WMTS:{remote}/service?REQUEST=GetCapabilities&SERVICE=WMTS,layer=world,"
        "tilematrix=03",
        "rest": f"WMTS:{remote}/wmts/1.0.0/WMTSCapabilities.xml,layer=world,tilematrix=03",
        "tms": f"{remote}/tms/1.0.0/world/mercator",
        "xyz": minidriver(
            f"{remote}/tiles/1.0.0/world/mercator/${{z}}/${{x}}/${{y}}.png?origin=nw", 3
        ),
    }[how]
    source = SERVICES[how].format(remote) + ", choose_matrix: finer"
    cascade = await Cascade.of(tmp_path, published(source, ", resampling: cubic"))
    difference = await off_from_gdal(cascade, ANOTHER_GRID, tmp_path, where)
    await cascade.close()
    # A shift by one of the remote's pixels along an axis would be 0.13 or more on average.
    assert difference.mean() < 0.12
    assert difference.max() <= 2


@pytest.mark.usefixtures("gdal")
@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
async def test_its_wms_is_drawn_as_gdal_draws_it(tmp_path: Path, remote: str, version: str) -> None:
    source = f"""kind: wms, url: "{remote}/service?service=wms&request=GetCapabilities",
  layers: [world], version: {version}, transparent: false, format: image/png"""
    cascade = await Cascade.of(tmp_path, published(source, ", resampling: cubic"))
    assert cascade.catalogue.layers["near"].title.best() == "World"
    assert cascade.catalogue.layers["near"].info.formats == ()
    where = (
        f"WMS:{remote}/service?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=world&SRS=EPSG:3857"
        "&BBOX=-20037508,-20037508,20037508,20037508&FORMAT=image/png"
    )
    for query in (ANOTHER_GRID, "near/WebMercatorQuad/2/1/1.png"):
        difference = await off_from_gdal(cascade, query, tmp_path, where)
        assert difference.mean() < 0.5
        assert difference.max() <= 4
    await cascade.close()
