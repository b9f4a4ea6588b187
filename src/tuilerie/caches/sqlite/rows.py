"""What is written inside a transaction: tilesets, tiles, shared blobs, the end of generations."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from tuilerie.caches.content import SHARED_MAX_BYTES, Repeats
from tuilerie.caches.sqlite.keys import MAX_MATRICES, matrix_base, shared_key
from tuilerie.caches.sqlite.schema import dimensions_text, from_sql, to_sql
from tuilerie.catalogue.address import TilesetKey
from tuilerie.errors import CacheError

__all__ = [
    "TileRow",
    "claim_tileset",
    "clean_step",
    "delete_tiles",
    "find_tileset",
    "load_bases",
    "new_matrix",
    "put_tiles",
]

TileRow = tuple[int, int, int, bytes, bytes]
"""key, created, format code, hash, data"""


def load_bases(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the key base of every matrix that the file knows."""
    rows = connection.execute("SELECT ordinal, identifier FROM matrices")
    return {from_sql(identifier): matrix_base(ordinal) for ordinal, identifier in rows}


def new_matrix(connection: sqlite3.Connection, identifier: str) -> int:
    """Give a matrix the next ordinal; return its key base."""
    ordinal = connection.execute("SELECT count(*) FROM matrices").fetchone()[0]
    if ordinal >= MAX_MATRICES:
        raise CacheError(f"more than {MAX_MATRICES} matrices in one cache file: {identifier!r}")
    connection.execute("INSERT INTO matrices VALUES (?, ?)", (ordinal, to_sql(identifier)))
    return matrix_base(ordinal)


def find_tileset(
    connection: sqlite3.Connection, tileset: TilesetKey, generation: str
) -> tuple[int, bool] | None:
    """Return a tileset's id and whether it is superseded, or None."""
    found = connection.execute(
        "SELECT id, superseded IS NOT NULL FROM tilesets"
        " WHERE style = ? AND format = ? AND dimensions = ? AND generation = ?",
        (*_identity(tileset), to_sql(generation)),
    ).fetchone()
    return None if found is None else (int(found[0]), bool(found[1]))


def claim_tileset(
    connection: sqlite3.Connection, tileset: TilesetKey, generation: str, now: int
) -> int:
    """Return the id of a tileset, made if need be; other generations of it are superseded."""
    found = find_tileset(connection, tileset, generation)
    if found is not None and not found[1]:
        return found[0]
    connection.execute(
        "UPDATE tilesets SET superseded = ? WHERE style = ? AND format = ? AND dimensions = ?"
        " AND superseded IS NULL",
        (now, *_identity(tileset)),
    )
    if found is not None:
        connection.execute("UPDATE tilesets SET superseded = NULL WHERE id = ?", found[:1])
        return found[0]
    cursor = connection.execute(
        "INSERT INTO tilesets (style, format, dimensions, generation, created)"
        " VALUES (?, ?, ?, ?, ?)",
        (*_identity(tileset), to_sql(generation), now),
    )
    identifier = int(cursor.lastrowid or 0)
    connection.execute(
        f"CREATE TABLE t{identifier} (key INTEGER PRIMARY KEY, created INTEGER NOT NULL,"
        " format INTEGER NOT NULL, hash BLOB NOT NULL, data BLOB)"
    )
    return identifier


def put_tiles(
    connection: sqlite3.Connection, tileset_id: int, tiles: Iterable[TileRow], repeats: Repeats
) -> None:
    """Store tiles, small ones that repeat as references to one blob."""
    connection.executemany(
        f"INSERT OR REPLACE INTO t{tileset_id} VALUES (?, ?, ?, ?, ?)",  # noqa: S608 - an integer
        [
            (*row[:4], None) if _is_shared(connection, tileset_id, row, repeats) else row
            for row in tiles
        ],
    )


def delete_tiles(connection: sqlite3.Connection, tileset_id: int, keys: Iterable[int]) -> int:
    """Forget tiles; return how many there were."""
    cursor = connection.executemany(
        f"DELETE FROM t{tileset_id} WHERE key = ?",  # noqa: S608 - an integer
        [(key,) for key in keys],
    )
    return cursor.rowcount


def clean_step(connection: sqlite3.Connection, superseded_before: int, rows: int) -> int:
    """Remove some tiles of a generation that was superseded long enough ago.

    Returns: how many were removed.
    """
    found = connection.execute(
        "SELECT id FROM tilesets WHERE superseded <= ? LIMIT 1", (superseded_before,)
    ).fetchone()
    if found is None:
        return 0
    table = f"t{int(found[0])}"
    removed: int = connection.execute(
        f"DELETE FROM {table} WHERE key IN (SELECT key FROM {table} LIMIT ?)",  # noqa: S608 - an integer
        (rows,),
    ).rowcount
    if removed < rows:
        connection.execute(f"DROP TABLE {table}")
        connection.execute("DELETE FROM tilesets WHERE id = ?", found)
    return removed


def _is_shared(
    connection: sqlite3.Connection, tileset_id: int, row: TileRow, repeats: Repeats
) -> bool:
    """Tell whether a tile's bytes are (from now on) in the shared row of their hash."""
    _, created, code, digest, data = row
    if len(data) > SHARED_MAX_BYTES:
        return False
    key = shared_key(digest)
    found = connection.execute(
        f"SELECT hash FROM t{tileset_id} WHERE key = ?",  # noqa: S608 - an integer
        (key,),
    ).fetchone()
    if found is not None:
        # The key has 56 of the hash's 128 bits: another blob may have it.
        return bool(found[0] == digest)
    if not repeats.seen(digest):
        return False
    connection.execute(
        f"INSERT INTO t{tileset_id} VALUES (?, ?, ?, ?, ?)",  # noqa: S608 - an integer
        (key, created, code, digest, data),
    )
    return True


def _identity(tileset: TilesetKey) -> tuple[str | bytes, str, str]:
    return to_sql(tileset.style), tileset.format.media_type, dimensions_text(tileset.dimensions)
