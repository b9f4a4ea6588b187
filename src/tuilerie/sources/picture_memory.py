"""Decoded tiles, kept a short while: neighbouring metatiles are drawn from the same ones.

A metatile of 4 × 4 tiles shares a third of its source's tiles with those beside and below it, and
reading a tile's pixels costs more than fetching it from near by.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final

from tuilerie.flight import SingleFlight
from tuilerie.raster.picture import Picture
from tuilerie.sources.base import FetchedTile

__all__ = ["KEPT_PICTURE_BYTES", "PictureMemory"]

KEPT_PICTURE_BYTES: Final = 32 * 2**20
"""Bytes of decoded tiles that are kept for each source: about 160 of 256 × 256 in colour."""


class PictureMemory:
    """The pixels of the tiles read last, each read once however many ask.

    A picture is remembered with the very tile that it was read from: a tile fetched anew is read
    anew, so that pixels are never older than the bytes.
    """

    def __init__(self, kept_bytes: int = KEPT_PICTURE_BYTES) -> None:
        self._most = kept_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, tuple[FetchedTile, Picture]] = OrderedDict()
        self._flight: SingleFlight[Picture] = SingleFlight()

    async def picture(
        self, key: Hashable, tile: FetchedTile, read: Callable[[], Awaitable[Picture]]
    ) -> Picture:
        """Return the picture of a tile, from `read` where it is not there.

        Raises: what `read` raises, to all who asked for the tile meanwhile.
        """
        kept = self._kept.get(key)
        if kept is not None and kept[0] is tile:
            self._kept.move_to_end(key)
            return kept[1]
        # The tile is held by the work, so that its id is nobody else's meanwhile.
        return await self._flight.do((key, id(tile)), lambda: self._read(key, tile, read))

    async def close(self) -> None:
        """Finish what is under way, and forget all; idempotent."""
        await self._flight.drain()
        self._kept.clear()
        self._bytes = 0

    async def _read(
        self, key: Hashable, tile: FetchedTile, read: Callable[[], Awaitable[Picture]]
    ) -> Picture:
        picture = await read()
        self._forget(key)
        self._kept[key] = (tile, picture)
        self._bytes += _weight(picture)
        while self._bytes > self._most:
            self._forget(next(iter(self._kept)))
        return picture

    def _forget(self, key: Hashable) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= _weight(kept[1])


def _weight(picture: Picture) -> int:
    planes = picture.colours if picture.alpha is None else [*picture.colours, picture.alpha]
    return sum(plane.nbytes for plane in planes)
