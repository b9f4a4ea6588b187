"""What the cache of files promises beyond every cache: where files lie and what they are."""

from __future__ import annotations

import os

import pytest

from tuilerie.caches.base import InlineTileCache, LockingCache
from tuilerie.caches.conformance.samples import Clock, address, first_generation, image
from tuilerie.caches.files import FileTileCache
from tuilerie.errors import CacheError
from tuilerie.formats import JPEG, MIXED, PNG


def cache_in(directory, **options):
    return FileTileCache(directory, **({"generation": first_generation} | options))


def tile_files(directory):
    return sorted(
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_file() and not path.name.startswith(".") and path.name != "tuilerie-cache.json"
    )


def test_it_is_what_servers_look_for(tmp_path):
    """A cache that is not seen as locking would be filled twice by two processes."""
    cache = cache_in(tmp_path)
    assert isinstance(cache, InlineTileCache)
    assert isinstance(cache, LockingCache)


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("tuilerie", "world/grid/default/png/time=2020/1/7/1-2/70_130.png"),
        ("xyz", "world/grid/default/png/time=2020/1/7/70/130.png"),
        ("tms", "world/grid/default/png/time=2020/1/7/70/69.png"),
    ],
)
async def test_layouts(tmp_path, layout, expected):
    """The layout on disk is a promise to other programs."""
    heights = {("grid", "7"): 200}
    cache = cache_in(tmp_path, layout=layout, matrix_height=lambda *names: heights[names])
    place = address(70, 130, matrix_set="grid", dimensions=(("time", "2020"),))
    await cache.put_many([(place, image(1))])
    assert tile_files(tmp_path) == [expected]
    assert (tmp_path / expected).read_bytes() == image(1).data
    found = cache.read(place)
    assert found is not None
    await cache.close()


def test_tms_needs_heights(tmp_path):
    """Rows counted from the bottom cannot be had without the top."""
    with pytest.raises(ValueError, match="heights"):
        cache_in(tmp_path, layout="tms")


async def test_another_layout_is_refused(tmp_path):
    """Two layouts in one directory would hide each other's tiles."""
    cache = cache_in(tmp_path, layout="xyz")
    await cache.put_many([(address(), image(1))])
    await cache.close()
    before = tile_files(tmp_path)
    cache = cache_in(tmp_path)
    with pytest.raises(CacheError, match="left as it is"):
        await cache.put_many([(address(), image(1))])
    with pytest.raises(CacheError, match="left as it is"):
        cache.read(address())
    await cache.close()
    assert tile_files(tmp_path) == before


async def test_a_directory_of_other_things_is_refused(tmp_path):
    """A slip in the catalogue must not strew tiles over somebody's data."""
    (tmp_path / "thesis.tex").write_text("")
    cache = cache_in(tmp_path)
    with pytest.raises(CacheError, match="other things"):
        await cache.put_many([(address(), image(1))])
    await cache.close()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


async def test_a_tile_put_there_by_hand(tmp_path):
    """Operators mend a tile with an image editor; its ETag must change with it."""
    cache = cache_in(tmp_path, layout="xyz", clock=Clock(2_000_000_000))
    place = address(3, 5, image_format=MIXED)
    said = await cache.put_many([(place, image(1, image_format=JPEG))])
    assert said[place].format is JPEG
    [name] = tile_files(tmp_path)
    (tmp_path / name).write_bytes(image(2).data)
    os.utime(tmp_path / name, (1_600_000_000, 1_600_000_000))
    found = cache.read(place)
    assert found is not None
    assert (found.data, found.format, found.created) == (image(2).data, PNG, 1_600_000_000)
    assert found.etag != said[place].etag
    await cache.close()


async def test_blank_tiles_are_links_with_a_time_of_their_own(tmp_path):
    """A shared time would expire all blank tiles with the first one, for ever."""
    clock = Clock(1_000_000)
    cache = cache_in(tmp_path, clock=clock)
    for col in range(5):
        await cache.put_many([(address(col), image(0, 90))])
        clock.now += 1000
    links = [name for name in tile_files(tmp_path) if (tmp_path / name).is_symlink()]
    assert len(links) == 4
    assert all(len(str((tmp_path / name).readlink())) < 60 for name in links)
    times = [cache.read(address(col)).created for col in range(5)]
    assert times == [1_000_000 + 1000 * col for col in range(5)]
    await cache.close()


async def test_links_lead_nowhere_else(tmp_path):
    """A link to a file outside must not be a way to read it."""
    secret = tmp_path / "secret.png"
    secret.write_bytes(image(9).data)
    cache = cache_in(tmp_path / "cache")
    await cache.put_many([(address(), image(1))])
    [name] = tile_files(tmp_path / "cache")
    path = tmp_path / "cache" / name
    for target in (secret, f"../../.shared/{'0' * 32}", "../../.shared/../../../secret.png"):
        path.unlink()
        path.symlink_to(target)
        assert cache.read(address()) is None
    assert cache.faults.count("damaged") == 3
    await cache.close()


async def test_no_file_is_ever_half_written(tmp_path):
    """Nothing but whole tiles may bear a tile's name, and nothing else may be left behind."""
    cache = cache_in(tmp_path)
    for version in range(5):
        await cache.put_many([(address(), image(version))])
    await cache.close()
    folder = (tmp_path / tile_files(tmp_path)[0]).parent
    assert len(list(folder.iterdir())) == 1


async def test_superseded_generations_go_slowly_and_late(tmp_path):
    """Old tiles must go, but not under a rolling restart, and a few at a time."""
    clock = Clock(1_000_000)
    old = cache_in(tmp_path, clock=clock, keep_superseded_s=600)
    await old.put_many((address(n), image(n, 200)) for n in range(150))
    clock.now += 10
    new = cache_in(tmp_path, clock=clock, keep_superseded_s=600, generation=lambda tileset: "2")
    await new.put_many([(address(), image(0, 300))])
    assert old.read(address(149)) is not None
    clock.now += 601
    kept = []
    for _ in range(4):
        await new.put_many([(address(), image(0, 300))])
        kept.append(sum(old.read(address(n)) is not None for n in range(150)))
    assert 80 < kept[0] < 95
    assert kept[-1] == 0
    assert sorted(path.name for path in tmp_path.glob("world/*/default/png/*")) == ["2"]
    await old.close()
    await new.close()


async def test_a_generation_in_use_elsewhere_stays(tmp_path):
    """A process that still serves the old catalogue must not lose its tiles to the new one."""
    clock = Clock(1_000_000)
    new = cache_in(tmp_path, clock=clock, keep_superseded_s=600, generation=lambda tileset: "2")
    await new.put_many([(address(), image(0, 300))])
    clock.now += 10
    back = cache_in(tmp_path, clock=clock, keep_superseded_s=600)
    await back.put_many([(address(), image(1))])
    clock.now += 601
    await new.put_many([(address(), image(0, 300))])
    assert back.read(address()) is not None
    await new.close()
    await back.close()
