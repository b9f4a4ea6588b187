"""MapProxy behind nginx and uWSGI: over a filled SQLite cache, or in front of a WMS."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.peers import nginx
from bench.peers.environment import environment
from bench.processes import free_port, running

_PACKAGES = ("mapproxy==7.0.0", "pyuwsgi==2.0.30.post1")

_COMMON = """
services:
  wmts: {{kvp: true, restful: true}}
layers:
  - {{name: world, title: World, sources: [world]}}
caches:
  world:
    grids: [GLOBAL_WEBMERCATOR]
    sources: [{source}]
    format: {format}
    cache: {{type: sqlite, directory: {folder}/cache, sqlite_wal: true}}
globals:
  cache: {{base_dir: {folder}, lock_dir: {folder}/locks, tile_lock_dir: {folder}/locks}}
  image:
    paletted: false
    formats: {{image/jpeg: {{encoding_options: {{jpeg_quality: 85}}}}}}
"""

_WMS = """
sources:
  wms:
    type: wms
    req: {{url: "{url}", layers: world, transparent: false, format: {format}}}
    wms_opts: {{version: 1.1.1}}
    supported_srs: ["EPSG:3857"]
"""


_TILES = """
services:
  wmts: {{kvp: true, restful: true}}
layers:
  - {{name: world, title: World, sources: [world]}}
grids:
  laea:
    srs: EPSG:3035
    origin: nw
    bbox: [2000000.0, 1000000.0, 6500000.0, 5500000.0]
    res: [17578.125, 8789.0625, 4394.53125, 2197.265625, 1098.6328125, 549.31640625]
caches:
  remote:
    grids: [GLOBAL_WEBMERCATOR]
    sources: [tiles]
    format: image/jpeg
    disable_storage: true
  world:
    grids: [laea]
    sources: [remote]
    format: image/jpeg
    cache: {{type: sqlite, directory: {folder}/cache, sqlite_wal: true}}
sources:
  tiles:
    type: tile
    grid: GLOBAL_WEBMERCATOR
    url: "{origin}/wmts/1.0.0/world/default/WebMercatorQuad/%(z)s/%(y)s/%(x)s.jpg"
globals:
  cache: {{base_dir: {folder}, lock_dir: {folder}/locks, tile_lock_dir: {folder}/locks}}
  image:
    resampling_method: bicubic
    paletted: false
    formats: {{image/jpeg: {{encoding_options: {{jpeg_quality: 85}}}}}}
"""


@contextlib.contextmanager
def over_tiles(folder: Path, shelf: Path, origin: str) -> Iterator[str]:
    """Serve layer "world" of another server's WMTS in EPSG:3035, nothing cached."""
    configuration = _TILES.format(folder=folder, origin=origin)
    with _serving(folder, shelf, configuration) as found:
        yield found


def laea_target(z: int, x: int, y: int) -> str:
    """A GetTile by path, in the grid of `over_tiles`."""
    return f"/wmts/world/laea/{z:02}/{x}/{y}.jpeg"


@contextlib.contextmanager
def over_sqlite(
    folder: Path, shelf: Path, tiles: Iterable[tuple[int, int, int, bytes]]
) -> Iterator[str]:
    """Serve given JPEG tiles (z, x, y from the top, bytes) from its SQLite cache."""
    _fill(folder / "cache" / "GLOBAL_WEBMERCATOR", tiles)
    configuration = _COMMON.format(folder=folder, source="", format="image/jpeg")
    with _serving(folder, shelf, configuration) as origin:
        yield origin


@contextlib.contextmanager
def over_wms(folder: Path, shelf: Path, wms: str, media_type: str) -> Iterator[str]:
    """Serve layer "world" of a WMS with an empty cache, metatiles 4x4 as by default."""
    configuration = _COMMON.format(folder=folder, source="wms", format=media_type)
    configuration += _WMS.format(url=wms, format=media_type)
    with _serving(folder, shelf, configuration) as origin:
        yield origin


def kvp_target(z: int, x: int, y: int, media_type: str = "image/jpeg") -> str:
    """A GetTile by KVP."""
    return (
        "/service?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=world&STYLE=default"
        f"&FORMAT={media_type}&TILEMATRIXSET=GLOBAL_WEBMERCATOR&TILEMATRIX={z:02}"
        f"&TILEROW={y}&TILECOL={x}"
    )


def rest_target(z: int, x: int, y: int) -> str:
    """A GetTile by path."""
    return f"/wmts/world/GLOBAL_WEBMERCATOR/{z:02}/{x}/{y}.jpeg"


@contextlib.contextmanager
def _serving(folder: Path, shelf: Path, configuration: str) -> Iterator[str]:
    folder.mkdir(parents=True, exist_ok=True)
    binaries = environment(shelf / "mapproxy", _PACKAGES)
    (folder / "mapproxy.yaml").write_text(configuration)
    (folder / "application.py").write_text(
        "from mapproxy.wsgiapp import make_wsgi_app\n"
        f"application = make_wsgi_app({str(folder / 'mapproxy.yaml')!r})\n"
    )
    port = free_port()
    command = [
        *(binaries / "pyuwsgi", "--master", "--processes", "2", "--threads", "4"),
        *("--socket", f"127.0.0.1:{port}", "--wsgi-file", folder / "application.py"),
        *("--disable-logging", "--listen", "128", "--buffer-size", "8192", "--die-on-term"),
    ]
    location = f"location / {{ include /etc/nginx/uwsgi_params; uwsgi_pass 127.0.0.1:{port}; }}"
    with (
        running(command, log=folder / "uwsgi.log", ready=f"tcp:{port}"),
        nginx.serving(folder / "front", location) as origin,
    ):
        yield origin


def _fill(folder: Path, tiles: Iterable[tuple[int, int, int, bytes]]) -> None:
    """Write its SQLite layout: one database a level, rows counted as the grid counts them."""
    folder.mkdir(parents=True, exist_ok=True)
    levels: dict[int, list[tuple[int, int, int, bytes]]] = {}
    for tile in tiles:
        levels.setdefault(tile[0], []).append(tile)
    for z, rows in levels.items():
        path = folder / f"{z}.mbtiles"
        path.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute(
                "CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer,"
                " tile_data blob, last_modified datetime DEFAULT (datetime('now','localtime')))"
            )
            database.execute("CREATE TABLE metadata (name text, value text)")
            database.execute(
                "CREATE UNIQUE INDEX idx_tile ON tiles (zoom_level, tile_column, tile_row)"
            )
            database.executemany(
                "INSERT INTO tiles (zoom_level, tile_column, tile_row, tile_data)"
                " VALUES (?, ?, ?, ?)",
                rows,
            )
