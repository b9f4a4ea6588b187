"""What the SQLite cache promises beyond every cache: its files, its tables, its speed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilerie.caches.base import InlineTileCache, LockingCache
from tuilerie.caches.conformance.samples import Clock, address, first_generation, image
from tuilerie.caches.sqlite import SqliteTileCache
from tuilerie.caches.sqlite.keys import MAX_MATRICES, matrix_base, shared_key, tile_key
from tuilerie.caches.sqlite.schema import APPLICATION_ID, FORMAT_CODES
from tuilerie.errors import CacheError
from tuilerie.formats import FORMATS, JPEG, MIXED, EncodedTile, content_hash


def the_file(directory):
    [path] = [path for path in directory.iterdir() if path.suffix == ".sqlite"]
    return path


def cache_in(directory, **options):
    return SqliteTileCache(directory, **({"generation": first_generation} | options))


@given(
    st.tuples(st.integers(0, MAX_MATRICES - 1), *[st.integers(0, 2**28 - 1)] * 2),
    st.tuples(st.integers(0, MAX_MATRICES - 1), *[st.integers(0, 2**28 - 1)] * 2),
    st.binary(min_size=16, max_size=16),
)
def test_keys_are_injective(one, other, digest):
    """Two places with one key, or a place with a shared blob's, would swap tiles."""
    keys = [tile_key(matrix_base(place[0]), *place[1:]) for place in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)
    assert (keys[0] < keys[1]) == (one < other)
    assert keys[0] != shared_key(digest)
    assert all(-(2**63) <= key < 2**63 for key in (*keys, shared_key(digest)))


def test_every_stored_format_has_a_code():
    """A new format without a code could be rendered and never be kept."""
    assert set(FORMAT_CODES) == set(FORMATS) - {MIXED}
    assert len(set(FORMAT_CODES.values())) == len(FORMAT_CODES)


def test_it_is_what_servers_look_for(tmp_path):
    """A cache that is not seen as inline would be read through a thread."""
    cache = cache_in(tmp_path)
    assert isinstance(cache, InlineTileCache)
    assert isinstance(cache, LockingCache)


async def test_layout_on_disk(tmp_path):
    """The layout is a promise: what version 1 looks like to any other reader of SQLite."""
    cache = cache_in(tmp_path, clock=Clock(1_700_000_000))
    await cache.put_many(
        [
            (address(3, 5, dimensions=(("time", "2020"),)), image(1)),
            (address(4, 5, dimensions=(("time", "2020"),)), image(2, 90)),
            (address(5, 5, dimensions=(("time", "2020"),)), image(2, 90)),
        ]
    )
    await cache.close()
    path = the_file(tmp_path)
    assert path.name.startswith("world@webmercatorquad~")
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID == 0x5475696C
        assert db.execute("PRAGMA user_version").fetchone()[0] == 1
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert db.execute("SELECT * FROM identity").fetchall() == [("world", "WebMercatorQuad")]
        assert db.execute("SELECT * FROM matrices").fetchall() == [(0, "7")]
        assert db.execute("SELECT * FROM tilesets").fetchall() == [
            (1, "default", "image/png", '[["time","2020"]]', "1", 1_700_000_000, None)
        ]
        blank = content_hash(image(2, 90).data)
        rows = db.execute("SELECT key, created, format, hash, data FROM t1 ORDER BY key").fetchall()
        base = (0 - 128) << 56
        assert rows == [
            (base + (3 << 28) + 5, 1_700_000_000, 1, content_hash(image(1).data), image(1).data),
            (base + (4 << 28) + 5, 1_700_000_000, 1, blank, image(2, 90).data),
            (base + (5 << 28) + 5, 1_700_000_000, 1, blank, None),
            (shared_key(blank), 1_700_000_000, 1, blank, image(2, 90).data),
        ]
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    db.close()


@pytest.mark.parametrize("pragma", ["user_version = 2", "application_id = 1234"])
async def test_foreign_and_newer_files_are_left_alone(tmp_path, pragma):
    """An older program that tramples a newer file, or another's, destroys what it cannot read."""
    cache = cache_in(tmp_path)
    await cache.put_many([(address(), image(1))])
    await cache.close()
    path = the_file(tmp_path)
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA {pragma}")
    db.close()
    before = path.read_bytes()
    cache = cache_in(tmp_path)
    for _ in range(2):
        with pytest.raises(CacheError, match="left as it is"):
            cache.read(address())
        with pytest.raises(CacheError, match="left as it is"):
            await cache.put_many([(address(), image(2))])
        with pytest.raises(CacheError, match="left as it is"):
            await cache.delete_many([address()])
    await cache.close()
    assert path.read_bytes() == before
    assert cache.faults.count("damaged") == 0


async def test_damage_is_set_aside_counted_and_told(tmp_path):
    """A damaged file that is deleted cannot be examined; one that is kept blocks the cache."""
    told = []
    cache = cache_in(tmp_path, on_fault=told.append)
    await cache.put_many((address(col), image(col)) for col in range(30))
    await cache.close()
    path = the_file(tmp_path)
    path.write_bytes(path.read_bytes()[:50_000])
    damaged = path.read_bytes()
    cache = cache_in(tmp_path, on_fault=told.append)
    assert cache.read(address()) is None
    assert cache.faults.count("damaged") == 1
    assert [fault.kind for fault in told] == ["damaged"]
    [aside] = [
        path for path in tmp_path.glob("*.damaged-*") if not path.name.endswith(("-wal", "-shm"))
    ]
    assert aside.read_bytes() == damaged
    assert aside.name in told[0].message
    await cache.put_many([(address(), image(1))])
    assert cache.read(address()) is not None
    await cache.close()


async def test_readers_do_not_keep_the_wal_from_shrinking(tmp_path):
    """A read transaction left open would let the WAL grow until the disk is full."""
    cache = cache_in(tmp_path)
    for n in range(20):
        await cache.put_many([(address(n), image(n))])
        assert cache.read(address(n)) is not None
        assert cache.read(address(n, 99)) is None
    db = sqlite3.connect(the_file(tmp_path))
    assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    db.close()
    assert cache.read(address(3)) is not None
    await cache.close()


async def test_superseded_generations_go_slowly_and_late(tmp_path):
    """Old tiles must go, but not under a rolling restart, and never in one long transaction."""
    clock = Clock(1_000_000)
    old = cache_in(tmp_path, clock=clock, keep_superseded_s=600)
    for start in range(0, 600, 100):
        await old.put_many((address(n), image(n, 200)) for n in range(start, start + 100))
    new = cache_in(tmp_path, clock=clock, keep_superseded_s=600, generation=lambda tileset: "2")
    for n in range(5):
        await new.put_many([(address(n), image(n, 300))])
    assert old.read(address(599)) is not None
    clock.now += 601
    kept = []
    for n in range(4):
        await new.put_many([(address(n), image(n, 300))])
        kept.append(sum(old.read(address(n)) is not None for n in range(600)))
    assert kept == [344, 88, 0, 0]
    await old.put_many([(address(), image(7, 200))])
    found = old.read(address())
    assert found is not None
    assert found.data == image(7, 200).data
    await old.close()
    await new.close()
    db = sqlite3.connect(the_file(tmp_path))
    assert [row[0] for row in db.execute("SELECT id FROM tilesets ORDER BY id")] == [2, 3]
    db.close()


async def test_hash_collision_of_shared_blobs(tmp_path):
    """The key of a shared blob has 56 bits; another blob there must not be taken for ours."""
    cache = cache_in(tmp_path)
    await cache.put_many([(address(0), image(0))])
    blank = image(1, 90)
    db = sqlite3.connect(the_file(tmp_path))
    with db:
        key = shared_key(content_hash(blank.data))
        db.execute("INSERT INTO t1 VALUES (?, 1, 1, ?, ?)", (key, b"x" * 16, image(2, 90).data))
    db.close()
    await cache.put_many((address(n), blank) for n in range(1, 9))
    for n in range(1, 9):
        found = cache.read(address(n))
        assert found is not None
        assert found.data == blank.data
    await cache.close()


async def test_a_lost_shared_blob_is_a_miss(tmp_path):
    """A reference without its blob must be rendered again, not served empty."""
    cache = cache_in(tmp_path)
    blank = image(1, 90)
    await cache.put_many((address(n), blank) for n in range(3))
    db = sqlite3.connect(the_file(tmp_path))
    with db:
        db.execute("DELETE FROM t1 WHERE key = ?", (shared_key(content_hash(blank.data)),))
    db.close()
    assert cache.read(address(0)) is not None
    assert cache.read(address(2)) is None
    assert cache.faults.count("damaged") == 1
    await cache.put_many((address(n), blank) for n in range(3))
    assert cache.read(address(2)) is not None
    await cache.close()


async def test_padded_jpeg(tmp_path):
    """Encoders that pad after the end mark must not make tiles that are never found again."""
    cache = cache_in(tmp_path)
    place = address(image_format=JPEG)
    padded = EncodedTile(image(1, image_format=JPEG).data + bytes(7), JPEG)
    await cache.put_many([(place, padded)])
    for _ in range(3):
        found = cache.read(place)
        assert found is not None
        assert found.data == padded.data
    await cache.close()


async def test_threads_read_while_files_are_closed_under_them(tmp_path):
    """With fewer open files than layers, every read may meet a file that another thread closed."""
    cache = cache_in(tmp_path, max_open=2)
    layers = [f"layer{n}" for n in range(8)]
    await cache.put_many((address(layer=layer), image(n)) for n, layer in enumerate(layers))
    errors = []

    def read():
        try:
            for turn in range(200):
                n = turn * 5 % 8
                found = cache.read(address(layer=layers[n]))
                assert found is not None
                assert found.data == image(n).data
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert cache.open_files() <= 4
    await cache.close()
    assert cache.open_files() == 0


async def test_after_close(tmp_path):
    """A write after the end is an error that names the cache, not a crash of its thread."""
    cache = cache_in(tmp_path)
    await cache.close()
    with pytest.raises(CacheError, match="closed"):
        await cache.put_many([(address(), image(1))])


async def test_busy_file_is_a_cache_error(tmp_path):
    """Another program's long transaction may cost a tile's storage, not the server."""
    cache = cache_in(tmp_path, busy_timeout_s=0.05)
    await cache.put_many([(address(), image(1))])
    db = sqlite3.connect(the_file(tmp_path), isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    with pytest.raises(CacheError, match="busy"):
        await cache.put_many([(address(), image(2))])
    found = cache.read(address())
    assert found is not None
    assert found.data == image(1).data
    db.execute("ROLLBACK")
    db.close()
    await cache.put_many([(address(), image(2))])
    await cache.close()


async def test_too_many_matrices(tmp_path):
    """A key has room for 255 matrices; the next one is refused and the batch is not half there."""
    cache = cache_in(tmp_path)
    await cache.put_many((address(matrix=str(n)), image(n, 200)) for n in range(MAX_MATRICES))
    with pytest.raises(CacheError, match="matrices"):
        await cache.put_many([(address(9), image(1)), (address(matrix="one more"), image(1))])
    assert cache.read(address(9)) is None
    assert cache.read(address(matrix="254")) is not None
    await cache.put_many([(address(9), image(1))])
    await cache.close()


async def test_interrupted_creation(tmp_path):
    """A process killed while it makes a file leaves an empty one, which is then made whole."""
    cache = cache_in(tmp_path)
    await cache.put_many([(address(), image(1))])
    await cache.close()
    path = the_file(tmp_path)
    path.write_bytes(b"")
    cache = cache_in(tmp_path)
    assert cache.read(address()) is None
    await cache.put_many([(address(), image(1))])
    assert cache.read(address()) is not None
    assert cache.faults.count("damaged") == 0
    await cache.close()


_FORKED = """
import asyncio, os, sys
from pathlib import Path
from tuilerie.caches.conformance.samples import address, first_generation, image
from tuilerie.caches.sqlite import SqliteTileCache

cache = SqliteTileCache(Path(sys.argv[1]), generation=first_generation)
asyncio.run(cache.put_many([(address(), image(1))]))
cache.read(address())
ready, go = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    cache.read(address())
    os.write(ready[1], b"r")
    os.read(go[0], 1)
    os._exit(0)
os.read(ready[0], 1)
inodes = {entry.stat().st_ino for entry in os.scandir(sys.argv[1]) if "sqlite" in entry.name}
held = [line.split() for line in open("/proc/locks")]
mine = [line for line in held if line[4] == str(child) and int(line[5].split(":")[2]) in inodes]
print(len(mine))
os.write(go[1], b"g")
os.waitpid(child, 0)
"""


def test_a_forked_child_holds_locks_of_its_own(tmp_path):
    """A child that inherited SQLite's bookkeeping would hold none, and could lose the WAL."""
    done = subprocess.run(
        [sys.executable, "-c", _FORKED, str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "ignore::DeprecationWarning"},
        check=True,
    )
    assert int(done.stdout) >= 1
