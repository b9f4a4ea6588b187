"""Decoded tiles: read once however many ask, never older than their bytes, bounded."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from tuilerie.errors import RenderError
from tuilerie.formats import PNG
from tuilerie.raster.picture import Picture
from tuilerie.sources.base import FetchedTile
from tuilerie.sources.picture_memory import PictureMemory

SIDE = 10


class Reading:
    """Reads pictures of 100 bytes, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> Picture:
        self.count += 1
        await asyncio.sleep(0)
        return Picture([np.full((SIDE, SIDE), self.count, np.uint8)], None)


async def test_many_who_ask_at_once_have_one_reading():
    memory, read, tile = PictureMemory(), Reading(), FetchedTile(b"a", PNG)
    found = await asyncio.gather(*(memory.picture("a", tile, read) for _ in range(20)))
    assert read.count == 1
    assert all(picture is found[0] for picture in found)
    assert await memory.picture("a", tile, read) is found[0]
    await memory.close()


async def test_a_tile_fetched_anew_is_read_anew():
    memory, read = PictureMemory(), Reading()
    tile = FetchedTile(b"a", PNG)
    old = await memory.picture("a", tile, read)
    new = await memory.picture("a", tile._replace(expires=1.0), read)
    assert (old.colours[0][0, 0], new.colours[0][0, 0]) == (1, 2)


async def test_the_picture_used_longest_ago_goes_first():
    memory, read = PictureMemory(kept_bytes=2 * SIDE * SIDE), Reading()
    tiles = {key: FetchedTile(key.encode(), PNG) for key in "abc"}
    for key in "abac":
        await memory.picture(key, tiles[key], read)
    assert read.count == 3
    await memory.picture("a", tiles["a"], read)
    assert read.count == 3
    await memory.picture("b", tiles["b"], read)
    assert read.count == 4


async def test_an_error_is_not_remembered():
    memory, read, tile = PictureMemory(), Reading(), FetchedTile(b"a", PNG)

    async def fail() -> Picture:
        raise RenderError("damaged")

    with pytest.raises(RenderError, match="damaged"):
        await memory.picture("a", tile, fail)
    await memory.picture("a", tile, read)
    assert read.count == 1
