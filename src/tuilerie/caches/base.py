"""What a tile cache promises; `conformance.py` examines it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from tuilerie.catalogue.address import TileAddress, TilesetKey
from tuilerie.formats import EncodedTile, StoredTile
from tuilerie.grids import TileIndex

__all__ = [
    "Generation",
    "InlineTileCache",
    "LockingCache",
    "TileCache",
    "TilesetCache",
    "TilesetRead",
]

TilesetRead = Callable[[TileIndex], StoredTile | None]
"""From a place in one tileset to its tile, or None where there is none at hand; never raises."""


class Generation(Protocol):
    """Tells the fingerprint under which a tileset is stored; tiles of another are not seen."""

    def __call__(self, tileset: TilesetKey, /) -> str:
        """Return the fingerprint of a tileset; constant while a cache object uses it."""
        ...


class TileCache(Protocol):
    """Keeps tiles by their whole address. All methods raise CacheError, and nothing else."""

    async def get(self, address: TileAddress) -> StoredTile | None:
        """Return the tile, or None if it is not here or damaged."""
        ...

    async def put_many(
        self, tiles: Iterable[tuple[TileAddress, EncodedTile]]
    ) -> Mapping[TileAddress, StoredTile]:
        """Store tiles, all of one call atomically per tileset; return what a later get would."""
        ...

    async def delete_many(self, addresses: Iterable[TileAddress]) -> int:
        """Forget tiles; return how many were there."""
        ...

    async def close(self) -> None:
        """Release files and connections; idempotent."""
        ...


@runtime_checkable
class InlineTileCache(TileCache, Protocol):
    """A cache so near that a hit may be read on the event loop (microseconds, no waiting)."""

    def read(self, address: TileAddress) -> StoredTile | None:
        """Like get, at once; what other processes replaced or deleted may be seen a little later.

        What this process wrote is seen by the next call, and a tile that is here is found,
        whoever wrote it.
        """
        ...


@runtime_checkable
class TilesetCache(InlineTileCache, Protocol):
    """An inline cache that can look up once what all tiles of a tileset have in common."""

    def reader(self, tileset: TilesetKey) -> TilesetRead:
        """Return what reads this tileset as `read` does, for as long as the cache lives.

        It raises nothing: where `read` raises it returns None, and `get` says why.
        """
        ...


@runtime_checkable
class LockingCache(TileCache, Protocol):
    """A cache that can keep other processes from making the same tiles."""

    def lock(self, key: TileAddress) -> AbstractAsyncContextManager[None]:
        """Hold the right to produce `key`'s metatile; freed by the kernel if the process dies."""
        ...
