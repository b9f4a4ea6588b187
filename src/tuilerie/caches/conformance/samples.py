"""What the examinations store, and what each of them needs to know of the cache examined."""

from __future__ import annotations

import os
import random
import struct
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from tuilerie.caches.base import Generation, TileCache
from tuilerie.catalogue.address import Dimensions, TileAddress, TilesetKey
from tuilerie.formats import AVIF, JPEG, MIXED, PNG, WEBP, EncodedTile, ImageFormat
from tuilerie.grids import TileIndex

__all__ = [
    "HOSTILE",
    "CacheExamination",
    "Clock",
    "address",
    "disk_bytes",
    "first_generation",
    "image",
    "second_generation",
]

HOSTILE = (
    "",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "a",
    "A",
    "con",
    "nul.txt",
    "name.",
    ".hidden",
    ".shared",
    "with space",
    "é",
    "e\u0301",
    "東京",
    "🗺",
    "line\nbreak",
    "nul\0byte",
    "%2e%2e%2f",
    "a@b=c~d",
    "'; DROP TABLE tilesets; --",
    "x" * 255,
    "x" * 5000,
    "\udcff",
)
"""Identifiers and dimension values that name files and tables badly; all different."""


def first_generation(tileset: TilesetKey) -> str:
    """Return the fingerprint that all tilesets have unless an examination changes it."""
    return "1"


def second_generation(tileset: TilesetKey) -> str:
    """Return the fingerprint after a change of the data."""
    return "2/other"


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class CacheExamination:
    """What all examinations share; `open` is what a cache's own subclass gives.

    Attributes:
        lacking: what the cache cannot do by its nature, with the reason. Known words:
            "persistence" (tiles outlive the object), "generations", "processes" (several of them
            share a directory), "batches" (a call's tiles come all or none), "sharing" (equal
            content is stored once), "locks".
    """

    lacking: ClassVar[Mapping[str, str]] = {}

    def open(
        self,
        directory: Path,
        *,
        generation: Generation = first_generation,
        clock: Callable[[], float] = time.time,
    ) -> TileCache:
        """Return a new cache object on a directory that may not exist yet."""
        raise NotImplementedError  # all that a cache's own examination must say

    def needs(self, *capabilities: str) -> None:
        """Skip the examination, with the cache's reason, if it lacks one of these."""
        for capability in capabilities:
            if capability in self.lacking:
                pytest.skip(f"no {capability}: {self.lacking[capability]}")


def address(
    col: int = 3,
    row: int = 5,
    *,
    layer: str = "world",
    style: str = "default",
    image_format: ImageFormat = PNG,
    matrix_set: str = "WebMercatorQuad",
    matrix: str = "7",
    dimensions: Dimensions = (),
) -> TileAddress:
    """Return a tile's address, ordinary in all that is not given."""
    index = TileIndex(matrix, col, row)
    return TileAddress(layer, style, image_format, matrix_set, index, dimensions)


def image(seed: int, size: int = 10_000, image_format: ImageFormat = PNG) -> EncodedTile:
    """Return a tile of about `size` bytes, always the same for the same arguments.

    PNGs are real; the others have the frame of their format around noise.
    """
    noise = random.Random(seed).randbytes(max(size - 80, 1))  # noqa: S311 - no secret
    if image_format is JPEG:
        return EncodedTile(b"\xff\xd8\xff\xe0" + noise + b"\xff\xd9", JPEG)
    if image_format is WEBP:
        body = b"WEBPVP8L" + struct.pack("<I", len(noise)) + noise
        return EncodedTile(b"RIFF" + struct.pack("<I", len(body)) + body, WEBP)
    if image_format is AVIF:
        boxes = ((b"ftyp", b"avif\0\0\0\0"), (b"mdat", noise))
        data = b"".join(struct.pack(">I", 8 + len(box)) + name + box for name, box in boxes)
        return EncodedTile(data, AVIF)
    header = struct.pack(">IIBBBBB", len(noise), 1, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" + noise, 0)), (b"IEND", b""))
    data = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return EncodedTile(b"\x89PNG\r\n\x1a\n" + data, PNG if image_format is MIXED else image_format)


def disk_bytes(directory: Path) -> int:
    """Return what a directory's files take on the disk."""
    return sum(
        (Path(folder) / name).lstat().st_blocks * 512
        for folder, _, names in os.walk(directory)
        for name in names
    )
