"""PMTiles 3: an archive of tiles that is read by ranges of bytes, from a file or from elsewhere."""

from __future__ import annotations

import asyncio
import json
import os
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final

from tuilerie.catalogue.address import Dimensions
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
from tuilerie.sources.pmtiles_format import (
    HEADER_BYTES,
    Directory,
    Header,
    PMTilesError,
    Range,
    find,
    first_tiles,
    parse_directory,
    parse_header,
    tile_id,
    unpack,
)
from tuilerie.sources.tile_check import MAX_TILE_BYTES

__all__ = [
    "FileRanges",
    "PMTilesSource",
    "ReadRange",
    "archive_of",
    "open_pmtiles",
    "read_pmtiles",
]

ReadRange = Callable[[Range], Awaitable[bytes]]
"""Returns just these bytes of an archive. Raises: OSError, UpstreamError."""

_KEPT_DIRECTORIES: Final = 64
_MAX_METADATA_BYTES: Final = 4 * 2**20
_SAMPLES: Final = 8


class FileRanges:
    """Reads ranges of a file in threads; the file stays open, whatever becomes of its name."""

    def __init__(self, path: Path, executor: Executor | None = None) -> None:
        self._file = path.open("rb")
        self._executor = executor

    async def __call__(self, wanted: Range) -> bytes:
        """Return the bytes. Raises: OSError: the file ends before."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self.read, wanted)

    def read(self, wanted: Range) -> bytes:
        """Do what calling does, in this thread."""
        data = os.pread(self._file.fileno(), wanted.length, wanted.offset)
        if len(data) != wanted.length:
            raise OSError(f"it has no {wanted.length} bytes at {wanted.offset}: it is cut")
        return data

    def close(self) -> None:
        """Close the file; idempotent."""
        self._file.close()


class PMTilesSource:
    """Fetches tiles of a PMTiles archive.

    Args:
        offer: the archive's tiles, of the source's name: paths stay private.
        header: of the archive.
        read_range: reads bytes of it.
        on_close: releases what `read_range` holds.
    """

    def __init__(
        self,
        offer: TileOffer,
        header: Header,
        read_range: ReadRange,
        *,
        on_close: Callable[[], Awaitable[None]],
    ) -> None:
        self._offer = offer
        self._header = header
        self._read_range = read_range
        self._on_close = on_close
        self._directories: OrderedDict[Range, Directory] = OrderedDict()

    @property
    def offer(self) -> TileOffer:
        """Return what the archive has."""
        return self._offer

    async def fetch(
        self, index: TileIndex, *, style: str, dimensions: Dimensions
    ) -> FetchedTile | None:
        """Return a tile. Raises: RenderError, UpstreamError: the archive is gone or damaged."""
        try:
            place = await self._find(tile_id(int(index.matrix), index.col, index.row))
            if place is None:
                return None
            if place.length > MAX_TILE_BYTES:
                raise PMTilesError(f"a tile is said to have {place.length} bytes")
            data = await self._read_range(place)
            data = unpack(data, self._header.tile_compression, MAX_TILE_BYTES)
        except (PMTilesError, OSError) as error:
            raise self._offer.fault(f"the archive cannot be read ({error})") from error
        return FetchedTile(data, self._offer.formats[0])

    async def close(self) -> None:
        """Release the archive; idempotent."""
        await self._on_close()

    async def _find(self, number: int) -> Range | None:
        steps = find(self._header, number, self._directories.get)
        try:
            wanted = next(steps)
            while True:
                data = await self._read_range(wanted)
                wanted = steps.send(self._keep(wanted, data))
        except StopIteration as found:
            place: Range | None = found.value
            return place

    def _keep(self, place: Range, data: bytes) -> Directory:
        directory = parse_directory(unpack(data, self._header.internal))
        self._directories[place] = directory
        if len(self._directories) > _KEPT_DIRECTORIES:
            self._directories.popitem(last=False)
        return directory


def open_pmtiles(path: Path, *, identifier: str, executor: Executor | None = None) -> PMTilesSource:
    """Return a source of the tiles of a file. Raises: CatalogueError: as `read_pmtiles`."""
    ranges, header, facts = _opened(path, executor)

    async def close() -> None:
        ranges.close()

    return PMTilesSource(offer_of(facts, identifier), header, ranges, on_close=close)


def read_pmtiles(path: Path) -> ArchiveFacts:
    """Return what a PMTiles file is, without reading more than some tiles of it.

    Raises: CatalogueError: missing, damaged, of another version, or of vector tiles.
    """
    ranges, _, facts = _opened(path, None)
    ranges.close()
    return facts


def _opened(path: Path, executor: Executor | None) -> tuple[FileRanges, Header, ArchiveFacts]:
    if not path.is_file():
        raise archive_fault(path, "there is no such file")
    try:
        ranges = FileRanges(path, executor)
        try:
            header, facts = archive_of(path, _start(ranges, path), ranges.read, file_mark(path))
            return ranges, header, facts
        except BaseException:
            ranges.close()
            raise
    except PMTilesError as error:
        raise archive_fault(path, str(error), "check it with `pmtiles verify`") from error
    except OSError as error:
        raise archive_fault(path, f"it cannot be read: {error.strerror or error}") from error


def archive_of(
    path: Path, start: bytes, read: Callable[[Range], bytes], mark: str
) -> tuple[Header, ArchiveFacts]:
    """Return what an archive is, wherever it is.

    Args:
        path: its name, for messages.
        start: its first bytes, the header at least.
        mark: changes whenever it may have.

    Raises: PMTilesError, CatalogueError; what `read` raises.
    """
    header = parse_header(start)
    return header, _facts(path, header, read, mark)


def _start(ranges: FileRanges, path: Path) -> bytes:
    return ranges.read(Range(0, min(HEADER_BYTES, path.stat().st_size)))


def _facts(path: Path, header: Header, read: Callable[[Range], bytes], mark: str) -> ArchiveFacts:
    if header.tile_type == "mvt":
        raise archive_fault(path, *VECTOR)
    if header.last > MAX_LEVEL:
        raise PMTilesError(f"its finest level is {header.last}, and {MAX_LEVEL} is the finest read")
    metadata = _metadata(header, read)
    formats, tile_px = sampled(path, _samples(header, read))
    warnings = []
    bounds = usable_bounds(BoundingBox(*header.bounds))
    if bounds is None:
        bounds = WORLD
        warnings.append("its header has no usable bounds: it is taken to show the whole world")
    return ArchiveFacts(
        path=path,
        kind="PMTiles 3",
        formats=formats,
        tile_px=tile_px,
        first=header.first,
        last=header.last,
        bounds=bounds,
        name=_text(metadata, "name"),
        attribution=_text(metadata, "attribution"),
        description=_text(metadata, "description"),
        fingerprint=mark,
        warnings=tuple(warnings),
    )


def _samples(header: Header, read: Callable[[Range], bytes]) -> list[bytes]:
    """Return some tiles, by the first directory that has any."""
    directory = parse_directory(unpack(read(header.root), header.internal))
    places = first_tiles(header, directory, _SAMPLES)
    if not places:
        steps = find(header, directory.ids[0], lambda _: None)
        try:
            wanted = next(steps)
            while True:
                found = parse_directory(unpack(read(wanted), header.internal))
                wanted = steps.send(found)
        except StopIteration as stop:
            places = [] if stop.value is None else [stop.value]
    for place in places:
        if place.length > MAX_TILE_BYTES:
            raise PMTilesError(f"a tile is said to have {place.length} bytes")
    return [unpack(read(place), header.tile_compression, MAX_TILE_BYTES) for place in places]


def _metadata(header: Header, read: Callable[[Range], bytes]) -> dict[str, Any]:
    """Return the metadata; an archive without any, or with a broken one, has its tiles still."""
    if not 0 < header.metadata.length <= _MAX_METADATA_BYTES:
        return {}
    try:
        text = unpack(read(header.metadata), header.internal, _MAX_METADATA_BYTES)
        found = json.loads(text)
    except (PMTilesError, ValueError, RecursionError, zlib.error):
        return {}
    return found if isinstance(found, dict) else {}


def _text(metadata: dict[str, Any], name: str) -> str:
    found = metadata.get(name)
    return found[:10_000] if isinstance(found, str) else ""
