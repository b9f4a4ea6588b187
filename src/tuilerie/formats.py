"""Image formats and encoded tiles: the words that every floor shares about bytes."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

__all__ = [
    "AVIF",
    "FORMATS",
    "JPEG",
    "MIXED",
    "PNG",
    "PNG8",
    "WEBP",
    "EncodedTile",
    "ImageFormat",
    "PassingTile",
    "StoredTile",
    "content_hash",
    "format_by_extension",
    "format_by_media_type",
    "sniff",
    "stored_now",
]


@dataclass(frozen=True, slots=True, eq=False)
class ImageFormat:
    """One way to encode a tile.

    The instances of this module are the only ones; they compare and hash by identity (and
    survive pickling), because a tile's address is hashed on every request.

    Attributes:
        media_type: as advertised and asked for, e.g. "image/png; mode=8bit".
        extension: canonical file extension, unique among the formats.
        transparent: whether NODATA can be transparent.
    """

    media_type: str
    extension: str
    transparent: bool

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (format_by_media_type, (self.media_type,))

    def __repr__(self) -> str:
        return f"<{self.media_type}>"


PNG = ImageFormat("image/png", "png", True)
PNG8 = ImageFormat("image/png; mode=8bit", "png8", True)
JPEG = ImageFormat("image/jpeg", "jpg", False)
WEBP = ImageFormat("image/webp", "webp", True)
AVIF = ImageFormat("image/avif", "avif", True)
MIXED = ImageFormat("image/vnd.jpeg-png", "mixed", True)
"""JPEG where the tile is opaque, PNG where it is not; GeoWebCache's name for it."""

FORMATS: tuple[ImageFormat, ...] = (PNG, PNG8, JPEG, WEBP, AVIF, MIXED)

_BY_EXTENSION = {fmt.extension: fmt for fmt in FORMATS} | {"jpeg": JPEG}
_BY_MEDIA_TYPE = {fmt.media_type: fmt for fmt in FORMATS} | {
    "image/jpg": JPEG,
    "image/png8": PNG8,
    "image/png;mode=8bit": PNG8,
    "image/png; mode=24bit": PNG,
}


def format_by_extension(extension: str) -> ImageFormat:
    """Return the format of a file extension without its dot, in any case; KeyError if none."""
    return _BY_EXTENSION[extension.lower()]


def format_by_media_type(media_type: str) -> ImageFormat:
    """Return the format of a media type in any case and spacing, or alias; KeyError if none."""
    found = _BY_MEDIA_TYPE.get(media_type)
    if found is not None:
        return found
    parts = [part.strip() for part in media_type.lower().split(";")]
    return _BY_MEDIA_TYPE["; ".join(parts)]


def sniff(data: bytes) -> ImageFormat | None:
    """Tell by its magic bytes what an image really is: PNG, JPEG, WEBP, AVIF, or None."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return AVIF
    return None


class EncodedTile(NamedTuple):
    """A tile's bytes and what they are (for MIXED tiles: JPEG or PNG, never MIXED)."""

    data: bytes
    format: ImageFormat


class StoredTile(NamedTuple):
    """A tile as it rests in a cache.

    Attributes:
        data: the encoded bytes.
        format: what the bytes are (for MIXED tiles: JPEG or PNG).
        created: seconds since the epoch, when the tile was made; Last-Modified.
        etag: content hash, hexadecimal, without quotes.
    """

    data: bytes
    format: ImageFormat
    created: int
    etag: str


class PassingTile(StoredTile):
    """A tile that no cache has and nobody is to keep: a part of it could not be had just now."""

    __slots__ = ()


def content_hash(data: bytes) -> bytes:
    """Return 16 bytes that stand for a tile's content; an ETag is their hexadecimal form."""
    return blake2b(data, digest_size=16).digest()


def stored_now(tile: EncodedTile, now: float) -> StoredTile:
    """Return the stored form of a tile made at `now`, seconds since the epoch."""
    return StoredTile(tile.data, tile.format, int(now), content_hash(tile.data).hex())
