"""Pasted addresses, kinds of documents, and addresses as they may be shown."""

from __future__ import annotations

import pytest

from tests.protocols.reading.shelf import data
from tuilerie.protocols.discovery import candidates
from tuilerie.protocols.recognise import explain, recognise
from tuilerie.protocols.redaction import redact_address, redact_text

A = "https://a.example"
WMTS = "SERVICE=WMTS&REQUEST=GetCapabilities"


@pytest.mark.parametrize(
    ("pasted", "kind", "address"),
    [
        (f"{A}/wmts?service=WMTS&request=GetCapabilities&version=1.0.0",
         "wmts", f"{A}/wmts?{WMTS}"),
        (f"{A}/x?request=getcapabilities&SERVICE=wmts",
         "wmts", f"{A}/x?{WMTS}"),
        ("  <www.server.com/wmts?REQUEST=GetCapabilities&service=WMTS>  ",
         "wmts", f"https://www.server.com/wmts?{WMTS}"),
        ("localhost:8080/geoserver/gwc/service/wmts",
         "wmts", f"http://localhost:8080/geoserver/gwc/service/wmts?{WMTS}"),
        (f"{A}/erdas-iws/ogc/wmts/",
         "wmts", f"{A}/erdas-iws/ogc/wmts/?{WMTS}"),
        (f"{A}/cgi?map=/x.map&service=WMS&request=GetMap&layers=a&bbox=1,2,3,4&key=k",
         "wms",
         f"{A}/cgi?map=/x.map&key=k&SERVICE=WMS&REQUEST=GetCapabilities"),
        (f"{A}/t?LAYER=a&TILEMATRIXSET=PM&TILEMATRIX=3&TILEROW=1&TILECOL=2&REQUEST=GetTile",
         "wmts", f"{A}/t?{WMTS}"),
        (f"{A}/wmts/1.0.0/layer/default/g/3/1/2.png",
         "wmts", f"{A}/wmts/1.0.0/WMTSCapabilities.xml"),
        (f"{A}/wmts/1.0.0/WMTSCapabilities.xml",
         "any", f"{A}/wmts/1.0.0/WMTSCapabilities.xml"),
        (f"{A}/arcgis/rest/services/X/MapServer",
         "arcgis", f"{A}/arcgis/rest/services/X/MapServer?f=json"),
        (f"{A}/arcgis/rest/services/X/MapServer/WMTS",
         "wmts", f"{A}/arcgis/rest/services/X/MapServer/WMTS/1.0.0/WMTSCapabilities.xml"),
        (f"{A}/tms/1.0.0/roads",
         "tms-map", f"{A}/tms/1.0.0/roads"),
        (f"{A}/tiles.json",
         "any", f"{A}/tiles.json"),
        ("https://a.example/{z}/{x}/{y}.png",
         "template", "https://a.example/{z}/{x}/{y}.png"),
        (f"{A}/map/12/2200/1400.png?key=1",
         "template", "https://a.example/map/{z}/{x}/{y}.png?key=1"),
        (f"{A}/service?",
         "wmts", f"{A}/service?{WMTS}"),
        (f"{A}/wms",
         "wms", f"{A}/wms?SERVICE=WMS&REQUEST=GetCapabilities"),
        (f"{A}/x?REQUEST=capabilities&WMTVER=1.0.0",
         "wms", f"{A}/x?SERVICE=WMS&REQUEST=GetCapabilities"),
    ],
)  # fmt: skip
def test_pasted(pasted: str, kind: str, address: str) -> None:
    first = candidates(pasted)[0]
    assert (first.kind, first.address) == (kind, address)


def test_without_a_scheme_the_other_one_comes_last() -> None:
    found = [candidate.address for candidate in candidates("a.example/wms")]
    assert found[-1] == "http://a.example/wms?SERVICE=WMS&REQUEST=GetCapabilities"


@pytest.mark.parametrize(
    "pasted", ["", "  <> ", "ftp://a.example/x", "https://", "https://a:99999/", "x" * 9000]
)
def test_what_is_no_address(pasted: str) -> None:
    with pytest.raises(ValueError):
        candidates(pasted)


@pytest.mark.parametrize(
    ("document", "kind", "code"),
    [
        ("plain.xml", "wmts", None),
        ("namespace-none.xml", "wmts", None),
        ("soap-envelope.xml", "wmts", None),
        ("wms-130.xml", "wms", None),
        ("wms-111.xml", "wms", None),
        ("tms-map.xml", "tms-map", None),
        ("page.html", "html-page", "html-page"),
        ("login.html", "login-page", "login-page"),
        ("exception.xml", "service-exception", "service-exception"),
        ("wfs.xml", "wfs", "wrong-service"),
        ("wcs.xml", "wcs", "wrong-service"),
        ("feed.xml", "xml", "not-capabilities"),
        ("not-closed.xml", "other", "not-xml"),
        ("entity-of-its-own.xml", "other", "entities"),
    ],
)
def test_recognised(document: str, kind: str, code: str | None) -> None:
    assert recognise(data(document)) == kind
    found = explain(data(document))
    assert (found.code if found else None) == code
    assert found is None or "12345" not in str(found)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b" \n", "empty"),
        (b"\x89PNG\r\n\x1a\n....", "image"),
        (b'{"tilejson":"2.0.0","tiles":[]}', "tilejson"),
        (b'{"currentVersion":10.3,"tileInfo":{}}', "arcgis"),
        (b'{"tileMatrixSetURI":"x","links":[]}', "ogc-tiles"),
        (b'{"error":{"code":499}}', "service-exception"),
        (b'{"a":1}', "json"),
        (b"plain words", "other"),
        (b"<!---->" * 5000 + b"<x/>", "xml"),
    ],
)
def test_recognised_bytes(content: bytes, kind: str) -> None:
    assert recognise(content) == kind


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("https://user:pa:ss@a.example/wmts", "pa:ss"),
        ("https://a.example/x?APIKEY=s3cr3t&LAYER=a", "s3cr3t"),
        ("https://a.example/x?layer=a&access_token=s3cr3t", "s3cr3t"),
        ("https://a.example/x?X-Amz-Signature=s3cr3t", "s3cr3t"),
        ("https://a.example/services;key=s3cr3t/tiles/1", "s3cr3t"),
        ("https://a.example/0123456789abcdef0123456789abcdef/geoportail/wmts", "0123456789abcdef"),
        ("https://a.example/f47ac10b-58cc-4372-a567-0e02b2c3d479/wmts", "f47ac10b"),
    ],
)
def test_secrets_are_not_shown(address: str, secret: str) -> None:
    assert secret not in redact_address(address)
    assert secret not in redact_text(f"could not ask {address}: it said no")
    assert "a.example" in redact_address(address)


def test_what_is_no_secret_is_shown() -> None:
    address = "https://a.example/wmts/1.0.0/layer/default/PM/3/1/2.png?LAYER=roads&STYLE=x"
    assert redact_address(address) == address
