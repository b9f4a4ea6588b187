"""The demo's start, 5,000 layers against one, and memory while 100,000 random tiles are served."""

from __future__ import annotations

import json
import random
import statistics
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import load, raster
from bench.peers import tuilerie
from bench.processes import group_memory_mb
from bench.report import Report

DEMO = Path(__file__).resolve().parents[1] / "examples" / "demo" / "catalogue.yaml"
STARTS = 5
LAYERS = 5000
TILES = 100_000
MEMORY_TIER_MB = 64


def measure(folder: Path, shelf: Path, report: Report) -> None:
    """Start the demo; start with one layer and with many; then serve many tiles."""
    folder.mkdir(parents=True, exist_ok=True)
    _demo(folder, report)
    world = raster.world(shelf)
    starts, memory = {}, {}
    for count in (1, LAYERS):
        settings = folder / f"catalogue-{count}.yaml"
        settings.write_text(_catalogue(world, count))
        begin = time.perf_counter()
        with tuilerie.serving(folder / f"ours-{count}", settings) as (origin, process):
            starts[count] = time.perf_counter() - begin
            memory[count] = group_memory_mb(process.pid)
            url = f"{origin}/wmts?SERVICE=WMTS&REQUEST=GetCapabilities"
            first, _ = _timed(url)
            whole, size = _timed(url)
            packed = statistics.median(_timed(url, "gzip")[0] for _ in range(STARTS))
            report.row(
                f"{count} layers",
                f"start {starts[count]:.2f} s, {memory[count]:.0f} MB, capabilities"
                f" {size / 1e6:.2f} MB in {first * 1000:.0f} ms, then {whole * 1000:.1f} ms,"
                f" compressed {packed * 1000:.1f} ms",
            )
    report.ratio("5,000 layers: 5 ms / capabilities once more", 0.005 / packed, 1)
    report.ratio("5,000 layers: 5 s / capabilities at first", 5 / first, 1)
    per_layer = (memory[LAYERS] - memory[1]) * 1000 / (LAYERS - 1)
    report.ratio("5,000 layers: 3 s / extra start", 3 / max(starts[LAYERS] - starts[1], 1e-9), 1)
    report.ratio("5,000 layers: 20 KB / memory per layer", 20 / max(per_layer, 1e-9), 1)
    _random_tiles(folder, world, report)


def _demo(folder: Path, report: Report) -> None:
    """Time from the command to the first tile, with nothing kept from an earlier start."""
    seconds = []
    for _ in range(STARTS):
        with TemporaryDirectory(dir=folder) as empty:
            begin = time.perf_counter()
            with tuilerie.serving(Path(empty), DEMO) as (origin, _process):
                _timed(origin + tuilerie.rest_target(2, 1, 1))
                seconds.append(time.perf_counter() - begin)
    middle = statistics.median(seconds)
    report.row("the demo", f"start to first tile {middle:.2f} s, at worst {max(seconds):.2f} s")
    report.ratio("the demo: 1.5 s / start to first tile", 1.5 / middle, 1)


def _random_tiles(folder: Path, world: Path, report: Report) -> None:
    settings = raster.catalogue(folder, world)
    chance = random.Random(20261121)
    targets = [
        tuilerie.rest_target(7, chance.randrange(128), chance.randrange(128)) for _ in range(TILES)
    ]
    options = ("--ready-answers-mb", str(MEMORY_TIER_MB))
    with tuilerie.serving(folder / "memory", settings, *options) as (origin, process):
        before = group_memory_mb(process.pid)
        run = load.sweep(origin, targets, clients=8)
        after = group_memory_mb(process.pid)
        health = json.load(urllib.request.urlopen(f"{origin}/health"))
    report.row(
        f"{TILES} random tiles",
        f"{before:.0f} MB before, {after:.0f} MB after, {run.errors} errors, {health['status']}",
    )
    report.ratio("100,000 tiles: bound / resident memory", (MEMORY_TIER_MB + 250) / after, 1)


def _timed(url: str, encoding: str = "identity") -> tuple[float, int]:
    request = urllib.request.Request(url, headers={"Accept-Encoding": encoding})
    begin = time.perf_counter()
    with urllib.request.urlopen(request) as answer:
        size = len(answer.read())
    return time.perf_counter() - begin, size


def _catalogue(world: Path, count: int) -> str:
    layers = "".join(
        f"  layer_{number:04}:\n"
        f"    title: {{en: Layer {number}, fr: Couche {number}}}\n"
        f"    abstract: The world once more, number {number}.\n"
        f"    keywords: [world, layer {number}]\n"
        "    source: world\n"
        "    matrix_sets: [WebMercatorQuad, WorldCRS84Quad]\n"
        "    formats: [image/jpeg, image/png]\n"
        for number in range(count)
    )
    return (
        "tuilerie: 1\nservice: {title: Benchmark}\n"
        f"sources:\n  world: {{kind: raster, path: {world}}}\nlayers:\n{layers}"
    )
