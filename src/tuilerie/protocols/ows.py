"""The elements that all OGC web services share (OWS Common 1.1, OGC 06-121r3), written.

Prefix `ows` is bound to NAMESPACE, `xlink` to XLINK; the caller's root element declares them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tuilerie.catalogue.metadata import KeywordGroup, MetadataLink
from tuilerie.catalogue.model import Contact, Provider, ServiceInfo, Text
from tuilerie.grids import BoundingBox, Crs
from tuilerie.protocols.xml import XmlWriter

__all__ = [
    "NAMESPACE",
    "XLINK",
    "OwsException",
    "exception_report",
    "number",
    "write_bounding_box",
    "write_description",
    "write_metadata",
    "write_service_identification",
    "write_service_provider",
    "write_wgs84_bounding_box",
]

NAMESPACE = "http://www.opengis.net/ows/1.1"
XLINK = "http://www.w3.org/1999/xlink"

_NONE = Text()
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)


class OwsException(NamedTuple):
    """One exception of a report; `locator` None where the standard wants none."""

    code: str
    locator: str | None
    text: str


def exception_report(exceptions: Sequence[OwsException], language: str = "en") -> bytes:
    """Return an ExceptionReport with all exceptions; the first decides the HTTP status.

    The namespace is that of OWS 1.1, which WMTS 1.0.0 is built on, and `version` is that of the
    operation's standard.

    Raises: ValueError: no exceptions.
    Source: OGC 06-121r3, clause 8; OGC 07-057r7, 7.1.2.2 and 7.2.2.2.
    """
    if not exceptions:
        raise ValueError("a report holds at least one exception")
    xml = XmlWriter()
    attributes = [("xmlns:ows", NAMESPACE), ("version", "1.0.0"), *_language(language)]
    xml.start("ows:ExceptionReport", attributes)
    for exception in exceptions:
        coded = [("exceptionCode", exception.code)]
        if exception.locator is not None:
            coded.append(("locator", exception.locator))
        xml.start("ows:Exception", coded)
        xml.text("ows:ExceptionText", exception.text)
        xml.end()
    xml.end()
    return xml.document()


def number(value: float) -> str:
    """Return a number as xs:double reads back exactly: the shortest such, at most 17 digits."""
    if math.isfinite(value):
        return repr(value + 0.0)  # never "-0.0"
    return "NaN" if math.isnan(value) else ("INF" if value > 0 else "-INF")


def write_description(
    xml: XmlWriter,
    title: Text,
    abstract: Text = _NONE,
    keywords: Sequence[Text] = (),
    languages: Sequence[str] = (),
    groups: Sequence[KeywordGroup] = (),
) -> None:
    """Write Title, Abstract and Keywords in every language there is, `languages` first.

    All languages are kept (10.7.3 lets the client choose); but many clients look only at the
    first element, so the preferred one leads.

    Source: OGC 06-121r3, 10.7; ows:DescriptionType.
    """
    for name, text in (("ows:Title", title), ("ows:Abstract", abstract)):
        for tag, variant in _ordered(text, languages):
            xml.text(name, variant, _language(tag))
    _write_keywords(xml, keywords, languages)
    for group in groups:
        _write_keywords(xml, group.keywords, languages, group)


def _write_keywords(
    xml: XmlWriter,
    keywords: Sequence[Text],
    languages: Sequence[str],
    group: KeywordGroup | None = None,
) -> None:
    """Write one list of keywords, "that shall all have the same type"."""
    words = [pair for keyword in keywords for pair in _ordered(keyword, languages)]
    if not words:
        return
    xml.start("ows:Keywords")
    for tag, variant in words:
        xml.text("ows:Keyword", variant, _language(tag))
    if group is not None:
        authority = [("codeSpace", group.code_space)] if group.code_space else []
        xml.text("ows:Type", group.type, authority)
    xml.end()


def write_service_identification(
    xml: XmlWriter,
    service: ServiceInfo,
    *,
    service_type: str,
    versions: Iterable[str],
    languages: Sequence[str] = (),
) -> None:
    """Write the ServiceIdentification section.

    Source: OGC 06-121r3, 7.4.3.
    """
    xml.start("ows:ServiceIdentification")
    write_description(
        xml,
        service.title,
        service.abstract,
        service.keywords,
        languages,
        service.keyword_groups,
    )
    xml.text("ows:ServiceType", service_type)
    for version in versions:
        xml.text("ows:ServiceTypeVersion", version)
    _texts(xml, [("ows:Profile", profile) for profile in service.profiles])
    _texts(xml, [("ows:Fees", service.fees)])
    _texts(xml, [("ows:AccessConstraints", text) for text in service.access_constraints])
    xml.end()


def write_service_provider(xml: XmlWriter, provider: Provider, *, name: str) -> None:
    """Write the ServiceProvider section; `name` stands in for a provider without one.

    ProviderName and ServiceContact are mandatory and come in this order, even if empty: clients
    fail without them.

    Source: OGC 06-121r3, 7.4.4.
    """
    xml.start("ows:ServiceProvider")
    xml.text("ows:ProviderName", provider.name or name)
    if provider.site:
        xml.empty("ows:ProviderSite", [("xlink:href", provider.site)])
    _write_contact(xml, provider.contact)
    xml.end()


def write_metadata(xml: XmlWriter, element: str, link: MetadataLink) -> None:
    """Write a link to metadata elsewhere: ows:Metadata or ows:OtherSource.

    Source: OGC 06-121r3, Table 32; ows:MetadataType.
    """
    attributes = (
        ("xlink:href", link.href),
        ("xlink:role", link.role),
        ("xlink:title", link.title),
        ("about", link.about),
    )
    xml.empty(element, [(name, value) for name, value in attributes if value])


def write_wgs84_bounding_box(xml: XmlWriter, bounds: BoundingBox) -> None:
    """Write a WGS84BoundingBox: degrees, longitude first.

    Bounds with left > right cross the antimeridian. OWS Common (10.2.5, C.13) leaves it to each
    service how to say so, WMTS says nothing, and clients take the first longitude for the lesser:
    a box that runs backwards hides the layer, longitudes above 180 are refused. Two boxes are
    valid by the schema but not by Table 6 ("zero or one"), and clients read the first. So the
    box goes round the Earth: "can be approximate" (Table 6, note b), and every client finds the
    data in it.

    Source: OGC 06-121r3, 10.2; OGC 07-057r7, Table 6.
    """
    if bounds.left > bounds.right:
        bounds = BoundingBox(-180.0, bounds.bottom, 180.0, bounds.top)
    xml.start("ows:WGS84BoundingBox")
    _write_corners(xml, (bounds.left, bounds.bottom), (bounds.right, bounds.top))
    xml.end()


def write_bounding_box(xml: XmlWriter, bounds: BoundingBox, crs: Crs, name: str = "") -> None:
    """Write a BoundingBox in the axis order of its CRS; `name` replaces the CRS's own URN.

    Source: OGC 06-121r3, 10.2.
    """
    first = crs.to_wire(bounds.left, bounds.bottom)
    second = crs.to_wire(bounds.right, bounds.top)
    xml.start("ows:BoundingBox", [("crs", name or crs.urn)])
    _write_corners(xml, first, second)
    xml.end()


def _write_corners(xml: XmlWriter, lower: tuple[float, float], upper: tuple[float, float]) -> None:
    xml.text("ows:LowerCorner", f"{number(lower[0])} {number(lower[1])}")
    xml.text("ows:UpperCorner", f"{number(upper[0])} {number(upper[1])}")


def _write_contact(xml: XmlWriter, contact: Contact) -> None:
    xml.start("ows:ServiceContact")
    _texts(
        xml,
        [("ows:IndividualName", contact.individual), ("ows:PositionName", contact.position)],
    )
    phone = [("ows:Voice", contact.phone), ("ows:Facsimile", contact.fax)]
    address = [
        ("ows:DeliveryPoint", contact.street),
        ("ows:City", contact.city),
        ("ows:AdministrativeArea", contact.administrative_area),
        ("ows:PostalCode", contact.postal_code),
        ("ows:Country", contact.country),
        ("ows:ElectronicMailAddress", contact.email),
    ]
    rest = [
        ("ows:HoursOfService", contact.hours),
        ("ows:ContactInstructions", contact.instructions),
    ]
    if contact.url or any(value for _, value in phone + address + rest):
        xml.start("ows:ContactInfo")
        for name, group in (("ows:Phone", phone), ("ows:Address", address)):
            if any(value for _, value in group):
                xml.start(name)
                _texts(xml, group)
                xml.end()
        if contact.url:
            xml.empty("ows:OnlineResource", [("xlink:href", contact.url)])
        _texts(xml, rest)
        xml.end()
    _texts(xml, [("ows:Role", contact.role)])
    xml.end()


def _texts(xml: XmlWriter, pairs: Iterable[tuple[str, str]]) -> None:
    for name, value in pairs:
        if value:
            xml.text(name, value)


def _ordered(text: Text, languages: Sequence[str]) -> Sequence[tuple[str, str]]:
    if not languages or len(text.variants) < 2:
        return text.variants
    wanted = [language.lower() for language in languages]

    def rank(variant: tuple[str, str]) -> float:
        tag = variant[0].lower()
        for position, language in enumerate(wanted):
            if tag == language:
                return position
            if tag.split("-")[0] == language.split("-")[0]:
                return position + 0.5
        return len(wanted)

    return sorted(text.variants, key=rank)


def _language(tag: str) -> list[tuple[str, str]]:
    # xml:lang="" would say "not known"; and a tag that is none would make the document invalid.
    return [("xml:lang", tag)] if _LANGUAGE_TAG.fullmatch(tag) else []
