"""Requests that nobody should send, sent by hand over real HTTP, and what each is told."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from lxml import etree

from tests.journeys.running import Answer, Server
from tests.protocols.schemas import assert_valid

OWS = "{http://www.opengis.net/ows/1.1}"
TILE = {
    "SERVICE": "WMTS",
    "REQUEST": "GetTile",
    "VERSION": "1.0.0",
    "LAYER": "france",
    "STYLE": "default",
    "FORMAT": "image/png",
    "TILEMATRIXSET": "WebMercatorQuad",
    "TILEMATRIX": "6",
    "TILEROW": "22",
    "TILECOL": "32",
}
RESOURCE = "/wmts/1.0.0/france/default/WebMercatorQuad/6/22/32.png"
MISSING, INVALID, RANGE = "MissingParameterValue", "InvalidParameterValue", "TileOutOfRange"
NOWHERE = "NoApplicableCode"


def kvp(**changes: str | None) -> str:
    """Return the request for a tile with raw values exchanged, or left out (None)."""
    values = {**TILE, **changes}
    pairs = (f"{name}={value}" for name, value in values.items() if value is not None)
    return f"/wmts?{'&'.join(pairs)}"


def told(answer: Answer) -> list[tuple[str, str | None]]:
    """Return code and locator of every exception of a valid report in the right namespace."""
    assert answer.type == "application/xml"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    root = assert_valid(answer.body)
    assert root.tag == f"{OWS}ExceptionReport"
    assert root.get("version") == "1.0.0"
    for exception in root:
        assert etree.tostring(exception, method="text", encoding="unicode").strip()
    return [(exception.get("exceptionCode"), exception.get("locator")) for exception in root]


def test_the_request_that_is_spoilt_below_is_good(demo_server: Server) -> None:
    """All refusals below would mean nothing."""
    one, other = demo_server.get(kvp()), demo_server.get(RESOURCE)
    assert (one.status, one.type) == (200, "image/png")
    assert one.body == other.body


WRONG_VALUES = [
    ("TILEROW", value, INVALID, "TileRow")
    for value in (
        *("1.0", "1e0", "+1", "%2B1", "%201", "1%20", "1_0", "0x16", "NaN", "inf", "-0", "--1"),
        *("22%00", "%00", "22%0A", "%D9%A2%D9%A2", "%EF%BC%92%EF%BC%92", "%C2%B2", "2%2E0", "%FF"),
        *("22,22", "22;22", "<b>", "%3Cscript%3E", "'", "%25", "%", "%2", "%zz", "%u0031"),
    )
] + [
    ("TILECOL", "1.5", INVALID, "TileCol"),
    ("TILEROW", "", MISSING, "TileRow"),
    ("TILEROW", "-1", RANGE, "TileRow"),
    ("TILEROW", "64", RANGE, "TileRow"),
    ("TILEROW", "5", RANGE, "TileRow"),
    ("TILECOL", "-9223372036854775809", RANGE, "TileCol"),
    ("TILECOL", "4294967328", RANGE, "TileCol"),
    ("TILECOL", "18446744073709551648", RANGE, "TileCol"),
    ("TILECOL", "1" * 5000, RANGE, "TileCol"),
    ("TILEMATRIX", "", MISSING, "TileMatrix"),
    ("TILEMATRIX", "25", INVALID, "TileMatrix"),
    ("TILEMATRIX", "06", INVALID, "TileMatrix"),
    ("TILEMATRIX", "6%00", INVALID, "TileMatrix"),
    ("TILEMATRIX", "LAMB93:6", INVALID, "TileMatrix"),
    ("TILEMATRIXSET", "", MISSING, "TileMatrixSet"),
    ("TILEMATRIXSET", "webmercatorquad", INVALID, "TileMatrixSet"),
    ("TILEMATRIXSET", "GoogleMapsCompatible", INVALID, "TileMatrixSet"),
    ("TILEMATRIXSET", "..%2FWebMercatorQuad", INVALID, "TileMatrixSet"),
    ("LAYER", "", MISSING, "Layer"),
    ("LAYER", "France", INVALID, "Layer"),
    ("LAYER", "france,world", INVALID, "Layer"),
    ("LAYER", "../france", INVALID, "Layer"),
    ("LAYER", "france%2F..%2Fworld", INVALID, "Layer"),
    ("LAYER", "france%00", INVALID, "Layer"),
    ("LAYER", "%ff%fe", INVALID, "Layer"),
    ("LAYER", "%C0%AF", INVALID, "Layer"),
    ("LAYER", "%ED%A0%80", INVALID, "Layer"),
    ("LAYER", "a" * 7000, INVALID, "Layer"),
    ("LAYER", "%3C%21%5BCDATA%5B%5D%5D%3E%0B%EF%BF%BE", INVALID, "Layer"),
    ("STYLE", "Default", INVALID, "Style"),
    ("STYLE", "heights", INVALID, "Style"),
    ("FORMAT", "", MISSING, "Format"),
    ("FORMAT", "png", INVALID, "Format"),
    ("FORMAT", "image/jpeg", INVALID, "Format"),
    ("FORMAT", "text/html", INVALID, "Format"),
    ("VERSION", "1.0", INVALID, "version"),
    ("VERSION", "2.0.0", INVALID, "version"),
    ("SERVICE", "", MISSING, "service"),
    ("SERVICE", "WMS", INVALID, "service"),
    ("REQUEST", "", MISSING, "request"),
    ("REQUEST", "GetMap", INVALID, "request"),
]


@pytest.mark.parametrize(
    ("name", "value", "code", "locator"),
    WRONG_VALUES,
    ids=lambda part: part if len(part) < 30 else f"{part[:10]}…{len(part)}",
)
def test_wrong_value_is_told_by_code_and_locator(
    demo_server: Server, name: str, value: str, code: str, locator: str
) -> None:
    """A value that is taken for another, a crash, or a client that is told nothing of use."""
    answer = demo_server.get(kvp(**{name: value}))
    assert answer.status == 400
    assert told(answer) == [(code, locator)]


@pytest.mark.parametrize("name", [name for name in TILE if name != "VERSION"])
def test_missing_parameter(demo_server: Server, name: str) -> None:
    """A default that nobody asked for, or another parameter blamed."""
    answer = demo_server.get(kvp(**{name: None}))
    assert answer.status == 400
    [(code, locator)] = told(answer)
    assert code == MISSING
    assert locator is not None
    assert locator.upper() == name


def test_several_missing_parameters_are_told_at_once(demo_server: Server) -> None:
    """A client that must ask once for each."""
    found = told(demo_server.get("/wmts?service=WMTS&request=GetTile&version=1.0.0"))
    assert {locator for _, locator in found} == {
        "Layer", "Style", "Format", "TileMatrixSet", "TileMatrix", "TileRow", "TileCol",
    }  # fmt: skip


@pytest.mark.parametrize(
    "target",
    [
        kvp(STYLE=""),
        kvp(VERSION=None),
        kvp(FORMAT="image%2Fpng"),
        kvp(FORMAT="IMAGE/PNG"),
        kvp(TILEROW="022"),
        kvp(TILEMATRIX="WebMercatorQuad:6"),
        kvp(SERVICE="wmts", REQUEST="gettile"),
        kvp() + "&TILEROW=22",
        kvp() + "&unknown=1&unknown=2&%ff=%fe&&=&a=b=c",
        "/wmts/?" + kvp().partition("?")[2],
        "/wmts?" + urlencode({name.lower(): value for name, value in TILE.items()}),
        "/wmts?" + urlencode(dict(reversed(TILE.items()))),
        kvp(LAYER="%66rance"),
        "/wmts?%4cAYER" + kvp(LAYER=None).replace("/wmts?", "=france&"),
        RESOURCE + "?v=3",
        RESOURCE.replace("france", "%66rance"),
        RESOURCE.replace("png", "PNG"),
        RESOURCE.replace("/default/", "//"),
    ],
)
def test_careless_clients_are_served(demo_server: Server, target: str) -> None:
    """Clients that are known to write addresses a little wrongly, left without a map."""
    answer = demo_server.get(target)
    assert answer.status == 200
    assert answer.body == demo_server.get(RESOURCE).body


@pytest.mark.parametrize(
    ("target", "locator"),
    [
        (kvp() + "&tilerow=23", "TileRow"),
        (kvp() + "&Layer=world", "Layer"),
        ("/wmts?request=GetCapabilities&service=WMTS&REQUEST=GetTile", "request"),
    ],
)
def test_contradicting_repetition_is_refused(
    demo_server: Server, target: str, locator: str
) -> None:
    """A cache in front that takes the other one of two values."""
    answer = demo_server.get(target)
    assert answer.status == 400
    assert (INVALID, locator) in told(answer)


METADATA = "service=WMTS&request=GetCapabilities"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", MISSING),
        ("?", MISSING),
        ("?&&&=&", MISSING),
        ("?GetCapabilities", MISSING),
        ("?" + "a=b&" * 200 + METADATA, INVALID),
        (f"?{METADATA}&sections=Everything", INVALID),
        (f"?{METADATA}&sections=", MISSING),
        (f"?{METADATA}&acceptversions=2.0.0,3.1", "VersionNegotiationFailed"),
        (f"?{METADATA}&updatesequence={'9' * 30}", "InvalidUpdateSequence"),
    ],
)
def test_wrong_query_is_refused(demo_server: Server, query: str, code: str) -> None:
    """A query that is no request, answered as if it were one."""
    answer = demo_server.get(f"/wmts{query}")
    assert answer.status == 400
    assert told(answer)[0][0] == code


def test_operation_that_is_not_offered_is_501(demo_server: Server) -> None:
    """A client that cannot tell what it mistook from what there is not (Table 24)."""
    pixel = {"I": "1", "J": "1", "InfoFormat": "text/html"}
    answer = demo_server.get(kvp(REQUEST="GetFeatureInfo", LAYER="relief", **pixel))
    assert answer.status == 501
    assert told(answer) == [("OperationNotSupported", "GetFeatureInfo")]


WRONG_PATHS = [
    (RESOURCE.replace("/22/", "/64/"), RANGE, "TileRow"),
    (RESOURCE.replace("/22/", "/-1/"), RANGE, "TileRow"),
    (RESOURCE.replace("/32.", "/33333333333333333333333."), RANGE, "TileCol"),
    (RESOURCE.replace("/22/", "/5/"), RANGE, "TileRow"),
    (RESOURCE.replace("/22/", "/22.0/"), INVALID, "TileRow"),
    (RESOURCE.replace("/32.", "/x."), INVALID, "TileCol"),
    (RESOURCE.replace("/32.", "/3%002."), INVALID, "TileCol"),
    (RESOURCE.replace("/32.", "/32.32."), INVALID, "TileCol"),
    (RESOURCE.replace("/6/", "/25/"), INVALID, "TileMatrix"),
    (RESOURCE.replace("/6/", "//"), MISSING, "TileMatrix"),
    (RESOURCE.replace("WebMercatorQuad", "Nowhere"), INVALID, "TileMatrixSet"),
    (RESOURCE.replace("default", "none"), INVALID, "Style"),
    (RESOURCE.replace("france", "nowhere"), INVALID, "Layer"),
    (RESOURCE.replace("france", "France"), INVALID, "Layer"),
    (RESOURCE.replace("france", ""), MISSING, "Layer"),
    (RESOURCE.replace("france", ".."), INVALID, "Layer"),
    (RESOURCE.replace("france", "%2e%2e"), INVALID, "Layer"),
    (RESOURCE.replace("france", "..%2F..%2Fetc%2Fpasswd"), INVALID, "Layer"),
    (RESOURCE.replace("france", "france%2Fdefault"), INVALID, "Layer"),
    (RESOURCE.replace("france", "france%00"), INVALID, "Layer"),
    (RESOURCE.replace("france", "france%25"), INVALID, "Layer"),
    (RESOURCE.replace("france", "france%20"), INVALID, "Layer"),
    (RESOURCE.replace("france", "%FF"), NOWHERE, None),
    (RESOURCE.replace("france", "%"), NOWHERE, None),
    (RESOURCE.replace("france", "%zz"), NOWHERE, None),
    (RESOURCE.replace(".png", ""), MISSING, "Format"),
    (RESOURCE.replace("png", "jpg"), INVALID, "Format"),
    (RESOURCE.replace("png", "exe"), INVALID, "Format"),
    (RESOURCE.replace("1.0.0", "2.0.0"), NOWHERE, None),
    (RESOURCE.replace("1.0.0/", ""), NOWHERE, None),
    (RESOURCE.replace("/france/", "/./france/"), NOWHERE, None),
    (RESOURCE.replace("/france/", "/../1.0.0/france/"), NOWHERE, None),
    (RESOURCE + "/", NOWHERE, None),
    ("/wmts/1.0.0", NOWHERE, None),
    ("/wmts/1.0.0/", NOWHERE, None),
    ("/wmts/1.0.0/wmtscapabilities.xml", NOWHERE, None),
    ("/wmts/1.0.0/" + "a/" * 2000, NOWHERE, None),
]


@pytest.mark.parametrize(
    ("target", "code", "locator"), WRONG_PATHS, ids=lambda part: str(part)[-60:]
)
def test_wrong_path_is_404_with_a_report(
    demo_server: Server, target: str, code: str, locator: str | None
) -> None:
    """A path that leads anywhere else than its text says, or a 404 that does not say why."""
    answer = demo_server.get(target)
    assert answer.status == 404
    assert told(answer) == [(code, locator)]


@pytest.mark.parametrize(
    "target",
    [
        *("/nothing", "/WMTS", "/wmts%2F1.0.0%2FWMTSCapabilities.xml", "/..", "/%2e%2e/", "//wmts"),
        *("/../../../etc/passwd", "/static/../app.py", "/static/%2e%2e/app.py", "/static//etc"),
        *("/static/..%2fapp.py", "/static/", "/static/%00", "/health/", "/metrics%00", "/%ff"),
        *("/.well-known/x", "/catalogue.yaml", "/examples/demo/catalogue.yaml", "/%", "/\\..\\x"),
    ],
)
def test_there_is_nothing_elsewhere(demo_server: Server, target: str) -> None:
    """A file of ours, or of the machine, that gets out."""
    answer = demo_server.get(target)
    assert answer.status == 404
    assert len(answer.body) < 200


@pytest.mark.parametrize("length", [9_000, 30_000])
def test_endless_addresses_are_refused(demo_server: Server, length: int) -> None:
    """Work done for an address that nobody honest sends."""
    for target in (kvp(LAYER="a" * length), "/wmts/1.0.0/" + "a" * length):
        assert demo_server.get(target).status == 414


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"FOO\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /wmts/\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ],
)
def test_what_is_not_http_is_400(demo_server: Server, request_bytes: bytes) -> None:
    """A connection that hangs, or a server that falls over bytes."""
    assert re.match(rb"HTTP/1.1 (400|505) ", demo_server.raw(request_bytes))
    assert demo_server.get(RESOURCE).status == 200


@pytest.mark.parametrize(
    "host",
    [b"a\r\nHost: b", b'a"<b', b"a b", b"a/b", b"a?b", b"a@b", b"a:port", b"[::1", b"a\\b"],
)
def test_hosts_that_are_none_get_into_no_document(demo_server: Server, host: bytes) -> None:
    """Addresses of somebody else's choice in a document that caches keep."""
    answer = demo_server.raw(
        b"GET /wmts/1.0.0/WMTSCapabilities.xml HTTP/1.1\r\nConnection: close\r\nHost: "
        + host
        + b"\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"<Capabilities" not in answer


def test_faults_of_the_client_are_no_faults_of_the_server(demo_server: Server) -> None:
    """Requests above that were answered as asked for, but met a fault on the way."""
    log = demo_server.log.read_text("utf-8")
    assert "request failed" not in log
    assert "Traceback" not in log
    assert demo_server.health()["status"] == "ok"
