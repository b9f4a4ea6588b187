"""XML that stands beside a raster or for one, read so that GDAL cannot read anything else in it.

GDAL's own parser takes bytes for UTF-8 whatever they declare, names in any case, attributes for
elements, and knows no namespaces. What we judge must be what it will see, so we force its encoding
on ours and compare names as it does.
"""

from __future__ import annotations

from xml.etree import ElementTree

__all__ = ["XmlTextError", "name_of", "parse_xml"]


class XmlTextError(ValueError):
    """The text is not XML that both parsers read alike; the message says why, for an operator."""


def parse_xml(data: bytes) -> ElementTree.Element:
    """Return the root element of a document in UTF-8, with or without a byte order mark.

    Raises:
        XmlTextError: another encoding, whatever is declared; a document type, so that there is
            no entity to expand; a namespace; not well-formed.
    """
    if data[:2] in _UTF16 or b"\0" in data[:4]:
        raise XmlTextError("is not written in UTF-8")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise XmlTextError("has a document type")
    try:
        # The encoding is ours, so what was searched above is what is parsed.
        root = ElementTree.fromstring(data, ElementTree.XMLParser(encoding="utf-8"))  # noqa: S314 - no DTD
    except ElementTree.ParseError as error:
        raise XmlTextError(f"is not well-formed XML in UTF-8: {error}") from error
    if any(element.tag.startswith("{") for element in root.iter()):
        raise XmlTextError("uses an XML namespace")
    return root


def name_of(name: str) -> str:
    """Return the name of an element or attribute as GDAL compares it."""
    return name.lower()


_UTF16 = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks; without one, a zero in the first four bytes tells UTF-16 and UTF-32 (XML 1.0,
appendix F)."""
