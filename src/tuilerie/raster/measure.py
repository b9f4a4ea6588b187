"""Width, height and kind of a picture by its header: nothing is unpacked, the library alone."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["Measured", "measure"]


class Measured(NamedTuple):
    """What a header says.

    Attributes:
        complete: False where the end of the file is plainly not there.
    """

    media_type: str
    width: int
    height: int
    complete: bool


_PNG_END: Final = b"IEND\xaeB`\x82"
_TAIL: Final = 64
"""Some writers pad behind the end of a picture."""
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""JPEG markers that carry the size: SOF0 to SOF15."""
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""JPEG markers without a length."""
_BOXES: Final = 64


def measure(data: bytes) -> Measured | None:
    """Return what a PNG, JPEG, WebP, AVIF or GIF says of itself; None if it is none of them."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return _avif(data)
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        width, height = _little(data, 6, 2), _little(data, 8, 2)
        return Measured("image/gif", width, height, b";" in data[-_TAIL:])
    return None


def _png(data: bytes) -> Measured | None:
    if data[12:16] != b"IHDR" or len(data) < 24:
        return None
    complete = _PNG_END in data[-_TAIL - len(_PNG_END) :]
    return Measured("image/png", _big(data, 16, 4), _big(data, 20, 4), complete)


def _jpeg(data: bytes) -> Measured | None:
    position, end = 2, len(data) - 9
    while position < end:
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker == 0xFF:  # fill bytes
            position += 1
        elif marker in _BARE:
            position += 2
        elif marker in _FRAMES:
            height, width = _big(data, position + 5, 2), _big(data, position + 7, 2)
            return Measured("image/jpeg", width, height, b"\xff\xd9" in data[-_TAIL:])
        else:
            length = _big(data, position + 2, 2)
            if length < 2:
                return None
            position += 2 + length
    return None


def _webp(data: bytes) -> Measured | None:
    if len(data) < 30:
        return None
    complete = len(data) >= _little(data, 4, 4) + 8
    match data[12:16]:
        case b"VP8X":
            size = _little(data, 24, 3) + 1, _little(data, 27, 3) + 1
        case b"VP8L" if data[20] == 0x2F:
            bits = _little(data, 21, 4)
            size = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 " if data[23:26] == b"\x9d\x01\x2a":
            size = _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF
        case _:
            return None
    return Measured("image/webp", *size, complete)


def _avif(data: bytes) -> Measured | None:
    """Take the largest `ispe` of the `meta` box: those of a grid's cells are smaller."""
    position, reach, sizes = 0, 0, [(0, 0)]
    for _ in range(_BOXES):
        length = _big(data, position, 4)
        if length == 0:
            reach = len(data)  # up to the end of the file
            break
        if length == 1:
            length = _big(data, position + 8, 8)
        if length < 8 or position + 8 > len(data):
            break
        if data[position + 4 : position + 8] == b"meta":
            sizes += _extents(data[position : position + length])
        position += length
        reach = position
        if position >= len(data):
            break
    width, height = max(sizes)
    return Measured("image/avif", width, height, 0 < reach <= len(data)) if width else None


def _extents(meta: bytes) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    position = meta.find(b"ispe")
    while position >= 0 and len(found) < _BOXES and position + 16 <= len(meta):
        found.append((_big(meta, position + 8, 4), _big(meta, position + 12, 4)))
        position = meta.find(b"ispe", position + 16)
    return found


def _big(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def _little(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")
