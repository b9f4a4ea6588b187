"""Reading XML from strangers: what is in it, and what must not be able to hurt."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tuilerie.protocols.xml_reading import (
    MAX_ATTRIBUTES,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_ELEMENTS,
    Element,
    read_xml,
)

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "%b">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
    + b"]><l>&a11;</l>"
)


def test_what_is_in_a_document_is_read() -> None:
    """Requests would be misread."""
    root = read_xml(
        b'<?xml version="1.0"?><!-- c --><?pi x?><a:r xmlns:a="urn:a" xmlns="urn:d" x=" 1 "'
        b' a:y="2"> t<!-- c -->e<![CDATA[<x>]]>t&amp;&#65;\n<b/>s<c xmlns=""/></a:r>'
    )
    assert (root.namespace, root.name, root.text) == ("urn:a", "r", "te<x>t&A\ns")
    assert root.attribute("x") == "1"
    assert root.attribute("y", "urn:a") == "2"
    assert root.attribute("y") == root.attribute("x", "urn:a") == ""
    assert root.plain_attributes == ["x"]
    assert [(child.namespace, child.name) for child in root.children] == [("urn:d", "b"), ("", "c")]


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        ("<a>é</a>".encode(), ""),
        ("\ufeff<a>é</a>".encode(), ""),
        ('<?xml version="1.0" encoding="UTF-16"?><a>é</a>'.encode("utf-16"), ""),
        ("<a>é</a>".encode("utf-16"), "utf-8"),
        ("<a>é</a>".encode("utf-16-be"), "utf-16be"),
        ("<a>é</a>".encode("utf-16-le"), ""),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1"), ""),
        ('<?xml version="1.0" encoding="UTF-8"?><a>é</a>'.encode("latin-1"), "iso-8859-1"),
        ('<?xml version="1.0" encoding="windows-1252"?><a>é</a>'.encode("cp1252"), ""),
    ],
)
def test_encodings_are_heeded(data: bytes, charset: str) -> None:
    """A layer with an accent could not be asked for; the byte order mark and HTTP come first."""
    assert read_xml(data, charset).text == "é"


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        (b"", ""),
        (b"   ", ""),
        (b"text", ""),
        (b"<a>", ""),
        (b"<a></b>", ""),
        (b"<a/><b/>", ""),
        (b"<a>&nbsp;</a>", ""),
        (b"<a>&#0;</a>", ""),
        (b"<a>\x00</a>", ""),
        (b"<a b='1' b='2'/>", ""),
        (b"<p:a/>", ""),
        (b"<a xmlns='x&#10;y'/>", ""),
        (b"<a>\xff</a>", ""),
        (b"<a>\xed\xa0\x80</a>", ""),
        ("<a/>".encode("utf-32"), ""),
        ('<?xml version="1.0" encoding="UTF-8"?><a/>'.encode("utf-16"), ""),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', ""),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', ""),
        (b'<?xml version="1.0" encoding="big5"?><a/>', ""),
        (b'<?xml version="1.0" encoding="rot13"?><a/>', ""),
        (b"<a/>", "base64"),
        (b"<a/>", "a\x00b"),
        (b"<a/>", "\udcff"),
        (b"<a/>", "x" * 10_000),
        (b"<!DOCTYPE a><a/>", ""),
        (b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", ""),
        (b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>", ""),
        (b"<!DOCTYPE a [<!ENTITY % e SYSTEM 'http://127.0.0.1:1/x'> %e;]><a/>", ""),
        (LAUGHS, ""),
        (b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1), ""),
        (b"<a>" * 100_000, ""),
        (b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>", ""),
        (b"<a %b/>" % b" ".join(b"a%d=''" % n for n in range(MAX_ATTRIBUTES + 1)), ""),
        (b"<a>" + b" " * MAX_BYTES + b"</a>", ""),
        (b"<a>" + b"x" * 10_000_000 + b"</a>", ""),
    ],
    ids=lambda value: repr(value[:30]),
)
def test_what_is_no_plain_document_is_refused_at_once(data: bytes, charset: str) -> None:
    """One request would stop the server, read its files, or make it ask other hosts."""
    started = time.perf_counter()
    with pytest.raises(ValueError, match=r"\.$") as refusal:
        read_xml(data, charset)
    assert time.perf_counter() - started < 0.5
    assert "root:" not in str(refusal.value)


def test_the_bounds_themselves_are_within() -> None:
    """A signed envelope would be refused."""
    read_xml(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH)
    read_xml(b"<a>" + b"<b/>" * (MAX_ELEMENTS - 1) + b"</a>")
    read_xml(b"<a %b/>" % b" ".join(b"a%d=''" % n for n in range(MAX_ATTRIBUTES)))
    read_xml(b"<a>" + b"\n" * (MAX_BYTES - 7) + b"</a>")


def shape(element: Element) -> tuple:
    return (element.namespace, element.name, [shape(child) for child in element.children])


def lxml_shape(element: etree._Element) -> tuple:
    name = etree.QName(element)
    return (
        name.namespace or "",
        name.localname,
        [lxml_shape(child) for child in element if isinstance(child.tag, str)],
    )


@given(st.binary(max_size=60) | st.text("<a>/ b='\"x:mlns&;![CDTA]-?", max_size=60).map(str.encode))
def test_nothing_but_a_refusal_comes_of_rubbish(data: bytes) -> None:
    """A document that breaks the reader would be answered 500, or read otherwise than it is."""
    try:
        root = read_xml(data)
    except ValueError:
        return
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    assert shape(root) == lxml_shape(etree.fromstring(data, parser))
