"""Templates of every dialect, TileJSON, ArcGIS, TMS and OGC API Tiles."""

from __future__ import annotations

import json

import morecantile
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.reading.shelf import data
from tuilerie.errors import TileOutOfRange, UnreadableDocument
from tuilerie.grids import TileIndex, TileRange, named_matrix_set, to_json
from tuilerie.protocols.xyz import read_template, tile_address
from tuilerie.protocols.xyz.arcgis import read_arcgis
from tuilerie.protocols.xyz.ogc_tiles import read_ogc_tileset
from tuilerie.protocols.xyz.quadkeys import quadkey
from tuilerie.protocols.xyz.tilejson import read_tilejson
from tuilerie.protocols.xyz.tms import read_tile_map, read_tile_map_service

INDEX = TileIndex("3", 5, 2)


@pytest.mark.parametrize(
    ("template", "address"),
    [
        ("https://t.example/{z}/{x}/{y}.png", "https://t.example/3/5/2.png"),
        ("https://t.example/{z}/{x}/{-y}.png", "https://t.example/3/5/5.png"),
        ("https://{s}.t.example/{z}/{x}/{y}.png", "https://b.t.example/3/5/2.png"),
        ("https://{a-d}.t.example/{z}/{x}/{y}", "https://d.t.example/3/5/2"),
        ("https://t{1-4}.t.example/{z}/{x}/{y}", "https://t4.t.example/3/5/2"),
        ("https://{switch:p,q}.t.example/{z}/{x}/{y}", "https://q.t.example/3/5/2"),
        ("https://t.example/{q}.jpeg", "https://t.example/121.jpeg"),
        ("https://t.example/{quadkey}?g=1", "https://t.example/121?g=1"),
        ("https://t.example/{z}/{x}/{y}{r}.png", "https://t.example/3/5/2.png"),
        ("https://t.example/{z+1}/{x}/{y}.png", "https://t.example/4/5/2.png"),
        ("https://t.example/%(z)s/%(x)s/%(y)s.png", "https://t.example/3/5/2.png"),
        ("https://t.example/${z}/${x}/${y}.png", "https://t.example/3/5/2.png"),
        ("https://t.example/%7Bz%7D/%7Bx%7D/%7By%7D.png", "https://t.example/3/5/2.png"),
        ("https://a.example/arcgis/rest/services/M/MapServer",
         "https://a.example/arcgis/rest/services/M/MapServer/tile/3/2/5"),
        (" <https://t.example/{Z}/{X}/{Y}.webp> ", "https://t.example/3/5/2.webp"),
    ],
)  # fmt: skip
def test_templates(template: str, address: str) -> None:
    assert tile_address(read_template(template), INDEX) == address


@pytest.mark.parametrize(
    "template",
    ["https://t.example/", "https://t.example/{z}/{x}", "ftp://t.example/{z}/{x}/{y}",
     "https://t.example/{z}/{x}/{y}?k={secret}"],
)  # fmt: skip
def test_what_is_no_template(template: str) -> None:
    with pytest.raises(ValueError):
        read_template(template)


def test_tiles_outside_are_not_asked() -> None:
    with pytest.raises(TileOutOfRange):
        tile_address(read_template("https://t.example/{z}/{x}/{y}"), TileIndex("1", 2, 0))


@given(st.integers(1, 20), st.data())
def test_quadkeys_are_those_of_morecantile(level: int, draw: st.DataObject) -> None:
    col = draw.draw(st.integers(0, 2**level - 1))
    row = draw.draw(st.integers(0, 2**level - 1))
    oracle = morecantile.tms.get("WebMercatorQuad")
    assert quadkey(level, col, row) == oracle.quadkey(morecantile.Tile(col, row, level))


def test_tilejson() -> None:
    document = {
        "tilejson": "3.0.0", "name": "Roads", "attribution": "© all", "scheme": "tms",
        "tiles": ["https://a.example/{z}/{x}/{y}.png", "https://b.example/{z}/{x}/{y}.png"],
        "minzoom": 2, "maxzoom": 4, "bounds": [5, 45, 11, 48],
    }  # fmt: skip
    tiles = read_tilejson(json.dumps(document).encode(), address="https://a.example/t.json")
    assert tile_address(tiles, INDEX) == "https://b.example/3/5/5.png"
    assert list(tiles.limits) == ["2", "3", "4"]
    assert tiles.limits["3"] == TileRange(4, 4, 2, 2)
    assert tiles.attribution == "© all"
    relative = {"tilejson": "2.2.0", "tiles": ["{z}/{x}/{y}.pbf"], "vector_layers": []}
    vector = read_tilejson(json.dumps(relative).encode(), address="https://a.example/d/t.json")
    assert tile_address(vector, INDEX) == "https://a.example/d/3/5/2.pbf"
    assert vector.vector


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "not-json"),
        (b"[" * 100_000, "not-json"),
        (b"[]", "not-json"),
        (b'{"tiles": []}', "no-layers"),
        (b'{"tiles": ["nothing"]}', "no-layers"),
        (b'{"error": {"message": "no key"}}', "service-exception"),
    ],
)
def test_tilejson_refused(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableDocument) as error:
        read_tilejson(content, address="https://a.example/t.json")
    assert error.value.code == code


def _arcgis(**changes: object) -> bytes:
    levels = [
        {"level": n, "resolution": 156543.03392800014 / 2**n, "scale": 591657527.591555 / 2**n}
        for n in range(4)
    ]
    document: dict[str, object] = {
        "currentVersion": 10.9, "mapName": "Base", "copyrightText": "© all",
        "tileInfo": {"rows": 256, "cols": 256, "dpi": 96, "format": "JPEG", "lods": levels,
                     "origin": {"x": -20037508.342787, "y": 20037508.342787},
                     "spatialReference": {"wkid": 102100, "latestWkid": 3857}},
        "fullExtent": {"xmin": -20037507.06, "ymin": -19971868.88, "xmax": 20037507.06,
                       "ymax": 19971868.88, "spatialReference": {"wkid": 102100}},
    }  # fmt: skip
    return json.dumps(document | changes).encode()


def test_arcgis() -> None:
    tiles = read_arcgis(_arcgis(), address="https://a.example/rest/services/B/MapServer?f=json")
    assert tile_address(tiles, INDEX) == "https://a.example/rest/services/B/MapServer/tile/3/2/5"
    quad = named_matrix_set("WebMercatorQuad")
    for matrix in tiles.matrix_set.matrices:
        assert matrix.cell_size == pytest.approx(
            quad.matrix(matrix.identifier).cell_size, rel=1e-12
        )
        assert matrix.left == quad.matrices[0].left
        assert matrix.matrix_width == 2 ** int(matrix.identifier)
    with pytest.raises(UnreadableDocument) as error:
        read_arcgis(_arcgis(tileInfo=None), address="https://a.example/MapServer")
    assert error.value.code == "no-layers"


def test_tms() -> None:
    maps = read_tile_map_service(
        data("tms-service.xml"), address="https://tiles.example.org/tms/1.0.0/"
    )
    assert [entry.address for entry in maps] == ["https://tiles.example.org/tms/1.0.0/roads"]
    tiles = read_tile_map(data("tms-map.xml"), address=maps[0].address)
    assert (
        tile_address(tiles, TileIndex("1", 1, 0))
        == "https://tiles.example.org/tms/1.0.0/roads/1/1/1.png"
    )
    assert tiles.matrix_set.matrices[1].bounds.top == pytest.approx(20037508.342789244)


@pytest.mark.parametrize(("profile", "crs"), [("global-mercator", 3857), ("local", 3395)])
def test_a_tms_of_the_usual_profile_is_spherical(profile: str, crs: int) -> None:
    """Its specification says an ellipsoidal Mercator, which none of them has."""
    document = data("tms-map.xml").replace(b"EPSG:3857", b"OSGEO:41001")
    document = document.replace(b"global-mercator", profile.encode())
    tiles = read_tile_map(document, address="https://tiles.example.org/tms/1.0.0/roads")
    assert tiles.matrix_set.crs.text == f"EPSG:{crs}"
    assert [each.code for each in tiles.warnings] == ["spherical-mercator"] * (crs == 3857)


def test_ogc_api_tiles() -> None:
    document = {
        "title": "Roads",
        "tileMatrixSet": to_json(named_matrix_set("WebMercatorQuad")),
        "tileMatrixSetLimits": [
            {"tileMatrix": "3", "minTileRow": 1, "maxTileRow": 99, "minTileCol": 0, "maxTileCol": 5}
        ],
        "links": [
            {"rel": "item", "type": "application/vnd.mapbox-vector-tile",
             "href": "/t/{tileMatrix}/{tileRow}/{tileCol}?f=mvt"},
            {"rel": "item", "type": "image/png",
             "href": "/t/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}?f=png"},
        ],
    }  # fmt: skip
    tiles = read_ogc_tileset(json.dumps(document).encode(), address="https://o.example/x/tiles")
    assert tile_address(tiles, INDEX) == "https://o.example/t/WebMercatorQuad/3/2/5?f=png"
    assert tiles.limits == {"3": TileRange(0, 5, 1, 7)}
    assert not tiles.vector
