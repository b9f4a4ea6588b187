"""What a cache knows of bytes without decoding them: their hash, whether they are whole."""

from __future__ import annotations

from collections import OrderedDict

from tuilerie.catalogue.address import TileAddress
from tuilerie.errors import CacheError
from tuilerie.formats import (
    AVIF,
    JPEG,
    MIXED,
    PNG,
    PNG8,
    WEBP,
    EncodedTile,
    ImageFormat,
    content_hash,
    sniff,
)

__all__ = [
    "END_MARKS",
    "END_WITHIN",
    "SHARED_MAX_BYTES",
    "BlobMemory",
    "Repeats",
    "check_tile",
    "etag_of",
    "is_whole",
    "true_format",
]

SHARED_MAX_BYTES = 4096
"""Blobs up to this size are stored once when they repeat (single-colour tiles are smaller)."""

_FAMILIES: dict[ImageFormat, frozenset[ImageFormat]] = {
    PNG: frozenset({PNG}),
    PNG8: frozenset({PNG}),
    JPEG: frozenset({JPEG}),
    WEBP: frozenset({WEBP}),
    AVIF: frozenset({AVIF}),
    MIXED: frozenset({JPEG, PNG}),
}
END_MARKS: dict[ImageFormat, bytes] = {
    PNG: b"IEND\xaeB`\x82",
    PNG8: b"IEND\xaeB`\x82",
    JPEG: b"\xff\xd9",
}
"""What stands at the end of an image, for the formats that have such a thing."""

END_WITHIN = 64
"""The mark is looked for in so many last bytes: some encoders pad."""


def etag_of(data: bytes) -> str:
    """Return the content hash as a StoredTile carries it."""
    return content_hash(data).hex()


def true_format(data: bytes, declared: ImageFormat) -> ImageFormat | None:
    """Return what bytes stored as `declared` are, or None if they cannot be that.

    Only MIXED tiles are a question; a PNG in a PNG8 tileset is PNG8. A format without magic
    bytes of its own is believed.
    """
    family = _FAMILIES.get(declared)
    if family is None:
        return declared
    found = sniff(data)
    if found is None or found not in family:
        return None
    return found if declared is MIXED else declared


def is_whole(data: bytes, found: ImageFormat) -> bool:
    """Tell whether an image ends where its format says that it must.

    Finds files cut short or filled with zeros; not a changed byte in the middle.
    """
    mark = END_MARKS.get(found)
    if mark is not None:
        return mark in data[-END_WITHIN:]
    if found is WEBP:
        return len(data) >= int.from_bytes(data[4:8], "little") + 8
    return found is not AVIF or _boxes_are_whole(data)


def _boxes_are_whole(data: bytes) -> bool:
    """Walk the boxes of ISO/IEC 14496-12: the last must end with the data."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        elif size == 0:
            return True
        if size < 8:
            return False
        at += size
    return at == len(data)


def check_tile(address: TileAddress, tile: EncodedTile) -> None:
    """Refuse bytes that a later read would take for damage.

    Raises: CacheError: the bytes are not a whole image of the address's format.
    """
    found = true_format(tile.data, address.format)
    if found is None or not is_whole(tile.data, found):
        raise CacheError(f"not stored: not a whole {address.format.media_type}: {address}")


class BlobMemory:
    """Shared blobs by their hash, so that a blank tile costs no second read.

    Bounded in bytes; when full it forgets everything, which is cheap because blank tiles are few
    and come back with their next reader.
    """

    def __init__(self, max_bytes: int = 2**20) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._blobs: dict[bytes, bytes] = {}
        self.get = self._blobs.get

    def add(self, digest: bytes, data: bytes) -> None:
        """Remember a blob."""
        if self._bytes + len(data) > self._max_bytes:
            self._blobs.clear()
            self._bytes = 0
        if self._blobs.setdefault(digest, data) is data:
            self._bytes += len(data) + 128


class Repeats:
    """Remembers the hashes of the latest small blobs, to see that one comes again.

    A blob is shared from its second sight on: content that never repeats stays inline, where one
    read finds it. For one thread: the one that writes.
    """

    def __init__(self, capacity: int = 4096) -> None:
        self._capacity = capacity
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def seen(self, digest: bytes) -> bool:
        """Tell whether the hash was seen lately; it is from now on."""
        known = digest in self._seen
        self._seen[digest] = None
        self._seen.move_to_end(digest)
        if len(self._seen) > self._capacity:
            self._seen.popitem(last=False)
        return known
