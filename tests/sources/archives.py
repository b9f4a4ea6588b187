"""Archives of tiles, made small: by SQL, and by the writer of PMTiles that is not ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

Tiles = Mapping[tuple[int, int, int], bytes]
"""From level, column and row (0 at the top) to bytes."""

HALF_M = 20037508.342789244


def image(array: np.ndarray, form: str = "PNG", **how: Any) -> bytes:
    """Encode (rows, columns[, bands])."""
    out = BytesIO()
    Image.fromarray(array).save(out, form, **how)
    return out.getvalue()


def world(level: int, tile_px: int = 256) -> np.ndarray:
    """Draw the whole world at a level, in smooth colours: interpolation has one right answer."""
    side = tile_px * 2**level
    u, v = np.meshgrid((np.arange(side) + 0.5) / side, (np.arange(side) + 0.5) / side)
    planes = [
        127 + 100 * np.sin(9 * u + 3 * v),
        127 + 100 * np.cos(5 * u - 8 * v),
        60 + 130 * v,
    ]
    return np.stack([np.rint(plane) for plane in planes], axis=-1).astype(np.uint8)


def cut(picture: np.ndarray, level: int, form: str = "PNG", **how: Any) -> dict[Any, bytes]:
    """Cut a picture of the world in tiles."""
    px = picture.shape[0] // 2**level
    return {
        (level, col, row): image(
            np.ascontiguousarray(picture[row * px : (row + 1) * px, col * px : (col + 1) * px]),
            form,
            **how,
        )
        for col in range(2**level)
        for row in range(2**level)
    }


def pyramid_of_world(
    last: int, form: str = "PNG", tile_px: int = 256, **how: Any
) -> dict[Any, bytes]:
    """Return all tiles of the drawn world, level 0 to `last`."""
    tiles: dict[Any, bytes] = {}
    for level in range(last + 1):
        tiles |= cut(world(level, tile_px), level, form, **how)
    return tiles


def write_mbtiles(path: Path, tiles: Tiles, *, views: bool = False, **metadata: str) -> Path:
    """Write MBTiles as a table, or as the views on `images` and `map` that share equal tiles."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
        connection.executemany("INSERT INTO metadata VALUES (?, ?)", metadata.items())
        rows = [(z, x, 2**z - 1 - y, data) for (z, x, y), data in tiles.items()]
        if views:
            connection.executescript(
                "CREATE TABLE map (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER,"
                " tile_id TEXT);"
                "CREATE TABLE images (tile_data BLOB, tile_id TEXT PRIMARY KEY);"
                "CREATE UNIQUE INDEX place ON map (zoom_level, tile_column, tile_row);"
                "CREATE VIEW tiles AS SELECT zoom_level, tile_column, tile_row, tile_data"
                " FROM map JOIN images ON images.tile_id = map.tile_id;"
            )
            for z, x, y, data in rows:
                name = str(hash(data))
                connection.execute("INSERT OR IGNORE INTO images VALUES (?, ?)", (data, name))
                connection.execute("INSERT INTO map VALUES (?, ?, ?, ?)", (z, x, y, name))
        else:
            connection.execute(
                "CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER,"
                " tile_data BLOB)"
            )
            connection.execute(
                "CREATE UNIQUE INDEX place ON tiles (zoom_level, tile_column, tile_row)"
            )
            connection.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", rows)
    connection.close()
    return path


def write_pmtiles(
    path: Path,
    tiles: Tiles,
    kind: TileType = TileType.PNG,
    *,
    in_order: bool = True,
    bounds: tuple[float, float, float, float] = (-180, -85.05112, 180, 85.05112),
    **metadata: str,
) -> Path:
    """Write PMTiles with the library of its authors."""
    numbered = sorted(((zxy_to_tileid(*place), data) for place, data in tiles.items()))
    with path.open("wb") as file:
        writer = Writer(file)
        for number, data in numbered if in_order else reversed(numbered):
            writer.write_tile(number, data)
        if not in_order:
            writer.tile_entries.sort(key=lambda entry: entry.tile_id)
        left, bottom, right, top = (round(edge * 1e7) for edge in bounds)
        writer.finalize(
            {
                "tile_type": kind,
                "tile_compression": Compression.NONE,
                "min_lon_e7": left,
                "min_lat_e7": bottom,
                "max_lon_e7": right,
                "max_lat_e7": top,
                "center_zoom": 0,
                "center_lon_e7": 0,
                "center_lat_e7": 0,
            },
            metadata,
        )
    return path
