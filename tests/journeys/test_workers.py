"""Several server processes behave as one, and go on when one of them dies."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.running import COMMAND, Server, eventually, serving

WORKERS = 2


def world(matrix: int, row: int, col: int) -> str:
    """Return the address of a tile of the demo's world."""
    return f"/wmts/1.0.0/world/default/WebMercatorQuad/{matrix}/{row}/{col}.jpg"


def metatile(matrix: int, row: int, col: int) -> list[str]:
    """Return the addresses of the 4 x 4 tiles from one on, which are made at once."""
    return [world(matrix, row + n // 4, col + n % 4) for n in range(16)]


def pids(server: Server) -> set[int]:
    """Return the processes of those workers that live."""
    return {worker["pid"] for worker in server.health()["workers"] if worker["alive"]}


@pytest.fixture(scope="module")
def pair(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo, served by two workers."""
    folder = tmp_path_factory.mktemp("pair")
    with serving(folder, demo / "catalogue.yaml", "--workers", str(WORKERS)) as server:
        eventually(lambda: len(pids(server)) == WORKERS, "both workers are up")
        yield server


def test_one_process_makes_a_metatile_for_all(pair: Server) -> None:
    """Both processes at work on the same pixels: twice the load when a map becomes popular."""

    def made() -> float:
        return pair.metric("tuilerie_metatiles_made_total")

    before = made()
    targets = metatile(7, 44, 64)
    answers = pair.get_all((targets * 4)[:50], side_by_side=50)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers[:16]}) == 16
    for first, again in zip(answers[:16], answers[16:32], strict=True):
        assert first.body == again.body
    eventually(lambda: made() > before, "the production is counted")
    settled(pair)
    assert made() - before == 1
    assert pair.metric("tuilerie_render_errors_total") == 0


def settled(server: Server) -> None:
    """Wait until every worker has told the others what it counted: each does so once a second."""
    for _ in range(2):
        seen = server.metric("tuilerie_request_duration_seconds_count")
        eventually(
            lambda seen=seen: server.metric("tuilerie_request_duration_seconds_count") > seen + 40,
            "time passes",
        )


def test_metrics_are_those_of_all_workers(pair: Server) -> None:
    """A monitor that sees another half of the requests each time it looks."""
    targets = metatile(7, 36, 36)
    pair.get_all(targets, side_by_side=4)  # made, by whichever worker

    def served() -> float:
        return pair.metric("tuilerie_tiles_total", layer="world") - pair.metric(
            "tuilerie_tiles_total", layer="world", outcome="not_modified"
        )

    def known() -> tuple[float, float, float]:
        return (
            served(),
            pair.metric("tuilerie_tile_bytes_total", layer="world"),
            pair.metric("tuilerie_requests_total", status="404"),
        )

    settled(pair)
    before = known()
    answers = pair.get_all(targets * 5, side_by_side=8)
    wrong = pair.get_all([world(7, 999, 1)] * 20)
    assert {answer.status for answer in answers} == {200}
    assert {answer.status for answer in wrong} == {404}
    expected = (80.0, float(sum(len(answer.body) for answer in answers)), 20.0)

    def difference() -> tuple[float, ...]:
        return tuple(after - first for first, after in zip(before, known(), strict=True))

    eventually(lambda: difference() == expected, f"the sums are {expected}", within_s=5)
    per_worker = [
        value for (name, _), value in pair.metrics().items() if name == "tuilerie_ready_answers"
    ]
    assert len(per_worker) == WORKERS


def test_killed_worker_is_replaced(pair: Server) -> None:
    """Half of the service gone until somebody notices, or counts that go back."""
    settled(pair)
    before = pair.metric("tuilerie_tiles_total")
    victim = min(pids(pair))
    os.kill(victim, signal.SIGKILL)
    eventually(
        lambda: len(pids(pair)) == WORKERS and victim not in pids(pair),
        "another worker has taken the place",
    )
    assert pair.metric("tuilerie_tiles_total") >= before
    answers = pair.get_all(metatile(6, 20, 32), side_by_side=8)
    assert {answer.status for answer in answers} == {200}
    eventually(lambda: pair.health()["status"] == "ok", "health is ok")
    assert "worker died" in pair.log.read_text()


def test_taken_port_is_said_and_exits_with_3(pair: Server, demo: Path, tmp_path: Path) -> None:
    """Two servers on one port, or a traceback instead of a sentence."""
    for workers in ("1", "2"):
        run = subprocess.run(
            [
                *COMMAND, "serve", demo / "data" / "world.tif", "--port", str(pair.port),
                "--workers", workers, "--data", tmp_path,
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )  # fmt: skip
        assert run.returncode == 3
        assert f"cannot listen on 127.0.0.1:{pair.port}" in run.stderr
        assert "Traceback" not in run.stderr
    assert len(pids(pair)) == WORKERS


def test_changed_catalogue_reaches_all_workers(demo: Path, tmp_path: Path) -> None:
    """Two answers to one question, for as long as one worker has not looked."""
    catalogue = tmp_path / "catalogue.yaml"
    text = (
        (demo / "catalogue.yaml").read_text("utf-8").replace("path: data/", f"path: {demo}/data/")
    )
    catalogue.write_text(text, "utf-8")
    with serving(tmp_path / "run", catalogue, "--workers", str(WORKERS)) as server:
        eventually(lambda: len(pids(server)) == WORKERS, "both workers are up")
        catalogue.write_text(text.replace("Tuilerie demo", "Another title"), "utf-8")
        server.signal(signal.SIGHUP)

        def one_revision() -> bool:
            titles = {
                b"Another title" in answer.body
                for answer in server.get_all(["/wmts/1.0.0/WMTSCapabilities.xml"] * 12)
            }
            numbers = {worker["revision"] for worker in server.health()["workers"]}
            return titles == {True} and len(numbers) == 1

        eventually(one_revision, "both workers publish the new state")
        workers = pids(server)
        server.process.kill()
        server.process.wait()
        eventually(
            lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers),
            "workers without a parent end",
            within_s=30,
        )
