"""Other servers as sources: what a relayed tile costs, a reprojected one, and a cold map."""

from __future__ import annotations

import http.client
import shutil
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from bench import load, raster
from bench.peers import mapproxy, nginx, slow, tuilerie
from bench.report import Report

CLIENTS = 8
MATRIX = 6
TARGET = "EuropeanETRS89_LAEAQuad"
LATENCY_S = 0.05
COLD_TILES = 40
_RELAYED = 300
_MOST_ABOVE_MS = 1.3

_REMOTE = """tuilerie: 1
sources:
  far:
    kind: {kind}
    url: "{url}"
    {more}
    options: {{max_connections: {connections}}}
layers:
  world:
    source: far
    styles: [default]
    formats: [{extension}]
    matrix_sets: [WebMercatorQuad, EuropeanETRS89_LAEAQuad]
"""


def measure(folder: Path, shelf: Path, report: Report) -> None:
    """Ask through the cascade for what a remote on loopback has, and MapProxy for the same."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = folder / "tiles"
    tiles = [(MATRIX, x, y) for x in range(64) for y in range(64)]
    settings = raster.catalogue(folder, raster.world(shelf))
    with tuilerie.serving(folder / "origin", settings) as (origin, _):
        _fill(origin, tiles, files)
        with nginx.static_files(folder / "nginx", files) as static:
            _relay(folder, static, tiles, report)
        _reproject(folder, shelf, origin, report)
    body = _file(files, tiles[0]).read_bytes()
    with slow.serving(body, LATENCY_S, "image/jpeg") as far:
        _cold_map(folder, far, report)


def _relay(folder: Path, static: str, tiles: list[tuple[int, int, int]], report: Report) -> None:
    text = _REMOTE.format(
        kind="xyz",
        url=f"{static}/{{z}}/{{x}}/{{y}}.jpg",
        more=f"max_matrix: {MATRIX}",
        connections=8,
        extension="jpg",
    ).replace("    styles: [default]\n", "")
    with tuilerie.serving(folder / "relay", _written(folder / "relay.yaml", text)) as (origin, _):
        ours = _median_ms(origin, [tuilerie.rest_target(*tile) for tile in tiles[:_RELAYED]])
    direct = _median_ms(static, ["/{}/{}/{}.jpg".format(*tile) for tile in tiles[:_RELAYED]])
    report.row("a tile from the remote itself", f"{direct:8.2f} ms at the median")
    report.row("a tile relayed, nothing cached", f"{ours:8.2f} ms at the median")
    report.ratio(
        f"relay: {_MOST_ABOVE_MS} ms / what it adds to the remote's own time",
        _MOST_ABOVE_MS / max(ours - direct, 0.001),
        1,
    )


def _reproject(folder: Path, shelf: Path, origin: str, report: Report) -> None:
    text = _REMOTE.format(
        kind="wmts",
        url=f"{origin}/wmts/1.0.0/WMTSCapabilities.xml",
        more="format: image/jpeg\n    matrix_set: WebMercatorQuad",
        connections=8,
        extension="jpg",
    )
    # Matrix 5: Europe at 763 m a pixel, 8 x 8 metatiles from matrix 7 of the remote.
    wanted = [(5, x, y) for y in range(8, 24) for x in range(8, 24)]
    with tuilerie.serving(folder / "ours", _written(folder / "ours.yaml", text)) as (ours, _):
        targets = [f"/wmts/1.0.0/world/default/{TARGET}/{z}/{y}/{x}.jpg" for z, x, y in wanted]
        # The remote's own tiles are made first, by whoever asks first: that is not compared.
        load.sweep(ours, targets, clients=CLIENTS)
    shutil.rmtree(folder / "ours" / "data")
    with tuilerie.serving(folder / "ours", _written(folder / "ours.yaml", text)) as (ours, _):
        ours_rate = load.sweep(ours, targets, clients=CLIENTS)
    with mapproxy.over_tiles(folder / "mapproxy", shelf, origin) as proxy:
        targets = [mapproxy.laea_target(*tile) for tile in wanted]
        theirs = load.sweep(proxy, targets, clients=CLIENTS)
    for name, run in (("Tuilerie", ours_rate), ("MapProxy", theirs)):
        report.row(
            f"reprojected from a WMTS: {name}",
            f"{run.tiles_per_s:8.1f} tiles/s, {run.bytes / len(wanted) / 1000:.1f} KB a tile, "
            f"{run.errors} errors",
        )
    report.ratio(
        "reprojected: rate, Tuilerie / MapProxy", ours_rate.tiles_per_s / theirs.tiles_per_s, 4
    )


def _cold_map(folder: Path, far: str, report: Report) -> None:
    text = _REMOTE.format(
        kind="xyz",
        url=f"{far}/{{z}}/{{x}}/{{y}}.jpg",
        more=f"max_matrix: {MATRIX}",
        connections=20,
        extension="jpg",
    ).replace("    styles: [default]\n", "")
    with tuilerie.serving(folder / "cold", _written(folder / "cold.yaml", text)) as (origin, _):
        targets = [tuilerie.rest_target(MATRIX, n % 8, n // 8) for n in range(COLD_TILES)]
        _get(origin, ["/health"])
        start = time.perf_counter()
        with ThreadPoolExecutor(COLD_TILES) as threads:
            list(threads.map(lambda target: _get(origin, [target]), targets))
        took = time.perf_counter() - start
    report.row(f"a cold map of {COLD_TILES} tiles", f"{took * 1000:8.0f} ms")
    report.ratio("cold map: 3 round trips / time", 3 * LATENCY_S / took, 1)


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def _median_ms(origin: str, targets: list[str]) -> float:
    return statistics.median(_get(origin, targets)) * 1000


def _get(origin: str, targets: list[str]) -> list[float]:
    """Ask for all, one after the other on one connection; return the seconds of each."""
    connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=60)
    times = []
    for target in targets:
        start = time.perf_counter()
        connection.request("GET", target)
        response = connection.getresponse()
        response.read()
        times.append(time.perf_counter() - start)
        if response.status != 200:
            raise RuntimeError(f"{origin}{target}: {response.status}")
    connection.close()
    return times


def _fill(origin: str, tiles: list[tuple[int, int, int]], files: Path) -> None:
    """Write all tiles as files, and leave them in the origin's cache."""
    places = {tuilerie.rest_target(*tile): _file(files, tile) for tile in tiles}

    def keep(target: str, body: bytes) -> None:
        places[target].parent.mkdir(parents=True, exist_ok=True)
        places[target].write_bytes(body)

    load.sweep(origin, list(places), clients=CLIENTS, keep=keep)


def _file(files: Path, tile: tuple[int, int, int]) -> Path:
    z, x, y = tile
    return files / str(z) / str(x) / f"{y}.jpg"
