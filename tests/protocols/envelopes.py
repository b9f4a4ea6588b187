"""Requests in XML and SOAP as clients write them, for the tests of reading and serving."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

WMTS = "http://www.opengis.net/wmts/1.0"
OWS = "http://www.opengis.net/ows/1.1"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAPS = (SOAP_12, SOAP_11)
TYPES = {
    SOAP_12: "application/soap+xml; charset=utf-8",
    SOAP_11: "text/xml; charset=utf-8",
}

TILE = (
    ("Layer", "world"),
    ("Style", "default"),
    ("Format", "image/png"),
    ("TileMatrixSet", "WebMercatorQuad"),
    ("TileMatrix", "8"),
    ("TileRow", "1"),
    ("TileCol", "2"),
)


def get_tile(
    parts: Iterable[tuple[str, str]] = TILE,
    attributes: str = 'service="WMTS" version="1.0.0"',
    name: str = "GetTile",
) -> str:
    """A GetTile element; values are markup."""
    inside = "".join(f"<{part}>{value}</{part}>" for part, value in parts)
    return f'<{name} xmlns="{WMTS}" {attributes}>{inside}</{name}>'


INFO = (("J", "86"), ("I", "132"), ("InfoFormat", "text/plain"))


def get_feature_info(
    parts: Iterable[tuple[str, str]] = INFO,
    tile: str = "",
    attributes: str = 'service="WMTS" version="1.0.0"',
) -> str:
    """A GetFeatureInfo element around that of a tile; values are markup."""
    inside = "".join(f"<{part}>{value}</{part}>" for part, value in parts)
    return (
        f'<GetFeatureInfo xmlns="{WMTS}" {attributes}>{tile or get_tile()}{inside}</GetFeatureInfo>'
    )


def tile_with(**changes: str) -> list[tuple[str, str]]:
    """The parts of a GetTile, some with other values."""
    return [(name, changes.get(name, value)) for name, value in TILE]


def tile_without(*names: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in TILE if name not in names]


def get_capabilities(inside: str = "", attributes: str = 'service="WMTS"') -> str:
    """A GetCapabilities element; `inside` uses the prefix ows."""
    return (
        f'<GetCapabilities xmlns="{WMTS}" xmlns:ows="{OWS}" {attributes}>{inside}</GetCapabilities>'
    )


def envelope(content: str, version: str = SOAP_12, header: str = "") -> bytes:
    """An envelope around markup; `header` uses the prefix soap."""
    head = f"<soap:Header>{header}</soap:Header>" if header else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soap:Envelope xmlns:soap="{version}">{head}<soap:Body>{content}</soap:Body>'
        "</soap:Envelope>"
    ).encode()


def content_of(answer: bytes, version: str = SOAP_12) -> etree._Element:
    """The one element in the Body of an answer."""
    root = etree.fromstring(answer)
    assert root.tag == f"{{{version}}}Envelope"
    body = root.find(f"{{{version}}}Body")
    (content,) = body
    return content


def report_of(answer: bytes, version: str = SOAP_12) -> etree._Element:
    """The exception report of a fault, which must be as clause 9.4 says."""
    fault = content_of(answer, version)
    assert fault.tag == f"{{{version}}}Fault"
    if version == SOAP_12:
        s = f"{{{SOAP_12}}}"
        assert [child.tag for child in fault] == [f"{s}Code", f"{s}Reason", f"{s}Detail"]
        assert fault.findtext(f"{s}Code/{s}Value") == "soap:Receiver"
        text = fault.find(f"{s}Reason/{s}Text")
        assert text.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
        assert text.text == "A server exception was encountered."
    else:
        assert [child.tag for child in fault] == ["faultcode", "faultstring", "detail"]
        assert fault.findtext("faultcode") == "soap:Server"
        assert fault.findtext("faultstring") == "A server exception was encountered."
    (report,) = fault[-1]
    assert report.tag == f"{{{OWS}}}ExceptionReport"
    return report


def told(report: etree._Element) -> list[tuple[str, str | None]]:
    """Codes and locators of a report."""
    return [
        (found.get("exceptionCode"), found.get("locator"))
        for found in report.iter(f"{{{OWS}}}Exception")
    ]
