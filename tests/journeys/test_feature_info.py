"""Asking what is at a place, with the clients that people have."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pyproj
import pytest
import zeep
from owslib.wmts import WebMapTileService
from zeep.transports import Transport

from tests.journeys.published import Capabilities
from tests.journeys.running import Server

pytestmark = pytest.mark.gdal


def pixel(capabilities: Capabilities, matrix_set: str, matrix: str, x: float, y: float):
    """Row, column, J and I at a place, by the standard alone."""
    one = capabilities.matrix_sets[matrix_set].matrices[matrix]
    across, down = int((x - one.left) / one.cell_size), int((one.top - y) / one.cell_size)
    (col, i), (row, j) = divmod(across, one.tile_width), divmod(down, one.tile_height)
    middle = (
        one.left + (across + 0.5) * one.cell_size,
        one.top - (down + 0.5) * one.cell_size,
    )
    return (row, col, j, i), middle


PLACES = [
    ("cumberland", "heights", "WebMercatorQuad", "11", -84.25, 36.6, "cumberland_dem.tif"),
    ("surface", "default", "WorldCRS84Quad", "3", 2.3, 46.8, "surface_classes.tif"),
    ("levant", "natural", "WebMercatorQuad", "6", 35.0, 31.0, "levant_reflectance_16bit.tif"),
    ("france", "default", "LAMB93", "7", 2.5, 46.5, "france_utm31n.tif"),
]


@pytest.mark.usefixtures("gdal")
@pytest.mark.parametrize(("layer", "style", "matrix_set", "matrix", "lon", "lat", "file"), PLACES)
def test_values_at_the_pixel_are_those_of_gdal(
    demo_server: Server, demo_capabilities: Capabilities, demo: Path, tmp_path: Path,
    layer: str, style: str, matrix_set: str, matrix: str, lon: float, lat: float, file: str,
) -> None:  # fmt: skip
    """Another pixel than the one that the reader points at; a document that GDAL cannot read."""
    crs = demo_capabilities.matrix_sets[matrix_set].crs
    x, y = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(lon, lat)
    (row, col, j, i), middle = pixel(demo_capabilities, matrix_set, matrix, x, y)
    place = f"/wmts/1.0.0/{layer}/{style}/{matrix_set}/{matrix}/{row}/{col}/{j}/{i}"
    back = pyproj.Transformer.from_crs(crs, 4326, always_xy=True).transform(*middle)
    told = subprocess.run(
        ["gdallocationinfo", "-valonly", "-wgs84", demo / "data" / file, *map(repr, back)],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    answer = demo_server.get(f"{place}.geojson")
    assert answer.status == 200
    (feature,) = json.loads(answer.body)["features"]
    numbers = [v for k, v in feature["properties"].items()
               if isinstance(v, int | float) and k not in ("x", "y")]  # fmt: skip
    assert numbers == [float(value) for value in told[: len(numbers)]]
    assert feature["geometry"]["coordinates"] == pytest.approx(back, abs=1e-7)

    for extension in ("geojson", "gml"):
        path = tmp_path / f"info.{extension}"
        path.write_bytes(demo_server.get(f"{place}.{extension}").body)
        if extension == "gml":
            schema = demo_server.get(f"/wmts/1.0.0/{layer}/featureinfo.xsd").body
            path.with_suffix(".xsd").write_bytes(schema)
        shown = subprocess.run(
            ["ogrinfo", "-al", path], capture_output=True, text=True, check=True
        ).stdout
        assert "Feature Count: 1" in shown
        for number in numbers:
            assert f"= {number:g}" in shown, shown


def test_owslib_asks(demo_server: Server) -> None:
    """The common Python client finds no operation, or no format."""
    service = WebMapTileService(f"{demo_server.url}/wmts")
    assert service["cumberland"].infoformats[0] == "application/gml+xml; version=3.1"
    assert service["relief"].infoformats == []
    # It has no request of its own for it (its getfeatureinfo raises NotImplementedError), so what
    # it has read is used.
    (get,) = (
        method["url"]
        for method in service.getOperationByName("GetFeatureInfo").methods
        if method["type"] == "Get"
    )
    asked = service.buildTileRequest(
        layer="cumberland", style="heights", tilematrixset="WebMercatorQuad", tilematrix="11",
        row=800, column=544, format="image/png",
    ).replace("GetTile", "GetFeatureInfo")  # fmt: skip
    asked += "&I=100&J=100&InfoFormat=application/json"
    answer = demo_server.get(f"{get}{asked}".removeprefix(demo_server.url))
    (feature,) = json.loads(answer.body)["features"]
    assert 200 < feature["properties"]["elevation"] < 1100


@pytest.mark.parametrize("name", ["WMTS-SOAP12-Port", "WMTS-SOAP-Port"])
def test_zeep_asks_by_soap(demo_server: Server, name: str) -> None:
    """A client made out of the WSDL alone."""
    transport = Transport(timeout=20)
    with transport.session:
        client = zeep.Client(f"{demo_server.url}/wmts?WSDL", transport=transport)
        said = {"service": "WMTS", "version": "1.0.0"}
        tile = {"Layer": "surface", "Style": "default", "Format": "image/png",
                "TileMatrixSet": "WorldCRS84Quad", "TileMatrix": "3", "TileRow": 1,
                "TileCol": 8}  # fmt: skip
        found = client.bind("WMTS", name).GetFeatureInfo(
            **said, GetTile={**said, **tile}, J=250, I=10, InfoFormat="text/plain"
        )
        assert found.TextPayload.Format == "text/plain"
        assert "Class name: " in found.TextPayload.TextContent


def test_the_demos_own_page(demo_server: Server) -> None:
    """The template of the demo is the example that operators copy."""
    place = "/wmts/1.0.0/cumberland/heights/WebMercatorQuad/11/800/544/100/100.html"
    answer = demo_server.get(place)
    assert answer.status == 200
    assert " ft)" in answer.body.decode()
