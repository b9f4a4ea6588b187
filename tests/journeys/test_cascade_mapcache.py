"""MapCache as a remote: its WMTS by KVP and REST, its TMS, and its XYZ tiles."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench.peers import mapcache

from tests.journeys.cascading import Cascade
from tests.journeys.read_by_gdal import minidriver, off_from_gdal
from tests.sources.archives import pyramid_of_world


@pytest.fixture(scope="module")
def tiles() -> dict[Any, bytes]:
    return pyramid_of_world(3, "JPEG", quality=95)


@pytest.fixture(scope="module")
def remote(tiles: dict[Any, bytes]) -> Iterator[str]:
    """MapCache over JPEG files, which Apache's user can read: so not below pytest's folder."""
    if not Path("/usr/lib/apache2/modules/mod_mapcache.so").exists():
        pytest.skip("MapCache is not installed: tools/install-system-packages test")
    with tempfile.TemporaryDirectory(prefix="tuilerie-mapcache-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        files = {}
        for (z, x, y), data in tiles.items():
            files[z, x, y] = folder / f"{z}-{x}-{y}.jpg"
            files[z, x, y].write_bytes(data)
        with mapcache.over_files(folder / "mapcache", files) as origin:
            yield f"{origin}/mapcache"


SERVICES = {
    "kvp": 'kind: wmts, url: "{}/wmts?service=wmts&request=getcapabilities", encoding: kvp',
    "rest": 'kind: wmts, url: "{}/wmts/1.0.0/WMTSCapabilities.xml", encoding: rest',
    "bare": 'kind: wmts, url: "{}/wmts"',
    "tms": 'kind: xyz, url: "{}/tms/1.0.0/world@GoogleMapsCompatible"',
    "tms, the only one": 'kind: xyz, url: "{}/tms/1.0.0/"',
    "xyz": 'kind: xyz, url: "{}/gmaps/world@GoogleMapsCompatible/{{z}}/{{x}}/{{y}}.jpg"',
}
WHERE = {
    "kvp": "WMTS:{}/wmts?service=wmts&request=getcapabilities,layer=world,tilematrix=3",
    "rest": "WMTS:{}/wmts/1.0.0/WMTSCapabilities.xml,layer=world,tilematrix=3",
    "tms": "{}/tms/1.0.0/world@GoogleMapsCompatible",
    "xyz": minidriver("{}/gmaps/world@GoogleMapsCompatible/${{z}}/${{x}}/${{y}}.jpg", 3),
}


def published(remote: str, how: str) -> str:
    return f"""
sources: {{far: {{{SERVICES[how].format(remote)}}}}}
layers: {{near: {{source: far, formats: [jpeg, png], resampling: cubic,
  matrix_sets: [WebMercatorQuad, EuropeanETRS89_LAEAQuad]}}}}
"""


@pytest.mark.parametrize("how", SERVICES)
async def test_the_address_is_enough_and_bytes_pass_untouched(
    tmp_path: Path, remote: str, tiles: dict[Any, bytes], how: str
) -> None:
    cascade = await Cascade.of(tmp_path, published(remote, how))
    # It declares GetFeatureInfo, and no layer has a format for it.
    assert cascade.catalogue.layers["near"].info.formats == ()
    for z, x, y in [(1, 1, 0), (3, 7, 2), (3, 0, 7)]:
        assert await cascade.tile(f"near/WebMercatorQuad/{z}/{x}/{y}.jpg") == tiles[z, x, y]
    await cascade.close()


@pytest.mark.usefixtures("gdal")
@pytest.mark.parametrize("how", WHERE)
async def test_what_is_drawn_of_its_tiles_is_what_gdal_draws_of_them(
    tmp_path: Path, remote: str, how: str
) -> None:
    cascade = await Cascade.of(tmp_path, published(remote, how))
    query = "near/EuropeanETRS89_LAEAQuad/0/0/0.png"
    difference = await off_from_gdal(cascade, query, tmp_path, WHERE[how].format(remote))
    await cascade.close()
    # Of JPEG, which two libraries decode.
    assert difference.mean() < 0.35
    assert np.quantile(difference, 0.99) <= 3
