"""A server that is stopped finishes what it has begun; one that is killed leaves nothing broken."""

from __future__ import annotations

import io
import signal
import socket
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from PIL import Image

from tests.journeys.running import Server, eventually, serving

COLD = [
    f"/wmts/1.0.0/{layer}/default/WebMercatorQuad/{matrix}/{row}/{col}.{extension}"
    for layer, extension in (("relief", "jpg"), ("world", "png"))
    for matrix, row, col in (
        (5, 8, 8),
        (5, 8, 16),
        (5, 12, 8),
        (5, 12, 16),
        (6, 20, 32),
        (6, 24, 32),
    )
]
"""Tiles that lie in a metatile each."""


@pytest.mark.parametrize(
    ("number", "workers"), [(signal.SIGTERM, "1"), (signal.SIGINT, "2")], ids=["TERM", "INT, two"]
)
def test_stop_finishes_what_has_begun(
    demo: Path, tmp_path: Path, number: signal.Signals, workers: str
) -> None:
    """A map with holes at every deployment."""
    with serving(tmp_path, demo / "catalogue.yaml", "--workers", workers) as server:
        connections = [HTTPConnection("127.0.0.1", server.port, timeout=60) for _ in COLD]
        for connection in connections:  # taken by the server before the race begins
            connection.request("GET", "/health")
            connection.getresponse().read()

        def ask(connection: HTTPConnection, target: str) -> tuple[int, bytes]:
            connection.request("GET", target)
            response = connection.getresponse()
            return response.status, response.read()

        with ThreadPoolExecutor(len(COLD)) as threads:
            asked = [threads.submit(ask, *pair) for pair in zip(connections, COLD, strict=True)]
            wait(asked, return_when=FIRST_COMPLETED)
            server.signal(number)
            assert sum(not future.done() for future in asked) > 2
            answers = [future.result() for future in asked]
        for connection in connections:
            connection.close()
        assert {status for status, _ in answers} == {200}
        for _, body in answers:
            Image.open(io.BytesIO(body)).load()
        assert server.process.wait(20) == 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port))
        assert "Traceback" not in server.log.read_text()


def test_killed_server_leaves_only_whole_tiles(
    demo: Path, demo_server: Server, tmp_path: Path
) -> None:
    """Half a tile in the cache, served for ever after; or a lock that nobody can take again."""
    catalogue = demo / "catalogue.yaml"
    with serving(tmp_path / "killed", catalogue, "--data", tmp_path / "data") as server:

        def ask(target: str) -> bool:
            try:
                return server.get(target).status == 200
            except (HTTPException, OSError):
                return False

        with ThreadPoolExecutor(8) as threads:
            asked = [threads.submit(ask, target) for target in COLD]
            eventually(
                lambda: server.process.poll() is not None or sum(f.done() for f in asked) >= 3,
                "some tiles are made",
            )
            assert not all(future.done() for future in asked)
            server.process.kill()
            server.process.wait()
            came = sum(future.result() for future in asked)
    assert came >= 3
    with serving(tmp_path / "again", catalogue, "--data", tmp_path / "data") as server:
        neighbours = [around for target in COLD for around in (target, _right(target))]
        for target, answer in zip(neighbours, server.get_all(neighbours), strict=True):
            assert answer.status == 200
            assert answer.body == demo_server.get(target).body
        # What was kept before the kill is not made again.
        assert server.metric("tuilerie_metatiles_made_total") < len(COLD)
        assert server.health()["status"] == "ok"


def _right(target: str) -> str:
    """Return the tile's right neighbour, which is made with it."""
    head, _, tail = target.rpartition("/")
    col, _, extension = tail.partition(".")
    return f"{head}/{int(col) + 1}.{extension}"
