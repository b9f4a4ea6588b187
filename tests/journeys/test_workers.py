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


def metatile(layer: str, matrix: int, row: int, col: int) -> list[str]:
    """Return the addresses of the 4 x 4 tiles from one on, which are made at once."""
    return [
        f"/wmts/1.0.0/{layer}/default/WebMercatorQuad/{matrix}/{row + n // 4}/{col + n % 4}.png"
        for n in range(16)
    ]


def counted(server: Server, layer: str) -> float:
    """Return how many tiles of a layer all workers have served, as far as they have said."""
    return server.metric("tuilerie_tiles_total", layer=layer)


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
    targets = (metatile("world", 7, 44, 64) * 4)[:50]
    answers = pair.get_all(targets, side_by_side=50)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 16
    for first, again in zip(answers[:16], answers[16:32], strict=True):
        assert first.body == again.body
    # Whoever has counted its requests has counted what it made for them.
    eventually(lambda: counted(pair, "world") == 50, "all requests are counted", within_s=5)
    assert pair.metric("tuilerie_metatiles_made_total") == 1
    assert pair.metric("tuilerie_tiles_made_total") == 16
    assert pair.metric("tuilerie_render_errors_total") == 0


def test_metrics_are_those_of_all_workers(pair: Server) -> None:
    """A monitor that sees another half of the requests each time it looks."""
    answers = pair.get_all(metatile("surface", 5, 12, 16) * 5, side_by_side=8)
    wrong = pair.get_all([metatile("surface", 5, 99, 0)[0]] * 20)
    assert {answer.status for answer in answers} == {200}
    assert {answer.status for answer in wrong} == {404}
    expected = (80.0, float(sum(len(answer.body) for answer in answers)), 20.0)

    def found() -> tuple[float, float, float]:
        return (
            counted(pair, "surface"),
            pair.metric("tuilerie_tile_bytes_total", layer="surface"),
            pair.metric("tuilerie_requests_total", route="tile", status="404"),
        )

    eventually(lambda: found() == expected, f"the sums are {expected}", within_s=5)
    both = [value for (name, _), value in pair.metrics().items() if name == "tuilerie_connections"]
    assert len(both) == WORKERS


def test_killed_worker_is_replaced(pair: Server) -> None:
    """Half of the service gone until somebody notices, or counts that go back."""
    before = len(pair.get_all(metatile("levant", 7, 48, 76)))
    eventually(lambda: counted(pair, "levant") == before, "all requests are counted", within_s=5)
    victim = min(pids(pair))
    os.kill(victim, signal.SIGKILL)
    eventually(
        lambda: len(pids(pair)) == WORKERS and victim not in pids(pair),
        "another worker has taken the place",
    )
    assert counted(pair, "levant") == before
    answers = pair.get_all(metatile("levant", 7, 48, 76), side_by_side=8)
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
    text = (demo / "catalogue.yaml").read_text("utf-8")
    text = text.replace("path: data/", f"path: {demo}/data/")
    text = text.replace("template: templates/", f"template: {demo}/templates/")
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
