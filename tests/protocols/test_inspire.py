"""INSPIRE's extended capabilities: in their order, valid for WMTS clients, only where wanted.

INSPIRE's schemas are not in the project. Their order of elements (common/1.0/network.xsd,
ExtendedCapabilitiesType) is written down here, and the form itself was checked against them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from tests.protocols.published import a_rich_catalogue
from tests.protocols.schemas import assert_valid, wmts_schema
from tuilerie.catalogue.metadata import Conformity, Inspire, InspireService
from tuilerie.protocols.wmts.capabilities import write_capabilities

NS = {
    "w": "http://www.opengis.net/wmts/1.0",
    "ows": "http://www.opengis.net/ows/1.1",
    "vs": "http://inspire.ec.europa.eu/schemas/inspire_vs_ows11/1.0",
    "c": "http://inspire.ec.europa.eu/schemas/common/1.0",
}
SECTION = "ows:OperationsMetadata"
RECORD = Inspire(("fr", "en", "de"), "https://example.org/csw?id=1&x=2", "application/xml")
SERVICE = InspireService(
    metadata_date="2026-01-31",
    organisation="Agency & <Co>",
    email="maps@example.org",
    conformity=(
        Conformity(
            "Regulation <1089>", "2010-12-08", "notEvaluated", "urn:x:1", "https://eu/x?a&b"
        ),
        Conformity("Another", "2013-12-30", "conformant"),
    ),
    created="2025-03-01",
    published="2025-06-01",
    keywords=("Orthoimagery", "Elevation"),
)


def document(inspire, **options):
    catalogue = a_rich_catalogue()
    catalogue = replace(catalogue, service=replace(catalogue.service, inspire=inspire))
    return write_capabilities(catalogue, base_url="https://maps.example.org/a", **options)


def outline(element):
    return [etree.QName(child).localname for child in element]


def texts(element, path):
    return [found.text for found in element.iterfind(path, NS)]


def test_nothing_is_said_where_the_operator_says_nothing():
    """A service outside the Union would claim to be one of INSPIRE's."""
    assert b"inspire" not in write_capabilities(a_rich_catalogue(), base_url="https://x.org")


def test_scenario_1_refers_to_a_record():
    """MetadataUrl, SupportedLanguages, ResponseLanguage: a choice of the schema, in its order."""
    root = assert_valid(document(RECORD))
    element = root.find(f"{SECTION}/ows:ExtendedCapabilities/vs:ExtendedCapabilities", NS)
    assert outline(element) == ["MetadataUrl", "SupportedLanguages", "ResponseLanguage"]
    assert texts(element, "c:MetadataUrl/*") == [RECORD.metadata_url, "application/xml"]
    assert texts(element, "c:SupportedLanguages/c:DefaultLanguage/c:Language") == ["fre"]
    assert texts(element, "c:SupportedLanguages/c:SupportedLanguage/c:Language") == ["eng", "ger"]
    location = root.get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation").split(" ")
    assert location[2:] == [NS["vs"], f"{NS['vs']}/inspire_vs_ows_11.xsd"]


def test_scenario_2_says_all():
    """Every element that is mandatory there, in the order of the schema."""
    root = assert_valid(document(replace(RECORD, service=SERVICE)))
    element = root.find(f"{SECTION}/ows:ExtendedCapabilities/vs:ExtendedCapabilities", NS)
    assert outline(element) == [
        "ResourceLocator",
        "ResourceType",
        "TemporalReference",
        *("Conformity", "Conformity"),
        "MetadataPointOfContact",
        "MetadataDate",
        "SpatialDataServiceType",
        "MandatoryKeyword",
        *("Keyword", "Keyword"),
        "SupportedLanguages",
        "ResponseLanguage",
        "MetadataUrl",
    ]
    assert texts(element, "c:ResourceLocator/c:URL") == [
        "https://maps.example.org/a/wmts/1.0.0/WMTSCapabilities.xml"
    ]
    assert outline(element.find("c:TemporalReference", NS)) == [
        "DateOfCreation",
        "DateOfPublication",
    ]
    assert texts(element, "c:Conformity/c:Degree") == ["notEvaluated", "conformant"]
    assert texts(element, "c:MetadataPointOfContact/*") == ["Agency & <Co>", "maps@example.org"]
    assert texts(element, "c:MandatoryKeyword/c:KeywordValue") == ["infoMapAccessService"]
    without = document(replace(RECORD, service=SERVICE, metadata_url=""))
    assert b"MetadataUrl" not in without


@pytest.mark.parametrize(
    ("wanted", "told"),
    [((), "fre"), (("en-GB", "fr"), "eng"), (("ja", "de"), "ger"), (("ja",), "fre")],
)
def test_the_language_of_the_answer_is_the_one_that_is_told(wanted, told):
    """ResponseLanguage would be a lie if the titles came in another language."""
    root = assert_valid(document(RECORD, languages=wanted))
    assert texts(root, f"{SECTION}//c:ResponseLanguage/c:Language") == [told]
    first = root.find("ows:ServiceIdentification/ows:Title", NS)
    if told != "ger":  # nothing is said in German
        assert first.get("{http://www.w3.org/XML/1998/namespace}lang") == told[:2]


def test_bare_as_inspire_itself_looks_for_it():
    """Straight in OperationsMetadata; then only INSPIRE's schemas make it valid, as documented."""
    root = etree.fromstring(document(replace(RECORD, bare=True)))
    element = root.find(f"{SECTION}/vs:ExtendedCapabilities", NS)
    assert element is not None
    assert not wmts_schema().validate(root)
    element.getparent().remove(element)
    assert wmts_schema().validate(root)


def test_other_sections_do_not_mention_it():
    """A document of contents alone has no need of INSPIRE's schemas."""
    assert b"inspire" not in document(RECORD, sections={"Contents", "Themes"})
