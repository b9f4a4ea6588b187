"""Sets as JSON documents: OGC 17-083r4 and r2, and documents that are neither."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import morecantile
import pytest
from hypothesis import given

from tests.grids.strategies import matrix_sets
from tuilerie.grids import (
    Crs,
    TileMatrixSet,
    from_json,
    named_matrix_set,
    named_matrix_sets,
    pyramid,
    to_json,
)

GEOSTATIONARY = Crs.parse("+proj=geos +h=35785831 +lon_0=-75 +sweep=x +ellps=GRS80")


def round_trip(tms: TileMatrixSet) -> TileMatrixSet:
    return from_json(json.loads(json.dumps(to_json(tms))))


def same(one: TileMatrixSet, other: TileMatrixSet) -> bool:
    names = ("identifier", "title", "crs", "matrices", "supported_crs", "uri")
    return all(getattr(one, name) == getattr(other, name) for name in names) and (
        one.well_known_scale_set == other.well_known_scale_set
    )


@pytest.mark.parametrize("identifier", named_matrix_sets()[:40])
def test_named_sets_survive(identifier: str) -> None:
    """An exported set would come back with other numbers, or without its scale set."""
    assert same(round_trip(named_matrix_set(identifier)), named_matrix_set(identifier))


@given(matrix_sets())
def test_any_set_survives(tms: TileMatrixSet) -> None:
    """Identifiers with odd characters, or the last bits of numbers, would be lost."""
    assert same(round_trip(tms), tms)


def test_a_crs_without_a_code_survives() -> None:
    """Satellite grids could not be exported."""
    tms = pyramid(
        "disc",
        GEOSTATIONARY,
        origin=(-5.5e6, 5.5e6),
        cell_sizes=[2e4, 1e4],
        matrix_sizes=[(3, 3), (5, 5)],
    )
    again = round_trip(tms)
    assert again.matrices == tms.matrices
    assert again.crs.proj4 == tms.crs.proj4


# The required properties and types of tileMatrixSet.json and tileMatrix.json of 17-083r4.
SCHEMA = {
    "type": "object",
    "required": ["crs", "tileMatrices"],
    "properties": {
        "id": {"type": "string"},
        "title": {"type": "string"},
        "uri": {"type": "string", "format": "uri"},
        "crs": {
            "oneOf": [
                {"type": "string"},
                {"type": "object", "required": ["wkt"], "properties": {"wkt": {"type": "object"}}},
            ]
        },
        "orderedAxes": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "wellKnownScaleSet": {"type": "string"},
        "tileMatrices": {
            "type": "array",
            "items": {
                "type": "object",
                "required": [
                    "id",
                    "scaleDenominator",
                    "cellSize",
                    "pointOfOrigin",
                    "tileWidth",
                    "tileHeight",
                    "matrixWidth",
                    "matrixHeight",
                ],
                "properties": {
                    "id": {"type": "string"},
                    "scaleDenominator": {"type": "number"},
                    "cellSize": {"type": "number"},
                    "cornerOfOrigin": {"enum": ["topLeft", "bottomLeft"]},
                    "pointOfOrigin": {
                        "type": "array",
                        "minItems": 2,
                        "maxItems": 2,
                        "items": {"type": "number"},
                    },
                    "tileWidth": {"type": "integer", "minimum": 1, "maximum": 65535},
                    "tileHeight": {"type": "integer", "minimum": 1, "maximum": 65535},
                    "matrixWidth": {"type": "integer", "minimum": 1},
                    "matrixHeight": {"type": "integer", "minimum": 1},
                },
            },
        },
    },
}


@pytest.mark.parametrize("identifier", ["WebMercatorQuad", "EuropeanETRS89_LAEAQuad", "LAMB93"])
def test_documents_are_what_the_standard_and_morecantile_read(identifier: str) -> None:
    """Other programs could not use an exported set."""
    document = to_json(named_matrix_set(identifier))
    jsonschema.validate(document, SCHEMA)
    theirs = morecantile.TileMatrixSet.model_validate(document)
    index = morecantile.Tile(1, 1, 2) if identifier != "LAMB93" else morecantile.Tile(1, 1, 9)
    ours = named_matrix_set(identifier).matrices[index.z]
    assert tuple(theirs.xy_bounds(index)) == pytest.approx(
        (
            ours.left + ours.span_x,
            ours.top - 2 * ours.span_y,
            ours.left + 2 * ours.span_x,
            ours.top - ours.span_y,
        )
    )


def test_positions_are_in_the_order_of_the_crs() -> None:
    """LAEA Europe would lie in the Atlantic for those who read the document."""
    document = to_json(named_matrix_set("EuropeanETRS89_LAEAQuad"))
    assert document["tileMatrices"][0]["pointOfOrigin"] == [5500000.0, 2000000.0]
    assert document["orderedAxes"] == ["Y", "X"]
    assert named_matrix_set("EuropeanETRS89_LAEAQuad").matrices[0].left == 2000000.0


VERSION_1 = {
    "type": "TileMatrixSetType",
    "identifier": "old",
    "title": "Old",
    "supportedCRS": "http://www.opengis.net/def/crs/EPSG/0/4326",
    "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleCRS84Quad",
    "boundingBox": {"type": "BoundingBoxType", "lowerCorner": [-90, -180]},
    "tileMatrix": [
        {
            "type": "TileMatrixType",
            "identifier": "1",
            "scaleDenominator": 139770566.007179,
            "topLeftCorner": [90, -180],
            "tileWidth": 256,
            "tileHeight": 256,
            "matrixWidth": 4,
            "matrixHeight": 2,
        },
        {
            "type": "TileMatrixType",
            "identifier": "0",
            "scaleDenominator": 279541132.014358,
            "topLeftCorner": [90.0, -180.0],
            "tileWidth": 256.0,
            "tileHeight": 256,
            "matrixWidth": 2,
            "matrixHeight": 1,
        },
    ],
}


def test_documents_of_version_1_are_read() -> None:
    """GDAL's and older files would be refused."""
    tms = from_json(VERSION_1)
    assert (tms.identifier, tms.title, tms.crs.text) == ("old", "Old", "EPSG:4326")
    assert [m.identifier for m in tms.matrices] == ["0", "1"]
    assert tms.matrices[0].cell_size == pytest.approx(0.703125, rel=1e-14)
    assert (tms.matrices[0].left, tms.matrices[0].top) == (-180, 90)
    assert tms.well_known_scale_set == "", "it does not hold literally"


def document(**changes: Any) -> dict[str, Any]:
    """A small good document of version 2, one of its matrices changed."""
    matrix = {
        "id": "0",
        "scaleDenominator": 1 / 0.00028,
        "cellSize": 1.0,
        "pointOfOrigin": [0, 0],
        "tileWidth": 256,
        "tileHeight": 256,
        "matrixWidth": 2,
        "matrixHeight": 3,
    }
    whole = {"id": "x", "crs": "EPSG:2154"}
    whole |= {name: changes.pop(name) for name in ("id", "crs", "tileMatrices") if name in changes}
    return {"tileMatrices": [matrix | changes]} | whole


def test_bottom_left_corners_become_top_left() -> None:
    """Every tile would lie one matrix height too low."""
    tms = from_json(document(cornerOfOrigin="bottomLeft"))
    assert tms.matrices[0].top == 3 * 256
    assert tms.matrices[0].bounds == (0, 0, 512, 768)


def test_of_two_rounded_numbers_the_scale_is_believed() -> None:
    """We would not be where WMTS clients compute us to be."""
    tms = from_json(document(scaleDenominator=1e10 / 3, cellSize=933333.333))
    assert tms.matrices[0].scale_denominator == pytest.approx(1e10 / 3, rel=1e-15)
    assert tms.matrices[0].cell_size == pytest.approx(1e10 / 3 * 0.00028, rel=1e-15)


@pytest.mark.parametrize("crs", [{"uri": "EPSG:2154"}, {"wkt": Crs("EPSG:2154").pyproj.to_wkt()}])
def test_crs_objects_are_read(crs: dict[str, str]) -> None:
    """17-083r4 allows them besides a plain URI."""
    assert from_json(document(crs=crs)).crs.text == "EPSG:2154"


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ([], "JSON object"),
        ("x", "JSON object"),
        ({}, "has a text id"),
        ({"id": 3}, "has a text id"),
        ({"id": "x"}, "has a crs"),
        ({"id": "x", "crs": "EPSG:2154"}, "list of tileMatrices"),
        ({"id": "x", "crs": 2154, "tileMatrices": []}, "has a crs"),
        (document(crs="nowhere"), "PROJ does not know"),
        (document(crs={}), "has a crs"),
        (document(tileMatrices=[]), "at least one"),
        (document(tileMatrices=[3]), "JSON object"),
        (document(tileMatrices=[{}]), "has a text id"),
        (document(id=3), "has a text id"),
        (document(scaleDenominator="1:1000"), "scaleDenominator is a number"),
        (document(scaleDenominator=None), "scaleDenominator is a number"),
        (document(scaleDenominator=float("nan")), "scaleDenominator is a number"),
        (document(scaleDenominator=1000), "leave one of the two out"),
        (document(cellSize="1"), "cellSize is a number"),
        (document(cellSize=0), "cell size must be positive"),
        (document(pointOfOrigin=[0]), "corner is a list of two numbers"),
        (document(pointOfOrigin=["0", "0"]), "corner is a list of two numbers"),
        (document(pointOfOrigin=None), "corner is a list of two numbers"),
        (document(matrixWidth=1.5), "matrixWidth is a whole number"),
        (document(matrixWidth=True), "matrixWidth is a whole number"),
        (document(matrixWidth=1e300), "matrix width must be between"),
        (document(tileHeight=float("inf")), "tileHeight is a whole number"),
        (document(variableMatrixWidths=[{"coalesce": 2}]), "no variable matrix widths"),
    ],
)
def test_what_is_no_such_document_is_refused(bad: Any, sentence: str) -> None:
    """A broken file would raise a KeyError at the operator."""
    with pytest.raises(ValueError, match=sentence):
        from_json(bad)


@pytest.mark.parametrize(
    "change",
    [
        lambda tms: tms["tileMatrices"].pop(0),
        lambda tms: tms["tileMatrices"].pop(3),
        lambda tms: tms.update(crs="EPSG:4326"),
        lambda tms: tms.update(wellKnownScaleSet="urn:ogc:def:wkss:OGC:1.0:Other"),
    ],
)
def test_a_claim_of_a_well_known_scale_set_that_does_not_hold_is_dropped(change: Any) -> None:
    """Clients that trust the claim would ask for tiles that are elsewhere."""
    changed = to_json(named_matrix_set("GlobalCRS84Scale"))
    change(changed)
    assert from_json(changed).well_known_scale_set == ""


def test_a_claim_that_holds_for_the_coarser_part_is_kept() -> None:
    """6.2: it is not necessary to define all the lower scale denominators."""
    document = to_json(named_matrix_set("GoogleMapsCompatible"))
    del document["tileMatrices"][12:]
    tms = from_json(document)
    assert tms.well_known_scale_set.endswith(":GoogleMapsCompatible")
    assert tms.supported_crs == "urn:ogc:def:crs:EPSG:6.18:3:3857"
