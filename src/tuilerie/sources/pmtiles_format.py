"""PMTiles 3 as bytes: header, directories and the order of tiles, read without any I/O.

Whoever holds the bytes drives `find`: it asks for ranges and is given them, so that the same
reading serves a file here and a server far away. The archive is foreign: every size is bounded
before anything is unpacked.

Source: PMTiles specification, version 3.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_right
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final, NamedTuple

__all__ = [
    "HEADER_BYTES",
    "TILE_TYPES",
    "Directory",
    "Header",
    "PMTilesError",
    "Range",
    "find",
    "first_tiles",
    "parse_directory",
    "parse_header",
    "tile_id",
    "unpack",
]

HEADER_BYTES: Final = 127
MAX_DIRECTORY_BYTES: Final = 8 * 2**20
"""Of a directory, packed or unpacked."""
MAX_ENTRIES: Final = 500_000
"""Of one directory."""
_MOST_DEPTH: Final = 4
"""Directories from the root to a tile. Source: the specification allows any depth, advises two."""
_MOST_LEVEL: Final = 31
_MAGIC: Final = b"PMTiles"
_FIELDS: Final = struct.Struct("<7sB11Q?BBBBB4iB2i")

TILE_TYPES: Final = {1: "mvt", 2: "png", 3: "jpeg", 4: "webp", 5: "avif"}
_COMPRESSIONS: Final = {0: "none", 1: "none", 2: "gzip", 3: "brotli", 4: "zstd"}


class PMTilesError(ValueError):
    """Bytes that are no PMTiles 3, or that no honest writer makes."""


class Range(NamedTuple):
    """Bytes of the archive: the first one's position and their number."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Header:
    """The first 127 bytes.

    Attributes:
        root, metadata, leaves, tiles: where these parts lie.
        internal: compression of directories and metadata, "none" or "gzip".
        tile_compression: of each tile.
        tile_type: one of `TILE_TYPES`, or "unknown".
        bounds: left, bottom, right, top in degrees.
    """

    root: Range
    metadata: Range
    leaves: Range
    tiles: Range
    internal: str
    tile_compression: str
    tile_type: str
    first: int
    last: int
    bounds: tuple[float, float, float, float]


class Directory(NamedTuple):
    """Entries by rising tile number; run lengths of 0 lead to other directories."""

    ids: list[int]
    runs: list[int]
    lengths: list[int]
    offsets: list[int]


def parse_header(data: bytes) -> Header:
    """Return the header. Raises: PMTilesError."""
    if not data.startswith(_MAGIC):
        raise PMTilesError("it is no PMTiles archive")
    if len(data) < HEADER_BYTES:
        raise PMTilesError("it ends within its header")
    _, version, *rest = _FIELDS.unpack_from(data)
    if version != 3:
        raise PMTilesError(f"it is PMTiles version {version}, and only 3 is read")
    numbers, (_, internal, packed, kind, first, last, *degrees) = rest[:11], rest[11:]
    if not 0 <= first <= last <= _MOST_LEVEL:
        raise PMTilesError(f"its levels are said to go from {first} to {last}")
    internal_name = _COMPRESSIONS.get(internal, "unknown")
    if internal_name not in ("none", "gzip"):
        raise PMTilesError(f"its directories are compressed by {internal_name}, which is not read")
    left, bottom, right, top = (number / 1e7 for number in degrees[:4])
    header = Header(
        root=Range(numbers[0], numbers[1]),
        metadata=Range(numbers[2], numbers[3]),
        leaves=Range(numbers[4], numbers[5]),
        tiles=Range(numbers[6], numbers[7]),
        internal=internal_name,
        tile_compression=_COMPRESSIONS.get(packed, "unknown"),
        tile_type=TILE_TYPES.get(kind, "unknown"),
        first=first,
        last=last,
        bounds=(left, bottom, right, top),
    )
    if header.root.length > MAX_DIRECTORY_BYTES:
        raise PMTilesError(f"its root directory is said to have {header.root.length} bytes")
    return header


def unpack(data: bytes, compression: str, most: int = MAX_DIRECTORY_BYTES) -> bytes:
    """Return bytes unpacked, at most `most` of them. Raises: PMTilesError."""
    if compression == "none":
        return data
    if compression != "gzip":
        raise PMTilesError(f"compression by {compression} is not read")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacker.decompress(data, most)
    except zlib.error as error:
        raise PMTilesError(f"compressed bytes are damaged: {error}") from error
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise PMTilesError(f"compressed bytes are cut, or unpack to more than {most}")
    return found


def parse_directory(data: bytes) -> Directory:
    """Return an unpacked directory. Raises: PMTilesError."""
    numbers = _varints(data)
    count = next(numbers, 0)
    if not 0 < count <= MAX_ENTRIES or count > len(data):
        raise PMTilesError(f"a directory is said to have {count} entries")
    try:
        ids, last = [], 0
        for _ in range(count):
            last += next(numbers)
            ids.append(last)
        runs = [next(numbers) for _ in range(count)]
        lengths = [next(numbers) for _ in range(count)]
        offsets: list[int] = []
        for place in range(count):
            written = next(numbers)
            if written == 0 and place:
                offsets.append(offsets[-1] + lengths[place - 1])
            else:
                offsets.append(written - 1)
    except StopIteration:
        raise PMTilesError("a directory is cut") from None
    if min(offsets) < 0 or min(lengths) < 1:
        raise PMTilesError("a directory has an entry without bytes")
    return Directory(ids, runs, lengths, offsets)


def tile_id(level: int, col: int, row: int) -> int:
    """Return a tile's number: level by level, in each along a Hilbert curve; row 0 at the top."""
    number: int = ((1 << 2 * level) - 1) // 3
    side = 1 << level
    half = side >> 1
    x, y = col, row
    while half:
        right, down = int(x & half > 0), int(y & half > 0)
        number += half * half * ((3 * right) ^ down)
        if not down:
            if right:
                x, y = half - 1 - (x & (half - 1)), half - 1 - (y & (half - 1))
            x, y = y, x
        half >>= 1
    return number


def find(
    header: Header, number: int, directory: Callable[[Range], Directory | None]
) -> Generator[Range, Directory, Range | None]:
    """Find a tile: yield the directory wanted, be sent it, return where the tile's bytes lie.

    Args:
        header: the archive's.
        number: as `tile_id` has it.
        directory: gives a directory that is known already, or None: then it is asked for.

    Raises: PMTilesError: the directories lead nowhere.
    """
    place = header.root
    for _ in range(_MOST_DEPTH):
        found = directory(place) or (yield place)
        at = bisect_right(found.ids, number) - 1
        if at < 0:
            return None
        run = found.runs[at]
        if run:
            if number - found.ids[at] >= run:
                return None
            return _inside(header.tiles, found.offsets[at], found.lengths[at])
        place = _inside(header.leaves, found.offsets[at], found.lengths[at])
        if place.length > MAX_DIRECTORY_BYTES:
            raise PMTilesError(f"a directory is said to have {place.length} bytes")
    raise PMTilesError(f"its directories are nested more than {_MOST_DEPTH} deep")


def first_tiles(header: Header, root: Directory, most: int) -> list[Range]:
    """Return where the first tiles lie that the root directory itself has, or none."""
    ranges = {
        _inside(header.tiles, offset, length): None
        for run, offset, length in zip(root.runs, root.offsets, root.lengths, strict=True)
        if run
    }
    step = max(1, len(ranges) // most)
    return list(ranges)[::step][:most]


def _inside(part: Range, offset: int, length: int) -> Range:
    if offset + length > part.length:
        raise PMTilesError("an entry lies outside the archive")
    return Range(part.offset + offset, length)


def _varints(data: bytes) -> Generator[int, None, None]:
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            yield number
            number = shift = 0
        else:
            shift += 7
            if shift > 63:
                raise PMTilesError("a directory has a number of more than 64 bits")
