"""The ServiceMetadata document: one for all encodings, written from a catalogue (7.1.1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tuilerie.catalogue.metadata import Theme
from tuilerie.catalogue.model import Catalogue
from tuilerie.protocols import ows, percent
from tuilerie.protocols.inspire import SCHEMA_LOCATION as INSPIRE_LOCATION
from tuilerie.protocols.inspire import response_language, write_extended_capabilities
from tuilerie.protocols.operations import Method, write_operation
from tuilerie.protocols.wmts.contents import write_contents
from tuilerie.protocols.wmts.negotiate import COMPLETE, MEDIA_TYPES
from tuilerie.protocols.wmts.requests import NAMESPACE, SECTIONS, VERSION
from tuilerie.protocols.wmts.rest import CAPABILITIES_PATH, KVP_PATH
from tuilerie.protocols.wmts.wsdl import WSDL_ROLE, wsdl_url
from tuilerie.protocols.xml import XmlWriter

__all__ = ["write_capabilities"]

_LOCATION = f"{NAMESPACE} http://schemas.opengis.net/wmts/1.0/wmtsGetCapabilities_response.xsd"

_OPERATIONS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "GetCapabilities": {
        "AcceptVersions": (VERSION,),
        "Sections": (*SECTIONS, "All"),
        "AcceptFormats": MEDIA_TYPES,
    },
    "GetTile": {"version": (VERSION,)},
    "GetFeatureInfo": {"version": (VERSION,)},
}
"""What is offered, the last if some layer is queryable, and the values of those parameters for
which the standard has a list."""


def write_capabilities(
    catalogue: Catalogue,
    *,
    base_url: str,
    sections: Collection[str] = COMPLETE,
    languages: Sequence[str] = (),
) -> bytes:
    """Return the ServiceMetadata document of a catalogue, in UTF-8.

    Args:
        catalogue: the published state; unlisted layers are left out.
        base_url: the service's public address without a trailing slash; the client sees no other.
        sections: names of Table 18 (`negotiate` makes them); with none, the root element alone.
        languages: BCP 47 tags, best first, whose texts come first; all languages are written.

    Source: OGC 07-057r7, 7.1.1 and Annex B; REST by clause 10, WSDL by F.2.
    """
    base_url = percent.encode_address(base_url)
    service = catalogue.service
    if service.inspire is not None:
        # INSPIRE wants to be told in which language the answer is; so it has to be in one.
        languages = (response_language(service.inspire, languages), *languages)
    xml = XmlWriter()
    _start(xml, catalogue, sections)
    if "ServiceIdentification" in sections:
        ows.write_service_identification(
            xml, service, service_type="OGC WMTS", versions=[VERSION], languages=languages
        )
    if "ServiceProvider" in sections:
        ows.write_service_provider(xml, service.provider, name=service.title.best(tuple(languages)))
    if "OperationsMetadata" in sections:
        _write_operations(xml, catalogue, base_url, languages)
    if "Contents" in sections:
        write_contents(xml, catalogue, base_url, languages)
    if "Themes" in sections:
        for themes in catalogue.themes.values():
            xml.start("Themes")
            for theme in themes:
                _write_theme(xml, theme, languages)
            xml.end()
    # Whoever asks for some sections gets nothing beside them.
    if set(sections) >= COMPLETE:
        xml.empty("WSDL", [("xlink:role", WSDL_ROLE), ("xlink:href", wsdl_url(base_url))])
        xml.empty("ServiceMetadataURL", [("xlink:href", f"{base_url}{CAPABILITIES_PATH}")])
    xml.end()
    return xml.document()


def _start(xml: XmlWriter, catalogue: Catalogue, sections: Collection[str]) -> None:
    # Single blanks: the official suite splits here at blanks, not at white space.
    location = _LOCATION
    if catalogue.service.inspire is not None and "OperationsMetadata" in sections:
        location += f" {INSPIRE_LOCATION}"
    xml.start(
        "Capabilities",
        [
            ("xmlns", NAMESPACE),
            ("xmlns:ows", ows.NAMESPACE),
            ("xmlns:xlink", ows.XLINK),
            ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
            ("xsi:schemaLocation", location),
            ("version", VERSION),
            ("updateSequence", str(catalogue.revision)),
        ],
    )


def _write_operations(
    xml: XmlWriter, catalogue: Catalogue, base_url: str, languages: Sequence[str]
) -> None:
    """Write what can be asked by procedures; resources have no place here (7.1.1.1.1)."""
    methods = (
        Method("Get", f"{base_url}{KVP_PATH}?", ["KVP"]),
        Method("Post", f"{base_url}{KVP_PATH}", ["KVP", "SOAP", "XML"]),
    )
    queryable = any(layer.listed and layer.info.formats for layer in catalogue.layers.values())
    xml.start("ows:OperationsMetadata")
    for name, parameters in _OPERATIONS.items():
        if queryable or name != "GetFeatureInfo":
            write_operation(xml, name, methods, parameters)
    if catalogue.service.inspire is not None:
        write_extended_capabilities(
            xml,
            catalogue.service.inspire,
            capabilities_url=f"{base_url}{CAPABILITIES_PATH}",
            languages=languages,
        )
    xml.end()


def _write_theme(xml: XmlWriter, theme: Theme, languages: Sequence[str]) -> None:
    """Write a theme with those within it (Table 16)."""
    xml.start("Theme")
    ows.write_description(
        xml, theme.title, theme.abstract, theme.keywords, languages, theme.keyword_groups
    )
    xml.text("ows:Identifier", theme.identifier)
    for inner in theme.themes:
        _write_theme(xml, inner, languages)
    for layer in theme.layers:
        xml.text("LayerRef", layer)
    xml.end()
