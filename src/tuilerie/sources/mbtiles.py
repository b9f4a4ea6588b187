"""MBTiles: an SQLite file of tiles, read only, with rows that count from the bottom.

The file is foreign: its schema may hold views of any kind (`images` and `map` are usual), so
statements are bounded in steps and values in bytes, and nothing that it defines is trusted.
It is opened as one that nobody changes; a file that somebody writes just now is refused.

Source: MBTiles 1.3.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final
from urllib.parse import quote

from tuilerie.catalogue.address import Dimensions
from tuilerie.formats import ImageFormat
from tuilerie.grids import BoundingBox, TileIndex
from tuilerie.sources.archive import (
    MAX_LEVEL,
    VECTOR,
    WORLD,
    ArchiveFacts,
    archive_fault,
    file_mark,
    offer_of,
    sampled,
    usable_bounds,
)
from tuilerie.sources.base import FetchedTile, TileOffer
from tuilerie.sources.tile_check import MAX_TILE_BYTES

__all__ = ["MBTilesSource", "read_mbtiles"]

_TILE: Final = (
    "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
)
_STEPS: Final = 10_000
_MOST_TURNS: Final = 2_000
"""Turns of `_STEPS` steps of SQLite's machine that one statement may take: some seconds."""
_TILE_TURNS: Final = 100
_METADATA: Final = "SELECT name, value FROM metadata LIMIT 1000"
_JOURNALS: Final = ("-journal", "-wal")
_VECTOR_FORMATS: Final = frozenset({"pbf", "mvt", "application/vnd.mapbox-vector-tile"})


class MBTilesSource:
    """Fetches tiles of an MBTiles file.

    Args:
        facts: of the file, as `read_mbtiles` returned them.
        identifier: the source's name in the catalogue, for messages: paths stay private.
        executor: threads in which the file is read; None = the event loop's own.
    """

    def __init__(
        self, facts: ArchiveFacts, *, identifier: str, executor: Executor | None = None
    ) -> None:
        self._facts = facts
        self._offer = offer_of(facts, identifier)
        self._executor = executor
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()

    @property
    def offer(self) -> TileOffer:
        """Return what the file has."""
        return self._offer

    async def fetch(
        self, index: TileIndex, *, style: str, dimensions: Dimensions
    ) -> FetchedTile | None:
        """Return a tile. Raises: RenderError: the file is gone or damaged."""
        loop = asyncio.get_running_loop()
        data = await loop.run_in_executor(self._executor, self._read, index)
        return None if data is None else FetchedTile(data, self._usual_format)

    async def close(self) -> None:
        """Close the idle connections; idempotent."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    @property
    def _usual_format(self) -> ImageFormat:
        return self._offer.formats[0]

    def _read(self, index: TileIndex) -> bytes | None:
        level = int(index.matrix)
        place = (level, index.col, 2**level - 1 - index.row)
        try:
            with self._connection() as connection:
                row = connection.execute(_TILE, place).fetchone()
        except sqlite3.Error as error:
            raise self._offer.fault(f"the file cannot be read ({error})") from error
        if row is None or row[0] is None or row[0] == b"":
            return None
        if not isinstance(row[0], bytes):
            raise self._offer.fault("a tile of the file is no blob")
        return row[0]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = _open(self._facts.path, _TILE_TURNS)
        try:
            yield connection
        except sqlite3.Error:
            connection.close()
            raise
        self._idle.put(connection)


def read_mbtiles(path: Path) -> ArchiveFacts:
    """Return what an MBTiles file is, without reading more than some tiles of it.

    Raises: CatalogueError: missing, damaged, being written, no MBTiles, or of vector tiles.
    """
    if not path.is_file():
        raise archive_fault(path, "there is no such file")
    for suffix in _JOURNALS:
        journal = Path(f"{path}{suffix}")
        if journal.exists() and journal.stat().st_size:
            raise archive_fault(
                path,
                f"another program is writing it, or died while it did: {journal.name} lies beside",
                "wait until it is done; or open and close it with sqlite3",
            )
    try:
        with closing(_open(path, _MOST_TURNS)) as connection:
            return _facts(path, connection)
    except sqlite3.Error as error:
        raise archive_fault(path, *_explained(error)) from error
    except OSError as error:
        raise archive_fault(path, f"it cannot be read: {error.strerror}") from error


def _explained(error: sqlite3.Error) -> tuple[str, str]:
    text = str(error)
    if "no such table" in text or "no such column" in text:
        return f"it is an SQLite file but no MBTiles ({text})", "MBTiles have tiles and metadata"
    if "interrupted" in text:
        return (
            "finding out what it holds takes too long",
            "write minzoom, maxzoom and bounds into its metadata, or an index on its tiles",
        )
    if "unable to open" in text:
        return "it cannot be opened", "the server's user must be allowed to read it"
    return (
        f"it is damaged or no SQLite file ({text})",
        "check it: sqlite3 FILE 'PRAGMA quick_check'",
    )


def _open(path: Path, turns: int) -> sqlite3.Connection:
    """Open a foreign file: nothing is written, nothing that it defines is believed."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro&immutable=1",
        uri=True,
        check_same_thread=False,
        isolation_level=None,
    )
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_TILE_BYTES + 1024)
    for pragma in ("query_only=ON", "trusted_schema=OFF", "cell_size_check=ON"):
        connection.execute(f"PRAGMA {pragma}")
    left = [0]

    def count() -> int:
        left[0] -= 1
        return left[0] < 0

    def begin(_: str) -> None:
        left[0] = turns

    connection.set_trace_callback(begin)
    connection.set_progress_handler(count, _STEPS)
    return connection


def _facts(path: Path, connection: sqlite3.Connection) -> ArchiveFacts:
    metadata = _metadata(connection)
    if metadata.get("format", "").lower() in _VECTOR_FORMATS:
        raise archive_fault(path, *VECTOR)
    first, last = _levels(path, metadata, connection)
    formats, tile_px = sampled(path, _samples(connection, first, last))
    warnings = []
    bounds = _bounds(metadata.get("bounds", ""))
    if bounds is None:
        bounds = WORLD
        warnings.append("its metadata has no usable bounds: it is taken to show the whole world")
    return ArchiveFacts(
        path=path,
        kind="MBTiles",
        formats=formats,
        tile_px=tile_px,
        first=first,
        last=last,
        bounds=bounds,
        name=metadata.get("name", ""),
        attribution=metadata.get("attribution", ""),
        description=metadata.get("description", ""),
        fingerprint=file_mark(path),
        warnings=tuple(warnings),
    )


def _metadata(connection: sqlite3.Connection) -> Mapping[str, str]:
    rows = connection.execute(_METADATA).fetchall()
    return {str(name): str(value)[:10_000] for name, value in rows if value is not None}


def _levels(
    path: Path, metadata: Mapping[str, str], connection: sqlite3.Connection
) -> tuple[int, int]:
    """Return the coarsest and the finest level: as the metadata says, else as the tiles are."""
    written = [_whole(metadata.get(name)) for name in ("minzoom", "maxzoom")]
    if None in written:
        row: tuple[Any, Any] = connection.execute(
            "SELECT min(zoom_level), max(zoom_level) FROM tiles"
        ).fetchone()
        written = [_whole(row[0]), _whole(row[1])]
    first, last = written
    if first is None or last is None:
        raise archive_fault(path, "it has no tiles")
    if not 0 <= first <= last <= MAX_LEVEL:
        raise archive_fault(
            path,
            f"its levels are said to go from {first} to {last}",
            f"mend minzoom and maxzoom in its metadata: 0 to {MAX_LEVEL}",
        )
    return first, last


def _samples(connection: sqlite3.Connection, first: int, last: int) -> Iterator[bytes]:
    """Yield a tile of each of some levels."""
    for level in range(first, last + 1):
        rows = connection.execute(
            "SELECT tile_data FROM tiles WHERE zoom_level = ? LIMIT 2", (level,)
        )
        yield from (row[0] for row in rows if isinstance(row[0], bytes) and row[0])


def _bounds(text: str) -> BoundingBox | None:
    try:
        left, bottom, right, top = map(float, text.split(","))
    except ValueError:
        return None
    return usable_bounds(BoundingBox(left, bottom, right, top))


def _whole(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
