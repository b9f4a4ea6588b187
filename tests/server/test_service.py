"""What clients see of WMTS over HTTP: headers, errors, documents, methods."""

from __future__ import annotations

import gzip
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from lxml import etree

from tests.server.served import (
    BLOCK,
    JPEG_DATA,
    KVP,
    PNG_DATA,
    REST,
    Client,
    SmallService,
    ask,
    catalogue,
    layer,
    live_of,
    parsed,
    serving,
)
from tuilerie.server.forwarded import TrustedProxies
from tuilerie.server.live import Live
from tuilerie.server.settings import ServerSettings

CAPABILITIES = "/wmts?service=WMTS&request=GetCapabilities"
DOCUMENT = "/wmts/1.0.0/WMTSCapabilities.xml"
OWS = "{http://www.opengis.net/ows/1.1}"


def report(body: bytes) -> list[tuple[str, str | None]]:
    root = etree.fromstring(body)
    assert root.tag == f"{OWS}ExceptionReport"
    return [
        (found.get("exceptionCode"), found.get("locator")) for found in root.iter(f"{OWS}Exception")
    ]


@pytest.mark.parametrize("target", [f"{REST}/8/1/1.png", f"{KVP}&tilematrix=8&tilerow=1&tilecol=1"])
def test_a_tile_has_all_its_headers(lane: int, target: str) -> None:
    """Clients and caches could not keep it, check it or use it on another site."""
    status, fields, body = ask(lane, target)
    assert status == 200
    assert body.startswith(PNG_DATA[:8])
    etag = fields.pop("etag")
    assert etag.startswith('"')
    assert etag.endswith('"')
    assert len(etag) == 34
    assert abs(parsedate_to_datetime(fields.pop("last-modified")).timestamp() - time.time()) < 600
    assert abs(parsedate_to_datetime(fields.pop("date")).timestamp() - time.time()) < 3
    assert fields == {
        "content-type": "image/png",
        "content-length": str(len(body)),
        "cache-control": "public, max-age=3600",
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "etag, last-modified, content-length",
        "x-content-type-options": "nosniff",
    }


def test_the_date_moves_on(lane: int) -> None:
    """Caches would take fresh answers for old ones."""
    first = ask(lane, f"{REST}/8/1/1.png")[1]["date"]
    time.sleep(1.2)
    assert ask(lane, f"{REST}/8/1/1.png")[1]["date"] > first


def test_head_is_get_without_a_body(lane: int) -> None:
    """Link checkers would see another answer, or wait for a body for ever."""
    got, asked = ask(lane, f"{REST}/8/1/1.png"), ask(lane, f"{REST}/8/1/1.png", method="HEAD")
    for answer in (got, asked):
        del answer[1]["date"]
    assert asked[:2] == got[:2]
    assert asked[2] == b""
    for target in ("/wmts?service=WMTS&request=GetCapabilities", "/wmts", "/health"):
        got, asked = ask(lane, target), ask(lane, target, method="HEAD")
        assert asked[0] == got[0]
        assert asked[1]["content-length"] == got[1]["content-length"] or target == "/health"


@pytest.mark.parametrize(
    ("max_age", "expected"),
    [(None, None), (0, "no-cache"), (60, "public, max-age=60")],
)
def test_cache_control_is_the_layers(
    filled: Path, max_age: int | None, expected: str | None
) -> None:
    """A layer that changes would be kept by browsers for an hour."""
    published = catalogue(layer(client_max_age_s=max_age))
    with serving(live_of(filled, published)) as (_, port):
        for target in (f"{REST}/8/1/1.png", f"{REST}/8/1/1.png", f"{REST}/8/1/5.png"):
            assert ask(port, target)[1].get("cache-control") == expected


def test_a_tile_that_is_not_at_hand_is_made(lane: int) -> None:
    """Only what was seeded would be served."""
    for _ in range(2):
        status, fields, body = ask(lane, f"{REST}/8/7/7.jpg")
        assert (status, fields["content-type"], body) == (200, "image/jpeg", JPEG_DATA)


@pytest.mark.parametrize(
    ("target", "status", "expected"),
    [
        (f"{REST}/8/300/1.png", 404, [("TileOutOfRange", "TileRow")]),
        (f"{REST}/8/1/300.png", 404, [("TileOutOfRange", "TileCol")]),
        (f"{REST}/99/1/1.png", 404, [("InvalidParameterValue", "TileMatrix")]),
        (f"{REST}/8/1/1.gif", 404, [("InvalidParameterValue", "Format")]),
        ("/wmts/1.0.0/nothing.xml", 404, [("NoApplicableCode", None)]),
        ("/wmts/1.0.1/WMTSCapabilities.xml", 404, [("NoApplicableCode", None)]),
        (f"{KVP}&tilematrix=8&tilerow=300&tilecol=1", 400, [("TileOutOfRange", "TileRow")]),
        (f"{KVP}&tilematrix=8&tilerow=x&tilecol=1", 400, [("InvalidParameterValue", "TileRow")]),
        (f"{KVP}&tilematrix=8&tilerow=1", 400, [("MissingParameterValue", "TileCol")]),
        ("/wmts?service=WMTS&request=Dance", 400, [("InvalidParameterValue", "request")]),
        (f"{KVP.replace('GetTile', 'GetFeatureInfo')}&tilematrix=8&tilerow=1&tilecol=1&i=1&j=1"
         "&infoformat=text/html", 501, [("OperationNotSupported", "GetFeatureInfo")]),
        (f"{CAPABILITIES}&acceptversions=9.9", 400, [("VersionNegotiationFailed", None)]),
        (f"{REST}/8/3/6.png", 500, [("NoApplicableCode", None)]),
    ],
)  # fmt: skip
def test_errors_are_reports_that_nobody_keeps(
    lane: int, target: str, status: int, expected: list | None
) -> None:
    """A mistake would be answered with a tile, kept by a cache, or tell of our files."""
    found, fields, body = ask(lane, target)
    assert found == status
    assert fields["content-type"] == "application/xml"
    assert fields["cache-control"] == "no-store"
    assert fields["access-control-allow-origin"] == "*"
    assert "etag" not in fields
    assert b"secret" not in body
    assert expected is None or report(body) == expected


def test_an_error_is_not_conditional(lane: int) -> None:
    """A client would be told that nothing changed where nothing is."""
    for target in (f"{REST}/8/300/1.png", f"{REST}/8/3/6.png", "/wmts"):
        assert ask(lane, target, "If-None-Match: *")[0] >= 400


@pytest.mark.parametrize(
    ("method", "target"),
    [
        (method, target)
        for method in ("POST", "PUT", "DELETE", "PATCH")
        for target in (f"{REST}/8/1/1.png", "/wmts", "/", "/health")
        if (method, target) != ("POST", "/wmts")
    ],
)
def test_other_methods_are_refused(lane: int, method: str, target: str) -> None:
    """DELETE on a tile would be answered with the tile (as others do)."""
    status, fields, _ = ask(lane, target, "Content-Length: 0", method=method)
    more = ", POST" if target == "/wmts" else ""
    assert (status, fields["allow"]) == (405, f"GET, HEAD, OPTIONS{more}")


def test_a_browser_may_ask_before_it_asks(lane: int) -> None:
    """A map on another site that sends a header of its own would stay empty."""
    status, fields, body = ask(
        lane, f"{REST}/8/1/1.png", "Origin: https://a.example",
        "Access-Control-Request-Method: GET", method="OPTIONS",
    )  # fmt: skip
    assert (status, body) == (204, b"")
    assert fields["access-control-allow-origin"] == "*"
    assert fields["access-control-allow-methods"] == "GET, HEAD, OPTIONS"


# Capabilities.


@pytest.mark.parametrize("target", [CAPABILITIES, DOCUMENT])
def test_capabilities_name_the_address_that_was_used(lane: int, target: str) -> None:
    """Clients would be sent to an address that they cannot reach."""
    status, fields, body = ask(lane, target)
    assert (status, fields["content-type"]) == (200, "application/xml")
    assert b'"http://maps.example.org/wmts?"' in body
    assert b"invalid" not in body
    assert etree.fromstring(body).get("updateSequence") == "20"


def test_capabilities_are_compressed_for_those_who_take_it(lane: int) -> None:
    """5,000 layers would be twenty megabytes for everybody; or bytes that a client cannot read."""
    plain = ask(lane, DOCUMENT)
    for accepted in ("gzip", "br;q=1, gzip;q=0.8", "*", "GZIP", "x-gzip"):
        status, fields, body = ask(lane, DOCUMENT, f"Accept-Encoding: {accepted}")
        assert (status, fields["content-encoding"]) == (200, "gzip")
        assert gzip.decompress(body) == plain[2]
        assert fields["etag"] != plain[1]["etag"]
        assert fields["content-type"] == "application/xml"
        assert "accept-encoding" in fields["vary"]
    for refused in (
        "",
        "identity",
        "gzip;q=0",
        "br",
        "gzip;q=0.1, identity;q=0.5",
        "gzip;q=x",
        "*;q=0",
    ):
        status, fields, body = ask(lane, DOCUMENT, f"Accept-Encoding: {refused}")
        assert (status, body, fields["etag"]) == (200, plain[2], plain[1]["etag"])
        assert "content-encoding" not in fields


def test_capabilities_are_not_sent_again_to_those_who_have_them(lane: int) -> None:
    """Every client would fetch the whole document at every start."""
    for encoding in ("Accept-Encoding: gzip", "Accept-Encoding: identity"):
        etag = ask(lane, DOCUMENT, encoding)[1]["etag"]
        status, fields, body = ask(lane, DOCUMENT, encoding, f"If-None-Match: {etag}")
        assert (status, body, fields["etag"]) == (304, b"", etag)
        assert fields["cache-control"] == "no-cache"
        assert "content-type" not in fields


def test_the_document_format_is_what_was_asked(lane: int) -> None:
    """Strict clients refuse a document of another type (07-057r7, Table 17; 10.1.1)."""
    assert ask(lane, CAPABILITIES + "&acceptformats=text/xml")[1]["content-type"] == "text/xml"
    assert ask(lane, DOCUMENT, "Accept: example/unknown")[0] == 406
    other = ask(lane, DOCUMENT, "Accept: application/xml;q=0, */*")
    assert (other[0], other[1]["content-type"]) == (200, "text/xml")
    assert ask(lane, DOCUMENT, "Accept: application/xml;q=0, text/xml;q=0, */*")[0] == 406
    for accept in (
        "*/*",
        "text/html,application/xml;q=0.9,*/*;q=0.8",
        "application/*",
        "",
        "application/xml; charset=utf-8",
    ):
        assert ask(lane, DOCUMENT, f"Accept: {accept}")[0] == 200


def test_sections_and_update_sequences(lane: int) -> None:
    """Clients that ask for a part would get the whole, and those that are up to date too."""
    assert b"<Contents>" not in ask(lane, CAPABILITIES + "&sections=ServiceProvider")[2]
    assert b"ServiceProvider" not in ask(lane, CAPABILITIES + "&updatesequence=20")[2]
    assert report(ask(lane, CAPABILITIES + "&updatesequence=99")[2]) == [
        ("InvalidUpdateSequence", None)
    ]


def test_the_clients_language_leads(lane: int) -> None:
    """Clients that read only the first title would show the wrong language."""
    french = ask(lane, DOCUMENT, "Accept-Language: de, fr-CA;q=0.5")[2]
    assert french.index(b"Le monde") < french.index(b"The world")
    english = ask(lane, DOCUMENT, "Accept-Language: fr;q=0, *")[2]
    assert english.index(b"The world") < english.index(b"Le monde")


def test_a_hostile_host_reaches_no_document(lane: int) -> None:
    """A shared cache would give others a document with a foreign address in it."""
    for host in ('x"><script>', "a b", "a/b", "a@b"):
        for target in (DOCUMENT, CAPABILITIES, "/"):
            status, _, body = ask_host(lane, target, host)
            assert status == 400
            assert host.encode() not in body


def ask_host(port: int, target: str, host: str):
    with Client(port) as client:
        client.send(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        return parsed(client.answer())


def test_a_trusted_proxy_and_a_prefix(filled: Path) -> None:
    """Behind a proxy the documents would name the inner address."""
    settings = {"prefix": "/geo", "trusted": TrustedProxies.parse(["127.0.0.1"])}
    with serving(live_of(filled, **settings)) as (_, port):
        fields = ("X-Forwarded-Proto: https", "X-Forwarded-Prefix: /outer")
        body = ask(port, f"/geo{DOCUMENT}", *fields)[2]
        assert b'"https://maps.example.org/outer/geo/wmts?"' in body
        assert ask(port, f"/geo{REST}/8/1/1.png")[0] == 200
        assert ask(port, "/geo/health")[0] == 200
        assert ask(port, "/geo/")[0] == 200
        for outside in (DOCUMENT, f"{REST}/8/1/1.png", "/health", "/", "/geograph"):
            assert ask(port, outside)[0] == 404


def test_the_configured_address_is_the_only_one(filled: Path) -> None:
    """A private name would get into public documents."""
    published = catalogue(base_url="https://maps.agency.example/a&b")
    with serving(live_of(filled, published)) as (_, port):
        body = ask(port, DOCUMENT)[2]
        assert b"https://maps.agency.example/a&amp;b/wmts?" in body
        assert b"maps.example.org" not in body


def test_the_front_page_and_nothing_else(lane: int) -> None:
    """There would be no map at `/`, or files of ours at some other path."""
    status, fields, body = ask(lane, "/", "Accept-Language: fr")
    assert (status, fields["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in fields["content-security-policy"]
    assert b"<html" in body
    assert ask(lane, "/front/layers.json")[0] == 200
    for path in (
        "/static/../app.py",
        "/static/x/%2e%2e/app.py",
        "/favicon.icon",
        "/%00",
        "/%ff",
        "/etc/passwd",
    ):
        assert ask(lane, path)[0] == 404


def test_a_state_is_exchanged_as_a_whole(tmp_path: Path) -> None:
    """After a reload old answers would be given, or requests under way would fail."""
    first = SmallService(catalogue(), tmp_path / "a")
    second = SmallService(catalogue(layer("other"), revision=21), tmp_path / "b")
    live = Live(first, ServerSettings())
    with serving(live) as (server, port):
        assert ask(port, f"{REST}/8/1/1.png")[0] == 200
        assert ask(port, f"{REST}/8/1/1.png")[0] == 200
        assert live.current.answers.by_line
        loop = server.servers[0].get_loop()
        loop.call_soon_threadsafe(live.swap, second)
        deadline = time.monotonic() + 5
        while not first.closed and time.monotonic() < deadline:
            time.sleep(0.02)
        assert first.closed
        assert ask(port, f"{REST}/8/1/1.png")[0] == 404
        assert ask(port, f"{REST.replace('world', 'other')}/8/1/1.png")[0] == 200
        assert b'updateSequence="21"' in ask(port, DOCUMENT)[2]
    assert second.closed


def test_layers_without_a_cache_are_made_each_time(tmp_path: Path) -> None:
    """A layer that the operator wants made anew would be kept for half a minute."""
    published = catalogue()
    object.__setattr__(published, "caches", {"default": SimpleNamespace(kind="none")})
    service = SmallService(published, tmp_path)
    live = Live(service, ServerSettings())
    with serving(live) as (_, port):
        for _ in range(3):
            assert ask(port, f"{REST}/8/3/5.png")[0] == 200
    assert service.made == 3


def test_an_aged_answer_is_looked_up_again(tmp_path: Path) -> None:
    """A tile past its layer's age would be served from memory for ever."""
    published = catalogue(layer(expire_after_s=10))
    service = SmallService(published, tmp_path)
    with serving(Live(service, ServerSettings())) as (server, port):
        for _ in range(2):  # made in 2023: too old to be kept ready
            assert ask(port, f"{REST}/8/3/5.png")[0] == 200
        assert service.made == 2
        assert not server.live.current.answers.by_line


def test_a_prefix_without_its_slash_leads_to_the_front_page(tmp_path: Path) -> None:
    """A person who types /maps would find nothing there."""
    live = Live(SmallService(catalogue(), tmp_path), ServerSettings(prefix="/maps"))
    with serving(live) as (_, port):
        status, headers, _ = ask(port, "/maps")
        assert (status, headers["location"]) == (308, "http://maps.example.org/maps/")
        assert ask(port, "/maps/")[0] == 200
        assert ask(port, "/mapsy")[0] == 404


def test_a_tile_is_not_younger_than_its_answer(tmp_path: Path) -> None:
    """A cache would take a tile that was long in the making for one from the future."""
    service = SmallService(catalogue(), tmp_path)
    service.slowness_s = 1.2
    with serving(Live(service, ServerSettings())) as (_, port):
        status, fields, _ = ask(port, f"{REST}/8/7/7.jpg")
        made, sent = (parsedate_to_datetime(fields[name]) for name in ("last-modified", "date"))
        assert status == 200
        assert made <= sent


@pytest.mark.parametrize("target", ["/", "/health", "/nothing", f"{REST}/8/2/2.png", f"{KVP}&x=1"])
def test_every_answer_has_one_date_and_has_it_first(lane: int, no_lane: int, target: str) -> None:
    """A client could not tell how old an answer is, or would be told twice."""
    for port in (lane, no_lane):
        with Client(port) as client:
            client.send(f"GET {target}".encode() + BLOCK)
            lines = client.answer().partition(b"\r\n\r\n")[0].split(b"\r\n")
        assert [line.startswith(b"date: ") for line in lines] == [False, True] + [False] * (
            len(lines) - 2
        )
