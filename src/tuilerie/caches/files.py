"""A cache of plain files, which other programs can read and an operator can see."""

# Paths are text here, as in file_store.
# ruff: noqa: PTH103, PTH108, PTH110, PTH208

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tuilerie.caches.base import Generation
from tuilerie.caches.content import (
    SHARED_MAX_BYTES,
    BlobMemory,
    Repeats,
    check_tile,
    etag_of,
    is_whole,
    true_format,
)
from tuilerie.caches.faults import Faults, Listener
from tuilerie.caches.file_generations import Superseded
from tuilerie.caches.file_layouts import LayoutName, MatrixHeight, tile_path, tileset_path
from tuilerie.caches.file_store import holds, read_tile_file, shared_blob, write_file, write_link
from tuilerie.caches.locks import ProcessLocks, lock_name
from tuilerie.caches.workthread import WorkThread
from tuilerie.catalogue.address import TileAddress, TilesetKey
from tuilerie.errors import CacheError
from tuilerie.formats import EncodedTile, StoredTile

__all__ = ["FileTileCache"]

_MARKER = "tuilerie-cache.json"
_LAYOUT_VERSION = 1
_MOST_TILESETS = 20_000


class FileTileCache:
    """Tiles as files in a directory: an InlineTileCache and LockingCache.

    A file appears whole or not at all; the tiles of one call do so one after the other. A tile
    that is cut short, empty or of another format is a miss, counted ("damaged"). Small tiles that
    repeat are symbolic links to one blob of their tileset (not hard links, which would share
    their time of creation too). The time of creation is the file's time of modification, the
    ETag the hash of what was read, so that a file put there by hand is served rightly.

    Nothing is synced: after a power cut the latest files may be empty, which is a miss.

    Args:
        directory: made when the first tile is stored, with a marker of its layout; a directory
            with other things in it and no marker is refused (CacheError) and left as it is.
        generation: the fingerprint of each tileset.
        layout: see `file_layouts`.
        matrix_height: rows of a matrix; needed for the layout "tms".
        on_fault: told of every fault that cost no answer; must be quick.
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
        layout: LayoutName = "tuilerie",
        matrix_height: MatrixHeight | None = None,
        on_fault: Listener | None = None,
        lock_timeout_s: float = 30.0,
        keep_superseded_s: float = 3600.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.faults = Faults(on_fault)
        self._directory = str(directory)
        self._generation = generation
        self._layout = layout
        self._tile_path = tile_path(layout, matrix_height)
        self._clock = clock
        self._locks = ProcessLocks(
            directory / ".locks", faults=self.faults, timeout_s=lock_timeout_s
        )
        self._superseded = Superseded(faults=self.faults, keep_s=keep_superseded_s, clock=clock)
        self._thread = WorkThread(f"the cache in {directory}")
        self._blobs = BlobMemory()
        self._repeats = Repeats()
        self._tilesets: dict[tuple[object, ...], str] = {}
        self._accepted = False

    def read(self, address: TileAddress) -> StoredTile | None:
        """Return the tile, or None if it is not here or damaged. Raises: CacheError."""
        if not self._accepted and not self._accept():
            return None
        tileset = self._tileset(address)
        path = f"{tileset}/{self._tile_path(address)}"
        try:
            found = read_tile_file(path, tileset, self._blobs)
        except OSError as error:
            raise CacheError(f"{path}: {error.strerror}") from error
        if found is None:
            return None
        data, created = found
        image_format = true_format(data, address.format)
        if image_format is None or not is_whole(data, image_format):
            self.faults.note("damaged", f"{path} is not a whole {address.format.media_type}")
            return None
        return StoredTile(data, image_format, min(created, int(self._clock())), etag_of(data))

    async def get(self, address: TileAddress) -> StoredTile | None:
        """Return the tile, or None if it is not here or damaged."""
        return self.read(address)

    async def put_many(
        self, tiles: Iterable[tuple[TileAddress, EncodedTile]]
    ) -> Mapping[TileAddress, StoredTile]:
        """Store tiles, each of them atomically."""
        batch = list(tiles)
        for address, tile in batch:
            check_tile(address, tile)
        return await self._thread.run(lambda: self._put(batch))

    async def delete_many(self, addresses: Iterable[TileAddress]) -> int:
        """Forget tiles; return how many there were."""
        batch = list(addresses)
        return await self._thread.run(lambda: self._delete(batch))

    def lock(self, key: TileAddress) -> AbstractAsyncContextManager[None]:
        """Hold the right to produce `key`'s metatile, against tasks and processes."""
        return self._locks.hold(lock_name(key))

    async def close(self) -> None:
        """Finish the writes under way; idempotent."""
        await self._thread.close(lambda: None)

    def _put(
        self, tiles: Sequence[tuple[TileAddress, EncodedTile]]
    ) -> dict[TileAddress, StoredTile]:
        created = int(self._clock())
        stored: dict[TileAddress, StoredTile] = {}
        try:
            self._mark()
            for address, tile in tiles:
                etag = etag_of(tile.data)
                self._put_one(address, tile.data, etag, created)
                stored[address] = StoredTile(tile.data, tile.format, created, etag)
            for tileset in {self._tileset(address) for address in stored}:
                self._superseded.claim(tileset)
                self._superseded.clean_step(tileset)
        except OSError as error:
            raise CacheError(f"cache directory {self._directory}: {error}") from error
        return stored

    def _put_one(self, address: TileAddress, data: bytes, etag: str, created: int) -> None:
        tileset = self._tileset(address)
        path = f"{tileset}/{self._tile_path(address)}"
        if len(data) <= SHARED_MAX_BYTES:
            blob = shared_blob(tileset, etag)
            known = holds(blob, data)
            if known or self._repeats.seen(bytes.fromhex(etag)):
                if not known:
                    write_file(blob, data, created)
                if write_link(path, etag, created):
                    return
        write_file(path, data, created)

    def _delete(self, addresses: Sequence[TileAddress]) -> int:
        count = 0
        if not self._accept():
            return 0
        for address in addresses:
            path = f"{self._tileset(address)}/{self._tile_path(address)}"
            try:
                os.unlink(path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise CacheError(f"{path}: {error.strerror}") from error
            count += 1
        return count

    def _tileset(self, address: TileAddress) -> str:
        key = (address[0], address[1], address[2], address[3], address[5])
        path = self._tilesets.get(key)
        if path is None:
            tileset = TilesetKey(*address[:4], address.dimensions)
            path = f"{self._directory}/{tileset_path(tileset, self._generation(tileset))}"
            if len(self._tilesets) >= _MOST_TILESETS:
                self._tilesets.clear()
            self._tilesets[key] = path
        return path

    def _accept(self) -> bool:
        """Tell whether the directory is ours to read; False if there is nothing in it.

        Raises: CacheError: it is of another layout, a newer version, or somebody else's.
        """
        try:
            text = Path(self._directory, _MARKER).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return self._is_marked_meanwhile() and self._accept()
        except OSError as error:
            raise CacheError(f"cache directory {self._directory}: {error}") from error
        if text != self._marker():
            raise CacheError(
                f"{self._directory} is not a cache of layout {self._layout!r},"
                f" version {_LAYOUT_VERSION}: {text[:200]!r}; left as it is"
            )
        self._accepted = True
        return True

    def _is_marked_meanwhile(self) -> bool:
        try:
            names = {name for name in os.listdir(self._directory) if not name.startswith(".")}
        except FileNotFoundError:
            return False
        except OSError as error:
            raise CacheError(f"cache directory {self._directory}: {error}") from error
        if names - {"lost+found", _MARKER} and _MARKER not in names:
            raise CacheError(f"{self._directory} holds other things than tiles; left as it is")
        return _MARKER in names

    def _mark(self) -> None:
        """Make the directory and its marker, also when they were deleted under us."""
        if self._accepted and os.path.exists(f"{self._directory}/{_MARKER}"):
            return
        if not self._accept():
            os.makedirs(self._directory, exist_ok=True)
            write_file(f"{self._directory}/{_MARKER}", self._marker(), int(self._clock()))
            self._accepted = True

    def _marker(self) -> bytes:
        marker = {"kind": "files", "layout": self._layout, "version": _LAYOUT_VERSION}
        return json.dumps(marker).encode() + b"\n"
