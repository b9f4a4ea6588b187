"""Both lanes answer the same bytes to a body: whoever is sent down the other must not notice."""

from __future__ import annotations

import socket
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.protocols.envelopes import SOAPS, TYPES, envelope, get_tile, tile_with
from tests.server.served import (
    KVP,
    Client,
    SmallService,
    catalogue,
    live_of,
    parsed,
    serving,
    undated,
)
from tuilerie.catalogue.address import TileAddress, TileQuery
from tuilerie.catalogue.resolve import Resolver
from tuilerie.server.live import Live

HEAD = (
    "POST /wmts HTTP/1.1\r\nHost: maps.example.org\r\nContent-Type: {type}\r\n"
    "Content-Length: {length}\r\n{fields}\r\n"
)
SAID = TYPES[SOAPS[0]]


def written(
    body: str, media_type: str = SAID, fields: str = "", length: int | None = None
) -> bytes:
    data = body.encode()
    size = len(data) if length is None else length
    return HEAD.format(type=media_type, length=size, fields=fields).encode() + data


def tile(row: object = 3, col: object = 4, matrix: str = "8", version: str = SOAPS[0]) -> str:
    content = get_tile(tile_with(TileMatrix=matrix, TileRow=str(row), TileCol=str(col)))
    return envelope(content, version).decode()


def conversation(port: int, requests: list[bytes]) -> list[bytes]:
    """Send requests on one connection; the Date left out of what comes back."""
    answers = []
    with Client(port) as client:
        for request in requests:
            client.send(request)
            answers.append(undated(client.answer()))
            if b"\r\nconnection: close" in answers[-1] or not answers[-1]:
                break
    return answers


def same(lane: int, no_lane: int, *requests: bytes) -> list[bytes]:
    # The frame is known from its third request on; the fourth finds it in the cache.
    asked = [request for request in requests for _ in range(2)] * 2
    answers = conversation(lane, asked)
    assert answers == conversation(no_lane, asked)
    return answers


ODD_BODIES = [
    # A frame that is known, with the texts where they do not count.
    tile().replace("<TileMatrix>8<", "<!-- <TileMatrix>7</TileMatrix> --><TileMatrix>8<"),
    tile().replace(
        "</soap:Body>",
        "</soap:Body><!--<TileMatrix>8</TileMatrix><TileRow>1</TileRow><TileCol>2</TileCol>-->",
    ),
    envelope(
        "<!--" + get_tile(tile_with(TileRow="1")) + "-->" + get_tile(tile_with(TileRow="2")),
        SOAPS[0],
    ).decode(),
    tile("3</TileRow><TileRow>2"),
    tile("&#51;"),
    tile("<![CDATA[3]]>"),
    tile(" 3 "),
    tile("-1"),
    tile("99999"),
    tile("1e1"),
    tile(matrix="nine"),
    tile(col="5"),
    tile(col="6"),
    tile().replace("Envelope", "Envelop"),
    tile() + " ",
    tile() + "x",
    "\ufeff" + tile(),
    tile().replace("UTF-8", "latin-1"),
    tile().replace("<soap:Body>", '<soap:Body a="' + "x" * 4000 + '">'),
    get_tile(tile_with()),
    get_tile(tile_with(Layer="nothing")),
    KVP.partition("?")[2] + "&tilematrix=8&tilerow=3&tilecol=4",
    "",
]


@pytest.mark.parametrize("body", ODD_BODIES)
@pytest.mark.parametrize("media_type", [SAID, "text/xml", "application/x-www-form-urlencoded"])
def test_every_body_is_answered_alike(lane: int, no_lane: int, body: str, media_type: str) -> None:
    """A remembered frame would make a tile of what a parser refuses, or another tile."""
    same(lane, no_lane, written(tile(), media_type), written(body, media_type))


@pytest.mark.parametrize(
    "fields",
    [
        "Connection: close\r\n",
        "Connection: keep-alive\r\n",
        "Content-Encoding: gzip\r\n",
        "Content-Encoding: identity\r\n",
        "If-None-Match: *\r\n",
        'SOAPAction: "http://www.opengis.net/wmts/requests#GetTile"\r\n',
        "Host: again\r\n",
        "Accept-Language: fr\r\n",
        "Upgrade: websocket\r\n",
    ],
)
def test_every_header_is_heeded_alike(lane: int, no_lane: int, fields: str) -> None:
    """A condition, a coding or a connection option would be overlooked on the lane."""
    same(lane, no_lane, written(tile(), fields=fields))


@pytest.mark.parametrize("host", ["maps.example.org", "a b", "x<y", ""])
def test_a_tile_is_the_same_for_every_host(lane: int, no_lane: int, host: str) -> None:
    """One lane would refuse what the other serves."""
    request = written(tile()).replace(b"maps.example.org", host.encode())
    same(lane, no_lane, request)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.integers(0, 7), min_size=3, max_size=6),
    version=st.sampled_from(SOAPS),
    cuts=st.lists(st.integers(1, 1200), max_size=4),
)
def test_a_request_in_pieces_is_answered_alike(
    lane: int, no_lane: int, rows: list[int], version: str, cuts: list[int]
) -> None:
    """Clients send head and body in packets of their own: one would be lost, or answered twice."""
    requests = [written(tile(row, version=version), TYPES[version]) for row in rows]
    answers = []
    for port in (lane, no_lane):
        with Client(port) as client:
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            seen = []
            for request in requests:
                places = [0, *sorted({min(cut, len(request)) for cut in cuts}), len(request)]
                for start, stop in pairwise(places):
                    if start < stop:
                        client.send(request[start:stop])
                seen.append(undated(client.answer()))
            answers.append(seen)
    assert answers[0] == answers[1]


def test_requests_behind_each_other_are_all_answered(lane: int, no_lane: int) -> None:
    """The second of two requests in one packet would be lost with the body of the first."""
    one, other = written(tile(1, 1)), written(tile(2, 2))
    for _ in range(3):
        same(lane, no_lane, one, other)
    for port in (lane, no_lane):
        with Client(port) as client:
            client.send(one + other + one)
            answers = [parsed(client.answer()) for _ in range(3)]
            assert [status for status, _, _ in answers] == [200] * 3
            assert answers[0][2] == answers[2][2] != answers[1][2]


def test_a_head_whose_body_comes_late_is_handed_on(filled: Path) -> None:
    """A client that sends heads alone would hold a connection for ever: nobody would time it."""
    live = live_of(filled)
    with serving(live) as (_, port), Client(port, timeout=20) as client:
        request = written(tile(1, 1))
        client.send(request[:-10])
        deadline = time.monotonic() + 10
        while not live.metrics.in_flight:  # the application waits for the body, and knows how long
            assert time.monotonic() < deadline
            threading.Event().wait(0.01)
        client.send(request[-10:])
        assert client.answer().startswith(b"HTTP/1.1 200 ")


def test_a_head_that_waits_for_its_body_survives_a_stop(filled: Path) -> None:
    """A graceful stop would close over a request that has begun."""
    with serving(live_of(filled)) as (server, port), Client(port, timeout=20) as client:
        request = written(tile(1, 1))
        client.send(request[:-10])
        with Client(port) as probe:  # the worker has read what came before
            probe.send(
                f"GET {KVP}&tilematrix=8&tilerow=1&tilecol=1".encode() + b" HTTP/1.1\r\n"
                b"Host: x\r\n\r\n"
            )
            assert probe.answer().startswith(b"HTTP/1.1 200 ")
        server.should_exit = True
        client.send(request[-10:])
        assert client.answer().startswith(b"HTTP/1.1 200 ")


class _Counting(Resolver):
    """Counts the requests that came to be resolved in full."""

    count = 0

    def resolve_tile(self, query: TileQuery, *, strict: bool = False) -> TileAddress:
        self.count += 1
        return super().resolve_tile(query, strict=strict)


def test_the_lane_is_taken(filled: Path) -> None:
    """The lane would be there, and every request take the long way."""
    service = SmallService(catalogue(), filled)
    service.resolver = counting = _Counting(service.catalogue)
    with serving(Live(service)) as (_, port), Client(port) as client:
        for row in range(5):
            client.send(written(tile(row, 1)))
            assert client.answer().startswith(b"HTTP/1.1 200 ")
    assert counting.count == 2  # the first was read, the second taught the frame
