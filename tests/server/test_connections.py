"""Connections that are slow, broken, many or hostile: they cost little and harm nobody else."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.served import BLOCK, REST, Client, SmallService, ask, catalogue, live_of, serving
from tuilerie.formats import PNG, EncodedTile, stored_now
from tuilerie.server.live import Live
from tuilerie.server.settings import ServerSettings
from tuilerie.server.worker import WorkerServer

TILE = f"GET {REST}/8/2/2.png".encode() + BLOCK


@pytest.fixture(params=[True, False], ids=["lane", "no lane"], scope="module")
def impatient(request: pytest.FixtureRequest, filled: Path) -> Iterator[tuple[WorkerServer, int]]:
    """A server with short limits."""
    live = live_of(
        filled,
        fast_lane=request.param,
        keep_alive_s=2,
        header_timeout_s=1,
        stalled_timeout_s=2,
        max_connections=260,
    )
    with serving(live) as served:
        yield served


def test_the_lane_is_used(filled: Path) -> None:
    """Every other test of the lane would be a test of uvicorn."""
    with serving(live_of(filled)) as (server, port), Client(port) as client:
        for _ in range(3):
            client.send(TILE)
            assert client.answer().startswith(b"HTTP/1.1 200")
        (connection,) = server.server_state.connections
        assert connection.cycle is None
        assert server.server_state.total_requests == 3


def test_a_request_may_come_byte_by_byte(impatient: tuple[WorkerServer, int]) -> None:
    """A slow line would get an error, and the bytes of two requests be mixed."""
    _, port = impatient
    with Client(port) as client:
        for _ in range(2):
            for byte in TILE:
                client.send(bytes([byte]))
            slow = client.answer()
            client.send(TILE)
            assert slow.startswith(b"HTTP/1.1 200")
            assert len(client.answer()) == len(slow)


@pytest.mark.parametrize("cut", range(1, len(TILE), 7))
def test_a_request_may_come_in_two_parts(impatient: tuple[WorkerServer, int], cut: int) -> None:
    """A request that the network cut would be taken for two."""
    _, port = impatient
    with Client(port) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.send(TILE[:cut])
        time.sleep(0.002)
        client.send(TILE[cut:] + TILE[:cut])
        assert client.answer().startswith(b"HTTP/1.1 200")
        time.sleep(0.002)
        client.send(TILE[cut:])
        assert client.answer().startswith(b"HTTP/1.1 200")


def test_requests_may_be_sent_ahead(impatient: tuple[WorkerServer, int]) -> None:
    """Answers would come in another order, twice or not at all."""
    _, port = impatient
    tiles = [
        f"GET {REST}/8/{row}/{col}.png".encode() + BLOCK for row in range(5) for col in range(5)
    ]
    # One that must be waited for in between, and one that does not exist.
    asked = [
        *tiles,
        f"GET {REST}/8/9/9.jpg".encode() + BLOCK,
        tiles[0],
        b"GET /x" + BLOCK,
        tiles[1],
    ]
    alone = []
    for request in asked:
        with Client(port) as client:
            client.send(request)
            alone.append(client.answer().partition(b"\r\n\r\n")[2])
    with Client(port) as client:
        client.send(b"".join(asked))
        assert [client.answer().partition(b"\r\n\r\n")[2] for _ in asked] == alone


def test_a_hit_does_not_overtake_a_miss(tmp_path: Path) -> None:
    """A tile at hand would be sent before the one that was asked for first."""
    service = SmallService(catalogue(), tmp_path)
    with serving(Live(service, ServerSettings())) as (_, port), Client(port) as client:
        client.send(TILE)
        first = client.answer()
        service.slowness_s = 0.2
        client.send(f"GET {REST}/8/7/7.jpg".encode() + BLOCK)
        time.sleep(0.05)
        client.send(TILE)
        assert b"content-type: image/jpeg" in client.answer()
        assert client.answer().partition(b"\r\n\r\n")[2] == first.partition(b"\r\n\r\n")[2]


def test_a_dribbling_client_is_dropped(impatient: tuple[WorkerServer, int]) -> None:
    """A few hundred of them would take every connection (slow loris)."""
    server, port = impatient
    before = server.live.metrics.timed_out
    with Client(port) as client:
        client.send(TILE[:20])
        started = time.monotonic()
        client.socket.settimeout(0.3)
        while time.monotonic() - started < 6:
            try:
                client.send(b"X")
                if client.ended():
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        assert time.monotonic() - started < 4.5
    assert server.live.metrics.timed_out > before


def test_an_idle_connection_is_closed(impatient: tuple[WorkerServer, int]) -> None:
    """Connections would pile up; or one in use would be cut."""
    _, port = impatient
    with Client(port, timeout=8) as used, Client(port, timeout=8) as unused:
        for _ in range(6):
            used.send(TILE)
            assert used.answer().startswith(b"HTTP/1.1 200")
            last = time.monotonic()
            time.sleep(0.2)
        assert unused.ended()
        assert used.ended()
        assert 0.9 < time.monotonic() - last < 5


def test_a_client_that_takes_nothing_is_dropped(tmp_path: Path) -> None:
    """Its answers would fill the memory, and hold the stop of the server."""
    service = SmallService(catalogue(), tmp_path)
    huge = stored_now(EncodedTile(b"\x89PNG" + b"x" * 3_000_000, PNG), 1_700_000_000)
    service.cached = lambda _: huge
    settings = ServerSettings(stalled_timeout_s=1, ready_bytes=0)
    with serving(Live(service, settings)) as (server, port), Client(port) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.send(TILE * 1)
        time.sleep(0.1)
        for _ in range(50):  # not one of them may be answered while the first is stuck
            client.send(TILE)
            time.sleep(0.002)
        (connection,) = server.server_state.connections
        assert connection.transport.get_write_buffer_size() < 2 * 3_100_000
        deadline = time.monotonic() + 6
        while server.server_state.connections and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not server.server_state.connections
        assert server.live.metrics.timed_out == 1


def hostile_heads() -> Iterator[tuple[str, list[bytes]]]:
    """Too large, in every way that it may come in packets."""
    start = b"GET / HTTP/1.1\r\nHost: x\r\n"
    for size in (33_000, 40_000, 200_000, 1_000_000):
        one = start + b"X-A: " + b"a" * size
        many = start + b"X: y\r\n" * (size // 6)
        yield f"one header, {size}", [one + b"\r\n\r\n"]
        yield f"many headers, {size}", [many + b"\r\n"]
        yield f"not complete, {size}", [one]
        yield f"after the start, {size}", [start, one[len(start) :]]
        yield f"target, {size}", [b"GET /" + b"a" * size + b" HTTP/1.1\r\nHost: x\r\n\r\n"]
    yield "in packets", [start] + [b"X: " + b"y" * 4000 + b"\r\n"] * 9 + [b"\r\n"]


HEADS = dict(hostile_heads())


@pytest.mark.parametrize("packets", HEADS.values(), ids=HEADS.keys())
def test_headers_have_an_end(impatient: tuple[WorkerServer, int], packets: list[bytes]) -> None:
    """One client would fill the memory with headers, or be cut off without knowing why."""
    server, port = impatient
    before = server.live.metrics.bad_requests
    with Client(port) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for packet in packets:
            client.send(packet)
        answer = client.answer()
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert b"\r\ndate: " in answer
        assert b"\r\nconnection: close\r\n" in answer
        assert client.ended()
    assert server.live.metrics.bad_requests == before + 1


def test_headers_that_are_just_small_enough_are_taken(
    impatient: tuple[WorkerServer, int],
) -> None:
    """The bound would lie elsewhere than it is said to, depending on the packets."""
    _, port = impatient
    assert ask(port, f"{REST}/8/2/2.png", "X-A: " + "a" * 32_000)[0] == 200


def test_too_large_a_request_waits_for_the_answers_before_it(tmp_path: Path) -> None:
    """The refusal would be taken for the answer to the request before."""
    service = SmallService(catalogue(), tmp_path)
    service.slowness_s = 0.2
    with serving(Live(service, ServerSettings())) as (_, port), Client(port) as client:
        small = f"GET {REST}/8/7/7.jpg".encode() + BLOCK
        client.send(
            small + b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 40_000 + b"\r\n\r\n" + small
        )
        assert b"content-type: image/jpeg" in client.answer()
        assert client.answer().startswith(b"HTTP/1.1 431 ")
        assert client.ended()


def test_a_refused_client_may_not_go_on_for_ever(impatient: tuple[WorkerServer, int]) -> None:
    """Reading what nobody wants would cost more than the request did."""
    server, port = impatient
    with Client(port) as client:
        client.send(b"GET / HTTP/1.1\r\nA: " + b"a" * 40_000)
        assert client.answer().startswith(b"HTTP/1.1 431 ")
        started = time.monotonic()
        with pytest.raises(OSError, match=r"reset|Broken"):  # noqa: PT012 - it takes several
            while time.monotonic() - started < 8:
                client.send(b"a" * 1000)
                time.sleep(0.02)
    assert not server.live.metrics.in_flight


@pytest.mark.parametrize("endless", [b"X: y\r\n", b"1;" + b"e" * 500], ids=["trailer", "extension"])
def test_what_follows_a_body_has_an_end_too(
    impatient: tuple[WorkerServer, int], endless: bytes
) -> None:
    """One client would fill the memory with trailers, where headers are bounded."""
    _, port = impatient
    start = b"POST /wmts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with Client(port) as client:
        client.send(start + (b"0\r\n" if endless.startswith(b"X") else b""))
        sent = 0
        with pytest.raises(OSError, match=r"reset|Broken"):  # noqa: PT012 - it takes several
            while sent < 4_000_000:
                client.send(endless * 20)
                sent += len(endless) * 20
                time.sleep(0.001)
        assert sent < 1_000_000


def test_addresses_have_an_end(impatient: tuple[WorkerServer, int]) -> None:
    """A log line or a parser would have to cope with any length."""
    _, port = impatient
    assert ask(port, "/" + "a" * 9000)[0] == 414


@pytest.mark.parametrize(
    "garbage",
    [b"\x00" * 100, b"GET\r\n\r\n", b"\xff\xfe\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"{}\r\n\r\n"],
)
def test_garbage_is_refused(impatient: tuple[WorkerServer, int], garbage: bytes) -> None:
    """The server would wait, or fall."""
    _, port = impatient
    with Client(port) as client:
        client.send(garbage)
        assert client.answer().startswith(b"HTTP/1.1 400")
        assert client.ended()
    assert ask(port, f"{REST}/8/2/2.png")[0] == 200


def test_clients_that_leave_in_the_middle_harm_nobody(impatient: tuple[WorkerServer, int]) -> None:
    """A reset would end the server's loop, or leave requests counted as under way."""
    server, port = impatient
    for request in (TILE, f"GET {REST}/8/8/8.jpg".encode() + BLOCK, TILE[:30], TILE * 5):
        for _ in range(5):
            client = Client(port)
            client.send(request)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.socket.close()
    assert ask(port, f"{REST}/8/2/2.png")[0] == 200
    deadline = time.monotonic() + 3
    while server.live.metrics.in_flight and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.live.metrics.in_flight == 0


def test_two_hundred_and_fifty_six_at_once(impatient: tuple[WorkerServer, int]) -> None:
    """Under load some would get errors, or each other's tiles."""
    _, port = impatient
    expected = {col: ask(port, f"{REST}/8/1/{col}.png")[2] for col in range(5)}
    clients = [Client(port, timeout=20) for _ in range(256)]
    wrong = []

    def work(mine: list[tuple[int, Client]]) -> None:
        for turn in range(4):
            for number, client in mine:
                client.send(f"GET {REST}/8/1/{(number + turn) % 5}.png".encode() + BLOCK)
            for number, client in mine:
                body = client.answer().partition(b"\r\n\r\n")[2]
                if body != expected[(number + turn) % 5]:
                    wrong.append(number)

    numbered = list(enumerate(clients))
    threads = [threading.Thread(target=work, args=(numbered[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    for client in clients:
        client.socket.close()


def test_one_connection_too_many_is_told_so(filled: Path) -> None:
    """It would wait without knowing why, or push the others out."""
    with serving(live_of(filled, max_connections=2)) as (server, port):
        with Client(port) as first, Client(port) as second:
            for client in (first, second):
                client.send(TILE)
                assert client.answer().startswith(b"HTTP/1.1 200")
            with Client(port) as third:
                assert third.answer().startswith(b"HTTP/1.1 503")
                assert third.ended()
            first.send(TILE)
            assert first.answer().startswith(b"HTTP/1.1 200")
        assert server.live.metrics.refused == 1


@pytest.mark.parametrize(("method", "status"), [(b"PUT", b"405"), (b"POST", b"413")])
def test_a_body_that_nobody_reads_is_not_waited_for(
    impatient: tuple[WorkerServer, int], method: bytes, status: bytes
) -> None:
    """A client would send gigabytes to a server that has said no."""
    _, port = impatient
    with Client(port) as client:
        client.send(method + b" /wmts HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nabc")
        assert client.answer().startswith(b"HTTP/1.1 " + status)
        assert client.ended()


def test_a_stop_finishes_what_is_under_way(tmp_path: Path) -> None:
    """A restart would cut tiles in the middle."""
    service = SmallService(catalogue(), tmp_path)
    service.slowness_s = 0.5
    with (
        serving(Live(service, ServerSettings())) as (server, port),
        Client(port) as busy,
        Client(port) as idle,
    ):
        idle.send(b"GET /health" + BLOCK)
        assert idle.answer().startswith(b"HTTP/1.1 200")
        busy.send(f"GET {REST}/8/7/7.jpg".encode() + BLOCK)
        time.sleep(0.1)
        server.should_exit = True
        assert idle.ended()
        answer = busy.answer()
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"\r\nconnection: close\r\n" in answer
    assert service.closed


def test_a_stop_does_not_wait_for_ever(tmp_path: Path) -> None:
    """One request that hangs would keep the server from stopping."""
    service = SmallService(catalogue(), tmp_path)
    service.slowness_s = 60
    started = time.monotonic()
    with serving(Live(service, ServerSettings(graceful_timeout_s=1))) as (_, port):
        client = Client(port)
        client.send(f"GET {REST}/8/7/7.jpg".encode() + BLOCK)
        time.sleep(0.1)
    assert time.monotonic() - started < 6
    client.socket.close()
