"""Cache or produce: the rules, with a real cache and a producer that counts."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from tests.tiles.conftest import CountingProducer, address, png
from tuilerie.caches.memory import MemoryTileCache
from tuilerie.caches.sqlite import SqliteTileCache
from tuilerie.catalogue.address import TileAddress, TilesetKey
from tuilerie.errors import CacheError, RenderError
from tuilerie.flight import SingleFlight
from tuilerie.formats import PNG, EncodedTile
from tuilerie.tiles.manager import TileManager


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def producer() -> CountingProducer:
    return CountingProducer()


@pytest.fixture
def faults() -> list[CacheError]:
    return []


@pytest.fixture
def make(layer, producer, clock, faults):
    def manager(cache) -> TileManager:
        return TileManager(
            layer,
            cache,
            producer,
            flight=SingleFlight(),
            spare=MemoryTileCache(1_000_000, clock=clock),
            on_cache_fault=faults.append,
            clock=clock,
        )

    return manager


class BrokenCache:
    """A disk that is full, or gone."""

    async def get(self, address):
        raise CacheError("the disk is gone")

    async def put_many(self, tiles):
        raise CacheError("the disk is full")

    async def delete_many(self, addresses):
        raise CacheError("the disk is gone")

    async def close(self):
        return None


async def test_a_metatile_is_made_once_and_then_found(make, producer, clock):
    manager = make(MemoryTileCache(1_000_000, clock=clock))
    assert manager.cached(address(2, 2)) is None
    first = await manager.get_tile(address(2, 2))
    neighbour = await manager.get_tile(address(3, 3))
    assert (first.data, neighbour.data) == (png(2, 2), png(3, 3))
    assert manager.cached(address(3, 2)).data == png(3, 2)
    assert len(producer.made) == 1


async def test_two_hundred_clients_on_a_cold_map_make_each_metatile_once(make, producer, clock):
    manager = make(MemoryTileCache(1_000_000, clock=clock))
    wanted = [address(col, row) for col in range(2, 6) for row in range(2, 6)] * 13
    tiles = await asyncio.gather(*(manager.get_tile(each) for each in wanted))
    assert [tile.data for tile in tiles] == [png(each.index.col, each.index.row) for each in wanted]
    assert len(producer.made) == len(set(producer.made)) == 4


async def test_an_old_tile_is_made_anew(make, producer, clock):
    manager = make(MemoryTileCache(1_000_000, clock=clock))
    await manager.get_tile(address(2, 2))
    clock.now += 61
    assert manager.cached(address(2, 2)) is None
    assert (await manager.get_tile(address(2, 2))).created == int(clock.now)
    assert len(producer.made) == 2


async def test_an_old_tile_is_served_when_it_cannot_be_made_anew(make, producer, clock):
    manager = make(MemoryTileCache(1_000_000, clock=clock))
    await manager.get_tile(address(2, 2))
    clock.now += 61
    producer.error = RenderError("the file is gone")
    assert (await manager.get_tile(address(2, 2))).data == png(2, 2)
    with pytest.raises(RenderError):
        await manager.get_tile(address(4, 4))


async def test_a_full_disk_keeps_no_tile_from_being_served(make, faults):
    manager = make(BrokenCache())
    assert (await manager.get_tile(address(2, 2))).data == png(2, 2)
    assert [str(fault) for fault in faults] == ["the disk is gone", "the disk is full"]


async def test_a_full_disk_does_not_make_a_metatile_again_for_each_of_its_tiles(make, producer):
    """Sixteen times the work, at the worst of times."""
    manager = make(BrokenCache())
    for col, row in ((2, 2), (3, 2), (2, 3), (3, 3)):
        assert (await manager.get_tile(address(col, row))).data == png(col, row)
    assert len(producer.made) == 1


async def test_without_a_cache_every_request_makes_its_tile(make, producer):
    manager = make(None)
    tile = await manager.get_tile(address(2, 2))
    again = await manager.get_tile(address(2, 2))
    assert tile.etag == again.etag
    assert len(producer.made) == 2


def in_tileset(manager: TileManager, place: TileAddress):
    return manager.cached_in(TilesetKey(*place[:4], place.dimensions))(place.index)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_a_tileset_is_read_as_its_tiles_are(make, clock, tmp_path, kind):
    """The fast way would serve what the slow one does not, or miss what it has."""
    cache = (
        MemoryTileCache(1_000_000, clock=clock)
        if kind == "memory"
        else SqliteTileCache(tmp_path, generation=lambda _: "1", clock=clock)
    )
    manager = make(cache)
    assert in_tileset(manager, address(2, 2)) is None
    await manager.get_tile(address(2, 2))
    for place in (address(2, 2), address(3, 3), address(2, 2, "relief"), address(5, 5)):
        assert in_tileset(manager, place) == manager.cached(place)
    assert in_tileset(manager, address(3, 3)).data == png(3, 3)
    clock.now += 61
    assert in_tileset(manager, address(2, 2)) is None
    await cache.close()


async def test_a_tileset_that_cannot_be_read_is_told_and_missed(make, faults, tmp_path):
    """A file of another program would end the connection instead of costing a hit."""
    cache = SqliteTileCache(tmp_path, generation=lambda _: "1")
    await cache.put_many([(address(2, 2), EncodedTile(png(2, 2), PNG))])
    await cache.close()
    [path] = tmp_path.glob("*.sqlite")
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    cache = SqliteTileCache(tmp_path, generation=lambda _: "1")
    manager = make(cache)
    assert in_tileset(manager, address(2, 2)) is None
    assert faults == []
    assert (await manager.get_tile(address(2, 2))).data == png(2, 2)
    assert faults
    assert all("left as it is" in str(fault) for fault in faults)
    assert in_tileset(make(BrokenCache()), address(2, 2)) is None
    assert in_tileset(make(None), address(2, 2)) is None
    await cache.close()
