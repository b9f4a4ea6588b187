"""What is asserted of wrong GetTile requests (OGC 07-057r7, A.3.5; Tables 23 and 24; 10.2.5)."""

from __future__ import annotations

import pytest

from tests.conformance.assertions.asking import EVERY, PROCEDURES, Encoding, Request
from tests.conformance.assertions.judging import INVALID, MISSING, OUTSIDE, refused
from tests.conformance.assertions.naming import assertion, assertions
from tests.conformance.assertions.sampling import (
    dimensions_of,
    limited_layer,
    request_for,
    unlimited_layer,
)
from tests.conformance.assertions.service import Service

BOGUS = "BogusForTest"
MANDATORY = ("Layer", "Style", "Format", "TileMatrixSet", "TileMatrix", "TileRow", "TileCol")
OPERATIONS = pytest.mark.parametrize("info", [False, True], ids=["GetTile", "GetFeatureInfo"])


def outside(service: Service, *, info: bool, limited: bool, axis: str) -> Request:
    """A request for the tile behind the last one, by the limits or by the size of the matrix."""
    layer, matrix_set = (limited_layer if limited else unlimited_layer)(service, info=info)
    request = request_for(service, layer, matrix_set, info=info)
    name = request.values["TileMatrix"]
    matrix = service.capabilities.matrix_sets[matrix_set].matrices[name]
    last = matrix.height - 1 if axis == "TileRow" else matrix.width - 1
    if limited:
        limits = service.capabilities.layers[layer].limits[matrix_set][name]
        last = limits.max_row if axis == "TileRow" else limits.max_col
    return request.but(**{axis: str(last + 1)})


@assertion("GetTile.Missing", EVERY)
@pytest.mark.parametrize("name", MANDATORY)
def test_a_parameter_is_missing(service: Service, encoding: Encoding, name: str) -> None:
    """Tables 22 and 24. Of a path the step is left out, which makes it another path."""
    answer = encoding.ask(service, request_for(service).without(name))
    if encoding.is_rest:
        assert answer.status == 404
        assert answer.codes
    else:
        refused(encoding, answer, MISSING, [name])


@assertions(
    "name",
    {
        "GetTile.Invalid.Layer": "Layer",  # A.3.5.1
        "GetTile.Invalid.TileMatrixSet": "TileMatrixSet",  # A.3.5.3
        "GetTile.Invalid.TileMatrix": "TileMatrix",  # A.3.5.4
        "GetTile.Invalid.Tile.Style": "Style",  # A.3.5.6
    },
    EVERY,
)
def test_a_value_is_none(service: Service, encoding: Encoding, name: str) -> None:
    """A.3.5.1, A.3.5.3, A.3.5.4, A.3.5.6; Table 24."""
    answer = encoding.ask(service, request_for(service).but(**{name: BOGUS}))
    refused(encoding, answer, INVALID, [name])


@assertion("GetTile.Invalid.Tile.Format", PROCEDURES)
def test_a_format_is_none(service: Service, encoding: Encoding) -> None:
    """A.3.5.9: unknown altogether, or that of another layer."""
    for media_type in ("image/bogus", "text/html", BOGUS):
        answer = encoding.ask(service, request_for(service).but(Format=media_type))
        refused(encoding, answer, INVALID, ["Format"])


@assertions(
    "axis",
    {
        "GetTile.Invalid.Tile.Row.TileMatrixSetLimits": "TileRow",
        "GetTile.Invalid.Tile.Col.TileMatrixSetLimits": "TileCol",
    },
    EVERY,
)
def test_a_tile_is_outside_of_the_limits(service: Service, encoding: Encoding, axis: str) -> None:
    """A.3.5.5, Table 12."""
    request = outside(service, info=False, limited=True, axis=axis)
    refused(encoding, encoding.ask(service, request), OUTSIDE, [axis])


@assertions(
    "axis",
    {
        "GetTile.Invalid.Tile.Row.No.TileMatrixSetLimits": "TileRow",
        "GetTile.Invalid.Tile.Col.No.TileMatrixSetLimits": "TileCol",
    },
    EVERY,
)
def test_a_tile_is_outside_of_the_matrix(service: Service, encoding: Encoding, axis: str) -> None:
    """A.3.5.5; the suite has the prerequisite and no test."""
    request = outside(service, info=False, limited=False, axis=axis)
    refused(encoding, encoding.ask(service, request), OUTSIDE, [axis])


@pytest.mark.parametrize("encoding", PROCEDURES, ids=lambda encoding: encoding.name)
@pytest.mark.parametrize("wrong", ["-1", "1e1", "0x1", "1.0", "one", "9" * 40])
@OPERATIONS
def test_a_tile_is_no_number(
    service: Service, encoding: Encoding, wrong: str, *, info: bool
) -> None:
    """Table 22: never a 500, nor another tile. The suite itself once sent exponents."""
    for axis in ("TileRow", "TileCol"):
        answer = encoding.ask(service, request_for(service, info=info).but(**{axis: wrong}))
        code = OUTSIDE if wrong.lstrip("-").isdigit() else INVALID
        refused(encoding, answer, code, [axis])


@assertion("GetTile.Invalid.SampleDimension.Value", EVERY)
def test_a_value_of_a_dimension_is_none(service: Service, encoding: Encoding) -> None:
    """A.3.5.7: every dimension of every layer."""
    seen = 0
    for layer in service.capabilities.layers:
        for dimension in dimensions_of(service, layer):
            seen += 1
            request = request_for(service, layer).but(**{dimension.identifier: BOGUS})
            refused(encoding, encoding.ask(service, request), INVALID, [dimension.identifier])
    assert seen


@assertion("GetTile.Invalid.SampleDimension.Name", PROCEDURES)
def test_a_dimension_that_there_is_not(service: Service, encoding: Encoding) -> None:
    """7.2.2.2: what is not known is ignored. The suite has the prerequisite and no test."""
    request = request_for(service)
    expected = encoding.ask(service, request)
    assert encoding.ask(service, request.but(**{BOGUS: "1"})).body == expected.body
