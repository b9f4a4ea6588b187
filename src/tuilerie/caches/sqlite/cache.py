"""The default cache: SQLite files read inline, written by one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tuilerie.caches.base import Generation, TilesetRead
from tuilerie.caches.content import check_tile
from tuilerie.caches.faults import Faults, Listener
from tuilerie.caches.forks import watch_forks
from tuilerie.caches.locks import ProcessLocks, lock_name
from tuilerie.caches.naming import safe_name
from tuilerie.caches.sqlite.reader import TileReader
from tuilerie.caches.sqlite.transactions import Transactions
from tuilerie.caches.sqlite.writer import TileWriter
from tuilerie.caches.workthread import WorkThread
from tuilerie.catalogue.address import TileAddress, TilesetKey
from tuilerie.formats import EncodedTile, StoredTile

__all__ = ["SqliteTileCache"]


class SqliteTileCache:
    """Tiles in SQLite, one file per layer and matrix set: a TilesetCache and LockingCache.

    Safe with several processes, threads and forks. What this process writes, `read` sees at once;
    of what others write it sees a new tile at once, and one that was replaced or deleted within
    0.2 s (`get` sees that too at once). A damaged file is renamed to
    `*.damaged-<time>-<inode>` and counted ("damaged"), and the cache goes on without it; a file
    of another program or of a newer layout is left alone and CacheError says so. A file that is
    deleted while it is in use is missed within a second.

    Args:
        directory: made when the first tile is stored.
        generation: the fingerprint of each tileset; asked again whenever a tileset's file is
            opened and for each batch written, so it must be quick.
        on_fault: told of every fault that cost no answer; must be quick.
        max_open: files kept open for reading (each takes up to three descriptors).
        mmap_bytes: how much of a file is read through memory mapping; 0 for none. Mapped pages
            count as the process's resident memory although the system takes them back at will.
            A file must not be cut short by others while it is mapped (deleting it is fine).
        busy_timeout_s: how long a write waits for other processes' transactions.
        lock_timeout_s: how long `lock` waits before it goes on without the lock.
        keep_superseded_s: how long tiles of another generation are kept before they are removed,
            a few with every write.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        directory: Path,
        *,
        generation: Generation,
        on_fault: Listener | None = None,
        max_open: int = 64,
        mmap_bytes: int = 2**26,
        busy_timeout_s: float = 10.0,
        lock_timeout_s: float = 30.0,
        keep_superseded_s: float = 3600.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.faults = Faults(on_fault)
        self._directory = directory
        self._locks = ProcessLocks(
            directory / ".locks", faults=self.faults, timeout_s=lock_timeout_s
        )
        self._transactions = Transactions(
            self._path,
            faults=self.faults,
            locks=self._locks,
            max_open=max(2, max_open // 8),
            busy_timeout_s=busy_timeout_s,
        )
        self._writer = TileWriter(
            self._path,
            self._transactions,
            generation=generation,
            faults=self.faults,
            keep_superseded_s=keep_superseded_s,
            clock=clock,
        )
        self._reader = TileReader(
            self._path,
            generation=generation,
            faults=self.faults,
            set_aside=self._transactions.set_aside,
            max_open=max_open,
            mmap_bytes=mmap_bytes,
            clock=clock,
        )
        self._thread = WorkThread(f"the cache in {directory}")
        self.read = self._reader.read
        """Return the tile, or None, at once: see InlineTileCache (bound here, a call saved)."""
        watch_forks(self)

    def reader(self, tileset: TilesetKey) -> TilesetRead:
        """Return what reads the tiles of one tileset: see TilesetCache."""
        return self._reader.of(tileset).read

    async def get(self, address: TileAddress) -> StoredTile | None:
        """Return the tile as it is now, or None if it is not here or damaged."""
        return self._reader.read_now(address)

    async def put_many(
        self, tiles: Iterable[tuple[TileAddress, EncodedTile]]
    ) -> Mapping[TileAddress, StoredTile]:
        """Store tiles, those of one layer and matrix set all or none."""
        batch = list(tiles)
        for address, tile in batch:
            check_tile(address, tile)
        return await self._thread.run(lambda: self._writer.put(batch))

    async def delete_many(self, addresses: Iterable[TileAddress]) -> int:
        """Forget tiles; return how many there were."""
        batch = list(addresses)
        return await self._thread.run(lambda: self._writer.delete(batch))

    def lock(self, key: TileAddress) -> AbstractAsyncContextManager[None]:
        """Hold the right to produce `key`'s metatile, against tasks and processes."""
        return self._locks.hold(lock_name(key))

    async def close(self) -> None:
        """Finish the writes under way and close all files; idempotent."""
        # Readers first: the last connection to close copies the WAL into its file and removes it,
        # which one that only reads cannot do.
        self._reader.files.close_all()
        await self._thread.close(self._transactions.close)
        self._reader.files.close_all()

    def before_fork(self) -> None:
        """Close all files; see `forks`."""
        self._transactions.before_fork()
        self._reader.files.before_fork()

    def after_fork(self, *, in_child: bool) -> None:
        """Let files be opened again, on both sides alike."""
        self._reader.files.after_fork(in_child=in_child)
        self._transactions.after_fork()

    def open_files(self) -> int:
        """Return how many files are open, for reading or writing."""
        return len(self._reader.files) + len(self._transactions)

    def _path(self, layer: str, matrix_set: str) -> str:
        name = f"{safe_name(layer)}@{safe_name(matrix_set)}.sqlite"
        return str(self._directory / name)
