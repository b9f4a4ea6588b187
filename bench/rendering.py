"""Misses from a local GeoTIFF in another projection: ours against MapProxy + MapServer, TiTiler."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench import load, raster
from bench.peers import mapproxy, mapserver, titiler, tuilerie
from bench.report import Report

CLIENTS = 8
MATRIX = 6
MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png"}


def measure(folder: Path, shelf: Path, report: Report) -> None:
    """Ask each server once for each of the same tiles, nothing cached."""
    world = raster.world(shelf)
    settings = raster.catalogue(shelf, world)
    for extension, media_type in MEDIA_TYPES.items():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        many = [(MATRIX, x, y) for y in range(16, 48) for x in range(64)]
        # The peers are slower: a part of the same tiles, in the same order, is enough.
        some = [tile for tile in many if tile[1] < 16]
        with tuilerie.serving(folder / "ours", settings) as (origin, _):
            targets = [tuilerie.kvp_target(*tile, media_type) for tile in many]
            ours = load.sweep(origin, targets, clients=CLIENTS)
        with tuilerie.serving(folder / "ours-some", settings) as (origin, _):
            targets = [tuilerie.kvp_target(*tile, media_type) for tile in some]
            ours_some = load.sweep(origin, targets, clients=CLIENTS)
        with (
            mapserver.over_raster(folder / "mapserver", world) as wms,
            mapproxy.over_wms(folder / "mapproxy", shelf, wms, media_type) as origin,
        ):
            targets = [mapproxy.kvp_target(*tile, media_type) for tile in some]
            proxy = load.sweep(origin, targets, clients=CLIENTS)
        with titiler.serving(folder / "titiler", shelf) as origin:
            targets = [titiler.target(world, *tile, extension) for tile in some]
            tiler = load.sweep(origin, targets, clients=CLIENTS)
        for name, rate, run in (
            ("Tuilerie", ours, ours_some),
            ("MapProxy + MapServer", proxy, proxy),
            ("TiTiler", tiler, tiler),
        ):
            report.row(
                f"{extension}: {name}",
                f"{rate.tiles_per_s:8.1f} tiles/s, {run.bytes / len(some) / 1000:.1f} KB a tile, "
                f"{rate.errors + run.errors} errors",
            )
        for name, run in (("MapProxy + MapServer", proxy), ("TiTiler", tiler)):
            report.ratio(
                f"{extension}: rate, Tuilerie / {name}", ours.tiles_per_s / run.tiles_per_s, 5
            )
            report.ratio(
                f"{extension}: size, {name} / Tuilerie", run.bytes / ours_some.bytes, 1 / 1.05
            )
