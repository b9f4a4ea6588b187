"""What a service owes to browsers, proxies and caches: methods, conditions, compression."""

from __future__ import annotations

import gzip
import re
import socket
import time
from email.utils import formatdate, parsedate_to_datetime

import pytest

from tests.journeys.conftest import CAPABILITIES
from tests.journeys.running import Answer, Server, eventually

TILE = "/wmts/1.0.0/madagascar/default/madagascar/4000/0/0.png"
KVP_TILE = (
    "/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=madagascar&STYLE=default"
    "&FORMAT=image/png&TILEMATRIXSET=madagascar&TILEMATRIX=4000&TILEROW=0&TILECOL=0"
)
ROUTES = [TILE, KVP_TILE, CAPABILITIES, "/", "/health", "/metrics", "/nothing", "/wmts?service=WMS"]
ALLOWED = {"GET", "HEAD", "OPTIONS"}


@pytest.fixture
def tile(demo_server: Server) -> Answer:
    """The answer for a tile."""
    answer = demo_server.get(TILE)
    assert answer.status == 200
    return answer


@pytest.mark.parametrize("target", ROUTES)
def test_head_is_get_without_the_body(demo_server: Server, target: str) -> None:
    """A HEAD that says something else, or that sends a body which the next answer begins with."""
    get, head = demo_server.get(target), demo_server.get(target, method="HEAD")
    assert head.status == get.status
    assert head.body == b""
    passing = {"date", "content-length"} if target in ("/health", "/metrics") else {"date"}
    assert {name: value for name, value in head.headers.items() if name not in passing} == {
        name: value for name, value in get.headers.items() if name not in passing
    }


def _allowed(target: str) -> set[str]:
    """Return the methods of a route: requests with a body are for /wmts alone."""
    return ALLOWED | {"POST"} if target.partition("?")[0] == "/wmts" else ALLOWED


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
@pytest.mark.parametrize("target", [TILE, KVP_TILE, CAPABILITIES, "/", "/nothing"])
def test_other_methods_are_405(demo_server: Server, method: str, target: str) -> None:
    """A method that changes things, taken for one that does not."""
    allowed = _allowed(target)
    if method in allowed:
        return  # a way to ask there
    answer = demo_server.get(target, method=method)
    assert answer.status == 405
    assert set(answer.headers["allow"].replace(" ", "").split(",")) == allowed


def test_body_of_a_refused_method_is_no_next_request(demo_server: Server) -> None:
    """A request smuggled in the body of one that was refused."""
    smuggled = f"GET {TILE} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    answer = demo_server.raw(
        b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b"
        % (TILE.encode(), len(smuggled), smuggled)
    )
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("target", ROUTES)
def test_options_are_told_to_other_sites(demo_server: Server, target: str) -> None:
    """A map on another site whose browser asks first."""
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "GET"}
    answer = demo_server.get(target, headers, "OPTIONS")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert set(answer.headers["access-control-allow-methods"].split(", ")) == _allowed(target)


@pytest.mark.parametrize("target", ROUTES)
def test_every_answer_may_be_read_by_other_sites(demo_server: Server, target: str) -> None:
    """A map on another site that may not read tiles, or not what is wrong with its requests."""
    answer = demo_server.get(target, {"Origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("target", "media_type", "magic"),
    [
        ("/wmts/1.0.0/world/default/WebMercatorQuad/4/5/8.jpg", "image/jpeg", b"\xff\xd8\xff"),
        ("/wmts/1.0.0/world/default/WebMercatorQuad/4/5/8.png", "image/png", b"\x89PNG"),
        ("/wmts/1.0.0/world/default/WebMercatorQuad/4/5/8.webp", "image/webp", b"RIFF"),
        ("/wmts/1.0.0/surface/default/WebMercatorQuad/4/5/8.png8", "image/png", b"\x89PNG"),
        # JPEG where sheets fill the tile, PNG where one is missing.
        ("/wmts/1.0.0/sheets/default/WebMercatorQuad/7/43/70.mixed", "image/jpeg", b"\xff\xd8\xff"),
        ("/wmts/1.0.0/sheets/default/WebMercatorQuad/4/4/7.mixed", "image/png", b"\x89PNG"),
    ],
)  # fmt: skip
def test_tiles_are_what_they_are_called(
    demo_server: Server, target: str, media_type: str, magic: bytes
) -> None:
    """A type that is not that of the bytes: browsers guess, and other clients fail."""
    answer = demo_server.get(target)
    assert (answer.status, answer.type) == (200, media_type)
    assert answer.body.startswith(magic)


def test_tiles_say_how_long_they_are_good(tile: Answer) -> None:
    """A cache that asks each time, or never again."""
    assert tile.headers["cache-control"] == "public, max-age=3600"
    assert tile.headers["content-length"] == str(len(tile.body))
    made = parsedate_to_datetime(tile.headers["last-modified"]).timestamp()
    assert made <= time.time() + 1
    assert len(tile.headers["etag"]) == 34
    assert "vary" not in tile.headers


def matching(etag: str) -> list[str]:
    """Return values of If-None-Match that hold an entity tag."""
    return [
        etag, f"W/{etag}", "*", f'"other", {etag}', f'W/"a",W/{etag},"b"', f"  {etag}  ",
        f', , {etag},', f'"with,comma", {etag}', f'"", {etag}',
    ]  # fmt: skip


def not_matching(etag: str) -> list[str]:
    """Return values of If-None-Match that do not hold it, or are none."""
    bare = etag.strip('"')
    return [f'"x{bare}"', bare, f'"{bare}', f'"{bare.upper()}X"', '""', "", "W/", f'"a {etag}"']


@pytest.mark.parametrize("target", [TILE, KVP_TILE, CAPABILITIES])
def test_what_the_client_has_is_not_sent_again(demo_server: Server, target: str) -> None:
    """Tiles sent again and again, or a 304 for something that the client does not have."""
    fresh = demo_server.get(target)
    etag = fresh.headers["etag"]
    for value in matching(etag):
        answer = demo_server.get(target, {"If-None-Match": value})
        assert (answer.status, answer.body) == (304, b""), value
        assert answer.headers["etag"] == etag
        assert answer.headers["cache-control"] == fresh.headers["cache-control"]
        assert "content-type" not in answer.headers
    for value in not_matching(etag):
        assert demo_server.get(target, {"If-None-Match": value}).body == fresh.body, value


def test_time_counts_only_without_a_tag(demo_server: Server, tile: Answer) -> None:
    """If-Modified-Since obeyed against If-None-Match (RFC 9110, 13.2.2), or a date misread."""
    made = parsedate_to_datetime(tile.headers["last-modified"]).timestamp()
    now, before = formatdate(made, usegmt=True), formatdate(made - 1, usegmt=True)
    late = formatdate(made + 86400, usegmt=True)
    for since, status in (
        *((now, 304), (late, 304), (before, 200)),
        *(("yesterday", 200), ("0", 200), ("Sunday", 200), ("", 200)),
    ):
        answer = demo_server.get(TILE, {"If-Modified-Since": since})
        assert answer.status == status, since
    both = {"If-Modified-Since": late, "If-None-Match": '"other"'}
    assert demo_server.get(TILE, both).status == 200


def test_conditions_on_a_tile_that_is_not_yet_made(demo_server: Server) -> None:
    """A 304 for a tile that is made for this very request and that the client cannot know."""
    cold = TILE.replace("4000/0/0", "2000/2/1")
    answer = demo_server.get(cold, {"If-None-Match": '"d41d8cd98f00b204e9800998ecf8427e"'})
    assert answer.status == 200
    assert answer.body.startswith(b"\x89PNG")


@pytest.mark.parametrize("accept", ["gzip", "deflate, gzip;q=0.5", "br, GZIP", "*", "x-gzip"])
def test_capabilities_are_compressed_for_those_who_take_it(
    demo_server: Server, accept: str
) -> None:
    """Megabytes of text over a slow line, or one entity tag for two different bodies."""
    plain = demo_server.get(CAPABILITIES)
    packed = demo_server.get(CAPABILITIES, {"Accept-Encoding": accept})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 4
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "accept-encoding" in packed.headers["vary"]
    assert "accept-encoding" in plain.headers["vary"]


@pytest.mark.parametrize(
    "accept", ["gzip;q=0", "identity", "identity, gzip;q=0.1", "br", "gzip;q=x"]
)
def test_capabilities_are_not_compressed_for_others(demo_server: Server, accept: str) -> None:
    """A document that the client said it cannot read."""
    answer = demo_server.get(CAPABILITIES, {"Accept-Encoding": accept})
    assert "content-encoding" not in answer.headers
    assert answer.body.startswith(b"<?xml")


def test_document_that_the_client_would_not_take_is_406(demo_server: Server) -> None:
    """XML for a client that said it reads something else only (OGC 07-057r7, 10.1.1)."""
    assert demo_server.get(CAPABILITIES, {"Accept": "text/html"}).status == 406
    for accept in ("application/xml", "text/html, */*;q=0.1", "application/*", ""):
        assert demo_server.get(CAPABILITIES, {"Accept": accept}).status == 200


def test_pipelined_requests_are_answered_in_order(demo_server: Server, tile: Answer) -> None:
    """A fast answer that overtakes a slow one on the same connection."""
    request = "GET {} HTTP/1.1\r\nHost: a\r\n{}\r\n"
    answer = demo_server.raw(
        (
            request.format("/nothing", "")
            + request.format(TILE, "")
            + request.format("/wmts/1.0.0/nowhere", "")
            + request.format(TILE, "Connection: close\r\n")
        ).encode()
    )
    assert re.findall(rb"HTTP/1.1 (\d+) ", answer) == [b"404", b"200", b"404", b"200"]
    assert answer.count(tile.body) == 2


def test_bytes_that_dribble_are_one_request(demo_server: Server, tile: Answer) -> None:
    """A request in several packets, read as several or refused."""
    request = f"GET {TILE} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", demo_server.port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(request), 16):
            connection.sendall(request[start : start + 16])
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(tile.body)


def test_ready_answers_are_those_of_the_cache_and_of_the_application(
    demo_server: Server, tile: Answer
) -> None:
    """Three ways that a tile takes through the server, and something else at the end of one."""
    slow = demo_server.get(TILE, {"Expect": "", "TE": "trailers"})
    for other in (slow, demo_server.get(TILE), demo_server.get(KVP_TILE)):
        assert other.body == tile.body
        same = {name: value for name, value in other.headers.items() if name != "date"}
        assert same == {name: value for name, value in tile.headers.items() if name != "date"}


def test_access_log_has_a_line_for_every_request(demo_server: Server) -> None:
    """A request that left no trace, or a line that a client's bytes broke in two."""
    mark = f"mark-{time.time_ns()}"
    demo_server.get(f"{TILE}?{mark}")
    demo_server.get(f"/nothing/{mark}%0d%0aGET")
    demo_server.get(f"/wmts?service={mark}\\n\"'")

    def lines() -> list[str]:
        found = [line for line in demo_server.access.read_text().splitlines() if mark in line]
        return found if len(found) == 3 else []

    statuses = [
        [word for word in line.split() if word in ("200", "404", "400")]
        for line in eventually(lines, "three lines in the access log", within_s=10)
    ]
    assert statuses == [["200"], ["404"], ["400"]]
