"""Cached tiles: ours from SQLite and from memory, against nginx, MapCache and MapProxy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import load, raster
from bench.peers import mapcache, mapproxy, nginx, tuilerie
from bench.report import Report

MATRIX = 7
SECONDS = 6
ROUNDS = 2
CONNECTIONS = 16
READY = 400
"""So few different tiles that their ready answers all fit in memory."""

Target = Callable[[int, int, int], str]
Tile = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Contender:
    name: str
    origin: str
    kvp: Target
    rest: Target


def measure(folder: Path, shelf: Path, report: Report) -> None:
    """Fill one set of tiles into every server, then ask all of them in turn, round by round."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = raster.catalogue(folder, raster.dense(shelf))
    tiles = [(MATRIX, x, y) for x in range(2**MATRIX) for y in range(2**MATRIX)]
    files = folder / "tiles"
    small = ("--ready-answers-mb", "0")
    with tuilerie.serving(folder / "ours", settings, *small) as (origin, _):
        _fill(origin, tiles, files)
        report.note(f"{len(tiles)} JPEG tiles, {_mean_size(files, tiles):.1f} KB on average")
        shutil.rmtree(folder / "mapproxy", ignore_errors=True)
        bodies = ((z, x, y, _file(files, (z, x, y)).read_bytes()) for z, x, y in tiles)
        with (
            nginx.static_files(folder / "nginx", files) as static,
            mapcache.over_files(
                folder / "mapcache", {tile: _file(files, tile) for tile in tiles}
            ) as apache,
            mapproxy.over_sqlite(folder / "mapproxy", shelf, bodies) as proxy,
            tuilerie.serving(folder / "ours", settings) as (ready, _),
        ):
            path: Target = "/{}/{}/{}.jpg".format
            contenders = [
                _Contender("nginx", static, path, path),
                _Contender("MapCache", apache, mapcache.kvp_target, mapcache.rest_target),
                _Contender("MapProxy", proxy, mapproxy.kvp_target, mapproxy.rest_target),
                _Contender("Tuilerie, SQLite", origin, tuilerie.kvp_target, tuilerie.rest_target),
            ]
            for encoding in ("KVP", "REST"):
                _compare(report, encoding, contenders, tiles, folder)
            _soap(report, contenders[-1], tiles, folder)
            few = tiles[:: len(tiles) // READY]
            warm = [
                contenders[0],
                _Contender("Tuilerie, ready", ready, tuilerie.kvp_target, tuilerie.rest_target),
            ]
            for encoding in ("KVP", "REST"):
                _compare(report, encoding, warm, few, folder)
            _many_connections(report, [contenders[1], contenders[3]], tiles, folder)


def _compare(
    report: Report, encoding: str, contenders: list[_Contender], tiles: list[Tile], folder: Path
) -> None:
    """Measure all in turn, so that a slow moment of the machine falls on all of them."""
    seen: dict[str, list[load.Load]] = {contender.name: [] for contender in contenders}
    for _ in range(ROUNDS):
        for contender in contenders:
            target = contender.kvp if encoding == "KVP" else contender.rest
            targets = [target(*tile) for tile in tiles]
            load.wrk(contender.origin, targets, connections=CONNECTIONS, seconds=1, folder=folder)
            seen[contender.name].append(
                load.wrk(
                    contender.origin,
                    targets,
                    connections=CONNECTIONS,
                    seconds=SECONDS,
                    folder=folder,
                )
            )
    ours = contenders[-1].name
    best = {name: max(run.requests_per_s for run in runs) for name, runs in seen.items()}
    cost = {name: min(run.cpu_us for run in runs) for name, runs in seen.items()}
    for name, runs in seen.items():
        report.row(
            f"{encoding}: {name}",
            f"{best[name]:9.0f} requests/s, {cost[name]:6.1f} µs of processor a request, "
            f"p99 {min(run.p99_ms for run in runs):.2f} ms, "
            f"{sum(run.errors for run in runs)} errors",
        )
    for name in best:
        if name != ours:
            wanted = _WANTED[ours, name]
            report.ratio(f"{encoding}: {ours} / {name}", best[ours] / best[name], wanted)
            report.ratio(f"{encoding}: the same by processor time", cost[name] / cost[ours], wanted)


def _soap(report: Report, ours: _Contender, tiles: list[Tile], folder: Path) -> None:
    """The same tiles in envelopes: at most three times as dear as by KVP."""
    runs = {}
    for name, target in (("KVP", ours.kvp), ("SOAP", tuilerie.soap_target)):
        targets = [target(*tile) for tile in tiles]
        for seconds in (1, SECONDS):
            runs[name] = load.wrk(
                ours.origin, targets, connections=CONNECTIONS, seconds=seconds, folder=folder
            )
    kvp, soap = runs["KVP"], runs["SOAP"]
    report.row(
        "SOAP: Tuilerie, SQLite",
        f"{soap.requests_per_s:9.0f} requests/s, {soap.cpu_us:6.1f} µs of processor a request, "
        f"p99 {soap.p99_ms:.2f} ms, {soap.errors} errors",
    )
    report.ratio("SOAP / KVP", soap.requests_per_s / kvp.requests_per_s, 1 / 3)
    report.ratio("SOAP / KVP by processor time", kvp.cpu_us / soap.cpu_us, 1 / 3)


_WANTED = {
    ("Tuilerie, SQLite", "nginx"): 0.5,
    ("Tuilerie, SQLite", "MapCache"): 2.4,
    ("Tuilerie, SQLite", "MapProxy"): 20.0,
    ("Tuilerie, ready", "nginx"): 0.9,
}


def _many_connections(
    report: Report, contenders: list[_Contender], tiles: list[Tile], folder: Path
) -> None:
    """256 connections: no error, and a p99 below MapCache's."""
    seen = {}
    for contender in contenders:
        targets = [contender.kvp(*tile) for tile in tiles]
        run = load.wrk(contender.origin, targets, connections=256, seconds=SECONDS, folder=folder)
        seen[contender.name] = run
        report.row(
            f"256 connections: {contender.name}",
            f"{run.requests_per_s:9.0f} requests/s, p99 {run.p99_ms:.2f} ms, {run.errors} errors",
        )
    theirs, ours = (seen[contender.name] for contender in contenders)
    report.ratio("256 connections: MapCache p99 / Tuilerie p99", theirs.p99_ms / ours.p99_ms, 1.0)


def _fill(origin: str, tiles: list[Tile], files: Path) -> None:
    """Let our server make the tiles, and keep each as a file for the others."""
    by_target = {tuilerie.kvp_target(*tile): tile for tile in tiles}

    def keep(target: str, body: bytes) -> None:
        path = _file(files, by_target[target])
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)

    made = load.sweep(origin, list(by_target), clients=8, keep=keep)
    if made.errors:
        raise RuntimeError(f"{made.errors} of {len(tiles)} tiles could not be made")


def _file(files: Path, tile: Tile) -> Path:
    z, x, y = tile
    return files / str(z) / str(x) / f"{y}.jpg"


def _mean_size(files: Path, tiles: list[Tile]) -> float:
    return sum(_file(files, tile).stat().st_size for tile in tiles) / len(tiles) / 1000
