"""The abstract tests of Annex A.3 of OGC 07-057r7, by each way of asking in a body.

Each test is named after its clause. Those of dimensions, legends, themes and GetFeatureInfo are
with what they test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import NamedTuple

import pytest
from lxml import etree

from tests.protocols.envelopes import (
    INFO,
    OWS,
    SOAP_11,
    SOAP_12,
    TILE,
    TYPES,
    WMTS,
    content_of,
    envelope,
    get_capabilities,
    get_feature_info,
    get_tile,
    report_of,
    told,
)
from tests.protocols.schemas import assert_valid
from tests.server.served import ask
from tests.server.test_post import FORM, payload, post

LISTS = {
    "AcceptVersions": "Version",
    "Sections": "Section",
    "AcceptFormats": "OutputFormat",
}
SECTIONS = ("ServiceIdentification", "ServiceProvider", "OperationsMetadata", "Contents")


class Got(NamedTuple):
    """An answer, whatever it travelled in.

    Attributes:
        content: the document; None for a picture.
        codes: codes and locators, if it is a report.
    """

    status: int
    content: etree._Element | None
    picture: bytes
    media_type: str
    codes: list[tuple[str, str | None]]


class Way(NamedTuple):
    """One way to ask in a body."""

    name: str
    version: str = ""

    def tile(self, port: int, parts: Sequence[tuple[str, str]] = TILE, **attributes: str) -> Got:
        """Ask for a tile by parts in this order, under these names."""
        said = {"service": "WMTS", "version": "1.0.0", **attributes}
        if self.name in ("form", "lines"):
            return self._pairs(port, [("request", "GetTile"), *said.items(), *parts])
        shown = " ".join(f'{name}="{value}"' for name, value in said.items() if value)
        return self._xml(port, get_tile(parts, shown))

    def capabilities(
        self, port: int, lists: Mapping[str, str] | None = None, **attributes: str
    ) -> Got:
        """Ask for the document; lists are given by comma."""
        said = {"service": "WMTS", **attributes}
        lists = lists or {}
        if self.name in ("form", "lines"):
            pairs = [("request", "GetCapabilities"), *said.items(), *lists.items()]
            return self._pairs(port, pairs)
        inside = ""
        for name in LISTS:
            if name in lists:
                items = "".join(
                    f"<ows:{LISTS[name]}>{item}</ows:{LISTS[name]}>"
                    for item in lists[name].split(",")
                )
                inside += f"<ows:{name}>{items}</ows:{name}>"
        shown = " ".join(f'{name}="{value}"' for name, value in said.items() if value)
        return self._xml(port, get_capabilities(inside, shown))

    def _pairs(self, port: int, pairs: Sequence[tuple[str, str]]) -> Got:
        divider, media_type = ("&", FORM) if self.name == "form" else ("\r\n", "text/plain")
        body = divider.join(f"{name}={value}" for name, value in pairs if value)
        return self._got(post(port, body, media_type))

    def _xml(self, port: int, markup: str) -> Got:
        if not self.version:
            return self._got(post(port, markup, "application/xml"))
        return self._got(post(port, envelope(markup, self.version), TYPES[self.version]))

    def _got(self, answer: tuple[int, dict[str, str], bytes]) -> Got:
        status, fields, body = answer
        media_type = fields["content-type"]
        if self.version:
            content = content_of(body, self.version)
            if content.tag.endswith("}Fault"):
                content = report_of(body, self.version)
        elif media_type.startswith("image/"):
            return Got(status, None, body, media_type, [])
        else:
            content = etree.fromstring(body)
        content = assert_valid(etree.tostring(content))
        if content.tag == f"{{{WMTS}}}BinaryPayload":
            kind, data = payload(body, self.version)
            return Got(status, None, data, kind, [])
        return Got(status, content, b"", media_type, told(content))


WAYS = [Way("form"), Way("lines"), Way("xml"), Way("soap", SOAP_12), Way("soap", SOAP_11)]
every = pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.name}{way.version[-9:-1]}")
soaps = pytest.mark.parametrize("way", WAYS[2:], ids=lambda way: f"{way.name}{way.version[-9:-1]}")


def parts_with(name: str, value: str) -> list[tuple[str, str]]:
    return [(part, value if part == name else said) for part, said in TILE]


@every
def test_a_3_1_2_accept_http_post_transferred_operation_requests(lane: int, way: Way) -> None:
    assert way.tile(lane).picture.startswith(b"\x89PNG")
    content = way.capabilities(lane).content
    assert content is not None
    assert content.tag == f"{{{WMTS}}}Capabilities"


@pytest.mark.parametrize("way", WAYS[:2], ids=lambda way: way.name)
def test_a_3_1_3_handle_kvp_encoded_operation_requests(lane: int, way: Way) -> None:
    expected = way.tile(lane)
    for spelt in (str.lower, str.upper, str.swapcase):
        for parts in (TILE, TILE[::-1], TILE[3:] + TILE[:3]):
            renamed = [(spelt(name), value) for name, value in parts]
            assert way.tile(lane, renamed) == expected
    names = ("service", "request", "AcceptVersions")
    values = dict(zip(names, ("WMTS", "GetCapabilities", "1.0.0"), strict=True))
    for order in permutations(names):
        for spelt in (str.lower, str.upper, str.title):
            pairs = [(spelt(name), values[name]) for name in order]
            assert way._pairs(lane, pairs).content is not None


@soaps
def test_a_3_1_4_handle_soap_encoded_operation_requests(lane: int, way: Way) -> None:
    """Sensitive to capitalisation and sequence: the right request passes, every other does not."""
    assert way.tile(lane).status == 200
    for place, (name, value) in enumerate(TILE):
        wrong = [*TILE[:place], (name.lower(), value), *TILE[place + 1 :]]
        got = way.tile(lane, wrong)
        assert (got.status, got.codes[0]) == (400, ("MissingParameterValue", name))
    for order in list(permutations(TILE))[1::300]:
        got = way.tile(lane, order)
        assert got.status == 400
        assert got.codes[0][0] == "InvalidParameterValue"
    for inside in (
        "<ows:acceptVersions><ows:Version>1.0.0</ows:Version></ows:acceptVersions>",
        "<ows:AcceptFormats/><ows:Sections><ows:Section>All</ows:Section></ows:Sections>",
    ):
        assert way._xml(lane, get_capabilities(inside)).status == 400
    for name in ("getTile", "gettile", "GETTILE"):
        got = way._xml(lane, get_tile(name=name))
        assert (got.status, got.codes) == (400, [("InvalidParameterValue", "request")])


@every
def test_a_3_1_6_kvp_and_soap_http_response_status_code(lane: int, way: Way) -> None:
    got = way.tile(lane, service="BOGUS")
    assert (got.status, got.codes) == (400, [("InvalidParameterValue", "service")])
    got = way.tile(lane, service="")
    assert (got.status, got.codes) == (400, [("MissingParameterValue", "service")])
    if way.version or way.name == "xml":
        got = way._xml(lane, get_feature_info())
    else:
        asked = [("service", "WMTS"), ("request", "GetFeatureInfo"), *TILE, *INFO]
        got = way._pairs(lane, asked)
    assert (got.status, got.codes) == (501, [("OperationNotSupported", "GetFeatureInfo")])
    assert way.tile(lane, parts_with("TileCol", "6")).status == 500


@every
def test_a_3_2_2_getcapabilities_operation_response(lane: int, way: Way) -> None:
    """Whatever the encoding, it is the document that GET has."""
    content = way.capabilities(lane).content
    direct = etree.fromstring(ask(lane, "/wmts?service=WMTS&request=GetCapabilities")[2])
    assert content is not None
    ours, theirs = (etree.tostring(e, method="c14n", exclusive=True) for e in (content, direct))
    assert ours == theirs


@every
def test_a_3_2_3_version_negotiation(lane: int, way: Way) -> None:
    for accepted in ("1.0.0", "2.0.0,1.0.0", "0.9.0,1.0.0,1.1.0"):
        content = way.capabilities(lane, {"AcceptVersions": accepted}).content
        assert content is not None
        assert content.get("version") == "1.0.0"
    for refused in ("1.1.0", "0.9.9", "1.1.0,1.2.0"):
        got = way.capabilities(lane, {"AcceptVersions": refused})
        assert (got.status, got.codes) == (400, [("VersionNegotiationFailed", None)])


@every
def test_a_3_2_4_format_selection(lane: int, way: Way) -> None:
    for asked in ("application/xml", "text/xml", "bogus/xml", "bogus/xml,text/xml"):
        got = way.capabilities(lane, {"AcceptFormats": asked})
        assert got.status == 200
        if not way.version:
            expected = "text/xml" if "text/xml" in asked else "application/xml"
            assert got.media_type == expected


@every
def test_a_3_2_5_handling_updatesequence_parameter(lane: int, way: Way) -> None:
    current = way.capabilities(lane).content
    assert current is not None
    sequence = current.get("updateSequence")
    same = way.capabilities(lane, updateSequence=sequence).content
    assert same is not None
    assert (len(same), same.get("updateSequence")) == (0, sequence)
    older = way.capabilities(lane, updateSequence=str(int(sequence) - 1)).content
    assert older is not None
    assert len(older) == len(current)
    got = way.capabilities(lane, updateSequence=str(int(sequence) + 1))
    assert (got.status, got.codes) == (400, [("InvalidUpdateSequence", None)])


@every
def test_a_3_2_6_section_selection(lane: int, way: Way) -> None:
    for asked in (*SECTIONS, "All", "Contents,Themes", "ServiceProvider,Contents"):
        content = way.capabilities(lane, {"Sections": asked}).content
        assert content is not None
        names = {etree.QName(child).localname for child in content}
        expected = set(SECTIONS) if asked == "All" else set(asked.split(",")) - {"Themes"}
        assert names & set(SECTIONS) == expected
    got = way.capabilities(lane, {"Sections": "Bogus"})
    assert (got.status, got.codes) == (400, [("InvalidParameterValue", "Sections")])


def test_a_3_2_6_an_empty_list_of_sections(lane: int) -> None:
    for inside in ("<ows:Sections/>", "<ows:Sections><ows:Section/></ows:Sections>"):
        got = WAYS[3]._xml(lane, get_capabilities(inside))
        assert (got.status, got.codes) == (400, [("MissingParameterValue", "Sections")])


@every
def test_a_3_4_1_and_a_3_4_3_xml_is_well_formed_and_valid(lane: int, way: Way) -> None:
    """`Way` validates every answer that it gets, reports and payloads too."""
    assert way.capabilities(lane).status == 200


@every
@pytest.mark.parametrize(
    ("name", "value", "code", "locator"),
    [
        ("Layer", "BogusForTest", "InvalidParameterValue", "Layer"),  # A.3.5.1
        ("TileMatrixSet", "BogusForTest", "InvalidParameterValue", "TileMatrixSet"),  # A.3.5.3
        ("TileMatrix", "BogusForTest", "InvalidParameterValue", "TileMatrix"),  # A.3.5.4
        ("TileRow", "256", "TileOutOfRange", "TileRow"),  # A.3.5.5
        ("TileCol", "256", "TileOutOfRange", "TileCol"),
        ("TileRow", "-1", "TileOutOfRange", "TileRow"),
        ("TileCol", "one", "InvalidParameterValue", "TileCol"),
        ("Style", "BogusForTest", "InvalidParameterValue", "Style"),  # A.3.5.6
        ("Format", "image/bogus", "InvalidParameterValue", "Format"),  # A.3.5.9
    ],
)
def test_a_3_5_incorrect_values(
    lane: int, way: Way, name: str, value: str, code: str, locator: str
) -> None:
    got = way.tile(lane, parts_with(name, value))
    assert (got.status, got.codes) == (400, [(code, locator)])


@every
@pytest.mark.parametrize("name", [name for name, _ in TILE])
def test_a_3_5_missing_values(lane: int, way: Way, name: str) -> None:
    """Left out, and, where XML can say so, empty; but an empty style is the default style."""
    got = way.tile(lane, [part for part in TILE if part[0] != name])
    assert (got.status, got.codes) == (400, [("MissingParameterValue", name)])
    if way.name in ("xml", "soap"):
        got = way.tile(lane, parts_with(name, ""))
        assert got.status == (200 if name == "Style" else 400)
        assert got.codes == ([] if name == "Style" else [("MissingParameterValue", name)])


@every
def test_a_3_5_10_tile_correct_format(lane: int, way: Way) -> None:
    for media_type, magic in (("image/png", b"\x89PNG"), ("image/jpeg", b"\xff\xd8")):
        got = way.tile(lane, parts_with("Format", media_type))
        assert (got.status, got.media_type) == (200, media_type)
        assert got.picture.startswith(magic)


def test_a_3_4_7_ows_constraint_postencoding(lane: int) -> None:
    """Each encoding that the document declares is answered."""
    document = etree.fromstring(ask(lane, "/wmts?service=WMTS&request=GetCapabilities")[2])
    ways = {"KVP": WAYS[0], "XML": WAYS[2], "SOAP": WAYS[3]}
    found = document.findall(f".//{{{OWS}}}Post")
    assert found
    for element in found:
        (constraint,) = element
        assert constraint.get("name") == "PostEncoding"
        values = [value.text for value in constraint.iter(f"{{{OWS}}}Value")]
        assert {"KVP", "SOAP"} <= set(values) <= ways.keys()
        assert not element.get("{http://www.w3.org/1999/xlink}href").endswith("?")
        for value in values:
            assert ways[value].tile(lane).picture
            assert ways[value].capabilities(lane).content is not None
