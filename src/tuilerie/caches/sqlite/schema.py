"""The layout of a cache file, version 1: a promise, because people have these files on disk.

    identity(layer, matrix_set)            one row: whose tiles these are
    matrices(ordinal, identifier)          the high bits of keys; rows are never changed
    tilesets(id, style, format, dimensions, generation, created, superseded)
    t<id>(key, created, format, hash, data)

`tilesets.format` is a media type, `dimensions` JSON `[[identifier, value], …]`; `superseded` is
null, or since when another generation has its place. Ids are never used twice: a reader with an
old id finds no table, not another's. In `t<id>`, `key` is as `keys.py` says, `created` seconds
since the epoch, `format` a code of FORMAT_CODES, `hash` the BLAKE2b-128 of the bytes, and `data`
the bytes, or null where they are the blob of the row `shared_key(hash)`.
"""

from __future__ import annotations

import json
import sqlite3

from tuilerie.catalogue.address import Dimensions
from tuilerie.errors import CacheError
from tuilerie.formats import AVIF, JPEG, PNG, PNG8, WEBP, ImageFormat

__all__ = [
    "APPLICATION_ID",
    "FORMATS_BY_CODE",
    "FORMAT_CODES",
    "LAYOUT_VERSION",
    "RefusedFileError",
    "create_schema",
    "dimensions_text",
    "from_sql",
    "is_empty",
    "to_sql",
    "verify_schema",
]

APPLICATION_ID = 0x5475696C  # "Tuil"
LAYOUT_VERSION = 1

FORMAT_CODES: dict[ImageFormat, int] = {PNG: 1, PNG8: 2, JPEG: 3, WEBP: 4, AVIF: 5}
"""Codes on disk: new formats get new codes, none is ever given away again."""

FORMATS_BY_CODE = {code: image_format for image_format, code in FORMAT_CODES.items()}

_SCHEMA = """
CREATE TABLE identity (layer TEXT NOT NULL, matrix_set TEXT NOT NULL);
CREATE TABLE matrices (ordinal INTEGER PRIMARY KEY, identifier TEXT NOT NULL UNIQUE);
CREATE TABLE tilesets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    style TEXT NOT NULL,
    format TEXT NOT NULL,
    dimensions TEXT NOT NULL,
    generation TEXT NOT NULL,
    created INTEGER NOT NULL,
    superseded INTEGER,
    UNIQUE (style, format, dimensions, generation)
);
"""


class RefusedFileError(CacheError):
    """A file stands where ours should and is somebody else's; it is left as it is."""


def is_empty(connection: sqlite3.Connection) -> bool:
    """Tell whether a database has nothing in it: new, or its creation was cut short."""
    found = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(found[0] == 0) and _application(connection) == 0


def create_schema(connection: sqlite3.Connection, layer: str, matrix_set: str) -> None:
    """Make an empty database a cache file, in the caller's transaction."""
    for statement in filter(None, map(str.strip, _SCHEMA.split(";"))):
        connection.execute(statement)
    connection.execute("INSERT INTO identity VALUES (?, ?)", (to_sql(layer), to_sql(matrix_set)))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {LAYOUT_VERSION}")


def verify_schema(connection: sqlite3.Connection, path: str, layer: str, matrix_set: str) -> None:
    """Check that a database is the cache file of these two.

    Raises: RefusedFileError: it is another program's, a newer version's, or of other tiles.
    """
    if _application(connection) != APPLICATION_ID:
        raise RefusedFileError(f"{path} is a database of another program; left as it is")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != LAYOUT_VERSION:
        raise RefusedFileError(
            f"{path} has cache layout {version}, this version knows {LAYOUT_VERSION}; left as it is"
        )
    found = connection.execute("SELECT layer, matrix_set FROM identity").fetchone()
    if found != (to_sql(layer), to_sql(matrix_set)):
        raise RefusedFileError(f"{path} holds the tiles of {found}, not {(layer, matrix_set)}")


def to_sql(text: str) -> str | bytes:
    """Return an identifier as SQLite keeps it: as text, or as bytes if it is no valid UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def from_sql(kept: str | bytes) -> str:
    """Return the identifier that `to_sql` was given."""
    return kept if isinstance(kept, str) else kept.decode("utf-8", "surrogatepass")


def dimensions_text(dimensions: Dimensions) -> str:
    """Return the text under which dimension values are found in `tilesets`."""
    return json.dumps(dimensions, separators=(",", ":"))


def _application(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA application_id").fetchone()[0])
