"""Storing and forgetting tiles: one transaction per file and call."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from tuilerie.caches.base import Generation
from tuilerie.caches.content import Repeats
from tuilerie.caches.faults import Faults
from tuilerie.caches.sqlite.connect import file_identity
from tuilerie.caches.sqlite.keys import tile_key
from tuilerie.caches.sqlite.readfiles import Owner, PathOf
from tuilerie.caches.sqlite.rows import (
    claim_tileset,
    clean_step,
    delete_tiles,
    find_tileset,
    put_tiles,
)
from tuilerie.caches.sqlite.schema import FORMAT_CODES
from tuilerie.caches.sqlite.transactions import Transactions, WriteFile
from tuilerie.catalogue.address import TileAddress, TilesetKey
from tuilerie.errors import CacheError
from tuilerie.formats import EncodedTile, StoredTile, content_hash

__all__ = ["TileWriter"]

_CLEANUP_ROWS = 256

_T = TypeVar("_T")
_K = TypeVar("_K", bound=Hashable)


class TileWriter:
    """What one cache writes in one process.

    Args:
        path_of: where a layer's matrix set is kept.
        generation: see Generation.
        keep_superseded_s: how long tiles of another generation are kept, for a rollback and for
            processes that have not yet followed the new catalogue.
    """

    def __init__(
        self,
        path_of: PathOf,
        transactions: Transactions,
        *,
        generation: Generation,
        faults: Faults,
        keep_superseded_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._path_of = path_of
        self._transactions = transactions
        self._generation = generation
        self._faults = faults
        self._keep_superseded_s = keep_superseded_s
        self._clock = clock
        self._repeats = Repeats()

    def put(
        self, tiles: Sequence[tuple[TileAddress, EncodedTile]]
    ) -> dict[TileAddress, StoredTile]:
        """Store tiles: those of one layer and matrix set all or none. Raises: CacheError."""
        created = int(self._clock())
        stored = {
            address: StoredTile(tile.data, tile.format, created, content_hash(tile.data).hex())
            for address, tile in tiles
        }
        for owner, batch in _group(stored, _owner).items():
            work = partial(self._put_batch, {address: stored[address] for address in batch})
            self._transactions.run(owner, work)
            self._clean(owner)
        return stored

    def delete(self, addresses: Iterable[TileAddress]) -> int:
        """Forget tiles; return how many there were. Raises: CacheError."""
        count = 0
        for owner, batch in _group(addresses, _owner).items():
            if file_identity(self._path_of(*owner)) is not None:
                count += self._transactions.run(owner, partial(self._delete_batch, batch))
        return count

    def _put_batch(self, stored: dict[TileAddress, StoredTile], file: WriteFile) -> int:
        now = int(self._clock())
        for tileset, batch in _group(stored, _tileset).items():
            tileset_id = claim_tileset(file.connection, tileset, self._generation(tileset), now)
            rows = []
            for address in batch:
                tile = stored[address]
                code = FORMAT_CODES.get(tile.format)
                if code is None:
                    raise CacheError(f"{tile.format.media_type} has no code in a cache file")
                key = tile_key(file.base(address.index.matrix), *address.index[1:])
                rows.append((key, tile.created, code, bytes.fromhex(tile.etag), tile.data))
            put_tiles(file.connection, tileset_id, rows, self._repeats)
        return len(stored)

    def _delete_batch(self, addresses: list[TileAddress], file: WriteFile) -> int:
        count = 0
        for tileset, batch in _group(addresses, _tileset).items():
            found = find_tileset(file.connection, tileset, self._generation(tileset))
            if found is not None:
                keys = [
                    tile_key(file.bases[index.matrix], index.col, index.row)
                    for index in (address.index for address in batch)
                    if index.matrix in file.bases
                ]
                count += delete_tiles(file.connection, found[0], keys)
        return count

    def _clean(self, owner: Owner) -> None:
        """Remove a few superseded tiles, in a transaction of its own, failing quietly."""
        before = int(self._clock() - self._keep_superseded_s)

        def work(file: WriteFile) -> int:
            return clean_step(file.connection, before, _CLEANUP_ROWS)

        try:
            self._transactions.run(owner, work)
        except CacheError as error:
            self._faults.note("cleanup", str(error))


def _owner(address: TileAddress) -> Owner:
    return address.layer, address.matrix_set


def _tileset(address: TileAddress) -> TilesetKey:
    return TilesetKey(*address[:4], address.dimensions)


def _group(things: Iterable[_T], key: Callable[[_T], _K]) -> dict[_K, list[_T]]:
    groups: dict[_K, list[_T]] = {}
    for thing in things:
        groups.setdefault(key(thing), []).append(thing)
    return groups
