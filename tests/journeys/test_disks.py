"""Data directories that are full or cannot be written: tiles are served, and the fault is told."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.running import Server, eventually, serving

TILES = [
    f"/wmts/1.0.0/world/default/WebMercatorQuad/4/{row}/{col}.png"
    for row in range(4, 12, 4)
    for col in range(0, 16, 4)
]


@contextmanager
def serving_from(folder: Path, demo: Path, options: str) -> Iterator[Server]:
    """Serve the demo with a small file system of its own, which nobody else sees, as data."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare (util-linux) is not installed")
    data = folder / "data"
    data.mkdir(parents=True)
    mount = f"mount -t tmpfs -o {options} tmpfs '{data}'"
    trial = subprocess.run(
        ["unshare", "-m", "sh", "-c", mount], capture_output=True, text=True, check=False
    )
    if trial.returncode:
        pytest.skip(f"not allowed to mount a file system here: {trial.stderr.strip()}")
    around = ("unshare", "-m", "sh", "-c", f'{mount} && exec "$@"', "sh")
    with serving(folder, demo / "catalogue.yaml", "--data", data, around=around) as server:
        yield server


def told(server: Server, kind: str) -> None:
    """Fail unless health, metrics and log tell of a cache fault of this kind."""
    health = server.health()
    assert health["status"] == "degraded"
    assert health["cache_faults"]["count"][kind] > 0
    assert health["cache_faults"]["last"]["message"]
    assert server.metric("tuilerie_cache_faults_total", kind=kind) > 0
    log = server.log.read_text()
    assert f"kind={kind}" in log
    assert log.count("cache fault") < 10


def test_full_disk(demo: Path, demo_server: Server, tmp_path: Path) -> None:
    """A map that ends where the disk does, or a cache that stays broken when there is room."""
    with serving_from(tmp_path, demo, "size=1500k") as server:
        answers = server.get_all(TILES, side_by_side=4)
        assert {answer.status for answer in answers} == {200}
        assert server.metric("tuilerie_cache_faults_total", kind="disk_full") > 0
        for target, answer in zip(TILES, answers, strict=True):
            assert answer.body == demo_server.get(target).body
        told(server, "disk_full")

        inside = Path(f"/proc/{server.process.pid}/root{tmp_path}/data")
        subprocess.run(
            ["nsenter", "-t", str(server.process.pid), "-m", "mount", "-o", "remount,size=64m",
             str(tmp_path / "data")],
            check=True,
        )  # fmt: skip
        assert shutil.disk_usage(inside).free > 10_000_000

        def made() -> float:
            return server.metric("tuilerie_metatiles_made_total")

        server.get("/wmts/1.0.0/world/default/WebMercatorQuad/5/8/8.png")
        before = made()
        server.get("/wmts/1.0.0/world/default/WebMercatorQuad/5/9/9.png")
        assert made() == before, "what is made is kept again"


def test_directory_that_cannot_be_written(demo: Path, demo_server: Server, tmp_path: Path) -> None:
    """A server that does not start, or serves nothing, because it may not keep what it makes."""
    with serving_from(tmp_path, demo, "ro") as server:
        answers = server.get_all(TILES[:4], side_by_side=4)
        assert {answer.status for answer in answers} == {200}
        for target, answer in zip(TILES, answers, strict=False):
            assert answer.body == demo_server.get(target).body
        told(server, "read_only")


def test_directory_that_becomes_read_only_while_serving(
    demo: Path, demo_server: Server, tmp_path: Path
) -> None:
    """A disk that the kernel protects after an error, and tiles that were made but do not come."""
    kept = TILES[0]
    with serving_from(tmp_path, demo, "size=64m") as server:
        first = server.get(kept)
        data = str(tmp_path / "data")
        inside = ["nsenter", "-t", str(server.process.pid), "-m"]
        # A remount is refused while files are open for writing; a bind mount over them is not.
        subprocess.run([*inside, "mount", "--bind", data, data], check=True)
        subprocess.run([*inside, "mount", "-o", "remount,bind,ro", data], check=True)
        assert server.get(kept).body == first.body
        layer = "/wmts/1.0.0/france/default/LAMB93/8/24/4.png"
        answer = server.get(layer)
        assert answer.status == 200
        assert answer.body == demo_server.get(layer).body
        told(server, "read_only")


def test_data_directory_that_is_a_file(demo: Path, tmp_path: Path) -> None:
    """A mistyped option that nobody is told of."""
    (tmp_path / "data").write_text("not a directory")
    with serving(tmp_path, demo / "catalogue.yaml", "--data", tmp_path / "data") as server:
        assert server.get(TILES[0]).status == 200
        eventually(lambda: server.health()["status"] == "degraded", "health is degraded")
