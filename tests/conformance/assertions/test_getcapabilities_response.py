"""What is asserted of the ServiceMetadata document (OGC 07-057r7, A.3.4)."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from functools import cache
from io import BytesIO

import pytest
from lxml import etree
from PIL import Image

from tests.conformance.assertions.asking import GET, PROCEDURES, SOAP, Encoding
from tests.conformance.assertions.differences import LIMITS
from tests.conformance.assertions.judging import IMAGE_IO, document
from tests.conformance.assertions.naming import assertion
from tests.conformance.assertions.sampling import capabilities_request, dimensions_of
from tests.conformance.assertions.service import HREF, NS, Service
from tests.grids.test_wellknown import TABLES
from tests.protocols.schemas import BUNDLED, assert_valid, wmts_schema, wmts_schema_with

RESPONSE = "GetCapabilities.Response."
SCALE = "w:TileMatrix/w:ScaleDenominator"
WELL_KNOWN = {f"urn:ogc:def:wkss:OGC:1.0:{name}": table for name, table in TABLES.items()}


@pytest.fixture
def root(service: Service, encoding: Encoding) -> etree._Element:
    """The document by the encoding of the assertion."""
    return _document(service, encoding)


@cache
def _document(service: Service, encoding: Encoding) -> etree._Element:
    return document(encoding, encoding.ask(service, capabilities_request()))


def texts(root: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in root.iterfind(path, NS)]


def unique(identifiers: Iterable[str]) -> None:
    """Judge a list of identifiers: none empty, none twice."""
    listed = list(identifiers)
    assert listed
    assert all(listed)
    assert len(set(listed)) == len(listed)


def by_identifier(root: etree._Element, path: str) -> dict[str, etree._Element]:
    return {found.findtext("ows:Identifier", "", NS): found for found in root.iterfind(path, NS)}


@assertion(RESPONSE + "XML.Well.Formed", PROCEDURES)
def test_it_is_well_formed(root: etree._Element) -> None:
    """A.3.4.1: it could not have been read."""
    assert root.tag == f"{{{NS['w']}}}Capabilities"


@assertion(RESPONSE + "SchemaValid", PROCEDURES)
def test_it_is_valid(root: etree._Element) -> None:
    """A.3.4.3, by the schemas as they are published and by the suite's own copy of them.

    Its copy has MaxTileRow and MaxTileCol as nonNegativeInteger, as Table 12 has them.
    """
    assert_valid(etree.tostring(root))
    suites = _suites_schema()
    assert suites.validate(root), suites.error_log


def test_the_schemas_differ_in_limits_of_zero(suites: Service) -> None:
    """What the suite takes and published schemas do not must never be in our document."""
    changed = deepcopy(suites.document)
    changed.find(".//w:MaxTileRow", NS).text = "0"
    assert _suites_schema().validate(changed)
    assert not wmts_schema().validate(changed)


@cache
def _suites_schema() -> etree.XMLSchema:
    return wmts_schema_with(BUNDLED, b'"positiveInteger"', b'"nonNegativeInteger"', "MaxTile")


@assertion(RESPONSE + "SchemaReferenced", PROCEDURES)
def test_it_names_its_schema(root: etree._Element) -> None:
    """A.3.4.2: the suite splits at single blanks."""
    located = root.get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation")
    ends = ("wmts.xsd", "wmtsGetCapabilities_response.xsd")
    assert any(part.endswith(ends) for part in located.split(" "))


@assertion(RESPONSE + "AdvertisedFormat", PROCEDURES)
def test_it_declares_application_xml(root: etree._Element) -> None:
    """A.3.4.5."""
    path = (
        "ows:OperationsMetadata/ows:Operation[@name='GetCapabilities']"
        "/ows:Parameter[@name='AcceptFormats']//ows:Value"
    )
    assert "application/xml" in texts(root, path)


@assertion(RESPONSE + "OnlineResource", PROCEDURES)
def test_addresses_are_prefixes(root: etree._Element) -> None:
    """A.3.4.4: those of Get end in "?" or "&", those of Post do not end in "?"."""
    gets = [found.get(HREF) for found in root.iterfind(".//ows:DCP/ows:HTTP/ows:Get", NS)]
    posts = [found.get(HREF) for found in root.iterfind(".//ows:DCP/ows:HTTP/ows:Post", NS)]
    assert len(gets) == len(posts) == len(root.findall(".//ows:Operation", NS))
    assert all(href.startswith("http") and href.endswith(("?", "&")) for href in gets)
    assert not any(href.endswith("?") for href in posts)


@assertion(RESPONSE + "Encoding.Constraint", PROCEDURES)
def test_it_declares_the_encoding(root: etree._Element, encoding: Encoding) -> None:
    """A.3.4.6, A.3.4.7; that each is answered, all other tests here show."""
    verb, name = ("Get", "KVP") if encoding is GET else ("Post", encoding.name.partition(".")[0])
    for operation in root.iterfind("ows:OperationsMetadata/ows:Operation", NS):
        path = f"ows:DCP/ows:HTTP/ows:{verb}/ows:Constraint[@name='{verb}Encoding']//ows:Value"
        assert name in texts(operation, path)


@assertion(RESPONSE + "Layer.Identifiers.Unique", PROCEDURES)
def test_layers_have_their_own_identifiers(root: etree._Element) -> None:
    """A.3.4.8."""
    unique(texts(root, "w:Contents/w:Layer/ows:Identifier"))


@assertion(RESPONSE + "Style.Identifiers.Unique", PROCEDURES)
def test_styles_have_their_own_identifiers(root: etree._Element) -> None:
    """Table 7; the suite has the prerequisite and no test."""
    for layer in root.iterfind("w:Contents/w:Layer", NS):
        unique(texts(layer, "w:Style/ows:Identifier"))
        assert [style.get("isDefault") for style in layer.iterfind("w:Style", NS)].count(
            "true"
        ) == 1


@assertion(RESPONSE + "Dimension.Identifiers.Unique", PROCEDURES)
def test_dimensions_have_their_own_identifiers(service: Service, root: etree._Element) -> None:
    """Table 9; the suite has the prerequisite and no test."""
    found = [dimensions_of(service, layer) for layer in by_identifier(root, "w:Contents/w:Layer")]
    assert any(found)
    for dimensions in filter(None, found):
        unique(dimension.identifier for dimension in dimensions)


@assertion(RESPONSE + "Layer.LegendURL.Correct.Resource", PROCEDURES)
def test_legends_are_there(service: Service, root: etree._Element) -> None:
    """A.3.4.9: each can be had, and its scales are scales of the layer's matrices."""
    sets = by_identifier(root, "w:Contents/w:TileMatrixSet")
    legends = 0
    for layer in root.iterfind("w:Contents/w:Layer", NS):
        linked = texts(layer, "w:TileMatrixSetLink/w:TileMatrixSet")
        scales = {float(scale) for name in linked for scale in texts(sets[name], SCALE)}
        for legend in layer.iterfind("w:Style/w:LegendURL", NS):
            legends += 1
            assert service.get(legend.get(HREF))[0] == 200
            for name in ("minScaleDenominator", "maxScaleDenominator"):
                assert legend.get(name) is None or float(legend.get(name)) in scales
    assert legends


@assertion(RESPONSE + "Layer.LegendURL.Correct.Format", PROCEDURES)
def test_legends_are_of_their_format(service: Service, root: etree._Element) -> None:
    """A.3.4.10, Table 8. SVG, of which the suite has no reader, is not in its catalogue."""
    for legend in root.iter(f"{{{NS['w']}}}LegendURL"):
        status, content_type, body = service.get(legend.get(HREF))
        assert (status, content_type) == (200, legend.get("format"))
        if content_type == "image/svg+xml":
            assert not service.is_suites
            assert etree.QName(etree.fromstring(body)).localname == "svg"
        else:
            kind = (Image.open(BytesIO(body)).format or "").lower()
            assert f"image/{kind}" == content_type
            assert kind in IMAGE_IO


@assertion(RESPONSE + "Layer.LegendURL.Correct.Size", PROCEDURES)
def test_legends_are_of_their_size(service: Service, root: etree._Element) -> None:
    """A.3.4.11, Table 8."""
    for legend in root.iter(f"{{{NS['w']}}}LegendURL"):
        if legend.get("format") != "image/svg+xml":
            size = Image.open(BytesIO(service.get(legend.get(HREF))[2])).size
            assert size == (int(legend.get("width")), int(legend.get("height")))


@assertion(RESPONSE + "Layer.TileMatrixSet.Valid", PROCEDURES)
def test_layers_link_to_matrix_sets(root: etree._Element) -> None:
    """A.3.4.12; and limits to matrices (Table 12)."""
    sets = by_identifier(root, "w:Contents/w:TileMatrixSet")
    for link in root.iterfind("w:Contents/w:Layer/w:TileMatrixSetLink", NS):
        linked = sets[link.findtext("w:TileMatrixSet", "", NS)]
        limited = texts(link, "w:TileMatrixSetLimits/w:TileMatrixLimits/w:TileMatrix")
        assert set(limited) <= set(texts(linked, "w:TileMatrix/ows:Identifier"))


def test_limits_leave_out_only_what_cannot_be_said(service: Service) -> None:
    """Table 11 wants every matrix; the published schema has no zero. See `LIMITS`."""
    seen = 0
    for layer in service.capabilities.layers.values():
        for name, limits in layer.limits.items():
            matrices = service.capabilities.matrix_sets[name].matrices
            left_out = [matrices[each] for each in matrices if limits and each not in limits]
            seen += len(left_out)
            assert all(1 in (matrix.width, matrix.height) for matrix in left_out), LIMITS
    assert seen


@assertion(RESPONSE + "TileMatrixSet.Identifiers.Unique", PROCEDURES)
def test_matrix_sets_have_their_own_identifiers(root: etree._Element) -> None:
    """A.3.4.13."""
    unique(texts(root, "w:Contents/w:TileMatrixSet/ows:Identifier"))


@assertion(RESPONSE + "TileMatrix.Identifiers.Unique", PROCEDURES)
def test_matrices_have_their_own_identifiers(root: etree._Element) -> None:
    """A.3.4.14: within their set."""
    for matrix_set in root.iterfind("w:Contents/w:TileMatrixSet", NS):
        unique(texts(matrix_set, "w:TileMatrix/ows:Identifier"))


@assertion(RESPONSE + "TileMatrixSet.ScaleDenominators.Unique", PROCEDURES)
def test_matrices_have_their_own_scales(root: etree._Element) -> None:
    """A.3.4.15."""
    for matrix_set in root.iterfind("w:Contents/w:TileMatrixSet", NS):
        unique(texts(matrix_set, SCALE))


@assertion(RESPONSE + "TileMatrixSet.WellKnownScaleSet", PROCEDURES)
def test_well_known_scale_sets_are_those(service: Service, root: etree._Element) -> None:
    """A.3.4.16, Annex E: by position from the largest, to a millionth; CRS compared as text."""
    seen = set()
    for matrix_set in root.iterfind("w:Contents/w:TileMatrixSet", NS):
        for name in texts(matrix_set, "w:WellKnownScaleSet"):
            seen.add(name)
            crs, table = WELL_KNOWN[name]
            assert texts(matrix_set, "ows:SupportedCRS") == [crs]
            scales = sorted((float(text) for text in texts(matrix_set, SCALE)), reverse=True)
            expected = [denominator for denominator, _ in table[: len(scales)]]
            assert scales == pytest.approx(expected, abs=1e-6, rel=0)
    assert seen == set(WELL_KNOWN) if service.is_suites else seen


@assertion(RESPONSE + "Theme.LayerRef.Valid", PROCEDURES)
def test_themes_refer_to_layers(root: etree._Element) -> None:
    """A.3.4.17."""
    refs = [ref.text for ref in root.iter(f"{{{NS['w']}}}LayerRef")]
    assert refs
    assert set(refs) <= set(texts(root, "w:Contents/w:Layer/ows:Identifier"))


def test_every_encoding_gives_the_same_document(service: Service) -> None:
    """Beyond the suite, which judges each alone."""
    plain, *others = (
        etree.tostring(_document(service, encoding), method="c14n", exclusive=True)
        for encoding in (*PROCEDURES, SOAP)
    )
    assert all(other == plain for other in others)
