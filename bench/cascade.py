"""Other servers as sources: what a relayed tile costs, a reprojected one, and a cold map.

The remote of the first two is nginx with the tiles as files, on the core of the server measured:
it takes about 0.01 ms of it a tile, told in each run, so that it is neither a slow remote that is
measured nor a cache of ours that one of the two finds warm. Both reproject the same JPEG tiles of
EPSG:3857 to the same tiles of EPSG:3035 with the defaults of each for the rest: metatiles of
4 × 4, bicubic, JPEG of quality 85, no tile cached. Each chooses the remote's matrix by its own
default rule: MapProxy the finer one up to an enlargement of 1.15, Tuilerie the nearest by ratio,
so that around 55° N it reads the coarser one where MapProxy reads the finer; what "finer" costs
Tuilerie is told beside.
MapProxy runs in two processes of four threads, the clients on the other core.
"""

from __future__ import annotations

import http.client
import shutil
import statistics
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from bench import load, raster
from bench.peers import mapproxy, nginx, slow, tuilerie
from bench.processes import servers_cpu_s
from bench.report import Report

CLIENTS = 8
MATRIX = 6
TARGET = "EuropeanETRS89_LAEAQuad"
LATENCY_S = 0.05
COLD_TILES = 40
_RELAYED = 300
_CAPABILITIES = "/wmts/1.0.0/WMTSCapabilities.xml"
_FINER = [(MATRIX + 1, x, y) for x in range(36, 100) for y in range(14, 66)]
"""All tiles of the next matrix that reach into the European grid, and some around them."""
_MOST_ABOVE_MS = 1.3

_REMOTE = """tuilerie: 1
sources:
  far:
    kind: {kind}
    url: "{url}"
    {more}
    {options}
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
    settings = raster.catalogue(folder, raster.dense(shelf))
    with tuilerie.serving(folder / "origin", settings) as (origin, _):
        _fill(origin, [*tiles, *_FINER], files)
        capabilities = _body(origin, _CAPABILITIES).replace(origin.encode(), b"@ORIGIN@")
    with nginx.static_files(folder / "nginx", files) as static:
        described = files / _CAPABILITIES.lstrip("/")
        described.write_bytes(capabilities.replace(b"@ORIGIN@", static.encode()))
        _relay(folder, static, tiles, report)
        _reproject(folder, shelf, static, report)
    body = _file(files, tiles[0]).read_bytes()
    with slow.serving(body, LATENCY_S, "image/jpeg") as far:
        _cold_map(folder, far, report)


def _relay(folder: Path, static: str, tiles: list[tuple[int, int, int]], report: Report) -> None:
    text = _REMOTE.format(
        kind="xyz",
        url=static + tuilerie.rest_target("{z}", "{x}", "{y}"),
        more=f"max_matrix: {MATRIX}",
        options="",
        extension="jpg",
    ).replace("    styles: [default]\n", "")
    with tuilerie.serving(folder / "relay", _written(folder / "relay.yaml", text)) as (origin, _):
        ours = _median_ms(origin, [tuilerie.rest_target(*tile) for tile in tiles[:_RELAYED]])
    direct = _median_ms(static, [tuilerie.rest_target(*tile) for tile in tiles[:_RELAYED]])
    report.row("a tile from the remote itself", f"{direct:8.2f} ms at the median")
    report.row("a tile relayed, nothing cached", f"{ours:8.2f} ms at the median")
    report.ratio(
        f"relay: {_MOST_ABOVE_MS} ms / what it adds to the remote's own time",
        _MOST_ABOVE_MS / max(ours - direct, 0.001),
        1,
    )


def _reproject(folder: Path, shelf: Path, static: str, report: Report) -> None:
    # Matrix 4: Europe at 1,099 m a pixel, which is between matrices 6 and 7 of the remote.
    wanted = [(4, x, y) for y in range(16) for x in range(16)]
    before = servers_cpu_s()
    direct = load.sweep(static, [tuilerie.rest_target(*tile) for tile in _FINER], clients=CLIENTS)
    remote_ms = (servers_cpu_s() - before) / len(_FINER) * 1000
    ours = _reprojected(folder / "ours", static, wanted, "nearest")
    finer = _reprojected(folder / "finer", static, wanted, "finer")
    with mapproxy.over_tiles(folder / "mapproxy", shelf, static) as proxy:
        targets = [mapproxy.laea_target(*tile) for tile in wanted]
        theirs = load.sweep(proxy, targets, clients=CLIENTS)
    report.row(
        "the remote alone", f"{direct.tiles_per_s:8.1f} tiles/s, {remote_ms:.3f} ms of processor"
    )
    for name, run in (("Tuilerie", ours), ("Tuilerie, finer", finer), ("MapProxy", theirs)):
        report.row(
            f"reprojected from a WMTS: {name}",
            f"{run.tiles_per_s:8.1f} tiles/s, {run.bytes / len(wanted) / 1000:.1f} KB a tile, "
            f"{run.errors} errors",
        )
    report.ratio("reprojected: rate, Tuilerie / MapProxy", ours.tiles_per_s / theirs.tiles_per_s, 4)


def _reprojected(
    folder: Path, static: str, wanted: list[tuple[int, int, int]], choosing: str
) -> load.Sweep:
    text = _REMOTE.format(
        kind="wmts",
        url=static + _CAPABILITIES,
        more="format: image/jpeg\n    matrix_set: WebMercatorQuad",
        options=f"choose_matrix: {choosing}",
        extension="jpg",
    )
    folder.mkdir()
    with tuilerie.serving(folder, _written(folder / "catalogue.yaml", text)) as (origin, _):
        targets = [f"/wmts/1.0.0/world/default/{TARGET}/{z}/{y}/{x}.jpg" for z, x, y in wanted]
        return load.sweep(origin, targets, clients=CLIENTS)


def _cold_map(folder: Path, far: str, report: Report) -> None:
    text = _REMOTE.format(
        kind="xyz",
        url=f"{far}/{{z}}/{{x}}/{{y}}.jpg",
        more=f"max_matrix: {MATRIX}",
        options="",
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


def _body(origin: str, target: str) -> bytes:
    with urllib.request.urlopen(origin + target, timeout=60) as response:
        return bytes(response.read())


def _fill(origin: str, tiles: list[tuple[int, int, int]], files: Path) -> None:
    """Write all tiles as files, below the paths of the origin itself."""
    places = {tuilerie.rest_target(*tile): _file(files, tile) for tile in tiles}

    def keep(target: str, body: bytes) -> None:
        places[target].parent.mkdir(parents=True, exist_ok=True)
        places[target].write_bytes(body)

    load.sweep(origin, list(places), clients=CLIENTS, keep=keep)


def _file(files: Path, tile: tuple[int, int, int]) -> Path:
    return files / tuilerie.rest_target(*tile).lstrip("/")
