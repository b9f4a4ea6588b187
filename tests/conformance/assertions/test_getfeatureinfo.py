"""What is asserted of GetFeatureInfo (OGC 07-057r7, A.3.6; Tables 25 to 27; 10.3)."""

from __future__ import annotations

from itertools import product

import pytest

from tests.conformance.assertions.asking import EVERY, PROCEDURES, Answer, Encoding, Request
from tests.conformance.assertions.differences import (
    I_OUTSIDE,
    INFO_ENVELOPES,
    J_OUTSIDE,
    Difference,
)
from tests.conformance.assertions.judging import INVALID, MISSING, OUTSIDE, refused
from tests.conformance.assertions.naming import assertion, assertions
from tests.conformance.assertions.sampling import (
    dimensions_of,
    layers,
    request_for,
    requests_for_every_matrix,
)
from tests.conformance.assertions.service import Service
from tests.conformance.assertions.test_gettile_refused import BOGUS, MANDATORY, outside

GML = "application/gml+xml; version=3.1"


def found(service: Service, encoding: Encoding, request: Request) -> Answer:
    """Ask what is at a place, and judge the answer as the suite does: type and length."""
    answer = encoding.ask(service, request)
    assert answer.status == 200
    wanted = request.values["InfoFormat"]
    # In an envelope GML stands as it is (AnyContent), and needs no type of its own.
    assert answer.says == ("" if encoding.in_envelope and wanted == GML else wanted)
    if encoding.in_envelope:
        assert INFO_ENVELOPES.given == f"`{answer.content_type}`"
    assert len(answer.body) > 1
    return answer


@assertion("GetFeatureInfo.Mandatory", EVERY)
def test_tiles_of_every_matrix(service: Service, encoding: Encoding) -> None:
    """A pixel of nine tiles of each, outside of the data too (Table 25)."""
    for request in requests_for_every_matrix(service, info=True):
        found(service, encoding, request)


@pytest.mark.parametrize("encoding", EVERY, ids=lambda encoding: encoding.name)
def test_the_corners_of_a_tile(service: Service, encoding: Encoding) -> None:
    """Table 25: from 0 to one less than the size."""
    request = request_for(service, info=True)
    last_i, last_j = _size(service, request, -1)
    for i, j in product(("0", last_i), ("0", last_j)):
        found(service, encoding, request.but(I=i, J=j))


@assertion("GetFeatureInfo.Optional", EVERY)
def test_every_combination_of_dimensions(suites: Service, encoding: Encoding) -> None:
    """Table 25, with a layer of three dimensions."""
    (layer,) = (one for one in layers(suites, info=True) if len(dimensions_of(suites, one)) > 2)
    request = request_for(suites, layer, info=True)
    dimensions = dimensions_of(suites, layer)
    for values in product(*(dimension.values for dimension in dimensions)):
        names = [dimension.identifier for dimension in dimensions]
        found(suites, encoding, request.but(**dict(zip(names, values, strict=True))))


@assertion("GetFeatureInfo.Missing", EVERY)
@pytest.mark.parametrize("name", [*MANDATORY, "J", "I", "InfoFormat"])
def test_a_parameter_is_missing(service: Service, encoding: Encoding, name: str) -> None:
    """Tables 25 and 27. A resource of feature info has no Format (10.3.1)."""
    request = request_for(service, info=True).without(name)
    if encoding.is_rest and name == "Format":
        found(service, encoding, request)
    elif encoding.is_rest:
        assert encoding.ask(service, request).status == 404
    else:
        refused(encoding, encoding.ask(service, request), MISSING, [name])


@assertions(
    "name",
    {
        "GetFeatureInfo.Invalid.Layer": "Layer",
        "GetFeatureInfo.Invalid.TileMatrixSet": "TileMatrixSet",
        "GetFeatureInfo.Invalid.TileMatrix": "TileMatrix",
        "GetFeatureInfo.Invalid.Tile.Style": "Style",
    },
    EVERY,
)
def test_a_value_is_none(service: Service, encoding: Encoding, name: str) -> None:
    """A.3.6 wants A.3.5.1 to A.3.5.9 of this operation too."""
    answer = encoding.ask(service, request_for(service, info=True).but(**{name: BOGUS}))
    refused(encoding, answer, INVALID, [name])


@assertions(
    "axis",
    {
        "GetFeatureInfo.Invalid.Tile.Row.TileMatrixSetLimits": "TileRow",
        "GetFeatureInfo.Invalid.Tile.Col.TileMatrixSetLimits": "TileCol",
    },
    EVERY,
)
def test_a_tile_is_outside_of_the_limits(service: Service, encoding: Encoding, axis: str) -> None:
    """A.3.5.5. The text of the assertion has InvalidParameterValue, its code as here."""
    request = outside(service, info=True, limited=True, axis=axis)
    refused(encoding, encoding.ask(service, request), OUTSIDE, [axis])


@assertions(
    "axis",
    {
        "GetFeatureInfo.Invalid.Tile.Row.No.TileMatrixSetLimits": "TileRow",
        "GetFeatureInfo.Invalid.Tile.Col.No.TileMatrixSetLimits": "TileCol",
    },
    EVERY,
)
def test_a_tile_is_outside_of_the_matrix(service: Service, encoding: Encoding, axis: str) -> None:
    """A.3.5.5; the suite has the prerequisite and no test."""
    request = outside(service, info=True, limited=False, axis=axis)
    refused(encoding, encoding.ask(service, request), OUTSIDE, [axis])


@assertion("GetFeatureInfo.Invalid.SampleDimension.Value", EVERY)
def test_a_value_of_a_dimension_is_none(service: Service, encoding: Encoding) -> None:
    """A.3.5.7."""
    request, dimension = _with_dimension(service)
    answer = encoding.ask(service, request.but(**{dimension: BOGUS}))
    refused(encoding, answer, INVALID, [dimension])


@assertion("GetFeatureInfo.Default.SampleDimension", EVERY)
def test_the_default_of_a_dimension(service: Service, encoding: Encoding) -> None:
    """A.3.5.8."""
    request, dimension = _with_dimension(service)
    answer = found(service, encoding, request.but(**{dimension: "default"}))
    assert answer.body == found(service, encoding, request).body


@assertion("GetFeatureInfo.Current.SampleDimension", EVERY)
def test_the_current_value_of_a_dimension(suites: Service, encoding: Encoding) -> None:
    """A.3.5.8."""
    request, dimension = _with_dimension(suites)
    found(suites, encoding, request.but(**{dimension: "current"}))


def _with_dimension(service: Service) -> tuple[Request, str]:
    layer = next(one for one in layers(service, info=True) if dimensions_of(service, one))
    return request_for(service, layer, info=True), dimensions_of(service, layer)[0].identifier


@assertion("GetFeatureInfo.NonQueryable.Layer", PROCEDURES)
def test_a_layer_that_cannot_be_asked(service: Service, encoding: Encoding) -> None:
    """A.3.6.1, Table 27."""
    mute = [one for one in service.capabilities.layers if one not in layers(service, info=True)]
    assert mute
    for layer in mute:
        values = {"J": "1", "I": "1", "InfoFormat": "text/plain", "request": "GetFeatureInfo"}
        tile = request_for(service, layer)
        request = Request({**tile.values, **values}, {**tile.sample, **values})
        answer = encoding.ask(service, request)
        refused(encoding, answer, "OperationNotSupported", ["GetFeatureInfo"], status=501)


@assertion("GetFeatureInfo.Valid.InfoFormat", EVERY)
def test_every_format(service: Service, encoding: Encoding) -> None:
    """A.3.6.3: of every layer, where data is."""
    for layer in layers(service, info=True):
        for wanted in service.texts(layer, "w:InfoFormat"):
            found(service, encoding, request_for(service, layer, info=True, InfoFormat=wanted))


@assertion("GetFeatureInfo.Invalid.InfoFormat", PROCEDURES)
def test_a_format_is_none(service: Service, encoding: Encoding) -> None:
    """A.3.6.2."""
    for wanted in (BOGUS, "image/png", "text/bogus"):
        answer = encoding.ask(service, request_for(service, info=True).but(InfoFormat=wanted))
        refused(encoding, answer, INVALID, ["InfoFormat"])


@assertions(
    "difference",
    {I_OUTSIDE.assertion: I_OUTSIDE, J_OUTSIDE.assertion: J_OUTSIDE},
    EVERY,
)
def test_a_pixel_is_outside_of_the_tile(
    service: Service, encoding: Encoding, difference: Difference
) -> None:
    """A.3.6.4 and Table 26, against the suite, which wants TileOutOfRange."""
    code, name = difference.given.split(", ")
    request = request_for(service, info=True)
    size = dict(zip("IJ", _size(service, request, 0), strict=True))
    answer = encoding.ask(service, request.but(**{name: size[name]}))
    refused(encoding, answer, code, [name])


def _size(service: Service, request: Request, more: int) -> tuple[str, str]:
    matrices = service.capabilities.matrix_sets[request.values["TileMatrixSet"]].matrices
    matrix = matrices[request.values["TileMatrix"]]
    return str(matrix.tile_width + more), str(matrix.tile_height + more)
