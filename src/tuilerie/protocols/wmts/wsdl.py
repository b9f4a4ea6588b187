"""The concrete WSDL of one server, and where the schemas that it imports are found (Annex F).

The abstract part is the OGC's own file, served unchanged but for its import addresses: everything
that a client needs to make itself out of the description comes from this server.

Choices:
- Annex F binds SOAP by the WSDL namespace of SOAP 1.1, though clause 9 speaks SOAP 1.2. Both are
  described; 1.2 comes first, since clients take the first port they can use.
- soapAction is by the template of F.5 with "wmts"; the example of F.6 has "wms" in it.
- soap:address is the address of POST, not "the same value of the <ows:Get xlink:href>" (F.5), which
  has to end in "?" (A.3.4.4), where that of POST may not.
- GetFeatureInfo is bound because the abstract part has it, offered or not: WS-I Basic Profile
  (R2718) wants a binding for each operation.
"""

from __future__ import annotations

import posixpath
import re
from typing import Final

from tuilerie.protocols import percent
from tuilerie.protocols.wmts.rest import KVP_PATH
from tuilerie.protocols.xml import XmlWriter

__all__ = ["SCHEMAS_PATH", "WSDL_QUERY", "WSDL_ROLE", "served_schema", "write_wsdl", "wsdl_url"]

WSDL_QUERY: Final = "WSDL"
"""The query that asks for the description, in any case (F.2, third way)."""
WSDL_ROLE: Final = "http://schemas.xmlsoap.org/wsdl/1.0"
"""xlink:role of the WSDL element in the ServiceMetadata document (F.2)."""
SCHEMAS_PATH: Final = "/schemas/"
"""Below it are the schemas, in the layout of schemas.opengis.net; those of the W3C in w3c/."""

_OPERATIONS: Final = ("GetCapabilities", "GetTile", "GetFeatureInfo")
_ABSTRACT: Final = "wmts/1.0/wmtsAbstract.wsdl"
_NAMES: Final = "http://www.opengis.net/wmts_wsdl/1.0"
_BINDINGS: Final = (
    ("soap12", "WMTS_SOAP12_Binding"),
    ("soap", "WMTS_SOAP_Binding"),
)


def wsdl_url(base_url: str) -> str:
    """Return the address of the description, for the WSDL element of ServiceMetadata (Table 3)."""
    return f"{percent.encode_address(base_url)}{KVP_PATH}?{WSDL_QUERY}"


def write_wsdl(base_url: str) -> bytes:
    """Return the concrete WSDL of the service at a public address without a trailing slash.

    The import is relative to `wsdl_url`, so that a client follows it on the way it came.

    Source: OGC 07-057r7, F.5 and F.6.
    """
    address = percent.encode_address(base_url) + KVP_PATH
    xml = XmlWriter()
    xml.start(
        "definitions",
        [
            ("name", "WMTS"),
            ("targetNamespace", _NAMES),
            ("xmlns", "http://schemas.xmlsoap.org/wsdl/"),
            ("xmlns:wmts_wsdl", _NAMES),
            ("xmlns:http", "http://schemas.xmlsoap.org/wsdl/http/"),
            ("xmlns:mime", "http://schemas.xmlsoap.org/wsdl/mime/"),
            ("xmlns:soap", "http://schemas.xmlsoap.org/wsdl/soap/"),
            ("xmlns:soap12", "http://schemas.xmlsoap.org/wsdl/soap12/"),
        ],
    )
    abstract = SCHEMAS_PATH.removeprefix("/") + _ABSTRACT
    xml.empty("import", [("namespace", _NAMES), ("location", abstract)])
    for prefix, binding in _BINDINGS:
        _write_soap_binding(xml, prefix, binding)
    _write_get_binding(xml)
    xml.start("service", [("name", "WMTS")])
    for port, binding, kind, location in (
        ("WMTS-SOAP12-Port", "WMTS_SOAP12_Binding", "soap12", address),
        ("WMTS-SOAP-Port", "WMTS_SOAP_Binding", "soap", address),
        ("WMTS-GET-Port", "WMTS_HTTP_GET_Binding", "http", address + "?"),
    ):
        xml.start("port", [("name", port), ("binding", f"wmts_wsdl:{binding}")])
        xml.empty(f"{kind}:address", [("location", location)])
        xml.end()
    xml.end()
    xml.end()
    return xml.document()


def _write_soap_binding(xml: XmlWriter, prefix: str, name: str) -> None:
    """Write the binding of one version of SOAP: document style, literal use."""
    xml.start("binding", [("name", name), ("type", "wmts_wsdl:WMTS_HTTP_Port_SOAP")])
    xml.empty(
        f"{prefix}:binding",
        [("style", "document"), ("transport", "http://schemas.xmlsoap.org/soap/http")],
    )
    for operation in _OPERATIONS:
        xml.start("operation", [("name", operation)])
        action = f"http://www.opengis.net/wmts/requests#{operation}"
        xml.empty(f"{prefix}:operation", [("soapAction", action)])
        for way in ("input", "output"):
            xml.start(way)
            xml.empty(f"{prefix}:body", [("use", "literal")])
            xml.end()
        xml.start("fault", [("name", "exception")])
        xml.empty(f"{prefix}:fault", [("name", "exception"), ("use", "literal")])
        xml.end()
        xml.end()
    xml.end()


def _write_get_binding(xml: XmlWriter) -> None:
    """Write the binding of KVP by GET."""
    xml.start(
        "binding", [("name", "WMTS_HTTP_GET_Binding"), ("type", "wmts_wsdl:WMTS_HTTP_Port_GET")]
    )
    xml.empty("http:binding", [("verb", "GET")])
    for operation in _OPERATIONS:
        xml.start("operation", [("name", operation)])
        xml.empty("http:operation", [("location", "")])
        xml.start("input")
        xml.empty("http:urlEncoded")
        xml.end()
        xml.start("output")
        if operation == "GetTile":
            xml.empty("mime:content", [("type", "image/*")])
        else:
            xml.empty("mime:mimeXml")
        xml.end()
        xml.start("fault", [("name", "exception")])
        xml.empty("mime:mimeXml")
        xml.end()
        xml.end()
    xml.end()


def served_schema(path: str, data: bytes) -> bytes:
    """Return a schema or abstract WSDL as it is served at its path below SCHEMAS_PATH.

    Imports by public address point to the copies beside it, by relative addresses that hold under
    every host and prefix. Two types that restrict a list to a length of two become plain lists:
    zeep, the SOAP client of Python, fails on any such restriction (its issue 803), and no document
    of ours is told apart by it.
    """
    folder = posixpath.dirname(path)

    def beside(found: re.Match[bytes]) -> bytes:
        url = found[2].decode("ascii")
        for public, place in _PUBLIC:
            if url.startswith(public):
                target = place + url.removeprefix(public)
                return found[1] + posixpath.relpath(target, folder).encode("ascii") + b'"'
        return found[0]

    return _PAIR.sub(_plain_list, _LOCATION.sub(beside, data))


def _plain_list(found: re.Match[bytes]) -> bytes:
    return b'<list itemType="%b"/>' % _ITEMS[found[1]]


_LOCATION: Final = re.compile(rb'(\sschemaLocation\s*=\s*")(https?://[^"\s]+)"')
_PUBLIC: Final = (
    ("http://schemas.opengis.net/", ""),
    ("http://www.w3.org/1999/xlink.xsd", "w3c/1999/xlink.xsd"),
    ("http://www.w3.org/2001/xml.xsd", "w3c/2001/xml.xsd"),
    ("http://www.w3.org/2009/01/xml.xsd", "w3c/2001/xml.xsd"),
)
_PAIR: Final = re.compile(
    rb'<restriction base="(ows:PositionType|gml:integerOrNullList)">\s*'
    rb'<length value="2"/>\s*</restriction>'
)
_ITEMS: Final = {
    b"ows:PositionType": b"double",
    b"gml:integerOrNullList": b"gml:integerOrNull",
}
"""What the lists are lists of."""
