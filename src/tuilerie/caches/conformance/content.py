"""What goes in comes out: bytes, formats, times, hashes, identities."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from tuilerie.caches.conformance.samples import (
    HOSTILE,
    CacheExamination,
    Clock,
    address,
    disk_bytes,
    image,
    second_generation,
)
from tuilerie.errors import CacheError
from tuilerie.formats import AVIF, JPEG, MIXED, PNG, PNG8, WEBP, EncodedTile

__all__ = ["ContentTests"]


class ContentTests(CacheExamination):
    """One process, an honest disk."""

    async def test_round_trip(self, tmp_path: Path) -> None:
        """Every format comes back as it was stored, and put_many says what get will."""
        cache = self.open(tmp_path / "cache", clock=Clock(1_700_000_000.9))
        tiles = {
            address(image_format=declared, col=size): image(size, size, true)
            for declared, true in (
                (PNG, PNG),
                (PNG8, PNG8),
                (JPEG, JPEG),
                (WEBP, WEBP),
                (AVIF, AVIF),
                (MIXED, JPEG),
            )
            for size in (90, 3000, 10_000, 300_000)
        }
        tiles[address(image_format=MIXED, col=7)] = image(1, image_format=PNG)
        said = await cache.put_many(tiles.items())
        for where, tile in tiles.items():
            found = await cache.get(where)
            assert found is not None
            assert (found.data, found.format) == (tile.data, tile.format)
            assert found.created == 1_700_000_000
            assert found.etag == hashlib.blake2b(tile.data, digest_size=16).hexdigest()
            assert said[where] == found
        await cache.close()

    async def test_missing(self, tmp_path: Path) -> None:
        """A cache without anything, not even a directory, answers None and makes nothing."""
        cache = self.open(tmp_path / "cache")
        assert await cache.get(address()) is None
        assert await cache.delete_many([address()]) == 0
        assert not (tmp_path / "cache").exists()
        await cache.put_many([(address(), image(1))])
        assert await cache.get(address(col=4)) is None
        assert await cache.get(address(matrix="8")) is None
        await cache.close()

    async def test_overwrite(self, tmp_path: Path) -> None:
        """The latest bytes win, small over large over small, and within one call the last."""
        cache = self.open(tmp_path / "cache")
        etags = set()
        for number, size in enumerate((10_000, 90, 90, 20_000)):
            tile = image(number, size)
            await cache.put_many([(address(), image(99)), (address(), tile)])
            found = await cache.get(address())
            assert found is not None
            assert found.data == tile.data
            etags.add(found.etag)
        assert len(etags) == 4
        await cache.close()

    async def test_delete(self, tmp_path: Path) -> None:
        """Deleted tiles are gone, counted once, and their neighbours stay, shared blobs too."""
        cache = self.open(tmp_path / "cache")
        blank = image(0, 90)
        places = [address(col=col) for col in range(10)]
        await cache.put_many((place, blank) for place in places)
        assert await cache.delete_many([*places[:4], address(col=99), address(matrix="no")]) == 4
        assert await cache.delete_many(places[:4]) == 0
        for place in places:
            found = await cache.get(place)
            assert (found is None) == (place in places[:4])
        await cache.close()

    async def test_every_part_of_the_address_counts(self, tmp_path: Path) -> None:
        """Tiles that differ in one part of their address are different tiles."""
        cache = self.open(tmp_path / "cache")
        places = [
            address(),
            address(col=5, row=3),
            address(layer="world2"),
            address(style="relief"),
            address(image_format=JPEG),
            address(image_format=PNG8),
            address(image_format=MIXED),
            address(matrix_set="WorldCRS84Quad"),
            address(matrix="07"),
            address(dimensions=(("time", "2020"),)),
            address(dimensions=(("time", "2021"),)),
            address(dimensions=(("elevation", "2020"),)),
            address(dimensions=(("time", "2020"), ("elevation", "1"))),
            address(dimensions=(("time", "2020/elevation=1"),)),
        ]
        tiles = {place: image(n, image_format=place.format) for n, place in enumerate(places)}
        await cache.put_many(tiles.items())
        for place, tile in tiles.items():
            found = await cache.get(place)
            assert found is not None
            assert found.data == tile.data
        await cache.close()

    async def test_hostile_identifiers(self, tmp_path: Path) -> None:
        """Bad names in any part stay apart, and nothing is written outside the directory."""
        inside = tmp_path / "deep" / "cache"
        cache = self.open(inside)
        places = [
            place
            for text in HOSTILE
            for place in (
                address(layer=text),
                address(style=text),
                address(matrix_set=text),
                address(matrix=text),
                address(dimensions=(("time", text),)),
                address(dimensions=((text, "2020"),)),
            )
        ]
        tiles = {place: image(n, 5000) for n, place in enumerate(places)}
        assert len(tiles) == len(places)
        await cache.put_many(tiles.items())
        for place, tile in tiles.items():
            found = await cache.get(place)
            assert found is not None, place
            assert found.data == tile.data, place
        await cache.close()
        outside = [path for path in tmp_path.rglob("*") if not path.is_relative_to(inside)]
        assert outside == ([inside.parent] if inside.parent.exists() else [])
        names = [os.fsencode(path.name) for path in inside.rglob("*")]
        assert all(len(name) < 250 and name.isascii() for name in names)

    @pytest.mark.parametrize("place", [(2**28 - 1, 0), (0, 2**28 - 1), (2**28, 0), (0, 2**40)])
    async def test_far_indices(self, tmp_path: Path, place: tuple[int, int]) -> None:
        """A huge column or row is kept or refused, never taken for another."""
        cache = self.open(tmp_path / "cache")
        kept = True
        try:
            await cache.put_many([(address(*place), image(1))])
        except CacheError:
            kept = False
            assert max(place) >= 2**28
        for other in ((0, 0), (1, 0), (0, 1)):
            assert await cache.get(address(*other)) is None
        assert not kept or await cache.get(address(*place)) is not None
        await cache.close()

    async def test_half_a_tile_is_not_stored(self, tmp_path: Path) -> None:
        """Bytes that are cut short, empty or of another format are refused with CacheError."""
        cache = self.open(tmp_path / "cache")
        for image_format in (PNG, JPEG, WEBP, AVIF):
            whole = image(1, image_format=image_format).data
            other = image(1, image_format=JPEG if image_format is PNG else PNG).data
            wrong = [b"", whole[:5], whole[:-100], other]
            if image_format in (PNG, JPEG):
                wrong.append(whole[:-100] + bytes(100))
            for data in wrong:
                with pytest.raises(CacheError):
                    await cache.put_many(
                        [(address(image_format=image_format), EncodedTile(data, image_format))]
                    )
                assert await cache.get(address(image_format=image_format)) is None
        await cache.close()

    async def test_stays(self, tmp_path: Path) -> None:
        """What was stored is there for the next object, byte for byte, and the same ETag."""
        self.needs("persistence")
        cache = self.open(tmp_path / "cache")
        tiles = {address(col=n): image(n % 7, 90 + 4000 * (n % 3)) for n in range(50)}
        said = await cache.put_many(tiles.items())
        await cache.close()
        cache = self.open(tmp_path / "cache")
        for place in tiles:
            assert await cache.get(place) == said[place]
        await cache.close()

    async def test_equal_content_is_stored_once(self, tmp_path: Path) -> None:
        """A sea of blank tiles takes a small part of what as many different ones take."""
        self.needs("sharing", "persistence")
        sizes = {}
        for name, colours in (("sea", 2), ("land", 2000)):
            cache = self.open(tmp_path / name)
            for start in range(0, 2000, 100):
                await cache.put_many(
                    (address(col=n), image(n % colours, 1500)) for n in range(start, start + 100)
                )
            assert await cache.get(address(col=1999)) is not None
            await cache.close()
            sizes[name] = disk_bytes(tmp_path / name)
        assert sizes["sea"] < sizes["land"] / 4

    async def test_generation_hides(self, tmp_path: Path) -> None:
        """Tiles of another generation are not seen, and come back with theirs."""
        self.needs("generations")
        old = self.open(tmp_path / "cache")
        await old.put_many([(address(), image(1)), (address(4), image(2))])
        new = self.open(tmp_path / "cache", generation=second_generation)
        assert await new.get(address()) is None
        assert await new.delete_many([address()]) == 0
        await new.put_many([(address(), image(3))])
        seen = {}
        for name, cache in (("old", old), ("new", new)):
            found = await cache.get(address())
            assert found is not None
            seen[name] = found.data
        assert seen == {"old": image(1).data, "new": image(3).data}
        assert await new.get(address(4)) is None
        await old.close()
        await new.close()

    async def test_clock_going_back(self, tmp_path: Path) -> None:
        """No tile is ever newer than now (RFC 9110, 8.8.2.1), and new content is seen at once."""
        clock = Clock(2_000_000_000.5)
        cache = self.open(tmp_path / "cache", clock=clock)
        await cache.put_many([(address(), image(1)), (address(4), image(2))])
        clock.now = 1_900_000_000.5
        found = await cache.get(address())
        assert found is not None
        assert found.created == 1_900_000_000
        await cache.put_many([(address(), image(3))])
        found = await cache.get(address())
        assert found is not None
        assert (found.data, found.created) == (image(3).data, 1_900_000_000)
        clock.now = 2_000_000_100
        found = await cache.get(address(4))
        assert found is not None
        assert found.created == 2_000_000_000
        await cache.close()

    async def test_many_tilesets(self, tmp_path: Path) -> None:
        """Two thousand dimension values and a hundred layers do not mean as many open files."""
        cache = self.open(tmp_path / "cache")
        before = _open_descriptors()
        places = [address(dimensions=(("time", f"2020-{n}"),)) for n in range(2000)]
        places += [address(layer=f"layer {n}") for n in range(100)]
        for start in range(0, len(places), 100):
            await cache.put_many(
                (place, image(n, 200)) for n, place in enumerate(places[start : start + 100], start)
            )
        for n, place in enumerate(places):
            found = await cache.get(place)
            assert found is not None
            assert found.data == image(n, 200).data
        assert _open_descriptors() - before < 250
        await cache.close()
        assert _open_descriptors() - before < 10

    async def test_close(self, tmp_path: Path) -> None:
        """Closing twice is fine."""
        cache = self.open(tmp_path / "cache")
        await cache.put_many([(address(), image(1))])
        await cache.close()
        await cache.close()

    async def test_cancelled_put(self, tmp_path: Path) -> None:
        """A caller that gives up leaves the tile whole or absent and the cache in order."""
        cache = self.open(tmp_path / "cache")
        for n in range(20):
            task = asyncio.ensure_future(cache.put_many([(address(n), image(n))]))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            found = await cache.get(address(n))
            assert found is None or found.data == image(n).data
        await cache.put_many([(address(99), image(99))])
        assert await cache.get(address(99)) is not None
        await cache.close()


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
