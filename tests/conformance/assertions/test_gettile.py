"""What is asserted of right GetTile requests (OGC 07-057r7, A.3.5; Tables 22 and 24; 10.2)."""

from __future__ import annotations

from itertools import product

import pytest
from PIL import Image

from tests.conformance.assertions.asking import EVERY, PLAIN, XML, Encoding, Request
from tests.conformance.assertions.differences import BARE_XML
from tests.conformance.assertions.judging import picture
from tests.conformance.assertions.naming import assertion
from tests.conformance.assertions.sampling import (
    dimensions_of,
    middle,
    request_for,
    requests_for_every_matrix,
)
from tests.conformance.assertions.service import Service


def tile(service: Service, encoding: Encoding, request: Request) -> Image.Image:
    """Ask for a tile and judge it by the format that was asked for."""
    return picture(service, encoding.ask(service, request), request.values["Format"])


@assertion("GetTile.Mandatory", EVERY)
def test_tiles_of_every_matrix(service: Service, encoding: Encoding) -> None:
    """Nine of each, blank ones too: no 204 and no 404 (A.3.5.2, A.3.5.11; Table 22)."""
    seen = 0
    matrices = service.capabilities.matrix_sets
    for request in requests_for_every_matrix(service):
        matrix = matrices[request.values["TileMatrixSet"]].matrices[request.values["TileMatrix"]]
        size = (matrix.tile_width, matrix.tile_height)
        assert tile(service, encoding, request).size == size
        seen += 1
    assert seen >= 20


@assertion("GetTile.Optional", EVERY)
def test_every_combination_of_dimensions(suites: Service, encoding: Encoding) -> None:
    """Table 9. The suite wants a layer with three dimensions or more."""
    (layer,) = (one for one in suites.capabilities.layers if len(dimensions_of(suites, one)) > 2)
    request = request_for(suites, layer)
    dimensions = dimensions_of(suites, layer)
    combinations = list(product(*(dimension.values for dimension in dimensions)))
    assert len(combinations) > 2
    tiles = {encoding.ask(suites, _at(request, dimensions, values)).body for values in combinations}
    for values in combinations:
        tile(suites, encoding, _at(request, dimensions, values))
    assert len(tiles) == len(combinations), "each value has a picture of its own"


def _at(request: Request, dimensions: tuple, values: tuple[str, ...]) -> Request:
    names = [dimension.identifier for dimension in dimensions]
    return request.but(**dict(zip(names, values, strict=True)))


@assertion("GetTile.Default.SampleDimension", EVERY)
def test_the_default_of_a_dimension(service: Service, encoding: Encoding) -> None:
    """A.3.5.8: the keyword, the value itself, and (but as a step of a path) nothing."""
    request, dimension = _with_dimension(service)
    default = encoding.ask(service, request)
    keyword = request.but(**{dimension: "default"})
    tile(service, encoding, keyword)
    assert encoding.ask(service, keyword).body == default.body
    if not encoding.is_rest:
        assert encoding.ask(service, request.without(dimension)).body == default.body


def _with_dimension(service: Service) -> tuple[Request, str]:
    layer = middle([one for one in service.capabilities.layers if dimensions_of(service, one)])
    return request_for(service, layer), dimensions_of(service, layer)[0].identifier


@assertion("GetTile.Current.SampleDimension", EVERY)
def test_the_current_value_of_a_dimension(suites: Service, encoding: Encoding) -> None:
    """A.3.5.8, where a dimension says that it has one."""
    layer, dimension = next(
        (layer, dimension.identifier)
        for layer in suites.capabilities.layers
        for dimension in dimensions_of(suites, layer)
        if dimension.current
    )
    tile(suites, encoding, request_for(suites, layer).but(**{dimension: "current"}))


@assertion("GetTile.Valid.Tile.Format", EVERY)
def test_every_format(service: Service, encoding: Encoding) -> None:
    """A.3.5.10: of the middle layer; and beyond the suite of all others."""
    for layer in service.capabilities.layers.values():
        for media_type in layer.formats:
            tile(service, encoding, request_for(service, layer.identifier, Format=media_type))


@assertion("GetTile.Valid.Tile.Size", EVERY)
def test_tiles_have_their_size(service: Service, encoding: Encoding) -> None:
    """A.3.5.11: of every layer the middle matrix; and beyond the suite of every link."""
    for layer in service.capabilities.layers.values():
        for matrix_set in layer.limits:
            request = request_for(service, layer.identifier, matrix_set)
            matrices = service.capabilities.matrix_sets[matrix_set].matrices
            matrix = matrices[request.values["TileMatrix"]]
            size = tile(service, encoding, request).size
            assert size == (matrix.tile_width, matrix.tile_height)


@assertion("GetTile.Valid.Tile.Transparency", EVERY)
def test_what_has_no_data_is_transparent(suites: Service, encoding: Encoding) -> None:
    """A.3.5.12: of layers that have the word in their name or title."""
    named = [
        layer.identifier
        for layer in suites.capabilities.layers.values()
        if any("transparent" in text.lower() for text in (layer.identifier, *layer.titles))
    ]
    assert named
    for layer in named:
        found = tile(suites, encoding, request_for(suites, layer)).convert("RGBA")
        least, most = found.getchannel("A").getextrema()
        assert (least, most) == (0, 255), "transparent outside of the scene, and not inside"


@pytest.mark.parametrize("encoding", PLAIN, ids=lambda encoding: encoding.name)
def test_names_of_parameters_in_any_case_and_order(service: Service, encoding: Encoding) -> None:
    """A.3.1.3; the suite asks it of GetCapabilities alone."""
    request = request_for(service)
    expected = encoding.ask(service, request).body
    for spelt in (str.lower, str.upper, str.swapcase):
        for turned in (list, reversed):
            values = {spelt(name): value for name, value in turned(list(request.values.items()))}
            assert encoding.ask(service, request._replace(values=values)).body == expected


def test_xml_without_an_envelope_is_answered_as_by_get(suites: Service) -> None:
    """7.1.1.1.1, against the suite, which wants the payload of an envelope here."""
    answer = XML.ask(suites, request_for(suites, Format="image/png"))
    assert (answer.status, answer.content_type) == (200, "image/png"), BARE_XML


def test_every_encoding_gives_the_same_tile(service: Service) -> None:
    """Beyond the suite, which judges each alone."""
    for layer in service.capabilities.layers:
        request = request_for(service, layer)
        assert len({encoding.ask(service, request).body for encoding in EVERY}) == 1
