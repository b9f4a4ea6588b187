"""XML elements into requests: names, order and case as the schemas have them (A.3.1.4)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.protocols.envelopes import (
    INFO,
    OWS,
    TILE,
    WMTS,
    get_capabilities,
    get_feature_info,
    get_tile,
    tile_with,
)
from tests.protocols.schemas import assert_valid
from tuilerie.catalogue.address import TileQuery
from tuilerie.catalogue.resolve_info import InfoQuery
from tuilerie.errors import RequestError
from tuilerie.protocols.wmts.exceptions import Rejection
from tuilerie.protocols.wmts.requests import GetCapabilities, GetFeatureInfo, GetTile
from tuilerie.protocols.wmts.xml_requests import read_request
from tuilerie.protocols.xml_reading import read_xml

QUERY = TileQuery("world", "default", "image/png", "WebMercatorQuad", "8", "1", "2")


def read(markup: str, *, strict: bool = False) -> GetCapabilities | GetTile | GetFeatureInfo:
    return read_request(read_xml(markup.encode()), strict=strict)


def told(markup: str, *, strict: bool = False) -> list[tuple[str, str | None]]:
    with pytest.raises(RequestError) as refusal:
        read(markup, strict=strict)
    error = refusal.value
    errors = error.errors if isinstance(error, Rejection) else (error,)
    return [(single.code, single.locator) for single in errors]


MISSING, INVALID = "MissingParameterValue", "InvalidParameterValue"


def test_a_tile_is_read() -> None:
    """SOAP clients would get another tile than they asked for."""
    assert_valid(get_tile().encode())
    for strict in (False, True):
        assert read(get_tile(), strict=strict) == GetTile(QUERY)


def test_a_pixel_is_read() -> None:
    """9.3.2: the tile stands inside, with a service and version of its own."""
    assert_valid(get_feature_info().encode())
    wanted = GetFeatureInfo(InfoQuery(QUERY, j="86", i="132", info_format="text/plain"))
    for strict in (False, True):
        assert read(get_feature_info(), strict=strict) == wanted
    bare = get_feature_info(tile=get_tile(attributes=""), attributes='service="WMTS"')
    assert read(bare) == wanted
    assert told(bare, strict=True) == [(MISSING, "version")]


def test_dimensions_go_on_to_the_resolver() -> None:
    """A layer with times could only be asked for its default."""
    parts = list(TILE)
    parts.insert(3, ('DimensionNameValue name="TIME"', " 2007-06 "))
    parts.insert(4, ('DimensionNameValue name="Elevation"', "500"))
    markup = get_tile(parts).replace('</DimensionNameValue name="TIME">', "</DimensionNameValue>")
    markup = markup.replace('</DimensionNameValue name="Elevation">', "</DimensionNameValue>")
    assert_valid(markup.encode())
    expected = QUERY._replace(dimensions=(("TIME", "2007-06"), ("Elevation", "500")))
    assert read(markup) == GetTile(expected)
    assert told(markup.replace('name="TIME"', "")) == [(MISSING, "DimensionNameValue")]


def test_blanks_around_values_are_no_part_of_them() -> None:
    """The standard's own example (9.2.2) would be refused."""
    parts = [(name, f"\n  {value}\t ") for name, value in TILE]
    assert read(get_tile(parts, 'service=" WMTS " version=" 1.0.0"')) == GetTile(QUERY)


def test_comments_and_cdata_are_no_part_of_values() -> None:
    """A value that a tool wrapped would be another one."""
    parts = tile_with(Layer="<!-- the --><![CDATA[wor]]>ld")
    assert read(get_tile(parts)) == GetTile(QUERY)


@pytest.mark.parametrize("place", range(7))
def test_every_part_is_needed(place: int) -> None:
    """A tile would be made up out of half a request."""
    parts = [*TILE[:place], *TILE[place + 1 :]]
    assert told(get_tile(parts)) == [(MISSING, TILE[place][0])]


@pytest.mark.parametrize("place", range(7))
def test_capital_letters_are_enforced(place: int) -> None:
    """A.3.1.4: names are sensitive to capitalisation in XML, as they are not by KVP."""
    name, value = TILE[place]
    parts = list(TILE)
    for wrong in {name.lower(), name.upper(), name[0].lower() + name[1:]}:
        parts[place] = (wrong, value)
        assert told(get_tile(parts)) == [(MISSING, name), (INVALID, wrong)]


@pytest.mark.parametrize("place", range(6))
def test_order_is_enforced(place: int) -> None:
    """A.3.1.4: parameters have a sequence in XML, as they have not by KVP."""
    parts = list(TILE)
    parts[place], parts[place + 1] = parts[place + 1], parts[place]
    assert told(get_tile(parts)) == [(INVALID, TILE[place][0])]


def test_everything_wrong_is_told_at_once() -> None:
    """Each mistake would cost a developer another try."""
    markup = get_tile([("layer", "a"), ("TileCol", "1"), ("TileRow", "1")], 'service="WMTS" v="1"')
    assert told(markup) == [
        *[(MISSING, name) for name in ("Layer", "Style", "Format", "TileMatrixSet", "TileMatrix")],
        (INVALID, "layer"),
        (INVALID, "TileRow"),
        (INVALID, "v"),
    ]
    many = get_tile([*TILE, *[(f"Odd{n}", "") for n in range(1000)]])
    assert len(told(many)) == 20


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (get_tile([*TILE, ("TileCol", "3")]), [(INVALID, "TileCol")]),
        (get_tile(attributes=""), [(MISSING, "service")]),
        (get_tile(attributes='serv1ce="WMTS"'), [(MISSING, "service")]),
        (get_tile(attributes='service=""'), [(MISSING, "service")]),
        (get_tile(attributes='service="BOGUS"'), [(INVALID, "service")]),
        (get_tile(attributes='service="WMTS" version="1.1.0"'), [(INVALID, "version")]),
        (get_tile(attributes='service="WMTS" Version="1.0.0"'), [(INVALID, "Version")]),
        (get_tile(name="GetBOGUS"), [(INVALID, "request")]),
        (get_tile(name="gettile"), [(INVALID, "request")]),
        (get_tile(name="GetBOGUS", attributes=""), [(MISSING, "service"), (INVALID, "request")]),
        (get_feature_info(INFO[:2]), [(MISSING, "InfoFormat")]),
        (get_feature_info([INFO[1], INFO[0], INFO[2]]), [(INVALID, "J")]),
        (get_feature_info([("j", "1"), *INFO[1:]]), [(MISSING, "J"), (INVALID, "j")]),
        (get_feature_info([INFO[0], *INFO]), [(INVALID, "J")]),
        (get_feature_info(attributes='service="WMTS" version="2"'), [(INVALID, "version")]),
        (get_feature_info(INFO[1:], get_tile(TILE[1:])), [(MISSING, "J"), (MISSING, "Layer")]),
        (get_tile().replace(WMTS, "urn:other"), [(INVALID, "request")]),
        (get_tile().replace(f' xmlns="{WMTS}"', ""), [(INVALID, "request")]),
        (get_tile().replace("<TileCol>", '<TileCol xmlns="urn:x">'),
         [(MISSING, "TileCol"), (INVALID, "TileCol")]),
        (get_tile(name="GetCapabilit1es", attributes='serv1ce="WMTS"'),
         [(MISSING, "service"), (INVALID, "request")]),
        (get_capabilities(attributes=""), [(MISSING, "service")]),
        (get_capabilities(attributes='service="WMTS" sections="All"'), [(INVALID, "sections")]),
        (get_capabilities("<ows:Sections/>"), [(MISSING, "Sections")]),
        (get_capabilities("<ows:Sections><ows:Section/></ows:Sections>"), [(MISSING, "Sections")]),
        (get_capabilities("<ows:acceptVersions/>"), [(INVALID, "acceptVersions")]),
        (get_capabilities("<ows:AcceptFormats/><ows:AcceptVersions/>"),
         [(INVALID, "AcceptVersions")]),
    ],
)  # fmt: skip
def test_what_is_wrong_has_its_code_and_locator(
    markup: str, expected: list[tuple[str, str | None]]
) -> None:
    """Tables 20 and 23: a client that looks at the code would be misled."""
    assert told(markup) == expected


def test_strictness_is_that_of_kvp() -> None:
    """A catalogue that is strict by KVP would be lenient by SOAP, or the other way round."""
    bare = get_tile(attributes='service="WMTS"')
    assert read(bare) == GetTile(QUERY)
    assert told(bare, strict=True) == [(MISSING, "version")]


def test_capabilities_are_read() -> None:
    """Negotiation would work by KVP alone."""
    inside = (
        "<ows:AcceptVersions><ows:Version>1.1.0</ows:Version><ows:Version>1.0.0</ows:Version>"
        "</ows:AcceptVersions><ows:Sections><ows:Section>Contents</ows:Section></ows:Sections>"
        "<ows:AcceptFormats><ows:OutputFormat>text/xml</ows:OutputFormat></ows:AcceptFormats>"
    )
    markup = get_capabilities(inside, 'service="WMTS" updateSequence="7"')
    assert_valid(markup.encode())
    expected = GetCapabilities(("1.1.0", "1.0.0"), ("Contents",), "7", ("text/xml",))
    assert read(markup) == expected
    assert read(get_capabilities()) == GetCapabilities()
    assert read(get_capabilities(attributes='service="WMTS" version="1.0.0"')) == GetCapabilities()


def test_versions_are_read_from_any_child() -> None:
    """The official suite's own requests would be refused."""
    inside = (
        "<ows:AcceptVersions><ows:AcceptVersions>1.0.0</ows:AcceptVersions></ows:AcceptVersions>"
    )
    assert read(get_capabilities(inside)) == GetCapabilities(("1.0.0",))


def test_the_standards_example_in_the_namespace_of_ows_is_read() -> None:
    """9.1.2 would be refused."""
    markup = (
        f'<GetCapabilities service="WMTS" xmlns="{OWS}"><AcceptVersions><Version>1.0.0</Version>'
        "</AcceptVersions><AcceptFormats><OutputFormat>application/xml</OutputFormat>"
        "</AcceptFormats></GetCapabilities>"
    )
    expected = GetCapabilities(("1.0.0",), accept_formats=("application/xml",))
    assert read(markup) == expected


def test_foreign_attributes_are_ignored() -> None:
    """Every client that names its schema would be refused."""
    instance = (
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{WMTS} wmts.xsd" service="WMTS" version="1.0.0"'
    )
    assert read(get_tile(attributes=instance)) == GetTile(QUERY)


def test_the_order_is_that_of_the_schema() -> None:
    """What we enforce would differ from what the schema allows."""
    for first, second in pairwise(range(7)):
        parts = list(TILE)
        parts[first], parts[second] = parts[second], parts[first]
        with pytest.raises(AssertionError):
            assert_valid(get_tile(parts).encode())
