"""Relay or render: decided without a pixel, and done with a source that counts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from tests.sources.archives import image
from tests.sources.fake_tiles import FakeTiles
from tests.tiles.conftest import address
from tuilerie.caches.memory import MemoryTileCache
from tuilerie.catalogue.model import Layer, MatrixLimits, MatrixSetLink
from tuilerie.errors import UpstreamError
from tuilerie.flight import SingleFlight
from tuilerie.formats import JPEG, MIXED, PNG, PNG8, PassingTile
from tuilerie.grids import Crs, TileIndex, named_matrix_set, pyramid
from tuilerie.sources.tile_fetching import TileFetcher
from tuilerie.sources.tiled import TiledSource, TilingRules
from tuilerie.telemetry import Meters
from tuilerie.tiles.manager import TileManager
from tuilerie.tiles.plan import Relay, Render, batch_key, plan
from tuilerie.tiles.produce import LayerProducer

QUAD = named_matrix_set("WebMercatorQuad")


def tile(level: int, col: int, row: int) -> bytes:
    """A tile whose colour says which it is."""
    return image(np.full((256, 256, 3), (level * 20, col * 20, row * 20), np.uint8))


@pytest.fixture
def far() -> FakeTiles:
    return FakeTiles(tile, last=8)


def relayed(layer: Layer, tms, far: FakeTiles, wanted=None) -> Relay | Render:
    return plan(wanted or address(3, 4), layer, tms, [far.offer])


def test_equal_grids_and_formats_are_relayed_one_tile_at_a_time(layer, tms, far):
    planned = relayed(layer, tms, far)
    assert isinstance(planned, Relay)
    assert dict(planned.tiles) == {TileIndex("3", 3, 4): TileIndex("3", 3, 4)}
    assert batch_key(address(3, 4), layer, tms, [far.offer]) == address(3, 4)


def test_more_tiles_are_relayed_at_once_where_that_is_asked_for(layer, tms, far):
    planned = relayed(replace(layer, relay_metatile=(2, 2)), tms, far)
    assert isinstance(planned, Relay)
    assert len(planned.tiles) == 4


def test_a_matrix_is_found_under_the_name_and_the_rows_that_the_source_gives_it(layer, tms, far):
    theirs = pyramid(
        "theirs",
        Crs("EPSG:3857"),
        origin=(-20037508.342789244, -20037508.342789244),
        corner="bottom-left",
        cell_sizes=[QUAD.cell_size("3"), QUAD.cell_size("4")],
        matrix_sizes=[(8, 6), (16, 12)],
        identifiers=["far:3", "far:4"],
    )
    far = FakeTiles(tile, tms=theirs)
    planned = relayed(layer, tms, far)
    assert isinstance(planned, Relay)
    assert dict(planned.tiles) == {TileIndex("3", 3, 4): TileIndex("far:3", 3, 2)}


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ("style", address(3, 4, "relief")),
        ("format", address(3, 4)._replace(format=JPEG)),
        ("palette", address(3, 4)._replace(format=PNG8)),
    ],
)
def test_another_style_or_format_is_rendered_tile_by_tile(layer, tms, far, change, wanted):
    """The grids are equal all the same: no tile of the source is fetched for a neighbour."""
    planned = relayed(layer, tms, far, wanted)
    assert isinstance(planned, Render)
    assert (planned.metatile.cols, planned.metatile.rows) == (1, 1)
    assert planned.metatile.buffer_px == 0


def test_a_matrix_that_the_source_has_no_tiles_of_is_rendered(layer, tms):
    planned = relayed(layer, tms, FakeTiles(tile, last=2))
    assert isinstance(planned, Render)
    assert planned.metatile.cols > 1


def test_jpeg_and_png_both_answer_for_the_mixture_of_them(layer, tms):
    far = FakeTiles(tile, formats=(JPEG, PNG))
    planned = relayed(layer, tms, far, address(3, 4)._replace(format=MIXED))
    assert isinstance(planned, Relay)
    assert planned.formats == {JPEG, PNG}


@pytest.fixture
def wide(layer) -> Layer:
    """A layer in a grid equal to the source's and in another one."""
    everything = {str(level): MatrixLimits(0, 2**level - 1, 0, 2**level - 1) for level in range(8)}
    degrees = {
        str(level): MatrixLimits(0, 2 ** (level + 1) - 1, 0, 2**level - 1) for level in range(8)
    }
    return replace(
        layer,
        buffer_px=0,
        expire_after_s=None,
        styles=layer.styles[:1],
        links={
            "WebMercatorQuad": MatrixSetLink("WebMercatorQuad", everything),
            "WorldCRS84Quad": MatrixSetLink("WorldCRS84Quad", degrees),
        },
    )


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.fixture
def serve(wide, executor):
    """From a fake source to a manager that serves it through a cache."""

    def made(far: FakeTiles, **rules) -> TileManager:
        source = TiledSource(TileFetcher(far), TilingRules(**rules), executor=executor)
        sets = {name: named_matrix_set(name) for name in wide.links}
        producer = LayerProducer(
            wide, source, sets, executor=executor, side_by_side=2, meters=Meters()
        )
        return TileManager(
            wide,
            MemoryTileCache(2**24),
            producer,
            flight=SingleFlight(),
            spare=MemoryTileCache(2**20),
            on_cache_fault=lambda fault: None,
        )

    return made


def degrees(level: int, col: int, row: int):
    return address(col, row)._replace(
        matrix_set="WorldCRS84Quad", index=TileIndex(str(level), col, row)
    )


async def test_two_hundred_cold_requests_fetch_each_tile_once(serve, far):
    """Relayed and rendered, at the same time, from the same source tiles."""
    far.gate = asyncio.Event()
    manager = serve(far)
    wanted = [address(n % 5, n % 3) for n in range(100)]
    wanted += [degrees(2, n % 8, 1 + n % 2) for n in range(100)]
    answers = asyncio.gather(*(manager.get_tile(each) for each in wanted))
    await far.until_waiting(20)
    far.gate.set()
    tiles = await answers
    assert all(found is not None for found in tiles)
    assert tiles[0].data == tile(3, 0, 0)
    assert set(far.fetched.values()) == {1}


async def test_a_cold_map_of_forty_tiles_takes_three_rounds(serve):
    """With sixteen connections; one after the other they would be forty."""
    far = FakeTiles(tile, last=8, side_by_side=16)
    manager = serve(far)
    far.gate = asyncio.Event()
    answers = asyncio.gather(*(manager.get_tile(address(n % 8, n // 8)) for n in range(40)))
    rounds = 0
    for begun in (16, 32, 40):
        await far.until_begun(begun)
        for _ in range(20):
            await asyncio.sleep(0)
        assert far.fetched.total() == begun  # no more of them than there are connections
        gate, far.gate = far.gate, asyncio.Event()
        gate.set()
        rounds += 1
    assert len(await answers) == 40
    assert rounds == 3


async def test_a_rendered_map_of_forty_tiles_waits_for_one_round(serve, far):
    """All of the tiles behind it are under way before the first is answered."""
    wanted = [degrees(3, 2 + n % 8, 1 + n // 8) for n in range(40)]
    manager = serve(far)
    await asyncio.gather(*(manager.get_tile(each) for each in wanted))
    again = FakeTiles(tile, last=8)
    again.gate = asyncio.Event()
    manager = serve(again)
    answers = asyncio.gather(*(manager.get_tile(each) for each in wanted))
    await again.until_waiting(len(far.fetched))
    again.gate.set()
    assert None not in await answers


async def test_a_failing_tile_is_an_error_and_nothing_is_kept(serve, far):
    far.failing = {TileIndex("3", 3, 4)}
    manager = serve(far)
    with pytest.raises(UpstreamError):
        await manager.get_tile(address(3, 4))
    with pytest.raises(UpstreamError):
        await manager.get_tile(degrees(2, 3, 2))
    far.failing = set()
    assert (await manager.get_tile(address(3, 4))).data == tile(3, 3, 4)
    assert not isinstance(await manager.get_tile(degrees(2, 3, 2)), PassingTile)


async def test_or_a_gap_that_is_made_good_at_the_next_request(serve, far):
    far.failing = {TileIndex("3", 3, 4)}
    manager = serve(far, on_error="blank")
    first = await manager.get_tile(address(3, 4))
    assert isinstance(first, PassingTile)
    far.failing = set()
    assert (await manager.get_tile(address(3, 4))).data == tile(3, 3, 4)


async def test_a_missing_tile_is_blank_and_kept(serve):
    far = FakeTiles({}, last=8)
    manager = serve(far)
    blank = await manager.get_tile(address(3, 4))
    assert blank is not None
    assert await manager.get_tile(address(3, 4)) == blank
    assert far.fetched[TileIndex("3", 3, 4)] == 1
