"""Reading in snapshots: fast, and still never behind ourselves nor in anybody's way."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tuilerie.caches.base import TilesetCache
from tuilerie.caches.conformance.samples import address, first_generation, image
from tuilerie.caches.sqlite import SqliteTileCache
from tuilerie.catalogue.address import TileAddress, TilesetKey

BEHIND_S = 0.2
"""How long another process's replacement or deletion may go unseen; 0.1 s and some slack."""


def cache_in(directory: Path, **options) -> SqliteTileCache:
    return SqliteTileCache(directory, **({"generation": first_generation} | options))


def tileset(place: TileAddress) -> TilesetKey:
    return TilesetKey(*place[:4], place.dimensions)


def another_program(directory: Path, timeout: float = 5) -> sqlite3.Connection:
    """Like another process, a connection of which the cache is not told."""
    [path] = directory.glob("*.sqlite")
    return sqlite3.connect(path, isolation_level=None, timeout=timeout)


def replace_tile(db: sqlite3.Connection, data: bytes, col: int = 3) -> None:
    db.execute("UPDATE t1 SET data = ? WHERE (key >> 28) & 0xFFFFFFF = ?", (data, col))


def seconds_until(condition, patience_s: float = 5) -> float:
    """How long it takes, asked without a pause, until it is so."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < patience_s
    return time.monotonic() - begin


async def test_what_we_wrote_is_read_at_once(tmp_path: Path) -> None:
    """A tile made anew would be answered with the old one, a deleted one with itself."""
    cache = cache_in(tmp_path)
    assert isinstance(cache, TilesetCache)
    await cache.put_many([(address(), image(0))])
    place = address(n := 3)
    read = cache.reader(tileset(place))
    for n in range(60):
        await cache.put_many([(place, image(n))])
        for found in (cache.read(place), read(place.index)):
            assert found is not None
            assert found.data == image(n).data
        if n % 3 == 0:
            assert await cache.delete_many([place]) == 1
            assert cache.read(place) is None
            assert read(place.index) is None
    await cache.close()


async def test_two_caches_of_one_process_see_each_other_at_once(tmp_path: Path) -> None:
    """While a catalogue is exchanged, the old state would serve what the new one deleted."""
    one, other = cache_in(tmp_path), cache_in(tmp_path)
    await one.put_many([(address(), image(0))])
    for n in range(1, 20):
        assert other.read(address()) is not None
        await one.put_many([(address(), image(n))])
        found = other.read(address())
        assert found is not None
        assert found.data == image(n).data
    await one.delete_many([address()])
    assert other.read(address()) is None
    await one.close()
    await other.close()


async def test_what_others_wrote_is_seen_soon_and_new_tiles_at_once(tmp_path: Path) -> None:
    """Processes beside each other would serve different maps, or make tiles twice."""
    cache = cache_in(tmp_path)
    await cache.put_many([(address(), image(0))])
    read = cache.reader(tileset(address()))
    db = another_program(tmp_path)
    for n in range(1, 6):
        assert read(address().index) is not None
        replace_tile(db, image(n).data)
        assert seconds_until(lambda n=n: read(address().index).data == image(n).data) < BEHIND_S
    for n in range(10, 20):
        assert read(address(n).index) is None
        db.execute(
            "INSERT INTO t1 SELECT key + (? << 28), created, format, hash, data FROM t1"
            " WHERE (key >> 28) & 0xFFFFFFF = 3",
            (n - 3,),
        )
        assert read(address(n).index) is not None
    for n in range(10, 13):
        assert read(address(n).index) is not None
        db.execute("DELETE FROM t1 WHERE (key >> 28) & 0xFFFFFFF = ?", (n,))
        assert await cache.get(address(n)) is None
    db.execute("DELETE FROM t1")
    assert seconds_until(lambda: read(address().index) is None) < BEHIND_S
    db.close()
    await cache.close()


async def test_get_sees_what_others_wrote_at_once(tmp_path: Path) -> None:
    """Who waited for another process's lock would not find the tile made there, and make it."""
    cache = cache_in(tmp_path)
    await cache.put_many([(address(), image(0))])
    db = another_program(tmp_path)
    for n in range(1, 6):
        assert cache.read(address()) is not None
        replace_tile(db, image(n).data)
        found = await cache.get(address())
        assert found is not None
        assert found.data == image(n).data
    db.close()
    await cache.close()


async def test_a_reader_that_rests_is_in_nobodys_way(tmp_path: Path) -> None:
    """A server without visitors would keep the WAL of a long seed from being emptied."""
    cache = cache_in(tmp_path)
    await cache.put_many([(address(), image(0))])
    db = another_program(tmp_path, timeout=0)
    for n in range(1, 4):  # the thread that ends snapshots sleeps between, and wakes again
        assert cache.read(address()) is not None
        replace_tile(db, image(n).data)
        # The snapshot is older than the change, so that not all of the WAL may be used again.
        assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 1
        freed = seconds_until(
            lambda: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
        )
        assert freed < 1
        found = cache.read(address())
        assert found is not None
        assert found.data == image(n).data
        # Nothing happens here on purpose: the thread goes back to sleep before the next round.
        time.sleep(0.5)
    db.close()
    await cache.close()


async def test_the_thread_ends_with_the_cache(tmp_path: Path) -> None:
    """Every catalogue that is published would leave a thread behind."""

    def threads() -> int:
        return sum(thread.name == "tuilerie-snapshots" for thread in threading.enumerate())

    before = threads()
    cache = cache_in(tmp_path)
    await cache.put_many([(address(), image(0))])
    assert cache.read(address()) is not None
    assert threads() == before + 1
    await cache.close()
    assert threads() == before
    assert not [*tmp_path.glob("*-wal")]


_HAMMER = """
import sys
from pathlib import Path
from tuilerie.caches.conformance.samples import address, first_generation
from tuilerie.caches.sqlite import SqliteTileCache

cache = SqliteTileCache(Path(sys.argv[1]), generation=first_generation)
print("reading", cache.read(address()) is not None, flush=True)
while True:
    for col in range(200):
        cache.read(address(col))
"""


async def test_constant_readers_do_not_let_the_wal_grow(tmp_path: Path) -> None:
    """A seed under load would fill the disk with its WAL, and slow every read."""
    cache = cache_in(tmp_path)
    await cache.put_many([(address(), image(0))])
    [path] = tmp_path.glob("*.sqlite")
    wal = path.with_name(f"{path.name}-wal")
    tile = image(1, 250_000)
    largest = 0
    with subprocess.Popen(
        [sys.executable, "-c", _HAMMER, str(tmp_path)], stdout=subprocess.PIPE
    ) as reader:
        try:
            assert reader.stdout is not None
            assert (await asyncio.to_thread(reader.stdout.readline)) == b"reading True\n"
            for start in range(0, 800, 8):
                await cache.put_many((address(start + n), tile) for n in range(8))
                largest = max(largest, wal.stat().st_size)
        finally:
            reader.kill()
    await cache.close()
    assert 16 * 2**20 < largest < 48 * 2**20
    assert path.stat().st_size > 190 * 2**20


async def test_a_reader_that_does_not_move_on_costs_no_write(tmp_path: Path) -> None:
    """While a backup reads, every write would wait or fail."""
    cache = cache_in(tmp_path)
    await cache.put_many([(address(), image(0))])
    db = another_program(tmp_path)
    db.execute("BEGIN")
    db.execute("SELECT * FROM t1").fetchall()
    tile = image(1, 500_000)
    waited = []
    for start in range(0, 160, 8):
        begin = time.monotonic()
        await cache.put_many((address(start + n), tile) for n in range(8))
        waited.append(time.monotonic() - begin)
    assert sum(seconds > 0.9 for seconds in waited) <= 4
    db.execute("COMMIT")
    db.close()
    await cache.put_many([(address(), tile)])
    await cache.close()


_FORKED = """
import asyncio, os, sqlite3, sys, time
from pathlib import Path
from tuilerie.caches.conformance.samples import address, first_generation, image
from tuilerie.caches.sqlite import SqliteTileCache

directory = Path(sys.argv[1])
cache = SqliteTileCache(directory, generation=first_generation)
asyncio.run(cache.put_many([(address(), image(1))]))
for _ in range(20):
    assert cache.read(address()) is not None
    child = os.fork()
    if child == 0:
        break
    assert cache.read(address()) is not None
    assert os.waitpid(child, 0)[1] == 0
else:
    print("done")
    sys.exit()
assert cache.read(address()).data == image(1).data
if _ == 0:
    # A snapshot of the child's own, which the child's own thread ends.
    [path] = directory.glob("*.sqlite")
    file = cache._reader.files.open((address().layer, address().matrix_set))
    assert file.connection.in_transaction
    end = time.monotonic() + 2
    while file.connection.in_transaction and time.monotonic() < end:
        time.sleep(0.01)
    os._exit(int(file.connection.in_transaction))
os._exit(0)
"""


def test_a_fork_takes_no_snapshot_along(tmp_path: Path) -> None:
    """A child would read in a transaction that is not its own, or pin one for ever."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _FORKED, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | {"PYTHONWARNINGS": "error"},
    )
    assert (done.stdout, done.stderr, done.returncode) == ("done\n", "", 0)


@pytest.mark.parametrize("seconds", [0.15, 0.6])
async def test_a_deleted_file_is_missed(tmp_path: Path, seconds: float) -> None:
    """An operator who empties the cache would go on seeing its tiles."""
    cache = cache_in(tmp_path)
    await cache.put_many([(address(), image(0))])
    assert cache.read(address()) is not None
    for path in tmp_path.glob("*.sqlite*"):
        path.unlink()
    time.sleep(seconds)
    assert cache.read(address()) is None
    await cache.put_many([(address(), image(1))])
    found = cache.read(address())
    assert found is not None
    assert found.data == image(1).data
    await cache.close()


async def test_threads_read_while_others_write(tmp_path: Path) -> None:
    """Readers that share a cursor and a snapshot would get each other's tiles, or errors."""
    cache = cache_in(tmp_path)
    await cache.put_many((address(col), image(col)) for col in range(50))
    errors: list[BaseException] = []
    ended = threading.Event()

    def read() -> None:
        try:
            ask = cache.reader(tileset(address()))
            while not ended.is_set():
                for col in range(50):
                    found = ask(address(col).index)
                    assert found is not None
                    assert found.data == image(col).data
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(40):
        await cache.put_many((address(col), image(col)) for col in range(n, 50))
    ended.set()
    for thread in threads:
        thread.join()
    assert errors == []
    await cache.close()
