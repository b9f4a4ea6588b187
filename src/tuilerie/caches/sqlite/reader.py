"""Reading a tile in microseconds: one open connection per file, one prepared question per tileset.

A reader never writes, so it is never in the way of a writer and never has to sync anything on the
event loop. `_prepared` leads from a tileset to its connection and SQL in one dictionary lookup;
whatever is not found there, or fails, is looked at again, slowly, by `_read_slow`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from tuilerie.caches.base import Generation
from tuilerie.caches.content import END_MARKS, END_WITHIN, BlobMemory
from tuilerie.caches.faults import Faults
from tuilerie.caches.sqlite.connect import FileIdentity, cache_error, is_damage
from tuilerie.caches.sqlite.keys import INDEX_BITS, shared_key, tile_key
from tuilerie.caches.sqlite.readfiles import PathOf, ReadFile, ReadFiles
from tuilerie.caches.sqlite.rows import find_tileset, load_bases
from tuilerie.caches.sqlite.schema import FORMATS_BY_CODE
from tuilerie.catalogue.address import TileAddress, TilesetKey
from tuilerie.formats import ImageFormat, StoredTile

__all__ = ["TileReader"]

_MOST_PREPARED = 20_000
_stored = StoredTile._make
_FORMATS: dict[int, tuple[ImageFormat, bytes]] = {
    code: (image_format, END_MARKS.get(image_format, b""))
    for code, image_format in FORMATS_BY_CODE.items()
}


class TileReader:
    """All reading connections of one cache in one process; safe for several threads.

    Args:
        path_of: where a layer's matrix set is kept.
        generation: see Generation; asked once per tileset and opened file.
        set_aside, max_open, mmap_bytes, clock: see ReadFiles.
    """

    def __init__(
        self,
        path_of: PathOf,
        *,
        generation: Generation,
        faults: Faults,
        set_aside: Callable[[str, FileIdentity], None],
        max_open: int,
        mmap_bytes: int,
        clock: Callable[[], float],
    ) -> None:
        self._generation = generation
        self._faults = faults
        self._set_aside = set_aside
        self._clock = clock
        self._blobs = BlobMemory()
        self._prepared: dict[tuple[object, ...], _Prepared] = {}
        self.files = ReadFiles(
            path_of,
            set_aside=set_aside,
            on_close=self._forget_prepared,
            max_open=max_open,
            mmap_bytes=mmap_bytes,
            clock=clock,
        )

    def read(self, address: TileAddress) -> StoredTile | None:
        """Return the tile, or None if it is not here. Raises: CacheError."""
        layer, style, image_format, matrix_set, (matrix, col, row), dimensions = address
        try:
            file, sql = self._prepared[layer, style, image_format, matrix_set, dimensions]
            now = self._clock()
            if (col | row) >> INDEX_BITS or not file.checked <= now < file.check_at:
                return self._read_slow(address)
            key = file.bases[matrix] + (col << INDEX_BITS | row)
            # Not `with`: this is half as long, on the way of every hit.
            lock = file.lock
            lock.acquire()
            try:
                found = file.execute(sql, (key,)).fetchone()
            finally:
                lock.release()
        except (KeyError, sqlite3.Error):
            return self._read_slow(address)
        if found is None:
            return self._read_slow(address)
        created, code, digest, data = found
        if data is None:
            data = self._blobs.get(digest)
            if data is None:
                return self._read_slow(address)
        image_format, end = _FORMATS[code]
        if not data.endswith(end):
            return self._read_slow(address)
        file.used = True
        return _stored((data, image_format, created if created <= now else int(now), digest.hex()))

    def _read_slow(self, address: TileAddress) -> StoredTile | None:
        """Read with every check: after a miss, once a second, and when anything is unusual."""
        missing_table: sqlite3.Error | None = None
        for _ in range(3):
            file = self.files.open((address.layer, address.matrix_set))
            if file is None:
                return None
            with file.lock:
                if file.connection is None:
                    continue
                try:
                    return self._read_from(file, file.connection, address)
                except sqlite3.Error as error:
                    failure = error
            self.files.close(file)
            if is_damage(failure):
                self._set_aside(file.path, file.identity)
                return None
            if failure.sqlite_errorcode != sqlite3.SQLITE_ERROR:
                raise cache_error(failure, file.path) from failure
            # The table went away with its generation: look for the tileset again.
            missing_table = failure
        if missing_table is None:
            return None
        raise cache_error(missing_table, address.layer) from missing_table

    def _read_from(
        self, file: ReadFile, connection: sqlite3.Connection, address: TileAddress
    ) -> StoredTile | None:
        matrix, col, row = address.index
        if matrix not in file.bases:
            file.bases.update(load_bases(connection))
        base = file.bases.get(matrix)
        prepared = self._prepare(file, connection, address)
        if base is None or prepared is None:
            return None
        file.used = True
        found = connection.execute(prepared.sql, (tile_key(base, col, row),)).fetchone()
        if found is None:
            return None
        created, code, digest, data = found
        if data is None:
            data = self._shared_blob(connection, prepared.sql, digest)
        image_format, end = _FORMATS.get(code, (None, b""))
        if data is None or image_format is None or end not in data[-END_WITHIN:]:
            self._faults.note("damaged", f"{file.path}: a tile that is not whole: {address}")
            return None
        return StoredTile(data, image_format, min(created, int(self._clock())), digest.hex())

    def _shared_blob(self, connection: sqlite3.Connection, sql: str, digest: bytes) -> bytes | None:
        found = connection.execute(sql, (shared_key(digest),)).fetchone()
        if found is None or found[2] != digest:
            return None
        data: bytes = found[3]
        self._blobs.add(digest, data)
        return data

    def _prepare(
        self, file: ReadFile, connection: sqlite3.Connection, address: TileAddress
    ) -> _Prepared | None:
        tileset = TilesetKey(*address[:4], address.dimensions)
        prepared = self._prepared.get(tileset)
        if prepared is not None and prepared.file is file:
            return prepared
        found = find_tileset(connection, tileset, self._generation(tileset))
        if found is None:
            return None
        sql = f"SELECT created, format, hash, data FROM t{found[0]} WHERE key = ?"  # noqa: S608
        prepared = _Prepared(file, sql)
        if len(self._prepared) >= _MOST_PREPARED:
            self._prepared.clear()
        self._prepared[tileset] = prepared
        file.tilesets.add(tileset)
        return prepared

    def _forget_prepared(self, file: ReadFile) -> None:
        for tileset in file.tilesets:
            self._prepared.pop(tileset, None)
        file.tilesets.clear()


class _Prepared(NamedTuple):
    file: ReadFile
    sql: str
