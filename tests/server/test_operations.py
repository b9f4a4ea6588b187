"""Metrics, health and the board: right with several workers, and when one has died."""

from __future__ import annotations

import errno
import json
import os
import re
import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.served import REST, SmallService, ask, catalogue, layer, live_of, serving
from tuilerie.errors import CacheError, Problem
from tuilerie.server.board import Board
from tuilerie.server.follow import ReloadFault
from tuilerie.server.live import Live
from tuilerie.server.metrics import MAX_LAYERS, OTHER_LAYERS, Metrics
from tuilerie.server.operations import Operations
from tuilerie.server.settings import ServerSettings
from tuilerie.telemetry import Meters, RemoteFault


def numbers(body: bytes) -> dict[str, float]:
    """Read the text format (its own grammar: name{labels} value)."""
    found = {}
    for line in body.decode().splitlines():
        if not line.startswith("#"):
            name, value = re.fullmatch(r"(\w+(?:\{.*\})?) (\S+)", line).groups()
            found[name] = float(value)
    return found


def test_requests_are_counted_by_what_became_of_them(filled: Path) -> None:
    """An operator could not see errors, misses or how much is sent."""
    with serving(live_of(filled)) as (_, port):
        size = 0
        for target in (f"{REST}/8/1/1.png", f"{REST}/8/1/1.png", f"{REST}/8/2/1.png"):
            size += len(ask(port, target)[2])
        etag = ask(port, f"{REST}/8/2/1.png", method="HEAD")[1]["etag"]
        ask(port, f"{REST}/8/2/1.png", f"If-None-Match: {etag}")
        size += len(ask(port, f"{REST}/8/2/5.png")[2])
        ask(port, f"{REST}/8/2/6.png")
        ask(port, f"{REST}/8/2/999.png")
        ask(port, "/wmts?service=WMTS&request=GetCapabilities")
        ask(port, "/nothing")
        ask(port, "/wmts", method="PUT")
        status, fields, body = ask(port, "/metrics")
    assert status == 200
    assert fields["content-type"].startswith("text/plain; version=0.0.4")
    found = numbers(body)
    assert {
        outcome: found[f'tuilerie_tiles_total{{layer="world",outcome="{outcome}"}}']
        for outcome in ("ready", "hit", "miss", "not_modified")
    } == {"ready": 2, "hit": 2, "miss": 1, "not_modified": 1}
    assert found['tuilerie_tile_bytes_total{layer="world"}'] == size
    assert found['tuilerie_requests_total{route="tile",status="200"}'] == 5
    assert found['tuilerie_requests_total{route="tile",status="304"}'] == 1
    assert found['tuilerie_requests_total{route="tile",status="404"}'] == 1
    assert found['tuilerie_requests_total{route="tile",status="500"}'] == 1
    assert found['tuilerie_requests_total{route="capabilities",status="200"}'] == 1
    assert found['tuilerie_requests_total{route="other",status="404"}'] == 1
    assert found['tuilerie_requests_total{route="other",status="405"}'] == 1
    assert found['tuilerie_resident_memory_bytes{worker="0"}'] > 10_000_000
    assert found['tuilerie_ready_answers{worker="0"}'] == 3
    assert found["tuilerie_request_duration_seconds_count"] >= 6
    assert found["tuilerie_catalogue_revision"] == 20


def test_layers_without_number_do_not_make_series_without_number() -> None:
    """A monitoring system would fall over 5,000 layers."""
    metrics = Metrics(Meters())
    for number in range(5000):
        metrics.tile_count(f"layer {number}").hit += 1
    assert len(metrics.tiles) <= MAX_LAYERS + 1
    assert sum(count.hit for count in metrics.tiles.values()) == 5000
    assert metrics.tiles[OTHER_LAYERS].hit == 5000 - MAX_LAYERS


FAULT = RemoteFault(1_700_000_000.0, "open", 5, "it is not available (503)")


def worker(board: Board, place: int, directory: Path) -> tuple[Live, Operations]:
    live = Live(SmallService(catalogue(layer('odd"\\\n')), directory), ServerSettings())
    before = board.read(place)
    if before is not None:
        live.metrics.restore(before["metrics"])
    return live, Operations(live, board=board, place=place)


def test_workers_are_added_up_and_the_dead_are_not_forgotten(tmp_path: Path) -> None:
    """A counter would show one worker of several, or go back when a worker dies."""
    board = Board(3)
    key = 'tuilerie_tiles_total{layer="odd\\"\\\\\\n",outcome="ready"}'
    for died in range(1, 4):
        for place in range(2):
            live, operations = worker(board, place, tmp_path)
            live.metrics.tile_count('odd"\\\n').ready += 10
            live.metrics.meters.cache_fault(CacheError("disk is full", errno.ENOSPC))
            live.metrics.meters.rendered(16, 0.5)
            live.metrics.meters.remote("ign", "timeout", 2.0, 100)
            live.metrics.meters.remote_fault("ign", FAULT, instead_of=None)
            live.metrics.request("tile", 404)
            live.metrics.observe(0.003)
            found = numbers(operations.metrics().body)
        assert found[key] == 20 * died
        assert found['tuilerie_cache_faults_total{kind="disk_full"}'] == 2 * died
        assert found["tuilerie_tiles_made_total"] == 32 * died
        assert found["tuilerie_render_seconds_total"] == died
        assert found['tuilerie_requests_total{route="tile",status="404"}'] == 2 * died
        assert found['tuilerie_request_duration_seconds_bucket{le="0.005"}'] == 2 * died
        assert found["tuilerie_workers"] == 2
        labels = '{outcome="timeout",source="ign"}'
        assert found[f"tuilerie_remote_requests_total{labels}"] == 2 * died
        assert found[f"tuilerie_remote_seconds_total{labels}"] == 4.0 * died
        assert found[f"tuilerie_remote_bytes_total{labels}"] == 200 * died
        assert found['tuilerie_remote_left_alone{source="ign"}'] == 2
        health = json.loads(operations.health().body)
        assert health["status"] == "degraded"
        assert health["remotes_left_alone"]["ign"]["last"] == "it is not available (503)"


def test_health_tells_what_to_look_at(tmp_path: Path) -> None:
    """A refused edit, a full disk or a dead worker would go unseen."""
    board = Board(2)
    live, operations = worker(board, 0, tmp_path)

    def health() -> dict:
        reply = operations.health()
        assert reply.status == 200
        return json.loads(reply.body)

    assert health()["status"] == "ok"
    live.metrics.meters.cache_fault(CacheError("attempt to write", errno.EROFS))
    shown = health()
    assert shown["status"] == "degraded"
    assert shown["cache_faults"]["count"] == {"read_only": 1}
    assert shown["cache_faults"]["last"]["message"] == "attempt to write"

    live, operations = worker(Board(1), 0, tmp_path)
    operations._follower = type(
        "F", (), {"fault": ReloadFault(time.time(), (Problem("no <b>", file="c.yaml", line=3),))}
    )()
    shown = health()
    assert shown["status"] == "degraded"
    assert shown["catalogue"]["reload_error"]["problems"] == ["c.yaml:3: no <b>"]
    assert shown["catalogue"]["revision"] == 20


def test_health_tells_of_silent_workers_and_of_those_behind(tmp_path: Path) -> None:
    """Half of the requests would be answered out of an old catalogue, or not at all."""
    board = Board(2)
    _, operations = worker(board, 0, tmp_path)
    worker(board, 1, tmp_path)[1].health()
    assert json.loads(operations.health().body)["status"] == "ok"
    note = board.read(1)
    for change in ({"seen": time.time() - 60}, {"revision": 19}):
        board.write(1, {**note, "worker": {**note["worker"], **change}})
        assert json.loads(operations.health().body)["status"] == "degraded"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.dictionaries(st.text(max_size=5), st.integers()))))
def test_the_board_gives_back_the_latest_note(written: list) -> None:
    """A worker would be shown as it was, or as another one is."""
    board = Board(3, place_bytes=4096)
    expected: dict = {}
    for place, note in written:
        assert board.write(place, note)
        expected[place] = note
    assert board.read_all() == expected


def test_a_torn_note_is_not_read() -> None:
    """A worker that dies while it writes would leave nonsense, and end whoever reads it."""
    board = Board(1, place_bytes=4096)
    board.write(0, {"n": 1})
    board.write(0, {"n": 2})
    for half in (0, 1):
        if board._sequence(0, half) == 2:
            board._memory[half * 4096 + 20] ^= 0xFF
    assert board.read(0) == {"n": 1}
    assert not board.write(0, {"long": "x" * 5000})
    assert board.read(0) == {"n": 1}


def test_the_board_is_shared_with_forked_workers() -> None:
    """Each worker would see itself alone."""
    board = Board(2)
    pid = os.fork()
    if pid == 0:
        board.write(1, {"child": os.getpid()})
        os._exit(0)
    os.waitpid(pid, 0)
    assert board.read_all() == {1: {"child": pid}}
