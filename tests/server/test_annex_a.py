"""The abstract tests of OGC 07-057r7, A.3.2 and A.3.4, by their names, asked over HTTP by KVP.

A document that only the writer's tests have seen may still be sent with a wrong type or status.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from lxml import etree

from tests.protocols.published import a_rich_catalogue
from tests.protocols.schemas import assert_valid
from tests.server.served import ask, catalogue, layer, live_of, serving
from tuilerie.catalogue.metadata import Theme
from tuilerie.protocols.wmts.requests import SECTIONS

CAPABILITIES = "/wmts?service=WMTS&request=GetCapabilities"
NS = {
    "w": "http://www.opengis.net/wmts/1.0",
    "ows": "http://www.opengis.net/ows/1.1",
    "xlink": "http://www.w3.org/1999/xlink",
}
HREF = f"{{{NS['xlink']}}}href"
SCALES = "w:TileMatrix/w:ScaleDenominator"
Port = int


@pytest.fixture(scope="module")
def rich(filled: Path) -> Iterator[Port]:
    """A server of layers with every difficulty, revision 17."""
    with serving(live_of(filled, a_rich_catalogue())) as (_, port):
        yield port


@pytest.fixture(scope="module")
def root(rich: Port) -> etree._Element:
    return document(rich)


def document(port: Port, more: str = "") -> etree._Element:
    """Return a document that is valid and of the type that was asked for."""
    status, fields, body = ask(port, CAPABILITIES + more)
    assert (status, fields["content-type"]) == (200, "application/xml")
    return assert_valid(body)


def refused(port: Port, more: str) -> tuple[str, str | None]:
    """Return code and locator of a refusal, whose status is that of Table 21."""
    status, fields, body = ask(port, CAPABILITIES + more)
    assert (status, fields["content-type"]) == (400, "application/xml")
    (exception,) = assert_valid(body)
    return exception.get("exceptionCode"), exception.get("locator")


def names(root: etree._Element) -> list[str]:
    return [etree.QName(child).localname for child in root]


def texts(root: etree._Element, path: str) -> list[str]:
    return [found.text for found in root.iterfind(path, NS)]


class TestA32:
    """A.3.2, GetCapabilities operation request test module."""

    def test_a_3_2_1_accept_http_get_transferred_operation_requests(self, rich: Port) -> None:
        assert document(rich).tag == f"{{{NS['w']}}}Capabilities"

    def test_a_3_2_2_getcapabilities_operation_response(self, rich: Port) -> None:
        """A variety of parameters, in any case and order, each with the response it wants."""
        whole = [*SECTIONS[:4], "Themes", "Themes", "WSDL", "ServiceMetadataURL"]
        assert names(document(rich)) == whole
        for more in ("&VERSION=1.0.0", "&ACCEPTVERSIONS=1.0.0&sections=All&foo=bar", "&tIme=x"):
            assert names(document(rich, more)) == whole
        status, _, body = ask(rich, "/wmts?REQUEST=GetCapabilities&sErViCe=WMTS")
        assert (status, names(assert_valid(body))) == (200, whole)

    @pytest.mark.parametrize(
        "versions", ["1.0.0", "0.9.0,1.0.0", "2.0.0,1.1.0,1.0.0", "1.0.0,2.0.0", "0.1,1.0.0,9"]
    )
    def test_a_3_2_3_version_negotiation(self, rich: Port, versions: str) -> None:
        """The first of the list that is spoken here, whatever comes before and after."""
        assert document(rich, f"&AcceptVersions={versions}").get("version") == "1.0.0"

    @pytest.mark.parametrize("versions", ["0.9.9", "1.0.1", "1.1.0,1.2.0", "1", "x", "0.0.0,9"])
    def test_a_3_2_3_version_negotiation_fails(self, rich: Port, versions: str) -> None:
        """Lower, higher and no versions: without locator (Table 20)."""
        found = refused(rich, f"&AcceptVersions={versions}")
        assert found == ("VersionNegotiationFailed", None)

    @pytest.mark.parametrize(
        ("asked", "given"),
        [
            ("application/xml", "application/xml"),
            ("text/xml", "text/xml"),
            ("text/xml,application/xml", "text/xml"),
            ("application/xml,text/xml", "application/xml"),
            ("text/html,text/xml", "text/xml"),
            ("Text/XML; charset=utf-8", "text/xml"),
            ("bogus/xml", "application/xml"),
            ("text/html,image/png", "application/xml"),
            ("", "application/xml"),
        ],
    )
    def test_a_3_2_4_format_selection(self, rich: Port, asked: str, given: str) -> None:
        """The first that we have; else application/xml, exactly so."""
        status, fields, body = ask(rich, f"{CAPABILITIES}&AcceptFormats={quote(asked)}")
        assert (status, fields["content-type"]) == (200, given)
        assert_valid(body)

    def test_a_3_2_5_handling_updatesequence_parameter(self, rich: Port) -> None:
        """Equal: nothing but the attributes. Lower: everything. Higher: refused."""
        same = document(rich, "&updateSequence=17")
        assert len(same) == 0
        assert dict(same.attrib)["updateSequence"] == "17"
        assert same.get("version") == "1.0.0"
        for lower in ("16", "9", "0", "07", "-1", ""):
            assert "Contents" in names(document(rich, f"&updateSequence={lower}"))
        for higher in ("18", "27", "100", "9" * 400, "x", "17a", "%D9%A3"):
            assert refused(rich, f"&updateSequence={higher}") == ("InvalidUpdateSequence", None)

    def test_a_3_2_6_section_selection(self, rich: Port) -> None:
        """Every combination of sections: those, in the document's order, and nothing beside."""
        for count in range(1, len(SECTIONS)):
            for wanted in combinations(SECTIONS, count):
                asked = ",".join(reversed(wanted))
                found = names(document(rich, f"&Sections={asked}"))
                assert list(dict.fromkeys(found)) == list(wanted)
        assert names(document(rich, "&Sections=All,Contents")) == names(document(rich))

    @pytest.mark.parametrize("asked", ["Bogus", "Contents,Bogus", "contents", "ALL", "WSDL"])
    def test_a_3_2_6_section_selection_refuses_what_is_none(self, rich: Port, asked: str) -> None:
        assert refused(rich, f"&Sections={asked}") == ("InvalidParameterValue", "Sections")

    def test_a_3_2_6_section_selection_of_nothing(self, rich: Port) -> None:
        assert refused(rich, "&Sections=") == ("MissingParameterValue", "Sections")

    def test_a_3_2_6_section_selection_of_themes_that_there_are_not(self, lane: Port) -> None:
        """Sections=Contents,Themes of a service without themes has Contents alone."""
        assert names(document(lane, "&Sections=Contents,Themes")) == ["Contents"]


class TestA34:
    """A.3.4, ServiceMetadata response."""

    def test_a_3_4_1_xml_well_formated(self, rich: Port) -> None:
        etree.fromstring(ask(rich, CAPABILITIES)[2])

    def test_a_3_4_2_xml_references_the_normative_schema(self, root: etree._Element) -> None:
        location = root.get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation")
        assert location.split(" ") == [
            "http://www.opengis.net/wmts/1.0",
            "http://schemas.opengis.net/wmts/1.0/wmtsGetCapabilities_response.xsd",
        ]

    def test_a_3_4_3_xml_validates_against_the_schema(self, rich: Port) -> None:
        document(rich)

    def test_a_3_4_4_onlineresource_is_an_only_resource_prefix(self, root: etree._Element) -> None:
        """Get ends in "?" and Post does not; one of each for an operation."""
        for operation in root.iterfind("ows:OperationsMetadata/ows:Operation", NS):
            (get,) = operation.iterfind("ows:DCP/ows:HTTP/ows:Get", NS)
            (post,) = operation.iterfind("ows:DCP/ows:HTTP/ows:Post", NS)
            assert get.get(HREF) == "http://maps.example.org/wmts?"
            assert post.get(HREF) == "http://maps.example.org/wmts"

    def test_a_3_4_5_xml_format_for_getcapabilities(self, rich: Port, root: etree._Element) -> None:
        """What is declared is what is sent."""
        path = "ows:OperationsMetadata/ows:Operation[@name='GetCapabilities']/ows:Parameter"
        values = {
            parameter.get("name"): texts(parameter, "ows:AllowedValues/ows:Value")
            for parameter in root.iterfind(path, NS)
        }
        assert values == {
            "AcceptVersions": ["1.0.0"],
            "Sections": [*SECTIONS, "All"],
            "AcceptFormats": ["application/xml", "text/xml"],
        }
        for kind in values["AcceptFormats"]:
            fields = ask(rich, f"{CAPABILITIES}&AcceptFormats={kind}")[1]
            assert fields["content-type"] == kind

    @pytest.mark.parametrize(
        ("verb", "encodings"), [("Get", ["KVP"]), ("Post", ["KVP", "SOAP", "XML"])]
    )
    def test_a_3_4_6_and_7_ows_constraint(
        self, root: etree._Element, verb: str, encodings: list[str]
    ) -> None:
        """GetEncoding (A.3.4.6) and PostEncoding (A.3.4.7), and no RESTful among them."""
        operations = root.findall("ows:OperationsMetadata/ows:Operation", NS)
        offered = ["GetCapabilities", "GetTile", "GetFeatureInfo"]
        assert [operation.get("name") for operation in operations] == offered
        for operation in operations:
            (constraint,) = operation.iterfind(f"ows:DCP/ows:HTTP/ows:{verb}/*", NS)
            assert constraint.get("name") == f"{verb}Encoding"
            assert texts(constraint, "ows:AllowedValues/ows:Value") == encodings

    def test_a_3_4_8_layer_identifiers(self, root: etree._Element) -> None:
        assert_unique(texts(root, "w:Contents/w:Layer/ows:Identifier"))

    def test_a_3_4_9_layer_legendurl_are_correct_resources(self, root: etree._Element) -> None:
        """A format, an address, and scales that are exactly those of matrices of the layer."""
        seen = 0
        for each in root.iterfind("w:Contents/w:Layer", NS):
            scales = set()
            for name in texts(each, "w:TileMatrixSetLink/w:TileMatrixSet"):
                scales |= {float(text) for text in texts(matrix_set(root, name), SCALES)}
            for legend in each.iterfind("w:Style/w:LegendURL", NS):
                seen += 1
                assert legend.get("format").startswith("image/")
                assert urlsplit(legend.get(HREF)).scheme in ("http", "https")
                for bound in ("minScaleDenominator", "maxScaleDenominator"):
                    assert legend.get(bound) is None or float(legend.get(bound)) in scales
        assert seen == 2

    def test_a_3_4_10_and_11_layer_legendurl_correct_format_and_sizes(
        self, root: etree._Element
    ) -> None:
        """Format and size are the operator's; those of drawn ones: journeys/test_legends.py."""
        legend, other = root.iterfind("w:Contents/w:Layer/w:Style/w:LegendURL", NS)
        assert (legend.get("width"), legend.get("height")) == ("120", "300")
        assert (other.get("width"), other.get("height")) == (None, None)

    def test_a_3_4_12_layer_tilematrixset_is_valid(self, root: etree._Element) -> None:
        known = texts(root, "w:Contents/w:TileMatrixSet/ows:Identifier")
        linked = texts(root, "w:Contents/w:Layer/w:TileMatrixSetLink/w:TileMatrixSet")
        assert set(linked) == set(known)
        for link in root.iterfind("w:Contents/w:Layer/w:TileMatrixSetLink", NS):
            ours = matrix_set(root, link.findtext("w:TileMatrixSet", namespaces=NS))
            limited = texts(link, "w:TileMatrixSetLimits/w:TileMatrixLimits/w:TileMatrix")
            assert set(limited) <= set(texts(ours, "w:TileMatrix/ows:Identifier"))

    def test_a_3_4_13_tilematrixset_identifier(self, root: etree._Element) -> None:
        assert_unique(texts(root, "w:Contents/w:TileMatrixSet/ows:Identifier"))

    def test_a_3_4_14_tilematrix_identifier(self, root: etree._Element) -> None:
        for each in root.iterfind("w:Contents/w:TileMatrixSet", NS):
            assert_unique(texts(each, "w:TileMatrix/ows:Identifier"))

    def test_a_3_4_15_tilematrixset_scaledenominators(self, root: etree._Element) -> None:
        for each in root.iterfind("w:Contents/w:TileMatrixSet", NS):
            assert_unique(texts(each, SCALES))

    def test_a_3_4_16_tilematrixset_wellknownscaleset(self, root: etree._Element) -> None:
        """Only one set says so, and has all the scales of Annex E from the first one on."""
        (well_known,) = (
            each
            for each in root.iterfind("w:Contents/w:TileMatrixSet", NS)
            if each.find("w:WellKnownScaleSet", NS) is not None
        )
        urn = "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible"
        assert texts(well_known, "w:WellKnownScaleSet") == [urn]
        assert texts(well_known, "ows:SupportedCRS") == ["urn:ogc:def:crs:EPSG:6.18:3:3857"]
        scales = [float(text) for text in texts(well_known, SCALES)]
        annex_e = [559082264.0287178 / 2**level for level in range(19)]
        assert scales == pytest.approx(annex_e[: len(scales)], abs=1e-6)

    def test_a_3_4_17_theme_layerref_is_valid(self, root: etree._Element) -> None:
        """Every reference leads to a layer; themes have identifiers of their own."""
        refs = [ref.text for ref in root.iter(f"{{{NS['w']}}}LayerRef")]
        assert set(refs) <= set(texts(root, "w:Contents/w:Layer/ows:Identifier"))
        assert len(refs) == 4
        themes = [
            theme.findtext("ows:Identifier", namespaces=NS)
            for theme in root.iter(f"{{{NS['w']}}}Theme")
        ]
        assert_unique(themes)


def assert_unique(identifiers: list[str]) -> None:
    assert identifiers
    assert all(identifiers)
    assert len(set(identifiers)) == len(identifiers)


def matrix_set(root: etree._Element, identifier: str) -> etree._Element:
    return next(
        each
        for each in root.iterfind("w:Contents/w:TileMatrixSet", NS)
        if each.findtext("ows:Identifier", namespaces=NS) == identifier
    )


def test_a_change_of_themes_alone_reaches_the_clients(filled: Path) -> None:
    """Themes are part of the document and of nothing else: they must not come from elsewhere."""
    plain = catalogue(layer())
    themed = replace(plain, themes={"x": (Theme("t", layers=("world",)),)})
    for published, count in ((plain, 0), (themed, 1)):
        with serving(live_of(filled, published)) as (_, port):
            assert len(document(port, "&Sections=Themes")) == count
