"""The extended capabilities of an INSPIRE view service, in a document of OWS Common 1.1.

INSPIRE's schema lets its element take the place of ows:ExtendedCapabilities (a substitution
group), and INSPIRE's tests look for it there. A validator that has the OGC's schemas alone, such
as the official suite's, refuses that; within ows:ExtendedCapabilities, where anything may stand,
it is valid for both. So that is what is written, unless the operator wants it bare.

Source: Technical guidance for INSPIRE view services 3.11, 5.2.3.3; common/1.0/network.xsd.
"""

from __future__ import annotations

from collections.abc import Sequence

from tuilerie.catalogue.metadata import Conformity, Inspire, InspireService
from tuilerie.protocols.xml import XmlWriter

__all__ = [
    "SCHEMA_LOCATION",
    "requested_language",
    "response_language",
    "write_extended_capabilities",
]

_VIEW = "http://inspire.ec.europa.eu/schemas/inspire_vs_ows11/1.0"
_COMMON = "http://inspire.ec.europa.eu/schemas/common/1.0"

SCHEMA_LOCATION = f"{_VIEW} {_VIEW}/inspire_vs_ows_11.xsd"
"""What xsi:schemaLocation says more."""

# fmt: off
_ISO_639_2B = {
    "bg": "bul", "cs": "cze", "da": "dan", "de": "ger", "el": "gre", "en": "eng",
    "es": "spa", "et": "est", "fi": "fin", "fr": "fre", "ga": "gle", "hu": "hun",
    "it": "ita", "lt": "lit", "lv": "lav", "mt": "mlt", "nl": "dut", "pl": "pol",
    "pt": "por", "ro": "rum", "sk": "slo", "sl": "slv", "sv": "swe",
}
# fmt: on
_GEMET = ("GEMET - INSPIRE themes", "2008-06-01")


def requested_language(inspire: Inspire, code: str) -> str:
    """Return the language that a request's LANGUAGE means, else the default one.

    Codes are those of ISO 639-2/B, and a language that is not supported gets the service's
    default one, says the Technical guidance for INSPIRE view services 3.11.
    """
    wanted = code.strip().lower()
    for tag in inspire.languages:
        if _ISO_639_2B[tag] == wanted:
            return tag
    return inspire.languages[0]


def response_language(inspire: Inspire, languages: Sequence[str]) -> str:
    """Return the first language that the service has of those wanted, else its default one."""
    for language in languages:
        tag = language.lower().split("-")[0]
        if tag in inspire.languages:
            return tag
    return inspire.languages[0]


def write_extended_capabilities(
    xml: XmlWriter, inspire: Inspire, *, capabilities_url: str, languages: Sequence[str]
) -> None:
    """Write the element at the end of OperationsMetadata.

    Args:
        xml: where to.
        inspire: what to say.
        capabilities_url: address of the document itself.
        languages: what the client reads, the best first.
    """
    if not inspire.bare:
        xml.start("ows:ExtendedCapabilities")
    xml.start(
        "inspire_vs:ExtendedCapabilities",
        [("xmlns:inspire_vs", _VIEW), ("xmlns:inspire_common", _COMMON)],
    )
    record = (inspire.metadata_url, inspire.metadata_type)
    if inspire.service is not None:
        _write_service(xml, inspire.service, capabilities_url)
    else:
        _write_locator(xml, "MetadataUrl", *record)
    _write_languages(xml, inspire, languages)
    if inspire.service is not None and inspire.metadata_url:
        _write_locator(xml, "MetadataUrl", *record)
    xml.end()
    if not inspire.bare:
        xml.end()


def _write_languages(xml: XmlWriter, inspire: Inspire, languages: Sequence[str]) -> None:
    first, *others = inspire.languages
    _start(xml, "SupportedLanguages")
    _write_language(xml, "DefaultLanguage", first)
    for language in others:
        _write_language(xml, "SupportedLanguage", language)
    xml.end()
    _write_language(xml, "ResponseLanguage", response_language(inspire, languages))


def _write_service(xml: XmlWriter, service: InspireService, capabilities_url: str) -> None:
    _write_locator(xml, "ResourceLocator", capabilities_url, "application/xml")
    _text(xml, "ResourceType", "service")
    _start(xml, "TemporalReference")
    for name, date in (
        ("DateOfCreation", service.created),
        ("DateOfLastRevision", service.revised),
        ("DateOfPublication", service.published),
    ):
        _text(xml, name, date)
    xml.end()
    for conformity in service.conformity:
        _write_conformity(xml, conformity)
    _start(xml, "MetadataPointOfContact")
    _text(xml, "OrganisationName", service.organisation)
    _text(xml, "EmailAddress", service.email)
    xml.end()
    _text(xml, "MetadataDate", service.metadata_date)
    _text(xml, "SpatialDataServiceType", "view")
    _start(xml, "MandatoryKeyword")
    _text(xml, "KeywordValue", "infoMapAccessService")
    xml.end()
    for keyword in service.keywords:
        _start(xml, "Keyword")
        _start(xml, "OriginatingControlledVocabulary")
        _text(xml, "Title", _GEMET[0])
        _text(xml, "DateOfPublication", _GEMET[1])
        xml.end()
        _text(xml, "KeywordValue", keyword)
        xml.end()


def _write_conformity(xml: XmlWriter, conformity: Conformity) -> None:
    _start(xml, "Conformity")
    _start(xml, "Specification")
    _text(xml, "Title", conformity.title)
    _text(xml, "DateOfPublication", conformity.date)
    _text(xml, "URI", conformity.uri)
    if conformity.url:
        _start(xml, "ResourceLocator")
        _text(xml, "URL", conformity.url)
        xml.end()
    xml.end()
    _text(xml, "Degree", conformity.degree)
    xml.end()


def _write_locator(xml: XmlWriter, name: str, url: str, media_type: str) -> None:
    _start(xml, name)
    _text(xml, "URL", url)
    _text(xml, "MediaType", media_type)
    xml.end()


def _write_language(xml: XmlWriter, name: str, language: str) -> None:
    _start(xml, name)
    _text(xml, "Language", _ISO_639_2B[language])
    xml.end()


def _start(xml: XmlWriter, name: str) -> None:
    xml.start(f"inspire_common:{name}")


def _text(xml: XmlWriter, name: str, text: str) -> None:
    if text:
        xml.text(f"inspire_common:{name}", text)
