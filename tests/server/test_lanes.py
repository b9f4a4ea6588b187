"""Both lanes answer the same bytes: whoever is sent down the other must not notice."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.served import BLOCK, KVP, REST, Client, undated

RECORDED = [
    # as OpenLayers, QGIS, GDAL, Leaflet and a browser write them
    f"{KVP}&tilematrix=8&tilerow=3&tilecol=4",
    f"{KVP}&TileMatrix=8&TileCol=4&TileRow=3",
    f"{KVP}&TILEMATRIX=8&TILEROW=3&TILECOL=4",
    "/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=world&STYLE=default&FORMAT=image%2Fpng"
    "&TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=8&TILEROW=1&TILECOL=2",
    "/wmts?layer=world&style=&tilematrixset=WebMercatorQuad&Service=WMTS&Request=GetTile"
    "&Version=1.0.0&Format=image%2Fjpeg&TileMatrix=8&TileCol=1&TileRow=1",
    "/wmts?&service=WMTS&request=GetTile&version=1.0.0&layer=world&styles=&style=default"
    "&format=image/png&tilematrixset=WebMercatorQuad&tilematrix=8&tilerow=0&tilecol=0&_=12345",
    f"{REST}/8/3/4.png",
    f"{REST}/8/3/4.jpg",
    f"{REST}/8/3/4.jpeg",
    f"{REST}/8/3/4.JPG",
    f"{REST}/8/3/4.png?apikey=1",
    f"{REST}/8/3/4.png?",
    f"{REST}/8/3/%34.png",
    f"{REST}/%38/3/4.png",
    # wrong in every place
    f"{REST}/8/999/4.png",
    f"{REST}/8/3/4.gif",
    f"{REST}/8/3/4",
    f"{REST}/8/3",
    f"{REST}/8/3/4.png/",
    f"{REST}/nine/3/4.png",
    f"{REST}/8/-3/4.png",
    f"{REST}/8/+3/4.png",
    f"{REST}/8/3/6.png",
    "/wmts/1.0.0/world/default/../WebMercatorQuad/8/3/4.png",
    "/wmts/1.0.0/../../etc/passwd",
    "/wmts/1.0.0/%2e%2e/%2e%2e/etc/passwd",
    "/wmts/1.0.0/world/default/WebMercatorQuad/8/3/4.png#fragment",
    "//wmts/1.0.0/world/default/WebMercatorQuad/8/3/4.png",
    f"{KVP}&tilematrix=8&tilerow=3&tilecol=4&tilecol=4",
    f"{KVP}&tilematrix=8&tilerow=3&tilecol=4&tilecol=3",
    f"{KVP}&tilematrix=8&tilerow=3&tilerow=3&tilecol=4",
    f"{KVP}&tilerow=3&tilecol=4",
    f"{KVP}&tilematrix=8&tilerow=&tilecol=4",
    f"{KVP}&tilematrix=8&tilerow=1e1&tilecol=4",
    f"{KVP}&tilematrix=8&tilerow=%33&tilecol=4",
    f"{KVP}&tilematrix=8&tilerow=3&tilecol=4;5",
    f"{KVP}&tilematrix=8&tilerow=00000000000000000000003&tilecol=4",
    f"{KVP}&tilematrix=8&%74ilerow=2&tilerow=3&tilecol=4",
    f"{KVP}&tilematrix=8&tilerow=3&tilecol=4&",
    f"{KVP}&tilematrix=8&tilerow=3&tilecol=4&layer=%ff",
    "/wmts",
    "/wmts?",
    "/wmts?request=GetTile",
    "/nothing",
    "/wmtsx?service=WMTS",
    "/wmts?service=WMTS&request=GetCapabilities&sections=All",
    "/" + "a" * 9000,
    "*",
]

FIELDS = [
    "",
    "If-None-Match: *\r\n",
    'If-None-Match: "nothing"\r\n',
    'If-None-Match: W/"nothing" , "x"\r\n',
    "If-Modified-Since: Sat, 29 Oct 2033 19:43:31 GMT\r\n",
    "If-Modified-Since: Sat, 29 Oct 1994 19:43:31 GMT\r\n",
    "If-Modified-Since: yesterday\r\n",
    'If-None-Match: "nothing"\r\nIf-Modified-Since: Sat, 29 Oct 2033 19:43:31 GMT\r\n',
    "Origin: https://elsewhere.example\r\nReferer: https://elsewhere.example/map\r\n",
    "Range: bytes=0-10\r\n",
    "Connection: keep-alive\r\n",
    "Connection: close\r\n",
    "Connection: Keep-Alive, Upgrade\r\nUpgrade: websocket\r\n",
    "Accept-Encoding: gzip, br\r\nAccept-Language: fr-CH, fr;q=0.9\r\n",
    "Expect: 100-continue\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: 3\r\n\r\nabc",
    "Transfer-Encoding: chunked\r\n\r\n0\r\n",
    "X-Odd:\r\nX-Odder: \t \r\n",
    "X-Latin: caf\xe9\r\n",
    "Bad Name: 1\r\n",
    "X-Long: " + "x" * 6000 + "\r\n",
]


def conversation(port: int, request: bytes, count: int) -> list[bytes]:
    """Send a request several times on one connection; the Date left out of what comes back."""
    answers = []
    with Client(port) as client:
        for _ in range(count):
            client.send(request)
            answers.append(undated(client.answer(head=request.startswith(b"HEAD"))))
            if b"\r\nconnection: close" in answers[-1] or not answers[-1]:
                break
    return answers


def same(lane: int, no_lane: int, request: bytes) -> None:
    # Three times: out of the cache, ready, and with the connection's history behind it.
    assert conversation(lane, request, 3) == conversation(no_lane, request, 3)


@pytest.mark.parametrize("target", RECORDED)
def test_every_recorded_target_is_answered_alike(lane: int, no_lane: int, target: str) -> None:
    """A client would get another tile, header or error on the lane."""
    same(lane, no_lane, b"GET " + target.encode("latin-1") + BLOCK)


@pytest.mark.parametrize("fields", FIELDS)
def test_every_header_is_heeded_alike(lane: int, no_lane: int, fields: str) -> None:
    """A condition, a connection option or a body would be overlooked on the lane."""
    block = f" HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode("latin-1")
    same(lane, no_lane, f"GET {REST}/8/2/2.png".encode() + block)


def test_the_validators_of_a_tile_make_a_304_alike(lane: int, no_lane: int) -> None:
    """A browser that has the tile would be sent it again, or a 304 without its headers."""
    first = conversation(lane, f"GET {REST}/8/2/2.png".encode() + BLOCK, 1)[0].decode("latin-1")
    fields = dict(line.split(": ", 1) for line in first.split("\r\n\r\n")[0].split("\r\n")[1:])
    for condition in (
        f"If-None-Match: {fields['etag']}",
        f"If-None-Match: W/{fields['etag']}",
        f'If-None-Match: "a", {fields["etag"]}, "b"',
        f'If-None-Match: "a"\r\nIf-None-Match: {fields["etag"]}',
        f"If-Modified-Since: {fields['last-modified']}",
    ):
        request = f"GET {REST}/8/2/2.png HTTP/1.1\r\nHost: x\r\n{condition}\r\n\r\n".encode()
        answers = conversation(lane, request, 2)
        assert answers == conversation(no_lane, request, 2)
        assert answers[0].startswith(b"HTTP/1.1 304 Not Modified\r\netag: ")
        assert b"cache-control: public, max-age=3600\r\n" in answers[0]
        assert answers[0].endswith(b"\r\n\r\n")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_every_method_is_answered_alike(lane: int, no_lane: int, method: str) -> None:
    """A method that changes things would be answered with a tile."""
    same(lane, no_lane, f"{method} {REST}/8/2/2.png".encode() + BLOCK)


@pytest.mark.parametrize(
    "request_bytes",
    [
        f"GET {REST}/8/2/2.png HTTP/1.0\r\n\r\n".encode(),
        f"GET {REST}/8/2/2.png HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".encode(),
        f"GET {REST}/8/2/2.png HTTP/1.1\r\n\r\n".encode(),
        f"GET http://maps.example.org{REST}/8/2/2.png HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        f"GET {REST}/8/2/2.png HTTP/1.1\nHost: x\n\n".encode(),
        f"GET  {REST}/8/2/2.png HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        f"GET {REST}/8/2/2.png HTTP/1.1 \r\nHost: x\r\n\r\n".encode(),
        f"GET {REST}/8/2/2.png HTTP/2.0\r\nHost: x\r\n\r\n".encode(),
        f"GET {REST}/8/2/2.png\x00 HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        f"GET {REST}/8/2/2.png HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n".encode(),
        f"GET {REST}/8/2/2.png HTTP/1.1\r\nHost : x\r\n\r\n".encode(),
        f"GET {REST}/8/2/2.png HTTP/1.1\r\n Host: x\r\n\r\n".encode(),
        f"get {REST}/8/2/2.png HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        f"GET {REST}/8/2/\xe9.png HTTP/1.1\r\nHost: x\r\n\r\n".encode("latin-1"),
        b"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GARBAGE\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_every_way_to_write_a_request_is_understood_alike(
    lane: int, no_lane: int, request_bytes: bytes
) -> None:
    """The lane would take what the parser refuses, which is how requests are smuggled."""
    if b"\x16" in request_bytes:  # neither has an end: say so by closing
        for port in (lane, no_lane):
            with Client(port) as client:
                client.send(request_bytes)
                assert client.answer().startswith(b"HTTP/1.1 400")
        return
    same(lane, no_lane, request_bytes)


segments = st.sampled_from(
    ["world", "World", "default", "", "WebMercatorQuad", "8", "3", "4", "4.png", "%34.png", ".."]
)
names = st.sampled_from(
    [
        "service",
        "request",
        "version",
        "layer",
        "style",
        "format",
        "tilematrixset",
        "tilematrix",
        "tilerow",
        "tilecol",
        "TileRow",
        "TILECOL",
        "TileMatrix",
        "%74ilerow",
        "tile+row",
        "time",
    ]
)
values = st.sampled_from(
    [
        "WMTS", "wmts", "GetTile", "1.0.0", "world", "default", "image/png", "image/jpeg",
        "WebMercatorQuad", "8", "3", "4", "04", "%34", "+4", "4x", "image/png;%20mode=8bit", "٣",
    ]
)  # fmt: skip
shuffled_kvp = st.permutations(
    [
        "service=WMTS", "request=GetTile", "version=1.0.0", "layer=world", "style=default",
        "format=image/png", "tilematrixset=WebMercatorQuad", "tilematrix=8", "tilerow=3",
        "TileCol=4",
    ]
).map("&".join)  # fmt: skip
targets = st.one_of(
    st.lists(segments, max_size=8).map(lambda parts: "/wmts/1.0.0/" + "/".join(parts)),
    st.builds(lambda query: "/wmts?" + query, shuffled_kvp),
    st.builds(
        lambda query, extra: f"/wmts?{query}&" + "&".join(f"{n}={v}" for n, v in extra),
        shuffled_kvp,
        st.lists(st.tuples(names, values), max_size=3),
    ),
    st.builds(
        lambda extra, col: f"{KVP}&tilematrix=8&" + "&".join(f"{n}={v}" for n, v in extra) + col,
        st.lists(st.tuples(names, values), max_size=3),
        st.sampled_from(["", "&tilerow=1&tilecol=2", "&tilerow=1&tilecol=2&x"]),
    ),
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(target=targets, fields=st.sampled_from(FIELDS[:10]))
def test_made_up_requests_are_answered_alike(
    lane: int, no_lane: int, target: str, fields: str
) -> None:
    """What nobody thought of would be answered differently on the lane."""
    raw = target.replace(" ", "%20").encode("utf-8")
    block = f" HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode("latin-1")
    same(lane, no_lane, b"GET " + raw + block)
