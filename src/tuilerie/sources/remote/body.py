"""A body within bounds: counted as it comes and as it unfolds, and never held beyond them."""

from __future__ import annotations

import zlib
from typing import Final, Protocol

__all__ = [
    "CODINGS",
    "MAX_RATIO",
    "Bomb",
    "Inflater",
    "Stream",
    "TooLarge",
    "Undecodable",
    "read_body",
]

CODINGS: Final = "gzip, deflate"
"""What is offered in Accept-Encoding; anything else comes unasked and is refused."""

_STEP: Final = 64 * 1024
MAX_RATIO: Final = 200
"""Above that many bytes for one, and a mebibyte, data is a bomb: XML of tiles stays below 60."""
_INNOCENT: Final = 2**20


class TooLarge(Exception):
    """A body is longer than its bound."""


class Bomb(Exception):
    """A small body unfolds to an absurd one."""


class Undecodable(Exception):
    """A body is not in the coding that it says."""


class Stream(Protocol):
    """Bytes as they come; b"" at the end."""

    async def readany(self) -> bytes:
        """Return what there is, or wait for some."""
        ...


async def read_body(stream: Stream, coding: str, declared: int | None, max_bytes: int) -> bytes:
    """Return a whole body, decompressed.

    Args:
        coding: of Content-Encoding.
        declared: of Content-Length; None = not said.
        max_bytes: of the body, compressed or not.

    Raises: TooLarge, Bomb, Undecodable; what `stream` raises.
    """
    if declared is not None and declared > max_bytes:
        raise TooLarge
    inflater = Inflater.of(coding, max_bytes)
    if inflater is None:
        return await _plain(stream, max_bytes)
    pieces = []
    while piece := await stream.readany():
        pieces.extend(inflater.feed(piece))
    inflater.finish()
    return b"".join(pieces)


async def _plain(stream: Stream, max_bytes: int) -> bytes:
    first = await stream.readany()
    total = len(first)
    pieces = [first]
    while total <= max_bytes:
        piece = await stream.readany()
        if not piece:
            # Most tiles come in one piece, which is then not copied.
            return first if len(pieces) == 1 else b"".join(pieces)
        total += len(piece)
        pieces.append(piece)
    raise TooLarge


class Inflater:
    """Unfolds gzip or deflate, a bounded step at a time."""

    __slots__ = ("_deflate", "_inner", "_max", "_read", "_started", "_written")

    def __init__(self, bits: int, max_bytes: int, *, deflate: bool) -> None:
        self._inner = zlib.decompressobj(bits)
        self._max = max_bytes
        self._deflate = deflate
        self._started = False
        self._read = 0
        self._written = 0

    @classmethod
    def of(cls, coding: str, max_bytes: int) -> Inflater | None:
        """Return what unfolds a coding; None if there is nothing to unfold.

        Raises: Undecodable: the coding is not one of `CODINGS`.
        """
        match coding.strip().lower():
            case "" | "identity":
                return None
            case "gzip" | "x-gzip":
                return cls(16 + zlib.MAX_WBITS, max_bytes, deflate=False)
            case "deflate":
                return cls(zlib.MAX_WBITS, max_bytes, deflate=True)
        raise Undecodable

    def feed(self, data: bytes) -> list[bytes]:
        """Return what so many bytes unfold to. Raises: TooLarge, Bomb, Undecodable."""
        self._read += len(data)
        if self._deflate and not self._started and data[0] & 0x0F != 8:
            # Old servers send the stream without its zlib header, against RFC 9110, 8.4.1.2.
            self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
        self._started = True
        pieces = []
        more = True
        while more:
            if self._inner.eof:
                raise Undecodable
            try:
                piece = self._inner.decompress(data, _STEP)
            except zlib.error:
                raise Undecodable from None
            data = self._inner.unconsumed_tail or self._inner.unused_data
            self._written += len(piece)
            if self._written > _INNOCENT and self._written > MAX_RATIO * self._read:
                raise Bomb
            if self._written > self._max:
                raise TooLarge
            pieces.append(piece)
            # A full step may have left output in the decompressor without input to go with it.
            more = bool(data) or (len(piece) == _STEP and not self._inner.eof)
        return pieces

    def finish(self) -> None:
        """Check that the end was reached. Raises: Undecodable: it is cut."""
        if self._started and not self._inner.eof:
            raise Undecodable
