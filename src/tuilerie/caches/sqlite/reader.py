"""Reading a tile in microseconds: one snapshot per open file, one prepared question per tileset.

A reader never writes, so it is never in the way of a writer and never has to sync anything on the
event loop. A `TilesetReader` knows its file and its SQL; whatever is not found by them, or fails,
or is due, is looked at again, slowly and in a new snapshot, by `TileReader.read_anew`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

from tuilerie.caches.base import Generation
from tuilerie.caches.content import END_MARKS, END_WITHIN, BlobMemory
from tuilerie.caches.faults import Faults
from tuilerie.caches.sqlite.connect import FileIdentity, cache_error, is_damage
from tuilerie.caches.sqlite.keys import INDEX_BITS, shared_key, tile_key
from tuilerie.caches.sqlite.readfiles import PathOf, ReadFile, ReadFiles
from tuilerie.caches.sqlite.rows import find_tileset, load_bases
from tuilerie.caches.sqlite.schema import FORMATS_BY_CODE
from tuilerie.catalogue.address import TileAddress, TilesetKey
from tuilerie.errors import CacheError
from tuilerie.formats import ImageFormat, StoredTile
from tuilerie.grids import TileIndex

__all__ = ["TileReader", "TilesetReader"]

_MOST_TILESETS: Final = 20_000
_new = tuple.__new__
_FORMATS: dict[int, tuple[ImageFormat, bytes]] = {
    code: (image_format, END_MARKS.get(image_format, b""))
    for code, image_format in FORMATS_BY_CODE.items()
}
_SQL: Final = "SELECT created << 8 | format AS stamp, hash, data FROM t{} WHERE key = ?"
"""Two columns in one: to the reader a column costs more than the arithmetic."""

_NOWHERE: Final = ReadFile("", ("", ""), (0, 0), None)


Anew = Callable[["TilesetReader", TileIndex], StoredTile | None]


class TilesetReader:
    """Reads the tiles of one tileset.

    Args:
        anew: reads whatever is not simply there.

    Attributes:
        file, sql: where they were found last; `sql` is of no meaning for any other file.
    """

    __slots__ = ("_anew", "_blob", "_clock", "file", "sql", "tileset")

    def __init__(
        self, tileset: TilesetKey, anew: Anew, blobs: BlobMemory, clock: Callable[[], float]
    ) -> None:
        self.tileset = tileset
        self.file = _NOWHERE
        self.sql = ""
        self._anew = anew
        self._blob = blobs.get
        self._clock = clock

    def read(self, index: TileIndex) -> StoredTile | None:
        """Return the tile, or None if it is not here. Raises: what `anew` raises."""
        matrix, col, row = index
        file = self.file
        now = self._clock()
        if now >= file.check_at or (col | row) >> INDEX_BITS:
            return self._anew(self, index)
        try:
            key = file.bases[matrix] + (col << INDEX_BITS | row)
            # Not `with`: this is half as long, on the way of every hit.
            lock = file.lock
            lock.acquire()
            try:
                found = file.execute(self.sql, (key,)).fetchone()
            finally:
                lock.release()
        except (KeyError, sqlite3.Error):
            return self._anew(self, index)
        if found is None:
            return self._anew(self, index)
        stamp, digest, data = found
        if data is None:
            data = self._blob(digest)
            if data is None:
                return self._anew(self, index)
        image_format, end = _FORMATS[stamp & 0xFF]
        if not data.endswith(end):
            return self._anew(self, index)
        created = stamp >> 8
        if created > now:
            created = int(now)
        return _new(StoredTile, (data, image_format, created, digest.hex()))


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
        self._tilesets: dict[tuple[object, ...], TilesetReader] = {}
        self.files = ReadFiles(
            path_of,
            set_aside=set_aside,
            max_open=max_open,
            mmap_bytes=mmap_bytes,
            clock=clock,
        )

    def read(self, address: TileAddress) -> StoredTile | None:
        """Return the tile, or None if it is not here. Raises: CacheError."""
        return self._of(address).read(address[4])

    def read_now(self, address: TileAddress) -> StoredTile | None:
        """Return the tile as it is at this moment, whoever wrote it. Raises: CacheError."""
        return self.read_anew(self._of(address), address[4])

    def of(self, tileset: TilesetKey) -> TilesetReader:
        """Return a reader of a tileset that raises nothing: see TilesetCache."""
        return TilesetReader(tileset, self._read_quietly, self._blobs, self._clock)

    def _kept(self, tileset: TilesetKey) -> TilesetReader:
        found = self._tilesets.get(tileset)
        if found is None:
            if len(self._tilesets) >= _MOST_TILESETS:
                self._tilesets.clear()
            found = TilesetReader(tileset, self.read_anew, self._blobs, self._clock)
            found = self._tilesets.setdefault(tileset, found)
        return found

    def _of(self, address: TileAddress) -> TilesetReader:
        layer, style, image_format, matrix_set, _, dimensions = address
        key = (layer, style, image_format, matrix_set, dimensions)
        return self._tilesets.get(key) or self._kept(TilesetKey(*key))

    def read_anew(self, asked: TilesetReader, index: TileIndex) -> StoredTile | None:
        """Read with every check and in a new snapshot: after a miss, when one is due, after errors.

        Raises: CacheError.
        """
        missing_table: sqlite3.Error | None = None
        for _ in range(3):
            file = self.files.open((asked.tileset.layer, asked.tileset.matrix_set))
            if file is None:
                return None
            with file.lock:
                if file.connection is None:
                    continue
                try:
                    file.renew(file.connection, self._clock())
                    self.files.watch.add(file)
                    return self._read_from(file, file.connection, asked, index)
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
        raise cache_error(missing_table, asked.tileset.layer) from missing_table

    def _read_quietly(self, asked: TilesetReader, index: TileIndex) -> StoredTile | None:
        try:
            return self.read_anew(asked, index)
        except CacheError:
            return None

    def _read_from(
        self, file: ReadFile, connection: sqlite3.Connection, asked: TilesetReader, index: TileIndex
    ) -> StoredTile | None:
        matrix, col, row = index
        if matrix not in file.bases:
            file.bases.update(load_bases(connection))
        base = file.bases.get(matrix)
        if base is None or not self._locate(file, connection, asked):
            return None
        found = connection.execute(asked.sql, (tile_key(base, col, row),)).fetchone()
        if found is None:
            return None
        stamp, digest, data = found
        if data is None:
            data = self._shared_blob(connection, asked.sql, digest)
        image_format, end = _FORMATS.get(stamp & 0xFF, (None, b""))
        if data is None or image_format is None or end not in data[-END_WITHIN:]:
            whose = (*asked.tileset, *index)
            self._faults.note("damaged", f"{file.path}: a tile that is not whole: {whose}")
            return None
        return StoredTile(data, image_format, min(stamp >> 8, int(self._clock())), digest.hex())

    def _shared_blob(self, connection: sqlite3.Connection, sql: str, digest: bytes) -> bytes | None:
        found = connection.execute(sql, (shared_key(digest),)).fetchone()
        if found is None or found[1] != digest:
            return None
        data: bytes = found[2]
        self._blobs.add(digest, data)
        return data

    def _locate(self, file: ReadFile, connection: sqlite3.Connection, asked: TilesetReader) -> bool:
        if asked.file is not file:
            generation = self._generation(asked.tileset)
            found = find_tileset(connection, asked.tileset, generation)
            if found is None:
                return False
            # In this order: who sees the file sees its question.
            asked.sql = _SQL.format(found[0])
            asked.file = file
        return True
